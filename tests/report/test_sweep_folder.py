# SPDX-License-Identifier: Apache-2.0
"""Staged campaigns on disk: which stages count, what is refused, and that
the same files give the same bytes."""
import contextlib
import io
import json
import random
import shutil
import sys

import pytest
import staged_folder as folder
import sweep_worlds as worlds
from seal import sealed

from report import damage, journal, repeat_budget, staged
from report.__main__ import main
from report.sweep import next as following

PLAN = worlds.plan((9, 2, 1))


def truth(x, y, z):
    return 4 * (x - 0.4) + 0.6 * (y - 0.5)


@pytest.fixture(scope="module", name="done")
def once(tmp_path_factory):
    """A search that is at its end."""
    path = tmp_path_factory.mktemp("done")
    folder.run(path, PLAN, truth)
    return path


@pytest.fixture(name="own")
def copied(done, tmp_path):
    return shutil.copytree(done, tmp_path / "own")


def called(monkeypatch, *arguments):
    """(status, standard output, standard error) of python3 -m report."""
    monkeypatch.setattr(sys, "argv", ["report", *map(str, arguments)])
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main()
    return status, out.getvalue(), err.getvalue()


def last(path):
    return sorted(path.glob("stage-*"))[-1]


def lines_of(stage):
    return (stage / "trials.jsonl").read_text().splitlines(keepends=True)


def drop_from(path, number):
    """Leaves the stages before `number`."""
    for stage in path.glob("stage-*"):
        if int(stage.name[6:]) >= number:
            shutil.rmtree(stage)


# ---- complete or not -------------------------------------------------------

