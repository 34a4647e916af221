#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often the gate errs on noise that was recorded: calibration, number of
blocks and verdict, by the gate's own code.

    tests/report/gate_suites.py [--suites N] [--out FILE]
    tests/report/gate_suites.py --record DIR

A suite draws whole blocks of a recorded run of equal programs, so that cells
of a block share its noise, turns each by a coin, as the order of arms does,
and decides it. --record makes the recording of a campaign's folder.
Simulated, nothing is measured. Ends with 1 where a bar is not met.
"""
import argparse
import json
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import (gate, gate_campaign, gate_plan, gate_rules,  # noqa: E402
                    regress_tally, stats)

RECORDING = ROOT / "tests/fixtures/gate-noise.json"
TALLY = ROOT / "docs/tally/gate-suites.md"
QUIET = 0.003, 0.013  # robust sd of a pair, least and most of cells
MACHINES = "06d37044", "809211a5"  # quiet, of the tally's whole plans
CELLS, SEED = 20, 20261124
OTHERS = 5  # where heads differ the bar asks nothing: so many times fewer
ALARMS = 0.01  # of suites of equal programs, with the bound of R27
BLOCK_S, ALLOWED_S = 2.3, 270.0  # as on the machine of the recording, quiet


def record(folder):
    """The pairs of a run of equal programs, every gated cell's: text."""
    view, rows = gate_campaign.read(folder)
    cells = {}
    for contrast in view["contrasts"]:
        if contrast["role"] in ("gate", "aa"):
            d = gate.pairs_of(rows, contrast, view["plan"]["blocks"])["d"]
            name = gate.ROLES[contrast["role"]] + gate.name_of(
                contrast["cell"])
            cells[name] = [None if math.isnan(x) else round(float(x), 6)
                           for x in d]
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(d)}"
                       for name, d in cells.items())
    return ('{\n "about": "ln(head / base) of each pair, in the order run, of'
            f' equal programs; load of a minute {rows[0]["load"]} to '
            f'{rows[-1]["load"]} on {view["machine"]["cpus"]} CPUs, '
            f'{view["created_utc"][:10]}",\n "cells": {{\n{lines}\n }}\n}}\n')


def recorded(path=RECORDING):
    """(cells, blocks): CELLS rows of recorded pairs, in the file's order."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    d = np.array([[math.nan if x is None else x for x in row]
                  for name, row in cells.items()
                  if not name.startswith("A/A")], float)
    return d[:CELLS, ~np.isnan(d).any(axis=0)]


def tallied(machine, path=ROOT / regress_tally.TALLY):
    """The same of a machine's runs of the whole plan in the tally: cells of
    one thread, whole blocks, run after run."""
    runs = [line["pairs"] for line in regress_tally.read_tally(path)
            if line.get("kind") == "full" and line["machine"] == machine]
    names = [name for name in runs[0] if name.endswith(" t1")
             and not name.startswith(("A/A", "slowed"))][:CELLS]
    d = np.array([[x for run in runs for x in run[name][0]]
                  for name in names], float)
    return d[:, ~np.isnan(d).any(axis=0)]


def last_run(path=ROOT / regress_tally.TALLY):
    return max(x["created_utc"] for x in regress_tally.read_tally(path)
               if x.get("kind") == "full")


def quieter(noise):
    """The same noise, its bursts and what cells of a block share, of the
    size that it has on quiet machines with two CPUs, from cell to cell."""
    sizes = [gate_plan.spread(row) for row in noise]
    return noise * (np.linspace(*QUIET, len(noise)) / sizes)[:, None]


def drawn(noise, blocks, rng, away=0.0):
    """d (cells, blocks): whole blocks of the recording, each turned by its
    coin, with heads slower by ln `away`; and who went first."""
    turn = rng.integers(0, 2, blocks) * 2.0 - 1.0
    picked = noise[:, rng.integers(0, noise.shape[1], blocks)]
    # who goes first is a coin of its own: recorded noise has no slot effect
    return picked * turn + away, rng.integers(0, 2, blocks) > 0


def blocks_of(noise, rng, rules):
    """The number that a calibration gives, of other blocks than decide."""
    d, _ = drawn(noise, int(rules["calibration_blocks"]), rng)
    return gate_plan.plan({"pairs": dict(enumerate(d.tolist())),
                           "block_s": BLOCK_S, "allowed_s": ALLOWED_S},
                          rules)["blocks"]


def judged(d, first, rules):
    """Rows of the gate for d (cells, blocks), all of them gated; first
    (blocks,): base went first."""
    pairs = [{"d": row, "base_ns": np.full(len(row), 20.0),
              "base_first": first, "lost": []} for row in d]
    contrasts = [{"cell": f"x/c{i}", "role": "gate"} for i in range(len(d))]
    return gate.judge_pairs(contrasts, pairs, rules | {"blocks": d.shape[1]})


def suite(noise, rng, rules, away=0.0):
    """One run of the gate: (its blocks, verdicts of its cells)."""
    blocks = blocks_of(noise, rng, rules)
    d, first = drawn(noise, blocks, rng, away)
    return blocks, [row["verdict"] for row in judged(d, first, rules)]


def rates(noise, suites, rules, away=0.0, seed=SEED):
    """Shares: of suites with an alarm, of cells with each verdict; blocks."""
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


HEAD = """# How often the gate errs on recorded noise

