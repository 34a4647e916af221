# SPDX-License-Identifier: Apache-2.0
"""Tests the search for crossovers in memory: the points that it requests, and how it ends.
test_sweep_bar.py tests its results and its error rate."""
import math
import zlib

import numpy as np
import pytest
import sweep_worlds as worlds

from report import stats
from report.load import JournalError
from report.model.number import Verdict
from report.staged import Rule
from report.sweep import next as following
from report.sweep import grid, outcome
from report.sweep import rule as rules

SMALL = worlds.plan((9, 3, 3))
RULE = rules.NUMBERS


def searched(truth, plan=SMALL, **more):
    return worlds.search(plan, truth, 1, **more)


def verdicts_of(found):
    return {p.at[0]: s.verdict.value for p, s in found.states.items()}


# ---- the rule ---------------------------------------------------------------------

def test_the_first_look_has_the_least_blocks_with_an_interval():
    assert RULE.level == pytest.approx(1 - 0.05 / 3)
    assert RULE.blocks[0] == stats.needed_n_walsh(RULE.level)
    assert RULE.most == 28 >= stats.VERDICT_NEEDS


@pytest.mark.parametrize("change, message", [
    ({"margin": 1.05}, "margin is 1.05, expected 1.02"), ({"blocks": (6, 7)}, "a first of 7 or more"),
    ({"blocks": (7, 0)}, "numbers of at least 1"), ({"blocks": ()}, "1 to 10 numbers"),
    ({"error": 1.0}, "error is 1.0"), ({"format": 2}, "format is 2")])
def test_another_rule_is_refused(change, message):
    own = {"format": 1, "kind": "crossover", "error": 0.05, "blocks": (7, 7, 14), "margin": 1.02}
    assert rules.checked(Rule(**own), "stages.json") == RULE
    with pytest.raises(JournalError, match=message):
        rules.checked(Rule(**own | change), "stages.json")


# ---- points -----------------------------------------------------------------------

def test_the_first_stage_has_ends_and_middles():
    asked = following.Search(worlds.lattice_of(worlds.plan((9, 4, 2))), RULE, 10 ** 6).next()
    assert {p.at for p in asked.points} == {
        (i, j, k) for i in (0, 4, 8) for j in (0, 1, 3) for k in (0, 1)}
    assert asked.blocks == 7 and asked.trials == 18 * 2 * 7
    assert len(asked.cells) == len(set(asked.cells)) == 36


def test_a_line_is_bisected_to_neighbours():
    found = searched(worlds.flat(1), worlds.plan((33, 1, 1)))
    assert len(found.states) <= 5  # without a flip: the ends, the middle and two checks
    at = verdicts_of(searched(lambda x, y, z: 20 * (x - 0.3), worlds.plan((33, 1, 1))))
    assert at[9] == "slower" and at[10] == "faster"
    assert len(at) <= 3 + 1 + 5  # the first stage, a check, four halvings, and one more point


def test_undecided_points_next_to_a_lead_have_three_looks():
    found = searched(lambda x, y, z: math.log(1.04) if x < 0.6 else 2.0, worlds.plan((9, 1, 1)))
    asked = {}
    for stage in found.stages:
        for point in stage.points:
            asked.setdefault(point, []).append(stage.blocks)
    assert all(b == [7, 7, 14][:len(b)] for b in asked.values())
    assert max(map(len, asked.values())) == 3
    assert all(b == [7] for p, b in asked.items() if p.at[0] > 4)


def test_two_crossings_between_the_first_points_are_found():
    """A leads at the ends and in the middle; B leads around the first quarter."""
    at = verdicts_of(searched(lambda x, y, z: 1.0 if 0.15 < x < 0.35 else -1.0,
                              worlds.plan((17, 1, 1))))
    assert [at[i] for i in (2, 3, 5, 6)] == ["slower", "faster", "faster", "slower"]


def test_a_narrow_island_between_all_points_is_missed():
    """docs/reference/crossover.md lists this as a limit of the search."""
    found = searched(lambda x, y, z: 1.0 if 0.3 < x < 0.45 else -1.0, worlds.plan((17, 1, 1)))
    assert set(verdicts_of(found).values()) == {"slower"}


