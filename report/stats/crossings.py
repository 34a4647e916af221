# SPDX-License-Identifier: Apache-2.0
"""Where one map overtakes another on the way to more threads."""
import numpy as np

from report.stats.signed_rank import widening

RESAMPLES = 2_000


def crossings(x, curve):
    """Zeros of a curve through (x, curve), both (points,), x ascending.

    -> list of (position, sign after). Linear between the points, never
    beyond them; a point that is exactly 0 belongs to what follows it.
    """
    found = []
    sign = np.sign(curve)
    for i in range(len(x) - 1):
        if sign[i] * sign[i + 1] < 0:
            share = curve[i] / (curve[i] - curve[i + 1])
            found.append((x[i] + share * (x[i + 1] - x[i]), sign[i + 1]))
        elif sign[i] == 0 and i > 0 and sign[i - 1] * sign[i + 1] < 0:
            found.append((x[i], sign[i + 1]))
    return found


def nearest(x, curves, position, sign):
    """Of each curve (curves, points) the crossing towards `sign` nearest to
    position -> (curves,).

    -inf where the curve already has that sign there and never crosses to
    it within x; +inf where it has not got there by the end.
    """
    signs = np.sign(curves)
    left, right = curves[:, :-1], curves[:, 1:]
    turns = (signs[:, :-1] * signs[:, 1:] < 0) & (signs[:, 1:] == sign)
    share = left / np.where(turns, left - right, 1.0)
    between = np.where(turns, x[:-1] + share * np.diff(x), np.nan)
    touches = ((signs[:, 1:-1] == 0) & (signs[:, :-2] * signs[:, 2:] < 0)
               & (signs[:, 2:] == sign))
    found = np.hstack([between, np.where(touches, x[1:-1], np.nan)])
    away = np.where(np.isnan(found), np.inf, np.abs(found - position))
    best = np.argmin(away, axis=1)[:, None]
    at = np.take_along_axis(found, best, 1)[:, 0]
    i = min(max(int(np.searchsorted(x, position)) - 1, 0), len(x) - 2)
    part = (position - x[i]) / (x[i + 1] - x[i])
    there = curves[:, i] + part * (curves[:, i + 1] - curves[:, i])
    return np.where(np.isnan(at), np.where(there * sign > 0, -np.inf, np.inf),
                    at)


def crossover(threads, d, level=0.95, resamples=RESAMPLES, seed=1):
    """Thread counts where the log ratio d changes sign.

    threads  (counts,) ascending
    d        (blocks, counts) ln(rate of the contender / rate of the base);
             nan where a trial is missing
    -> list, one per crossing, of {"threads", "low", "high", "ahead"}:
    ahead is the leader afterwards, "contender" or "base". Interpolated on log2
    threads. The interval is made by resampling whole blocks, and widened if
    blocks are like their neighbours; low or high is None if it lies outside
    the measured counts. Empty list: the sign never changes. Needs a value at
    every count.
    """
    threads, d = np.asarray(threads, float), np.asarray(d, float)
    x = np.log2(threads)
    if not len(d):
        return []
    # The same where nothing is missing, and much faster.
    median = np.nanmedian if np.isnan(d).any() else np.median
    middle = median(d, axis=0)
    found = crossings(x, middle)
    if not found:
        return []
    rng = np.random.default_rng(seed)
    pick = rng.integers(0, len(d), (resamples, len(d)))
    drawn = d[pick]
    # A draw may leave a count without any block: it tells no curve.
    drawn = drawn[(~np.isnan(drawn)).any(axis=1).all(axis=1)]
    # Blocks are drawn as if independent: what they are not comes on top.
    wider = np.array([widening(of[~np.isnan(of)]) for of in d.T])
    curves = middle + wider * (median(drawn, axis=1) - middle)
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    result = []
    for position, sign in found:
        at = nearest(x, curves, position, sign)
        low, high = np.quantile(at, tails, method="inverted_cdf")
        result.append({
            "threads": float(2 ** position),
            "low": float(2 ** low) if np.isfinite(low) else None,
            "high": float(2 ** high) if np.isfinite(high) else None,
            "ahead": "contender" if sign > 0 else "base"})
    return result
