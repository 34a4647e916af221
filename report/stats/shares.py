# SPDX-License-Identifier: Apache-2.0
"""Exact intervals and tests for counted events."""
from scipy import stats as distributions


def clopper_pearson(hits: int, n: int, level: float = 0.95) -> float:
    """One-sided exact upper bound of the probability of an event with `hits` in n trials."""
    if hits >= n:
        return 1.0
    return float(distributions.beta.ppf(level, hits + 1, n - hits))


def share_interval(hits: int, n: int, level: float = 0.95
                   ) -> tuple[float, float]:
    """Returns (low, high) by clopper_pearson() on both sides, each at half the error."""
    side = (1 + level) / 2
    return (1 - clopper_pearson(n - hits, n, side),
            clopper_pearson(hits, n, side))


def sign_test(up: int, down: int) -> float:
    """Two-sided exact p of `up` against `down` if both are equally likely."""
    if up + down == 0:
        return 1.0
    return float(distributions.binomtest(up, up + down).pvalue)
