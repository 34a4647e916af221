# SPDX-License-Identifier: Apache-2.0
"""make port-speed: are the ports as fast as the maps of real Go?

    python3 -m report.port_speed --port FILE --go FILE [options]

The two programs speak the trial protocol (docs/go-equality.md). Trials of
one thread alternate in blocks of random order; printed is Go's time over the
port's, with its 95 % interval. Exit status: 0 each lower bound is at least
0.97, 1 one is not, 2 usage or input, 3 a trial failed.
"""
import argparse
import datetime
import fcntl
import os
import secrets
import sys

from report import stats
from report.regress_plan import sha256_of, write_json
from report.regress_trials import Journal, Progress, calibrate, run_blocks

LOWEST = 0.97  # of the interval of Go's time / the port's
MAPS = ("gomap_rw", "syncmap")
WINDOW_NS = (300_000_000, 500_000_000)  # several collections of Go's
FACTORS = {"workload": "port-speed", "shape": "u64x8", "keys": 10_000,
           "write_share": 0.03, "miss_share": 0.0, "write_kind": "update",
           "dist": "uniform", "placement": "cores", "memory": "first-touch",
           "presize": True, "loop": "mix", "rate_per_s": 0.0,
           "arrivals": "poisson", "threads": 1, "window_ns": 0,
           "window_ops": 1, "warm_up_ns": 0, "verify_ops": 0,
           "deadline_ns": 60_000_000_000, "measure": "throughput", "id": ""}
SETTINGS = {
    "port": "hash: one 64 x 64 bit product (all maps' own). "
            "allocation: malloc of the C library; sync.Map's boxes are "
            "reclaimed by epochs. collector: none",
    "go": "hash: Go's own (AES instructions on x86-64; for sync.Map through "
          "the key's interface). allocation: Go's; sync.Map boxes key and "
          "value on each store. collector: GOGC={gogc}, on the measured "
          "CPU, GOMAXPROCS={gomaxprocs}, {version}; {collections:.1f} "
          "collections and {allocations:.0f} allocations per trial of {map}",
}


def campaign_of(args, cpu):
    """What run_blocks() runs: per map one contrast, port against go."""
    arms = {arm: {"binary": path, "binary_sha256": sha256_of(path),
                  "control_extra": 0.0}
            for arm, path in (("port", args.port), ("go", args.go))}
    return {"kind": "port-speed", "arms": arms, "attempt": 1,
            "seed": secrets.randbelow(2 ** 53) if args.seed is None
            else args.seed, "plan": {"blocks": args.blocks},
            "cells": {}, "contrasts": [], "cpu": cpu}


def lay_out(campaign, window_ns, **how):
    """Adds the cells, as long as the port needs; -> reason of failure."""
    for name in MAPS:
        cell = dict(FACTORS, map=name, cpus=[campaign["cpu"]])
        reason = calibrate(cell, campaign["arms"]["port"]["binary"],
                           window_ns, **how)
        if reason:
            return f"{name}: {reason}"
        campaign["cells"][cell["id"]] = cell
        campaign["contrasts"].append(
            {"role": "port", "cell": cell["id"], "base": "go",
             "head": "port"})
    return None


def rates_of(rows, cell_id, arm, time_of):
    """block -> operations per second of that time [ns] of a result."""
    return {row["block"]: row["result"]["ops"] * 1e9 / time_of(row["result"])
            for row in rows if row["cell"] == cell_id and row["arm"] == arm
            and row["status"] == "ok" and time_of(row["result"])}


def compare(campaign, rows):
    """map -> costs of both [ns/operation] and the ratio go / port [1]; also
    that of the loop's own CPU time, which leaves out what others disturbed
    and what Go's collector did in other threads."""
    elapsed = lambda result: result["elapsed_ns"]
    own = lambda result: result["threads"][0]["cpu_ns"]
    table = {}
    for cell_id, cell in campaign["cells"].items():
        rates, cpu = ({arm: rates_of(rows, cell_id, arm, time_of)
                       for arm in ("go", "port")}
                      for time_of in (elapsed, own))
        costs = {arm: stats.summarize(
            {0: [1e9 / rate for rate in rates[arm].values()]})[0]
            for arm in rates}
        table[cell["map"]] = {
            "go": costs["go"], "port": costs["port"],
            "ratio": stats.compare(rates["go"], rates["port"]),
            "cpu": stats.compare(cpu["go"], cpu["port"]),
            "trials": [row for row in rows if row["cell"] == cell_id
                       and row["arm"] == "go" and row["status"] == "ok"]}
    return table


