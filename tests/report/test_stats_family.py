# SPDX-License-Identifier: Apache-2.0
"""Facts about one level for all claims that speak of speed."""
import math

import numpy as np
import pytest
from scipy import stats as dist

from report.stats import families as room
from report import stats

MARGIN = math.log(1.02)


def pairs(values):
    return {("c", k): float(v) for k, v in enumerate(values)}


def moved(d, limit):
    """d less the limit, as far from its centre as the blocks' likeness to
    their neighbours lets it be."""
    centre = stats.hodges_lehmann(d)
    return d - centre - (limit - centre) / stats.widening(d)


def drawn(rng, count, n=20, centre=0.0):
    return {f"d{i}": pairs(rng.normal(centre, 0.05, n))
            for i in range(count)}


def directions(contrasts, margin=MARGIN):
    return {f"claim of {c}": {"claimed": stats.beyond([c], 1, margin),
                              "opposite": stats.beyond([c], -1, margin)}
            for c in contrasts}


# ---- Holm -----------------------------------------------------------------

def test_one_contrast_in_one_direction_is_the_test_alone():
    d = np.random.default_rng(1).normal(0.05, 0.05, 20)
    got = stats.family({"d": pairs(d)}, {
        "c": {"claimed": stats.beyond(["d"], 1, MARGIN)}})["c"]["claimed"]
    want = dist.wilcoxon(moved(d, MARGIN), alternative="greater").pvalue
    assert got["p"] == got["p_alone"] == pytest.approx(want)
    assert got["n"] == 20 and got["shown"] == (want <= 0.01)


def test_contrasts_in_one_direction_are_holms():
    """Step down from the smallest p, times the number of p left."""
    data = drawn(np.random.default_rng(2), 30, centre=0.03)
    got = stats.family(data, {c: {"up": stats.beyond([c], 1, 0.0)}
                              for c in data})
    alone = [dist.wilcoxon(moved(np.array(list(d.values())), 0.0),
                           alternative="greater").pvalue
             for d in data.values()]
    steps = [p * (len(alone) - i) for i, p in enumerate(sorted(alone))]
    expected = [min(1, max(steps[:sorted(alone).index(p) + 1]))
                for p in alone]
    assert [got[c]["up"]["p"] for c in data] == pytest.approx(expected)


def test_groups_by_hand():
    """Four sides in three groups: the nested pair costs one place only, and
    holds it until the last of its sides is called."""
    p = np.array([0.001, 0.02, 0.004, 0.5])
    groups = ["a", "a", "b", "c"]
    assert room.holm_of_groups(p, groups) == pytest.approx(
        [3 * 0.001, 3 * 0.004, 2 * 0.02, 0.5][:1]
        + [2 * 0.02, 3 * 0.004, 0.5])
    assert room.holm_of_groups(np.array([0.5, 0.6]), "ab") == pytest.approx(
        [1.0, 1.0])


def test_more_limits_of_a_contrast_take_no_further_places():
    """Ten contrasts in two directions: 20 places, whatever the limits."""
    rng = np.random.default_rng(3)
    data = drawn(rng, 10, centre=0.04)
    one = stats.family(data, directions(data))
    more = {name: asked | {
        f"beyond {limit}": stats.beyond([name[-2:]], 1, limit)
        for limit in (0.1, 0.2, 0.3)}
        for name, asked in directions(data).items()}
    many = stats.family(data, more)
    for name, row in one.items():
        p = many[name]["claimed"]["p"]
        assert p <= 20 * row["claimed"]["p_alone"] + 1e-12
    least = min(one, key=lambda name: one[name]["claimed"]["p"])
    assert many[least]["claimed"]["p"] == one[least]["claimed"]["p"]


# ---- alternatives ---------------------------------------------------------

def test_what_needs_all_cells_has_the_largest_p_of_them():
    rng = np.random.default_rng(4)
    data = {"far": pairs(rng.normal(0.5, 0.05, 20)),
            "near": pairs(rng.normal(0.04, 0.05, 20))}
    both = {"both": {"claimed": stats.beyond(["far", "near"], 1, MARGIN)}}
    apart = {c: {"claimed": stats.beyond([c], 1, MARGIN)} for c in data}
    got = stats.family(data, both | apart)
    assert got["both"]["claimed"]["p"] == got["near"]["claimed"]["p"]
    assert got["far"]["claimed"]["p"] < got["near"]["claimed"]["p"]


