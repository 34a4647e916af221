# SPDX-License-Identifier: Apache-2.0
"""The rules of docs/claims.md: one word for what a cell of a claim shows.

What that document does not say is taken as the program has it: intervals are
of 95 %; the family has two one-sided tests of each cell, Go's and the port's,
against the edges of the band or of the limits (Holm at 1 %); of equal and
figure both must be passed. A cell without a figure is not testable here: not
planned, no trial that counts, wrong answers, a statistic that a trial does not
tell, nothing to divide by. The slope of a line is Theil's of each block.
"""
from again.seen import ABOVE, BELOW

REPRODUCED, REFUTED, DEPENDS = "reproduced", "refuted", "depends"
UNKNOWN, NOT_HERE = "inconclusive", "not testable here"
OPPOSITE, NONE_SEEN = "opposite", "no difference above"
SIZE = "direction holds, size differs"
SIZE_ONLY = "size differs, direction open"
WHERE = "where"
IN_TRIALS = "in "
COMPUTED = "= "
ALPHA = 0.01  # of the family of all claims that speak of speed (ADR 35)
CLOSE = 1e-9  # what a logarithm and back moves a number that is a limit


def inside(found, low, high):
    return (found[0] >= low - CLOSE * abs(low)
            and found[1] <= high + CLOSE * abs(high))


def outside(found, low, high):
    return (found[0] > high + CLOSE * abs(high)
            or found[1] < low - CLOSE * abs(low))


def whole(total):
    return str(int(total)) if total == int(total) else f"{total:g}"


def shown(seen, *sides):
    """Is it beyond what chance does anywhere in the family?"""
    return seen.p is None or all(seen.p[s] <= ALPHA for s in sides)


# ---- a rule each: (word, how) ---------------------------------------------

def direction(seen):
    found, (low, high) = seen.interval, seen.claim.edges
    if found is None:
        return UNKNOWN, "no interval"
    if inside(found, low, high):
        return REFUTED, f"{NONE_SEEN} {100 * seen.claim.band:.6g} %"
    if not outside(found, low, high):
        return UNKNOWN, "crosses the band"
    side = ABOVE if found[0] > high else BELOW
    right = (side == ABOVE) == seen.claim.above
    if not shown(seen, side):
        return UNKNOWN, "not beyond chance in the family"
    return (REPRODUCED, "") if right else (REFUTED, OPPOSITE)


def ratio(seen):
    """The direction first, then whether the size is the claimed one."""
    word, how = direction(seen)
    found, claim = seen.interval, seen.claim
    if word == REFUTED or found is None:
        return word, how
    if outside(found, *claim.limits):
        # Where it lies is enough of the claimed side: only what confirms a
        # direction, or its opposite, needs the test.
        on_side = (outside(found, *claim.edges)
                   and (found[0] > 1) == claim.above)
        return REFUTED, SIZE if on_side else SIZE_ONLY
    if word == REPRODUCED and not inside(found, *claim.limits):
        return UNKNOWN, "crosses the tolerance"
    return word, how


def within(seen, limits):
    found = seen.interval
    if found is None:
        return UNKNOWN, "no interval"
    if outside(found, *limits):
        return REFUTED, ""
    if inside(found, *limits) and shown(seen, ABOVE, BELOW):
        return REPRODUCED, ""
    return UNKNOWN, "crosses a limit, or not beyond chance in the family"


def count(seen):
    low, high = seen.claim.limits
    n = len(seen.values)
    off = sum(outside((v, v), low, high) for v in seen.values)
    return (REFUTED, f"{off} of {n}") if off else (REPRODUCED, f"{n} of {n}")


def never(seen):
    total, n = seen.sums[0]
    return ((REFUTED, f"{whole(total)} counter-example") if total
            else (REPRODUCED, f"{IN_TRIALS}{n} trial"))


def can_happen(seen):
    total, n = seen.sums[0]
    if not total:
        return UNKNOWN, f"{IN_TRIALS}{n} trial"
    if len(seen.sums) > 1 and seen.sums[1][0]:
        return REFUTED, f"has {whole(seen.sums[1][0])}, too"
    return REPRODUCED, f"{whole(total)} time"


RULES = {"direction": direction, "ratio": ratio, "count": count,
         "never": never, "can-happen": can_happen,
         "equal": lambda seen: within(seen, seen.claim.edges),
         "figure": lambda seen: within(seen, seen.claim.limits),
         "slope": lambda seen: within(seen, seen.claim.claimed)}


def outcome(seen):
    """(word, how) of one place."""
    if seen.missing:
        return NOT_HERE, seen.missing
    return RULES[seen.claim["rule"]](seen)


def joined(claim, outcomes):
    """One word of several cells."""
    words = {word for word, _ in outcomes}
    if len(words) == 1:
        return outcomes[0][0], "; ".join(dict.fromkeys(
            how for _, how in outcomes))
    if claim["conditions"] == "parts":  # all must hold
        return ((REFUTED, WHERE) if REFUTED in words
                else (UNKNOWN, "some parts"))
    if {REPRODUCED, REFUTED} <= words:
        return (DEPENDS if claim["conditions"] == "unstated" else REFUTED,
                WHERE)
    return UNKNOWN, "some cells"
