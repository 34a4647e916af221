# SPDX-License-Identifier: Apache-2.0
"""A campaign that is repeated: replicated, opposite or unclear, by rules that
were there before, and what differs in the set-up."""
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys

import jsonschema
import pytest
from machine_campaigns import change, machine, seal, untrusted
from report_helpers import TOP, main

from report import load
from report.model.encode import schema
from report.model.number import Verdict
from report.reproduce import judge, questions


def told(*words, stdin=None, monkeypatch=None):
    """(status, what it said, what it complained of)."""
    said, error = io.StringIO(), io.StringIO()
    if stdin is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(error):
        status = main(["reproduce", *map(str, words)])
    return status, said.getvalue(), error.getvalue()


def answer(old, new, *words):
    status, said, error = told(old, new, *words)
    assert not error, error
    found = json.loads((new / "reproduction.json").read_text())
    stored = json.loads((TOP / "docs/reproduction.schema.json").read_text())
    assert stored == schema(judge.Reproduction)
    jsonschema.validate(found, stored, jsonschema.Draft7Validator)
    return status, said, found


def swap(folder, one, two):
    """A doctored campaign: the trials of two maps change their labels."""
    other = {one: two, two: one}
    file, lines = folder / "trials.jsonl", []
    for line in file.read_text().splitlines():
        t = json.loads(line)
        parts = t["cell"].split("/")
        parts[1] = other.get(parts[1], parts[1])
        t["cell"] = "/".join(parts)
        lines.append(json.dumps(t))
    file.write_text("\n".join(lines) + "\n")
    seal(folder)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A campaign, and the same speeds with other trials."""
    folder = tmp_path_factory.mktemp("pair")
    return machine(folder / "old", seed=1), machine(folder / "new", seed=2,
                                                    day=21)


# ---- the rules ------------------------------------------------------------

@pytest.mark.parametrize("then, now, word", [
    ("faster", "faster", "replicated"), ("faster", "slower", "opposite"),
    ("slower", "slower", "replicated"), ("slower", "faster", "opposite"),
    ("faster", "equivalent", "unclear"), ("slower", "undecided", "unclear"),
    ("faster", "invalid", "unclear")])
def test_a_word_needs_the_whole_interval_beyond_the_margin(then, now, word):
    assert judge.word_of(Verdict(then), Verdict(now)).value == word


@pytest.mark.parametrize("figure", [None, "headline", "winner", "flip",
                                    "forest"])
def test_the_same_speeds_are_replicated(pair, figure):
    words = [] if figure is None else ["--figure", figure]
    status, _, found = answer(*pair, *words)
    assert status == 0
    assert found["count"]["opposite"] == found["count"]["unclear"] == 0
    assert found["count"]["replicated"] == {
        None: 12, "winner": 12, "headline": 3, "flip": 4, "forest": 12}[
            figure]


def test_of_a_doctored_campaign_each_comparison_of_the_two_is_opposite(
        pair, tmp_path):
    """Labels of the fastest and the slowest swapped: what it says of the two,
    and of each against the others, is the other way round."""
    old = tmp_path / "old"
    shutil.copytree(pair[0], old)
    swap(old, "ck_ht", "gomap_rw")
    status, said, found = answer(old, pair[1])
    assert status == 1
    assert found["count"] == {"replicated": 0, "opposite": 12, "unclear": 0}
    assert said.count("✗ opposite: gomap_rw ÷ ") == 12
    status, _, found = answer(old, pair[1], "--headline")
    assert found["count"] == {"replicated": 0, "opposite": 3, "unclear": 0}


def test_what_two_swapped_labels_do_not_touch_is_replicated(pair, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(pair[0], old)
    swap(old, "ck_ht", "shard_rw_32")
    _, _, found = answer(old, pair[1])
    assert {(r["over"], r["under"], r["word"]) for r in found["rows"]} == {
        ("shard_rw_32", "ck_ht", "opposite"),
        ("shard_rw_32", "gomap_rw", "replicated"),
        ("shard_rw_32", "syncmap", "replicated")}


def test_what_was_not_clear_is_counted_and_not_judged(tmp_path):
    old = machine(tmp_path / "old", factors={"shard_rw_32": 1.2})
    new = machine(tmp_path / "new", seed=2, day=21)
    status, said, found = answer(old, new)
    tied = found["open"]
    assert tied == 4 and "4 more were not clear then" in said
    assert len(found["rows"]) == 8 and status == 0


def test_wide_trials_replicate_nothing(tmp_path, pair):
    """What reaches into the margin is unclear, and status 3."""
    new = machine(tmp_path / "new", day=21, blocks=3)
    change(new, lambda m: [c.update(blocks=10) for c in m["cells"]
                           if c["measure"] == "throughput"])
    status, said, found = answer(pair[0], new)
    assert found["count"] == {"replicated": 0, "opposite": 0, "unclear": 12}
    assert status == 3 and "no interval here" in said
    assert not found["finished"] and "is not finished" in said


def lacks(folder, edit):
    change(folder, edit)
    return folder


@pytest.mark.parametrize("edit,why", [
    (lambda m: m.update(cells=[c for c in m["cells"]
                               if c["map"] != "syncmap"],
                        maps=[x for x in m["maps"]
                              if x["id"] != "syncmap"]),
     "syncmap: not in this build"),
    (lambda m: [c.update(window_ns=7) for c in m["cells"]
                if c["map"] == "syncmap"], "syncmap: window_ns differs"),
    (lambda m: [c.update(skip="too large") for c in m["cells"]
                if c["map"] == "syncmap"], "syncmap: too large")])
def test_what_cannot_be_asked_here_is_unclear_with_its_reason(
        tmp_path, pair, edit, why):
    new = tmp_path / "new"
    shutil.copytree(pair[1], new)
    lines = [line for line in (new / "trials.jsonl").read_text().splitlines()
             if "/syncmap/" not in line]
    (new / "trials.jsonl").write_text("\n".join(lines) + "\n")
    lacks(new, edit)
    _, said, found = answer(pair[0], new)
    assert {r["reason"] for r in found["rows"] if "syncmap" in (
        r["over"], r["under"])} == {why}
    assert found["count"] == {"replicated": 8, "opposite": 0, "unclear": 4}


def test_a_map_that_answers_wrongly_here_replicates_nothing(tmp_path, pair):
    new = machine(tmp_path / "new", seed=3, day=21,
                  plant={"fail_verify": ("syncmap",)})
    _, _, found = answer(pair[0], new)
    assert {r["word"] for r in found["rows"] if r["under"] == "syncmap"} == {
        "unclear"}
    assert all("failed verification" in r["reason"] for r in found["rows"]
               if r["under"] == "syncmap")


# ---- the set-up -----------------------------------------------------------

def test_what_differs_in_the_set_up_is_listed(tmp_path, pair):
    new = tmp_path / "new"
    shutil.copytree(pair[1], new)

    def other(meta):
        meta["machine"]["id"] = "ffffffff"
        meta["machine"]["facts"]["kernel"]["text"] = "7.0"
        meta["machine"]["facts"]["load"]["text"] = "9.9"
        meta["build"].update(compiler="clang", flags="-O3",
                             binary_sha256="ff" * 32)
        meta["maps"][2]["code"] = "another"
    change(new, other)
    _, said, found = answer(pair[0], new)
    names = {(d["kind"], d["name"]) for d in found["setup"]}
    assert {("machine", "id"), ("machine", "kernel"), ("build", "compiler"),
            ("build", "flags"), ("build", "binary_sha256")} <= names
    assert ("machine", "load") not in names
    assert ("maps", "machine code of syncmap") in names
    assert "build: flags: -O2 then, -O3 now" in said
    assert answer(*pair)[2]["setup"] == []
    assert "Nothing that is recorded differs" in answer(*pair)[1]


# ---- what is refused ------------------------------------------------------

def test_a_campaign_does_not_repeat_itself(pair, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(pair[0], copy)
    status, _, error = told(pair[0], copy)
    assert status == 2 and "nothing was repeated" in error
    assert not (copy / "reproduction.json").exists()


@pytest.mark.parametrize("side", [0, 1])
def test_a_flipped_bit_is_refused_on_either_side(pair, tmp_path, side):
    folders = [tmp_path / "old", tmp_path / "new"]
    for source, folder in zip(pair, folders):
        shutil.copytree(source, folder)
    file = folders[side] / "trials.jsonl"
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 4
    file.write_bytes(data)
    status, _, error = told(*folders)
    assert status == 2 and "damaged, crc32" in error


def test_an_unknown_figure_is_refused_before_anything_runs(pair):
    for words in ((*pair,), ("inputs", pair[0])):
        status, _, error = told(*words, "--figure", "latency")
        assert status == 2 and "expected one of headline" in error


# ---- what is to run -------------------------------------------------------

def test_the_workloads_are_those_of_the_campaign(pair):
    status, said, _ = told("inputs", pair[0])
    assert status == 0
    assert json.loads(said)["workloads"] == [
        {"name": "uniform-97-3", "text": "# synthetic\n"}]


def test_a_trace_is_found_from_the_folder_of_its_workload(tmp_path, pair):
    """The text goes to a file of another folder, which a relative name would
    be relative to."""
    shutil.copytree(pair[0], tmp_path / "old")

    def traced(meta, name="mine.trace", folder=tmp_path / "mine"):
        meta["workloads"][0] |= {
            "file": f"{folder}/w.conf",
            "text": f"keys       = file:{name} file:/b.trace file:../c.trace\n"
                    "window     = 1passes\n"}

    change(tmp_path / "old", traced)
    status, said, _ = told("inputs", tmp_path / "old")
    assert status == 0
    assert json.loads(said)["workloads"][0]["text"] == (
        f"keys       = file:{tmp_path}/mine/mine.trace file:/b.trace "
        f"file:{tmp_path}/c.trace\nwindow     = 1passes\n")
    change(tmp_path / "old", lambda m: traced(m, folder="my traces"))
    status, _, error = told("inputs", tmp_path / "old")
    assert status == 2 and "mine.trace: a trace whose path has" in error


def test_cells_are_those_that_clear_comparisons_need(pair, monkeypatch):
    """Of the headline: four maps at one place, and what verifies them; what
    the plan here has not is named."""
    meta = json.loads((pair[0] / "campaign.json").read_text())
    here = [c for c in meta["cells"] if "/syncmap/" not in c["id"]]
    _, said, _ = told("cells", pair[0], "--headline", monkeypatch=monkeypatch,
                      stdin=json.dumps({"cells": here}))
    lines = said.splitlines()
    lost = [line for line in lines if line.startswith("# not here: ")]
    assert len(lost) == 2 and all("/syncmap/" in line for line in lost)
    ids = [line for line in lines if not line.startswith("#")]
    assert {f"uniform-97-3/{m}/u64x8/n65536/w3/update/m0/uniform/t2/cores/throughput"
            for m in ("ck_ht", "gomap_rw", "shard_rw_32")} < set(ids)
    assert sum(i.endswith("/verify") for i in ids) == 3
    assert len(ids) == 6


def test_a_cell_that_equals_another_one_here_is_run_as_that(pair,
                                                            monkeypatch):
    """Without SMT the two threads of "smt" are those of "cores": the plan
    has such a cell under its other name, and judges it by that, too."""
    meta = json.loads((pair[0] / "campaign.json").read_text())
    same = [{"id": c["id"], "as": c["id"].replace("/syncmap/", "/other/")}
            for c in meta["cells"] if "/syncmap/" in c["id"]]
    here = [{**c, "id": c["id"].replace("/syncmap/", "/other/")}
            for c in meta["cells"]]
    _, said, _ = told("cells", pair[0], "--headline", monkeypatch=monkeypatch,
                      stdin=json.dumps({"cells": here, "same": same}))
    assert "not here" not in said
    assert {p["id"] for p in same} & set(said.splitlines())


def test_of_a_campaign_that_decided_nothing_there_is_nothing_to_run(
        tmp_path, monkeypatch):
    old = machine(tmp_path / "old", blocks=3)
    status, _, error = told("cells", old, monkeypatch=monkeypatch, stdin="{}")
    assert status == 2 and "decided none" in error


def test_every_comparison_is_asked_once(pair):
    found = questions.of_campaign(load.read(pair[0]))
    assert len({q.cells for q in found}) == len(found) == 12


def test_one_wrong_answer_is_enough(tmp_path, pair):
    """A verification that fails while the map's timed trials go on."""
    new = tmp_path / "new"
    shutil.copytree(pair[1], new)

    def wrong(t):
        if "/syncmap/" in t["cell"] and t["cell"].endswith("/verify"):
            t["result"]["verification"].update(status="failed", reason="lost")
        return t
    file = new / "trials.jsonl"
    file.write_text("".join(json.dumps(wrong(json.loads(line))) + "\n"
                            for line in file.read_text().splitlines()))
    seal(new)
    _, _, found = answer(pair[0], new)
    assert {r["reason"] for r in found["rows"] if r["under"] == "syncmap"} == {
        "syncmap: failed verification here"}
    # nor is it asked about, repeated itself
    assert not any("syncmap" in q.maps for figure in questions.FIGURES
                   for q in questions.of_campaign(load.read(new), figure))


