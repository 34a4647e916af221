# SPDX-License-Identifier: Apache-2.0
"""Tests verdicts on claims: each rule with true, false and undecidable claims; claims of several
cells; limits of a machine; and the error rate of a ledger."""
import json

import numpy as np
import pytest
from made_claims import BLOCKS, campaign, cell, claim, decided, of_claim

from report.claims import decide
from report.claims.model import Kind, Word


def noisy(level, seed, n=BLOCKS, sd=0.03):
    return list(level * np.exp(np.random.default_rng(seed).normal(0, sd, n)))


def pair(ratio, seed=1, sd=0.03, n=BLOCKS, **factors):
    """Makes cells of two maps: `a` has `ratio` times the rate of `b`. The noise is as low as on a
    quiet machine."""
    return (cell("a", noisy(1e6 * ratio, seed, n, sd), **factors),
            cell("b", noisy(1e6, seed + 1000, n, sd), **factors))


def verdict(of, **changes):
    return decided(of, **changes).verdict


# ---- each rule: true, false, undecidable ----------------------------------

RATIO = {"rule": "ratio", "claimed": (2.0, 2.0), "side": ""}
EQUAL = {"rule": "equal", "side": "", "band": 0.05}
FIGURE = {"rule": "figure", "claimed": (1e6, 1e6), "side": "", "against": ""}


@pytest.mark.parametrize("rule,words", [
    ({}, {2.0: "reproduced", 0.5: "refuted", 1.0: "refuted",
          1.02: "inconclusive"}),
    (RATIO, {2.0: "reproduced", 0.5: "refuted", 1.5: "refuted",
             1.0: "refuted", 2.4: "inconclusive"}),
    (EQUAL, {1.0: "reproduced", 1.3: "refuted", 1.05: "inconclusive"}),
    (FIGURE, {1.0: "reproduced", 2.0: "refuted", 1.2: "inconclusive"})])
def test_a_rule_gives_the_verdict_of_a_known_truth(rule, words):
    found = {ratio: verdict(campaign(*pair(ratio, sd=0.01)), **rule)
             for ratio in words}
    assert found == words


@pytest.mark.parametrize("rule,ratio", [({}, 1.03), (EQUAL, 1.05), (FIGURE, 1.2)])
def test_an_inconclusive_claim_has_its_detectable_effect(rule, ratio):
    found = decided(campaign(*pair(ratio)), **rule)
    one, = found.cells
    half = (one.high / one.low) ** 0.5 - 1
    band = 0 if rule is FIGURE else claim(**rule).band
    assert one.could_see == pytest.approx(half + band, rel=1e-3)
    assert found.how.startswith("the interval crosses a limit: it could show "
                                f"differences of {100 * one.could_see:.2f}")


@pytest.mark.parametrize("level,kind", [
    (0.5, Kind.OPPOSITE), (1.3, Kind.SIZE), (1.0, Kind.NO_DIFFERENCE)])
def test_a_refuted_ratio_has_the_part_that_failed(level, kind):
    found = decided(campaign(*pair(level, sd=0.005)), **RATIO)
    assert found.verdict == "refuted"
    assert found.cells[0].kind is kind and found.how.startswith(kind)


def test_a_wrong_size_refutes_a_ratio_of_undecided_direction():
    found = decided(campaign(*pair(1.02, sd=0.04)), **RATIO)
    assert (found.verdict, found.cells[0].kind) == ("refuted", Kind.SIZE_ALONE)
    assert verdict(campaign(*pair(1.02, sd=0.04)),
                   **{**RATIO, "claimed": (1.1, 1.1)}) == "inconclusive"


def counts(values, **rule):
    """Makes cells whose statistic `n` has these values, one for each trial."""
    return decided(campaign(cell("a", [1] * len(values), stats={"n": values})), **{
        "against": "", "side": "", "statistic": "n", "speaks": "count", **rule})


def test_a_count_is_exact():
    exact = {"rule": "count", "claimed": (416, 416), "tolerance": 1.0}
    assert counts([416] * 20, **exact).verdict == "reproduced"
    found = counts([416] * 19 + [417], **exact)
    assert (found.verdict, found.how) == ("refuted", "1 of 20 trials outside")


