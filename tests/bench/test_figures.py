# SPDX-License-Identifier: GPL-2.0-or-later
"""The arithmetic of the benchmarks: what their figures come to, and what counts as held."""
import math
import pathlib
import sys

import pytest

BENCH = pathlib.Path(__file__).resolve().parents[2] / 'bench'
sys.path.insert(0, str(BENCH))

from figures import Line, Roles, best_peer, judge, ratio  # noqa: E402
from starts import Starts  # noqa: E402

ROLES = Roles(ours='svcd', beside=('svcd, confined',), floor='bare')
LINE = Line('kill one', 'restart', 'ms', to_peer=1, to_floor=3)


def figures(**rounds):
    """One list of milliseconds a tool, a number a round."""
    return {tool.replace('_', ', '): [{'restart': {'ms': ms}} for ms in found]
            for tool, found in rounds.items()}


def entry(found, tool):
    return next(one for one in found if one['tool'] == tool)


@pytest.mark.parametrize('mine,theirs,expected', [(3, 2, 1.5), (0, 0, 1), (1, 0, math.inf), (0, 5, 0)])
def test_nothing_is_as_much_as_nothing_and_anything_is_beyond_it(mine, theirs, expected):
    assert ratio(mine, theirs) == expected


def test_ratios_are_taken_within_a_round_so_that_load_meets_both():
    found = judge(figures(bare=[1, 10, 1], svcd=[2, 20, 2], s6=[4, 40, 4]), LINE, ROLES)
    assert entry(found, 'bare')['ours_to_it'] == {'median': 2, 'least': 2, 'most': 2}
    assert entry(found, 's6')['ours_to_it'] == {'median': 0.5, 'least': 0.5, 'most': 0.5}
    assert entry(found, 's6')['to_floor']['median'] == 4


def test_one_bad_round_does_not_decide_but_is_shown():
    found = entry(judge(figures(bare=[1, 1, 1], svcd=[2, 2, 9], s6=[9, 9, 9]), LINE, ROLES), 'bare')
    assert found['held'] and found['ours_to_it']['most'] == 9


@pytest.mark.parametrize('ms,held', [(2.9, True), (3, True), (3.1, False)])
def test_the_goal_itself_still_holds(ms, held):
    found = judge(figures(bare=[1], svcd=[ms], s6=[9]), LINE, ROLES)
    assert entry(found, 'bare')['held'] is held


def test_only_the_best_peer_and_the_floor_have_goals():
    found = judge(figures(bare=[1], svcd=[2], s6=[9], runit=[8], svcd_confined=[1]), LINE, ROLES)
    assert {one['tool']: one['goal'] for one in found} == {
        'bare': 3, 'svcd': None, 's6': None, 'runit': 1, 'svcd, confined': None}


def test_neither_the_floor_nor_ours_is_a_peer():
    assert best_peer(figures(bare=[1], svcd=[2], svcd_confined=[3], runit=[8]), LINE, ROLES) == 'runit'
    assert best_peer(figures(bare=[1], svcd=[2]), LINE, ROLES) is None


def test_without_a_floor_the_peers_are_still_judged():
    found = judge(figures(svcd=[2], s6=[1]), LINE, ROLES)
    assert entry(found, 's6')['held'] is False and entry(found, 's6')['to_floor'] is None


def test_a_start_is_of_who_wrote_it_last_and_half_a_line_is_read_later(tmp_path):
    starts = Starts(tmp_path / 'starts')
    starts.path.write_text('s0 10 1000000\ns1 11 1500000\ns0 12 20', encoding='ascii')
    assert starts.since(0.5) == {'s0': 1.0, 's1': 1.5}
    with starts.path.open('a', encoding='ascii') as file:
        file.write('00000\n')
    assert starts.since(1.2) == {'s0': 2.0, 's1': 1.5}
    assert starts.since(1.7) == {'s0': 2.0}
    assert starts.pids() == {'s0': 12, 's1': 11}


def test_who_has_not_started_in_time_is_named(tmp_path):
    starts = Starts(tmp_path / 'starts')
    starts.path.write_text('s0 10 1000000\n', encoding='ascii')
    with pytest.raises(TimeoutError, match='1 of 2 not started .* s1'):
        starts.last_of(['s0', 's1'], 0.5, within=0)


@pytest.mark.parametrize('at_most,held', [(20, True), (1, False)])
def test_a_goal_may_be_whatever_others_need(at_most, held):
    line = Line('handover', 'restart', 'ms', to_peer=1, at_most=at_most)
    found = judge(figures(svcd=[2, 3, 40], s6=[1, 1, 1]), line, ROLES)
    assert (entry(found, 'svcd')['goal'], entry(found, 'svcd')['held']) == (at_most, held)
    assert entry(found, 's6')['held'] is False
