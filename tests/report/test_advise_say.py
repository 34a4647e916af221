# SPDX-License-Identifier: Apache-2.0
"""The paragraph of `report advise` (docs/advise.md), word for word, of
answers that are made by hand."""
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401
from test_advise_numbers import place

from report import verdicts
from report.advise import places, say

SP = "\u00a0"


def corner(first="a", second="b", low=1.5, word=verdicts.LEAD, share=0.03,
           keys=1024, threads=1, front=None, weakest=None):
    """One measured place; `first` is 1.7 times as fast as `second`."""
    known = low is not None
    rivals = [] if not known else [
        {"map": m, "outcome": verdicts.BEHIND, "ratio": ratio, "low": low_of,
         "high": high, "n": 16, "why": ""} for m, ratio, low_of, high in (
             (second, 1.7, low, 2.0), ("z", 1.6, 1.2, 3.0))]
    return {"place": place(share, keys, threads), "word": word,
            "front": [first] if front is None else list(front),
            "group": {"weakest": weakest or second, "rivals": rivals, "n": 5,
                      "maps": 3, "needs": 7, "word": word},
            "first": first, "first_mops": 34.0, "first_low": 30.0,
            "first_high": 40.0, "second": second if known else None,
            "ratio": 1.7 if known else None, "low": low,
            "high": 2.0 if known else None, "n": 16, "second_mops": 20.1,
            "second_low": 18.0, "second_high": 22.0, "others": [],
            "cells": [f"{first}/t{threads}", f"{second}/t{threads}"]}


def told(first="a", second="b", low="1.50", word="clear lead"):
    return (f"first choice {first}, second choice {second}, {word}: {first} "
            f"is 1.70 [{low}, 2.00] times as fast as {second}, which reached "
            "20.1 Mop/s [18.0, 22.0], centre of 16 ratios, one per block")


def result(*corners, word=verdicts.LEAD, asked=None, front="a", **more):
    at = [c["place"] for c in corners]
    machine = {"id": "m1", "cpus": 4}
    return {"corners": list(corners), "asked": asked or at[0], "word": word,
            "front": list(front), "between": places.between(at),
            "known": at, "lacking": {}, "flips": [], "refusal": None,
            "trust": {"word": "trust", "why": [], "invalid": None},
            "a": Made(cpus=4, failed=set(), campaign=Made(
                meta={"machine": machine}, problems=[]),
                look=Made(bound=lambda m: m == "null_map"))} | more


# ---- corners --------------------------------------------------------------

def test_two_corners_are_told_in_full():
    assert say.each(result(corner(), corner("b", "a", 1.1, keys=65536))) == (
        f"at 1 Ki keys: {told()}; "
        f"at 64 Ki keys: {told('b', 'a', '1.10')}")


def box(lows, **more):
    """Four corners: 1 and 64 Ki keys, 1 and 4 threads."""
    return [corner(low=low, keys=keys, threads=threads, **more)
            for low, (keys, threads) in zip(lows, (
                (1024, 1), (1024, 4), (65536, 1), (65536, 4)))]


def test_of_four_corners_the_nearest_and_the_least_certain_are_told():
    asked = place(keys=32768, threads=3)
    assert say.each(result(*box((1.3, 1.2, 1.5, 1.4)), asked=asked)) == (
        f"at the nearest, 64 Ki keys, 4 threads: {told(low='1.40')}; "
        f"at the least certain, 1 Ki keys, 4 threads: {told(low='1.20')}")


@pytest.mark.parametrize("lows", [(1.3, 1.2, 1.5, 1.1),
                                  (None, None, None, 1.1)])
def test_a_nearest_corner_that_is_least_certain_is_told_once(lows):
    asked = place(keys=32768, threads=3)
    assert say.each(result(*box(lows), asked=asked)) == (
        f"at the nearest, 64 Ki keys, 4 threads: {told(low='1.10')}")


def test_a_corner_without_an_interval_is_not_the_least_certain():
    alone = corner(low=None, word=verdicts.ALONE, keys=65536, threads=4)
    four = box((1.3, 1.2, 1.5, 1.4))[:3] + [alone]
    text = say.each(result(*four, word=verdicts.ALONE,
                           asked=place(keys=32768, threads=3)))
    assert text == (
        "at the nearest, 64 Ki keys, 4 threads: alone: a is the only ranked "
        "map with a result, 34.0 Mop/s [30.0, 40.0]; at the least certain, "
        f"1 Ki keys, 4 threads: {told(low='1.20')}")


def test_where_no_corner_has_an_interval_the_nearest_is_told():
    four = box((None,) * 4, word=verdicts.OPEN)
    assert say.each(result(*four, word=verdicts.OPEN)) == (
        "at the nearest, 1 Ki keys, 1 thread: not ranked: 5 blocks measured, "
        "3 maps need 7")


