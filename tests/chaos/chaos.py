# SPDX-License-Identifier: GPL-2.0-or-later
"""Everything dies, everybody talks, declarations change; what must hold is looked at all the time.

chaos.py [--seconds N] [--seed N] [--worker PATH]: rounds of some seconds of chaos, each followed by
rest, in which all must come to be as wanted: once, ready, nothing left over. Prints its seed; exits 1
with the first thing that did not hold. Runs on tests/private; `./dev chaos` arranges that.
"""
import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / 'stories'), str(HERE.parent)]

import dice  # noqa: E402
import doers  # noqa: E402
import kinds  # noqa: E402
import watch  # noqa: E402
from busy import busy  # noqa: E402
from invariant import populated  # noqa: E402
from machine import Host, cgroup_of, until  # noqa: E402

ROUND = 6               # s of chaos between rests
OPERATORS = 3
VERB_PATIENCE = 60      # s
REST_PATIENCE = 30      # s, on a machine that is not busy
LEFTOVER_PATIENCE = 5   # s, likewise
PROGRAMS = 'svcd', 'svcd-supervisor', 'svcd-health', 'svcd-log', 'svcd-firewall', 'svcd-spawner'
OURS = '._'             # cgroups that are no service's begin so
KEEPER_DEATHS = 0.3     # share of the rounds in which the keeper is killed
ALARMS = 'AddressSanitizer', 'LeakSanitizer', 'runtime error:', 'Assertion'


def expect_none(question, what):
    """An empty answer within some seconds; what a moment leaves behind may be gone by then."""
    try:
        until(lambda: not question(), LEFTOVER_PATIENCE * busy())
    except AssertionError:
        raise AssertionError(f'{what} at rest: {question()}') from None


