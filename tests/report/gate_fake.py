# SPDX-License-Identifier: Apache-2.0
"""Generates synthetic campaigns of `make regress` in the form of `readmostly run`. Starts no
process and does not use the clock."""
import hashlib
import json
import math
import os
import random
import sys
from dataclasses import replace

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, ROOT)
from report.gate import campaign, model  # noqa: E402
from report.gate.decide import decide  # noqa: E402
from report.gate.rules import load_rules  # noqa: E402
from report.load import Trial  # noqa: E402
from report.load.decode import decode  # noqa: E402
from report.load.plan import Plan  # noqa: E402

COST_NS = 20.0
CELLS = (("regress", "gomap_rw", 1), ("regress", "syncmap", 1),
         ("regress", "shard_rw_32", 1), ("regress-threads", "shard_rw_32", 2),
         ("regress-aa", "gomap_rw", 1), ("regress-slow", "gomap_rw", 1))
GIVE_UP = 2  # failures of an arm after which its cell is skipped
RULES = load_rules()
MACHINE = {"id": "0123abcd", "topology": "x", "this_machine": True, "cores": 2, "sockets": 1,
           "nodes": 1, "kinds": 1, "l1d_bytes": 1, "l2_bytes": 1, "l3_bytes": 1, "note": None,
           "facts": {f"fact{i}": {"status": "ok", "text": "x"} for i in range(50)}}
FACTORS = {"keys": 65536, "window_ns": 0, "cpus": [], "write_share": 0.03,
           "write_kind": "update", "miss_share": 0.0, "shape": "u64x8", "dist": "uniform",
           "loop": "closed", "rate_per_s": 0.0, "arrivals": "poisson", "placement": "cores",
           "memory": "first-touch", "presize": True, "warm_up_ns": 0, "deadline_ns": 1,
           "verify_ops": 0, "base": "gomap_rw", "estimate_ns": 0, "memory_bytes": 0}


class Fake:
    """Simulates trials. Binaries have the names of their arms, except that `slow` uses base's.

    - slow: slowdown of a binary, as a share
    - fail: (status, exit, reason) of a binary
    - noise: standard deviation of the log cost
    - second: additional cost of the second trial of a pair, as a share
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
                           "by_thread": [{"ops": cell["window_ops"]}] * cell["threads"],
                           "elapsed_ns": cost * cell["window_ops"]
                           * (1 + extra)}}


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def cell_of(workload, name, threads, skip, blocks, measure="throughput"):
    return FACTORS | {"id": f"{workload}/{name}/t{threads}/{measure}", "map": name,
                      "workload": workload, "threads": threads, "measure": measure,
                      "blocks": blocks, "skip": skip, "window_ops": 1_200_000}


def meta_of(fake=None, cpus=2, head_extra=0.0, blocks=40, cells=CELLS):
    """Returns campaign.json. If the trials of base fail, the windows are not calibrated."""
    fake = fake or Fake()
    skip = fake.fail["base"][2] if "base" in fake.fail else None

    programs = {"programs": {"plain/gomap_rw": sha("gomap_rw")}}  # like a folder of programs

    def arm(name, binary, workload=None, extra=0.0):
        return {"name": name, "workload": workload, "program": binary,
                "sha256": sha("base" if binary == "copy" else binary), "control_extra": extra} | programs
    return {"format": 1, "protocol": 2, "name": "test", "created_utc": "2026-11-20T08:00:00"
            ".000Z", "seed": 7, "machine": MACHINE | {"cpus": cpus},
            "workloads": [{"name": w, "file": f"{w}.conf", "sha256": sha(w),
                           "text": f"name = {w}\nblocks     = {blocks}\n"}
                          for w in sorted({c[0] for c in cells})],
            "maps": [{"id": name} for name in sorted({c[1] for c in cells})], "calibration": [], "notes": {},
            "arms": [arm("base", "base"), arm("head", "head", None, head_extra),
                     arm("base", "base", "regress-aa"), arm("copy", "copy", "regress-aa"),
                     arm("base", "base", "regress-slow"),
                     arm("slow", "base", "regress-slow", 0.02)],
            "cells": [cell_of(*c, skip, blocks) for c in cells]
            + [cell_of("regress", "gomap_rw", 2, None, 1, "verify")]}


def campaign_of(meta, **rules):
    return campaign.campaign_of(decode(Plan, meta), replace(RULES, **rules))


def view_of(fake=None, flips=8000, **how):
    return campaign_of(meta_of(fake, **how), flips=flips)


def rows_of(view, fake):
    """Returns the lines of trials.jsonl: every block of the plan, with the two trials of each
    contrast in random order."""
    rows, draw, failures = [], random.Random(3), {}
    cells = {c.id: c for c in view.meta.cells}
    arms = {a.name: a for a in view.arms}
    for block in range(view.plan.blocks):
        for contrast in draw.sample(view.contrasts, len(view.contrasts)):
            cell = {"id": contrast.cell, "map": cells[contrast.cell].map, "window_ops": 1_200_000,
                    "threads": cells[contrast.cell].threads,
                    "workload": cells[contrast.cell].workload}
            names = draw.sample([contrast.base, contrast.head], 2)
            for slot, name in enumerate(names):
                arm = arms[name]
                row = {"cell": cell["id"], "block": block, "arm": name, "slot": slot}
                if failures.get(cell["id"], 0) >= GIVE_UP:
                    row |= {"exit": "not started", "status": "skipped",
                            "reason": "failed twice", "result": None}
                else:
                    row |= fake(arm.program, cell, arm.control_extra, slot)
                failures[cell["id"]] = failures.get(cell["id"], 0) + (row["status"] == "failed")
                rows.append(row)
    return rows


def decided(view, rows):
    return decide(view, [decode(Trial, row) for row in rows])


def verdicts_of(fake=None, notes=None, **how):
    fake = fake or Fake()
    view = campaign_of(meta_of(fake, **how) | {"notes": notes or {}}, flips=8000)
    return decided(view, rows_of(view, fake))


def only(verdicts, role):
    return next(r for r in verdicts.controls if r.role == model.Role(role))


def put(folder, fake=None, rows=None, meta=None, **how):
    """Writes a campaign's folder as the runner would leave it."""
    fake = fake or Fake()
    meta = {"name": folder.name, "notes": {"ref": "v1", "commit": "abc"}} | (meta or {})
    meta = meta_of(fake, **how) | meta
    if rows is None:
        rows = rows_of(campaign_of(meta), fake)
    (folder / "report").mkdir(parents=True)
    (folder / "campaign.json").write_text(json.dumps(meta))
    (folder / "trials.jsonl").write_text("".join(json.dumps(
        {"started_utc": f"2026-11-20T08:00:{min(i // 6, 59):02}.000Z", "wall_ns": 100_000_000}
        | row) + "\n" for i, row in enumerate(rows)))
    return folder
