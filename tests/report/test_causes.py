# SPDX-License-Identifier: Apache-2.0
"""Causes on the page: rates of counts, levels as they are."""
from pathlib import Path
from types import SimpleNamespace

import pytest

from report.sections import causes


def trial(**window):
    stats = [{"name": name, "unit": "ns" if name.endswith("ns") else "1",
              "window": value, "value": value + 7}
             for name, value in window.items()]
    return {"result": {"ops": 2000, "elapsed_ns": 5 * 10**8, "stats": stats}}


def rows_of(*trials):
    cell = SimpleNamespace(id="c", map="m", ok=list(trials))
    return {row["statistic"]: row for row in causes.counted(cell)}


LOCKS = {"lock_reads": 900, "lock_writes": 100, "lock_read_contended": 50,
         "lock_write_contended": 30, "lock_sample": 1}


def test_counts_are_per_million_operations():
    rows = rows_of(trial(promotions=4), trial(promotions=6))
    assert rows["promotions"]["per_million_operations"] == 2500
    assert rows["promotions"]["at_the_end"] == 12


def test_counts_are_per_second_of_the_window():
    rows = rows_of(trial(misses=2499), trial(misses=2501))
    assert rows["misses"]["per_second"] == pytest.approx(5000)


@pytest.mark.parametrize("misses, told", [
    (2500, "5 000 (not above 5 000)"), (3000, "6 000 (above 5 000)"),
    (0, "0 (not above 5 000)")])
def test_misses_are_held_against_the_alarm(misses, told):
    text = causes.health(list(rows_of(trial(misses=misses)).values()))
    assert text.replace("\u202f", " ") == told


def test_a_map_without_misses_has_no_health():
    assert causes.health(list(rows_of(trial(retired=3)).values())) == ""


def test_a_longest_pause_is_not_divided_by_operations():
    row = rows_of(trial(pause_grow_max_ns=5000))["pause_grow_max_ns"]
    assert row["per_million_operations"] is None
    assert row["at_the_end"] == 5007


@pytest.mark.parametrize("name", ["bytes_peak", "slots", "limbo_peak"])
def test_a_level_is_what_it_was_at_the_end(name):
    """Above what the machine has, if it were divided by operations."""
    row = rows_of(trial(**{name: 1 << 20}))[name]
    assert row["per_million_operations"] is None
    words = name.replace("_", " ")
    assert causes.said([row]).startswith(f"{words} = 1")


def test_each_level_is_a_statistic_of_some_map():
    top = Path(__file__).resolve().parents[2]
    sources = "".join(p.read_text() for room in ("impls", "runner")
                      for p in (top / room).rglob("*.[ch]"))
    assert len(causes.LEVELS) > 20
    own = {"lock_competition"}  # of the page itself
    assert {name for name in causes.LEVELS - own
            if f'"{name}"' not in sources} == set()


def test_competition_is_what_had_to_wait():
    rows = rows_of(trial(**LOCKS))
    assert rows["lock_competition"]["at_the_end"] == pytest.approx(8)


@pytest.mark.parametrize("lacks, share", [
    ("lock_read_contended", None), ("lock_write_contended", None),
    ("lock_reads", 30), ("lock_writes", 50 / 9)])
def test_who_counts_locks_need_not_count_all_of_it(lacks, share):
    rows = rows_of(trial(**{k: v for k, v in LOCKS.items() if k != lacks}))
    assert rows.get("lock_competition", {"at_the_end": None})[
        "at_the_end"] == (share and pytest.approx(share))


def test_without_locks_there_is_no_competition():
    assert "lock_competition" not in rows_of(trial(retired=3))
    assert "lock_competition" not in rows_of(trial(**dict.fromkeys(LOCKS, 0)))
