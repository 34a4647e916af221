# SPDX-License-Identifier: Apache-2.0
"""The linter's own hand on claims (report/lint/ledger.py): the word that
docs/claims.md has for an interval, at its limits, for a claim that rests on
several cells, and the ledger's text as it reads it."""
import pytest
import report_helpers  # noqa: F401

from report.lint import ledger
from report.lint.ledger import Figures

R, D, X, O, N = ledger.WORDS


def word(line, low, high, p=0.001, value=1.0, **more):
    return ledger.word(line, Figures(value, low, high, 20, **more), p)


# ---- what only adds up ----------------------------------------------------

@pytest.mark.parametrize("rule,own,other,said", [
    ("never", 0, None, R), ("never", 1, None, X), ("can-happen", 0, 0, O),
    ("can-happen", 0, 5, O), ("can-happen", 1, 0, R),
    ("can-happen", 1, None, R), ("can-happen", 1, 1, X)])
def test_one_event_decides(rule, own, other, said):
    """What can happen here must not happen there."""
    assert word({"rule": rule}, None, None, value=own, other=other) == said


# ---- a side, a ratio, no difference ---------------------------------------

UP, DOWN = ({"rule": "direction", "side": side, "band": "10%"}
            for side in ("above", "below"))


@pytest.mark.parametrize("low,high,up,down", [
    (1.11, 1.5, R, X), (1.09, 1.5, O, O), (0.5, 0.90, X, R),
    (0.5, 0.92, O, O), (0.92, 1.09, X, X), (1 / 1.1, 1.1, X, X),
    (0.9, 1.1, O, O), (1 / 1.1, 1.11, O, O), (0.5, 1.5, O, O)])
def test_a_side_needs_the_whole_interval_beyond_the_band(low, high, up,
                                                         down):
    assert word(UP, low, high) == up and word(DOWN, low, high) == down


def test_a_claim_of_speed_needs_the_corrected_test():
    """What lies within the band is no difference without one."""
    for p, said in ((0.01, R), (0.011, O), (None, O)):
        assert word(UP, 1.2, 1.5, p) == said
        assert word(UP | {"speaks": "memory"}, 1.2, 1.5, p) == R
        assert word(DOWN, 1.2, 1.5, p) == (X if said == R else O)
        assert word(UP, 0.95, 1.05, p) == X


def test_without_an_interval_nothing_is_decided():
    for rule in ("direction", "ratio", "equal", "figure", "slope", "count"):
        assert word({"rule": rule, "side": "above", "claimed": "2"}, None,
                    None) == O


@pytest.mark.parametrize("low,high,said", [
    (0.95, 1.05, R), (1 / 1.1, 1.1, R), (0.9, 1.05, O), (0.95, 1.11, O),
    (1.11, 1.2, X), (0.8, 0.9, X), (1.1, 1.2, O)])
def test_no_difference_is_within_the_band(low, high, said):
    line = {"rule": "equal", "band": "10%"}
    assert word(line, low, high) == said
    assert word(line, low, high, None) == (O if said == R else said)


@pytest.mark.parametrize("low,high,said", [
    (1.9, 2.1, R), (2 / 1.2, 2.4, R), (1.66, 2.1, O), (1.9, 2.41, O),
    (2.41, 3, X), (1.3, 1.66, X), (0.98, 1.02, X), (0.5, 0.9, X)])
def test_a_ratio_is_a_side_and_a_size(low, high, said):
    """From 2 / 1.2 to 2 x 1.2."""
    assert word({"rule": "ratio", "claimed": "2"}, low, high) == said


def test_the_side_of_a_ratio_is_that_of_its_number():
    below = {"rule": "ratio", "claimed": "0.5 .. 0.6"}
    assert word(below, 0.5, 0.6) == R and word(below, 1.5, 1.6) == X
    assert word(below | {"side": "above"}, 0.5, 0.6) == X


