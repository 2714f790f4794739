# SPDX-License-Identifier: GPL-2.0-or-later
"""One session with one supervisor: launch, stop and start all, kill one, kill all.

Every figure ends with the time that a service wrote by itself, in seconds on the monotonic clock.
"""
import os
import pathlib
import random
import shutil
import signal
import tempfile
import time

from starts import Starts

PATIENCE = 180          # s, for one step of the slowest peer
SETTLED = 1.2           # s; longer than the second that some grant a fresh process
KILLS = 5


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


class Session:
    def __init__(self, kind, count):
        self.names = [f's{number}' for number in range(count)]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='svcd-bench-'))
        self.folder.chmod(0o755)
        self.starts = Starts(self.folder / 'starts')
        self.tool = kind(self.folder, self.names, self.starts.path)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.tool.process:
            self.tool.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def launch(self):
        began = self.tool.launch()
        return self.starts.last_of(self.names, began, PATIENCE) - began

    def told(self):
        """From the command "start all", given when all are down."""
        time.sleep(SETTLED)
        self.tool.down()
        wait_gone(self.starts.pids().values())
        time.sleep(SETTLED)
        began = time.monotonic()
        self.tool.up()
        return self.starts.last_of(self.names, began, PATIENCE) - began

    def restart(self):
        """Kills one after another; the time of each until its successor."""
        time.sleep(SETTLED)
        chosen = random.Random(1).sample(self.names, KILLS)
        return [self.kill([name]) for name in chosen]

    def mass_restart(self):
        time.sleep(SETTLED)
        return self.kill(self.names)

    def kill(self, names):
        pids = self.starts.pids()
        began = time.monotonic()
        for name in names:
            os.kill(pids[name], signal.SIGKILL)
        return self.starts.last_of(names, began, PATIENCE) - began
