# SPDX-License-Identifier: Apache-2.0
"""Claims that something crashes: trials that died have no result, and count;
what ended otherwise is no crash; both hands, and the page, say the same."""
import collections
import functools
import re

import numpy as np
import pytest
from made_claims import campaign, cell, claim
from report_helpers import TOP

from report import crashes, stats
from report.claims import decide, ledger

MAY = {"rule": "can-happen", "side": "", "against": "", "speaks": "property",
       "statistic": "crashed+failed"}
THROWN = ("ended with status 2: fatal error: concurrent map writes; "
          "fatal error: concurrent map writes;  goroutine 38 [running]:")


def died(trial, exit="signal 11", reason=None, status="failed"):
    return trial | {"exit": exit, "status": status, "result": None,
                    "reason": reason or f"ended by {exit}"}


def of_trials(trials, name="a"):
    """A cell with just these trials, each with its number as its block."""
    one = cell(name, [1000] * len(trials))
    one.trials = [{**t, "block": i} for i, t in enumerate(trials)]
    one.ok = [t for t in one.trials if t["status"] == "ok"]
    return one


FINE = cell("a", [1000]).trials[0]
WRONG = FINE | {"status": "failed", "reason": "sums differ"}
REFUSED = FINE | {"status": "failed", "reason": "out of handles", "result": {
    "protocol": 2, "cell": "a", "status": "failed", "reason": "..."}}
SKIPPED = died(FINE, "not started", "failed twice in a row", "skipped")


def said(trials, **rule):
    asked = claim(**MAY | rule)
    return decide.verdicts(campaign(of_trials(trials)), {asked.id: asked})[0]


def numbers(found):
    (one,) = found["cells"]
    return one["value"], one["low"], one["high"], one["n"]


# ---- trials without a result count ------------------------------------------

def test_three_of_six_that_died_are_three_of_six():
    found = said([died(FINE), FINE] * 3)
    assert (found["verdict"], found["how"]) == (
        "reproduced", "3 times in 6 trials")
    assert numbers(found) == (0.5, pytest.approx(0.118117, rel=1e-5),
                              pytest.approx(0.881883, rel=1e-5), 6)


def test_all_that_died_need_no_result():
    """After two in a row the runner skips the rest."""
    found = said([died(FINE)] * 2 + [SKIPPED] * 18)
    assert (found["verdict"], found["how"]) == (
        "reproduced", "2 times in 2 trials")
    assert numbers(found) == (1, pytest.approx(0.158114, rel=1e-5), 1, 2)


def test_none_is_said_with_what_it_bounds():
    found = said([FINE] * 20)
    assert (found["verdict"], found["how"]) == (
        "inconclusive", "none in 20 trials")
    assert numbers(found) == (0, 0, pytest.approx(0.168433, rel=1e-5), 20)


def ends(p, blocks):
    """(hits, trials) -> chance: the runner gives a cell up after two failures
    in a row."""
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
def test_the_interval_holds_where_a_cell_is_given_up(blocks, least):
    """It is of a number of trials that was fixed before; this one ends with
    what is counted."""
    span = functools.cache(stats.share_interval)
    for p in np.arange(0.01, 1, 0.01):
        covered = sum(chance for key, chance in ends(p, blocks).items()
                      if span(*key)[0] <= p <= span(*key)[1])
        assert covered >= least, p


def test_what_never_crashes_is_refuted_by_one_crash():
    never = {"rule": "never", "statistic": "crashed"}
    assert said([FINE] * 6, **never)["verdict"] == "reproduced"
    found = said([FINE] * 5 + [died(FINE)], **never)
    assert (found["verdict"], found["how"]) == (
        "refuted", "1 counter-example")


def test_what_always_crashes_is_a_count():
    always = {"rule": "count", "statistic": "crashed", "claimed": (1, 1),
              "tolerance": 1.0}
    assert said([died(FINE)] * 6, **always)["verdict"] == "reproduced"
    found = said([died(FINE)] * 5 + [FINE], **always)
    assert (found["verdict"], found["how"]) == (
        "refuted", "1 of 6 trials outside")


def test_what_crashes_beside_it_refutes():
    asked = claim(**MAY | {"against": "b"})
    both = campaign(of_trials([died(FINE)] * 2),
                    of_trials([FINE, died(FINE)], "b"))
    found = decide.verdicts(both, {asked.id: asked})[0]
    assert (found["verdict"], found["how"]) == ("refuted", "b has 1, too")


