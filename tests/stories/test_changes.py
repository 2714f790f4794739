# SPDX-License-Identifier: GPL-2.0-or-later
"""What a changed declaration does to what runs: in place, a reload, or a restart, as the plan says before."""
import json
import pathlib

import pytest

import keys
from machine import PYTHON, cgroup_of, until
from test_keys import CONTROLS

FORKS = 'import os, time; os.fork(); time.sleep(1000)'
LOOP = 'trap "echo reloaded" HUP; while :; do sleep 0.1; done'
BEFORE = {'tasks': 500, 'memory': '900M', 'memory_high': '800M', 'swap': '1M', 'cpu': '90%', 'cpu_weight': 90,
          'io_weight': 90, 'oom_score': 100}
AFTER = {**{key: value for key, (value, _, _) in CONTROLS.items()}, 'oom_score': 200}


def by_hand(host):
    """Files are read when the story says so."""
    host.host_file({'auto_apply': 'off'})


def plan(host):
    """{key: effect} of what an apply would do."""
    document = json.loads(host.must_ctl('--json', 'diff'))
    return {change['key']: change['effect'] for one in document for change in one['changes']}


def forking(host, **limits):
    return host.declare('hello', limits=limits, run={
        'command': [PYTHON, '-c', FORKS], 'user': 'web', 'ready': {'by': 'started'}})


def tasks(pid):
    """All of its cgroup."""
    return [int(one) for one in (cgroup_of(pid) / 'cgroup.procs').read_text(encoding='utf-8').split()]


def score(pid):
    return pathlib.Path(f'/proc/{pid}/oom_score_adj').read_text(encoding='utf-8').strip()


def test_limits_of_what_runs_change_in_place(host):
    by_hand(host)
    forking(host, **BEFORE)
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    until(lambda: len(tasks(pid)) == 2)
    assert {score(one) for one in tasks(pid)} == {'100'}
    forking(host, **AFTER)
    assert set(plan(host).values()) == {'in place'}, plan(host)
    host.must_ctl('apply', '--yes')
    assert host.pid('hello') == pid and {score(one) for one in tasks(pid)} == {'200'}
    witness = keys.Witness(host, 'hello')
    for key, (_, file, wanted) in CONTROLS.items():
        assert witness.control(key, file) in (wanted, 'noted')
    forking(host)
    host.must_ctl('apply', '--yes')
    assert host.pid('hello') == pid and {score(one) for one in tasks(pid)} == {'0'}
    assert 'limits.memory' not in witness.note
    if (cgroup_of(pid) / 'memory.max').exists():
        assert (cgroup_of(pid) / 'memory.max').read_text(encoding='utf-8') == 'max\n'


def test_what_only_a_start_can_give_restarts(host):
    by_hand(host)
    forking(host)
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    forking(host, open_files=500, core='1M')
    assert plan(host) == {'limits.open_files': 'restart', 'limits.core': 'restart'}
    host.must_ctl('apply', '--yes')
    assert host.pid('hello') != pid
    assert keys.Witness(host, 'hello').limit('Max open files') == ['500', '500']


def looping(host, name, text, on_change, reload='none'):
    return host.declare(name, run={'command': ['/bin/sh', '-c', LOOP], 'ready': {'by': 'started'}, 'reload': reload},
                        files=[{'path': f'{host.root}/etc/{name}.conf', 'content': text, 'on_change': on_change}])


@pytest.mark.parametrize('on_change, reload, effect', [
    ('restart', {'signal': 'HUP'}, 'restart'),
    ('reload', {'signal': 'HUP'}, 'reload'),
    ('reload', 'none', 'restart'),
    ('nothing', {'signal': 'HUP'}, 'in place'),
])
def test_a_changed_file_restarts_reloads_or_waits(host, on_change, reload, effect):
    by_hand(host)
    looping(host, 'hello', 'one', on_change, reload)
    host.start()
    host.until_ready('hello')
    pid, path = host.pid('hello'), host.root / 'etc/hello.conf'
    log = host.root / 'var/log/hello/main.log'
    assert path.read_text(encoding='utf-8') == 'one'
    looping(host, 'hello', 'two', on_change, reload)
    assert plan(host) == {'files[0].content': effect}
    host.must_ctl('apply', '--yes')
    assert (host.pid('hello') == pid) == (effect != 'restart')
    assert path.read_text(encoding='utf-8') == ('one' if effect == 'in place' else 'two')
    if effect == 'reload':
        until(lambda: 'reloaded' in log.read_text(encoding='utf-8'))
    host.must_ctl('restart', 'hello')
    assert path.read_text(encoding='utf-8') == 'two'
    assert effect == 'reload' or not log.exists() or 'reloaded' not in log.read_text(encoding='utf-8')
