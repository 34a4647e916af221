# SPDX-License-Identifier: Apache-2.0
"""Tests staged campaigns on disk: which stages count, rejected folders, decisions, and that the
same files give the same bytes."""
import json
import random
import shutil
from dataclasses import replace

import pytest
import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built, Page
from seal import sealed

from report import staged
from report.__main__ import main
from report.load import JournalError, seal
from report.sweep import decide
from report.sweep import next as following

PLAN = worlds.plan((9, 2, 1))


def truth(x, y, z):
    return 4 * (x - 0.4) + 0.6 * (y - 0.5)


@pytest.fixture(scope="module", name="done")
def once(tmp_path_factory):
    """Returns a search that has ended."""
    path = tmp_path_factory.mktemp("done")
    folder.run(path, PLAN, truth)
    return path


@pytest.fixture(name="own")
def copied(done, tmp_path):
    return shutil.copytree(done, tmp_path / "own")


@pytest.fixture
def call(capsys):
    """Returns (status, standard output, standard error) of python3 -m report."""
    def called(*arguments):
        status = main([str(a) for a in arguments])
        return (status, *capsys.readouterr())
    return called


def begun(path, change=lambda lines: lines, plan=PLAN, **more):
    """Makes a search with one stage; `change` is applied to its trials."""
    folder.begin(path, plan, **more)
    folder.run_stage(path, plan, truth, 1, change)
    return path


def drop_from(path, number):
    """Removes the stages from `number` on."""
    for stage in path.glob("stage-*"):
        if int(stage.name[6:]) >= number:
            shutil.rmtree(stage)


def rewrite(file, change):
    """Changes campaign.json and updates its hashes."""
    meta = json.loads(file.read_text())
    change(meta)
    meta["plan_sha256"] = seal.plan_sha256(meta)
    meta["sha256"] = seal.campaign_sha256(meta)
    file.write_text(json.dumps(meta))


# ---- complete or not --------------------------------------------------------------

def test_a_stage_without_its_last_trials_is_requested_again(own):
    drop_from(own, 3)
    file = own / "stage-02/trials.jsonl"
    kept = file.read_text().splitlines(keepends=True)
    whole = folder.ask(own)
    drop_from(own, 2)
    asked = folder.ask(own)
    folder.run_stage(own, PLAN, truth, 1)
    assert asked.stage == 2 and whole.stage == 3
    assert file.read_text().splitlines(keepends=True) == kept
    for count in (0, 1, len(kept) - 1):
        for torn in ("", "{tor"):
            file.write_text("".join(kept[:count]) + torn)
            assert folder.ask(own) == asked
    file.unlink()
    assert folder.ask(own) == asked


def test_a_stage_with_pending_repeats_is_not_complete(own):
    """All first attempts of the stage have run, but a resumed campaign would repeat trials. Their
    results might change the next stage."""
    drop_from(own, 2)
    stage = own / "stage-01"

    def repeatable(meta):
        for cell in meta["cells"]:
            cell["repeat"] = {"wait_share": 0.2, "most": 1, "share": 0.5}
    rewrite(stage / "campaign.json", repeatable)
    assert folder.ask(own).stage == 2
    lines = [json.loads(line) for line in (stage / "trials.jsonl").read_text().splitlines()]
    lines[-1]["disturbed"] = "others took 40 %"
    for more, number in (([], 1), ([lines[-1] | {"attempt": 2, "disturbed": None}], 2)):
        (stage / "trials.jsonl").write_text("".join(map(sealed, lines + more)))
        assert folder.ask(own).stage == number


# ---- same files, same bytes -------------------------------------------------------

def test_order_of_lines_is_irrelevant(own, call):
    drop_from(own, 4)
    before = call("next", own), call("decide", own)
    for stage in own.glob("stage-*"):
        lines = (stage / "trials.jsonl").read_text().splitlines(keepends=True)
        random.Random(1).shuffle(lines)
        (stage / "trials.jsonl").write_text("".join(lines))
    assert before == (call("next", own), call("decide", own))


# ---- rejected folders -------------------------------------------------------------

def refused(path):
    with pytest.raises(JournalError) as error:
        following.played(staged.read(path))
    return " ".join(str(error.value).split())


