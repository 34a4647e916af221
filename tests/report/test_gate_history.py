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


# ---- what a line must have ------------------------------------------------

def written(tmp_path, line):
    """What read() makes of a line whose checksum is right."""
    path = tmp_path / "history.jsonl"
    path.write_bytes(gate_history.sealed(line))
    lines, problems = gate_history.read(path)
    assert bool(lines) != bool(problems)
    return lines


def altered(**members):
    """A line of one cell; None takes a member out."""
    line = made([0.0], cells=1)[0] | members
    return {k: v for k, v in line.items() if v is not None}


def altered_cell(**members):
    return altered(cells=[altered()["cells"][0] | members])


@pytest.mark.parametrize("name", ["format", "name", "created_utc",
                                  "plan_sha256", "verdict", "cells"])
@pytest.mark.parametrize("value", [None, 7, ["text"], False])
def test_what_is_read_of_a_line_has_its_type(tmp_path, name, value):
    assert written(tmp_path, altered())
    assert not written(tmp_path, altered(**{name: value}))


@pytest.mark.parametrize("value", ["1", 2, 0, True, 1.0])
def test_a_line_of_another_format_is_none_of_ours(tmp_path, value):
    assert not written(tmp_path, altered(format=value))


@pytest.mark.parametrize("line", [{}, {"format": 1}])
def test_a_value_that_is_no_line_is_left_out(tmp_path, line):
    assert not written(tmp_path, {"x": 1} | line)
    assert not gate_history.is_line([line]) and not gate_history.is_line("x")


@pytest.mark.parametrize("cells", [
    "text", {}, ["text"], [[]], [None], [{"cell": "c"}], [{"role": "gate"}],
    [{"cell": 1, "role": "gate"}], [{"cell": "c", "role": None}]])
def test_a_cell_has_a_name_and_a_role(tmp_path, cells):
    assert not written(tmp_path, altered(cells=cells))


@pytest.mark.parametrize("name", gate_history.FIGURES)
@pytest.mark.parametrize("value,whole", [
    (1, True), (-0.5, True), (None, True), ("1", False), (True, False),
    ([1], False), ({}, False)])
def test_a_figure_is_a_number_or_null(tmp_path, name, value, whole):
    assert bool(written(tmp_path, altered_cell(**{name: value}))) == whole


@pytest.mark.parametrize("name", ["base_ns_per_op", "slowdown_percent"])
def test_a_figure_that_is_read_is_there(tmp_path, name):
    cell = {n: v for n, v in altered()["cells"][0].items() if n != name}
    assert not written(tmp_path, altered(cells=[cell]))


@pytest.mark.parametrize("arms,whole", [
    ({}, True), (None, True), ([], True), (["base"], False), ("base", False)])
def test_arms_are_an_object_where_there_are_any(tmp_path, arms, whole):
    assert bool(written(tmp_path, altered(arms=arms))) == whole


def test_one_wrong_cell_among_right_ones_spoils_the_line(tmp_path):
    line = made([0.0], cells=3)[0]
    for i in range(3):
        cells = [dict(c) for c in line["cells"]]
        cells[i]["mde_percent"] = "wide"
        assert not written(tmp_path, line | {"cells": cells})


def test_a_line_may_have_no_cell_and_more_than_is_read(tmp_path):
    assert written(tmp_path, altered(cells=[], more=[1]))


@pytest.mark.parametrize("name", ["name", "created_utc", "seed"])
def test_another_campaign_is_another_line(tmp_path, name):
    path = tmp_path / "history.jsonl"
    line = altered()
    for known in (line, line | {name: "other"}, dict(line), line | {
            "machine": "other", "verdict": "FAIL"}):
        gate_history.append(path, known)
    assert [x[name] for x in gate_history.read(path)[0]] == [
        line[name], "other"]


def test_a_line_without_a_checksum_is_left_out(tmp_path):
    path = tmp_path / "history.jsonl"
    path.write_text(json.dumps(altered()) + "\n")
    assert gate_history.read(path) == (
        [], [f"{path}:1: torn or damaged, left out"])


