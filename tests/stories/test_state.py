# SPDX-License-Identifier: GPL-2.0-or-later
"""The state that one supervisor leaves to the next: of another version, damaged, or about a pid that
belongs to somebody else by now; and a clock that jumps meanwhile.
"""
import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

from invariant import PAGES, STEADY, Invariant, kill_supervisor, marked, service, start_steady, start_time, statuses
from machine import must, until

SLEEP = ['/bin/sleep', '1000']
QUICK = {'delay': '300ms', 'delay_max': '300ms'}
SLOTS, SLOT_APART, PAGE = 2, 64 * 1024 * 1024 + 4096, 4096     # ledger.c


def ledger(host):
    """The memfd, opened by way of who has it."""
    for entry in pathlib.Path(f'/proc/{host.engine_pid("svcd-supervisor")}/fd').iterdir():
        try:
            if os.readlink(entry).startswith('/memfd:svcd-state'):
                return os.open(entry, os.O_RDWR)
        except OSError:
            pass
    return None


def leave(host):
    """SIGTERM: the services run on, the state is in a file."""
    host.process.send_signal(signal.SIGTERM)
    assert host.process.wait(20) == 0
    return host.root / 'run/svcd/state'


def mains(host):
    return {name: [(pid, start_time(pid)) for pid in host.pids(name)] for name in STEADY}


def expect_same(host, before):
    for name in STEADY:
        host.until_ready(name, within=30)
    assert mains(host) == before
    assert all(start for pids in before.values() for _, start in pids), before


# ---- damaged

@pytest.mark.parametrize('slots', [(0,), (1,), (0, 1)], ids=['first', 'second', 'both'])
def test_a_damaged_state_loses_and_doubles_nobody(host, slots):
    start_steady(host)
    before = mains(host)
    host.declare('busy', **service(SLEEP))  # whose changes fill both slots
    host.must_ctl('apply', '--yes')
    host.must_ctl('restart', 'busy')
    # who runs is who ran; what was judged of them may be of a moment ago, or is judged anew
    until(lambda: all(time.time() - os.stat(f'/proc/{pids[0][0]}').st_ctime > 6 for pids in before.values()), 20)
    with Invariant(host, pages=PAGES, faces=False):
        keeper = host.process.pid
        os.kill(keeper, signal.SIGSTOP)
        state = until(lambda: ledger(host))
        try:
            os.kill(host.engine_pid('svcd-supervisor'), signal.SIGKILL)
            for slot in slots:
                size = len(os.pread(state, 1 << 20, slot * SLOT_APART + PAGE).rstrip(b'\0'))
                for at in range(PAGE, PAGE + max(size, 1), 97):
                    byte = os.pread(state, 1, slot * SLOT_APART + at) or b'\0'
                    os.pwrite(state, bytes([byte[0] ^ 0x55]), slot * SLOT_APART + at)
        finally:
            os.close(state)
            os.kill(keeper, signal.SIGCONT)
        until(lambda: statuses(host), 30)
        expect_same(host, before)
    assert ('damaged' in host.said()) == (len(slots) == SLOTS)


# ---- other versions

def test_what_a_newer_version_added_is_there_when_it_comes_back(host):
    start_steady(host)
    before = mains(host)
    path = leave(host)
    state = json.loads(path.read_text(encoding='utf-8'))
    state['tomorrow'] = {'host': [1, 2, 3]}
    state['services']['web']['tomorrow'] = 'of a service'
    state['services']['several']['instances'][1]['tomorrow'] = {'of': 'an instance'}
    path.write_text(json.dumps(state), encoding='utf-8')
    host.start()
    expect_same(host, before)
    kill_supervisor(host)
    expect_same(host, before)
    state = json.loads(leave(host).read_text(encoding='utf-8'))
    assert state['tomorrow'] == {'host': [1, 2, 3]}
    assert state['services']['web']['tomorrow'] == 'of a service'
    assert state['services']['several']['instances'][1]['tomorrow'] == {'of': 'an instance'}
    host.start()


