# SPDX-License-Identifier: Apache-2.0
"""The rules of docs/claims.md: one word for what a cell of a claim shows.

What that document does not say is taken as the program has it: intervals are
of 95 %; the family has two one-sided tests of each cell, Go's and the port's,
against the edges of the band or of the limits (Holm at 1 %); of equal and
figure both must be passed. A cell without a figure is not testable here: not
planned, no trial that counts, wrong answers, a statistic that a trial does not
tell, nothing to divide by. The slope of a line is Theil's of each block.
"""
import re

from again import numbers
from again.journal import NoValue

REPRODUCED, REFUTED, DEPENDS = "reproduced", "refuted", "depends"
UNKNOWN, NOT_HERE = "inconclusive", "not testable here"
OPPOSITE, NONE_SEEN = "opposite", "no difference above"
SIZE = "direction holds, size differs"
ABOVE, BELOW = "above", "below"
TESTED = ("direction", "ratio", "equal", "figure")
ALPHA = 0.01  # of the family of all claims that speak of speed (ADR 35)
SLOPE_TERMS = ["pause_ms", "heap_ratio", "pauses"]
PAUSES = {"grow", "evacuate", "resize", "promote", "rebuild", "clone",
          "reclaim", "grace_wait"}
CLOSE = 1e-9  # what a logarithm and back moves a number that is a limit


def inside(found, low, high):
    return (found[0] >= low - CLOSE * abs(low)
            and found[1] <= high + CLOSE * abs(high))


def outside(found, low, high):
    return (found[0] > high + CLOSE * abs(high)
            or found[1] < low - CLOSE * abs(low))


class Side:
    """The planned cells that a subject of a claim has: one, but for a
    slope's."""

    def __init__(self, campaign, claim, where, subject):
        self.cells = campaign.fitting(claim["workload"],
                                      f"{where} {subject}")
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
        return self.told(self.campaign.values, cell)

    def sum(self):
        """(sum over all trials of what is above the stroke, trials)."""
        each = self.told(self.campaign.parts)
        return sum(above for above, _ in each.values()), len(each)


class Seen:
    """What a campaign has of one line `cells` of a claim."""

    def __init__(self, campaign, claim, where):
        self.claim = claim
        self.sides = [Side(campaign, claim, where, s)
                      for s in claim.subjects]
        self.planned = all(s.cells for s in self.sides)
        self.values = self.sums = self.interval = self.p = None
        self.missing = ""
        try:
            self.take()
        except NoValue as why:
            self.missing = str(why)

    def take(self):
        """Sums, points, windows or values: what the rule asks for."""
        if self.claim["rule"] in ("never", "can-happen"):
            self.sums = [s.sum() for s in self.sides]
        elif self.claim["rule"] == "slope":
            self.interval = numbers.interval(slopes_of(
                self.claim, self.sides), logs=False)
        elif self.claim["statistic"].startswith("slope "):
            self.interval = of_slices(self.sides[0])
            if self.interval is None:
                raise NoValue("too few windows, or nothing varies in them")
        else:
            self.values = list(by_block(
                [s.values() for s in self.sides]).values())
            self.interval = numbers.interval(self.values)

    @property
    def tests(self):
        """{what: p} of a claim that speaks of speed: two of each cell, above
        and below its band or its limits."""
        if (self.claim["speaks"] != "speed" or not self.values
                or self.claim["rule"] not in TESTED):
            return {}
        values = [v for v in self.values if v > 0]  # others have no logarithm
        above, below = numbers.p_above, numbers.p_below
        if self.claim["rule"] in ("direction", "ratio"):
            low, high = self.claim.edges
            return {ABOVE: above(values, high), BELOW: below(values, low)}
        low, high = (self.claim.edges if self.claim["rule"] == "equal"
                     else self.claim.limits)
        return {ABOVE: above(values, low) if low else 0.0,
                BELOW: below(values, high)}

    def shown(self, *sides):
        """Is it beyond what chance does anywhere in the family?"""
        return self.p is None or all(self.p[s] <= ALPHA for s in sides)


def by_block(sides):
    """{block: value} of a cell, or the quotients of two where both ran."""
    if len(sides) == 1:
        return sides[0]
    one, other = sides
    both = sorted(set(one) & set(other))
    if any(not other[b] for b in both):
        raise NoValue("nothing to divide by")
    return {b: one[b] / other[b] for b in both}