def test_the_ends_of_a_claimed_amount_belong_to_it():
    exact = {"rule": "figure", "claimed": (0.3, 0.3), "tolerance": 1.0, "speaks": "memory"}
    assert counts([0.3] * 20, **exact).verdict == "reproduced"


@pytest.mark.parametrize("rule,none,one", [
    ("never", "reproduced", "refuted"), ("can-happen", "inconclusive", "reproduced")])
def test_one_example_decides(rule, none, one):
    found = counts([0] * 20, rule=rule)
    assert found.verdict == none and "20 trials" in found.how
    assert counts([0] * 19 + [1], rule=rule).verdict == one


@pytest.mark.parametrize("rule", [
    {"rule": "never"}, {"rule": "count", "claimed": (0, 0)}])
def test_five_trials_confirm_nothing_unless_they_are_simulated(rule):
    """If one trial shows no event, events may still occur in up to 97.5 % of all trials."""
    for n, numbers, word in ((1, "native", "inconclusive"), (5, "native", "inconclusive"),
                             (6, "native", "reproduced"), (1, "simulated", "reproduced")):
        assert counts([0] * n, numbers=numbers, **rule).verdict == word, n
    assert counts([1], **rule).verdict == "refuted"


def test_never_states_the_share_that_may_differ():
    """The exact upper bound is 1 - 0.05 ** (1 / 20), which is 13.9 %."""
    assert "at most 13.9" in counts([0] * 20, rule="never").how


def test_can_happen_requires_that_the_other_map_never_does():
    cells = [cell(name, [1] * 20, stats={"n": [1] + [0] * 19}) for name in "ab"]
    assert verdict(campaign(*cells), rule="can-happen", side="", statistic="n",
                   speaks="property") == "refuted"


SIZES = (100, 1000, 10000, 100000)
SLOPE = {"rule": "slope", "axis": "keys", "against": "", "side": "",
         "speaks": "count", "statistic": "ops"}


@pytest.mark.parametrize("power,claimed,word", [
    (1, (0.8, 1.2), "reproduced"), (0, (-0.1, 0.1), "reproduced"),
    (1, (-0.1, 0.1), "refuted"), (0.1, (-0.1, 0.1), "inconclusive")])
@pytest.mark.parametrize("speaks", ["count", "speed"])
def test_a_slope_is_of_a_log_log_line(power, claimed, word, speaks):
    cells = [cell("a", noisy(n ** power, n), keys=n) for n in SIZES]
    assert verdict(campaign(*cells), **SLOPE | {"claimed": claimed,
                                                "speaks": speaks}) == word


def sloped(power, seed, n=BLOCKS):
    """Makes cells of a claim whose values lie on a line with this slope, plus noise."""
    cells = [cell("a", noisy(keys ** power, seed + i, n, 0.05), keys=keys)
             for i, keys in enumerate(SIZES)]
    return decided(campaign(*cells), claimed=(-0.001, 0.001), **SLOPE).cells[0]


def share_unlike_0(power, n, runs=200):
    found = [sloped(power, 10 * i, n) for i in range(runs)]
    return np.mean([c.low > 0 or c.high < 0 for c in found])


@pytest.mark.long
@pytest.mark.parametrize("n", [8, BLOCKS])
def test_half_of_the_detectable_slopes_are_detected(n):
    """The smallest detectable slope is detected in about half of the cases, twice this slope nearly
    always, and a slope of 0 rarely."""
    seen = np.mean([sloped(0, 10 * i + 7, n).could_see for i in range(50)])
    assert share_unlike_0(0, n) <= 0.08
    assert 0.35 <= share_unlike_0(seen, n) <= 0.75
    assert share_unlike_0(2 * seen, n) >= 0.85


def test_two_sizes_give_no_slope():
    cells = [cell("a", noisy(n, n), keys=n) for n in (100, 1000)]
    found = decided(campaign(*cells), claimed=(0, 2), **SLOPE)
    assert found.verdict == "not testable here" and "expected 3" in found.how


# ---- missing data ---------------------------------------------------------

def test_five_blocks_have_no_interval():
    found = decided(campaign(*pair(2.0, n=5)))
    assert (found.verdict, found.how) == (
        "inconclusive", "5 blocks, an interval needs 6")


