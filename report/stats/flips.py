# SPDX-License-Identifier: Apache-2.0
"""Tests many cells at once by flipping the signs of whole blocks.

The order of the arms inside a pair is random, so without a difference the sign of a whole
block may be flipped. All cells of a block are flipped together, which keeps the correlation
between cells (Westfall and Young's max-T). The flips are valid for every odd score of a pair, such
as its signed rank or a biweight score (biweight.py).
"""
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from report.stats.arrays import Floats, Integers

FLIPS = 40_000  # at least 10 x cells / alpha for 40 cells at alpha = 1 %
CHUNK = 4_000  # flips that are computed at a time, to limit the memory


@dataclass(frozen=True)
class FlipTest:
    """One-sided p values of cells, each of shape (cells,)."""
    p: Floats  # p of each cell alone
    p_max_t: Floats  # p corrected over all cells by the largest statistic
    by: Integers  # index of the score with the largest statistic


def signed_ranks(x: npt.ArrayLike) -> Floats:
    """sign(x) * rank|x| within each row of x (cells, n).

    Ties get their mean rank. nan (a pair that was not measured) and 0 get 0, so that they do not
    count.
    """
    x = np.asarray(x, float)
    result = np.zeros_like(x)
    for row, out in zip(x, result):
        part = ~np.isnan(row) & (row != 0)
        out[part] = np.sign(row[part]) * rankdata(np.abs(row[part]))
    return result


def unit_scores(x: Floats, score: Callable[[Floats], Floats]) -> Floats:
    """Scores of the rows of x (cells, blocks), scaled so that each row has the length 1."""
    scores = score(x)
    size = np.sqrt(np.sum(scores ** 2, axis=1))
    size[size == 0] = 1.0  # if there are no pairs, the statistic is 0 and p is 1
    units: Floats = scores / size[:, None]
    return units


def sign_flip_test(x: Floats, flips: int = FLIPS, seed: int = 1,
                   scores: Sequence[Callable[[Floats], Floats]]
                   = (signed_ranks,)) -> FlipTest:
    """Tests for each row c whether the centre of x[c] is > 0; the null hypothesis is <= 0.

    - x: (cells, blocks) log ratios minus the margin; all rows share one flip per block
    - scores: functions of x such as signed_ranks(), odd in each pair and independent of all
      other signs. With several scores, a cell's statistic is the largest of them, for each
      flip and for the data.
    """
    units = [unit_scores(x, score) for score in scores]
    sums = np.array([unit.sum(axis=1) for unit in units])
    seen = sums.max(axis=0)
    rng = np.random.default_rng(seed)
    alone = np.ones(len(seen))
    jointly = np.ones(len(seen))
    done = 0
    while done < flips:
        size = min(CHUNK, flips - done)
        coin = rng.integers(0, 2, (size, units[0].shape[1])) * 2.0 - 1.0
        null = np.max([coin @ unit.T for unit in units], axis=0)
        # Sums that differ by less than 1e-9 count as equal, because of rounding.
        alone += np.sum(null >= seen - 1e-9, axis=0)
        worst = null.max(axis=1)
        jointly += np.sum(worst[:, None] >= seen - 1e-9, axis=0)
        done += size
    return FlipTest(alone / (1 + flips), jointly / (1 + flips),
                    sums.argmax(axis=0))


def feasible(blocks: int, cells: int, alpha: float, flips: int = FLIPS
             ) -> bool:
    """True if a verdict can be reached: 2^-blocks <= alpha / (10 cells) and
    flips >= 10 cells / alpha."""
    return (2.0 ** -blocks <= alpha / (10 * cells)
            and flips >= 10 * cells / alpha)
