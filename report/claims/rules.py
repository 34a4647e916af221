# SPDX-License-Identifier: Apache-2.0
"""Turns the values of a cell into a verdict, by the rule of its claim.

A rule that needs an interval has alternatives: statements about where the pseudo-median lies.
An alternative is accepted if the 95 % interval supports it. For a claim about speed, its p
value, corrected for all such claims (Holm), must also be at most ALPHA. A refutation therefore
needs as much evidence as a reproduction.
"""
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from report import stats
from report.claims import statistic
from report.claims.evidence import Evidence
from report.claims.ledger import ADDING, Claim
from report.claims.model import CellRow, Kind, Word
from report.claims.phrases import count, joined, percent, plural, sig

ALPHA = 0.01  # for all claims about speed together
LEVEL = 0.95
LEAST = 6  # fewest trials for an interval, and for the rules `never` and `count`
ROUNDING = 1e-9  # tolerance for rounding errors of logarithms
BANDED = ("direction", "ratio", "equal")  # rules that ignore differences within a band
TESTED = (*BANDED, "figure", "slope")  # rules that need an interval
CROSSES = "the interval crosses a limit"
UNSURE = "not certain jointly for all claims"


class Call(StrEnum):
    """An alternative of a rule."""
    CLAIMED = "claimed"
    OPPOSITE = "opposite"
    NONE = "no difference"
    OTHER = "other amount"
    DIRECTION = "direction only"


class Bound(NamedTuple):
    """The condition that the pseudo-median lies above (sign 1) or below (sign -1) the limit."""
    sign: int
    limit: float


# A list of conditions of which at least one must hold. A tuple of bounds holds if all of them hold.
Ways = tuple[tuple[Bound, ...], ...]
Ps = Mapping[Call, float]  # corrected p value of each alternative


@dataclass(frozen=True)
class Outcome:
    """The verdict on one cell. `seen` is the smallest effect that the cell could have detected."""
    word: Word
    how: str = ""
    kind: Kind | None = None
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    seen: float | None = None
    p: float | None = None


# ---- alternatives -----------------------------------------------------------

def alternatives(claim: Claim) -> dict[Call, Ways]:
    """Returns the alternatives of a rule in TESTED, in order of precedence."""
    margin = 1 + claim.band
    low, high = (1 / margin, margin) if claim.rule in ("equal", "direction") else claim.limits
    inside = Bound(1, low), Bound(-1, high)
    outside = (Bound(-1, low),), (Bound(1, high),)
    if claim.rule not in ("direction", "ratio"):
        return {Call.CLAIMED: (inside,), Call.OTHER: outside}
    beyond = Bound(1, margin), Bound(-1, 1 / margin)
    is_above = claim.side == "above" if claim.side else claim.claimed[0] > 1
    side, other = beyond if is_above else beyond[::-1]
    first: dict[Call, Ways] = {Call.OPPOSITE: ((other,),),
                               Call.NONE: ((Bound(1, 1 / margin), Bound(-1, margin)),)}
    if claim.rule == "direction":
        return first | {Call.CLAIMED: ((side,),)}
    return first | {Call.OTHER: outside, Call.CLAIMED: ((side, *inside),),
                    Call.DIRECTION: ((side,),)}


def shows(interval: stats.Interval, call: Call, ways: Ways) -> bool:
    """True if the whole interval satisfies the alternative. The end points of a range count as
    inside."""
    if interval.low is None or interval.high is None:
        return False
    slack = ROUNDING if call in (Call.CLAIMED, Call.NONE) else -ROUNDING
    ends = {1: interval.low, -1: interval.high}
    return any(all(b.sign * (ends[b.sign] - b.limit) >= -slack * abs(b.limit) for b in way)
               for way in ways)


def family_of(claim: Claim, contrast: Hashable) -> dict[str, stats.Alternative]:
    """Returns the alternatives for stats.family(); `contrast` is the key of the comparison. Limits
    are logarithms, except for slopes."""
    return {call.value: tuple(tuple(stats.Side(
        contrast, b.sign, b.limit if claim.rule == "slope" else math.log(b.limit))
        for b in way) for way in ways) for call, ways in alternatives(claim).items()}


# ---- rules that need an interval --------------------------------------------

