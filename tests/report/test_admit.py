# SPDX-License-Identifier: Apache-2.0
"""Tests the admission of machines: the rule on simulated rates, a folder without a campaign, and
recorded campaigns."""
import json
import math
import random
import statistics
import sys
from pathlib import Path

import pytest
from machine_campaigns import machine

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import admit, load  # noqa: E402

RULE = admit.read_rule()
CELLS = ("one", "two", "three", "four")
SPREAD = 0.08  # standard deviation of a trial's log rate; it is lower on a quiet machine


def node(draw, slower=1.0, kind="k", disturbed=0.1):
    by_cell = {cell: {block: slower * 1e7 * math.exp(draw.gauss(0, SPREAD))
                      for block in range(100)} for cell in CELLS}
    return admit.Figures(
        kind, {c: statistics.median(r.values()) for c, r in by_cell.items()},
        max(admit.halves(r) for r in by_cell.values()), disturbed)


def fleet(seed, **off):
    draw = random.Random(seed)
    return {"n1": node(draw), "n2": node(draw), "n3": node(draw, **off)}


def test_nearly_all_of_200_quiet_machines_are_admitted():
    refused = 0
    for seed in range(67):
        machines = fleet(seed)
        refused += sum(admit.judge(n, machines, RULE)[0] != "admitted"
                       for n in machines)
    assert refused <= 201 // 20


@pytest.mark.parametrize("off, words", [
    ({"slower": 0.5}, "its speed is"), ({"disturbed": 0.9}, "disturbed"),
    ({"slower": 1.5}, "its speed is")])
def test_all_of_200_faulty_machines_are_off(off, words):
    for seed in range(67):
        machines = fleet(seed, **off)
        verdict, reason = admit.judge("n3", machines, RULE)
        assert verdict == "off" and words in reason, (seed, reason)
        assert admit.judge("n1", machines, RULE)[0] == "admitted", seed


def test_the_slower_of_two_machines_is_off():
    machines = fleet(1, slower=0.5)
    del machines["n1"]
    assert [admit.judge(n, machines, RULE)[0] for n in ("n2", "n3")] == \
        ["admitted", "off"]


def test_a_machine_whose_speed_changes_is_off():
    rates = {block: 1e7 if block % 2 else 8e6 for block in range(100)}
    steady = fleet(1)
    machines = steady | {"n3": steady["n3"]._replace(aa=admit.halves(rates))}
    assert "two halves" in admit.judge("n3", machines, RULE)[1]


def test_speeds_are_compared_within_a_kind_only():
    machines = fleet(1, slower=0.5, kind="other")
    assert admit.judge("n3", machines, RULE) == (
        "admitted", "only machine of its kind: its speed was not compared")


def test_a_folder_without_a_campaign_is_off(tmp_path, capsys):
    assert admit.main([str(tmp_path / "n1")]) == 0
    output = capsys.readouterr().out
    assert output.startswith("n1\toff\t") and output.count("\n") == 1
    assert "no such folder" in output and "of its trials" not in output


def test_figures_are_those_of_the_trials(tmp_path):
    """The medians are recomputed here. A void trial counts as disturbed, but a missing one does
    not."""
    folder = machine(tmp_path / "n1", blocks=4, plant={"void": [("ck_ht", 1)]})
    trials = [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]
    timed = [t for t in trials if t["cell"].endswith("/throughput")]
    found = admit.figures_of(load.read(folder))
    assert found.kind == "5e7a0001" and found.disturbed == 4 / len(timed)
    for cell, median in found.medians.items():
        rates = [t["result"]["ops"] * 1e9 / t["result"]["elapsed_ns"] for t in timed
                 if t["cell"] == cell and t["status"] == "ok"]
        assert median == pytest.approx(statistics.median(rates))
    (folder / "trials.jsonl").write_text("")
    assert admit.judge("n1", {"n1": admit.figures_of(load.read(folder))}, RULE) == (
        "off", "none of its trials has run")


@pytest.mark.parametrize("words, status", [
    (["--help"], 0), (["--hlep"], 2), ([], 2)])
def test_options_are_not_folders(words, status, capsys):
    with pytest.raises(SystemExit) as end:
        admit.main(words)
    assert end.value.code == status and "\toff\t" not in capsys.readouterr().out


def recorded():
    """Returns, for each node of two CPUs by fleet, whether a busy loop ran there, and its
    figures."""
    fleets = {}
    for line in (ROOT / "tests/fixtures/admission.jsonl").read_text().splitlines():
        row = json.loads(line)
        aa = math.inf if row["aa"] is None else row["aa"]
        fleets.setdefault(row["fleet"], {})[row["node"]] = row["loop"], admit.Figures(
            row["kind"], dict(enumerate(row["medians"])), aa, row["disturbed"])
    return fleets


def test_recorded_machines_are_off_exactly_if_a_busy_loop_ran():
    seen = 0
    for nodes in recorded().values():
        machines = {node: figures for node, (_, figures) in nodes.items()}
        for node, (loop, _) in nodes.items():
            verdict, reason = admit.judge(node, machines, RULE)
            assert verdict == ("off" if loop else "admitted"), (node, reason)
            seen += loop
    assert seen == 4
