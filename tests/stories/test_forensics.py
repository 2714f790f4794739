# SPDX-License-Identifier: GPL-2.0-or-later
"""After something ended: when, why, on whose word, what it said last, and what comes next."""
import json
import os
import pathlib
import re
import signal
import socket
import threading

import pytest

from machine import PYTHON, until

ALICE = 60990
ESCAPE = re.compile(r'[\x00-\x08\x0b-\x1f\x7f]')


def shell(script):
    return ['/bin/sh', '-c', script]


def kills_itself(name):
    return [PYTHON, '-c', f'import os,signal,time; time.sleep(0.3); os.kill(os.getpid(), signal.SIG{name})']


def declare_shell(host, name, script, restart=None, **keys):
    settings = {'command': shell(script), 'user': 'web', 'ready': {'by': 'started', 'timeout': '5s'},
                'restart': {'delay': '20ms', 'delay_max': '20ms', **(restart or {})}, **keys.pop('run', {})}
    return host.declare(name, run=settings, **keys)


def exits(host, name, count=1, within=15):
    """The status, once the service has ended so often and the log engine has told the words of the latest."""
    def question():
        status = host.status(name)
        found = status['exits']
        return status if found and found[0]['number'] >= count else None
    return until(question, within, what=f'{name} ended {count} times')


def alice():
    """Somebody who may operate `hello`, as the host's own files say."""
    if 'alice:' not in pathlib.Path('/etc/passwd').read_text():
        with open('/etc/passwd', 'a') as users:
            users.write(f'alice:x:{ALICE}:{ALICE}::/nonexistent:/usr/sbin/nologin\n')
        lines = pathlib.Path('/etc/group').read_text().splitlines()
        pathlib.Path('/etc/group').write_text(''.join(
            f'{line}alice\n' if line.startswith('hello-admins:') else f'{line}\n' for line in lines))


def as_alice(host, *words):
    return host.network.run('setpriv', f'--reuid={ALICE}', f'--regid={ALICE}', '--init-groups', 'svcctl', '--root',
                            host.root, *words)


# ---- causes

def test_an_exit_tells_its_code_its_last_words_and_what_comes_next(host):
    declare_shell(host, 'crash', 'sleep 0.2; echo "no database" >&2; exit 3',
                  restart={'policy': 'on-failure', 'give_up': {'after': 2, 'within': '1m'}})
    host.start()
    status = host.until_state('crash', 'failed')
    latest, first = status['exits']
    assert [latest['cause'], latest['code'], latest['signal'], latest['core'], latest['death']] == ['exit', 3, None, False, True]
    assert latest['number'] == 2 and first['number'] == 1
    assert latest['ran_us'] >= 200000
    assert latest['next'] == 'gave up after 2 deaths in 1m: fix it, then `svcctl start crash`'
    assert re.fullmatch(r'restart in \d+ms', first['next']), first
    assert status['next'] == latest['next']
    until(lambda: host.status('crash')['stderr'] == ['no database'])
    text = host.must_ctl('status', 'crash', rc=1)
    assert 'no database' in text and 'gave up after 2 deaths in 1m' in text, text
    assert text.count('exit 3') >= 3, text


def test_last_words_are_those_of_the_process_that_said_them(host):
    where = host.root / 'run/count'
    where.mkdir()
    os.chmod(where, 0o777)
    host.declare_web('hello', 8080, '--print-lines', '1')
    host.start()
    until(lambda: 'line 0' in host.ctl('logs', 'hello').stdout)  # svcd-log listens: in a boot it comes later
    declare_shell(host, 'crash', f'n=$(ls {where} | wc -l); touch {where}/$n; [ $n = 1 ] || echo "run $n" >&2; exit 1',
                  restart={'give_up': {'after': 3, 'within': '1m'}}, security={'system': 'off'})
    host.ctl('apply', '--yes')
    host.until_state('crash', 'failed')
    until(lambda: host.status('crash')['exits'][0]['stderr'])
    words = [one['stderr'] for one in host.status('crash')['exits']]
    assert words[0] == ['run 2'] and words[2] == ['run 0'], words
    assert not words[1], f'it said nothing, and is told to have said {words[1]}'


