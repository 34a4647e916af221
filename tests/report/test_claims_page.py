# SPDX-License-Identifier: Apache-2.0
"""Section 7 of the page: the ledger's verdicts on a campaign that was made
for claims; `claims list`, `show` and `cells`; `decide`."""
import json
import re
import shutil

import pytest
from report_helpers import Built, Page, main, make_journal

from report import damage
from report.claims import decision_rules, ledger, rule
from report.sections import claims

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
    """A ledger of four claims and a rule in the place of the project's."""
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "made.claims").write_text(LEDGER)
    (folder / decision_rules.FILE).write_text(ADVICE)
    monkeypatch.setattr(ledger, "FOLDER", folder)
    return folder


@pytest.fixture
def campaign(tmp_path, own):
    return run_for_claims(tmp_path / "c")


def run_for_claims(folder, **plant):
    """A campaign for the claims of the ledger, wherever that is now."""
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "null_map"),
                      threads=(1, 2), keys=(65536,), kinds=("update",),
                      blocks=20, plant=plant)
    change(folder, mode="claims-quick",
           notes={"claims": ledger.digest(ledger.read())})
    return folder


def change(folder, **members):
    path = folder / "campaign.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | members))


def test_the_page_has_a_row_for_each_claim_of_the_run(campaign):
    built = Built(campaign)
    text = built.section("claims")
    page = Page(built.page)
    assert page.wrong == [] and page.aimless() == []
    assert "claims" in page.filtered
    assert re.findall(r'<th scope="row"[^>]*>(S4-0.)', text) == [
        "S4-01", "S4-02", "S4-03"]
    rows = built.rows("tables/claims-all.csv")
    assert [r["id"] for r in rows] == ["S4-01", "S4-02", "S4-03"]
    assert built.verdicts["claims"][0]["of"] == "the C port"


def test_a_campaign_of_another_purpose_judges_no_claim(campaign):
    change(campaign, mode="smoke", notes={})
    built = Built(campaign)
    assert built.verdicts["claims"] == []


def test_decide_prints_the_same_bytes_twice(campaign, capsys):
    texts = []
    for _ in range(2):
        assert main(["decide", str(campaign)]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["count"]["not testable here"] == 1


def test_decide_names_a_folder_that_is_none(own, capsys, tmp_path):
    assert main(["decide", str(tmp_path / "none")]) == 2


def staged(folder, campaign, **more):
    """The campaign as the only stage of a staged one."""
    folder.mkdir()
    plan = json.loads((campaign / "campaign.json").read_text())
    plan = {"seed": 1, "cells": plan["cells"], "order": plan["order"]}
    (folder / "plan.json").write_text(json.dumps(plan))
    meta = {"format": 1, "kind": "claims", "budget_trials": 100, "seed": 1,
            "ids": None, "rule": rule.numbers(),
            "plan_sha256": damage.plan_sha256(plan)} | more
    meta["sha256"] = damage.campaign_sha256(meta)
    (folder / "stages.json").write_text(json.dumps(meta))
    return folder


def test_a_run_for_claims_has_one_stage(campaign, tmp_path, capsys):
    folder = staged(tmp_path / "s", campaign)
    assert main(["next", str(folder)]) == 0
    asked = json.loads(capsys.readouterr().out)
    assert asked["stage"] == 1 and asked["blocks"] is None
    assert [name.split("/")[1] for name in asked["cells"]] == [
        "gomap_rw", "syncmap"]
    assert asked["trials"] == 40
    shutil.move(campaign, folder / "stage-01")
    assert main(["next", str(folder)]) == 0
    assert json.loads(capsys.readouterr().out)["stage"] is None
    assert main(["decide", str(folder)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ledger_of_run"] == found["ledger_sha256"]


def test_a_run_for_one_claim_keeps_the_hash_of_the_whole_ledger(
        campaign, tmp_path, capsys):
    """It was compared with that of the one claim, as if the ledger had been
    changed since."""
    folder = staged(tmp_path / "s", campaign, ids=["S4-02"])
    shutil.move(campaign, folder / "stage-01")
    assert main(["decide", str(folder)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in found["claims"]] == ["S4-02"]
    assert found["ledger_of_run"] == found["ledger_sha256"]
    assert found["not_in_this_run"] == []


def test_a_page_has_the_claims_that_its_run_was_for(campaign, tmp_path,
                                                    capsys):
    """Others have their cells there, too, and made the p of these larger than
    in verdicts.json."""
    folder = staged(tmp_path / "s", campaign, ids=["S4-01"])
    shutil.move(campaign, folder / "stage-01")
    assert main(["decide", str(folder)]) == 0
    told = json.loads(capsys.readouterr().out)["claims"]
    assert Built(folder / "stage-01").verdicts["claims"] == told
    assert main(["claims", "list", "--from", str(folder / "stage-01")]) == 0


def test_claims_without_a_cell_are_refused_by_name(campaign, tmp_path,
                                                   capsys):
    folder = staged(tmp_path / "s", campaign, ids=["S4-03"])
    assert main(["next", str(folder)]) == 2


def test_the_ends_of_a_claimed_range_keep_their_order():
    row = dict.fromkeys(("id", "verdict", "of", "how", "numbers", "rule",
                         "instead"), "") | {"cells": []}
    told = claims.data_rows({"claims": [row | {"claimed": ends} for ends in (
        (0.4, 0.5), (2, 2), None)]})
    assert [(r["claimed_low"], r["claimed_high"]) for r in told] == [
        (0.4, 0.5), (2, 2), (None, None)]
