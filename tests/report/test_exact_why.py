# SPDX-License-Identifier: Apache-2.0
"""Tests the list of functions whose instruction counts differ, with cachegrind files written by
hand. tests/cli/why.sh uses real programs."""
import json
import os
import sys
from collections import Counter

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import cell_of, put  # noqa: E402
from report.ending import InputError  # noqa: E402
from report.exact import why  # noqa: E402
from report.exact.why import Place  # noqa: E402
from test_exact import CELL, Run, count  # noqa: E402

CACHEGRIND = """desc: I1 cache
cmd: maps/plain/gomap_rw trial
events: Ir
fl={root}/./impls/gomap/gomap.h
fn=drive_u64x8_mix
12 {drive}
13 40
fl={root}/runner/driver.h
fn=drive_u64x8_mix
99 30
fl={root}/impls/gomap/gomap.h
fn=grow.isra.0
50 7
fl={root}/runner/trial/kernel.c
fn=rm_usage_measure_clock
5 {noise}
fl=./malloc/./malloc/malloc.c
fn=_int_malloc
7 {noise}
summary: 1
"""


def put_counts(folder, arm, run=0, drive=100, noise=1, root="/build/tree"):
    path = folder / arm / f"{run:03}.cachegrind"
    path.parent.mkdir(exist_ok=True)
    path.write_text(CACHEGRIND.format(drive=drive, noise=noise, root=root))
    return path


@pytest.mark.parametrize("path, name", [
    ("/build/tree/./impls/a/b.h", "impls/a/b.h"), ("/x/runner/driver.h", "runner/driver.h"),
    ("/r/build/regress-exact/theirs/head/src/m.c", "src/m.c"),
    ("/r/build/regress-base/theirs/m.c", "m.c"), ("./malloc/malloc.c", None), ("???", None)])
def test_a_source_has_its_path_in_the_tree(path, name):
    assert why.source_of(path) == name


def test_only_functions_of_the_map_count_in_any_tree(tmp_path):
    counts = why.read_counts(put_counts(tmp_path, "base"))
    assert counts == Counter({Place("impls/gomap/gomap.h", "drive_u64x8_mix"): 140,
                              Place("runner/driver.h", "drive_u64x8_mix"): 30,
                              Place("impls/gomap/gomap.h", "grow"): 7})
    assert counts == why.read_counts(put_counts(tmp_path, "head", noise=99, root="/elsewhere"))


def test_a_function_that_runs_more_is_named_with_its_changed_file(tmp_path):
    arms = [why.read_counts(put_counts(tmp_path, arm, drive=drive))
            for arm, drive in (("base", 100), ("head", 180))]
    assert list(why.difference(*arms, ["impls/gomap/gomap.h", "docs/x.md"])) == [
        "instructions: 177 -> 257 (x 1.452) in the map's functions, +80 in 8000 operations",
        "  drive_u64x8_mix 140 -> 220 in impls/gomap/gomap.h (changed)",
        "changed files in it: impls/gomap/gomap.h"]
    assert list(why.difference(arms[0], arms[0], []))[0] == \
        "instructions: equal, 177 in the map's functions"


def test_a_truncated_file_is_reported(tmp_path):
    path = put_counts(tmp_path, "base")
    path.write_text(path.read_text()[:-12])
    with pytest.raises(InputError, match="incomplete cachegrind file"):
        why.read_counts(path)


# ---- the exact gate's folder ----------------------------------------------------

@pytest.fixture(name="run")
def run_(tmp_path):
    run = Run(tmp_path)
    count(run.of(CELL), "rmws", 500)
    count(run.of(CELL.replace("t4", "t1")), "rmws", 500)
    run.write()
    return run


def ask(run):
    into = run.folder / "why"
    assert why.main(["ask", "exact", str(run.folder), str(into)]) == 0
    return into, json.loads((into / "cells.json").read_text())