@pytest.mark.parametrize('cause, run_keys, wanted', [
    ('signal', {'command': kills_itself('SEGV')}, 'SIGSEGV'),
    ('start', {'command': ['/no/such/program']}, '/no/such/program'),
    ('before', {'command': ['/bin/sleep', '1000'], 'before': [['/bin/sh', '-c', 'echo no table; exit 4']]}, 'no table'),
    ('timeout', {'command': ['/bin/sleep', '1000'], 'ready': {'by': 'notify', 'timeout': '300ms'}}, 'not ready after'),
])
def test_each_death_has_its_cause(host, cause, run_keys, wanted):
    settings = {'user': 'root', 'ready': {'by': 'started', 'timeout': '5s'},
                'restart': {'delay': '20ms', 'give_up': {'after': 1, 'within': '1m'}}, **run_keys}
    host.declare('dead', run=settings)
    host.start()
    status = host.until_state('dead', 'failed')
    latest = status['exits'][0]
    assert latest['cause'] == cause and latest['death'] and wanted in latest['reason'], latest
    assert wanted in host.must_ctl('status', 'dead', rc=1)


def test_a_kill_by_a_stranger_is_told_apart_from_one_by_an_operator(host):
    host.declare_web('hello', 8080, run={'restart': {'delay': '20ms'}})
    host.start()
    host.until_ready('hello')
    os.kill(host.pid('hello'), signal.SIGKILL)
    stranger = exits(host, 'hello')['exits'][0]
    assert stranger['cause'] == 'signal' and stranger['reason'] == 'SIGKILL (not from svcd)' and stranger['death']
    host.until_ready('hello')
    host.must_ctl('kill', '-s', 'KILL', 'hello')
    operator = exits(host, 'hello', 2)['exits'][0]
    assert operator['cause'] == 'operator' and operator['signal'] == 9 and not operator['death'], operator
    assert operator['reason'].startswith('SIGKILL (sent by ') and operator['by'], operator


def test_an_operator_is_named_with_login_and_uid(host):
    alice()
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    result = as_alice(host, 'restart', 'hello', '--reason', 'new fonts')
    assert result.returncode == 0, result.stderr
    latest = exits(host, 'hello')['exits'][0]
    name = f'alice (uid {ALICE})'
    assert latest['cause'] == 'operator' and latest['by'] == name and not latest['death'], latest
    assert latest['reason'] == f'restarted by {name}: new fonts'
    assert latest['next'] == 'starts again at once'
    assert as_alice(host, 'stop', 'hello', '--reason', 'kernel upgrade').returncode == 0
    status = host.status('hello')
    assert status['next'] == f'stays down: stopped by {name}: kernel upgrade; `svcctl start hello`'
    assert status['exits'][0]['next'] == 'stays down'
    assert f'stopped by {name}: kernel upgrade' in host.must_ctl('status', 'hello', rc=3)


