# SPDX-License-Identifier: Apache-2.0
"""Estimates how much two machines of the same model differ.

The interval of a result covers the variation between trials on one machine and day, but not between
machines of one model. The ln rate of each map is taken relative to the mean of the maps that both
machines have at the place, block by block. Ratios to a single base map would all contain the
deviation of that map.
"""
import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import chi2

from report import stats
from report.compare.gather import same_machine
from report.compare.model import Twin
from report.compare.places import Side
from report.decide.groups import Measured
from report.model.number import Estimate, Unit, unknown
from report.model.place import Place
from report.stats.arrays import Floats

NORMAL = 1.959964  # half width of a 95 % interval, in standard errors
MAPS, BLOCKS = 3, 6  # fewest maps and blocks at a place
MOST = 0.95  # largest correlation that is assumed


def relative(group: Measured, names: Sequence[str]) -> Floats | None:
    """ln rate of each map minus the mean of all: (maps, blocks) in time order, or None if the maps
    share too few blocks."""
    common = sorted(set.intersection(*(set(group.rates(m)) for m in names)))
    if len(common) < BLOCKS:
        return None
    logs = np.log([[group.rates(m)[b] for b in common] for m in names])
    centred: Floats = logs - logs.mean(axis=0)
    return centred


def expected(n: int, r: float) -> tuple[float, float]:
    """Expected sums of squares and of products of neighbours, for n values minus their mean. The
    values are a first-order autoregression with correlation r and variance 1."""
    known = r ** np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    rows = known.mean(axis=0)
    known = known - rows - rows[:, None] + known.mean()
    return float(np.trace(known)), float(np.trace(known, offset=1))


def correlation(series: Sequence[Floats]) -> float:
    """Lag-1 correlation, between 0 and 0.95, of all rows of x (maps, n) together, because one short
    row is too noisy. Subtracting the means biases an observed correlation, so the result is the
    correlation whose expected sums agree with the observed sums."""
    away = [x - x.mean(axis=1, keepdims=True) for x in series]
    square = sum(float(np.sum(x ** 2)) for x in away)
    product = sum(float(np.sum(x[:, 1:] * x[:, :-1])) for x in away)
    sizes = Counter(x.shape[1] for x in away)

    def excess(r: float) -> float:
        sums = [(count * value for value in expected(n, r)) for n, count in sizes.items()]
        squares, products = map(sum, zip(*sums))
        return float(products * square - product * squares)
    if excess(0.0) >= 0:
        return 0.0
    return MOST if excess(MOST) <= 0 else float(brentq(excess, 0.0, MOST))


def squared_error(x: Floats, r: float) -> Floats:
    """Squared standard errors (maps,) of the means of x (maps, n), whose rows are first-order
    autoregressions with correlation r."""
    n = x.shape[1]
    square: Floats = np.sum((x - x.mean(axis=1, keepdims=True)) ** 2, axis=1)
    free = expected(n, r)[0]
    return square / free * (1 - free / n)


def spread(pairs: Sequence[tuple[Floats, Floats]], maps: int) -> tuple[float, float, float]:
    """Standard deviation of a map's ln rate between machines, without the error of trials, with
    its 95 % interval. The variance is half of (squared differences - their squared errors).

    The interval uses the chi-square distribution with maps - 1 degrees of freedom. More places do
    not add degrees of freedom, because a map may deviate equally at all of them.

    - pairs: the results of relative() on both machines, for each place
    - maps: number of different maps in them
    """
    total, error = 0.0, 0.0
    r = correlation([x for pair in pairs for x in pair])
    for one, two in pairs:
        weight = 1 / (len(one) - 1) / len(pairs)
        total += weight * float(np.sum((one.mean(axis=1) - two.mean(axis=1)) ** 2))
        error += weight * float(np.sum(squared_error(one, r) + squared_error(two, r)))
    low, high = ((maps - 1) / chi2.isf(tail, maps - 1) for tail in (0.025, 0.975))
    value, least, most = (math.sqrt(max(total * factor - error, 0.0) / 2)
                          for factor in (1.0, low, high))
    return value, least, most


def left_out(pairs: Sequence[tuple[Floats, Floats]], maps: int) -> Estimate:
    """Factor by which a ratio of two maps may differ (95 %) on another machine of the model."""
    if not pairs:
        return unknown(Unit.RATIO, f"no place with {MAPS} maps and {BLOCKS} blocks on both")
    value, low, high = (math.exp(NORMAL * math.sqrt(2) * sd) for sd in spread(pairs, maps))
    return Estimate(value, low, high, maps, Unit.RATIO)


def differences(one: Floats, two: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """ln (relative rate on one machine / on the other) of each map, and whether its interval
    excludes 0. The distances from the centres to the interval ends that face each other are
    added as squares (Zou and Donner 2008)."""
    (c1, l1, h1), (c2, l2, h2) = stats.serial_interval(one), stats.serial_interval(two)
    apart = (c1 - c2 > np.hypot(c1 - l1, h2 - c2)) | (c2 - c1 > np.hypot(h1 - c1, c2 - l2))
    return c1 - c2, apart


def twin(i: int, j: int, one: Side, two: Side, shared: Sequence[Place]) -> Twin | None:
    """Builds the row for two campaigns. Returns None if they share no place."""
    pairs, apart, maps, sizes = [], 0, set(), []
    for place in shared:
        a, b = one.groups.get(place), two.groups.get(place)
        names = sorted(set(a.contenders) & set(b.contenders)) if a and b else []
        if a is None or b is None or len(names) < MAPS:
            continue
        x, y = relative(a, names), relative(b, names)
        if x is not None and y is not None:
            pairs.append((x, y))
            maps |= set(names)
            values, differ = differences(x, y)
            apart += int(np.sum(differ))
            sizes += list(zip(np.abs(values).tolist(), names))
    if not sizes:
        return None
    largest, name = max(sizes)
    return Twin(i, j, same_machine(one.member, two.member), len(sizes), apart,
                math.exp(largest), name, left_out(pairs, len(maps)))


def twins(sides: Sequence[Side], shared: Sequence[Place]) -> tuple[Twin, ...]:
    """Returns one row for each pair of campaigns whose machines share an id."""
    rows = (twin(i, j, sides[i], sides[j], shared)
            for i, j in combinations(range(len(sides)), 2)
            if sides[i].member.kind == sides[j].member.kind
            and sides[i].member.instead == sides[j].member.instead)
    return tuple(row for row in rows if row)