def test_a_stage_without_its_last_trials_asks_for_itself_again(own):
    drop_from(own, 3)
    stage = own / "stage-02"
    kept = lines_of(stage)
    shutil.rmtree(stage)
    asked = folder.ask(own)[0]
    assert asked["stage"] == 2
    folder.run_stage(own, PLAN, truth, 1)
    assert lines_of(stage) == kept
    whole = folder.ask(own)[0]
    assert whole["stage"] == 3
    for count in (0, 1, len(kept) // 2, len(kept) - 1):
        (stage / "trials.jsonl").write_text("".join(kept[:count]))
        assert folder.ask(own)[0] == asked
        (stage / "trials.jsonl").write_text("".join(kept[:count]) + "{tor")
        assert folder.ask(own)[0] == asked
    (stage / "trials.jsonl").unlink()
    assert folder.ask(own)[0] == asked
    (stage / "trials.jsonl").write_text("".join(kept))
    assert folder.ask(own)[0] == whole


def test_a_stage_whose_repeats_are_not_done_is_not_complete(own):
    """Its last lines are there, but a resume would add to them, and the next
    stage might be another one."""
    drop_from(own, 2)
    stage = own / "stage-01"
    meta = json.loads((stage / "campaign.json").read_text())
    for cell in meta["cells"]:
        cell["repeat"] = {"wait_share": 0.2, "most": 1, "share": 0.5}
    meta["plan_sha256"] = damage.plan_sha256(meta)
    meta["sha256"] = damage.campaign_sha256(meta)
    (stage / "campaign.json").write_text(json.dumps(meta))
    assert folder.ask(own)[0]["stage"] == 2
    lines = [json.loads(line) for line in lines_of(stage)]
    lines[-1]["disturbed"] = "others took 40 %"
    (stage / "trials.jsonl").write_text("".join(map(sealed, lines)))
    assert folder.ask(own)[0]["stage"] == 1
    lines.append(lines[-1] | {"attempt": 2, "disturbed": None})
    (stage / "trials.jsonl").write_text("".join(map(sealed, lines)))
    assert folder.ask(own)[0]["stage"] == 2


def test_walk_says_what_was_left():
    cell = journal.Cell({"id": "c", "workload": "w", "repeat": {
        "most": 1, "share": 1.0}})
    meta = {"cells": [{"id": "c"}], "order": [[0]], "arms": [{}]}
    bad = {"status": "ok", "disturbed": "others"}
    one = {("c", 0, "head"): [bad]}
    for found, made, whole in (({}, 0, False), (one, 0, False), (
            {("c", 0, "head"): [bad, bad]}, 1, True)):
        told = repeat_budget.walk(meta, {"c": cell}, found)
        assert (told.left, told.made, told.whole) == (0, made, whole)


def test_the_search_ends(own, monkeypatch):
    status, out, _ = called(monkeypatch, "next", own)
    said = json.loads(out)
    assert status == 0 and said["stage"] is None and said["cells"] == []
    assert said["why"].startswith("stopped because every boundary is known")


# ---- same files, same bytes ------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_order_of_lines_is_irrelevant(own, monkeypatch, seed):
    drop_from(own, 4)
    before = called(monkeypatch, "next", own), called(
        monkeypatch, "decide", own)
    for stage in own.glob("stage-*"):
        lines = lines_of(stage)
        random.Random(seed).shuffle(lines)
        (stage / "trials.jsonl").write_text("".join(lines))
    assert before == (called(monkeypatch, "next", own),
                      called(monkeypatch, "decide", own))
    assert before[0] == called(monkeypatch, "next", own)


def test_each_stage_is_a_function_of_those_before(own):
    told = []
    for number in range(len(list(own.glob("stage-*"))) + 1, 0, -1):
        drop_from(own, number)
        told.append(folder.ask(own)[0])
    folder.run_stage(own, PLAN, truth, 1)
    for asked in told[::-1]:
        assert folder.ask(own)[0] == asked or asked["stage"] == 1
        if asked["stage"] not in (None, 1):
            folder.run_stage(own, PLAN, truth, 1)


# ---- what is refused -------------------------------------------------------

def refused(path):
    with pytest.raises(journal.JournalError) as error:
        following.played(staged.read(path))
    return str(error.value)


def test_a_plan_that_was_changed(own):
    file = own / "plan.json"
    file.write_text(file.read_text() + "\n")
    following.played(staged.read(own))  # the same plan, other blanks
    file.write_text(file.read_text().replace('"threads": 1', '"threads": 3'))
    assert "not the plan whose plan_sha256" in refused(own)


def test_a_budget_that_was_changed(own):
    meta = json.loads((own / "stages.json").read_text())
    (own / "stages.json").write_text(json.dumps(
        meta | {"budget_trials": 5}))
    assert "sha256 is not that" in refused(own)


def test_a_stage_that_the_rule_did_not_ask_for(own):
    drop_from(own, 3)
    asked, _ = folder.ask(own)
    spare = next(c["id"] for c in PLAN["cells"]
                 if c["id"] not in asked["cells"])
    folder.write_stage(own / "stage-03", PLAN, asked | {
        "cells": [*asked["cells"], spare]}, [])
    assert f"such as {spare}" in refused(own)


def test_a_stage_with_other_blocks(own):
    drop_from(own, 3)
    asked, _ = folder.ask(own)
    folder.write_stage(own / "stage-03", PLAN, asked | {"blocks": 5}, [])
    assert "5 blocks of" in refused(own)


def test_a_stage_too_many(own):
    asked, _ = folder.ask(own)
    assert asked["stage"] is None
    count = len(list(own.glob("stage-*"))) + 1
    shutil.copytree(own / "stage-01", own / f"stage-{count:02d}")
    assert "a stage too many" in refused(own)


def test_a_stage_that_is_missing(own):
    shutil.rmtree(own / "stage-02")
    assert "stage 2 before it is not there" in refused(own)


def test_a_stage_after_one_that_is_not_complete(own):
    lines = lines_of(own / "stage-02")
    (own / "stage-02/trials.jsonl").write_text("".join(lines[:-1]))
    assert "stage-02 before it is not complete" in refused(own)


def test_another_machine(own):
    stage = own / "stage-02"
    meta = json.loads((stage / "campaign.json").read_text())
    meta["machine"]["id"] = "other"
    meta["sha256"] = damage.campaign_sha256(meta)
    (stage / "campaign.json").write_text(json.dumps(meta))
    assert "machine other, but this is a search on 5e7a0001" in refused(own)


def test_a_machine_that_stages_json_names(tmp_path):
    folder.begin(tmp_path / "x", PLAN, machine="mine")
    folder.run_stage(tmp_path / "x", PLAN, truth, 1)
    assert "but this is a search on mine" in refused(tmp_path / "x")


def test_verifications_of_a_stage_are_the_front_ends(tmp_path):
    checks = [worlds.cell(m, 0.03, 2, 1024, measure="verify", blocks=1)
              for m in worlds.MAPS]
    plan = PLAN | {"cells": PLAN["cells"] + checks}
    told = folder.run(tmp_path / "x", plan, truth)
    ids = {c["id"] for c in checks}
    assert not any(ids & set(t["cells"]) for t in told)
    assert ids <= set(staged.read(tmp_path / "x").stages[0].cells)


def test_a_line_that_was_changed(own):
    file = own / "stage-01/trials.jsonl"
    file.write_text(file.read_text().replace('"ops": 4', '"ops": 5', 1))
    assert "damaged, crc32" in refused(own)


@pytest.mark.parametrize("text, said", [
    (None, "No such file"), ("[]", "not an object"), ("{", "not JSON"),
    ("{}", "format is not 1")])
def test_stages_json_that_is_none(own, monkeypatch, text, said):
    (own / "stages.json").unlink()
    if text is not None:
        (own / "stages.json").write_text(text)
    status, out, err = called(monkeypatch, "next", own)
    assert status == 2 and not out and "stages.json" in err and said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("change, said", [
    ({"kind": "x"}, "kind is none of"), ({"maps": ["a"]}, "maps are not two"),
    ({"maps": ["a", "a"]}, "maps are not two"), ({"rule": 3}, "no object"),
    ({"rule": {"margin": 1.05}}, "use the report that came"),
    ({"budget_trials": 0}, "budget_trials"),
    ({"seed": "<img onerror=1>"}, "seed is no whole number"),
    ({"seed": True}, "seed is no whole number"),
    ({"seed": None}, "seed is no whole number"),
    ({"maps": ["gomap_rw", "no_map"]}, "no throughput cell of no_map")])
def test_stages_json_that_cannot_be_followed(tmp_path, change, said):
    folder.begin(tmp_path / "x", PLAN, **change)
    assert said in refused(tmp_path / "x")


def test_usage(monkeypatch, tmp_path):
    status, out, _ = called(monkeypatch, "rule", "crossover")
    assert status == 0 and json.loads(out)["blocks"] == [7, 7, 14]
    with pytest.raises(SystemExit) as end:
        called(monkeypatch, "rule", "flips")
    assert end.value.code == 2
    status, _, err = called(monkeypatch, "decide", tmp_path / "none")
    assert status == 2 and "no such folder" in err
