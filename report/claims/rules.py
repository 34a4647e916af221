# SPDX-License-Identifier: Apache-2.0
"""From the values of one cell to an outcome, by the rule of a claim.

The rules are those of docs/claims.md. An interval is of 95 %; where a claim
speaks of speed, `p` ("claimed", "opposite") is of the test corrected over
all such claims of the campaign, and both it and the interval are needed.
"""
import math
from dataclasses import dataclass

from report import articles, stats, words

REPRODUCED, DEPENDS, REFUTED = "reproduced", "depends", "refuted"
INCONCLUSIVE, NOT_HERE = "inconclusive", "not testable here"
VERDICTS = (REPRODUCED, DEPENDS, REFUTED, INCONCLUSIVE, NOT_HERE)
ALPHA = 0.01  # of the family of all claims that speak of speed
LEVEL = 0.95
ROUNDING = 1e-9  # an interval on logarithms is not exact in its last digits
OPPOSITE, NO_DIFFERENCE = "opposite", "no difference above"
SIZE, SIZE_ALONE = "direction holds, size differs", "size differs"
CROSSES = "the interval crosses a limit"
UNSURE = "not sure of all claims together"
BANDED = ("direction", "ratio", "equal")  # rules that have a band
KINDS = (OPPOSITE, SIZE, SIZE_ALONE, NO_DIFFERENCE)  # how a refutation begins


@dataclass(frozen=True)
class Outcome:
    """What one cell says."""
    word: str
    how: str = ""
    centre: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    seen: float | None = None  # effect that could have been seen, a share
    p: float | None = None  # corrected, of the side that was taken


def summary(claim, evidence):
    """Centre and interval; on logarithms but for a slope."""
    values = [v for _, v in evidence.values]
    log = claim.rule != "slope" and min(values) > 0
    return stats.summarize({0: values}, LEVEL, log)[0]


def limits(claim):
    """(low, high) that the claimed amount allows, tolerance and all."""
    low, high = claim.claimed
    return low / claim.tolerance, high * claim.tolerance


def above_one(claim):
    """Does the claim put subject ÷ against above 1?"""
    if claim.side:
        return claim.side == "above"
    return claim.claimed[0] > 1


def shown(claim, row):
    """Half the width of the interval: what could have been seen. Of a slope
    the smallest that would have been told from none, which is a difference
    of exponents: their quotient says nothing, and a band is of ratios."""
    if row["low"] is None:
        return None
    if claim.rule == "slope":
        return (row["high"] - row["low"]) / 2
    if row["low"] <= 0:
        return None
    half = math.sqrt(row["high"] / row["low"]) - 1
    return half + (claim.band if claim.rule in BANDED else 0)


def made(claim, row, word, how="", p=None):
    return Outcome(word, how, row["centre"], row["low"], row["high"],
                   row["n"], shown(claim, row), p)


def sure(claim, p, side):
    """Has the corrected test rejected, where one is needed?"""
    return claim.speaks != "speed" or (p or {}).get(side, 1.0) <= ALPHA


def of(p, side):
    return (p or {}).get(side)


def across(claim, row):
    """Why nothing is decided: where the interval lies, and what is the least
    that so wide a one could have shown."""
    seen = shown(claim, row)
    if seen is None:
        return CROSSES
    return f"{CROSSES}: it could show " + (
        f"slopes of {words.sig(seen)}" if claim.rule == "slope" else
        f"differences of {words.percent(100 * seen)}") + " and more"


def no_interval(claim, row):
    if row["n"] == 0:
        return Outcome(INCONCLUSIVE, "no trial")
    return made(claim, row, INCONCLUSIVE,
                f"{row['n']} blocks, an interval needs "
                f"{stats.RANKING_NEEDS}")


def within(claim, row):
    """Does the interval lie inside the band, edges included?"""
    margin = (1 + claim.band) * (1 + ROUNDING)
    return 1 / margin <= row["low"] and row["high"] <= margin


# ---- one function a rule --------------------------------------------------

def side_of(claim, row):
    """claimed | opposite | none | open: where the interval lies to 1."""
    up = above_one(claim)
    margin = 1 + claim.band
    beyond = {True: row["low"] > margin, False: row["high"] < 1 / margin}
    if beyond[up]:
        return "claimed"
    if beyond[not up]:
        return "opposite"
    return "none" if within(claim, row) else "open"


def direction(claim, evidence, p):
    row = summary(claim, evidence)
    if row["low"] is None:
        return no_interval(claim, row)
    side = side_of(claim, row)
    if side == "claimed" and sure(claim, p, side):
        return made(claim, row, REPRODUCED, p=of(p, side))
    if side == "opposite" and sure(claim, p, side):
        return made(claim, row, REFUTED, OPPOSITE, of(p, side))
    if side == "none":
        return made(claim, row, REFUTED, f"{NO_DIFFERENCE} "
                    + words.percent(100 * claim.band))
    return made(claim, row, INCONCLUSIVE, across(claim, row) if side == "open"
                else UNSURE, of(p, side))


def sized(claim, row):
    """Where the interval lies to the claimed amount's limits."""
    low, high = limits(claim)
    low, high = low * (1 - ROUNDING), high * (1 + ROUNDING)
    if low <= row["low"] and row["high"] <= high:
        return "inside"
    return "outside" if row["high"] < low or row["low"] > high else "open"


