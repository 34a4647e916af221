# SPDX-License-Identifier: Apache-2.0
"""The words that docs/verdicts.md allows, from the rows alone."""
import math

import numpy as np
from scipy.stats import norm

from report.lint.intervals import Estimate

MARGIN, CLEAR, LEAST, ALPHA = 1.02, 1.10, 6, 0.05
LEADS = ("clear lead", "small lead", "lead of uncertain size")


def pairs_of(k):
    return k * (k - 1) // 2


def level_of(k):
    """Two-sided level of one interval of k maps that all must hold."""
    return 1.0 - ALPHA / max(pairs_of(k), 1)


def needs(k):
    """The least number of blocks at which such an interval exists."""
    n = LEAST
    while 2.0 / 2.0 ** n > ALPHA / max(pairs_of(k), 1):
        n += 1
    return n


def ratio(over, under):
    """over / under, paired by block; of wrong answers there is none."""
    if over.wrong or under.wrong:
        return Estimate([])
    a, b = over.logs, under.logs
    return Estimate([a[i] - b[i] for i in sorted(a.keys() & b.keys())])


def why_open(n, cell, lead, k):
    """Why two of k maps have no interval: "5 of 6 blocks, 1 void"."""
    told = cell.lost + [f"{part} of {lead.map}" for part in
                        (lead.lost if lead else ())]
    return (f"{n} of {cell.blocks} block{'' if cell.blocks == 1 else 's'}, "
            + (", ".join(told) or f"{k} maps need {needs(k)}"))


class Rival:
    """One map against the leader of its group."""

    def __init__(self, leader, cell, k):
        self.map, self.cell = cell.map, cell
        self.pair = ratio(leader, cell)
        self.n = self.pair.n
        self.low, self.high = self.pair.interval(level_of(k))
        self.outcome = ("no interval" if self.n < needs(k) else
                        "behind" if self.low > MARGIN else "tied")

    def spans(self, k):
        return self.pair.spans(level_of(k))

    def why(self):
        """"5 of 6 blocks, 1 void" as far as its own trials say."""
        lost = {}
        for t in self.cell.lines:
            if t not in self.cell.ok:
                lost[t["status"]] = lost.get(t["status"], 0) + 1
        return f"{self.n} of {self.cell.blocks} blocks" + "".join(
            f", {n} {status}" for status, n in sorted(lost.items()))


class Decision:
    """Leader, rivals and word of one group."""

    def __init__(self, rows, group):
        self.group = group
        self.cells = {m: c for m, c in group.cells.items()
                      if rows.ranked(m) and c.ok}
        self.levels = {m: Estimate(list(c.logs.values()))
                       for m, c in group.cells.items() if c.ok}
        self.k, self.needs = len(self.cells), needs(len(self.cells))
        self.leader, self.rivals, self.weakest = self.choose(), [], None
        if self.leader:
            self.rivals = [Rival(self.cells[self.leader], c, self.k)
                           for m, c in sorted(self.cells.items())
                           if m != self.leader]
        self.word = self.say()

    def choose(self):
        """The highest centre of those with as many trials as a ranking of
        them needs, or of all where none has."""
        able = [m for m, c in self.cells.items()
                if len(c.logs) >= self.needs] or list(self.cells)
        return max(sorted(able), key=lambda m: self.levels[m].centre,
                   default=None)

    def those(self, outcome):
        return [r for r in self.rivals if r.outcome == outcome]

    def say(self):
        if self.k < 2:
            return "alone" if self.k else "nothing"
        behind, tied = self.those("behind"), self.those("tied")
        if not behind and not tied:
            return "not ranked"
        if tied:
            return "tied"
        self.weakest = min(behind, key=lambda r: r.low)
        if self.weakest.low >= CLEAR:
            return LEADS[0]
        return LEADS[1] if self.weakest.high < CLEAR else LEADS[2]

    def rival(self, name):
        return next((r for r in self.rivals if r.map == name), None)

    @property
    def n(self):
        """The fewest blocks of the comparisons used, else the most that any
        has; of a map alone its own."""
        if self.word == "alone":
            return self.levels[next(iter(self.cells))].n
        used = [r.n for r in self.rivals if r.outcome != "no interval"]
        return min(used) if used else max((r.n for r in self.rivals),
                                          default=0)

    @property
    def front(self):
        """The maps that no other is ahead of, the leader first."""
        if self.word in ("nothing", "not ranked"):
            return []
        first = self.leader or next(iter(self.cells))
        return [first, *sorted(r.map for r in self.those("tied"))]

    @property
    def tied(self):
        """The leader and all that is not told apart from it."""
        return {self.leader} | {r.map for r in self.those("tied")}

    def shown(self):
        """Rivals whose ratio a row with this word may show."""
        if self.word in LEADS:
            return [r for r in self.rivals if r.outcome == "behind"
                    and r.low <= self.weakest.low * (1 + 1e-12)]
        return self.those("tied") or self.rivals

    def told(self):
        """In words, for a finding."""
        parts = [f"{r.map} {r.outcome} (n = {r.n}, group interval "
                 f"{span(r.low, r.high)}, ratio {number(r.pair.centre)} "
                 f"{span(r.pair.low, r.pair.high)})" for r in self.rivals]
        return (f"{self.word}; leader {self.leader}, weakest "
                f"{self.weakest and self.weakest.map}; {self.k} maps need n "
                f"= {self.needs}: " + ("; ".join(parts) or "no rival"))