@pytest.mark.parametrize("needs,made,word", [
    (("cpus", 16), {}, "not testable here"), (("cpus", 16), {"cpus": 16}, "reproduced"),
    (("counters", 1), {}, "not testable here"),
    (("counters", 1), {"counters": "likwid"}, "reproduced"),
    (("counters", 1), {"counters": "replay"}, "not testable here")])
def test_a_machine_without_a_required_resource_decides_nothing(needs, made, word):
    assert verdict(campaign(*pair(2.0), **made), needs=needs) == word


def test_a_claim_whose_cells_are_not_planned_has_no_verdict():
    rows = decided(campaign(*pair(2.0)), claim(), claim(id="S9-02", workload="elsewhere"))
    assert [row.id for row in rows] == ["S9-01"]


# ---- several cells --------------------------------------------------------

TWO = {"cells": ("threads=2", "threads=4")}


@pytest.mark.parametrize("ratios,conditions,word", [
    ((2, 2), "unstated", "reproduced"), ((.5, .5), "unstated", "refuted"),
    ((2, .5), "unstated", "depends"), ((2, .5), "stated", "refuted"),
    ((2, 1.03), "unstated", "inconclusive"), ((1.03, .5), "parts", "refuted")])
def test_several_cells_make_one_verdict(ratios, conditions, word):
    cells = [c for threads, ratio in zip((2, 4), ratios)
             for c in pair(ratio, seed=threads, threads=threads)]
    found = decided(campaign(*cells), **TWO, conditions=conditions)
    assert found.verdict == word
    if word == "depends":
        assert found.how == "reproduced at threads=2; refuted at threads=4"


# ---- error rate of the family ---------------------------------------------

def test_verdicts_on_speed_need_the_joint_test():
    """Six blocks give an interval, but their sign test has p >= 1/64."""
    for ratio, rule in ((2.0, {}), (0.5, {}), (1.0, {}), (1.5, RATIO), (2.0, EQUAL), (3.0, FIGURE)):
        found = decided(campaign(*pair(ratio, n=6, sd=0.005)), **rule)
        assert (found.verdict, found.how) == (
            "inconclusive", "not certain jointly for all claims"), rule
    assert verdict(campaign(*pair(2.0, n=6)), speaks="count") == "reproduced"


@pytest.mark.long
def test_labels_permuted_within_blocks_reproduce_nothing():
    """Within each block, the results of the two maps are swapped at random, so all claims are
    false. At most 1 % of the claims may be reproduced, and the same claim in at most 5 of 100
    cases."""
    rng, hits = np.random.default_rng(20261122), []
    names = [f"S9-{i:02}" for i in range(1, 11)]
    for _ in range(100):
        cells, claims = [], []
        for i, name in enumerate(names):
            swap = rng.integers(0, 2, BLOCKS).astype(bool)
            a, b = (np.array(noisy(level, int(rng.integers(1 << 30)))) for level in (2e6, 1e6))
            cells += [cell("a", list(np.where(swap, b, a)), keys=i + 1),
                      cell("b", list(np.where(swap, a, b)), keys=i + 1)]
            claims.append(claim(id=name, cells=(f"keys={i + 1}",), **(RATIO if i % 2 else {})))
        hits.append([r.verdict == "reproduced" for r in decided(campaign(*cells), *claims)])
    assert np.mean(hits) <= 0.01 and np.mean(hits, axis=0).max() <= 0.05


# ---- output ---------------------------------------------------------------

def test_a_document_is_reproducible_and_counts_every_verdict():
    made, claims = campaign(*pair(2.0)), {"S9-01": claim()}
    found, again = (decide.document(made, claims, {}) for _ in range(2))
    assert decide.as_json(found) == decide.as_json(again)
    assert json.loads(decide.as_json(found))["count"] == {
        **dict.fromkeys(map(str, Word), 0), "reproduced": 1}
    assert found.machine == "00c0ffee"


def test_the_base_of_a_ratio_has_its_value():
    (_, e), = of_claim(campaign(*pair(2.0)), claim())
    assert e.base == pytest.approx(1e6, rel=0.05)