def test_inside_is_equivalence_and_outside_is_different():
    """One contrast alone: two groups, and Holm over them lets the larger p
    of the two one-sided tests stand."""
    band = 0.05
    for seed in range(40):
        d = np.random.default_rng(seed).normal(0.02 * (seed % 6), 0.05, 20)
        within, beyond = (end(stats.signed_rank_p(moved(s * d, limit))
                              for s in (1, -1)) for end, limit in (
                                  (max, -band), (min, band)))
        got = stats.family({"d": pairs(d)}, {"c": {
            "in": stats.inside(["d"], -band, band),
            "out": stats.outside(["d"], -band, band)}})["c"]
        assert got["in"]["p_alone"] == pytest.approx(within)
        assert got["out"]["p_alone"] == pytest.approx(min(1, 2 * beyond))
        assert got["in"]["p"] >= within
        assert not (got["in"]["shown"] and got["out"]["shown"])


def test_each_contrast_may_have_its_own_limit():
    rng = np.random.default_rng(5)
    data = drawn(rng, 2, centre=0.1)
    (way,) = stats.beyond(data, -1, {"d0": 0.02, "d1": 0.05})
    assert [(s.contrast, s.sign, s.limit) for s in way] == [
        ("d0", -1, -0.02), ("d1", -1, -0.05)]


def test_missing_blocks_take_no_part_and_too_few_have_a_reason():
    rng = np.random.default_rng(6)
    data = drawn(rng, 40, centre=0.5)
    holes = dict(data["d0"])
    for k in range(0, 10):
        holes["c", k] = math.nan
    short = {key: x for key, x in holes.items() if not math.isnan(x)}
    one = stats.family(data | {"d0": holes}, directions(data))
    two = stats.family(data | {"d0": short}, directions(data))
    assert one == two
    row = one["claim of d0"]["opposite"]
    assert row["n"] == 10 and not row["shown"]
    assert row["reason"] == "n<13"  # 2^-13 <= 0.01 / 80
    assert one["claim of d1"]["opposite"]["reason"] is None
    none = stats.family({"d": {}}, directions(["d"]))
    assert none["claim of d"]["claimed"] == {
        "p": 1.0, "n": 0, "shown": False, "p_alone": 1.0, "reason": "n<8"}


def test_what_is_not_there_is_refused_by_name():
    for claims, word in (
            (directions(["x"]), "no contrast 'x'"), ({"c": {"a": ()}}, "'c'"),
            ({"c": {"a": stats.beyond([], 1, 0.0)}}, "'c'")):
        with pytest.raises(ValueError, match=word):
            stats.family({"d": pairs([1.0])}, claims)
    assert stats.family({}, {"c": {}}) == {"c": {}}


# ---- order, scale, sign ---------------------------------------------------

def test_order_scale_and_sign_do_not_matter():
    """Backwards, neighbours stay neighbours."""
    rng = np.random.default_rng(10)
    data = drawn(rng, 6, centre=0.03)
    one = stats.family(data, directions(data, 0.03125))
    turned = {c: dict(reversed(d.items()))
              for c, d in reversed(data.items())}
    assert stats.family(turned, directions(data, 0.03125)) == one
    wide = {c: {k: 4 * x for k, x in d.items()} for c, d in data.items()}
    assert stats.family(wide, directions(data, 0.125)) == one
    other = {c: {k: -x for k, x in d.items()} for c, d in data.items()}
    swapped = stats.family(other, directions(data, 0.03125))
    for name, row in one.items():
        assert swapped[name]["claimed"] == row["opposite"]


# ---- how many blocks ------------------------------------------------------

def test_blocks_that_a_family_needs():
    """130 contrasts in two directions at 1 %: 2^-15 < 0.01 / 260."""
    assert stats.family_needs(260, 0.01) == {"least": 15, "spare": 18}
    assert stats.family_needs(1, 0.01) == {"least": 7, "spare": 10}
    for groups in (1, 7, 260, 1000):
        n = stats.family_needs(groups)["least"]
        assert 2.0 ** -n <= 0.01 / groups < 2.0 ** -(n - 1)


def test_a_family_is_called_at_the_n_it_needs_and_not_below():
    """All pairs agree, one limit per direction: n of 12 can be called in a
    family of 40 groups, n of 11 cannot. Equal p are all or none."""
    for n, called in ((12, True), (11, False)):
        # Neighbours as unlike as can be: the interval is not widened.
        up = np.arange(n) * (-1) ** np.arange(n) / 100
        data = {f"d{i}": pairs(0.3 + up) for i in range(20)}
        got = stats.family(data, directions(data))
        assert all(row["claimed"]["shown"] == called for row in got.values())
