# SPDX-License-Identifier: Apache-2.0
"""What `readmostly claims` prints of a claim and of an advice, and what a run
for claims is told to measure: claims, rules and verdicts are made by hand."""
import json
from types import SimpleNamespace as Made

import pytest
from made_claims import cell, claim
from report_helpers import TOP  # noqa: F401  (puts report/ on the path)

from report.claims import decision_rules, ledger, next as step, show
from report.journal import JournalError


# ---- one claim ------------------------------------------------------------

def said(where="threads=2 measure=causes", **more):
    return {"where": where, "cells": ["id-1", "id-2"], "word": "reproduced",
            "how": "", "value": 1.5, "low": 1.25, "high": 1.75, "n": 20,
            "against_value": None} | more


def row(*cells, **more):
    return {"verdict": "reproduced", "how": "", "of": "", "numbers":
            "native", "cells": list(cells), "port": None, "agree": None,
            "variant": None, "cause": ""} | more


def lines(text):
    """The lines of a text, each without the blanks before it."""
    return [line.strip() for line in text.splitlines()]


@pytest.mark.parametrize("more,text", [
    ({}, "direction; subject ÷ against above 1; band 2.00\u00a0%"),
    ({"side": ""}, "direction; band 2.00\u00a0%"),
    ({"rule": "ratio", "claimed": (2.0, 2.0), "side": ""},
     "ratio; claimed 2.00; tolerance × 1.2; band 2.00\u00a0%"),
    ({"rule": "figure", "claimed": (2.0, 3.0), "side": "", "tolerance": 1.5},
     "figure; claimed 2.00 to 3.00; tolerance × 1.5"),
    ({"rule": "slope", "claimed": (0.8, 1.2), "side": ""},
     "slope; claimed 0.800 to 1.20"),
    ({"rule": "equal", "side": "", "band": 0.05},
     "equal; band 5.00\u00a0%"),
    ({"rule": "never", "side": ""}, "never")])
def test_a_rule_is_told_with_its_numbers(more, text):
    assert show.rule_text(claim(**more)) == text


def test_a_claim_that_did_not_run_says_what_would_decide_it():
    text = show.text_of(claim(go=("A", "B"), cells=("threads=2", "keys=9")),
                        None)
    assert lines(text) == [
        "S9-01  (direct, speaks of speed; workloads/claims/made:1)",
        "claim         a is faster than b", "article       unstated",
        "ran on        unstated",
        "experiment    w: a against b; Go: A against B; ops/elapsed_s",
        "threads=2", "keys=9",
        "rule          direction; subject ÷ against above 1; band 2.00"
        "\u00a0%", "verdict       no run yet",
        "again         readmostly claims run S9-01"]


def test_a_claim_without_a_workload_cannot_be_run_again():
    text = show.text_of(claim(workload="", compute="two 2", lacks="x"), None)
    told = {line.split()[0] for line in lines(text)}
    assert not told & {"experiment", "again"}
    assert "computed      two 2" in text and "lacks         x" in text


def test_each_cell_stands_with_its_numbers_and_its_ids():
    told = list(show.cell_lines(row(
        said(), said("threads=4", low=None, high=None, value=None, n=3,
                     how="too few", word="inconclusive"),
        said("threads=8", against_value=30.0))))
    assert [line.strip() for line in told] == [
        "threads=2: 1.50 [1.25, 1.75], n 20: reproduced", "id-1", "id-2",
        "threads=4: none, n 3: inconclusive (too few)", "id-1", "id-2",
        "threads=8: 1.50 [1.25, 1.75], against at 30.0, n 20: reproduced",
        "id-1", "id-2"]


@pytest.mark.parametrize("more,first", [
    ({}, "verdict       reproduced"),
    ({"of": "Go"}, "verdict       reproduced (of Go)"),
    ({"how": "at 2 threads"}, "verdict       reproduced: at 2 threads"),
    ({"of": "Go", "how": "so"}, "verdict       reproduced (of Go): so")])
def test_a_verdict_says_of_whom_and_how(more, first):
    assert list(show.verdict_lines(row(**more))) == [
        first, "numbers       native"]


PORT = {"verdict": "refuted", "how": "opposite"}
VARIANT = {"maps": "c / d", "verdict": "reproduced", "how": ""}


@pytest.mark.parametrize("more,told", [
    ({}, []), ({"port": PORT, "agree": True}, [
        "of the port   refuted: opposite"]),
    ({"port": PORT, "agree": None}, ["of the port   refuted: opposite"]),
    ({"port": PORT, "agree": False, "cause": "a lock"}, [
        "of the port   refuted: opposite", "why           a lock"]),
    ({"variant": VARIANT}, ["variant       c / d: reproduced"])])
def test_the_port_stands_beside_go(more, told):
    assert list(show.port_lines(row(**more))) == told


def test_a_long_text_is_folded_under_its_name():
    told = show.told("claim", "word " * 30)
    assert len(told) == 3 and all(len(line) <= 78 for line in told)
    assert all(line.startswith(" " * 14 + "word") for line in told[1:])
    assert show.told("claim", "") == []


# ---- an advice, and the list ----------------------------------------------

RULE = decision_rules.Rule("D9", "made:2", "S9 Title", "few writes", "take a",
                           (decision_rules.Link("S9-01"),
                            decision_rules.Link("S9-02", ("a",))), (),
                           ("x", "y"))


def test_an_advice_names_its_grounds_and_how_it_stands():
    head = ["D9  (advice; workloads/claims/made:2)", "source        S9 Title",
            "situation     few writes", "advises       take a",
            "for           S9-01, S9-02 a"]
    flips = "flips         readmostly crossover x y"
    assert list(show.rule_lines(RULE, None)) == [
        *head, "stands        no run yet", flips]
    found = {"standing": "open", "why": "S9-01 did not run"}
    assert list(show.rule_lines(RULE, found)) == [
        *head, "stands        open: S9-01 did not run", flips]


def test_the_list_has_a_line_for_each_with_its_word():
    claims = {c.id: c for c in (claim(), claim(id="S9-02", rule="figure"))}
    told = list(show.list_lines(claims, {"D9": RULE}, {}))
    assert told == [
        "S9-01  direction   no run yet         a is faster than b",
        "S9-02  figure      no run yet         a is faster than b",
        "D9     advice      no run yet         few writes: take a"]


def test_what_was_asked_for_comes_in_that_order():
    claims = {c.id: c for c in (claim(), claim(id="S9-02"))}
    assert list(show.chosen(claims, ["S9-02", "S9-01"])) == ["S9-02",
                                                             "S9-01"]
    assert show.chosen(claims, []) is claims
    with pytest.raises(ledger.LedgerError, match="no claim S1, S2: expected"):
        show.chosen(claims, ["S1", "S9-01", "S2"])
    texts = list(show.shown(claims, {"D9": RULE}, {}, ["D9", "S9-02"]))
    assert [text.split()[0] for text in texts] == ["D9", "S9-02"]


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
    return step.asked(Made(stages=list(stages), meta={"ids": list(ids)},
                           plan=planned, plan_file="plan.json"))


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
