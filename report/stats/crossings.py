# SPDX-License-Identifier: Apache-2.0
"""Finds the thread counts at which one map overtakes another."""
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from report.stats.arrays import Floats
from report.stats.signed_rank import widening

RESAMPLES = 2_000


class Crossing(NamedTuple):
    """A thread count at which a log ratio changes sign. An end of its interval is None if that end
    lies outside the measured thread counts."""
    threads: float
    low: float | None
    high: float | None
    ahead: str  # leader at higher thread counts: "contender" or "base"


def crossings(x: Floats, curve: Floats) -> list[tuple[float, float]]:
    """Finds the zeros of a curve through (x, curve), both (points,), x ascending.

    Returns (position, sign after it) for each. The curve is linear between the points and ends at
    the first and last point. A point that is exactly 0 takes the sign of the points after it.
    """
    zeros = []
    sign = np.sign(curve)
    for i in range(len(x) - 1):
        if sign[i] * sign[i + 1] < 0:
            share = curve[i] / (curve[i] - curve[i + 1])
            zeros.append((float(x[i] + share * (x[i + 1] - x[i])),
                          float(sign[i + 1])))
        elif sign[i] == 0 and i > 0 and sign[i - 1] * sign[i + 1] < 0:
            zeros.append((float(x[i]), float(sign[i + 1])))
    return zeros


def nearest(x: Floats, curves: Floats, position: float, sign: float
            ) -> Floats:
    """Finds, for each curve (curves, points), the crossing to `sign` that is nearest to
    `position`: (curves,).

    -inf if the curve already has that sign at `position` and never crosses to it within x; +inf
    if the curve has not reached the sign by its end.
    """
    signs = np.sign(curves)
    left, right = curves[:, :-1], curves[:, 1:]
    turns = (signs[:, :-1] * signs[:, 1:] < 0) & (signs[:, 1:] == sign)
    share = left / np.where(turns, left - right, 1.0)
    between = np.where(turns, x[:-1] + share * np.diff(x), np.nan)
    touches = ((signs[:, 1:-1] == 0) & (signs[:, :-2] * signs[:, 2:] < 0)
               & (signs[:, 2:] == sign))
    zeros = np.hstack([between, np.where(touches, x[1:-1], np.nan)])
    away = np.where(np.isnan(zeros), np.inf, np.abs(zeros - position))
    best = np.argmin(away, axis=1)[:, None]
    at = np.take_along_axis(zeros, best, 1)[:, 0]
    i = min(max(int(np.searchsorted(x, position)) - 1, 0), len(x) - 2)
    part = (position - x[i]) / (x[i + 1] - x[i])
    level = curves[:, i] + part * (curves[:, i + 1] - curves[:, i])
    return np.where(np.isnan(at), np.where(level * sign > 0, -np.inf, np.inf),
                    at)


def resampled(d: Floats, middle: Floats, resamples: int, seed: int) -> Floats:
    """Medians of resampled blocks of d (blocks, counts), moved away from middle (counts,) by
    the widening() of each count: (curves, counts)."""
    rng = np.random.default_rng(seed)
    drawn = d[rng.integers(0, len(d), (resamples, len(d)))]
    # A sample without any block at some thread count gives no curve.
    drawn = drawn[(~np.isnan(drawn)).any(axis=1).all(axis=1)]
    wider = np.array([widening(column[~np.isnan(column)]) for column in d.T])
    curves: Floats = middle + wider * (median(drawn, 1) - middle)
    return curves


def median(d: Floats, axis: int) -> Floats:
    """Like np.nanmedian(), but much faster if no value is missing."""
    values: Floats = (np.nanmedian if np.isnan(d).any() else np.median)(
        d, axis=axis)
    return values


def crossover(threads: npt.ArrayLike, d: npt.ArrayLike, level: float = 0.95,
              resamples: int = RESAMPLES, seed: int = 1) -> list[Crossing]:
    """Finds the thread counts at which the log ratio d changes sign.

    - threads: (counts,) ascending
    - d: (blocks, counts) ln(rate of the contender / rate of the base); nan if a trial is
      missing, but at least one value at every count

    The position is interpolated on log2 threads. The position's interval comes from resampling
    whole blocks, and is wider if neighbouring blocks are correlated. The list is empty if the sign
    never changes.
    """
    x, d = np.log2(np.asarray(threads, float)), np.asarray(d, float)
    if not len(d):
        return []
    middle = median(d, 0)
    zeros = crossings(x, middle)
    if not zeros:
        return []
    curves = resampled(d, middle, resamples, seed)
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    result = []
    for position, sign in zeros:
        at = nearest(x, curves, position, sign)
        low, high = np.quantile(at, tails, method="inverted_cdf")
        result.append(Crossing(
            float(2 ** position),
            float(2 ** low) if np.isfinite(low) else None,
            float(2 ** high) if np.isfinite(high) else None,
            "contender" if sign > 0 else "base"))
    return result
