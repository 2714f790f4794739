# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything dies at random; afterwards all is as declared, once, and nothing is doubled."""
import os
import pathlib
import random
import signal
import time

from invariant import populated, statuses
from machine import cgroup_of, must, processes, run, until

COUNT = 20
ENGINES = ('svcd-health', 'svcd-log', 'svcd-firewall')
QUICK = {'restart': {'delay': '50ms', 'delay_max': '300ms'}}
WORKER = ['/bin/sh', '-c', 'while :; do echo alive; sleep 1; done']


def declare_workers(host, count=COUNT):
    """Cheap ones, and a few that listen."""
    names = [f'worker{number}' for number in range(count)]
    for number, name in enumerate(names):
        if number % 5 == 0:
            host.declare_web(name, 8100 + number, run=dict(QUICK))
        else:
            host.declare(name, run={'command': WORKER, 'user': 'web', 'ready': {'by': 'started'}, **QUICK})
    return names


def all_ready(host, names):
    found = statuses(host)
    return all(name in found and found[name]['ready'] for name in names) and found


def base_of(host):
    """The cgroup below which this host's services live."""
    name = next(name for name, one in sorted(statuses(host).items()) if one['instances'][0]['pid'])
    return cgroup_of(host.pid(name)).parent.parent


def populated_leaves(base, service):
    return [leaf for leaf in (base / service).iterdir() if leaf.is_dir() and populated(leaf)]


def assert_once_each(host, names):
    found = statuses(host)
    base = base_of(host)
    for name in names:
        leaves = populated_leaves(base, name)
        assert len(leaves) == 1, f'{name} runs in {leaves}'
        pid = found[name]['instances'][0]['pid']
        assert cgroup_of(pid) == leaves[0], f'{name}: pid {pid} is not in {leaves[0]}'
        inside = [int(line) for line in (leaves[0] / 'cgroup.procs').read_text(encoding='utf-8').split()]
        mains = [one for one, _, _ in processes()
                 if one in inside and os.getsid(one) == one]
        assert mains == [pid], f'{name}: main processes {mains}, status says {pid}'


def kill_if_there(pid, number=signal.SIGKILL):
    try:
        if pid:
            os.kill(pid, number)
    except ProcessLookupError:
        pass


def test_random_deaths_leave_everything_running_once(host):
    names = declare_workers(host)
    host.start()
    until(lambda: all_ready(host, names), within=30, what='all are ready at first')
    seed = int.from_bytes(os.urandom(4), 'big')
    chance = random.Random(seed)
    print(f'seed {seed}')
    end = time.monotonic() + 20
    supervisor_at = [time.monotonic() + after for after in (5, 9, 14)]
    while time.monotonic() < end:
        found = statuses(host)
        for name in chance.sample(names, 3):
            if name in found and found[name]['instances'][0]['pid']:
                kill_if_there(found[name]['instances'][0]['pid'])
        if chance.random() < 0.2:
            kill_if_there(host.engine_pid(chance.choice(ENGINES)))
        if supervisor_at and time.monotonic() > supervisor_at[0]:
            supervisor_at.pop(0)
            kill_if_there(host.engine_pid('svcd-supervisor'))
        time.sleep(chance.uniform(0.05, 0.3))
    try:
        until(lambda: all_ready(host, names), within=40)
    except AssertionError:
        found = statuses(host)
        raise AssertionError([found.get(name) for name in names
                              if not found.get(name, {}).get('ready')][:3]) from None
    assert_once_each(host, names)
    for program in ('svcd-supervisor', *ENGINES):
        family = [pid for pid, _, name in processes() if name == program[:15]]
        assert len(family) == 1, f'{program}: {family}'


def test_a_full_log_disk_disturbs_nobody(host):
    logs = host.root / 'var/log'
    must('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', logs)
    try:
        host.declare_web('hello', 8080, '--print-lines', '20000')
        host.declare_web('other', 8081)
        host.start()
        host.until_ready('hello')
        host.until_ready('other')
        before = host.pid('hello'), host.pid('other')
        until(lambda: int(run('df', '--output=avail', logs).stdout.split()[1]) == 0, what='the disk is full')
        assert host.network.run('curl', '-fs', 'http://127.0.0.1:8080/').returncode == 0
        assert (host.pid('hello'), host.pid('other')) == before
        assert host.ready('hello') and host.ready('other')
        host.must_ctl('restart', 'other')
        host.until_ready('other')
    finally:
        host.stop()
        must('umount', logs)


def test_without_file_descriptors_a_start_fails_with_a_reason_and_recovers(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    supervisor = host.engine_pid('svcd-supervisor')
    limits = pathlib.Path(f'/proc/{supervisor}/limits').read_text(encoding='utf-8')
    soft, hard = limits.split('Max open files')[1].split()[:2]
    assert int(soft) >= min(int(hard), 65536), 'all the room that this machine allows'
    used = len(os.listdir(f'/proc/{supervisor}/fd'))
    must('prlimit', '--pid', supervisor, f'--nofile={used + 6}:')
    for number in range(3):
        host.declare(f'more{number}', run={'command': WORKER, 'user': 'web', 'ready': {'by': 'started'}, **QUICK})
    host.ctl('apply', '--yes', timeout=20)
    assert host.pid('hello') == before and host.ready('hello')
    said = host.said() + str(statuses(host))
    assert 'Too many open files' in said, said[-3000:]
    must('prlimit', '--pid', supervisor, f'--nofile={soft}:')
    host.ctl('apply', '--yes')
    for number in range(3):
        host.until_ready(f'more{number}', within=20)
    assert host.engine_pid('svcd-supervisor') == supervisor
    assert host.pid('hello') == before


def test_a_supervisor_that_was_stopped_goes_on_where_it_was(host):
    names = declare_workers(host, 5)
    host.start()
    until(lambda: all_ready(host, names), within=20)
    before = {name: host.pid(name) for name in names}
    supervisor = host.engine_pid('svcd-supervisor')
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(before['worker1'], signal.SIGKILL)
        assert host.network.run('curl', '-fs', 'http://127.0.0.1:8100/').returncode == 0
        time.sleep(5)
    finally:
        os.kill(supervisor, signal.SIGCONT)
    until(lambda: host.pid('worker1') not in (None, before['worker1']))
    until(lambda: all_ready(host, names), within=20)
    assert host.engine_pid('svcd-supervisor') == supervisor
    for name in names:
        assert name == 'worker1' or host.pid(name) == before[name]
    assert_once_each(host, names)


def test_a_killed_keeper_leaves_nothing_that_the_next_one_doubles(host):
    names = declare_workers(host, 6)
    host.start()
    until(lambda: all_ready(host, names), within=20)
    base, before = base_of(host), {name: host.pid(name) for name in names}
    family = [host.engine_pid(program) for program in ('svcd-supervisor', *ENGINES)]
    host.process.kill()
    host.process.wait()
    until(lambda: not any(pathlib.Path(f'/proc/{pid}').exists() and
                          'Z' not in pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')')[1][:3]
                          for pid in family), within=10, what='supervisor and engines end without a keeper')
    assert all(len(populated_leaves(base, name)) == 1 for name in names), 'services run on'
    host.output.truncate(0)
    host.start()
    until(lambda: all_ready(host, names), within=20)
    assert_once_each(host, names)
    for name in names:
        assert host.pid(name) == before[name]
