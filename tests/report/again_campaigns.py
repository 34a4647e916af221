# SPDX-License-Identifier: Apache-2.0
"""Synthetic ledgers with a campaign each, by seed: claims of every rule that
are true, false or undecidable, on journals with all that goes wrong in one.

No number in it was measured. The frame of campaign.json is make_journal's;
cells, trials and ledger are made here, so that what each claim should meet is
planned claim by claim.
"""
import json
import math
import random

import make_journal

CPUS = [0, 1]
RULES = ("direction", "ratio", "equal", "figure", "count", "never",
         "can-happen", "slope")
MAPS = ("gomap_rw", "syncmap", "go_map_rw", "go_sync_map", "stock_single",
        "null_map")
BLOCKS = (20, 20, 20, 20, 20, 20, 20, 13, 9, 6, 4, 1)
SPEEDS = ("direction", "ratio", "equal", "figure")
#          what the middle of the values is, and how far they scatter (of ln)
STATES = {
    "direction": ((1.5, .05), (2.5, .1), (1.2, .02), (0.6, .05), (1.0, .002),
                  (1.0, .3), (1.02, .01), (0.98, .01), (1.06, .06)),
    "ratio": ((2.0, .03), (2.1, .05), (1.9, .04), (2.0, .1), (0.5, .03),
              (1.0, .002), (1.4, .02), (1.67, .04), (4.0, .05), (1.02, .02),
              (2.4, .03), (1.1, .4), (1.6, .5)),
    "equal": ((1.0, .002), (1.3, .02), (0.7, .02), (1.0, .1), (1.01, .02),
              (1.02, .01)),
    "figure": ((10.0, .03), (15.0, .03), (6.0, .03), (12.0, .05),
               (10.0, .4), (11.6, .06), (9.0, .1)),
    "slope": ((1.0, .02), (0.3, .02), (1.9, .02), (1.2, .05), (0.8, .9))}
CLAIMED = {"ratio": "2", "figure": "10", "slope": "0.8 .. 1.2"}