def summary(claim: Claim, evidence: Evidence) -> stats.Interval:
    """Computes the centre and its interval, with logarithms if no value is negative."""
    values = evidence.series
    return stats.many_intervals(
        {0: values}, LEVEL, claim.rule != "slope" and min(values) >= 0)[0]


def could_see(claim: Claim, interval: stats.Interval) -> float | None:
    """Returns the smallest difference that the interval could have detected: half of its
    relative width plus the band. For a slope, half of the width is returned."""
    low, high = interval.low, interval.high
    if low is None or high is None:
        return None
    if claim.rule == "slope":
        return (high - low) / 2
    if low <= 0:
        return None
    return math.sqrt(high / low) - 1 + (claim.band if claim.rule in BANDED else 0)


def refutation(claim: Claim, call: Call, holds: bool, centre: float) -> tuple[Kind | None, str]:
    """Describes how the claim was refuted; `holds` is true if its direction is certain to be right.
    """
    if call is Call.OPPOSITE:
        return Kind.OPPOSITE, Kind.OPPOSITE
    if call is Call.NONE:
        return Kind.NO_DIFFERENCE, f"{Kind.NO_DIFFERENCE} {percent(claim.band)}"
    if claim.rule == "ratio":
        figures = f"(× {sig(centre)}, not × {sig(claim.claimed[0])})"
        return (Kind.SIZE, f"{Kind.SIZE} {figures}") if holds else (
            Kind.SIZE_ALONE, f"{Kind.SIZE_ALONE} {figures}, direction open")
    if claim.rule == "equal":
        return None, f"they differ: × {sig(centre)}"
    low, high = claim.claimed
    amount = sig(low) + (f" to {sig(high)}" if high > low else "")
    return None, f"{'slope ' * (claim.rule == 'slope')}{sig(centre)}, not {amount}"


def open_text(claim: Claim, seen: float | None) -> str:
    """Explains why the cell is undecided, with the smallest effect that it could have detected."""
    if seen is None:
        return CROSSES
    return f"{CROSSES}: it could show " + (
        f"slopes of {sig(seen)}" if claim.rule == "slope" else
        f"differences of {percent(seen)}") + " and more"


def tested(claim: Claim, evidence: Evidence, ps: Ps) -> Outcome:
    """Decides by the first alternative that both the interval and the corrected p support."""
    interval = summary(claim, evidence)
    centre, seen = interval.centre, could_see(claim, interval)

    def outcome(word: Word, how: str = "", kind: Kind | None = None,
                p: float | None = None) -> Outcome:
        return Outcome(word, how, kind, centre, interval.low, interval.high, interval.n, seen, p)

    if interval.low is None or centre is None:
        return outcome(Word.INCONCLUSIVE, f"{interval.n} blocks, an interval needs {LEAST}"
                       if interval.n < LEAST else interval.reason or "")
    shown = [call for call, ways in alternatives(claim).items() if shows(interval, call, ways)]
    sure = [call for call in shown if claim.speaks != "speed" or ps.get(call, 1.0) <= ALPHA]
    if not shown:
        return outcome(Word.INCONCLUSIVE, open_text(claim, seen))
    if not sure:
        return outcome(Word.INCONCLUSIVE, UNSURE, p=ps.get(shown[0]))
    call = sure[0]
    if call is Call.CLAIMED:
        return outcome(Word.REPRODUCED, p=ps.get(call))
    if call is Call.DIRECTION:
        return outcome(Word.INCONCLUSIVE, "direction holds, size open", p=ps.get(call))
    kind, how = refutation(claim, call, Call.DIRECTION in sure, centre)
    return outcome(Word.REFUTED, how, kind, ps.get(call))


# ---- rules that count -------------------------------------------------------

def too_few(claim: Claim, n: int) -> str:
    """Returns the reason if n trials are too few to confirm anything, otherwise "". One
    simulated trial is enough, because it repeats exactly."""
    return "" if n >= LEAST or claim.numbers == "simulated" else \
        f"in {plural(n, 'trial')}, {LEAST} needed"


