# SPDX-License-Identifier: Apache-2.0
"""What the linter reads of a journal (report/lint/rows.py), of journals that
are written by hand: which lines count, what became of each cell, and which
cells stand together."""
import json
import math

import pytest
import report_helpers  # noqa: F401
from test_lint_noise import FACTORS, rows_of, trial

from report.lint.log import Log, squeeze
from report.lint.rows import Rows, Unreadable

NOTHING = {"ops": 0, "elapsed_ns": 9}


def cell_of(folder, lines, **factors):
    return rows_of(folder, lines, (factors,)).cells["a"]


def failed(block, reason="it crashed", **more):
    return trial(block, status="failed", result=None, reason=reason, **more)


def void(block, **more):
    return trial(block, status="void", reason="late", **more)


# ---- which lines count ----------------------------------------------------

def test_of_a_block_its_last_attempt_counts_and_of_an_attempt_its_first_line(
        tmp_path):
    rows = rows_of(tmp_path, [
        trial(0, 2, mark="second"), trial(0, 1), trial(0, 2, mark="again"),
        trial(1), trial(1, mark="again"), trial(0, cell="gone")])
    assert [t.get("mark") for t in rows.cells["a"].lines] == ["second", None]
    assert rows.lines == rows.started == 2
    assert len(rows.ran) == 2


def test_what_was_not_started_is_a_line_and_not_a_trial(tmp_path):
    rows = rows_of(tmp_path, [trial(0), trial(
        1, status="skipped", exit="not started", result=None)])
    assert (rows.lines, rows.started, len(rows.begun)) == (2, 1, 1)


def test_a_torn_line_and_one_without_a_status_are_none(tmp_path):
    rows_of(tmp_path, [trial(0), {"cell": "a", "block": 1}, [1], trial(2)])
    file = tmp_path / "trials.jsonl"
    file.write_text(file.read_text() + json.dumps(trial(3)))
    assert [t["block"] for t in Rows(tmp_path).cells["a"].lines] == [0, 2]


def test_another_arm_is_no_trial_of_the_cell(tmp_path):
    rows = rows_of(tmp_path, [trial(0), trial(0, arm="aa"),
                              trial(1, arm="aa"), trial(1, arm="head")])
    assert [t["block"] for t in rows.cells["a"].lines] == [0, 1]
    assert [t["block"] for t in rows.arms["a", "aa"]] == [0, 1]
    assert rows.lines == 4


def test_a_folder_without_a_journal_has_no_trials(tmp_path):
    rows_of(tmp_path, [])
    (tmp_path / "trials.jsonl").unlink()
    assert Rows(tmp_path).lines == 0


@pytest.mark.parametrize("text", ["{", '{"maps": []}', '{"cells": [{}]}',
                                  '{"cells": [], "maps": [{}]}', "[]"])
def test_what_is_no_campaign_is_refused(tmp_path, text):
    (tmp_path / "campaign.json").write_text(text)
    with pytest.raises(Unreadable, match="campaign.json: "):
        Rows(tmp_path)


# ---- what became of a cell ------------------------------------------------

@pytest.mark.parametrize("lines,skip,state,why", [
    ([], "", "not run", "not run yet"), ([], "too large", "skipped",
                                         "too large"),
    ([trial(0)], "", "measured", ""), ([failed(0), trial(1)], "",
                                       "measured", ""),
    ([failed(0)], "", "failed", "it crashed"),
    ([failed(0)], "too large", "skipped", "too large"),
    # of several ends the gravest, with the reason of the first such one
    ([void(0), failed(1), failed(2, "later")], "", "failed", "it crashed"),
    ([trial(0, status="skipped", result=None, reason="full"), void(1)], "",
     "void", "late"),
    ([trial(0, status="skipped", result=None, reason="full")], "",
     "skipped", "full"),
    ([trial(0, result=NOTHING)], "", "void",
     "no operation finished in the window"),
    ([failed(0, reason="", exit="signal 9")], "", "failed", "exit signal 9"),
    ([trial(0, result=None)], "", "failed", "exit None")])
def test_a_cell_has_a_state_and_a_reason(tmp_path, lines, skip, state, why):
    cell = cell_of(tmp_path, lines, skip=skip)
    assert cell.state == state
    if lines != [trial(0, result=None)]:
        assert cell.why == why


@pytest.mark.parametrize("lines,more,lost", [
    ([], {}, ["9 not run yet"]), ([], {"skip": "no"}, []),
    ([trial(b) for b in range(9)], {}, []),
    ([trial(b) for b in range(8)], {}, ["1 not run yet"]),
    ([void(0), failed(1), void(2), trial(3)], {"blocks": 4},
     ["1 failed", "2 void"]),
    ([trial(0, result=NOTHING), void(1)], {"blocks": 3},
     ["2 void", "1 not run yet"]),
    ([void(0), trial(1)], {"blocks": 1}, ["1 void"])])
def test_blocks_without_a_result_are_counted_by_their_end(tmp_path, lines,
                                                          more, lost):
    assert cell_of(tmp_path, lines, **more).lost == lost


@pytest.mark.parametrize("measure,result,counts", [
    ("throughput", {"ops": 9, "elapsed_ns": 9}, True),
    ("throughput", NOTHING, False), ("causes", NOTHING, False),
    ("throughput", {"ops": 9}, False), ("latency", NOTHING, True),
    ("latency", None, False), ("verify", {}, True), ("verify", [], False)])