def replaced(name, old, new):
    """Replaces text in a file. White space in a plan may change."""
    def change(own):
        file = own / name
        file.write_text(file.read_text().replace(old, new, 1) + "\n" * (name == "plan.json"))
    return change


def ran(**change):
    """Adds a third stage that ran something other than the requested cells."""
    def written(own):
        drop_from(own, 3)
        asked = vars(folder.ask(own)) | change
        spare = next(p for p in worlds.lattice_of(PLAN).points() if p not in asked["points"])
        points = asked["points"] + (() if change else (spare,))
        folder.write_stage(own / "stage-03", PLAN, following.Request(**asked | {"points": points}),
                           [])
    return written


def after(own):
    return f"stage-{len(list(own.glob('stage-*'))) + 1:02d}"


def torn(own):
    file = own / "stage-02/trials.jsonl"
    file.write_text(file.read_text().rpartition("\n{")[0])


@pytest.mark.parametrize("change, message", [
    (replaced("plan.json", '"threads": 1', '"threads": 3'), "differs from the plan_sha256"),
    (replaced("stages.json", "1000000", "5"), "sha256 does not match"),
    (replaced("stage-01/trials.jsonl", '"ops": 4', '"ops": 5'), "damaged, its crc32"),
    (lambda own: shutil.copytree(own / "stage-01", own / "stage-99"),
     "stage 9 before it is missing"),
    (lambda own: shutil.copytree(own / "stage-01", own / after(own)),
     "one stage too many"),
    (ran(), "such as crossover-fine"), (ran(blocks=5), "5 blocks of"),
    (torn, "stage-02 before it is not complete"),
    (lambda own: shutil.rmtree(own / "stage-02"), "stage 2 before it is missing"),
    (lambda own: rewrite(own / "stage-02/campaign.json",
                         lambda meta: meta["machine"].update(id="other")),
     "measured on machine other, but the search began on 5e7a0001")])
def test_a_changed_search_is_rejected(own, change, message):
    replaced("plan.json", "", "")(own)
    following.played(staged.read(own))
    change(own)
    assert message in refused(own)


def test_a_machine_that_stages_json_names(tmp_path):
    assert "but the search began on mine" in refused(begun(tmp_path / "x", machine="mine"))


@pytest.mark.parametrize("text, message", [
    (None, "No such file"), ("[]", "not JSON"), ("{", "not JSON"), ("{}", "format 1 expected")])
def test_stages_json_that_cannot_be_read(own, call, text, message):
    (own / "stages.json").unlink()
    if text is not None:
        (own / "stages.json").write_text(text)
    status, out, err = call("next", own)
    assert status == 2 and not out and "stages.json" in err and message in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("change, message", [
    ({"kind": "x"}, "kind: expected"), ({"maps": ["a"]}, "maps: expected two"),
    ({"maps": ["a", "a"]}, "maps: expected two"), ({"rule": 3}, "rule: expected an object"),
    ({"rule": {"margin": 1.05}}, "use the report of the version"),
    ({"budget_trials": 0}, "budget_trials"), ({"seed": "<img onerror=1>"}, "seed"),
    ({"seed": True}, "seed"), ({"seed": None}, "seed"),
    ({"maps": ["gomap_rw", "no_map"]}, "no throughput cell of no_map")])
def test_stages_json_that_cannot_be_followed(tmp_path, change, message):
    folder.begin(tmp_path / "x", PLAN, **change)
    assert message in refused(tmp_path / "x")


def test_usage(call, tmp_path):
    status, out, _ = call("rule", "crossover")
    assert status == 0 and json.loads(out) == folder.RULE
    with pytest.raises(SystemExit) as end:
        call("rule", "flips")
    assert end.value.code == 2
    status, _, err = call("decide", tmp_path / "none")
    assert status == 2 and "no such folder" in err


# ---- decisions --------------------------------------------------------------------

def test_decide_before_the_end(own, tmp_path, call):
    drop_from(own, 2)
    status, out, _ = call("decide", own)
    assert status == 3 and not json.loads(out)["finished"]
    status, out, _ = call("decide", folder.begin(tmp_path / "x", PLAN))
    found = json.loads(out)
    assert status == 3 and found["points"] == found["boundaries"] == []
    assert found["machine"] is None and found["counts"]["not_measured"] == 18


