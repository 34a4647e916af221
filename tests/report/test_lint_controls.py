# SPDX-License-Identifier: Apache-2.0
"""Intervals and controls of the linter (report/lint/intervals.py and
controls.py): the intervals against every sign of every rank, the controls of
journals that are written by hand."""
import itertools
import json
import math
import statistics

import pytest
import report_helpers  # noqa: F401
from test_lint_noise import rows_of, trial

from report.lint import controls, intervals
from report.lint.controls import EXTRA, SMALL, Control
from report.lint.intervals import Estimate


# ---- intervals ------------------------------------------------------------

def sums(n):
    """The rank sum of every choice of signs: 2^n of them."""
    return [sum(rank for rank, sign in zip(range(1, n + 1), signs) if sign)
            for signs in itertools.product((0, 1), repeat=n)]


@pytest.mark.parametrize("n", range(1, 11))
def test_the_tail_counts_every_sign_of_every_rank(n):
    every = sums(n)
    assert list(intervals.tail(n)) == pytest.approx([
        sum(s <= w for s in every) / 2 ** n
        for w in range(n * (n + 1) // 2 + 1)])


@pytest.mark.parametrize("n,level,depth", [
    # P(rank sum 0) of six is 1/64 a side: 0.03125 < 0.05; of five it is not
    (5, 0.95, 0), (6, 0.95, 1), (7, 0.95, 3), (8, 0.95, 4), (9, 0.95, 6),
    (10, 0.95, 9), (7, 0.99, 0), (8, 0.99, 1),
    # just at the limit counts as within it
    (6, 1 - 2 / 64, 1), (6, 1 - 2 / 64 + 1e-9, 0), (4, 0.875, 1)])
def test_the_depth_is_that_of_the_tables_of_wilcoxon(n, level, depth):
    assert intervals.depth(n, level) == depth


def test_the_averages_are_of_all_pairs_and_of_each_with_itself():
    values = [1.0, 4.0, 0.0, 10.0]
    pairs = itertools.combinations_with_replacement(values, 2)
    assert list(intervals.walsh(values)) == sorted(
        (a + b) / 2 for a, b in pairs)


def test_an_estimate_is_the_middle_average_and_the_one_at_its_depth():
    """Of seven the third from either end."""
    logs = [0.1, -0.2, 0.4, 0.35, 0.0, 0.15, -0.05]
    every = sorted((a + b) / 2 for a, b in
                   itertools.combinations_with_replacement(logs, 2))
    found = Estimate(logs)
    assert found.n == 7
    assert math.log(found.centre) == pytest.approx(statistics.median(every))
    assert math.log(found.low) == pytest.approx(every[2])
    assert math.log(found.high) == pytest.approx(every[-3])
    assert found.interval(0.99) == (None, None)
    assert found.spans() == [(found.low, found.high)]


def test_of_nothing_and_of_too_few_there_is_no_interval():
    none, few = Estimate([]), Estimate([0.5] * 5)
    assert (none.n, none.centre, none.low) == (0, None, None)
    assert none.spans() == none.spans(0.99) == [(None, None)]
    assert few.centre == pytest.approx(math.exp(0.5))
    assert (few.low, few.high) == (None, None)


@pytest.mark.parametrize("n,many", [(49, 1), (50, 4)])
def test_from_fifty_on_an_end_may_be_one_average_off(n, many):
    """What may be printed lies around the normal approximation: mean
    n(n+1)/4, variance n(n+1)(2n+1)/24, 1.96 of them below."""
    found = Estimate([math.sqrt(i) for i in range(n)])
    spans = found.spans()
    assert len(spans) == many and spans[0] == (found.low, found.high)
    if many > 1:
        k = int(50 * 51 / 4 - 1.959964 * math.sqrt(50 * 51 * 101 / 24))
        assert spans[1:] == [found.at(i) for i in (k - 1, k, k + 1)]
        assert intervals.approximate_depth(50, 0.95) == k


def test_a_depth_below_the_first_average_is_none():
    assert intervals.approximate_depth(2, 0.999) == 0


# ---- one control ----------------------------------------------------------

def control(low, high, limits=SMALL):
    """A control whose interval is (low, high), per cent."""
    made = Control([], limits)
    made.low, made.high = (
        None if v is None else math.log1p(v / 100) for v in (low, high))
    return made


@pytest.mark.parametrize("low,high,limits,word", [
    (-0.5, 0.5, SMALL, "ok"), (-0.51, 0.5, SMALL, "undecided"),
    (-0.5, 0.51, SMALL, "undecided"), (-9, 9, SMALL, "undecided"),
    (0.5, 9, SMALL, "undecided"), (0.51, 9, SMALL, "FAILED"),
    (-9, -0.5, SMALL, "undecided"), (-9, -0.51, SMALL, "FAILED"),
    (1.5, 2.5, EXTRA, "ok"), (-0.5, 0.5, EXTRA, "FAILED"),
    (2.6, 3, EXTRA, "FAILED"), (1.4, 2, EXTRA, "undecided"),
    (None, None, SMALL, "cannot decide")])
def test_a_control_fails_when_its_whole_interval_is_outside(low, high, limits,
                                                            word):
    found = control(low, high, limits)
    assert found.word == word and found.failed == (word == "FAILED")


@pytest.mark.parametrize("low,high,limits,off", [
    (-0.25, 0.5, SMALL, 1.005), (-1, 0.5, SMALL, 1 / 0.99),
    (1.5, 3, EXTRA, 1.03 / 1.02), (1, 2.1, EXTRA, 1.02 / 1.01),
    (None, None, EXTRA, None)])
def test_how_far_it_may_be_off_is_the_farther_end_from_its_aim(low, high,
                                                               limits, off):
    assert control(low, high, limits).off == (
        off and pytest.approx(off, abs=1e-5))


# ---- the arms -------------------------------------------------------------

def timed(block, ns, cell="a", **more):
    """A thousand operations in so many nanoseconds."""
    return trial(block, cell=cell, **more) | {
        "result": {"ops": 1000, "elapsed_ns": ns}}


@pytest.mark.parametrize("arm,threads,name,limits", [
    ("aa", 2, "A/A, a, 2 threads", SMALL),
    ("aa-2", 1, "A/A, a, 1 thread", SMALL),
    ("control", 1, "+2 % work, a, 1 thread", EXTRA),
    ("read-extra", 2, "+2 % work, a, 2 threads", EXTRA),
    ("other", 1, None, None)])
def test_an_arm_is_held_against_the_head_of_its_cell(tmp_path, arm, threads,
                                                     name, limits):
    """Paired by block, of right trials alone: twice the time is twice the
    cost of the head arm."""
    lines = [timed(b, 1000 + b) for b in range(7)] + [
        timed(b, 2 * (1000 + b), arm=arm) for b in range(8)] + [
        timed(9, 10 ** 9, arm=arm, status="void"),
        timed(6, 10 ** 9, arm=arm, attempt=2, status="void")]
    found = list(controls.arms(rows_of(tmp_path, lines,
                                       [{"threads": threads}])))
    assert [x.name for x in found] == ([name] if name else [])
    for x in found:
        assert x.percents is limits and x.estimate.n == 6
        assert x.estimate.centre == pytest.approx(2)


def test_the_arms_stand_behind_the_slot_in_their_order(tmp_path):
    lines = [timed(0, 9, cell, arm=arm) for cell in "ba"
             for arm in ("control", "aa")]
    rows = rows_of(tmp_path, lines, [{"map": "a"}, {"map": "b"}])
    assert [x.name.split(",")[:2] for x in controls.controls(rows)] == [
        ["slot: second half of a block − first"], ["A/A", " a"],
        ["+2 % work", " a"], ["A/A", " b"], ["+2 % work", " b"]]


# ---- the place in a block, and the drift ----------------------------------

def ordered(folder, lines, orders, names="abcdef"):
    """Rows of a campaign whose blocks ran in these orders."""
    rows = rows_of(folder, lines, [{"map": name} for name in names])
    file = folder / "campaign.json"
    meta = json.loads(file.read_text()) | {"order": orders}
    file.write_text(json.dumps(meta))
    return type(rows)(folder)


def test_costs_are_told_in_the_order_of_the_block(tmp_path):
    """Over the middle of the cell; a void, a repeated and a disturbed trial
    tells none, and a cell with results of less than half the blocks is left
    out."""
    lines = [timed(b, ns, name) for name in "ab"
             for b, ns in enumerate((1000, 2000, 4000))]
    lines += [timed(0, 9, "c"), timed(0, 5, "d", status="void")]
    again = [timed(1, 2000, "a", attempt=2),
             timed(2, 4000, "b", attempt=2, disturbed=True)]
    rows = ordered(tmp_path, lines + again, [
        [1, 0, 2, 3], [0, 1], [1, 0], [0]], "abcd")
    found = [[round(v / math.log(2), 9) for v in costs]
             for costs in controls.costs_of(rows)]
    # a: 1000 and 4000 are left, middle 2000; b: 1000 and 2000
    assert found == [[-0.5, -1], [0.5], [1]]


@pytest.mark.parametrize("blocks,told", [(3, 1), (4, 1), (5, 0)])
def test_half_of_the_blocks_are_enough_for_a_cell(tmp_path, blocks, told):
    """The second cell has two trials."""
    lines = [timed(b, 1000, "a") for b in range(blocks)] + [
        timed(b, 1000, "b") for b in range(2)]
    rows = ordered(tmp_path, lines, [[0, 1]] * blocks, "ab")
    assert len(next(controls.costs_of(rows))) == 1 + told


def test_the_slot_is_the_second_half_less_the_first(tmp_path):
    """Six cells, each slower by a factor of e where it ran late; of five
    cells neither half has three."""
    late = round(1e9 * math.e)
    first, second = [0, 1, 2, 3, 4, 5], [3, 4, 5, 0, 1, 2]
    lines = [timed(b, late if order.index(i) > 2 else 10 ** 9, "abcdef"[i])
             for b, order in enumerate((first, second)) for i in range(6)]
    rows = ordered(tmp_path, lines, [first, second])
    assert controls.slot(rows) == pytest.approx([1, 1])
    few = ordered(tmp_path, [t for t in lines if t["cell"] != "f"],
                  [first, second])
    assert controls.slot(few) == []
    assert controls.slot_lacks(few) == "too few blocks planned"


@pytest.mark.parametrize("cells,spoilt,told", [
    ("abcdef", 3, "too few undisturbed trials in a block"),
    ("abcde", 3, "too few trials in a block"),
    ("abcdef", 0, "too few undisturbed trials in a block")])
def test_a_slot_lacks_trials_or_only_undisturbed_ones(tmp_path, cells, spoilt,
                                                      told):
    lines = [timed(b, 10 ** 9, name, disturbed="by others" if b < spoilt
                   else None) for b in range(6) for name in cells]
    rows = ordered(tmp_path, lines, [list(range(len(cells)))] * 6, cells)
    assert controls.slot_lacks(rows) == told
    (found,) = controls.controls(rows)
    assert found.word == ("cannot decide" if found.estimate.n < 6 else "ok")
    assert found.why == (told if found.estimate.n < 6 else "")


def drifted(monkeypatch, costs):
    monkeypatch.setattr(controls, "costs_of", lambda rows: costs)
    return controls.drift(None)


def test_the_drift_is_of_the_trials_that_have_a_cost(tmp_path):
    """A cell with fewer than half of the blocks has none."""
    lines = [timed(b, 10 ** 9, name, disturbed="by others"
                   if name == "c" and b else None)
             for b in range(4) for name in "abc" if (b, name) != (3, "b")]
    rows = ordered(tmp_path, lines, [[0, 1, 2]] * 5, "abc")
    assert controls.drift_of(rows) == (4, 7, 2)


def test_the_drift_is_from_the_first_block_to_the_last(monkeypatch):
    """Blocks without a cost count in none; from six on it has ends."""
    costs = [[0.0, 9.0, 0.0], [], [0.1], [0.2]]
    centre, low, high, n = drifted(monkeypatch, costs)
    assert (centre, low, high, n) == (pytest.approx(0.2), None, None, 3)
    assert drifted(monkeypatch, costs[:3]) == (None, None, None, 2)
    steady = [[0.1 * b] for b in range(6)]
    assert drifted(monkeypatch, steady) == (pytest.approx(0.5),
                                            pytest.approx(0.5),
                                            pytest.approx(0.5), 6)
    assert drifted(monkeypatch, steady[:5])[1:] == (None, None, 5)


def test_a_cost_is_told_in_per_cent():
    assert controls.percent(None) is None
    assert controls.percent(math.log(1.5)) == pytest.approx(50)
