# SPDX-License-Identifier: Apache-2.0
"""Tests the error rates of the statistics with few samples. The code is in
tests/long/stats_rates.py.

A correct rate exceeds its limit only once in 20,000 tests. Seeds are fixed, so every run gives the
same result.
"""
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as dist

from report.stats import families

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/long"))
import stats_rates  # noqa: E402
import synthetic_ledgers  # noqa: E402

RARE = 5e-5


def holds(hits, draws, low, high):
    """True if `hits` are compatible with a share within [low, high]."""
    return (dist.binom.ppf(RARE, draws, low) <= hits
            <= dist.binom.isf(RARE, draws, high))


def test_true_centres_agree_with_closed_forms():
    worlds = stats_rates.WORLDS
    assert stats_rates.pseudo_median(worlds["normal"]) == pytest.approx(0)
    assert stats_rates.pseudo_median(
        worlds["two modes, 50 : 50, 6 sd apart"]) == pytest.approx(3)
    # 200,000 pairs of samples must agree within four standard errors.
    for name in ("lognormal, sigma 1", "two modes, 80 : 20, 2 sd apart"):
        x = worlds[name].rvs((200_000, 2),
                             random_state=np.random.default_rng(5))
        drawn = np.mean(x.mean(axis=1) <= stats_rates.pseudo_median(
            worlds[name]))
        assert drawn == pytest.approx(0.5, abs=0.0045)


@pytest.mark.parametrize("part, draws", [
    (stats_rates.rank_intervals, 300), (stats_rates.correlated, 300),
    (stats_rates.crossings, 20)])
def test_intervals_have_their_nominal_coverage(part, draws):
    seen = 0
    for f in part(1, draws):
        if f.bar:
            assert holds(f.hits, f.draws, *f.bar), f
            seen += 1
    assert seen


@pytest.mark.parametrize("number", range(4))
def test_false_verdicts_on_equal_maps_stay_within_the_level(
        number):
    what, _, _, options = stats_rates.LEDGERS[number]
    rng = np.random.default_rng([2, number])
    false = sum(bool(wrong) for wrong, _ in
                synthetic_ledgers.drawn(rng, 30, **options))
    assert false <= dist.binom.isf(RARE, 30, 0.01), what


def test_without_correction_many_ledgers_would_be_wrong(monkeypatch):
    """Without the corrections, many ledgers must have wrong verdicts. The same ledgers are decided
    with the p values of single tests, and without the correction for correlated blocks."""
    monkeypatch.setattr(families, "ERRORS", 0.0)
    monkeypatch.setattr(families, "holm_of_groups", lambda p, groups: p)
    options = stats_rates.LEDGERS[0][3]
    rng = np.random.default_rng(3)
    assert sum(bool(wrong) for wrong, _ in
               synthetic_ledgers.drawn(rng, 30, **options)) > 5


def test_existing_differences_are_found():
    """A third of the maps is 20 to 100 % faster. Most claims about these maps are true and must be
    confirmed, so that a method that confirms nothing fails."""
    rng = np.random.default_rng(4)
    (false, called), = synthetic_ledgers.drawn(
        rng, 1, moved=1 / 3, cells=1, noise="normal")
    directions = [c for c in called if c[1] in ("claimed", "opposite")]
    assert not false and len(directions) > 50
