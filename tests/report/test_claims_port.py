# SPDX-License-Identifier: Apache-2.0
"""The port in C beside Go: in how many claims they say the same, and what a
variant of the port shows of the rest. Campaigns with a known truth."""
import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim

from report.claims import agreement, decide, ledger, show

SHOWS = "its lock waits in the kernel."
SIDES = {"port": ("a", "b"), "go": ("go_a", "go_b"),
         "variant": ("a_spin", "b_spin")}
ABOUT_GO = {"about": "go", "go": SIDES["go"]}
VARIED = {**ABOUT_GO, "variant": SIDES["variant"], "variant_shows": SHOWS}
TWO = {"cells": ("threads=2", "threads=4")}
UP, DOWN, EITHER = 2.0, 0.5, 1.03  # above, below, and who knows


def noisy(level, *seed):
    drawn = np.random.default_rng(seed).normal(0, 0.03, BLOCKS)
    return list(level * np.exp(drawn))


def made(threads=(2,), **ratios):
    """Of each side the ratio of its maps, one for each count of threads."""
    return campaign(*(
        cell(name, noisy(1e6 * level, n, i, len(side)), threads=n)
        for side, by_count in ratios.items()
        for n, ratio in zip(threads, np.atleast_1d(by_count))
        for i, (name, level) in enumerate(zip(SIDES[side], (ratio, 1)))))


def row(campaign_, **said):
    found, = decide.verdicts(campaign_, {"S9-01": claim(**said)})
    return found


def sentence(campaign_, **said):
    document = decide.document(campaign_, {"S9-01": claim(**said)}, {})
    return agreement.sentence(document["go_and_port"])


# ---- agreement ------------------------------------------------------------

@pytest.mark.parametrize("go,port,agree", [
    (UP, UP, True), (DOWN, DOWN, True), (UP, DOWN, False),
    (DOWN, UP, False), (UP, EITHER, None), (EITHER, UP, None),
    (EITHER, EITHER, None)])
def test_they_agree_where_both_decide(go, port, agree):
    assert row(made(go=go, port=port), **ABOUT_GO)["agree"] is agree


def test_the_share_is_of_what_both_decide():
    asked, cells = {}, []
    for i, (go, port) in enumerate([(UP, UP), (DOWN, DOWN), (UP, DOWN),
                                    (UP, EITHER)], 1):
        asked[f"S9-0{i}"] = claim(id=f"S9-0{i}", **ABOUT_GO,
                                  cells=(f"threads={i}",))
        cells += made((i,), go=go, port=port).cells.values()
    document = decide.document(campaign(*cells), asked, {})
    assert document["go_and_port"] == {
        "of_port_alone": [], "both_decide": 3, "same": ["S9-01", "S9-02"],
        "different": [{"id": "S9-03", "go": "reproduced", "port": "refuted",
                       "cause": "unexplained", "variant": None}],
        "one_is_open": ["S9-04"]}
    assert agreement.sentence(document["go_and_port"]) == (
        "Go and the port in C give the same word in 2 of 3 claims that both "
        "decide: S9-01 and S9-02; different: S9-03 (Go: reproduced, port: "
        "refuted): unexplained. Go or the port decides nothing in S9-04.")


def test_a_map_of_go_is_no_port_of_itself():
    """Claims that only Go can decide name its maps on both sides."""
    go = dict(zip(("subject", "against"), SIDES["go"]))
    found = row(made(go=UP), **ABOUT_GO, **go)
    assert (found["of"], found["port"], found["agree"]) == ("Go", None, None)


def test_without_go_the_words_are_of_the_port():
    assert sentence(made(port=UP)) == ""  # of no Go at all


# ---- causes ---------------------------------------------------------------

def test_a_variant_that_says_what_go_says_shows_the_cause():
    found = made(go=UP, port=DOWN, variant=UP)
    assert row(found, **VARIED)["cause"] == SHOWS


@pytest.mark.parametrize("variant,word", [
    (DOWN, "refuted"), (EITHER, "inconclusive")])
def test_a_variant_that_does_not_leaves_it_unexplained(variant, word):
    found = row(made(go=UP, port=DOWN, variant=variant), **VARIED)
    assert found["cause"] == "unexplained"
    assert found["variant"]["verdict"] == word
    assert agreement.of_variant(found).startswith(f"a_spin / b_spin: {word}")


def test_a_variant_that_did_not_run_leaves_it_unexplained():
    found = row(made(go=UP, port=DOWN), **VARIED)
    assert (found["cause"], found["variant"]) == ("unexplained", None)


