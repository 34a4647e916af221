# SPDX-License-Identifier: Apache-2.0
"""Tests the looks of `make regress-bisect JUDGE=time` with synthetic pairs."""
import math
import os
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import wilcoxon

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import RULES, cell_of, put  # noqa: E402
from report.gate import looks  # noqa: E402


def pairs(n, percent, spread=0.01, seed=1):
    return math.log1p(percent / 100) + np.random.default_rng(seed).laplace(0, spread, n)


@pytest.mark.parametrize("n, percent, spread, status", [
    (60, 8.0, .01, looks.BAD), (60, -3.0, .01, looks.GOOD), (240, 3.0, .01, looks.BAD),
    (240, 0.0, .01, looks.GOOD), (19, 8.0, .01, looks.OPEN),
    (240, 0.8, .001, looks.GOOD), (240, 1.2, .001, looks.BAD)])
def test_clear_differences_are_decided(n, percent, spread, status):
    """A slowdown of 0.8 % is above the margin of 0.5 %, but below fail_at, which is 1 %."""
    assert looks.decide(pairs(n, percent, spread), RULES)[0] == status


def test_early_looks_need_more_evidence():
    d = pairs(60, 1.3, spread=0.012, seed=3)
    assert looks.decide(d, RULES)[0] == looks.OPEN
    assert looks.decide(np.tile(d, 4), RULES)[0] == looks.BAD


def test_the_bounds_are_obrien_fleming_s():
    """The bound z of a look is the bound of the last look times the root of (all pairs / pairs so
    far). If pairs were lost, the bound for the remaining number of pairs is used."""
    for n, z in looks.LOOKS.items():
        assert z == pytest.approx(looks.LOOKS[240] * math.sqrt(240 / n), abs=2e-3)
    assert [looks.bound_of(n) for n in (1, 60, 61, 120, 121, 241)] == [
        4.740, 4.740, 3.352, 3.352, 2.370, 2.370]


def test_false_alarms_of_looks_stay_below_their_level():
    """Runs 2,000 bisects at the margin itself, where "bad" is wrong."""
    rng, bad = np.random.default_rng(7), 0
    margin = math.log1p(replace(RULES, fail_at=0.0).margin)
    for _ in range(2000):
        d = margin + rng.laplace(0, 0.01, 240)
        bad += any(looks.z_of(d[:n] - margin) >= bound for n, bound in looks.LOOKS.items())
    assert bad <= 2000 * 0.01 + 3 * math.sqrt(2000 * 0.01)


def test_z_agrees_with_scipy():
    d = pairs(120, 0.3)
    theirs = wilcoxon(d, method="approx", correction=False, alternative="greater").zstatistic
    assert looks.z_of(d) == pytest.approx(theirs, rel=1e-9)
    assert looks.z_of(np.zeros(20)) == 0.0


# ---- campaigns --------------------------------------------------------------

def campaign(folder, percent=0.0, blocks=60, change=lambda row: None, cells=1):
    """Writes the campaign of one look: base and head of one timed cell. change(row) edits a
    trial."""
    timed = [cell_of("regress", f"m{i}", 1, None, blocks) for i in range(cells)]
    verify = cell_of("regress", "m0", 1, None, 1, "verify")
    rows = [{"cell": "regress/m0/t1/throughput", "block": block, "arm": arm, "slot": slot,
             "exit": "0", "status": "ok", "reason": None, "result": {
                 "ops": 1000, "by_thread": [{"ops": 1000}],
                 "elapsed_ns": 20000 * (1 + slot * percent / 100) * (1 + block / 1e5)}}
            for block in range(blocks) for slot, arm in enumerate(("base", "head"))]
    for row in rows:
        change(row)
    return str(put(folder, rows=rows, meta={"cells": timed + [verify], "maps": [
        {"id": f"m{i}"} for i in range(cells)]}))


def failing(arm, cell=None):
    def change(row):
        if (row["arm"], row["block"]) == (arm, 0):
            row.update(exit="signal 11", status="failed", result=None, reason=f"{arm} died",
                       **({"cell": cell} if cell else {}))
    return change


@pytest.mark.parametrize("percent, word, status", [(0.0, "good", 0), (3.0, "bad", 1)])
def test_a_look_exits_with_the_status_that_bisect_reads(tmp_path, capsys, percent, word, status):
    assert looks.main([campaign(tmp_path / "a", percent)]) == status
    assert capsys.readouterr().out.startswith(word)


def test_looks_combine_all_campaigns(tmp_path):
    folders = [campaign(tmp_path / n, blocks=10) for n in "ab"]
    assert looks.judge(folders[:1]) == (looks.OPEN, "10 pairs, expected 20")
    assert " in 20 pairs, " in looks.judge(folders)[1]


def test_a_failing_head_is_bad_and_a_failing_base_is_open(tmp_path, capsys):
    head = campaign(tmp_path / "h", change=failing("head"))
    base = campaign(tmp_path / "b", change=failing("base"))
    checked = campaign(tmp_path / "v", change=failing("head", cell="regress/m0/t1/verify"))
    good = campaign(tmp_path / "g")
    for folders, status in (([good, head], looks.BAD), ([good, checked], looks.BAD),
                            ([good, base], looks.OPEN), ([base, head], looks.OPEN)):
        assert looks.main(folders) == status


def test_lost_trials_form_no_pair(tmp_path):
    def void(row):
        if row["block"] < 5 and row["arm"] == "head":
            row.update(status="void", reason="interrupted", result=None)
    assert " in 55 pairs, " in looks.judge([campaign(tmp_path / "a", change=void)])[1]


def test_usage_errors_are_one_line(tmp_path, capsys):
    two = campaign(tmp_path / "two", cells=2)
    for argv in ([], ["-h"], ["/no/such/folder"], [two]):
        assert looks.main(argv) == looks.USAGE
        output = capsys.readouterr()
        assert output.out == "" and output.err.count("\n") == 1
