# SPDX-License-Identifier: Apache-2.0
"""Journals in which each row of the ledger is true, false or not to be known,
by its own cells, statistic, limits and number of blocks.

The cells are those that a mode plans; each row gets a copy of them under a
workload of its own, so that rows which contradict each other can be true in
one campaign, and all of them are one family of tests, as in a run. What a
statistic is made of is set member by member of a trial, so that the journal
is read as a real one is. No number in it was measured.
"""
import math
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.stats import norm

from report import articles, journal
from report.claims import evidence, rules

TRUE, FALSE, SIZE, NONE, OPEN = ("true", "false", "another size",
                                 "no difference", "open")
STATES = (TRUE, FALSE, SIZE, NONE, OPEN)
NOISE = 0.01  # of ln, of a block: what a quiet machine has
WIDE = 0.05  # the same where nobody can know
FAR = 1.25  # beyond a limit, so far
GROUND = {  # of a trial, where no statistic asks for more; exact in binary
    "trials": 1.0, "failed": 0.0, "crashed": 0.0, "peak_bytes": 2.0 ** 20,
    "ops": 2.0 ** 20, "writes": 2.0 ** 18, "lookups": 2.0 ** 19, "hits": 2.0 ** 18,
    "inserts": 2.0 ** 17, "elapsed_s": 1.0, "cpu_ns": 1e9,
    "window.misses": 2.0 ** 17}
TOLD = 1024.0  # the same of what a map tells of itself
COUNTED = ("count", "never", "can-happen")


class Impossible(Exception):
    """No journal can bring this row into that state: the text says why."""


# ---- the values that a state asks for -------------------------------------

def spread(rng, n, width):
    """n factors around 1, as far on one side as on the other."""
    quantiles = norm.ppf((np.arange(n) + 0.5) / n)
    return np.exp(width * rng.permutation(quantiles))


def allowed(one):
    """(low, high) of what reproduces a ratio: its tolerance, and beyond the
    band on its side."""
    low, high = rules.limits(one)
    edge = 1 + one.band
    low, high = (max(low, edge), high) if rules.above_one(one) else (
        low, min(high, 1 / edge))
    if low >= high:
        raise Impossible(f"tolerance and band leave {low:.3g} .. {high:.3g}")
    return low, high


def middle(low, high):
    return math.sqrt(low * high) if low > 0 else high / 2


def inside(low, high):
    """(middle, noise) well inside of two limits."""
    room = math.log(high / low) if low > 0 else 1
    return middle(low, high), min(NOISE, room / 20)


def of_ratio(one, state):
    """(middle, noise) of subject ÷ against."""
    up, edge = rules.above_one(one), 1 + one.band
    if state == FALSE:
        return (1 / (edge * FAR) if up else edge * FAR), NOISE
    if state == NONE:
        return 1.0, one.band / 20
    if one.rule == "direction":
        here = {TRUE: edge * FAR, OPEN: edge}.get(state)
        if here is None:
            raise Impossible("a direction has no size")
        return (here if up else 1 / here), NOISE if state == TRUE else WIDE
    low, high = allowed(one)
    if state == TRUE:
        return inside(low, high)
    # The limit that lies farther from 1 is one of size alone.
    limit = high if up else low
    if not limit and state == SIZE:
        raise Impossible("no size is too small for it")
    limit = limit or high
    return (limit, WIDE) if state == OPEN else (
        limit * FAR if up else limit / FAR, NOISE)


def of_figure(one, state):
    low, high = rules.limits(one)
    if state == TRUE:
        return inside(low, high)
    if state in (FALSE, OPEN):
        return (high * FAR, NOISE) if state == FALSE else (high, WIDE)
    if state == SIZE and low > 0:
        return low / FAR, NOISE
    raise Impossible("a figure has no such state")


def of_equal(one, state):
    edge = 1 + one.band
    if state in (SIZE, NONE):
        raise Impossible("that is what it claims")
    return {TRUE: (1.0, one.band / 20), FALSE: (1.1 * edge, NOISE),
            OPEN: (edge, WIDE)}[state]


def counts(one, state, n):
    """Of exact counts, by block: one trial is enough."""
    low, high = rules.limits(one) if one.rule == "count" else (0, 0)
    right = low if low == high else 1.0 if low <= 1 <= high else middle(
        low, high)
    if one.rule == "can-happen":
        found = {TRUE: 1.0, OPEN: 0.0, FALSE: 1.0}.get(state)
        if found is None or state == FALSE and not one.against:
            raise Impossible("none of it decides nothing")
        return [0.0] * (n - 1) + [found]
    last = {TRUE: right, FALSE: max(2 * high, high + 1)} | (
        {SIZE: low / 2} if low else {})
    if state not in last:
        raise Impossible("an exact count is never open, nor below 0")
    return [right] * (n - 1) + [last[state]]


