# SPDX-License-Identifier: Apache-2.0
"""Rows of a comparison (docs/comparing.md): ranks and whether they hold,
claims machine by machine, and the texts of single cells, of machines that are
made by hand."""
from types import SimpleNamespace as Made

import pytest

from report import verdicts
from report.compare import claims, ranks
from report.compare.versions import Version

P, Q = "one place", "another"


# ---- ranks ----------------------------------------------------------------

def group(leader="a", word=verdicts.LEAD, **centres):
    return {"centres": centres, "leader": leader, "word": word}


def compared(*labels, places=(P,), head=P):
    return Made(sides=[Made(label=label, invalid=None)
                       for label in labels], head=head,
                places=list(places))


@pytest.mark.parametrize("low,high,sign", [
    (1.021, 2, 1), (1.02, 2, 0), (0.5, 0.98, -1), (0.5, 1 / 1.02, 0),
    (0.99, 1.01, 0), (None, None, 0)])
def test_an_order_is_decided_beyond_the_margin(low, high, sign):
    assert ranks.sign({"low": low, "high": high}) == sign


def test_ranks_begin_with_the_fastest_and_go_by_name_where_equal():
    assert ranks.ranked({"a": 1, "c": 9, "b": 9, "x": 99}, {"a", "b", "c"}
                        ) == {"b": 1, "c": 2, "a": 3}


def test_ranks_are_among_the_maps_that_all_machines_have_there():
    """A machine without the place counts for nothing."""
    groups = {("x", P): group(a=3, b=2, c=1), ("y", P): group(b=5, c=9, d=7),
              ("z", Q): group(a=1)}
    assert ranks.at(compared("x", "y", "z"), groups, P) == (
        {"x": {"b": 1, "c": 2}, "y": {"c": 1, "b": 2}}, ["a", "d"])
    assert ranks.at(compared("z"), groups, P) == ({}, [])


def test_a_row_of_ranks_has_best_worst_middle_and_who_leads():
    """b leads on two of three, on one of them tied; b and c are reversed."""
    groups = {("x", P): group("b", a=1, b=3, c=2),
              ("y", P): group("c", a=2, b=1, c=3),
              ("z", P): group("b", verdicts.TIED, a=1, b=3, c=2)}
    known = {("x", P): {("a", "b"): -1, ("b", "c"): 1},
             ("y", P): {("a", "b"): 0, ("b", "c"): -1}}
    found = ranks.table_rows(compared("x", "y", "z"), groups, known)
    assert [{k: r[k] for k in ("map", "best", "worst", "middle", "leads",
                               "reversed")} for r in found] == [
        {"map": "b", "best": 1, "worst": 3, "middle": 1, "leads": 1,
         "reversed": ["c"]},
        {"map": "c", "best": 1, "worst": 2, "middle": 2, "leads": 1,
         "reversed": ["b"]},
        {"map": "a", "best": 2, "worst": 3, "middle": 3, "leads": 0,
         "reversed": []}]
    assert found[0]["ranks"] == {"x": 1, "y": 3, "z": 1}


@pytest.mark.parametrize("signs,word", [
    ((1, 1), "alike"), ((1, -1), "reversed"), ((1, 0), "alike"),
    ((0, 0), "open"), ((0, -1), "alike"), ((-1, 1), "reversed")])
def test_the_machines_that_decide_make_the_word(signs, word):
    known = {(label, P): {("a", "b"): s} for label, s in zip("xy", signs)}
    for pair in (("a", "b"), ("b", "a")):
        assert ranks.word_of(known, P, *pair, "xyz") == word
    assert ranks.word_of(known, P, "a", "b", "z") == "open"
    assert ranks.word_of({("z", P): {("a", "c"): 1}}, P, "a", "b",
                         "z") == "open"


