# SPDX-License-Identifier: Apache-2.0
"""Facts about `report.why tell`: which reason is told where a tool was missing
or its file is, of folders written by hand (docs/why-red.md). The listings are
those of test_why.py."""
import errno
import json
import os

import pytest
from test_exact import CELL, Run, count
from test_why import texts

from report import ending
from report.why import __main__ as main
from report.why import asked as questions

FACTORS = {"id": "c0", "shape": "u64x8", "write_kind": "update", "map": "m",
           "keys": 1024, "threads": 1}
# Its own functions are find and drive; rm_clock is none of them.
GRIND = """fl=impls/m.c
fn=find.isra.0
7 {find}
fn=drive_u64x8_mix
3 40
fn=rm_clock
1 999
summary: 9
"""


def cell(number=0, threads=1, **more):
    factors = FACTORS | {"id": f"c{number}", "threads": threads} | more
    return {"cell": f"m/n{factors['keys']}/{factors['write_kind']}/t"
            f"{threads}", "map": factors["map"], "red": True, "run": number,
            "factors": factors, "counts": [], "again": "make again"}


def folder_of(path, cells=None, programs=True, find=(100, 150)):
    """What why.sh leaves: the question, two programs, two counts."""
    (path / "ask.json").write_text(json.dumps({
        "judge": "exact", "about": {"base": "aaaa"},
        "cells": [cell()] if cells is None else cells}))
    for arm, count in zip(("base", "head"), find):
        (path / arm).mkdir()
        for number in range(3):
            (path / arm / f"00{number}.cachegrind").write_text(
                GRIND.format(find=count + number))
        for end, text in zip(("symbols", "links", "data", "code"),
                             texts() if programs else ()):
            (path / arm / f"m.{end}").write_text(text)
    return path


def instructions(folder):
    return main.reasons_of(folder)["cells"][0]["instructions"]


# ---- instructions ---------------------------------------------------------

def test_both_arms_are_counted_in_the_maps_functions_alone(tmp_path):
    assert instructions(folder_of(tmp_path)) == {
        "base": 140, "head": 190, "operations": 8000,
        "functions": [{"name": "find", "base": 100, "head": 150}],
        "lines": [{"file": "impls/m.c", "line": 7, "function": "find",
                   "head": 150}]}


def test_each_cell_has_the_counts_of_its_own_run(tmp_path):
    cells = [cell(2, 4), cell(0), cell(1, 2)]
    found = main.reasons_of(folder_of(tmp_path, cells))["cells"]
    assert [(c["instructions"]["base"], c["instructions"]["head"])
            for c in found] == [(142, 192), (140, 190), (141, 191)]


def test_why_instructions_were_not_counted_is_told(tmp_path):
    """Also where old counts lie there, and where there is no code."""
    folder = folder_of(tmp_path)
    (folder / "no-instructions").write_text("not counted: INSTRUCTIONS=no\n")
    assert instructions(folder) == "not counted: INSTRUCTIONS=no"
    (folder / "no-code").write_text("not compared: objdump is missing\n")
    assert instructions(folder) == "not counted: INSTRUCTIONS=no"


@pytest.mark.parametrize("arm", ["base", "head"])
def test_a_count_that_is_not_there_is_told_by_name(tmp_path, arm):
    folder = folder_of(tmp_path)
    path = folder / arm / "000.cachegrind"
    path.write_text("fn=find\n1 2\n")
    assert instructions(folder) == (f"{path}: no whole file of cachegrind: "
                                    "was it ended by somebody?")
    path.unlink()
    assert instructions(folder) == f"{path}: No such file or directory"


# ---- code -----------------------------------------------------------------

def test_the_code_of_both_arms_is_compared(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "head" / "m.code").write_text(texts(edit=lambda text: text.replace(
        "test   %rdi,%rdi", "not    %rdi"))[3])
    found = main.reasons_of(folder)
    (code,) = found["maps"]
    assert code["map"] == "m" and "problem" not in code
    (change,) = code["functions"]
    assert (change["name"], change["is"], change["measured"]) == (
        "find", "changed", True)
    assert [line for line in change["lines"] if line[0] in "-+"] == [
        "- test %rdi,%rdi", "+ not %rdi"]
    assert found["cells"][0]["loop"]["differs"] is False


