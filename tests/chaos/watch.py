# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold: always (Watcher, a thread of its own), and at rest (the functions below).

The watcher asks by the control socket, as svcctl does, without the price of a process each time.
"""
import os
import pathlib
import threading
import time

from busy import busy
from invariant import ask
from machine import processes

LATE = 1.0       # s; an answer, or news of a death, may take this long on a machine that is not busy
UNANSWERED = 20  # s; nothing excuses this
SLOW_SHARE = 0.05       # of the answers, and a few: the supervisor is halted and killed all the time
SLOW_FEW = 5
MARGIN_FDS = 40
MARGIN_KB = 48 * 1024


def state_of(pid):
    """The letter of /proc/PID/stat; '' when there is no such process."""
    try:
        return pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')', 1)[1].split()[0]
    except (OSError, IndexError):
        return ''


def dead(pid):
    return state_of(pid) in ('', 'Z', 'X')


class Watcher(threading.Thread):
    def __init__(self, world):
        super().__init__(daemon=True)
        self.world, self.over, self.failure = world, threading.Event(), None
        self.latencies, self.slow = [], 0
        self.lies = {}  # (service, pid): since when it is dead and called ready

    def run(self):
        try:
            while not self.over.wait(0.05):
                self.look()
        except Exception as failure:  # told by the main thread
            self.failure = failure

    def look(self):
        self.world.expect_no_trouble()
        sent, epoch = time.monotonic(), self.world.epoch
        try:
            services = ask(self.world.control, UNANSWERED * busy())
        except TimeoutError:
            services = None
            if epoch == self.world.epoch:
                raise AssertionError(f'status was not answered in {UNANSWERED} s') from None
        took = time.monotonic() - sent
        if services is None or epoch != self.world.epoch:
            return
        self.latencies.append(took)
        self.slow += took > LATE * busy()
        self.expect_no_lies(services, sent)

    def expect_quick(self):
        """Not one answer, but their number is judged: whoever asks meets who is halted just then."""
        assert self.latencies, 'status was never answered'
        assert self.slow <= max(SLOW_FEW, SLOW_SHARE * len(self.latencies)), self.summary()

    def summary(self):
        found = sorted(self.latencies)
        return (f'status was answered {len(found)} times, half within {found[len(found) // 2] * 1000:.0f} ms, '
                f'99 % within {found[int(len(found) * 0.99)] * 1000:.0f} ms, the slowest in {found[-1] * 1000:.0f} ms, '
                f'{self.slow} too slowly')

    def expect_no_lies(self, services, sent):
        """An instance may be called ready for a moment after its death, and no longer."""
        claimed = {(one['service'], each['pid']) for one in services for each in one['instances']
                   if each['ready'] and each['pid']}
        claimed = {(name, pid) for name, pid in claimed if dead(pid)}
        now = time.monotonic()
        self.lies = {key: self.lies.get(key, now) for key in claimed}
        for (name, pid), since in self.lies.items():
            late = sent - since - self.world.halted_lately(since)
            assert late < LATE * busy(), f'{name} is called ready {late:.2f} s after the death of pid {pid}'


def zombies():
    """(pid, name, parent) of the dead that their parents have not taken; ours are not meant."""
    return [(pid, name, parent) for pid, parent, name in processes()
            if parent != os.getpid() and state_of(pid) == 'Z']


def resident_kb(pid):
    text = pathlib.Path(f'/proc/{pid}/status').read_text(encoding='utf-8')
    return int(text.split('VmRSS:')[1].split()[0])


class Bounds:
    """Descriptors and memory at rest: no more than at the first rest, but for a margin."""

    def __init__(self):
        self.first = {}

    def check(self, family):
        for pid, name in family.items():
            now = len(os.listdir(f'/proc/{pid}/fd')), resident_kb(pid)
            fds, memory = self.first.setdefault(name, now)
            assert now[0] <= fds + MARGIN_FDS, f'{name} has {now[0]} descriptors, at first {fds}'
            assert now[1] <= memory * 1.5 + MARGIN_KB, f'{name} has {now[1]} KB, at first {memory}'


def leaves(base, service):
    """The cgroups of its instances and deeds."""
    try:
        return sorted(leaf for leaf in (base / service).iterdir() if leaf.is_dir())
    except OSError:
        return []
