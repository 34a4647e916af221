#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a synthetic campaign in the format of results/README.md.

    tests/make_journal.py DIR [--blocks N] [--threads 1,2,4] [--maps a,b] ...

No number in it was measured: campaign.json says "synthetic": true and the
report prints a red banner. Tests plant failures through make().
"""
import argparse
import json
import random
from pathlib import Path

#        family, Mop/s of one thread, gain per doubling of threads,
#        cost of a write in lookups: update, churn, fresh; bytes per entry
MAPS = {
    "null_map": ("bound", 700, 1.99, (1, 1, 1), 0),
    "gomap": ("bound", 70, 1.97, (1.2, 2, 3), 24),
    "unsync_probe": ("bound", 120, 1.97, (1.1, 2, 3), 33),
    "gomap_mutex": ("lock", 33, 0.62, (1, 1.6, 2), 25),
    "gomap_rw": ("lock", 29, 0.95, (2, 3, 4), 25),
    "rwlock_probe": ("lock", 34, 0.94, (2, 2.4, 2.6), 33),
    "syncmap": ("sync", 25, 1.90, (6, 40, 90), 71),
    "syncmap_leak": ("sync", 25.6, 1.90, (5, 38, 88), 90),
    "shard_rw_32": ("shard", 27, 1.72, (2, 3, 4), 27),
    "snapshot": ("rcu", 58, 1.93, (300, 600, 600), 24),
    "urcu_lfht": ("rcu", 41, 1.95, (4, 9, 9), 56),
    "ck_ht": ("free", 52, 1.91, (2, 3, 5), 33),
}
UNSAFE = ("gomap", "unsync_probe")
KINDS = ("update", "churn", "fresh")
NOISE = 0.012


def cell_id(c):
    """The canonical text of runner/plan/cell.h."""
    paced = (f"/paced/r{c['rate_per_s']:g}/{c['arrivals']}"
             if c["loop"] == "paced" else "")
    return (f"{c['workload']}/{c['map']}/{c['shape']}/n{c['keys']}"
            f"/w{100 * c['write_share']:g}/{c['write_kind']}/m0/{c['dist']}"
            f"/t{c['threads']}/{c['placement']}{paced}/{c['measure']}")


def cell(name, workload, keys, share, kind, threads, measure, cpus, **more):
    c = {"workload": workload, "map": name, "shape": "u64x8", "keys": keys,
         "write_share": share, "miss_share": 0.0, "write_kind": kind,
         "dist": "uniform", "loop": "mix", "rate_per_s": 0,
         "arrivals": "poisson", "threads": threads, "placement": "cores",
         "memory": "first-touch", "cpus": [cpus[i % len(cpus)]
                                           for i in range(threads)],
         "presize": True, "warm_up_ns": 200000000, "window_ns": 10 ** 9,
         "window_ops": 0, "deadline_ns": 60 * 10 ** 9, "verify_ops": 0,
         "measure": measure, "base": "gomap_rw", "skip": None} | more
    if name in UNSAFE and threads > 1 and share > 0:
        c["skip"] = "skipped: unsafe (unsynchronised map, threads and writes)"
    return {"id": cell_id(c)} | c


def plan(spec, cpus):
    """Cells of the campaign: verify first, then what is timed."""
    cells = []
    timed = spec["workload"], spec["keys"]
    for name in spec["maps"]:
        for kind in spec["kinds"]:
            cells.append(cell(name, spec["workload"], 1024, 0.03, kind,
                              2, "verify", cpus, blocks=1, verify_ops=100000))
    for measure in spec["measures"]:
        for keys in timed[1]:
            for share in spec["shares"]:
                for kind in spec["kinds"] if share else ("update",):
                    for threads in spec["threads"]:
                        for name in spec["maps"]:
                            cells.append(cell(
                                name, timed[0], keys, share, kind, threads,
                                measure, cpus, blocks=spec["blocks"]))
    for rate in spec["rates"]:
        for name in spec["maps"]:
            cells.append(cell(name, "order-service", 65536, 0.027, "update",
                              2, "latency", cpus, blocks=spec["blocks"],
                              loop="paced", rate_per_s=rate))
    return cells


def mops(c):
    """Model throughput: Amdahl on writes, saturation by the map's gain."""
    _, one, gain, costs, _ = MAPS.get(c["map"], MAPS["gomap_rw"])
    t = c["threads"]
    doublings = max(t.bit_length() - 1, 0) + (t & (t - 1) != 0) * 0.5
    w = costs[KINDS.index(c["write_kind"])]
    if c["map"] == "snapshot":
        w *= c["keys"] / 65536
    cost = 1 - c["write_share"] + c["write_share"] * w
    cache = (65536 / c["keys"]) ** 0.12
    return one * gain ** doublings / cost * cache


