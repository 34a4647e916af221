# SPDX-License-Identifier: Apache-2.0
"""Facts about the exact signed-rank p and about equivalence."""
import math
import os
import sys

import numpy as np
import pytest
from scipy import stats as dist

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from report import stats  # noqa: E402

BAND = math.log(1.02)


def draws(seed, n):
    return np.random.default_rng(seed).normal(0.0, 0.02, n)


# ---- p of one side --------------------------------------------------------

@pytest.mark.parametrize("n", [6, 12, 20, 49])
def test_p_is_that_of_scipys_exact_test(n):
    for seed in range(20):
        d = draws(seed, n) + 0.005
        for limit in (0.0, 0.01, -0.02):
            assert float(stats.signed_rank_p(d, limit)) == pytest.approx(
                dist.wilcoxon(d - limit, alternative="greater",
                              mode="exact").pvalue, rel=1e-9)


def test_p_from_50_pairs_on_is_scipys_approximation():
    for seed in range(20):
        d = draws(seed, 60) + 0.003
        assert float(stats.signed_rank_p(d)) == pytest.approx(
            dist.wilcoxon(d, alternative="greater", mode="approx",
                          correction=True).pvalue, rel=1e-9)


def test_p_by_hand():
    """Of 3 values, 1 below 0 with the smallest rank: T- = 1, two of eight
    sign patterns are as unusual."""
    assert float(stats.signed_rank_p([-0.1, 0.2, 0.3])) == 2 / 8
    assert float(stats.signed_rank_p([0.1, 0.2, 0.3])) == 1 / 8
    # A tie speaks for "not above", as if the rank of -0.2 were 2: three
    # patterns have T- of 2 or less. So does a zero.
    assert float(stats.signed_rank_p([-0.2, 0.2, 0.3])) == 3 / 8
    assert float(stats.signed_rank_p([0.0, 0.2, 0.3])) == 2 / 8


@pytest.mark.parametrize("n", [6, 15, 20, 49, 50, 80])
@pytest.mark.parametrize("tail", [0.025, 0.05, 1 / 64, 0.0005])
def test_p_is_at_most_its_level_exactly_where_the_interval_is_beyond(n, tail):
    """Also where values are tied, and at a limit that is a Walsh average."""
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


def test_p_of_many_cells_is_that_of_each():
    x = np.random.default_rng(3).normal(size=(5, 17))
    limits = np.linspace(-0.2, 0.2, 5)
    assert np.array_equal(
        stats.signed_rank_p(x, limits),
        [float(stats.signed_rank_p(r, c)) for r, c in zip(x, limits)])


# ---- equivalence ----------------------------------------------------------

@pytest.mark.parametrize("n", [6, 10, 20, 60])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_verdict_is_where_the_interval_lies(n, level):
    seen = set()
    for seed in range(90):
        d = draws(seed, n) * (0.4 + seed % 5) / 2 + (seed % 7 - 3) * 0.01
        got = stats.equivalence(d, BAND, level)
        if n < stats.needed_n_walsh(level):
            assert got["verdict"] is None
            continue
        _, low, high = stats.signed_rank_interval(d, level)
        assert (got["low"], got["high"]) == (low, high)
        want = ("equivalent" if -BAND < low and high < BAND else
                "different" if low > BAND or high < -BAND else "undecided")
        assert got["verdict"] == want
        alpha = (1 - level) / 2
        assert (got["p"] <= alpha) == (want == "equivalent")
        assert (got["p_different"] <= alpha) == (want == "different")
        seen.add(want)
    assert len(seen) == 3 or n < 20


def test_equivalence_by_hand():
    """Eight values inside the band on every count: each p is 2^-8."""
    d = np.array([-4, -3, -2, -1, 1, 2, 3, 4.5]) / 1000
    got = stats.equivalence(d, 0.02)
    assert got["p_above_low"] == got["p_below_high"] == got["p"] == 1 / 256
    assert got["verdict"] == "equivalent" and got["reason"] is None
    assert stats.equivalence(d + 0.1, 0.02)["verdict"] == "different"
    assert stats.equivalence(d + 0.02, 0.02)["verdict"] == "undecided"


def test_too_few_pairs_have_a_reason_and_no_verdict():
    got = stats.equivalence([0.0] * 5 + [math.nan], BAND)
    assert got["n"] == 5 and got["reason"] == "n<6"
    assert {got[k] for k in ("verdict", "p", "low", "centre")} == {None}
    with pytest.raises(ValueError):
        stats.equivalence([0.0] * 9, 0.0)


def test_order_scale_and_sign_do_not_matter():
    for seed in range(50):
        d = draws(seed, 15) + 0.01
        one = stats.equivalence(d, BAND)
        turned = stats.equivalence(-d[::-1], BAND)
        wide = stats.equivalence(8 * d, 8 * BAND)  # a power of two: exact
        for other in (turned, wide):
            assert one["verdict"] == other["verdict"]
            assert (one["p"], one["p_different"]) == (
                other["p"], other["p_different"])
        assert (turned["p_above_low"], turned["p_below_high"]) == (
            one["p_below_high"], one["p_above_low"])
        assert (turned["low"], turned["high"]) == (-one["high"], -one["low"])


@pytest.mark.parametrize("centre, word", [
    (BAND, "equivalent"), (-BAND, "equivalent"), (BAND, "different")])
def test_at_the_edge_of_the_band_either_word_is_rare(centre, word):
    """The hardest truth for both. 5 % asked; of a right test more than the
    limit come once in 20,000 times."""
    rng = np.random.default_rng(6)
    x = rng.laplace(centre, 0.004, (1500, 20))
    found = sum(stats.equivalence(d, BAND, 0.9)["verdict"] == word
                for d in x)
    assert 40 < found <= dist.binom.isf(5e-5, 1500, 0.05)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_chance_at_the_level_counts_as_reached(sign):
    """All five on one side of a place: 1 of 32 signs, which is alpha here."""
    five, level = sign * np.array([1.0, 1.1, 1.2, 1.3, 1.4]), 1 - 2 / 32
    beyond = stats.equivalence(five, 0.9, level)
    assert (beyond["p_different"], beyond["verdict"]) == (1 / 32, "different")
    within = stats.equivalence(five, 1.5, level)
    assert (within["p"], within["verdict"]) == (1 / 32, "equivalent")
    open_ = stats.equivalence(five, 1.2, level)
    assert open_["verdict"] == "undecided" and open_["low"] is not None
