# SPDX-License-Identifier: Apache-2.0
"""What disturbed the trials, as the linter counts it (report/lint/noise.py):
of journals made by hand, each figure by hand."""
import json

import pytest
import report_helpers  # noqa: F401

from report.lint import noise, repeats
from report.lint.rows import Rows

FACTORS = {"map": "a", "measure": "throughput", "loop": "mix", "keys": 64,
           "workload": "w", "write_kind": "update", "write_share": 0.03,
           "threads": 2, "blocks": 9, "cpus": [0, 1],
         "repeat": {"wait_share": 0.2, "most": 0}}


def trial(block, attempt=None, cell="a", **more):
    known = {"cell": cell, "block": block, "status": "ok",
             "result": {"ops": 9, "elapsed_ns": 9}}
    return known | ({} if attempt is None else {"attempt": attempt}) | more


def not_started(block, attempt=None, cell="a"):
    return trial(block, attempt, cell, status="skipped", exit="not started",
                 result=None)


def rows_of(folder, lines, cells=({},), cpus=2):
    """Rows of a journal; cells -- what is not as in FACTORS."""
    cells = [FACTORS | c for c in cells]
    (folder / "campaign.json").write_text(json.dumps({
        "cells": [c | {"id": c.get("id", c["map"])} for c in cells],
        "maps": [{"id": c["map"]} for c in cells],
        "machine": {"cpus": cpus}}))
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines))
    return Rows(folder)


# ---- places ---------------------------------------------------------------

@pytest.mark.parametrize("lines,measured,again", [
    ([], 0, 0), ([trial(0)], 1, 0), ([trial(0, 1), trial(1)], 2, 0),
    ([not_started(0)], 0, 0), ([not_started(0, 1), trial(1)], 1, 0),
    ([trial(0, 1), trial(0, 2)], 1, 1),
    ([trial(0, 1), trial(0, 2), trial(0, 3), trial(1)], 2, 1),
    ([trial(0, 1), trial(0, 2), trial(1, 1), trial(1, 2)], 2, 2),
    # what was begun stays measured, also if it could not be begun again
    ([trial(0, 1, status="void"), not_started(0, 2), trial(1)], 2, 1),
    ([trial(0, status="failed", result=None), trial(1, exit="signal 9")],
     2, 0)])
def test_a_place_is_measured_by_the_trial_that_was_started(
        tmp_path, lines, measured, again):
    rows = rows_of(tmp_path, lines)
    assert noise.places(rows.cells["a"]) == (measured, again)


def test_the_repeated_trials_of_each_map_are_listed(tmp_path):
    """Of several cells of one map the sum; also where there is none."""
    rows = rows_of(tmp_path, [
        trial(0), trial(0, 2), trial(1), trial(0, cell="a2"),
        not_started(1, cell="a2"), trial(2, cell="a2"), trial(0, cell="b"),
        trial(0, cell="c"), trial(0, 2, cell="c")],
        ({}, {"id": "a2"}, {"map": "b"}, {"map": "c"}))
    context = type("Context", (), {"rows": rows})

    def right(text):
        return noise.repeats(context, None, text)
    assert right("a 1 of 4 (25 %), b 0 of 1, c 1 of 1 (100 %).")
    for wrong in ("a 1 of 5 (20 %), b 0 of 1, c 1 of 1 (100 %).",
                  "a 1 of 4 (25 %).",
                  "a 2 of 4 (50 %), b 0 of 1, c 1 of 1 (100 %).",
                  "a 1 of 4 (25 %), c 1 of 1 (100 %)."):
        assert not right(wrong), wrong


# ---- what disturbed -------------------------------------------------------

def run(block, waits=(), elapsed=100, speed=None, **more):
    """A trial whose threads waited so long."""
    return trial(block, **more) | {"result": {
        "ops": 9, "elapsed_ns": 9, "by_thread": [
            {"runqueue_wait_ns": w, "elapsed_ns": elapsed} for w in waits],
        "environment": {"adds_per_ns_before": speed}}}


@pytest.mark.parametrize("waits,elapsed,percent", [
    ((10, 30), 100, 20.0), ((0, 0), 100, 0.0), ((10, None), 100, None),
    ((), 100, None), ((10, 30), 0, None), ((10, 30), None, None),
    ((5,), 50, 10.0)])
