# SPDX-License-Identifier: Apache-2.0
"""Machines of one kind: how far do they disagree beyond their intervals?

An interval of one machine is of its trials, on that machine, on that day.
What another machine of the same model would have shown is not in it. Where
two of a kind ran the same plan, that part can be seen: this module says how
often the two disagree by more than both intervals explain, and how much wider
one machine's interval would have to be (docs/comparing.md).
"""
import math
import statistics

import numpy as np

from report.compare.contrast import pairs_of

NORMAL = 1.959964  # half width of a 95 % interval in standard errors
LEAST = 6  # ratios that an estimate of what is left out needs


def difference(one, two):
    """ln of one ÷ two, of two ratios of different machines, with the
    interval that their own intervals give it: the distances of the limits
    from the centres are added as squares (Zou and Donner 2008)."""
    a, b = ([math.log(r[k]) for k in ("ratio", "low", "high")]
            for r in (one, two))
    d = a[0] - b[0]
    return {"d": d, "low": d - math.hypot(a[0] - a[1], b[2] - b[0]),
            "high": d + math.hypot(a[2] - a[0], b[0] - b[1])}


def error(row):
    """Standard error of a ln ratio that its interval stands for."""
    return math.log(row["high"] / row["low"]) / (2 * NORMAL)


def left_out(both):
    """Standard deviation of ln ratios between machines of a kind, beyond
    that of trials: mean of d² less both errors, halved; 0 where the
    intervals explain all, None of too few ratios.

    both -- (row of one machine, of the other) per ratio
    """
    if len(both) < LEAST:
        return None
    excess = [math.log(x["ratio"] / y["ratio"]) ** 2 - error(x) ** 2
              - error(y) ** 2 for x, y in both]
    return math.sqrt(max(float(np.mean(excess)), 0) / 2)


def widened(row, sd):
    """The interval of one machine with what it leaves out."""
    centre = math.log(row["ratio"])
    more = NORMAL * sd
    return tuple(math.exp(centre + way * math.hypot(
        math.log(row[end]) - centre, more))
        for way, end in ((-1, "low"), (1, "high")))


def pair_row(c, one, two, rows):
    """Two machines of one kind; None where they share no interval."""
    by_key = {}
    for r in rows:
        if r["low"] is not None and r["machine"] in (one.label, two.label):
            by_key.setdefault(key_of(r), {})[r["machine"]] = r
    both = [(v[one.label], v[two.label]) for v in by_key.values()
            if len(v) == 2]
    if not both:
        return None
    found = [difference(x, y) for x, y in both]
    apart = [i for i, f in enumerate(found) if f["low"] > 0 or f["high"] < 0]
    worst = max(range(len(found)), key=lambda i: abs(found[i]["d"]))
    sd = left_out(both)
    return {"machines": (one.label, two.label), "kind": one.member.kind,
            "what": what(one.member, two.member), "ratios": len(both),
            "apart": len(apart),
            "median_percent": percent(statistics.median(
                abs(f["d"]) for f in found)),
            "largest_percent": percent(abs(found[worst]["d"])),
            "largest_of": both[worst][0], "sd": sd,
            "left_out_percent": None if sd is None else percent(NORMAL * sd),
            "half_width_percent": percent(statistics.median(
                NORMAL * error(r) for pair in both for r in pair))}


def what(one, two):
    """What two campaigns with one machine id are: by their fleet's names,
    else by what was installed there (docs/comparing.md)."""
    for names in ((one.node, two.node),
                  (one.fact("installation"), two.fact("installation"))):
        if all(names):
            return ("one machine twice" if names[0] == names[1]
                    else "two machines")
    return "two of a kind, or one twice: no campaign says which"


def key_of(row):
    return tuple(row[k] for k in (
        "workload", "shape", "keys", "miss_share", "dist", "placement",
        "memory", "presize", "optional", "write_kind", "write_share",
        "threads", "map"))


def percent(log_ratio):
    return 100 * math.expm1(log_ratio)


def pair_rows(c, rows):
    """One row per two campaigns whose machines are of one kind."""
    found = [pair_row(c, one, two, rows) for one, two in pairs_of(c.sides)
             if one.member.kind and one.member.kind == two.member.kind]
    return [row for row in found if row]
