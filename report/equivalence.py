# SPDX-License-Identifier: Apache-2.0
"""Is a difference shown to be small: two one-sided signed-rank tests.

Schuirmann, J. Pharmacokin. Biopharm. 15 (1987), with ranks for means. Both
tests and the interval count the same Walsh averages, so that a verdict and
the interval printed beside it never disagree.
"""
import numpy as np

from report.signed_rank import (needed_n_walsh, signed_rank_interval,
                                signed_rank_p)

EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"
VALUES = ("centre", "low", "high", "p_above_low", "p_below_high", "p",
          "p_different", "verdict")


def equivalence(d, band, level=0.95):
    """Does the pseudo-median of d lie inside (-band, band)?

    d      (n,) log ratios, paired by block; nan is left out
    band   > 0, log ratio: ln 1.02 for "no difference above 2 %"
    level  of the interval; each test is at alpha = (1 - level) / 2
    -> {"n", "centre", "low", "high", "p_above_low", "p_below_high", "p",
    "p_different", "verdict", "reason"}. p is the larger of the two: it is
    <= alpha exactly where [low, high] lies inside the band: "equivalent".
    "different" where it lies outside, on one side: p_different, the smaller
    of the two tests of that, is <= alpha. "undecided": neither. Below the
    n that the interval needs all values are None, and reason says so.
    ValueError where band is not above 0.
    """
    if not band > 0:
        raise ValueError("the band must be above 0")
    d = np.asarray(d, float)
    d = d[~np.isnan(d)]
    need = needed_n_walsh(level)
    if d.size < need:
        return {"n": d.size, **dict.fromkeys(VALUES), "reason": f"n<{need}"}
    centre, low, high = map(float, signed_rank_interval(d, level))
    p_low = float(signed_rank_p(d, -band))
    p_high = float(signed_rank_p(-d, -band))
    p_different = float(min(signed_rank_p(d, band), signed_rank_p(-d, band)))
    alpha = (1.0 - level) / 2.0
    verdict = UNDECIDED
    if max(p_low, p_high) <= alpha:
        verdict = EQUIVALENT
    elif p_different <= alpha:
        verdict = DIFFERENT
    return {"n": d.size, "centre": centre, "low": low, "high": high,
            "p_above_low": p_low, "p_below_high": p_high,
            "p": max(p_low, p_high), "p_different": p_different,
            "verdict": verdict, "reason": None}
