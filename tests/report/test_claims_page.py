# SPDX-License-Identifier: Apache-2.0
"""Tests the commands `decide`, `next` and `claims list | show | cells` on campaigns in files, and
the tables of a page, with a ledger of four claims."""
import json
import shutil
from types import SimpleNamespace as Made

import pytest
from made_claims import campaign as made, cell, claim
from report_helpers import main, make_journal

from report import load
from report.claims import decide, decision_rules, ledger, rule, show
from report.claims import next as stage
from report.claims.cells import Cells
from report.decide import claims as tables
from report.load import JournalError, seal

LEDGER = """
conditions = stated
workload   = uniform-97-3
cells      = keys=65536 write_kind=update threads=2 measure=throughput
subject    = syncmap
against    = gomap_rw
statistic  = ops/elapsed_s

[S4-01]
says    = At 97:3 sync.Map reaches only 43.5 percent.
article = 0.435
rule    = ratio
claimed = 0.435
about   = go

[S4-02]
says    = Equal, though <no> map is.
article = unstated
rule    = equal

[S4-03]
says    = What nobody wrote.
article = unstated
rule    = none
lacks   = experiment: a dump of the map

[S4-04]
says     = Elsewhere.
article  = unstated
rule     = direction
side     = above
workload = not-planned
"""

ADVICE = """
[D1]
source    = S4 1
situation = read-mostly & <busy>
advises   = sync.Map
for       = S4-02
against   = S4-01, S4-04
pair      = syncmap gomap_rw
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Replaces the project's ledger by one with four claims and one rule."""
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "made.claims").write_text(LEDGER)
    (folder / decision_rules.FILE).write_text(ADVICE)
    monkeypatch.setattr(ledger, "FOLDER", folder)
    return folder


@pytest.fixture
def campaign(tmp_path, own):
    """Writes a campaign for the claims of the ledger."""
    folder = tmp_path / "c"
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "null_map"), threads=(1, 2),
                      keys=(65536,), kinds=("update",), blocks=20)
    change(folder, mode="claims-quick", notes={"claims": ledger.digest(ledger.read())})
    return folder


def change(folder, **members):
    path = folder / "campaign.json"
    meta = json.loads(path.read_text()) | members
    if "sha256" in meta:
        meta["sha256"] = seal.campaign_sha256(meta)
    path.write_text(json.dumps(meta))


def printed(capsys, *words):
    """Returns the output of a command, whose status must be 0."""
    assert main(list(map(str, words))) == 0
    return capsys.readouterr().out


# ---- an ordinary campaign ---------------------------------------------------

def test_decide_prints_the_same_bytes_twice(campaign, capsys):
    first, again = (printed(capsys, "decide", campaign) for _ in range(2))
    found = json.loads(first)
    assert first == again and found["count"]["not testable here"] == 1
    assert [r["id"] for r in found["claims"]] == ["S4-01", "S4-02", "S4-03"]
    assert found["claims"][0]["of"] == "C port of Go 1.19's code"
    assert found["not_in_this_run"] == ["S4-04"]
    assert found["rules"][0]["for"] == ["S4-02"]
    assert found["ledger_of_run"] == found["ledger_sha256"]


def test_decide_reports_a_folder_without_a_campaign(own, tmp_path):
    assert main(["decide", str(tmp_path / "none")]) == 2


def test_a_page_has_a_row_for_each_claim_of_the_run(campaign):
    read = load.read(campaign)
    document = tables.document(read)
    rows = tables.claim_rows(document)
    assert [(r.id, r.verdict) for r in rows] == [(r.id, r.verdict) for r in document.claims]
    assert rows[0].estimate.n == 20 and rows[0].estimate.unit.value == "ratio"
    assert rows[2].estimate is None
    table, figures = tables.tables(read, document)
    assert (table.id, figures.id) == ("claims", "articles")
    assert [row[0] for row in table.rows] == ["S4-01", "S4-02", "S4-03"]
    assert all(len(row) == len(t.columns) for t in (table, figures) for row in t.rows)


def test_campaigns_for_other_purposes_decide_no_claim(campaign):
    change(campaign, mode="smoke", notes={})
    read = load.read(campaign)
    assert tables.document(read) is None
    assert tables.claim_rows(None) == () == tables.tables(read, None)


def test_claims_are_listed_and_shown(campaign, capsys, monkeypatch):
    text = printed(capsys, "claims", "list", "--from", campaign)
    assert "S4-04  direction   no run yet" in text and "D1     advice" in text
    text = printed(capsys, "claims", "show", "S4-01", "D1", "--from", campaign)
    assert "uniform-97-3/syncmap" in text and "readmostly dev crossover" in text
    monkeypatch.setattr(show, "LATEST", campaign)
    assert "refuted" in printed(capsys, "claims", "list")
    change(campaign, mode="smoke", notes={})
    assert "refuted" not in printed(capsys, "claims", "list")
    assert main(["claims", "list", "--from", str(campaign)]) == 2
    assert "was not made for claims" in capsys.readouterr().err
    assert main(["claims", "show", "S4-99"]) == 2
    assert main(["claims", "power", "--from", "no such folder"]) == 2


