# SPDX-License-Identifier: GPL-2.0-or-later
"""What test_keys.py asks: which keys there are, and what a process shows of those it was declared with."""
import json
import os
import pathlib
import re

import machine
from test_confine import answers, mounts

TESTS = pathlib.Path(__file__).parent.parent


def of_schema(schema, path=''):
    """The dotted path of each key that holds a value, as the schema has it: `listen[].port`."""
    found = {}
    for one in schema.get('anyOf', ()):
        found |= of_schema(one, path)
    for key, below in schema.get('properties', {}).items():
        here = f'{path}.{key}' if path else key
        found |= of_schema(below, here) or {here: below}
    if isinstance(schema.get('items'), dict):
        found |= of_schema(schema['items'], path + '[]')
    return found


def all_keys():
    return list(of_schema(json.loads(machine.must('svcctl', 'schema'))))


def test_exists(place):
    """Whether `FILE::NAME` below tests/ is a test."""
    file, name = place.split('::')
    path = TESTS / file
    return path.is_file() and bool(
        re.search(rf'(def|void) {re.escape(name)}\(', path.read_text(encoding='utf-8')))


def slug(key, number):
    """A service's name for a proof."""
    return f'{re.sub("[^a-z0-9]+", "-", key).strip("-")[:26]}-{number}'


class Witness:
    """A service that runs, seen from outside."""

    def __init__(self, host, name):
        self.host, self.name = host, name

    @property
    def pid(self):
        return self.host.pid(self.name)

    @property
    def pids(self):
        return self.host.pids(self.name)

    @property
    def state(self):
        return self.host.state(self.name)

    @property
    def note(self):
        return self.host.status(self.name)['instances'][0]['note']

    def text(self, file, pid=None):
        return pathlib.Path(f'/proc/{pid or self.pid}/{file}').read_text(encoding='utf-8')

    def field(self, name, pid=None):
        """Of /proc/PID/status."""
        return next(line.split(':', 1)[1].split() for line in self.text('status', pid).splitlines()
                    if line.startswith(f'{name}:'))

    def stat(self, number):
        """Of /proc/PID/stat, counted as proc(5) does."""
        return int(self.text('stat').rsplit(')', 1)[1].split()[number - 3])

    def limit(self, name):
        line = next(line for line in self.text('limits').splitlines() if line.startswith(name))
        return line[len(name):].split()[:2]

    def environ(self, name, pid=None):
        entries = dict(one.split('=', 1) for one in self.text('environ', pid).split('\0') if '=' in one)
        return entries.get(name)

    def link(self, name):
        return os.readlink(f'/proc/{self.pid}/{name}')

    def other(self, namespace):
        """Whether it is not in svcd's."""
        return self.link(f'ns/{namespace}') != os.readlink(f'/proc/{self.host.process.pid}/ns/{namespace}')

    def mount(self, point):
        """The options of the mount there; None: there is none."""
        found = [options for at, options, _, _ in mounts(self.pid) if at == str(point)]
        return found[-1][0] if found else None

    @property
    def cgroup(self):
        return machine.cgroup_of(self.pid)

    def control(self, key, file):
        """What stands in a control file; where this host has none, whether the note says so."""
        path = self.cgroup / file
        if path.exists():
            return path.read_text(encoding='utf-8').strip()
        assert f'limits.{key}' in self.note
        return 'noted'

    @property
    def said(self):
        return answers(self.host, self.name)
