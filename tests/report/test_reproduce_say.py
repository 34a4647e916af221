# SPDX-License-Identifier: Apache-2.0
"""What `readmostly reproduce` tells of a repeated campaign: which rows the
terminal gets and in which order, what is counted, what is written, and how a
set-up is told from another. Rows and campaigns are made by hand."""
import json
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report.reproduce import judge, say, setup

THIN = "\u202f"


def row(word, number=0, why="", now=(2.5, 2.25, 2.75)):
    centre, low, high = now
    return {"over": f"m{number}", "under": "base", "place": "2 threads",
            "cells": ["a", "b"], "word": word, "why": why,
            "then": {"ratio": 1.5, "low": 1.25, "high": 1.75, "n": 8},
            "now": {"ratio": centre, "low": low, "high": high, "n": 9}}


def doc(rows, not_clear_then=0, finished=True, synthetic=False):
    return {"old": "OLD", "new": "NEW", "finished": finished,
            "synthetic": synthetic, "not_clear_then": not_clear_then,
            "count": {word: sum(r["word"] == word for r in rows)
                      for word in judge.WORDS}}


def lines(rows, found=(), **more):
    return list(say.lines(doc(rows, **more), rows, list(found)))


# ---- one row --------------------------------------------------------------

@pytest.mark.parametrize("word,glyph", [
    ("replicated", "✓"), ("opposite", "✗"), ("unclear", "?")])
def test_a_row_has_both_ratios_and_the_blocks_of_now(word, glyph):
    assert say.row_line(row(word)) == (
        f"{glyph} {word}: m0 ÷ base at 2 threads: 1.50 [1.25, 1.75] then, "
        "2.50 [2.25, 2.75] now, n = 9")


def test_a_row_without_a_ratio_says_none_and_why():
    told = say.row_line(row("unclear", why="m0: not in this build",
                            now=(None, None, None)))
    assert "1.50 [1.25, 1.75] then, none now" in told
    assert told.endswith(" (m0: not in this build)")


def test_a_ratio_of_too_few_blocks_stands_without_an_interval():
    told = say.row_line(row("unclear", now=(2.5, None, None)))
    assert "2.50 (no interval) now" in told


# ---- which rows, and in which order ---------------------------------------

def numbers(told):
    """Of the rows that were printed, in their order."""
    return [int(line.split(": m")[1].split()[0]) for line in told
            if " ÷ base at " in line]


def test_opposite_ones_come_first_then_unclear_ones():
    """Among rows of one word the order is that of the campaign."""
    said = ("replicated", "unclear", "opposite", "replicated", "opposite",
            "unclear")
    told = lines([row(word, i) for i, word in enumerate(said)])
    assert numbers(told) == [2, 4, 1, 5, 0, 3]


@pytest.mark.parametrize("count,rest", [(40, None), (41, "1"), (47, "7")])
def test_the_terminal_gets_forty_rows(count, rest):
    told = lines([row("replicated", i) for i in range(count)])
    assert numbers(told) == list(range(40))
    cut = [line for line in told if "more, all in" in line]
    assert cut == ([] if rest is None else [
        f"  and {rest} more, all in reproduction.json"])


def test_every_opposite_row_is_shown_however_many_there_are():
    rows = [row("replicated", 99)] + [row("opposite", i) for i in range(43)]
    told = lines(rows)
    assert numbers(told) == list(range(43))
    assert "  and 1 more, all in reproduction.json" in told
    assert not any("more, all in" in line for line in lines(rows[1:]))


# ---- what is counted ------------------------------------------------------

def test_all_three_words_are_counted_also_when_there_are_none():
    rows = [row("replicated")] * 3 + [row("unclear")]
    assert say.counted(doc(rows)) == (
        "Of 4 comparisons that OLD decided: 3 replicated, 0 opposite and "
        "1 unclear.")
    assert say.counted(doc(rows[:1], not_clear_then=1200)) == (
        "Of 1 comparison that OLD decided: 1 replicated, 0 opposite and 0 "
        f"unclear; 1{THIN}200 more were not clear then and are not judged.")


def test_what_is_synthetic_or_not_finished_is_said():
    rows = [row("replicated")]
    synthetic = "Synthetic: no number here was measured."
    lacking = "NEW is not finished: what it lacks is unclear"
    for made in (False, True):
        for finished in (False, True):
            told = lines(rows, synthetic=made, finished=finished)
            assert (synthetic in told) == made
            assert (lacking in told) == (not finished)


def test_differences_of_the_set_up_are_counted_and_listed():
    found = [("build", "flags", "-O2", "-O3"), ("machine", "id", None, "ff")]
    assert lines([], found)[-3:] == [
        "What differs in the set-up (2):",
        "  build: flags: -O2 then, -O3 now",
        "  machine: id: not known then, ff now"]
    assert lines([])[-1] == "Nothing that is recorded differs in the set-up."


# ---- what is written ------------------------------------------------------

def campaign(name, to_come="", **meta):
    return Made(name=name, meta=meta, to_come=to_come)


