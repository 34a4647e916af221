# SPDX-License-Identifier: Apache-2.0
"""Tests the values that claims take from a campaign: parts of a claim, slopes of trials,
counts of 0, and counters that take turns."""
import math
from dataclasses import replace

import numpy as np
import pytest
from made_claims import campaign, cell, claim, decided, of_claim, of_trials, trial

from report.claims import articles, decide, evidence, rules
from report.claims.model import PORT
from report.claims.statistic import Data
from report.decide import claims as tables
from report.load.trial import Counters, Event, Pause, Slice


def figure(statistic, of, **more):
    """Returns the answer for a figure about map a."""
    keys = {"row": "W1", "what": "f", "workload": "w", "where": "threads=2", "subject": "a",
            "against": "", "unit": "1", "article": "", **more}
    return articles.answer(Data(of), articles.Figure(statistic=statistic, **keys))


# ---- parts of a claim -------------------------------------------------------

COUNT = {"rule": "count", "side": "", "against": "", "speaks": "count",
         "statistic": "n", "tolerance": 1.0, "claimed": (1.0, 1.0)}


def counted(name, value, **more):
    return cell(name, [1] * 8, stats={"n": [value] * 8}, **more)


TWO = ("threads=2", "threads=2 | subject = b | claimed = 3 .. 5")


@pytest.mark.parametrize("a,b,conditions,word", [
    (1, 4, "parts", "reproduced"), (1, 6, "parts", "refuted"),
    (2, 4, "parts", "refuted"), (1, 6, "unstated", "depends")])
def test_all_parts_must_hold(a, b, conditions, word):
    found = decided(campaign(counted("a", a), counted("b", b)), **COUNT,
                    cells=TWO, conditions=conditions)
    assert found.verdict == word
    if word == "depends":
        assert found.how == "reproduced at threads=2 a; refuted at threads=2 b"


def test_go_has_its_own_cells_and_statistics():
    made = campaign(counted("a", 1), cell("go_a", [1] * 8, stats={"k": [5] * 8}, threads=4))
    found = decided(made, **COUNT, about="go", cells=("threads=2",), go=("go_a", ""),
                    go_cells=("threads=4",), go_statistic="k")
    assert (found.verdict, found.of, found.port.verdict) == ("refuted", "Go 1.19.8", "reproduced")


@pytest.mark.parametrize("go,of", [("", PORT), ("go_b", "Go 1.19.8")])
def test_go_decides_only_claims_of_which_it_has_all_parts(go, of):
    made = campaign(*(counted(name, 1) for name in ("a", "b", "go_a", "go_b")))
    second = "threads=2 | subject = b" + (f" | go = {go}" if go else "")
    assert decided(made, **COUNT, about="go", conditions="parts",
                   cells=("threads=2 | go = go_a", second)).of == of


def test_a_slope_runs_over_the_number_of_a_loop():
    made = campaign(*(counted("a", n * 3, loop=f"range-list:{n}", threads=1, keys=n)
                      for n in (10, 100, 1000)))  # different keys give different ids
    (_, e), = of_claim(made, claim(
        rule="slope", side="", against="", statistic="n", axis="loop",
        claimed=(0.9, 1.1), cells=("threads=1",), speaks="property"))
    assert e.reason == "" and len(e.cells) == 3
    assert all(abs(value - 1) < 1e-9 for _, value in e.values)


def test_lines_with_equal_factors_are_extended_separately():
    """Two lines of the ledger may use one cell for different statistics. Each line is extended to
    other places, but equal queries are made only once."""
    made = campaign(*(cell(name, [1000] * 8, threads=threads)
                      for threads in (1, 2, 4) for name in "abc"))
    asked = claim(free=("threads",), cells=(
        "threads=2", "threads=2 | against = c", "threads=2 | statistic = writes | side = below"))
    found = [(one.against, one.statistic, one.side, one.cells[0].strip())
             for one, _ in of_claim(made, asked)]
    lines = (("b", "ops/elapsed_s", "above"), ("c", "ops/elapsed_s", "above"),
             ("b", "writes", "below"))
    assert sorted(found) == sorted((*line, f"threads={n}") for line in lines for n in (1, 2, 4))
    again = claim(free=("threads",), cells=("threads=1", "threads=2"))
    assert len(of_claim(made, again)) == 3


# ---- slopes over the slices of a trial -----------------------------------------

def sliced(seed, count, slope=0.5):
    """Makes slices whose P99 rises by `slope` ms per ms of pause, plus noise."""
    rng = np.random.default_rng(seed)
    return tuple(Slice(
        operations=1000, max_ns=1e8,
        p99_ns=1e6 * (1 + slope * pause + rng.normal(0, 0.05)), bytes=rng.uniform(1e6, 2e6),
        pauses=(Pause("rebuild", int(rng.integers(1, 9)), 1e6 * pause),))
        for pause in rng.uniform(0, 20, count))