def test_what_agrees_needs_no_cause():
    assert row(made(go=UP, port=UP, variant=UP), **VARIED)["cause"] == ""


def test_a_variant_alone_decides_nothing():
    assert decide.verdicts(made(variant=UP), {"S9-01": claim(**VARIED)}) == []
    found = row(made(port=DOWN, variant=UP), **VARIED)
    assert (found["verdict"], found["variant"]) == ("refuted", None)


def test_a_variant_must_be_refuted_in_the_same_way():
    """Go has the opposite of what is claimed; a variant on the claimed side,
    of another size, is refuted too, and shows nothing."""
    ratio = {"rule": "ratio", "claimed": (2.0, 2.0), "side": ""}
    for variant, cause in ((DOWN, SHOWS), (1.3, "unexplained")):
        found = row(made(go=DOWN, port=UP, variant=variant), **VARIED,
                    **ratio)
        assert found["variant"]["verdict"] == found["verdict"] == "refuted"
        assert (found["agree"], found["cause"]) == (False, cause)


@pytest.mark.parametrize("variant,cause", [
    ((UP, DOWN), SHOWS), ((DOWN, UP), "unexplained")])
def test_what_depends_is_the_same_in_the_same_cells(variant, cause):
    found = row(made((2, 4), go=(UP, DOWN), port=(UP, UP), variant=variant),
                **VARIED, **TWO)
    assert (found["verdict"], found["variant"]["verdict"]) == (
        "depends", "depends")
    assert found["cause"] == cause


def test_no_claim_pays_for_a_variant():
    """p of Go and port are the same with a variant beside them."""
    found = made(go=UP, port=DOWN, variant=UP)
    alone, beside = (row(found, **said) for said in (ABOUT_GO, VARIED))
    for whose in (lambda r: r, lambda r: r["port"]):
        (one,), (other,) = (whose(r)["cells"] for r in (alone, beside))
        assert 0 < one["p"] == other["p"]
    # Its own level is that of two sides of one contrast.
    (of_variant,) = beside["variant"]["cells"]
    assert 0 < of_variant["p"] < beside["cells"][0]["p"]


# ---- the ledger -----------------------------------------------------------

def test_the_cells_of_a_variant_are_asked_for():
    plan = made(go=UP, port=UP, variant=UP)
    asked = show.cells_of(plan, {"S9-01": claim(**VARIED)})
    assert {name.split("/")[1] for name in asked} == {
        name for side in SIDES.values() for name in side}
    without = show.cells_of(plan, {"S9-01": claim(**ABOUT_GO)})
    assert len(without) == 4


def test_a_variant_may_be_named_after_the_run():
    """It decides nothing, so the rules of the run are still the same."""
    digests = {ledger.digest({"S9-01": claim(**said)})
               for said in (ABOUT_GO, VARIED)}
    assert len(digests) == 1


LEDGER = """\
[S9-01]
says = a.
article = b
rule = direction
side = above
workload = w
cells = threads=2
subject = a
against = b
go = go_a / go_b
statistic = ops
variant = a_spin / b_spin
variant_shows = its lock waits in the kernel.
"""


def test_a_variant_is_read(tmp_path):
    (tmp_path / "made.claims").write_text(LEDGER)
    one = ledger.read(tmp_path)["S9-01"]
    assert (one.variant, one.variant_shows) == (SIDES["variant"], SHOWS)
    part, = one.varied()
    assert (part.subject, part.against, part.cells) == (
        "a_spin", "b_spin", ("threads=2",))


@pytest.mark.parametrize("before,after,told", [
    ("variant_shows = its lock waits in the kernel.\n", "",
     "lacks variant_shows: a variant"),
    ("variant = a_spin / b_spin\n", "", "lacks variant: a variant"),
    ("go = go_a / go_b\n", "", "lacks go: a variant"),
    ("a_spin / b_spin", "a_spin", "variant = a_spin: expected MAP / MAP"),
    ("a_spin / b_spin", "a / b / c", "expected MAP, or MAP / MAP")])
def test_half_a_variant_is_a_mistake(tmp_path, before, after, told):
    assert before in LEDGER
    (tmp_path / "made.claims").write_text(LEDGER.replace(before, after))
    with pytest.raises(ledger.LedgerError) as error:
        ledger.read(tmp_path)
    assert told in str(error.value)
    assert str(error.value).startswith("made.claims:")
