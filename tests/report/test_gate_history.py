# SPDX-License-Identifier: Apache-2.0
"""Facts about the history of the gate: lines, change points, one-sidedness."""
import json
import os
import random
import resource
import signal
import subprocess
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.dirname(__file__))
import schemas  # noqa: E402
from gate_fake import ROOT, Fake, rows_of, view_of  # noqa: E402
from report import gate, gate_history, gate_page  # noqa: E402


def run_of(number=0, fake=None, equal=True, blocks=40):
    """A run's line; numbers tell runs apart."""
    fake = fake or Fake(seed=number)
    view = view_of(fake, flips=4000, blocks=blocks)
    view |= {"created_utc": f"2026-11-{1 + number // 24:02}T{number % 24:02}"
             ":00:00.000Z", "commit": "abc", "seed": number,
             "head": "abc" if equal else "def"}
    return gate_history.line_of(view, gate.decide(view, rows_of(view, fake)))


def made(percents, cells=3, equal=True):
    """Lines of runs whose head is so much slower than 20 ns."""
    draw = random.Random(1)
    return [{"format": 1, "name": "n", "created_utc": f"2026-{i:04}",
             "seed": i, "machine": "m", "plan_sha256": "p", "verdict": "PASS",
             "base": "a", "head": "a" if equal else "b", "cells": [
                 {"cell": f"regress/map{c}/t1", "role": "gate",
                  "base_ns_per_op": 20.0, "verdict": "PASS", "n": 30,
                  "low_percent": 0, "high_percent": 0, "mde_percent": 1,
                  "slowdown_percent": percent * (c == 0)
                  + draw.gauss(0, 0.3)} for c in range(cells)]}
            for i, percent in enumerate(percents)]


# ---- the file -------------------------------------------------------------

def test_a_line_has_its_schema_and_its_checksum(tmp_path):
    path = tmp_path / "history.jsonl"
    gate_history.append(path, run_of(1))
    line = json.loads(path.read_text())
    schemas.validator("regress-history").validate(line)
    assert gate_history.read(path) == ([line], [])
    assert {c["role"] for c in line["cells"]} == {"gate", "advice", "aa",
                                                  "control"}


def test_lines_are_appended_once_and_none_is_changed(tmp_path):
    path = tmp_path / "history.jsonl"
    lines = [run_of(i) for i in range(3)]
    before = b""
    for line in lines:
        gate_history.append(path, line)
        assert path.read_bytes().startswith(before)
        before = path.read_bytes()
    gate_history.append(path, lines[1])
    assert path.read_bytes() == before
    assert [line["seed"] for line in gate_history.read(path)[0]] == [0, 1, 2]


@pytest.mark.parametrize("cut", [1, 2, 40, 400, -1])
def test_a_torn_line_is_named_and_left_out_and_no_other(tmp_path, cut):
    """A kill leaves a beginning of a line: any."""
    path = tmp_path / "history.jsonl"
    for i in range(2):
        gate_history.append(path, run_of(i))
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    end = first + cut if cut > 0 else len(whole) - 1 + cut
    path.write_bytes(whole[:end])
    lines, problems = gate_history.read(path)
    assert [line["seed"] for line in lines] == [0]
    assert len(problems) == 1 and ":2: torn" in problems[0]
    gate_history.append(path, run_of(5))
    lines, problems = gate_history.read(path)
    assert [line["seed"] for line in lines] == [0, 5] and len(problems) == 1


def test_a_changed_digit_is_found(tmp_path):
    path = tmp_path / "history.jsonl"
    gate_history.append(path, run_of(1))
    data = path.read_bytes()
    at = data.index(b'"slowdown_percent":') + 21
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
    assert gate_history.read(path)[0] == []
    path.write_bytes(b"[]\nnull\n{}\n\xff\n")
    assert len(gate_history.read(path)[1]) == 4