# ---- ends -------------------------------------------------------------------------

def test_points_that_cannot_run():
    plan = worlds.plan((5, 2, 1))
    for cell in plan["cells"]:
        if cell["map"] == "syncmap":
            cell["skip"] = "too large"
    ended = searched(worlds.flat(), plan).ended
    assert ended.end is following.End.UNUSABLE and not ended.cells
    assert ended.why == "stopped because no point can run: syncmap: too large"
    plan = worlds.plan((9, 1, 1))
    middle = sorted({c["write_share"] for c in plan["cells"]})[2]
    for cell in plan["cells"]:
        if cell["write_share"] == middle:
            cell["skip"] = "unsafe"
    at = verdicts_of(searched(lambda x, y, z: 8 * (x - 0.3), plan))
    assert 2 not in at and at[1] == "slower" and at[3] == "faster"
    plan = worlds.plan((3, 1, 1))
    plan["cells"].pop()
    assert [p.skip for p in worlds.lattice_of(plan).points()] == [
        "", "", "syncmap is not planned here"]


def test_a_map_without_any_result_ends_the_search():
    search = following.Search(worlds.lattice_of(SMALL), RULE, 10 ** 6)
    search.take(search.next(), {})
    assert search.next().end is following.End.EMPTY


@pytest.mark.parametrize("budget", [1, 13, 14, 378, 600, 10 ** 5])
def test_budget_is_kept(budget):
    found = searched(lambda x, y, z: 4 * (x - 0.4), budget=budget)
    assert budget >= found.trials == sum(len(v) for s in found.stages for v in s.rates.values())
    assert (found.ended.end is following.End.BUDGET) == (budget < 10 ** 5)


def test_a_small_budget_takes_the_corners_first():
    assert {p.at for p in searched(worlds.flat(2), budget=8 * 14).states} == {
        (i, j, k) for i in (0, 8) for j in (0, 2) for k in (0, 2)}


def test_other_measures_and_maps_are_not_requested():
    plan = worlds.plan((9, 1, 1))
    plan["cells"] += [worlds.cell(m, 0.03, 2, 1024, measure=measure)
                      for m in (*worlds.MAPS, "snapshot") for measure in ("verify", "latency")]
    plan["cells"].append(worlds.cell("snapshot", 0.001, 1, 1024))
    asked = {c for s in searched(worlds.flat(3), plan).stages for c in s.rates}
    assert all(c.endswith("throughput") and "/snapshot/" not in c for c in asked)


# ---- groups -----------------------------------------------------------------------

def test_kinds_of_writes_and_distributions_share_no_line():
    plan = {"cells": [c for kind in ("update", "churn") for dist in ("uniform", "zipf:0.99")
                      for c in worlds.plan((5, 2, 1), write_kind=kind, dist=dist)["cells"]]}
    lattice = worlds.lattice_of(plan)
    assert len(lattice.groups) == 4
    assert set(lattice.varied) == {"dist", "write_kind"}
    for _, _, line in lattice.lines():
        assert len({tuple(c.split("/")[i] for i in (5, 7)) for p in line for c in p.cells}) == 1


def test_groups_and_rejected_plans():
    plan = worlds.plan((3, 3, 1))
    for cell in plan["cells"]:
        cell["window_ns"] = 10 ** 8 * cell["threads"]  # does not separate groups
    assert len(worlds.lattice_of(plan).groups) == 1
    again = [c | {"workload": "again", "id": c["id"] + "2"} for c in SMALL["cells"]]
    assert len(worlds.lattice_of({"cells": SMALL["cells"] + again}).groups) == 2
    more = [c | {"keys": 10 ** 6} for c in again if c["keys"] == 1024]
    lattice = worlds.lattice_of({"cells": SMALL["cells"] + more})
    assert len(lattice.groups) == 1 and len(lattice.groups[0].values("keys")) == 4
    twice = {"cells": SMALL["cells"] + [SMALL["cells"][0] | {"id": "x", "window_ns": 5}]}
    with pytest.raises(JournalError, match="at one point"):
        worlds.lattice_of(twice)
    with pytest.raises(JournalError, match="no throughput cell of x"):
        worlds.lattice_of(SMALL, ("gomap_rw", "x"))


