# SPDX-License-Identifier: Apache-2.0
"""Facts about report/stats.py: known answers, coverage, false alarms."""
import itertools
import math
import os
import sys

import numpy as np
import pytest
from scipy import stats as dist

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from report import stats  # noqa: E402


# ---- R3: averages ---------------------------------------------------------

def test_costs_are_averaged_arithmetically():
    assert stats.mean_cost([10.0, 30.0]) == 20.0


def test_rates_are_averaged_harmonically():
    assert stats.mean_rate([60.0, 30.0]) == pytest.approx(40.0)


def test_ratios_are_averaged_geometrically():
    assert stats.mean_ratio([2.0, 8.0]) == pytest.approx(4.0)


def test_a_rate_of_zero_is_refused_not_averaged():
    with pytest.raises(ValueError):
        stats.mean_rate([1.0, 0.0])
    with pytest.raises(ValueError):
        stats.mean_ratio([1.0, 0.0])


def test_the_contrast_is_positive_where_head_is_slower():
    d = stats.log_ratio([100.0, 100.0], [102.0, 98.0])
    assert d[0] == pytest.approx(math.log(1.02)) and d[1] < 0
    assert stats.percent(d)[0] == pytest.approx(2.0)


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
    """Wilcoxon's table, two-sided 5 %: T <= critical is rejected."""
    assert stats.walsh_rank(n, 0.95) == critical + 1


def test_normal_approximation_continues_the_exact_ranks():
    exact = np.searchsorted(stats.signed_rank_tail(60), 0.025, side="right")
    assert abs(stats.walsh_rank(60, 0.95) - exact) <= 2


def test_interval_of_eight_values_at_99_percent_is_their_range():
    x = np.array([3.0, 1.0, 9.0, 4.0, 5.0, 2.0, 8.0, 6.0])
    centre, low, high = stats.signed_rank_interval(x, 0.99)
    assert (low, high) == (1.0, 9.0) and low < centre < high


def test_too_few_values_have_no_interval():
    _, low, high = stats.signed_rank_interval(np.arange(5.0), 0.95)
    assert np.isnan(low) and np.isnan(high)
    assert stats.needed_n_walsh(0.95) == 6
    assert stats.needed_n_walsh(0.99) == 8


def test_all_cells_at_once_equal_each_cell_alone():
    x = np.random.default_rng(1).standard_t(3, (50, 17))
    together = np.array(stats.signed_rank_interval(x, 0.95))
    alone = np.array([stats.signed_rank_interval(row, 0.95) for row in x]).T
    assert np.array_equal(together, alone)
    assert np.array_equal(together[0], stats.hodges_lehmann(x))


@pytest.mark.parametrize("n", [10, 60])
def test_interval_covers_as_often_as_it_says(n):
    x = np.random.default_rng(2).laplace(3.0, 1.0, (4000, n))
    _, low, high = stats.signed_rank_interval(x, 0.95)
    share = np.mean((low <= 3.0) & (3.0 <= high))
    assert 0.94 <= share <= 0.965


def test_summary_keeps_keys_and_says_why_an_interval_is_missing():
    s = stats.summarize({"a": [1, 2, 4, 8, 16, 32], "b": [4.0, math.nan],
                         "c": []})
    assert list(s) == ["a", "b", "c"]
    assert s["a"]["centre"] == pytest.approx(math.sqrt(32))
    assert (s["a"]["low"], s["a"]["high"]) == pytest.approx((1, 32))
    assert s["b"]["n"] == 1 and s["b"]["low"] is None
    assert s["b"]["reason"] == "n<6"
    assert s["c"]["centre"] is None and s["c"]["reason"] == "no trial"


def test_comparison_is_paired_by_block():
    base = {b: 10.0 ** b for b in range(8)}
    other = {b: 3.0 * 10.0 ** b for b in range(2, 12)}
    s = stats.compare(base, other)
    assert s["n"] == 6
    assert (s["low"], s["centre"], s["high"]) == pytest.approx((3, 3, 3))


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


@pytest.mark.parametrize("n, p", [(10, 0.5), (100, 0.9), (5000, 0.999)])
def test_quantile_ranks_cover_and_no_narrower_pair_does(n, p):
    low, high = stats.quantile_ranks(n, p, 0.95)
    assert dist.binom.cdf(low - 1, n, p) <= 0.025
    assert dist.binom.cdf(low, n, p) > 0.025
    assert dist.binom.sf(high - 1, n, p) <= 0.025
    assert dist.binom.sf(high - 2, n, p) > 0.025


def test_median_interval_of_ten():
    assert stats.median_interval(np.arange(1.0, 11.0)) == (5.5, 2.0, 9.0)


