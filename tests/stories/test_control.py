# SPDX-License-Identifier: GPL-2.0-or-later
"""svcctl: who may do what, and what it answers."""
import json

from machine import PYTHON, until


def as_user(host, user, *words, groups=''):
    extra = ['--init-groups'] if not groups else [f'--groups={groups}']
    return host.network.run('setpriv', f'--reuid={user}', f'--regid={user}', *extra, '--',
                            'svcctl', '--root', host.root, *words)


def test_exit_statuses_are_those_of_the_manual(host):
    host.declare_web('hello', 8080)
    assert host.ctl('status').returncode == 7
    host.start()
    host.until_ready('hello')
    assert host.ctl('status', 'hello').returncode == 0
    assert host.ctl('status', 'nobody').returncode == 4
    assert host.ctl('start', 'nobody').returncode == 4
    assert host.ctl('frobnicate').returncode == 2
    assert host.ctl('stop').returncode == 2
    assert host.ctl('stop', 'hello').returncode == 0
    assert host.ctl('status', 'hello').returncode == 3


def test_a_mistyped_name_gets_a_suggestion(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    result = host.ctl('status', 'helo')
    assert result.returncode == 4 and 'hello' in result.stderr and not result.stdout
    assert 'restart' in host.ctl('restat', 'hello').stderr


def test_readers_ask_and_operators_act_on_their_service_only(host):
    host.declare_web('hello', 8080)
    host.declare_web('other', 8081)
    host.start()
    host.until_ready('hello')
    host.until_ready('other')
    assert as_user(host, 'web', 'status', 'hello').returncode == 0
    result = as_user(host, 'web', 'restart', 'hello')
    assert result.returncode == 5 and 'hello-admins' in result.stderr, result.stderr
    assert as_user(host, 'web', 'restart', 'hello', groups='hello-admins').returncode == 0
    assert as_user(host, 'web', 'restart', 'other', groups='hello-admins').returncode == 5
    assert as_user(host, 'web', 'restart', 'other', groups='svcd-operators').returncode == 0
    assert as_user(host, 'web', 'apply', '--yes', groups='svcd-operators').returncode == 5


def test_an_act_is_an_event_with_its_doer(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    as_user(host, 'web', 'restart', 'hello', groups='hello-admins')
    events = host.must_ctl('events', 'hello')
    assert 'restart' in events and 'web' in events, events


def test_diff_shows_what_apply_would_do_and_apply_does_it(host):
    path = host.declare_web('hello', 8080, run={'environment': {'COLOUR': 'blue'}})
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    assert host.must_ctl('diff').strip() in ('', 'nothing to change', 'no changes')
    path.write_text(path.read_text().replace('blue', 'green'))
    text = host.must_ctl('diff')
    assert 'run.environment' in text and 'blue' in text and 'green' in text and 'restart' in text, text
    assert host.pid('hello') == before
    host.must_ctl('apply', '--yes')
    host.until_ready('hello')
    assert host.pid('hello') != before
    assert host.must_ctl('apply', '--yes') is not None
    again = host.pid('hello')
    host.must_ctl('apply', '--yes')
    assert host.pid('hello') == again


def test_a_hup_applies_what_needs_no_restart_and_the_rest_is_pending(host):
    path = host.declare_web('hello', 8080, run={'environment': {'COLOUR': 'blue'}})
    host.start()
    host.until_ready('hello')
    before = host.pid('hello')
    path.write_text(path.read_text().replace('blue', 'green'))
    host.process.send_signal(1)
    status = until(lambda: (lambda s: s if s['pending'] else None)(host.status('hello')))
    assert any('environment' in change['key'] for change in status['pending'])
    assert host.pid('hello') == before


def test_off_line_verbs_need_no_daemon(host):
    path = host.declare_web('hello', 8080)
    assert host.must_ctl('validate', path)
    shown = host.must_ctl('show', 'hello')
    assert 'hello.yaml' in shown and 'default' in shown and 'stop' in shown
    schema = json.loads(host.must_ctl('schema'))
    assert 'run' in schema['properties']
    bad = host.write('etc/svcd/services/bad.yaml', 'service: bad\nrun: {comand: [x]}\n')
    result = host.ctl('validate', bad)
    assert result.returncode == 1 and 'bad.yaml:2:' in result.stdout and 'command' in result.stdout


def test_tags_and_all(host):
    host.declare_web('one', 8081, tags=['front'])
    host.declare_web('two', 8082, tags=['front'])
    host.declare_web('three', 8083)
    host.start()
    for name in ('one', 'two', 'three'):
        host.until_ready(name)
    host.must_ctl('stop', '@front')
    assert host.state('one') == host.state('two') == 'down' and host.state('three') == 'up'
    host.must_ctl('start', '--all')
    assert host.ready('one') and host.ready('two')


def test_hostile_frames_do_not_disturb(host):
    host.declare_web('hello', 8080)
    host.start()
    host.until_ready('hello')
    send = ('import socket,sys\n'
            'for junk in (b"\\0"*100, b"{"*100000+b"\\0", b"\\xff\\xfe\\0", b"[]\\0", b"{}\\0", b"x"*2000000,\n'
            '             b\'{"method": 7}\\0\', b\'{"method":"io.svcd.Nope"}\\0\', b\'{"method":"io.svcd.Status","parameters":[]}\\0\'):\n'
            '    s=socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])\n'
            '    try:\n        s.sendall(junk); s.shutdown(1)\n        while s.recv(65536): pass\n'
            '    except OSError: pass\n'
            'held=[]\n'
            'for n in range(400):\n    s=socket.socket(socket.AF_UNIX); s.settimeout(5)\n'
            '    try:\n        s.connect(sys.argv[1]); held.append(s)\n    except OSError: break\n')
    for socket in ('control.sock', 'health.sock', 'log.sock'):
        result = host.network.run(PYTHON, '-c', send, host.root / 'run/svcd' / socket)
        assert result.returncode == 0, result.stderr
    assert host.ctl('status', 'hello').returncode == 0
    assert host.ctl('check', 'hello').returncode == 0
