# SPDX-License-Identifier: Apache-2.0
"""The tables of a comparison of machines (docs/comparing.md), derived again
from each machine's own trials by code that shares nothing with report/compare.
What cannot be derived (which campaigns were refused, claims) is named."""
import itertools
import json
import math
import statistics
from pathlib import Path

from report.lint import controls, copies, derive, say
from report.lint.log import Log
from report.lint.read_page import Page
from report.lint.rows import Rows, Unreadable

FILE, RULE = "comparison.json", "compared"
PLACE = ("workload", "shape", "keys", "miss_share", "dist", "placement",
         "memory", "presize", "write_kind", "write_share", "threads")
NORMAL = 1.959964
SIDES = {"contender": "ahead", "base": "behind"}


class Compared:
    """comparison.json and the campaigns that it names."""

    def __init__(self, out):
        self.page, self.log = Page(Path(out), said=FILE), Log()
        self.told = self.page.verdicts
        if self.told.get("kind") != "comparison":
            raise Unreadable(f"report/{FILE}: no comparison")
        self.rows = {m["label"]: Rows(self.page.out / m["folder"])
                     for m in self.told["machines"]}
        self.at = {label: {key_of(g.place): g for g in rows.groups}
                   for label, rows in self.rows.items()}
        self.base, self.other = self.told["base"], self.told["contender"]
        self.invalid = {label for label, rows in self.rows.items()
                        if is_invalid(rows)}

    def labels(self):
        return list(self.rows)

    def ranking(self):
        """Those whose controls hold: nothing is ranked of another one."""
        return [label for label in self.rows if label not in self.invalid]

    def group(self, label, row):
        return self.at[label].get(key_of(read_place(row)))

    def shared(self):
        """Places of two machines at least."""
        found = {}
        for label in self.rows:
            for key in self.at[label]:
                found.setdefault(key, []).append(label)
        least = min(2, len(self.rows))
        return {key: of for key, of in found.items() if len(of) >= least}

    def check(self, right, file, said, data):
        self.log.check(right, RULE, file, str(said), "the trials", str(data))


def is_invalid(rows):
    """Did a control fail?"""
    return any(x.failed for x in controls.controls(rows))


def key_of(place):
    return tuple(str(place[k]) for k in PLACE)


def read_place(row):
    """The factors of a row of a CSV, as cells have them."""
    return {**row, "presize": str(row["presize"]),
            "miss_share": float(row["miss_share"]),
            "write_share": float(row["write_share"])}


def alone(rows):
    """Are all places told by their factors: nothing stands for another, and
    no optional factor is in use?"""
    return not rows.meta.get("same")


# ---- ratios -----------------------------------------------------------------

def field(c, label, row, name):
    group = c.group(label, row)
    return group and derive.Field(group, c.base, name)


def ratios(c):
    """ratios-all.csv, row by row, that no row is missing, and the same in
    comparison.json."""
    file = "tables/ratios-all.csv"
    held = c.page.csv(file) or []
    for row in held:
        f = field(c, row["machine"], row, row["map"])
        if f is None or row["optional"]:
            c.log.skip(file, row["cell"], "a place of other factors")
            continue
        one_ratio(c, file, row, f)
    if all(map(alone, c.rows.values())):
        wanted = sum(len(maps - {c.base}) * len(labels)
                     for maps, labels in planned(c))
        c.check(len(held) == wanted or any(r["optional"] for r in held), file,
                f"{len(held)} rows", f"{wanted} planned")
    told = c.told["ratios"]
    c.check([(r["machine"], r["map"], r["n"], r["side"]) for r in told]
            == [(r["machine"], r["map"], int(r["n"]), r["side"])
                for r in held] and all(
        say.close(t[k], say.cell(h[k])) for t, h in zip(told, held)
        for k in ("ratio", "low", "high")), FILE, "ratios", file)


def planned(c):
    """(maps, machines) of every shared place."""
    for key, labels in c.shared().items():
        yield {m for label in labels for m in c.at[label][key].cells}, labels