def test_corners_that_disagree_are_named_with_who_is_in_front():
    four = box((1.3, 1.2, 1.5, 1.4))
    four[1] |= corner("b", "a", 1.2, keys=1024, threads=4)
    four[2] |= {"word": verdicts.TIED, "front": ["a", "b"]}
    text = say.each(result(*four, word="depends"))
    assert text.startswith(
        "a, clear lead, at (1 Ki keys, 1 thread) and (64 Ki keys, 4 "
        "threads); b, clear lead, at (1 Ki keys, 4 threads); "
        "a and b, tied, at (64 Ki keys, 1 thread); "
        "at the nearest, 1 Ki keys, 1 thread: first choice a")


def test_a_word_that_rests_on_another_rival_names_it():
    c = corner(weakest="z")
    assert say.verdict(c) == told() + (
        "; its least certain lead is 1.60 [1.20, 3.00] times z")
    tied = corner(weakest="z", word=verdicts.TIED, front="ab")
    assert say.verdict(tied) == (
        "tied: a and b are not told apart; " + told().split(": ", 1)[1])


@pytest.mark.parametrize("word", [verdicts.SMALL, verdicts.UNCERTAIN])
def test_each_lead_has_its_word(word):
    assert say.verdict(corner(word=word)) == told(word=word)


# ---- the first sentence ---------------------------------------------------

AT = f"1 thread, 97{SP}% lookups, 3{SP}% updates, 1 Ki keys"
BETWEEN = f"{AT}, which lies between measured threads 1 and 4"


def two(word, one=None, other=None, **more):
    return result(one or corner(), other or corner(threads=4), word=word,
                  **more)


def test_a_measured_place_says_its_own_verdict():
    assert say.choice(result(corner())) == f"At {AT}: {told()}."


@pytest.mark.parametrize("how", [{}, {"between": ["threads"]}])
def test_a_failed_control_names_no_choice(how):
    found = result(corner(), word="invalid", front="", trust={
        "word": "do not act", "why": [], "invalid": "INVALID: so."}, **how)
    assert say.choice(found) == f"At {AT} no choice is named. INVALID: so."


@pytest.mark.parametrize("word,said", [
    (verdicts.LEAD, ", the first choice is a, clear lead, for they agree; "),
    (verdicts.SMALL, ", the first choice is a, small lead, for they agree; "),
    (verdicts.UNCERTAIN, ", the first choice is a, lead of uncertain size, "
     "for they agree; "),
    (verdicts.TIED, ", a and c are tied, for they agree: take any of them; "),
    (verdicts.OPEN, ": not ranked; "), (verdicts.ALONE, ": alone; ")])
def test_between_two_places_they_agree(word, said):
    found = two(word, front="ac")
    assert say.choice(found) == f"At {BETWEEN}{said}{say.each(found)}."


@pytest.mark.parametrize("fronts,tail", [
    (("a", "b"), ""), (("ab", "bc"), " In front at each of them: b."),
    (("abc", "cab"), " In front at each of them: a, b and c.")])
def test_between_two_places_that_disagree_it_depends(fronts, tail):
    one, other = fronts
    found = two("depends", corner(front=one), corner(front=other, threads=4),
                front="")
    assert say.choice(found) == (
        f"It depends at {BETWEEN}: they disagree; {say.each(found)}.{tail}")


def test_the_ends_of_each_factor_are_told():
    found = result(*box((1.3,) * 4))
    assert say.ends(found) == "keys 1Ki and 64Ki, threads 1 and 4"


# ---- what follows ---------------------------------------------------------

def test_what_would_change_the_answer():
    flips = [{"factor": "threads", "value": 8, "leader": "b",
              "word": verdicts.SMALL},
             {"factor": "keys", "value": 65536, "leader": "c",
              "word": verdicts.LEAD}]
    assert say.changed(result(corner(), flips=flips)) == (
        "What would change the answer: 8 threads (b, small lead), 64 Ki keys "
        "(c, clear lead).")
    assert say.changed(result(corner())) == (
        "At no measured place beside it does another map lead."), \
        "a tie of other maps there would change it, too"
    assert say.changed(result(corner(), front="", flips=flips)) == ""


def test_the_cells_are_named_of_more_than_two_corners_the_leaders():
    assert say.cells(result(corner())) == \
        "Measured at this very place: a/t1 b/t1."
    assert say.cells(two(verdicts.LEAD)) == \
        "Nearest measured cells: a/t1 b/t1 a/t4 b/t4."
    assert say.cells(result(*box((1.3,) * 4)[:3])) == \
        "Nearest measured cells: a/t1 a/t4 a/t1."


