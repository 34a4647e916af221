# SPDX-License-Identifier: Apache-2.0
"""Tests paired trials and their statistics: the slot effect, the MDE and false alarms."""
import itertools
import math

import numpy as np
import pytest
from scipy import stats as dist

from report import stats


# ---- pairs ----------------------------------------------------------------

@pytest.mark.long
def test_slot_effect_of_5_percent_biases_by_less_than_a_thousandth():
    """Rule R14 of docs/method/rules.md requires this."""
    rng = np.random.default_rng(4)
    first = rng.integers(0, 2, 400) == 0
    d = rng.normal(0.0, 0.005, 400) + np.where(first, 0.05, -0.05)
    s = stats.slot_adjusted(d, first)
    assert abs(s.estimate) < 0.001
    assert s.slot_low < 0.05 < s.slot_high
    assert s.slot_high - s.slot_low < 0.004


def test_slot_interval_has_its_nominal_coverage():
    rng, inside = np.random.default_rng(5), 0
    for _ in range(1000):
        first = rng.integers(0, 2, 24) == 0
        d = rng.laplace(0.02, 0.01, 24) + np.where(first, 0.01, -0.01)
        s = stats.slot_adjusted(d, first, 0.99)
        inside += s.slot_low <= 0.01 <= s.slot_high
    assert 980 <= inside <= 1000


def test_rank_sum_distribution_equals_enumeration():
    from report.stats.pairs import rank_sum_tail
    u = [sum(c) - 6 for c in itertools.combinations(range(1, 8), 3)]
    expected = [np.mean(np.array(u) <= k) for k in range(13)]
    assert np.allclose(rank_sum_tail(3, 4), expected)


def test_a_probability_equal_to_the_tail_counts():
    """For three against three values, the smallest of the 20 orders has a probability of 5 %, which
    equals the tail of a 90 % interval. It must count, although (1 - 0.9) / 2 is rounded to slightly
    less."""
    from report.stats.pairs import shift_interval
    x, y = np.array([1.0, 2.0, 4.0]), np.array([0.5, 3.0, 3.5])
    assert shift_interval(x, y, 0.9) == (1.0 - 3.5, 4.0 - 0.5)
    assert np.isnan(shift_interval(x, y, 0.901)).all()


def test_smallest_detectable_slowdown_has_its_nominal_power():
    rng, found, n = np.random.default_rng(6), 0, 60
    sd, margin = 0.01, math.log1p(0.005)
    error = sd * math.sqrt(math.pi / 3) / math.sqrt(n)
    shift = stats.detectable(error, margin, 0.01, cells=1, power=0.95)
    for _ in range(300):
        d = rng.normal(shift, sd, (1, n)) - margin
        found += stats.sign_flip_test(d, 2000).p[0] <= 0.01
    assert 0.90 <= found / 300 <= 0.985


# ---- tests and families ---------------------------------------------------

def test_sign_flip_p_values_agree_with_the_exact_distribution():
    x = np.random.default_rng(9).normal(0.3, 1.0, (5, 14))
    p = stats.sign_flip_test(x).p
    exact = [dist.wilcoxon(row, alternative="greater").pvalue for row in x]
    assert np.allclose(p, exact, atol=0.006)


def suites(centre, count):
    """Simulates `count` suites of 40 cells and 40 blocks. Bursts affect all cells of a block, so
    cells are correlated and tails are heavy. Returns the numbers of suites with an alarm, with and
    without correction for the number of cells."""
    rng = np.random.default_rng(12)
    corrected = alone = 0
    for suite in range(count):
        burst = rng.choice([1.0, 8.0], (1, 40), p=[0.9, 0.1])
        x = centre + rng.laplace(0, 0.01, (40, 40)) * burst
        x += rng.normal(0, 0.005, (1, 40)) * burst
        p = stats.sign_flip_test(x, 2000, seed=suite)
        corrected += bool(np.any(p.p_max_t <= 0.01))
        alone += bool(np.any(p.p <= 0.01))
    return corrected, alone


@pytest.mark.long
def test_family_wise_false_alarms_of_a_against_a_stay_within_one_percent():
    """1000 suites of two equal builds are tested against the margin (rule R27 of
    docs/method/rules.md)."""
    corrected, _ = suites(-math.log1p(0.005), 1000)
    assert stats.clopper_pearson(corrected, 1000) <= 0.017


@pytest.mark.long
def test_family_wise_false_alarms_are_within_alpha_at_the_margin_itself():
    """A slowdown equal to the margin is the null hypothesis that is most often rejected. Without
    correction, many of the same suites must have alarms; this shows that the test can fail."""
    corrected, alone = suites(0.0, 1000)
    assert dist.binomtest(corrected, 1000, 0.01,
                          alternative="greater").pvalue > 0.01
    assert alone > 100


def test_the_interval_of_a_share_is_the_exact_one():
    """The known answers come from binom.test(k, n) of R."""
    for (hits, n), ends in {
            (0, 20): (0, 0.1684335), (3, 6): (0.1181172, 0.8818828),
            (20, 20): (0.8315665, 1), (1, 10): (0.002528579, 0.4450161)
            }.items():
        assert stats.share_interval(hits, n) == pytest.approx(ends, rel=1e-6)


def test_a_verdict_must_be_possible():
    assert stats.feasible(16, 40, 0.01)
    assert not stats.feasible(15, 40, 0.01)
    assert not stats.feasible(60, 40, 0.01, flips=1000)