@pytest.mark.parametrize("rule,low,high,p,said", [
    ("figure", 1.9, 3.1, 0.001, R), ("figure", 1.9, 3.1, None, O),
    ("figure", 3.61, 4, None, X), ("figure", 1, 1.66, None, X),
    ("figure", 1.6, 3, 0.001, O), ("slope", 2, 3, None, R),
    ("slope", 1.99, 3, None, O), ("slope", 2, 3.01, None, O),
    ("slope", 3.01, 4, None, X), ("count", 1.9, 3.1, None, R),
    ("count", 1.9, 3.7, None, X), ("count", 1.6, 3, None, X)])
def test_a_figure_has_a_tolerance_and_a_slope_has_none(rule, low, high, p,
                                                       said):
    """2 to 3 is from 1.67 to 3.6; a count is inside or it is not."""
    assert word({"rule": rule, "claimed": "2 .. 3"}, low, high, p) == said


def test_the_band_is_two_per_cent_unless_told():
    line = {"rule": "direction", "side": "above"}
    assert word(line, 1.021, 1.5) == R and word(line, 1.019, 1.5) == O
    assert ledger.limits({"rule": "count", "claimed": "150",
                          "tolerance": "1"}) == pytest.approx((150, 150))


# ---- several cells --------------------------------------------------------

@pytest.mark.parametrize("told,stated,unstated,parts", [
    ([R, R], R, R, R), ([X, X], X, X, X), ([R, X], X, D, X),
    ([R, O], O, O, O), ([X, O], O, O, X), ([R, X, O], X, D, X),
    ([O], O, O, O), ([N, N], N, N, N), ([N, R], O, O, O), ([], N, N, N)])
def test_cells_that_differ_make_a_claim_depend_or_refute_it(
        told, stated, unstated, parts):
    """Where the article names its conditions, one refuted refutes it beside
    one that holds; in parts beside any."""
    for conditions, said in (("stated", stated), ("unstated", unstated),
                             ("parts", parts)):
        assert ledger.whole({"conditions": [conditions]}, told) == said
    assert ledger.whole({}, told) == unstated


# ---- the text -------------------------------------------------------------

def test_the_ledgers_text_has_sections_comments_and_long_lines(
        tmp_path, monkeypatch):
    """What stands before the first section holds for all."""
    (tmp_path / "a.claims").write_text(
        "speaks = speed  # of all\nrule = ratio\n[S1-01]\n"
        "says = one \\\n  and two\n# rule = never\ncells = x\ncells = y\n"
        "[S1-02]\nrule = equal\n")
    (tmp_path / "b.claims").write_text("[S2-01]\nsays = other\n")
    monkeypatch.setattr(ledger, "FOLDER", tmp_path)
    told = {name: {k: [" ".join(v.split()) for v in values]
                   for k, values in keys.items()}
            for name, keys in ledger.read().items()}
    assert told == {
        "S1-01": {"speaks": ["speed"], "rule": ["ratio"],
                  "says": ["one and two"], "cells": ["x", "y"]},
        "S1-02": {"speaks": ["speed"], "rule": ["equal"]},
        "S2-01": {"says": ["other"]}}


def test_a_cell_may_say_for_itself_what_the_claim_says():
    found = list(ledger.lines({
        "subject": ["a"], "statistic": ["s"], "cells": [
            "threads=2", "threads=4 | subject = b | claimed = 2"],
        "go_cells": ["keys=9 | go_statistic = t"]}))
    assert [(x["where"], x["subject"], x["statistic"], x.get("claimed"))
            for x in found] == [
        ("threads=2", "a", "s", None), ("threads=4", "b", "s", "2"),
        ("keys=9", "a", "s", None), ("keys=9", "a", "t", None)]


@pytest.mark.parametrize("text,value", [
    ("2 %", 0.02), ("2%", 0.02), (" 1.5 ", 1.5), ("-3", -3)])
def test_a_number_may_be_per_cent(text, value):
    assert ledger.number(text) == value
