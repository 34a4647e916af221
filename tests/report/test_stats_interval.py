# SPDX-License-Identifier: Apache-2.0
"""Compares the intervals of report/stats with the functions that they combine."""
import math

import numpy as np
import pytest

from report import stats
from report.stats.power import autoregression


def test_many_ratios_equal_each_pair_alone():
    """Series of different lengths give the same results as each pair alone. Blocks without a result
    of both maps are left out."""
    rng = np.random.default_rng(3)
    pairs = {}
    for i in range(30):
        over, under = (dict(enumerate(rng.lognormal(0, 0.2, rng.integers(
            5, 30)))) for _ in "ab")
        over.pop(2)
        pairs[i] = over, under
    found = stats.many_ratios(pairs, 0.99)
    assert list(found) == list(pairs)
    for i, (over, under) in pairs.items():
        assert found[i] == stats.ratio_interval(over, under, 0.99)
        x = [math.log(over[b]) - math.log(under[b])
             for b in range(30) if b in over and b in under]
        expected = stats.serial_interval(x, 0.99)
        assert found[i].n == len(x)
        if len(x) < 8:
            assert found[i][1:3] == (None, None)
            assert found[i].reason == "n<8"
        else:
            assert found[i][:3] == pytest.approx(np.exp(expected))
            assert found[i].reason is None


def test_levels_keep_their_unit_and_the_order_of_blocks():
    rate = {b: 1e6 * 1.1 ** (b % 7) for b in reversed(range(20))}
    found = stats.level_intervals({"a": rate, "b": {}})
    expected = np.exp(stats.serial_interval(
        [math.log(rate[b]) for b in range(20)]))
    assert found["a"][:3] == pytest.approx(expected)
    assert found["b"] == (None, None, None, 0, "no trial")


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_a_rate_without_logarithm_is_refused(value):
    with pytest.raises(ValueError):
        stats.level_intervals({0: {0: 1.0, 1: value}})
    with pytest.raises(ZeroDivisionError):
        stats.ratio_interval({0: 1.0}, {0: 0.0})


def test_a_zero_lies_below_all_values_and_keeps_the_scale():
    """A zero has the same effect as a very small positive value."""
    values = [0.5, 2.0] * 10
    with_zero, smallest = stats.many_intervals(
        {0: [*values, 0.0], 1: [*values, 1e-99]}).values()
    assert with_zero == smallest and with_zero.centre == pytest.approx(1.0)
    few = stats.many_intervals({0: [0.0, 1.0, 2.0, 3.0, 2.0, 1.0]})[0]
    assert few.low == 0.0 and few.high > 2.0
    none = stats.many_intervals({0: [0.0] * 8, 1: [0.0] * 7 + [1.0]})
    assert none[0] == (0.0, 0.0, 0.0, 8, None)
    assert stats.many_intervals({0: [0.0] * 5})[0] == (0.0, None, None, 5, "n<6")
    assert none[1] == (0.0, None, None, 8, "most values are 0")


def test_differences_have_an_arithmetic_scale():
    x = np.random.default_rng(1).normal(0, 1, 20)
    assert stats.many_intervals({0: x}, log=False)[0][:3] == \
        stats.serial_interval(x)


@pytest.mark.parametrize("n", [12, 26, 40])
@pytest.mark.parametrize("lag1", [0.0, 0.6])
def test_a_series_without_trend_has_none(n, lag1):
    """Without a correction for correlation, 27 to 38 % of series with a lag-1 correlation of 0.6
    would have a trend."""
    rng = np.random.default_rng([n, int(10 * lag1)])
    rows = autoregression(rng, 400, n, lag1) + 0.3 * np.arange(n)
    ends = [stats.trend(x)[1:3] for x in rows]
    assert np.mean([low <= 0.3 <= high for low, high in ends]) >= 0.92
    assert stats.trend(np.arange(5.0))[:3] == (1.0, None, None)


def test_median_of_values():
    assert stats.median_of(range(1, 11)) == (5.5, 2.0, 9.0, 10, None)
    assert stats.median_of([3, 1]) == (2.0, None, None, 2, "n<6")
    assert stats.median_of([]).centre is None
