#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a synthetic campaign in the format of results/README.md.

    tests/report/make_journal.py DIR [--blocks N] [--threads 1,2,4] [--maps a,b] ...

No number of the campaign was measured. campaign.json has "synthetic": true, so that the report
prints a banner. Tests inject failures through the arguments of make().
"""
import argparse
import json
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from synthetic import (KINDS, MAPS, counters, latency, mops,  # noqa: E402
                       simulated, topology)

UNSAFE = ("gomap", "unsync_probe")
NOISE = 0.012
GO = (("go_classic_", "1.19.8", "readmostly-go-classic"),
      ("go_other_", "1.21.3", "readmostly-go-other"), ("go_", "1.26.1", "readmostly-go"))
DESIGNS = {"map_rw": "map + RWMutex", "map_mutex": "map + Mutex", "sync_map": "sync.Map"}


def cell_id(c):
    """Returns the id of a cell in the form of runner/protocol/protocol.h."""
    paced = (f"/paced/r{c['rate_per_s']:g}/{c['arrivals']}"
             if c["loop"] == "paced" else "")
    memory = f"/{c['memory']}" if c["memory"] != "first-touch" else ""
    return (f"{c['workload']}/{c['map']}/{c['shape']}/n{c['keys']}"
            f"/w{100 * c['write_share']:g}/{c['write_kind']}/m0/{c['dist']}"
            f"/t{c['threads']}/{c['placement']}{memory}{paced}/{c['measure']}")


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
    """Returns the cells of the campaign: first verification, then the timed cells."""
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
    cells += [cell(name, "numa-memory", 65536, 0.03, "update", 2, "throughput", cpus,
                   blocks=spec["blocks"], placement="numa:0", memory=memory)
              for memory in spec["memories"] for name in spec["maps"]]
    for model in spec["models"]:
        for threads in (1, 4, 64):
            for name in spec["maps"]:
                c = cell(name, "simulated-97-3", 4096, 0.03, "update",
                         threads, f"simulated:{model}", cpus, blocks=1)
                if name in spec["plant"].get("not_simulated", ()):
                    c["skip"] = "not simulated: inline assembly"
                cells.append(c | {"cpus": [], "window_ns": 0,
                                  "window_ops": 4000})
    for rate in spec["rates"]:
        for name in spec["maps"]:
            cells.append(cell(name, "order-service", 65536, 0.027, "update",
                              2, "latency", cpus, blocks=spec["blocks"],
                              loop="paced", rate_per_s=rate))
    return cells


def threads_of(c, ops, elapsed):
    each = [{"slot": i, "cpu": cpu, "cpu_start": cpu, "cpu_end": cpu,
             "ops": ops // c["threads"], "elapsed_ns": elapsed,
             "writes": round(ops // c["threads"] * c["write_share"]),
             "cpu_ns": elapsed, "voluntary_switches": 0,
             "involuntary_switches": 1, "minor_faults": 3, "major_faults": 0,
             "migrations": None, "runqueue_wait_ns": None}
            for i, cpu in enumerate(c["cpus"])]
    return each


def result(c, rng, out, block, spec):
    value = mops(c) * rng.lognormvariate(0, NOISE)
    if "mops" in spec["plant"]:
        value = spec["plant"]["mops"](c, block)
    elapsed = 10 ** 9 + rng.randrange(10 ** 5)
    ops = round(value * elapsed / 1000)
    writes = round(ops * c["write_share"])
    bytes_entry = MAPS.get(c["map"], MAPS["gomap_rw"])[4]
    empty = 3 * 2 ** 20 + rng.randrange(8) * 4096
    r = {"protocol": 2, "cell": c["id"], "status": "ok", "reason": None,
         "elapsed_ns": elapsed, "ops": ops, "lookups": ops - writes,
         "writes": writes, "hits": ops - writes, "misses_absent": 0,
         "misses_resident": 0, "inserts": 0, "removes": 0, "idle_removes": 0,
         "achieved_write_share": writes / ops, "achieved_miss_share": 0.0,
         "by_thread": threads_of(c, ops, elapsed), "keys_before": c["keys"],
         "keys_after": c["keys"],
         "verification": {
             "status": "ok", "reason": None, "keys_expected": c["keys"],
             "keys_held": c["keys"], "sum_expected": "ab", "sum_held": "ab",
             "wrong_values": 0, "written": None, "returned": None,
             "stopped_early": None},
         "footprint": {"rss_empty_bytes": empty,
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
         "environment": {"aslr": True} | (
             {"goroutines": "free", "gomaxprocs": c["threads"]}
             if c["map"].startswith("go_") else {})}
    if c["measure"] == "latency":
        r["latency"] = latency(c, rng, out, block)
        r["late_starts"] = 0
    if c["measure"] == "counters":
        r["counters"] = counters(c, ops, rng, spec["backend"])
    if c["measure"] == "causes":
        r["ops"] = round(ops / 1.25)  # hooks make the map slower
        for s in r["stats"]:
            s["window"] = s["value"]
    if c["measure"].startswith("simulated:"):
        r["counters"] = simulated(c, ops, c["measure"].split(":")[1])
    if c["measure"] == "verify":
        r["verification"] |= {"written": 100000, "returned": 100000,
                              "stopped_early": False}
    return r


def trial(c, block, rng, out, spec, arm="head", extra=1.0):
    t = {"format": 1, "cell": c["id"], "block": block, "arm": arm,
         "attempt": 1, "seed": rng.randrange(2 ** 53),
         "started_utc": "2026-11-20T08:01:00Z", "wall_ns": 15 * 10 ** 8,
         "exit": "0", "status": "ok", "reason": None, "steal_ticks": 0,
         "load": 0.5, "others_share": 0.0, "result": None}
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


def of_go(name):
    """Returns the label and program of a Go map, as in impls/languages.mk."""
    for arm, version, program in GO:
        if name.startswith(arm):
            design = DESIGNS[name.removeprefix(arm)]
            return {"label": f"Go {version[:4]}: {design}", "program": program,
                    "language_version": version}
    return {}


def campaign(spec, cells, order, cpus):
    fact = lambda text, status="ok": {"status": status, "text": text}
    known = {"cpu_name": "synthetic, no such CPU", "kernel": "6.1.0",
             "hypervisor_flag": "yes", "thp_enabled": "always [madvise] never",
             "load": "0.02 0.01 0.00 1/99 1", "pmu_type": "4"}
    machine = {"id": "5e7a0001", "cpus": len(cpus), "l1d_bytes": 49152,
               "facts": {k: fact(v) for k, v in known.items()} | {
                   "governor": fact(None, "absent"),
                   "boost": fact(None, "denied")}}
    return {"format": 1, "protocol": 2, "name": "2026-11-20T0801-synthetic-5e7a0001",
            "synthetic": True, "mode": spec["mode"],
            "created_utc": "2026-11-20T08:01:00Z", "machine": machine,
            "build": {"commit": "0000000", "dirty": False, "compiler": "gcc",
                      "compiler_version": "12.2.0", "flags": "-O2",
                      "binary_sha256": "00", "build_id": "00",
                      "libraries": "none"},
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
                | of_go(m) for m in spec["maps"]],
            "skipped_maps": [{"id": "tbb_map", "needs": "tbb"}],
            "cells": cells, "order": order}


def make(out, maps=tuple(MAPS), threads=(1, 2, 4), keys=(1024, 65536),
         shares=(0.03,), kinds=KINDS, blocks=10, rates=(), seed=7,
         measures=("throughput",), backend="none", mode="smoke", plant=None,
         sockets=1, cores=2, smt=1, workload="uniform-97-3", models=(), memories=()):
    """Writes a campaign's folder.

    - models: simulated machines that also count
    - memories: policies of cells whose threads run on NUMA node 0
    - plant: failures for trial(). not_simulated, fail_verify and crash are ids of maps; void has
      (map, block) pairs; keep is the number of lines that survive; torn is True for a torn last
      line; control is "ok" or "fail", which adds A/A and +2 % arms for the first timed cell;
      mops is a function of (cell, block) that replaces the model and its noise
    """
    spec = dict(maps=maps, threads=threads, keys=keys, shares=shares,
                kinds=kinds, blocks=blocks, rates=rates, seed=seed,
                measures=measures, backend=backend, mode=mode,
                plant=plant or {}, workload=workload, models=models,
                memories=memories)
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
