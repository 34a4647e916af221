# SPDX-License-Identifier: Apache-2.0
"""Tukey's biweight: scores, estimate and interval that bursts do not affect.

On shared machines most pairs of trials agree within one per cent, and every sixth is off by 5
to 40 per cent. A signed rank gives those pairs the most weight, a biweight none (Beaton and
Tukey, Technometrics 16, 1974; Huber, Robust Statistics, 1981, sections 4.8 and 11.1). The
biweight cannot detect a difference that only some pairs have; for that the values in the tails
are counted (docs/adr/0047-scores.md).
"""
import math

import numpy as np
import numpy.typing as npt
from scipy.stats import t

from report.stats.arrays import Booleans, Floats

CUT = 2.5  # in robust standard deviations; larger values have weight 0
NORMAL = 1.4826  # converts the median of |x| to the standard deviation of normal values
SHORT = 12.0  # widens intervals of n values by a factor 1 + SHORT / n; simulated for n >= 20
Ends = tuple[float, float, float]  # centre, low, high
STEPS, CLOSE = 50, 1e-9  # most steps of reweighting, and the relative change that ends it


def scale_of(x: Floats) -> float:
    """Robust standard deviation around 0; ignores nan (not measured)."""
    known = np.abs(x[~np.isnan(x)])
    return NORMAL * float(np.median(known)) if len(known) else 0.0


def psi(u: Floats) -> Floats:
    """Tukey's score of u in units of the cut: u (1 - u^2)^2, and 0 if |u| is 1 or more."""
    return np.where(np.abs(u) < 1.0, u * (1.0 - u * u) ** 2, 0.0)


def in_cuts(x: npt.ArrayLike, cut: float) -> Floats:
    """Divides each row of x (cells, n) by its own cut. Returns 0 for nan, and for rows in which
    half of the values are 0. The cut depends only on |x|, so that a sign flip of x only flips the
    sign of the result."""
    x = np.asarray(x, float)
    scale = cut * np.array([[scale_of(row)] for row in x])
    u: Floats = np.divide(x, scale, out=np.zeros_like(x),
                          where=(scale > 0.0) & ~np.isnan(x))
    return u


def biweight_scores(x: npt.ArrayLike, cut: float = CUT) -> Floats:
    """Tukey's score of each value. `cut` is in robust standard deviations."""
    return psi(in_cuts(x, cut))


def tail_scores(x: npt.ArrayLike, cut: float = CUT) -> Floats:
    """Returns the sign of each value beyond the cut, and 0 for all others. The biweight ignores the
    values beyond the cut."""
    u = in_cuts(x, cut)
    return np.where(np.abs(u) >= 1.0, np.sign(u), 0.0)


def mean_interval(x: Floats, level: float = 0.99) -> Ends:
    """Mean of x (n,), which has no nan, with Student's interval."""
    n = len(x)
    if n < 2:
        return (float(x[0]) if n else math.nan), math.nan, math.nan
    reach = float(np.std(x, ddof=1)) / math.sqrt(n) \
        * float(t.isf((1.0 - level) / 2.0, n - 1))
    centre = float(np.mean(x))
    return centre, centre - reach, centre + reach


def biweight_interval(x: npt.ArrayLike, level: float = 0.99,
                      cut: float = CUT) -> Ends:
    """Centre of x (n,), which has no nan, with its interval: (centre, low, high).

    The scale is measured around the median. The standard error from the scores is
    sqrt(sum psi^2) / sum psi', with Student's t for the number of values inside the cut.
    The ends are nan if fewer than three values have a weight.
    """
    x = np.asarray(x, float)
    centre = float(np.median(x)) if len(x) else math.nan
    scale = cut * scale_of(x - centre)
    if not scale > 0.0:
        return centre, math.nan, math.nan
    centre = location(x, centre, scale)
    u = (x - centre) / scale
    inside = u[np.abs(u) < 1.0]
    slope = float(np.sum((1.0 - inside ** 2) * (1.0 - 5.0 * inside ** 2)))
    if len(inside) < 3 or slope <= 0.0:
        return centre, math.nan, math.nan
    error = scale * float(np.sqrt(np.sum(psi(inside) ** 2))) / slope
    reach = error * float(t.isf((1.0 - level) / 2.0, len(inside) - 1))
    return centre, centre - reach, centre + reach


def location(x: Floats, centre: float, scale: float) -> float:
    """Biweight estimate of the centre of x by reweighting, starting from `centre`; values farther
    than `scale` from it have no weight."""
    for _ in range(STEPS):
        u = (x - centre) / scale
        weight = np.where(np.abs(u) < 1.0, (1.0 - u * u) ** 2, 0.0)
        step = float(np.sum(weight * u) / np.sum(weight)) * scale
        centre += step
        if abs(step) < CLOSE * scale:
            break
    return centre


def widened(interval: Ends, n: int) -> Ends:
    """Widens an interval of biweight_interval() for n values from which biweight_slot() was
    subtracted. The scale and both centres come from the same few values, so without widening
    the interval of 40 values would miss in 3 % instead of 1 % of cases (test_biweight.py)."""
    centre, low, high = interval
    wider = 1.0 + SHORT / max(n, 1)
    return centre, centre + wider * (low - centre), \
        centre + wider * (high - centre)


def biweight_slot(d: Floats, base_first: Booleans, cut: float = CUT
                  ) -> Floats:
    """Effect of the order inside a pair on each of d (n,): half the difference between the centres
    of the two orders, with the sign of the pair's order. The result is nan if all pairs have the
    same order."""
    first, second = (biweight_interval(x, cut=cut)[0]
                     for x in (d[base_first], d[~base_first]))
    return np.where(base_first, 0.5, -0.5) * (first - second)