def side_of(c, label, f):
    """What the contender is there, in words."""
    if label in c.invalid and f.pair.low is not None:
        return "a control failed"
    return SIDES.get(f.side, f.side)


def one_ratio(c, file, row, f):
    pair = f.pair
    right = say.close(say.cell(row["ratio"]), pair.centre) and \
        int(row["n"]) == pair.n and \
        row["side"] == side_of(c, row["machine"], f) and \
        say.close(say.cell(row["low"]), pair.low) and \
        say.close(say.cell(row["high"]), pair.high) and \
        say.close(say.cell(row["base_mops"]), f.level and f.level.centre)
    c.check(right, file, ", ".join(row[k] for k in (
        "machine", "map", "threads", "ratio", "low", "high", "n", "side")),
        f.told())


def line_table(c):
    """The table of the pair, as printed, against figures/machines.csv, whose
    rows are checked like all ratios."""
    held = c.page.csv("figures/machines.csv") or []
    for row in held:
        f = field(c, row["machine"], row, row["map"])
        if f is not None:
            one_ratio(c, "figures/machines.csv", row, f)
    table = c.page.table("machine-ratios")
    if table is None:
        return
    for machine, threads, base, ratio, n, side in table.rows:
        row = next((r for r in held if r["machine"] == machine and
                    int(r["threads"]) == say.each_count(threads)[0]), None)
        f = row and field(c, machine, row, c.other)
        match = say.TRIPLE.search(ratio)
        right = row is not None and (f is None or not f.pair.n or (
            (not match or all(map(say.same, match.groups(), (
                f.pair.centre, f.pair.low, f.pair.high))))
            and bool(match) == (f.pair.low is not None)
            and int(n) == f.pair.n and side == side_of(c, machine, f)
            and say.same(base, f.level.centre)))
        c.check(right, "index.html#machine-ratios",
                f"{machine} at {threads}: {ratio}", f and f.told())


# ---- crossovers -------------------------------------------------------------

def crossovers(c):
    """crossovers.csv: who leads below and above, between which counts."""
    file = "tables/crossovers.csv"
    held, found = c.page.csv(file), []
    flips = c.page.csv("figures/flip.csv")
    if held is None or not flips:
        return
    for label in c.ranking():
        boards = {key_of(read_place(r))[:-3] for r in flips
                  if r["machine"] == label and r.get("shape")}
        groups = [g for g in c.rows[label].groups
                  if key_of(g.place)[:-3] in boards]
        for (kind, share), line in derive.lines_of(groups).items():
            fields = [derive.Field(g, c.base, c.other) for g in line]
            found += [(label, kind, share, x.fields[0].ahead,
                       x.fields[-1].ahead, *(
                           x.fields[i].group.place["threads"]
                           for i in (0, -1)))
                      for x in derive.crossings(fields)]
    said = [(r["machine"], r["write_kind"], float(r["write_share"]),
             r["leads_below"], r["leads_above"], int(r["from_threads"]),
             int(r["to_threads"])) for r in held]
    if any(r.get("shape") for r in flips):
        c.check(sorted(said) == sorted(found), file, said, found)
    else:
        c.log.skip(file, "", "flip.csv names no board")


# ---- ranks ------------------------------------------------------------------

def head_group(c, label):
    """The group of the headline place on a machine."""
    held = c.page.csv("figures/machines.csv") or []
    threads = c.told["place"].split(" ", 1)[0].replace(say.THIN, "")
    row = next((r for r in held if r["threads"] == threads), None)
    return row and c.group(label, row)


def decided(c, label, group):
    rows = c.rows[label]
    return rows.made.setdefault(id(group), derive.Decision(rows, group))


def order(decision, names):
    """map -> rank by the centre of its throughput."""
    best = sorted(names, key=lambda m: (-decision.levels[m].centre, m))
    return {m: i for i, m in enumerate(best, 1)}