@pytest.mark.parametrize("trials,why", [
    ([SKIPPED] * 6, "failed twice in a row"), ([REFUSED] * 6, "out of handles"),
    ([died(FINE, "signal 9")] * 6, "ended by signal 9"), ([], "not run yet")])
def test_nothing_that_was_begun_decides_nothing(trials, why):
    found = said(trials)
    assert (found["verdict"], found["how"]) == ("not testable here", why)


@pytest.mark.parametrize("statistic", ["failed", "crashed+failed"])
def test_a_trial_that_refuses_is_no_counter_example(statistic):
    """It was counted as one: "the map could not be created"."""
    found = said([FINE] * 5 + [REFUSED], statistic=statistic)
    assert (found["verdict"], found["how"]) == (
        "inconclusive", "none in 5 trials")


# ---- which ends are crashes -------------------------------------------------

FATES = [  # trial, crashed, is its end known?
    (FINE, False, True), (WRONG, False, True),
    (FINE | {"status": "void"}, False, True), (REFUSED, False, False),
    (SKIPPED, False, False), (died(FINE, "deadline"), False, True),
    (died(FINE, "status 2", "ended with status 2: request: no cell"), False,
     False), (died(FINE, "status 2", THROWN), True, True),
    (died(FINE, "status 2", "ended with status 2: 45 +0x1d fp=0xc00003; "
          "goroutine 18 gp=0xc0 m=0 [runnable]:; main.f()"), True, True),
    (died(FINE, "status 2", "ended with status 2: panic: boom"), True, True),
    (died(FINE, "status 2", "ended with status 2: runtime: out of memory: "
          "cannot; fatal error: out of memory"), False, False),
    (died(FINE, "status 3", "ended with status 3"), False, False),
    (died(FINE, "signal 6", "ended by signal 6 (Aborted) when it held 1900 "
          "MiB of the 2000 MiB that it may"), False, False),
    *((died(FINE, f"signal {n}"), True, True) for n in (4, 5, 6, 7, 8, 11)),
    *((died(FINE, f"signal {n}"), False, False) for n in (1, 2, 9, 14, 15))]


@pytest.mark.parametrize("trial,crashed,known", FATES)
def test_a_crash_is_a_fault_an_abort_or_what_go_throws(trial, crashed,
                                                       known):
    assert (crashes.crashed(trial), crashes.told(trial)) == (crashed, known)
    found = said([trial, FINE, died(FINE)], statistic="crashed")
    assert numbers(found)[3] == 2 + known
    assert found["how"].startswith(f"{1 + crashed} time")


def test_the_runner_says_of_memory_what_is_read_of_it():
    text = (TOP / "runner/campaign/launch.c").read_text(encoding="utf-8")
    form = re.search(r'" when it held.*?"', text)[0].replace("%llu", "7")
    assert crashes.NO_MEMORY.search(form)


def test_a_trial_is_counted_once():
    """Who crashed has failed, too, and whoever failed did not crash."""
    found = said([died(FINE), WRONG, FINE, FINE])
    assert found["how"] == "2 times in 4 trials"


# ---- the ledger -------------------------------------------------------------

@pytest.mark.parametrize("changed", [
    "rule = figure\nclaimed = 0.5\nstatistic = crashed",
    "rule = direction\nside = above\nagainst = b\nstatistic = failed",
    "rule = never\nstatistic = crashed+writes",
    "rule = never\nstatistic = crashed/ops"])
def test_a_rule_that_cannot_take_whole_trials_is_refused(tmp_path, changed):
    (tmp_path / "made.claims").write_text(
        "[S0-01]\nsays = a\narticle = b\nworkload = w\ncells = threads=1\n"
        f"subject = m\n{changed}\n")
    with pytest.raises(ledger.LedgerError, match=r"made.claims:1: \[S0-01\] "
                       "statistic = .*: expected failed, crashed or "):
        ledger.read(tmp_path)


@pytest.mark.parametrize("name", ["S2-06", "S2-22"])
def test_claims_that_something_crashes_count_crashes(name):
    assert ledger.read()[name].statistic == "crashed+failed"
