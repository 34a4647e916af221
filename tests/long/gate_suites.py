#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures error rates of the gate on recorded noise.

    tests/long/gate_suites.py [--suites N]
    tests/long/gate_suites.py --record DIR

Calibration, number of blocks and verdict come from the gate's code. A suite samples complete blocks
of a recorded run of equal programs, so that the cells of a block share its noise. It flips the sign
of each block at random, because the order of arms is random, and computes the verdict. --record
writes tests/fixtures/gate-noise.json from a campaign. Exit status 1: more than 1 % of the suites of
equal programs raise an alarm.
"""
import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import stats  # noqa: E402
from report.gate import blocks as sizes  # noqa: E402
from report.gate import campaign  # noqa: E402
from report.gate.decide import judge  # noqa: E402
from report.gate.model import Contrast, Pairs, Role  # noqa: E402
from report.gate.names import label_of  # noqa: E402
from report.gate.pairs import pairs_of  # noqa: E402
from report.gate.rules import Plan, load_rules  # noqa: E402

RECORDING = ROOT / "tests/fixtures/gate-noise.json"
QUIET = 0.003, 0.013  # range of the robust standard deviation of a pair, over cells
CELLS, SEED = 20, 20261124
OTHERS = 5  # suites with a slower head have no limit, so their number is divided by this
ALARMS = 0.01  # limit on the share of suites of equal programs (rule R27)
BLOCK_S, ALLOWED_S = 2.3, 270.0  # as on the quiet machine of the recording


def record(folder):
    """Writes the pairs of each gated cell in a run of equal programs as JSON."""
    view, trials = campaign.read(folder)
    cells = {}
    for contrast in view.contrasts:
        if contrast.role in (Role.GATE, Role.AA):
            d = pairs_of(trials, contrast, view.plan.blocks).d
            name = label_of(contrast.role, contrast.cell)
            cells[name] = [None if math.isnan(x) else round(float(x), 6)
                           for x in d]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(d)}"
                       for name, d in cells.items())
    return ('{\n "about": "ln(head / base) of each pair, in the order run, of'
            f' equal programs on {view.meta.cpus} CPUs, {view.meta.created_utc[:10]}",\n'
            f' "cells": {{\n{lines}\n }}\n}}\n')


def recorded(path=RECORDING):
    """Returns (cells, blocks): CELLS rows of recorded pairs, in the file's order."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    d = np.array([[math.nan if x is None else x for x in row]
                  for name, row in cells.items()
                  if not name.startswith("A/A")], float)
    return d[:CELLS, ~np.isnan(d).any(axis=0)]


def quieter(noise):
    """Scales the recorded noise, with its bursts and correlations, to the range QUIET of machines
    with two CPUs."""
    spreads = [sizes.spread(row) for row in noise]
    return noise * (np.linspace(*QUIET, len(noise)) / spreads)[:, None]


def drawn(noise, blocks, rng, away=0.0):
    """Samples d (cells, blocks): complete blocks of the recording with random signs. Head is slower
    by `away` (ln). Also returns in which blocks base ran first."""
    turn = rng.integers(0, 2, blocks) * 2.0 - 1.0
    picked = noise[:, rng.integers(0, noise.shape[1], blocks)]
    # The order of arms is sampled separately, because recorded noise does not depend on it.
    return picked * turn + away, rng.integers(0, 2, blocks) > 0


def blocks_of(noise, rng, rules):
    """Returns the number of blocks after a calibration on separate blocks."""
    d, _ = drawn(noise, rules.calibration_blocks, rng)
    return sizes.size(sizes.Noise(tuple(map(str, range(len(d)))), tuple(d), BLOCK_S, ALLOWED_S),
                      rules).blocks


def judged(d, first, rules):
    """Returns the gate's rows for d (cells, blocks), all gated. `first` (blocks,) is true if base
    ran first."""
    pairs = [Pairs(row, np.full(len(row), 20.0), first, ()) for row in d]
    contrasts = [Contrast(Role.GATE, f"x/c{i}", "base", "head", ()) for i in range(len(d))]
    return judge(contrasts, pairs, Plan(rules, d.shape[1], 0.02))


def suite(noise, rng, rules, away=0.0):
    """Returns the number of blocks and the verdicts on cells of one run of the gate."""
    blocks = blocks_of(noise, rng, rules)
    d, first = drawn(noise, blocks, rng, away)
    return blocks, [row.verdict for row in judged(d, first, rules)]


def rates(noise, suites, rules, away=0.0, seed=SEED):
    """Counts the suites with an alarm and undecided ones, verdicts on cells, and blocks."""
    rng = np.random.default_rng([seed, round(1e6 * away)])
    runs = [suite(noise, rng, rules, away) for _ in range(suites)]
    cells = [v for _, verdicts in runs for v in verdicts]
    return {"suites": suites,
            "alarms": sum("FAIL" in verdicts for _, verdicts in runs),
            "undecided": sum(set(v) & {"INCONCLUSIVE", "INVALID"} != set()
                             for _, v in runs),
            "blocks": sorted(blocks for blocks, _ in runs),
            **{v: cells.count(v) / len(cells) for v in
               ("PASS", "FAIL", "INCONCLUSIVE", "INVALID")}}


def line(name, found):
    blocks = found["blocks"]
    bound = stats.clopper_pearson(found["alarms"], found["suites"])
    return (f"| {name} | {found['alarms']} of {found['suites']} "
            f"(at most {100 * bound:.2f} %) | {found['undecided']} "
            + "".join(f"| {100 * found[v]:.2f} " for v in
                      ("PASS", "FAIL", "INCONCLUSIVE", "INVALID"))
            + f"| {blocks[0]} / {blocks[len(blocks) // 2]} / {blocks[-1]} |")


def kinds(rules, loud):
    """Yields (name, noise, ln ratio of head) of each row of the table."""
    margin, slow = math.log1p(rules.margin), math.log1p(rules.tolerance)
    calm = quieter(loud)
    yield from (("as if quiet, equal", calm, 0.0),
                ("as recorded, equal", loud, 0.0))
    yield from (("as if quiet, slower by the margin", calm, margin),
                ("as if quiet, slower by 2 %", calm, slow),
                ("as recorded, slower by the margin", loud, margin))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("--suites", type=int, default=1000)
    p.add_argument("--record", metavar="DIR")
    args = p.parse_args()
    if args.record:
        RECORDING.write_text(record(args.record), encoding="utf-8")
        return 0
    rules, met = load_rules(), True
    print("| recording, head | suites with an alarm | with an undecided cell | PASS [% of cells] "
          "| FAIL | INCONCLUSIVE | INVALID | blocks: least, median, most |")
    for name, noise, away in kinds(rules, recorded()):
        found = rates(noise, args.suites if away == 0.0 else
                      math.ceil(args.suites / OTHERS), rules, away)
        print(line(name, found), flush=True)
        met &= away != 0.0 or found["alarms"] <= ALARMS * found["suites"]
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
