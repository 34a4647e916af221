# SPDX-License-Identifier: Apache-2.0
"""Facts about slopes on log-log lines."""
import itertools
import math
import os
import sys

import numpy as np
import pytest
from scipy import stats as dist

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from report import slopes, stats  # noqa: E402

KEYS = np.array([1e2, 1e3, 1e4, 1e5, 1e6])


def curves(rng, exponent, blocks, noise=0.05, own=0.0):
    """exp of exponent ln x + noise, blocks with slopes of their own."""
    tilt = exponent + rng.normal(0, own, (blocks, 1)) if own else exponent
    return np.exp(tilt * np.log(KEYS) + rng.normal(0, noise, (blocks, 5)))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, -1.0])
def test_an_exact_power_has_its_exponent(exponent):
    got = stats.slope(KEYS, 3.0 * np.tile(KEYS ** exponent, (8, 1)))
    for name in ("slope", "low", "high", "kendall_low", "kendall_high"):
        assert got[name] == pytest.approx(exponent, abs=1e-12), name
    assert got["n"] == 8 and got["bend"] == pytest.approx(0, abs=1e-12)
    assert got["reason"] is None


def test_slope_of_a_block_by_hand():
    """ln y = 0, 1, 5 at ln x = 0, 1, 2: slopes 1, 4 and 5/2."""
    got = stats.block_slopes(np.exp([0.0, 1, 2]), np.exp([[0.0, 1, 5]]))
    assert got == pytest.approx([2.5])


def test_slope_of_a_block_is_scipys():
    rng = np.random.default_rng(1)
    y = curves(rng, 0.3, 30, 0.5)
    assert stats.block_slopes(KEYS, y) == pytest.approx(
        [dist.theilslopes(np.log(row), np.log(KEYS))[0] for row in y])


@pytest.mark.parametrize("points, blocks", [(2, 3), (4, 1), (3, 2), (5, 1)])
def test_disorder_is_that_of_all_permutations(points, blocks):
    def disorder(p):
        return sum(a > b for a, b in itertools.combinations(p, 2))
    one = [disorder(p) for p in itertools.permutations(range(points))]
    sums = [sum(c) for c in itertools.product(one, repeat=blocks)]
    most = blocks * points * (points - 1) // 2
    assert slopes.disorder_tail(points, blocks) == pytest.approx(
        [np.mean(np.array(sums) <= k) for k in range(most + 1)])


@pytest.mark.parametrize("points", [5, 6, 8])
def test_the_interval_of_one_block_is_where_kendalls_exact_test_agrees(points):
    """scipy's kendalltau() as second hand: exactly the slopes inside are
    not refused at 5 %."""
    rng = np.random.default_rng(points)
    for _ in range(10):
        x, y = np.sort(rng.uniform(0, 5, points)), rng.normal(size=points)
        low, high = slopes.kendall_interval(x, y[None])
        slack = 1e-6 * (high - low)
        for b, inside in ((low + slack, True), (high - slack, True),
                          (low - slack, False), (high + slack, False)):
            p = dist.kendalltau(x, y - b * x, method="exact").pvalue
            assert (p > 0.05) == inside


def test_too_few_points_or_blocks_have_a_reason_or_no_interval():
    four = np.tile(KEYS[:4], (1, 1))
    assert np.isnan(slopes.kendall_interval(
        np.log(KEYS[:4]), np.log(four))).all()
    got = stats.slope(KEYS, np.tile(KEYS, (5, 1)))
    assert got["slope"] == pytest.approx(1) and got["low"] is None
    assert got["reason"] == "n<6" and got["kendall_low"] is not None
    none = stats.slope(KEYS, np.full((3, 5), np.nan))
    assert none["slope"] is None and none["reason"] == "no whole block"
    for x in ([1.0], [2.0, 2.0]):
        with pytest.raises(ValueError):
            stats.block_slopes(x, np.ones((1, len(x))))


