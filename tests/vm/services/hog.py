# SPDX-License-Identifier: GPL-2.0-or-later
"""A service that wants much of one thing, and says what it got.

    hog.py memory MIB [SECONDS]   takes that much memory, in that time, and keeps it
    hog.py tasks COUNT            wants that many children; prints what refused them
    hog.py cpu                    wants a whole processor
    hog.py nothing                only runs
    hog.py polite                 says so when it is told to stop
"""
import os
import signal
import sys
import time

STEP_MIB = 4


def memory(mib, seconds=0):
    kept = []
    for _ in range(int(mib) // STEP_MIB):
        kept.append(b'x' * (STEP_MIB << 20))
        time.sleep(float(seconds) * STEP_MIB / int(mib))
    print(f'has {mib} MiB', flush=True)
    signal.pause()


def tasks(count):
    children = 0
    try:
        while children < int(count):
            if os.fork() == 0:
                signal.pause()
            children += 1
    except OSError as error:
        print(f'{children} children, then {error.strerror}', flush=True)
    signal.pause()


def cpu():
    while True:
        pass


def polite():
    def end(*_):
        print('ends politely', flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, end)
    while True:
        signal.pause()


def nothing():
    signal.pause()


if __name__ == '__main__':
    print('runs', flush=True)
    globals()[sys.argv[1]](*sys.argv[2:])