class World:
    """The host, its services, and the questions that doers and watchers ask about them."""

    def __init__(self, folder, worker, seed):
        self.seed = seed
        self.place = folder / 'place'
        self.place.mkdir()
        self.place.chmod(0o777)
        self.trouble = self.place / 'trouble'
        self.trouble.touch()
        self.trouble.chmod(0o666)
        self.worker = folder / 'worker'
        shutil.copy(worker, self.worker)
        self.worker.chmod(0o755)
        self.services = kinds.make(2)
        self.host = Host(folder)
        self.control = self.host.root / 'run/svcd/control.sock'
        self.round_ends = 0
        self.epoch = 0          # of the keeper
        self.base = None
        for service in self.services:
            self.declare(service)

    def declare(self, service, **run):
        keys = service.keys(self.worker, self.place, self.seed)
        keys['run'].update(run)
        self.host.declare(service.name, **keys)

    def ctl(self, *words):
        return doers.svcctl(self.host, words, VERB_PATIENCE * busy())

    def family(self):
        return doers.family_of(self.host.process.pid)

    def statuses(self):
        found = watch.ask(self.control, 20)
        return None if found is None else {one['service']: one for one in found}

    def service_pids(self):
        """Of every process in every cgroup of the services, deeds too."""
        found = []
        for folder, _, _ in os.walk(self.base):     # which does not mind what is gone meanwhile
            try:
                found += [int(line) for line in (pathlib.Path(folder) / 'cgroup.procs').read_text('ascii').split()]
            except OSError:
                pass
        return sorted(pid for pid in found if pid > 0)

    def expect_no_trouble(self):
        text = self.trouble.read_text(encoding='utf-8')
        assert not text, text

    @staticmethod
    def halted_lately(_since):
        return 0.8  # the longest that the killer halts somebody

    # ---- rounds

    def start(self):
        self.host.start()
        until(lambda: self.rested(), 60, 'all are up at first')
        name = next(one.name for one in self.services if one.kind == 'steady')
        self.base = cgroup_of(self.host.pid(name)).parent.parent

    def round(self, chance, watcher):
        self.round_ends = time.monotonic() + ROUND
        workers = [doers.Operator(self, random.Random(chance.random()), self.services[number::OPERATORS])
                   for number in range(OPERATORS)]
        workers += [make(self, random.Random(chance.random())) for make in (doers.Editor, doers.Killer)]
        for one in workers:
            one.start()
        if chance.random() < KEEPER_DEATHS:
            time.sleep(chance.uniform(0, ROUND))
            self.replace_keeper()
        for one in workers:
            one.join()
        for one in (*workers, watcher):
            if one.failure:
                raise one.failure
        return sum(one.acts for one in workers)

    def replace_keeper(self):
        self.epoch += 1
        family = self.family()
        self.host.process.kill()
        self.host.process.wait()
        until(lambda: all(watch.dead(pid) for pid in family), 20 * busy(), 'all end without their keeper')
        self.host.start()
        self.epoch += 1

    # ---- rest

    def rested(self):
        """Whether all is as wanted; else '' and the reasons in `self.unrest`."""
        found = self.statuses() or {}
        self.unrest = [why for service in self.services for why in self.unlike(service, found.get(service.name))]
        return not self.unrest

    def unlike(self, service, found):
        if found is None:
            return [f'{service.name}: not in status']
        if found['refused']:
            return [f'{service.name}: refused {found["refused"]}']
        wanted = service.wanted or found['wanted']['value']
        if found['wanted']['value'] != wanted:
            return [f'{service.name}: wanted {found["wanted"]}, its operator said {wanted}']
        if wanted == 'down':
            left = [] if self.base is None else [
                str(leaf) for leaf in watch.leaves(self.base, service.name) if populated(leaf)]
            return [f'{service.name}: is to be down and is {found["state"]} {left}'] * bool(
                left or found['state'] != 'down')
        if service.calm and not (found['ready'] and self.complete(service, found)):
            return [f'{service.name}: not ready: {found["state"]}, {found["reason"]}, {found["why"]}']
        return []

    @staticmethod
    def complete(service, found):
        alive = [one for one in found['instances'] if one['state'] == 'up' and not watch.dead(one['pid'])]
        return len(alive) == service.instances

    def rest(self, bounds):
        patience = REST_PATIENCE * busy()
        # whoever was to hear that it goes may have died of something else: it is an orphan then, and runs on
        if not (self.host.services / 'guest.yaml').exists():
            self.ctl('apply', '--yes', '--remove', 'guest')
        try:
            until(self.rested, patience)
        except AssertionError:
            raise AssertionError(f'not at rest: {self.unrest}') from None
        self.expect_life(patience)
        expect_none(watch.zombies, 'zombies')
        expect_none(self.left_over, 'left over')
        expect_none(self.not_whole, 'programs')
        self.expect_no_trouble()
        bounds.check(self.family())
        said = self.host.said()
        for alarm in ALARMS:
            assert alarm not in said, said[max(0, said.index(alarm) - 300):][:6000]

    def expect_life(self, patience):
        """Each of the mortal is found up once more."""
        waiting = {one.name for one in self.services if not one.calm}

        def question():
            for name, one in (self.statuses() or {}).items():
                if one['wanted']['value'] == 'down' or any(each['state'] == 'up' for each in one['instances']):
                    waiting.discard(name)
            return not waiting
        try:
            until(question, patience)
        except AssertionError:
            raise AssertionError(f'never up again: {json.dumps([self.statuses()[name] for name in waiting])}') from None

    def left_over(self):
        """Processes of services that nobody declares, and more than one cgroup per instance.

        An empty cgroup is no process: a supervisor that was killed leaves some to the next one.
        """
        found = [str(leaf) for home in self.base.iterdir()
                 if home.is_dir() and home.name not in self.names() and home.name[0] not in OURS
                 for leaf in watch.leaves(self.base, home.name) if populated(leaf)]
        for service in self.services:
            full = [leaf.name for leaf in watch.leaves(self.base, service.name)
                    if not leaf.name.startswith('deed') and populated(leaf)]
            if len({name.split('.')[0] for name in full}) != len(full):
                found.append(f'{service.name}: {full}')
        return found

    def names(self):
        return {path.stem for path in self.host.services.glob('*.yaml')}

    def not_whole(self):
        names = sorted(self.family().values())
        return names if names != sorted(PROGRAMS) else []


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seconds', type=float, default=60)
    parser.add_argument('--seed', type=int, default=int.from_bytes(os.urandom(4), 'big'))
    parser.add_argument('--worker', type=pathlib.Path, default=HERE.parents[1] / 'build/asan/tests/chaos/chaos-worker')
    return parser.parse_args()


def run(world, chance, end):
    bounds, watcher, acts, rounds = watch.Bounds(), watch.Watcher(world), 0, 0
    world.start()
    watcher.start()
    try:
        while time.monotonic() < end or rounds == 0:
            acts += world.round(chance, watcher)
            world.rest(bounds)
            rounds += 1
            print(f'chaos: round {rounds}, {acts} acts, at rest', flush=True)
    finally:
        watcher.over.set()
        watcher.join()
    if watcher.failure:
        raise watcher.failure
    watcher.expect_quick()
    print(f'chaos: {watcher.summary()}')


def main():
    asked = options()
    with dice.folder('chaos') as folder:
        world = World(folder, asked.worker, asked.seed)
        return dice.throw('chaos', asked.seed, world.host, lambda: run(
            world, random.Random(asked.seed), time.monotonic() + asked.seconds))


sys.exit(main())