@pytest.mark.parametrize("plan,made_for", [
    ({"mode": "claims-quick"}, True), ({"mode": "quick"}, False), ({}, False),
    ({"mode": None, "notes": {"claims": "ab"}}, True),
    ({"mode": "quick", "notes": {"other": "x"}}, False)])
def test_a_run_for_claims_is_marked(plan, made_for):
    assert decide.made_for(made(**plan)) == made_for


# ---- in stages ----------------------------------------------------------------

def staged(folder, campaign, **more):
    """Makes a staged campaign whose only stage is this campaign."""
    folder.mkdir()
    plan = json.loads((campaign / "campaign.json").read_text())
    plan = {"seed": 1, "cells": plan["cells"], "order": plan["order"]}
    (folder / "plan.json").write_text(json.dumps(plan))
    hashes = {"ledger_sha256": ledger.digest(ledger.read()), "contract_sha256": rule.contract()}
    meta = {"format": 1, "kind": "claims", "budget_trials": 100, "seed": 1, "ids": None,
            "rule": hashes, "plan_sha256": seal.plan_sha256(plan)} | more
    meta["sha256"] = seal.campaign_sha256(meta)
    (folder / "stages.json").write_text(json.dumps(meta))
    return folder


def test_a_run_for_claims_has_one_stage(campaign, tmp_path, capsys):
    folder = staged(tmp_path / "s", campaign)
    asked = json.loads(printed(capsys, "next", folder))
    assert (asked["stage"], asked["blocks"], asked["trials"]) == (1, None, 40)
    assert [name.split("/")[1] for name in asked["cells"]] == ["gomap_rw", "syncmap"]
    shutil.move(campaign, folder / "stage-01")
    assert json.loads(printed(capsys, "next", folder))["stage"] is None
    found = json.loads(printed(capsys, "decide", folder))
    assert found["ledger_of_run"] == found["ledger_sha256"] and found["finished"]


def test_the_family_contains_the_requested_claims(campaign, tmp_path, capsys):
    """Other claims may also have all of their cells in the run. They are not tested, because they
    would increase p. The recorded hash covers the whole ledger."""
    whole = {r["id"]: r for r in json.loads(printed(capsys, "decide", campaign))["claims"]}
    folder = staged(tmp_path / "s", campaign, ids=["S4-02"])
    shutil.move(campaign, folder / "stage-01")
    found = json.loads(printed(capsys, "decide", folder))
    one, = found["claims"]
    assert one["id"] == "S4-02" and found["not_in_this_run"] == []
    assert found["ledger_of_run"] == found["ledger_sha256"]
    assert one["cells"][0]["p"] <= whole["S4-02"]["cells"][0]["p"]
    row, = tables.claim_rows(tables.document(load.read(folder / "stage-01")))
    assert row.id == "S4-02"


def test_claims_without_a_cell_are_rejected_by_name(campaign, tmp_path):
    assert main(["next", str(staged(tmp_path / "s", campaign, ids=["S4-03"]))]) == 2


def next_of(monkeypatch, planned, ids=(), claims=None):
    monkeypatch.setattr(ledger, "read", lambda: claims or {"S9-01": claim()})
    return stage.next_stage(Made(stages=(), meta=Made(ids=ids), plan=Made(cells=planned),
                            plan_file="plan.json"))


def test_trials_of_skipped_cells_are_not_counted(monkeypatch):
    planned = [cell("a", [1] * 5).factors, cell("b", [1] * 5, skip="too large").factors,
               cell("c", [1] * 5).factors]
    found = next_of(monkeypatch, planned)
    assert [name.split("/")[1] for name in found.cells] == ["a", "b"]
    assert found.trials == 5


def test_a_plan_without_a_cell_of_the_claims_is_refused(monkeypatch):
    with pytest.raises(JournalError, match="plan.json: has no cell of S9-01"):
        next_of(monkeypatch, [cell("c", [1]).factors])


def test_invalid_plans_are_rejected(tmp_path, campaign, capsys):
    file = tmp_path / "plan.json"
    for text in ("{", "{}", "[]"):
        file.write_text(text)
        with pytest.raises(JournalError, match="plan.json: not a plan"):
            stage.cells_in(file)
    with pytest.raises(JournalError, match="gone: No such file"):
        stage.cells_in(tmp_path / "gone")
    assert isinstance(stage.cells_in(campaign / "campaign.json"), Cells)
    text = printed(capsys, "claims", "cells", campaign / "campaign.json", "S4-01")
    assert [line.split("/")[1] for line in text.split()] == ["gomap_rw", "syncmap"]
