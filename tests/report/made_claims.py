# SPDX-License-Identifier: Apache-2.0
"""Campaigns that exist only in memory, for tests of claims: cells with the
values that a test says, and claims about them."""
import types
from pathlib import Path

from report import journal
from report.claims import evidence, ledger

BLOCKS = 20


def trial(block, ops, status="ok", **stats):
    return {"block": block, "status": status, "result": {
        "ops": ops, "writes": ops, "lookups": ops, "elapsed_ns": 10 ** 9,
        "by_thread": [], "stats": [{"name": k, "value": v}
                                   for k, v in stats.items()]}}


def cell(name, values, failed=(), stats=None, **factors):
    """A cell of map `name`, in which each block did `values` operations;
    stats -- name -> values by block, as a map tells them of itself."""
    made = journal.Cell({
        **journal.DEFAULTS, **{f: "" for f in journal.FACTORS},
        "workload": "w", "map": name, "keys": 1000, "write_share": 0.03,
        "threads": 2, "measure": "throughput", "blocks": len(values),
        "cpus": [0, 1], "window_ns": 10 ** 9, **factors})
    made.factors["id"] = "/".join(str(made.factors[f]) for f in (
        "workload", "map", "keys", "write_share", "threads"))
    made.trials = [
        trial(i, v, "failed" if i in failed else "ok",
              **{k: of[i] for k, of in (stats or {}).items()})
        for i, v in enumerate(values)]
    made.ok = [t for t in made.trials if t["status"] == "ok"]
    return made


def campaign(*cells, cpus=2, counters="none"):
    return types.SimpleNamespace(
        cells={c.id: c for c in cells}, failed_maps={}, name="made",
        path=Path("nowhere") / "made",
        maps={c.map: {} for c in cells},
        meta={"machine": {"id": "00c0ffee", "cpus": cpus},
              "counters": {"backend": counters}})


def claim(**said):
    """A claim of speed, of a direction, unless `said` has it otherwise."""
    return ledger.Claim(**{
        "id": "S9-01", "place": "made:1", "says": "a is faster than b",
        "article": "unstated", "rule": "direction", "side": "above",
        "workload": "w", "cells": ("threads=2",), "subject": "a",
        "against": "b", "statistic": "ops/elapsed_s", **said})


def of_claim(of, one):
    """[(the claim of one cell, its Evidence)] of a claim."""
    return evidence.of_parts(of, evidence.parts(of, one, one.each()))
