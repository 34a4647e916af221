# SPDX-License-Identifier: Apache-2.0
"""Boundaries on lines, and which factor moves them: of outcomes written
down, without any trial."""
import itertools

import numpy as np
import pytest
import sweep_worlds as worlds

from report.stats import crossings
from report.sweep import grid, lines, moves, next as following, outcome
from report.sweep.outcome import BASE, CONTENDER, NONE, TIED

SIDES = {"A": BASE, "B": CONTENDER, "=": TIED, "?": TIED, "x": NONE}


def state_of(letter):
    """A and B lead, = tied, ? tied and still open, x no interval."""
    return outcome.State(SIDES[letter], 1, 7, 1.0, 0.9, 1.1, False,
                         letter == "?")


def line_of(text):
    """(group, line, states) of one line of write shares; "." not measured,
    "-" skipped."""
    plan = worlds.plan((len(text), 1, 1))
    shares = sorted({c["write_share"] for c in plan["cells"]})
    for cell in plan["cells"]:
        if text[shares.index(cell["write_share"])] == "-":
            cell["skip"] = "cannot"
    group = grid.lattice(plan, worlds.MAPS).groups[0]
    (_, line), = group.lines("write_share")
    return group, line, {p: state_of(c) for p, c in zip(line, text)
                         if c not in ".-"}


@pytest.mark.parametrize("text, expected", [
    ("AAAA", []), ("====", []), ("xxxx", []), ("....", []), ("A", []),
    ("AABB", [("flip", 1, 2)]),
    ("AA=BB", [("flip", 1, 3)]),
    ("BB==A", [("flip", 1, 4)]),
    ("AAxBB", [("flip", 1, 3)]),
    ("A..B", [("flip", 0, 3)]),
    ("AA==", [("end", 1, 2)]),
    ("==AA", [("end", 1, 2)]),
    ("A=A", [("end", 0, 1), ("end", 1, 2)]),
    ("ABA", [("flip", 0, 1), ("flip", 1, 2)]),
    ("A=BB=A=", [("flip", 0, 2), ("flip", 3, 5), ("end", 5, 6)]),
    ("=A=B", [("end", 0, 1), ("flip", 1, 3)]),
    ("A=A=B", [("end", 0, 1), ("end", 1, 2), ("flip", 2, 4)]),
    ("x=xA", [("end", 1, 3)])])
def test_boundaries_of_a_line(text, expected):
    group, line, states = line_of(text)
    found = lines.found_on(group, "write_share", line, states)
    assert [(b.kind, b.below, b.above) for b in found] == expected
    back = lines.found_on(group, "write_share", line[::-1], states)
    n = len(text) - 1
    assert [(b.kind, n - b.above, n - b.below) for b in back[::-1]] == \
        expected


def test_every_line_of_five():
    """Leaders alternate at flips, as a list of leads alone would have it."""
    group, line, _ = line_of("A" * 5)
    for text in map("".join, itertools.product("AB=.", repeat=5)):
        check_line(group, line, text)


def check_line(group, line, text):
    states = {p: state_of(c) for p, c in zip(line, text) if c != "."}
    found = lines.found_on(group, "write_share", line, states)
    clear = [i for i, c in enumerate(text) if c in "AB"]
    assert [(b.below, b.above) for b in found if b.kind == "flip"] == [
        (i, j) for i, j in zip(clear, clear[1:]) if text[i] != text[j]]
    for b in found:
        if b.kind == "end":
            assert sorted([text[b.below] == "=", text[b.above] == "="]) == [
                False, True]
            assert set(text[b.below + 1:b.above]) <= {"."}


@pytest.mark.parametrize("text, known", [
    ("AB", True), ("A=B", True), ("A?B", False), ("A.B", False),
    ("A=.B", False), ("A=.=B", True), ("A-B", True), ("A.-B", False),
    ("A=", True), ("A.=", False)])
def test_resolved_to_the_step_of_the_grid(text, known):
    group, line, states = line_of(text)
    b, = lines.found_on(group, "write_share", line, states)
    assert lines.is_resolved(b, states) is known


@pytest.mark.parametrize("text, told", [
    ("A.B", "AAB"), ("A..B", "AABB"), ("A.=.A", "A...A"), ("..A", "..A"),
    ("A...A", "AAAAA"), ("AxB", "AAB")])
def test_profile_between_measured_points(text, told):
    group, line, states = line_of(text)
    letters = {BASE: "A", CONTENDER: "B", None: "."}
    assert "".join(letters[s] for s in lines.profile(
        group, "write_share", line, states)) == told


A, M, F = following.AGAIN, following.BISECT, following.BETWEEN


@pytest.mark.parametrize("text, expected", [
    ("AB", []), ("AA", []), ("A=B", []), ("x..A", []),
    ("A?B", [(A, 1), (A, 1)]), ("A?", [(A, 1)]), ("??", []),
    ("A...B", [(M, 2)]), ("A..B", [(M, 1)]), ("A-.B", [(M, 2)]),
    ("A-B", []), ("A.x.B", [(M, 1)]), ("AxB", []), ("AxxxB", []), ("A.?.B", [(A, 2), (A, 2)]),
    ("A.=.B", [(M, 1), (M, 3)]), ("A..=", [(M, 1)]),
    ("A...A...A", [(F, 2), (F, 6)]), ("=...=...A", [(F, 2), (M, 6)]),
    ("A.A.A...A", [(F, 6)]), ("AA..A..AA", [])])
