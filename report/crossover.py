# SPDX-License-Identifier: Apache-2.0
"""Where one map overtakes another on the way to more threads."""
import numpy as np

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


def nearest(x, curve, position, sign):
    """The crossing of the curve towards `sign` nearest to position.

    -inf where the curve already has that sign there and never crosses to
    it within x; +inf where it has not got there by the end.
    """
    near = [p for p, s in crossings(x, curve) if s == sign]
    if near:
        return min(near, key=lambda p: abs(p - position))
    at = np.interp(position, x, curve)
    return -np.inf if at * sign > 0 else np.inf


def crossover(threads, d, level=0.95, resamples=RESAMPLES, seed=1):
    """Thread counts where the log ratio d changes sign.

    threads  (counts,) ascending
    d        (blocks, counts) ln(rate of the contender / rate of the base);
             nan where a trial is missing
    -> list, one per crossing, of {"threads", "low", "high", "ahead"}:
    ahead is "contender" or "base", who leads afterwards; interpolated on
    log2 threads; interval by resampling whole blocks; low or high is None
    where it would lie outside the measured counts. Empty list: the sign
    never changes. Needs a value at every count.
    """
    threads, d = np.asarray(threads, float), np.asarray(d, float)
    x = np.log2(threads)
    found = crossings(x, np.nanmedian(d, axis=0))
    if not found:
        return []
    rng = np.random.default_rng(seed)
    pick = rng.integers(0, len(d), (resamples, len(d)))
    curves = np.nanmedian(d[pick], axis=1)
    curves = curves[~np.isnan(curves).any(axis=1)]
    tails = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
    result = []
    for position, sign in found:
        at = [nearest(x, curve, position, sign) for curve in curves]
        low, high = np.quantile(at, tails, method="inverted_cdf")
        result.append({
            "threads": float(2 ** position),
            "low": float(2 ** low) if np.isfinite(low) else None,
            "high": float(2 ** high) if np.isfinite(high) else None,
            "ahead": "contender" if sign > 0 else "base"})
    return result