def test_a_listing_that_is_missing_or_of_another_machine_is_told(tmp_path):
    folder = folder_of(tmp_path)
    (folder / "head" / "m.symbols").write_text("x: file format elf64-sparc\n")
    (code,) = main.reasons_of(folder)["maps"]
    assert code["problem"] == ("expected a listing of an x86-64 program "
                               "(elf64-x86-64): x: file format elf64-sparc")
    (folder / "base" / "m.links").unlink()
    (code,) = main.reasons_of(folder)["maps"]
    assert code["problem"] == \
        f"{folder / 'base' / 'm.links'}: No such file or directory"


# ---- counts ---------------------------------------------------------------

def row(name, reason=None, **differ):
    return {"cell": name, "differ": differ, "reason": reason}


def test_the_exact_gates_counts_are_told_of_the_same_work_alone(tmp_path):
    mine = cell(keys=1024) | {"counts": ["equal"]}
    folder = folder_of(tmp_path, [mine, cell(1, keys=64)], programs=False)
    (folder / "no-code").write_text("not compared\n")
    (folder / "counts.json").write_text(json.dumps({"cells": [
        row("m/n1024/update/t1", rmws=[4, 7], loads=[8, 6]),
        row("m/n1024/update/t16"), row("m/n1024/churn/t1", rmws=[1, 2]),
        row("m/n10240/update/t1", rmws=[1, 2]),
        row("mm/n1024/update/t1", rmws=[1, 2]),
        row("m/n64/update/t4", "head was killed")]}))
    first, second = main.reasons_of(folder)["cells"]
    assert first["counts"] == [
        "equal", "m/n1024/update/t1: rmws 4 -> 7 (x 1.75), loads 8 -> 6 "
        "(x 0.75)", "m/n1024/update/t16: equal"]
    assert second["counts"] == ["m/n64/update/t4: head was killed"]


def test_where_no_counts_were_made_none_are_told(tmp_path):
    folder = folder_of(tmp_path)
    assert main.reasons_of(folder)["cells"][0]["counts"] == []


# ---- the program ----------------------------------------------------------

