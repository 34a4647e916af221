# SPDX-License-Identifier: Apache-2.0
"""Ranks of the maps on each machine, and whether they keep them elsewhere.

An order of centres changes with every trial, so it is shown and never called
a change. A reversal is: two maps, at one place, each ahead of the other on
one machine, by intervals that hold jointly for all pairs of that place.
"""
import math
import statistics

from scipy import stats as dist

from report import stats, verdicts
from report.compare.contrast import pairs_of

ALIKE, REVERSED, OPEN = "alike", "reversed", "open"


def settled(c):
    """(label, place) -> verdict of that machine's group, as everywhere."""
    contests = {(s.label, p): s.rates(p) for s in c.sides for p in c.places
                if p in s.index}
    centres = {(s.label, p): {m: s.a.mops(s.cell(p, m))
                              for m in contests[s.label, p]}
               for s in c.sides for p in c.places if p in s.index}
    contests = {key: rates for key, rates in contests.items() if rates}
    found = verdicts.compare(contests, centres)
    return {key: verdicts.judge(contests[key], one) | {
        "centres": centres[key]} for key, one in found.items()}


def orders(c):
    """(label, place) -> {(X, Y): sign}: +1 where X is ahead of Y by more
    than the margin, -1 the other way, 0 undecided; X before Y by name."""
    groups = {}
    for side in c.sides:
        for place in c.places:
            rates = side.rates(place)
            for x, y in pairs_of(sorted(rates)):
                groups.setdefault(len(rates), {})[
                    side.label, place, x, y] = rates[x], rates[y]
    found = {}
    for maps, pairs in groups.items():
        level = verdicts.level_for(maps)
        for (label, place, x, y), s in stats.ratios(pairs, level).items():
            found.setdefault((label, place), {})[x, y] = sign(s)
    return found


def sign(summary):
    low, high = summary["low"], summary["high"]
    if low is None:
        return 0
    return (low > verdicts.MARGIN) - (high < 1 / verdicts.MARGIN)


def ranked(centres, names):
    """map -> rank among `names`, the fastest 1."""
    order = sorted(names, key=lambda m: (-centres[m], m))
    return {name: i for i, name in enumerate(order, 1)}


def at(c, groups, place):
    """label -> {map: rank} among the maps that every machine with results
    there has; (ranks, maps that some machine lacks)."""
    here = {s.label: groups[s.label, place]["centres"] for s in c.sides
            if (s.label, place) in groups}
    names = [set(centres) for centres in here.values()]
    common = set.intersection(*names) if names else set()
    lacking = sorted(set.union(*names) - common) if names else []
    return {label: ranked(centres, common)
            for label, centres in here.items()}, lacking


def table_rows(c, groups, known):
    """One row per map at the headline place, the best first."""
    ranks, _ = at(c, groups, c.head)
    names = sorted({m for of in ranks.values() for m in of})
    rows = []
    for name in names:
        own = {label: of[name] for label, of in ranks.items()}
        rows.append({
            "map": name, "ranks": own, "best": min(own.values()),
            "worst": max(own.values()),
            "middle": statistics.median(own.values()),
            "leads": sum(groups[label, c.head]["leader"] == name
                         and groups[label, c.head]["word"] in verdicts.LEADS
                         for label in own),
            "reversed": sorted({other for other in names if other != name
                                and word_of(known, c.head, name, other,
                                            ranks) == REVERSED})})
    return sorted(rows, key=lambda r: (r["middle"], r["best"], r["map"]))


def word_of(known, place, x, y, labels):
    """Do the machines that decide the order of two maps agree?"""
    pair = tuple(sorted((x, y)))
    signs = {known[label, place].get(pair, 0) for label in labels
             if (label, place) in known} - {0}
    return REVERSED if len(signs) > 1 else ALIKE if signs else OPEN


# ---- two machines, all places ---------------------------------------------

def tau(one, two):
    """Kendall's tau-b of two rankings of the same maps; None below three."""
    names = sorted(one)
    if len(names) < 3:
        return None
    found = float(dist.kendalltau([one[m] for m in names],
                                  [two[m] for m in names])[0])
    return None if math.isnan(found) else found


def agreement(c, groups, known):
    """One row per two machines: how far their rankings are alike."""
    rows = []
    for one, two in pairs_of([s.label for s in c.sides if not s.invalid]):
        row = {"machines": (one, two), "places": 0, "taus": [],
               "same_leader": 0, ALIKE: 0, REVERSED: 0, OPEN: 0,
               "reversals": []}
        for place in c.places:
            if (one, place) in groups and (two, place) in groups:
                count(c, row, groups, known, place)
        row["tau"] = statistics.median(row["taus"]) if row["taus"] else None
        row["tau_least"] = min(row["taus"], default=None)
        rows.append(row)
    return rows


def count(c, row, groups, known, place):
    """Adds one place to a row of agreement()."""
    one, two = row["machines"]
    a, b = (groups[label, place] for label in (one, two))
    both = sorted(a["centres"].keys() & b["centres"].keys())
    row["places"] += 1
    row["same_leader"] += a["leader"] == b["leader"]
    found = tau(ranked(a["centres"], both), ranked(b["centres"], both))
    if found is not None:
        row["taus"].append(found)
    for x, y in pairs_of(both):
        word = pair_word(known.get((one, place), {}).get((x, y), 0),
                         known.get((two, place), {}).get((x, y), 0))
        row[word] += 1
        if word == REVERSED:
            first = known[one, place][x, y] > 0
            row["reversals"].append({
                "place": place, "ahead_one": x if first else y,
                "ahead_two": y if first else x})


def pair_word(one, two):
    if not one or not two:
        return OPEN
    return ALIKE if one == two else REVERSED
