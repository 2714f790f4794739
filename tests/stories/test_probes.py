# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that need a child: real plugins, real users, real cgroups; and what a hostile one can do."""
import contextlib
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import time

import pytest
import yaml

from machine import PYTHON, cgroup_of, must, processes, until

PLUGINS = '/usr/lib/nagios/plugins'
FAST = {'interval': '1s', 'timeout': '950ms', 'fast_interval': '200ms', 'rise': 1, 'fall': 1}


def script(host, name, text):
    path = host.write(f'srv/{name}', '#!/bin/sh\n' + text)
    path.chmod(0o755)
    return str(path)


def check_of(host, service, check):
    rows = [row for row in host.status(service)['checks'] if row['check'] == check]
    return rows[0] if rows else {'verdict': None, 'reason': ''}


def until_check(host, service, check, verdict, within=15):
    def question():
        found = check_of(host, service, check)
        return found if found['verdict'] == verdict else None
    try:
        return until(question, within)
    except AssertionError:
        raise AssertionError(f'{check} is not {verdict}: {json.dumps(check_of(host, service, check))}') from None


def test_a_real_plugin_judges_a_service(host):
    host.declare_web('web', 18080, health={'checks': [
        {'name': 'page', 'exec': [f'{PLUGINS}/check_http', '-I', '127.0.0.1', '-p', '${port}', '-e', '200'],
         'effect': 'ready', **FAST, 'timeout': '5s', 'interval': '5s'},
        {'name': 'word', 'exec': [f'{PLUGINS}/check_dummy', '1', 'a queue grows'], **FAST}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'page', 'pass')
    assert until_check(host, 'web', 'word', 'warn')['reason'] == 'WARNING: a queue grows'
    code, text = host.get('/check/web')
    assert code == 429 and 'a queue grows' in text


# ---- service-runner: a master without workers -----------------------------------------------

MATHOID = os.environ.get('SVCD_DEMO_MATHOID', '')
GOOD_APP = """'use strict';
const http = require('http');
module.exports = (options) => new Promise((resolve) => {
    const server = http.createServer((request, response) => response.end('well\\n'));
    server.listen(options.config.port, options.config.interface, () => resolve(server));
});
"""
BROKEN_APP = "throw new Error('a deployment gone wrong');\n"


@pytest.fixture
def fragile(host):
    """A service on the template service-runner whose code the story can break."""
    runner = f'{MATHOID}/node_modules/service-runner/service-runner.js'
    assert os.path.isfile(runner), (
        'service-runner is not there: SVCD_DEMO_MATHOID must name the folder that npm installed mathoid into')
    for path, text in (('app.js', GOOD_APP), ('package.json', '{"name": "fragile", "version": "1.0.0"}')):
        host.write(f'srv/fragile/{path}', text)
    os.makedirs('/srv/runner', exist_ok=True)
    if not os.path.ismount('/srv/runner'):
        must('mount', '--bind', MATHOID, '/srv/runner')
    # The template's own checks, with the patience of a story.
    template = yaml.safe_load(pathlib.Path('/opt/svcd/share/svcd/templates/service-runner.yaml').read_text(
        encoding='utf-8'))
    checks = template['health']['checks']
    worker = next(check for check in checks if check['name'] == 'worker')
    assert worker['effect'] == 'live' and worker['live_after'] == '90s'
    worker.update(live_after='3s', interval='1s', timeout='900ms', fast_interval='200ms')
    host.declare('fragile', template='service-runner', run={'directory': str(host.root / 'srv/fragile'), 'user': 'web'},
                 listen=[{'name': 'http', 'port': 18999}], health={'checks': [worker]},
                 values={'runner': '/srv/runner/node_modules/service-runner/service-runner.js', 'module': './app.js',
                         'config': str(host.root / 'srv/fragile.yaml'), 'num_workers': 1})
    return host


def workers(master):
    return [pid for pid, parent, _ in processes() if parent == master]


def listens(host, port):
    return f':{port} ' in host.network.run('ss', '-Hltn').stdout


def test_a_master_without_workers_is_healed(fragile):
    """Fact: one SIGHUP with code that does not start leaves a service-runner 6 without workers for ever."""
    host = fragile
    host.start()
    host.until_ready('fragile', within=60)
    master = host.pid('fragile')
    assert len(workers(master)) == 1 and listens(host, 18999)

    host.write('srv/fragile/app.js', BROKEN_APP)
    os.kill(master, signal.SIGHUP)
    until(lambda: not workers(master) and not listens(host, 18999), within=30, what='the wedge')
    host.write('srv/fragile/app.js', GOOD_APP)
    assert host.pid('fragile') == master, 'the master is alive, and will not start a worker any more'

    until(lambda: host.pid('fragile') not in (None, master), within=60, what='a new master')
    host.until_ready('fragile', within=60)
    assert len(workers(host.pid('fragile'))) == 1 and listens(host, 18999)
    latest = host.status('fragile')['exits'][0]
    assert latest['cause'] == 'check'
    assert re.match(r'check worker on port 18999 fails for [34]s: .*[Rr]efused', latest['reason']), latest
    assert 'check worker on port 18999 fails' in host.must_ctl('events', 'fragile')
    assert 'check worker on port 18999 fails' in host.must_ctl('status', 'fragile')


# ---- what commands do -----------------------------------------------------------------------

def test_a_command_runs_as_the_service_in_a_cgroup_of_its_own(host):
    out = host.write('srv/seen', '')
    os.chmod(out, 0o666)
    host.write('etc/env', 'FROM_FILE=1\n').chmod(0o600)
    look = script(host, 'look', f'(id -u; id -G; pwd; cat /proc/self/cgroup | tr "\\n" " "; echo; env) >{out}\necho fine\n')
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, run={'instances': 1, 'directory': '/usr', 'environment': {'MINE': '${service}!'},
                                        'environment_file': str(host.root / 'etc/env')},
                     health={'checks': [{'name': 'look', 'exec': [look, '${instance}'], **FAST}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'look', 'pass')
    uid, groups, directory, cgroup, *variables = until(
        lambda: (lines := out.read_text().splitlines()) and len(lines) > 5 and lines)
    web = pwd.getpwnam('web')
    assert (int(uid), groups, directory) == (web.pw_uid, str(web.pw_gid), '/usr')
    assert re.search(r'/web/deed-\d+', cgroup), cgroup
    seen = dict(line.split('=', 1) for line in variables if '=' in line)
    assert {key: seen[key] for key in ('SVCD_SERVICE', 'SVCD_INSTANCE', 'SVCD_PORT', 'MINE', 'FROM_FILE', 'USER')} == {
        'SVCD_SERVICE': 'web', 'SVCD_INSTANCE': '1', 'SVCD_PORT': '18080', 'MINE': 'web!', 'FROM_FILE': '1', 'USER': 'web'}
    assert 'NOTIFY_SOCKET' not in seen and 'LISTEN_FDS' not in seen


def test_codes_and_ends_of_commands_are_told_apart(host):
    ends = {
        'ok': ('echo fine', 'pass', ''),
        'warning': ('echo tired; exit 1', 'warn', 'tired'),
        'critical': ('echo ill; exit 2', 'warn', 'ill'),  # the default effect is to warn
        'unknown': ('echo who knows; exit 3', 'unknown', 'who knows'),
        'odd': ('echo out of paper; exit 9', 'unknown', 'exit 9: out of paper (a check ends with 0, 1, 2 or 3)'),
        'killed': ('kill -9 $$', 'unknown', 'SIGKILL'),
        'slow': ('echo begun; sleep 100', 'warn', 'no result in 950ms'),
        'garbage': ("printf '\\033[31m\\000\\377\\n\\n|||\\n'; exit 2", 'warn', '\\x1b[31m'),
        'silent': ('exit 2', 'warn', 'exit 2'),
        'flood': ('yes "a flood"', 'unknown', 'printed more than 64 KiB'),
    }
    checks = [{'name': name, 'exec': [script(host, name, text + '\n')], **FAST} for name, (text, _, _) in ends.items()]
    checks.append({'name': 'absent', 'exec': ['/usr/local/bin/check_absent'], **FAST})
    checks.append({'name': 'folder', 'exec': ['/usr'], **FAST})
    host.declare_web('web', 18080, health={'checks': checks})
    host.start()
    host.until_ready('web')
    for name, (_, verdict, words) in ends.items():
        assert words in until_check(host, 'web', name, verdict)['reason'], name
    assert 'exec /usr/local/bin/check_absent: No such file or directory' in until_check(
        host, 'web', 'absent', 'unknown')['reason']
    assert 'exec /usr: Permission denied' in until_check(host, 'web', 'folder', 'unknown')['reason']
    assert host.ready('web'), 'what may only warn keeps nobody out'


def deeds(host, service):
    """Processes in cgroups of side jobs."""
    found = []
    for leaf in cgroup_of(host.pid(service)).parent.glob('deed-*'):
        with contextlib.suppress(OSError):  # gone meanwhile
            found += (leaf / 'cgroup.procs').read_text().split()
    return found


def sleepers():
    return {pid for pid, _, name in processes() if name == 'sleep'}


def test_nothing_of_a_command_stays(host):
    """Neither what it left in the background, nor what ignores signals, nor its cgroup."""
    strangers = sleepers()
    left = script(host, 'left', "trap '' TERM HUP INT\nsetsid sleep 1000 &\n(setsid sleep 1000 >/dev/null 2>&1 &)\necho fine\n")
    stuck = script(host, 'stuck', "trap '' TERM HUP INT QUIT\nsetsid sleep 1000 &\nwhile :; do sleep 1000; done\n")
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'left', 'exec': [left], **FAST, 'interval': '1h', 'fast_interval': '1h'},
        {'name': 'stuck', 'exec': [stuck], **FAST, 'interval': '1h', 'fast_interval': '1h', 'fall': 1}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'left', 'pass')
    until_check(host, 'web', 'stuck', 'warn')
    until(lambda: not deeds(host, 'web'), what='nothing runs in cgroups of side jobs')
    until(lambda: not list(cgroup_of(host.pid('web')).parent.glob('deed-*')), what='they are removed')
    assert host.pid('web') and not sleepers() - strangers


def test_one_that_hangs_delays_no_other(host):
    hang = script(host, 'hang', 'sleep 1000\n')
    count = host.write('srv/count', '')
    os.chmod(count, 0o666)
    quick = script(host, 'quick', f'echo x >>{count}\n')
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'hang', 'exec': [hang], 'interval': '1h', 'timeout': '50m'},
        {'name': 'quick', 'exec': [quick], **FAST}]})
    host.declare_web('other', 18081, health={'checks': [{'name': 'quick', 'exec': [quick], **FAST}]})
    host.start()
    host.until_ready('web')
    host.until_ready('other')
    until(lambda: len(count.read_text()) >= 2 * 2 * 8, within=60)
    assert check_of(host, 'web', 'hang')['verdict'] in (None, 'unknown')


