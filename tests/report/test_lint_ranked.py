# SPDX-License-Identifier: Apache-2.0
"""A row of the first screen's table of maps, as the linter judges it
(report/lint/ranked.py): its word, its ratio, and why it has none. Groups are
made by hand."""
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401
from test_lint_derive import cell, decided

from report.lint import ranked
from report.lint.log import Log

HEADS = ("verdict", "a ÷ it")
GROUP = decided(cell("a", 2.0), cell("b", 1.0),
                cell("c", 1.0, 5), cell("d", 1.0, 0))


def wrong(name, told, ratio, heads=HEADS):
    c = Made(log=Log())
    ranked.standing(c, [name], dict(zip(heads, (told, ratio))), GROUP)
    return bool(c.log.findings)


@pytest.mark.parametrize("name,told,ratio,right", [
    ("a", "clear lead (8 blocks)", "–", True),
    ("a", "small lead (8 blocks)", "–", False),
    ("a", "clear lead (7 blocks)", "–", False),
    ("a", "clear lead (8 blocks)", "× 2.00 [2.00, 2.00]", False),
    ("b", "behind (8 blocks)", "× 2.00 [2.00, 2.00]", True),
    ("b", "tied (8 blocks)", "× 2.00 [2.00, 2.00]", False),
    ("b", "behind (7 blocks)", "× 2.00 [2.00, 2.00]", False),
    ("b", "behind (8 blocks)", "–", False),
    ("b", "behind (8 blocks)", "× 2.01 [2.00, 2.00]", False),
    ("b", "behind (8 blocks)", "× 2.00 [2.00, 2.01]", False),
    ("b", "not ranked (0 of 8 blocks)", "–", False),
    # of a map without a result, and of one with too few
    ("d", "not ranked (0 of 8 blocks, 8 void)", "–", True),
    ("d", "not ranked (1 of 8 blocks, 7 void)", "–", False),
    ("d", "not ranked (0 of 8 blocks)", "× 2.00 [2.00, 2.00]", False),
    ("d", "behind (0 of 8 blocks)", "–", False),
    ("d", "not ranked (8 blocks)", "–", False),
    ("c", "not ranked (5 of 5 blocks, 3 maps need 7)", "–", True),
    ("c", "not ranked (5 of 5 blocks, 3 maps need 8)", "–", False),
    ("c", "not ranked (8 blocks)", "–", False),
    ("c", "not ranked (5 of 5 blocks)", "× 2.00 [2.00, 2.00]", False),
    ("c", "no interval (5 blocks)", "× 2.00 [2.00, 2.00]", False)])
def test_a_row_has_the_word_and_the_ratio_of_its_map(name, told, ratio,
                                                     right):
    assert wrong(name, told, ratio) == (not right)


def test_the_ratio_is_headed_by_the_leader():
    good = ("b", "behind (8 blocks)", "× 2.00 [2.00, 2.00]")
    assert not wrong(*good) and wrong(*good, ("verdict", "b ÷ it"))


def test_without_a_verdict_nothing_may_be_ranked():
    assert wrong("b", "x", "y", ("other", "a ÷ it"))


@pytest.mark.parametrize("text,blocks", [
    ("8 blocks)", 8), ("1 block)", 1), ("8 blocks", None),
    ("7 of 8 blocks)", None), ("", None)])
def test_blocks_are_read_from_behind_the_word(text, blocks):
    assert ranked.blocks(text) == blocks