def test_a_rate_needs_operations_and_time(tmp_path, measure, result, counts):
    for status in ("ok", "void"):
        cell = cell_of(tmp_path, [trial(0, status=status, result=result)],
                       measure=measure)
        assert bool(cell.ok) == (counts and status == "ok")


def test_speeds_are_logs_of_operations_per_microsecond(tmp_path):
    """6 000 operations in 2 000 ns are 3 in a nanosecond: 3 000 Mop/s."""
    cell = cell_of(tmp_path, [void(0), trial(
        4, result={"ops": 6000, "elapsed_ns": 2000})])
    assert cell.logs == {4: pytest.approx(math.log(3000))}


@pytest.mark.parametrize("cpus,threads,alone", [
    ([0, 1], 2, True), ([0, 0], 2, False), ([0, 1], 3, False),
    ([0, 1, 2], 2, False), (None, 1, False)])
def test_a_thread_is_alone_with_a_cpu_of_its_own(tmp_path, cpus, threads,
                                                 alone):
    cell = cell_of(tmp_path, [], cpus=cpus, threads=threads)
    assert cell.alone == alone


# ---- which maps are ranked ------------------------------------------------

def wrong(block, cell, told="lost a key", **more):
    return trial(block, cell=cell, result={"verification": {
        "status": "failed", "reason": told}}, **more)


def test_a_map_that_answered_wrongly_once_is_not_ranked(tmp_path):
    """The first reason is told; that of the trial, where it has no other."""
    rows = rows_of(tmp_path, [
        trial(0), wrong(1, "a"), wrong(2, "a", "later"),
        wrong(0, "b", None, reason="bad exit"), wrong(0, "c", None),
        trial(0, cell="d")], [{"map": m} for m in "abcd"])
    assert rows.failed == {"a": "lost a key", "b": "bad exit",
                           "c": "no reason"}
    assert [m for m in "abcd" if rows.ranked(m)] == ["d"]


def test_a_bound_is_no_peer_and_misuse_is_not_ranked(tmp_path):
    rows = rows_of(tmp_path, [], [{"map": m} for m in "abc"])
    rows.maps["a"]["family"] = "bound"
    rows.maps["b"]["misuse"] = "no lock"
    assert [rows.peer(m) for m in "abc"] == [False, True, True]
    assert [rows.ranked(m) for m in "abc"] == [False, False, True]


# ---- which cells stand together -------------------------------------------

def named(cells):
    """Cells with ids of their own, of what differs."""
    return [c | {"id": f"{i}"} for i, c in enumerate(cells)]


def test_a_group_is_all_maps_of_one_place(tmp_path):
    """Cells that are no rate, or loop otherwise, stand in none."""
    rows = rows_of(tmp_path, [], named([
        {"map": "a"}, {"map": "b"}, {"threads": 4}, {"dist": "zipf"},
        {"presize": False}, {"measure": "latency"}, {"loop": "own"},
        {"loop": "paced", "keys": 9}]))
    assert [sorted(g.cells) for g in rows.groups] == [
        ["a", "b"], ["a"], ["a"], ["a"], ["a"]]
    assert [rows.cells[str(i)].id in rows.group_of for i in range(8)] == [
        True] * 5 + [False, False, True]
    assert [len(board) for board in rows.boards()] == [2, 1, 1, 1]
    assert str(rows.groups[2]) == ("w, 2 threads, 3 % update, 64 keys, dist "
                                   "zipf")


def test_workloads_share_a_board_unless_both_have_a_place(tmp_path):
    rows = rows_of(tmp_path, [], named([
        {}, {"threads": 4}, {"workload": "v", "threads": 8},
        {"workload": "u", "threads": 4}, {"workload": "t", "keys": 9}]))
    assert [rows.shared[id(g)] for g in rows.groups] == [
        "w + v", "w + v", "w + v", "u", "t"]
    one, two, three, four, five = rows.groups
    assert rows.alike(one, three) and rows.alike(two, three)
    assert not rows.alike(two, four) and not rows.alike(one, five)
    assert FACTORS["workload"] == "w"


# ---- what was found -------------------------------------------------------

def test_a_log_counts_what_it_checks_and_keeps_what_is_wrong():
    log, other = Log(), Log()
    assert log.check(True, "one", "f", "said", "row", "data") is True
    assert log.check(0, "one", "f", " a\n b ", "row", "data") == 0
    log.looked("two")
    log.looked("one", 3)
    other.skip("g", "what  is", "no rule")
    other.check(False, "zero", "g", "x", "r", "d")
    log.add(other)
    assert list(log.lines()) == [
        'f: one: "a b"\n    row: row\n    data: data',
        'g: zero: "x"\n    row: r\n    data: d',
        'g: not checked (no rule): "what is"',
        "checked: one 5, two 1, zero 1",
        "2 findings, 1 not checked, 7 checked"]
    assert list(Log().lines()) == ["checked: nothing",
                                   "0 findings, 0 not checked, 0 checked"]


@pytest.mark.parametrize("length", [299, 300, 301, 400])
def test_a_long_saying_is_cut_to_three_hundred_characters(length):
    said = squeeze("x" * length)
    assert len(said) == min(length, 300)
    assert said.endswith("…") == (length > 300)
