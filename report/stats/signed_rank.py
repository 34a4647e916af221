# SPDX-License-Identifier: Apache-2.0
"""Signed-rank methods: the pseudo-median, its interval, and one-sided p values.

Each row of an array of shape (cells, n) has n values of one cell in time order.
Intervals are nan if n is too small.
"""
import functools
import math

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

from report.stats.arrays import Floats

EXACT_UP_TO = 200  # number of pairs; above it, the normal approximation is used
MOST_CORRELATED = 0.95  # limits widening() to a factor of 6.2


@functools.lru_cache(maxsize=None)
def signed_rank_tail(n: int) -> Floats:
    """P(T <= t) for t = 0 .. n(n+1)/2, where T is the sum of a fair random subset of 1 .. n.

    Computed by dynamic programming over the ranks; the relative error is below n times 1e-16.
    """
    count = np.zeros(n * (n + 1) // 2 + 1)
    count[0] = 1.0
    for rank in range(1, n + 1):
        count[rank:] = count[rank:] + count[:-rank]
    tail: Floats = np.cumsum(count) / 2.0 ** n
    return tail


def tail_of(level: float) -> float:
    """Probability beyond either end of an interval of this level. Adds 1e-12, so that a probability
    that equals the tail is accepted in spite of rounding."""
    return (1.0 - level) / 2.0 + 1e-12


def normal_rank_sum(n: int) -> tuple[float, float]:
    """Mean and standard deviation of the rank sum T."""
    return n * (n + 1) / 4.0, math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)


