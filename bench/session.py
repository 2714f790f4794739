# SPDX-License-Identifier: GPL-2.0-or-later
"""One session with one supervisor: launch, stop and start all, kill one, kill all, look on.

Every time ends with the moment that a service wrote by itself, in seconds on the monotonic clock.
A step returns {quantity: value}; the quantities are bench.py's.
"""
import os
import pathlib
import random
import shutil
import signal
import statistics
import tempfile
import time

from meter import Meter, pss_kib, wakeups
from starts import Starts
from tool import pids_of

PATIENCE = 180          # s, for one step of the slowest peer
SETTLED = 1.2           # s; longer than the second that some grant a fresh process or directory
KILLS = 9
BETWEEN = 0.1           # s; what a kill leaves to do is done before the next
QUIET = 15              # s until what a launch leaves behind is done: later scans, first checks
WATCHED = 20            # s; several of the longest period of any of them (5 s)


def gone(pid):
    try:
        state = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='utf-8').rsplit(')', 1)[1].split()[0]
    except OSError:
        return True
    return state in 'ZX'


def wait_gone(pids):
    end = time.monotonic() + PATIENCE
    while not all(gone(pid) for pid in pids):
        if time.monotonic() > end:
            raise TimeoutError('the services do not end')
        time.sleep(0.02)


def timed(step):
    """A step that returns seconds, or several, as one that returns quantities."""
    def measured(self):
        meter = Meter()
        found = step(self)
        cpu, others = meter.read()
        found = found if isinstance(found, list) else [found]
        return {'ms': 1000 * statistics.median(found), 'cpu_ms': 1000 * cpu / len(found), 'others': others}
    return measured


class Session:
    """Files on tmpfs, as what lives in /run is in reality; no peer and no floor waits for a disk."""

    def __init__(self, kind, count):
        self.names = [f's{number}' for number in range(count)]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='svcd-bench-', dir='/run'))
        self.folder.chmod(0o755)
        self.starts = Starts(self.folder / 'starts')
        self.tool = kind(self.folder, self.names, self.starts)

    def __enter__(self):
        time.sleep(SETTLED)
        return self

    def __exit__(self, *failure):
        if self.tool.process:
            self.tool.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    @timed
    def launch(self):
        began = self.tool.launch()
        return self.starts.last_of(self.names, began, PATIENCE) - began

    @timed
    def told(self):
        """From the command "start all", given when all are down."""
        time.sleep(SETTLED)
        self.tool.down()
        wait_gone(self.starts.pids().values())
        time.sleep(SETTLED)
        began = time.monotonic()
        self.tool.up()
        return self.starts.last_of(self.names, began, PATIENCE) - began

    @timed
    def restart(self):
        """Kills one after another; the time of each until its successor."""
        time.sleep(SETTLED)
        took = []
        for name in random.Random(1).sample(self.names, KILLS):
            took.append(self.kill([name]))
            time.sleep(BETWEEN)
        return took

    @timed
    def mass_restart(self):
        time.sleep(SETTLED)
        return self.kill(self.names)

    def kill(self, names):
        pids = self.starts.pids()
        began = time.monotonic()
        for name in names:
            os.kill(pids[name], signal.SIGKILL)
        return self.starts.last_of(names, began, PATIENCE) - began

    def supervision(self):
        """The processes that are there to look after the services."""
        self.starts.read()
        return pids_of(self.tool.groups()) - set(self.starts.pids().values())

    def memory(self):
        time.sleep(QUIET)
        pids = self.supervision()
        return {'mib': pss_kib(pids) / 1024, 'processes': len(pids)}

    def idle(self):
        time.sleep(QUIET)
        pids = self.supervision()
        meter, before = Meter(), wakeups(pids)
        time.sleep(WATCHED)
        cpu, _ = meter.read()
        after = wakeups(pids)
        woken = sum(after[pid] - before[pid] for pid in before.keys() & after.keys())
        return {'wakeups': woken / WATCHED, 'cpu_permille': 1000 * cpu / WATCHED}
