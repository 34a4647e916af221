# SPDX-License-Identifier: Apache-2.0
"""Admission of machines: the rule, on drawn rates with the spread of recorded
ones, and on a folder that is none."""
import json
import math
import random
import statistics

import pytest

from report import admit

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
    assert capsys.readouterr().out.startswith("n1\toff\t")