def test_the_document_has_each_side_at_its_place():
    rows = [row("replicated"), row("opposite"), row("opposite")]
    found = say.document(
        campaign("OLD", "5 trials", plan_sha256="aa"),
        campaign("NEW", plan_sha256="bb", synthetic=True),
        "flip", rows, 7, [("build", "flags", "-O2", None)], "INVALID: x.")
    assert json.loads(json.dumps(found)) == {
        "format": 1, "kind": "reproduction", "old": "OLD", "new": "NEW",
        "figure": "flip", "finished": True, "synthetic": True,
        "invalid": "INVALID: x.",
        "plan_sha256": {"old": "aa", "new": "bb"},
        "count": {"replicated": 1, "opposite": 2, "unclear": 0},
        "not_clear_then": 7, "rows": rows,
        "setup": [{"kind": "build", "name": "flags", "then": "-O2",
                   "now": None}]}


def test_a_campaign_with_trials_to_come_is_not_finished():
    found = say.document(campaign("OLD"), campaign("NEW", "1 trial"), None,
                         [], 0, [])
    assert found["finished"] is False and found["synthetic"] is False


# ---- what differs ---------------------------------------------------------

def machine(facts=(), maps=(), build=None, trials=(), **meta):
    """A campaign, as far as set-ups are compared: facts -- name -> text."""
    told = {name: {"status": "ok", "text": text} for name, text in
            dict(facts).items()}
    return Made(meta={"machine": {"facts": told}, "build": build or {},
                      **meta}, maps=dict(maps), ran=list(trials), cells={},
                planned=[])


def differs(old, new, maps=()):
    return setup.differences(old, new, set(maps))


@pytest.fixture(autouse=True)
def no_speed(monkeypatch):
    """No trial here read the CPU's speed, unless a test says so."""
    monkeypatch.setattr(setup.previous, "speed", lambda c: None)


def test_a_fact_of_one_side_alone_is_a_difference():
    one, two = machine({"kernel": "6.1", "swap": "no"}), machine(
        {"kernel": "6.1", "governor": "performance"})
    assert differs(one, two) == [
        ("machine", "governor", None, "performance"),
        ("machine", "swap", "no", None)]


@pytest.mark.parametrize("name", ["load", "cpu_pressure", "capabilities",
                                  "cgroup_quota"])
def test_what_moves_from_hour_to_hour_is_no_difference(name):
    assert not differs(machine({name: "1"}), machine({name: "2"}))


def test_a_fact_that_could_not_be_read_is_not_known():
    new = machine({"kernel": "6.1"})
    new.meta["machine"]["facts"]["kernel"]["status"] = "denied"
    assert differs(machine({"kernel": "6.1"}), new) == [
        ("machine", "kernel", "6.1", None)]


def test_code_is_compared_of_maps_that_were_asked_of_and_both_have():
    """A map without a hash of its code is told by that of its source."""
    old = {"a": {"code": "1"}, "b": {"code": "1"}, "c": {"source": "1"},
           "d": {"code": "1"}, "e": {"code": "1", "source": "1"},
           "other": {"code": "1"}}
    new = {"a": {"code": "2"}, "c": {"source": "2"}, "d": {"code": "1"},
           "e": {"code": "1", "source": "2"}, "f": {"code": "2"},
           "other": {"code": "2"}}
    assert differs(machine(maps=old), machine(maps=new), "abcdef") == [
        ("maps", "machine code of a, c", "one", "another")]
    assert not differs(machine(maps=old), machine(maps=new), "bdef")


def test_how_it_ran_is_compared_too(monkeypatch):
    one = machine(busy={"text": "load 3"}, counters={"backend": "perf"})
    two = machine(counters={"backend": "none"})
    speeds = {id(one): 2.0, id(two): 3.5}
    monkeypatch.setattr(setup.previous, "speed", lambda c: speeds[id(c)])
    assert differs(one, two) == [
        ("run", "CPU speed, additions per ns", "2.00", "3.50"),
        ("run", "busy before the first trial", "load 3", None),
        ("run", "counters", "perf", "none")]


def test_the_kinds_stand_in_their_order():
    one = machine({"kernel": "1"}, {"a": {"code": "1"}}, {"flags": "-O2"},
                  counters={"backend": "perf"})
    two = machine({"kernel": "2"}, {"a": {"code": "2"}}, {"flags": "-O3"})
    assert [kind for kind, *_ in differs(one, two, "a")] == [
        "machine", "build", "maps", "run"]


@pytest.mark.parametrize("count", [23, 24, 25])
def test_twenty_four_differences_are_spelt_out(count):
    found = list(setup.lines([("machine", f"f{i}", "a", "b")
                              for i in range(count)]))
    assert sum(": f" in line for line in found) == min(count, 24)
    assert found[24:] == ["  and 1 more, all in reproduction.json"] * (
        count > 24)


@pytest.mark.parametrize("length", [69, 70, 71])
def test_a_long_value_is_cut_to_seventy_characters(length):
    told = setup.shown("x" * length)
    assert len(told) == min(length, 70)
    assert told.endswith("…") == (length > 70)
