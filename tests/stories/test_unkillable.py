# SPDX-License-Identifier: GPL-2.0-or-later
"""Faults that services must not notice: the invariant of invariant.py holds through each of them."""
import os
import signal
import time

import pytest

from failpoints import Failpoints
from invariant import (
    CUT_OFF, PAGES, STEADY, Invariant, kill_supervisor, marked, service, start_steady, start_time, statuses)
from machine import FAKE, PYTHON, must, until

ENGINES = 'svcd-health', 'svcd-log', 'svcd-firewall'
SLEEP = ['/bin/sleep', '1000']
QUICK = {'delay': '100ms', 'delay_max': '300ms'}


def is_dead(pid):
    """A zombie is dead, too."""
    return start_time(pid) is None


# ---- who dies

def test_a_supervisor_that_is_killed_again_and_again_disturbs_nobody(host):
    start_steady(host)
    with Invariant(host, STEADY, PAGES):
        for _ in range(3):
            kill_supervisor(host)


@pytest.mark.parametrize('program', ENGINES)
def test_an_engine_that_is_killed_disturbs_nobody(host, program):
    start_steady(host)
    with Invariant(host, STEADY, PAGES) as invariant:
        if program == 'svcd-health':
            invariant.forgiven |= CUT_OFF
        for _ in range(2):
            before = until(lambda: host.engine_pid(program))
            os.kill(before, signal.SIGKILL)
            until(lambda old=before: host.engine_pid(program) not in (None, old), 20)


def test_five_hundred_services_do_not_notice_the_death_of_the_supervisor(host):
    names = [f'one{number}' for number in range(500)]
    for name in names:
        host.declare(name, **service(SLEEP))
    host.start()
    until(lambda: all(statuses(host).get(name, {}).get('ready') for name in names), 120, 'all are up', pause=1)
    with Invariant(host, names):
        kill_supervisor(host)


# ---- what ends meanwhile

TELLER = ['/bin/sh', '-c', 'trap "exit 7" USR1; while :; do /bin/sleep 0.05; done']


def test_the_exit_of_who_ends_while_nobody_watches_is_known(host):
    start_steady(host)
    host.declare('teller', **service(TELLER, run={'restart': QUICK}))
    host.must_ctl('apply', '--yes')
    host.until_ready('teller')
    pid, keeper = host.pid('teller'), host.process.pid
    with Invariant(host, STEADY, PAGES):
        os.kill(keeper, signal.SIGSTOP)
        try:
            os.kill(host.engine_pid('svcd-supervisor'), signal.SIGKILL)
            os.kill(pid, signal.SIGUSR1)
            until(lambda: is_dead(pid))
        finally:
            os.kill(keeper, signal.SIGCONT)
        exits = until(lambda: (statuses(host).get('teller') or {}).get('exits'), 30)
        assert [(one['pid'], one['cause'], one['code']) for one in exits] == [(pid, 'exit', 7)], exits
        assert host.until_ready('teller')['instances'][0]['generation'] == 2


def test_the_exit_of_who_was_taken_over_is_known(host):
    start_steady(host)
    host.declare('teller', **service(TELLER, run={'restart': QUICK}))
    host.declare('victim', **service(SLEEP, run={'restart': QUICK}))
    host.must_ctl('apply', '--yes')
    with Invariant(host, STEADY, PAGES):
        host.until_ready('teller')
        host.until_ready('victim')
        kill_supervisor(host)
        for name, number in (('teller', signal.SIGUSR1), ('victim', signal.SIGSEGV)):
            pid = host.pid(name)
            os.kill(pid, number)
            exits = until(lambda one=name: statuses(host)[one]['exits'], 20)
            assert [one['pid'] for one in exits] == [pid], exits
            told = (exits[0]['code'], exits[0]['signal'])
            assert told == ((7, None) if name == 'teller' else (None, int(signal.SIGSEGV))), exits
            host.until_ready(name)


def test_the_exit_of_who_was_taken_over_is_awaited_while_the_keeper_is_busy(host):
    host.declare('victim', **service(SLEEP, run={'restart': QUICK}))
    host.start()
    host.until_ready('victim')
    kill_supervisor(host)
    pid = host.pid('victim')
    os.kill(host.keeper, signal.SIGSTOP)
    os.kill(pid, signal.SIGTERM)
    time.sleep(3)  # more than a word of a keeper takes
    assert not statuses(host)['victim']['exits']
    os.kill(host.keeper, signal.SIGCONT)
    exits = until(lambda: statuses(host)['victim']['exits'], 20)
    assert [(one['pid'], one['signal']) for one in exits] == [(pid, signal.SIGTERM)], exits


# ---- hostile services

def test_who_forks_away_is_taken_over_and_stopped_as_a_whole(host):
    start_steady(host)
    host.declare('daemon', **service([PYTHON, '-u', str(FAKE), '--fork-away', '3', '--say', 'READY=1'], {'by': 'notify'}))
    host.must_ctl('apply', '--yes')
    host.until_ready('daemon')
    with Invariant(host, [*STEADY, 'daemon'], PAGES):
        kill_supervisor(host)
        family = marked(host)['daemon', 1]
        assert len(family) == 4, family
    host.must_ctl('stop', 'daemon')
    assert not marked(host).get(('daemon', 1))