class Made:
    """A campaign folder and its ledger, while they are made."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.seed, self.cells, self.lines, self.text = seed, [], [], []
        self.backend, self.more = "none", {}
        self.tells_go = self.rng.choice((None, "go1.19.8", "go1.22.1"))

    # ---- cells and trials -------------------------------------------------

    def cell(self, workload, name, keys, blocks, **more):
        threads = more.pop("threads", 2)
        measure = more.pop("measure", "throughput")
        made = make_journal.cell(name, workload, keys, 0.03, "update",
                                 threads, measure, CPUS, blocks=blocks,
                                 **more)
        if not made["presize"]:
            made["id"] += "/unsized"
        self.cells.append(made)
        return made

    def trial(self, cell, block, values, status="ok", attempt=1, patch=(),
              **more):
        """A line; values: name -> value of the statistics of its map, patch:
        other members of its result."""
        result = self.result(cell, values, status) | dict(patch)
        if status == "crash":
            status, result = "failed", None
        self.lines.append({
            "format": 1, "cell": cell["id"], "block": block, "arm": "head",
            "slot": 0, "attempt": attempt, "seed": 1,
            "started_utc": "2026-11-20T08:01:00Z", "wall_ns": 15 * 10 ** 8,
            "exit": "0" if result else "signal 11", "status": status,
            "reason": None if status == "ok" else "planted",
            "steal_ticks": 0, "load": 0.5, "peak_bytes": 10 ** 6,
            "result": result} | more)

    def result(self, cell, values, status):
        elapsed = 10 ** 9
        ops = values.get("ops", 10 ** 6)
        writes = values.get("writes", round(ops * 0.03))
        right = "failed" if status == "failed" else "ok"
        threads = make_journal.threads_of(cell, ops, elapsed)
        stats = [{"name": k, "unit": "1", "value": v} | (
            {"window": v} if cell["measure"] == "causes" else {})
            for k, v in values.items() if k not in ("ops", "writes")]
        environment = {"aslr": True}
        if cell["map"].startswith("go_") and self.tells_go:
            environment["go"] = self.tells_go
        return {"protocol": 2, "cell": cell["id"], "status": status,
                "reason": None if status == "ok" else "planted",
                "elapsed_ns": elapsed, "ops": ops, "lookups": ops - writes,
                "writes": writes, "hits": ops - writes, "misses_absent": 0,
                "misses_resident": 0, "inserts": 0, "removes": 0,
                "idle_removes": 0, "achieved_write_share": 0.03,
                "achieved_miss_share": 0.0, "by_thread": threads,
                "keys_before": 1, "keys_after": 1, "verification": {
                    "status": right, "reason": None, "keys_expected": 1,
                    "keys_held": 1, "sum_expected": "ab", "sum_held": "ab",
                    "wrong_values": 0, "written": None, "returned": None,
                    "stopped_early": None},
                "footprint": {"rss_empty_bytes": 1, "rss_filled_bytes": 2,
                              "rss_peak_bytes": 3, "page_nodes": None,
                              "page_nodes_reason": "one", "huge_bytes": 0},
                "stats": stats, "phases_ns": {"window": elapsed},
                "latency": None, "late_starts": None, "counters": None,
                "environment": environment}

    def fill(self, cell, values, harm=0.0):
        """Trials of all blocks; of a share of them another attempt, a void
        one or none at all. A repeated one had a value far off."""
        for block, each in enumerate(values):
            chance = self.rng.random()
            far = {k: v * 7 for k, v in each.items()}
            if chance < 0.3 * harm:
                self.trial(cell, block, far, "void")
            elif chance < 0.5 * harm:
                self.trial(cell, block, each, "crash")
            elif chance < 0.7 * harm:
                continue
            elif chance < harm:
                self.trial(cell, block, far, self.rng.choice(("ok", "void")),
                           disturbed="others took half")
                self.trial(cell, block, each, attempt=2)
            elif chance < 1.1 * harm:
                self.trial(cell, block, each, disturbed="others took half")
                self.trial(cell, block, far, "void", attempt=2)
            else:
                self.trial(cell, block, each)
        if harm and self.rng.random() < 0.3:
            self.trial(cell, 0, {k: v * 9 for k, v in values[0].items()},
                       arm="copy")

    # ---- the ledger -------------------------------------------------------

    def claim(self, name, keys):
        """keys: key -> text, or a list of texts; None: the key is left out."""
        lines = [f"[{name}]", f"says = {name}", "article = unstated",
                 "environment = none"]
        for key, value in keys.items():
            for one in value if isinstance(value, list) else [value]:
                lines += [f"{key} = {one}"] if one is not None else []
        self.text.append("\n".join(lines))

    def write(self, folder):
        ledger = folder / "ledger"
        ledger.mkdir(parents=True)
        (ledger / "made.claims").write_text(
            "# SPDX-License-Identifier: Apache-2.0\n\n"
            + "\n\n".join(self.text) + "\n")
        self.rng.shuffle(self.lines)
        self.lines.sort(key=lambda t: (t["block"], t["attempt"]))
        torn = self.rng.choice(("", '{"format": 1, "cel'))
        (folder / "trials.jsonl").write_text(
            "".join(json.dumps(t) + "\n" for t in self.lines) + torn)
        spec = {"mode": None, "seed": self.seed, "workload": "made",
                "backend": self.backend, "maps": MAPS}
        meta = make_journal.campaign(spec, self.cells, [], CPUS)
        for one in meta["maps"]:
            if one["id"].startswith("go_"):
                one["program"] = "readmostly-go"
            if one["id"] == "stock_single":
                one["misuse"] = "it oversells"
        (folder / "campaign.json").write_text(json.dumps(meta | self.more))
        (folder / "topology.xml").write_text(
            make_journal.topology(1, len(CPUS), 1))
        return folder


def drawn(rng, state, blocks):
    """Values of a middle and a scatter; sometimes rounded, so that they
    tie."""
    middle, sd = state
    found = [middle * math.exp(rng.gauss(0, sd)) for _ in range(blocks)]
    digits = rng.choice((None, None, None, 1, 2))
    return found if digits is None else [round(v, digits) for v in found]


def counts_of(rng, blocks, state):
    """Whole numbers: all as claimed, one other, none, or few."""
    base, other = state
    found = [base] * blocks
    if other is not None:
        found[rng.randrange(blocks)] = other
    return found


def compared(made, workload, keys, maps, state, blocks, harm, unit):
    """Two cells of which the one over the other is as a state says."""
    rng = made.rng
    ratios = drawn(rng, state, blocks)
    base = drawn(rng, (3e6, rng.choice((.01, .3))), blocks)
    for name, each in zip(maps, ([b * r for b, r in zip(base, ratios)],
                                 base)):
        if name:
            cell = made.cell(workload, name, keys, blocks)
            made.fill(cell, [{unit: round(v) if unit == "ops" else v}
                             for v in each], harm)


def plain(made, workload, keys, name, values, harm, **more):
    cell = made.cell(workload, name, keys, len(values), **more)
    made.fill(cell, [{"x": v} for v in values], harm)


# ---- claims, one of a rule each -------------------------------------------

def usual(made, rule, index):
    """Keys that any claim has; some are left out, as ledgers do."""
    rng = made.rng
    speaks = rng.choice(("speed", None, "count", "memory", "speed"))
    if rule not in SPEEDS:
        speaks = rng.choice(("count", "property", None))
    return {"kind": rng.choice((None, "direct", "analogue")),
            "speaks": speaks, "about": "any", "rule": rule,
            "conditions": rng.choice(("stated", "unstated")),
            "workload": f"made-{rule}-{index}", "subject": "syncmap"}


def speed(made, rule, index):
    """direction, ratio, equal: one to three cells, sometimes Go's, too."""
    rng, keys = made.rng, usual(made, rule, index)
    sizes = rng.sample((1000, 8000, 64000), rng.choice((1, 1, 2, 3)))
    harm, blocks = rng.choice((0, 0, .2, .6)), rng.choice(BLOCKS)
    unit = rng.choice(("ops", "x"))
    keys |= {"against": "gomap_rw", "statistic": {
        "ops": "ops/elapsed_s", "x": "x"}[unit],
        "cells": [f"keys={s} measure=throughput" for s in sizes],
        "claimed": CLAIMED.get(rule),
        "tolerance": rng.choice((None, "1.1", "1.5")) if rule == "ratio"
        else None, "band": rng.choice((None, None, "5%", "10%"))}
    below = rng.random() < 0.5
    if rule == "direction":
        keys["side"] = "below" if below else "above"
    if rule == "ratio" and below:
        keys["claimed"] = "0.5"
    pairs = [("syncmap", "gomap_rw")]
    if rng.random() < 0.4:
        keys |= {"about": "go", "go": "go_sync_map / go_map_rw"}
        pairs += [("go_sync_map", "go_map_rw")] * rng.choice((0, 1, 1))
    for maps in pairs:
        for size in sizes[:rng.choice((3, 3, 3, 1))]:
            middle, sd = rng.choice(STATES[rule])
            compared(made, keys["workload"], size, maps,
                     (1 / middle if below else middle, sd), blocks, harm,
                     unit)
    return keys


