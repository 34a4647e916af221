# SPDX-License-Identifier: Apache-2.0
"""Compares the correction for all claims about speed with scipy's Wilcoxon test."""
import math

import numpy as np
import pytest
from scipy import stats as dist

from report import stats
from report.stats import families

MARGIN = math.log(1.02)


def moved(d, limit):
    """Returns d minus the limit. The limit is moved away from the centre of d, as widening()
    requires for correlated neighbours."""
    centre = stats.hodges_lehmann(d)
    return d - centre - (limit - centre) / stats.widening(d, families.ERRORS)


def drawn(rng, count, n=20, centre=0.0):
    return {f"d{i}": rng.normal(centre, 0.05, n) for i in range(count)}


def directions(contrasts, margin=MARGIN):
    return {f"claim of {c}": {"claimed": stats.beyond([c], 1, margin),
                              "opposite": stats.beyond([c], -1, margin)}
            for c in contrasts}


def test_contrasts_in_one_direction_follow_holm():
    """Holm's method multiplies the smallest p by the number of tests, the next one by the number of
    remaining tests, and so on."""
    data = drawn(np.random.default_rng(2), 30, centre=0.03)
    got = stats.family(data, {c: {"up": stats.beyond([c], 1, 0.0)}
                              for c in data})
    alone = [dist.wilcoxon(moved(d, 0.0), alternative="greater").pvalue
             for d in data.values()]
    steps = [p * (len(alone) - i) for i, p in enumerate(sorted(alone))]
    expected = [min(1, max(steps[:sorted(alone).index(p) + 1]))
                for p in alone]
    assert [got[c]["up"] for c in data] == pytest.approx(expected)


def test_groups_by_hand():
    """Four sides form three groups. Two nested sides are one group, which is counted until both
    sides are accepted."""
    p = np.array([0.001, 0.02, 0.004, 0.5])
    assert families.holm_of_groups(p, ["a", "a", "b", "c"]) == pytest.approx(
        [3 * 0.001, 2 * 0.02, 3 * 0.004, 0.5])
    assert families.holm_of_groups(np.array([0.5, 0.6]), "ab") == \
        pytest.approx([1.0, 1.0])


def test_an_alternative_over_all_cells_has_their_largest_p():
    rng = np.random.default_rng(4)
    data = {"far": rng.normal(0.5, 0.05, 20),
            "near": rng.normal(0.04, 0.05, 20)}
    both = {"both": {"claimed": stats.beyond(["far", "near"], 1, MARGIN)}}
    apart = {c: {"claimed": stats.beyond([c], 1, MARGIN)} for c in data}
    got = stats.family(data, both | apart)
    assert got["both"]["claimed"] == got["near"]["claimed"]
    assert got["far"]["claimed"] < got["near"]["claimed"]


def test_inside_tests_equivalence_and_outside_difference():
    """One contrast has two groups. The p value of equivalence is the larger one of the two
    one-sided tests."""
    band = 0.05
    for seed in range(40):
        d = np.random.default_rng(seed).normal(0.02 * (seed % 6), 0.05, 20)
        got = stats.family({"d": d}, {
            "in": {"": stats.inside(["d"], -band, band)}})["in"][""]
        ends = [stats.signed_rank_p(moved(s * d, -band)) for s in (1, -1)]
        assert got == pytest.approx(max(max(ends), 2 * min(ends)))
        got = stats.family({"d": d}, {
            "out": {"": stats.outside(["d"], -band, band)}})["out"][""]
        ends = [stats.signed_rank_p(moved(s * d, band)) for s in (1, -1)]
        assert got == pytest.approx(min(1, 2 * min(ends)))


def test_zeros_lie_below_every_limit():
    d = np.log(np.arange(1.0, 21) * 0.1)
    d[3] = -math.inf
    low = np.where(np.isinf(d), -99.0, d)
    asked = {"c": {"below": stats.beyond(["d"], -1, 0.1),
                   "above": stats.beyond(["d"], 1, 0.1)}}
    assert stats.family({"d": d}, asked)["c"]["above"] >= \
        stats.family({"d": low}, asked)["c"]["above"]


def test_too_few_blocks_are_never_accepted():
    """Each contrast has pairs that all agree, and one limit in each direction. In a family of 40
    groups at 1 %, 12 pairs suffice for acceptance, but 11 do not. Equal p are accepted together or
    not at all."""
    for n, called in ((12, True), (11, False)):
        # Neighbours differ as much as possible, so the interval is not widened for correlation.
        up = np.arange(n) * (-1) ** np.arange(n) / 100
        data = {f"d{i}": 0.3 + up for i in range(20)}
        got = stats.family(data, directions(data))
        assert all((p["claimed"] <= 0.01) == called for p in got.values())
    assert stats.family({"d": []}, directions("d")) == {
        "claim of d": {"claimed": 1.0, "opposite": 1.0}}


def test_order_scale_and_sign_do_not_matter():
    """Reversing the order of a series keeps its neighbours together."""
    data = drawn(np.random.default_rng(10), 6, centre=0.03)
    one = stats.family(data, directions(data, 0.03125))
    turned = {c: d[::-1] for c, d in reversed(data.items())}
    assert stats.family(turned, directions(data, 0.03125)) == one
    wide = {c: 4 * d for c, d in data.items()}
    assert stats.family(wide, directions(data, 0.125)) == one
    other = {c: -d for c, d in data.items()}
    swapped = stats.family(other, directions(data, 0.03125))
    for name, p in one.items():
        assert swapped[name]["claimed"] == p["opposite"]
