# SPDX-License-Identifier: Apache-2.0
"""What a search on disk decides, in numbers and words; do two agree?"""
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
import staged_folder as folder
import sweep_worlds as worlds
from test_sweep_folder import (PLAN, called, copied, drop_from,  # noqa: F401
                               once, truth)

from report import staged
from report.sweep import decide

AGREE = str(Path(__file__).parents[1] / "tools/sweep_agree.py")


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


# ---- two searches ----------------------------------------------------------

def agreed(*paths):
    return subprocess.run([sys.executable, AGREE, *map(str, paths)],
                          capture_output=True, text=True, check=False)


@pytest.mark.long
def test_two_searches_with_other_noise_agree(done, tmp_path):
    folder.run(tmp_path / "x", PLAN, truth, seed=2)
    said = agreed(done, tmp_path / "x")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "0 of them for opposite maps" in said.stdout
    has, _, could, *_ = said.stdout.splitlines()[1].split()
    assert has == could and int(could) >= 4


@pytest.mark.long
def test_searches_of_opposite_truths_do_not_agree(done, tmp_path):
    folder.run(tmp_path / "x", PLAN, lambda x, y, z: -truth(x, y, z))
    said = agreed(done, tmp_path / "x")
    assert said.returncode == 1 and "\n0 of" in said.stdout


@pytest.mark.long
def test_a_boundary_elsewhere_does_not_agree(done, tmp_path):
    folder.run(tmp_path / "x", PLAN, lambda x, y, z: truth(x - 0.4, y, z))
    assert agreed(done, tmp_path / "x").returncode == 1


def search_that_says(leads, flips):
    """A decision of one line over threads: {threads: who leads}, [flips]."""
    at = {"dist": "uniform", "write_share": 0.03,
          "threads": None, "keys": 1024}
    return {"points": [{**at, "threads": n, "leads": who}
                       for n, who in leads.items()],
            "boundaries": [{**at, "axis": "threads", "kind": "flip",
                            "from": a, "to": b,
                            "leads_below": leads[a], "leads_above": leads[b]}
                           for a, b in flips]}


@pytest.mark.parametrize("theirs, expected", [
    ({1: "A", 2: "A", 4: "B"}, (0, 1, 0)),
    ({1: "A", 2: None, 4: "A"}, (0, 1, 0)),
    ({1: None, 2: "B", 4: "B"}, (0, 0, 1)),
    ({1: "A", 2: None, 4: None}, (0, 0, 1)),
    ({1: None, 2: None, 4: None}, (0, 0, 1)),
])
def test_a_flip_is_compared_where_the_other_knows_both_sides(theirs, expected):
    told = importlib.util.spec_from_file_location("sweep_agree", AGREE)
    agree = importlib.util.module_from_spec(told)
    told.loader.exec_module(agree)
    one = search_that_says({1: "A", 2: "B"}, [(1, 2)])
    two = search_that_says(theirs, [])
    assert agree.compared(one, two) == expected
    assert agree.compared(one, one) == (1, 1, 0)


@pytest.mark.long
def test_agreement_of_what_is_no_pair(done, tmp_path):
    assert agreed(done, tmp_path / "none").returncode == 2
    assert agreed(done).returncode == 2
