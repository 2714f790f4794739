# SPDX-License-Identifier: GPL-2.0-or-later
"""A process that misbehaves harms itself: the host, svcd and the others go on."""
import contextlib
import itertools
import os
import pathlib
import pty
import subprocess
import textwrap

import yaml

from machine import PYTHON, cgroup_of, until
from wishes import merged, write


def misbehave(host, name, code, **wish):
    """A service that runs Python `code`; beside a good one that must not notice."""
    program = host.root / f'{name}.py'
    program.write_text(textwrap.dedent(code), encoding='utf-8')
    host.declare_web('good', 8080)
    write(host, name, merged({'run': {'command': [PYTHON, '-u', str(program)], 'stop': {'timeout': '300ms'}}}, wish))


def is_quick(host):
    """The good one serves, svcd answers, and neither takes long over it."""
    assert host.until_ready('good')
    assert host.network.run('curl', '-fsm', '2', 'http://127.0.0.1:8080/').returncode == 0
    assert host.ctl('list', timeout=5).returncode == 0


def test_nothing_that_forks_away_or_ignores_survives_a_stop(host):
    misbehave(host, 'bad', '''
        import os, signal, time
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        for child in range(5):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.setsid()
                    while True:
                        time.sleep(1)
                os._exit(0)
        while True:
            time.sleep(1)
        ''')
    host.start()
    leaf = cgroup_of(host.until_state('bad', 'up')['instances'][0]['pid'])
    inside = leaf / 'cgroup.procs'
    until(lambda: len(inside.read_text(encoding='utf-8').split()) == 6, what='all have forked away')
    pids = [int(one) for one in inside.read_text(encoding='utf-8').split()]
    host.must_ctl('stop', 'bad')
    assert not [one for one in pids if pathlib.Path(f'/proc/{one}').exists()]
    is_quick(host)


def test_a_fork_storm_is_bounded_and_stops(host):
    # The bound is the user's, who has no other process: without the pids controller there is no other.
    misbehave(host, 'bad', '''
        import os, time
        while True:
            try:
                if os.fork() == 0:
                    time.sleep(1000)
            except OSError:
                time.sleep(0.05)
        ''', run={'user': 'bomber'}, limits={'tasks': 150})
    program = yaml.safe_load((host.services / 'bad.yaml').read_text(encoding='utf-8'))['run']['command']
    write(host, 'bad', {'run': {'command': ['/usr/bin/prlimit', '--nproc=150', *program], 'user': 'bomber',
                                'stop': {'timeout': '300ms'}}, 'limits': {'tasks': 150}})
    host.start()
    leaf = cgroup_of(host.until_state('bad', 'up')['instances'][0]['pid'])
    until(lambda: len((leaf / 'cgroup.procs').read_text(encoding='utf-8').split()) > 100, what='the storm')
    is_quick(host)
    host.must_ctl('stop', 'bad')
    assert not leaf.exists() or not (leaf / 'cgroup.procs').read_text(encoding='utf-8')


def test_a_full_pipe_and_a_closed_one_hold_up_nobody(host):
    misbehave(host, 'bad', '''
        import os, time
        line = b'x' * 1000 + b'\\n'
        for number in range(20000):
            os.write(1, line)
        os.close(1)
        os.close(2)
        time.sleep(1000)
        ''', logs={'stdout': 'main.log', 'stderr': 'main.log'})
    host.start()
    log = host.root / 'var/log/bad/main.log'
    until(lambda: log.exists() and log.stat().st_size >= 20000 * 1001, within=30, what='all of it')
    is_quick(host)
    assert host.state('bad') == 'up'
    host.must_ctl('restart', 'bad')


ESCAPES = r'\033]0;owned\007\033[2J\033[31mred\r\b\233[5n'


def test_what_it_says_does_nothing_to_a_terminal(host):
    misbehave(host, 'bad', f'''
        import os, socket, time
        said = b'{ESCAPES}'
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.sendto(b'STATUS=' + said, os.environ['NOTIFY_SOCKET'])
        os.write(2, said + b'\\n')
        time.sleep(0.5)
        raise SystemExit(3)
        ''', logs={'stdout': 'main.log', 'stderr': 'main.log'},
        run={'restart': {'delay': '1s'}})
    host.start()
    until(lambda: host.status('bad')['stderr'], within=20)
    for words in (('status', 'bad'), ('status',), ('list',), ('events',), ('logs', 'bad', '-n', '20'), ('show', 'bad')):
        said = on_terminal(host, *words)
        assert b'owned' in said or words not in (('status', 'bad'), ('logs', 'bad', '-n', '20')), (words, said)
        for bad in (b'\033]', b'\033[2J', b'\033[5n', b'\233', b'\007', b'\b'):
            assert bad not in said, (words, said)