def test_an_apply_is_remembered_as_such(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    host.declare_web('hello', 8080, run={'environment': {'COLOUR': 'blue'}})
    host.must_ctl('apply', '--yes')
    latest = exits(host, 'hello')['exits'][0]
    assert latest['cause'] == 'apply' and not latest['death'], latest
    assert latest['reason'].endswith('declaration changed') and latest['by'], latest


def test_pressure_is_told_or_not_known_but_never_made_up(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    one = host.status('hello')['instances'][0]
    inside = pathlib.Path('/proc', str(one['pid']), 'cgroup').read_text()
    folder = pathlib.Path('/sys/fs/cgroup') / re.search('0::/(.*)', inside)[1]
    assert (one['memory_events'] is None) == (not (folder / 'memory.events').exists()), one
    told = one['pressure'] or {}
    for kind in ('memory', 'cpu', 'io'):
        try:
            there = bool((folder / f'{kind}.pressure').read_text())
        except OSError:
            there = False
        assert (told.get(kind) is not None) == there, (kind, one)


# ---- faces

def test_events_have_the_cause_for_machines(host):
    declare_shell(host, 'crash', 'exit 7', restart={'give_up': {'after': 1, 'within': '1m'}})
    host.start()
    host.until_state('crash', 'failed')
    events = [json.loads(line) for line in host.must_ctl('events', '--json', 'crash').splitlines()]
    exited = [event for event in events if event['event'] == 'exited']
    assert len(exited) == 1 and exited[0]['cause'] == 'exit' and exited[0]['code'] == 7 and exited[0]['signal'] is None
    assert all('cause' not in event for event in events if event['event'] != 'exited')


class Journal:
    """journald's native socket, as systemd's JOURNAL_NATIVE_PROTOCOL tells it."""

    def __init__(self):
        self.entries = []
        pathlib.Path('/run/systemd/journal').mkdir(parents=True, exist_ok=True)
        path = pathlib.Path('/run/systemd/journal/socket')
        path.unlink(missing_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = self.socket.recv(1 << 20)
            except OSError:
                return
            self.entries.append(dict(line.split('=', 1) for line in data.decode().splitlines() if '=' in line))

    def find(self, **fields):
        return [entry for entry in self.entries if all(entry.get(key) == value for key, value in fields.items())]

    def close(self):
        self.socket.close()
        pathlib.Path('/run/systemd/journal/socket').unlink()


def test_the_journal_gets_fields_that_a_machine_can_ask_for(host, monkeypatch):
    journal = Journal()
    output = os.fstat(host.output.fileno())
    monkeypatch.setenv('JOURNAL_STREAM', f'{output.st_dev}:{output.st_ino}')
    alice()
    host.declare('hello', run={'command': kills_itself('TERM'), 'user': 'web', 'ready': {'by': 'started'},
                               'restart': {'give_up': {'after': 1, 'within': '1m'}}})
    monkeypatch.setattr(host, 'said', lambda: '\n'.join(
        f"{entry.get('SYSLOG_IDENTIFIER')}: info: {entry.get('MESSAGE')}" for entry in journal.entries))
    try:
        host.start()
        entry = until(lambda: journal.find(SVCD_SERVICE='hello', SVCD_EVENT='exited'))[0]
        assert entry['SVCD_INSTANCE'] == '1' and entry['SVCD_CAUSE'] == 'signal' and entry['SVCD_SIGNAL'] == '15', entry
        assert 'SVCD_EXIT_CODE' not in entry and entry['PRIORITY'] == '4', entry
        assert entry['MESSAGE_ID'] == 'feb5cfb9ff8b49d0a762f2bbe0a06859'
        assert 'SIGTERM' in entry['MESSAGE'] and 'gave up after 1 death in 1m' in entry['MESSAGE'], entry
        failed = until(lambda: journal.find(SVCD_SERVICE='hello', SVCD_EVENT='failed'))[0]
        assert failed['MESSAGE_ID'] == '65f28ecfec2448d087f15b395d8f6d74' and failed['PRIORITY'] == '3'
        assert as_alice(host, 'start', 'hello').returncode in (0, 1)
        start = until(lambda: journal.find(SVCD_SERVICE='hello', SVCD_EVENT='start'))[0]
        assert start['SVCD_UID'] == str(ALICE) and 'MESSAGE_ID' in start, start
    finally:
        host.stop()
        journal.close()


# ---- what hostile services do to it

def test_a_storm_of_exits_is_bounded_and_answered_quickly(host):
    declare_shell(host, 'storm', 'echo "again and again" >&2; exit 1', restart={'delay': '1ms', 'delay_max': '1ms'})
    host.start()
    status = exits(host, 'storm', 60, within=60)
    assert len(status['exits']) == 10
    numbers = [one['number'] for one in status['exits']]
    assert numbers == list(range(numbers[0], numbers[0] - 10, -1)), numbers
    assert all(one['ran_us'] >= 0 for one in status['exits'])
    assert re.search(r'\(\d+(st|nd|rd|th) death in a row\)', status['exits'][0]['next']), status['exits'][0]
    answer = host.ctl('status', 'storm')
    assert answer.returncode != 7, 'svcd is too busy to answer'
    text = answer.stdout
    assert sum(' exit 1' in line and 'ago' in line for line in text.splitlines()) <= 10, text
    said = [line for line in host.said().splitlines() if 'storm' in line and 'exited' in line]
    assert len(said) < 20, 'the journal is flooded'


def test_what_a_service_says_is_shown_and_not_obeyed(host):
    code = ('import os,socket,sys,time\n'
            's=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\n'
            'a=os.environ["NOTIFY_SOCKET"]; s.connect("\\0"+a[1:] if a[0]=="@" else a)\n'
            's.send(b"READY=1\\nSTATUS=\\x1b]0;owned\\x07\\x1b[2J\\xff\\xe2\\x80\\xaetxt")\n'
            'sys.stderr.buffer.write(b"\\x1b[31mred\\x00\\xff\\r over\\n"); sys.stderr.flush()\n'
            'time.sleep(float(sys.argv[1])); os._exit(9)')
    host.declare('rude', run={'command': [PYTHON, '-c', code, '3'], 'user': 'web', 'ready': {'by': 'notify'},
                              'restart': {'delay': '30s'}})
    host.start()
    status = until(lambda: (lambda s: s if s['instances'][0]['status'] else None)(host.status('rude')))
    assert '\x1b' not in host.ctl('status', 'rude').stdout
    status = until(lambda: (lambda s: s if s['state'] == 'waiting' and s['stderr'] else None)(host.status('rude')))
    assert 'red' in ''.join(status['stderr'])
    for words in (('status', 'rude'), ('status',), ('events', 'rude')):
        text = host.ctl(*words).stdout
        assert text and not ESCAPE.search(text), (words, text)
    assert '\\x1b[31mred' in host.ctl('status', 'rude').stdout
    for words in (('--json', 'status', 'rude'), ('events', '--json', 'rude')):
        text = host.ctl(*words).stdout
        assert not ESCAPE.search(text), (words, text)
    _, page = host.get('/')
    assert '\x1b' not in page


def test_256_instances_are_one_status(host):
    host.declare('many', run={'command': ['/bin/sleep', '1000'], 'user': 'web', 'instances': 256,
                              'ready': {'by': 'started'}, 'stop': {'timeout': '2s'}})
    host.start()
    status = until(lambda: (lambda s: s if all(i['state'] == 'up' for i in s['instances']) else None)(
        host.status('many')), within=60)
    assert len(status['instances']) == 256
    os.kill(status['instances'][200]['pid'], signal.SIGKILL)
    latest = exits(host, 'many')['exits'][0]
    assert latest['instance'] == 201 and latest['cause'] == 'signal', latest
    text = host.must_ctl('status', 'many')
    assert sum(line.split()[1:2] == ['up'] for line in text.splitlines()) >= 255


def test_colour_is_for_terminals_only(host):
    declare_shell(host, 'crash', 'exit 1', restart={'give_up': {'after': 1, 'within': '1m'}})
    host.start()
    host.until_state('crash', 'failed')
    assert '\x1b' not in host.ctl('status', 'crash').stdout
    command = f'svcctl --root {host.root} status crash'
    typed = host.network.run('script', '-qec', command, '/dev/null', env={**os.environ, 'TERM': 'xterm'}).stdout
    assert '\x1b[31m' in typed, typed
    plain = host.network.run('script', '-qec', command, '/dev/null',
                             env={**os.environ, 'TERM': 'xterm', 'NO_COLOR': '1'}).stdout
    assert '\x1b' not in plain, plain
