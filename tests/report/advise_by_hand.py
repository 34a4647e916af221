# SPDX-License-Identifier: Apache-2.0
"""What a campaign says to a question, from campaign.json and trials.jsonl
alone: a second hand for tests of `report advise`, without a line of report/.

Intervals are those values that scipy's exact signed-rank test does not refuse
(Hodges and Lehmann's inversion), which is another way than that of the report.
"""
import bisect
import functools
import itertools
import json
import math
from pathlib import Path

import numpy as np
from scipy import stats

ORDERED = ("write_share", "keys", "threads")
NAMED = ("write_kind", "dist", "shape")
LEADS = ("clear lead", "small lead", "lead of uncertain size")
ASIDE = {"syncmap_leak"}


def walsh_of(x):
    return np.sort([(a + b) / 2 for a, b in
                    itertools.combinations_with_replacement(x, 2)])


def pseudo_median(values):
    return math.exp(np.median(walsh_of(np.log(values))))


def interval(ratios, level):
    """(low, high) of ratios > 0; None where no value can be refused at that
    level."""
    x = np.log(ratios)
    if 2 / 2 ** len(x) > 1 - level:
        return None, None
    walsh = walsh_of(x)

    def kept(gap):  # between Walsh averages `gap` - 1 and `gap`
        middle = (walsh[gap - 1] + walsh[gap]) / 2
        return stats.wilcoxon(x - middle, mode="exact").pvalue > 1 - level
    gaps = range(1, len(walsh))  # refused, kept, refused: p has one peak
    half = len(gaps) // 2
    first = bisect.bisect_left(gaps[:half], True, key=kept)
    last = bisect.bisect_left(gaps[half:], True,
                              key=lambda gap: not kept(gap))
    return math.exp(walsh[first]), math.exp(walsh[half + last])