def test_what_it_declares_does_nothing_to_a_terminal(host):
    write(host, 'web', {})
    host.start()
    host.until_state('web', 'up')
    said = '\x1b]0;owned\x07\x1b[2Jred\r\x08'
    wishes = ({'run': {'environment': {'OWNED': said}}}, {'run': {'command': ['/bin/sleep', '2000', said]}},
              {'files': [{'path': f'{host.root}/etc/web', 'content': said}]}, {'description': said}, {said: 'x'})
    for wish, words in itertools.product(wishes, (('diff',), ('show', 'web'), ('apply', '--dry-run'), ('status', 'web'),
                                                  ('validate', str(host.services / 'web.yaml')))):
        write(host, 'web', wish)
        shown = on_terminal(host, *words)
        assert shown, words
        for bad in (b'\033]', b'\033[2J', b'\007', b'\b'):
            assert bad not in shown, (words, shown)


def on_terminal(host, *words):
    """What svcctl writes to a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(host.network.in_it('svcctl', '--root', str(host.root), *words), stdin=theirs, stdout=theirs,
                          stderr=theirs, env={**os.environ, 'TERM': 'xterm', 'PAGER': 'cat'}) as process:
        os.close(theirs)
        said = b''
        with contextlib.suppress(OSError):
            while chunk := os.read(ours, 65536):
                said += chunk
        process.wait(20)
    os.close(ours)
    return said


def test_garbage_to_its_notify_socket_is_garbage(host):
    misbehave(host, 'bad', r'''
        import os, random, socket, struct, time
        chance = random.Random(7)
        words = [b'READY=1', b'STATUS=', b'MAINPID=1', b'MAINPID=-1', b'MAINPID=99999999999999999999', b'FDSTORE=1',
                 b'FDNAME=' + b'x' * 5000, b'WATCHDOG_USEC=-1', b'EXTEND_TIMEOUT_USEC=18446744073709551615', b'BARRIER=1',
                 b'RELOADING=1', b'MONOTONIC_USEC=x', b'STOPPING=2', b'ERRNO=x', b'=', b'\n\n', b'X' * 60000, b'\0\0=\0',
                 b'FDSTOREREMOVE=1', b'NOTIFYACCESS=all', b'WATCHDOG=trigger1']
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
            one.connect(os.environ['NOTIFY_SOCKET'])
            one.setblocking(False)
            null = os.open('/dev/null', os.O_RDWR)
            for number in range(4000):
                said = b'\n'.join(chance.choice(words) for _ in range(chance.randrange(5)))
                said += bytes(chance.randrange(256) for _ in range(chance.randrange(40)))
                files = [null] * chance.choice([0, 0, 1, 5, 200])
                try:
                    one.sendmsg([said], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f'{len(files)}i', *files))]
                                if files else [])
                except OSError:
                    time.sleep(0.001)
            one.setblocking(True)
            one.send(b'READY=1\nSTATUS=still sane')
        time.sleep(1000)
        ''', run={'ready': {'by': 'notify'}})
    host.start()
    supervisor = host.engine_pid('svcd-supervisor')
    until(lambda: host.status('bad')['instances'][0]['status'] == 'still sane', within=40)
    assert host.engine_pid('svcd-supervisor') == supervisor
    assert host.status('bad')['instances'][0]['pid'] > 1
    assert len(os.listdir(f'/proc/{supervisor}/fd')) < 300
    is_quick(host)


def test_thousands_of_descriptors_are_its_own_affair(host):
    misbehave(host, 'bad', '''
        import os, socket, time
        held = []
        try:
            while True:
                held.append(os.open('/dev/null', os.O_RDONLY))
        except OSError:
            pass
        print('has', len(held))
        for one in held[:10]:
            os.close(one)
        time.sleep(1000)
        ''', limits={'open_files': 20000}, logs={'stdout': 'main.log', 'stderr': 'main.log'})
    host.start()
    log = host.root / 'var/log/bad/main.log'
    until(lambda: log.exists() and 'has 19' in log.read_text(encoding='utf-8'), within=20)
    until(lambda: (host.status('bad')['instances'][0]['fds'] or 0) > 19000, within=20)
    is_quick(host)
    host.must_ctl('stop', 'bad')
