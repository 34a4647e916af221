# SPDX-License-Identifier: Apache-2.0
"""Which run `readmostly dev claims` reads its verdicts from, and the cells that a
run for claims has to measure: claims and plans are made by hand."""
import json
from types import SimpleNamespace as Made

import pytest
from made_claims import cell, claim

from report.claims import ledger, next as step, show
from report.journal import JournalError


# ---- verdicts of which run ------------------------------------------------

@pytest.mark.parametrize("meta,made", [
    ({"mode": "claims-quick"}, True), ({"mode": "quick"}, False), ({}, False),
    ({"mode": None, "notes": {"claims": "ab"}}, True),
    ({"mode": "quick", "notes": {"other": "x"}}, False),
    ({"notes": None}, False)])
def test_a_run_for_claims_says_so(meta, made):
    assert show.made_for(Made(meta=meta)) == made


@pytest.mark.parametrize("there,made,asked,rows", [
    (False, False, None, {}), (True, False, None, {}),
    (True, True, None, {"S9-01": {"id": "S9-01"}}),
    (True, False, "x", {"S9-01": {"id": "S9-01"}}),
    (False, False, "x", {"S9-01": {"id": "S9-01"}})])
def test_the_latest_run_counts_where_it_was_for_claims(
        tmp_path, monkeypatch, there, made, asked, rows):
    """One that is named counts whatever it was made for."""
    if there:
        (tmp_path / "campaign.json").write_text("{}")
    mode = "claims-quick" if made else "quick"
    monkeypatch.setattr(show, "LATEST", tmp_path)
    monkeypatch.setattr(show.journal, "read",
                        lambda folder: Made(meta={"mode": mode},
                                            path=tmp_path / "c"))
    monkeypatch.setattr(show.decide, "verdicts",
                        lambda campaign, claims: [{"id": "S9-01"}])
    assert show.verdicts_of(show.run_of(asked), {}) == rows


# ---- what is to run -------------------------------------------------------

def plan(*maps, **more):
    return {"cells": [cell(m, [1] * 5, **more).factors for m in maps]}


def asked(monkeypatch, planned, ids=(), stages=(), claims=None):
    claims = claims or {"S9-01": claim()}
    monkeypatch.setattr(ledger, "read", lambda: claims)
    monkeypatch.setattr(show, "plan_in", lambda file: show.plan_of(planned))
    return step.asked(Made(stages=list(stages), meta=Made(ids=list(ids)),
                           plan_file="plan.json"))


def test_the_first_stage_has_all_cells_and_there_is_no_second(monkeypatch):
    found = asked(monkeypatch, plan("a", "b", "c"))
    assert found == {
        "format": 1, "stage": 1, "blocks": None, "trials": 10,
        "cells": ["w/a/1000/0.03/2", "w/b/1000/0.03/2"],
        "why": "the cells of 1 claim"}
    assert asked(monkeypatch, plan("a", "b"), stages=[1]) == {
        "format": 1, "stage": None, "cells": [],
        "why": "stopped because every cell of the claims has run"}


def test_trials_of_skipped_cells_are_not_counted(monkeypatch):
    planned = plan("a", "b")
    planned["cells"][1]["skip"] = "too large"
    found = asked(monkeypatch, planned, claims={
        "S9-01": claim(), "S9-02": claim(id="S9-02")})
    assert len(found["cells"]) == 2 and found["trials"] == 5
    assert found["why"] == "the cells of 2 claims"


@pytest.mark.parametrize("ids,who", [
    ((), "a claim: run another mode"), (("S9-02",), "S9-02: run another"),
    (("S9-01", "S9-02"), "a claim: run another")])
def test_a_plan_without_a_cell_of_the_claims_is_refused(monkeypatch, ids,
                                                        who):
    claims = {c.id: c for c in (claim(), claim(id="S9-02"))}
    with pytest.raises(ledger.LedgerError, match="plan.json: none of its "
                       f"cells is of {who}"):
        asked(monkeypatch, plan("c"), ids, claims=claims)


def test_what_is_no_plan_is_refused(tmp_path):
    file = tmp_path / "plan.json"
    for text, why in (("{", "no plan"), ("{}", "no plan"), ("[]", "no plan")):
        file.write_text(text)
        with pytest.raises(JournalError, match=f"plan.json: {why}"):
            show.plan_in(file)
    with pytest.raises(JournalError, match="gone: No such file"):
        show.plan_in(tmp_path / "gone")
    file.write_text(json.dumps(plan("a")))
    assert list(show.plan_in(file).cells) == ["w/a/1000/0.03/2"]