def smallest_seen(pair):
    """The least difference in per cent that an interval as wide as this
    would have shown with 95 % power: 1.96 + 1.645 standard errors."""
    errors = math.log(pair.high / pair.low) / (2 * norm.ppf(0.975))
    return 100 * math.exp((norm.ppf(0.975) + norm.ppf(0.95)) * errors) - 100


def number(v):
    return "none" if v is None else f"{v:.4g}"


def span(low, high):
    return "none" if low is None else f"[{low:.4g}, {high:.4g}]"


class Field:
    """Contender over base at one place."""

    def __init__(self, group, base, other):
        self.group, self.base, self.other = group, base, other
        a, b = group.cells.get(other), group.cells.get(base)
        self.pair = ratio(a, b) if a and b else Estimate([])
        self.level = Estimate(list(b.logs.values())) if b else None
        self.side = self.decide()

    def decide(self):
        """"contender", "base", "tied" or "no interval"."""
        if self.pair.low is None:
            return "no interval"
        if self.pair.low > MARGIN:
            return "contender"
        return "base" if 1 / self.pair.high > MARGIN else "tied"

    @property
    def planned(self):
        """Both maps have a cell there."""
        return {self.base, self.other} <= self.group.cells.keys()

    @property
    def why(self):
        """Why there is no interval; "" where there is one."""
        if self.side != "no interval":
            return ""
        both = self.base, self.other
        cells = [self.group.cells.get(m) for m in both]
        if None in cells:
            gone = [m for m, cell in zip(both, cells) if cell is None]
            return (f"{' and '.join(gone)} {'is' if len(gone) == 1 else 'are'}"
                    " not planned here")
        for name, cell in zip(both, cells):
            if not cell.ok or cell.wrong:
                return f"{name}: {cell.why or cell.wrong}"
        return why_open(self.pair.n, cells[1], cells[0], 2)

    @property
    def ahead(self):
        """The map that leads, or None."""
        return {"contender": self.other, "base": self.base}.get(self.side)

    def told(self):
        return (f"{self.group}: {self.other} / {self.base} = "
                f"{number(self.pair.centre)} "
                f"{span(self.pair.low, self.pair.high)}, n = {self.pair.n}: "
                f"{self.ahead or self.side}")


class Crossing:
    """Two thread counts, decided for opposite sides, undecided between."""

    def __init__(self, fields):
        self.first, self.last = fields[0], fields[-1]
        self.start = self.first.group.place["threads"]
        self.end = self.last.group.place["threads"]
        self.counts = [f.group.place["threads"] for f in fields if f.pair.n]
        # A count without an interval places nothing.
        self.fields = [f for f in fields if f.pair.low is not None]

    @property
    def open(self):
        """Is there an integer between the two that was not measured?"""
        return set(range(self.start + 1, self.end)) - set(self.counts)

    def positions(self):
        """Where the log ratio may be called zero, on log2 of threads: by
        pseudo-medians or medians, through all counts or the two ends."""
        found = []
        for through in (self.fields, [self.first, self.last]):
            for centre in (pseudo, middle):
                points = [(math.log2(f.group.place["threads"]), centre(f))
                          for f in through]
                found += zeros(points)
        return found


