# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd itself, below an outer store (outer.py, as systemd is one): killed, restarted, executed anew."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import threading
import time

import pytest

from machine import must, processes, until

WORKER = ['/bin/sh', '-c', 'while :; do echo alive; sleep 1; done']
QUICK = {'restart': {'delay': '50ms', 'delay_max': '300ms'}}
HOUSE = sorted(name[:15] for name in ('svcd', 'svcd-supervisor', 'svcd-health', 'svcd-log', 'svcd-firewall'))


def declare(host):
    host.declare_web('hello', 8080)
    host.declare('worker', run={'command': WORKER, 'user': 'web', 'ready': {'by': 'started'}, **QUICK})
    return 'hello', 'worker'


def start(host, names, **options):
    host.start_below(**options)
    for name in names:
        host.until_ready(name)
    return {name: host.pid(name) for name in names}


def house(host):
    """(pid, name) of svcd, its supervisor and engines; not of what a supervisor forks by its own name."""
    family, found = {host.process.pid: ''}, []
    for pid, parent, name in sorted(processes()):
        if parent in family:
            family[pid] = name
            if name in HOUSE and family[parent] != name:
                found.append((pid, name))
    return found


def assert_one_family(host):
    """Old ones may need a moment to be gone."""
    try:
        until(lambda: sorted(name for _, name in house(host)) == HOUSE, within=20)
    except AssertionError:
        raise AssertionError(house(host)) from None


def over(pid):
    """It is gone, or waits to be reaped."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


def until_same(host, names, before):
    for name in names:
        host.until_ready(name)
    assert {name: host.pid(name) for name in names} == before


@contextlib.contextmanager
def knocking(path):
    """Connects to a socket of svcd's all the time; nobody is ever refused."""
    refused, knocks, over = [], [], threading.Event()

    def knock():
        while not over.is_set():
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                try:
                    client.connect(os.path.relpath(path))
                    knocks.append(1)
                except OSError as error:
                    refused.append(error)
            time.sleep(0.01)
    thread = threading.Thread(target=knock)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert len(knocks) > 3 and not refused, f'{len(knocks)} connections, refused: {refused[:3]}'


def stored(host):
    """The names of what the outer store holds."""
    told = host.said().count('outer: store: ')
    host.process.send_signal(signal.SIGUSR1)
    until(lambda: host.said().count('outer: store: ') > told)
    return host.said().rsplit('outer: store: ', 1)[1].split('\n')[0].split()


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGABRT])
def test_a_keeper_that_dies_is_followed_by_one_that_has_all(host, number):
    names = declare(host)
    before = start(host, names)
    keeper = host.keeper
    with knocking(host.root / 'run/svcd/control.sock'), knocking(host.root / 'run/svcd/health.sock'):
        os.kill(keeper, number)
        until(lambda: host.keeper not in (None, keeper))
        until_same(host, names, before)
    assert_one_family(host)
    assert stored(host).count('control.sock') == 1


