# SPDX-License-Identifier: Apache-2.0
"""Percentiles as the linter takes them (report/lint/latency.py), of trials
that are made by hand: who kept up, from how many operations a percentile is
known, its interval, and what a row of the page may say of it."""
import math
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report.lint import figures, latency
from report.lint.log import Log

RATE, WINDOW = 10000, 10 ** 9
TIMES = "overloaded at 10\u202f000/s (took {} to {} times the time)"


def trial(p50=100, took=1.0, count=1000, worst=900, **more):
    """One trial that took so many times as long as its arrivals."""
    entry = {"operation": "lookup", "was_there": True, "clock": "intended",
             "count": count, "p50_ns": p50, "p90_ns": None, "p99_ns": 3000,
             "max_ns": worst} | more
    return {"result": {"elapsed_ns": took * WINDOW, "ops": 5,
                       "latency": [entry]}}


def cell(*trials, **factors):
    return Made(id="a", map="a", measure="latency", ok=list(trials),
                place={"keys": 64, "threads": 2},
                factors={"window_ns": WINDOW, "rate_per_s": RATE,
                         "arrivals": "poisson"} | factors)


def found_of(of, operation="lookup, present", clock="intended"):
    return latency.entries(of, operation, clock)


# ---- who kept up ----------------------------------------------------------

@pytest.mark.parametrize("factors,times", [
    ({}, 2), ({"window_ns": 4 * WINDOW}, 0.5),
    # without a window it is what its operations take at that rate: 0.5 ms
    ({"window_ns": None}, 4000), ({"window_ns": 0, "rate_per_s": 0}, 1)])
def test_a_trial_is_held_against_the_time_of_its_arrivals(factors, times):
    of = cell(trial(took=2), **factors)
    assert latency.factor(of, of.ok[0]) == times


@pytest.mark.parametrize("times,late", [
    ([1.2], False), ([1.21], True), ([1, 1, 9], False), ([1, 2, 9], True),
    ([1.1, 1.4], True), ([1.0, 1.4], False)])
def test_the_middle_trial_decides_who_kept_up(times, late):
    assert latency.overloaded(times) == late


# ---- intervals of a median ------------------------------------------------