def test_waiting_is_a_share_of_all_threads_time(waits, elapsed, percent):
    assert noise.waited(run(0, waits, elapsed)) == percent


def test_a_trial_without_a_result_tells_nothing():
    assert noise.waited({"result": None}) is None
    assert noise.waited({}) is None and noise.speed({}) is None


@pytest.mark.parametrize("ticks,wall_ns,cpus,percent", [
    (1, 10 ** 9, 2, 0.5), (0, 10 ** 9, 2, 0.0), (4, 10 ** 9, 1, 4.0),
    (4, 10 ** 9, None, 4.0), (None, 10 ** 9, 2, None), (1, None, 2, None),
    (1, 0, 2, None)])
def test_steal_is_a_share_of_all_cpus_time(tmp_path, ticks, wall_ns, cpus,
                                           percent):
    rows = rows_of(tmp_path, [], cpus=cpus)
    found = noise.stolen(rows, {"steal_ticks": ticks, "wall_ns": wall_ns})
    assert found == percent


def test_more_than_20_percent_is_waiting_where_each_thread_has_a_cpu(
        tmp_path):
    crowd = {"id": "crowd", "cpus": [0, 0]}
    rows = rows_of(tmp_path, [
        run(0, (20, 20)), run(1, (20, 21)), run(2, (0, 0)), run(3),
        run(4, (90, 90)), run(4, (0, 0), attempt=2),
        run(0, (90, 90), cell="crowd")], ({}, crowd))
    assert noise.waits(rows) == (1, 4)


def test_steal_is_counted_of_the_last_attempts(tmp_path):
    stolen = {"wall_ns": 10 ** 9, "steal_ticks": 1}
    rows = rows_of(tmp_path, [
        trial(0, **stolen), trial(1, **stolen | {"steal_ticks": 0}),
        trial(2), trial(3, **stolen), trial(3, 2, **stolen),
        trial(4, **stolen), trial(4, 2, wall_ns=10 ** 9, steal_ticks=0)])
    assert noise.taken(rows) == (2, 4)


def test_what_counts_though_it_was_disturbed(tmp_path):
    rows = rows_of(tmp_path, [
        trial(0, disturbed=True), trial(1, disturbed=False), trial(2),
        trial(3, disturbed=True), trial(3, 2, disturbed=True),
        trial(4, disturbed=True), trial(4, 2),
        trial(5, disturbed=True, status="void"),
        trial(6, disturbed=True, result=None)])
    assert noise.disturbed(rows) == (2, 5)
    crowd = rows_of(tmp_path, [run(0, (90, 90))], ({"cpus": [0, 0]},))
    assert noise.disturbed(crowd) == (0, 1)


def test_the_speeds_are_of_all_attempts_but_for_the_ends(tmp_path):
    """101 speeds 100, 101, ... 200: 1 % and 99 % are the second and the
    last but one; one that was replaced is one of them."""
    lines = [run(b, speed=100 + b) for b in range(100)]
    lines.append(run(0, attempt=2, speed=200))
    assert list(noise.speeds(rows_of(tmp_path, lines))) == [101, 199]
    assert noise.speeds(rows_of(tmp_path, [trial(0), run(1)])) is None


# ---- the rows and the alternative text ------------------------------------

def disturbed(folder):
    """Speeds 2, 2, 4: the 99th percentile is 2 + 0.98 x (4 - 2) = 3.96."""
    lines = [run(0, (50, 50), speed=2.0), run(0, (50, 50), speed=2.0,
                                              attempt=2, disturbed=True),
             run(1, (0, 0), speed=4.0)]
    for line in lines:
        line |= {"wall_ns": 10 ** 9, "steal_ticks": 1}
    return rows_of(folder, [*lines, not_started(2)])


def filled(rows):
    """The first columns of the table of checks, as they would be printed."""
    return [form.format(*(f"{v:g}" for v in values))
            for form, values in noise.checks(rows)]


KEPT = " | recorded, none dropped | –"
AGAIN = " | what others took is repeated | –"


