# SPDX-License-Identifier: Apache-2.0
"""Tests the exact gate with synthetic answers of base and head."""
import copy
import json
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import schemas  # noqa: E402
from report.exact import __main__ as exact  # noqa: E402
from report.exact import read  # noqa: E402

MAPS = ("gomap_rw", "snapshot")
ABOUT = ("base 0123456789abcdef\nbase_ref main~1\nhead fedcba9876543210\n"
         "head_changed \ncompiler gcc 12.2.0\nplan 00aa\n")
CELL = "gomap_rw/n1024/update/t4"
TOTALS = {"l1d_misses": 812, "coherence_misses": 700, "loads": 4000,
          "false_sharing_misses": 1, "invalidations": 650, "stores": 900,
          "false_sharing_invalidations": 2, "upgrades": 31, "rmws": 400}


def answer():
    """Makes the answer of one trial, with the members that the gate reads."""
    return {"status": "ok", "ops": 16000, "writes": 480, "stats": [
        {"name": "growths", "unit": "1", "value": 3.0},
        {"name": "waits", "unit": "1", "value": None}],
        "counters": {
            "unsimulated_accesses": 0,
            "events": [{"metric": n, "total": float(v)}
                       for n, v in TOTALS.items()],
            "regions": [dict.fromkeys(read.BY_REGION, 5) | {"name": name}
                        for name in ("map", "driver", "globals", "stacks")]}}


def count(result, name, value):
    """Sets a total, or a count of a region (REGION.NAME)."""
    region, _, inner = name.partition(".")
    if inner:
        next(r for r in result["counters"]["regions"] if r["name"] == region)[inner] = value
    else:
        next(e for e in result["counters"]["events"] if e["metric"] == name)["total"] = value


def planned(name, threads):
    return {"id": f"regress-exact/{name}/t{threads}", "map": name,
            "keys": 1024, "write_kind": "update", "threads": threads,
            "measure": "simulated:icelake-sp", "blocks": 1, "skip": None}


class Run:
    """A folder as the script of the exact gate leaves it. All counts are equal until a test changes
    them."""

    def __init__(self, folder):
        self.folder = folder
        self.cells = [planned(n, t) for n in MAPS for t in (1, 4)]
        self.answers = {arm: [answer() for _ in self.cells] for arm in ("base", "head")}
        self.message = "Say what changed\n\nAnd why.\n"
        self.failed = []  # (arm, number, status, words)

    def of(self, name, arm="head"):
        names = [read.parse_cell(cell, ()).name for cell in self.cells]
        return self.answers[arm][names.index(name)]

    def write(self):
        (self.folder / "plan.json").write_text(json.dumps(
            {"cells": self.cells + [planned("gomap_rw", 1) | {"measure": "verify"}]}))
        (self.folder / "about").write_text(ABOUT)
        (self.folder / "message").write_text(self.message)
        for arm, answers in self.answers.items():
            (self.folder / arm).mkdir(exist_ok=True)
            for number, content in enumerate(answers):
                file = self.folder / arm / f"{number:03}"
                file.write_text(json.dumps(content))
                file.with_suffix(".status").write_text("0\n")
                file.with_suffix(".err").write_text("")
        for arm, number, status, words in self.failed:
            file = self.folder / arm / f"{number:03}"
            file.write_text("")
            file.with_suffix(".status").write_text(f"{status}\n")
            file.with_suffix(".err").write_text(words)

    def status(self, *more):
        self.write()
        return exact.main(["decide", str(self.folder), *more])


@pytest.fixture
def run(tmp_path):
    return Run(tmp_path)


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_equal_counts_are_one_line(run, capsys):
    assert run.status() == 0
    assert lines(capsys) == ["equal: 4 cells: 4 equal; base 0123456789ab (main~1), head "
                             "fedcba987654; simulated icelake-sp, gcc 12.2.0"]


@pytest.mark.parametrize("name", [*read.TOTALS, "rmws", "map.misses", "driver.upgrades",
                                  "stacks.false_invalidations"])
def test_one_count_that_differs_is_red(run, capsys, name):
    count(run.of(CELL), name, 1000)
    assert run.status() == 1
    out = lines(capsys)
    assert out[0].startswith("red: 4 cells: 3 equal, 1 red; ")
    was = TOTALS.get(name, 5)
    assert out[1] == f"red       {CELL}: {name} {was} -> 1000 (x {1000 / was:.5g})"


def test_one_access_more_is_red(run, capsys):
    count(run.of(CELL), "loads", 4001)
    assert run.status() == 1
    assert "accesses 4900 -> 4901 (x 1.0002)" in lines(capsys)[1]


