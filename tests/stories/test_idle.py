# SPDX-License-Identifier: GPL-2.0-or-later
"""Without probes, and without a systemd that wants to hear so, nobody is woken to say that he lives; and yet a
supervisor that stands still is replaced."""
import os
import pathlib
import signal
import time

from machine import processes, until

QUIET = 16              # s, longer than the pause between two signs of life that a systemd would want
OURS = 'svcd', 'svcd-supervisor', 'svcd-spawner', 'svcd-health', 'svcd-log', 'svcd-firewall'
SLEEP = {'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'}}


def ours():
    return {(name, pid) for pid, _, name in processes() if name in OURS}


def slept(pid):
    """How often it has waited for something, with all its threads: each ended with a wake-up, but the latest."""
    found = [(task / 'status').read_text(encoding='ascii') for task in pathlib.Path(f'/proc/{pid}/task').iterdir()]
    return sum(int(text.split('\nvoluntary_ctxt_switches:')[1].split()[0]) for text in found)


def woken():
    """Whom of us anything woke within QUIET, and who came or went."""
    before = {one: slept(one[1]) for one in ours()}
    time.sleep(QUIET)
    after = {one: slept(one[1]) for one in ours()}
    return {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}


def test_nobody_is_woken_while_nothing_happens_and_who_stands_still_is_replaced(host):
    for number in range(5):
        host.declare(f'still{number}', run=SLEEP)
    host.start()
    for number in range(5):
        host.until_ready(f'still{number}')
    until(lambda: {name for name, _ in ours()} == set(OURS))
    until(lambda: not woken(), within=90, what='nobody wakes')
    pids = {host.pid(f'still{number}') for number in range(5)}
    old = host.engine_pid('svcd-supervisor')
    os.kill(old, signal.SIGSTOP)
    until(lambda: host.engine_pid('svcd-supervisor') not in (None, old), within=60)
    assert 'has not spoken' in host.said()
    until(lambda: {host.pid(f'still{number}') for number in range(5)} == pids, within=30)
