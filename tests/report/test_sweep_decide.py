# SPDX-License-Identifier: Apache-2.0
"""Decisions of a search on disk, and its report."""
import json

import pytest
import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built, Page
from test_sweep_folder import (PLAN, called, copied, drop_from,  # noqa: F401
                               once, truth)

from report import staged
from report.sweep import decide


# ---- what is decided -------------------------------------------------------

def test_decide_before_the_end_says_so(own, monkeypatch):
    drop_from(own, 2)
    status, out, _ = called(monkeypatch, "decide", own)
    said = json.loads(out)
    assert status == 3 and not said["finished"]


def test_decide_before_the_first_stage(tmp_path, monkeypatch):
    folder.begin(tmp_path / "x", PLAN)
    status, out, _ = called(monkeypatch, "decide", tmp_path / "x")
    said = json.loads(out)
    assert status == 3 and said["points"] == said["boundaries"] == []
    assert said["machine"] is None and said["counts"]["not_needed"] == 18


def test_numbers_add_up(done, monkeypatch):
    status, out, _ = called(monkeypatch, "decide", done)
    said = json.loads(out)
    number = said["counts"]
    assert status == 0 and said["finished"]
    assert number["planned"] == (number["skipped"] + number["measured"]
                                 + number["not_needed"]) == 18
    assert number["measured"] == len(said["points"]) == sum(
        number[k] for k in ("base", "contender", "tied", "no_interval"))
    assert said["trials"] == said["results"]["counted"] == 2 * sum(
        p["n"] for p in said["points"])
    assert said["source"] == "synthetic" and said["machine"] == "5e7a0001"


def test_lost_trials_are_named(tmp_path):
    def lose(lines):
        return [t | {"status": "void", "reason": "thread 1 never ran",
                     "result": None}
                if "/syncmap/" in t["cell"] and t["block"] == 0 else t
                for t in lines]
    folder.begin(tmp_path / "x", PLAN)
    folder.run_stage(tmp_path / "x", PLAN, truth, 1, lose)
    said = decide.decided(staged.read(tmp_path / "x"))
    assert {p["side"] for p in said["points"]} == {"no interval"}
    assert {p["why"] for p in said["points"]} == {
        "6 of 7 blocks, syncmap: 1 void"}
    asked, points = folder.ask(tmp_path / "x")
    assert asked["stage"] == 2 and len(points) == len(said["points"])


def test_a_map_that_fails_everywhere(tmp_path):
    def fail(lines):
        return [t | {"status": "failed", "reason": "signal 11",
                     "result": None} if "/syncmap/" in t["cell"] else t
                for t in lines]
    folder.begin(tmp_path / "x", PLAN)
    folder.run_stage(tmp_path / "x", PLAN, truth, 1, fail)
    said = decide.decided(staged.read(tmp_path / "x"))
    assert said["finished"] and "no point gave a result" in said["why"]
    assert all("syncmap: 7 failed (signal 11)" in p["why"]
               for p in said["points"])


def test_leads_of_a_map_with_a_wrong_answer_are_doubted_first(tmp_path):
    """One trial of 70 is enough; the others count, and lead."""
    def wrong(lines):
        lines[0]["result"]["verification"] = {"status": "failed",
                                              "reason": "lost 3 keys"}
        return [lines[0] | {"status": "failed"}, *lines[1:]]
    for name, change in (("x", wrong), ("y", None)):
        folder.begin(tmp_path / name, PLAN)
        folder.run_stage(tmp_path / name, PLAN, truth, 1,
                         *([change] if change else []))
    said, sound = (decide.decided(staged.read(tmp_path / name))["words"]
                   for name in "xy")
    assert "verification" not in " ".join(sound)


def test_rows_for_the_page(done):
    """The columns of the figures that sections draw."""
    from report.sections.answer import CROSSOVERS
    from report.sections.fields import FLIP_COLUMNS
    rows = decide.rows_of(staged.read(done))
    assert len(rows["flip"]) == 18
    assert all(set(FLIP_COLUMNS) <= set(r) for r in rows["flip"])
    assert all(r["why"] for r in rows["flip"]
               if r["side"] in ("tied", "no interval"))
    assert rows["crossover"] == [] or all(
        set(CROSSOVERS) <= set(r) for r in rows["crossover"])


def test_crossovers_on_the_way_to_more_threads(tmp_path):
    from report.sections.answer import CROSSOVERS
    plan = worlds.plan((1, 5, 1))
    folder.run(tmp_path / "x", plan, lambda x, y, z: 3 * (y - 0.4))
    row, = decide.rows_of(staged.read(tmp_path / "x"))["crossover"]
    assert set(CROSSOVERS) <= set(row)
    assert (row["from_threads"], row["to_threads"]) == (2, 4)
    assert row["position"] == pytest.approx(2 ** 1.6, rel=0.15)
    assert row["low"] < 2 ** 1.6 < row["high"]


def test_same_seed_same_folder(tmp_path):
    for name in ("a", "b"):
        folder.run(tmp_path / name, worlds.plan((5, 1, 1)), truth)
    one, two = (json.dumps(decide.decided(staged.read(tmp_path / n)))
                for n in ("a", "b"))
    assert one == two


# ---- the report --------------------------------------------------------------

def test_a_report_has_the_numbers_of_decide(own, monkeypatch):
    _, out, _ = called(monkeypatch, "decide", own)
    built = Built(own)
    assert built.status == 0 and Page(built.page).wrong == []
    assert (built.out / "verdicts.json").read_text(encoding="utf-8") == out
    flips = json.loads(out)["boundaries"]
    assert flips and [r["position"] for r in built.rows("tables/boundaries.csv")] == [
        "" if b["position"] is None else f"{b['position']:.6g}" for b in flips]
    drop_from(own, 2)
    assert Built(own).status == 3, "not at its end"


@pytest.mark.parametrize("options", [("--base", "syncmap"), ("--contender", "syncmap")])
def test_a_report_of_a_search_refuses_options_of_a_campaign(own, options):
    built = Built(own, *options)
    assert built.status == 2 and not built.out.exists()


def test_a_report_of_a_damaged_search_or_of_claims_is_refused(own, tmp_path):
    file = own / "stage-01/trials.jsonl"
    file.write_text(file.read_text().replace('"ops": 4', '"ops": 5', 1))
    claims = folder.begin(tmp_path / "x", worlds.plan((2, 1, 1)), kind="claims")
    for built in (Built(own), Built(claims)):
        assert built.status == 2 and not built.out.exists()
