# SPDX-License-Identifier: Apache-2.0
"""One-sided signed-rank tests whose null is made by flipping blocks.

Arm order inside a pair is random, so under no difference the sign of a
whole block may be flipped: one coin per block, shared by all cells, keeps
the correlation between cells (Westfall and Young's max-T).
"""
import numpy as np
from scipy.stats import rankdata

FLIPS = 40_000  # at least 10 x cells / alpha for 40 cells at 1 %
CHUNK = 4_000  # flips at a time: bounds memory


def signed_ranks(x):
    """sign(x) * rank|x| within each row; (cells, n) -> (cells, n).

    Ties get their mean rank; nan (a pair that was not measured) and 0 get
    0, so they do not take part.
    """
    x = np.asarray(x, float)
    result = np.zeros_like(x)
    for row, out in zip(x, result):
        part = ~np.isnan(row) & (row != 0)
        out[part] = np.sign(row[part]) * rankdata(np.abs(row[part]))
    return result


def sign_flip_test(x, flips=FLIPS, seed=1):
    """H0 of row c: the centre of x[c] is <= 0; one-sided, against > 0.

    x (cells, blocks), log ratios less the margin. One flip per block is
    shared by the rows. -> {"p", "p_max_t", "p_holm"}, each (cells,):
    p-values of each cell alone, and corrected over all cells in two ways.
    """
    ranks = signed_ranks(x)
    scale = np.sqrt(np.sum(ranks ** 2, axis=1))
    scale[scale == 0] = 1.0  # no pair at all: statistic 0, p = 1
    unit = ranks / scale[:, None]
    seen = unit.sum(axis=1)
    rng = np.random.default_rng(seed)
    alone = np.ones(len(seen))
    jointly = np.ones(len(seen))
    done = 0
    while done < flips:
        size = min(CHUNK, flips - done)
        coin = rng.integers(0, 2, (size, unit.shape[1])) * 2.0 - 1.0
        null = coin @ unit.T
        # 1e-9: equal sums must count as equal whatever the rounding
        alone += np.sum(null >= seen - 1e-9, axis=0)
        worst = null.max(axis=1)
        jointly += np.sum(worst[:, None] >= seen - 1e-9, axis=0)
        done += size
    p = alone / (1 + flips)
    return {"p": p, "p_max_t": jointly / (1 + flips), "p_holm": holm(p)}


def holm(p):
    """Holm's step-down corrected p-values; (cells,) -> (cells,)."""
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(p.size, 0, -1)
    result = np.empty_like(p)
    result[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return result


def feasible(blocks, cells, alpha, flips=FLIPS):
    """Can a verdict be reached at all: 2^-blocks <= alpha / (10 cells) and
    flips >= 10 cells / alpha."""
    return (2.0 ** -blocks <= alpha / (10 * cells)
            and flips >= 10 * cells / alpha)
