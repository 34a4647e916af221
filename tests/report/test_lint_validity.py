# SPDX-License-Identifier: Apache-2.0
"""Checks that the linter counts for itself (report/lint/validity.py), of
journals that are written by hand: threads on their CPUs, shares that were
asked for, threads beside each other, and what a page must not leave out."""
import math
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401
from test_lint_noise import rows_of, trial

from report.lint import validity
from report.lint.log import Log


def made(folder, results, cells=({},), **more):
    """A context of results: each a dict, of block 0, 1, ... of cell a, or
    (cell, dict)."""
    lines = []
    for block, result in enumerate(results):
        cell, result = result if isinstance(result, tuple) else ("a", result)
        lines.append(trial(block, cell=cell) | {
            "result": {"ops": 9, "elapsed_ns": 9} | result})
    rows = rows_of(folder, lines, cells)
    return Made(rows=rows, log=Log(), head=lambda: rows.groups[0], **more)


def filled(found):
    """Rows as they would be printed."""
    return [form.format(*(f"{v:g}" if isinstance(v, float) else v
                          for v in values)) for form, values in found]


def threads(*rows):
    return {"by_thread": [dict(zip(("cpu", "cpu_start", "cpu_end"), row))
                          for row in rows]}


# ---- where threads ran ----------------------------------------------------

@pytest.mark.parametrize("results,told", [
    ([threads((0, 0, 0), (1, 1, 1))], "1 of 1 (100 %) | all | ✓ ok"),
    ([threads((0, 0, 0), (1, 1, 0))], "0 of 1 | all | ✗ not met"),
    ([threads((0, 1, 0))], "0 of 1 | all | ✗ not met"),
    ([threads((0, None, None))], "1 of 1 (100 %) | all | ✓ ok"),
    ([threads((0,)), threads((0, 1, 1)), {}],
     "1 of 2 (50 %) | all | ✗ not met")])
def test_a_thread_is_where_it_began_and_ended(tmp_path, results, told):
    found = filled([validity.placed(made(tmp_path, results))])
    assert found == ["trials with every thread on its planned CPU | " + told]


def test_what_only_verifies_and_what_has_no_plan_is_not_counted(tmp_path):
    here = threads((0, 1, 1))
    c = made(tmp_path, [here, ("v", here), ("w", here)], (
        {"map": "a"}, {"map": "v", "measure": "verify"},
        {"map": "w", "cpus": []}))
    assert filled([validity.placed(c)])[0].split(" | ")[1] == "0 of 1"


# ---- shares that were asked for -------------------------------------------

def off(folder, result, name="write", **factors):
    c = made(folder, [{"ops": 10000} | result], (factors,))
    cell = c.rows.cells["a"]
    return validity.deviation(cell, cell.ok[0]["result"], name)


@pytest.mark.parametrize("got,ops,errors", [
    # one operation more or less is none: sd of a half in 10 000 is 0.005
    (0.5, 10000, 0), (0.5001, 10000, 0), (0.5051, 10000, 1),
    (0.4949, 10000, 1), (0.5301, 10000, 6), (None, 10000, None),
    (0.5, 0, None)])
def test_a_share_is_off_in_standard_errors(tmp_path, got, ops, errors):
    found = off(tmp_path, {"achieved_write_share": got, "ops": ops},
                write_share=0.5, measure="latency")
    assert found == (errors if errors is None
                     else pytest.approx(errors, abs=1e-9))


@pytest.mark.parametrize("kind", ["churn", "fresh"])
def test_writes_in_pairs_are_off_by_two_and_wider(tmp_path, kind):
    """sd is sqrt(1.5 x 0.25 / 10 000) where a half was asked for."""
    sd = math.sqrt(1.5 * 0.25 / 10000)
    for steps in (0, 1, 4):
        found = off(tmp_path, {"achieved_write_share": 0.5 + 2e-4
                               + steps * sd},
                    write_share=0.5, write_kind=kind)
        assert found == pytest.approx(steps, abs=1e-9)


@pytest.mark.parametrize("got,infinite", [(0.0, False), (0.5, True)])
def test_where_none_was_asked_for_any_is_too_many(tmp_path, got, infinite):
    found = off(tmp_path, {"achieved_write_share": got}, write_share=0)
    assert found == (math.inf if infinite else 0)


