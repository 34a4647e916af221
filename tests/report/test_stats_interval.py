# SPDX-License-Identifier: Apache-2.0
"""Intervals of report/stats against the functions that they combine."""
import math

import numpy as np
import pytest

from report import stats


def test_many_ratios_equal_each_pair_alone():
    """Also with different lengths; blocks that one map lacks do not count."""
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


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_rate_without_logarithm_is_refused(value):
    with pytest.raises(ValueError):
        stats.level_intervals({0: {0: 1.0, 1: value}})


def test_median_of_values():
    assert stats.median_of(range(1, 11)) == (5.5, 2.0, 9.0, 10, None)
    assert stats.median_of([3, 1]) == (2.0, None, None, 2, "n<6")
    assert stats.median_of([]).centre is None
