# SPDX-License-Identifier: GPL-2.0-or-later
"""Processor time: what the machine of the benchmark used, and what everybody else took meanwhile.

The first hardly changes with the load of others, which the wall time of everything here does.
"""
import os
import pathlib
import time

TICKS_PER_S = os.sysconf('SC_CLK_TCK')
IDLE = (3, 4)  # fields of the first line of /proc/stat: idle and iowait


def used_here():
    """Seconds of all processes below our cgroup, but for ourselves, who only look on."""
    text = pathlib.Path('/sys/fs/cgroup/cpu.stat').read_text(encoding='ascii')
    return int(text.split('usage_usec ')[1].split()[0]) / 1e6 - time.process_time()


def used_by_all():
    with open('/proc/stat', encoding='ascii') as file:
        fields = [int(word) for word in file.readline().split()[1:9]]
    return sum(fields[at] for at in range(len(fields)) if at not in IDLE) / TICKS_PER_S


class Meter:
    """From its making to read(): (seconds used here, share of the processors that others used)."""

    def __init__(self):
        self.began, self.here, self.all = time.monotonic(), used_here(), used_by_all()

    def read(self):
        wall, here = time.monotonic() - self.began, used_here() - self.here
        others = used_by_all() - self.all - here
        return here, min(1.0, max(0.0, others / (wall * os.cpu_count())))