@functools.lru_cache(maxsize=None)
def rank_p(n: int) -> Floats:
    """P(T <= t) for walsh_rank(), (n(n+1)/2 + 1,): exact up to EXACT_UP_TO, and beyond it normal
    with continuity correction."""
    if n <= EXACT_UP_TO:
        return signed_rank_tail(n)
    mean, sd = normal_rank_sum(n)
    p: Floats = norm.cdf((np.arange(n * (n + 1) // 2 + 1) + 0.5 - mean) / sd)
    return p


def walsh_rank(n: int, level: float) -> int:
    """Returns the k for which [W(k), W(M + 1 - k)] has at least the coverage `level`; Returns 0 if
    n is too small. W are the M = n(n+1)/2 sorted Walsh averages. Agrees with rank_p(), but needs no
    table for large n."""
    tail = tail_of(level)
    if n <= EXACT_UP_TO:
        return int(np.searchsorted(signed_rank_tail(n), tail, side="right"))
    mean, sd = normal_rank_sum(n)
    return math.floor(mean + 0.5 - float(norm.isf(tail)) * sd)


def needed_n_walsh(level: float) -> int:
    """Smallest n that has a signed-rank interval: 6 at 95 %, 8 at 99 %."""
    return math.ceil(1 - math.log2(1.0 - level))


def walsh(x: Floats) -> Floats:
    """Walsh averages (x_i + x_j) / 2, i <= j, of x (..., n): (..., n(n+1)/2)."""
    i, j = np.triu_indices(x.shape[-1])
    averages: Floats = (x[..., i] + x[..., j]) / 2.0
    return averages


def hodges_lehmann(x: npt.ArrayLike) -> Floats:
    """Pseudo-median of x (..., n), which is the median of its Walsh averages: (...)."""
    centre: Floats = np.median(walsh(np.asarray(x, float)), axis=-1)
    return centre


def signed_rank_interval(x: npt.ArrayLike, level: float = 0.95
                         ) -> tuple[Floats, Floats, Floats]:
    """Pseudo-median with its signed-rank interval, for all cells at once.

    x is (cells, n) or (n,), without nan. Returns centre, low and high of shape (cells,) or as
    scalars, in the unit of x. low and high are nan if n is too small.
    """
    x = np.asarray(x, float)
    w = walsh(x)
    m = w.shape[-1]
    k = walsh_rank(x.shape[-1], level)
    middle = [(m - 1) // 2, m // 2]
    w = np.partition(w, sorted({*middle, max(k - 1, 0), m - max(k, 1)}), -1)
    centre = (w[..., middle[0]] + w[..., middle[1]]) / 2.0
    if k < 1:
        missing = np.full_like(centre, np.nan)
        return centre, missing, missing
    return centre, w[..., k - 1], w[..., m - k]


def mean_ranks(x: Floats) -> Floats:
    """Returns rankdata() within each row of x (..., n). Without ties, all rows are sorted at once,
    which is ten times as fast."""
    order = np.argsort(x, axis=-1)
    ascending = np.take_along_axis(x, order, -1)
    if np.any(ascending[..., 1:] == ascending[..., :-1]):
        ranks: Floats = rankdata(x, axis=-1)
    else:
        ranks = np.argsort(order, axis=-1) + 1.0
    return ranks


def rank_lag1(x: npt.ArrayLike) -> Floats:
    """Lag-1 correlation (...) of the ranks of x (..., n), whose values are in time order,
    corrected for its bias of -(1 + 4 r) / n."""
    ranks = mean_ranks(np.asarray(x, float))
    n = ranks.shape[-1]
    away = ranks - (n + 1) / 2.0
    square = np.sum(away ** 2, axis=-1)
    r: Floats = np.divide(np.sum(away[..., 1:] * away[..., :-1], axis=-1),
                          square, out=np.zeros_like(square), where=square > 0)
    return (n * r + 1) / max(n - 4, 1)


def widening(x: npt.ArrayLike, errors: float = 1.0,
             shared: npt.ArrayLike | None = None) -> Floats:
    """Factor (...), at least 1, by which an interval of the centre of x (..., n) must be wider
    because its values, in time order, are correlated.

    The factor is sqrt((1 + r) / (1 - r)), as for the mean of a first-order autoregression. r is
    rank_lag1() plus `errors` standard errors, because a short series hides its correlation
    (docs/adr/0057). `shared` has the r of series with the same noise (...), or nan if unknown.
    If `shared` is known, r is the larger of `shared` and rank_lag1() minus one standard error.
    """
    x = np.asarray(x, float)
    r, error = rank_lag1(x), 1 / math.sqrt(max(x.shape[-1] - 3, 1))
    limit = np.asarray(math.nan if shared is None else shared)
    r = np.where(np.isnan(limit), r + errors * error, np.maximum(limit, r - error))
    r = np.clip(r, 0.0, MOST_CORRELATED)
    wider: Floats = np.sqrt((1 + r) / (1 - r))
    return wider


def own_noise(x: npt.ArrayLike) -> Floats:
    """Noise of x (k, n), which are k > 1 series in the same n blocks, without the level of each
    series and without the changes that the other series share in a block."""
    series = np.asarray(x, float)
    series = series - np.median(series, axis=1)[:, None]
    noise: Floats = series - np.array([
        np.median(np.delete(series, i, axis=0), axis=0)
        for i in range(len(series))])
    return noise


def shared_lag1(x: npt.ArrayLike) -> float:
    """The argument `shared` for widening(), from own_noise() of x (k, n), k > 2: the mean of
    rank_lag1() plus half a standard error of that mean."""
    noise = own_noise(x)
    k, n = noise.shape
    error = 1 / math.sqrt((k - 1) * max(n - 3, 1))
    return float(np.mean(rank_lag1(noise))) + error / 2


def serial_interval(x: npt.ArrayLike, level: float = 0.95,
                    shared: npt.ArrayLike | None = None
                    ) -> tuple[Floats, Floats, Floats]:
    """Returns signed_rank_interval() of values in time order, with its ends moved away from the
    centre by widening()."""
    centre, low, high = signed_rank_interval(x, level)
    wider = widening(x, shared=shared)
    return centre, centre - wider * (centre - low), \
        centre + wider * (high - centre)


def signed_rank_p(x: npt.ArrayLike, limit: npt.ArrayLike = 0.0) -> Floats:
    """Returns p of the null hypothesis that the pseudo-median of x is <= limit. The alternative is
    that it is larger.

    x is (cells, n) or (n,), without nan; limit has the shape (cells,) or is one number. p has the
    shape (cells,) or is a scalar. Counts the Walsh averages above the limit, so that p <= tail
    exactly if signed_rank_interval() of level 1 - 2 tail lies above the limit; a tie or a zero
    counts for the null hypothesis.
    """
    x = np.asarray(x, float)
    w = walsh(x)
    above = np.count_nonzero(w > np.asarray(limit)[..., None], axis=-1)
    p: Floats = rank_p(x.shape[-1])[w.shape[-1] - above]
    return p
