# SPDX-License-Identifier: Apache-2.0
"""Compares smallest_visible() with simulated campaigns that use another seed."""
import math

import numpy as np
import pytest

from report import stats
from report.stats.power import autoregression

SD = 0.1
CAMPAIGNS = 1_000


def low_ends(rng, n, pairs, lag1):
    """Returns the lower ends of the deciding interval in campaigns of equal maps."""
    x = SD * autoregression(rng, CAMPAIGNS, n, lag1)
    return x, stats.serial_interval(x, 1 - 0.05 / pairs)[1]


@pytest.mark.parametrize("lag1", [0.0, 0.2, 0.4])
@pytest.mark.parametrize("maps", [2, 10])
@pytest.mark.parametrize("n", [12, 40])
def test_a_visible_difference_is_detected(n, maps, lag1):
    """In 80 to 97 % of campaigns, the computed difference is detected. The noise is either the true
    one, or estimated by noise_of() from another campaign."""
    rng = np.random.default_rng([n, maps, int(10 * lag1)])
    pairs = maps * (maps - 1) // 2
    others, low = low_ends(rng, n, pairs, lag1)
    ratio = stats.smallest_visible(n, pairs, noise=SD, lag1=lag1)
    assert 0.8 <= np.mean(low + math.log(ratio) > math.log(1.02)) <= 0.97
    others, _ = low_ends(rng, n, pairs, lag1)
    noises = [stats.noise_of(x) for x in others]
    ratios = [stats.smallest_visible(n, pairs, noise=noise.sd,
                                     lag1=noise.lag1) for noise in noises]
    assert 0.8 <= np.mean(low + np.log(ratios) > math.log(1.02)) <= 0.97


@pytest.mark.parametrize("lag1", [0.0, 0.2, 0.5])
def test_a_visible_difference_is_detected_with_shared_correlation(lag1):
    rng = np.random.default_rng([26, int(10 * lag1)])
    x = SD * autoregression(rng, CAMPAIGNS, 26, lag1)
    low = stats.serial_interval(x, 1 - 0.05 / 45, lag1)[1]
    ratio = stats.smallest_visible(26, 45, noise=SD, lag1=lag1, shared=True)
    assert 0.8 <= np.mean(low + math.log(ratio) > math.log(1.02)) <= 0.97
    assert ratio < stats.smallest_visible(26, 45, noise=SD, lag1=lag1)


def test_the_visible_effect_without_noise_and_with_too_few_blocks():
    assert stats.smallest_visible(12, 1, noise=0.0) == pytest.approx(1.02)
    assert stats.smallest_visible(5, 1, noise=0.1) is None
    assert stats.smallest_visible(10, 45, noise=0.1) is None
    assert stats.smallest_visible(11, 45, noise=0.1) > 1.02


def test_noise_of_a_long_series_equals_that_of_the_process():
    rng = np.random.default_rng(5)
    noise = stats.noise_of(0.3 * autoregression(rng, 1, 2000, 0.4)[0])
    assert noise.sd == pytest.approx(0.3, rel=0.06)
    assert noise.lag1 == pytest.approx(0.4, abs=0.06)
