# SPDX-License-Identifier: Apache-2.0
"""Summaries as dicts, for callers that interval.py has not replaced yet."""
import numpy as np
from scipy import stats as dist

from report.stats.signed_rank import needed_n_walsh, serial_interval

RANKING_NEEDS = 6  # smallest n with a 95 % signed-rank interval


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
