# SPDX-License-Identifier: Apache-2.0
"""Paired trials: the contrast, the slot effect and the smallest detectable slowdown.

`d` (pairs,) is ln(cost of the second arm / cost of the first arm). Both costs were measured in
fresh processes that ran one after the other; `base_first` (pairs,) is True if the first arm ran
first.
"""
import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from report.stats.arrays import Floats
from report.stats.signed_rank import (hodges_lehmann, signed_rank_interval,
                                      tail_of)


@dataclass(frozen=True)
class SlotAdjusted:
    """A contrast without the slot effect, and the slot effect. Both are log ratios, or nan if they
    do not exist. A positive `slot` means that the second trial of a pair is slower."""
    estimate: float
    low: float
    high: float
    slot: float
    slot_low: float
    slot_high: float


def log_ratio(base_cost: npt.ArrayLike, head_cost: npt.ArrayLike) -> Floats:
    """ln(head / base) of paired costs of equal shape; positive values mean that head is slower.

    For rates, swap the arguments: ln(rate_base / rate_head). A pair with a missing (nan) side
    stays nan.
    """
    d: Floats = np.log(np.asarray(head_cost, float)
                       / np.asarray(base_cost, float))
    return d


def percent(d: npt.ArrayLike) -> Floats:
    """Converts a log ratio to percent: 100 (e^d - 1); nan and infinities pass through."""
    change: Floats = 100.0 * np.expm1(np.asarray(d, float))
    return change


@functools.lru_cache(maxsize=None)
def rank_sum_tail(m: int, n: int) -> Floats:
    """Exact P(U <= u) for u = 0 .. m n of Mann and Whitney's U.

    Counts with the Gaussian binomial coefficient, in integers of any size.
    """
    count = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        up = n + i
        for u in range(m * n, up - 1, -1):
            count[u] -= count[u - up]
        for u in range(i, m * n + 1):
            count[u] += count[u - i]
    total = math.comb(m + n, m)
    result, cumulated = [], 0
    for c in count:
        cumulated += c
        result.append(cumulated / total)
    return np.array(result)


def shift_interval(x: npt.ArrayLike, y: npt.ArrayLike, level: float = 0.99
                   ) -> tuple[float, float]:
    """Interval (low, high) of the shift of x (m,) relative to y (n,), by Moses' order statistics of
    all x_i - y_j. Both are nan if m and n are too small."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    differences = np.sort(np.subtract.outer(x, y), axis=None)
    k = int(np.searchsorted(rank_sum_tail(len(x), len(y)), tail_of(level),
                            side="right"))
    if k < 1:
        return math.nan, math.nan
    return float(differences[k - 1]), float(differences[-k])


def shift(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Hodges and Lehmann's estimate of the shift of x (m,) relative to y (n,): the median
    of all x_i - y_j."""
    return float(np.median(np.subtract.outer(np.asarray(x, float),
                                             np.asarray(y, float))))


def slot_adjusted(d: npt.ArrayLike, base_first: npt.ArrayLike,
                  level: float = 0.99) -> SlotAdjusted:
    """Separates the contrast from the slot effect.

    The contrast is half the sum of the pseudo-medians of the two orders, and the slot effect is
    half their difference; both are nan if all pairs have the same order. The ends are also nan if
    there are too few pairs.
    """
    d, base_first = np.asarray(d, float), np.asarray(base_first, bool)
    first, second = d[base_first], d[~base_first]
    if not len(first) or not len(second):
        return SlotAdjusted(*[math.nan] * 6)
    a, b = float(hodges_lehmann(first)), float(hodges_lehmann(second))
    slot = (a - b) / 2.0
    low, high = shift_interval(first, second, level)
    adjusted = d - np.where(base_first, slot, -slot)
    _, d_low, d_high = signed_rank_interval(adjusted, level)
    return SlotAdjusted((a + b) / 2.0, float(d_low), float(d_high), slot,
                        low / 2.0, high / 2.0)


def standard_error(low: float, high: float, level: float = 0.99) -> float:
    """Standard error of a normal estimate with this interval."""
    return (high - low) / (2.0 * float(norm.isf((1.0 - level) / 2.0)))


def detectable(error: float, margin: float, alpha: float, cells: int = 1,
               power: float = 0.95) -> float:
    """Smallest slowdown that is detected with `power` in a family of `cells` tests at `alpha`;
    `error`, `margin` and the result are log ratios."""
    return margin + error * float(norm.isf(alpha / cells)
                                  + norm.isf(1.0 - power))
