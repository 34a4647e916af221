# SPDX-License-Identifier: Apache-2.0
"""Signed-rank intervals by brute force: all Walsh averages, sorted, and the
exact distribution of the rank sum, counted."""
import functools
import math
import statistics

import numpy as np
from scipy.stats import norm


@functools.lru_cache(maxsize=None)
def tail(n):
    """P(rank sum <= w) for w = 0, 1, ...: every sign of every rank."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1.0
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    return np.cumsum(ways / 2.0 ** n)


def walsh(values):
    """Averages of all pairs, each value with itself included, sorted."""
    v = np.asarray(values, float)
    i, j = np.triu_indices(len(v))
    return np.sort((v[i] + v[j]) / 2.0)


def depth(n, level):
    """How many averages to leave out on either side, plus one; 0: none."""
    inside = tail(n) <= (1.0 - level) / 2.0 * (1 + 1e-12)
    return int(np.sum(inside))


def approximate_depth(n, level):
    """The same by the normal approximation of the rank sum."""
    mean, sd = n * (n + 1) / 4, math.sqrt(n * (n + 1) * (2 * n + 1) / 24)
    return max(int(mean + norm.ppf((1.0 - level) / 2.0) * sd), 0)


class Estimate:
    """exp() of the pseudo-median of logs and of its interval."""

    def __init__(self, logs, level=0.95):
        self.n = len(logs)
        self.centre = self.low = self.high = None
        if not logs:
            return
        self.averages = walsh(logs)
        self.centre = math.exp(statistics.median(self.averages))
        self.low, self.high = self.interval(level)

    def interval(self, level):
        """(low, high) at a level, or (None, None) where n has none."""
        k = depth(self.n, level) if self.n else 0
        return self.at(k) if k else (None, None)

    def at(self, k):
        return (math.exp(self.averages[k - 1]), math.exp(self.averages[-k]))

    def spans(self, level=0.95):
        """Every interval that may be printed: from n = 50 on the rank sum
        may be approximated, which moves an end by one average."""
        first = self.interval(level)
        if self.n < 50:
            return [first]
        k = approximate_depth(self.n, level)
        return [first] + [self.at(i) for i in (k - 1, k, k + 1) if i > 0]
