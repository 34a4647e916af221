# SPDX-License-Identifier: Apache-2.0
"""Facts about regression over windows of trials.

The fit itself is held against published solutions in test_regression.py;
statsmodels is a second hand here, where it is installed. The report never
calls it: its last digits must not depend on what is installed.
"""
import os
import sys

import numpy as np
import pytest
from scipy import stats as dist

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))
from report import stats  # noqa: E402

TRIALS, WINDOWS = 20, 15


def windows(rng, own=0.0, slow=0.0, trials=TRIALS):
    """P99 = 3 + 0.87 pause + 12.4 heap + noise: the article's line. own: sd
    of each trial's own change of the slope of pause; slow: of what a whole
    trial is slower by, which its heap follows."""
    shape = trials, WINDOWS
    luck = rng.normal(0, 1, (trials, 1))
    pause = rng.exponential(2.0, shape)
    heap = rng.uniform(0.3, 1.0, shape) + 0.1 * pause + 0.3 * luck
    p99 = (3 + (0.87 + rng.normal(0, own, (trials, 1))) * pause
           + 12.4 * heap + slow * luck + rng.normal(0, 1.0, shape))
    return p99.ravel(), {"pause_ms": pause.ravel(),
                         "heap_ratio": heap.ravel()}, np.repeat(
                             np.arange(trials), WINDOWS)


def test_a_line_without_noise_has_its_coefficients_in_every_trial():
    _, columns, trial = windows(np.random.default_rng(1))
    y = 3 + 0.87 * columns["pause_ms"] + 12.4 * columns["heap_ratio"]
    fit, trials = stats.regress_windows(y, columns, trial)
    for name, value in (("pause_ms", 0.87), ("heap_ratio", 12.4)):
        assert fit.coefficients[name].value == pytest.approx(value)
        row = trials[name]
        assert (row["n"], row["reason"]) == (TRIALS, None)
        for end in ("centre", "low", "high"):
            assert row[end] == pytest.approx(value)
    assert fit.coefficients["pause_ms"].vif > 1.01


def test_statsmodels_finds_the_same():
    api = pytest.importorskip("statsmodels.api")
    from statsmodels.stats import outliers_influence
    y, columns, _ = windows(np.random.default_rng(2))
    x = np.column_stack([np.ones(len(y)), *columns.values()])
    theirs = api.OLS(y, x).fit()
    fit, trials = stats.regress_windows(y, columns)
    assert trials == {}
    for i, name in enumerate(("intercept", *columns)):
        mine = fit.coefficients[name]
        low, high = theirs.conf_int(0.05)[i]
        assert [mine.value, mine.error, mine.low, mine.high] == \
            pytest.approx([theirs.params[i], theirs.bse[i], low, high])
        assert mine.p == pytest.approx(theirs.pvalues[i], abs=1e-290)
        if i:
            assert mine.vif == pytest.approx(
                outliers_influence.variance_inflation_factor(x, i))
    assert fit.r_squared == pytest.approx(theirs.rsquared)


def test_too_few_trials_or_flat_ones_have_a_reason():
    y, columns, trial = windows(np.random.default_rng(3), trials=7)
    columns["pause_ms"][trial < 2] = 0.0
    fit, trials = stats.regress_windows(y, columns, trial)
    assert set(fit.coefficients) == {"intercept", *columns}
    for row in trials.values():
        assert row["n"] == 5 and row["reason"] == "n<6"
        assert row["centre"] is not None and row["low"] is None
    columns["heap_ratio"][:] = 1.0
    fit, trials = stats.regress_windows(y, columns, trial)
    assert fit.left_out == {"heap_ratio": "it did not vary"}
    assert trials["pause_ms"]["centre"] is None
    assert "varied" in trials["pause_ms"]["reason"]
    assert stats.regress_windows([1.0, 2.0], {"x": [1.0, 2.0]})[0] is None


def test_order_scale_and_sign_do_not_matter():
    rng = np.random.default_rng(4)
    y, columns, trial = windows(rng)
    _, one = stats.regress_windows(y, columns, trial)
    order = rng.permutation(len(y))
    _, mixed = stats.regress_windows(
        y[order], {k: c[order] for k, c in columns.items()}, trial[order])
    _, scaled = stats.regress_windows(
        -1e3 * y, {"pause_ms": 10 * columns["pause_ms"],
                   "heap_ratio": columns["heap_ratio"] - 5}, trial)
    for name, factor in (("pause_ms", -100), ("heap_ratio", -1000)):
        a = [one[name][k] for k in ("centre", "low", "high")]
        assert [mixed[name][k] for k in ("centre", "low", "high")] == \
            pytest.approx(a)
        assert [scaled[name][k] for k in ("centre", "high", "low")] == \
            pytest.approx([factor * v for v in a])


def held(seed, draws=200, **world):
    """Shares of campaigns in which each interval holds 0.87 and 12.4."""
    rng = np.random.default_rng(seed)
    common, by_trial = np.zeros(2), np.zeros(2)
    for _ in range(draws):
        fit, trials = stats.regress_windows(*windows(rng, **world))
        for i, (name, value) in enumerate((("pause_ms", 0.87),
                                           ("heap_ratio", 12.4))):
            c, t = fit.coefficients[name], trials[name]
            common[i] += c.low <= value <= c.high
            by_trial[i] += t["low"] <= value <= t["high"]
    return common / draws, by_trial / draws


def test_the_interval_over_trials_holds_where_windows_are_not_independent():
    """95 % asked; of a right interval fewer come once in 20,000 times. The
    common line misses where trials have slopes of their own, and where what
    slows a whole trial also fills its heap."""
    least = dist.binom.ppf(5e-5, 200, 0.95) / 200
    common, by_trial = held(5)
    assert (common >= least).all() and (by_trial >= least).all()
    common, by_trial = held(6, own=0.3)
    assert common[0] < 0.75 and (by_trial >= least).all()
    common, by_trial = held(7, slow=1.0)
    assert common[1] < 0.3 and (by_trial >= least).all()
