# SPDX-License-Identifier: Apache-2.0
"""Facts about the looks of make regress-bisect JUDGE=time, on invented pairs."""
import json
import math

import numpy as np
import pytest
from gate_fake import Fake, meta_of

from report import gate_rules
from report.why import looks

RULES = gate_rules.load_rules()[0]


def pairs(n, percent, spread=0.01, seed=1):
    return math.log1p(percent / 100) + \
        np.random.default_rng(seed).laplace(0, spread, n)


@pytest.mark.parametrize("n, percent, status", [
    (60, 8.0, looks.BAD), (60, -3.0, looks.GOOD), (240, 3.0, looks.BAD),
    (240, 0.0, looks.GOOD), (19, 8.0, looks.OPEN)])
def test_what_is_plain_is_decided(n, percent, status):
    assert looks.decide(pairs(n, percent), RULES)[0] == status


def test_an_early_look_asks_for_more_than_a_late_one():
    d = pairs(60, 1.3, spread=0.012, seed=3)
    assert looks.decide(d, RULES)[0] == looks.OPEN
    assert looks.decide(np.tile(d, 4), RULES)[0] == looks.BAD


def test_the_bounds_are_those_of_obrien_fleming():
    # z of a look is the last one's times the root of how much is still to come
    last = looks.LOOKS[240]
    for n, z in looks.LOOKS.items():
        assert z == pytest.approx(last * math.sqrt(240 / n), abs=2e-3)


def test_looks_call_nothing_bad_more_often_than_they_say():
    """2,000 bisects at the margin itself, where bad is the false answer."""
    rng, bad = np.random.default_rng(7), 0
    rules = RULES | {"fail_at": 0.0}
    for _ in range(2000):
        d = math.log1p(rules["margin"]) + rng.laplace(0, 0.01, 240)
        z = [looks.z_of(d[:n] - math.log1p(rules["margin"])) >= bound
             for n, bound in looks.LOOKS.items()]
        bad += any(z)
    assert bad <= 2000 * 0.01 + 3 * math.sqrt(2000 * 0.01)


def test_z_is_that_of_scipy():
    from scipy.stats import wilcoxon
    d = pairs(120, 0.3)
    ours = looks.z_of(d)
    theirs = wilcoxon(d, method="approx", correction=False,
                      alternative="greater").zstatistic
    assert ours == pytest.approx(theirs, rel=1e-9)


# ---- the edges --------------------------------------------------------------

@pytest.mark.parametrize("n, bound", [
    (1, 4.740), (60, 4.740), (61, 3.352), (120, 3.352), (121, 2.370),
    (240, 2.370), (241, 2.370)])
def test_a_look_that_lost_pairs_has_the_bound_of_the_look_before(n, bound):
    assert looks.bound_of(n) == bound


def test_without_a_difference_z_is_none():
    assert looks.z_of(np.zeros(20)) == 0.0


def test_slower_than_the_margin_is_not_bad_unless_large_enough():
    """240 pairs of 0.8 %: beyond the margin of 0.5 %, below 1 %."""
    status, told = looks.decide(pairs(240, 0.8, spread=0.001), RULES)
    assert status == looks.GOOD and told.startswith("+0.80 % in 240 pairs")
    assert looks.decide(pairs(240, 1.2, spread=0.001), RULES)[0] == looks.BAD


@pytest.mark.parametrize("n, status", [(19, looks.OPEN), (20, looks.BAD)])
def test_twenty_pairs_may_decide(n, status, monkeypatch):
    monkeypatch.setattr(looks, "LOOKS", {240: 2.370})
    assert looks.decide(pairs(n, 8.0), RULES)[0] == status


# ---- campaigns --------------------------------------------------------------

def campaign(folder, percent=0.0, blocks=60, change=None, cells=1):
    """One look: base and head of one timed cell. change(row) edits a trial."""
    folder.mkdir()
    timed = [f"regress/m{i}/t1/throughput" for i in range(cells)]
    (folder / "campaign.json").write_text(json.dumps(meta_of(Fake()) | {
        "cells": [{"id": name, "measure": "throughput", "blocks": blocks}
                  for name in timed]
        + [{"id": "regress/m0/t1/verify", "measure": "verify", "blocks": 1}]}))
    rows = [{"cell": "regress/m0/t1/throughput", "block": block, "arm": arm,
             "slot": slot, "exit": "0", "status": "ok", "reason": None,
             "result": {"ops": 1000, "by_thread": [{}], "elapsed_ns":
                        1000 * 20 * (1 + slot * percent / 100)
                        * (1 + block / 1e5)}}
            for block in range(blocks)
            for slot, arm in enumerate(("base", "head"))]
    for row in rows:
        (change or (lambda _: None))(row)
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows))
    return str(folder)


def failing(arm, block=3, cell=None):
    def change(row):
        if (row["arm"], row["block"]) == (arm, block):
            row.update(exit="signal 11", status="failed", result=None,
                       reason=f"{arm} died", **({"cell": cell} if cell
                                                else {}))
    return change


@pytest.mark.parametrize("percent, word, status", [
    (0.0, "good", 0), (3.0, "bad", 1)])
def test_the_status_of_a_look_is_what_a_bisect_reads(tmp_path, capsys,
                                                     percent, word, status):
    folder = campaign(tmp_path / "a", percent)
    assert looks.main([folder]) == status


def test_looks_are_of_all_campaigns_together(tmp_path):
    folders = [campaign(tmp_path / n, blocks=10) for n in "ab"]
    assert looks.judge(folders[:1]) == (looks.OPEN, "10 pairs, expected 20")
    assert " in 20 pairs, " in looks.judge(folders)[1]


def test_a_head_that_breaks_is_bad_and_a_base_that_breaks_leaves_it_open(
        tmp_path, capsys):
    head = campaign(tmp_path / "h", change=failing("head"))
    base = campaign(tmp_path / "b", change=failing("base"))
    checked = campaign(tmp_path / "v", change=failing(
        "head", cell="regress/m0/t1/verify"))
    good = campaign(tmp_path / "g")
    for folders, status, who in (
            ([good, head], looks.BAD, "bad: head"),
            ([good, checked], looks.BAD, "bad: head"),
            ([good, base], looks.OPEN, "open: base: base"),
            ([base, head], looks.OPEN, "open: base: base")):
        assert looks.main(folders) == status


def test_what_was_lost_is_no_pair(tmp_path):
    def void(row):
        if row["block"] < 5 and row["arm"] == "head":
            row.update(status="void", reason="interrupted", result=None)
    assert " in 55 pairs, " in looks.judge([campaign(tmp_path / "a",
                                                     change=void)])[1]


@pytest.mark.parametrize("cells", [0, 2])
def test_a_campaign_is_of_one_timed_cell(tmp_path, capsys, cells):
    folder = campaign(tmp_path / "a", cells=cells)
    assert looks.main([folder]) == looks.USAGE


@pytest.mark.parametrize("argv", [[], ["-h"], ["/no/such/folder"]])
def test_what_is_no_campaign_is_a_mistake_of_the_caller(argv, capsys):
    assert looks.main(argv) == looks.USAGE
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
