# SPDX-License-Identifier: Apache-2.0
"""Tests the comparison of the arms of `readmostly run --arms`."""
from dataclasses import replace

from test_compare_parts import campaign, cell, factors

from report import arms
from report.load.plan import Arm


def made(*there):
    """Makes a campaign whose arms ran the same cell."""
    first = cell(factors())
    found = campaign(first, arms=(Arm("here", program="a"), Arm("there", program="b")))
    rates = {"here": [2.0 + i / 100 for i in range(8)], "there": there}
    return replace(found, arms={(name, first.id): cell(first.factors, of).trials
                                for name, of in rates.items()})


def test_arms_are_compared_by_pairs():
    found = made(*(1.0 + i / 200 for i in range(8)))
    assert arms.are_given(found) and not arms.is_gate(found)
    assert f"{next(iter(found.cells))}: there is 0.500 times [0.500, 0.500] as " \
        "fast as here, n = 8: slower" == arms.lines(found)[0]


def test_too_few_pairs_have_no_verdict():
    assert ": there and here: not compared: " in arms.lines(made(1.0, 1.1))[0]


def test_a_campaign_without_arms_has_a_page():
    assert not arms.are_given(campaign(cell(factors()), arms=(
        Arm(), Arm("control", flavour="aa"))))
