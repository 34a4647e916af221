# SPDX-License-Identifier: Apache-2.0
"""From the values of one cell to an outcome, by the rule of a claim.

The rules are those of docs/claims.md. An interval is of 95 %. Where a claim
speaks of speed, an outcome that decides also needs its alternative's p, which
is corrected over all such claims of the campaign.
"""
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from report import articles, stats, words
from report.claims.evidence import Evidence
from report.claims.ledger import Claim

REPRODUCED, DEPENDS, REFUTED = "reproduced", "depends", "refuted"
INCONCLUSIVE, NOT_HERE = "inconclusive", "not testable here"
VERDICTS = (REPRODUCED, DEPENDS, REFUTED, INCONCLUSIVE, NOT_HERE)
ALPHA = 0.01  # of the family of all claims that speak of speed
LEVEL = 0.95
LEAST = 6  # trials that reproduce a count, unless it is exact
ROUNDING = 1e-9  # an interval on logarithms is not exact in its last digits
OPPOSITE, NO_DIFFERENCE = "opposite", "no difference above"
SIZE, SIZE_ALONE = "direction holds, size differs", "size differs"
CROSSES = "the interval crosses a limit"
UNSURE = "not sure of all claims together"
BANDED = ("direction", "ratio", "equal")  # rules that have a band
KINDS = (OPPOSITE, SIZE, SIZE_ALONE, NO_DIFFERENCE)  # how a refutation begins


class Alternative(Enum):
    """Where the centre of subject / against, or of a figure, may lie."""
    SIDE = "beyond the band on the claimed side"
    OPPOSITE = "beyond the band on the other side"
    NONE = "inside the band"
    SIZE = "inside the claimed limits"
    OTHER_SIZE = "outside of the claimed limits"


P = Mapping[Alternative, float] | None  # None: the claim is not in the family


@dataclass(frozen=True)
class Outcome:
    """The result of one cell."""
    word: str
    how: str = ""
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    seen: float | None = None  # effect that could have been seen, a share
    p: float | None = None  # corrected, of the alternative that was taken


def summary(claim: Claim, evidence: Evidence) -> stats.Interval:
    """Centre and interval; on logarithms but for slopes and what is negative.
    One value of 0 changes no scale."""
    values = [v for _, v in evidence.values]
    log = claim.rule != "slope" and min(values) >= 0
    return stats.many_intervals({0: values}, LEVEL, log)[0]


def limits(claim: Claim) -> tuple[float, float]:
    """(low, high) that the claimed amount allows, tolerance and all."""
    low, high = claim.claimed
    return low / claim.tolerance, high * claim.tolerance


def above_one(claim: Claim) -> bool:
    """Whether the claim puts subject / against above 1."""
    if claim.side:
        return claim.side == "above"
    return bool(claim.claimed[0] > 1)


def ends(row: stats.Interval) -> tuple[float, float]:
    """Of a row that has an interval."""
    assert row.low is not None and row.high is not None
    return row.low, row.high


def shown(claim: Claim, row: stats.Interval) -> float | None:
    """Half the width of the interval: what could have been seen. Of a slope
    the smallest that would have been told from none, which is a difference
    of exponents: their quotient has no meaning, and a band is of ratios."""
    if row.low is None:
        return None
    low, high = ends(row)
    if claim.rule == "slope":
        return (high - low) / 2
    if low <= 0:
        return None
    half = math.sqrt(high / low) - 1
    return half + (claim.band if claim.rule in BANDED else 0)


def made(claim: Claim, row: stats.Interval, word: str, how: str = "",
         p: float | None = None) -> Outcome:
    return Outcome(word, how, row.centre, row.low, row.high, row.n,
                   shown(claim, row), p)


def worst(p: P, *alternatives: Alternative) -> float | None:
    """Corrected p of all these together; None: not of the family."""
    return None if p is None else max(p.get(a, 1.0) for a in alternatives)


def decided(claim: Claim, row: stats.Interval, p: P, word: str, how: str,
            *alternatives: Alternative) -> Outcome:
    """The word, if the family's test shows these alternatives, or if the
    claim does not need it."""
    corrected = worst(p, *alternatives)
    if claim.speaks == "speed" and (corrected is None or corrected > ALPHA):
        return made(claim, row, INCONCLUSIVE, UNSURE, corrected)
    return made(claim, row, word, how, corrected)


def across(claim: Claim, row: stats.Interval) -> str:
    """Why nothing is decided: where the interval lies, and what is the least
    that so wide a one could have shown."""
    seen = shown(claim, row)
    if seen is None:
        return CROSSES
    return f"{CROSSES}: it could show " + (
        f"slopes of {words.sig(seen)}" if claim.rule == "slope" else
        f"differences of {words.percent(100 * seen)}") + " and more"


