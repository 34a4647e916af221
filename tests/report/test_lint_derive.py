# SPDX-License-Identifier: Apache-2.0
"""The words of docs/verdicts.md as the linter derives them
(report/lint/derive.py), of groups that are made by hand: who leads by which
word, who is ahead in a field, and where two maps change places."""
import math
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report.lint import derive
from report.lint.derive import Decision, Field

THREADS = {"threads": 2, "write_kind": "update", "write_share": 0.03}


def cell(name, speed, blocks=8, spread=0.0, first=0, **more):
    """A map of that speed in so many blocks; every second one is faster by
    the spread (ln)."""
    logs = {b: math.log(speed) + spread * (b % 2)
            for b in range(first, first + blocks)}
    return Made(**{"map": name, "logs": logs, "ok": list(logs),
                   "blocks": blocks, "lost": [], "why": "", "lines": [],
                   "wrong": "", **more})


def group(*cells, **place):
    return Made(cells={c.map: c for c in cells}, place=THREADS | place)


def decided(*cells, unranked=()):
    return Decision(Made(ranked=lambda m: m not in unranked), group(*cells))


# ---- how many blocks ------------------------------------------------------

@pytest.mark.parametrize("maps,blocks", [
    # 2 / 2^n at most 0.05 over the pairs: 1, 3, 6, 10, 45
    (1, 6), (2, 6), (3, 7), (4, 8), (5, 9), (10, 11)])
