# SPDX-License-Identifier: Apache-2.0
"""Facts about numbers of blocks, and about the bootstrap of a median."""
import math

import numpy as np
import pytest
from scipy import stats as dist

from report import planning, stats


# ---- power ----------------------------------------------------------------

def test_two_sums_are_both_above_as_the_bivariate_normal_says():
    for effect in (-0.5, 0.0, 0.3, 1.0, 2.5):
        h = math.sqrt(2) * effect
        both = dist.multivariate_normal.cdf([h, h],
                                            cov=[[1, 0.5], [0.5, 1]])
        assert planning.both_above(effect) == pytest.approx(both, abs=1e-9)


def test_without_effect_the_power_is_the_level():
    """Mean and variance are those of Wilcoxon's null."""
    for n in (20, 60, 200):
        assert stats.rank_power(n, 0.0, 0.025) == pytest.approx(0.025,
                                                                abs=0.003)


@pytest.mark.parametrize("n, effect, alpha", [
    (8, 1.3, 0.025), (20, 0.7, 0.025), (20, 1.4, 0.01 / 260),
    (40, 0.5, 0.01)])
def test_power_is_that_of_simulated_tests(n, effect, alpha):
    x = np.random.default_rng(n).normal(effect, 1.0, (2000, n))
    found = np.mean(stats.signed_rank_p(x) <= alpha)
    assert stats.rank_power(n, effect, alpha) == pytest.approx(
        found, abs=0.045)  # twice the error of either


def test_a_level_out_of_reach_has_no_power_and_shows_no_effect():
    assert stats.rank_power(14, 9.0, 0.01 / 260) == 0.0
    assert stats.rank_power(15, 9.0, 0.01 / 260) == 1.0
    assert stats.visible_effect(14, 0.05, 0.01 / 260) is None


def test_what_is_visible_is_shown_with_its_power():
    for n in (20, 60):
        effect = stats.visible_effect(n, 0.03, 0.01, 0.9)
        assert stats.rank_power(n, effect / 0.03, 0.01) == pytest.approx(0.9)
    assert stats.visible_effect(60, 0.03, 0.01) < \
        stats.visible_effect(20, 0.03, 0.01)


# ---- blocks ---------------------------------------------------------------

def test_recommended_blocks_is_the_first_that_has_the_power():
    values = np.random.default_rng(1).normal(0, 0.04, 50)
    sd = np.std(values, ddof=1)
    for effect, alpha in ((0.02, 0.01), (0.03, 0.01 / 260), (0.2, 0.025)):
        got = stats.recommended_blocks(values, effect, alpha)
        n = got["blocks"]
        assert stats.rank_power(n, effect / sd, alpha) >= 0.95
        assert stats.rank_power(n - 1, effect / sd, alpha) < 0.95
        assert got["within"] is None and got["reason"] is None


def test_more_pairs_per_block_help_against_what_is_within_only():
    """Known components: 0.03^2 within, 0.01^2 between; 4 pairs a block."""
    rng = np.random.default_rng(2)
    y = rng.normal(0, 0.01, (4000, 1)) + rng.normal(0, 0.03, (4000, 4))
    got = stats.recommended_blocks(y, 0.01, 0.01)
    assert got["between"] == pytest.approx(1e-4, rel=0.1)
    assert got["within"] == pytest.approx(9e-4, rel=0.1)
    one = stats.recommended_blocks(y[:, 0], 0.01, 0.01)
    # Variance of a block 1e-4 + 9e-4 / 4 against 10e-4.
    assert one["blocks"] / got["blocks"] == pytest.approx(10 / 3.25, rel=0.1)


def test_recommended_blocks_show_the_effect_as_often_as_they_promise():
    n = stats.recommended_blocks(
        np.random.default_rng(3).normal(0, 0.05, 2000), 0.03, 0.01,
        0.9)["blocks"]
    d = np.random.default_rng(4).normal(0.03, 0.05, (3000, n))
    assert np.mean(stats.signed_rank_p(d) <= 0.01) == pytest.approx(
        0.9, abs=0.03)


def test_order_scale_and_sign_do_not_matter_for_blocks():
    y = np.random.default_rng(5).normal(0, 0.04, (30, 3))
    one = stats.recommended_blocks(y, 0.02, 0.01)["blocks"]
    assert one == stats.recommended_blocks(-y[::-1], 0.02, 0.01)["blocks"]
    assert one == stats.recommended_blocks(4 * y, 0.08, 0.01)["blocks"]


def test_what_cannot_be_had_is_said():
    got = stats.recommended_blocks([0.0, 10.0, -10.0], 1e-4, 0.01)
    assert got["blocks"] is None and "100000" in got["reason"]
    with pytest.raises(ValueError):
        stats.recommended_blocks([0.0, 1.0], 0.0, 0.01)
    # Values without spread: as many blocks as the level alone asks for.
    assert stats.recommended_blocks([0.1] * 9, 0.01, 0.01)["blocks"] == 7


# ---- bootstrap of a median ------------------------------------------------
