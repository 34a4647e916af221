# SPDX-License-Identifier: Apache-2.0
"""Tests that the modes `claims-...` plan the cells that the ledger needs: each cell of each claim
once on this machine, for the ports and for Go's own maps."""
import functools
import json
import math
import subprocess

import pytest
from built_maps import BUILD, maps_of, require
from report_helpers import TOP

from report.claims import evidence, golang, ledger, rules
from report.claims import next as stage
from report.claims.cells import Cells, as_written
from report.load import Cell
from report.load.decode import decode
from report.staged import Cells as Plan

pytestmark = pytest.mark.long

CLAIMS = ledger.read()
MODES = ("quick", "standard", "full")


@functools.cache
def plan(mode="quick"):
    """Returns the plan of a mode, in the form that evidence.py uses."""
    done = subprocess.run(
        [BUILD / "readmostly", "plan", "--json", "--set",
         "claims", "--mode", mode],
        capture_output=True, text=True, cwd=TOP)
    assert done.returncode == 0, done.stderr
    return Cells(map(Cell, decode(Plan, json.loads(done.stdout)).cells))


def missing_of(mode, claim, ones):
    """Returns the cells that the mode lacks or has twice: [(where, side, number)]."""
    found = []
    for one in evidence.parts(plan(mode), claim, ones):
        query = evidence.query_of(one)
        for side in query.sides:
            cells = plan(mode).fitting(query, side)
            varies = {as_written(c.factors, one.axis) for c in cells} if one.axis else ()
            if len(cells) != (max(3, len(varies)) if one.axis else 1):
                found.append((one.cells[0], side, len(cells)))
    return found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if c.cells],
                         ids=lambda c: c.id)
def test_the_mode_plans_each_cell_once(claim, mode):
    require(*maps_of(claim))
    assert missing_of(mode, claim, claim.each()) == []


@pytest.mark.parametrize("claim", [
    c for c in CLAIMS.values() if c.cells and c.each(go=True)],
    ids=lambda c: c.id)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("prefix", [golang.PREFIX, golang.CLASSIC_PREFIX])
def test_the_mode_plans_go_next_to_the_ports(claim, mode, prefix):
    require(f"{prefix}map_rw")
    assert missing_of(mode, claim, golang.Go("", prefix).of(claim)) == []


@pytest.mark.parametrize("mode", MODES)
def test_the_mode_plans_each_variant_once(mode):
    """If a claim has a variant, which is a possible cause of a difference, its cells are in the
    plan, too."""
    assert [found for claim in CLAIMS.values()
            for found in missing_of(mode, claim, claim.varied())] == []


@pytest.mark.parametrize("mode", MODES)
def test_parallel_stores_need_several_threads(mode):
    """Stores of a single thread are not parallel (article S2, 3.2)."""
    claim = CLAIMS["S2-19"]
    for own in (claim.each(), claim.each(go=True)):
        assert all("threads=1" not in one.cells[0].split()
                   for one in evidence.parts(plan(mode), claim, own))


@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if c.free],
                         ids=lambda c: c.id)
def test_longer_modes_have_more_cells_for_free_factors(claim):
    require(*maps_of(claim))
    ones = claim.each() or claim.each(go=True)
    quick, standard = (evidence.parts(plan(mode), claim, ones) for mode in MODES[:2])
    assert quick == ones
    assert len(standard) > len(quick)


@pytest.mark.parametrize("mode", MODES)
def test_few_trials_belong_to_no_claim(mode):
    """Planned cells that belong to no claim are controls, or combinations of a workload's measures
    and maps that no claim uses."""
    needed = {c.id for c in stage.cells_of(plan(mode), CLAIMS)}
    runs = [c for c in plan(mode).all
            if c.measure != "verify" and c.reason == "not run yet"]
    idle = [c.id for c in runs if c.id not in needed]
    assert len(idle) <= 0.2 * len(runs), idle


def blocks_of(one):
    """Returns the number of blocks of each planned cell of a claim about one cell."""
    query = evidence.query_of(one)
    return [c.factors.blocks for side in query.sides for c in plan().fitting(query, side)]


def test_each_claim_of_speed_has_the_blocks_that_its_family_needs():
    """With fewer blocks, no difference is accepted, however large it is."""
    ones = [one for claim in CLAIMS.values() if claim.speaks == "speed" and claim.cells
            for one in claim.each() + 2 * claim.each(go=True) if one.rule in rules.TESTED]
    least = math.ceil(math.log2(2 * len(ones) / rules.ALPHA))
    few = [one.id for one in ones if min(blocks_of(one), default=least) < least]
    assert len(ones) > 50 and not few


def test_counts_have_the_trials_that_confirm_them():
    few = [claim.id for claim in CLAIMS.values() if claim.rule in ("never", "count")
           and claim.numbers != "simulated" for one in claim.each() + claim.each(go=True)
           if min(blocks_of(one), default=rules.LEAST) < rules.LEAST]
    assert not few


def test_the_mode_keeps_its_bounds():
    """Checks the number of trials, the minutes of a run on two CPUs, and that a claim has at most
    three cells."""
    assert sum(c.pending for c in plan().all) <= 10700
    assert sum(c.pending * c.factors.estimate_ns for c in plan().all) <= 40 * 60e9
    assert all(len(c.cells) <= 3 for c in CLAIMS.values())
