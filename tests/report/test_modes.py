# SPDX-License-Identifier: Apache-2.0
"""Tests which mode of `make bench` the report suggests as the next."""
import pytest

from report.decide import modes
from report.model.result import Next


def test_modes_have_a_budget_and_blocks_and_no_set(tmp_path):
    for name, text in {
            "A": "budget = 3h\nblocks = 40\n", "b": "budget = 1.5h\nblocks = 20\n[x]\nblocks = 9\n",
            "a": "blocks = 3 # few\nbudget    = 90s\nworkloads = x y\n",
            "claims-d": "budget = 2min\nblocks = 7\n", "e": "budget = 2min\n[x]\nblocks = 7\n",
            "f": "blocks = 7\n", "g": "budget = 2 days\nblocks = 7\n",
            "h": "budget = 90s\nblocks = many\n"}.items():
        (tmp_path / f"{name}.conf").write_text(text)
    assert [tuple(m) for m in modes.modes(tmp_path)] == [
        (1.5, "a", 3), (90.0, "b", 20), (180.0, "A", 40)]


@pytest.mark.parametrize("mode, needs, found", [
    ("s", 1, Next("m", 9)), ("s", 4, Next("m", 9)), ("s", 5, Next("l", 60)), ("s", 9, None),
    ("m", 1, Next("l", 60)), ("l", 1, None), ("x", 1, None), (None, 1, None)])
def test_the_next_mode_is_longer_and_has_enough_blocks(monkeypatch, mode, needs, found):
    monkeypatch.setattr(modes, "modes", lambda: [
        modes.Mode(2, "s", 1), modes.Mode(9, "m", 4), modes.Mode(60, "l", 8)])
    assert modes.next_mode(mode, needs) == found