def test_a_full_disk_leaves_the_history_as_it_was(tmp_path):
    """RLIMIT_FSIZE, as a full disk: a part of the line is written, and goes
    again."""
    path = tmp_path / "history.jsonl"
    gate_history.append(path, run_of(1))
    before = path.read_bytes()

    def limited():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100,) * 2)
    (tmp_path / "line.json").write_text(json.dumps(run_of(2)))
    said = subprocess.run(
        [sys.executable, "-c", "import json, sys\n"
         "from report import gate_history\n"
         "try:\n gate_history.append(sys.argv[1], json.load(open("
         "sys.argv[2])))\nexcept OSError as error:\n"
         " print(error.filename, error.strerror)", str(path),
         str(tmp_path / "line.json")], cwd=ROOT, preexec_fn=limited,
        capture_output=True, text=True, timeout=600)
    assert "history.jsonl" in said.stdout, said.stdout + said.stderr
    assert path.read_bytes() == before


# ---- advice ---------------------------------------------------------------

def test_a_step_is_found_where_it_is():
    lines = made([0.0] * 12 + [2.0] * 12)
    found = gate_history.level_changes(lines)
    assert list(found) == ["regress/map0/t1"]
    change, = found["regress/map0/t1"]
    assert change["run"] == 12 and change["percent"] == pytest.approx(2, .2)
    assert "map0 t1: +" in gate_history.advice(lines)[0]


def test_a_creep_that_no_run_can_see_is_found():
    """0.2 % a run: each is far below what the gate may call slower."""
    assert gate_history.level_changes(made(np.arange(24) * 0.2))


def test_two_steps_are_two():
    changes = gate_history.changes(
        np.concatenate([np.zeros(15), np.ones(15), np.full(15, 3.0)])
        + np.random.default_rng(1).normal(0, .1, 45), 0.001)
    assert changes == [15, 30]


def test_equal_levels_are_seldom_called_changed():
    """1 % for all cells of a history; 200 histories of 5 cells."""
    rng = np.random.default_rng(3)
    alarms = sum(
        any(gate_history.split(rng.normal(size=20), draws=2000, seed=i)[1]
            <= gate_history.ALPHA / 5 for _ in range(5)) for i in range(200))
    assert alarms <= 7  # 99.9 % of a binomial of 200 at 1 %


def test_the_statistic_is_mann_and_whitneys():
    """A second hand: scipy's test at the place that was found."""
    from scipy.stats import mannwhitneyu
    x = np.concatenate([np.arange(8.0), np.arange(8.0) + 20])
    place, p = gate_history.split(x)
    best = min(range(5, 12), key=lambda k: mannwhitneyu(
        x[:k], x[k:], method="asymptotic", use_continuity=False).pvalue)
    assert place == best == 8 and p < 0.001
    assert gate_history.split(x[:9]) == (None, 1.0)


def test_only_runs_of_one_machine_and_plan_are_compared():
    lines = made([0.0] * 4)
    lines[1]["machine"], lines[2]["plan_sha256"] = "other", "other"
    found = gate_history.comparable(lines, "m", "p")
    assert [line["seed"] for line in found] == [0, 3]


def test_equal_commits_that_are_always_slower_are_told():
    assert gate_history.one_sided(made([0.4, -0.4] * 10, 1))[2] > 0.01
    slower, faster, p = gate_history.one_sided(made([2.0] * 10, 1))
    assert (slower, faster) == (10, 0) and p <= 0.01
    assert "leans to one side" in gate_history.advice(made([2.0] * 9, 1))[-1]
    assert gate_history.one_sided(made([2.0] * 10, 1, equal=False))[:2] == \
        (0, 0), "a real slowdown is no lean of the gate"


def test_the_figures_rows_mark_the_change():
    rows = gate_page.history_rows(made([0.0] * 10 + [3.0] * 10))
    assert [r["run"] for r in rows if r["changed"]] == [11]
    assert max(abs(r["percent"]) for r in rows) < 5
