# SPDX-License-Identifier: Apache-2.0
"""Tests the comparison of a repeated campaign with the first: replicated, opposite or unclear
comparisons, and differences in the set-up."""
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
from report.model.number import Verdict
from report.reproduce import judge, questions


def run(*words, stdin=None, monkeypatch=None):
    """Returns (status, standard output, standard error)."""
    output, error = io.StringIO(), io.StringIO()
    if stdin is not None:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(error):
        status = main(["reproduce", *map(str, words)])
    return status, output.getvalue(), error.getvalue()


def answer(old, new, *words):
    status, output, error = run(old, new, *words)
    assert not error, error
    found = json.loads((new / "reproduction.json").read_text())
    stored = json.loads((TOP / "docs/reproduction.schema.json").read_text())
    jsonschema.validate(found, stored, jsonschema.Draft202012Validator)
    return status, output, found


def trials(folder, edit):
    """Passes each trial through edit(); a result of None removes the trial."""
    file = folder / "trials.jsonl"
    lines = [edit(json.loads(line)) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(t) + "\n" for t in lines if t))
    seal(folder)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Writes a campaign, and one with the same speeds but other trials."""
    folder = tmp_path_factory.mktemp("pair")
    return machine(folder / "old", seed=1), machine(folder / "new", seed=2, day=21)


# ---- the rules ------------------------------------------------------------

@pytest.mark.parametrize("then, now, word", [
    ("faster", "faster", "replicated"), ("faster", "slower", "opposite"),
    ("slower", "slower", "replicated"), ("slower", "faster", "opposite"),
    ("faster", "equivalent", "unclear"), ("slower", "undecided", "unclear"),
    ("faster", "invalid", "unclear")])
def test_a_verdict_needs_the_whole_interval_beyond_the_margin(then, now, word):
    assert judge.word_of(Verdict(then), Verdict(now)).value == word


@pytest.mark.parametrize("figure, count", [
    (None, 12), ("winner", 12), ("headline", 3), ("flip", 4), ("forest", 12)])
def test_the_same_speeds_are_replicated(pair, figure, count):
    status, output, found = answer(*pair, *(["--figure", figure] if figure else []))
    assert status == 0 and found["figure"] == figure
    assert found["count"] == {"replicated": count, "opposite": 0, "unclear": 0}
    assert found["setup"] == [] and "The recorded set-up is the same" in output
    if figure == "flip":
        assert {(r["over"], r["under"]) for r in found["rows"]} == {("syncmap", "gomap_rw")}


def test_swapped_labels_are_opposite(pair, tmp_path):
    """The labels of two maps are swapped. The comparison of these maps is opposite, and all others
    are replicated."""
    old, other = tmp_path / "old", {"ck_ht": "shard_rw_32", "shard_rw_32": "ck_ht"}
    shutil.copytree(pair[0], old)
    trials(old, lambda t: t | {"cell": re.sub("ck_ht|shard_rw_32", lambda m: other[m[0]],
                                              t["cell"])})
    status, output, found = answer(old, pair[1])
    assert status == 1 and output.count("✗ opposite: shard_rw_32 ÷ ck_ht at ") == 4
    assert {(r["over"], r["under"], r["word"]) for r in found["rows"]} == {
        ("shard_rw_32", "ck_ht", "opposite"), ("shard_rw_32", "gomap_rw", "replicated"),
        ("shard_rw_32", "syncmap", "replicated")}


def test_undecided_comparisons_are_counted_but_not_judged(tmp_path):
    old = machine(tmp_path / "old", factors={"shard_rw_32": 1.2})
    status, output, found = answer(old, machine(tmp_path / "new", seed=2, day=21))
    assert found["open"] == 4 and "4 more were undecided then" in output
    assert len(found["rows"]) == 8 and status == 0


def test_few_trials_replicate_nothing(tmp_path, pair):
    new = machine(tmp_path / "new", day=21, blocks=3)
    change(new, lambda m: [c.update(blocks=10) for c in m["cells"]
                           if c["measure"] == "throughput"])
    status, output, found = answer(pair[0], new)
    assert found["count"] == {"replicated": 0, "opposite": 0, "unclear": 12}
    assert status == 3 and "no interval here" in output
    assert not found["finished"] and "is not finished" in output


def wrong_answer(t):
    if "/syncmap/" in t["cell"] and t["cell"].endswith("/verify"):
        t["result"]["verification"].update(status="failed", reason="lost")
    return t


@pytest.mark.parametrize("edit, each, why", [
    (lambda m: m.update(cells=[c for c in m["cells"] if c["map"] != "syncmap"],
                        maps=[x for x in m["maps"] if x["id"] != "syncmap"]), None,
     "syncmap: not in this build"),
    (lambda m: [c.update(window_ns=7) for c in m["cells"] if c["map"] == "syncmap"], None,
     "syncmap: window_ns differs"),
    (lambda m: [c.update(skip="too large") for c in m["cells"] if c["map"] == "syncmap"], None,
     "syncmap: too large"),
    (lambda m: None, wrong_answer, "syncmap: failed verification here")])
def test_a_cell_without_values_is_unclear_with_its_reason(tmp_path, pair, edit, each, why):
    new = tmp_path / "new"
    shutil.copytree(pair[1], new)
    trials(new, each or (lambda t: t if "/syncmap/" not in t["cell"] else None))
    change(new, edit)
    _, output, found = answer(pair[0], new)
    assert {r["reason"] for r in found["rows"] if "syncmap" in (r["over"], r["under"])} == {why}
    assert found["count"] == {"replicated": 8, "opposite": 0, "unclear": 4}
    if each:  # the map is also left out when this campaign is repeated
        assert not any("syncmap" in q.maps for figure in questions.FIGURES
                       for q in questions.of_campaign(load.read(new), figure))


def test_an_untrusted_run_decides_nothing(tmp_path, pair, monkeypatch):
    """A run that recommends no map cannot be replicated, and cannot replicate another run."""
    new = untrusted(tmp_path / "new", "5e7a0001", seed=2, day=23)
    for words, stdin in (((new, pair[1]), None), (("cells", new), "{}")):
        status, output, error = run(*words, stdin=stdin, monkeypatch=monkeypatch)
        assert status == 2 and not output
        assert f"{new}: it recommends no map (failed check: two copies of one map" in error
    status, output, found = answer(pair[0], new)
    assert found["count"] == {"replicated": 0, "opposite": 0, "unclear": 12}
    assert {r["reason"] for r in found["rows"]} == {"this run recommends no map"}
    assert status == 3 and f"{found['new']} recommends no map" in output


def test_differences_of_the_set_up_are_listed(tmp_path, pair):
    new = tmp_path / "new"
    shutil.copytree(pair[1], new)

    def other(meta):
        meta["machine"]["id"] = "ffffffff"
        meta["machine"]["facts"]["kernel"]["text"] = "7.0"
        meta["machine"]["facts"]["load"]["text"] = "9.9"
        meta["build"].update(flags="-O3", binary_sha256="ff" * 32)
        meta["maps"][2]["code"] = "another"
    change(new, other)
    _, output, found = answer(pair[0], new)
    assert {(d["kind"], d["name"]) for d in found["setup"]} == {
        ("machine", "id"), ("machine", "kernel"), ("build", "flags"),
        ("build", "binary_sha256"), ("maps", "machine code of syncmap")}
    assert "build: flags: -O2 then, -O3 now" in output


# ---- rejected inputs ------------------------------------------------------

def test_a_campaign_does_not_repeat_itself(pair, tmp_path):
    shutil.copytree(pair[0], tmp_path / "copy")
    status, _, error = run(pair[0], tmp_path / "copy")
    assert status == 2 and "nothing was repeated" in error
    assert not (tmp_path / "copy/reproduction.json").exists()


@pytest.mark.parametrize("side", [0, 1])
def test_damage_is_refused_on_either_side(pair, tmp_path, side):
    folders = [tmp_path / "old", tmp_path / "new"]
    for source, folder in zip(pair, folders):
        shutil.copytree(source, folder)
    file = folders[side] / "trials.jsonl"
    data = bytearray(file.read_bytes())
    file.write_bytes(data + data[:data.index(b"\n") + 1])  # a line occurs twice
    assert run(*folders)[0] == 2
    data[len(data) // 3] ^= 4
    file.write_bytes(data)
    status, _, error = run(*folders)
    assert status == 2 and "damaged, its crc32" in error


def test_an_unknown_figure_is_refused(pair):
    for words in ((*pair,), ("inputs", pair[0])):
        status, _, error = run(*words, "--figure", "latency")
        assert status == 2 and "expected one of headline" in error


# ---- input for a repetition -----------------------------------------------

def test_the_workloads_of_the_campaign_are_printed(tmp_path, pair):
    """The text is written to a file in another folder, so the paths of traces in it must be
    absolute."""
    _, output, _ = run("inputs", pair[0])
    assert json.loads(output)["workloads"] == [{"name": "uniform-97-3", "text": "# synthetic\n"}]
    shutil.copytree(pair[0], tmp_path / "old")

    def traced(meta, folder=tmp_path / "mine"):
        meta["workloads"][0] |= {"file": f"{folder}/w.conf", "text": (
            "keys       = file:mine.trace file:/b.trace file:../c.trace\nwindow     = 1passes\n")}
    change(tmp_path / "old", traced)
    status, output, _ = run("inputs", tmp_path / "old")
    assert status == 0 and json.loads(output)["workloads"][0]["text"] == (
        f"keys       = file:{tmp_path}/mine/mine.trace file:/b.trace file:{tmp_path}/c.trace\n"
        "window     = 1passes\n")
    change(tmp_path / "old", lambda m: traced(m, folder="my traces"))
    status, _, error = run("inputs", tmp_path / "old")
    assert status == 2 and "the path of a trace has a blank" in error


def test_only_cells_of_clear_comparisons_are_needed(pair, monkeypatch):
    """The headline needs the cells of four maps at one place, and the cells that verify these maps.
    A cell that the plan lacks is reported, unless another cell runs for it."""
    meta = json.loads((pair[0] / "campaign.json").read_text())
    here = [c for c in meta["cells"] if "/syncmap/" not in c["id"]]

    def cells(plan):
        return run("cells", pair[0], "--headline", monkeypatch=monkeypatch,
                   stdin=json.dumps(plan))[1].splitlines()
    lines = cells({"cells": here})
    lost = [line for line in lines if line.startswith("# not here: ")]
    assert len(lost) == 2 and all("/syncmap/" in line for line in lost)
    ids = [line for line in lines if not line.startswith("#")]
    assert sum(i.endswith("/verify") for i in ids) == 3 and len(ids) == 6
    assert {f"uniform-97-3/{m}/u64x8/n65536/w3/update/m0/uniform/t2/cores/throughput"
            for m in ("ck_ht", "gomap_rw", "shard_rw_32")} < set(ids)
    same = [{"id": line.partition(": ")[2], "as": here[0]["id"]} for line in lost]
    assert not any("not here" in line for line in cells({"cells": here, "same": same}))


def test_a_plan_is_needed_and_a_decided_campaign(tmp_path, pair, monkeypatch):
    old = machine(tmp_path / "old", blocks=3)
    status, _, error = run("cells", old, monkeypatch=monkeypatch, stdin="{}")
    assert status == 2 and "decided no comparison" in error
    status, _, error = run("cells", pair[0], monkeypatch=monkeypatch, stdin="{}")
    assert status == 2 and "standard input: cells: expected" in error


# ---- a disk that is full --------------------------------------------------

@pytest.mark.long
@pytest.mark.parametrize("words, name, kib", [
    (("reproduce", "old", "new"), "new/reproduction.json", 4),
    (("compare", "old", "new", "-o", "out"), "out/report/comparison.json", 20)])
def test_a_full_disk_is_reported_and_leaves_no_partial_file(tmp_path, words, name, kib):
    def limited(limit):
        return subprocess.run(
            ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", sys.executable, "-m", "report",
             *words], cwd=tmp_path, check=False, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": str(TOP)})
    machine(tmp_path / "old")
    machine(tmp_path / "new", "5e7a0002", seed=2, day=21)
    file = tmp_path / name
    done = limited("unlimited")
    assert done.returncode == 0, done.stderr
    before = file.read_bytes()
    assert len(before) > 1024 * kib
    done = limited(kib)
    assert done.returncode == 2 and f"{name}: File too large" in done.stderr
    assert file.read_bytes() == before and not list(file.parent.glob("*.new"))
