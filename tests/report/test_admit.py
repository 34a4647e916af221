# SPDX-License-Identifier: Apache-2.0
"""Admission of machines: the rule, on drawn rates with the spread of recorded
ones, on a folder that is none, and on the recorded ones themselves, with limits
that are made of another recording (tests/tools/admission_tally.py)."""
import json
import math
import random
import statistics
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/tools")]
import admission_tally as tally  # noqa: E402
import kept  # noqa: E402

from report import admit  # noqa: E402

QUIET_ONES, RECORDED = (ROOT / "docs/tally" / name for name in
                    ("admission-spread.jsonl", "admission.jsonl"))

RULE = json.loads(admit.RULE.read_text())
CELLS = ("one", "two", "three", "four")
SPREAD = 0.08  # of a trial's log rate, wider than that of a quiet machine


def node(draw, slower=1.0, kind="k", disturbed=0.1):
    by_cell = {cell: {block: slower * 1e7 * math.exp(draw.gauss(0, SPREAD))
                      for block in range(100)} for cell in CELLS}
    return admit.Figures(
        kind, {c: statistics.median(r.values()) for c, r in by_cell.items()},
        max(admit.halves(r) for r in by_cell.values()), disturbed)


def fleet(seed, **off):
    draw = random.Random(seed)
    return {"n1": node(draw), "n2": node(draw), "n3": node(draw, **off)}


def test_of_200_quiet_machines_nearly_all_are_admitted():
    refused = 0
    for seed in range(67):
        machines = fleet(seed)
        refused += sum(admit.judge(n, machines, RULE)[0] != "admitted"
                       for n in machines)
    assert refused <= 201 // 20


@pytest.mark.parametrize("off, words", [
    ({"slower": 0.5}, "its speed is"), ({"disturbed": 0.9}, "disturbed"),
    ({"slower": 1.5}, "its speed is")])
def test_of_200_machines_that_are_off_each_is_named(off, words):
    for seed in range(67):
        machines = fleet(seed, **off)
        verdict, reason = admit.judge("n3", machines, RULE)
        assert verdict == "off" and words in reason, (seed, reason)
        assert admit.judge("n1", machines, RULE)[0] == "admitted", seed


def test_of_two_the_slower_one_is_off():
    machines = fleet(1, slower=0.5)
    del machines["n1"]
    assert [admit.judge(n, machines, RULE)[0] for n in ("n2", "n3")] == \
        ["admitted", "off"]


def test_a_machine_that_changes_while_it_is_asked_is_off():
    rates = {block: 1e7 if block % 2 else 8e6 for block in range(100)}
    steady = fleet(1)
    machines = steady | {"n3": steady["n3"]._replace(aa=admit.halves(rates))}
    assert "two halves" in admit.judge("n3", machines, RULE)[1]


def test_machines_of_another_kind_are_no_measure():
    machines = fleet(1, slower=0.5, kind="other")
    assert admit.judge("n3", machines, RULE) == (
        "admitted", "alone of its kind: its speed was not compared")


def test_a_folder_that_is_none_is_off(tmp_path, capsys):
    assert admit.main([str(tmp_path / "n1")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("n1\toff\t") and said.count("\n") == 1
    assert "no such folder" in said and "of its trials" not in said


def test_a_campaign_without_a_trial_is_off_for_that():
    none = SimpleNamespace(cells={}, meta={"machine": {"id": "k"}})
    assert admit.judge("n1", {"n1": admit.figures_of(none)}, RULE) == (
        "off", "no trial of it has been run")


@pytest.mark.parametrize("words, status", [
    (["--help"], 0), (["--hlep"], 2), ([], 2)])
def test_an_option_is_no_folder(words, status, capsys):
    with pytest.raises(SystemExit) as end:
        admit.main(words)
    assert end.value.code == status and "\toff\t" not in capsys.readouterr().out


# ---- limits, and recorded journals ----

def quiet(aa, cpu=0, speed=1.0, disturbed=0.1):
    return {"fleet": 0, "node": "n0", "cpu": cpu, "loop": False,
            "others": 0.01, "aa": aa, "disturbed": disturbed, "kind": "k",
            "medians": {"one": 1e7 * speed}}


def test_limits_are_a_quarter_above_what_99_of_100_keep():
    rows = [quiet(math.log1p(i / 1000)) for i in range(101)]
    assert tally.limits(rows) == {"aa_most": 0.13, "speed_most": 0.05,
                                  "disturbed_most": 0.55}


def test_speed_is_held_against_the_same_cpu():
    rows = [quiet(0.0, cpu, 1 + cpu / 2) for cpu in (0, 1) for _ in range(9)]
    assert tally.speeds(rows) == [0.0] * 18


def test_a_recording_that_was_not_quiet_gives_no_limit():
    assert tally.limits([quiet(math.log(1.5))] * 60)["aa_most"] is None


@pytest.mark.skipif(not QUIET_ONES.exists(), reason="not recorded yet")
def test_the_limits_are_those_of_the_recording():
    rows = [row for row in kept.rows(QUIET_ONES) if tally.is_quiet(row)]
    assert tally.limits(rows) == RULE


@pytest.mark.skipif(not RECORDED.exists(), reason="not recorded yet")
def test_recorded_machines_with_a_busy_loop_are_named_and_quiet_ones_not():
    found = tally.counted(kept.rows(RECORDED), RULE)
    assert tally.holds(found), found


def test_a_class_that_is_judged_wrong_breaks_the_bar():
    found = {"loop": [10, 10, {}], "quiet": [20, 1, {}], "rest": [5, 5, {}]}
    assert tally.holds(found)
    assert not tally.holds(found | {"loop": [10, 9, {}]})
    assert not tally.holds(found | {"quiet": [20, 2, {}]})


def test_limits_of_cells_are_those_of_journals_that_have_eight():
    cells = [{"cell": str(i), "aa": 0.2 if i == 0 else 0.0, "apart": 0.0,
              "disturbed": 0.0} for i in range(50)]
    # one of eight is the bad cell in one of seven journals
    assert tally.limits(cells)["aa_most"] == 0.28
    assert tally.limits(cells) == tally.limits(cells)
    slower = [{**cell, "aa": 0.0, "apart": -0.1} for cell in cells]
    assert tally.limits(slower)["speed_most"] == 0.14


def test_a_recording_goes_on_where_it_was_ended(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(tally, "record", lambda program, folder, cpu, loop:
                        asked.append(folder.name) or {"loop": loop})
    args = SimpleNamespace(program="p", folder=tmp_path, seconds=60)
    keys = [(0, node, node == 1) for node in range(4)]
    tally.fill(tmp_path / "rows", keys[:2], args)
    rows = tally.fill(tmp_path / "rows", keys, args)
    assert asked == ["n0", "n1", "n2", "n3"]
    assert [row["loop"] for row in rows] == [False, True, False, False]
    args.seconds = -1
    assert len(tally.fill(tmp_path / "none", keys, args)) == 0
    assert len(tally.fill(tmp_path / "rows", keys, args)) == 4


def test_every_second_fleet_has_a_busy_loop_on_one_node():
    found = [tally.planted(fleet) for fleet in range(tally.FLEETS)]
    assert found.count(None) == 25 and set(found) == {None, 0, 1, 2, 3}
