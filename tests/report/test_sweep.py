# SPDX-License-Identifier: Apache-2.0
"""The search for crossovers in memory: which points it asks for, and when it
ends. What it finds, and how often it is wrong, is in test_sweep_bar.py."""
import math
import zlib
from types import SimpleNamespace

import numpy as np
import pytest
import sweep_worlds as worlds

from report import journal, stats, verdicts
from report.sweep import grid, next as following, outcome
from report.sweep import rule as rules

SMALL = worlds.plan((9, 3, 3))
RULE = rules.NUMBERS


def searched(truth, plan=SMALL, **more):
    return worlds.search(plan, truth, 1, **more)


def blocks_of(found):
    """point -> blocks that it was asked for, stage by stage."""
    result = {}
    for stage in found.stages:
        size = {len(v) for v in stage.rates.values()}
        assert len(size) == 1
        for point in stage.points:
            result.setdefault(point, []).append(size.copy().pop())
    return result


def ran(blocks=4, cells=("a", "b"), verified=("v",)):
    """A stage's campaign: its timed cells with so many blocks each."""
    timed = {c: SimpleNamespace(id=c, blocks=blocks, measure="throughput")
             for c in cells}
    checked = {c: SimpleNamespace(id=c, blocks=1, measure="verify")
               for c in verified}
    return SimpleNamespace(path="stage-2", cells=timed | checked)


ASKED = {"stage": 2, "cells": ["a", "b"], "blocks": 4, "why": "done"}


def test_a_stage_that_ran_what_was_asked_is_taken():
    assert following.check_stage(ran(), ASKED) is None


@pytest.mark.parametrize("campaign,asked,told", [
    (ran(cells=("a",)), ASKED, r"1 cell such as b"),
    (ran(cells=("a", "b", "c")), ASKED, r"1 cell such as c"),
    (ran(cells=("a", "c")), ASKED, r"2 cells such as b"),
    (ran(blocks=3), ASKED, "3 blocks of a, the rule asks for 4"),
    (ran(blocks=5), ASKED, "5 blocks of a, the rule asks for 4"),
    (ran(), ASKED | {"stage": None}, "a stage too many, done")])
def test_a_stage_that_ran_something_else_is_refused(campaign, asked, told):
    with pytest.raises(journal.JournalError, match=told) as error:
        following.check_stage(campaign, asked)
    assert "stage-2" in str(error.value)
    assert "another folder" in " ".join(str(error.value).split())


# ---- the rule --------------------------------------------------------------

def test_numbers_of_the_rule_can_be_followed():
    assert rules.wrong_in(RULE) is None
    assert rules.level(RULE) == pytest.approx(1 - 0.05 / 3)
    assert RULE["blocks"][0] == stats.needed_n_walsh(rules.level(RULE))
    assert rules.most(RULE) == 28 >= stats.VERDICT_NEEDS


@pytest.mark.parametrize("change, said", [
    ({"margin": 1.05}, "margin is 1.05, expected 1.02"),
    ({"blocks": [6, 7]}, "the first 7 or more"),
    ({"blocks": [7, 0]}, "whole numbers"),
    ({"blocks": []}, "1 to 10 numbers"),
    ({"error": 1}, "error is 1"),
    ({"format": 2}, "format is 2"),
    ({"looks": 3}, "expected the members")])
def test_another_rule_is_refused(change, said):
    with pytest.raises(journal.JournalError, match="use the report") as error:
        rules.checked(RULE | change, "stages.json")
    assert said in str(error.value)


# ---- points ----------------------------------------------------------------

def test_first_stage_is_ends_and_middles():
    search = following.Search(grid.lattice(worlds.plan((9, 4, 2)),
                                           worlds.MAPS), RULE, 10 ** 6)
    asked, points = search.next()
    assert {p.at for p in points} == {
        (i, j, k) for i in (0, 4, 8) for j in (0, 1, 3) for k in (0, 1)}
    assert asked["blocks"] == 7 and asked["trials"] == 18 * 2 * 7
    assert len(asked["cells"]) == len(set(asked["cells"])) == 36