def test_globals_alone_are_layout(run, capsys):
    count(run.of(CELL), "globals.misses", 6)
    count(run.of(CELL), "l1d_misses", 813)
    assert run.status() == 0
    out = lines(capsys)
    assert out[0].startswith("equal: 4 cells: 3 equal, 1 layout; ")
    assert out[1].startswith(f"layout    {CELL}: l1d_misses 812 -> 813")
    assert out[2].strip().startswith("globals.misses 5 -> 6")


@pytest.mark.parametrize("name, value", [("map.misses", 9), ("rmws", 9), ("loads", 9)])
def test_globals_and_something_else_are_red(run, name, value):
    count(run.of(CELL), "globals.misses", 6)
    count(run.of(CELL), name, value)
    assert run.status() == 1


# ---- what was accepted ----------------------------------------------------

LINE = f"Counts: {CELL} invalidations 650 -> 651, upgrades 31 -> 33: "
STEPS = (f"Counts: {CELL} invalidations 650 -> 640, upgrades 31 -> 32: one",
         f"Counts: {CELL} invalidations 640 -> 651, upgrades 32 -> 33: two")


@pytest.fixture(name="differing")
def differing_(run):
    count(run.of(CELL), "upgrades", 33)
    count(run.of(CELL), "invalidations", 651)
    count(run.of(CELL), "map.upgrades", 7)
    return run


def test_the_accepted_figures_pass_with_their_reason(differing, capsys):
    differing.message += f"\n{LINE}a lock: more\n"
    assert differing.status() == 0
    out = lines(capsys)
    assert out[0].startswith("accepted: 4 cells: 1 accepted, 3 equal; ")
    assert out[1].endswith("upgrades 31 -> 33 (x 1.0645); a lock: more")
    count(differing.of("snapshot/n1024/update/t4"), "upgrades", 33)
    assert differing.status() == 1, "the line must not accept other cells"


def test_the_line_to_paste_is_the_one_that_is_read(differing):
    differing.status()
    assert (differing.folder / "counts.txt").read_text() == LINE + "\n"


@pytest.mark.parametrize("text", [
    LINE.replace("33", "34") + "why", LINE.replace("650", "649") + "why",
    LINE.replace(", upgrades 31 -> 33", "") + "why",
    LINE.replace(", upgrades", ", rmws 400 -> 401, upgrades") + "why",
    STEPS[0], STEPS[1], "\n".join(STEPS[::-1]),
    "\n".join([STEPS[0], STEPS[1].replace("640", "641")])])
def test_other_figures_stay_red(differing, capsys, text):
    differing.message += f"\n{text}\n"
    assert differing.status() == 1
    assert "the commit messages accept other figures" in "\n".join(lines(capsys))


@pytest.mark.parametrize("line", [
    LINE, LINE.replace(CELL, ""), LINE.replace("->", "to") + "why", "Counts: all of them: why"])
def test_a_line_without_figures_or_reason_is_reported(differing, capsys, line):
    differing.message += f"\n{line.strip()}\n"
    assert differing.status() == 1
    assert "not understood: 'Counts:" in "\n".join(lines(capsys))


@pytest.mark.parametrize("before, after", [
    ([], []), ([f"Counts: {CELL} rmws 400 -> 500: there"],
               [f"Counts: {CELL} rmws 500 -> 400: and back"])])
def test_lines_of_several_commits_lead_from_base_to_head(differing, capsys, before, after):
    differing.message += "\n\n".join([*before, *STEPS, *after])
    assert differing.status() == 0
    assert "upgrades 31 -> 33 (x 1.0645); one; two" in lines(capsys)[1]


def test_a_line_that_accepts_nothing_is_reported(run, capsys):
    """The second line names a cell with 16 cores. The plan of .ci/gate is smaller and has no such
    cells."""
    more = CELL.replace("/t4", "/t16")
    run.message += f"\n{LINE.replace(CELL, more)}why\n{LINE}why\n"
    assert run.status() == 0
    assert lines(capsys)[1:3] == [f"accepted, but equal here: {CELL}",
                                  f"accepted, but not counted here: {more}"]


# ---- figures that only one arm has ----------------------------------------

def test_a_cell_that_head_lost_is_red(run, capsys):
    run.answers["head"][1] = {"status": "failed", "reason": "deadlock: both"}
    assert run.status() == 1
    assert lines(capsys)[1] == f"red       {CELL}: head failed: deadlock: both"
    run.answers["head"] = [{"status": "failed", "reason": "wrong"}] * 4
    assert run.status() == 1


