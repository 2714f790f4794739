# SPDX-License-Identifier: GPL-2.0-or-later
"""What is broken is a reason in status; what runs is left alone."""
import contextlib
import os
import pathlib
import signal
import socket
import threading
import time

import pytest

from machine import FAKE, PYTHON, processes, until

BROKEN = {
    'binary': ({'run': {'command': ['/opt/nothing/server'], 'ready': {'by': 'started'}}},
               ['/opt/nothing/server', 'No such file']),
    'user': ({'run': {'command': ['/bin/sleep', '100'], 'user': 'nobody-knows', 'ready': {'by': 'started'}}},
             ['nobody-knows', 'no such user']),
    'directory': ({'run': {'command': ['/bin/sleep', '100'], 'directory': '/srv/not/there',
                           'ready': {'by': 'started'}}},
                  ['/srv/not/there', 'No such file']),
    'not executable': ({'run': {'command': ['/etc/fstab'], 'ready': {'by': 'started'}}},
                       ['/etc/fstab', 'ermission denied']),
    'environment file': ({'run': {'command': ['/bin/sleep', '100'], 'environment_file': '/etc/none.env',
                                  'ready': {'by': 'started'}}},
                         ['/etc/none.env', 'No such file']),
}


@pytest.mark.parametrize('what', BROKEN)
def test_a_missing_piece_is_a_reason_and_not_a_crash_loop(host, what):
    keys, words = BROKEN[what]
    host.declare('broken', **keys)
    host.start()
    status = until(lambda: (lambda s: s if s['why'] and s['exits'] else None)(host.status('broken')))
    for word in words:
        assert word in status['why'] + str(status['exits'][:1]), status['why']
    assert not status['ready']
    # 0 while it is tried once more
    until(lambda: host.ctl('status', 'broken').returncode in (1, 3))
    time.sleep(2)
    assert host.said().count(words[0]) < 12, host.said()


def test_a_port_in_use_is_named_with_its_owner(host):
    host.start()
    squatter = host.network.run('/bin/sh', '-c', f'{PYTHON} {FAKE} --port 8080 >/dev/null 2>&1 & echo $!')
    pid = int(squatter.stdout)
    try:
        until(lambda: host.network.run('curl', '-fs', 'http://127.0.0.1:8080/').returncode == 0)
        host.declare_web('hello', 8080, run={'restart': {'delay': '200ms', 'delay_max': '500ms'}})
        host.ctl('apply', '--yes')
        status = until(lambda: (lambda s: s if 'in use' in s['why'] else None)(host.status('hello')))
        assert '8080' in status['why'] and str(pid) in status['why'], status['why']
    finally:
        os.kill(pid, signal.SIGKILL)
    host.until_ready('hello')


def test_a_refused_file_leaves_what_runs_alone(host):
    path = host.declare_web('hello', 8080)
    good = path.read_text()
    host.declare_web('other', 8081)
    host.start()
    host.until_ready('hello')
    host.until_ready('other')
    before = host.pid('hello')
    path.write_text(good.replace('command:', 'comand:'))
    host.declare_web('third', 8082)
    result = host.ctl('apply', '--yes')
    assert result.returncode == 1
    assert 'hello.yaml:' in result.stdout + result.stderr
    assert 'command' in result.stdout + result.stderr
    host.until_ready('third')
    status = host.status('hello')
    assert status['ready'] and host.pid('hello') == before
    assert any('hello.yaml:' in line for line in status['refused'])
    path.write_text(good)
    host.must_ctl('apply', '--yes')
    assert not host.status('hello')['refused']
    assert host.pid('hello') == before


