# SPDX-License-Identifier: Apache-2.0
"""Does the mode `claims-quick` plan what the ledger needs? Each cell of each
claim once, on this machine, for the ports and for Go's own maps."""
import functools
import json
import os
import subprocess

import pytest
from report_helpers import TOP

from report import articles  # noqa: E402
from report.claims import evidence, ledger, show  # noqa: E402

BUILD = (TOP / os.environ.get("BUILD", "build/gcc")).resolve()
CLAIMS = ledger.read()


@functools.cache
def plan():
    """The plan of the mode, as evidence reads it."""
    done = subprocess.run(
        [BUILD / "readmostly", "plan", "--json", "--mode", "claims-quick"],
        capture_output=True, text=True, cwd=TOP)
    assert done.returncode == 0, done.stderr
    return show.plan_of(json.loads(done.stdout))


def is_listed(map_name):
    """Does this build have it? Go is not everywhere."""
    return any(c.map == map_name for c in plan().cells.values())


def missing_of(parts):
    """What the mode has not, or has twice: [(where, side, how many)]."""
    found = []
    for one in parts:
        figure = evidence.figure_of(one, one.cells[0], one.subject,
                                    one.against)
        for side in figure.cells_wanted():
            cells = articles.cells_for(plan(), figure, side)
            varies = {getattr(c, one.axis) for c in cells} if one.axis else ()
            if len(cells) != (max(3, len(varies)) if one.axis else 1):
                found.append((one.cells[0], side, len(cells)))
    return found


@pytest.mark.parametrize("claim", [c for c in CLAIMS.values() if c.cells],
                         ids=lambda c: c.id)
def test_the_mode_plans_each_cell_once(claim):
    assert missing_of(claim.each()) == []


@pytest.mark.parametrize("claim", [
    c for c in CLAIMS.values() if c.cells and c.each(go=True)],
    ids=lambda c: c.id)
def test_the_mode_plans_go_beside_the_ports(claim):
    if not is_listed("go_map_rw"):
        pytest.skip("no Go in this build")
    assert missing_of(claim.each(go=True)) == []


def test_the_mode_plans_each_variant_once():
    """What is to show a cause is measured beside what it explains."""
    assert [found for claim in CLAIMS.values()
            for found in missing_of(claim.varied())] == []


def test_few_trials_are_for_nothing():
    """Most planned cells are of a claim: the others are controls, or what a
    workload's measures and maps make together."""
    needed = set(show.cells_of(plan(), CLAIMS))
    runs = [c for c in plan().cells.values()
            if c.measure != "verify" and c.reason == "not run yet"]
    idle = [c.id for c in runs if c.id not in needed]
    assert len(idle) <= 0.2 * len(runs), idle


def test_the_mode_keeps_its_bounds():
    """Trials of a run on two CPUs, and of each claim at most three cells."""
    assert sum(c.blocks for c in plan().cells.values()
               if not c.skip) <= 7000
    assert all(len(c.cells) <= 3 for c in CLAIMS.values())
