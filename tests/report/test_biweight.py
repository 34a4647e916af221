# SPDX-License-Identifier: Apache-2.0
"""Tests Tukey's biweight, and the gate that uses ranks and the biweight.

The independent implementation is statsmodels' TukeyBiweight (score and location)."""
import math
import os
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.stats import binom

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../long"))
import gate_suites  # noqa: E402
from report import stats  # noqa: E402
from report.stats.biweight import NORMAL, SHORT  # noqa: E402
from report.gate.model import Pairs, Score  # noqa: E402
from report.gate.pairs import SHORT as RANKS  # noqa: E402
from report.gate.pairs import estimates_of  # noqa: E402
from report.gate.rules import Plan, load_rules  # noqa: E402

RULES = replace(load_rules(), flips=4000)
ALL = (stats.signed_ranks, stats.biweight_scores, stats.tail_scores)


def bursty(rng, shape, core=0.01, share=0.2, burst=0.2):
    """Makes pairs of which most agree, as on a machine that is shared with other users."""
    d = rng.normal(0.0, core, shape)
    return d + (rng.random(shape) < share) * rng.normal(0.0, burst, shape)


def judge(d):
    """Returns the gate's rows for d (cells, blocks); the arms take turns in running first."""
    return gate_suites.judged(d, np.arange(d.shape[1]) % 2 == 0, RULES)


# ---- the score ------------------------------------------------------------

def test_scores_and_centre_are_those_of_statsmodels():
    sm = pytest.importorskip("statsmodels.api", reason="python3-statsmodels is not here")
    rng = np.random.default_rng(1)
    for seed in range(20):
        x = bursty(rng, 40) + 0.003 * seed
        scale = NORMAL * np.median(np.abs(x))
        norm = sm.robust.norms.TukeyBiweight(c=2.5)
        want = norm.psi(x / scale) / 2.5
        assert stats.biweight_scores(x[None])[0] == pytest.approx(want)
        about = NORMAL * np.median(np.abs(x - np.median(x)))
        centre = sm.robust.norms.estimate_location(
            x, about, norm, initial=np.median(x), maxiter=200, tol=1e-12)
        assert stats.biweight_interval(x)[0] == pytest.approx(
            float(np.squeeze(centre)), abs=1e-7)


def test_a_score_depends_on_its_own_sign_only():
    """Changing the sign of one value changes only the sign of its own score. The sign-flip test
    relies on this."""
    rng = np.random.default_rng(2)
    for _ in range(50):
        x = bursty(rng, (3, 25)) + rng.normal(0, 0.01)
        x[0, 3] = math.nan
        coin = rng.integers(0, 2, x.shape) * 2.0 - 1.0
        for score in ALL:
            assert np.array_equal(score(x * coin), score(x) * coin)


@pytest.mark.long
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_the_interval_has_its_nominal_coverage(share):
    rng = np.random.default_rng(3)
    runs, n = 2000, 50
    ends = [stats.biweight_interval(0.7 + bursty(rng, n, share=share))[1:]
            for _ in range(runs)]
    hit = sum(low <= 0.7 <= high for low, high in ends)
    assert hit >= binom.ppf(0.001, runs, 0.985)


@pytest.mark.long
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_the_interval_of_a_row_has_its_nominal_coverage(share):
    """The coverage includes the correction for the order of arms, and the least allowed number of
    blocks."""
    rng = np.random.default_rng(12)
    runs, n, hit = 1000, RULES.blocks_least, 0
    for _ in range(runs):
        first = rng.random(n) < 0.5
        d = bursty(rng, n, share=share) + np.where(first, 0.003, -0.003)
        found = estimates_of(Pairs(d, d, first, ()), Plan(RULES, n, 0.02), 1)[0].biweight
        hit += found.low_percent <= 0.0 <= found.high_percent
    assert hit >= binom.ppf(0.001, runs, 0.99)


# ---- three scores in one test -----------------------------------------------

@pytest.mark.long
def test_false_alarms_of_the_scores_stay_below_alpha():
    """The true slowdown is at the margin, and bursts affect whole blocks. The test statistic is the
    largest of three scores."""
    rng, runs, alarms = np.random.default_rng(4), 1500, 0
    for seed in range(runs):
        shared = (rng.random((1, 40)) < 0.2) * rng.normal(0, 0.2, (1, 40))
        d = rng.normal(0.0, 0.01, (8, 40)) + shared
        alarms += min(stats.sign_flip_test(d, 1000, seed, ALL).p_max_t) \
            <= 0.05
    assert binom.ppf(0.001, runs, 0.05) <= alarms \
        <= binom.ppf(0.999, runs, 0.05)