def test_p999_of_too_few_samples_has_no_interval():
    value, low, high = stats.quantile_interval(np.arange(3687.0), 0.999)
    assert value == 3683.0 and np.isnan(low) and np.isnan(high)


def test_histogram_bounds_go_outward_to_bucket_edges():
    x = np.sort(np.random.default_rng(3).exponential(100.0, 5000))
    edges = np.arange(0.0, 2000.0, 10.0)
    count, _ = np.histogram(x, np.append(edges, 2000.0))
    _, low, high = stats.quantile_interval(x, 0.99)
    _, h_low, h_high = stats.histogram_quantile(edges, edges + 10, count, 0.99)
    assert h_low <= low < h_low + 10 and h_high - 10 < high <= h_high


# ---- pairs ----------------------------------------------------------------

def test_slot_effect_of_5_percent_biases_by_less_than_a_thousandth():
    """R14."""
    rng = np.random.default_rng(4)
    first = rng.integers(0, 2, 400) == 0
    d = rng.normal(0.0, 0.005, 400) + np.where(first, 0.05, -0.05)
    s = stats.slot_adjusted(d, first)
    assert abs(s["estimate"]) < 0.001
    assert s["slot_low"] < 0.05 < s["slot_high"]
    assert s["slot_high"] - s["slot_low"] < 0.004


def test_slot_interval_covers_as_often_as_it_says():
    rng, inside = np.random.default_rng(5), 0
    for _ in range(1000):
        first = rng.integers(0, 2, 24) == 0
        d = rng.laplace(0.02, 0.01, 24) + np.where(first, 0.01, -0.01)
        s = stats.slot_adjusted(d, first, 0.99)
        inside += s["slot_low"] <= 0.01 <= s["slot_high"]
    assert 980 <= inside <= 1000


def test_rank_sum_distribution_equals_enumeration():
    from report.paired import rank_sum_tail
    u = [sum(c) - 6 for c in itertools.combinations(range(1, 8), 3)]
    expected = [np.mean(np.array(u) <= k) for k in range(13)]
    assert np.allclose(rank_sum_tail(3, 4), expected)


def test_pairs_in_one_order_only_have_no_slot_effect():
    s = stats.slot_adjusted([0.1, 0.2], [True, True])
    assert np.isnan(s["slot"]) and np.isnan(s["estimate"])


def test_smallest_detectable_slowdown_is_found_as_often_as_it_says():
    rng, found, n = np.random.default_rng(6), 0, 60
    sd, margin = 0.01, math.log1p(0.005)
    error = sd * math.sqrt(math.pi / 3) / math.sqrt(n)
    shift = stats.detectable(error, margin, 0.01, cells=1, power=0.95)
    for _ in range(300):
        d = rng.normal(shift, sd, (1, n)) - margin
        found += stats.sign_flip_test(d, 2000)["p"][0] <= 0.01
    assert 0.90 <= found / 300 <= 0.985


def test_pairs_needed_falls_with_the_effect():
    d = np.random.default_rng(7).normal(0, 0.0135, 1000)
    few = stats.pairs_needed(d, math.log1p(0.005), 0.01)
    many = stats.pairs_needed(d, math.log1p(0.005), 0.01, effect=0.01)
    assert (few, many) == (24, 200)


def test_variance_components_and_the_values_per_trial_they_ask_for():
    """R12."""
    rng = np.random.default_rng(8)
    y = rng.normal(0, 2.0, (4000, 1)) + rng.normal(0, 3.0, (4000, 5))
    between, within = stats.variance_components(y)
    assert between == pytest.approx(4.0, rel=0.08)
    assert within == pytest.approx(9.0, rel=0.05)
    assert stats.values_per_trial(4.0, 9.0, 100.0, 9.0) == 5
    assert stats.values_per_trial(0.0, 9.0, 1.0, 1.0) == math.inf


# ---- tests and families ---------------------------------------------------

def test_sign_flip_p_values_agree_with_the_exact_distribution():
    x = np.random.default_rng(9).normal(0.3, 1.0, (5, 14))
    p = stats.sign_flip_test(x)["p"]
    exact = [dist.wilcoxon(row, alternative="greater").pvalue for row in x]
    assert np.allclose(p, exact, atol=0.006)


def test_holm_known_answer():
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx(
        [0.03, 0.06, 0.06, 0.02])


def test_missing_pairs_do_not_take_part():
    x = np.full((1, 40), np.nan)
    assert stats.sign_flip_test(x, 1000)["p"][0] == 1.0
    x[0, :20] = 1.0 + np.arange(20.0)
    full = stats.sign_flip_test(x[:, :20], 40000)["p"][0]
    assert stats.sign_flip_test(x, 40000)["p"][0] == pytest.approx(
        full, abs=1e-4)


