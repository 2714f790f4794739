# SPDX-License-Identifier: GPL-2.0-or-later
"""The supervisor dies at each point of its code that has a name (base/failpoint.h), while steady
services run; what was asked of another service comes true afterwards, once.

One host goes through all of it: a table says for each point what has to be done to come by it.
"""
import json
import os
import pathlib
import shutil
import signal
import tempfile

import pytest

from failpoints import Failpoints
from invariant import PAGES, STEADY, Invariant, declare_steady, doubles, marked, service, statuses
from machine import FAKE, PYTHON, Host, run, until

SLEEP = ['/bin/sleep', '1000']
STARTED, NEVER = {'by': 'started'}, {'by': 'notify', 'timeout': '60s'}
LONG, SHORT = {'delay': '60s', 'delay_max': '60s'}, {'delay': '300ms', 'delay_max': '300ms'}
DEAF = ['/bin/sh', '-c', 'trap "" TERM; while :; do /bin/sleep 0.1; done']
BROKEN = pathlib.Path('/run/broken')
FAKES = [PYTHON, '-u', str(FAKE)]


SUBJECTS = {
    'plain': service(SLEEP, run={'restart': SHORT}),
    'slow': service(SLEEP, NEVER),
    'late': service(SLEEP, {'by': 'notify', 'timeout': '200ms'}, run={'restart': LONG}),
    'brief': service(['/bin/sh', '-c', 'exit 3'], NEVER, run={'restart': LONG}),
    'missing': service(['/opt/nothing'], run={'restart': LONG}),
    'hopeless': service(['/opt/nothing'], run={'restart': {'policy': 'never'}}),
    'single': service(SLEEP, run={'restart': {'policy': 'never'}}),
    'mortal': service(SLEEP, run={'restart': LONG}),
    'swift': service(SLEEP, run={'restart': {'delay': '0ms'}}),
    'deaf': service(DEAF, run={'stop': {'timeout': '300ms'}}),
    'stubborn': service(DEAF, run={'stop': {'timeout': '3s'}}),
    'once': service(['/bin/true'], {'by': 'started'}, run={'kind': 'oneshot'}),
    'stable': service(SLEEP, run={'restart': {'stable': '200ms'}}),
    'reloading': service(DEAF[:2] + ['trap : HUP; while :; do /bin/sleep 0.1; done'],
                         run={'reload': {'signal': 'HUP'}}),
    'silent': service([*FAKES, '--say', 'READY=1'], {'by': 'notify'}, run={'watchdog': '2s', 'restart': LONG}),
    'mute': service([*FAKES, '--say', 'WATCHDOG=1'], NEVER, run={'watchdog': '300ms', 'restart': LONG}),
    'ill': service(SLEEP, run={'restart': LONG}, health={'checks': [
        {'name': 'sick', 'exec': ['/bin/sh', '-c', 'exit 2'], 'effect': 'live', 'interval': '100ms', 'live_after': '1s'}]}),
    'unproven': service(SLEEP, run={'restart': {'handover': 'start-first', **SHORT},
                                    'before': [['/bin/sh', '-c', f'! test -e {BROKEN}']]}),
    'fresh': service(SLEEP),
    'fresher': service(SLEEP),
    'rolling': service(SLEEP, run={'restart': {'handover': 'start-first', **SHORT}}),
}

# What becomes of a subject: a state that it comes to, and stays in until it is told otherwise.
UP, DOWN, WAITING, FAILED, DONE, STARTING = 'up', 'down', 'waiting', 'failed', 'done', 'starting'

