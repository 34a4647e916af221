# SPDX-License-Identifier: Apache-2.0
"""Computes the smallest ratio of two maps that the decision rule of the page detects.

The rule calls a map faster if the lower end of the serial interval of the ln ratios, at the level
that all pairs of the family share, lies above ln(margin). The lower end moves with the ratio and
scales with the noise. The lower ends of simulated series without an effect therefore give the
detectable effect in standard deviations, without a search.
"""
import functools
import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from report.stats.arrays import Floats
from report.stats.signed_rank import (MOST_CORRELATED, needed_n_walsh,
                                      serial_interval)

ERROR = 0.05  # family-wise error of the rule
MARGIN = 1.02  # smaller ratios do not matter
POWER = 0.9
SEED = 20261129
STEP = 0.05  # lag-1 correlations are rounded to multiples of this
SERIES = 4_000  # largest number of simulated series
AVERAGES = 2_000_000  # largest number of Walsh averages of all series, which limits time and memory
SHAMOS = 1.0483  # converts the median of |x_i - x_j| to the standard deviation of normal values
CAUTION = 0.5  # standard errors added to the lag-1 correlation


class Noise(NamedTuple):
    """The noise of ln ratios in time order."""
    sd: float
    lag1: float  # correlation of neighbours


def noise_of(x: npt.ArrayLike) -> Noise:
    """Estimates the noise of the ln ratios x (n,), n >= 6, in time order.

    sd is Shamos' estimate, which tolerates as many outliers as the pseudo-median. The lag-1
    correlation is corrected for its bias and increased by CAUTION standard errors. If X is
    smallest_visible() for the noise of one campaign, 85 to 96 % of other campaigns detect a
    difference of X (test_stats_power.py). An AR(1) series underestimates sd; the last factor
    corrects its mean square.
    """
    values = np.asarray(x, float)
    n = len(values)
    away = values - np.mean(values)
    square = float(away @ away)
    r = float(away[1:] @ away[:-1]) / square if square > 0 else 0.0
    r = (n * r + 1) / (n - 4) + CAUTION / math.sqrt(n - 3)
    r = min(max(r, 0.0), MOST_CORRELATED)
    i, j = np.triu_indices(n, 1)
    sd = SHAMOS * float(np.median(np.abs(values[i] - values[j])))
    lost = ((1 + r) / (1 - r) - 1) / (n - 1)
    return Noise(sd / math.sqrt(max(1 - lost, 0.25)), r)


def autoregression(rng: np.random.Generator, series: int, n: int, lag1: float
                   ) -> Floats:
    """Stationary normal AR(1) values (series, n) with standard deviation 1; lag1, between -1 and
    1, is the correlation of neighbours."""
    shocks = rng.normal(size=(series, n))
    shocks[:, 1:] *= math.sqrt(1.0 - lag1 ** 2)
    values: Floats = lfilter([1.0], [1.0, -lag1], shocks, axis=1)
    return values


@functools.lru_cache(maxsize=None)
def lower_ends(n: int, pairs_in_family: int, level_error: float, lag1: float,
               shared: bool) -> Floats:
    """Lower ends (series,) of the joint interval of n normal values without an effect, in standard
    deviations, in ascending order."""
    series = max(min(SERIES, 2 * AVERAGES // (n * (n + 1))), 100)
    x = autoregression(np.random.default_rng(SEED), series, n, lag1)
    _, low, _ = serial_interval(x, 1.0 - level_error / pairs_in_family,
                                lag1 if shared else None)
    return np.sort(low)


def smallest_visible(n: int, pairs_in_family: int, *, noise: float,
                     lag1: float = 0.0, shared: bool = False,
                     level_error: float = ERROR, margin: float = MARGIN,
                     power: float = POWER) -> float | None:
    """Smallest true ratio (> margin) that n blocks detect with this power, or None if n is too
    small for an interval of the required level.

    - pairs_in_family: k (k - 1) / 2 for k maps
    - noise: standard deviation of one ln ratio, >= 0
    - lag1: correlation of the ln ratios of neighbouring blocks
    - shared: true if lag1 is shared_lag1() of the family's maps

    Raises ValueError if pairs_in_family < 1, or if the noise is negative or not finite.
    """
    if pairs_in_family < 1 or not 0.0 <= noise < math.inf:
        raise ValueError(f"pairs {pairs_in_family}, noise {noise}")
    if n < needed_n_walsh(1.0 - level_error / pairs_in_family):
        return None
    rounded = STEP * round(min(max(lag1, 0.0), MOST_CORRELATED) / STEP)
    ends = lower_ends(n, pairs_in_family, level_error, rounded, shared)
    effect = -float(np.quantile(ends, 1.0 - power))
    return margin * math.exp(noise * effect)