def test_a_line_is_bisected_to_neighbours():
    found = searched(worlds.flat(1), worlds.plan((33, 1, 1)))
    assert len(found.states) <= 5  # nothing flips: ends, middle, two checks
    steep = searched(lambda x, y, z: 20 * (x - 0.3), worlds.plan((33, 1, 1)))
    at = {p.at[0]: s.side for p, s in steep.states.items()}
    assert at[9] == "base" and at[10] == "contender"
    assert len(at) <= 3 + 1 + 5  # coarse, a check, four halvings and spare


def test_undecided_beside_a_lead_is_asked_again_and_at_most_three_times():
    found = searched(lambda x, y, z: math.log(1.04) if x < 0.6 else 2.0,
                     worlds.plan((9, 1, 1)))
    asked = blocks_of(found)
    assert all(b == [7, 7, 14][:len(b)] for b in asked.values())
    assert max(map(len, asked.values())) == 3
    assert all(b == [7] for p, b in asked.items() if p.at[0] > 4)


def test_a_decided_point_gets_no_more_blocks():
    for kind in worlds.KINDS:
        found = searched(worlds.surface(kind, np.random.default_rng(3)))
        stages = found.stages
        for k in range(1, len(stages)):
            before = outcome.states(stages[:k], RULE)
            assert not any(before[p].decided or not before[p].open
                           for p in stages[k].points if p in before)


def test_two_crossings_between_the_first_points_are_found():
    """Ends and middle all say A; B leads at a quarter."""
    found = searched(lambda x, y, z: 1.0 if 0.15 < x < 0.35 else -1.0,
                     worlds.plan((17, 1, 1)))
    sides = {p.at[0]: s.side for p, s in found.states.items()}
    assert [sides[i] for i in (2, 3, 5, 6)] == [
        "base", "contender", "contender", "base"]


def test_a_narrow_island_between_all_points_is_missed():
    """What docs/crossover.md says can be missed."""
    found = searched(lambda x, y, z: 1.0 if 0.3 < x < 0.45 else -1.0,
                     worlds.plan((17, 1, 1)))
    assert {s.side for s in found.states.values()} == {"base"}


# ---- ends ------------------------------------------------------------------

def test_all_points_skipped():
    plan = worlds.plan((5, 2, 1))
    for cell in plan["cells"]:
        if cell["map"] == "syncmap":
            cell["skip"] = "too large for this machine"
    found = searched(worlds.flat(), plan)
    assert found.ended["stage"] is None and found.ended["cells"] == []
    assert found.ended["why"] == ("stopped because no point can run: "
                                  "syncmap: too large for this machine")


def test_skipped_points_are_gone_around():
    plan = worlds.plan((9, 1, 1))
    middle = sorted({c["write_share"] for c in plan["cells"]})[2]
    for cell in plan["cells"]:
        if cell["write_share"] == middle:
            cell["skip"] = "unsafe"
    found = searched(lambda x, y, z: 8 * (x - 0.3), plan)
    at = {p.at[0]: s.side for p, s in found.states.items()}
    assert 2 not in at and at[1] == "base" and at[3] == "contender"


def test_a_cell_of_one_map_only_is_a_skipped_point():
    plan = worlds.plan((3, 1, 1))
    plan["cells"].pop()
    lattice = grid.lattice(plan, worlds.MAPS)
    assert [p.skip for p in lattice.points()] == [
        "", "", "syncmap is not planned here"]


def test_one_thread_count_only():
    found = searched(lambda x, y, z: 4 * (x - 0.4) + (z - 0.5),
                     worlds.plan((9, 1, 3)))
    assert {p.at[1] for p in found.states} == {0}
    assert {s.side for s in found.states.values()} >= {"base", "contender"}


def test_one_point_only():
    found = searched(worlds.flat(2), worlds.plan((1, 1, 1)))
    assert len(found.stages) == 1
    assert [s.side for s in found.states.values()] == ["contender"]


