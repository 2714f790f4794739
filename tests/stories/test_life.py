# SPDX-License-Identifier: GPL-2.0-or-later
"""From a declaration to a process, and what happens to the process."""
import os
import pathlib
import shutil
import signal

from machine import FAKE, PYTHON, cgroup_of, until


def proc(pid, name):
    return pathlib.Path(f'/proc/{pid}/{name}').read_text(encoding='utf-8')


def test_a_declaration_becomes_a_service_that_serves(host):
    host.declare_web('hello', 8080)
    host.start()
    status = host.until_ready('hello')
    assert status['state'] == 'up'
    assert all(term['ok'] for term in status['terms']), status['terms']
    code, body = host.get('/', port=8080)
    assert (code, int(body)) == (200, status['instances'][0]['pid'])
    assert host.ctl('status', 'hello').returncode == 0


def test_it_runs_as_declared(host):
    host.declare_web('hello', 8080, run={
        'environment': {'COLOUR': 'blue', 'NUMBER': 'is ${instance} of ${instances}'},
        'umask': '0027', 'nice': 5, 'directory': '/tmp'},
        limits={'open_files': 777, 'core': 0, 'oom_score': 300},
        security={'no_new_privileges': True})
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    status = dict(line.split(':\t', 1) for line in proc(pid, 'status').splitlines() if ':\t' in line)
    environment = proc(pid, 'environ').split('\0')
    assert 'COLOUR=blue' in environment and 'NUMBER=is 1 of 1' in environment
    assert not any(word.startswith('SUDO') or word.startswith('LISTEN_FDNAMES=control')
                   for word in environment)
    assert os.readlink(f'/proc/{pid}/cwd') == '/tmp'
    assert status['Umask'] == '0027'
    assert status['NoNewPrivs'] == '1'
    assert set(status['CapEff'].strip()) == {'0'} and set(status['CapAmb'].strip()) == {'0'}
    assert status['Uid'].split()[0] != '0'
    assert 'Max open files            777 ' in proc(pid, 'limits')
    assert proc(pid, 'oom_score_adj').strip() == '300'
    assert proc(pid, 'stat').rsplit(')', 1)[1].split()[16] == '5'
    assert proc(pid, 'stat').rsplit(')', 1)[1].split()[3] == str(pid)
    assert cgroup_of(pid).parts[-2:] == ('hello', '1.1')
    descriptors = os.listdir(f'/proc/{pid}/fd')
    assert len(descriptors) <= 6, [os.readlink(f'/proc/{pid}/fd/{one}') for one in descriptors]


def test_a_capability_that_was_granted_is_kept_and_no_other(host):
    host.declare_web('hello', 80, security={'capabilities': ['CAP_NET_BIND_SERVICE']})
    host.start()
    host.until_ready('hello')
    status = proc(host.pid('hello'), 'status')
    assert 'CapEff:\t0000000000000400' in status and 'CapBnd:\t0000000000000400' in status