def test_more_maps_need_more_blocks(maps, blocks):
    assert derive.needs(maps) == blocks
    pairs = max(maps * (maps - 1) // 2, 1)
    assert derive.level_of(maps) == pytest.approx(1 - 0.05 / pairs)


def test_an_open_pair_says_what_each_lost():
    one, two = cell("a", 1, lost=["1 void"]), cell("b", 1, lost=["2 failed"])
    assert derive.why_open(5, one, two, 2) == (
        "5 of 8 blocks, 1 void, 2 failed of b")
    assert derive.why_open(5, one, None, 2) == "5 of 8 blocks, 1 void"
    assert derive.why_open(1, cell("a", 1, 1), None, 3) == (
        "1 of 1 block, 3 maps need 7")


# ---- the word of a group --------------------------------------------------

@pytest.mark.parametrize("speeds,word,weakest", [
    ({"a": 2.0, "b": 1.0}, "clear lead", "b"),
    ({"a": 1.1001, "b": 1.0}, "clear lead", "b"),
    ({"a": 1.0999, "b": 1.0}, "small lead", "b"),
    ({"a": 1.0201, "b": 1.0}, "small lead", "b"),
    ({"a": 1.0199, "b": 1.0}, "tied", None),
    ({"a": 2.0, "b": 1.0, "c": 1.9}, "small lead", "c"),
    ({"a": 2.0, "b": 1.0, "c": 1.99}, "tied", None),
    ({"a": 2.0}, "alone", None), ({}, "nothing", None)])
def test_a_lead_is_clear_from_a_tenth_and_small_from_two_per_cent(
        speeds, word, weakest):
    found = decided(*(cell(m, v) for m, v in speeds.items()))
    assert found.word == word
    assert (found.weakest and found.weakest.map) == weakest
    assert found.leader == (max(speeds, key=speeds.get) if speeds else None)


def test_a_lead_that_reaches_over_a_tenth_is_of_uncertain_size():
    """Ratios between 1.05 and 1.05 x 1.2."""
    found = decided(cell("a", 1.05, 9, spread=math.log(1.2)),
                    cell("b", 1.0, 9))
    assert found.word == "lead of uncertain size"


def test_too_few_blocks_are_no_ranking():
    """Of three maps seven are needed; n is the most that any pair has."""
    found = decided(cell("a", 3, 6), cell("b", 2, 6), cell("c", 1, 5))
    assert found.word == "not ranked" and found.n == 6
    assert found.front == []
    some = decided(cell("a", 3, 7), cell("b", 2, 7), cell("c", 1, 6))
    assert some.word == "clear lead" and some.n == 7
    assert [r.outcome for r in some.rivals] == ["behind", "no interval"]


def test_a_map_with_too_few_blocks_does_not_lead_those_with_enough():
    """But where none has enough the fastest does."""
    found = decided(cell("a", 9, 5), cell("b", 2), cell("c", 1))
    assert found.leader == "b" and found.word == "clear lead"
    assert decided(cell("a", 9, 5), cell("b", 2, 5)).leader == "a"
    assert decided(cell("b", 1, 6), cell("a", 1, 6)).leader == "a"


def test_what_is_not_ranked_has_a_speed_and_no_place():
    found = decided(cell("a", 9), cell("b", 2), cell("c", 1),
                    cell("d", 5, 0), unranked="a")
    assert (found.leader, found.k, found.needs) == ("b", 2, 6)
    assert sorted(found.levels) == ["a", "b", "c"]
    assert found.levels["a"].centre == pytest.approx(9)


def test_the_front_is_the_leader_and_what_is_tied_with_it():
    found = decided(cell("b", 2.0), cell("c", 1.0), cell("z", 2.0),
                    cell("a", 1.99))
    assert found.front == ["b", "a", "z"] and found.word == "tied"
    assert found.tied == {"b", "a", "z"}
    assert [r.map for r in found.shown()] == ["a", "z"]
    assert decided(cell("a", 1, 3)).front == ["a"]
    assert decided(cell("a", 1, 3)).n == 3


def test_a_row_may_show_the_least_certain_rivals():
    found = decided(cell("a", 4.0), cell("b", 2.0), cell("c", 2.0),
                    cell("d", 1.0))
    assert [r.map for r in found.shown()] == ["b", "c"]
    assert found.rival("d").outcome == "behind" and not found.rival("x")
    few = decided(cell("a", 4.0, 3), cell("b", 2.0, 3))
    assert [r.map for r in few.shown()] == ["b"]


# ---- one field ------------------------------------------------------------

def field(ratio, threads=2, n=8, share=0.03, kind="update"):
    """Contender y is `ratio` times as fast as base x."""
    return Field(group(cell("x", 1.0, n), cell("y", ratio, n),
                       threads=threads, write_share=share, write_kind=kind),
                 "x", "y")


@pytest.mark.parametrize("ratio,side,ahead", [
    (1.0201, "contender", "y"), (1.0199, "tied", None),
    (1 / 1.0199, "tied", None), (1 / 1.0201, "base", "x")])
def test_a_field_is_ahead_beyond_the_margin(ratio, side, ahead):
    found = field(ratio)
    assert (found.side, found.ahead, found.why) == (side, ahead, "")
    assert found.level.centre == pytest.approx(1)


def test_a_field_without_an_interval_says_why():
    few = field(2, n=5)
    assert (few.side, few.ahead) == ("no interval", None)
    assert few.why == "5 of 5 blocks, 2 maps need 6"
    none = Field(group(cell("x", 1)), "x", "y")
    assert none.why == "y is not planned here" and not none.pair.n
    lost = Field(group(cell("x", 1, 0, ok=[], why="skipped: no"),
                       cell("y", 1)), "x", "y")
    assert lost.why == "x: skipped: no"


# ---- along the threads ----------------------------------------------------

def line(*ratios):
    """Fields of 1, 2, 4, ... threads."""
    return [field(r, 2 ** i) for i, r in enumerate(ratios)]


@pytest.mark.parametrize("ratios,found", [
    ((2, 0.5), [(1, 2)]), ((2, 2, 0.5), [(2, 4)]),
    ((2, 1, 0.5), [(1, 4)]), ((2, 1, 2), []), ((1, 1), []), ((2,), []),
    ((2, 0.5, 2), [(1, 2), (2, 4)]), ((1, 2, 1, 1, 0.5, 1), [(2, 16)])])
def test_a_crossing_is_between_two_counts_with_other_leaders(ratios, found):
    assert [(x.start, x.end) for x in derive.crossings(line(*ratios))] == \
        found


def test_a_crossing_has_a_place_only_where_a_count_lies_between():
    near, = derive.crossings(line(2, 0.5))
    far, = derive.crossings(line(2, 1.0, 0.5)[::2])
    all_three, = derive.crossings(line(2, 1.0, 0.5))
    assert not near.open and far.open == {2, 3} and all_three.open == {3}
    # ln 2 and ln 1/2 are as far from 0: the middle of 1 and 4 on log2 is 2
    assert far.positions() == pytest.approx([2] * 4)
    assert set(round(p, 6) for p in all_three.positions()) == {2}


@pytest.mark.parametrize("left", [0, 1, 5])
def test_a_count_without_an_interval_places_nothing(left):
    """Two threads have few blocks or none, and would place it elsewhere."""
    fields = [field(2.0, 1), field(0.9, 2, left), field(0.5, 4)]
    crossing, = derive.crossings(fields)
    assert (crossing.start, crossing.end) == (1, 4) and crossing.open
    assert crossing.positions() == pytest.approx([2] * 4)
    assert derive.resampled(crossing) == pytest.approx((2, 2))


def test_a_count_of_which_nothing_is_left_was_not_measured():
    lost, = derive.crossings([field(2.0, 1), field(1, 2, 0), field(0.5, 3)])
    one, = derive.crossings([field(2.0, 1), field(1, 2, 1), field(0.5, 3)])
    assert lost.open == {2} and not one.open


@pytest.mark.parametrize("points,found", [
    ([(0, 1), (2, -1)], [2]), ([(0, 3), (2, -1)], [2 ** 1.5]),
    ([(0, 0), (1, 5)], [1]), ([(1, 2), (2, 4)], []),
    ([(0, 1), (1, -1), (2, 1)], [2 ** 0.5, 2 ** 1.5])])
def test_a_zero_lies_on_the_straight_line_over_log2(points, found):
    assert derive.zeros(points) == pytest.approx(found)


def test_blocks_that_agree_place_it_exactly():
    """Each resampling finds the same; one that never crosses has no ends."""
    found, = derive.crossings(line(2, 1.0, 0.5)[::2])
    assert derive.resampled(found, 20) == pytest.approx((2, 2))
    always = derive.Crossing(line(2, 3))
    never = derive.Crossing(line(0.5, 0.25))
    assert derive.resampled(always, 5) == (None, None)
    assert derive.resampled(never, 5) == (None, None)


def test_who_leads_is_told_by_counts():
    assert derive.who_leads(line(2, 0.5, 2, 1, 2)) == (
        "y leads at 1, 4 and 16 threads, x leads at 2 threads, not told "
        "apart at 8 threads")
    assert derive.who_leads([field(2, 1, n=3)]) == (
        "no interval at 1 thread")
    alone = Field(group(cell("x", 1.0, 8), threads=2), "x", "y")
    assert derive.who_leads([field(2, 1, n=3), alone]) == (
        "no interval at 1 thread, not run at 2 threads")


def test_a_flip_is_between_neighbours_of_other_leaders():
    """The next count of one line, or the next share of one kind."""
    grid = {(1, 0.1): 2, (2, 0.1): 0.5, (4, 0.1): 1, (1, 0.5): 0.5,
            (2, 0.5): 0.5, (4, 0.5): 2}
    groups = [field(r, t, share=s).group for (t, s), r in grid.items()]
    groups.append(field(0.5, 1, share=0.5, kind="churn").group)
    found = derive.flips(None, "x", "y", groups)
    assert {tuple((f.group.place["threads"], f.group.place["write_share"])
                  for f in pair) for pair in found} == {
        ((1, 0.1), (2, 0.1)), ((2, 0.5), (4, 0.5)), ((1, 0.1), (1, 0.5))}


# ---- the least that would have been seen ----------------------------------

def test_the_smallest_difference_seen_is_of_the_intervals_width():
    """An interval of 1.96 standard errors of 0.01 each way would have shown
    (1.96 + 1.645) x 0.01."""
    low, high = math.exp(-0.0195996), math.exp(0.0195996)
    seen = derive.smallest_seen(Made(low=low, high=high))
    assert seen == pytest.approx(100 * math.expm1(0.0360482), rel=1e-5)