def test_a_hundred_checks_of_one_service(host):
    """Eight children at a time, and each check comes round."""
    most = host.write('srv/most', '0')
    os.chmod(most, 0o666)
    plugin = script(host, 'plugin', f'''ls -d /sys/fs/cgroup"$(dirname "$(sed 's/^0:://' /proc/self/cgroup)")"/deed-* | wc -l >>{most}
exec {PLUGINS}/check_dummy 0 "number $1"
''')
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': f'check-{number}', 'exec': [plugin, str(number)], 'interval': '5s', 'timeout': '4s', 'rise': 1}
        for number in range(100)]})
    host.start()
    host.until_ready('web')
    until(lambda: [row['verdict'] for row in host.status('web')['checks']] == ['pass'] * 100, within=60,
          what='all hundred pass')
    assert max(map(int, most.read_text().split())) <= 8
    code, text = host.get('/check/web')
    assert code == 200 and len(text.splitlines()[0]) <= 900 and text.count('[OK] check/check-') == 100


def test_a_command_ends_with_its_process(host):
    """Whoever asks about a service that is told to stop is not waited for."""
    strangers = sleepers()
    hang = script(host, 'hang', 'sleep 1000\n')
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'hang', 'exec': [hang], 'interval': '1h', 'timeout': '50m'}]})
    host.start()
    host.until_ready('web')
    until(lambda: deeds(host, 'web'))
    host.must_ctl('stop', 'web')    # within a minute, that is
    assert not sleepers() - strangers


