# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd-supervisor dies, and no service notices: same pids, none twice, none lost."""
import json
import os
import pathlib
import signal
import subprocess

from invariant import kill_supervisor
from machine import processes, until


def test_a_service_does_not_notice_that_its_supervisor_dies(host):
    host.declare_web('web', 8080)
    host.start()
    before = host.until_ready('web')
    kill_supervisor(host)
    after = host.until_ready('web')
    for key in ('pid', 'generation', 'started', 'restarts', 'since', 'state'):
        assert after['instances'][0][key] == before['instances'][0][key], key
    assert after['exits'] == []
    assert 'took over 1 service' in host.said()
    # it is supervised: its end is noticed, and its exit known
    os.kill(host.pid('web'), signal.SIGTERM)
    until(lambda: host.status('web')['exits'], what='its exit is noticed')
    last = host.status('web')['exits'][0]
    assert (last['pid'], last['cause'], last['signal']) == (
        before['instances'][0]['pid'], 'signal', signal.SIGTERM)
    host.until_ready('web')
    host.must_ctl('stop', 'web')
    assert host.pids('web') == [None] or host.pids('web') == [0]


def alive(program):
    """Processes of that name that are no zombies."""
    found = []
    for pid, _, name in processes():
        try:
            state = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')')[1].split()[0]
        except OSError:
            continue
        if name == program[:15] and state != 'Z':
            found.append(pid)
    return found


class Watcher:
    """Asks one URL of the host again and again, a new connection each time, in a process of its own there."""

    CODE = '''
import http.client, json, sys, time
port, path, count = int(sys.argv[1]), sys.argv[2], 0
wrong = []
while len(wrong) < 20:
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        c.request("GET", path)
        r = c.getresponse()
        body = r.read().decode()
        if r.status != 200:
            wrong.append([count, r.status, body[:300]])
    except OSError as e:
        wrong.append([count, 0, repr(e)])
    except http.client.HTTPException as e:
        wrong.append([count, 0, repr(e)])
    count += 1
    print(json.dumps([count, wrong]), flush=True)
    time.sleep(0.002)
'''

    def __init__(self, host, path, port=9479):
        self.file = host.write(f'watch{port}{path.replace("/", "_")}', '')
        self.process = subprocess.Popen(
            host.network.in_it('/usr/bin/python3', '-c', self.CODE, str(port), path),
            stdout=self.file.open('w', encoding='utf-8'))
        until(lambda: self.said()[0] > 3, what='the watcher asks')

    def said(self):
        lines = self.file.read_text(encoding='utf-8').rsplit('\n', 2)
        return json.loads(lines[-2]) if len(lines) > 1 else [0, []]

    def stop(self):
        """How often it asked, and what went wrong."""
        self.process.kill()
        self.process.wait()
        return self.said()


def test_no_request_fails_and_no_verdict_flips_while_supervisors_die(host):
    host.declare_web('web', 8080, health={'checks': [{'name': 'page', 'http': '/',
        'interval': '500ms', 'timeout': '450ms', 'rise': 1, 'fall': 3}]})
    host.start()
    host.until_ready('web')
    until(lambda: host.get('/check/web')[0] == 200, what='its check passes')
    watchers = [Watcher(host, path) for path in ('/readyz/web', '/readyz', '/check/web')]
    watchers.append(Watcher(host, '/', 8080))
    for _ in range(4):
        kill_supervisor(host)
        host.until_ready('web')
    for watcher in watchers:
        until(lambda watcher=watcher: watcher.said()[0] > 50, what='it asked often enough')
        count, wrong = watcher.stop()
        assert not wrong, (watcher.process.args[-1], count, wrong)