def test_misses_are_of_lookups_where_these_are_known(tmp_path):
    """A tenth of 900 lookups: sd is 0.01, of 10 000 operations 0.003."""
    result = {"achieved_miss_share": 0.1 + 0.02 + 1 / 900, "lookups": 900}
    assert off(tmp_path, result, "miss", miss_share=0.1,
               write_kind="churn") == pytest.approx(2)
    result = {"achieved_miss_share": 0.1 + 0.006 + 1e-4}
    assert off(tmp_path, result, "miss", miss_share=0.1) == pytest.approx(2)
    assert off(tmp_path, result, "miss", miss_share=0.0) is None


def test_the_worst_trial_is_told_of_each_share(tmp_path):
    """A map without state finds every key, so its misses tell nothing."""
    share = {"achieved_write_share": 0.5, "ops": 10000}
    c = made(tmp_path, [
        share, ("b", share | {"achieved_write_share": 0.5351}),
        ("a", share | {"achieved_miss_share": 0.5151}),
        ("b", share | {"achieved_miss_share": 0.9}),
        ("c", share | {"achieved_write_share": 0.9})],
        [{"map": m, "write_share": 0.5, "miss_share": 0.5} for m in "ab"]
        + [{"map": "c", "write_share": 0.5, "loop": "own"}])
    c.rows.maps["b"]["caps"] = ["no-state"]
    assert filled(validity.mix(c)) == [
        "write share, achieved − asked less one draw, worst | 7 standard "
        "errors (b) | ≤ 6 standard errors | ✗ not met",
        "miss share, achieved − asked less one draw, worst | 3 standard "
        "errors (a) | ≤ 6 standard errors | ✓ ok"]


@pytest.mark.parametrize("missed,told", [
    ((0, 0), "0 % | ≤ 0.5 %, fresh and churn only | ✓ ok"),
    ((1, 0), "0.5 % (a) | ≤ 0.5 %, fresh and churn only | ✓ ok"),
    ((1, 3), "1.5 % (b) | ≤ 0.5 %, fresh and churn only | ✗ not met")])
def test_missed_keys_are_a_share_of_lookups(tmp_path, missed, told):
    c = made(tmp_path, [
        ("a", {"misses_resident": missed[0], "lookups": 200}),
        ("b", {"misses_resident": missed[1], "lookups": 200}),
        ("a", {"misses_resident": 5, "lookups": 0}), ("b", {})],
        [{"map": "a"}, {"map": "b"}])
    assert filled(validity.missed(c)) == [
        "lookups that missed a resident key, worst | " + told]
    assert not list(validity.missed(made(tmp_path, [{}])))


# ---- threads beside each other --------------------------------------------

def worked(*ops):
    return {"by_thread": [{"ops": n} for n in ops]}


def test_threads_are_even_from_eight_tenths_on(tmp_path):
    """Those that share a CPU, or are alone, or whose operations are
    scheduled, are not compared."""
    c = made(tmp_path, [
        worked(80, 100), worked(100, 79), worked(100, 100), worked(0, 0),
        ("b", worked(40, 80)), ("crowd", worked(1, 100)),
        ("one", worked(5)), ("open", worked(1, 100))],
        [{"map": "a"}, {"map": "b", "keys": 9},
         {"map": "crowd", "cpus": [0, 0]},
         {"map": "one", "cpus": [0], "threads": 1},
         {"map": "open", "loop": "paced", "measure": "latency"}])
    begin = ("timed closed-loop trials whose slowest thread did less than 0.8 "
             "of its fastest's operations, a CPU each: ")
    assert filled(validity.even(c)) == [
        begin + "all | 2 of 4 (50 %); least 0.5 (b) | no trial | ✗ 2 trials "
        "below", begin + "headline cells | 1 of 3 (33.3333 %); least 0.79 (a) "
        "| no trial | ✗ 1 trial below"]


# ---- code that was still being compiled -----------------------------------

def test_code_that_is_compiled_meanwhile_is_to_be_steady(tmp_path):
    """Neither is what nobody could tell; only a virtual machine compiles."""
    vm = {"environment": {"vm": "made"}}
    told = lambda steady: vm | {"warm_up": {"steady": steady}}
    c = made(tmp_path, [told(True), told(False), told(None), vm,
                        ("b", told(False)), ("c", told(True)),
                        ("d", {"warm_up": {"steady": False}}), ("d", {})],
             [{"map": "a"}, {"map": "b"}, {"map": "c"}, {"map": "d"}])
    assert filled(validity.steady(c)) == [
        "warm-ups that ended steady, of programs that are compiled while they "
        "run | 2 of 6 (33.3333 %); not: 3 of a in 1 cell, 1 of b in 1 cell | "
        "all | ✗ 4 not met"]
    assert filled(validity.steady(made(tmp_path, [told(True)]))) == [
        "warm-ups that ended steady, of programs that are compiled while they "
        "run | 1 of 1 (100 %) | all | ✓ ok"]
    assert filled(validity.steady(made(tmp_path, [{}]))) == []


