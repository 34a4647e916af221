# SPDX-License-Identifier: Apache-2.0
"""Which maps a figure of speed against its price draws, and whose price is the
least (report/sections/tradeoff.py)."""
import pytest

from report.sections import tradeoff


@pytest.mark.parametrize("filled", [None, 0.0, -4096.0])
def test_a_price_that_is_not_above_0_is_not_drawn(filled):
    """The pages that a map fills may be there before it is made."""
    rows = [{"bytes": 40.0}, {"bytes": filled}]
    assert tradeoff.drawable(rows, "bytes") == rows[:1]


def tails(floor, low=91.0):
    """The slow map has the least tail, 100 ns [low, 120 ns]."""
    return [{"map": "fast", "ns": 900.0, "low": 800.0, "high": 950.0,
             "p99_floor": floor},
            {"map": "slow", "ns": 100.0, "low": low, "high": 120.0,
             "p99_floor": floor}]


@pytest.mark.parametrize("floor, is_named", [
    (None, True), (90.0, True), (100.0, False), (800.0, False)])
def test_what_may_be_the_price_of_the_floor_is_not_the_least(floor, is_named):
    """The end of the floor's interval against the lower ends of the maps'."""
    least = tradeoff.least_of(tails(floor), "ns", "low", "high")
    assert (least == "slow") == is_named


def test_next_to_a_price_that_is_not_known_none_is_the_least():
    assert tradeoff.least_of(tails(None, low=9.0), "ns", "low",
                             "high") not in ("fast", "slow")
