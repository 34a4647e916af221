# SPDX-License-Identifier: Apache-2.0
"""What trials took against what the plan says: the comparison itself."""
import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import trial_costs  # noqa: E402

CELLS = [{"id": f"a/{n}", "workload": "a", "measure": "throughput",
          "skip": None, "estimate_ns": ns}
         for n, ns in enumerate((90_000_000, 110_000_000))]
SKIPPED = {"id": "a/2", "workload": "a", "measure": "throughput",
           "skip": "unsafe", "estimate_ns": 10**12}


def campaign(folder, wall_ns, load=1.5):
    """20 trials of two cells, one not started and one repeated."""
    (folder / "campaign.json").write_text(json.dumps({
        "mode": "smoke", "machine": {"cpus": 2}, "build": {"commit": "f" * 40},
        "cells": [*CELLS, SKIPPED]}))
    trials = [{"cell": f"a/{i % 2}", "wall_ns": wall_ns, "load": load}
              for i in range(20)]
    trials += [{"cell": "a/2", "wall_ns": 0, "load": 99},
               {"cell": "a/0", "wall_ns": 10**12, "load": 99, "attempt": 2}]
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(t) + "\n" for t in trials))


def judged(folder, capsys, wall_ns, load=1.5):
    campaign(folder, wall_ns, load)
    trial_costs.write(folder)
    record, plan = folder / "record.tsv", folder / "plan.json"
    record.write_text(capsys.readouterr().out)
    plan.write_text(json.dumps({"cells": [*CELLS, SKIPPED]}))
    status = trial_costs.compare(record, plan)
    return status, capsys.readouterr().out


@pytest.mark.parametrize("wall_ns, status", [
    (100_000_000, 0), (81_000_000, 0), (132_000_000, 0),
    (79_000_000, 1), (134_000_000, 1)])
def test_a_quarter_is_the_limit_on_both_sides(tmp_path, capsys, wall_ns,
                                              status):
    got, said = judged(tmp_path, capsys, wall_ns)
    assert got == status
    assert f"planned 2 s, took {wall_ns * 20 / 1e9:.0f} s" in said


def test_what_was_recorded_on_a_busy_machine_decides_nothing(tmp_path,
                                                             capsys):
    status, said = judged(tmp_path, capsys, 400_000_000, load=17)
    assert status == 0 and "# SKIP recorded at a load of 17.0" in said


def test_a_record_without_rows_of_the_plan_fails(tmp_path):
    record, plan = tmp_path / "r.tsv", tmp_path / "p.json"
    record.write_text("# mean load 1.0\nb\tthroughput\t1\t0.10\n")
    plan.write_text(json.dumps({"cells": CELLS}))
    assert trial_costs.compare(record, plan) == 1
