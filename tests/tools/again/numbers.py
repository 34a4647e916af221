# SPDX-License-Identifier: Apache-2.0
"""Centres, intervals and tests, by hand and by scipy."""
import functools
import math

import numpy as np
from scipy import stats

LEVEL = 0.95
FEW = 50  # scipy's exact null distribution of the rank sum ends here


@functools.lru_cache(maxsize=None)
def depth(n):
    """Which Walsh average from either end bounds the interval; 0: n values
    have none. The exact distribution of the rank sum, counted."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    return int(np.sum(np.cumsum(ways / 2.0 ** n) <= (1 - LEVEL) / 2))


def walsh(values):
    v = np.sort(np.asarray(values, float))
    i, j = np.triu_indices(len(v))
    return np.sort((v[i] + v[j]) / 2)


def on_logs(values, logs):
    """(values, what brings them back): logarithms where all have one."""
    values = list(values)
    if logs and values and min(values) > 0:
        return [math.log(v) for v in values], math.exp
    return values, float


def interval(values, logs=True):
    """(low, high) of the pseudo-median, or None: fewer than six values. On
    logarithms where all values have one, else as they are."""
    values, back = on_logs(values, logs)
    k = depth(len(values)) if values else 0
    if not k:
        return None
    averages = walsh(values)
    return back(averages[k - 1]), back(averages[-k])


def centre(values, logs=True):
    """The pseudo-median; None of no values."""
    values, back = on_logs(values, logs)
    return back(float(np.median(walsh(values)))) if values else None


def share_interval(hits, n, level=0.95):
    """Exact 95 % interval of a share (Clopper and Pearson)."""
    tail = (1 - level) / 2
    return (float(stats.beta.ppf(tail, hits, n - hits + 1)) if hits else 0.0,
            float(stats.beta.isf(tail, hits + 1, n - hits)) if hits < n else 1.0)


def p_above(values, limit):
    """One-sided p of: the values lie above a limit (signed ranks of logs)."""
    x = np.array([math.log(v / limit) if v > 0 else -math.inf
                  for v in values])
    x = x[np.abs(x) > 1e-12]
    if not len(x):
        return 1.0
    method = "exact" if len(x) < FEW else "approx"
    return float(stats.wilcoxon(x, alternative="greater",
                                method=method).pvalue)


def p_below(values, limit):
    return p_above([1 / v if v > 0 else math.inf for v in values], 1 / limit)


def holm(ps):
    """{key: p} corrected over all of them: Holm's step-down."""
    found, worst = {}, 0.0
    for i, key in enumerate(sorted(ps, key=lambda k: (ps[k], k))):
        worst = max(worst, min(1.0, (len(ps) - i) * ps[key]))
        found[key] = worst
    return found


def log_slope(points):
    """Slope of ln y on ln x: Theil's median of the slopes of all pairs."""
    x, y = np.log(np.array(points, float)).T
    return float(stats.theilslopes(y, x).slope)


def term_of(rows, names, term):
    """Coefficient of one term of a least-squares fit.

    rows -- [y, term, term ...] of each window; terms that do not vary are
            left out. None: fewer than 20 rows, or the term did not vary.
    """
    data = np.array(rows, float)
    if len(data) < 20:
        return None
    kept = [i for i in range(len(names)) if np.ptp(data[:, 1 + i]) > 0]
    if names.index(term) not in kept:
        return None
    x = np.column_stack([np.ones(len(data))] + [data[:, 1 + i] for i in kept])
    fit = np.linalg.lstsq(x, data[:, 0], rcond=None)[0]
    return float(fit[1 + kept.index(names.index(term))])