def test_what_an_older_version_did_not_write_is_done_without(host):
    start_steady(host)
    before = mains(host)
    path = leave(host)
    state = json.loads(path.read_text(encoding='utf-8'))
    kept = 'number', 'instance', 'state', 'pid', 'born', 'generation', 'launched'
    state['services'] = {
        name: {'instances': [{key: value for key, value in one.items() if key in kept} for one in part['instances']]}
        for name, part in state['services'].items()}
    path.write_text(json.dumps({key: state[key] for key in ('format', 'boot', 'services')}), encoding='utf-8')
    host.start()
    expect_same(host, before)


# ---- somebody else's pid

def test_a_pid_that_is_somebody_elses_by_now_is_left_alone(host):
    start_steady(host)
    host.declare('gone', **service(SLEEP, run={'restart': QUICK}))
    host.must_ctl('apply', '--yes')
    host.until_ready('gone')
    pid = host.pid('gone')
    leave(host)
    os.kill(pid, signal.SIGKILL)
    until(lambda: start_time(pid) is None)
    reap(pid)
    stranger = take_pid(pid)
    try:
        host.start()
        found = host.until_ready('gone', within=30)
        assert found['instances'][0]['pid'] != pid
        assert [(one['pid'], one['cause']) for one in found['exits']] == [(pid, 'unknown')], found['exits']
        host.must_ctl('stop', 'gone')
        assert stranger.poll() is None and not marked(host).get(('gone', 1))
    finally:
        stranger.kill()
        stranger.wait()


def reap(pid):
    """Orphans are ours here: the first process of this machine is the tests'."""
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass
    until(lambda: not pathlib.Path(f'/proc/{pid}').exists())


def take_pid(pid):
    """A process that has that pid; others may be born at the same time."""
    def question():
        pathlib.Path('/proc/sys/kernel/ns_last_pid').write_text(str(pid - 1), encoding='ascii')
        one = subprocess.Popen(SLEEP)   # pylint: disable=consider-using-with
        if one.pid == pid:
            return one
        one.kill()
        one.wait()
        return None
    return until(question, 20, f'a process with pid {pid}')


# ---- the clock

# Time namespaces leave the wall clock alone, so the supervisor's own is bent: a library before libc's.
BENT = r'''
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long jump(void)
{
	char text[32] = "";
	int fd = open(getenv("SVCD_STORY_JUMP"), O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	if (fd >= 0)
		close(fd);
	return atol(text);
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
	int r = (int)syscall(SYS_clock_gettime, clock, at);

	if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		at->tv_sec += jump();
	return r;
}

int gettimeofday(struct timeval *at, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*at = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}

time_t time(time_t *at)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return at ? (*at = now.tv_sec) : now.tv_sec;
}
'''
YEAR = 365 * 86400


def test_a_clock_that_jumps_moves_nobody(host):
    source, library, jump = (host.root / name for name in ('bent.c', 'bent.so', 'jump'))
    source.write_text(BENT, encoding='utf-8')
    must('cc', '-shared', '-fPIC', '-O1', '-o', library, source)
    jump.write_text('0', encoding='ascii')
    host.environment.update({
        'LD_PRELOAD': str(library), 'SVCD_STORY_JUMP': str(jump),
        'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'})
    host.declare('mortal', **service(SLEEP, run={'restart': {'delay': '2s', 'delay_max': '2s'}}))
    start_steady(host)
    host.until_ready('mortal')
    with Invariant(host, STEADY, PAGES):
        for seconds in (-YEAR, 10 * YEAR, 0):
            pid = host.pid('mortal')
            os.kill(pid, signal.SIGKILL)
            until(lambda: statuses(host)['mortal']['state'] == 'waiting')
            jump.write_text(str(seconds), encoding='ascii')
            until(lambda old=pid: host.pid('mortal') not in (0, None, old), 10)
            kill_supervisor(host)
            host.until_ready('mortal')
