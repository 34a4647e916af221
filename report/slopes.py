# SPDX-License-Identifier: Apache-2.0
"""Slope of a cost on a log-log line: is it O(1), is it linear.

A block is the replicate: it measures all points of the curve once, and its
own slope is the median over pairs of its points (Theil, Sen). Over blocks
there are two intervals. The signed-rank interval of the blocks' slopes holds
whatever a block does to its whole curve. The interval of Kendall's statistic,
summed over blocks, is narrower, and holds only where the points of a block
are disturbed one by one: a block whose small tables are fast and whose large
ones are slow, for a reason of its own, breaks it. `tests/long/stats_rates.py` prints
how often each holds the truth; the first is the one that is used.
"""
import functools

import numpy as np

from report.signed_rank import (needed_n_walsh, signed_rank_interval,
                                tail_of)


def pairwise(x, y):
    """Slopes between all pairs of points: x (points,), y (..., points) ->
    (..., pairs)."""
    i, j = np.triu_indices(len(x), 1)
    return (y[..., j] - y[..., i]) / (x[j] - x[i])


def block_slopes(x, y):
    """d ln y / d ln x of each block: the median over its pairs of points.

    x (points,) different values > 0, y (blocks, points) > 0 -> (blocks,).
    nan in, nan out. ValueError: fewer than two points, or equal x.
    """
    x, y = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    if len(x) < 2 or len(np.unique(x)) < len(x):
        raise ValueError("a slope needs two points or more, all different")
    return np.median(pairwise(x, y), axis=-1)


@functools.lru_cache(maxsize=None)
def disorder_tail(points, blocks):
    """P(K <= k), K = pairs out of order in random permutations of `points`
    values, summed over blocks; exact. Of a block, K is a sum of independent
    uniform numbers 0 .. i for i < points."""
    chance = np.ones(1)
    for size in range(2, points + 1):
        for _ in range(blocks):
            chance = np.convolve(chance, np.full(size, 1.0 / size))
    return np.cumsum(chance)


def kendall_interval(x, y, level=0.95):
    """Slopes b at which y - b x, points shuffled within each block, would
    not be unusual: x (points,), y (blocks, points), as they are plotted ->
    low, high; nan where so few points have none."""
    slopes = np.sort(pairwise(np.asarray(x, float), np.asarray(y, float)),
                     axis=None)
    k = int(np.searchsorted(disorder_tail(len(x), len(y)), tail_of(level),
                            side="right"))
    if k < 1:
        return np.nan, np.nan
    return float(slopes[k - 1]), float(slopes[-k])


def slope(x, y, level=0.95):
    """Exponent of y in x, with its interval by blocks.

    x      (points,) different values > 0: keys, threads, bytes
    y      (blocks, points) > 0: cost of each point in each block; a block
           with a missing (nan) point is left out
    -> {"slope", "low", "high", "n", "left_out", "kendall_low",
    "kendall_high", "bend", "reason"}: slope is the pseudo-median of the
    blocks' slopes, 0 for O(1) and 1 for linear; low and high its
    signed-rank interval, None with a reason where n is too small; bend how
    far, as a log ratio, the median curve is from the best line of that
    slope: large where one line is not what was measured (a cache that
    overflows). The Kendall interval is for looking at. To show that a slope
    is small, give block_slopes() to equivalence().
    """
    x, y = np.asarray(x, float), np.atleast_2d(np.asarray(y, float))
    whole = y[~np.isnan(y).any(axis=1)]
    result = {"slope": None, "low": None, "high": None, "n": len(whole),
              "left_out": len(y) - len(whole), "kendall_low": None,
              "kendall_high": None, "bend": None, "reason": None}
    if not len(whole):
        return result | {"reason": "no whole block"}
    centre, low, high = signed_rank_interval(block_slopes(x, whole), level)
    between = kendall_interval(np.log(x), np.log(whole), level)
    left = np.median(np.log(whole), axis=0) - centre * np.log(x)
    result |= {"slope": float(centre), "bend": float(np.ptp(left)) / 2.0}
    if not np.isnan(between[0]):
        result |= {"kendall_low": between[0], "kendall_high": between[1]}
    if np.isnan(low):
        return result | {"reason": f"n<{needed_n_walsh(level)}"}
    return result | {"low": float(low), "high": float(high)}
