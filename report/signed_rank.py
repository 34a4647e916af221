# SPDX-License-Identifier: Apache-2.0
"""Signed-rank methods: estimate, interval, and tests by flips.

One-sided tests make their null by flipping blocks: arm order inside a pair
is random, so under no difference the sign of a whole block may be flipped:
one coin per block, shared by all cells, keeps the correlation between
cells (Westfall and Young's max-T). That holds for every odd score of a
pair: its signed rank, or another one (report/biweight.py).
"""
import functools
import math

import numpy as np
from scipy.stats import norm, rankdata

EXACT_BELOW = 50  # pairs; from here on the normal approximation is used
FLIPS = 40_000  # at least 10 x cells / alpha for 40 cells at 1 %
CHUNK = 4_000  # flips at a time: bounds memory
MOST_CORRELATED = 0.95  # blocks are not taken for one: wider by 6.2 at most


@functools.lru_cache(maxsize=None)
def signed_rank_tail(n):
    """P(T <= t) for t = 0 .. n(n+1)/2, T = sum of a fair subset of 1 .. n.

    Dynamic programming over the ranks; exact in doubles below n = 50.
    """
    count = np.zeros(n * (n + 1) // 2 + 1)
    count[0] = 1.0
    for rank in range(1, n + 1):
        count[rank:] = count[rank:] + count[:-rank]
    return np.cumsum(count) / 2.0 ** n


def tail_of(level):
    """The chance beyond either end of an interval of that level; 1e-12 more,
    since chances and levels are rounded: one at the tail counts as reached."""
    return (1.0 - level) / 2.0 + 1e-12


def walsh_rank(n, level):
    """k such that [W(k), W(M + 1 - k)] covers with >= level; 0: n too small.

    W are the M = n(n+1)/2 sorted Walsh averages. Exact for n < 50, normal
    approximation with continuity correction from there on.
    """
    tail = tail_of(level)
    if n < EXACT_BELOW:
        return int(np.searchsorted(signed_rank_tail(n), tail, side="right"))
    mean = n * (n + 1) / 4.0
    sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
    return int(math.floor(mean + 0.5 - norm.isf(tail) * sd))


def needed_n_walsh(level):
    """Smallest n that has a signed-rank interval: 6 at 95 %, 8 at 99 %."""
    return math.ceil(1 - math.log2(1.0 - level))


def walsh(x):
    """Walsh averages (x_i + x_j) / 2, i <= j: (..., n) -> (..., n(n+1)/2)."""
    i, j = np.triu_indices(x.shape[-1])
    return (x[..., i] + x[..., j]) / 2.0


def hodges_lehmann(x):
    """Pseudo-median: median of the Walsh averages; (..., n) -> (...)."""
    return np.median(walsh(np.asarray(x, float)), axis=-1)


def signed_rank_interval(x, level=0.95):
    """Pseudo-median with its signed-rank interval, all cells at once.

    x (cells, n) or (n,), no nan -> centre, low, high of shape (cells,) or
    scalars, in the unit of x. low and high are nan where n is too small.
    """
    x = np.asarray(x, float)
    w = walsh(x)
    m = w.shape[-1]
    k = walsh_rank(x.shape[-1], level)
    middle = [(m - 1) // 2, m // 2]
    w = np.partition(w, sorted({*middle, max(k - 1, 0), m - max(k, 1)}), -1)
    centre = (w[..., middle[0]] + w[..., middle[1]]) / 2.0
    if k < 1:
        return centre, np.full_like(centre, np.nan), np.full_like(
            centre, np.nan)
    return centre, w[..., k - 1], w[..., m - k]


def widening(x):
    """Factor of the width of an interval of the centre of x (..., n), values
    in time order -> (...), at least 1.

    sqrt((1 + r) / (1 - r)), which is that of the mean of a first-order
    autoregression. r is the lag-1 correlation of the ranks. It is corrected
    for its bias, -(1 + 4 r) / n, and raised by one standard error, because a
    short series hides its correlation (docs/adr/0057).
    """
    ranks = rankdata(x, axis=-1)
    n = ranks.shape[-1]
    away = ranks - (n + 1) / 2.0
    square = np.sum(away ** 2, axis=-1)
    r = np.divide(np.sum(away[..., 1:] * away[..., :-1], axis=-1), square,
                  out=np.zeros_like(square), where=square > 0)
    r = (n * r + 1) / max(n - 4, 1) + 1 / math.sqrt(max(n - 3, 1))
    r = np.clip(r, 0.0, MOST_CORRELATED)
    return np.sqrt((1 + r) / (1 - r))


def serial_interval(x, level=0.95):
    """signed_rank_interval() of values in time order, its ends moved away
    from the centre by widening()."""
    centre, low, high = signed_rank_interval(x, level)
    wider = widening(x)
    return centre, centre - wider * (centre - low), \
        centre + wider * (high - centre)


@functools.lru_cache(maxsize=None)
def rank_p(n):
    """P(T <= t) as walsh_rank() takes it: exact below n = 50, then normal
    with continuity correction; (n(n+1)/2 + 1,)."""
    if n < EXACT_BELOW:
        return signed_rank_tail(n)
    mean = n * (n + 1) / 4.0
    sd = math.sqrt(n * (n + 1) * (2 * n + 1) / 24.0)
    return norm.cdf((np.arange(n * (n + 1) // 2 + 1) + 0.5 - mean) / sd)


def signed_rank_p(x, limit=0.0):
    """H0: the pseudo-median of x is <= limit; one-sided, against above it.

    x (cells, n) or (n,), no nan; limit of shape (cells,) or one number ->
    p of shape (cells,) or a scalar. Counts the Walsh averages above the
    limit, so that p <= tail exactly where signed_rank_interval() of level
    1 - 2 tail lies above the limit; a tie or a zero speaks for H0.
    """
    x = np.asarray(x, float)
    w = walsh(x)
    above = np.count_nonzero(w > np.asarray(limit)[..., None], axis=-1)
    return rank_p(x.shape[-1])[w.shape[-1] - above]


def signed_ranks(x):
    """sign(x) * rank|x| within each row; (cells, n) -> (cells, n).

    Ties get their mean rank; nan (a pair that was not measured) and 0 get
    0, so they do not take part.
    """
    x = np.asarray(x, float)
    result = np.zeros_like(x)
    for row, out in zip(x, result):
        part = ~np.isnan(row) & (row != 0)
        out[part] = np.sign(row[part]) * rankdata(np.abs(row[part]))
    return result


def unit_scores(x, score):
    """Scores of the rows of x, each row of length 1: (cells, blocks)."""
    scores = score(x)
    size = np.sqrt(np.sum(scores ** 2, axis=1))
    size[size == 0] = 1.0  # no pair at all: statistic 0, p = 1
    return scores / size[:, None]


def sign_flip_test(x, flips=FLIPS, seed=1, scores=(signed_ranks,)):
    """H0 of row c: the centre of x[c] is <= 0; one-sided, against > 0.

    x (cells, blocks), log ratios less the margin. One flip per block is
    shared by the rows. scores: functions like signed_ranks() of x, odd in
    each pair and blind to all signs but its own; of several, the largest
    statistic is the cell's, under each flip as in what was seen.
    -> {"p", "p_max_t", "p_holm", "by"}, each (cells,): p-values of each cell
    alone, and corrected over all cells in two ways; the index of the score
    that shows most.
    """
    units = [unit_scores(x, score) for score in scores]
    sums = np.array([unit.sum(axis=1) for unit in units])
    seen = sums.max(axis=0)
    rng = np.random.default_rng(seed)
    alone = np.ones(len(seen))
    jointly = np.ones(len(seen))
    done = 0
    while done < flips:
        size = min(CHUNK, flips - done)
        coin = rng.integers(0, 2, (size, units[0].shape[1])) * 2.0 - 1.0
        null = np.max([coin @ unit.T for unit in units], axis=0)
        # 1e-9: equal sums must count as equal whatever the rounding
        alone += np.sum(null >= seen - 1e-9, axis=0)
        worst = null.max(axis=1)
        jointly += np.sum(worst[:, None] >= seen - 1e-9, axis=0)
        done += size
    p = alone / (1 + flips)
    return {"p": p, "p_max_t": jointly / (1 + flips), "p_holm": holm(p),
            "by": sums.argmax(axis=0)}


def holm(p):
    """Holm's step-down corrected p-values; (cells,) -> (cells,)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(p.size, 0, -1)
    result = np.empty_like(p)
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result


def feasible(blocks, cells, alpha, flips=FLIPS):
    """Can a verdict be reached at all: 2^-blocks <= alpha / (10 cells) and
    flips >= 10 cells / alpha."""
    return (2.0 ** -blocks <= alpha / (10 * cells)
            and flips >= 10 * cells / alpha)