def test_a_map_without_any_result_ends_the_search():
    search = following.Search(grid.lattice(SMALL, worlds.MAPS), RULE, 10 ** 6)
    asked, points = search.next()
    search.take(asked, points, {})
    assert search.next()[0]["why"] == ("stopped because no point gave a "
                                       "result")


@pytest.mark.parametrize("budget", [1, 13, 14, 100, 377, 378, 379, 600,
                                    10 ** 5])
def test_budget_is_kept(budget):
    found = searched(lambda x, y, z: 4 * (x - 0.4), budget=budget)
    assert found.trials <= budget
    assert found.trials == sum(len(v) for s in found.stages
                               for v in s.rates.values())
    assert ("budget of" in found.ended["why"]) == (budget < 10 ** 5)


def test_a_small_budget_takes_the_corners_first():
    found = searched(worlds.flat(2), budget=8 * 14)
    assert {p.at for p in found.states} == {
        (i, j, k) for i in (0, 8) for j in (0, 2) for k in (0, 2)}


def test_other_measures_and_maps_are_not_asked_for():
    plan = worlds.plan((9, 1, 1))
    plan["cells"] += [
        worlds.cell(m, 0.03, 2, 1024, measure=measure)
        for m in (*worlds.MAPS, "snapshot")
        for measure in ("verify", "latency", "counters")]
    plan["cells"].append(worlds.cell("snapshot", 0.001, 1, 1024))
    asked = {c for s in searched(worlds.flat(3), plan).stages
             for c in s.rates}
    assert all(c.endswith("throughput") and "/snapshot/" not in c
               for c in asked)


# ---- groups ----------------------------------------------------------------

def test_kinds_of_writes_and_distributions_share_no_line():
    plan = {"cells": [c for kind in ("update", "churn")
                      for dist in ("uniform", "zipf:0.99")
                      for c in worlds.plan((5, 2, 1), write_kind=kind,
                                           dist=dist)["cells"]]}
    lattice = grid.lattice(plan, worlds.MAPS)
    assert len(lattice.groups) == 4
    assert lattice.varied() == ["dist", "write_kind"]
    for group in lattice.groups:
        for axis in grid.ORDERED:
            for _, line in group.lines(axis):
                cells = {tuple(c.split("/")[i] for i in (5, 7))
                         for p in line for c in p.cells}
                assert len(cells) == 1


def test_a_window_that_is_widened_makes_no_group():
    plan = worlds.plan((3, 3, 1))
    for cell in plan["cells"]:
        cell["window_ns"] = 10 ** 8 * cell["threads"]
    assert len(grid.lattice(plan, worlds.MAPS).groups) == 1


def test_workloads_that_differ_in_name_only_where_they_overlap():
    again = [c | {"workload": "again", "id": c["id"] + "2"}
             for c in SMALL["cells"]]
    assert len(grid.lattice({"cells": SMALL["cells"] + again},
                            worlds.MAPS).groups) == 2
    more = [c | {"workload": "again", "keys": 10 ** 6, "id": c["id"] + "2"}
            for c in worlds.plan((9, 3, 1))["cells"]]
    lattice = grid.lattice({"cells": SMALL["cells"] + more}, worlds.MAPS)
    assert len(lattice.groups) == 1
    assert len(lattice.groups[0].axes["keys"]) == 4


def test_two_cells_at_one_point_are_a_mistake():
    plan = {"cells": SMALL["cells"] + [
        SMALL["cells"][0] | {"id": "x", "window_ns": 5}]}
    with pytest.raises(journal.JournalError, match="stand at one point"):
        grid.lattice(plan, worlds.MAPS)


def test_a_map_that_is_not_planned_is_a_mistake():
    with pytest.raises(journal.JournalError, match="no throughput cell of x"):
        grid.lattice(SMALL, ("gomap_rw", "x"))


# ---- properties, of grids with holes and any noise ------------------------

