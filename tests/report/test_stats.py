# SPDX-License-Identifier: Apache-2.0
"""Tests report/stats: known answers, coverage and false alarms."""
import itertools
import math

import numpy as np
import pytest
from scipy import stats as dist

from report import stats
from report.stats.power import autoregression
from report.stats import signed_rank


# ---- signed ranks ---------------------------------------------------------

@pytest.mark.parametrize("n", [1, 4, 9])
def test_signed_rank_distribution_equals_enumeration(n):
    sums = [sum(r for r, s in zip(range(1, n + 1), signs) if s)
            for signs in itertools.product([0, 1], repeat=n)]
    expected = [np.mean(np.array(sums) <= t)
                for t in range(n * (n + 1) // 2 + 1)]
    assert np.allclose(stats.signed_rank_tail(n), expected, atol=1e-15)


@pytest.mark.parametrize("n, critical", [
    (6, 0), (10, 8), (20, 52), (30, 137), (40, 264), (49, 415)])
def test_interval_ranks_are_the_tabulated_critical_values(n, critical):
    """In Wilcoxon's table at two-sided 5 %, T <= critical is rejected."""
    assert stats.walsh_rank(n, 0.95) == critical + 1


def test_normal_tails_continue_the_exact_ones():
    """Above the size limit of exact tables, the normal approximation is used. At an error of 3.8e-5
    its rank must be within 1 % of the exact rank."""
    exact = signed_rank.signed_rank_tail(201)
    normal = signed_rank.rank_p(201)
    assert len(exact) == len(normal) == 201 * 202 // 2 + 1
    assert np.max(np.abs(exact - normal)) < 5e-4
    for level in (0.95, 1 - 7.7e-5):
        rank = stats.walsh_rank(201, level)
        exactly = np.searchsorted(exact, (1 - level) / 2, side="right")
        assert rank == pytest.approx(exactly, rel=0.01)


@pytest.mark.parametrize("n", [10, 60])
def test_interval_has_its_nominal_coverage(n):
    x = np.random.default_rng(2).laplace(3.0, 1.0, (4000, n))
    _, low, high = stats.signed_rank_interval(x, 0.95)
    share = np.mean((low <= 3.0) & (3.0 <= high))
    assert 0.94 <= share <= 0.965


@pytest.mark.parametrize("n", [12, 26, 40])
def test_ratios_cover_if_neighbouring_blocks_are_correlated(n):
    """Simulates 200 campaigns of equal maps with a lag-1 correlation of 0.53, for which intervals
    for independent blocks contain the truth only in 3 of 4 cases."""
    rng, held, independent = np.random.default_rng(57), 0, 0
    for _ in range(200):
        ln = [rng.normal()]
        for step in rng.normal(0, math.sqrt(1 - 0.53 ** 2), n - 1):
            ln.append(0.53 * ln[-1] + step)
        rates = dict(enumerate(np.exp(ln)))
        s = stats.ratio_interval(rates, dict.fromkeys(rates, 1.0))
        held += s.low <= 1 <= s.high
        _, low, high = stats.signed_rank_interval(ln)
        independent += low <= 0 <= high
    assert held >= 176 and independent < 168


def test_widening_by_hand():
    """The lag-1 correlation is the sum of products of neighbouring ranks (minus their mean),
    divided by the sum of squares. The correction of the bias and one standard error are added."""
    for x in ([0, 6, 2, 9, 4, 1, 7, 3, 10, 5, 8, 11],
              [1, 2, 0, 4, 5, 3, 8, 6, 7, 10, 9, 11]):
        away = np.array(x) - 5.5
        r = (12 * (away[1:] @ away[:-1]) / (away @ away) + 1) / 8 + 1 / 3
        r = min(max(r, 0), 0.95)
        assert stats.widening(x) == pytest.approx(
            math.sqrt((1 + r) / (1 - r)))
    most = math.sqrt(1.95 / 0.05)
    assert stats.widening(np.arange(12.0)) == pytest.approx(most)
    assert stats.widening([1, -1] * 6) == 1
    assert np.array_equal(stats.widening([[3.0] * 9] * 2),
                          [stats.widening([0] * 9)] * 2)


def test_widening_by_the_noise_of_the_other_maps():
    """The correlation is the larger of the shared one, and of the series' own correlation minus a
    standard error."""
    def factor(r):
        return math.sqrt((1 + r) / (1 - r))
    rows = np.array([[0, 6, 2, 9, 4, 1, 7, 3, 10, 5, 8, 11], np.arange(12)])
    wider = stats.widening(rows, shared=[0.2, 0.2])
    assert wider[0] == pytest.approx(factor(0.2))
    away = np.arange(12) - 5.5
    own = (12 * (away[1:] @ away[:-1]) / (away @ away) + 1) / 8 - 1 / 3
    assert wider[1] == pytest.approx(factor(own)) and 0.2 < own < 0.95
    assert np.array_equal(stats.widening(rows, shared=[math.nan, 0.2]),
                          [stats.widening(rows[0]), wider[1]])


def test_noise_of_maps_excludes_common_block_effects():
    """The estimate of noise does not change if a map becomes faster, or if all maps change in a
    block."""
    rng = np.random.default_rng(2)
    own = autoregression(rng, 10, 4000, 0.5)
    x = own + np.arange(10)[:, None] + np.cumsum(rng.normal(0, 1, 4000))
    noise = stats.own_noise(x)
    assert np.corrcoef(noise[3], own[3])[0, 1] > 0.9
    assert stats.shared_lag1(x) == pytest.approx(0.48, abs=0.04)
    assert stats.shared_lag1(x[:, :26]) == pytest.approx(0.5, abs=0.25)


# ---- order statistics -----------------------------------------------------

@pytest.mark.parametrize("p, level, n", [
    (0.99, 0.95, 368), (0.999, 0.95, 3688), (0.9999, 0.95, 36887),
    (0.99, 0.99, 528), (0.999, 0.99, 5296), (0.9999, 0.99, 52981),
    (0.5, 0.99, 8)])
def test_needed_n_of_a_quantile(p, level, n):
    assert stats.needed_n(p, level) == n
    assert stats.quantile_ranks(n - 1, p, level) is None
    low, high = stats.quantile_ranks(n, p, level)
    assert 1 <= low <= high <= n


@pytest.mark.parametrize("n", [5, 6, 7, 12])
def test_a_level_that_a_rank_has_exactly(n):
    """The range of n values covers their median with probability 1 - 2^(1 - n)."""
    assert stats.quantile_ranks(n, 0.5, 1 - 2.0 ** (1 - n)) == (1, n)
    assert stats.quantile_ranks(n - 1, 0.5, 1 - 2.0 ** (1 - n)) is None


@pytest.mark.parametrize("n, p", [(10, 0.5), (100, 0.9), (5000, 0.999)])
def test_quantile_ranks_cover_and_no_narrower_pair_does(n, p):
    low, high = stats.quantile_ranks(n, p, 0.95)
    assert dist.binom.cdf(low - 1, n, p) <= 0.025
    assert dist.binom.cdf(low, n, p) > 0.025
    assert dist.binom.sf(high - 1, n, p) <= 0.025
    assert dist.binom.sf(high - 2, n, p) > 0.025


# ---- curves and shapes ----------------------------------------------------

def test_crossover_interval_holds_the_truth_and_may_be_open():
    rng = np.random.default_rng(11)
    truth = np.array([-0.3, -0.1, 0.1, 0.3])
    inside = 0
    for i in range(100):
        d = truth + rng.normal(0, 0.1, (12, 4))
        found = stats.crossover([1, 2, 4, 8], d, resamples=300, seed=i)
        inside += any((c.low or 0) <= 2 ** 1.5 <= (c.high or math.inf)
                      for c in found)
    assert inside >= 88
    noisy = np.array([-0.02, 0.3]) + rng.normal(0, 0.2, (10, 2))
    found = stats.crossover([1, 2], noisy - np.median(noisy, axis=0)
                            + [-0.02, 0.3])
    assert found and found[0].low is None


# ---- the exact p of one side --------------------------------------------

def draws(seed, n):
    return np.random.default_rng(seed).normal(0.0, 0.02, n)


@pytest.mark.parametrize("n", [6, 12, 20, 49, 120])
def test_p_agrees_with_scipys_exact_test(n):
    for seed in range(20):
        d = draws(seed, n) + 0.005
        for limit in (0.0, 0.01, -0.02):
            assert float(stats.signed_rank_p(d, limit)) == pytest.approx(
                dist.wilcoxon(d - limit, alternative="greater",
                              mode="exact").pvalue, rel=1e-9)


def test_p_above_200_pairs_is_scipys_approximation():
    for seed in range(20):
        d = draws(seed, 230) + 0.002
        assert float(stats.signed_rank_p(d)) == pytest.approx(
            dist.wilcoxon(d, alternative="greater", mode="approx",
                          correction=True).pvalue, rel=1e-9)


@pytest.mark.parametrize("n", [6, 15, 20, 60, 201])
@pytest.mark.parametrize("tail", [0.025, 0.05, 1 / 64, 0.0005])
def test_p_and_interval_agree(n, tail):
    """The p value and the interval also agree if values are tied or a limit is a Walsh average."""
    rng = np.random.default_rng(n)
    for part in range(10):
        d = rng.normal(0.3, 1.0, n)
        if part % 2:
            d = np.round(d * 4) / 4
        _, low, high = stats.signed_rank_interval(d, 1 - 2 * tail)
        alpha = (1.0 - (1 - 2 * tail)) / 2.0
        for limit in (0.0, 0.25, *stats.walsh(d)[::n]):
            assert (stats.signed_rank_p(d, limit) <= alpha) == (low > limit)
            assert (stats.signed_rank_p(-d, -limit) <= alpha) == \
                (high < limit)


# ---- slopes of blocks ----------------------------------------------------

def test_slope_of_a_block_agrees_with_scipy():
    rng = np.random.default_rng(1)
    keys = np.array([1e2, 1e3, 1e4, 1e5, 1e6])
    y = np.exp(0.3 * np.log(keys) + rng.normal(0, 0.5, (30, 5)))
    assert stats.block_slopes(keys, y) == pytest.approx(
        [dist.theilslopes(np.log(row), np.log(keys))[0] for row in y])
    with pytest.raises(ValueError):
        stats.block_slopes([2, 2], y[:, :2])