def ratio(claim, evidence, p):
    """A direction first, then its size: one that is not the claimed one
    refutes the claim, also where the direction is open."""
    found, row = direction(claim, evidence, p), summary(claim, evidence)
    if row["low"] is None or found.word == REFUTED:
        return found
    holds = side_of(claim, row) == "claimed"
    size = sized(claim, row)
    if size == "outside":
        figures = (f"(× {words.sig(row['centre'])}, not × "
                   f"{words.sig(claim.claimed[0])})")
        return made(claim, row, REFUTED, f"{SIZE} {figures}" if holds else
                    f"{SIZE_ALONE} {figures}, direction open", found.p)
    if size == "open" and found.word == REPRODUCED:
        return made(claim, row, INCONCLUSIVE, "direction holds, size open",
                    found.p)
    return found


def equal(claim, evidence, p):
    row = summary(claim, evidence)
    if row["low"] is None:
        return no_interval(claim, row)
    margin = 1 + claim.band
    if within(claim, row) and sure(claim, p, "claimed"):
        return made(claim, row, REPRODUCED, p=of(p, "claimed"))
    if row["low"] > margin or row["high"] < 1 / margin:
        return made(claim, row, REFUTED, "they differ: × "
                    + words.sig(row["centre"]))
    return made(claim, row, INCONCLUSIVE, UNSURE if within(claim, row) else
                across(claim, row), of(p, "claimed"))


def figure(claim, evidence, p):
    row = summary(claim, evidence)
    if row["low"] is None:
        return no_interval(claim, row)
    size = sized(claim, row)
    if size == "inside" and sure(claim, p, "claimed"):
        return made(claim, row, REPRODUCED, p=of(p, "claimed"))
    if size == "outside":
        low, high = claim.claimed
        said = words.sig(low) + (f" to {words.sig(high)}" if high > low
                                 else "")
        return made(claim, row, REFUTED,
                    f"{words.sig(row['centre'])}, not {said}")
    return made(claim, row, INCONCLUSIVE, UNSURE if size == "inside" else
                across(claim, row), of(p, "claimed"))


def count(claim, evidence, _):
    """Exact: every trial's value must be inside."""
    low, high = limits(claim)
    values = [v for _, v in evidence.values]
    wrong = [v for v in values if not low <= v <= high]
    row = {"centre": sorted(values)[len(values) // 2] if values else None,
           "low": min(values, default=None),
           "high": max(values, default=None), "n": len(values)}
    if not values:
        return Outcome(INCONCLUSIVE, "no trial")
    return Outcome(REFUTED if wrong else REPRODUCED,
                   f"{len(wrong)} of {words.plural(len(values), 'trial')} "
                   "outside" if wrong else
                   f"{len(values)} of {words.plural(len(values), 'trial')}",
                   row["centre"], row["low"], row["high"], row["n"])


def events(total):
    return words.plural(int(total), "counter-example")


def added(claim, evidence, word, how):
    """Of what is added up over all trials; where whole trials are counted,
    with the share of them and its exact interval."""
    n, total = evidence.trials, evidence.total
    if not articles.is_fate(claim.statistic):
        return Outcome(word, how, total, n=n)
    return Outcome(word, how, total / n,
                   *stats.share_interval(int(total), n), n)


def never(claim, evidence, _):
    n = evidence.trials
    if not n:
        return Outcome(INCONCLUSIVE, "no trial")
    if evidence.total > 0:
        return added(claim, evidence, REFUTED, events(evidence.total))
    return added(claim, evidence, REPRODUCED, "no counter-example in "
                 + words.plural(n, "trial"))


def can_happen(claim, evidence, _):
    n = evidence.trials
    if evidence.total and evidence.against:
        return added(claim, evidence, REFUTED, f"{claim.against} has "
                     f"{words.count(int(evidence.against))}, too")
    if evidence.total:
        return added(claim, evidence, REPRODUCED, words.plural(
            int(evidence.total), "time") + f" in {words.plural(n, 'trial')}")
    return added(claim, evidence, INCONCLUSIVE,
                 f"none in {words.plural(n, 'trial')}")


def slope(claim, evidence, _):
    row = summary(claim, evidence)
    if row["low"] is None:
        return no_interval(claim, row)
    low, high = claim.claimed
    if low <= row["low"] and row["high"] <= high:
        return made(claim, row, REPRODUCED)
    if row["high"] < low or row["low"] > high:
        return made(claim, row, REFUTED, f"slope {words.sig(row['centre'])}, "
                    f"not {words.sig(low)} to {words.sig(high)}")
    return made(claim, row, INCONCLUSIVE, across(claim, row))


RULES = {"direction": direction, "ratio": ratio, "equal": equal,
         "figure": figure, "count": count, "never": never,
         "can-happen": can_happen, "slope": slope}


def outcome(claim, evidence, p=None):
    """p -- side -> corrected p, of a claim of speed."""
    if evidence.reason:
        return Outcome(NOT_HERE, evidence.reason)
    if claim.rule not in ("never", "can-happen") and not evidence.values:
        return Outcome(INCONCLUSIVE, "no block has both")
    return RULES[claim.rule](claim, evidence, p)


# ---- several cells --------------------------------------------------------

def place(where):
    """Cells' factors as a person says them; the measure says nothing."""
    return " ".join(w for w in where.split() if not w.startswith("measure="))


def found_in(found, word):
    return words.joined(place(e.where) or "its cell" for e, o in found
                        if o.word == word)


def combined(claim, found):
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
