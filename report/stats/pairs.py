# SPDX-License-Identifier: Apache-2.0
"""Paired trials: slot effect and smallest detectable slowdown.

`d` is (pairs,): ln(cost of the second arm / cost of the first arm), both
measured by fresh trials one right after the other; `base_first` (pairs,)
says which of the two went first.
"""
import functools
import math

import numpy as np
from scipy import stats as dist

from report.stats.signed_rank import hodges_lehmann, signed_rank_interval, tail_of


def log_ratio(base_cost, head_cost):
    """ln(head / base) of paired costs, any equal shapes; + is head slower.

    For rates swap the arguments: ln(rate_base / rate_head). A pair with a
    missing (nan) side stays nan.
    """
    return np.log(np.asarray(head_cost, float) / np.asarray(base_cost, float))


def percent(d):
    """Log ratio -> percent: 100 (e^d - 1); nan and infinities pass."""
    return 100.0 * np.expm1(d)


@functools.lru_cache(maxsize=None)
def rank_sum_tail(m, n):
    """P(U <= u) for u = 0 .. m n of Mann and Whitney's U, exact.

    Counts by the Gaussian binomial, in whole numbers of any size.
    """
    count = [1] + [0] * (m * n)
    for i in range(1, m + 1):
        up = n + i
        for u in range(m * n, up - 1, -1):
            count[u] -= count[u - up]
        for u in range(i, m * n + 1):
            count[u] += count[u - i]
    total = math.comb(m + n, m)
    result, upto = [], 0
    for c in count:
        upto += c
        result.append(upto / total)
    return np.array(result)


def shift_interval(x, y, level=0.99):
    """Interval of the shift of x (m,) against y (n,): Moses' order
    statistics of all x_i - y_j. -> low, high; nan where m, n are small."""
    differences = np.sort(np.subtract.outer(x, y), axis=None)
    k = int(np.searchsorted(rank_sum_tail(len(x), len(y)), tail_of(level),
                            side="right"))
    if k < 1:
        return np.nan, np.nan
    return differences[k - 1], differences[-k]


def shift(x, y):
    """Hodges and Lehmann's estimate of the shift of x (m,) against y (n,):
    the median of all x_i - y_j."""
    return float(np.median(np.subtract.outer(x, y)))


def slot_adjusted(d, base_first, level=0.99):
    """Contrast free of the slot effect, and the slot effect itself.

    Half the sum and half the difference of the pseudo-medians of the two
    orders; slot > 0: whoever goes second is slower. -> dict of log ratios
    "estimate", "low", "high", "slot", "slot_low", "slot_high"; nan where a
    value does not exist (all pairs in one order, or too few).
    """
    d, base_first = np.asarray(d, float), np.asarray(base_first, bool)
    first, second = d[base_first], d[~base_first]
    if not len(first) or not len(second):
        nan = float("nan")
        return dict.fromkeys(("estimate", "low", "high", "slot", "slot_low",
                              "slot_high"), nan)
    a, b = hodges_lehmann(first), hodges_lehmann(second)
    slot = (a - b) / 2.0
    low, high = shift_interval(first, second, level)
    adjusted = d - np.where(base_first, slot, -slot)
    _, d_low, d_high = signed_rank_interval(adjusted, level)
    return {"estimate": float((a + b) / 2.0), "low": float(d_low),
            "high": float(d_high), "slot": float(slot),
            "slot_low": float(low) / 2.0, "slot_high": float(high) / 2.0}


def standard_error(low, high, level=0.99):
    """Standard error that an interval of a normal estimate stands for."""
    return (high - low) / (2.0 * dist.norm.isf((1.0 - level) / 2.0))


def detectable(error, margin, alpha, cells=1, power=0.95):
    """Smallest slowdown found with `power` in a family of `cells` tests at
    `alpha`; error and margin are log ratios, and so is the result."""
    return margin + (dist.norm.isf(alpha / cells)
                     + dist.norm.isf(1.0 - power)) * error


def clopper_pearson(hits, n, level=0.95):
    """One-sided exact upper bound of a probability: hits in n draws."""
    if hits >= n:
        return 1.0
    return float(dist.beta.ppf(level, hits + 1, n - hits))


def share_interval(hits, n, level=0.95):
    """(low, high): the same bound on either side, each of half the rest."""
    side = (1 + level) / 2
    return (1 - clopper_pearson(n - hits, n, side),
            clopper_pearson(hits, n, side))


def sign_test(up, down):
    """Two-sided exact p of `up` against `down` at even odds (R32)."""
    if up + down == 0:
        return 1.0
    return float(dist.binomtest(up, up + down).pvalue)


def outliers(x):
    """Class of each value of x (n,) by Tukey's fences: 0 none, 1 mild
    (1.5 spreads), 2 severe (3). For showing; nothing is dropped (R25)."""
    low, high = np.percentile(x, [25, 75])
    away = np.maximum(low - np.asarray(x), np.asarray(x) - high)
    return (away > 1.5 * (high - low)).astype(int) + (away > 3 * (high - low))
