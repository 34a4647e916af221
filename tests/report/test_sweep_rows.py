# SPDX-License-Identifier: Apache-2.0
"""What the sections draw of a search for crossovers: its rows, of outcomes
written down, without any trial."""
import types

import numpy as np
import pytest
import sweep_worlds as worlds

from report.sweep import grid, lines, outcome, rows

LEFT, RIGHT = worlds.MAPS
SIDES = {"A": outcome.BASE, "B": outcome.CONTENDER, "=": outcome.TIED,
         "x": outcome.NONE}
RATIOS = {"A": 0.5, "B": 2.0, "=": 1.0, "x": 1.0}  # of B's rate to A's
SHARES = (0.001, 0.007937, 0.062996, 0.5)  # of four on the axis


def search_of(texts, axis="write_share"):
    """(search, boundaries): each text is one line along the axis, its letters
    who leads, "." not measured; every point had seven blocks in one stage."""
    long, many = len(texts[0]), len(texts)
    lattice = grid.lattice(worlds.plan(
        (long, many, 1) if axis == "write_share" else (many, long, 1)),
        worlds.MAPS)
    states, rates = {}, {}
    noise = np.linspace(0.99, 1.01, 7)
    for at, point in lattice.groups[0].points.items():
        along, across = at[:2] if axis == "write_share" else at[1::-1]
        letter = texts[across][along]
        if letter == ".":
            continue
        states[point] = outcome.State(SIDES[letter], 1, 7, RATIOS[letter],
                                      0.9, 1.1, False, False)
        rates[point.cells[0]] = dict.fromkeys(range(7), 1e6)
        rates[point.cells[1]] = dict(enumerate(
            1e6 * RATIOS[letter] * noise))
    stages = [outcome.Stage(tuple(states), rates)]
    search = types.SimpleNamespace(lattice=lattice, states=states)
    return search, [(group, b) for group, b in lines.boundaries(
        lattice, states, stages) if b.axis == axis]


def test_a_flip_has_its_leaders_its_ends_and_what_lies_between():
    row, = rows.boundaries(*search_of(["A=.B"]))
    assert (row["axis"], row["kind"]) == ("write_share", "flip")
    assert (row["leads_below"], row["leads_above"]) == (LEFT, RIGHT)
    assert (row["from"], row["to"], row["steps"]) == (SHARES[0], SHARES[3], 3)
    assert (row["n"], row["resolved"]) == (7, False)
    assert row["between"] == [{"at": SHARES[1], "n": 7,
                               "side": outcome.TIED}]
    assert (row["threads"], row["keys"]) == (1, 1024), "where its line lies"
    turned, = rows.boundaries(*search_of(["BB=A"]))
    assert (turned["leads_below"], turned["leads_above"]) == (RIGHT, LEFT)
    assert turned["resolved"] is True


def test_an_end_has_one_leader():
    row, = rows.boundaries(*search_of(["AA=="]))
    assert (row["kind"], row["leads_below"], row["leads_above"]) == (
        "end", LEFT, None)
    row, = rows.boundaries(*search_of(["==BB"]))
    assert (row["kind"], row["leads_below"], row["leads_above"]) == (
        "end", None, RIGHT)


def test_only_a_flip_has_a_position():
    """Half as fast at one end and twice at the other: equal in the middle of
    the axis's logarithm, give or take the noise of 1 %."""
    flip, = rows.boundaries(*search_of(["AABB"]))
    middle = (SHARES[1] * SHARES[2]) ** 0.5
    assert flip["position"] == pytest.approx(middle, rel=0.02)
    assert flip["low"] <= flip["position"] <= flip["high"]
    assert flip["why"] == ""
    for text in ("AA==", "==BB"):
        end, = rows.boundaries(*search_of([text]))
        assert [end[k] for k in ("position", "low", "high", "why")] == [
            None, None, None, ""]


def test_the_crossover_table_has_flips_along_threads_alone():
    found = search_of(["A.B", "AA=", "ABA"], "threads")
    told = rows.boundaries(*found)
    assert [r["kind"] for r in told] == ["flip", "end", "flip", "flip"]
    table = rows.crossovers(told)
    assert [(r["leads_below"], r["leads_above"], r["from_threads"],
             r["to_threads"], r["n"]) for r in table] == [
        (LEFT, RIGHT, 1, 4, 7), (LEFT, RIGHT, 1, 2, 7),
        (RIGHT, LEFT, 2, 4, 7)]
    assert table[0]["position"] == pytest.approx(2.0, rel=0.02)
    assert not {"axis", "kind", "from", "to", "steps", "resolved", "between",
                "why"} & set(table[0])
    assert rows.crossovers(rows.boundaries(*search_of(["AABB"]))) == [], \
        "along the share of writes"