def test_no_line_is_lost_or_doubled_while_supervisors_die(host):
    host.declare('chatty', run={'ready': {'by': 'started'}, 'command': [
        '/usr/bin/python3', '-uc', 'import time\nfor n in range(10**9):\n print("line", n)\n time.sleep(0.0005)']})
    host.start()
    host.until_ready('chatty')
    for _ in range(4):
        kill_supervisor(host)
    said = until(lambda: host.ctl('logs', 'chatty', '-n', '1').stdout, what='the log is written again')
    host.must_ctl('stop', 'chatty')
    lines = [line.split()[-1] for line in host.must_ctl('logs', 'chatty', '-n', '100000').splitlines()
             if ' line ' in f' {line}']
    assert len(lines) > 500 and said
    numbers = [int(line) for line in lines]
    assert numbers == list(range(len(numbers))), [
        (a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1][:5]


QUICK = {'restart': {'delay': '100ms', 'delay_max': '30s'}}
SLEEP = ['/usr/bin/python3', '-c', 'import time; time.sleep(10**6)']
DIES = ['/usr/bin/python3', '-c', 'import sys, time; time.sleep(0.2); sys.exit(7)']


def facts(status):
    """What another supervisor must not change."""
    return {'state': status['state'], 'wanted': status['wanted']['value'], 'exits': status['exits'], 'job': status['job'],
            'instances': [{key: one[key] for key in ('instance', 'generation', 'state', 'since', 'why', 'pid', 'started',
                                                     'restarts', 'status')} for one in status['instances']]}


def declare_all_kinds(host):
    host.declare('up', run={'command': SLEEP, 'user': 'web', 'ready': {'by': 'started'}, 'instances': 3})
    host.declare('gone', run={'command': SLEEP, 'user': 'web', 'ready': {'by': 'started'}})
    host.declare('waits', run={'command': DIES, 'user': 'web', 'ready': {'by': 'started'},
                               'restart': {'delay': '60s', 'delay_max': '60s'}})
    host.declare('failed', run={'command': DIES, 'user': 'web', 'ready': {'by': 'started'},
                                'restart': {'policy': 'never'}})
    host.declare('once', run={'command': ['/usr/bin/true'], 'kind': 'oneshot', 'user': 'web'})
    host.declare_web('tells', 8080, '--notify-after', '0', run={'ready': {'by': 'notify'}})


STATES = {'up': 'up', 'gone': 'down', 'waits': 'waiting', 'failed': 'failed', 'once': 'done', 'tells': 'up'}


def settled(host):
    declare_all_kinds(host)
    host.start()
    host.until_ready('up')
    host.must_ctl('stop', 'gone')
    for name, state in STATES.items():
        host.until_state(name, state)
    return {name: facts(host.status(name)) for name in STATES}


def test_every_state_is_as_it_was(host):
    before = settled(host)
    kill_supervisor(host)
    assert {name: facts(host.status(name)) for name in STATES} == before
    host.must_ctl('restart', 'up')
    host.must_ctl('stop', 'tells')
    assert host.state('tells') == 'down'
    host.must_ctl('start', 'gone')
    assert host.state('gone') == 'up'


def test_what_was_stopped_without_its_services_goes_on_with_them(host):
    before = settled(host)
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(20) == 0
    for name in ('up', 'tells'):
        for one in before[name]['instances']:
            os.kill(one['pid'], 0)
    assert (host.root / 'run/svcd/state').stat().st_mode & 0o777 == 0o600
    host.start()
    assert {name: facts(host.status(name)) for name in STATES} == before
    assert not (host.root / 'run/svcd/state').exists()


def test_what_ended_while_nobody_watched_is_known_or_said_not_to_be(host):
    host.declare('mortal', run={'command': SLEEP, 'user': 'web', 'ready': {'by': 'started'}, **QUICK})
    host.start()
    host.until_ready('mortal')
    pid, old = host.pid('mortal'), host.engine_pid('svcd-supervisor')
    os.kill(old, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    os.kill(old, signal.SIGKILL)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, old))
    host.until_ready('mortal')
    last = host.status('mortal')['exits'][0]
    assert last['pid'] == pid
    assert (last['cause'], last['signal']) == ('signal', 9) or last['cause'] == 'unknown', last
    assert host.pid('mortal') != pid