Made by `make regress-suites`; simulated, by the gate's own code (ADR 40). A suite is a calibration, the number of blocks
that it gives, and a verdict on 20 cells. {about}
*Alarm*: a suite in which a cell is FAIL, with the 95 % upper bound (Clopper and Pearson). "Slower by the margin" is the edge of what may not
alarm: there the test's own 1 % shows, less what is under 1 % and hence not called slower. "As if quiet": the recording's cells scaled to a robust sd of
0.3 to 1.3 % a pair, which quiet machines with two CPUs have shown; bursts and what the cells of a block share stay as recorded. "Machine": the pairs of
that machine's runs of the whole plan on equal programs, nobody else at work, in [regress.jsonl](regress.jsonl), up to {last}; blocks are drawn one by one, so a phase of minutes is not in it: [regress.md](regress.md) has real runs.

| recording, head | suites with an alarm | suites with an undecided cell | PASS [% of cells] | FAIL | INCONCLUSIVE | INVALID | blocks: least, median, most |
|---|---|---|---|---|---|---|---|
"""


def kinds(rules, loud):
    """(words, noise, head's ln ratio) of each row of the page."""
    margin, slow = math.log1p(rules["margin"]), math.log1p(rules["tolerance"])
    calm = quieter(loud)
    yield from (("as if quiet, equal", calm, 0.0),
                ("as recorded, equal", loud, 0.0))
    for machine in MACHINES:
        noise = tallied(machine)
        yield f"machine {machine}, equal", noise, 0.0
        yield f"machine {machine}, slower by 2 %", noise, slow
    yield from (("as if quiet, slower by the margin", calm, margin),
                ("as if quiet, slower by 2 %", calm, slow),
                ("as recorded, slower by the margin", loud, margin))


def page(suites, path, out):
    """Writes the page, row by row; -> whether the bar is met."""
    rules, _ = gate_rules.load_rules()
    about = json.loads(Path(path).read_text(encoding="utf-8"))["about"]
    text, met = HEAD.format(about=f"The recording: {about}.",
                             last=last_run()), True
    for name, noise, away in kinds(rules, recorded(path)):
        found = rates(noise, suites if away == 0.0 else
                      math.ceil(suites / OTHERS), rules, away)
        text += line(name, found) + "\n"
        Path(out).write_text(text, encoding="utf-8")
        print(line(name, found), file=sys.stderr, flush=True)
        met &= away != 0.0 or found["alarms"] <= ALARMS * found["suites"]
    return met


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--suites", type=int, default=1000)
    p.add_argument("--out", default=str(TALLY))
    p.add_argument("--record", metavar="DIR")
    args = p.parse_args()
    if args.record:
        RECORDING.write_text(record(args.record), encoding="utf-8")
        return 0
    return 0 if page(args.suites, RECORDING, args.out) else 1


if __name__ == "__main__":
    sys.exit(main())
