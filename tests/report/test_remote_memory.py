# SPDX-License-Identifier: Apache-2.0
"""Tests the cost of remote memory, computed from a journal with known rates."""
import page_numbers
import pytest
from report_helpers import build

MAPS = ("gomap_rw", "syncmap", "null_map")  # the last one is a bound
RATES = {"bind:0": 12.0, "bind:1": 8.0, "interleave": 10.0}


def rates(cell, block):
    """Millions of operations per second. The rates differ between blocks, and the ratios vary by 1
    %."""
    noise = 1 + (block % 3 - 1) / 100 * (cell["memory"] == "bind:1")
    slower = 2.0 if (cell["map"], cell["memory"]) == ("syncmap", "bind:1") else 1.0
    return (1 + block / 10) * noise * RATES.get(cell["memory"], 12.0) / slower


def test_price_is_the_ratio_to_the_local_rate_of_the_same_block(tmp_path):
    built = build(tmp_path, maps=MAPS, memories=tuple(RATES), plant={"mops": rates})
    rows = {(r["map"], r["memory"]): r for r in built.rows("tables/remote.csv")}
    assert set(rows) == {(m, memory) for m in MAPS[:2] for memory in ("node 1", "all nodes")}
    for (name, memory), expected in {("gomap_rw", "node 1"): 1.5, ("syncmap", "node 1"): 3.0,
                                     ("syncmap", "all nodes"): 1.2}.items():
        row = rows[name, memory]
        assert float(row["price"]) == pytest.approx(expected, rel=1e-3)
        assert float(row["price_low"]) <= expected * 1.001
        assert float(row["price_high"]) >= expected * 0.999
        assert row["price_n"] == "10"
    assert "The price of remote memory" in built.page and "3.0" in built.page
    assert page_numbers.problems(built.out)[0] == []


def test_page_without_remote_memory_has_no_price(tmp_path):
    built = build(tmp_path, maps=MAPS, memories=("bind:1", "interleave"))
    assert "remote memory" not in built.page