def test_the_table_of_checks_has_a_row_for_each_disturbance(tmp_path):
    assert filled(disturbed(tmp_path)) == [
        "speed of the first thread's CPU, from the slowest to the fastest "
        "hundredth of the trials | 2 to 3.96 additions per ns: × 1.98" + KEPT,
        "trials whose threads, with a CPU each, waited for it in more than "
        "20 % of the window, also void ones and verification | 1 of 2 (50 %)"
        + AGAIN,
        "timed trials that count, are judged and were disturbed by others | 1 "
        "of 2 (50 %): 1 repeated in vain, 0 never repeated | repeated, within "
        "a budget | –",
        "trials while the hypervisor took time (steal) | 2 of 2 (100 %)"
        + KEPT]
    calm = filled(rows_of(tmp_path, [
        run(0, (0, 0), wall_ns=10 ** 9, steal_ticks=0)]))
    assert [row.split(" | ")[1] for row in calm] == ["0 of 1", "0 of 1"]


def test_what_is_not_known_has_no_row_or_says_so(tmp_path):
    assert filled(rows_of(tmp_path, [trial(0)])) == [
        "trials whose threads, with a CPU each, waited for it in more than "
        "20 % of the window, also void ones and verification | not readable"
        + AGAIN,
        "trials while the hypervisor took time (steal) | not readable" + KEPT]


def test_the_strips_text_is_held_against_the_journal(tmp_path):
    context = type("Context", (), {"rows": disturbed(tmp_path)})
    true = ("2 trials and 1 repetition in the order they ran; CPU speed 2.00 "
            "to 3.96 additions per ns (1st to 99th percentile); threads with "
            "a CPU each waited for it in more than 20 % of the window in 1 of 2 (50 %); steal in 2 of 2 (100 %).")
    assert noise.strip(context, None, true)
    for old, new in (("2 trials", "3 trials"), ("1 rep", "2 rep"),
                     (" and 1 repetition", ""), ("2.00 to", "2.10 to"),
                     ("percentile)", "percentile; 2 of 3 attempts have a "
                      "reading)"),
                     ("1 of 2 (50 %)", "2 of 2 (100 %)"),
                     ("steal in 2 of 2 (100 %)", "steal in 1 of 2 (50 %)")):
        assert not noise.strip(context, None, true.replace(old, new)), new


def test_attempts_without_a_reading_are_counted(tmp_path):
    context = type("Context", (), {"rows": rows_of(tmp_path, [
        run(0, (0, 0), speed=2.0), run(1, (0, 0))])})
    told = ("2 trials in the order they ran; CPU speed 2.00 to 2.00 additions "
            "per ns (1st to 99th percentile{}); threads with a CPU each "
            "waited for it in more than 20 % of the window in 0 of 2; steal in 0 of "
            "0.")
    assert noise.strip(context, None, told.format(
        "; 1 of 2 attempts has a reading"))
    for wrong in ("", "; 2 of 2 attempts have a reading"):
        assert not noise.strip(context, None, told.format(wrong))


def test_disturbed_trials_had_one_attempt_or_more(tmp_path):
    """Of cells that a plan does not judge only the number is told."""
    free = {"map": "b", "repeat": {"wait_share": 0, "most": 3}}
    rows = rows_of(tmp_path, [
        run(0, disturbed="x"), run(0, attempt=2, disturbed="x"),
        run(1, disturbed="x"), run(2), run(3, disturbed="x"),
        run(0, cell="b", disturbed="x"), run(1, cell="b")], ({}, free))
    assert repeats.disturbed(rows) == (3, 4)
    assert repeats.fates(rows) == (1, 2, 2)
    (row,) = [row for row in filled(rows) if "judged" in row]
    assert ("| 3 of 4 (75 %): 1 repeated in vain, 2 never repeated; 2 more "
            "not judged (repeat-wait 0) |") in row


def test_the_strip_of_one_trial(tmp_path):
    context = type("Context", (), {"rows": rows_of(tmp_path, [
        run(0, (0, 0), wall_ns=10 ** 9, steal_ticks=0)])})
    assert noise.strip(context, None, (
        "1 trial in the order they ran; threads with a CPU each waited for "
        "it in more than 20 % of the window in 0 of 1; steal in 0 of 1."))
