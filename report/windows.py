# SPDX-License-Identifier: Apache-2.0
"""P99 of windows of trials on what the map did in them.

Articles fit one line through all windows and take them for independent.
Windows of one trial are not: a trial has a placement, a heap and neighbours
of its own. Here both are given: the common line, with variance inflation
(regression.py), and beside each coefficient the interval over trials, the
signed-rank interval of the coefficients that each trial alone gives.
"""
import numpy as np

from report.regression import LEVEL, least_squares
from report.signed_rank import needed_n_walsh, signed_rank_interval


def by_trial(y, columns, trial, level):
    """Coefficients of each trial alone: name -> those it could be had of."""
    found = {name: [] for name in columns}
    for t in np.unique(trial):
        own = trial == t
        fit = least_squares(y[own], {k: c[own] for k, c in columns.items()})
        # A trial that lost a column explains the others by less: not equal.
        if fit and not fit.left_out:
            for name in columns:
                found[name].append(fit.coefficients[name].value)
    return {name: over_trials(values, level)
            for name, values in found.items()}


def over_trials(values, level):
    """Pseudo-median and interval of one coefficient over trials."""
    row = {"centre": None, "low": None, "high": None, "n": len(values),
           "reason": None}
    if not values:
        return row | {"reason": "no trial in which all of it varied"}
    centre, low, high = signed_rank_interval(values, level)
    row["centre"] = float(centre)
    if np.isnan(low):
        return row | {"reason": f"n<{needed_n_walsh(level)}"}
    return row | {"low": float(low), "high": float(high)}


def regress_windows(y, columns, trial=None, level=LEVEL):
    """Least squares of y on columns over windows: (fit, trials).

    y        (windows,) P99 of each, any unit
    columns  name -> (windows,): pause time, heap ratio, pauses ...
    trial    (windows,) which trial a window is of; None: not known
    -> fit: a regression.Fit, None where no degree of freedom is left; its
    intervals (95 %) take windows for independent, and each coefficient has
    its variance inflation. trials: name -> {"centre", "low", "high", "n",
    "reason"} over the trials in which every column varied; {} without
    trial. A claim is decided by the latter.
    """
    y = np.asarray(y, float)
    columns = {name: np.asarray(c, float) for name, c in columns.items()}
    fit = least_squares(y, columns)
    if trial is None:
        return fit, {}
    return fit, by_trial(y, columns, np.asarray(trial), level)
