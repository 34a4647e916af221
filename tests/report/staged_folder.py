# SPDX-License-Identifier: Apache-2.0
"""Writes staged campaigns with synthetic trials like the runner: requests the next stage, writes
its trials, and repeats. Each folder is marked "synthetic"."""
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import sweep_worlds as worlds  # noqa: E402
from report import staged  # noqa: E402
from report.load import seal  # noqa: E402
from report.sweep import next as following  # noqa: E402
from seal import sealed  # noqa: E402

ELAPSED = 10 ** 8  # length of each window [ns]
RULE = {"format": 1, "kind": "crossover", "error": 0.05, "blocks": [7, 7, 14], "margin": 1.02}


def begin(path, plan, budget=10 ** 6, maps=worlds.MAPS, **more):
    """Writes stages.json and plan.json of a search that has not begun."""
    path = Path(path)
    path.mkdir(parents=True, exist_ok=True)
    (path / "plan.json").write_text(json.dumps(plan, indent=1))
    meta = {"format": 1, "kind": "crossover", "maps": list(maps), "ids": None, "mode": None,
            "seed": 7, "budget_trials": budget, "rule": RULE,
            "plan_sha256": seal.plan_sha256(plan)} | more
    (path / "stages.json").write_text(json.dumps(meta | {"sha256": seal.campaign_sha256(meta)}))
    return path


def trial(cell, block, rate):
    """Makes one line of a journal, as an object."""
    return {"format": 1, "cell": cell, "block": block, "arm": "head", "slot": 0, "attempt": 1,
            "seed": 1, "exit": "0", "status": "ok", "reason": None, "disturbed": None,
            "result": {"status": "ok", "ops": round(rate * ELAPSED / 1e9), "elapsed_ns": ELAPSED,
                       "verification": None, "latency": None}}


def write_stage(path, plan, asked, lines, machine="5e7a0001"):
    """Writes a campaign of the requested cells with these lines."""
    path.mkdir()
    requested = set(asked.cells)
    cells = [c | {"blocks": asked.blocks} for c in plan["cells"] if c["id"] in requested]
    meta = {"format": 1, "protocol": 2, "synthetic": True, "name": path.name,
            "machine": {"id": machine}, "seed": 7, "cells": cells,
            "maps": [{"id": m} for m in sorted({c["map"] for c in cells})],
            "line_checksum": "crc32", "order": [list(range(len(cells)))] * asked.blocks}
    meta["plan_sha256"] = seal.plan_sha256(meta)
    meta["sha256"] = seal.campaign_sha256(meta)
    (path / "campaign.json").write_text(json.dumps(meta))
    (path / "trials.jsonl").write_text("".join(map(sealed, lines)))


def ask(path):
    """Returns the stage that `next` requests."""
    return following.played(staged.read(path)).next()


def run_stage(path, plan, truth, seed, change=lambda lines: lines):
    """Runs the next stage, if there is one, and returns the request. `change` may damage the
    lines."""
    asked = ask(path)
    if asked.stage is None:
        return asked
    rng = np.random.default_rng([seed, asked.stage])
    rates = worlds.trials(worlds.lattice_of(plan), truth, asked.points, asked.blocks, rng)
    write_stage(path / f"stage-{asked.stage:02d}", plan, asked, change(
        [trial(c, b, rates[c][b]) for b in range(asked.blocks) for c in sorted(rates)]))
    return asked


def run(path, plan, truth, seed=1):
    """Runs a whole search in a folder; returns all requests, including the end."""
    begin(path, plan)
    requests = [run_stage(path, plan, truth, seed)]
    while requests[-1].stage is not None:
        requests.append(run_stage(path, plan, truth, seed))
    return requests


def main():
    """staged_folder.py DIR [SHAPE] [KIND]: writes a folder for inspection."""
    shape, kind = (sys.argv[2:] + ["here", "one"][len(sys.argv) - 2:])[:2]
    truth = worlds.surface(kind, np.random.default_rng(1))
    for asked in run(Path(sys.argv[1]), worlds.plan(worlds.SHAPES[shape]), truth):
        print(asked.stage, asked.trials, asked.why)


if __name__ == "__main__":
    main()
