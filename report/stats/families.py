# SPDX-License-Identifier: Apache-2.0
"""Corrects all claims about speed for one common level, with Holm's method.

A claim has alternatives ("as claimed", "opposite", "inside the band" ...). The tests are about
simpler statements, called sides: the pseudo-median of one contrast is beyond one limit. Sides are
corrected over the whole family, and alternatives are combined from corrected sides. An alternative
that needs all of its sides gets their largest p. If it needs only one of several sets of sides, it
gets the smallest p of the sets. If no side is accepted wrongly, no alternative is.

The family is smaller than its number of sides for two reasons. Sides of one contrast in one
direction are nested: "beyond 20 %" implies "beyond 2 %", which therefore has a p that is not
larger. Also, only one of a claim's alternatives can be true. The correction therefore counts groups
(contrasts times directions), not limits.
"""
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from report.stats.arrays import Floats
from report.stats.signed_rank import hodges_lehmann, signed_rank_p, widening

Group = tuple[Hashable, int]
K = TypeVar("K")
# Standard errors that widening() adds. In simulated families with an error of 1 %, 300 groups and a
# lag-1 correlation of 0.4, one standard error leads to a wrong side in 2 to 4 % of families. Two
# standard errors lead to a wrong side in 0.4 to 1.2 %.
ERRORS = 2.0


@dataclass(frozen=True)
class Side:
    """The statement sign * (pseudo-median - limit) > 0. `contrast` is a key of the data, `sign`
    is +1 or -1, and `limit` is a log ratio."""
    contrast: Hashable
    sign: int
    limit: float

    @property
    def group(self) -> Group:
        return self.contrast, self.sign


Way = tuple[Side, ...]  # all of these sides must hold
Alternative = tuple[Way, ...]  # at least one of these ways must hold


def beyond(contrasts: Iterable[Hashable], sign: int, limit: float
           ) -> Alternative:
    """The alternative that every contrast is beyond sign * limit in that direction. `limit` is a
    log ratio."""
    return (tuple(Side(c, sign, sign * limit) for c in contrasts),)


def inside(contrasts: Iterable[Hashable], low: float, high: float
           ) -> Alternative:
    """The alternative that every contrast lies between the log ratios `low` and `high`."""
    return (tuple(s for c in contrasts
                  for s in (Side(c, 1, low), Side(c, -1, high))),)


def outside(contrasts: Sequence[Hashable], low: float, high: float
            ) -> Alternative:
    """The alternative that all contrasts lie below `low`, or all lie above `high`."""
    return (tuple(Side(c, -1, low) for c in contrasts),
            tuple(Side(c, 1, high) for c in contrasts))


# ---- sides ----------------------------------------------------------------

def exact_p(sides: Sequence[Side],
            contrasts: Mapping[Hashable, Sequence[float]]) -> Floats:
    """p of each side alone: signed_rank_p() for its limit, which widening() moves towards the
    centre. Contrasts with equal numbers of pairs are computed together.
    """
    p = np.ones(len(sides))
    counts = np.array([len(contrasts[s.contrast]) for s in sides])
    for n in np.unique(counts[counts > 0]):
        places = np.flatnonzero(counts == n)
        some = [sides[i] for i in places]
        x = np.array([s.sign * np.asarray(contrasts[s.contrast])
                      for s in some])
        limit = np.array([s.sign * s.limit for s in some])
        centre = hodges_lehmann(x)
        with np.errstate(invalid="ignore"):  # the logarithm of 0 is -inf
            moved = centre + (limit - centre) / widening(x, ERRORS)
        p[places] = signed_rank_p(x, np.where(np.isfinite(centre), moved,
                                              limit))
    return p


def holm_of_groups(p: Floats, groups: Sequence[Hashable]) -> Floats:
    """Holm's corrected p values for groups whose sides are nested.

    Step down from the smallest p; multiply each by the number of groups that still have a side.
    At the first false rejection every group with a true null hypothesis still has a side, and
    the rejected side's p is at least the p of its group's hardest true null hypothesis.
    The sum over groups is therefore at most alpha, for any dependence between them.
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

def family(contrasts: Mapping[Hashable, Sequence[float]],
           claims: Mapping[K, Mapping[str, Alternative]]
           ) -> dict[K, dict[str, float]]:
    """Corrected p of every alternative of every claim.

    - contrasts: log ratios in time order, without nan, by key
    - claims: the alternatives of each claim, from beyond(), inside() and outside()

    Raises ValueError if a side names a missing contrast, or if an alternative has no sides.

    If every alternative with p <= alpha is accepted, the probability of any false one is at most
    alpha, for any dependence between them. Each contrast is assumed to be symmetric about its
    centre, which holds if maps differ by a factor. If several claims share a contrast, they
    should use one key, because the contrast is then counted once.
    """
    sides = list(dict.fromkeys(side for name, alternatives in claims.items()
                               for side in checked(name, alternatives)))
    for side in sides:
        if side.contrast not in contrasts:
            raise ValueError(f"no contrast {side.contrast!r}")
    joint = holm_of_groups(exact_p(sides, contrasts),
                           [s.group for s in sides])
    p = dict(zip(sides, joint.tolist()))
    return {name: {a: min(max(p[s] for s in way) for way in ways)
                   for a, ways in alternatives.items()}
            for name, alternatives in claims.items()}


def checked(name: object, alternatives: Mapping[str, Alternative]
            ) -> Iterable[Side]:
    """Yields the sides of a claim. Raises ValueError if an alternative has no sides."""
    for ways in alternatives.values():
        if not ways or not all(ways):
            raise ValueError(f"claim {name!r}: an alternative has no sides")
        for way in ways:
            yield from way
