# SPDX-License-Identifier: Apache-2.0
"""Tests the lines of the gate's history, and the detection of bias in runs of equal commits."""
import json
import os
import resource
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import ROOT, Fake, campaign_of, decided, meta_of, rows_of  # noqa: E402
from report.gate import history  # noqa: E402
from report.gate.history import Line, Result  # noqa: E402


def run_of(number=0):
    """Makes the line of a run with this number."""
    fake = Fake(seed=number)
    view = campaign_of(meta_of(fake) | {
        "created_utc": f"2026-11-{1 + number:02}T00:00:00.000Z", "seed": number,
        "notes": {"commit": "abc", "head": "abc"}}, flips=4000)
    return history.line_of(view, decided(view, rows_of(view, fake)))


def cell(percent, number=0, role="gate", base=20.0):
    return Result(f"regress/map{number}/t1", role, "PASS", 30, base, percent, 0.0, 0.0, 1.0)


def line(*cells, seed=0, head="a", machine="m", plan="p", arms=("x", "y")):
    return Line("n", f"2026-{seed:04}", seed, machine, 2, None, "a", head, *arms, plan, 30, "PASS",
                None, tuple(cells))


def made(percents, head="a"):
    """Makes lines of runs with one cell, which is slower than 20 ns by these percentages."""
    return [line(cell(percent), seed=i, head=head) for i, percent in enumerate(percents)]


# ---- the file -------------------------------------------------------------

def test_lines_are_appended_once_and_none_is_changed(tmp_path):
    path = tmp_path / "history.jsonl"
    lines = [run_of(i) for i in range(3)]
    before = b""
    for one in lines:
        history.append(path, one)
        assert path.read_bytes().startswith(before)
        before = path.read_bytes()
    history.append(path, lines[1])
    assert path.read_bytes() == before
    assert history.read(path) == (lines, [])
    assert {c.role for c in lines[0].cells} == {"gate", "advice", "aa", "control"}


@pytest.mark.parametrize("cut", [1, 40, 400, -1])
def test_only_a_torn_line_is_reported_and_left_out(tmp_path, cut):
    """If the process is killed while it writes a line, any part of the line may be missing."""
    path = tmp_path / "history.jsonl"
    for i in range(2):
        history.append(path, run_of(i))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    path.write_bytes(whole[:first + cut if cut > 0 else len(whole) - 1 + cut])
    lines, problems = history.read(path)
    assert [x.seed for x in lines] == [0]
    assert problems == [f"{path}:2: torn or damaged, left out"]
    history.append(path, run_of(5))
    lines, problems = history.read(path)
    assert [x.seed for x in lines] == [0, 5] and len(problems) == 1


def test_damaged_lines_and_other_text_are_left_out(tmp_path):
    path = tmp_path / "history.jsonl"
    history.append(path, run_of(1))
    data = path.read_bytes()
    at = data.index(b'"slowdown_percent":') + 21
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:] + b"[]\nnull\n{}\n\xff\n")
    assert history.read(path)[0] == [] and len(history.read(path)[1]) == 5
    assert history.read(tmp_path / "none") == ([], [])


@pytest.mark.parametrize("place, value, words", [
    (("format",), 2, "format: 1 was expected"), (("seed",), "x", "seed: 'x' is not of type"),
    (("arms",), ["base"], "arms: "), (("cells", 0, "mde_percent"), "wide",
                                      "cells[0].mde_percent: 'wide' is not of type"),
    (("cells", 0, "role"), "other", "cells[0].role: 'other' is not one of")])
def test_sealed_lines_that_violate_the_schema_are_reported(tmp_path, place, value, words):
    found = json.loads(history.sealed(made([0.0])[0]))
    del found["crc32"]
    inner = found
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    text = json.dumps(found)[:-1].encode()
    path = tmp_path / "history.jsonl"
    path.write_bytes(text + f',"crc32":"{history.seal.crc32(text)}"}}\n'.encode())
    lines, (problem,) = history.read(path)
    assert not lines and problem.startswith(f"{path}:1: {words}")


def test_a_full_disk_leaves_the_history_as_it_was(tmp_path):
    """RLIMIT_FSIZE acts like a full disk: part of the line is written and removed again."""
    path = tmp_path / "history.jsonl"
    history.append(path, run_of(1))
    before = path.read_bytes()
    other = tmp_path / "other.jsonl"
    history.append(other, run_of(2))

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100,) * 2)
    done = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom pathlib import Path\n"
         "from report.gate import history\n"
         "try:\n history.append(Path(sys.argv[1]), history.read(Path(sys.argv[2]))[0][0])\n"
         "except OSError as error:\n print(error.filename, error.strerror)",
         str(path), str(other)], cwd=ROOT, preexec_fn=limited, capture_output=True, text=True,
        timeout=600)
    assert "history.jsonl" in done.stdout, done.stdout + done.stderr
    assert path.read_bytes() == before


# ---- advice ---------------------------------------------------------------

def test_only_the_latest_200_runs_of_one_machine_and_plan_are_compared():
    lines = made([0.0] * 203)
    assert [x.seed for x in history.comparable(lines, "m", "p")] == list(range(3, 203))
    lines = [line(seed=0), line(seed=1, machine="other"), line(seed=2, plan="other")]
    assert [x.seed for x in history.comparable(lines, "m", "p")] == [0]


def test_equal_commits_and_equal_programs_count_as_equal():
    assert line().is_of_equal and line(head="b", arms=("x", "x")).is_of_equal
    assert not line(head="b").is_of_equal


def test_the_median_gated_cell_gives_the_sign_of_a_run():
    found = history.one_sided([
        line(cell(1), cell(2), cell(-9)), line(cell(-1), cell(9, role="advice")),
        line(cell(-1), cell(1)), line(cell(None)), line(), line(cell(0.5), cell(None))])
    assert found == (2, 1, 1.0)  # a sign test of 2 in 3, two-sided: (1 + 3 + 3 + 1) / 8


def test_a_biased_gate_is_reported_with_its_numbers():
    """If both outcomes are equally likely, 9 of 9 has a two-sided p of 2 / 2^9 = 0.0039, and 7 of 7
    has 0.0156."""
    assert history.advice(made([2.0] * 9)) == [
        "Equal commits were slower in 9 and faster in 0 runs (p = 0.0039): the gate is biased on "
        "this machine."]
    assert history.advice(made([2.0] * 7)) == []
    assert history.one_sided(made([2.0] * 10, head="b"))[:2] == (0, 0)