def paused(counts, slope=lambda i: 0.5, elapsed_ns=1e9, **factors):
    """Makes a trial for each number of slices."""
    trials = [trial(i, 1000) for i in range(len(counts))]
    return campaign(of_trials("a", [replace(t, result=replace(
        t.result, elapsed_ns=elapsed_ns, slices=sliced(i, count, slope(i))))
        for i, (t, count) in enumerate(zip(trials, counts))], measure="causes", **factors))


SLOPE = {"against": "", "side": "", "rule": "figure", "speaks": "property",
         "claimed": (0.5, 0.5), "statistic": "slope pause_ms"}


def test_each_trial_with_enough_slices_has_a_slope():
    (_, found), = of_claim(paused([24, 19, 20]), claim(**SLOPE))
    assert [b for b, _ in found.values] == [0, 2]
    assert [v for _, v in found.values] == pytest.approx([0.5] * 2, abs=0.02)
    (_, none), = of_claim(paused([19, 5]), claim(**SLOPE))
    assert none.reason == "no trial has a slope: fewer than 20 slices have known pauses and 100 " \
        "operations"


def test_a_map_without_pauses_is_the_reason_for_no_slope():
    made = campaign(of_trials("a", [replace(t, result=replace(t.result, slices=tuple(
        replace(s, pauses=()) for s in sliced(1, 24)))) for t in [trial(0, 1000)]]))
    assert figure("slope pause_ms", made).reason == \
        "no trial has a slope: pause_ms is 0 in every slice"


@pytest.mark.parametrize("fold,slope,low,high", [
    ("slope_p", 0.5, 0, 1e-6), ("slope_p", 0.0, 1e-3, 1), ("slope_vif", 0.5, 1, 2)])
def test_a_slope_has_its_p_and_inflation(fold, slope, low, high):
    """The columns are independent, so the inflation is small."""
    (_, found), = of_claim(paused([24] * 3, lambda i: slope),
                           claim(**SLOPE | {"statistic": f"{fold} pause_ms"}))
    assert len(found.values) == 3 and all(low <= v <= high for _, v in found.values)


@pytest.mark.parametrize("fold,low,high", [("slope_p", 0, 1), ("slope_vif", 1, math.inf)])
def test_a_p_or_inflation_has_a_range_within_its_domain(fold, low, high):
    """An interval over trials could extend beyond the domain (0 to 1 for p, at least 1 for
    inflation), because the values are skewed."""
    answer = figure(f"{fold} pause_ms", paused([24] * 10, lambda i: 0.002 * i))
    assert (answer.low, answer.high, answer.n, answer.of) == (None, None, 10, "trial")
    assert low <= answer.least < answer.value < answer.most <= high


@pytest.mark.parametrize("claimed,word", [(0.5, "reproduced"), (0.87, "refuted")])
def test_a_slope_is_decided_as_a_figure_is(claimed, word):
    assert decided(paused([24] * 12), **SLOPE | {
        "claimed": (claimed, claimed)}).verdict == word


def test_slices_of_a_loop_that_fell_behind_have_no_slope():
    """The P99 of an overloaded loop is queueing time, which grows during the window."""
    made = paused([24] * 8, elapsed_ns=1.5e9, rate_per_s=1e5)
    (_, found), = of_claim(made, claim(**SLOPE))
    assert not found.values and found.reason.startswith("overloaded at 100")
    answer = figure("slope pause_ms", made)
    assert answer.value is None and answer.reason == found.reason


def test_a_figure_of_slices_has_an_interval_of_trials():
    """The slopes of trials differ. An interval over trials contains the mean slope with the
    expected probability; an interval over all slices, treated as independent, contains it in only
    79 % of cases."""
    rng, covered, runs = np.random.default_rng(8), 0, 60
    for _ in range(runs):
        slopes = rng.normal(0.5, 0.2, 10)
        answer = figure("slope pause_ms", paused([20] * 10, slope=lambda i: slopes[i]))
        assert answer.n == 10
        covered += answer.low <= 0.5 <= answer.high
    assert covered >= 0.9 * runs


