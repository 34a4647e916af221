# SPDX-License-Identifier: Apache-2.0
"""Bootstrap interval of a median, without drawing.

What all resamples of n values give is known: their median is the mean of
two order statistics, whose joint chance follows from counting (Efron, CBMS
38, 1982, chapter 10, has it for one). So there is no seed, and no error of
drawing.
"""
import functools
import math

import numpy as np

BOOTSTRAP_NEEDS = 30  # n from which the interval holds its level


@functools.lru_cache(maxsize=None)
def median_chances(n):
    """(i, j, chance), flat: with which chance the two middle values of a
    resample of n values are the ones of rank i <= j (from 0); for odd n the
    middle one, i = j."""
    rank = np.arange(n + 1) / n
    if n % 2:
        half = (n + 1) // 2
        upto = np.array([binomial_tail(n, half, p) for p in rank])
        return np.arange(n), np.arange(n), np.diff(upto)
    half = n // 2
    lower = np.diff(rank ** half)  # half of them <= i, one of them i
    upper = -np.diff((1 - rank) ** half)  # half of them >= j, one of them j
    i, j = np.triu_indices(n, 1)
    apart = math.comb(n, half) * lower[i] * upper[j]
    upto = np.array([binomial_tail(n, half, p) for p in rank])
    same = np.diff(upto) - np.bincount(i, apart, n)
    return (np.append(i, np.arange(n)), np.append(j, np.arange(n)),
            np.append(apart, np.maximum(same, 0.0)))


def binomial_tail(n, k, p):
    """P(at least k of n at chance p)."""
    return math.fsum(math.comb(n, m) * p ** m * (1 - p) ** (n - m)
                     for m in range(k, n + 1))


def bootstrap_median_interval(x, level=0.95):
    """Median of x with its percentile interval over all resamples.

    x (cells, n) or (n,), no nan, n >= 2 -> centre, low, high of shape
    (cells,) or scalars, in the unit of x. From n = BOOTSTRAP_NEEDS on it
    covers about as often as it says; median_interval() does for any n.
    """
    x = np.sort(np.asarray(x, float), axis=-1)
    i, j, chance = median_chances(x.shape[-1])
    middle = (x[..., i] + x[..., j]) / 2.0
    order = np.argsort(middle, axis=-1, kind="stable")
    upto = np.cumsum(chance[order], axis=-1)
    ends = []
    # 1e-12: a chance that is the tail up to rounding counts as reaching it
    for tail in ((1.0 - level) / 2.0, (1.0 + level) / 2.0):
        at = np.argmax(upto >= tail - 1e-12, axis=-1)[..., None]
        pick = np.take_along_axis(order, at, -1)
        ends.append(np.take_along_axis(middle, pick, -1)[..., 0])
    return (np.median(x, axis=-1), *ends)