def test_who_runs_without_any_record_is_found_by_his_cgroup(host):
    host.declare('web', run={'command': SLEEP, 'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    host.until_ready('web')
    pid = host.pid('web')
    host.process.kill()
    host.process.wait()
    until(lambda: not alive('svcd-supervisor'), what='the supervisor ends without a keeper')
    (host.root / 'run/svcd/state').unlink(missing_ok=True)
    host.start()
    host.until_ready('web')
    assert host.pid('web') == pid
    assert alive('python3').count(pid) == 1
    host.must_ctl('restart', 'web')
    assert host.pid('web') != pid


def test_who_was_just_born_is_found_whoever_inherited_him(host):
    """The supervisor dies between a birth and its record, and the keeper before it starts the next."""
    words = host.root / 'failpoints'
    words.write_text('launch.cloned=stop', encoding='utf-8')
    host.environment['SVCD_FAILPOINTS'] = str(words)
    host.start_below()
    host.declare('late', run={'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'}})
    pid = until(lambda: next(iter(alive('sleep')), None), 20, 'it is born')
    keeper = host.keeper
    os.kill(keeper, signal.SIGSTOP)
    os.kill(host.engine_pid('svcd-supervisor'), signal.SIGKILL)
    os.kill(keeper, signal.SIGKILL)
    until(lambda: host.keeper not in (None, keeper), 20)
    host.until_ready('late')
    assert host.pid('late') == pid
    assert alive('sleep') == [pid]
    assert not host.status('late')['exits']


def test_a_restart_that_was_begun_comes_to_its_end(host):
    host.declare('roll', run={'command': ['/usr/bin/python3', '-c', 'import signal, time\n'
                                          'signal.signal(signal.SIGTERM, lambda *_: (time.sleep(2), exit(0)))\n'
                                          'time.sleep(10**6)'],
                              'user': 'web', 'ready': {'by': 'started'}, 'instances': 2})
    host.start()
    host.until_ready('roll')
    before = host.pids('roll')
    host.must_ctl('restart', '--no-wait', 'roll')
    until(lambda: 'stopping' in [one['state'] for one in host.status('roll')['instances']])
    kill_supervisor(host)
    until(lambda: host.status('roll')['job']['result'] == 'done', within=20)
    after = host.pids('roll')
    assert not set(before) & set(after) and len(after) == 2
    for pid in before:
        until(lambda pid=pid: not [1 for one, _, _ in processes() if one == pid], what='the old ones are gone')


def test_what_a_service_gave_to_keep_is_given_to_its_next_process(host):
    code = ('import array, os, socket, time\n'
            'got = os.environ.get("LISTEN_FDNAMES", "")\n'
            'text = os.pread(3, 99, 0).decode() if got else ""\n'
            's = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n'
            's.connect(os.environ["NOTIFY_SOCKET"])\n'
            's.send(f"STATUS=got {got} {text}".encode())\n'
            'if not got:\n'
            '    fd = os.memfd_create("x"); os.write(fd, b"treasure")\n'
            '    s.sendmsg([b"FDSTORE=1\\nFDNAME=mine\\nFDPOLL=0"],'
            ' [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])\n'
            's.send(b"READY=1")\n'
            'time.sleep(10**6)\n')
    host.declare('keeps', run={'command': ['/usr/bin/python3', '-c', code], 'user': 'web', 'ready': {'by': 'notify'}})
    host.start()
    host.until_ready('keeps')
    kill_supervisor(host)
    host.must_ctl('restart', 'keeps')
    host.until_ready('keeps')
    assert host.status('keeps')['instances'][0]['status'] == 'got mine treasure'


def test_a_check_runs_as_the_service_with_its_secrets_under_the_next_supervisor(host):
    secret = host.write('secret.env', 'TOKEN=sesame\n')
    look = host.write('look', '#!/bin/sh\necho "I am $(id -un), open $TOKEN, at $(date +%s%N)"\nexit 1\n')
    secret.chmod(0o644)
    look.chmod(0o755)
    host.declare('web', run={'command': SLEEP, 'user': 'web', 'ready': {'by': 'started'}, 'environment_file': str(secret)},
                 health={'checks': [{'name': 'who', 'exec': [str(look)], 'interval': '500ms', 'timeout': '450ms',
                                     'effect': 'warn', 'rise': 1, 'fall': 1}]})

    def reason():
        return host.status('web')['checks'][0]['reason'] if host.status('web')['checks'] else ''
    host.start()
    host.until_ready('web')
    before = until(lambda: 'I am' in reason() and reason(), what='the check is tried')
    kill_supervisor(host)
    after = until(lambda: 'I am' in reason() and reason() != before and reason(), what='the check is tried again')
    for text in (before, after):
        assert 'I am web, open sesame' in text