def test_numbers_add_up(done, call):
    status, out, _ = call("decide", done)
    found = json.loads(out)
    number = found["counts"]
    assert status == 0 and found["finished"]
    assert number["planned"] == 18 == (
        number["skipped"] + number["measured"] + number["not_measured"])
    assert number["measured"] == len(found["points"]) == sum(
        number[k] for k in ("base", "contender", "tied", "no_interval"))
    assert found["trials"] == found["results"]["counted"] == 2 * sum(
        p["n"] for p in found["points"])
    assert found["source"] == "synthetic" and found["machine"] == "5e7a0001"
    flip, = (b for b in found["boundaries"]
             if b["axis"] == "write_share" and b["place"][0] == {"name": "threads", "value": 1})
    true = 0.001 * 500 ** 0.475  # the true crossing is at x = 0.4 + 0.075
    assert flip["low"] < true < flip["high"] and flip["start"] < true < flip["end"]


@pytest.mark.parametrize("change, why, finished", [
    (lambda t: {"status": "void", "reason": "late", "result": None} if t["block"] == 0 else {},
     "6 of 7 blocks, syncmap: 1 void", False),
    (lambda t: {"status": "failed", "reason": "signal 11", "result": None},
     "0 of 7 blocks, syncmap: 7 failed (signal 11)", True)])
def test_lost_trials_are_reported(tmp_path, change, why, finished):
    path = begun(tmp_path / "x", lambda lines: [
        t | change(t) if "/syncmap/" in t["cell"] else t for t in lines])
    found = decide.decided(staged.read(path))
    assert {(p.verdict.value, p.why) for p in found.points} == {("invalid", why)}
    assert found.finished is finished


def test_wrong_answers_of_a_map_are_reported_first(tmp_path):
    """A single wrong answer is reported. The other trials of the map count, and the map may lead.
    """
    def wrong(lines):
        lines[0]["result"]["verification"] = {"status": "failed", "reason": "lost 3 keys"}
        return [lines[0] | {"status": "failed"}, *lines[1:]]
    doubted, sound = (decide.decided(staged.read(begun(tmp_path / name, change))).words
                      for name, change in (("x", wrong), ("y", lambda lines: lines)))
    assert "lost 3 keys" in doubted[0] and "wrong answer" not in " ".join(sound)


# ---- the page ---------------------------------------------------------------------

def test_the_page_has_the_numbers_of_decide(own, call):
    _, out, _ = call("decide", own)
    built = Built(own)
    assert built.status == 0 and Page(built.page).wrong == []
    assert (built.out / "verdicts.json").read_text(encoding="utf-8") == out
    found = json.loads(out)
    assert found["boundaries"] and [r["position"] for r in built.rows("tables/boundaries.csv")] == [
        "" if b["position"] is None else f"{b['position']:.6g}" for b in found["boundaries"]]
    assert [r["ratio"] for r in built.rows("tables/points.csv")] == [
        f"{p['ratio']:.6g}" for p in found["points"]]
    assert built.page.count("<circle") == len(found["points"])
    drop_from(own, 2)
    assert Built(own).status == 3
    drop_from(own, 1)
    assert Built(own).status == 3, "status 3, because no stage has begun"


def test_no_page(own, tmp_path):
    claims = folder.begin(tmp_path / "x", worlds.plan((2, 1, 1)), kind="claims")
    for built in (Built(own, "--earlier", "x"), Built(own, "--pdf"), Built(claims)):
        assert built.status == 2 and not built.out.exists()


def test_a_flip_between_go_maps_has_their_version(done):
    of = staged.read(done)
    first, *later = of.stages
    compiled = tuple(replace(m, program="readmostly-go", language_version="1.26.1")
                     for m in first.plan.maps)
    found = decide.decided(replace(of, stages=(
        replace(first, plan=replace(first.plan, maps=compiled)), *later)))
    assert found.names == tuple(f"go_{name}@1.26" for name in worlds.MAPS)
    assert f"ranking of {found.names[0]} and {found.names[1]} flips" in found.words[0]
    assert all("@1.26 leads at" in words for words in found.boundary_words)
