# SPDX-License-Identifier: GPL-2.0-or-later
"""Who makes the chaos: operators with verbs, an editor of declarations, and a killer.

Each is one thread of a round and ends with it. An operator owns some services: nobody else stops or
starts them, so that what must hold at rest is known.
"""
import os
import signal
import subprocess
import threading
import time

import yaml

from machine import processes

ASKING = (('status',), ('list',), ('--json', 'status'), ('diff',), ('events', '-n', '5'), ('logs', '-n', '3'))
DONE, FAILED = 0, 1
# What a verb's word means for what is wanted, when svcctl ends with DONE or FAILED.
MEANING = {'start': 'up', 'restart': 'up', 'stop': 'down', 'reload': None, 'kill': None}


class Doer(threading.Thread):
    """Acts at random moments until the round is over; what went wrong is in `failure`."""
    pause = 0.05, 0.5

    def __init__(self, world, chance):
        super().__init__(daemon=True)
        self.world, self.chance, self.failure = world, chance, None
        self.acts = 0

    def run(self):
        try:
            while time.monotonic() < self.world.round_ends:
                self.act()
                self.acts += 1
                time.sleep(self.chance.uniform(*self.pause))
        except Exception as failure:  # told by the main thread, which else would wait for ever
            self.failure = failure

    def act(self):
        raise NotImplementedError


class Operator(Doer):
    def __init__(self, world, chance, services):
        super().__init__(world, chance)
        self.services = services

    def act(self):
        if self.chance.random() < 0.3:
            self.world.ctl(*self.chance.choice(ASKING))
            return
        service = self.chance.choice(self.services)
        verb = self.chance.choice(('start', 'stop', 'restart', 'reload', 'kill', 'status'))
        wait = ['--no-wait'] if verb in ('start', 'stop', 'restart') and self.chance.random() < 0.3 else []
        if MEANING.get(verb):
            service.wanted = None
        code = self.world.ctl(verb, *wait, service.name).returncode
        if MEANING.get(verb) and code in (DONE, FAILED):
            service.wanted = MEANING[verb]


class Editor(Doer):
    """Changes declarations: some need a restart, some do not, some are refused, some come and go."""
    pause = 0.2, 1.0

    def act(self):
        service = self.chance.choice(self.world.services)
        self.chance.choice((self.new_edition, self.in_place, self.spoil, self.guest))(service)

    def apply(self):
        self.world.ctl('apply', '--yes')

    def new_edition(self, service):
        service.edition += 1
        self.world.declare(service)
        self.apply()

    def in_place(self, service):
        self.world.declare(service, stop={'signal': 'TERM', 'timeout': f'{self.chance.randint(200, 400)}ms'})
        self.apply()

    def spoil(self, service):
        path = self.world.host.services / f'{service.name}.yaml'
        path.write_text(path.read_text(encoding='utf-8').replace('command:', 'comand:'), encoding='utf-8')
        self.apply()
        self.world.declare(service)
        self.apply()

    def guest(self, _):
        """One that comes and leaves again."""
        path = self.world.host.services / 'guest.yaml'
        content = {'service': 'guest', 'state': 'setup',
                   'run': {'command': ['/bin/sleep', '1000'], 'user': 'web', 'ready': {'by': 'started'}}}
        if path.exists():
            path.unlink()
            self.world.ctl('apply', '--yes', '--remove', 'guest')
        else:
            path.write_text(yaml.safe_dump(content), encoding='utf-8')
            self.apply()


class Killer(Doer):
    """SIGKILL, and now and then SIGSTOP for a while, for services and for our own processes."""
    pause = 0.02, 0.3

    def act(self):
        dice = self.chance.random()
        if dice < 0.80:
            self.kill_any(self.world.service_pids())
        elif dice < 0.90:
            self.kill_any(self.family())
        elif dice < 0.96:
            self.halt(self.family())

    def kill_any(self, pids):
        if pids:
            send(self.chance.choice(pids), signal.SIGKILL)

    def halt(self, pids):
        if not pids:
            return
        pid = self.chance.choice(pids)
        send(pid, signal.SIGSTOP)
        try:
            time.sleep(self.chance.uniform(0, 0.8))
        finally:
            send(pid, signal.SIGCONT)

    def family(self):
        """The supervisor and all of ours below it; not the keeper, whom the rounds kill."""
        return sorted(self.world.family().keys() - {self.world.host.process.pid})


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def family_of(keeper):
    """{pid: name} of the keeper and of its descendants that are programs of ours."""
    ours = [one for one in processes() if one[2].startswith('svcd')]
    found, before = {keeper: 'svcd'}, 0
    while len(found) > before:
        before = len(found)
        found.update({pid: name for pid, parent, name in ours if parent in found})
    return found


def svcctl(host, words, patience):
    """The finished process; a verb that hangs is a defect and raises TimeoutExpired."""
    return subprocess.run(['svcctl', '--root', str(host.root), *words], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=patience)