def slopes_of(claim, sides):
    """[slope of each block] over a line's cells, or over their quotients."""
    lines = [{axis_of(cell, claim["axis"]): side.values(cell)
              for cell in side.cells} for side in sides]
    points = [(x, by_block([line[x] for line in lines]))
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


def of_slices(side):
    """Of the windows of all trials: P99 on pauses and on the heap."""
    rows = []
    for trial in side.cell.usable:
        mine = trial["result"].get("slices") or []
        if any(None in (s["pauses"], s["bytes"]) for s in mine):
            continue
        most = max((s["bytes"] for s in mine), default=0)
        for s in mine:
            own = [p for p in s["pauses"] if p["event"] in PAUSES]
            if s["operations"] >= 100:
                rows.append([s["p99_ns"] / 1e6, sum(p["ns"] for p in own)
                             / 1e6, s["bytes"] / most if most else 0,
                             sum(p["count"] for p in own)])
    return numbers.term_of(rows, SLOPE_TERMS, side.statistic.split()[1])


# ---- a rule each: (word, how) ---------------------------------------------

def direction(seen):
    found, (low, high) = seen.interval, seen.claim.edges
    if found is None:
        return UNKNOWN, "no interval"
    if inside(found, low, high):
        return REFUTED, NONE_SEEN
    if not outside(found, low, high):
        return UNKNOWN, "crosses the band"
    side = ABOVE if found[0] > high else BELOW
    right = (side == ABOVE) == seen.claim.above
    if not seen.shown(side):
        return UNKNOWN, "not beyond chance in the family"
    return (REPRODUCED, "") if right else (REFUTED, OPPOSITE)


def ratio(seen):
    """The direction first, then whether the size is the claimed one."""
    word, how = direction(seen)
    found = seen.interval
    if word == REFUTED or found is None:
        return word, how
    right = outside(found, *seen.claim.edges)
    if right and outside(found, *seen.claim.limits):
        on_side = (found[0] > 1) == seen.claim.above
        return (REFUTED, SIZE) if on_side else (UNKNOWN, how)
    if word == REPRODUCED and not inside(found, *seen.claim.limits):
        return UNKNOWN, "crosses the tolerance"
    return word, how


def within(seen, limits):
    found = seen.interval
    if found is None:
        return UNKNOWN, "no interval"
    if outside(found, *limits):
        return REFUTED, ""
    if inside(found, *limits) and seen.shown(ABOVE, BELOW):
        return REPRODUCED, ""
    return UNKNOWN, "crosses a limit, or not beyond chance in the family"


def count(seen):
    low, high = seen.claim.limits
    off = sum(outside((v, v), low, high) for v in seen.values)
    return (REFUTED, f"{off} of {len(seen.values)}") if off else (
        REPRODUCED, "")


def never(seen):
    total, n = seen.sums[0]
    return (REFUTED, f"{total:g}") if total else (REPRODUCED, f"{n}")


def can_happen(seen):
    total, n = seen.sums[0]
    if not total:
        return UNKNOWN, f"{n}"
    if len(seen.sums) > 1 and seen.sums[1][0]:
        return REFUTED, f"{seen.sums[1][0]:g}"
    return REPRODUCED, f"{total:g}"


RULES = {"direction": direction, "ratio": ratio, "count": count,
         "never": never, "can-happen": can_happen,
         "equal": lambda seen: within(seen, seen.claim.edges),
         "figure": lambda seen: within(seen, seen.claim.limits),
         "slope": lambda seen: within(seen, seen.claim.claimed)}


def outcome(seen):
    """(word, how) of one line of cells."""
    if seen.missing:
        return NOT_HERE, seen.missing
    return RULES[seen.claim["rule"]](seen)


def joined(claim, outcomes):
    """One word of several cells."""
    words = {word for word, _ in outcomes}
    if len(words) == 1:
        return outcomes[0]
    if claim["conditions"] == "parts":  # all must hold
        return ((REFUTED, "a part") if REFUTED in words
                else (UNKNOWN, "some parts"))
    if {REPRODUCED, REFUTED} <= words:
        return (DEPENDS if claim["conditions"] == "unstated" else REFUTED,
                "where")
    return UNKNOWN, "some cells"
