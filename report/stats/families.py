# SPDX-License-Identifier: Apache-2.0
"""One level for all claims that speak of speed, by Holm.

A claim has alternatives ("as claimed", "opposite", "inside the band" ...).
What is tested is simpler: a *side*, one contrast's pseudo-median beyond one
limit. Sides are corrected over the whole family, and alternatives are made
of corrected sides: what needs all of its sides has the largest p of them,
what needs any of its ways the smallest of theirs. Where no side is called
wrongly, no alternative is.

Two facts make the family smaller than a count of its sides. Sides of one
contrast in one direction are nested: beyond 20 % is beyond 2 %, and its p is
no smaller. And a claim that is asked for four things has a truth that lies
in one place. So the correction counts *groups*, contrasts times directions,
whatever the number of limits.
"""
import math
from dataclasses import dataclass

import numpy as np

from report.stats.signed_rank import hodges_lehmann, signed_rank_p, widening

SPARE = 10  # a feasible family has its smallest p so far below its level


@dataclass(frozen=True)
class Side:
    """To be shown: sign * (pseudo-median - limit) > 0. contrast is a key of
    the data, sign +1 or -1, limit a log ratio."""
    contrast: object
    sign: int
    limit: float

    @property
    def group(self):
        return self.contrast, self.sign


def beyond(contrasts, sign, limit):
    """Alternative: every contrast is beyond sign * limit on that side, as
    one log ratio of all or a dict of each its own (margin or tolerance)."""
    own = limit if isinstance(limit, dict) else dict.fromkeys(
        contrasts, limit)
    return (tuple(Side(c, sign, sign * own[c]) for c in contrasts),)


def inside(contrasts, low, high):
    """Alternative: every contrast lies in (low, high), log ratios."""
    return (tuple(s for c in contrasts
                  for s in (Side(c, 1, low), Side(c, -1, high))),)


def outside(contrasts, low, high):
    """Alternative: all contrasts below low, or all above high."""
    return (tuple(Side(c, -1, low) for c in contrasts),
            tuple(Side(c, 1, high) for c in contrasts))


# ---- sides ----------------------------------------------------------------

def sides_of(claims):
    """Every side once, in the order of first mention."""
    return list(dict.fromkeys(
        side for alternatives in claims.values()
        for ways in alternatives.values() for way in ways for side in way))


def exact_p(sides, contrasts):
    """p of each side alone: signed_rank_p() of its limit, moved towards the
    centre, so that p <= tail exactly if serial_interval() lies beyond the
    limit; contrasts with as many pairs together.
    """
    p = np.ones(len(sides))
    counts = np.array([len(contrasts[s.contrast]) for s in sides])
    for n in np.unique(counts[counts > 0]):
        mine = np.flatnonzero(counts == n)
        some = [sides[i] for i in mine]
        x = np.array([s.sign * contrasts[s.contrast] for s in some])
        limit = np.array([s.sign * s.limit for s in some])
        centre = hodges_lehmann(x)
        with np.errstate(invalid="ignore"):  # a value of 0 is -inf here
            moved = centre + (limit - centre) / widening(x)
        p[mine] = signed_rank_p(x, np.where(np.isfinite(centre), moved, limit))
    return p


def holm_of_groups(p, groups):
    """Holm's corrected p where the sides of a group are nested.

    Step down from the smallest p; each is multiplied by how many groups
    still have a side. At the first false call every group with a true null
    still has one, and the called side's p is no smaller than that of the
    true null of its group that is hardest to keep: so the sum over groups
    is at most alpha, whatever depends on what.
    """
    order = np.argsort(p, kind="stable")
    left = np.zeros(len(p))
    seen = set()
    for place in range(len(order) - 1, -1, -1):
        seen.add(groups[order[place]])
        left[place] = len(seen)
    result = np.empty(len(p))
    result[order] = np.minimum(np.maximum.accumulate(p[order] * left), 1.0)
    return result


# ---- the family -----------------------------------------------------------

def combined(ways, p):
    """All sides of a way, any of the ways."""
    return min(max(p[s] for s in way) for way in ways)


def family(contrasts, claims, alpha=0.01):
    """Tests every alternative of every claim at one family-wise level.

    contrasts   key -> {block: d}: log ratios in time order; a nan d takes no
                part
    claims      id -> {alternative: ways}, of beyond(), inside(), outside()
    -> id -> {alternative: {"p", "p_alone", "n", "shown", "reason"}}: p
    corrected over the family; p_alone of this alternative by itself (the
    least of its ways times their number); n of its contrast with fewest
    pairs; shown: p <= alpha; reason, in words, where n is so small that
    even pairs that all agree could not be called.
    ValueError: a side names a contrast that is not there, or an alternative
    without sides.

    Chance of any false call at most alpha whatever depends on what. Each
    contrast is taken to be symmetric about its centre, as it is where maps
    differ by a factor. A contrast that several claims share should have one
    key: it is corrected for once.
    """
    sides = sides_of(claims)
    refuse(claims, sides, contrasts)
    if not sides:
        return {name: {} for name in claims}
    known = {key: np.array([v for v in d.values() if not math.isnan(v)])
             for key, d in contrasts.items()}
    alone = exact_p(sides, known)
    groups = [s.group for s in sides]
    joint = holm_of_groups(alone, groups)
    counts = {key: len(d) for key, d in known.items()}
    found = (dict(zip(sides, joint)), dict(zip(sides, alone)), counts,
             alpha, family_needs(len(set(groups)), alpha)["least"])
    return {name: {a: row_of(ways, *found) for a, ways in asked.items()}
            for name, asked in claims.items()}


def refuse(claims, sides, contrasts):
    """ValueError of what cannot be tested, with its name."""
    for side in sides:
        if side.contrast not in contrasts:
            raise ValueError(f"no contrast {side.contrast!r}")
    for name, asked in claims.items():
        if not all(ways and all(ways) for ways in asked.values()):
            raise ValueError(f"claim {name!r}: an alternative has no sides")


def row_of(ways, joint, alone, counts, alpha, least):
    """One alternative, from p of sides."""
    n = int(min(counts[s.contrast] for way in ways for s in way))
    p = float(combined(ways, joint))
    return {"p": p, "n": n, "shown": p <= alpha,
            "p_alone": min(1.0, len(ways) * float(combined(ways, alone))),
            "reason": None if n >= least or p <= alpha
            else f"n<{least}"}


def family_needs(groups, alpha=0.01, spare=SPARE):
    """Pairs that a family of `groups` groups needs -> {"least", "spare"}.

    least: all pairs on one side can just be called, 2^-n <= alpha / groups
    (260 groups at 1 %: 15). spare: with a p `spare` times as small (18), so
    that one or two pairs may disagree: what to plan for at least.
    """
    least = math.ceil(math.log2(groups / alpha))
    return {"least": max(least, 1),
            "spare": max(math.ceil(math.log2(spare * groups / alpha)), 1)}