def test_who_ignores_its_end_is_killed_in_time_by_the_next_supervisor(host):
    start_steady(host)
    host.declare('deaf', **service(['/bin/sh', '-c', 'trap "" TERM; while :; do /bin/sleep 0.1; done'],
                                   run={'stop': {'timeout': '3s'}}))
    host.must_ctl('apply', '--yes')
    host.until_ready('deaf')
    pid = host.pid('deaf')
    with Invariant(host, STEADY, PAGES):
        host.must_ctl('stop', '--no-wait', 'deaf')
        until(lambda: host.state('deaf') == 'stopping')
        kill_supervisor(host)
        host.until_state('deaf', 'down', within=20)
        assert is_dead(pid)
    exits = host.status('deaf')['exits']
    assert len(exits) == 1 and exits[0]['pid'] == pid and not exits[0]['death'], exits


FAMILY = 60
# A bomb that cannot run away: each forks the next one, into a session of its own, FAMILY times.
BOMB = f'''
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
for _ in range({FAMILY}):
    if os.fork():
        break
    os.setsid()
while True:
    time.sleep(1000)
'''


def test_a_family_that_grows_while_the_supervisor_dies_ends_as_one(host):
    start_steady(host)
    host.declare('bomb', **service([PYTHON, '-c', BOMB], run={'stop': {'timeout': '300ms'}}))
    with Invariant(host, STEADY, PAGES):
        host.must_ctl('apply', '--yes')
        until(lambda: len(marked(host).get(('bomb', 1), ())) > 5)
        kill_supervisor(host)
        until(lambda: len(marked(host).get(('bomb', 1), ())) == FAMILY + 1, 30)
        host.must_ctl('stop', 'bomb')
        assert not marked(host).get(('bomb', 1))


# ---- a host in need

def test_a_full_run_directory_disturbs_nobody(host):
    folder = host.root / 'run'
    must('mount', '-t', 'tmpfs', '-o', 'size=256k,mode=755', 'tmpfs', folder)
    try:
        start_steady(host)
        filler = folder / 'filler'
        with Invariant(host, STEADY, PAGES):
            with open(filler, 'wb', buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(bytes(1024))
            kill_supervisor(host)
            kill_supervisor(host)
        filler.unlink()
        host.must_ctl('restart', 'quiet')
    finally:
        host.stop()
        must('umount', folder)


def test_a_supervisor_that_stands_still_is_replaced(host):
    host.environment['WATCHDOG_USEC'] = '3000000'   # as systemd would say it
    start_steady(host)
    with Invariant(host, STEADY, PAGES, faces=False):
        before = host.engine_pid('svcd-supervisor')
        os.kill(before, signal.SIGSTOP)
        until(lambda: host.engine_pid('svcd-supervisor') not in (None, before), 40)
        until(lambda: statuses(host), 30)
    assert 'has not spoken' in host.said()


def test_a_second_svcd_touches_nothing(host):
    start_steady(host)
    with Invariant(host, STEADY, PAGES):
        second = host.network.run('svcd', '--root', host.root)
        assert second.returncode == 1 and 'another svcd' in second.stderr + second.stdout, second
        os.kill(host.process.pid, signal.SIGSTOP)
        try:
            assert host.network.run('svcd', '--root', host.root).returncode == 1
        finally:
            os.kill(host.process.pid, signal.SIGCONT)


# ---- errors of the system

ERRORS = 'ENOMEM', 'EMFILE', 'EAGAIN'
PLACES = {
    'launch.pipe': 'new', 'notify.socket': 'new', 'spawner.pipe': 'new', 'spawner.clone': 'new', 'store.send': 'new',
    'ledger.write': 'new', 'spawner.fork': 'spawner', 'spawner.socket': 'spawner',
    'engine.socket': 'engine', 'spawn.pipe': 'engine', 'spawn.clone': 'engine',
}


@pytest.mark.parametrize('place', PLACES)
def test_an_error_of_the_system_is_survived(host, place):
    failpoints = Failpoints(host)
    start_steady(host)
    with Invariant(host, STEADY, PAGES):
        for error in ERRORS:
            failpoints.tell(f'{place}=errno:{error}:2')
            provoke(host, PLACES[place], f'after-{error.lower()}')
            until(failpoints.have_acted, 60, f'{place} gave {error} twice')
            host.until_ready(f'after-{error.lower()}', within=30)
            until(lambda: all(host.engine_pid(one) for one in ENGINES), 60)


def provoke(host, what, name):
    """A service that was not there before, after the death of who is to meet the error."""
    if what in ('engine', 'spawner'):
        program = 'svcd-log' if what == 'engine' else 'svcd-spawner'
        os.kill(until(lambda: host.engine_pid(program)), signal.SIGKILL)
    host.declare(name, **service(SLEEP, run={'restart': QUICK}))
    # what cannot be read for want of something is said so, and asked for again
    until(lambda: host.ctl('apply', '--yes').returncode == 0, 30)
