# SPDX-License-Identifier: Apache-2.0
"""Causes on the page: rates of counts, levels as they are."""
from types import SimpleNamespace

import pytest

from report.sections import causes


def trial(**window):
    stats = [{"name": name, "unit": "ns" if name.endswith("ns") else "1",
              "window": value, "value": value + 7}
             for name, value in window.items()]
    return {"result": {"ops": 2000, "stats": stats}}


def rows_of(*trials):
    cell = SimpleNamespace(id="c", map="m", ok=list(trials))
    return {row["statistic"]: row for row in causes.counted(cell)}


LOCKS = {"lock_reads": 900, "lock_writes": 100, "lock_read_contended": 50,
         "lock_write_contended": 30, "lock_sample": 1}


def test_counts_are_per_million_operations():
    rows = rows_of(trial(promotions=4), trial(promotions=6))
    assert rows["promotions"]["per_million_operations"] == 2500
    assert rows["promotions"]["at_the_end"] == 12


def test_a_longest_pause_is_not_divided_by_operations():
    row = rows_of(trial(pause_grow_max_ns=5000))["pause_grow_max_ns"]
    assert row["per_million_operations"] is None
    assert row["at_the_end"] == 5007
    assert causes.said([row]).startswith("pause grow max ns 5")


def test_competition_is_what_had_to_wait():
    rows = rows_of(trial(**LOCKS))
    assert rows["lock_competition"]["at_the_end"] == pytest.approx(8)
    assert "lock competition 8" in causes.said(list(rows.values()))
    assert "lock sample" not in causes.said(list(rows.values()))


def test_without_locks_there_is_no_competition():
    assert "lock_competition" not in rows_of(trial(retired=3))
    assert "lock_competition" not in rows_of(trial(**dict.fromkeys(LOCKS, 0)))
