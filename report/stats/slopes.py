# SPDX-License-Identifier: Apache-2.0
"""Slopes as medians over pairs of points (Theil, Sen)."""
import numpy as np
import numpy.typing as npt
from scipy.stats import theilslopes

from report.stats.arrays import Floats
from report.stats.interval import LEVEL, Interval
from report.stats.signed_rank import needed_n_walsh, widening


def pairwise(x: Floats, y: Floats) -> Floats:
    """Slopes between all pairs of points, for x (points,) and y (..., points): (..., pairs)."""
    i, j = np.triu_indices(len(x), 1)
    slopes: Floats = (y[..., j] - y[..., i]) / (x[j] - x[i])
    return slopes


def block_slopes(x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """d ln y / d ln x of each block (blocks,): the median over its pairs of points.

    x (points,) has different values > 0; y is (blocks, points) > 0. Blocks are the replicates: each
    measures all points of the curve once. nan in y gives nan. Raises ValueError if there are fewer
    than two points, or if two x are equal.
    """
    ln_x, ln_y = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    if len(ln_x) < 2 or len(np.unique(ln_x)) < len(ln_x):
        raise ValueError("a slope needs two points or more, all different")
    slopes: Floats = np.median(pairwise(ln_x, ln_y), axis=-1)
    return slopes


def trend(x: npt.ArrayLike, level: float = LEVEL) -> Interval:
    """Change of x (n,), n >= 3, per step: the median slope over all pairs.

    The interval inverts Kendall's statistic, and is widened by widening() of the residuals, because
    neighbours may be correlated. Otherwise, in a stationary series with a lag-1 correlation of 0.6,
    the interval would exclude 0 in more than 30 % of cases at 95 %.
    """
    values = np.asarray(x, float)
    n = len(values)
    slope, _, low, high = map(float, theilslopes(values, alpha=level))
    if n < needed_n_walsh(level):
        return Interval(slope, None, None, n, f"n<{needed_n_walsh(level)}")
    wider = float(widening(values - slope * np.arange(n)))
    return Interval(slope, slope - wider * (slope - low),
                    slope + wider * (high - slope), n, None)