def test_a_slope_below_0_counts_against_the_claim():
    """Two of twenty slopes are negative and have no logarithm. Leaving them out would overstate
    the certainty of the test."""
    asked = claim(**{**SLOPE, "speaks": "speed", "claimed": (0.87, 0.87)})
    found = evidence.Evidence("", ("a",), tuple(enumerate([0.87] * 18 + [-0.2, -0.1])))
    others = {decide.Key(str(i), "", 0): (asked, evidence.Evidence(
        "", (f"{i}",), tuple(enumerate([1.3] * 20)))) for i in range(30)}
    one = decide.Key("one", "", 0)
    ps = decide.corrected({one: (asked, found), **others})[one]
    assert ps[rules.Call.CLAIMED] > 0.1
    assert rules.tested(asked, found, ps).word == "inconclusive"


# ---- counts of 0 ----------------------------------------------------------------

def lost(a, b, **keys):
    made = campaign(*(cell(name, [1000] * 6, stats={"lost": [n] * 6})
                      for name, n in (("a", a), ("b", b))))
    return decided(made, **{"speaks": "count", "rule": "ratio", "side": "",
                            "numbers": "simulated", "claimed": (150.0, 150.0),
                            "statistic": "lost/ops", **keys})


def test_0_on_both_sides_is_equal_for_exact_counts_only():
    found = lost(0, 0)
    assert found.verdict == "refuted" and found.how.startswith("no difference")
    assert lost(150, 1).verdict == "reproduced"
    for found in (lost(7, 0), lost(0, 0, numbers="native")):
        assert found.verdict == "not testable here" and "its divisor is 0" in found.how


# ---- counters, of which each block counts one set ---------------------------

SETS = (("cycles", "instructions", "branches"), ("l1d_load", "l1d_load_miss", "l1d_fill"),
        ("l2_fill", "llc_miss", "snoop_hitm"))
MISSES = {"rule": "ratio", "speaks": "count", "side": "", "claimed": (0.5, 0.5),
          "numbers": "counters", "needs": ("counters", 1),
          "statistic": "counter.l1d_load_miss/counter.l1d_load"}


def in_turn(sets=SETS, blocks=20, change=lambda block, event: event):
    """Gives map a half the misses of b. Block n counts the set n modulo the number of sets, as on a
    PMU with three counters."""
    def counting(block, misses):
        events = (Event(m, (misses if m == "l1d_load_miss" else 10 ** 5) + block,
                        quality="exact") for m in sets[block % len(sets)])
        made = trial(block, 10 ** 6)
        return replace(made, result=replace(made.result, counters=Counters(
            events=tuple(change(block, e) for e in events))))
    return campaign(*(of_trials(name, [counting(b, misses) for b in range(blocks)],
                                measure="counters")
                      for name, misses in (("a", 500), ("b", 1000))), counters="perf")


def test_a_claim_uses_the_blocks_that_count_its_metrics():
    (_, found), = of_claim(in_turn(), claim(**MISSES))
    assert [b for b, _ in found.values] == [1, 4, 7, 10, 13, 16, 19]
    assert [v for _, v in found.values] == pytest.approx([0.5] * 7, rel=0.02)
    row = decided(in_turn(), **MISSES)
    assert (row.verdict, row.numbers) == ("reproduced", "counters")
    answer = figure("counter.l1d_load_miss/ops", in_turn())
    assert answer.n == 7 and answer.value == pytest.approx(5e-4, rel=0.03)


@pytest.mark.parametrize("sets, why", [
    ((("cycles", "l1d_load"), ("l1d_load_miss",)),
     "no block counts counter.l1d_load_miss and counter.l1d_load together"),
    ((("cycles", "l1d_load"), ("l1d_fill",)),
     "its trials do not report counter.l1d_load_miss")])
def test_metrics_without_a_block_are_reported(sets, why):
    (_, found), = of_claim(in_turn(sets), claim(**MISSES))
    assert not found.values and found.reason == why


@pytest.mark.parametrize("quality, total, reason", [
    ("multiplexed", 900, "counted 31.0 % of the time, scaled"),
    ("invalid", None, "stayed at 0")])
def test_counters_that_did_not_run_all_the_time_are_left_out(quality, total, reason):
    """Counts that were scaled up from a part of the window are left out, although they have a
    total. A failed block is reported as lost, but not a block that counted another set."""
    made = in_turn(change=lambda block, e: replace(
        e, total=total, quality=quality, reason=reason)
        if (block, e.metric) == (4, "l1d_load") else e)
    row = decided(made, **MISSES)
    assert row.verdict == "not testable here"
    assert f"counter.l1d_load is {quality}: {reason}" in row.how


@pytest.mark.parametrize("quality, whose", [
    ("replayed", "replayed"), ("exact", "counters"), ("multiplexed", None)])
def test_a_figure_of_a_recording_is_marked(quality, whose):
    made = in_turn(change=lambda block, e: replace(e, quality=quality))
    answer = figure("counter.l1d_load_miss/ops", made)
    assert (answer.value is None) == (whose is None) and tables.numbers(answer) == whose
