# SPDX-License-Identifier: Apache-2.0
"""The port in C beside Go: in how many claims their words are one, and what a
variant of the port shows of the rest. Campaigns with a known truth."""
import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim, decided

from report.claims import decide, ledger
from report.claims import next as stage
from report.claims.cells import Cells

SHOWS = "its lock waits in the kernel."
SIDES = {"port": ("a", "b"), "go": ("go_a", "go_b"), "variant": ("a_spin", "b_spin")}
ABOUT_GO = {"about": "go", "go": SIDES["go"]}
VARIED = {**ABOUT_GO, "variant": SIDES["variant"], "variant_shows": SHOWS}
TWO = {"cells": ("threads=2", "threads=4")}
UP, DOWN, EITHER = 2.0, 0.5, 1.02  # above, below, and at the edge


def noisy(level, *seed):
    return list(level * np.exp(np.random.default_rng(seed).normal(0, 0.03, BLOCKS)))


def made(threads=(2,), **ratios):
    """Of each side the ratio of its maps, one for each count of threads."""
    return campaign(*(
        cell(name, noisy(1e6 * level, n, i, len(side)), threads=n)
        for side, by_count in ratios.items()
        for n, ratio in zip(threads, np.atleast_1d(by_count))
        for i, (name, level) in enumerate(zip(SIDES[side], (ratio, 1)))))


@pytest.mark.parametrize("go,port,agree", [
    (UP, UP, True), (DOWN, DOWN, True), (UP, DOWN, False), (DOWN, UP, False),
    (UP, EITHER, None), (EITHER, UP, None), (EITHER, EITHER, None)])
def test_they_agree_if_both_decide_alike(go, port, agree):
    assert decided(made(go=go, port=port), **ABOUT_GO).agree is agree


def test_the_share_is_of_what_both_decide():
    asked, cells = {}, []
    for i, (go, port) in enumerate([(UP, UP), (DOWN, DOWN), (UP, DOWN), (UP, EITHER)], 1):
        asked[f"S9-0{i}"] = claim(id=f"S9-0{i}", **ABOUT_GO, cells=(f"threads={i}",))
        cells += made((i,), go=go, port=port).cells.values()
    assert decide.document(campaign(*cells), asked, {}).go_and_port == (
        "Go and the port in C give the same word in 2 of 3 claims that both decide: S9-01 and "
        "S9-02; different: S9-03 (Go: reproduced, port: refuted): unexplained. Go or the port "
        "decides nothing in S9-04.")


def test_gos_verdict_counts_and_without_go_the_ports():
    found = decided(made(go=DOWN, port=UP), **ABOUT_GO)
    assert (found.verdict, found.of, found.numbers) == ("refuted", "Go", "Go")
    assert found.port.verdict == "reproduced"
    alone = decided(made(port=UP), **ABOUT_GO)
    assert (alone.verdict, alone.of, alone.agree) == ("reproduced", "the C port", None)


def test_a_map_of_go_is_no_port_of_itself():
    """Claims that only Go can decide name its maps on both sides."""
    go = dict(zip(("subject", "against"), SIDES["go"]))
    found = decided(made(go=UP), **ABOUT_GO, **go)
    assert (found.of, found.port, found.agree) == ("Go", None, None)


# ---- causes ---------------------------------------------------------------

@pytest.mark.parametrize("go,port,variant,cause", [
    (UP, DOWN, UP, SHOWS), (UP, DOWN, DOWN, "unexplained"), (UP, DOWN, EITHER, "unexplained"),
    (UP, UP, UP, "")])
def test_a_variant_with_gos_word_shows_the_cause(go, port, variant, cause):
    assert decided(made(go=go, port=port, variant=variant), **VARIED).cause == cause


def test_a_variant_must_be_refuted_in_the_same_way():
    """Go has the opposite of what is claimed; a variant on the claimed side,
    of another size, is refuted too, and shows nothing."""
    ratio = {"rule": "ratio", "claimed": (2.0, 2.0), "side": ""}
    for variant, cause in ((DOWN, SHOWS), (1.3, "unexplained")):
        found = decided(made(go=DOWN, port=UP, variant=variant), **VARIED, **ratio)
        assert found.variant.verdict == found.verdict == "refuted"
        assert (found.agree, found.cause) == (False, cause)


@pytest.mark.parametrize("variant,cause", [((UP, DOWN), SHOWS), ((DOWN, UP), "unexplained")])
def test_what_depends_is_the_same_in_the_same_cells(variant, cause):
    found = decided(made((2, 4), go=(UP, DOWN), port=(UP, UP), variant=variant), **VARIED, **TWO)
    assert found.verdict == found.variant.verdict == "depends"
    assert found.cause == cause


def test_no_claim_pays_for_a_variant():
    """p of Go and port are the same with a variant beside them."""
    of = made(go=UP, port=DOWN, variant=UP)
    alone, beside = (decided(of, **said) for said in (ABOUT_GO, VARIED))
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


def test_a_variant_may_be_named_after_the_run():
    """It decides nothing, so the rules of the run are still the same."""
    assert len({ledger.digest({"S9-01": claim(**said)}) for said in (ABOUT_GO, VARIED)}) == 1