def test_a_block_with_a_missing_point_is_left_out_and_counted():
    y = curves(np.random.default_rng(2), 1.0, 12)
    holes = y.copy()
    holes[3, 0] = holes[7, 4] = np.nan
    got = stats.slope(KEYS, holes)
    assert (got["n"], got["left_out"]) == (10, 2)
    whole = stats.slope(KEYS, np.delete(y, [3, 7], axis=0))
    assert {k: v for k, v in got.items() if k != "left_out"} == {
        k: v for k, v in whole.items() if k != "left_out"}


def test_order_scale_and_sign_do_not_matter():
    rng = np.random.default_rng(3)
    names = "slope", "low", "high", "kendall_low", "kendall_high"
    for _ in range(20):
        y = curves(rng, 0.4, 10, 0.3)
        one = [stats.slope(KEYS, y)[k] for k in names]
        order = rng.permutation(10), rng.permutation(5)
        shuffled = stats.slope(KEYS[order[1]], y[order[0]][:, order[1]])
        scaled = stats.slope(1e3 * KEYS, 7.0 * y)
        rate = stats.slope(KEYS, 1.0 / y)  # a rate falls where a cost rises
        assert [shuffled[k] for k in names] == pytest.approx(one)
        assert [scaled[k] for k in names] == pytest.approx(one)
        a, low, high, k_low, k_high = one
        assert [rate[k] for k in names] == pytest.approx(
            [-a, -high, -low, -k_high, -k_low])


def covered(seed, draws=400, **world):
    """Shares of curves whose two intervals hold the exponent 1."""
    rng = np.random.default_rng(seed)
    inside = np.zeros(2)
    for _ in range(draws):
        got = stats.slope(KEYS, curves(rng, 1.0, 12, **world))
        inside += (got["low"] <= 1 <= got["high"],
                   got["kendall_low"] <= 1 <= got["kendall_high"])
    return inside / draws


def least(draws, share=0.95):
    """What a right interval falls below once in 20,000 times."""
    return dist.binom.ppf(5e-5, draws, share) / draws


def test_the_interval_by_blocks_covers_whatever_a_block_does_to_its_curve():
    """Kendall's does where points are disturbed one by one, and fails where
    blocks have slopes of their own: why it is not the one that is used."""
    by_blocks, kendall = covered(4)
    assert by_blocks >= least(400) and kendall >= least(400)
    by_blocks, kendall = covered(5, own=0.05)
    assert by_blocks >= least(400)
    assert kendall < 0.7


def test_a_small_slope_is_shown_by_equivalence():
    rng = np.random.default_rng(6)
    flat = stats.block_slopes(KEYS, curves(rng, 0.0, 20))
    assert stats.equivalence(flat, 0.05)["verdict"] == "equivalent"
    log = stats.block_slopes(KEYS, np.log(KEYS) * curves(rng, 0.0, 20))
    assert stats.equivalence(log, 0.05)["verdict"] == "different"


def test_a_step_in_the_curve_is_a_bend():
    """A cache that overflows: factor 3 from the third point on."""
    y = np.tile(np.where(KEYS > 5e3, 3.0, 1.0), (9, 1))
    assert stats.slope(KEYS, y)["bend"] > 0.3 * math.log(3)


@pytest.mark.parametrize("points, blocks, tail", [
    (2, 5, 1 / 32), (3, 1, 1 / 6), (4, 1, 1 / 24), (3, 2, 1 / 36)])
def test_a_chance_at_the_tail_counts_as_reached(points, blocks, tail):
    """No pair out of order is 1 of that many permutations: at that level the
    interval is of all slopes, a little below it there is none."""
    x = np.arange(points)
    y = np.arange(blocks)[:, np.newaxis] * x + x ** 2
    low, high = slopes.kendall_interval(x, y, 1 - 2 * tail)
    assert (low, high) == (1.0, blocks - 1 + 2 * points - 3)
    assert np.isnan(slopes.kendall_interval(x, y, 1 - 1.99 * tail)).all()


def test_where_there_is_no_block_there_is_no_slope():
    got = stats.slope([1, 10], [[math.nan, 1.0], [1.0, math.nan]])
    assert (got["n"], got["left_out"]) == (0, 2)
    assert got["reason"] == "no whole block" and got["slope"] is None