def test_who_was_left_out_by_the_needs_and_no_bound():
    lacking = {"c": [("scan", "no scan"), ("growth", "never grows")],
               "b": [("scan", "no scan")], "null_map": [("scan", "no")]}
    assert say.filtered(result(corner(), lacking=lacking)) == (
        "Left out by the needs: b (scan: no scan), c (scan: no scan, growth: "
        "never grows).")
    assert say.filtered(result(corner(), lacking={
        "null_map": [("scan", "no")]})) == ""


@pytest.mark.parametrize("word,measured,between", [
    ("trust", "Trust it on this machine.",
     "Trust what was measured, on this machine."),
    ("with care", *["Act with care: x; y."] * 2),
    ("do not act", *["Do not act on it: x; y."] * 2)])
def test_how_far_to_trust_it(word, measured, between):
    trust = {"word": word, "why": ["x", "y"], "invalid": None}
    assert say.trusted(result(corner(), trust=trust)) == measured
    assert say.trusted(two(verdicts.LEAD, trust=trust)) == between


# ---- what it does not know ------------------------------------------------

FIXED = "writes (3%), keys (1Ki), {}misses (0%), write-kind (update), dist " \
    "(uniform), shape (u64x8), placement (cores)"
EFFECT = "the effect of what the campaign did not vary: "
MACHINE = "any machine but m1 with 4 CPUs"


def test_what_was_not_varied_is_not_known():
    one = result(corner())
    assert say.unknown(one) == [EFFECT + FIXED.format("threads (1), "),
                                MACHINE]
    assert say.unknown(two(verdicts.LEAD)) == [
        "the place itself, which no trial ran", EFFECT + FIXED.format(""),
        MACHINE]


def test_what_was_not_used_is_told():
    found = result(corner())
    found["a"].campaign.problems = ["x"]
    assert say.unknown(found, ["stage-03"])[2:] == [
        "1 line of the journal that could not be used",
        "stage-03, not complete and left out"]


def test_whose_speed_it_is():
    a = result(corner())["a"]
    a.cpus, a.campaign.meta = None, {"synthetic": True, "busy": {
        "text": "load 3"}}
    assert say.machine(a) == [
        "any machine but unknown", "anything real: the campaign is "
        "synthetic, no number in it was measured", "the machine without "
        "other work: when the campaign began it had some (load 3)"]
    a.cpus, a.campaign.meta = 1, {"machine": {"id": "m2"}}
    assert say.machine(a) == ["any machine but m2 with 1 CPU"]


def test_maps_without_a_verdict_are_told_at_each_corner():
    gone = {"map": "d", "outcome": verdicts.NONE, "ratio": None, "low": None,
            "high": None, "n": 1, "why": "1 of 6 blocks"}
    one, other = corner(), corner(threads=4)
    one["group"]["rivals"].append(gone)
    named = {"where": [Made(workload="w")]}
    other["others"] = [named | {"front": ["b", "c"]}, named | {"front": []}]
    found = two(verdicts.LEAD, one, other)
    found["a"].failed = {"y", "x"}
    assert say.lacking_maps(found) == [
        "x, which failed verification", "y, which failed verification",
        "maps not ranked at 1 thread: d (1 of 6 blocks)",
        "why another workload of the same place has b and c in front (w)",
        "why another workload of the same place has no ranking in front (w)"]
    assert say.lacking_maps(result(one)) == [
        "maps not ranked: d (1 of 6 blocks)"]


def test_the_paragraph_has_its_parts_in_order_and_tears_no_id():
    found = result(corner(), lacking={"c": [("scan", "no scan")]})
    text = say.paragraph(found, ["stage-03"])
    assert max(map(len, text.split("\n"))) <= 78
    assert text.replace("\n", " ") == " ".join((
        say.choice(found), say.changed(found), say.cells(found),
        say.filtered(found), say.trusted(found),
        f"It does not know {EFFECT}{FIXED.format('threads (1), ')}; "
        f"{MACHINE}; stage-03, not complete and left out."))
    long = "a-very-" * 20 + "long/cell"
    assert long in say.wrapped(f"Cells: {long}, and so on.").split("\n")[1]


def test_a_refusal_says_what_was_asked_and_who_was_left_out():
    found = result(corner(), refusal=places.Refusal("threads", 9, (1,),
                                                    "too many"))
    assert say.refused(found) == f"refused: too many; asked was {AT}."
    found["lacking"] = {"b": [("scan", "no scan")]}
    assert say.refused(found) == (
        f"refused: too many; asked was {AT}. Left out by the needs: b (scan: "
        "no scan).")
