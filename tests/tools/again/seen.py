# SPDX-License-Identifier: Apache-2.0
"""What a campaign has of one place of a claim: values, sums or slopes, their
interval and their tests, or why it has none."""
import re
import statistics

from again import numbers
from again.journal import NoValue

ABOVE, BELOW = "above", "below"
TESTED = ("direction", "ratio", "equal", "figure")
SLOPE_TERMS = ["pause_ms", "heap_ratio", "pauses"]
PAUSES = {"grow", "evacuate", "resize", "promote", "rebuild", "clone",
          "reclaim", "grace_wait"}


class Side:
    """The planned cells that a subject of a claim has: one, but for a
    slope's."""

    def __init__(self, campaign, claim, cells):
        self.cells = cells
        self.campaign, self.statistic = campaign, claim["statistic"]

    @property
    def cell(self):
        if len(self.cells) != 1:
            raise NoValue(f"{len(self.cells)} cells")
        return self.cells[0]

    def told(self, take, cell=None):
        """{block: what is taken of it}; NoValue where there is none."""
        cell = cell or self.cell
        found = take(cell, self.statistic)
        if not found:
            raise NoValue(cell.factors.get("skip") or "no trial that counts")
        return found

    def values(self, cell=None):
        if self.statistic.startswith("slope "):
            return self.told(of_slices, cell)
        return self.told(self.campaign.values, cell)

    def sum(self):
        """(sum over all trials of what is above the stroke, trials)."""
        each = self.told(self.campaign.parts)
        return sum(above for above, _ in each.values()), len(each)


class Seen:
    """What a campaign has of one place of a claim. value, low, high: sums,
    or shares of whole trials with their interval; the least and most of
    counts and their upper median, which a trial had; else a centre and its
    interval."""

    def __init__(self, campaign, place):
        self.claim = place.claim
        self.sides = [Side(campaign, self.claim, cells)
                      for cells in place.sides]
        self.planned = all(place.sides)
        self.values = self.sums = self.interval = self.p = None
        self.value = self.low = self.high = None
        self.missing = ""
        try:
            self.take()
        except NoValue as why:
            self.missing = str(why)

    @property
    def cells(self):
        """Ids of the cells of all sides."""
        return [c.factors["id"] for side in self.sides for c in side.cells]

    def take(self):
        """Sums, points, windows or values: what the rule asks for."""
        if len(self.sides) == 2 and self.sides[0].cells and (
                self.sides[0].cells == self.sides[1].cells):
            raise NoValue("both sides are the same cell here")
        if self.claim["rule"] in ("never", "can-happen"):
            self.sums = [s.sum() for s in self.sides]
            self.value = self.sums[0][0]
            if {"failed", "crashed"}.issuperset(
                    self.claim["statistic"].split("+")):
                n = self.sums[0][1]
                self.low, self.high = numbers.share_interval(self.value, n)
                self.value /= n
        elif self.claim["rule"] == "slope":
            self.centred(slopes_of(self.claim, self.sides), logs=False)
        else:
            self.values = list(by_block(
                [s.values() for s in self.sides],
                self.claim.exact).values())
            self.centred(self.values)
        if self.claim["rule"] == "count" and self.values:
            self.value = statistics.median_high(self.values)
            self.low, self.high = min(self.values), max(self.values)

    def centred(self, values, logs=True):
        self.value = numbers.centre(values, logs)
        self.interval = numbers.interval(values, logs)
        self.low, self.high = self.interval or (None, None)

    @property
    def tests(self):
        """{what: p} of a claim that speaks of speed: two of each cell, above
        and below its band or its limits."""
        if (self.claim["speaks"] != "speed" or not self.values
                or self.claim["rule"] not in TESTED):
            return {}
        values = self.values
        above, below = numbers.p_above, numbers.p_below
        if self.claim["rule"] in ("direction", "ratio"):
            low, high = self.claim.edges
            return {ABOVE: above(values, high), BELOW: below(values, low)}
        low, high = (self.claim.edges if self.claim["rule"] == "equal"
                     else self.claim.limits)
        return {ABOVE: above(values, low) if low else 0.0,
                BELOW: below(values, high)}


def by_block(sides, exact):
    """{block: value} of a cell, or the quotients of two where both ran. Two
    sides of exact counts that have nothing at all do not differ."""
    if len(sides) == 1:
        return sides[0]
    one, other = sides
    both = sorted(set(one) & set(other))
    if exact and not any(sum(side.values()) for side in sides):
        return dict.fromkeys(both, 1.0)
    if any(not other[b] for b in both):
        raise NoValue("nothing to divide by")
    return {b: one[b] / other[b] for b in both}


def slopes_of(claim, sides):
    """[slope of each block] over a line's cells, or over their quotients."""
    lines = [{axis_of(cell, claim["axis"]): side.values(cell)
              for cell in side.cells} for side in sides]
    points = [(x, by_block([line[x] for line in lines], claim.exact))
              for x in lines[0] if all(x in line for line in lines)]
    if len(points) < 3:
        raise NoValue("fewer than three points are no line")
    blocks = set.intersection(*(set(values) for _, values in points))
    return [numbers.log_slope([(x, values[b]) for x, values in points])
            for b in sorted(blocks)]


def axis_of(cell, axis):
    """A factor; of a loop its first number."""
    value = cell.factors[axis]
    return int(re.search(r"\d+", value)[0]) if axis == "loop" else value


def of_slices(cell, statistic):
    """{block: term of a fit to the windows of its trial}: P99 on pauses and
    on the heap; trials with too few of them have none."""
    if cell.late:
        raise NoValue("its P99 are the queue's")
    found = {t["block"]: numbers.term_of(
        rows_of(t["result"].get("slices") or []), SLOPE_TERMS,
        statistic.split()[1]) for t in cell.usable}
    found = {block: value for block, value in found.items()
             if value is not None}
    if not found:
        raise NoValue("too few windows, or nothing varies in them")
    return found


def rows_of(slices):
    """[P99, ms of pauses, heap over its most, pauses] of windows with enough
    operations; none of a trial that was not told all of its windows."""
    if any(None in (s["pauses"], s["bytes"]) for s in slices):
        return []
    most = max((s["bytes"] for s in slices), default=0)
    rows = []
    for s in slices:
        own = [p for p in s["pauses"] if p["event"] in PAUSES]
        if s["operations"] >= 100:
            rows.append([s["p99_ns"] / 1e6, sum(p["ns"] for p in own) / 1e6,
                         s["bytes"] / most if most else 0,
                         sum(p["count"] for p in own)])
    return rows