def test_keeper_and_supervisor_at_once(host):
    names = declare(host)
    before = start(host, names)
    for _ in range(3):
        keeper, supervisor = host.keeper, host.engine_pid('svcd-supervisor')
        os.kill(keeper, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(supervisor, signal.SIGKILL)
        until(lambda gone=keeper: host.keeper not in (None, gone))
        until_same(host, names, before)
        assert_one_family(host)


def test_a_restart_as_systemd_does_it_touches_no_service(host):
    names = declare(host)
    before = start(host, names)
    keeper = host.keeper
    with knocking(host.root / 'run/svcd/control.sock'):
        host.process.send_signal(signal.SIGHUP)
        until(lambda: host.keeper not in (None, keeper))
        until_same(host, names, before)
    assert 'outer: ended 0' in host.said()
    assert_one_family(host)


def test_stopped_it_leaves_the_services_running_and_the_next_one_has_them(host):
    names = declare(host)
    before = start(host, names)
    there = house(host)
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(20) == 0
    assert 'by force' not in host.said()
    assert all(pathlib.Path(f'/proc/{pid}').exists() for pid in before.values())
    until(lambda: all(over(pid) for pid, _ in there), what='nothing of svcd runs')
    host.start_below()
    until_same(host, names, before)


def test_sigint_stops_them_first(host):
    names = declare(host)
    before = start(host, names)
    host.process.send_signal(signal.SIGINT)
    assert host.process.wait(20) == 0
    for pid in before.values():
        until(lambda gone=pid: over(gone))


def test_executed_anew_it_is_the_same_process_with_another_supervisor(host):
    names = declare(host)
    before = start(host, names)
    keeper, holds = host.keeper, stored(host)
    for _ in range(3):
        supervisor = host.engine_pid('svcd-supervisor')
        with knocking(host.root / 'run/svcd/control.sock'):
            said = host.must_ctl('reexec')
        assert 'took over' in said
        assert host.keeper == keeper
        assert host.engine_pid('svcd-supervisor') != supervisor
        until_same(host, names, before)
        assert_one_family(host)
    assert sorted(set(stored(host))) == sorted(set(holds))
    assert host.said().count('outer: main') == 1 and 'outer: ended' not in host.said()
    # what systemd is told still reaches it, and the other way round
    os.kill(keeper, signal.SIGKILL)
    until(lambda: host.keeper not in (None, keeper))
    until_same(host, names, before)


@contextlib.contextmanager
def another_svcd(text):
    """In the place of the program, for a while."""
    program = pathlib.Path(shutil.which('svcd'))
    kept = program.read_bytes()
    aside = program.with_name('svcd.new')
    try:
        if text is None:
            program.unlink()
        else:
            aside.write_text(text, encoding='utf-8')
            aside.chmod(0o755)
            aside.rename(program)
        yield
    finally:
        aside.write_bytes(kept)
        aside.chmod(0o755)
        aside.rename(program)


@pytest.mark.parametrize('what, words', [
    ('not a program', '--version ends with exit'),
    ('#!/bin/sh\nexit 3\n', '--version ends with exit 3'),
    ('#!/bin/sh\nkill -SEGV $$\n', '--version ends with signal 11'),
    (None, '--version ends with exit 127'),
])
def test_a_new_program_that_cannot_run_changes_nothing(host, what, words):
    names = declare(host)
    before = start(host, names)
    keeper, supervisor = host.keeper, host.engine_pid('svcd-supervisor')
    with another_svcd(what):
        result = host.ctl('reexec')
    assert result.returncode == 1 and words in result.stderr, result.stderr
    assert words in host.said()
    assert (host.keeper, host.engine_pid('svcd-supervisor')) == (keeper, supervisor)
    assert {name: host.pid(name) for name in names} == before
    host.must_ctl('reexec')
    until_same(host, names, before)


@pytest.mark.parametrize('halted', [False, True])
def test_a_second_svcd_started_by_hand_is_refused_and_touches_nothing(host, halted):
    names = declare(host)
    before = start(host, names)
    places = [host.root / 'run/svcd' / name for name in ('control.sock', 'keeper.sock', 'svcd.lock')]
    inodes = [place.stat().st_ino for place in places]
    if halted:
        os.kill(host.keeper, signal.SIGSTOP)
    try:
        result = host.network.run('svcd', '--root', host.root)
        assert result.returncode == 1
        assert f'another svcd (pid {host.keeper}) runs' in result.stderr, result.stderr
    finally:
        os.kill(host.keeper, signal.SIGCONT)
    assert [place.stat().st_ino for place in places] == inodes
    assert {name: host.pid(name) for name in names} == before
    assert host.ctl('version').returncode == 0


def test_a_supervisor_that_cannot_live_is_tried_with_pauses_and_services_run_on(host):
    names = declare(host)
    before = start(host, names)
    program = pathlib.Path(shutil.which('svcd')).parent.parent / 'libexec/svcd/svcd-supervisor'
    aside = program.with_name('svcd-supervisor.aside')
    program.rename(aside)
    try:
        program.write_text('#!/bin/sh\nexit 1\n', encoding='utf-8')
        program.chmod(0o755)
        os.kill(host.engine_pid('svcd-supervisor'), signal.SIGKILL)
        until(lambda: host.said().count('starting the next after a pause') >= 4)
        assert all(pathlib.Path(f'/proc/{pid}').exists() for pid in before.values())
        assert host.network.run('curl', '-fs', 'http://127.0.0.1:8080/').returncode == 0
    finally:
        aside.rename(program)
    until_same(host, names, before)


def test_a_supervisor_that_hangs_is_replaced(host):
    names = declare(host)
    before = start(host, names, environment={'WATCHDOG_USEC': '3000000'})
    supervisor = host.engine_pid('svcd-supervisor')
    os.kill(supervisor, signal.SIGSTOP)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, supervisor), within=20)
    until_same(host, names, before)
    assert_one_family(host)


def test_a_full_run_keeps_nobody_from_being_replaced(host):
    place = host.root / 'run'
    must('mount', '-t', 'tmpfs', '-o', 'size=4m,mode=755', 'tmpfs', place)
    try:
        names = declare(host)
        before = start(host, names)
        filler = place / 'filler'
        with open(filler, 'wb', buffering=0) as out, contextlib.suppress(OSError):
            while True:
                out.write(bytes(4096))
        host.must_ctl('reexec')
        until_same(host, names, before)
        filler.unlink()
    finally:
        host.stop()
        must('umount', place)