def test_what_a_line_asks_for(text, expected):
    group, line, states = line_of(text)
    assert [(k, p.at[0]) for k, p in following.wants_of_line(
        group, "write_share", line, states)] == expected


# ---- positions -------------------------------------------------------------

def located(values, ratios, axis="threads"):
    """The boundary between the ends of one line with these ratios."""
    index = grid.ORDERED.index(axis)
    line = [grid.Point(0, tuple(i if k == index else 0 for k in range(3)),
                       (f"a{i}", f"b{i}")) for i in range(len(values))]
    axes = {a: [1] for a in grid.ORDERED} | {axis: values}
    group = grid.Group({}, axes, {p.at: p for p in line})
    noise = np.linspace(0.99, 1.01, 7)
    stage = outcome.Stage(tuple(line), {
        **{f"a{i}": dict.fromkeys(range(7), 1.0) for i in range(len(line))},
        **{f"b{i}": dict(enumerate(r * noise)) for i, r in
           enumerate(ratios)}})
    states = dict.fromkeys(line, state_of("="))
    b = lines.Boundary(axis, "flip", line, 0, len(line) - 1,
                       (BASE, CONTENDER), len(line) - 1)
    lines.locate(b, group, states, [stage])
    return b


def test_position_is_interpolated_on_the_logarithm():
    b = located([2, 8], [0.5, 2.0])
    assert b.position == pytest.approx(4.0, rel=0.02)
    assert b.low <= b.position <= b.high


def test_lost_blocks_and_stages_do_not_shift_the_others():
    """Two points with equal noise, one without its first stage and a block."""
    a, b = (grid.Point(0, (i, 0, 0), (f"a{i}", f"b{i}")) for i in range(2))
    noise = np.random.default_rng(2).lognormal(0, 0.1, (2, 7))
    stages = [outcome.Stage((a, b), {
        **{f"a{i}": dict.fromkeys(range(7), 1.0) for i in range(2)},
        "b0": dict(enumerate(noise[s])),
        "b1": {k: 2 * noise[s, k] for k in range(7) if s and k != 3}})
        for s in range(2)]
    d = lines.blocks_of([a, b], stages)
    assert d.shape == (14, 2)
    assert np.isnan(d[:, 1]).tolist() == [True] * 7 + [
        k == 3 for k in range(7)]
    both = ~np.isnan(d[:, 1])
    assert np.diff(d[both]) == pytest.approx(np.log(2))


def test_no_position_where_nothing_lies_between():
    assert "was measured" in located([1, 2], [0.5, 2.0]).why
    assert "was measured" in located([1, 2, 3], [0.5, 1.01, 2.0]).why
    assert located([1, 2], [0.5, 2.0], "keys").position


def test_no_position_at_zero_or_where_medians_cross_more_than_once():
    assert "0 has no place" in located([0.0, 0.1], [0.5, 2], "write_share").why
    assert "cross 3 times" in located([1, 4, 8, 16], [0.5, 2, 0.5, 2]).why


def test_crossings_of_all_curves_at_once():
    """Against each curve alone, by the definition."""
    rng = np.random.default_rng(3)
    x = np.array([0.0, 1.0, 2.5, 3.0, 5.0])
    curves = np.round(rng.normal(0, 1, (500, 5)), 1)
    for sign in (-1, 1):
        found = crossings.nearest(x, curves, 2.7, sign)
        for curve, at in zip(curves, found):
            near = [p for p, s in crossings.crossings(x, curve) if s == sign]
            if near:
                assert at == min(near, key=lambda p: abs(p - 2.7))
            else:
                there = np.interp(2.7, x, curve) * sign > 0
                assert at == (-np.inf if there else np.inf)


# ---- what moves it ---------------------------------------------------------

def board(texts):
    """(lattice, states) of lines along the write share, one per thread
    count and number of keys: {(threads index, keys index): text}."""
    counts = [max(k[i] for k in texts) + 1 for i in (0, 1)]
    lattice = grid.lattice(worlds.plan((
        len(next(iter(texts.values()))), *counts)), worlds.MAPS)
    points = lattice.groups[0].points
    return lattice, {points[i, *at]: state_of(c) for at, text in
                     texts.items() for i, c in enumerate(text) if c != "."}


def test_the_factor_that_moves_most_is_named_first():
    lattice, states = board({(0, 0): "AABBBBBB", (0, 1): "AAABBBBB",
                             (1, 0): "AAAAAABB", (1, 1): "AAAAAAAB"})
    found = lines.boundaries(lattice, states, [])
    told = moves.ranking(lattice, states, found)
    assert told["axis"] == "write_share"
    assert [(r["factor"], r["share"], r["comparisons"]) for r in
            told["factors"]] == [("threads", 0.5, 2), ("keys", 0.125, 2)]


def test_lines_that_turn_or_never_flip_are_compared_alike():
    assert moves.apart(dict(enumerate("AABB")), dict(enumerate("BBAA"))) == 1
    assert moves.apart(dict(enumerate("AABB")), dict(enumerate("AAAA"))) == .5
    assert moves.apart(dict(enumerate("AABB")),
                       dict(enumerate(["A", None, None, None]))) is None


def test_half_of_an_axis_is_enough_to_compare_lines():
    """LEAST will do: of four values two, of five not."""
    half = dict(enumerate(["B", "A", None, None]))
    assert moves.apart(dict(enumerate("AABB")), half) == .5
    assert moves.apart(dict(enumerate("AABBB")), half) is None