def holed(rng):
    """A plan with axes of any length, skips and cells that are not there."""
    shape = tuple(int(n) for n in rng.integers(1, (12, 5, 4)))
    plan = worlds.plan(shape)
    for cell in plan["cells"]:
        if rng.random() < 0.1:
            cell["skip"] = "by chance"
    keep = rng.random(len(plan["cells"])) > 0.05
    keep[:2] = True
    plan["cells"] = [c for c, k in zip(plan["cells"], keep) if k]
    return plan


def losing(rates, rng):
    """A twelfth of the cells give nothing, whenever they are asked; of the
    others some blocks are void."""
    return {cell: {} if zlib.crc32(cell.encode()) % 12 == 0 else
            {b: v for b, v in row.items() if rng.random() > 0.02}
            for cell, row in rates.items()}


@pytest.mark.parametrize("seed", range(60))
def test_properties(seed):
    rng = np.random.default_rng(seed)
    plan, kind = holed(rng), worlds.KINDS[seed % len(worlds.KINDS)]
    budget = int(rng.integers(50, 5000))
    truth, spread = worlds.surface(kind, rng), rng.choice([0.01, 0.05, 0.3])
    whole = {"lose": losing} if seed % 2 else {}
    found = worlds.search(plan, truth, seed, budget, spread, **whole)
    again = worlds.search(plan, truth, seed, budget, spread, **whole)
    assert found.stages == again.stages and found.ended == again.ended
    known = {c["id"]: c for c in plan["cells"]}
    for stage in found.stages:
        cells = [c for p in stage.points for c in p.cells]
        assert len(set(cells)) == len(cells) == 2 * len(stage.points)
        assert all(known[c]["skip"] is None for c in cells)
    for point, state in found.states.items():
        assert state.looks == sum(point in s.points for s in found.stages)
        assert state.n <= sum(RULE["blocks"][:state.looks])
        assert state.n > 0 or state.looks == 1
    assert found.trials <= budget
    if "budget" not in found.ended["why"]:
        assert not following.wanted(found.lattice, found.states)


def test_order_of_cells_in_the_plan_is_irrelevant():
    truth = worlds.surface("diagonal", np.random.default_rng(2))
    turned = SMALL | {"cells": SMALL["cells"][::-1]}
    one, two = searched(truth), searched(truth, turned)
    assert one.ended == two.ended
    assert [s.points for s in one.stages] == [s.points for s in two.stages]


# ---- outcomes --------------------------------------------------------------

def judged(values, looks=1):
    return outcome.state(stats.summarize({0: values},
                                         rules.level(RULE))[0], looks, RULE)


def test_outcomes_of_a_point():
    near = [1.0 + 0.001 * i for i in (3, 6, 0, 5, 1, 4, 2)]
    assert judged([1.5 + 0.01 * i for i in range(7)])[0] == "contender"
    assert judged([0.5 + 0.01 * i for i in range(7)])[0] == "base"
    assert judged(near).proved and not judged(near).open
    wide = judged([0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.05])
    assert wide.side == verdicts.TIED and wide.open and not wide.proved
    assert not judged([0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.05], 3).open
    for blocks in (1, 6):
        few = judged([1.5] * blocks)
        assert few.side == verdicts.NONE and few.open
    assert not judged([]).open


def test_a_centre_within_the_margin_is_given_up_after_two_looks():
    flat = [0.9, 1.1] * 7
    assert judged(flat[:7]).open and not judged(flat, 2).open
    assert judged([v * 1.05 for v in flat], 2).open


def test_blocks_of_different_stages_are_never_paired():
    point = grid.lattice(SMALL, worlds.MAPS).usable()[0]
    one, two = point.cells
    stages = [outcome.Stage((point,), {one: {0: 1.0, 1: 2.0}, two: {1: 6.0}}),
              outcome.Stage((point,), {one: {0: 2.0}, two: {0: 10.0}})]
    assert stats.paired(*outcome.sides(point, stages)) == [3.0, 5.0]