def wished(one, state, n, rng):
    """The value of each block."""
    if one.rule in COUNTED:
        return np.array(counts(one, state, n))
    of = {"direction": of_ratio, "ratio": of_ratio, "equal": of_equal,
          "figure": of_figure}[one.rule]
    centre, width = of(one, state)
    return centre * spread(rng, n, width)


def powers(one, state, n, rng):
    """The slope of each block."""
    low, high = one.claimed
    if state in (SIZE, NONE):
        raise Impossible("a slope has no such state")
    centre = {TRUE: (low + high) / 2, FALSE: high + 0.5, OPEN: high}[state]
    width = (high - low) / (20 if state == TRUE else 2)
    return centre + np.log(spread(rng, n, 1)) * width


# ---- from values to trials ------------------------------------------------

class Subject:
    """One cell of a row, and what its trials will tell: name -> by block."""

    def __init__(self, cell, workload):
        self.factors = cell.factors | {
            "workload": workload, "skip": None,
            "id": workload + cell.id[len(cell.workload):]}
        self.n, self.told = cell.blocks, {}
        self.threads = cell.threads
        self.cpus = max(len(set(cell.cpus)), 1)
        # An open loop that took longer than its window has fallen behind.
        self.ground = GROUND | ({"elapsed_s": cell.window_ns / 1e9}
                                if cell.rate_per_s else {})

    def of(self, name):
        """What its trials tell under a name."""
        if name in ("thread_ns", "capacity_ns"):
            many = self.threads if name == "thread_ns" else self.cpus
            return self.of("elapsed_s") * 1e9 * many
        if name == "read_hits":
            return self.of("lookups") - self.of("window.misses")
        known = self.told.get(name)
        return np.full(self.n, self.ground.get(name, TOLD)) \
            if known is None else known

    def tell(self, name, values):
        if name == "thread_ns":
            return self.tell("elapsed_s", values / 1e9 / self.threads)
        if name == "read_hits":
            return self.tell("window.misses", self.of("lookups") - values)
        if name in self.told and not np.allclose(self.told[name], values):
            raise Impossible(f"{name} is told already")
        self.told[name] = values

    def tell_statistic(self, statistic, values):
        """Makes its value this one by what is above the line; where that is
        told already, it stays, and what is below the line follows."""
        _, above, below = articles.parsed(statistic)
        if statistic.startswith("slope "):
            return self.tell(statistic, values)
        for name in set(below) - set(GROUND) - {"thread_ns", "capacity_ns"}:
            self.tell(name, self.of(name))
        over = sum(map(self.of, below)) if below else 1.0
        if above[0] in self.told and below and below[0] not in self.told:
            self.tell(below[0], sum(map(self.of, above)) / values)
            return None
        for name in above[1:]:
            self.tell(name, np.zeros(self.n))
        return self.tell(above[0], values * over)

    def value(self, statistic):
        _, above, below = articles.parsed(statistic)
        return sum(map(self.of, above)) / (
            sum(map(self.of, below)) if below else 1.0)

    def has(self, statistic):
        _, above, _ = articles.parsed(statistic)
        return bool({"elapsed_s" if n == "thread_ns" else n
                     for n in above} & set(self.told))

    def cell(self):
        made = journal.Cell(self.factors)
        made.trials = [self.trial(block) for block in range(self.n)]
        made.ok = [t for t in made.trials if t["status"] == "ok"]
        return made

    # ---- a line of the journal --------------------------------------------

    def trial(self, block):
        at = lambda name: float(self.of(name)[block])
        failed = at("failed") > 0
        if at("crashed") > 0:
            return {"cell": self.factors["id"], "block": block,
                    "status": "failed", "reason": "ended by signal 11",
                    "exit": "signal 11", "result": None}
        return {"cell": self.factors["id"], "block": block,
                "status": "failed" if failed else "ok",
                "reason": "planted" if failed else None,
                "peak_bytes": at("peak_bytes"), "result": {
                    **{k: at(k) for k in ("ops", "writes", "lookups", "hits",
                                          "inserts")},
                    "elapsed_ns": at("elapsed_s") * 1e9,
                    "by_thread": [{"cpu_ns": at("cpu_ns") / self.threads}
                                  for _ in range(self.threads)],
                    **self.members(block)}}

    def members(self, block):
        """What is told under names of its own."""
        stats, events, late, slices = {}, [], {}, []
        for name, values in self.told.items():
            value, (kind, _, rest) = float(values[block]), name.partition(".")
            if name.startswith("slope "):
                slices = sliced(name.split()[1], value)
            elif kind == "window":
                stats.setdefault(rest, {})["window"] = value
            elif kind == "counter":
                events.append({"metric": rest, "total": value,
                               "quality": "exact"})
            elif articles.is_latency(name):
                late.setdefault(kind, {})[rest] = value
            elif name not in GROUND:
                stats.setdefault(name, {})["value"] = value
        return {"stats": [{"name": n, "unit": "1", "value": None} | of
                          for n, of in stats.items()],
                "counters": {"events": events} if events else None,
                "latency": [{"operation": op, "was_there": True,
                             "clock": "intended", "count": 10 ** 6} | of
                            for op, of in late.items()] or None,
                "slices": slices}


