# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: ratios against peers in the same run, rounds interleaved, medians told.

bench.py [--rounds N] [--count N] [--first] [--tools WORD,...] [ROW...] prints tables, writes bench/results.json,
and exits 1 when a goal is missed. Runs on tests/private; `./dev bench` arranges that and installs the
peers. bench/README.md says how to read what it prints.
"""
import argparse
import dataclasses
import json
import os
import shutil
import sys
import time

from figures import Line, Roles, judge, spread
from ours import Bare, BareApart, Ours, OursConfined
from peers import (Daemontools, DaemontoolsLogged, Runit, RunitLogged, S6, S6Logged, S6Ready, Supervisord,
                   SupervisordQuick)
from session import Session
from tool import HERE

TIMED = (Bare, BareApart, Ours, OursConfined, S6, S6Ready, Runit, Daemontools, Supervisord, SupervisordQuick)
LOGGED = (Ours, S6Logged, RunitLogged, DaemontoolsLogged, Supervisord)
IDLE = (Ours, S6, Runit, Daemontools, Supervisord)
ROLES = Roles(ours=Ours.name, beside=(OursConfined.name, BareApart.name), floor=Bare.name)

STEPS = ('launch', 'told', 'restart', 'mass_restart', 'memory', 'idle', 'killed', 'renewed')  # in the order they can follow
UNITS = {'ms': 'ms', 'mib': 'MiB', 'processes': '', 'wakeups': 'per s', 'cpu_permille': 'ms per s',
         'http_ms': 'ms', 'control_ms': 'ms', 'failed': ''}


@dataclasses.dataclass(frozen=True)
class Scene:
    """Sessions that several rows can share: so many services, with these tools, so often."""
    tools: tuple
    count: int
    rounds: int


SUPERVISION = Scene(TIMED, 500, 3)
MEMORY = Scene(LOGGED, 500, 1)
QUIET = Scene(IDLE, 1000, 1)
HANDOVER = Scene((Ours,), 500, 1)


def handover_lines(how, step):
    return [Line(how + ' with {count} services → the next supervisor answers', step, 'ms', at_most=50),
            Line(how + ': the slowest answer of the control socket', step, 'control_ms', at_most=50),
            Line(how + ': the slowest answer by HTTP', step, 'http_ms', at_most=50),
            Line(how + ': questions that failed or were answered otherwise', step, 'failed', at_most=0)]


ROWS = {
    'start': (SUPERVISION, [
        Line('launch with {count} services → the last is up', 'launch', 'ms', to_peer=0.7, to_floor=2),
        Line('one command to the running supervisor: start all {count} → the last is up', 'told', 'ms')]),
    'restart': (SUPERVISION, [
        Line('kill -9 of one of {count} → its successor is up', 'restart', 'ms', to_peer=1, to_floor=3)]),
    'mass-restart': (SUPERVISION, [
        Line('kill -9 of all {count} → the last is up again', 'mass_restart', 'ms', to_peer=1, to_floor=3)]),
    'memory': (MEMORY, [
        Line('memory (PSS) of what supervises and logs {count} services', 'memory', 'mib', to_peer=0.25, at_most=8),
        Line('its processes', 'memory', 'processes')]),
    'idle': (QUIET, [
        Line('wake-ups with {count} services that do nothing', 'idle', 'wakeups', to_peer=1, at_most=0.5),
        Line('processor time with {count} services that do nothing', 'idle', 'cpu_permille', to_peer=1)]),
    'handover': (HANDOVER, handover_lines('SIGKILL of the supervisor', 'killed') +
                 handover_lines('svcctl reexec', 'renewed')),
}


def session(kind, count, steps):
    with Session(kind, count) as one:
        return {step: getattr(one, step)() for step in steps}


def measure(scene, tools, steps):
    """{tool's name: [figures of each round]}; each round begins with another tool."""
    figures = {kind.name: [] for kind in tools}
    for number in range(scene.rounds):
        first = number % len(tools)
        for kind in tools[first:] + tools[:first]:
            began = time.monotonic()
            figures[kind.name].append(session(kind, scene.count, steps))
            print(f'round {number + 1} of {scene.rounds}: {kind.name}, {time.monotonic() - began:.0f} s',
                  file=sys.stderr, flush=True)
    return figures


def between(found, form):
    return f'{found["median"]:{form}} [{found["least"]:{form}}–{found["most"]:{form}}]'


def goal_of(entry):
    if entry['held'] is None:
        return ''
    judged = 'held' if entry['held'] else 'MISSED'
    if entry['tool'] == ROLES.ours:
        return f'≤ {entry["goal"]}: {judged}'
    against = 'best peer' if entry['best_peer'] else entry['tool']
    return f'≤ {entry["goal"]} × {against}: {judged}'


def show(row, line, count, entries, notes):
    """`notes` are by tool."""
    print(f'\n{row}: {line.what.format(count=count)}')
    unit = UNITS[line.quantity]
    print(f'  {"":22}{unit + " [least–most]":>28}{"cpu ms":>8}{"others":>8}{"× bare":>22}{"svcd is × it":>22}')
    for entry in entries:
        ratios = ['' if entry[key] is None else between(entry[key], '.2f') for key in ('to_floor', 'ours_to_it')]
        cpu = '' if entry['cpu_ms'] is None else f'{entry["cpu_ms"]["median"]:.1f}'
        others = '' if entry['others'] is None else f'{entry["others"]["median"]:.0%}'
        print(f'  {entry["tool"]:22}{between(entry, ".2f"):>28}{cpu:>8}{others:>8}'
              f'{ratios[0]:>22}{ratios[1]:>22}  {goal_of(entry):30} {notes[entry["tool"]]}')


def with_load(entries, figures, line):
    """Beside the times: processor time of everything measured, and what others took meanwhile."""
    for entry in entries:
        for key in ('cpu_ms', 'others'):
            found = [one[line.step].get(key) for one in figures[entry['tool']]]
            entry[key] = None if None in found else spread(found)
    return entries


def chosen(tools, words):
    """Ours and the floor always; of the peers those that a word names."""
    found = tuple(kind for kind in tools if kind in (Bare, BareApart, Ours) or not words or
                  any(word in kind.name for word in words.split(',')))
    missing = sorted({kind.program for kind in found if not shutil.which(kind.program)})
    if missing:
        sys.exit(f'bench: not installed: {" ".join(missing)}; `./dev bench` installs what is missing')
    return found


def options():
    parser = argparse.ArgumentParser(prog='./dev bench', description=__doc__.splitlines()[0])
    parser.add_argument('rows', nargs='*', metavar='ROW', help=f'one of: {" ".join(ROWS)}')
    parser.add_argument('--rounds', type=int, help='of each row, instead of its own number')
    parser.add_argument('--count', type=int, help='services, instead of the row\'s own number')
    parser.add_argument('--first', action='store_true',
                        help='all that is measured runs before whatever else the machine does (SCHED_RR)')
    parser.add_argument('--tools', default='', help='words of the peers\' names, by commas')
    found = parser.parse_args()
    unknown = [row for row in found.rows if row not in ROWS]
    if unknown:
        parser.error(f'no row {unknown[0]!r}; rows: {" ".join(ROWS)}')
    return found


def run(scene, rows, found):
    """Measures what these rows ask of the scene; [(row, line, entries)]."""
    scene = dataclasses.replace(scene, rounds=found.rounds or scene.rounds, count=found.count or scene.count)
    tools = chosen(scene.tools, found.tools)
    lines = [(row, line) for row in rows for line in ROWS[row][1]]
    wanted = {'launch'} | {line.step for _, line in lines}
    figures = measure(scene, tools, [step for step in STEPS if step in wanted])
    notes = {kind.name: kind.note for kind in tools}
    judged = []
    for row, line in lines:
        entries = with_load(judge(figures, line, ROLES), figures, line)
        show(row, line, scene.count, entries, notes)
        judged.append({'row': row, 'what': line.what.format(count=scene.count), 'quantity': line.quantity,
                       'rounds': scene.rounds, 'tools': entries})
    return judged


def main():
    found = options()
    rows = found.rows or list(ROWS)
    if found.first:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    results = []
    for scene in (SUPERVISION, MEMORY, QUIET, HANDOVER):
        mine = [row for row in rows if ROWS[row][0] is scene]
        results += run(scene, mine, found) if mine else []
    text = json.dumps(results, indent=2, ensure_ascii=False).replace('Infinity', '1e999')  # JSON has no such word
    (HERE / 'results.json').write_text(text, encoding='utf-8')
    missed = [f'{one["row"]} against {entry["tool"]}' for one in results
              for entry in one['tools'] if entry['held'] is False]
    print(f'\nMISSED: {"; ".join(missed)}' if missed else '\nevery goal was held')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