def setting_of(name, trials):
    """Go's side in words, as its trials told."""
    told = trials[-1]["result"]["environment"]
    mean = lambda stat: sum(
        s["value"] for t in trials for s in t["result"]["stats"]
        if s["name"] == stat) / len(trials)
    return SETTINGS["go"].format(
        gogc=told["gogc"], gomaxprocs=told["gomaxprocs"],
        version=told["go"], map=name, collections=mean("collections"),
        allocations=mean("allocations"))


def lines_of(table):
    """The page: one line per map, then how both sides were set."""
    yield (f"{'map':10} {'Go ns/op':>9} {'port ns/op':>10} "
           f"{'Go / port':>9}  95 % interval    pairs")
    for name, row in table.items():
        ratio = row["ratio"]
        if ratio["low"] is None:
            yield f"{name:10} no interval: {ratio['reason']}"
            continue
        yield (f"{name:10} {row['go']['centre']:9.2f} "
               f"{row['port']['centre']:10.2f} {ratio['centre']:9.3f}  "
               f"[{ratio['low']:.3f}, {ratio['high']:.3f}] "
               f"{ratio['n']:7d}  "
               + ("ok" if ratio["low"] >= LOWEST else
                  f"slower: the lower bound is below {LOWEST}"))
    for name, row in table.items():
        if row["cpu"]["low"] is not None:
            yield (f"{name:10} of the loop's CPU time alone: "
                   f"{row['cpu']['centre']:.3f} [{row['cpu']['low']:.3f}, "
                   f"{row['cpu']['high']:.3f}]")
    yield "port: " + SETTINGS["port"]
    for name, row in table.items():
        if row["trials"]:
            yield "Go:   " + setting_of(name, row["trials"])


def status_of(table):
    """0 fast enough, 1 a port is slower, 3 too few trials to tell."""
    lows = [row["ratio"]["low"] for row in table.values()]
    if None in lows:
        return 3
    return 0 if min(lows) >= LOWEST else 1


def arguments(argv):
    p = argparse.ArgumentParser(prog="python3 -m report.port_speed",
                                description=__doc__.split("\n")[0])
    p.add_argument("--port", required=True, metavar="FILE")
    p.add_argument("--go", required=True, metavar="FILE")
    p.add_argument("--blocks", type=int, default=30)
    p.add_argument("--seed", type=int)
    p.add_argument("--output", default="build/port-speed", metavar="DIR")
    p.add_argument("--lock", metavar="FILE", default="build/regress.lock",
                   help="held while trials run: no two at a time")
    return p.parse_args(argv)


def run(args):
    """All trials -> (status, lines)."""
    campaign = campaign_of(args, max(os.sched_getaffinity(0)))
    reason = lay_out(campaign, WINDOW_NS)
    if reason:
        return 3, [f"port-speed: {reason}"]
    now = datetime.datetime.now(datetime.timezone.utc)
    folder = os.path.join(args.output, f"{now:%Y-%m-%dT%H%M%S}")
    os.makedirs(folder)
    write_json(os.path.join(folder, "campaign.json"), campaign)
    journal = Journal(os.path.join(folder, "trials.jsonl"))
    try:
        rows = run_blocks(campaign, journal, progress=Progress())
    finally:
        journal.close()
    table = compare(campaign, rows)
    bad = [f"{row['cell']} {row['arm']}: {row['status']}: {row['reason']}"
           for row in rows if row["status"] != "ok"]
    return (status_of(table),
            [*lines_of(table), *bad[:5], f"trials: {folder}"])


def main(argv=None):
    args = arguments(argv)
    os.makedirs(os.path.dirname(args.lock) or ".", exist_ok=True)
    try:
        with open(args.lock, "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            status, lines = run(args)
    except OSError as error:
        print(f"port-speed: {error.filename}: {error.strerror}",
              file=sys.stderr)
        return 2
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
