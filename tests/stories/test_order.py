# SPDX-License-Identifier: GPL-2.0-or-later
"""Who starts after whom, and who stops before whom: depends.services and one-shots."""
import pathlib
import subprocess

import pytest

from machine import PYTHON, until


@pytest.fixture(name='diary')
def its_diary(host):
    """What the services write: a line when they start and a line when they have ended."""
    path = host.write('diary', '')
    path.chmod(0o666)
    for folder in (host.root, *host.root.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    return path


def lines(diary):
    return diary.read_text(encoding='utf-8').split()


# It writes before it says that it is ready, and before it ends.
WRITER = '''
import os, signal, socket, sys, time

name, diary, ending = sys.argv[1], sys.argv[2], float(sys.argv[3])

def write(sign):
    with open(diary, "a") as file:
        file.write(f"{sign}{name}\\n")

def end(*_):
    time.sleep(ending)
    write("-")
    sys.exit(0)

signal.signal(signal.SIGTERM, end)
write("+")
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    signal.pause()
'''


def declare_writer(host, diary, name, *needs, ending=0.2, **run):
    """Ends a moment after it was told to, and writes that down."""
    writer = host.write('srv/writer.py', WRITER)
    return host.declare(name, run={'command': [PYTHON, '-u', str(writer), name, str(diary), str(ending)],
                                   'user': 'web', 'ready': {'by': 'notify'}, **run},
                        depends={'services': list(needs)}, security={'writable': [str(diary.parent)]})


def declare_chain(host, diary):
    """By name in another order than by need."""
    declare_writer(host, diary, 'able', 'mid')
    declare_writer(host, diary, 'mid', 'zebra')
    declare_writer(host, diary, 'zebra')


CHAIN = ['able', 'mid', 'zebra']


def test_what_others_depend_on_starts_first_and_stops_last(host, diary):
    declare_chain(host, diary)
    host.start()
    for name in CHAIN:
        host.until_state(name, 'up')
    assert lines(diary) == ['+zebra', '+mid', '+able']
    host.must_ctl('stop', '--all')
    assert lines(diary)[3:] == ['-able', '-mid', '-zebra']
    host.must_ctl('start', '--all')
    assert lines(diary)[6:] == ['+zebra', '+mid', '+able']
    host.stop()
    assert lines(diary)[9:] == ['-able', '-mid', '-zebra']


def test_stopping_one_waits_for_nobody_who_runs_on(host, diary):
    declare_chain(host, diary)
    host.start()
    host.until_state('able', 'up')
    host.must_ctl('stop', 'zebra')
    assert lines(diary)[3:] == ['-zebra']
    assert host.state('able') == host.state('mid') == 'up'
    # who needs it waits for it neither: somebody wants it down
    host.must_ctl('restart', 'mid')


def test_a_stop_that_waits_says_for_whom(host, diary):
    declare_writer(host, diary, 'able', 'zebra', ending=8)
    declare_writer(host, diary, 'zebra')
    host.start()
    host.until_state('able', 'up')
    host.must_ctl('stop', '--all', '--no-wait')
    assert host.status('zebra')['why'] == 'stops after able, which depends on it'
    assert host.state('zebra') == 'up'
    # a word to it alone is obeyed at once
    host.must_ctl('stop', 'zebra')
    assert lines(diary)[2:] == ['-zebra']
    until(lambda: lines(diary)[3:] == ['-able'], within=30)


def test_a_service_waits_until_its_one_shot_is_done_and_says_so(host, diary):
    mark = pathlib.Path(f'{diary}.migrated')
    host.declare('migrate', run={'kind': 'oneshot', 'user': 'web', 'command': ['/usr/bin/test', '-e', str(mark)],
                                 'restart': {'policy': 'on-failure', 'delay': '100ms', 'delay_max': '200ms'}})
    declare_writer(host, diary, 'able', 'migrate')
    host.start()
    until(lambda: host.status('migrate')['instances'][0]['restarts'] >= 2)
    status = host.status('able')
    assert status['state'] == 'down' and not status['instances'][0]['pid']
    assert 'waits until migrate is done' in status['why'], status['why']
    assert '`svcctl start able` starts it anyway' in status['why']
    assert status['job']['kind'] == 'start' and status['job']['result'] == 'running'
    mark.write_text('', encoding='utf-8')
    host.until_state('able', 'up')
    assert host.state('migrate') == 'done' and lines(diary) == ['+able']


def test_a_one_shot_that_failed_is_waited_for_until_somebody_says_otherwise(host, diary):
    host.declare('migrate', run={'kind': 'oneshot', 'user': 'web', 'command': ['/bin/false'],
                                 'restart': {'policy': 'never'}})
    declare_writer(host, diary, 'able', 'migrate')
    host.start()
    host.until_state('migrate', 'failed')
    until(lambda: 'migrate is done, which is failed: exit 1' in host.status('able')['why'])
    # to read the files again says nothing about starting it
    assert host.ctl('reload', 'able').returncode == 1
    assert 'waits until' in host.status('able')['why']
    host.must_ctl('start', 'able')
    assert host.state('able') == 'up' and host.status('able')['why'] == ''


def test_apply_waits_for_who_waits(host, diary):
    host.start()
    host.declare('migrate', run={'kind': 'oneshot', 'user': 'web', 'command': ['/bin/sleep', '1']})
    declare_writer(host, diary, 'able', 'migrate')
    result = host.ctl('apply', '--yes')
    assert result.returncode == 0, result
    assert host.state('migrate') == 'done' and host.state('able') == 'up'


def test_who_waits_for_each_other_is_refused_in_words(host, diary):
    declare_writer(host, diary, 'able', 'mid')
    declare_writer(host, diary, 'mid', 'able')
    result = subprocess.run(['svcctl', '--root', str(host.root), 'validate', *map(str, host.services.glob('*.yaml'))],
                            capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert 'the services wait for each other in a circle: able → mid → able' in result.stdout + result.stderr
    host.start()
    host.until_state('able', 'up')
    assert 'in a circle' in host.ctl('--json', 'status', 'mid').stdout


def test_a_circle_of_what_was_accepted_earlier_still_stops_and_starts(host, diary):
    declare_writer(host, diary, 'able', 'mid')
    declare_writer(host, diary, 'mid')
    host.start()
    host.until_state('able', 'up')
    # the one runs on as accepted, the other now waits for it
    (host.services / 'able.yaml').write_text('service: able\nrun: {comand: [x]}\n', encoding='utf-8')
    declare_writer(host, diary, 'mid', 'able')
    host.ctl('apply', '--yes')
    assert host.status('able')['stale'] and '"able"' in host.must_ctl('--json', 'show', 'mid'), host.said()
    host.must_ctl('stop', '--all')
    assert sorted(lines(diary)[2:]) == ['-able', '-mid']
    host.stop()


def test_a_shutdown_stops_all_in_order_and_no_disk_hears_of_it(host, diary):
    """What svcd-services.service asks for: in memory alone, and taken back by start --wanted."""
    declare_chain(host, diary)
    host.start()
    for name in CHAIN:
        host.until_state(name, 'up')
    host.must_ctl('stop', 'able', '--reason', 'not today')
    host.must_ctl('stop', '--all', '--shutdown')
    assert lines(diary)[3:] == ['-able', '-mid', '-zebra']
    exits = [host.status(name)['exits'][0]['cause'] for name in CHAIN]
    assert exits == ['operator', 'shutdown', 'shutdown']
    assert 'mid' not in (host.root / 'var/lib/svcd/wanted.json').read_text(encoding='utf-8')
    host.must_ctl('start', '--all', '--wanted')
    assert lines(diary)[6:] == ['+zebra', '+mid']
    assert host.status('able')['wanted']['why'] == 'not today'
    host.must_ctl('start', '--all', '--wanted')
    assert lines(diary)[8:] == []


def test_at_a_shutdown_clients_have_time_to_leave(host):
    host.declare_web('web', 8080, run={'drain': {'settle': '6s'}})
    host.start()
    host.until_ready('web')
    with subprocess.Popen(host.network.in_it('svcctl', '--root', host.root, 'stop', '--all', '--shutdown')) as stopping:
        until(lambda: not host.ready('web'))
        assert host.state('web') == 'up'
        assert stopping.wait(60) == 0
    assert host.state('web') == 'down'
    assert host.status('web')['exits'][0]['cause'] == 'shutdown'


def test_all_services_are_stopped_together_by_root_alone(host):
    for folder in (host.root, *host.root.parents):
        folder.chmod(folder.stat().st_mode | 0o011)
    host.declare('sleeper', run={'command': ['sleep', '10000'], 'user': 'web', 'ready': {'by': 'started'}})
    host.start()
    host.until_state('sleeper', 'up')
    assert host.ctl('stop', 'sleeper', '--shutdown').returncode == 2
    assert host.ctl('start', '--wanted', 'sleeper').returncode == 2
    for words in (('stop', '--all', '--shutdown'), ('start', '--all', '--wanted')):
        operator = host.network.run('setpriv', '--reuid=web', '--regid=web', '--groups=svcd-operators', '--',
                                    'svcctl', '--root', host.root, *words)
        assert operator.returncode == 5 and 'only root' in operator.stderr
    assert host.state('sleeper') == 'up'