def test_cells_that_differ_only_in_threads_share_a_request(run):
    into, cells = ask(run)
    assert [(c["cell"], c["run"]) for c in cells] == [(CELL.replace("t4", "t1"), 0), (CELL, 0)]
    assert (into / "order").read_text() == "000 gomap_rw\n"
    request = json.loads((into / "requests/000").read_text())
    assert request["cell"]["threads"] == 1 and request["cell"]["window_ops"] == 8000
    assert request["cell"]["measure"] == "throughput"
    assert cells[1]["again"] == (
        "make regress-exact BASE=0123456789ab MAPS=gomap_rw ARGS='--set keys=1024 "
        "--set write-kind=update --set threads=4'")
    assert (into / "base.commit").read_text() == "0123456789abcdef"
    assert (into / "head.commit").read_text() == "", "head is the work tree"


def test_commands_for_another_project_s_map_repeat_the_make_variables(run, monkeypatch):
    with (run.folder / "about").open("a", encoding="utf-8") as about:
        about.write("map src/m.c\nreadmostly 00ff\n")
    monkeypatch.setenv("IMPL", "/their repo/src/m.c")
    monkeypatch.setenv("IMPL_FLAGS", "-I/x")
    command = ask(run)[1][0]["again"]
    assert command.startswith(f"make -C {os.getcwd()} regress-exact BASE=0123456789ab IMPL="
                              "'/their repo/src/m.c' IMPL_FLAGS=-I/x ARGS=")


def test_the_text_is_printed_kept_and_put_below_the_table_once(run, capsys):
    into, _ = ask(run)
    for arm, drive in (("base", 100), ("head", 101)):
        put_counts(into, arm, drive=drive)
    (into / "changed").write_text("impls/gomap/gomap.h\n")
    (run.folder / "gate.md").write_text("### table\n")
    for _ in range(2):
        assert why.main(["tell", str(into)]) == 0
    text = (into / "why.txt").read_text()
    assert capsys.readouterr().out == text * 2
    assert text.startswith(f"why gomap_rw: {CELL.replace('t4', 't1')}, {CELL}\n  instructions: 177")
    assert (run.folder / "gate.md").read_text().count(text) == 1


def test_without_counts_one_line_says_why(run, capsys):
    into, _ = ask(run)
    why.main(["tell", str(into)])
    assert "instructions: " in capsys.readouterr().out
    (into / "no-instructions").write_text("not counted: valgrind is not installed\n")
    why.main(["tell", str(into)])
    assert "instructions: not counted: valgrind is not installed" in capsys.readouterr().out


def test_without_a_failed_cell_nothing_is_requested(tmp_path, capsys):
    run = Run(tmp_path)
    run.write()
    assert why.main(["ask", "exact", str(tmp_path), str(tmp_path / "why")]) == 0
    assert not (tmp_path / "why").exists()
    assert why.main(["tell", str(tmp_path / "why")]) == 0
    assert why.main(["ask", "other", "x", "y"]) == 2 == why.main(["tell"])


# ---- a campaign -----------------------------------------------------------------

def test_a_slower_cell_of_a_campaign_is_planned_again(tmp_path):
    cell = "regress/m/t1/9ops/throughput"
    folder = put(tmp_path / "run", rows=[], meta={
        "cells": [cell_of("regress", "m", 1, None, 40) | {"id": cell}],
        "calibration": [{"cell": cell, "arm": "base", "window_ns": 10**7, "ns_per_op": []}]})
    (folder / "report/verdicts.json").write_text(json.dumps({"cells": [
        {"cell": cell, "verdict": "FAIL", "slowdown_percent": 3.0},
        {"cell": cell, "verdict": "FAIL", "slowdown_percent": None},
        {"cell": cell, "verdict": "PASS", "slowdown_percent": 0.0}]}))
    into = folder / "report/why"
    assert why.main(["ask", "time", str(folder), str(into)]) == 0
    question, = json.loads((into / "cells.json").read_text())
    assert question["cell"] == cell
    assert question["again"] == "make regress BASE=v1 CELLS=regress/m/t1/throughput"
    assert (into / "base.commit").read_text() == "abc"