def figure(made, rule, index):
    rng, keys = made.rng, usual(made, rule, index)
    sizes = rng.sample((1000, 8000), rng.choice((1, 2)))
    blocks, harm = rng.choice(BLOCKS), rng.choice((0, .3))
    keys |= {"claimed": rng.choice(("10", "9 .. 11")), "statistic": "x",
             "tolerance": rng.choice((None, "1.1", "1.2")),
             "cells": [f"keys={s}" for s in sizes]}
    for size in sizes:
        plain(made, keys["workload"], size, "syncmap",
              drawn(rng, rng.choice(STATES[rule]), blocks), harm)
    return keys


def counted(made, rule, index):
    """count, never, can-happen: whole numbers of each trial."""
    rng, keys = made.rng, usual(made, rule, index)
    states = {"count": ((5, None), (5, 6), (6, None), (5, 5.2), (0, None)),
              "never": ((0, None), (0, 1), (3, 0)),
              "can-happen": ((0, None), (0, 1), (2, 0))}[rule]
    sizes = rng.sample((1000, 8000), rng.choice((1, 1, 2)))
    blocks, harm = rng.choice(BLOCKS), rng.choice((0, .3))
    measure = rng.choice(("throughput", "causes"))
    keys |= {"statistic": "x" if measure == "throughput" else "window.x",
             "cells": [f"keys={s} measure={measure}" for s in sizes]}
    if rule == "count":
        keys |= rng.choice(({"claimed": "5", "tolerance": "1"},
                            {"claimed": "5", "tolerance": "1.05"},
                            {"claimed": "1 .. 1e15", "tolerance": "1"}))
    for size in sizes:
        plain(made, keys["workload"], size, "syncmap", counts_of(
            rng, blocks, rng.choice(states)), harm, measure=measure)
    if rule == "can-happen" and rng.random() < 0.6:
        keys["against"] = "gomap_rw"
        for size in sizes:
            plain(made, keys["workload"], size, "gomap_rw", counts_of(
                rng, blocks, rng.choice(((0, None), (0, None), (0, 1)))),
                harm, measure=measure)
    return keys


def sloped(made, rule, index):
    rng, keys = made.rng, usual(made, rule, index)
    power, sd = rng.choice(STATES[rule])
    keys |= {"claimed": CLAIMED[rule], "axis": "keys", "statistic": "x",
             "cells": "measure=throughput"}
    blocks, harm = rng.choice(BLOCKS), rng.choice((0, .2))
    for size in rng.choice(((1000, 8000, 64000), (1000, 2000, 64000, 99000))):
        plain(made, keys["workload"], size, "syncmap",
              drawn(rng, (50 * size ** power, sd), blocks), harm)
    return keys


MAKERS = {"figure": figure, "count": counted, "never": counted,
          "can-happen": counted, "slope": sloped}


def campaign(folder, seed, claims=8):
    """A ledger of so many claims and a campaign that was made for it."""
    made = Made(seed)
    for i in range(claims):
        rule = RULES[(seed + i) % len(RULES)]
        keys = MAKERS.get(rule, speed)(made, rule, i)
        if made.rng.random() < 0.05:
            keys["needs"] = made.rng.choice(("cpus: 16", "counters",
                                             "cpus: 2"))
        made.claim(f"S{i // 50}-{i + 1:02d}", keys)
    return made.write(folder)
