# SPDX-License-Identifier: Apache-2.0
"""Computes how many blocks a question needs, and the effect that a given number of blocks
can detect.

The module uses the signed-rank test itself instead of a normal test with a correction factor. At
the levels of a family (1 % over 260 groups) twenty pairs are few: the normal formula promises to
detect 1.3 standard deviations, but 1.7 are needed.
"""
import functools
import math

import numpy as np
from scipy import special
from scipy import stats as dist
from scipy.optimize import brentq

from report.stats.signed_rank import walsh_rank

MOST_BLOCKS = 100_000  # upper limit for all plans


@functools.lru_cache(maxsize=4096)
def both_above(effect: float) -> float:
    """P(x + y > 0 and x + z > 0) of independent normal values with this centre and standard
    deviation 1, by the trapezoidal rule over x."""
    x = np.linspace(effect - 10.0, effect + 10.0, 2001)
    return float(np.sum(dist.norm.pdf(x - effect)
                        * dist.norm.cdf(x + effect) ** 2) * (x[1] - x[0]))


def rank_power(n: int, effect: float, alpha: float) -> float:
    """Probability that the one-sided signed-rank test of n pairs at alpha detects an effect with
    normal noise; 0 if n pairs cannot reach alpha. The effect is in standard deviations of a pair.

    Uses the test's exact limit. The rank sum has its mean and variance under the effect (Lehmann,
    Nonparametrics, 1975, section 4.2). The sum is modelled as a beta variable on its own range,
    because it is skewed near its upper end, where small families decide. The result is within 0.03
    of simulated tests for n >= 8.
    """
    k = walsh_rank(n, 1.0 - 2.0 * alpha)
    if k < 1:
        return 0.0
    one, two = dist.norm.cdf(effect), dist.norm.cdf(math.sqrt(2.0) * effect)
    mean = n * one + n * (n - 1) / 2.0 * two
    variance = (n * one * (1 - one)
                + n * (n - 1) / 2.0 * (2 * (one - two) ** 2
                                       + 3 * two * (1 - two))
                + n * (n - 1) * (n - 2) * (both_above(effect) - two ** 2))
    most = n * (n + 1) / 2.0 + 1.0
    against = k / most  # detected below this value; the range is half a rank longer
    centre, spread = (mean + 0.5) / most, variance / most ** 2
    if spread < 1e-12:  # all pairs agree, within the precision of doubles
        return float(1.0 - centre < against)
    size = centre * (1.0 - centre) / spread - 1.0
    return float(special.betainc((1.0 - centre) * size, centre * size,
                                 against))


def visible_effect(n: int, spread: float, alpha: float, power: float = 0.95
                   ) -> float | None:
    """Smallest effect that n pairs detect with `power`, in the unit of `spread` (the standard
    deviation of a pair), or None if n cannot reach alpha. For a family of tests, pass alpha divided
    by its number of groups."""
    if rank_power(n, 8.0, alpha) < power:
        return None
    return spread * float(brentq(
        lambda e: rank_power(n, e, alpha) - power, 0.0, 8.0))


def least_blocks(effect: float, alpha: float, power: float) -> int | None:
    """Smallest n with this power; the effect is in standard deviations of a pair. Returns None if
    that number is above MOST_BLOCKS. Power grows with n, except for the steps of exact limits, so
    the result of the bisection may differ from the smallest n by one such step."""
    effect = min(effect, 8.0)  # beyond 8, the number of blocks depends only on alpha
    low = math.ceil(-math.log2(alpha)) - 1  # largest n that cannot reach alpha
    if rank_power(MOST_BLOCKS, effect, alpha) < power:
        return None
    high = MOST_BLOCKS
    while high - low > 1:
        n = (low + high) // 2
        low, high = ((low, n) if rank_power(n, effect, alpha) >= power
                     else (n, high))
    return high