def no_interval(claim: Claim, row: stats.Interval) -> Outcome:
    if row.n == 0:
        return Outcome(INCONCLUSIVE, "no trial")
    return made(claim, row, INCONCLUSIVE,
                f"{row.n} blocks, an interval needs {stats.RANKING_NEEDS}"
                if row.n < stats.RANKING_NEEDS else row.reason or "")


# ---- one function a rule --------------------------------------------------

def within(claim: Claim, row: stats.Interval) -> bool:
    """Whether the interval lies inside the band, edges included."""
    margin = (1 + claim.band) * (1 + ROUNDING)
    low, high = ends(row)
    return 1 / margin <= low and high <= margin


def side_of(claim: Claim, row: stats.Interval) -> Alternative | None:
    """On which side of 1 the interval lies; None: it crosses a limit."""
    up, margin = above_one(claim), 1 + claim.band
    low, high = ends(row)
    beyond = {True: low > margin, False: high < 1 / margin}
    if beyond[up]:
        return Alternative.SIDE
    if beyond[not up]:
        return Alternative.OPPOSITE
    return Alternative.NONE if within(claim, row) else None


def direction(claim: Claim, row: stats.Interval, p: P) -> Outcome:
    side = side_of(claim, row)
    if side is None:
        return made(claim, row, INCONCLUSIVE, across(claim, row))
    word, how = {
        Alternative.SIDE: (REPRODUCED, ""),
        Alternative.OPPOSITE: (REFUTED, OPPOSITE),
        Alternative.NONE: (REFUTED, f"{NO_DIFFERENCE} "
                           + words.percent(100 * claim.band))}[side]
    return decided(claim, row, p, word, how, side)


def sized(row: stats.Interval, low: float, high: float
          ) -> Alternative | None:
    """Where the interval lies to these limits; None: it crosses one."""
    under, over = ends(row)
    if low <= under and over <= high:
        return Alternative.SIZE
    return Alternative.OTHER_SIZE if over < low or under > high else None


def size_of(claim: Claim, row: stats.Interval) -> Alternative | None:
    low, high = limits(claim)
    return sized(row, low * (1 - ROUNDING), high * (1 + ROUNDING))


def ratio(claim: Claim, row: stats.Interval, p: P) -> Outcome:
    """A direction first, then its size: one that is not the claimed one
    refutes the claim, also where the direction is open."""
    side = direction(claim, row, p)
    if side.word == REFUTED:
        return side
    size, holds = size_of(claim, row), side.word == REPRODUCED
    if size is Alternative.OTHER_SIZE:
        figures = (f"(× {words.sig(row.centre)}, not × "
                   f"{words.sig(claim.claimed[0])})")
        return decided(claim, row, p, REFUTED, f"{SIZE} {figures}" if holds
                       else f"{SIZE_ALONE} {figures}, direction open", size)
    if not holds:
        return side
    if size is None:
        return made(claim, row, INCONCLUSIVE, "direction holds, size open",
                    side.p)
    return decided(claim, row, p, REPRODUCED, "", Alternative.SIDE, size)


def limited(claim: Claim, row: stats.Interval, p: P,
            size: Alternative | None, otherwise: str) -> Outcome:
    """Inside of limits, or outside: then `otherwise` is how."""
    if size is None:
        return made(claim, row, INCONCLUSIVE, across(claim, row))
    if size is Alternative.SIZE:
        return decided(claim, row, p, REPRODUCED, "", size)
    return decided(claim, row, p, REFUTED, otherwise, size)


def equal(claim: Claim, row: stats.Interval, p: P) -> Outcome:
    margin = (1 + claim.band) * (1 + ROUNDING)
    return limited(claim, row, p, sized(row, 1 / margin, margin),
                   f"they differ: × {words.sig(row.centre)}")


def figure(claim: Claim, row: stats.Interval, p: P) -> Outcome:
    low, high = claim.claimed
    claimed = words.sig(low) + (f" to {words.sig(high)}" if high > low
                                else "")
    return limited(claim, row, p, size_of(claim, row),
                   f"{words.sig(row.centre)}, not {claimed}")


def slope(claim: Claim, row: stats.Interval, p: P) -> Outcome:
    low, high = claim.claimed
    return limited(claim, row, p, sized(row, low, high),
                   f"slope {words.sig(row.centre)}, not {words.sig(low)} to "
                   f"{words.sig(high)}")


# ---- rules of counts ------------------------------------------------------

def enough(claim: Claim, n: int) -> bool:
    """Whether n trials without an exception reproduce a claim. Simulated
    counts are exact: one is enough."""
    return n >= LEAST or claim.numbers == "simulated"


def too_few(n: int, how: str) -> str:
    return f"{how}, {LEAST} trials are needed"


