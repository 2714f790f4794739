# SPDX-License-Identifier: GPL-2.0-or-later
"""Services whose file vanished, who are retired, or removed."""
import json
import subprocess
import time

import pytest

from changes import accepted, again, sleeper
from machine import cgroup_of, processes, until


def test_a_file_that_vanished_leaves_an_orphan_that_outlives_a_boot(host):
    path = sleeper(host)
    sleeper(host, 'other')
    host.start()
    host.until_ready('hello')
    until(accepted(host, 'hello').exists)
    pid = host.pid('hello')
    path.unlink()
    status = until(lambda: host.status('hello')['pending'] and host.status('hello'))
    assert status['pending'][0]['effect'] == 'remove' and host.pid('hello') == pid
    again(host)
    assert host.until_ready('hello')['pending'][0]['effect'] == 'remove'
    host.must_ctl('apply', '--yes', '--remove', 'hello')
    until(lambda: host.ctl('status', 'hello').returncode == 4)
    until(lambda: not accepted(host, 'hello').exists())
    again(host)
    assert host.ctl('status', 'hello').returncode == 4


@pytest.mark.parametrize('way', ['removed', 'retired'])
def test_who_goes_slowly_is_not_called_back_by_the_files_that_are_looked_at_meanwhile(host, way):
    """The look at the files that the change itself brings comes a second later, while it still stops."""
    settings = {'stop': {'signal': 'TERM', 'timeout': '5s'}}
    path = host.declare_web('slow', 8080, '--ignore-term', run=settings)
    sleeper(host, 'other')
    host.start()
    host.until_ready('slow')
    if way == 'removed':
        path.unlink()
        words = ('apply', '--yes', '--remove', 'slow')
    else:
        host.declare_web('slow', 8080, '--ignore-term', run=settings, state='retired')
        words = ('apply', '--yes')
    reads = host.said().count('reading the declarations again')
    host.must_ctl(*words)
    assert host.said().count('reading the declarations again') > reads
    until(lambda: host.ctl('status', 'slow').returncode == 4)
    assert host.said().count('slow: instance 1 starting') == 1


@pytest.mark.parametrize('verb', ['start', 'restart', 'stop'])
def test_who_is_being_removed_takes_no_orders(host, verb):
    path = host.declare_web('slow', 8080, '--ignore-term', run={'stop': {'signal': 'TERM', 'timeout': '4s'}})
    sleeper(host, 'other')
    host.start()
    host.until_ready('slow')
    path.unlink()
    with subprocess.Popen(host.network.in_it('svcctl', '--root', str(host.root), 'apply', '--yes', '--remove', 'slow'),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as removing:
        until(lambda: host.status('slow')['state'] != 'up')
        asked = host.ctl(verb, 'slow', 'other')
        assert asked.returncode == 1 and 'slow: is being removed' in asked.stderr and 'other: ' in asked.stdout
        assert removing.wait(timeout=30) == 0, removing.stderr.read()
    until(lambda: host.ctl('status', 'slow').returncode == 4)
    until(lambda: not accepted(host, 'slow').exists())
    assert host.said().count('slow: instance 1 starting') == 1


def test_retired_is_stopped_and_forgotten(host):
    sleeper(host)
    sleeper(host, 'other')
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    home = cgroup_of(pid).parent
    until(accepted(host, 'hello').exists)
    sleeper(host, state='retired')
    until(lambda: host.ctl('status', 'hello').returncode == 4)
    until(lambda: not home.exists(), what='its cgroup is removed')
    assert pid not in [one for one, _, _ in processes()]
    until(lambda: not accepted(host, 'hello').exists())
    again(host)
    assert host.ctl('status', 'hello').returncode == 4


def drains(host, settle):
    """Retired while it serves: not ready any more, and stopped after `settle`. Its pid."""
    run = {'drain': {'settle': settle}}
    host.declare_web('hello', 8080, run=run)
    sleeper(host, 'other')
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    host.declare_web('hello', 8080, run=run, state='retired')
    until(lambda: not host.ready('hello'))
    return pid


def test_what_is_retired_is_not_ready_first_and_then_stopped(host):
    pid = drains(host, '6s')
    leaving = host.status('hello')
    assert leaving['instances'][0]['pid'] == pid and 'drains' in json.dumps(leaving), leaving
    assert host.get('/readyz/hello')[0] == 503 and host.get('/', 8080)[0] == 200
    until(lambda: host.ctl('status', 'hello').returncode == 4, within=30)
    assert pid not in [one for one, _, _ in processes()]


@pytest.mark.parametrize('max_age', ['3s', None])
def test_logs_of_the_retired_are_kept_until_their_age_and_no_longer(host, max_age):
    logs = {'rotate': {'max_age': max_age}} if max_age else {}
    told = {'command': ['/bin/sh', '-c', 'echo last words; exec sleep 1000']}
    sleeper(host, run=told, logs=logs)
    sleeper(host, 'other', run=told, logs=logs)
    host.start()
    folder, others = (host.root / f'var/log/{name}' for name in ('hello', 'other'))
    for one in (folder, others):
        until((one / 'main.log').exists)
        until(lambda log=one / 'main.log': 'last words' in log.read_text(encoding='utf-8'))
    (folder / 'core').symlink_to('/etc/passwd')
    sleeper(host, state='retired', run=told, logs=logs)
    until(lambda: host.ctl('status', 'hello').returncode == 4)
    if max_age:
        until(lambda: not (folder / 'main.log').exists(), within=20)
        (folder / 'core').unlink()  # no file of a log, and not touched
        until(lambda: not folder.exists(), within=20)
        again(host)
    else:
        time.sleep(4)
        assert 'last words' in (folder / 'main.log').read_text(encoding='utf-8')
    assert (others / 'main.log').exists()


def test_who_is_declared_again_while_it_drains_runs_on(host):
    pid = drains(host, '1m')
    host.declare_web('hello', 8080, run={'drain': {'settle': '1m'}})
    host.until_ready('hello')
    assert host.pid('hello') == pid
