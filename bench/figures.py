# SPDX-License-Identifier: GPL-2.0-or-later
"""From what the rounds found to a judgement. Pure: no clock, no process, no file.

Figures are {tool's name: [{step: {quantity: value}} of each round]}. Two tools are compared within a
round and the median of these ratios is what counts: load that comes and goes meets both.
"""
import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of figures of a row, and what ours may be of another's at most."""
    what: str                   # may say {count}
    step: str
    quantity: str
    to_peer: float = None       # of the best peer's
    to_floor: float = None      # of the bare loop's
    at_most: float = None       # whatever others need


@dataclasses.dataclass(frozen=True)
class Roles:
    """Whose figures are which. Goals are ours against the floor and against the best of the peers."""
    ours: str
    beside: tuple               # told, and neither judged nor anybody's peer
    floor: str


def ratio(mine, theirs):
    """Nothing is as much as nothing, and anything is beyond all measure of it."""
    if theirs == 0:
        return 1.0 if mine == 0 else math.inf
    return mine / theirs


def values(figures, tool, line):
    return [one[line.step][line.quantity] for one in figures[tool]]


def ratios(figures, mine, theirs, line):
    """Of each round."""
    return [ratio(a, b) for a, b in zip(values(figures, mine, line), values(figures, theirs, line))]


def spread(found):
    return {'median': statistics.median(found), 'least': min(found), 'most': max(found)}


def best_peer(figures, line, roles):
    peers = [tool for tool in figures if tool not in (roles.ours, roles.floor, *roles.beside)]
    return min(peers, key=lambda tool: statistics.median(values(figures, tool, line)), default=None)


def judge(figures, line, roles):
    """One entry a tool, in their order; `held` is None where there is no goal."""
    best = best_peer(figures, line, roles)
    goals = {best: line.to_peer, roles.floor: line.to_floor}
    found = []
    for tool in figures:
        entry = {'tool': tool, **spread(values(figures, tool, line)), 'best_peer': tool == best,
                 'to_floor': None, 'ours_to_it': None, 'goal': goals.get(tool), 'held': None}
        if tool == roles.ours and line.at_most is not None:
            entry['goal'], entry['held'] = line.at_most, entry['median'] <= line.at_most
        if roles.floor in figures:
            entry['to_floor'] = spread(ratios(figures, tool, roles.floor, line))
        if roles.ours in figures:
            entry['ours_to_it'] = spread(ratios(figures, roles.ours, tool, line))
            if entry['goal'] is not None and tool != roles.ours:
                entry['held'] = entry['ours_to_it']['median'] <= entry['goal']
        found.append(entry)
    return found