def ranks(c):
    table = c.page.table("ranks")
    if table is None:
        return
    decisions = {label: decided(c, label, group) for label in c.ranking()
                 for group in [head_group(c, label)]
                 if group and decided(c, label, group).k}
    names = set.intersection(*(set(d.cells) for d in decisions.values()))
    own = {label: order(d, names) for label, d in decisions.items()}
    for row in table.rows:
        told = dict(zip(table.heads, row))
        name = row[0]
        span = [own[label][name] for label in own]
        leads = sum(d.leader == name and d.word in derive.LEADS
                    for d in decisions.values())
        right = all(told[label] == str(own[label][name]) for label in own) \
            and told["ranks"] == " to ".join(map(str, sorted(
                {min(span), max(span)}))) \
            and told["leads on"] == f"{leads} of {len(own)}"
        c.check(right, "index.html#ranks", row, (span, leads))
    c.check({r[0] for r in table.rows} == names, "index.html#ranks",
            [r[0] for r in table.rows], sorted(names))


def signs(decision):
    """(X, Y) -> 1 X is ahead, -1 behind, 0 open, at the group's level."""
    found = {}
    for x, y in itertools.combinations(sorted(decision.cells), 2):
        low, high = derive.ratio(decision.cells[x], decision.cells[y]
                                 ).interval(derive.level_of(decision.k))
        found[x, y] = 0 if low is None else (low > derive.MARGIN) - (
            1 / high > derive.MARGIN)
    return found


def concordance(one, two):
    """Kendall's tau of two orders without ties, pair by pair."""
    names = list(itertools.combinations(sorted(one), 2))
    score = sum(1 if (one[x] - one[y]) * (two[x] - two[y]) > 0 else -1
                for x, y in names)
    return score / len(names) if len(one) > 2 else None


def agreement(c):
    table = c.page.table("rank-agreement")
    if table is None:
        return
    pairs = list(itertools.combinations(c.ranking(), 2))
    c.check(len(table.rows) == len(pairs), "index.html#rank-agreement",
            len(table.rows), len(pairs))
    for (one, two), row in zip(pairs, table.rows):
        told = row[1:2] + [row[2].split(" of ")[0]] + row[3:]
        true = two_machines(c, one, two)
        right = row[0] == f"{one} and {two}" and all(
            text == "–" if value is None else say.same(text, value)
            for text, value in zip(told, true))
        c.check(right, "index.html#rank-agreement", row, true)


def two_machines(c, one, two):
    """places, same map first, tau median and least, alike, reversed, open."""
    places, first, taus, counts = 0, 0, [], [0, 0, 0]
    for key in c.shared():
        if key not in c.at[one] or key not in c.at[two]:
            continue
        a, b = (decided(c, x, c.at[x][key]) for x in (one, two))
        if not a.k or not b.k:
            continue
        both = sorted(set(a.cells) & set(b.cells))
        places, first = places + 1, first + (a.leader == b.leader)
        taus.append(concordance(order(a, both), order(b, both)))
        left, right = signs(a), signs(b)
        for pair in itertools.combinations(both, 2):
            product = left[pair] * right[pair]
            counts[2 if not product else 0 if product > 0 else 1] += 1
    taus = [t for t in taus if t is not None]
    return (places, first, statistics.median(taus) if taus else None,
            min(taus, default=None), *counts)


# ---- machines of one kind, versions -----------------------------------------

def apart(x, y):
    """(ln x ÷ y, does their joint interval leave 0 out)."""
    d = math.log(x.centre / y.centre)
    down = math.hypot(math.log(x.centre / x.low), math.log(y.high / y.centre))
    up = math.hypot(math.log(x.high / x.centre), math.log(y.centre / y.low))
    return d, d - down > 0 or d + up < 0


