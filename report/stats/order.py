# SPDX-License-Identifier: Apache-2.0
"""Quantiles with order-statistic intervals (rule R4 of docs/method/rules.md)."""
import functools
import math

import numpy as np
import numpy.typing as npt
from scipy import stats as distributions


def needed_n(p: float, level: float = 0.95) -> int:
    """Smallest n that gives an order-statistic interval for quantile p, 0 < p < 1: at 95 %,
    368 for 0.99 and 3688 for 0.999."""
    tail = math.log((1.0 - level) / 2.0)
    # Subtracts 1e-9 because levels are rounded. Otherwise an exact bound could be rounded up to the
    # next n: the median would need 7 instead of 6 values.
    return math.ceil(max(tail / math.log(p), tail / math.log1p(-p)) - 1e-9)


@functools.lru_cache(maxsize=None)
def quantile_ranks(n: int, p: float, level: float = 0.95
                   ) -> tuple[int, int] | None:
    """Ranks (l, u), counted from 1, of the interval [X(l), X(u)], or None if n is too small.

    l is the largest rank with P(B < l) <= tail, and u the smallest with P(B >= u) <= tail, where
    B is binomial (n, p) and tail = (1 - level) / 2.
    """
    if n < needed_n(p, level):
        return None
    # Probabilities and levels are rounded, so a probability equal to the tail is accepted.
    tail = (1.0 - level) / 2.0 * (1.0 + 1e-9)
    near = int(distributions.binom.ppf(tail, n, p))
    low = max(rank for rank in (near, near + 1)
              if distributions.binom.cdf(rank - 1, n, p) <= tail)
    near = int(distributions.binom.isf(tail, n, p))
    high = min(rank for rank in (near, near + 1, near + 2)
               if distributions.binom.sf(rank - 1, n, p) <= tail)
    return low, high


def median_interval(x: npt.ArrayLike, level: float = 0.95
                    ) -> tuple[float, float, float]:
    """Median of x (n,) with its order-statistic interval: (value, low, high) in the unit of x.
    low and high are nan if n < needed_n(0.5)."""
    x = np.sort(np.asarray(x, float))
    centre = float(np.median(x))
    ranks = quantile_ranks(x.size, 0.5, level)
    if ranks is None:
        return centre, math.nan, math.nan
    return centre, float(x[ranks[0] - 1]), float(x[ranks[1] - 1])