def at_most(n: int) -> str:
    """Of n trials without an exception: the exact 95 % bound of a share."""
    share = stats.clopper_pearson(0, n, LEVEL)
    return f"at most {words.percent(100 * share)} of trials differ"


def count(claim: Claim, evidence: Evidence) -> Outcome:
    """Exact: every trial's value must be inside."""
    low, high = limits(claim)
    values = sorted(v for _, v in evidence.values)
    n, wrong = len(values), sum(not low <= v <= high for v in values)
    how = f"{wrong or n} of {words.plural(n, 'trial')}"
    if wrong:
        word, how = REFUTED, f"{how} outside"
    elif enough(claim, n):
        word = REPRODUCED
        how += "" if claim.numbers == "simulated" else f", {at_most(n)}"
    else:
        word, how = INCONCLUSIVE, too_few(n, how)
    return Outcome(word, how, values[n // 2], values[0], values[-1], n)


def events(total: float) -> str:
    text: str = words.plural(int(total), "counter-example")
    return text


def added(claim: Claim, evidence: Evidence, word: str, how: str) -> Outcome:
    """Of what is added up over all trials; where whole trials are counted,
    with the share of them and its exact interval."""
    n, total = evidence.trials, evidence.total
    if total is None or not articles.is_fate(claim.statistic):
        return Outcome(word, how, total, n=n)
    return Outcome(word, how, total / n,
                   *stats.share_interval(int(total), n), n)


def never(claim: Claim, evidence: Evidence) -> Outcome:
    n = evidence.trials
    if evidence.total:
        return added(claim, evidence, REFUTED, events(evidence.total))
    how = f"no counter-example in {words.plural(n, 'trial')}"
    if not enough(claim, n):
        return added(claim, evidence, INCONCLUSIVE, too_few(n, how))
    return added(claim, evidence, REPRODUCED, how + (
        "" if claim.numbers == "simulated" else f", {at_most(n)}"))


def can_happen(claim: Claim, evidence: Evidence) -> Outcome:
    n = evidence.trials
    if evidence.total and evidence.against:
        others = words.count(int(evidence.against))
        return added(claim, evidence, REFUTED,
                     f"{claim.against} has {others}, too")
    if evidence.total:
        return added(claim, evidence, REPRODUCED, words.plural(
            int(evidence.total), "time") + f" in {words.plural(n, 'trial')}")
    return added(claim, evidence, INCONCLUSIVE,
                 f"none in {words.plural(n, 'trial')}")


BY_INTERVAL = {"direction": direction, "ratio": ratio, "equal": equal,
               "figure": figure, "slope": slope}
BY_SUM = {"never": never, "can-happen": can_happen}


def outcome(claim: Claim, evidence: Evidence, p: P = None) -> Outcome:
    """p -- corrected, of a claim of speed."""
    if evidence.reason:
        return Outcome(NOT_HERE, evidence.reason)
    if claim.rule in BY_SUM:
        return BY_SUM[claim.rule](claim, evidence) if evidence.trials \
            else Outcome(INCONCLUSIVE, "no trial")
    if not evidence.values:
        return Outcome(INCONCLUSIVE, "no block has both")
    if claim.rule == "count":
        return count(claim, evidence)
    row = summary(claim, evidence)
    return no_interval(claim, row) if row.low is None else \
        BY_INTERVAL[claim.rule](claim, row, p)


# ---- several cells --------------------------------------------------------

Results = Sequence[tuple[Evidence, Outcome]]  # of the cells of a claim


def place(where: str) -> str:
    """Factors of a cell without its measure."""
    return " ".join(w for w in where.split() if not w.startswith("measure="))


def found_in(found: Results, word: str) -> str:
    text: str = words.joined(place(e.where) or "its cell"
                             for e, o in found if o.word == word)
    return text


def combined(claim: Claim, found: Results) -> tuple[str, str]:
    """(verdict, how) of [(evidence, outcome)] of all its cells."""
    told = {o.word for _, o in found}
    if not found or told == {NOT_HERE}:
        return NOT_HERE, "; ".join(dict.fromkeys(o.how for _, o in found))
    if len(told) == 1:
        how = list(dict.fromkeys(o.how for _, o in found if o.how))
        return told.pop(), "; ".join(how)
    if {REPRODUCED, REFUTED} <= told:
        where = (f"reproduced at {found_in(found, REPRODUCED)}; refuted at "
                 f"{found_in(found, REFUTED)}")
        return (DEPENDS if claim.conditions == "unstated" else REFUTED), where
    if claim.conditions == "parts" and REFUTED in told:
        return REFUTED, f"refuted at {found_in(found, REFUTED)}"
    word = next(w for w in (REPRODUCED, REFUTED, INCONCLUSIVE) if w in told)
    return INCONCLUSIVE, f"{word} at {found_in(found, word)} only" \
        if word != INCONCLUSIVE else ""
