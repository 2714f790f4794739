# SPDX-License-Identifier: GPL-2.0-or-later
"""svcd's own processes die by SIGKILL, round after round, above many services that must not notice.

handover.py [--rounds N] [--services N] [--seconds N] [--seed N]: each round one of the supervisor, the
keeper, both, or an engine is killed, now and then twice in a row. All the time pages are asked and the
status is watched; every some rounds, and at the end, it is looked whether each service runs as the
same processes, once. Prints its seed and what it saw; exits 1 with the first thing that did not hold.
Runs on tests/private; `./dev chaos handover` arranges that.
"""
import argparse
import collections
import os
import pathlib
import random
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'stories'))

import dice  # noqa: E402
from invariant import CUT_OFF, Invariant, statuses  # noqa: E402
from machine import Host, until  # noqa: E402

SAMPLE_EVERY = 20       # rounds
PATIENCE = 60           # s, until the next supervisor answers
ENGINES = 'svcd-health', 'svcd-log', 'svcd-firewall'
# Who dies, how often; the keeper is started again by what stands for systemd (outer.py).
VICTIMS = {'supervisor': 50, 'keeper': 15, 'both': 15, 'engine': 20}
PAUSE = 0.1, 1.4        # s, between two deaths
HASTE = 0.25            # share of the rounds in which the next supervisor dies while it takes over
PAGES = {f'web{number}': 8100 + number for number in range(3)}
MORTALS = 8
ALARMS = 'AddressSanitizer', 'LeakSanitizer', 'runtime error:', 'Assertion'


def code_of(number):
    return 10 + number


def declare(host, count):
    """The names of those that nothing may happen to."""
    sleep = ['/bin/sleep', '100000']
    quick = {'restart': {'delay': '300ms', 'delay_max': '600ms', 'stable': '1ms'}}
    for name, port in PAGES.items():
        host.declare_web(name, port, run={'ready': {'by': 'listen', 'timeout': '60s'}})
    for number in range(MORTALS):
        life = 0.4 + number * 0.7
        host.declare(f'mortal{number}', run={
            'command': ['/bin/sh', '-c', f'/bin/sleep {life:.1f}; exit {code_of(number)}'],
            'user': 'web', 'ready': {'by': 'started'}, **quick})
    names = [f'steady{number}' for number in range(max(count - MORTALS - len(PAGES), 1))]
    for name in names:
        host.declare(name, run={'command': sleep, 'user': 'web', 'ready': {'by': 'started'}})
    return [*PAGES, *names]


class Exits:
    """How the mortal ended: as they do, or it is not known; each end is told once."""

    def __init__(self):
        self.known = {}

    def look(self, found):
        for number in range(MORTALS):
            name = f'mortal{number}'
            for one in found[name]['exits']:
                self.look_at(name, number, one)

    def look_at(self, name, number, one):
        key = name, one['generation']
        told = one['cause'], one['code'], one['pid'], one['at']
        assert self.known.setdefault(key, told) == told, f'{key} is told as {self.known[key]} and as {told}'
        right = one['cause'] == 'exit' and one['code'] == code_of(number)
        assert right or one['cause'] == 'unknown', f'{name} ended with {code_of(number)}, and is told as {one}'

    def summary(self):
        causes = collections.Counter(told[0] for told in self.known.values())
        return f'{len(self.known)} ends of services: {dict(causes)}'


class Reaper:
    """Who kills, and waits until the next one answers."""

    def __init__(self, host, chance):
        self.host, self.chance = host, chance
        self.deaths = collections.Counter()
        self.slowest = 0.0

    def round(self):
        victim = self.chance.choices(list(VICTIMS), VICTIMS.values())[0]
        began = time.monotonic()
        self.kill(victim)
        if self.chance.random() < HASTE:
            time.sleep(self.chance.uniform(0, 0.3))
            self.kill('supervisor')
        until(lambda: statuses(self.host), PATIENCE, f'status is answered after the death of {victim}')
        self.slowest = max(self.slowest, time.monotonic() - began)
        time.sleep(self.chance.uniform(*PAUSE))

    def kill(self, victim):
        pids = {
            'supervisor': lambda: [self.host.engine_pid('svcd-supervisor')],
            'keeper': lambda: [self.host.keeper],
            'both': lambda: [self.host.engine_pid('svcd-supervisor'), self.host.keeper],
            'engine': lambda: [self.host.engine_pid(self.chance.choice(ENGINES))],
        }[victim]()
        self.deaths[victim] += 1
        for pid in filter(None, pids):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def sample(host, invariant, exits):
    """The whole of the invariant, in the middle of it."""
    found = until(lambda: statuses(host), PATIENCE)
    exits.look(found)
    invariant.check()
    if invariant.watcher.failure:
        raise invariant.watcher.failure
    said = host.said()
    for alarm in ALARMS:
        assert alarm not in said, said[max(0, said.index(alarm) - 300):][:6000]


def run(host, asked):
    chance, exits = random.Random(asked.seed), Exits()
    steady = declare(host, asked.services)
    host.start_below()
    for name in (steady[0], steady[-1]):
        host.until_ready(name, within=120)
    until(lambda: all(statuses(host).get(name, {}).get('ready') for name in steady), 120, 'all are ready')
    reaper, end = Reaper(host, chance), time.monotonic() + asked.seconds
    with Invariant(host, steady, PAGES) as invariant:
        invariant.forgiven |= CUT_OFF
        done = 0
        while done < asked.rounds and time.monotonic() < end:
            reaper.round()
            done += 1
            if done % SAMPLE_EVERY == 0:
                sample(host, invariant, exits)
                print(f'handover: round {done}', flush=True)
        sample(host, invariant, exits)
        until(lambda: all(statuses(host)[name]['ready'] for name in steady), PATIENCE)
    print(f'handover: {done} rounds over {len(steady) + MORTALS} services, deaths {dict(reaper.deaths)}, '
          f'answered again after at most {reaper.slowest:.1f} s, {exits.summary()}; '
          f'{invariant.summary}')


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=1000)
    parser.add_argument('--services', type=int, default=200)
    parser.add_argument('--seconds', type=float, default=36000)
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'big'))
    return parser.parse_args()


def main():
    asked = options()
    with dice.folder('handover') as folder:
        host = Host(folder)
        return dice.throw('handover', asked.seed, host, lambda: run(host, asked))


sys.exit(main())