def test_bursts_hide_two_per_cent_from_ranks_but_not_from_the_gate():
    rng = np.random.default_rng(6)
    d = bursty(rng, (20, 70), share=0.35, burst=0.3)
    alone = stats.sign_flip_test(math.log(1.02) - d, 4000).p_max_t
    assert (alone > 0.01).sum() >= 5, "ranks without the biweight leave these cells undecided"
    rows, slower = judge(d), judge(d + math.log(1.02))
    assert {r.verdict for r in rows} == {"PASS"}
    assert {r.verdict for r in slower} == {"FAIL"}
    assert {r.by for r in rows + slower} == {Score.BIWEIGHT}


def test_tails_detect_a_slowdown_of_some_pairs():
    """A third of the trials are 25 % slower. The biweight treats these as bursts and would pass;
    ranks alone leave the cell undecided."""
    rng = np.random.default_rng(7)
    d = rng.normal(0.0, 0.004, (6, 60)) + 0.25 * (rng.random((6, 60)) < 0.33)
    rows = judge(d)
    for row in rows:
        assert row.by == Score.TAILS and row.shown.slowdown_percent > 4
    # in this sample, only ten of the sixty trials of the second cell are slow
    assert [r.verdict for r in rows] == [
        "FAIL", "INCONCLUSIVE", "FAIL", "FAIL", "FAIL", "FAIL"]
    assert rows[0].words.endswith("in some of its trials")
    assert rows[1].words.startswith(
        "slower in some of its trials, or chance: p = 0.01")
    assert abs(rows[0].estimates.biweight.slowdown_percent) < 0.5


def test_a_row_shows_the_figures_of_the_deciding_score():
    rng = np.random.default_rng(8)
    d = np.concatenate([bursty(rng, (6, 60), share=s) + shift
                        for s in (0.0, 0.3) for shift in (0.0, 0.03, -0.02)]
                       + [rng.normal(0.0, 0.06, (3, 60)),
                          rng.normal(0.0, 0.004, (3, 60))
                          + 0.25 * (rng.random((3, 60)) < 0.33)])
    seen = set()
    for row in judge(d):
        seen.add((row.verdict, row.by.value))
        if row.words == "faster":
            assert row.shown.high_percent < -0.5
        if row.verdict == "FAIL":
            assert row.shown.low_percent > 0
    assert {("PASS", "biweight"), ("FAIL", "biweight"), ("FAIL", "tails"),
            ("INCONCLUSIVE", "ranks")} <= seen, seen


def test_the_order_of_arms_moves_no_estimate():
    """No interval becomes wider if the second trial of each pair is 4 % slower."""
    rng = np.random.default_rng(9)
    d = bursty(rng, (4, 60)) + 0.01
    second = np.where(np.arange(60) % 2 == 0, 0.04, -0.04)
    for plain, moved in zip(judge(d), judge(d + second)):
        for score in ("biweight", "tails"):
            for name, value in asdict(getattr(plain.estimates, score)).items():
                assert getattr(getattr(moved.estimates, score), name) == pytest.approx(
                    value, abs=0.05), (score, name)


def test_the_detectable_effect_depends_on_cells_and_scores():
    """With 20 cells and three scores, each of the 60 tests gets 1/60 of the error of 1 %."""
    from scipy.stats import norm
    rng = np.random.default_rng(11)
    for row in judge(rng.normal(0.0, 0.01, (20, 60))):
        for score in ("ranks", "biweight", "tails"):
            figures = getattr(row.estimates, score)
            low, high = (math.log1p(x / 100) for x in (figures.low_percent, figures.high_percent))
            error = (high - low) / 2 / norm.isf(0.005)
            # intervals are widened for the error of the slot effect
            error /= 1 + {"ranks": RANKS, "biweight": SHORT, "tails": 0.0}[score] / row.n
            want = math.log(1.005) + error * (norm.isf(0.01 / 60)
                                              + norm.isf(0.05))
            assert math.log1p(figures.mde_percent / 100) == \
                pytest.approx(want, rel=1e-6)