def test_what_an_untrusted_run_showed_is_not_asked_for(tmp_path, pair, monkeypatch):
    """It recommends no map: nothing of it can be replicated."""
    old = untrusted(tmp_path / "old", "5e7a0001")
    for words, stdin in (((old, pair[1]), None), (("cells", old), "{}")):
        status, said, error = told(*words, stdin=stdin, monkeypatch=monkeypatch)
        assert status == 2 and not said
        assert f"{old}: it recommends no map (not passed: two copies of one map" in error


def test_an_untrusted_run_replicates_nothing(tmp_path, pair):
    new = untrusted(tmp_path / "new", "5e7a0001", seed=2, day=21)
    status, said, found = answer(pair[0], new)
    assert found["count"] == {"replicated": 0, "opposite": 0, "unclear": 12}
    assert {r["reason"] for r in found["rows"]} == {"this run recommends no map"}
    assert status == 3 and f"{found['new']} recommends no map" in said


# ---- a disk that is full --------------------------------------------------

def limited(folder, kib, *words):
    """python3 -m report, where no file may be larger."""
    return subprocess.run(
        ["bash", "-c", f'ulimit -f {kib}; exec "$@"', "bash", sys.executable,
         "-m", "report", *map(str, words)], cwd=folder, check=False,
        capture_output=True, text=True, env=os.environ | {
            "PYTHONPATH": str(TOP)})


@pytest.mark.long
@pytest.mark.parametrize("words, name, kib", [
    (("reproduce", "old", "new"), "new/reproduction.json", 4),
    (("compare", "old", "new", "-o", "out"), "out/report/comparison.json", 20),
    (("old",), "", 8)])
def test_a_file_that_does_not_fit_is_named_and_no_half_is_left(
        tmp_path, words, name, kib):
    machine(tmp_path / "old")
    machine(tmp_path / "new", "5e7a0002", seed=2, day=21)
    file, before = tmp_path / name, None
    if len(words) > 1:  # it was there, whole
        done = limited(tmp_path, "unlimited", *words)
        assert done.returncode == 0, done.stderr
        before = file.read_bytes()
        assert len(before) > 1024 * kib
    done = limited(tmp_path, kib, *words)
    assert done.returncode == 2 and "standard output" not in done.stderr
    assert re.search(r"^report[ a-z]*: \S+\.[a-z]+: File too large$",
                     done.stderr, re.M)
    if before:
        assert f"{name}: File too large" in done.stderr
        assert file.read_bytes() == before
        assert not list(file.parent.glob("*.new"))
