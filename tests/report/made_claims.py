# SPDX-License-Identifier: Apache-2.0
"""Makes claims, and campaigns in memory whose cells have given values."""
from pathlib import Path

from report.claims import decide, evidence, ledger
from report.claims.statistic import Data
from report.load import Campaign, Cell
from report.load.plan import Backend, Factors, Machine, MapInfo, Plan
from report.load.repeats import Repeats
from report.load.trial import Result, Statistic, Status, Trial

BLOCKS = 20


def result(ops, **members):
    return Result(**{"ops": ops, "writes": ops, "lookups": ops,
                     "elapsed_ns": 1e9, "by_thread": (), **members})


def trial(block, ops, status="ok", **stats):
    return Trial("", block, Status(status), exit="status 0", result=result(
        ops, stats=tuple(Statistic(k, "1", v) for k, v in stats.items())))


def of_trials(name, trials, **factors):
    """Makes a cell of the map `name` with these trials."""
    members = {"workload": "w", "map": name, "keys": 1000, "write_share": 0.03,
               "threads": 2, "measure": "throughput", "blocks": len(trials),
               "cpus": (0, 1), "window_ns": 1e9, "shape": "u64x8",
               "write_kind": "update", "dist": "uniform", "loop": "mix",
               "placement": "cores", **factors}
    ident = "/".join(str(members[f]) for f in (
        "workload", "map", "keys", "write_share", "threads"))
    return Cell(Factors(id=ident, **members), tuple(trials))


def cell(name, values, failed=(), stats=None, **factors):
    """Makes a cell in which each block did `values` operations. `stats` has the statistics that
    the map reports, by name and block."""
    return of_trials(name, [
        trial(i, v, "failed" if i in failed else "ok",
              **{k: of[i] for k, of in (stats or {}).items()})
        for i, v in enumerate(values)], **factors)


def campaign(*cells, cpus=2, counters="none", go="1.19.8", **plan):
    """Makes a campaign. `go` is the version of Go's maps; classic maps have 1.23.5."""
    found = {c.id: c for c in cells}
    return Campaign(
        Path("nowhere") / "made", Plan(
            format=1, cells=tuple(c.factors for c in cells), name="made",
            maps=tuple(MapInfo(m, language_version=(
                "1.23.5" if m.startswith("go_classic_") else go) if m.startswith("go_") else None)
                for m in {c.map for c in cells}),
            machine=Machine("00c0ffee", cpus=cpus),
            counters=Backend(counters), **plan),
        found, {}, (), (), Repeats(), 0)


def claim(**members):
    """Makes a claim about speed and direction; `members` replace its members."""
    return ledger.Claim(**{
        "id": "S9-01", "place": "made:1", "says": "a is faster than b",
        "article": "unstated", "rule": "direction", "side": "above",
        "workload": "w", "cells": ("threads=2",), "subject": "a",
        "against": "b", "statistic": "ops/elapsed_s", **members})


def of_claim(of, one):
    """Returns the claim for each of its cells, with its evidence."""
    data = Data(of)
    return evidence.of_parts(data, evidence.parts(data.cells, one,
                                                  one.each()))


def decided(of, *claims, **members):
    """Returns the rows of these claims, or the row of claim(**members)."""
    rows = decide.verdicts(of, {c.id: c for c in claims or (claim(**members),)})
    return rows if len(claims) > 1 else rows[0]
