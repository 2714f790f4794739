# SPDX-License-Identifier: GPL-2.0-or-later
"""The services of the chaos: a table of temperaments.

A kind says what the worker is told and what is declared around it. Kinds that are `calm` do not end by
themselves: at rest they must be up and ready, the others must be found up again and again.
"""

QUICK = {'delay': '20ms', 'delay_max': '200ms'}
SHORT = {'signal': 'TERM', 'timeout': '300ms'}
STARTED = {'by': 'started'}


class Kind:
    def __init__(self, *words, calm=False, ready=None, **run):
        self.words, self.calm = words, calm
        self.run = {'user': 'web', 'restart': QUICK, 'stop': SHORT, 'ready': ready or STARTED, **run}


KINDS = {
    'steady': Kind(calm=True),
    'stubborn': Kind('stubborn=1', calm=True),
    'listener': Kind('port={port}', calm=True, ready={'by': 'listen', 'timeout': '5s'}),
    'rolling': Kind(calm=True, instances=3, batch=2),
    'mortal': Kind('life=2000'),
    'hasty': Kind('quick=40', 'life=1500'),
    'family': Kind('family=3', 'life=1500'),
    'notifier': Kind('notify=300', 'life=4000', ready={'by': 'notify', 'timeout': '2s'}),
    'mute': Kind('notify=200', 'mute=30', ready={'by': 'notify', 'timeout': '700ms'}),
    'watched': Kind('notify=50', 'watchdog=2000', ready={'by': 'notify', 'timeout': '2s'}, watchdog='400ms'),
    'chatty': Kind('chat=20', 'life=3000'),
    'careful': Kind('life=3000', before=['quick=60', 'life=30']),
    'team': Kind('life=5000', 'family=1', instances=3),
}


class Service:
    """One declared service, and what its owner knows about its operator's last word."""

    def __init__(self, name, kind, port):
        self.name, self.kind, self.port = name, kind, port
        self.wanted = 'up'      # up, down, or None when a verb's fate is not known
        self.edition = 0        # of the declaration; a new one restarts it

    @property
    def calm(self):
        return KINDS[self.kind].calm

    @property
    def instances(self):
        return KINDS[self.kind].run.get('instances', 1)

    def keys(self, worker, folder, seed):
        """What Host.declare() takes."""
        kind = KINDS[self.kind]
        run = dict(kind.run)

        def command(suffix, words):
            return [str(worker), str(folder), self.name + suffix, str(seed), *words]

        run['command'] = command('-${instance}', [word.format(port=self.port) for word in kind.words])
        if 'before' in run:
            run['before'] = [command('-${instance}-before', run['before'])]
        run['environment'] = {'EDITION': str(self.edition)}
        keys = {'run': run, 'security': {'writable': [str(folder)]}}
        if any('{port}' in word for word in kind.words):
            keys['listen'] = [{'name': 'main', 'port': self.port}]
        return keys


def make(copies):
    """`copies` services of each kind."""
    return [Service(f'{kind}{copy}', kind, 8000 + 100 * copy + number)
            for copy in range(copies) for number, kind in enumerate(KINDS)]
