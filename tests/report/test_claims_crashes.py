# SPDX-License-Identifier: Apache-2.0
"""Tests claims about crashes. Crashed trials have no result, but they count."""
import collections
import functools
import re
from dataclasses import replace

import numpy as np
import pytest
from made_claims import campaign, cell, decided, of_trials
from report_helpers import TOP

from report import stats
from report.claims import crashes, ledger
from report.load.trial import Result, Status

MAY = {"rule": "can-happen", "side": "", "against": "", "speaks": "property",
       "statistic": "crashed+failed"}
THROWN = ("ended with status 2: fatal error: concurrent map writes; "
          "fatal error: concurrent map writes;  goroutine 38 [running]:")
FINE = cell("a", [1000]).trials[0]
WRONG = replace(FINE, status=Status.FAILED, reason="sums differ")
REFUSED = replace(FINE, status=Status.FAILED, reason="out of handles",
                  result=Result(status="failed", reason="..."))


def died(exit="signal 11", reason=None, status=Status.FAILED):
    return replace(FINE, exit=exit, status=status, result=None,
                   reason=reason or f"ended by {exit}")


SKIPPED = died("not started", "failed twice in a row", Status.SKIPPED)


def numbered(trials, name="a"):
    return of_trials(name, [replace(t, block=i) for i, t in enumerate(trials)])


def row(trials, **rule):
    return decided(campaign(numbered(trials)), **MAY | rule)


def numbers(found):
    (one,) = found.cells
    return one.value, one.low, one.high, one.n


# ---- trials without a result count ------------------------------------------

@pytest.mark.parametrize("trials,word,how,share", [
    ([died(), FINE] * 3, "reproduced", "3 times in 6 trials", (0.5, 0.118117, 0.881883, 6)),
    ([died()] * 2 + [SKIPPED] * 18, "reproduced", "2 times in 2 trials", (1, 0.158114, 1, 2)),
    ([FINE] * 20, "inconclusive", "none in 20 trials", (0, 0, 0.168433, 20))])
def test_crashes_are_a_share_of_trials_with_its_exact_interval(trials, word, how, share):
    found = row(trials)
    assert (found.verdict, found.how) == (word, how)
    assert numbers(found) == pytest.approx(share, rel=1e-5)


def ends(p, blocks):
    """Returns the probability of each (hits, trials). After two failures in a row, a cell is not
    run again."""
    found, going = collections.Counter(), {(0, False): 1.0}
    for n in range(1, blocks + 1):
        after = collections.Counter()
        for (hits, last), chance in going.items():
            after[hits, False] += chance * (1 - p)
            if last:
                found[hits + 1, n] += chance * p
            else:
                after[hits + 1, True] += chance * p
        going = after
    for (hits, _), chance in going.items():
        found[hits, blocks] += chance
    return found


@pytest.mark.parametrize("blocks,least", [(6, 0.95), (20, 0.95), (40, 0.94)])
def test_the_interval_holds_if_a_cell_is_given_up(blocks, least):
    """The interval assumes a fixed number of trials, but a cell that fails twice has fewer trials.
    The test computes the true coverage."""
    span = functools.cache(stats.share_interval)
    for p in np.arange(0.01, 1, 0.01):
        covered = sum(chance for key, chance in ends(p, blocks).items()
                      if span(*key)[0] <= p <= span(*key)[1])
        assert covered >= least, p


@pytest.mark.parametrize("rule,trials,word,how", [
    ({"rule": "never"}, [FINE] * 5 + [died()], "refuted", "1 counter-example"),
    ({"rule": "count", "claimed": (1, 1), "tolerance": 1.0}, [died()] * 6, "reproduced",
     "6 of 6 trials"),
    ({"rule": "count", "claimed": (1, 1), "tolerance": 1.0}, [died()] * 5 + [FINE], "refuted",
     "1 of 6 trials outside")])
def test_other_rules_count_crashes_too(rule, trials, word, how):
    found = row(trials, statistic="crashed", **rule)
    assert (found.verdict, found.how) == (word, how)


@pytest.mark.parametrize("trials,why", [
    ([SKIPPED] * 6, "failed twice in a row"), ([REFUSED] * 6, "out of handles"),
    ([died("signal 9")] * 6, "ended by signal 9"), ([], "not run yet")])
def test_trials_without_a_known_end_decide_nothing(trials, why):
    found = row(trials)
    assert (found.verdict, found.how) == ("not testable here", why)


def test_a_refusal_does_not_count_and_a_trial_counts_once():
    assert row([FINE] * 5 + [REFUSED]).how == "none in 5 trials"
    assert row([died(), WRONG, FINE, FINE]).how == "2 times in 4 trials"


# ---- which ends are crashes -------------------------------------------------

FATES = [  # trial, whether it crashed, whether its end is known
    (FINE, False, True), (WRONG, False, True), (replace(FINE, status=Status.VOID), False, True),
    (REFUSED, False, False), (SKIPPED, False, False), (died("deadline"), False, True),
    (died("status 2", "ended with status 2: request: no cell"), False, False),
    (died("status 2", THROWN), True, True),
    (died("status 2", "ended with status 2: 45 +0x1d fp=0xc00003; "
          "goroutine 18 gp=0xc0 m=0 [runnable]:; main.f()"), True, True),
    (died("status 2", "ended with status 2: panic: boom"), True, True),
    (died("status 2", "ended with status 2: runtime: out of memory: cannot; "
          "fatal error: out of memory"), False, False),
    (died("status 3", "ended with status 3"), False, False),
    (died("signal 6", "ended by signal 6 (Aborted) when it held 1900 MiB of the 2000 MiB "
          "that it may"), False, False),
    *((died(f"signal {n}"), True, True) for n in (4, 5, 6, 7, 8, 11)),
    *((died(f"signal {n}"), False, False) for n in (1, 2, 9, 14, 15))]


@pytest.mark.parametrize("trial,crashed,known", FATES)
def test_a_crash_is_a_fault_an_abort_or_a_go_panic(trial, crashed, known):
    assert (crashes.crashed(trial), crashes.end_known(trial)) == (crashed, known)
    found = row([trial, FINE, died()], statistic="crashed")
    assert numbers(found)[3] == 2 + known
    assert found.how.startswith(f"{1 + crashed} time")


def test_the_text_of_the_runner_about_memory_is_recognised():
    text = (TOP / "runner/campaign/launch.c").read_text(encoding="utf-8")
    form = re.search(r'" when it held.*?"', text)[0].replace("%llu", "7")
    assert crashes.NO_MEMORY.search(form)


# ---- the ledger -------------------------------------------------------------

@pytest.mark.parametrize("changed", [
    "rule = figure\nclaimed = 0.5\nstatistic = crashed",
    "rule = direction\nside = above\nagainst = b\nstatistic = failed",
    "rule = never\nstatistic = crashed+writes", "rule = never\nstatistic = crashed/ops"])
def test_rules_that_cannot_use_whole_trials_are_rejected(tmp_path, changed):
    (tmp_path / "made.claims").write_text(
        "[S0-01]\nsays = a\narticle = b\nworkload = w\ncells = threads=1\n"
        f"subject = m\n{changed}\n")
    with pytest.raises(ledger.LedgerError, match=r"made.claims:1: \[S0-01\] "
                       "statistic = .*: expected failed, crashed or "):
        ledger.read(tmp_path)