def resampled(crossing, times=1000):
    """95 % interval of the position by drawing whole blocks; None at an
    end where it leaves the counts, or nowhere."""
    logs = [(f.group.cells[f.other].logs, f.group.cells[f.base].logs)
            for f in crossing.fields]
    blocks = sorted(set.intersection(*(set(a) & set(b) for a, b in logs)))
    if not blocks:
        return None, None
    d = np.array([[a[i] - b[i] for a, b in logs] for i in blocks])
    x = np.log2([f.group.place["threads"] for f in crossing.fields])
    rng = np.random.default_rng(7)
    found = []
    for _ in range(times):
        y = np.median(d[rng.integers(0, len(d), len(d))], axis=0)
        at = zeros(list(zip(x, y)))
        found.append(at[0] if at else -np.inf if y[0] * np.median(
            d[:, 0]) < 0 else np.inf)
    low, high = np.quantile(found, (0.025, 0.975), method="inverted_cdf")
    return (low if np.isfinite(low) else None,
            high if np.isfinite(high) else None)


def pseudo(field):
    return math.log(field.pair.centre)


def middle(field):
    """Median of the log ratios: the Walsh averages of a value with itself
    are among the averages, so the pairs are taken anew."""
    a = field.group.cells[field.other].logs
    b = field.group.cells[field.base].logs
    d = sorted(a[i] - b[i] for i in a.keys() & b.keys())
    return (d[(len(d) - 1) // 2] + d[len(d) // 2]) / 2


def zeros(points):
    found = []
    for (x, y), (u, v) in zip(points, points[1:]):
        if y * v < 0:
            found.append(2 ** (x + (u - x) * y / (y - v)))
        elif y == 0:
            found.append(2 ** x)
    return found


def lines_of(groups):
    """(kind, share) -> groups by thread count, of one board."""
    found = {}
    for g in sorted(groups, key=lambda g: g.place["threads"]):
        found.setdefault((g.place["write_kind"], g.place["write_share"]),
                         []).append(g)
    return found


def who_leads(fields):
    """"gomap_rw leads at 1 thread, syncmap leads at 2 and 4 threads"."""
    counts = {}
    for f in fields:
        word = (f"{f.ahead} leads" if f.ahead else
                "not told apart" if f.side == "tied" else
                "no interval" if f.planned else "not run")
        counts.setdefault(word, []).append(f.group.place["threads"])
    return ", ".join(
        f"{word} at {', '.join(map(str, at[:-1]))}{' and ' * (len(at) > 1)}"
        f"{at[-1]} thread{'' if at == [1] else 's'}"
        for word, at in counts.items())


def crossings(fields):
    """Crossings on one line; fields by thread count."""
    found, last = [], None
    for i, f in enumerate(fields):
        if not f.ahead:
            continue
        if last is not None and fields[last].side != f.side:
            found.append(Crossing(fields[last:i + 1]))
        last = i
    return found


def flips(rows, base, other, groups):
    """Pairs of neighbouring fields on a board that are led by different
    maps: next planned thread count, or next share of the same kind."""
    lines = lines_of(groups)
    counts = sorted({g.place["threads"] for g in groups})
    at = {(line, g.place["threads"]): Field(g, base, other)
          for line, gs in lines.items() for g in gs}
    pairs = [((line, a), (line, b)) for line in lines
             for a, b in zip(counts, counts[1:])]
    order = sorted(lines)
    pairs += [((a, t), (b, t)) for a, b in zip(order, order[1:])
              for t in counts if a[0] == b[0]]
    return [(at[p], at[q]) for p, q in pairs if p in at and q in at
            and {at[p].side, at[q].side} == {"base", "contender"}]