class Hand:
    """The trials of one folder, or of several stages, in order."""

    def __init__(self, *folders, allowed=None):
        """allowed -- the maps that may be advised; None: all that rank"""
        self.rates, self.cells, self.maps = {}, {}, {}
        failed, self.arms = set(), {}
        for stage, folder in enumerate(map(Path, folders)):
            meta = json.loads((folder / "campaign.json").read_text())
            self.cpus = meta["machine"]["cpus"]
            self.maps |= {m["id"]: m for m in meta["maps"]}
            self.cells |= {c["id"]: c for c in meta["cells"]}
            for line in (folder / "trials.jsonl").read_text().splitlines():
                failed |= self.take(json.loads(line), stage)
        self.ranked = {m for m, about in self.maps.items()
                       if about["family"] != "bound" and m not in failed
                       and m not in ASIDE
                       and (allowed is None or m in allowed)}
        self.places = {}
        for c in self.cells.values():
            if c["measure"] == "throughput" and c["map"] in self.ranked \
                    and self.rates.get(c["id"]):
                at = tuple(c[f] for f in ORDERED + NAMED)
                self.places.setdefault(at, {})[c["map"]] = c["id"]
        kind = len(ORDERED)
        for at in [at for at in self.places if at[0] == 0]:  # nobody writes
            for other in {p[kind] for p in self.places}:
                self.places[at[:kind] + (other,) + at[kind + 1:]] = \
                    self.places[at]

    def take(self, trial, stage):
        """Keeps a line's rate; returns the map that failed verification."""
        result, cell = trial["result"], self.cells[trial["cell"]]
        if result and result["verification"]["status"] == "failed":
            return {cell["map"]}
        if trial["status"] == "ok" and result["ops"]:
            to = (self.rates if trial["arm"] == "head" else
                  self.arms.setdefault(trial["arm"], {}))
            to.setdefault(cell["id"], {})[stage, trial["block"]] = \
                result["ops"] * 1e3 / result["elapsed_ns"]
        return set()

    def control_failed(self):
        """Does the A/A arm lie wholly off 0 by more than 0.5 %?"""
        for cell, blocks in self.arms.get("aa", {}).items():
            head = self.rates[cell]
            both = sorted(head.keys() & blocks.keys())
            low, high = interval([head[b] / blocks[b] for b in both], 0.95)
            if low > 1.005 or high < 0.995:
                return True
        return False

    # ---- one place ----------------------------------------------------------

    @functools.lru_cache(maxsize=None)
    def verdict(self, at):
        cells = self.places[at]
        speed = {m: pseudo_median(list(self.rates[c].values()))
                 for m, c in cells.items()}
        pairs = max(len(cells) * (len(cells) - 1) / 2, 1)
        need = next(n for n in range(6, 99) if 2 / 2 ** n <= 0.05 / pairs)
        full = [m for m in cells if len(self.rates[cells[m]]) >= need]
        first = max(full or cells, key=speed.get)
        rivals = []
        for m in cells:
            one, two = self.rates[cells[first]], self.rates[cells[m]]
            x = [one[b] / two[b] for b in sorted(one.keys() & two.keys())]
            if m != first and len(x) >= need:
                rivals.append((*interval(x, 1 - 0.05 / pairs), m, x))
        return self.worded(first, cells, rivals, speed)

    def worded(self, first, cells, rivals, speed):
        if len(cells) == 1:
            return {"word": "alone", "first": first, "front": [first]}
        if not rivals:
            return {"word": "not ranked", "first": None, "front": []}
        low, high = min(rivals)[:2]
        tied = [r for r in rivals if r[0] <= 1.02]
        word = ("tied" if tied else "clear lead" if low >= 1.10 else
                "small lead" if high < 1.10 else "lead of uncertain size")
        *_, second, x = max(tied or rivals, key=lambda r: speed[r[2]])
        low, high = interval(x, 0.95)
        base = interval(list(self.rates[cells[second]].values()), 0.95)
        return {"word": word, "first": first, "second": second,
                "front": [first, *sorted(r[2] for r in tied)],
                "ratio": pseudo_median(x), "low": low, "high": high,
                "n": len(x), "second_mops": speed[second],
                "second_low": base[0], "second_high": base[1],
                "cells": [cells[first], cells[second]]}

    # ---- a question ---------------------------------------------------------

    def ends(self, asked, i):
        """The values of an ordered factor next to the one asked for."""
        values = {at[i] for at in self.places
                  if at[len(ORDERED):] == asked[len(ORDERED):]}
        if asked[i] in values:
            return [asked[i]]
        return [max(v for v in values if v < asked[i]),
                min(v for v in values if v > asked[i])]

    def corners(self, asked):
        return [at + asked[len(ORDERED):] for at in itertools.product(
            *(self.ends(asked, i) for i in range(len(ORDERED))))]

    def flips(self, corners, asked, front):
        """[(steps, doublings, factor, value, leader)], the nearest three."""
        far = lambda a, b: abs(math.log2(max(a, 1e-4) / max(b, 1e-4)))
        anchor = min(corners, key=lambda at: sum(
            far(at[i], asked[i]) for i in range(len(ORDERED))))
        found = []
        for i, factor in enumerate(ORDERED + NAMED):
            line = [at for at in self.places if at not in corners
                    and all(at[j] == anchor[j] for j in range(len(at))
                            if j != i)]
            if factor in NAMED:
                ways = [[at] for at in line]
            else:
                small, large = (f(at[i] for at in corners)
                                for f in (min, max))
                ways = [sorted((at for at in line if at[i] < small),
                               key=lambda at: -at[i]),
                        sorted(at for at in line if at[i] > large)]
            for way in ways:
                led = [(step, at, self.verdict(at)) for step, at in
                       enumerate(way, 1)]
                led = [(step, 1.0 if factor in NAMED
                        else far(at[i], anchor[i]), factor, at[i],
                        v["first"]) for step, at, v in led
                       if v["word"] in LEADS and [v["first"]] != front]
                found += led[:1]
        return sorted(found, key=lambda f: f[:2])[:3]

    def ask(self, asked):
        """asked -- values of ORDERED + NAMED"""
        corners = self.corners(asked)
        said = [self.verdict(at) for at in corners]
        words = {v["word"] for v in said}
        fronts = {frozenset(v["front"]) for v in said}
        front = said[0]["front"]
        if words & {"not ranked", "alone"}:
            word = "not ranked" if "not ranked" in words else "alone"
        elif len(fronts) == 1 and words <= set(LEADS):
            word = (words.pop() if len(words) == 1
                    else "lead of uncertain size")
        elif len(fronts) == 1 and words == {"tied"}:
            word = "tied"
        else:
            word = "depends"
        if self.control_failed():
            word = "invalid"
        front = front if word in (*LEADS, "tied") else []
        return {"word": word, "front": front, "places": corners,
                "corners": said, "flips": self.flips(corners, asked, front)
                if front else []}