# ---- properties, with incomplete grids and any noise ------------------------------

def holed(rng):
    """Makes a plan with axes of any length, skipped cells and missing cells."""
    plan = worlds.plan(tuple(int(n) for n in rng.integers(1, (12, 5, 4))))
    for cell in plan["cells"]:
        if rng.random() < 0.1:
            cell["skip"] = "by chance"
    keep = rng.random(len(plan["cells"])) > 0.05
    keep[:2] = True
    return plan | {"cells": [c for c, k in zip(plan["cells"], keep) if k]}


def losing(rates, rng):
    """A twelfth of the cells never have a result; the other cells have some void blocks."""
    return {cell: {} if zlib.crc32(cell.encode()) % 12 == 0 else
            {b: v for b, v in row.items() if rng.random() > 0.02} for cell, row in rates.items()}


@pytest.mark.parametrize("seed", range(30))
def test_properties(seed):
    rng = np.random.default_rng(seed)
    plan, kind = holed(rng), worlds.KINDS[seed % len(worlds.KINDS)]
    budget = int(rng.integers(50, 5000))
    truth, spread = worlds.surface(kind, rng), rng.choice([0.01, 0.05, 0.3])
    lose = {"lose": losing} if seed % 2 else {}
    found = worlds.search(plan, truth, seed, budget, spread, **lose)
    turned = plan | {"cells": plan["cells"][::-1]}
    again = worlds.search(turned, truth, seed, budget, spread, **lose)
    assert found.stages == again.stages and found.ended == again.ended
    known = {c["id"]: c for c in plan["cells"]}
    for number, stage in enumerate(found.stages):
        cells = [c for p in stage.points for c in p.cells]
        assert len(set(cells)) == len(cells) == 2 * len(stage.points)
        assert all(known[c]["skip"] is None for c in cells)
        before = outcome.states(found.stages[:number], RULE) if number else {}
        assert all(before[p].open for p in stage.points if p in before)
    for point, state in found.states.items():
        assert state.looks == sum(point in s.points for s in found.stages)
        assert state.n <= sum(RULE.blocks[:state.looks])
        assert state.n > 0 or state.looks == 1
    assert found.trials <= budget
    if found.ended.end is not following.End.BUDGET:
        assert not following.wanted(found.lattice, found.states)


# ---- outcomes ---------------------------------------------------------------------

def judged(values, looks=1):
    return outcome.state(stats.many_intervals({0: values}, RULE.level)[0], looks, RULE)


def test_outcomes_of_a_point():
    near = judged([1.0 + 0.001 * i for i in (3, 6, 0, 5, 1, 4, 2)])
    assert judged([1.5 + 0.01 * i for i in (0, 3, 5, 1, 6, 2, 4)]).leader == 1
    assert judged([0.5 + 0.01 * i for i in (0, 3, 5, 1, 6, 2, 4)]).leader == 0
    assert near.verdict is Verdict.EQUIVALENT and not near.open
    wide = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.05]
    assert judged(wide).verdict is Verdict.UNDECIDED and judged(wide).open
    assert not judged(wide, 3).open
    for blocks in (1, 6):
        few = judged([1.5] * blocks)
        assert few.verdict is Verdict.INVALID and few.open
    assert not judged([]).open
    flat = [0.9, 1.1] * 7  # two looks are enough if the centre is within the margin
    assert judged(flat[:7]).open and not judged(flat, 2).open
    assert judged([v * 1.05 for v in flat], 2).open


def test_blocks_are_paired_within_their_stage():
    point = grid.Point(0, (0, 0, 0), ("a", "b"))
    stages = [outcome.Stage((point,), 2, {"a": {0: 1.0, 1: 2.0}, "b": {1: 6.0}}),
              outcome.Stage((point,), 1, {"a": {0: 2.0}, "b": {0: 10.0}})]
    assert outcome.sides(point, stages) == ({1: 6.0, 2: 10.0}, {0: 1.0, 1: 2.0, 2: 2.0})