# failpoint -> (subject, what brings it to where it can happen, what lets it happen, what comes of it).
# An act is a verb of svcctl; "die" kills the main process; "until STATE" waits.
GATE = {
    'down.start': ('plain', '', 'start', UP),
    'down.restart': ('plain', '', 'restart', UP),
    'starting.ready': ('plain', '', 'start', UP),
    'starting.stop': ('slow', 'start, until starting', 'stop', DOWN),
    'starting.restart': ('slow', 'start, until starting', 'restart', STARTING),
    'starting.exited': ('brief', '', 'start', WAITING),
    'starting.deadline': ('late', '', 'start', WAITING),
    'starting.watchdog': ('mute', '', 'start', WAITING),
    'starting.gone: again': ('missing', '', 'start', WAITING),
    'starting.gone: fail': ('hopeless', '', 'start', FAILED),
    'starting.gone: down': ('unproven', 'start, until up, break', 'restart', UP),
    'up.stop': ('plain', 'start, until up', 'stop', DOWN),
    'up.restart': ('plain', 'start, until up', 'restart', UP),
    'up.reload': ('reloading', 'start, until up', 'reload', UP),
    'up.prepared': ('plain', 'start, until up', 'restart', UP),
    'up.relieved': ('rolling', 'start, until up', 'restart', UP),
    'up.drained': ('plain', 'start, until up', 'restart', UP),
    'up.exited': ('mortal', 'start, until up', 'die', WAITING),
    'up.watchdog': ('silent', '', 'start', WAITING),
    'up.ill': ('ill', '', 'start', WAITING),
    'up.deadline': ('stable', '', 'start', UP),
    'stopping.start': ('stubborn', 'start, until up, stop, until stopping', 'start', UP),
    'stopping.restart': ('stubborn', 'start, until up, stop, until stopping', 'restart', UP),
    'stopping.stop': ('stubborn', 'start, until up, restart, until stopping', 'stop', DOWN),
    'stopping.exited': ('plain', 'start, until up', 'stop', DOWN),
    'stopping.deadline': ('deaf', 'start, until up', 'stop', DOWN),
    'stopping.gone: down': ('plain', 'start, until up', 'stop', DOWN),
    'stopping.gone: start': ('plain', 'start, until up', 'restart', UP),
    'stopping.gone: again': ('mortal', 'start, until up', 'die', WAITING),
    'stopping.gone: now': ('swift', 'start, until up', 'die', UP),
    'stopping.gone: fail': ('single', 'start, until up', 'die', FAILED),
    'stopping.gone: success': ('once', '', 'start', DONE),
    'waiting.deadline': ('plain', 'start, until up', 'die', UP),
    'waiting.start': ('mortal', 'start, until up, die, until waiting', 'start', UP),
    'waiting.restart': ('mortal', 'start, until up, die, until waiting', 'restart', UP),
    'waiting.stop': ('mortal', 'start, until up, die, until waiting', 'stop', DOWN),
    'failed.start': ('single', 'start, until up, die, until failed', 'start', UP),
    'failed.restart': ('single', 'start, until up, die, until failed', 'restart', UP),
    'failed.stop': ('single', 'start, until up, die, until failed', 'stop', DOWN),
    'done.start': ('once', 'start, until done', 'start', DONE),
    'done.restart': ('once', 'start, until done', 'restart', DONE),
    'done.stop': ('once', 'start, until done', 'stop', DOWN),
}
OTHERS = {
    'ledger.': ('plain', '', 'start', UP),
    'adopt.newborn': ('plain', '', 'start', UP),
    'adopt.': ('plain', 'start, until up', 'replace', UP),
    'estate.adopted': ('plain', 'start, until up', 'replace', UP),
    'estate.saved': ('plain', 'start, until up', 'reexec', UP),
    'estate.save': ('plain', '', 'start', UP),
    'estate.': ('plain', 'start, until up', 'reexec', UP),
    'launch.pipe': ('fresh', '', 'declare', UP),
    'notify.socket': ('fresher', '', 'declare', UP),
    'launch.': ('plain', '', 'start', UP),
    'store.': ('plain', '', 'start', UP),
    'spawn.': ('plain', '', 'kill engine', DOWN),
    'engine.': ('plain', '', 'kill engine', DOWN),
    'ending.killed': ('deaf', 'start, until up', 'stop', DOWN),
    'ending.kill': ('deaf', 'start, until up', 'stop', DOWN),
    'ending.': ('plain', 'start, until up', 'stop', DOWN),
}
# Where another death must come first.
FIRST = {'adopt.newborn': 'launch.cloned=kill,'}
# The spawner is a process of its own, which the supervisor starts again.
SPAWNER = 'spawner.'


