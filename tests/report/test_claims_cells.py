# SPDX-License-Identifier: Apache-2.0
"""The mode of the claims plans what each claim is decided by: each side of
each entry of `cells` is one planned cell, no less and no more."""
import json
import os
import pathlib
import subprocess
import types

import pytest

from report import articles, journal
from report.claims import ledger

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
MODE = "claims-quick"
CLAIMS = [c for c in ledger.read().values()
          if c.rule not in ledger.WITHOUT_CELLS]


@pytest.fixture(scope="module")
def plan():
    """What figures ask of a campaign, of one that has not run."""
    done = subprocess.run([BUILD / "readmostly", "plan", "--json", "--mode",
                           MODE], capture_output=True, text=True, check=True,
                          cwd=ROOT)
    said = json.loads(done.stdout)
    cells = {c["id"]: journal.Cell(journal.DEFAULTS | c)
             for c in said["cells"]}
    return types.SimpleNamespace(cells=cells, said=said)


def sides(claim):
    """Its own sides, and those among Go's own maps."""
    own = [s for s in (claim.subject, claim.against) if s]
    return own + [s for s in claim.go if s and s not in own]


def fits(claim, found):
    """One cell; of a slope one for each value of its axis, at least three."""
    if claim.rule != "slope":
        return len(found) == 1
    return 3 <= len(found) == len({getattr(c, claim.axis) for c in found})


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda c: c.id)
def test_each_side_of_a_claim_is_one_cell(claim, plan):
    for where in claim.cells:
        for side in sides(claim):
            figure = articles.Figure("", "", claim.workload, where, side, "",
                                     claim.statistic, "", "")
            found = articles.cells_for(plan, figure, side)
            assert fits(claim, found), \
                f"{claim.place}: {where} {side}: {[c.id for c in found]}"
            installed = found[0].map.startswith("go_") \
                or claim.numbers == "counters" or not found[0].skip
            assert installed, f"{claim.place}: {found[0].skip}"


def test_the_mode_keeps_its_bounds(plan):
    """Trials of a run on two CPUs, and of each claim at most three cells."""
    assert sum(c.blocks for c in plan.cells.values() if not c.skip) <= 7000
    assert all(len(c.cells) <= 3 for c in CLAIMS)