def test_a_crash_is_followed_by_a_restart_and_the_reason_is_told(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    first = host.pid('hello')
    os.kill(first, signal.SIGKILL)
    until(lambda: host.pid('hello') not in (None, first))
    status = host.until_ready('hello')
    assert status['exits'][0]['signal'] in (9, 'KILL', 'SIGKILL')
    assert status['instances'][0]['restarts'] == 1
    assert 'exits' in status and 'KILL' in status['exits'][0]['reason']


def test_the_back_off_grows_and_says_when_it_tries_again(host):
    host.declare('crash', run={'command': ['/bin/sh', '-c', 'echo broken pipe of dreams >&2; exit 3'],
                               'ready': {'by': 'started', 'timeout': '5s'},
                               'restart': {'delay': '300ms', 'delay_max': '2s'}})
    host.start()
    status = until(lambda: (lambda s: s if s['instances'][0]['restarts'] >= 3 else None)(
        host.status('crash')), within=20)
    assert status['exits'][0]['code'] == 3
    status = host.until_state('crash', 'waiting')
    assert not status['ready']
    assert 'exit 3' in status['why'] and 'again in' in status['why'], status['why']
    assert 'broken pipe of dreams' in host.must_ctl('status', 'crash', rc=1)
    assert host.said().count('exit 3') < 60


def test_give_up_ends_in_failed_until_told(host):
    host.declare('crash', run={'command': ['/bin/false'], 'ready': {'by': 'notify'},
                               'restart': {'delay': '50ms', 'delay_max': '100ms',
                                           'give_up': {'after': 3, 'within': '1m'}}})
    host.start()
    status = host.until_state('crash', 'failed')
    assert '3' in status['why'], status['why']
    assert host.ctl('status', 'crash').returncode == 1
    assert host.ctl('start', 'crash').returncode == 1


def test_a_one_shot_is_done(host):
    host.declare('once', run={'kind': 'oneshot', 'command': ['/bin/true']})
    host.start()
    host.until_state('once', 'done')


def test_before_runs_first_and_its_failure_is_the_reason(host):
    mark = host.root / 'mark'
    host.declare_web('hello', 8080, run={'before': [['/bin/sh', '-c', f'echo no database; test -e {mark}']],
                                         'restart': {'delay': '200ms', 'delay_max': '400ms'}})
    host.start()
    status = until(lambda: (lambda s: s if 'before' in s['why'] else None)(host.status('hello')))
    assert 'exit 1' in status['why'] and 'no database' in status['why'], status['why']
    assert status['instances'][0]['pid'] in (None, 0)
    mark.write_text('')
    host.until_ready('hello')


def test_ready_by_notify_waits_for_the_word(host):
    host.declare_web('hello', 8080, '--notify-after', '5',
                     run={'ready': {'by': 'notify', 'timeout': '20s'}})
    host.start()
    assert host.state('hello') == 'starting'
    assert not host.ready('hello')
    status = host.until_ready('hello')
    assert status['instances'][0]['status'] == 'at your service'


def test_a_word_from_a_stranger_does_not_count(host):
    host.declare_web('hello', 8080, run={'ready': {'by': 'notify', 'timeout': '60s'}})
    host.start()
    pid = until(lambda: host.pid('hello'))
    environment = until(lambda: [word for word in proc(pid, 'environ').split('\0')
                                 if word.startswith('NOTIFY_SOCKET=')])
    address = environment[0].split('=', 1)[1]
    host.network.run(PYTHON, '-c', 'import socket,sys;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);'
                     'a=sys.argv[1];s.connect(chr(0)+a[1:] if a[0]=="@" else a);s.send(b"READY=1")', address)
    assert host.state('hello') == 'starting'
    assert not host.ready('hello')


def test_ready_by_check_waits_for_a_good_answer(host):
    answer = host.write('answer', '503')
    host.declare_web('hello', 8080, '--status-file', str(answer),
                     run={'ready': {'by': 'check', 'timeout': '60s'}},
                     health={'checks': [{'name': 'root', 'http': '/', 'interval': '500ms',
                                         'timeout': '450ms', 'rise': 1, 'fall': 1}]})
    host.start()
    until(lambda: any('503' in check['reason'] for check in host.status('hello')['checks']))
    assert host.state('hello') == 'starting'
    answer.write_text('200')
    host.until_ready('hello')


def test_a_service_that_never_gets_ready_is_tried_again_and_says_so(host):
    host.declare_web('late', 8080, '--listen-after', '100',
                     run={'ready': {'by': 'listen', 'timeout': '1s'},
                          'restart': {'delay': '1s', 'delay_max': '1s'}})
    host.start()
    status = until(lambda: (lambda s: s if s['exits'] else None)(host.status('late')))
    assert status['exits'][0]['cause'] == 'timeout'
    assert 'not ready' in status['exits'][0]['reason'] or 'ready' in status['why']


def test_stop_kills_everything_of_a_service_that_will_not_go(host):
    host.declare_web('stubborn', 8080, '--ignore-term', '--fork-away', '3',
                     run={'stop': {'timeout': '500ms'}})
    host.start()
    host.until_ready('stubborn')
    leaf = cgroup_of(host.pid('stubborn'))
    everyone = (leaf / 'cgroup.procs').read_text().split()
    assert len(everyone) == 4
    host.must_ctl('stop', 'stubborn')
    assert not any(pathlib.Path(f'/proc/{pid}').exists() for pid in everyone)
    assert host.ctl('status', 'stubborn').returncode == 3


def test_restart_gives_a_new_process_and_waits_until_it_is_ready(host):
    host.declare_web('hello', 8080, '--listen-after', '0.5')
    host.start()
    host.until_ready('hello')
    first = host.pid('hello')
    host.must_ctl('restart', 'hello')
    assert host.pid('hello') != first
    assert host.ready('hello')


def test_reload_sends_the_signal_and_keeps_the_process(host):
    folder = host.root / 'marks'
    folder.mkdir()
    shutil.chown(folder, 'web')
    mark = folder / 'reloaded'
    host.declare('trap', run={'command': ['/bin/sh', '-c',
                                          f'trap "touch {mark}" HUP; while :; do sleep 0.05; done'],
                              'user': 'web', 'ready': {'by': 'started'}, 'reload': {'signal': 'HUP'}},
                 security={'writable': [str(folder)]})
    host.start()
    host.until_state('trap', 'up')
    first = host.pid('trap')
    host.must_ctl('reload', 'trap')
    until(mark.exists)
    assert host.pid('trap') == first


def test_kill_sends_any_signal(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    first = host.pid('hello')
    host.must_ctl('kill', '-s', 'KILL', 'hello')
    until(lambda: host.pid('hello') not in (None, first))


def test_four_instances_run_on_ports_of_their_own(host):
    host.declare_web('many', 0, run={
        'command': [PYTHON, '-u', str(FAKE), '--port', '${9000 + instance}'], 'instances': 4},
        listen=[{'name': 'http', 'port': '${9000 + instance}'}])
    host.start()
    until(lambda: len([one for one in host.status('many')['instances'] if one['ready']]) == 4)
    answers = {host.get('/', port=9000 + number)[1] for number in (1, 2, 3, 4)}
    assert len(answers) == 4
    assert {int(answer) for answer in answers} == set(host.pids('many'))


def test_files_are_rendered_before_the_start(host):
    target = host.root / 'etc/hello.yaml'
    host.declare_web('hello', 8080, files=[{
        'path': str(target), 'content': 'port: ${port}\nname: ${service}\nworkers: ${values.workers}\n',
        'values': {'workers': 'ncpu'}, 'mode': '0640'}])
    host.start()
    host.until_ready('hello')
    assert target.read_text() == 'port: 8080\nname: hello\nworkers: ncpu\n'
    assert oct(target.stat().st_mode)[-3:] == '640'


def test_an_environment_file_is_read_and_never_shown(host):
    secret = host.write('etc/hello.env', 'TOKEN=very-secret-indeed\n# a comment\n')
    secret.chmod(0o600)
    host.declare_web('hello', 8080, run={'environment_file': str(secret)})
    host.start()
    host.until_ready('hello')
    assert 'TOKEN=very-secret-indeed' in proc(host.pid('hello'), 'environ').split('\0')
    for words in (('status', 'hello'), ('--json', 'status', 'hello'), ('events',), ('show', 'hello')):
        result = host.ctl(*words)
        assert 'very-secret-indeed' not in result.stdout + result.stderr
    assert 'very-secret-indeed' not in host.said()


def test_what_an_operator_wished_outlives_svcd(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    host.must_ctl('stop', 'hello')
    host.stop()
    host.start()
    status = host.status('hello')
    assert status['wanted']['value'] == 'down'
    assert status['state'] == 'down'
    host.must_ctl('start', 'hello')
    assert host.ready('hello')


def test_svcd_told_to_end_leaves_nothing_behind(host):
    host.declare_web('hello', 8080, '--fork-away', '2', run={'stop': {'timeout': '500ms'}})
    host.start()
    host.until_ready('hello')
    pid = host.pid('hello')
    leaf = cgroup_of(pid)
    host.stop()
    until(lambda: not pathlib.Path(f'/proc/{pid}').exists())
    until(lambda: not leaf.exists() or not (leaf / 'cgroup.procs').read_text())


def test_a_hundred_services_from_one_apply(host):
    host.start()
    for number in range(100):
        host.declare(f'sleeper-{number}', run={'command': ['/bin/sleep', '1000'], 'user': 'web',
                                               'ready': {'by': 'started'}},
                     logs={'stdout': 'none', 'stderr': 'none'})
    host.must_ctl('apply', '--yes')
    until(lambda: host.must_ctl('--json', 'status').count('"ready": true') +
          host.must_ctl('--json', 'status').count('"ready":true') >= 100, within=30)