class World:
    """A host that has all of them, and a file that tells its processes where to die."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='svcd-failpoints-', dir='/run'))
        self.folder.chmod(0o755)
        self.host = Host(self.folder)
        self.failpoints = Failpoints(self.host)
        known = [name for name in SUBJECTS if not name.startswith('fresh')]
        for name in (*known, *STEADY):
            self.host.declare(name, **{**SUBJECTS, **STEADY}[name])
        self.host.start()
        self.host.must_ctl('stop', *known)
        for name in STEADY:
            self.host.until_ready(name, within=30)

    def close(self):
        try:
            self.host.close()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- acts

    def act(self, subject, word):
        """0, or what svcctl ended with."""
        if word.startswith('until '):
            self.until(subject, word.removeprefix('until '))
        elif word == 'die':
            os.kill(self.host.pid(subject), signal.SIGKILL)
        elif word == 'declare':     # what is made once in the life of a service
            self.host.declare(subject, **SUBJECTS[subject])
            return self.host.ctl('apply', '--yes').returncode
        elif word == 'break':
            BROKEN.touch()
        elif word == 'replace':
            os.kill(until(lambda: self.host.engine_pid('svcd-supervisor')), signal.SIGKILL)
        elif word == 'reexec':
            os.kill(until(lambda: self.host.engine_pid('svcd-supervisor')), signal.SIGTERM)
        elif word == 'kill engine':
            os.kill(until(lambda: self.host.engine_pid('svcd-firewall')), signal.SIGKILL)
        elif word:
            return self.host.ctl(word, '--no-wait', subject).returncode
        return 0

    def until(self, subject, state):
        def question():
            found = statuses(self.host).get(subject)
            return found and found['state'] == state and found
        try:
            return until(question, 20)
        except AssertionError:
            raise AssertionError(f'{subject} is not {state}: {json.dumps(statuses(self.host).get(subject))}\n'
                                 f'{self.host.said()[-3000:]}') from None

    def rest(self, subject):
        """Down again, and nothing of it is left."""
        BROKEN.unlink(missing_ok=True)
        until(lambda: self.host.ctl('stop', subject).returncode == 0, 20)
        self.until(subject, DOWN)
        left = [pids for (service, _), pids in marked(self.host).items() if service == subject]
        assert not left, f'{subject} is down, and runs: {left}'


class Worlds:
    """One for all points; a new one after a failure."""

    def __init__(self):
        self.one = None

    def get(self):
        self.one = self.one or World()
        return self.one

    def close(self):
        one, self.one = self.one, None
        if one:
            one.close()


@pytest.fixture(name='worlds', scope='module')
def fixture_worlds():
    worlds = Worlds()
    yield worlds
    worlds.close()


def listed():
    names = run('svcd-supervisor', '--print=failpoints', env={
        **os.environ, 'PATH': f'/opt/svcd/libexec/svcd:{os.environ["PATH"]}'})
    assert names.returncode == 0, names.stderr
    return sorted(set(names.stdout.splitlines()))


def row_of(name):
    """What lets it happen; None when the table has forgotten it."""
    place, _, rest = name.partition('.')
    if place in ('gate', 'past'):
        return GATE.get(rest)
    return OTHERS.get(name) or next(
        (row for begin, row in OTHERS.items() if begin[-1] == '.' and name.startswith(begin)), None)


POINTS = [name for name in listed() if not name.startswith(SPAWNER)]


def test_every_failpoint_has_a_story():
    assert not [name for name in POINTS if row_of(name) is None]


@pytest.mark.parametrize('name', POINTS)
def test_the_supervisor_dies_at(worlds, name):
    try:
        die_at(worlds.get(), name, *row_of(name))
    except BaseException:
        worlds.close()
        raise


def die_at(world, name, subject, before, trigger, end):
    host = world.host
    for word in filter(None, before.split(', ')):
        assert world.act(subject, word) == 0, word
    pid = host.pid(subject) if statuses(host).get(subject, {}).get('instances') else None
    supervisor = host.engine_pid('svcd-supervisor')
    with Invariant(host, STEADY, PAGES):
        world.failpoints.tell(f'{FIRST.get(name, "")}{name}=kill')
        accepted = world.act(subject, trigger)
        until(world.failpoints.have_acted, 20, f'{name} is passed')
        until(lambda: host.engine_pid('svcd-supervisor') not in (None, supervisor), 20)
        # what was not accepted is asked for again, as who asked would
        if accepted != 0:
            until(lambda: world.act(subject, trigger) == 0, 20)
        if trigger == 'die':
            until(lambda: any(one['pid'] == pid for one in statuses(host)[subject]['exits']), 20, 'its end is told')
        found = world.until(subject, end)
        assert not doubles(host), doubles(host)
        expect_exit(found, pid, trigger)
    world.rest(subject)


def expect_exit(found, pid, trigger):
    """The exit of who was killed is right, or said to be unknown; no exit is told twice."""
    exits = found['exits']
    numbers = [(one['instance'], one['generation'], one['pid']) for one in exits if one['pid']]
    assert len(set(numbers)) == len(numbers), f'told twice: {exits}'
    if trigger == 'die':
        mine = [one for one in exits if one['pid'] == pid]
        assert len(mine) == 1, f'the exit of pid {pid}: {exits}'
        assert mine[0]['signal'] == signal.SIGKILL or mine[0]['cause'] == 'unknown', mine


# ---- the keeper, whom outer.py starts again as systemd would

KEEPERS = {'keeper.heard': 'restart', 'keeper.outer': 'restart', 'keeper.pipe': 'replace', 'keeper.fork': 'replace',
           'keeper.forked': 'replace', 'keeper.try': 'reexec', 'keeper.exec': 'reexec'}


def test_every_failpoint_of_the_keeper_has_a_story():
    assert sorted(set(run('svcd', '--print=failpoints').stdout.splitlines())) == sorted(KEEPERS)


@pytest.mark.parametrize('name', KEEPERS)
def test_the_keeper_dies_at(host, name):
    failpoints = Failpoints(host)
    declare_steady(host)
    host.declare('other', **service(SLEEP))
    host.start_below()
    for one in (*STEADY, 'other'):
        host.until_ready(one, within=40)
    before = host.keeper
    with Invariant(host, STEADY, PAGES):
        failpoints.tell(f'{name}=kill')
        if KEEPERS[name] == 'replace':
            os.kill(host.engine_pid('svcd-supervisor'), signal.SIGKILL)
        else:
            host.ctl(KEEPERS[name], *(['other'] if KEEPERS[name] == 'restart' else []))
        until(failpoints.have_acted, 20, f'{name} is passed')
        until(lambda: host.keeper not in (None, before), 20)
        until(lambda: statuses(host), 30)
    host.must_ctl('restart', 'other')