# ---- file and notify ------------------------------------------------------------------------

def test_a_file_is_looked_at_as_the_service_sees_it(host):
    folder = host.root / 'srv/private'
    folder.mkdir(parents=True)
    shutil.chown(folder, 'web', 'web')
    folder.chmod(0o700)  # closed to svcd-health
    closed = host.root / 'srv/closed'
    closed.mkdir(mode=0o700)
    beat = folder / 'beat.1'
    host.declare_web('web', 18080, health={'checks': [
        {'name': 'beat', 'file': {'path': f'{folder}/beat.${{instance}}', 'fresh': '1m'}, 'effect': 'ready', **FAST},
        {'name': 'shut', 'file': str(closed / 'beat'), **FAST}]})
    host.start()
    assert 'No such file' in until_check(host, 'web', 'beat', 'fail')['reason']
    beat.write_text('x')
    until_check(host, 'web', 'beat', 'pass')
    host.until_ready('web')
    os.utime(beat, (time.time() - 600, time.time() - 600))
    assert re.search(r'last written 10m.* ago, not within 1m', until_check(host, 'web', 'beat', 'fail')['reason'])
    until(lambda: not host.ready('web'))
    assert 'user web must be able to' in until_check(host, 'web', 'shut', 'unknown')['reason']


def test_a_service_says_by_itself_that_it_is_well(host):
    """READY=1 makes it pass; a watchdog that falls silent shows before it bites."""
    host.declare('said', run={'command': [PYTHON, '-u', '-c', f'''
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(os.environ['NOTIFY_SOCKET'])
time.sleep(1)
s.send(b'READY=1')
while not os.path.exists('{host.root}/hush'):
    s.send(b'WATCHDOG=1')
    time.sleep(0.1)
time.sleep(1000)
'''], 'ready': {'by': 'started'}, 'watchdog': '8s', 'user': 'web'}, health={'checks': [
        {'name': 'self', 'notify': True, **FAST}]})
    host.start()
    assert until_check(host, 'said', 'self', 'fail')['reason'] == 'has not said READY=1 (sd_notify)'
    until_check(host, 'said', 'self', 'pass')
    host.until_ready('said')
    pid = host.pid('said')
    host.write('hush', '')
    assert re.match(r'no WATCHDOG=1 for .* of 8', until_check(host, 'said', 'self', 'fail', within=8)['reason'])
    assert not host.ready('said') and host.pid('said') == pid, 'out of traffic before it is restarted'
    until(lambda: host.pid('said') not in (None, pid), within=20)
    assert host.status('said')['exits'][0]['cause'] == 'watchdog'