def test_nothing_is_told_where_nothing_was_asked(tmp_path, capsys):
    assert main.main(["tell", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "") and not list(tmp_path.iterdir())


def test_the_reasons_are_printed_and_left_in_three_files(tmp_path, capsys):
    (tmp_path / "why").mkdir()
    (tmp_path / "gate.md").write_text("table\n")
    folder = folder_of(tmp_path / "why", [
        cell(0), cell(1, 2), cell(2, 4)])
    assert main.main(["tell", str(folder)]) == 0
    said = capsys.readouterr().out.splitlines()
    text = (folder / "why.txt").read_text()
    assert text.startswith("\n".join(said[:-1])) and text.count("again:") == 3
    reasons = json.loads((folder / "why.json").read_text())
    assert (reasons["format"], reasons["version"], reasons["judge"],
            reasons["about"]) == ("readmostly-why", 1, "exact",
                                  {"base": "aaaa"})
    short = (folder / "why.md").read_text()
    assert (tmp_path / "gate.md").read_text() == "table\n\n" + short


def test_reasons_that_cannot_be_written_leave_the_old_ones_whole(
        tmp_path, monkeypatch, capsys):
    """Who is ended while they are written leaves no half of them either."""
    def full(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    folder = folder_of(tmp_path)
    (folder / "why.json").write_text("{}\n")
    monkeypatch.setattr(os, "fsync", full)
    assert main.main(["tell", str(folder)]) == 2
    assert capsys.readouterr().err == \
        f"why: {folder / 'why.json'}: No space left on device\n"
    assert (folder / "why.json").read_text() == "{}\n"
    assert not (folder / "why.json.new").exists()


def test_a_folder_that_cannot_be_read_is_a_users_mistake(tmp_path, capsys):
    missing = tmp_path / "none"
    assert main.main(["ask", "exact", str(missing), str(tmp_path / "why")]) \
        == 2
    assert capsys.readouterr().err == \
        f"why: {missing / 'plan.json'}: No such file or directory\n"
    assert main.main(["ask", "time", str(missing), str(tmp_path / "why")]) \
        == 2
    assert capsys.readouterr().err == (
        f"why: {missing / 'report' / 'verdicts.json'}: No such file or "
        "directory\n")
    folder = folder_of(tmp_path)
    (folder / "ask.json").write_text("{")
    with pytest.raises(ending.InputError, match="no JSON"):
        main.reasons_of(folder)


# ---- what is asked --------------------------------------------------------

def campaign(path, cells, counted=(), **notes):
    """A campaign of `make regress`, as far as it is asked about; counted --
    cells whose window was a time, which base has made a count of."""
    plan = [{"id": name, "map": "m", "keys": 1024, "write_kind": "update",
             "write_share": 0.03, "shape": "u64x8", "workload": workload,
             "threads": threads} for name, workload, threads, *_ in cells]
    (path / "report").mkdir(parents=True)
    (path / "campaign.json").write_text(json.dumps({
        "name": "n", "cells": plan, "notes": notes, "calibration": [
            {"cell": name} for name in counted], "workloads": [
            {"name": "w", "text": "of w"}, {"name": "v", "text": "of v"}]}))
    (path / "report" / "verdicts.json").write_text(json.dumps({"cells": [
        {"cell": name, "verdict": verdict, "slowdown_percent": percent,
         "low_percent": 1.0, "high_percent": 4.0, "n": 30}
        for name, _, _, verdict, percent in cells]}))
    return path


CELLS = [("r/a/throughput", "w", 4, "FAIL", 2.5),
         ("r/b/throughput", "w", 1, "FAIL", 2.0),
         ("r/c/throughput", "v", 1, "PASS", 0.1),
         ("r/d/throughput", "v", 1, "FAIL", None)]


def asked(tmp_path, *more, **notes):
    into = tmp_path / "why"
    assert main.main(["ask", "time", str(campaign(
        tmp_path / "c", CELLS, **notes)), str(into), *more]) == 0
    return into, json.loads((into / "ask.json").read_text())


def test_red_cells_of_a_campaign_are_asked_about(tmp_path):
    into, said = asked(tmp_path, ref="v1", commit="abc")
    assert (said["judge"], said["about"]) == (
        "time", {"base": "abc", "campaign": "n"})
    one, other = said["cells"]
    assert one["time"] == {"slowdown_percent": 2.5, "low_percent": 1.0,
                           "high_percent": 4.0, "n": 30}
    assert one["again"] == "make regress BASE=v1 CELLS=r/a/throughput"
    # one kind of work: the fewest threads run, for both
    assert (one["run"], other["run"]) == (0, 0)
    assert (into / "order").read_text() == "000 m\n"
    request = json.loads((into / "requests" / "000").read_text())
    assert request["cell"]["id"] == "r/b/throughput"
    assert request["cell"]["window_ops"] == 8000
    assert (into / "red").read_text() == "r/a/counters\nr/b/counters\n"
    assert {p.name: p.read_text() for p in (into / "plan").iterdir()} == {
        "w.conf": "of w"}
    assert "writes     = 3%\n" in (into / "counts-1.conf").read_text()
    assert (into / "commit-of-base").read_text() == "abc\n"


def test_of_another_projects_map_no_commit_is_counted_here(tmp_path):
    into, _ = asked(tmp_path, commit="abc", map="src/m.c")
    assert not (into / "commit-of-base").exists()


def test_a_red_time_of_another_projects_map_is_asked_for_with_it(
        tmp_path, monkeypatch):
    monkeypatch.setenv("IMPL", "/their/out/m.so")
    monkeypatch.setenv("IMPL_MAKE", "make out/m.so")
    _, said = asked(tmp_path, ref="v1", commit="abc", map="out/m.so")
    assert said["cells"][0]["again"] == (
        f"make -C {os.getcwd()} regress BASE=v1 IMPL=/their/out/m.so "
        "IMPL_MAKE='make out/m.so' CELLS=r/a/throughput")


def test_a_cell_is_asked_for_again_as_the_plan_has_it(tmp_path):
    """Its window was counted for that campaign only."""
    cells = [(f"r/{m}/1100000ops/throughput", "w", 1, "FAIL", 2.5)
             for m in "ab"]
    made = campaign(tmp_path / "c", cells, counted=[cells[0][0]])
    into = tmp_path / "why"
    assert main.main(["ask", "time", str(made), str(into)]) == 0
    assert (into / "red").read_text() == \
        "r/a/counters\nr/b/1100000ops/counters\n"
    assert [c["again"].partition("CELLS=")[2] for c in json.loads(
        (into / "ask.json").read_text())["cells"]] == [
            "r/a/throughput", "r/b/1100000ops/throughput"]


def test_all_cells_are_run_where_all_are_asked_for(tmp_path):
    into, said = asked(tmp_path, "all")
    assert [c["run"] for c in said["cells"]] == [1, 0]
    assert (into / "order").read_text() == "000 m\n001 m\n"
    assert said["about"]["base"] == "unknown"
    assert said["cells"][0]["again"].startswith("make regress BASE=unknown ")


def test_where_nothing_is_red_nothing_is_asked(tmp_path):
    into = tmp_path / "why"
    made = campaign(tmp_path / "c", CELLS[2:])
    assert main.main(["ask", "time", str(made), str(into)]) == 0
    assert not into.exists()


def gate(tmp_path, about=""):
    """The exact gate's folder: one cell is red, one only head answered."""
    (tmp_path / "gate").mkdir()
    run = Run(tmp_path / "gate")
    for c in run.cells:
        c |= {"write_share": 0.03}
    count(run.of(CELL), "rmws", 500)
    run.failed = [("base", 0, 1, "cannot")]
    run.write()
    with open(run.folder / "about", "a", encoding="utf-8") as file:
        file.write(about)
    return run.folder


def test_red_cells_of_the_exact_gate_are_asked_about(tmp_path):
    folder = gate(tmp_path)
    assert main.main(["ask", "exact", str(folder), str(tmp_path / "why")]) \
        == 0
    said = json.loads((tmp_path / "why" / "ask.json").read_text())
    assert said["judge"] == "exact" and said["about"]["head"].startswith("fe")
    (only,) = said["cells"]
    assert (only["cell"], only["map"], only["red"], only["counts"]) == (
        CELL, "gomap_rw", True, ["rmws 400 -> 500 (x 1.25)"])
    assert only["again"] == (
        "make regress-exact BASE=0123456789ab MAPS=gomap_rw ARGS='--set "
        "keys=1024 --set write-kind=update --set threads=4'")
    request = json.loads((tmp_path / "why/requests/000").read_text())
    assert request["cell"] == {
        "id": "regress-exact/gomap_rw/t4", "map": "gomap_rw", "keys": 1024,
        "write_kind": "update", "write_share": 0.03, "threads": 4,
        "measure": "throughput", "cpus": [], "warm_up_ns": 0,
        "window_ns": 0, "window_ops": 8000, "verify_ops": 0,
        "deadline_ns": 600_000_000_000}
    assert not (tmp_path / "why" / "red").exists()
    assert not list((tmp_path / "why").glob("counts-*"))


def test_all_cells_that_both_arms_answered_may_be_asked_about(
        tmp_path, monkeypatch):
    for name, word in {"IMPL": "impls/x.c", "IMPL_FLAGS": "-Ia -Ib",
                       "IMPL_MAKE": ""}.items():
        monkeypatch.setenv(name, word)
    folder = gate(tmp_path, "head_ref it's\nmap impls/x.c\n")
    _, cells = questions.of_exact(folder, ["all"])
    assert [(c["cell"], c["red"], c["counts"]) for c in cells] == [
        (CELL, True, ["rmws 400 -> 500 (x 1.25)"]),
        ("snapshot/n1024/update/t1", False, ["equal"]),
        ("snapshot/n1024/update/t4", False, ["equal"])]
    assert cells[1]["again"] == (
        f"make -C {os.getcwd()} regress-exact BASE=0123456789ab "
        "HEAD='it'\"'\"'s' "
        f"IMPL={os.getcwd()}/impls/x.c IMPL_FLAGS='-Ia -Ib' ARGS='--set "
        "keys=1024 --set write-kind=update --set threads=1'")


def test_a_head_that_did_not_answer_is_the_reason(tmp_path):
    folder = gate(tmp_path)
    (folder / "head" / "003").write_text("")
    (folder / "head" / "003.status").write_text("1\n")
    (folder / "head" / "003.err").write_text("no memory\n")
    _, cells = questions.of_exact(folder, [])
    assert [c["cell"] for c in cells] == [CELL, "snapshot/n1024/update/t4"]
    (reason,) = cells[1]["counts"]
    assert reason.startswith("head ") and "no memory" in reason


@pytest.mark.parametrize("other", [
    {"map": "z"}, {"keys": 64}, {"write_kind": "churn"},
    {"write_share": 0.1}])
def test_each_kind_of_work_is_run_once_with_the_fewest_threads(tmp_path,
                                                               other):
    cells = [cell(n, threads, **{"write_share": 0.03} | kind)
             for n, (threads, kind) in enumerate((
                 (4, {}), (2, {}), (8, other), (3, {}), (5, other)))]
    for c in cells:
        del c["run"]
    assert [c["factors"]["id"] for c in questions.counted(cells, [])] == [
        "c1", "c4"]
    questions.write(tmp_path / "why", "exact", {}, cells, [])
    said = json.loads((tmp_path / "why" / "ask.json").read_text())
    assert [c["run"] for c in said["cells"]] == [0, 0, 1, 0, 1]