def test_equal_input_gives_equal_p_values():
    x = np.random.default_rng(10).normal(size=(3, 30))
    a, b = (stats.sign_flip_test(x, 5000) for _ in range(2))
    assert all(np.array_equal(a[key], b[key]) for key in a)


def suites(centre, count):
    """`count` suites of 40 cells and 40 blocks; bursts hit all cells of a
    block, so cells are correlated and tails heavy. How many suites alarm
    with correction, and how many without."""
    rng = np.random.default_rng(12)
    corrected = alone = 0
    for suite in range(count):
        burst = rng.choice([1.0, 8.0], (1, 40), p=[0.9, 0.1])
        x = centre + rng.laplace(0, 0.01, (40, 40)) * burst
        x += rng.normal(0, 0.005, (1, 40)) * burst
        p = stats.sign_flip_test(x, 2000, seed=suite)
        corrected += bool(np.any(p["p_max_t"] <= 0.01))
        alone += bool(np.any(p["p"] <= 0.01))
    return corrected, alone


def test_family_wise_false_alarms_of_a_against_a_stay_within_one_percent():
    """R27: 1000 suites of two equal builds, tested against the margin."""
    corrected, _ = suites(-math.log1p(0.005), 1000)
    assert stats.clopper_pearson(corrected, 1000) <= 0.017


def test_family_wise_false_alarms_are_within_alpha_at_the_margin_itself():
    """The hardest null. The same suites without correction must alarm
    often, or this proves nothing."""
    corrected, alone = suites(0.0, 1000)
    assert dist.binomtest(corrected, 1000, 0.01,
                          alternative="greater").pvalue > 0.01
    assert alone > 100


def test_clopper_pearson_rule_of_three():
    assert stats.clopper_pearson(0, 300) == pytest.approx(0.00994, abs=1e-4)
    assert stats.clopper_pearson(5, 5) == 1.0


def test_one_sided_history_is_seen():
    """R32: always exactly 0 improvements."""
    assert stats.sign_test(12, 0) < 0.001
    assert stats.sign_test(6, 6) == 1.0 and stats.sign_test(0, 0) == 1.0


def test_a_verdict_must_be_within_reach():
    assert stats.feasible(16, 40, 0.01)
    assert not stats.feasible(15, 40, 0.01)
    assert not stats.feasible(60, 40, 0.01, flips=1000)


# ---- curves and shapes ----------------------------------------------------

def test_crossover_lies_on_the_log2_line():
    d = np.tile([-0.2, -0.1, 0.1, 0.2], (10, 1))
    (found,) = stats.crossover([1, 2, 4, 8], d)
    assert found["threads"] == pytest.approx(2 ** 1.5)
    assert found["ahead"] == "contender"
    assert found["low"] == found["high"] == pytest.approx(2 ** 1.5)


def test_every_crossing_is_listed_and_none_is_extrapolated():
    d = np.tile([0.1, -0.1, 0.1], (10, 1))
    assert [c["ahead"] for c in stats.crossover([1, 2, 4], d)] == [
        "base", "contender"]
    assert stats.crossover([1, 2, 4], np.tile([0.3, 0.2, 0.1], (10, 1))) == []


def test_crossover_interval_holds_the_truth_and_may_be_open():
    rng = np.random.default_rng(11)
    truth = np.array([-0.3, -0.1, 0.1, 0.3])
    inside = 0
    for i in range(100):
        d = truth + rng.normal(0, 0.1, (12, 4))
        found = stats.crossover([1, 2, 4, 8], d, resamples=300, seed=i)
        inside += any((c["low"] or 0) <= 2 ** 1.5 <= (c["high"] or math.inf)
                      for c in found)
    assert inside >= 88
    noisy = np.array([-0.02, 0.3]) + rng.normal(0, 0.2, (10, 2))
    found = stats.crossover([1, 2], noisy - np.median(noisy, axis=0)
                            + [-0.02, 0.3])
    assert found and found[0]["low"] is None


def test_first_clear_lead_must_last():
    low, high = [-0.2, 0.05, -0.1, 0.05], [-0.1, 0.1, 0.1, 0.1]
    assert stats.first_clear([1, 2, 4, 8], low, high, 0.02) == (
        8.0, "contender")
    assert stats.first_clear([1, 2], [0.1, -0.1], [0.2, 0.1], 0.02) is None


def test_outliers_are_classified_not_dropped():
    x = [10, 11, 12, 13, 14, 19, 40]
    assert list(stats.outliers(x)) == [0, 0, 0, 0, 0, 0, 2]
    assert stats.lag_one([1, 2, 3, 4, 5, 6]) > 0.4
    assert math.isnan(stats.lag_one([1.0, 1.0, 1.0]))
