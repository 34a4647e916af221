# SPDX-License-Identifier: Apache-2.0
"""Compares computed numbers of blocks with integration and with simulated tests."""
import math

import numpy as np
import pytest
from scipy import stats as dist

from report import stats
from report.stats import planning


# ---- power ----------------------------------------------------------------

def test_both_above_agrees_with_the_bivariate_normal():
    for effect in (-0.5, 0.0, 0.3, 1.0, 2.5):
        h = math.sqrt(2) * effect
        both = dist.multivariate_normal.cdf([h, h],
                                            cov=[[1, 0.5], [0.5, 1]])
        assert planning.both_above(effect) == pytest.approx(both, abs=1e-9)


def test_without_effect_the_power_is_the_level():
    """Without an effect, the statistic has the mean and variance of Wilcoxon's statistic, so the
    power equals the level."""
    for n in (20, 60, 200):
        assert stats.rank_power(n, 0.0, 0.025) == pytest.approx(0.025,
                                                                abs=0.003)


@pytest.mark.parametrize("n, effect, alpha", [
    (8, 1.3, 0.025), (20, 0.7, 0.025), (20, 1.4, 0.01 / 260),
    (40, 0.5, 0.01)])
def test_power_agrees_with_simulated_tests(n, effect, alpha):
    x = np.random.default_rng(n).normal(effect, 1.0, (2000, n))
    found = np.mean(stats.signed_rank_p(x) <= alpha)
    assert stats.rank_power(n, effect, alpha) == pytest.approx(
        found, abs=0.045)  # two standard errors of the simulated share


def test_the_visible_effect_is_shown_with_its_power():
    for n in (20, 60):
        effect = stats.visible_effect(n, 0.03, 0.01, 0.9)
        assert stats.rank_power(n, effect / 0.03, 0.01) == pytest.approx(0.9)
    assert stats.visible_effect(60, 0.03, 0.01) < \
        stats.visible_effect(20, 0.03, 0.01)


# ---- blocks ---------------------------------------------------------------

def test_least_blocks_have_the_requested_power():
    n = stats.least_blocks(0.6, 0.01, 0.9)
    d = np.random.default_rng(4).normal(0.6, 1, (3000, n))
    assert np.mean(stats.signed_rank_p(d) <= 0.01) == pytest.approx(
        0.9, abs=0.03)


def test_more_blocks_than_allowed_give_none():
    assert stats.least_blocks(1e-5, 0.01, 0.95) is None
        # without noise, only the level determines the number of blocks
    assert stats.least_blocks(math.inf, 0.01, 0.95) == 7


# ---- bootstrap of a median ------------------------------------------------