# ---- startup and liveness -------------------------------------------------------------------

def test_a_startup_check_holds_the_others_back(host):
    flag = host.root / 'srv/booted'
    ran = host.write('srv/ran', '')
    os.chmod(ran, 0o666)
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, run={'ready': {'by': 'check', 'timeout': '60s'}}, health={'checks': [
        {'name': 'later', 'exec': [script(host, 'later', f'echo x >>{ran}\n')], **FAST},
        {'name': 'boot', 'file': str(flag), 'startup': True, 'effect': 'ready', **FAST}]})
    host.start()
    until_check(host, 'web', 'boot', 'fail')
    assert host.state('web') == 'starting' and not ran.read_text()
    flag.write_text('x')
    host.until_ready('web')
    until_check(host, 'web', 'later', 'pass')


def test_a_command_with_effect_live_restarts_after_live_after(host):
    flag = host.root / 'srv/ill'
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'self', 'exec': [script(host, 'self', f'test ! -e {flag} || {{ echo ill; exit 2; }}\n')],
         'effect': 'live', 'live_after': '2s', **FAST}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'self', 'pass')
    pid = host.pid('web')
    flag.write_text('x')
    until_check(host, 'web', 'self', 'fail')
    assert host.pid('web') == pid and not host.ready('web')
    until(lambda: host.pid('web') not in (None, pid))
    latest = host.status('web')['exits'][0]
    assert latest['cause'] == 'check' and latest['reason'].startswith('check self fails for 2s: ill'), latest
    # It did not help: the next one takes twice as long, and is not before others had their turn.
    second = host.pid('web')
    begun = time.monotonic()
    until(lambda: host.pid('web') not in (None, second), within=30)
    assert time.monotonic() - begun > 4
    assert '(1 restart for it did not help)' in host.status('web')['exits'][0]['reason']


