# SPDX-License-Identifier: GPL-2.0-or-later
"""Benchmarks: ratios against peers in the same run, rounds interleaved, medians told.

bench.py [--rounds N] [--count N] [--tools WORD,...] [ROW...] prints a table, writes bench/results.json,
and exits 1 when a goal is missed. Runs on tests/private; `./dev bench` arranges that and installs the
peers. --tools takes words of the tools' names, for who works on one of them. "others" is the share of the
processors that was used from outside meanwhile: times of a busy machine say little, their ratios more,
"cpu ms" (all that the supervisor, its command and its services used) most.
"""
import argparse
import json
import shutil
import statistics
import sys
import time

from meter import Meter
from supervision import Session
from tools import FLOOR, HERE, OURS, TOOLS, Tool

# row: {line: (what is measured, the session's step, goal against the best peer, against the floor)}
ROWS = {
    'start': {
        'start': ('start {count}: launch of the supervisor → the last is up', 'launch', 0.7, 2),
        'start, told': ('start {count}: one command to the running supervisor → the last is up', 'told',
                        None, None)},
    'restart': {
        'restart': ('restart: kill -9 of one of {count} → its successor is up', 'restart', 1, 3)},
    'mass-restart': {
        'mass-restart': ('mass restart: kill -9 of all {count} → the last is up again', 'mass_restart', 1, 3)},
}


def steps_of(rows):
    """The steps of a session, in the order in which they can follow each other."""
    wanted = {step for row in rows for _, step, _, _ in ROWS[row].values()}
    return [step for step in ('launch', 'told', 'restart', 'mass_restart') if step in wanted | {'launch'}]


def session(kind, count, steps):
    """{step: what was found}; of what was measured several times a median."""
    with Session(kind, count) as one:
        return {step: figure(getattr(one, step)) for step in steps}


def figure(step):
    meter = Meter()
    found = step()
    cpu, others = meter.read()
    found = found if isinstance(found, list) else [found]
    return {'ms': 1000 * statistics.median(found), 'cpu_ms': 1000 * cpu / len(found), 'others': others}


def measure(tools, count, steps, rounds):
    """{tool's name: [figures of each round]}; each round begins with another tool."""
    figures = {kind.name: [] for kind in tools}
    for number in range(rounds):
        for kind in tools[number % len(tools):] + tools[:number % len(tools)]:
            began = time.monotonic()
            figures[kind.name].append(session(kind, count, steps))
            print(f'round {number + 1} of {rounds}: {kind.name}, {time.monotonic() - began:.0f} s',
                  file=sys.stderr, flush=True)
    return figures


def ratio(figures, mine, theirs, step):
    """The median of what single rounds say: load that comes and goes meets both."""
    return statistics.median(a[step]['ms'] / b[step]['ms'] for a, b in zip(figures[mine], figures[theirs]))


def middle(rounds, step, key):
    return statistics.median(one[step][key] for one in rounds)


def judge(line, tools, figures, count):
    what, step, peer_goal, floor_goal = line
    medians = {kind.name: middle(figures[kind.name], step, 'ms') for kind in tools}
    peers = [kind.name for kind in tools if kind is not FLOOR and not issubclass(kind, OURS)]
    best = min(peers, key=medians.get, default=None)
    goals = {best: peer_goal, FLOOR.name: floor_goal}
    rows = []
    for kind in tools:
        goal = goals.get(kind.name)
        against = ratio(figures, OURS.name, kind.name, step) if OURS in tools else None
        rows.append({'tool': kind.name, 'note': kind.note, 'ms': medians[kind.name],
                     'cpu_ms': middle(figures[kind.name], step, 'cpu_ms'),
                     'others': middle(figures[kind.name], step, 'others'),
                     'rounds_ms': [one[step]['ms'] for one in figures[kind.name]],
                     'best_peer': kind.name == best,
                     'svcd_to_it': against, 'goal': goal,
                     'held': None if goal is None or against is None else against <= goal})
    return {'what': what.format(count=count), 'lines': rows}


def show(name, table):
    print(f'\n{name}: {table["what"]}')
    print(f'  {"":22}{"median ms":>10}{"best":>9}{"worst":>9}{"cpu ms":>9}{"others":>8}{"svcd/it":>9}  goal')
    for line in table['lines']:
        goal = '' if line['held'] is None else f'≤ {line["goal"]:<4} {"held" if line["held"] else "MISSED"}'
        against = '' if line['svcd_to_it'] is None else f'{line["svcd_to_it"]:.2f}'
        best = ' (best peer)' if line['best_peer'] else ''
        print(f'  {line["tool"]:22}{line["ms"]:10.2f}{min(line["rounds_ms"]):9.2f}{max(line["rounds_ms"]):9.2f}'
              f'{line["cpu_ms"]:9.2f}{line["others"]:8.0%}{against:>9}  {goal:13} {line["note"]}{best}')


def chosen_tools(words):
    """Ours and the floor always; of the peers those that a word names."""
    found = [kind for kind in TOOLS if kind in (FLOOR, OURS) or not words or
             any(word in kind.name for word in words.split(','))]
    missing = sorted({kind.program for kind in found if not shutil.which(kind.program)})
    if missing:
        sys.exit(f'bench: not installed: {" ".join(missing)}; `./dev bench` installs what is missing')
    return found


def options():
    parser = argparse.ArgumentParser(prog='./dev bench', description=__doc__.splitlines()[0])
    parser.add_argument('rows', nargs='*', metavar='ROW', help=f'one of: {" ".join(ROWS)}')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--count', type=int, default=500, help='services')
    parser.add_argument('--tools', default='', help='words of tool names, by commas')
    found = parser.parse_args()
    unknown = [row for row in found.rows if row not in ROWS]
    if unknown:
        parser.error(f'no row {unknown[0]!r}; rows: {" ".join(ROWS)}')
    return found


def main():
    found = options()
    rows = found.rows or list(ROWS)
    tools = chosen_tools(found.tools)
    figures = measure(tools, found.count, steps_of(rows), found.rounds)
    results = {name: judge(line, tools, figures, found.count)
               for row in rows for name, line in ROWS[row].items()}
    for name, table in results.items():
        show(name, table)
    (HERE / 'results.json').write_text(json.dumps(results, indent=2, ensure_ascii=False), encoding='utf-8')
    return 1 if any(line['held'] is False for table in results.values() for line in table['lines']) else 0


sys.exit(main())