# ---- denominators ---------------------------------------------------------

def wrong(folder, *rows):
    """How many lines count other trials than those before; four ran."""
    c = made(folder, [{}] * 4)
    validity.denominators(c, [list(row) for row in rows])
    return len(c.log.findings)


def test_two_lines_that_count_trials_count_the_same(tmp_path):
    assert wrong(tmp_path, ("trials that x", "1 of 4")) == 0
    assert wrong(tmp_path, ("trials x", "1 of 3"), ("trials y",
                                                    "2 of 3")) == 0
    assert wrong(tmp_path, ("trials x", "1 of 3"), ("trials y",
                                                    "2 of 2")) == 1
    assert wrong(tmp_path, ("trials x", "1 of 3"), ("trials y",
                                                    "2 of 4")) == 0
    assert wrong(tmp_path, ("trials x", "1 of 3"), ("keys y",
                                                    "2 of 2")) == 0
    assert wrong(tmp_path, ("trials x", "1 of 3"),
                 ("trials, a CPU each", "2 of 2")) == 0
    assert wrong(tmp_path, ("trials x", "1 of 3"),
                 ("trials y", "2 of 2 headline")) == 0
    # a line with a word for its trials is not what the next is held against
    assert wrong(tmp_path, ("trials x", "1 of 3"), (
        "trials y", "2 of 2 headline"), ("trials z", "1 of 2")) == 1


# ---- what is not said at all ----------------------------------------------

def page(text):
    return Made(root=Made(text=lambda: text))


def silent(folder, results, text, cells=({},)):
    c = made(folder, results, cells, page=page(text))
    validity.silence(c)
    return len(c.log.findings)


def speed(before, after=None):
    return {"environment": {"adds_per_ns_before": before,
                            "adds_per_ns_after": after}}


@pytest.mark.parametrize("speeds,named", [
    ([(1.0, 1.1)], False), ([(1.0, 1.11)], True),
    ([(1.0, None), (None, 1.2)], True), ([(0, 1.0)], False),
    ([("1", 2.0)], False), ([], False)])
def test_a_speed_that_moves_by_a_tenth_has_to_be_named(tmp_path, speeds,
                                                       named):
    results = [speed(*s) for s in speeds] or [{}]
    assert silent(tmp_path, results, "nothing of it") == named
    for said in ("the CPU speed moved", "Speed of the CPU: 1"):
        assert silent(tmp_path, results, said) == 0


def waiting(*shares):
    """Trials of 100 ns a thread, of which so many waited."""
    return [{"by_thread": [{"elapsed_ns": 100, "runqueue_wait_ns": w}]}
            for w in shares]


@pytest.mark.parametrize("waits,named", [
    ([5] * 20, False), ([6] + [5] * 19, False), ([6, 6] + [5] * 18, True),
    ([6] + [5] * 18, True), ([None] * 5, False), ([6, None, None], True)])
def test_trials_that_waited_have_to_be_named_when_they_are_many(
        tmp_path, waits, named):
    """More than a twentieth of them, for more than a twentieth of their
    time; what is not known does not count as calm."""
    for cpus, counts in (([0, 1], True), ([0, 0], False)):
        cells = [{"cpus": cpus, "blocks": 20}]
        told = silent(tmp_path, waiting(*waits), "nothing of it", cells)
        assert told == (named and counts)
    for said in ("they waited in the run-queue", "threads waited for a CPU"):
        assert silent(tmp_path, waiting(*waits), said) == 0


def test_a_wait_is_a_share_of_all_threads_time():
    both = {"by_thread": [{"elapsed_ns": 100, "runqueue_wait_ns": 10},
                          {"elapsed_ns": 300, "runqueue_wait_ns": 30}]}
    assert validity.wait({"result": both}) == 0.1
    both["by_thread"][1]["runqueue_wait_ns"] = None
    assert validity.wait({"result": both}) is None
    assert validity.wait({"result": {}}) is None
