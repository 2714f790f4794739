# SPDX-License-Identifier: GPL-2.0-or-later
"""What a session uses: processor time, memory, wake-ups; and what everybody else took meanwhile.

Processor time hardly changes with the load of others, which the wall time of everything here does.
"""
import os
import pathlib
import time

TICKS_PER_S = os.sysconf('SC_CLK_TCK')
IDLE = (3, 4)  # fields of the first line of /proc/stat: idle and iowait
PROC = pathlib.Path('/proc')


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


def field(path, word):
    """The number of a line `WORD: NUMBER …`."""
    text = path.read_text(encoding='ascii', errors='replace')
    return int(text.split(f'\n{word}:')[1].split()[0])


def pss_kib(pids):
    """The memory of these processes, what they share divided among those who share it."""
    return sum(field(PROC / str(pid) / 'smaps_rollup', 'Pss') for pid in pids)


def of_threads(pids, read):
    """{pid: the sum of what `read` finds in the directory of each of its threads}; of who still is."""
    found = {}
    for pid in pids:
        try:
            found[pid] = sum(read(task) for task in (PROC / str(pid) / 'task').iterdir())
        except OSError:
            pass
    return found


def wakeups(pids):
    """How often each has waited for something so far."""
    return of_threads(pids, lambda task: field(task / 'status', 'voluntary_ctxt_switches'))


def ran_ns(pids):
    """How long each has run so far: theirs alone, with nothing of us who look."""
    return of_threads(pids, lambda task: int((task / 'schedstat').read_text(encoding='ascii').split()[0]))


def growth(before, after):
    """Of all that were there both times."""
    return sum(after[pid] - before[pid] for pid in before.keys() & after.keys())