def least_rank(n):
    """By the definition: the k-th of either end leaves out at most 2.5 %."""
    best, below = 0, 0
    for k in range(1, n // 2 + 1):
        below += math.comb(n, k - 1)
        if 2 * below <= 0.05 * 2 ** n:
            best = k
    return best


@pytest.mark.parametrize("n", range(1, 41))
def test_the_rank_of_an_end_is_that_of_the_binomial(n):
    assert latency.outer_rank(n) == least_rank(n)


def test_six_trials_have_an_interval_from_end_to_end():
    assert latency.order_interval([5, 1, 4, 2, 3]) is None
    assert latency.order_interval([5, 1, 4, 2, 3, 9]) == (1, 9)
    assert latency.order_interval([5, 1, 4, 2, 3, 9, 8, 7, 6]) == (2, 8)


# ---- which entries --------------------------------------------------------

def test_entries_are_of_one_operation_outcome_and_clock():
    of = cell(trial(), trial(was_there=False), trial(clock="started"),
              trial(operation="update"), trial(count=0))
    of.ok.append({"result": {"latency": None}})
    at = [[t is x for x in of.ok].index(True) for t, _ in found_of(of)]
    assert at == [0]
    assert [t is of.ok[1] for t, _ in found_of(of, "lookup, absent")] == [
        True]
    assert [t is of.ok[2] for t, _ in found_of(of, clock="started")] == [
        True]
    assert [t is of.ok[3] for t, _ in found_of(of, "update")] == [True]


def test_the_outcome_that_happens_most_stands_for_an_operation():
    """Over all maps of the open loop, not of one map or of another loop."""
    one = cell(trial(count=900), trial(count=10, was_there=False))
    two = cell(trial(count=5000, was_there=False))
    other = cell(trial(count=9000), rate_per_s=7)
    verify = cell(trial(count=9000))
    verify.measure = "verify"
    c = Made(rows=Made(cells=dict(enumerate((one, two, other, verify)))))
    (entry,) = latency.main_entries(c, one, "lookup")
    assert entry[1]["count"] == 10
    c.rows.cells.pop(1)
    (entry,) = latency.main_entries(c, one, "lookup")
    assert entry[1]["count"] == 900


def test_the_tail_is_of_the_first_open_loop():
    """Callers of stock time their own sales, which no table of latencies
    has."""
    stock = Made(id="s", map="stock_rw", measure="latency", ok=[],
                 place={"loop": "stock:9"}, factors={"loop": "stock:9"})
    of = cell(trial(), loop="paced")
    of.why = ""
    row = Made(c=Made(rows=Made(cells={"s": stock, "a": of})),
               cell=Made(map="a"))
    (found,) = figures.tail(row)
    assert found["p99_cell"] == "a" and found["p99_ns"] == 3000


# ---- what a data file holds -----------------------------------------------

def test_a_percentile_is_the_median_of_the_trials_that_have_one():
    of = cell(*(trial(p50=v) for v in (100, 300, 200, None, 400, 700, 600)))
    found = latency.quantile(of, found_of(of), "P50")
    assert found == {"ns": 350, "low": 100, "high": 700, "n": 6, "why": "",
                     "operations": 1000}


def test_of_fewer_than_six_trials_the_reason_has_the_value():
    of = cell(trial(100), trial(300))
    found = latency.quantile(of, found_of(of), "P50")
    assert (found["ns"], found["low"], found["n"]) == (200, None, 2)
    assert found["why"]("200 ns (n < 6 trials)")
    assert not found["why"]("201 ns (n < 6 trials)")
    assert not found["why"]("200 ns")


@pytest.mark.parametrize("name,count,why", [
    ("P50", 5, "n < 6"), ("P50", 6, None), ("P99", 367, "n < 368"),
    ("P99", 368, None), ("P90", 1000, "none")])
def test_a_percentile_needs_operations_in_each_trial(name, count, why):
    of = cell(trial(), trial(count=count))
    found = latency.quantile(of, found_of(of), name)
    assert found["operations"] == count and found["n"] == 2
    assert (found["ns"] is None) == (why is not None)
    assert why is None or found["why"] == why


def test_the_largest_value_is_of_all_trials():
    of = cell(trial(worst=7), trial(worst=9), trial(worst=8))
    assert latency.quantile(of, found_of(of), "P100") == {
        "ns": 9, "n": 3, "operations": 1000,
        "why": "largest of all trials: no interval"}


def test_what_did_not_keep_up_has_no_value_but_the_reason():
    of = cell(trial(took=2), trial(took=4), trial(took=3))
    for name, more in (("P50", set()), ("P100", {"operations"})):
        found = latency.quantile(of, found_of(of), name)
        assert (found["ns"], found["low"], found["high"], found["n"]) == (
            None, None, None, 3)
        assert found.keys() - {"ns", "low", "high", "n", "why"} == more
        said = TIMES.format("2.0", "4.0")
        assert found["why"](said)
        for old, new in (("000", "001"), ("2.0", "2.1"), ("4.0", "3.0")):
            assert not found["why"](said.replace(old, new))


def test_an_operation_that_did_not_happen_has_no_percentile():
    of = cell(trial(), trial())
    assert latency.quantile(of, [], "P50") == {
        "ns": None, "low": None, "high": None, "n": 2,
        "why": "no such operation"}


# ---- what a row of the page may say ---------------------------------------

def wrong(of, text, key="p50_ns", need=6):
    """Is a text of a percentile found to be wrong?"""
    c = Made(log=Log())
    times = [latency.factor(of, t) for t in of.ok]
    latency.cell(c, "row", of, times, found_of(of), key, need, text)
    return bool(c.log.findings)


SIX = [trial(p50=v) for v in (1000, 1100, 1200, 1300, 1400, 9000)]


@pytest.mark.parametrize("text,right", [
    ("1.25 µs [1.00 µs, 9.00 µs]", True),
    ("1250 ns [1.00 µs, 9.00 µs]", True),
    ("1.26 µs [1.00 µs, 9.00 µs]", False),
    ("1.25 ns [1.00 µs, 9.00 µs]", False),
    ("1.25 µs [1.10 µs, 9.00 µs]", False),
    ("1.25 µs [1.00 µs, 9.10 µs]", False), ("1.25 µs", False),
    ("1.25 µs (n < 6 trials)", False), ("none", False), ("n < 6", False),
    ("not known (1.00 µs to 9.00 µs)", False),
    (TIMES.format("1.0", "1.0"), False)])
def test_a_percentile_with_its_interval(text, right):
    assert wrong(cell(*SIX), text) == (not right)


@pytest.mark.parametrize("text,right", [
    ("not known (800 ns to 9.00 µs)", True),
    ("not known (810 ns to 9.00 µs)", False),
    ("not known (800 ns to 9.10 µs)", False), ("not known", False),
    ("1.25 µs [800 ns, 9.00 µs]", False)])
def test_ends_that_are_ten_times_apart_are_not_known(text, right):
    of = cell(trial(p50=800), *SIX[1:])
    assert wrong(of, text) == (not right)


def test_exactly_ten_times_apart_is_known():
    of = cell(trial(p50=900), *SIX[1:])
    assert not wrong(of, "1.25 µs [900 ns, 9.00 µs]")
    assert wrong(of, "not known (900 ns to 9.00 µs)")


@pytest.mark.parametrize("of,text,right", [
    (cell(*SIX[:2]), "1.05 µs (n < 6 trials)", True),
    (cell(*SIX[:2]), "1.05 µs [1.00 µs, 1.10 µs]", False),
    (cell(*SIX[:2]), "1.05 µs", False),
    (cell(trial(count=5), trial()), "n < 6", True),
    (cell(trial(count=5), trial()), "n < 36", False),
    (cell(trial(count=5), trial()), "100 ns (n < 6 trials)", False),
    (cell(trial(p50=None)), "none", True),
    (cell(trial(p50=None)), "100 ns (n < 6 trials)", False),
    (cell(trial(took=2)), TIMES.format("2.0", "2.0"), True),
    (cell(trial(took=2)), TIMES.format("2.0", "3.0"), False),
    (cell(trial(took=2)), "100 ns (n < 6 trials)", False)])
def test_what_has_no_interval_says_why(of, text, right):
    assert wrong(of, text) == (not right)