def test_an_emptied_directory_is_refused(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    (host.services / 'hello.yaml').unlink()
    assert host.ctl('apply', '--yes').returncode == 1
    assert host.pid('hello') == before and host.ready('hello')


def test_a_file_that_vanished_is_an_orphan_until_removed(host):
    host.declare_web('hello', 8080)
    host.declare_web('other', 8081)
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    (host.services / 'hello.yaml').unlink()
    host.ctl('apply', '--yes')
    assert host.pid('hello') == before and host.ready('hello')
    host.must_ctl('apply', '--yes', '--remove', 'hello')
    until(lambda: not pathlib.Path(f'/proc/{before}').exists())
    assert host.ctl('status', 'hello').returncode == 4


@pytest.mark.parametrize('program', ['svcd-health', 'svcd-log', 'svcd-firewall'])
def test_an_engine_that_dies_is_told_everything_again(host, program):
    host.declare_web('hello', 8080, '--print-lines', '3',
                     health={'checks': [{'name': 'root', 'http': '/', 'interval': '500ms', 'timeout': '450ms'}]})
    host.start()
    host.until_ready('hello')
    service, engine = host.pid('hello'), until(lambda: host.engine_pid(program))
    os.kill(engine, signal.SIGKILL)
    until(lambda: host.engine_pid(program) not in (None, engine))
    until(lambda: host.get('/readyz/hello')[0] == 200 if program != 'svcd-health' else True)
    host.until_ready('hello')
    until(lambda: host.network.run('curl', '-fs', 'http://127.0.0.1:9479/readyz/hello').returncode == 0)
    assert host.pid('hello') == service
    assert host.status('hello')['instances'][0]['restarts'] == 0
    # a check that is cut off makes it print many more
    until(lambda: 'line 2' in host.ctl('logs', '-n', '1000', 'hello').stdout)


def test_an_engine_without_its_user_is_not_root_instead(host):
    names = pathlib.Path('/etc/passwd')
    before = names.read_text(encoding='utf-8')
    names.write_text(''.join(line for line in before.splitlines(True) if not line.startswith('svcd-log:')), encoding='utf-8')
    try:
        host.declare_web('hello', 8080)
        host.start()
        until(lambda: 'user svcd-log: no such user' in host.said())
        assert host.engine_pid('svcd-log') is None
    finally:
        names.write_text(before, encoding='utf-8')


def test_an_engine_that_hangs_is_killed_and_started_again(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    engine = host.engine_pid('svcd-firewall')
    os.kill(engine, signal.SIGSTOP)
    host.declare_web('hello', 8080, firewall={'allow': [{'port': 'http', 'from': ['10.1.2.0/24']}]})
    host.ctl('apply', '--yes')
    until(lambda: host.engine_pid('svcd-firewall') not in (None, engine), within=25)
    host.until_ready('hello')


def test_the_supervisor_comes_back_and_services_run(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    supervisor = host.engine_pid('svcd-supervisor')
    os.kill(supervisor, signal.SIGKILL)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, supervisor))
    until(lambda: host.ctl('version').returncode == 0)
    host.until_ready('hello')
    serving = host.network.run('curl', '-fs', 'http://127.0.0.1:8080/').stdout
    assert int(serving) == host.pid('hello')


def test_a_second_svcd_is_refused(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    second = host.network.run('svcd', '--root', host.root, timeout=10)
    assert second.returncode != 0
    assert str(host.process.pid) in second.stderr or 'already' in second.stderr, second.stderr
    assert host.pid('hello') == before


def test_a_fork_bomb_dies_with_its_cgroup(host):
    # prlimit: a machine without the pids controller has no other bound on it.
    host.declare('bomb', run={'command': ['/usr/bin/prlimit', '--nproc=200', '/bin/bash', '-c',
                                          'bomb() { bomb | bomb & sleep 0.2; }; bomb; sleep 1000'],
                              'user': 'bomber', 'ready': {'by': 'started'}, 'stop': {'timeout': '300ms'}},
                 limits={'tasks': 200}, logs={'stdout': 'none', 'stderr': 'none'})
    host.start()
    until(lambda: host.state('bomb') in ('up', 'waiting'))
    host.must_ctl('stop', 'bomb')
    assert host.ctl('status', 'bomb').returncode == 3


def looks_up():
    """The children of svcd that run in a cgroup of its own."""
    for pid, _, name in processes():
        with contextlib.suppress(OSError):
            if name == 'svcd-supervisor' and '/_svcd/' in pathlib.Path(f'/proc/{pid}/cgroup').read_text(encoding='utf-8'):
                yield pid


@contextlib.contextmanager
def silent_directory():
    """People are also in a directory that takes every question and answers none."""
    switch, home = pathlib.Path('/etc/nsswitch.conf'), pathlib.Path('/run/systemd/userdb')
    before = switch.read_text(encoding='utf-8')
    home.mkdir(parents=True, exist_ok=True)
    path = home / 'org.example.Directory'
    with socket.socket(socket.AF_UNIX) as directory:
        directory.bind(str(path))
        directory.listen(64)
        switch.write_text('passwd: files systemd\ngroup: files\n', encoding='utf-8')
        try:
            yield
        finally:
            switch.write_text(before, encoding='utf-8')
            path.unlink()


def test_engines_start_though_nobody_tells_who_the_operators_are(host):
    with silent_directory():
        starting = threading.Thread(target=host.start)
        starting.start()
        for engine in ('svcd-health', 'svcd-log', 'svcd-firewall'):
            until(lambda name=engine: host.process and host.engine_pid(name), what=f'{engine} runs')
        assert 'svcd: info: ready' not in host.said()
        hangs = until(lambda: list(looks_up()))
        assert len(hangs) == 1
        os.kill(hangs[0], signal.SIGKILL)
        starting.join()
        until(lambda: 'tried again' in host.said())
        until(lambda: list(looks_up()), within=20, what='it looks again')
    for pid in looks_up():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: 'it is known again who may operate services' in host.said(), within=20)