def test_agreement_is_counted_place_by_place():
    """At P one order is turned and one is alike, at Q none is decided; a
    place that one of the two lacks is no place of theirs."""
    groups = {(label, place): made for label, place, made in (
        ("x", P, group("a", a=3, b=2, c=1)),
        ("y", P, group("a", a=3, b=1, c=2)),
        ("x", Q, group("a", a=3, b=2, c=1)),
        ("y", Q, group("b", a=2, b=3, c=1)), ("x", "R", group(a=1)))}
    known = {("x", P): {("a", "b"): 1, ("a", "c"): 1, ("b", "c"): 1},
             ("y", P): {("a", "b"): 1, ("a", "c"): 0, ("b", "c"): -1}}
    c = compared("x", "y", places=(P, Q, "R"))
    (row,) = ranks.agreement(c, groups, known)
    assert (row["machines"], row["places"], row["same_leader"]) == (
        ("x", "y"), 2, 1)
    assert (row["alike"], row["reversed"], row["open"]) == (1, 1, 4)
    assert row["reversals"] == [
        {"place": P, "ahead_one": "b", "ahead_two": "c"}]
    # tau of three maps with one pair turned: (2 - 1) / 3
    assert row["taus"] == pytest.approx([1 / 3, 1 / 3])
    assert row["tau"] == row["tau_least"] == pytest.approx(1 / 3)
    (none,) = ranks.agreement(compared("x", "z"), groups, known)
    assert none["places"] == 0 and none["tau"] is none["tau_least"] is None


# ---- claims ---------------------------------------------------------------

def decided(of="Go", **verdict):
    return {"claims": [
        {"id": name, "says": f"{name} says", "verdict": word, "how": "so",
         "of": of, "cells": []} for name, word in verdict.items()]}


@pytest.mark.parametrize("said,word", [
    (("reproduced", "reproduced"), "alike"),
    (("reproduced", "refuted"), "differs"), (("depends", "refuted"),
                                             "differs"),
    (("refuted", "inconclusive"), "one machine"), (("refuted",),
                                                   "one machine"),
    (("inconclusive", "not testable here"), "open"),
    (("refuted", "inconclusive", "refuted"), "alike")])
def test_a_claim_is_decided_alike_or_otherwise(monkeypatch, said, word):
    monkeypatch.setattr(claims, "measured", lambda claim: "text")
    (row,) = claims.rows_of({f"m{i}": decided(c1=verdict)
                             for i, verdict in enumerate(said)})
    assert row["word"] == word and row["says"] == "c1 says"
    assert [v["verdict"] for v in row["verdicts"].values()] == list(said)
    assert row["verdicts"]["m0"] == {"verdict": said[0], "how": "so",
                                     "of": "Go", "measured": "text"}


@pytest.mark.parametrize("said,word", [
    (("Go reproduced", "port refuted"), "other program"),
    (("Go reproduced", "port reproduced"), "other program"),
    (("Go reproduced", "port inconclusive"), "one machine"),
    (("Go reproduced", "port refuted", "Go reproduced"), "alike"),
    (("Go reproduced", "port refuted", "port reproduced"), "differs")])
def test_a_verdict_of_the_port_is_not_held_to_one_of_go(monkeypatch, said, word):
    monkeypatch.setattr(claims, "measured", lambda claim: "text")
    verdicts = [one.split() for one in said]
    (row,) = claims.rows_of({f"m{i}": decided(of, c1=verdict)
                             for i, (of, verdict) in enumerate(verdicts)})
    assert row["word"] == word


def test_claims_keep_the_order_of_the_first_machine(monkeypatch):
    monkeypatch.setattr(claims, "measured", lambda claim: "")
    rows = claims.rows_of({"x": decided(b="refuted", a="refuted"),
                           "y": decided(a="refuted", c="reproduced")})
    assert [(r["id"], list(r["verdicts"])) for r in rows] == [
        ("b", ["x"]), ("a", ["x", "y"]), ("c", ["y"])]


# ---- single cells ---------------------------------------------------------


def test_cells_of_two_versions_are_counted_by_their_word():
    made = object.__new__(Version)
    made.rows = [{"word": w} for w in (
        "faster", "", "slower", "faster", "not shown to differ", "")]
    assert made.counted() == {"faster": 2, "slower": 1,
                              "not shown to differ": 1, "no interval": 2}
