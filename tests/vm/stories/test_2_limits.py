# SPDX-License-Identifier: GPL-2.0-or-later
"""Limits that need a controller of cgroup v2 act on real processes, and status says so.

All services of this file are declared at once and disturb each other no more than services do.
"""
import pytest

SWAP = '/var/swap'


@pytest.fixture(scope='module', autouse=True)
def hogs(booted, svcd):
    booted.shell(f'fallocate -l 256M {SWAP}; chmod 600 {SWAP}; mkswap -q {SWAP}; swapon {SWAP}')
    slow = {'restart': {'delay': '30s', 'delay_max': '30s'}}
    svcd.declare_hog('renewed', 'memory', 64, run={'restart': {'memory_above': '32M', 'delay': '1s'}})
    svcd.declare_hog('eater', 'memory', 200, run=slow, limits={'memory': '48M', 'swap': 0})
    svcd.declare_hog('swapper', 'memory', 72, limits={'memory': '48M', 'swap': '128M'})
    svcd.declare_hog('pressed', 'memory', 72, run=slow, limits={'memory_high': '48M', 'swap': 0})
    svcd.declare_hog('forker', 'tasks', 100, limits={'tasks': 8})
    svcd.declare_hog('spinner', 'cpu', limits={'cpu': '10%'})
    svcd.declare_hog('light', 'nothing', limits={'cpu_weight': 50, 'io_weight': 200})
    yield
    svcd.forget(*sorted(svcd.declared))
    booted.shell(f'swapoff {SWAP}; rm {SWAP}')


def test_weights_and_limits_are_the_kernels(svcd):
    svcd.until_ready('light')
    assert svcd.cgroup('light', 'cpu.weight') == '50\n'
    assert svcd.cgroup('light', 'io.weight') == 'default 200\n'
    svcd.until_ready('forker')
    assert svcd.cgroup('forker', 'pids.max') == '8\n'
    assert svcd.status('light')['instances'][0]['note'] == ''


def test_over_memory_is_killed_and_says_by_which_limit(svcd):
    death = svcd.until_exit('eater')
    assert (death['cause'], death['signal']) == ('oom', 9)
    assert 'limits.memory 48M' in death['reason']


def test_swap_is_for_whom_it_is_declared(svcd):
    svcd.until('swapper', lambda status: int(svcd.cgroup('swapper', 'memory.swap.current')) > 8 << 20)
    assert svcd.cgroup('swapper', 'memory.swap.max') == f'{128 << 20}\n'
    assert svcd.status('swapper')['exits'] == []


def test_over_memory_high_is_slowed_down_and_told(vm, svcd):
    status = svcd.until('pressed', lambda status: status['instances'][0]['memory_events']['high'] > 0)
    assert status['exits'] == []
    svcd.until('pressed', lambda status: status['instances'][0]['pressure']['memory'] > 0)
    assert 'memory' in next(line for line in vm.must('svcctl', 'status', 'pressed').splitlines() if 'Pressed' in line)


def test_over_tasks_a_fork_is_refused(vm, svcd):
    svcd.until_ready('forker')
    svcd.until('forker', lambda status: status['instances'][0]['tasks'] == 8)
    assert svcd.cgroup_count('forker', 'pids.events', 'max') > 0
    assert '7 children, then Resource temporarily unavailable' in vm.must('svcctl', 'logs', 'forker')


def count_cpu(svcd):
    lines = svcd.cgroup('spinner', 'cpu.stat').splitlines()
    return {key: int(number) for key, number in map(str.split, lines)}


def test_over_cpu_waits_for_the_next_period(svcd):
    svcd.until_ready('spinner')
    assert svcd.cgroup('spinner', 'cpu.max') == '10000 100000\n'
    before = count_cpu(svcd)
    svcd.until('spinner', lambda _: count_cpu(svcd)['nr_throttled'] >= before['nr_throttled'] + 20)
    after = count_cpu(svcd)
    periods, used_us = (after[key] - before[key] for key in ('nr_periods', 'usage_usec'))
    assert used_us < 2 * 10000 * periods, 'it has more than its share'


def test_a_limit_is_changed_under_what_runs(vm, svcd):
    pid = svcd.until_ready('light')['instances'][0]['pid']
    svcd.declare_hog('light', 'nothing', limits={
        'cpu_weight': 20, 'io_weight': 300, 'memory': '64M', 'memory_high': '60M', 'tasks': 9, 'cpu': '50%'})
    vm.must('svcctl', 'apply', '--yes', 'light', timeout=120)
    files = ('cpu.weight', 'io.weight', 'memory.max', 'memory.high', 'pids.max', 'cpu.max')
    assert [svcd.cgroup('light', file).strip() for file in files] == [
        '20', 'default 300', str(64 << 20), str(60 << 20), '9', '50000 100000']
    assert svcd.pid('light') == pid


def test_over_memory_above_is_restarted_before_any_limit(svcd):
    """Above it for a minute: told to stop as by an operator, no death, and there again."""
    death = svcd.until_exit('renewed', within=240)
    assert (death['cause'], death['death']) == ('memory', False)
    assert 'run.restart.memory_above' in death['reason']
    svcd.until_ready('renewed')