def sliced(term, slope):
    """Slices of a trial whose P99 grows with one thing that its map did."""
    found = []
    for i in range(40):
        ms, count, held = i % 7, 1 + i % 3, 1000 + 37 * (i * i % 11)
        x = {"pause_ms": ms, "heap_ratio": held / 1370, "pauses": count}[term]
        found.append({
            "at_ns": i * 50e6, "operations": 1000, "bytes": held,
            "p99_ns": 1e6 * (20 + slope * x + 1e-3 * (i * 5 % 13)),
            "max_ns": 1e9, "pauses": [{"event": "rebuild", "count": count,
                                       "ns": 1e6 * ms}]})
    return found


def x_of(value):
    """Where a cell stands on the axis of a slope: keys, or hold:N."""
    return float(str(value).split(":")[1] if ":" in str(value) else value)


# ---- a row ----------------------------------------------------------------

class Row:
    """One claim with copies of its cells."""

    def __init__(self, plan, claim):
        self.plan, self.planned = plan, claim
        self.claim = replace(claim, workload=f"{claim.workload}.{claim.id}")
        self.subjects = {}

    def found(self, one, side):
        """The copies of the cells that one side of a part has."""
        figure = evidence.figure_of(one, one.cells[0], one.subject,
                                    one.against)
        return [self.subjects.setdefault(c.id, Subject(
            c, self.claim.workload))
            for c in articles.cells_for(self.plan, figure, side)]

    def put(self, one, state, rng):
        """The values of a part."""
        if one.rule == "slope":
            return self.put_slope(one, state, rng)
        (above,), *rest = (self.found(one, side) for side in
                           (one.subject, one.against) if side)
        below = rest[0][0] if rest else None
        n = min(s.n for s in (above, below) if s)
        values = np.resize(wished(one, state, n, rng), above.n)
        if one.rule in COUNTED or below is None:
            above.tell_statistic(one.statistic, values)
            if below is not None:
                below.tell_statistic(one.statistic, np.full(
                    below.n, float(state == FALSE)))
            return None
        return self.put_pair(one, above, below, values, rng)

    def put_pair(self, one, above, below, values, rng):
        """Both sides, of a quotient; the side that is told stays."""
        if above.has(one.statistic) and not below.has(one.statistic):
            return below.tell_statistic(one.statistic, np.resize(
                above.value(one.statistic) / values, below.n))
        if not below.has(one.statistic):
            below.tell_statistic(one.statistic, below.value(
                one.statistic) * spread(rng, below.n, NOISE))
        return above.tell_statistic(one.statistic, values * np.resize(
            below.value(one.statistic), above.n))

    def put_slope(self, one, state, rng):
        cells = sorted(self.found(one, one.subject), key=lambda s:
                       x_of(s.factors[one.axis]))
        power = powers(one, state, min(s.n for s in cells), rng)
        for s in cells:
            x = x_of(s.factors[one.axis])
            s.tell_statistic(one.statistic, np.resize(
                0.5 * x ** power, s.n))
        for s in self.found(one, one.against) if one.against else ():
            s.tell_statistic(one.statistic, np.full(s.n, 1.0))


# ---- all rows -------------------------------------------------------------

def campaign(rows, **machine):
    """What they have as one campaign, of a machine that lacks nothing."""
    cells = [s.cell() for row in rows for s in row.subjects.values()]
    return types.SimpleNamespace(
        cells={c.id: c for c in cells}, failed_maps={}, name="made",
        path=Path("nowhere") / "made", maps={}, meta={
            "machine": {"id": "00c0ffee", "cpus": machine.get("cpus", 256)},
            "counters": {"backend": machine.get("counters", "likwid")}})


def row_in(plan, claim, states, seed=1, go=None):
    """A row whose cells are in these states, in turn; Impossible.

    go -- the states of the cells of Go's own maps; None: the same
    """
    row, rng = Row(plan, claim), np.random.default_rng(seed)
    for whose, of in ((False, states), (True, go or states)):
        for i, one in enumerate(claim.each(go=whose)):
            row.put(one, of[i % len(of)], rng)
    return row
