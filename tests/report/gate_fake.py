# SPDX-License-Identifier: Apache-2.0
"""Invented campaigns of make regress, as `readmostly run` writes them, in this
process: no clock."""
import math
import os
import random
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, ROOT)
from report import gate, gate_campaign, gate_rules  # noqa: E402

COST_NS = 20.0
CELLS = (("regress", "gomap_rw", 1), ("regress", "syncmap", 1),
         ("regress", "shard_rw_32", 1), ("regress-threads", "shard_rw_32", 2),
         ("regress-aa", "gomap_rw", 1), ("regress-slow", "gomap_rw", 1))
GIVE_UP = 2  # failures of an arm, then its cell is skipped


class Fake:
    """Plays trials; binaries are named like arms, slow's is base's.

    slow, fail  binary -> share, binary -> (status, exit, reason)
    noise       standard deviation of the log cost
    second      what the second trial of a pair costs on top [share]
    """

    def __init__(self, slow=(), fail=(), noise=0.005, second=0.0, seed=1):
        self.slow, self.fail = dict(slow), dict(fail)
        self.noise, self.second = noise, second
        self.random = random.Random(seed)

    def __call__(self, binary, cell, extra, slot):
        status, end, reason = self.fail.get(binary, ("ok", "0", None))
        if end != "0" or status == "failed":
            return {"exit": end, "status": "failed", "reason": reason,
                    "result": None}
        cost = COST_NS * math.exp(self.random.gauss(0, self.noise))
        cost *= (1 + self.slow.get(binary, 0)) * (1 + self.second * slot)
        return {"exit": end, "status": status, "reason": reason,
                "result": {"ops": cell["window_ops"] * cell["threads"],
                           "by_thread": [{}] * cell["threads"],
                           "elapsed_ns": cost * cell["window_ops"]
                           * (1 + extra)}}


def cell_of(workload, name, threads, skip, blocks, measure="throughput"):
    return {"id": f"{workload}/{name}/t{threads}/{measure}", "map": name,
            "workload": workload, "threads": threads, "measure": measure,
            "blocks": blocks, "skip": skip, "window_ops": 1_200_000}


def meta_of(fake, cpus=2, head_extra=0.0, blocks=40, cells=CELLS):
    """campaign.json; where base fails its trials no window can be set."""
    skip = fake.fail["base"][2] if "base" in fake.fail else None

    def arm(name, binary, workload=None, extra=0.0):
        return {"name": name, "workload": workload, "program": binary,
                "sha256": "b" if binary in ("base", "copy") else binary,
                "control_extra": extra}
    return {"format": 1, "protocol": 2, "name": "test", "created_utc": "2026-11-20T08:00:00"
            ".000Z", "seed": 7, "machine": {"id": "0", "cpus": cpus},
            "workloads": [{"text": f"name = {w}\nblocks     = {blocks}\n",
                           "sha256": f"{w} {blocks}"}
                          for w in sorted({c[0] for c in cells})],
            "maps": [], "calibration": [], "notes": {},
            "arms": [arm("base", "base"), arm("head", "head", None,
                                              head_extra),
                     arm("base", "base", "regress-aa"),
                     arm("copy", "copy", "regress-aa"),
                     arm("base", "base", "regress-slow"),
                     arm("slow", "base", "regress-slow", 0.02)],
            "cells": [cell_of(*c, skip, blocks) for c in cells]
            + [cell_of("regress", "gomap_rw", 2, None, 1, "verify")]}


def view_of(fake, flips=8000, **how):
    rules, digest = gate_rules.load_rules()
    return gate_campaign.view_of(meta_of(fake, **how), rules | {"flips": flips},
                           digest)


def rows_of(view, fake):
    """Every block of the plan, each contrast's pair in a random order."""
    rows, draw = [], random.Random(3)
    failures = {}
    for block in range(view["plan"]["blocks"]):
        for contrast in draw.sample(view["contrasts"],
                                    len(view["contrasts"])):
            cell = view["cells"][contrast["cell"]]
            names = draw.sample([contrast["base"], contrast["head"]], 2)
            for slot, name in enumerate(names):
                arm = view["arms"][name]
                row = {"cell": cell["id"], "block": block, "arm": name,
                       "slot": slot}
                if failures.get(cell["id"], 0) >= GIVE_UP:
                    row |= {"exit": "not started", "status": "skipped",
                            "reason": "failed twice", "result": None}
                else:
                    row |= fake(arm["program"], cell, arm["control_extra"],
                                slot)
                failures[cell["id"]] = failures.get(cell["id"], 0) + (
                    row["status"] == "failed")
                rows.append(row)
    return rows


def verdicts_of(fake, **how):
    view = view_of(fake, **how)
    return gate.decide(view, rows_of(view, fake))


def only(verdicts, role):
    return next(r for r in verdicts["controls"] if r["role"] == role)