def twins(c):
    table = c.page.table("twins")
    kinds = {m["label"]: m["id"] for m in c.told["machines"]}
    pairs = [p for p in itertools.combinations(c.labels(), 2)
             if kinds[p[0]] and kinds[p[0]] == kinds[p[1]]]
    rows = {r[0]: r for r in table.rows} if table else {}
    for one, two in pairs:
        found = [(x, y) for x, y in both_ratios(c, one, two)]
        row = rows.get(f"{one} and {two}")
        if not found or row is None:
            c.check(not found and row is None, "index.html#twins",
                    f"{one} and {two}", len(found))
            continue
        d = [apart(x, y) for x, y in found]
        excess = statistics.mean(
            v * v - se(x) ** 2 - se(y) ** 2
            for (v, _), (x, y) in zip(d, found))
        out = math.expm1(NORMAL * math.sqrt(max(excess, 0) / 2)) * 100
        largest = 100 * math.expm1(max(abs(v) for v, _ in d))
        told = row[3], row[4].split(" of ")[0], row[6], row[8]
        right = int(told[0]) == len(d) and int(told[1]) == sum(
            far for _, far in d) and near(told[2], largest) and (
            near(told[3], out) or len(d) < 6)
        c.check(right, "index.html#twins", row, (
            len(d), sum(far for _, far in d), largest, out))


def near(text, percent):
    """A printed percentage, which has two digits below one."""
    return abs(say.value(text.strip("± %").replace("\u00a0%", "").strip())
               - percent) <= max(0.006 * abs(percent), 0.005)


def se(estimate):
    return math.log(estimate.high / estimate.low) / (2 * NORMAL)


def both_ratios(c, one, two):
    for key in c.shared():
        if key not in c.at[one] or key not in c.at[two]:
            continue
        a, b = c.at[one][key], c.at[two][key]
        for name in sorted((a.cells.keys() & b.cells.keys()) - {c.base}):
            x, y = (derive.Field(g, c.base, name).pair for g in (a, b))
            if x.low is not None and y.low is not None:
                yield x, y


def versions(c):
    """now ÷ then: the median of all differences of ln rate."""
    for version in c.told["versions"]:
        then, now = (Rows(c.page.out / version[k]) for k in ("then", "now"))
        withheld = is_invalid(then) or is_invalid(now)
        for row in version["rows"]:
            c.check(not row["word"] or withheld == (
                row["word"] == "a control failed"), FILE, row["word"],
                f"a control failed: {withheld}")
            a, b = then.cells.get(row["cell"]), now.cells[row["cell"]]
            if row["ratio"] is None:
                continue
            true = math.exp(statistics.median(
                y - x for x in a.logs.values() for y in b.logs.values()))
            c.check(say.close(row["ratio"], true), FILE,
                    f"{row['cell']}: {row['ratio']}", true)
            words = {"faster": row["low"] and row["low"] > 1,
                     "slower": row["high"] and row["high"] < 1}
            c.check(words.get(row["word"], True), FILE, row["word"], row)


# ---- who takes part ---------------------------------------------------------

def machines(c):
    table = c.page.table("machines")
    told = {r[0]: r for r in table.rows} if table else {}
    for label, rows in c.rows.items():
        done = sum(len(x.ok) for x in rows.cells.values() if not x.skip)
        wanted = sum(x.blocks for x in rows.cells.values() if not x.skip)
        row = told.get(label, [""] * 9)
        counts = [int(part.replace(say.THIN, "")) for part in
                  row[7].split(" of ")] if " of " in row[7] else []
        c.check(counts == [done, wanted], "index.html#machines", row,
                f"{done} of {wanted}")
        c.check(row[8] == "incomplete" or not any(
            x.lost for x in rows.cells.values() if not x.skip and not x.ok),
            "index.html#machines", row, "cells without a result")
        c.check(row[8] == "incomplete" or label not in c.invalid,
                "index.html#machines", row, "a control failed")
    above = " ".join(n.text() for n in c.page.root.all("aside"))
    for entry in c.told["missing"] + c.told["refused"]:
        c.check(entry["label"] in told and entry["label"] in above,
                "index.html", entry["label"], "not named in red")


def lint(out):
    """The log over OUT/report."""
    c = Compared(out)
    for rule in (machines, ratios, line_table, crossovers, ranks, agreement,
                 twins, versions):
        rule(c)
    copies.embedded(c)
    copies.tables(c)
    for what in ("claims", "refused"):
        if c.told[what]:
            c.log.skip(FILE, json.dumps(c.told[what])[:80],
                       f"{what}: no rule derives them here")
    return c.log

