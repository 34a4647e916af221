#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Computes the limits for the admission of machines, and how often they are wrong.

    admission.py [--fleets 50] [--folder build/long/admission]

Records 60 short campaigns with MODE=admission, each bound to one CPU of an idle machine, and prints
the limits for report/admission.json (docs/reference/fleet.md). A limit is 1.25 times the value that
99 of 100 campaigns do not exceed, in whole per cent and at least 5 %. The limit for disturbed
trials is the mean of that value and 100 %. Then records fleets of four nodes, one node after
another; in every second fleet a busy loop runs on the CPU of one node. Prints the numbers of nodes
with and without a loop that the current limits reject. Takes hours. Exit status 1: a node with a
loop is admitted, or more than 1 of 20 other nodes is rejected.
"""
import argparse
import collections
import json
import math
import os
import random
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import admit, load  # noqa: E402

PROGRAM = Path(os.environ.get("BUILD", "build/gcc")) / "readmostly"
SPREAD, NODES, LEAST = 60, 4, 0.05
LOOP = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-c", "while True: pass"]


def record(folder, cpu, busy=False):
    """Returns the figures of one campaign that admission uses."""
    if not (folder / "campaign.json").exists():
        loop = subprocess.Popen(["taskset", "-c", str(cpu), *LOOP]) if busy else None
        try:
            done = subprocess.run(
                ["taskset", "-c", str(cpu), PROGRAM, "run", "-o", folder, "--mode", "admission",
                 "--counters", "none", "--busy-ok", "--set", "blocks=16", "--set", "window=15ms"],
                check=False, stdout=subprocess.DEVNULL)
        finally:
            if loop:
                loop.kill()
                loop.wait()
        if done.returncode not in (0, 3):
            sys.exit(f"admission: {folder}: status {done.returncode}")
    return admit.figures_of(load.read(folder))


def limit(values):
    return max(LEAST, math.ceil(125 * math.expm1(np.quantile(values, 0.99)) - 1e-9) / 100)


def speeds(figures, cpus):
    """Returns |ln| of each campaign's speed divided by the median speed of all campaigns on the
    same CPU."""
    for cpu in set(cpus):
        same = [f.medians for f, c in zip(figures, cpus) if c == cpu]
        usual = {cell: statistics.median(m[cell] for m in same) for cell in same[0]}
        yield from (abs(statistics.fmean(math.log(m[cell] / usual[cell]) for cell in usual))
                    for m in same)


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("--fleets", type=int, default=50)
    ask.add_argument("--folder", type=Path, default=ROOT / "build/long/admission")
    args = ask.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    where = [cpus[i % len(cpus)] for i in range(SPREAD)]
    quiet = [record(args.folder / f"quiet{i}", cpu) for i, cpu in enumerate(where)]
    usual = np.quantile([f.disturbed for f in quiet], 0.99)
    print(json.dumps({"aa_most": limit([f.aa for f in quiet]),
                      "speed_most": limit(list(speeds(quiet, where))),
                      "disturbed_most": math.ceil(50 * (1 + usual) - 1e-9) / 100}), flush=True)
    rule, count = admit.read_rule(), collections.Counter()
    for fleet in range(args.fleets):
        busy = random.Random(fleet).randrange(NODES) if fleet % 2 else None
        machines = {node: record(args.folder / f"fleet{fleet}/n{node}", cpus[node % len(cpus)],
                                 node == busy) for node in range(NODES)}
        for node in machines:
            verdict, reason = admit.judge(node, machines, rule)
            count[node == busy, verdict] += 1
            print(f"fleet {fleet}, node {node}{', busy' * (node == busy)}: {verdict}: {reason}",
                  flush=True)
    for busy, name in ((True, "with a busy loop"), (False, "without")):
        total = sum(n for (b, _), n in count.items() if b == busy)
        print(f"{name}: {count[busy, 'off']} of {total} rejected")
    others = sum(n for (b, _), n in count.items() if not b)
    admitted = sum(n for (b, v), n in count.items() if b and v != "off")
    return int(admitted > 0 or count[False, "off"] > others / 20)


if __name__ == "__main__":
    sys.exit(main())
