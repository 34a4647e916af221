# SPDX-License-Identifier: Apache-2.0
"""What the controls leave open, from the trials: the effect of the place in
a block, and of arms that differ by nothing or by a known amount."""
import math
import statistics

from scipy.stats import theilslopes

from report.lint.intervals import Estimate
from report.lint.rows import usable

BLOCKS = 6  # the fewest with an interval
SMALL, EXTRA = (-0.5, 0.5), (1.5, 2.5)  # per cent: what each must show
LEAST = 3  # trials in half of a block


class Control:
    """Its interval as logs, and what it must show."""

    def __init__(self, logs, limits, name="", lacks=""):
        """lacks -- what there is too little of where it cannot decide"""
        e = self.estimate = Estimate(logs)
        self.name, self.percents = name, limits
        self.low, self.high = (
            (math.log(e.low), math.log(e.high)) if e.low else (None, None))
        self.limits = [math.log1p(v / 100) for v in limits]
        self.why = "" if e.low else lacks
        self.aim = math.log1p(sum(limits) / 200)

    @property
    def failed(self):
        """Is the whole interval outside of the limits?"""
        return self.low is not None and (
            self.low > self.limits[1] or self.high < self.limits[0])

    @property
    def off(self):
        """How far from its aim it may be, as a factor; None: not known."""
        if self.low is None:
            return None
        return math.exp(max(abs(self.low - self.aim),
                            abs(self.high - self.aim)))

    @property
    def word(self):
        """ok within the limits, FAILED outside of them."""
        if self.low is None:
            return "cannot decide"
        if self.failed:
            return "FAILED"
        return "ok" if (self.limits[0] <= self.low
                        and self.high <= self.limits[1]) else "undecided"


def controls(rows):
    """All that decide; the slot first."""
    return [Control(slot(rows), SMALL, "slot: second half of a block − "
                    "first", slot_lacks(rows)), *arms(rows)]


def lacks(planned, trials):
    return "too few " + ("blocks planned" if planned < BLOCKS else trials)


def slot_lacks(rows):
    """Of blocks that have trials enough too many are disturbed."""
    orders, cells = rows.meta.get("order", []), drawn(rows)
    per = [sum(b in cell.logs for cell in cells) for b in range(len(orders))]
    quiet = "" if sum(n >= 2 * LEAST for n in per) < BLOCKS \
        else "undisturbed "
    return lacks(len(orders), quiet + "trials in a block")


def drawn(rows):
    """Cells with a rate."""
    return [cell for g in rows.groups for cell in g.cells.values() if cell.ok]


def percent(value):
    return None if value is None else 100 * math.expm1(value)


def arms(rows):
    """Each arm against the head arm of its cell, paired by block."""
    for (cell, arm), trials in sorted(rows.arms.items()):
        limits = (SMALL if arm.startswith("aa") else EXTRA
                  if arm == "control" or arm.endswith("extra") else None)
        if limits is None:
            continue
        head = rows.cells[cell].logs
        other = {t["block"]: math.log(t["result"]["ops"] * 1e9
                                      / t["result"]["elapsed_ns"]) - math.log(
            1e6) for t in trials if usable(rows.cells[cell].measure, t)}
        n = rows.cells[cell].place["threads"]
        yield Control([head[b] - other[b] for b in sorted(
            head.keys() & other.keys())], limits,
            f"{'A/A' if limits is SMALL else '+2 % work'}, "
            f"{rows.cells[cell].map}, {n} thread{'' if n == 1 else 's'}",
            lacks(rows.cells[cell].blocks,
                  "blocks in which both trials count"))


def slot(rows):
    """Per block: median cost of the second half less that of the first."""
    found = []
    for costs in costs_of(rows):
        half = len(costs) // 2
        if half >= LEAST:
            found.append(statistics.median(costs[-half:])
                         - statistics.median(costs[:half]))
    return found


def drift(rows):
    """(centre, low, high, n) of first block to last, along the median slope;
    centre None: too few blocks."""
    middle = [statistics.median(costs) for costs in costs_of(rows) if costs]
    n = len(middle)
    if n < 3:
        return None, None, None, n
    slope, _, *ends = theilslopes(middle, alpha=0.95)
    low, high = ((n - 1) * v for v in ends) if n >= 6 else (None, None)
    return (n - 1) * slope, low, high, n


def drift_of(rows):
    """(blocks, trials, cells) that the drift is of."""
    blocks = [costs for costs in costs_by_cell(rows) if costs]
    return (len(blocks), sum(map(len, blocks)),
            len({name for costs in blocks for name in costs}))


def costs_of(rows):
    """Per block, in its order: what each trial cost."""
    for costs in costs_by_cell(rows):
        yield list(costs.values())


def costs_by_cell(rows):
    """Per block, in its order, id -> ln of cost over the cell's median, of
    trials whose first attempt nobody disturbed."""
    cells = {cell.id: cell for cell in drawn(rows)}
    blocks = 1 + max((b for c in cells.values() for b in c.logs), default=-1)
    again = {(cell.id, t["block"]) for cell in cells.values()
             for t in cell.lines
             if t.get("attempt", 1) > 1 or t.get("disturbed")}
    logs = {name: {b: v for b, v in cell.logs.items()
                   if (name, b) not in again} for name, cell in cells.items()}
    middle = {name: statistics.median(v.values()) for name, v in logs.items()
              if v and 2 * len(v) >= blocks}
    place = {c["id"]: i for i, c in enumerate(rows.meta["cells"])}
    planned = {i: name for name, i in place.items()}  # a twin counts once
    for b, order in enumerate(rows.meta.get("order", [])[:blocks]):
        names = [planned[i] for i in order if i in planned]
        yield {m: middle[m] - logs[m][b] for m in names if m in middle
               and b in logs[m]}