def test_the_engine_may_die_while_commands_run(host):
    hang = script(host, 'slow', 'sleep 2; echo done\n')
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'slow', 'exec': [hang], 'interval': '4s', 'timeout': '3s', 'rise': 1, 'effect': 'ready'}]})
    host.start()
    host.until_ready('web')
    until_check(host, 'web', 'slow', 'pass')
    until(lambda: deeds(host, 'web'))
    os.kill(host.engine_pid('svcd-health'), signal.SIGKILL)
    until(lambda: not deeds(host, 'web'), what='nobody waits for the answer any more')
    assert host.ready('web'), 'a dead engine changes no verdict'
    until(lambda: deeds(host, 'web'), what='the next engine asks again')
    until(lambda: host.get('/livez/web')[0] == 200)
    assert host.ready('web')


# ---- an engine that was taken over ----------------------------------------------------------

EVIL = """#!/usr/bin/python3
import json, socket
channel = socket.socket(fileno=3)
channel.setblocking(True)
def send(kind, **body):
    channel.send(json.dumps(dict(body, kind=kind)).encode())
send('hello', version=1, build='evil')
generations = {}
while True:
    message = json.loads(channel.recv(1 << 20))
    if message['kind'] in ('service', 'gone', 'sync'):
        send('ack', of=message['kind'], service=message.get('service'), generation=message['generation'], error=None)
    if message['kind'] != 'state':
        continue
    instance = message['status']['instances'][0]
    if not instance['pid']:
        continue
    about = dict(service='web', instance=1, generation=instance['generation'])
    send('verdict', check='count', verdict='fail', reason='\\x1b]0;owned\\x07' * 500, **about)
    send('verdict', check='count', verdict='fail', reason='', **{**about, 'instance': 77, 'generation': 3})
    send('verdict', check='none', verdict='splendid', reason=7, **about)
    for number in range(200):
        send('probe', check='count', number=number, **about)
        send('probe', check='count', number=-number, exec=['/bin/sh', '-c', 'touch /tmp/owned'], **about)
    for number in range(3000):
        send('probe', check='none', number=number, service='nobody', instance=number)
"""


def test_an_engine_that_was_taken_over_can_only_ask_for_what_is_declared(host, monkeypatch):
    libexec = host.root / 'libexec'
    libexec.mkdir()
    for program in ('svcd-supervisor', 'svcd-log', 'svcd-firewall'):
        (libexec / program).symlink_to(f'/opt/svcd/libexec/svcd/{program}')
    evil = libexec / 'svcd-health'
    evil.write_text(EVIL)
    evil.chmod(0o755)
    monkeypatch.setenv('SVCD_LIBEXEC', str(libexec))
    count = host.write('srv/count', '')
    os.chmod(count, 0o666)
    host.declare_web('web', 18080, security={'writable': [str(host.root)]}, health={'checks': [
        {'name': 'count', 'exec': [script(host, 'count-it', f'echo x >>{count}\n')], 'interval': '2s',
         'fast_interval': '2s', 'timeout': '1s', 'effect': 'live', 'live_after': '1h'}]})
    host.start()
    host.until_state('web', 'up')
    pid, begun = host.pid('web'), time.monotonic()
    until(lambda: 'asks again and again for checks that are not declared' in host.must_ctl('events'), within=20)
    until(lambda: host.said().count('asks again and again') >= 2, within=30, what='the next one is no better')
    took = time.monotonic() - begun
    runs = len(count.read_text().split())
    lives = host.said().count('asks again and again') + 1
    assert runs <= 2 * lives + took, f'{runs} tries in {took:.1f} s and {lives} lives'
    assert host.pid('web') == pid and not os.path.exists('/tmp/owned')
    status = host.status('web')
    assert {row['check'] for row in status['checks']} == {'count'} and len(status['checks']) == 1
    assert '\x1b' not in json.dumps(status, ensure_ascii=False)
