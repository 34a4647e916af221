# SPDX-License-Identifier: Apache-2.0
"""Statistics of report, claims and gate: estimates and their intervals.

The one place where numbers are made from trials (docs/method.md). Callers
import this module alone. Exported from here: signed-rank methods
(signed_rank.py), Tukey's biweight (biweight.py), paired trials (paired.py), crossovers (crossover.py),
slopes on log-log lines (slopes.py), tests of many claims at once (family.py),
how many blocks (planning.py) and least squares (regression.py). A ratio of two
maps is of ratios(), a cell's throughput of throughputs(). Conventions:

- an array of shape (cells, n) holds n independent trials (or pairs of
  trials) of each cell; no function mixes cells unless it says so;
- a difference `d` is a log ratio ln(head / base) of costs, so + is slower,
  0.02 is about 2 %; costs are ns, rates are operations per second;
- `level` is the coverage of an interval (0.95), `alpha` that of a test;
- an interval that n is too small for is (nan, nan), never a guess: see
  needed_n() and needed_n_median().
"""
import functools
import math

import numpy as np
from scipy import stats as dist

from report.biweight import (biweight_interval, biweight_scores,  # noqa: F401
                             biweight_slot, mean_interval, scale_of,
                             tail_scores, widened)
from report.crossover import crossover  # noqa: F401
from report.family import (Side, beyond, family, family_needs,  # noqa: F401
                           inside, outside)
from report.paired import (clopper_pearson, detectable,  # noqa: F401
                           outliers, share_interval, shift, shift_interval,
                           sign_test, slot_adjusted, standard_error)
from report.planning import (least_blocks, rank_power,  # noqa: F401
                             visible_effect)
from report.regression import least_squares  # noqa: F401
from report.signed_rank import (feasible, hodges_lehmann,  # noqa: F401
                                holm, needed_n_walsh, sign_flip_test,
                                serial_interval, signed_rank_interval,
                                signed_rank_p, signed_rank_tail, signed_ranks,
                                walsh, walsh_rank, widening)
from report.slopes import block_slopes  # noqa: F401

RANKING_NEEDS = 6  # smallest n with a 95 % signed-rank interval
VERDICT_NEEDS = 20  # trials per arm that a gate or a claim needs (R11)


# ---- the contrast ---------------------------------------------------------

def log_ratio(base_cost, head_cost):
    """ln(head / base) of paired costs, any equal shapes; + is head slower.

    For rates swap the arguments: ln(rate_base / rate_head). A pair with a
    missing (nan) side stays nan.
    """
    return np.log(np.asarray(head_cost, float) / np.asarray(base_cost, float))


def percent(d):
    """Log ratio -> percent: 100 (e^d - 1); nan and infinities pass."""
    return 100.0 * np.expm1(d)


# ---- summaries ------------------------------------------------------------

def summarize(groups, level=0.95, log=True):
    """Centre and interval of every group at once: a dict of summaries.

    groups  dict key -> sequence of values > 0 in time order (n may differ;
            nan dropped)
    log     work on logarithms (costs, rates, ratios: anything positive)
    Result per key: {"n", "centre", "low", "high", "median", "reason"};
    centre is the pseudo-median; low and high are None with a reason where
    n is too small ("n<6"), all are None for n = 0.
    """
    by_n = {}
    for key, values in groups.items():
        values = np.asarray(values, float)
        values = values[~np.isnan(values)]
        by_n.setdefault(values.size, []).append((key, values))
    result = {}
    for n, members in by_n.items():
        keys = [key for key, _ in members]
        if n == 0:
            result.update((key, {
                "n": 0, "centre": None, "low": None, "high": None,
                "median": None, "reason": "no trial"}) for key in keys)
            continue
        x = np.array([values for _, values in members])
        y = serial_interval(np.log(x) if log else x, level)
        centre, low, high = np.exp(y) if log else y
        median = np.median(x, axis=1)
        short = np.isnan(low[0])
        for i, key in enumerate(keys):
            result[key] = {
                "n": n, "centre": float(centre[i]), "median": float(median[i]),
                "low": None if short else float(low[i]),
                "high": None if short else float(high[i]),
                "reason": f"n<{needed_n_walsh(level)}" if short else None}
    return {key: result[key] for key in groups}


def paired(over, under):
    """over / under in every block that both have, in the order of blocks,
    which is that of time; dicts block -> rate."""
    return [over[b] / under[b] for b in sorted(over.keys() & under.keys())]


def ratios(pairs, level=0.95):
    """Every ratio of two maps: key -> (over, under), as of paired() ->
    summaries as of summarize()."""
    return summarize({key: paired(*pair) for key, pair in pairs.items()},
                     level)


def throughputs(rates, level=0.95):
    """Every cell's throughput: key -> {block: rate [1/s]} -> summaries as of
    summarize() [million/s]. The interval is of the mean of this campaign: how
    fast the machine is on another day is not in it."""
    return summarize({key: [of[b] / 1e6 for b in sorted(of)]
                      for key, of in rates.items()}, level)


def trend(x, level=0.95):
    """Change of x (n,) per step, n >= 3: median slope over all pairs, with
    the interval of Kendall's statistic (Theil and Sen) -> slope, low, high;
    low and high None below the n that a ranking needs."""
    slope, _, low, high = dist.theilslopes(x, alpha=level)
    if len(x) < RANKING_NEEDS:
        return float(slope), None, None
    return float(slope), float(low), float(high)


# ---- order statistics -----------------------------------------------------

def needed_n(p, level=0.95):
    """Smallest n with an order-statistic interval for quantile p (R4).

    0.99 -> 368, 0.999 -> 3688 at 95 %.
    """
    tail = math.log((1.0 - level) / 2.0)
    return max(math.ceil(tail / math.log(p)), math.ceil(tail / math.log1p(-p)))


@functools.lru_cache(maxsize=None)
def quantile_ranks(n, p, level=0.95):
    """Ranks (l, u), 1-based, of the interval [X(l), X(u)]; None: n small."""
    if n < needed_n(p, level):
        return None
    tail = (1.0 - level) / 2.0
    low = int(dist.binom.ppf(tail, n, p))
    while dist.binom.cdf(low - 1, n, p) > tail:
        low -= 1
    high = int(dist.binom.ppf(1.0 - tail, n, p)) + 1
    return low, high


def quantile_interval(x, p, level=0.95):
    """Quantile p of samples x (n,), with its order-statistic interval.

    -> value, low, high in the unit of x; low, high nan if n < needed_n(p).
    The value is the inverse of the empirical distribution: X(ceil(n p)).
    """
    x = np.sort(np.asarray(x, float))
    value = x[max(math.ceil(x.size * p) - 1, 0)]
    ranks = quantile_ranks(x.size, p, level)
    if ranks is None:
        return value, np.nan, np.nan
    return value, x[ranks[0] - 1], x[ranks[1] - 1]


def median_interval(x, level=0.95):
    """Median of x (n,) with its order-statistic interval, as
    quantile_interval(); the value is the usual median."""
    _, low, high = quantile_interval(x, 0.5, level)
    return float(np.median(x)), low, high
