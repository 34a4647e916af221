# SPDX-License-Identifier: Apache-2.0
"""Slope of a cost on a log-log line: is it O(1), is it linear.

A block is the replicate: it measures all points of the curve once, and its
own slope is the median over pairs of its points (Theil, Sen).
"""
import numpy as np


def pairwise(x, y):
    """Slopes between all pairs of points: x (points,), y (..., points) ->
    (..., pairs)."""
    i, j = np.triu_indices(len(x), 1)
    return (y[..., j] - y[..., i]) / (x[j] - x[i])


def block_slopes(x, y):
    """d ln y / d ln x of each block: the median over its pairs of points.

    x (points,) different values > 0, y (blocks, points) > 0 -> (blocks,).
    nan in, nan out. ValueError: fewer than two points, or equal x.
    """
    x, y = np.log(np.asarray(x, float)), np.log(np.asarray(y, float))
    if len(x) < 2 or len(np.unique(x)) < len(x):
        raise ValueError("a slope needs two points or more, all different")
    return np.median(pairwise(x, y), axis=-1)
