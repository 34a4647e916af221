# SPDX-License-Identifier: Apache-2.0
"""Tests the comparison of Go with the C port: the number of claims on which they agree, and the
causes that variants of the port reveal. The truth of the campaigns is known."""
import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim, decided

from report.claims import agreement, decide, golang, ledger
from report.claims import next as stage
from report.claims.cells import Cells
from report.claims.model import CellRow, Verdict

SHOWS = "its lock waits in the kernel."
SIDES = {"port": ("a", "b"), "go": ("go_a", "go_b"), "variant": ("a_spin", "b_spin")}
ABOUT_GO = {"about": "go", "go": SIDES["go"]}
VARIED = {**ABOUT_GO, "variant": SIDES["variant"], "variant_shows": SHOWS}
TWO = {"cells": ("threads=2", "threads=4")}
UP, DOWN, EITHER = 2.0, 0.5, 1.02  # above 1, below 1, and at the edge


def noisy(level, *seed):
    return list(level * np.exp(np.random.default_rng(seed).normal(0, 0.03, BLOCKS)))


def made(threads=(2,), **ratios):
    """Makes cells of two maps for each implementation, with the given ratios. A ratio may be a list
    with one value for each number of threads."""
    return campaign(*(
        cell(name, noisy(1e6 * level, n, i, len(side)), threads=n)
        for side, by_count in ratios.items()
        for n, ratio in zip(threads, np.atleast_1d(by_count))
        for i, (name, level) in enumerate(zip(SIDES[side], (ratio, 1)))))


@pytest.mark.parametrize("go,port,agree", [
    (UP, UP, True), (DOWN, DOWN, True), (UP, DOWN, False), (DOWN, UP, False),
    (UP, EITHER, None), (EITHER, UP, None), (EITHER, EITHER, None)])
def test_verdicts_agree_if_both_decide_alike(go, port, agree):
    assert decided(made(go=go, port=port), **ABOUT_GO).agree is agree


def test_opposite_sides_of_1_disagree():
    """Go and the port refute claim S4-01, but in opposite directions: Go's ratio is on the claimed
    side of 1 (0.81), the port's on the other side (1.44)."""
    ratio = {"rule": "ratio", "claimed": (0.435, 0.435), "side": ""}
    found = decided(made(go=0.81, port=1.44), **ABOUT_GO, **ratio)
    assert (found.verdict, found.port.verdict, found.agree) == ("refuted", "refuted", False)
    row = {"where": "", "cells": ("a", "b"), "word": "refuted", "kind": None, "how": "",
           "claimed": None, "n": 8, "p": None, "could_see": None, "against_value": None}
    go, port, open_side = (Verdict("refuted", "", "", (CellRow(
        value=value, low=low, high=high, **row),)) for value, low, high in (
            (0.81, 0.69, 0.96), (1.44, 1.28, 1.62), (0.97, 0.9, 1.05)))
    assert agreement.agree(go, port) is False
    assert agreement.agree(go, go) is agreement.agree(port, open_side) is True


def test_no_difference_is_a_third_side():
    found = decided(made(go=0.5, port=1.0), **ABOUT_GO, band=0.05)
    assert (found.verdict, found.port.verdict, found.agree) == ("refuted", "refuted", False)


def test_the_share_counts_claims_that_both_decide():
    asked, cells = {}, []
    for i, (go, port) in enumerate([(UP, UP), (DOWN, DOWN), (UP, DOWN), (UP, EITHER)], 1):
        asked[f"S9-0{i}"] = claim(id=f"S9-0{i}", **ABOUT_GO, cells=(f"threads={i}",))
        cells += made((i,), go=go, port=port).cells.values()
    assert decide.document(campaign(*cells), asked, {}).go_and_port == (
        "Go 1.19.8 and the C port agree in 2 of 3 claims that both decide: S9-01 and "
        "S9-02; different: S9-03 (Go 1.19.8: reproduced, port: refuted): unexplained. Go or the "
        "port is undecided on S9-04.")


def test_go_decides_and_without_go_nothing_does():
    found = decided(made(go=DOWN, port=UP), **ABOUT_GO)
    assert (found.verdict, found.of, found.numbers) == ("refuted", "Go 1.19.8", "Go")
    assert found.port.verdict == "reproduced"
    alone = decided(made(port=UP), **ABOUT_GO)
    assert (alone.verdict, alone.of, alone.agree) == ("not testable here", "", None)
    assert "this campaign has no Go; next step: make deps" in alone.how
    assert (alone.port.verdict, alone.port.of) == ("reproduced", "C port of Go 1.19's code")


def test_go_maps_are_not_compared_with_themselves():
    """Some claims can only be decided by Go. The maps on both sides of such a claim are Go maps, so
    the port gives no second verdict."""
    go = dict(zip(("subject", "against"), SIDES["go"]))
    found = decided(made(go=UP), about="go", **go)
    assert (found.of, found.port, found.agree) == ("Go 1.19.8", None, None)


# ---- versions of Go ---------------------------------------------------------

def versions(classic=None, **ratios):
    """Works like made(), with today's Go and, if given, the ratio of the classic Go."""
    more = [] if classic is None else [
        cell(name.replace("go_", "go_classic_"), noisy(1e6 * level, 7, i))
        for i, (name, level) in enumerate(zip(SIDES["go"], (classic, 1)))]
    return campaign(*made(**ratios).cells.values(), *more, go="1.26.1")