def counted(claim: Claim, evidence: Evidence) -> Outcome:
    """Decides the rule `count`: the value of every trial must lie inside the limits."""
    low, high = claim.limits
    values = sorted(evidence.series)
    n = len(values)
    wrong = sum(not low <= v <= high for v in values)
    few = too_few(claim, n)
    word = Word.REFUTED if wrong else Word.INCONCLUSIVE if few else Word.REPRODUCED
    how = (f"{wrong} of {plural(n, 'trial')} outside" if wrong else
           f"none outside {few}" if few else f"{n} of {plural(n, 'trial')}")
    return Outcome(word, how, None, values[n // 2], values[0], values[-1], n)


def added(claim: Claim, evidence: Evidence, word: Word, how: str) -> Outcome:
    """Builds the outcome from a sum over all trials. If whole trials are counted, it includes
    their share with an exact interval."""
    n, total = evidence.trials, evidence.total or 0.0
    if not statistic.parse(claim.statistic).is_fate:
        return Outcome(word, how, centre=total, n=n)
    low, high = stats.share_interval(int(total), n)
    return Outcome(word, how, None, total / n, low, high, n)


def never(claim: Claim, evidence: Evidence) -> Outcome:
    """Decides the rule `never`: 0 in all trials. The text gives the largest share of trials in
    which the event may still occur."""
    n = evidence.trials
    if evidence.total:
        return added(claim, evidence, Word.REFUTED, plural(evidence.total, "counter-example"))
    few = too_few(claim, n)
    if few:
        return added(claim, evidence, Word.INCONCLUSIVE, f"no counter-example {few}")
    bound = "" if claim.numbers == "simulated" else \
        f": one in at most {percent(stats.clopper_pearson(0, n))} of trials"
    return added(claim, evidence, Word.REPRODUCED,
                 f"no counter-example in {plural(n, 'trial')}{bound}")


def can_happen(claim: Claim, evidence: Evidence) -> Outcome:
    """Decides `can-happen`: one occurrence is enough, unless `against` has it too."""
    trials = plural(evidence.trials, "trial")
    if not evidence.total:
        return added(claim, evidence, Word.INCONCLUSIVE, f"none in {trials}")
    if evidence.against:
        return added(claim, evidence, Word.REFUTED,
                     f"{claim.against} also has {count(evidence.against)}")
    return added(claim, evidence, Word.REPRODUCED, f"{plural(evidence.total, 'time')} in {trials}")


def outcome_of(claim: Claim, evidence: Evidence, ps: Ps) -> Outcome:
    """Decides a claim about one cell."""
    if evidence.reason:
        return Outcome(Word.NOT_HERE, evidence.reason)
    if claim.rule in ADDING:
        if not evidence.trials:
            return Outcome(Word.INCONCLUSIVE, "no trial")
        return (never if claim.rule == "never" else can_happen)(claim, evidence)
    if not evidence.values:
        return Outcome(Word.INCONCLUSIVE, "no block has both")
    return counted(claim, evidence) if claim.rule == "count" else tested(claim, evidence, ps)


# ---- several cells ----------------------------------------------------------

def place(where: str) -> str:
    """Returns all factors of a cell except its measure."""
    return " ".join(w for w in where.split() if not w.startswith("measure="))


def places(cells: Sequence[CellRow], word: Word) -> str:
    """Lists the cells that have this verdict."""
    return joined(place(c.where) or "its cell" for c in cells if c.word is word)


def combined(conditions: str, cells: Sequence[CellRow]) -> tuple[Word, str]:
    """Combines the verdicts on all cells of a claim into its verdict and text."""
    words = {c.word for c in cells} or {Word.NOT_HERE}
    if len(words) == 1:
        return words.pop(), "; ".join(dict.fromkeys(c.how for c in cells if c.how))
    if {Word.REPRODUCED, Word.REFUTED} <= words:
        how = (f"reproduced at {places(cells, Word.REPRODUCED)}; "
               f"refuted at {places(cells, Word.REFUTED)}")
        return (Word.DEPENDS if conditions == "unstated" else Word.REFUTED), how
    if conditions == "parts" and Word.REFUTED in words:
        return Word.REFUTED, f"refuted at {places(cells, Word.REFUTED)}"
    word = next(w for w in (Word.REPRODUCED, Word.REFUTED, Word.INCONCLUSIVE) if w in words)
    return Word.INCONCLUSIVE, "" if word is Word.INCONCLUSIVE else \
        f"{word} at {places(cells, word)} only"
