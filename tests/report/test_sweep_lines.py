# SPDX-License-Identifier: Apache-2.0
"""Tests the boundaries on lines, and the factors that move the boundaries. The outcomes at all
points are given."""
import itertools

import numpy as np
import pytest
import sweep_worlds as worlds

from report.model.number import Verdict
from report.stats import crossings
from report.sweep import decide, grid, lines, moves, outcome
from report.sweep.lines import Kind, Why
from report.sweep.next import Want, wants_of_line

LEFT, RIGHT = worlds.MAPS
VERDICTS = {"A": Verdict.SLOWER, "B": Verdict.FASTER, "=": Verdict.EQUIVALENT,
            "?": Verdict.UNDECIDED, "x": Verdict.INVALID}


def state_of(letter):
    """Converts a letter to a state. A or B means that this map leads, "=" a tie, "?" a tie that may
    be measured again, and "x" a ratio without an interval."""
    return outcome.State(VERDICTS[letter], 1, 7, 1.0, 0.9, 1.1, letter == "?")


def line_of(text):
    """Returns (group, line, states) of a line along the write shares, with one letter for each
    point. A "." means that the point was not measured, "-" that it was skipped."""
    plan = worlds.plan((len(text), 1, 1))
    shares = sorted({c["write_share"] for c in plan["cells"]})
    for cell in plan["cells"]:
        if text[shares.index(cell["write_share"])] == "-":
            cell["skip"] = "cannot"
    group = worlds.lattice_of(plan).groups[0]
    line, = group.lines("write_share")
    return group, line, {p: state_of(c) for p, c in zip(line, text) if c not in ".-"}


def boundaries_of(text):
    group, line, states = line_of(text)
    return [(b.kind.value, b.below, b.above)
            for b in lines.on_line(group, "write_share", line, states)]


@pytest.mark.parametrize("text, expected", [
    ("AAxBB", [("flip", 1, 3)]), ("x=xA", [("end", 1, 3)]),
    ("A=BB=A=", [("flip", 0, 2), ("flip", 3, 5), ("end", 5, 6)]),
    ("A=A=B", [("end", 0, 1), ("end", 1, 2), ("flip", 2, 4)])])
def test_boundaries_of_a_line(text, expected):
    assert boundaries_of(text) == expected
    n = len(text) - 1
    assert [(kind, n - j, n - i) for kind, i, j in boundaries_of(text[::-1])[::-1]] == expected


def test_every_line_of_four():
    """Tests all lines of four points. The expected flips follow from the list of leaders. At the
    end of a lead, exactly one of the two points is tied."""
    for text in map("".join, itertools.product("AB=.", repeat=4)):
        found = boundaries_of(text)
        clear = [i for i, c in enumerate(text) if c in "AB"]
        assert [(i, j) for kind, i, j in found if kind == "flip"] == [
            (i, j) for i, j in zip(clear, clear[1:]) if text[i] != text[j]]
        assert all((text[i] == "=") != (text[j] == "=") and set(text[i + 1:j]) <= {"."}
                   for kind, i, j in found if kind == "end")


@pytest.mark.parametrize("text, known", [
    ("AB", True), ("A=B", True), ("A?B", False), ("A.B", False), ("A=.B", False), ("A=.=B", True),
    ("A-B", True), ("A.-B", False), ("A=", True), ("A.=", False)])
def test_resolved_to_the_step_of_the_grid(text, known):
    group, line, states = line_of(text)
    b, = lines.on_line(group, "write_share", line, states)
    assert lines.is_resolved(b, states) is known


@pytest.mark.parametrize("text, leaders", [
    ("A.B", "AAB"), ("A..B", "AABB"), ("A.=.A", "A...A"), ("..A", "..A"), ("A...A", "AAAAA"),
    ("AxB", "AAB")])
def test_profile_between_measured_points(text, leaders):
    _, line, states = line_of(text)
    found = lines.profile(line, "write_share", len(text), states)
    assert "".join("." if i is None else "AB"[i] for i in found) == leaders


A, M, F = Want.AGAIN, Want.BISECT, Want.BETWEEN


@pytest.mark.parametrize("text, expected", [
    ("AB", []), ("A=B", []), ("x..A", []), ("A?B", [(A, 1), (A, 1)]), ("A?", [(A, 1)]),
    ("??", []), ("A...B", [(M, 2)]), ("A..B", [(M, 1)]), ("A-.B", [(M, 2)]), ("A-B", []),
    ("A.x.B", [(M, 1)]), ("AxxxB", []), ("A.?.B", [(A, 2), (A, 2)]), ("A.=.B", [(M, 1), (M, 3)]),
    ("A...A...A", [(F, 2), (F, 6)]), ("=...=...A", [(F, 2), (M, 6)]), ("A.A.A...A", [(F, 6)]),
    ("AA..A..AA", [])])
def test_the_points_that_a_line_requests(text, expected):
    group, line, states = line_of(text)
    assert [(k, p.at[0]) for k, p in wants_of_line(group, "write_share", line, states)] == expected


# ---- positions --------------------------------------------------------------------