def test_no_history_is_an_empty_one(tmp_path):
    assert gate_history.read(tmp_path / "none") == ([], [])


# ---- advice ---------------------------------------------------------------

@pytest.mark.parametrize("base,slower,ns", [
    (20.0, 5.0, 21.0), (20.0, -50.0, 10.0), (20.0, 0.0, 20.0),
    (None, 5.0, None), (20.0, None, None), (None, None, None)])
def test_heads_speed_is_that_of_base_and_the_slowdown(base, slower, ns):
    assert gate_history.head_ns({"base_ns_per_op": base,
                                 "slowdown_percent": slower}) == ns


def test_a_series_is_of_judged_cells_with_a_speed():
    lines = made([0.0] * 5, cells=1)
    for line, members in zip(lines, (
            {}, {"role": "advice"}, {"role": "aa"}, {"role": "control"},
            {"slowdown_percent": -100.0})):
        line["cells"][0] |= {"slowdown_percent": 10.0} | members
    lines.insert(0, {"cells": []})
    (name, (runs, values)), = gate_history.series(lines).items()
    assert name == "regress/map0/t1"
    assert runs == [1, 2] and values == pytest.approx([22.0, 22.0])


def test_only_the_latest_200_runs_are_compared():
    lines = made([0.0] * 203, cells=1)
    found = gate_history.comparable(lines, "m", "p")
    assert [line["seed"] for line in found] == list(range(3, 203))


@pytest.mark.parametrize("members,equal", [
    ({}, True), ({"head": "b"}, False), ({"base": None, "head": None}, False),
    ({"head": "b", "arms": {"base": "x", "head": "x"}}, True),
    ({"head": "b", "arms": {"base": "x", "head": "y"}}, False),
    ({"head": "b", "arms": {}}, False), ({"head": "b", "arms": None}, False)])
def test_equal_are_one_commit_or_one_program(members, equal):
    assert gate_history.is_of_equal(
        {"base": "a", "head": "a"} | members) == equal


def test_a_runs_sign_is_that_of_the_median_of_its_gated_cells():
    def line(*cells):
        return {"base": "a", "head": "a", "cells": [
            {"role": role, "slowdown_percent": p} for role, p in cells]}
    found = gate_history.one_sided([
        line(("gate", 1), ("gate", 2), ("gate", -9)),
        line(("gate", -1), ("advice", 9), ("control", 9)),
        line(("gate", -1), ("gate", 1)), line(("gate", None)), line(),
        line(("gate", 0.5), ("gate", None))])
    assert found[:2] == (2, 1)
    assert found[2] == 1.0  # 2 of 3, both sides: (1 + 3 + 3 + 1) / 8


def test_a_gate_that_leans_is_told_with_its_numbers():
    """9 of 9 by a fair coin, both sides: 2 / 2^9 = 0.0039; of 7: 0.0156."""
    assert gate_history.advice(made([2.0] * 9, 1)) == [
        "equal commits came out slower in 9 and faster in 0 runs (p = "
        "0.0039): the gate itself leans to one side here"]
    assert gate_history.advice(made([2.0] * 7, 1)) == []


def test_a_change_has_five_runs_on_each_side():
    for n, found in ((9, False), (10, True)):
        x = np.array([0.0] * 5 + [9.0] * (n - 5)) + np.arange(n) / 100
        place, p = gate_history.split(x, draws=2000)
        assert (place is not None) == found
        assert not found or place == 5 and p < 0.05


def test_levels_are_medians_between_changes():
    lines = made([0.0] * 12 + [10.0] * 12, cells=1)
    for line, i in zip(lines, range(24)):
        line["cells"][0]["slowdown_percent"] = 10.0 * (
            i >= 12) + (i % 2) / 1e6
    (change,), = gate_history.level_changes(lines).values()
    assert change["run"] == 12
    assert change["percent"] == pytest.approx(10.0, abs=1e-4)

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