def test_figures_that_base_lacks_are_reported_once_and_not_red(run, capsys):
    run.failed = [("base", n, 1, "first\nno map is called snapshot\n") for n in (2, 3)]
    run.of(CELL)["stats"].append({"name": "new", "unit": "1", "value": 1})
    assert run.status() == 0
    out = lines(capsys)
    assert out[1] == ("only head snapshot, 2 cells: base ended with status 1: no map is called "
                      "snapshot")
    assert out[-1] == "counted by only one arm: stats.new"


def test_an_arm_without_answers_is_an_error(run, capsys):
    run.failed = [("base", n, 1, "no such map\n") for n in range(4)]
    assert run.status() == 2
    assert "base answers none of the 4 requests" in capsys.readouterr().err
    run.failed = [("head", n, 2, "protocol: 2, expected 3\n") for n in range(4)]
    assert run.status() == 2
    assert "protocol: 2, expected 3" in capsys.readouterr().err


def test_a_map_with_the_same_program_is_equal_without_a_trial(run, capsys):
    run.write()
    (run.folder / "same").write_text("snapshot\n")
    exact.main(["requests", str(run.folder)])
    assert (run.folder / "order").read_text() == "001 gomap_rw\n000 gomap_rw\n"
    (run.folder / "base" / "002.status").unlink()
    assert exact.main(["decide", str(run.folder)]) == 0
    assert lines(capsys)[0].startswith("equal: 4 cells: 2 equal, 2 same program;")
    (run.folder / "same").write_text("snapshot gomap_rw\n")
    assert exact.main(["decide", str(run.folder)]) == 0


# ---- malformed input ------------------------------------------------------

@pytest.mark.parametrize("text", ["", "[]", '{"status": "ok"}',
                                  '{"status": "ok", "counters": null}'])
def test_an_answer_that_cannot_be_read_is_red(run, capsys, text):
    run.write()
    (run.folder / "head" / "001").write_text(text)
    assert exact.main(["decide", str(run.folder)]) == 1
    assert "head returned an answer that cannot be read" in lines(capsys)[1]


def test_plans_without_cells_or_with_equal_names_are_rejected(run, capsys):
    run.cells.append(copy.deepcopy(run.cells[0]) | {"id": "another"})
    for answers in run.answers.values():
        answers.append(answer())
    assert run.status() == 2
    assert "two planned cells have this name" in capsys.readouterr().err
    run.cells = []
    assert run.status() == 2
    assert "no simulated cell" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["plan.json", "about", "message", "base/000.status"])
def test_a_file_that_is_missing_is_named(run, capsys, name):
    run.write()
    (run.folder / name).unlink()
    assert exact.main(["decide", str(run.folder)]) == 2
    assert f"{name}: No such file" in capsys.readouterr().err


@pytest.mark.parametrize("status, words", [
    ("3", "lost its answer: trial: No space left"), ("137", "was killed"),
    ("143", "was terminated"), ("", "left no status")])
@pytest.mark.parametrize("arm", ["base", "head"])
def test_a_lost_trial_gives_no_verdict(run, capsys, arm, status, words):
    run.failed = [(arm, 1, status, "trial: No space left\n")]
    assert run.status() == 2
    assert f"a trial of {arm} {words}" in capsys.readouterr().err


# ---- requests and JSON ----------------------------------------------------

def test_requests_follow_the_protocol_longest_first(run, capsys):
    run.write()
    exact.main(["requests", str(run.folder)])
    assert (run.folder / "order").read_text() == \
        "001 gomap_rw\n003 snapshot\n000 gomap_rw\n002 snapshot\n"
    request = json.loads((run.folder / "requests/001").read_text())
    assert "blocks" not in request["cell"] and "skip" not in request["cell"]
    assert request["cell"]["threads"] == 4
    for words in ([], ["decide"], ["other", "x"], ["decide", "x", "--json"]):
        assert exact.main(words) == 2


def test_json_has_its_schema_and_all_figures(differing):
    differing.failed = [("base", 2, 1, "none\n")]
    differing.status("--json", str(differing.folder / "verdict.json"))
    found = json.loads((differing.folder / "verdict.json").read_text())
    schemas.validator("exact").validate(found)
    assert found["verdict"] == "red"
    assert found["cells"][1]["differ"]["upgrades"] == [31, 33]
    assert found["cells"][1]["base"]["rmws"] == 400


def test_the_gate_and_its_reasons_need_nothing_but_python():
    """Pipelines run the gate without numpy and jsonschema, so the test uses a Python that cannot
    import these packages."""
    subprocess.run([sys.executable, "-c", "import sys\nfor name in ('numpy', 'jsonschema'):\n"
                    " sys.modules[name] = None\n"
                    "import report.exact.__main__, report.exact.why"],
                   cwd=os.path.join(os.path.dirname(__file__), "../.."), check=True)