def between(values, ratios, axis="threads", lose=()):
    """Returns the boundary between the ends of one line with these ratios, and the stages. `lose`
    has the (cell, block) without a trial."""
    index = grid.ORDERED.index(axis)
    line = tuple(grid.Point(0, tuple(i if k == index else 0 for k in range(3)), (f"a{i}", f"b{i}"))
                 for i in range(len(values)))
    axes = tuple(tuple(values) if a == axis else (1.0,) for a in grid.ORDERED)
    group = grid.Group(worlds.lattice_of(worlds.plan((1, 1, 1))).groups[0].cell, axes,
                       {p.at: p for p in line})
    noise = np.linspace(0.99, 1.01, 7)
    rates = {f"a{i}": dict.fromkeys(range(7), 1.0) for i in range(len(line))} | {
        f"b{i}": dict(enumerate((r * noise).tolist())) for i, r in enumerate(ratios)}
    for cell, block in lose:
        del rates[cell][block]
    b = lines.Boundary(group, axis, Kind.FLIP, line, 0, len(line) - 1, (0, 1))
    return b, [outcome.Stage(line, 7, rates)]


def located(*of):
    b, stages = between(*of)
    return lines.located(b, dict.fromkeys(b.line, state_of("=")), stages)


def test_position_is_interpolated_on_the_logarithm():
    b = located([2, 8], [0.5, 2.0])
    assert b.position == pytest.approx(4.0, rel=0.02)
    assert b.low <= b.position <= b.high


def test_reasons_for_a_missing_position():
    assert located([1, 2], [0.5, 2.0]).why is Why.MEASURED
    assert located([1, 2, 3], [0.5, 1.01, 2.0]).why is Why.MEASURED
    assert located([1, 2], [0.5, 2.0], "keys").position
    assert located([0.0, 0.1], [0.5, 2], "write_share").why is Why.ZERO
    assert located([1, 4, 8, 16], [0.5, 2, 0.5, 2]).why is Why.CROSSINGS


def test_a_lost_block_leaves_the_others_in_their_rows():
    """In block_ratios(), each row is one block, also if a point has lost its trial of this block.
    """
    b, stages = between([2, 8], [0.5, 2.0], "threads", [("b0", 2)])
    d = lines.block_ratios(b.line, stages)
    full = lines.block_ratios(b.line, between([2, 8], [0.5, 2.0])[1])
    assert np.isnan(d[2, 0]) and np.isnan(d).sum() == 1
    assert np.array_equal(np.delete(d, 2, 0), np.delete(full, 2, 0)) and d[2, 1] == full[2, 1]
    late = outcome.Stage(b.line[:1], 1, {"a0": {0: 1.0}, "b0": {0: 0.5}})
    d = lines.block_ratios(b.line, [*stages, late])
    assert d.shape == (8, 2) and d[7, 0] == np.log(0.5) and np.isnan(d[7, 1])


def test_crossings_of_all_curves_at_once():
    """Many curves are computed at once. The expected result is computed from the definition for
    each curve."""
    rng = np.random.default_rng(3)
    x = np.array([0.0, 1.0, 2.5, 3.0, 5.0])
    curves = np.round(rng.normal(0, 1, (500, 5)), 1)
    for sign in (-1, 1):
        for curve, at in zip(curves, crossings.nearest(x, curves, 2.7, sign)):
            near = [p for p, s in crossings.crossings(x, curve) if s == sign]
            if near:
                assert at == min(near, key=lambda p: abs(p - 2.7))
            else:
                assert at == (-np.inf if np.interp(2.7, x, curve) * sign > 0 else np.inf)


# ---- rows, and factors that move a boundary ---------------------------------------

def board(texts):
    """Returns (lattice, states) of lines along the write share, one for each number of threads and
    keys: {(threads index, keys index): text}."""
    counts = [max(k[i] for k in texts) + 1 for i in (0, 1)]
    lattice = worlds.lattice_of(worlds.plan((len(next(iter(texts.values()))), *counts)))
    points = lattice.groups[0].points
    return lattice, {points[i, *at]: state_of(c) for at, text in texts.items()
                     for i, c in enumerate(text) if c != "."}


def test_a_boundary_has_leaders_ends_and_points_in_between():
    lattice, states = board({(0, 0): "A=.B", (0, 1): "AA=="})
    search = type("Made", (), {"lattice": lattice, "states": states})
    flip, end = (decide.boundary_row(search, b) for group, axis, line in lattice.lines()
                 if axis == "write_share" for b in lines.on_line(group, axis, line, states))
    assert (flip.kind, flip.leads_below, flip.leads_above) == (Kind.FLIP, LEFT, RIGHT)
    assert (flip.start, flip.end, flip.steps, flip.resolved) == (0.001, 0.5, 3, False)
    assert [(f.name, f.value) for f in flip.place] == [("threads", 1), ("keys", 1024)]
    assert (end.kind, end.leads_below, end.leads_above) == (Kind.END, LEFT, None)


def test_the_factor_that_moves_most_is_named_first():
    lattice, states = board({(0, 0): "AABBBBBB", (0, 1): "AAABBBBB", (1, 0): "AAAAAABB",
                             (1, 1): "AAAAAAAB"})
    found = [b for group, axis, line in lattice.lines()
             for b in lines.on_line(group, axis, line, states)]
    ranking = moves.ranking(lattice, states, found)
    assert ranking.axis == "write_share"
    assert [(m.factor, m.share, m.comparisons) for m in ranking.factors] == [
        ("threads", 0.5, 2), ("keys", 0.125, 2)]


@pytest.mark.parametrize("one, two, share", [
    ("AABB", "BBAA", 1), ("AABB", "AAAA", .5), ("AABB", "A...", None), ("AABB", "BA..", .5),
    ("AABBB", "BA...", None)])
def test_half_of_an_axis_is_enough_to_compare_lines(one, two, share):
    profiles = ({i: None if c == "." else "AB".index(c) for i, c in enumerate(text)}
                for text in (one, two))
    assert moves.apart(*profiles) == share