def threads_of(c, ops, elapsed):
    each = [{"slot": i, "cpu": cpu, "cpu_start": cpu, "cpu_end": cpu,
             "ops": ops // c["threads"], "elapsed_ns": elapsed,
             "writes": round(ops // c["threads"] * c["write_share"]),
             "cpu_ns": elapsed, "voluntary_switches": 0,
             "involuntary_switches": 1, "minor_faults": 3, "major_faults": 0,
             "migrations": None, "runqueue_wait_ns": None}
            for i, cpu in enumerate(c["cpus"])]
    return each


def quantiles(base, rng, stall):
    """A latency distribution as an HdrHistogram percentile table."""
    points, tail = [], 1.0
    for i in range(0, 60):
        p = 1 - 2 ** (-i / 4)
        ns = base * (1 + 0.10 * i) * 1.05 ** max(i - 20, 0) ** 1.15
        if stall and i > 36:
            ns = max(ns, 2e5 * tail)
            tail *= 1.3
        points.append((p, round(ns * rng.lognormvariate(0, 0.01), 1)))
    return points


def hgrm(points, count):
    lines = ["       Value     Percentile TotalCount 1/(1-Percentile)", ""]
    for p, ns in points:
        lines.append(f"{ns:12.3f} {p:2.12f} {round(count * p):10d} "
                     f"{1 / (1 - p):14.2f}")
    lines.append(f"{points[-1][1]:12.3f} {1:2.12f} {count:10d}")
    lines.append(f"#[Mean    = {points[20][1]:12.3f}, StdDeviation   = 0.0]")
    lines.append(f"#[Max     = {points[-1][1]:12.3f}, Total count    = "
                 f"{count:10d}]")
    return "\n".join(lines) + "\n"


def latency(c, rng, out, block):
    entries = []
    base = 90 + 9e3 / mops(c | {"threads": 1})
    for operation, share in (("lookup", 0.973), ("upsert", 0.027)):
        for clock in ("intended", "service"):
            count = round(c["rate_per_s"] * 5 * share)
            points = quantiles(base * (1 if clock == "service" else 1.6),
                               rng, c["map"] == "syncmap")
            at = lambda q: next(v for p, v in points if p >= q)
            name = (f"histograms/{c['map']}-r{c['rate_per_s']:g}-"
                    f"{operation}-{clock}-b{block}.hgrm")
            (out / name).write_text(hgrm(points, count))
            entries.append({
                "operation": operation, "was_there": True, "clock": clock,
                "count": count, "min_ns": round(points[0][1]),
                "max_ns": round(points[-1][1]), "mean_ns": points[20][1],
                "p50_ns": round(at(.5)), "p90_ns": round(at(.9)),
                "p99_ns": round(at(.99)), "p999_ns": round(at(.999)),
                "histogram": name})
    return entries


def counters(c, ops, rng, backend):
    _, _, _, costs, _ = MAPS.get(c["map"], MAPS["gomap_rw"])
    per = {"instructions": 20 + costs[0] * 3, "l1d_fill": 0.3 + costs[0] / 4
           + (c["threads"] > 1) * (c["map"] in ("gomap_rw", "gomap_mutex")),
           "snoop_hitm": (c["threads"] > 1) * costs[0] / 9, "llc_miss": 0}
    events = []
    for metric, value in per.items():
        total = round(ops * value * rng.lognormvariate(0, .004))
        bad = metric == "llc_miss"
        events.append({
            "metric": metric, "event": metric.upper(), "code": "raw 0x1",
            "per_thread": [None if bad else total / c["threads"]]
            * c["threads"], "total": None if bad else total,
            "enabled_ns": None, "running_ns": None,
            "quality": "never-scheduled" if bad else "exact",
            "reason": "no free counter for this event" if bad else None})
    return {"backend": backend, "reason": None, "cpu": "zen3",
            "events": events, "empty": []}


def result(c, rng, out, block, spec):
    value = mops(c) * rng.lognormvariate(0, NOISE)
    elapsed = 10 ** 9 + rng.randrange(10 ** 5)
    ops = round(value * elapsed / 1000)
    writes = round(ops * c["write_share"])
    bytes_entry = MAPS.get(c["map"], MAPS["gomap_rw"])[4]
    empty = 3 * 2 ** 20 + rng.randrange(8) * 4096
    r = {"protocol": 1, "cell": c["id"], "status": "ok", "reason": None,
         "elapsed_ns": elapsed, "ops": ops, "lookups": ops - writes,
         "writes": writes, "hits": ops - writes, "misses_absent": 0,
         "misses_resident": 0, "inserts": 0, "removes": 0, "idle_removes": 0,
         "write_share": writes / ops, "miss_share": 0.0,
         "threads": threads_of(c, ops, elapsed), "keys_before": c["keys"],
         "keys_after": c["keys"],
         "verification": {
             "status": "ok", "reason": None, "keys_expected": c["keys"],
             "keys_held": c["keys"], "sum_expected": "ab", "sum_held": "ab",
             "wrong_values": 0, "written": None, "returned": None,
             "stopped_early": None},
         "memory": {"rss_empty_bytes": empty,
                    "rss_filled_bytes": empty + bytes_entry * c["keys"],
                    "rss_peak_bytes": empty + round(
                        bytes_entry * 1.4 * c["keys"]),
                    "page_nodes": None, "page_nodes_reason": "one node",
                    "huge_bytes": 0},
         "stats": ([{"name": "retired", "unit": "1", "value": writes}]
                   if c["map"] in ("syncmap", "urcu_lfht", "snapshot")
                   else []),
         "phases_ns": {"create": 1, "prefill": 10 ** 7, "warm_up": 2 * 10 ** 8,
                       "window": elapsed, "verify": 10 ** 7, "destroy": 1},
         "latency": None, "late_starts": None, "counters": None,
         "environment": {"aslr": "on"}}
    if c["measure"] == "latency":
        r["latency"] = latency(c, rng, out, block)
        r["late_starts"] = 0
    if c["measure"] == "counters":
        r["counters"] = counters(c, ops, rng, spec["backend"])
    if c["measure"] == "verify":
        r["verification"] |= {"written": 100000, "returned": 100000,
                              "stopped_early": False}
    return r


def trial(c, block, rng, out, spec, arm="head", extra=1.0):
    t = {"format": 1, "cell": c["id"], "block": block, "arm": arm,
         "attempt": 1, "seed": rng.randrange(2 ** 53),
         "started_utc": "2026-11-20T08:01:00Z", "wall_ns": 15 * 10 ** 8,
         "exit": "0", "status": "ok", "reason": None, "steal_ticks": 0,
         "load": 0.5, "result": None}
    plant = spec["plant"]
    bad = c["map"] in plant.get("fail_verify", ())
    if bad and c["measure"] == "verify":
        t["result"] = result(c, rng, out, block, spec)
        t["result"]["verification"] |= {"status": "failed", "reason":
                                        "3 updates lost", "returned": 99997}
        t["result"]["status"] = t["status"] = "failed"
        t["reason"] = t["result"]["reason"] = "3 updates lost"
        return t
    if bad:
        return t | {"status": "skipped", "exit": "not started",
                    "reason": "failed verification"}
    if c["map"] in plant.get("crash", ()):
        return t | {"status": "failed", "exit": "signal 11",
                    "reason": "signal 11 (Segmentation fault) in the window"}
    t["result"] = result(c, rng, out, block, spec)
    t["result"]["ops"] = round(t["result"]["ops"] * extra)
    if (c["map"], block) in plant.get("void", ()):
        t["status"] = t["result"]["status"] = "void"
        t["reason"] = t["result"]["reason"] = "thread 1 was never scheduled"
    return t


def topology(sockets, cores, smt):
    """hwloc's XML as far as the report reads it: kernel CPU numbers."""
    pu = lambda s, k, t: s * cores + k + t * sockets * cores
    packages = "".join(
        f'<object type="Package" os_index="{s}">' + "".join(
            f'<object type="Core" os_index="{k}">' + "".join(
                f'<object type="PU" os_index="{pu(s, k, t)}"/>'
                for t in range(smt)) + "</object>"
            for k in range(cores)) + "</object>" for s in range(sockets))
    return (f'<?xml version="1.0"?><topology version="2.0"><object '
            f'type="Machine">{packages}</object></topology>')


def campaign(spec, cells, order, cpus):
    fact = lambda text, status="ok": {"status": status, "text": text}
    machine = {"id": "5e7a0001", "cpu": fact("synthetic, no such CPU"),
               "cpus": fact(f"{len(cpus)}"), "kernel": fact("6.1.0"),
               "l1d": fact("48 KiB, 12-way"), "thp": fact("madvise"),
               "governor": fact("", "absent"),
               "virtual_machine": fact("yes: hypervisor flag"),
               "turbo": fact("Permission denied", "denied")}
    return {"format": 1, "name": "2026-11-20T0801-synthetic-5e7a0001",
            "synthetic": True, "mode": spec["mode"],
            "created_utc": "2026-11-20T08:01:00Z", "machine": machine,
            "build": {"commit": "0000000", "dirty": False, "compiler": "gcc",
                      "compiler_version": "12.2.0", "flags": "-O2",
                      "binary_sha256": "00", "build_id": "00",
                      "libraries": {}},
            "seed": spec["seed"], "plan_sha256": "00",
            "workloads": [{"name": spec["workload"], "file": "synthetic",
                           "sha256": "00", "text": "# synthetic\n"}],
            "counters": {"backend": spec["backend"], "events": [],
                         "reason": "no PMU: virtual machine (no cpu entry in "
                         "/sys/bus/event_source)"
                         if spec["backend"] == "none" else None},
            "maps": [{"id": m, "label": m, "family": MAPS.get(
                m, ("free",))[0], "sync": "", "source": "", "system": "",
                "guarantees": "none", "progress": "blocking",
                "dispatch": "none", "caps": [], "shapes": ["u64x8"]}
                for m in spec["maps"]],
            "skipped_maps": [{"id": "tbb_map", "needs": "tbb"}],
            "cells": cells, "order": order}


def make(out, maps=tuple(MAPS), threads=(1, 2, 4), keys=(1024, 65536),
         shares=(0.03,), kinds=KINDS, blocks=10, rates=(), seed=7,
         measures=("throughput",), backend="none", mode="smoke", plant=None,
         sockets=1, cores=2, smt=1, workload="uniform-97-3"):
    """Writes a campaign folder; plant names the failures, see trial().

    plant -- fail_verify, crash: map ids; void: (map, block) pairs; keep: how
             many lines survive; torn: True for a torn last line; control:
             "ok" or "fail" adds A/A and +2 % arms on the first timed cell.
    """
    spec = dict(maps=maps, threads=threads, keys=keys, shares=shares,
                kinds=kinds, blocks=blocks, rates=rates, seed=seed,
                measures=measures, backend=backend, mode=mode,
                plant=plant or {}, workload=workload)
    out = Path(out)
    (out / "histograms").mkdir(parents=True, exist_ok=True)
    cpus = list(range(sockets * cores * smt))
    cells, rng = plan(spec, cpus), random.Random(seed)
    order = [[i for i, c in enumerate(cells)
              if b < c["blocks"] and not c["skip"]] for b in range(blocks)]
    for block in order:
        rng.shuffle(block)
        block.sort(key=lambda i: cells[i]["measure"] != "verify")
    lines = [trial(cells[i], b, rng, out, spec)
             for b, block in enumerate(order) for i in block]
    control = spec["plant"].get("control")
    if control:
        c = next(c for c in cells if c["measure"] == "throughput")
        for b in range(blocks):
            off = 1.04 if control == "fail" else 1.0
            lines.append(trial(c, b, rng, out, spec, "aa", off))
            lines.append(trial(c, b, rng, out, spec, "control", 1 / 1.02))
    text = "".join(json.dumps(t) + "\n"
                   for t in lines[:spec["plant"].get("keep")])
    if spec["plant"].get("torn"):
        text += '{"format": 1, "cell": "unif'
    (out / "trials.jsonl").write_text(text)
    (out / "campaign.json").write_text(
        json.dumps(campaign(spec, cells, order, cpus), indent=1))
    (out / "topology.xml").write_text(topology(sockets, cores, smt))
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    for name, kind in (("threads", int), ("keys", int), ("shares", float),
                       ("rates", float), ("maps", str), ("kinds", str),
                       ("measures", str)):
        parser.add_argument(f"--{name}", type=lambda t, k=kind: tuple(
            k(x) for x in t.split(",") if x))
    for name in ("blocks", "seed", "sockets", "cores", "smt"):
        parser.add_argument(f"--{name}", type=int)
    parser.add_argument("--backend")
    parser.add_argument("--plant", type=json.loads)
    make(**{k: v for k, v in vars(parser.parse_args()).items()
            if v is not None})


if __name__ == "__main__":
    main()