@pytest.mark.parametrize("classic,today,word", [
    (UP, UP, "reproduced"), (UP, DOWN, "depends"), (DOWN, UP, "depends"), (DOWN, DOWN, "refuted"),
    (UP, EITHER, "reproduced"), (EITHER, UP, "inconclusive")])
def test_the_classic_go_decides_and_todays_is_shown_too(classic, today, word):
    found = decided(versions(classic, go=today, port=UP), **ABOUT_GO)
    assert (found.verdict, found.of, found.beside.of) == (word, "Go 1.23.5", "Go 1.26.1")
    assert found.how.startswith("version: Go 1.23.5 ") == (word == "depends")
    assert found.cells[0].cells[0].split("/")[1] == "go_classic_a"


def test_a_claim_on_the_classic_maps_needs_a_go_that_has_them():
    found = decided(versions(go=UP, port=DOWN), **ABOUT_GO)
    assert (found.verdict, found.of) == ("not testable here", "")
    assert found.how.startswith("needs Go 1.9 to 1.23, which has the classic maps; this campaign "
                                "has Go 1.26.1; next step: ")
    assert (found.beside.verdict, found.port.verdict) == ("reproduced", "refuted")


@pytest.mark.parametrize("classic,of", [(None, "Go 1.26.1"), (UP, "Go 1.26.1")])
def test_a_claim_on_any_go_is_decided_by_todays_go(classic, of):
    found = decided(versions(classic, go=UP), **ABOUT_GO, needs_go="any")
    assert (found.verdict, found.of) == ("reproduced", of)
    old = decided(made(go=UP), **ABOUT_GO, needs_go="any")
    assert (old.of, old.beside) == ("Go 1.19.8", None)


def test_the_sentence_names_claims_that_depend_on_the_version():
    made = versions(UP, go=DOWN, port=UP)
    found = decide.document(made, {"S9-01": claim(**ABOUT_GO)}, {})
    assert found.go_and_port.endswith("S9-01. The version of Go decides S9-01.")


@pytest.mark.parametrize("version,classic", [
    ("1.9", True), ("1.19.8", True), ("1.23.12", True), ("1.24rc1", False), ("1.26.1", False),
    ("2.0", False)])
def test_go_has_the_classic_maps_up_to_1_23(version, classic):
    assert golang.is_classic(version) == classic


def test_a_verdict_states_how_its_goroutines_ran():
    found = decided(made((2,), go=UP), **ABOUT_GO)
    assert found.setting == ("2 goroutines, free; the process is bound to 2 CPUs, GOMAXPROCS 2")


# ---- causes ---------------------------------------------------------------

@pytest.mark.parametrize("go,port,variant,cause", [
    (UP, DOWN, UP, SHOWS), (UP, DOWN, DOWN, "unexplained"), (UP, DOWN, EITHER, "unexplained"),
    (UP, UP, UP, "")])
def test_a_variant_that_agrees_with_go_shows_the_cause(go, port, variant, cause):
    assert decided(made(go=go, port=port, variant=variant), **VARIED).cause == cause


def test_a_variant_must_be_refuted_in_the_same_way():
    """Go shows the opposite of the claim. A variant on the claimed side of 1, but with another
    size, is refuted, too, but is not the cause."""
    ratio = {"rule": "ratio", "claimed": (2.0, 2.0), "side": ""}
    for variant, cause in ((DOWN, SHOWS), (1.3, "unexplained")):
        found = decided(made(go=DOWN, port=UP, variant=variant), **VARIED, **ratio)
        assert found.variant.verdict == found.verdict == "refuted"
        assert (found.agree, found.cause) == (False, cause)


@pytest.mark.parametrize("variant,cause", [((UP, DOWN), SHOWS), ((DOWN, UP), "unexplained")])
def test_dependent_verdicts_agree_only_in_equal_cells(variant, cause):
    found = decided(made((2, 4), go=(UP, DOWN), port=(UP, UP), variant=variant), **VARIED, **TWO)
    assert found.verdict == found.variant.verdict == "depends"
    assert found.cause == cause


def test_variants_do_not_change_the_p_of_claims():
    """The p of Go and of the port are the same with and without a variant."""
    of = made(go=UP, port=DOWN, variant=UP)
    alone, beside = (decided(of, **keys) for keys in (ABOUT_GO, VARIED))
    for whose in (lambda r: r, lambda r: r.port):
        (one,), (other,) = (whose(r).cells for r in (alone, beside))
        assert 0 < one.p == other.p
    (of_variant,) = beside.variant.cells
    assert 0 < of_variant.p < beside.cells[0].p


# ---- the ledger -----------------------------------------------------------

def test_the_cells_of_a_variant_are_needed():
    cells = Cells(made(go=UP, port=UP, variant=UP).cells.values())
    assert len(stage.cells_of(cells, {"S9-01": claim(**VARIED)})) == 6
    assert len(stage.cells_of(cells, {"S9-01": claim(**ABOUT_GO)})) == 4


def test_a_variant_may_be_added_after_the_run():
    """A variant does not affect verdicts, so the run's hash of the rules stays valid."""
    assert len({ledger.digest({"S9-01": claim(**keys)}) for keys in (ABOUT_GO, VARIED)}) == 1
