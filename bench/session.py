# SPDX-License-Identifier: GPL-2.0-or-later
"""One session with one supervisor: launch, stop and start all, kill one, kill all, look on.

Every time ends with the moment that a service wrote by itself, in seconds on the monotonic clock.
A step returns {quantity: value}; the quantities are bench.py's.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

from meter import Meter, growth, pss_kib, ran_ns, wakeups
from starts import Starts
from tool import HERE, pids_of, until

PATIENCE = 180          # s, for one step of the slowest peer
SETTLED = 1.2           # s; longer than the second that some grant a fresh process or directory
KILLS = 9
BETWEEN = 0.1           # s; what a kill leaves to do is done before the next
QUIET = 15              # s until what a launch leaves behind is done: later scans, first checks
HANDOVERS = 5
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
        woken, ran = wakeups(pids), ran_ns(pids)
        time.sleep(WATCHED)
        return {'wakeups': growth(woken, wakeups(pids)) / WATCHED,
                'cpu_permille': growth(ran, ran_ns(pids)) / 1e6 / WATCHED}

    # ---- one supervisor after the other

    def killed(self):
        return self.handovers(lambda old: os.kill(old, signal.SIGKILL))

    def renewed(self):
        return self.handovers(lambda old: self.tool.host.must_ctl('reexec'))

    def handovers(self, replace):
        time.sleep(SETTLED)
        pids, found = self.starts.pids(), [self.handover(replace) for _ in range(HANDOVERS)]
        self.starts.read()
        lost = sum(self.starts.pids()[name] != pids[name] or gone(pids[name]) for name in self.names)
        return {'ms': statistics.median(one['ms'] for one in found),
                'http_ms': max(one['http_ms'] for one in found),
                'control_ms': max(one['control_ms'] for one in found),
                'failed': lost + sum(one['failed'] for one in found)}

    def handover(self, replace):
        """From the word that ends the supervisor to the next one's answer, and what clients met meanwhile."""
        old = self.tool.supervisor()
        asker = subprocess.Popen(
            [str(word) for word in self.tool.host.network.in_it(
                sys.executable, HERE / 'asker.py', self.tool.control, self.tool.HTTP_PORT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        asker.stdout.readline()
        began = time.monotonic()
        replace(old)
        until(lambda: self.tool.supervisor() not in (None, old), within=PATIENCE, what='the next supervisor')
        time.sleep(SETTLED)
        said = json.loads(asker.communicate()[0])
        answered = min((at for pid, at in said['control']['first'].items() if int(pid) != old),
                       default=began + PATIENCE)
        return {'ms': 1000 * (answered - began), 'http_ms': 1000 * said['http']['worst'],
                'control_ms': 1000 * said['control']['worst'],
                'failed': said['http']['failed'] + len(said['http']['said']) - 1 + said['control']['failed']}
