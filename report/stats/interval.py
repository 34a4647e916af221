# SPDX-License-Identifier: Apache-2.0
"""Estimates with intervals: ratios of two maps, throughputs, medians.

Blocks are the replicates. Values are used in the order of blocks, that is, of time, because
serial_interval() allows for correlation between neighbouring blocks.
"""
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np

from report.stats.order import median_interval, needed_n
from report.stats.signed_rank import needed_n_walsh, serial_interval

K = TypeVar("K")
LEVEL = 0.95
NO_VALUE = "no trial"
MOSTLY_ZERO = "most values are 0"


class Interval(NamedTuple):
    """A centre and the ends of its interval, in one unit, or None for a value that is missing.

    `centre` is None exactly if n is 0. `low` and `high` are both set or both None; `reason`
    explains why they are missing ("n<6").
    """
    centre: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None


MISSING = Interval(None, None, None, 0, NO_VALUE)


def ratio_interval(over: Mapping[int, float], under: Mapping[int, float],
                   level: float = LEVEL) -> Interval:
    """Ratio over / under, from rates > 0 by block, in the blocks that both have.
    Raises ZeroDivisionError if a rate of `under` is 0."""
    return many_ratios({0: (over, under)}, level)[0]


def many_ratios(pairs: Mapping[K, tuple[Mapping[int, float],
                                        Mapping[int, float]]],
                level: float = LEVEL,
                shared: Mapping[K, float] | None = None) -> dict[K, Interval]:
    """Returns ratio_interval() of every pair (over, under), in the order of the keys. `shared` has
    the shared_lag1() of pairs for which it is known."""
    return many_intervals({
        key: [over[b] / under[b] for b in sorted(over.keys() & under.keys())]
        for key, (over, under) in pairs.items()}, level, shared=shared)


def level_intervals(rates: Mapping[K, Mapping[int, float]],
                    level: float = LEVEL,
                    shared: Mapping[K, float] | None = None) -> dict[K, Interval]:
    """Centre of the rates > 0 by block of every key, in the unit of the rate.

    The interval covers the centre of this campaign, not the speed of the machine on another day.
    `shared` has correlations of neighbours that were estimated from more than a key's own
    series.
    """
    return many_intervals({key: [rate[b] for b in sorted(rate)]
                           for key, rate in rates.items()}, level, shared=shared)


def many_intervals(series: Mapping[K, Sequence[float]], level: float = LEVEL,
                   log: bool = True,
                   shared: Mapping[K, float] | None = None
                   ) -> dict[K, Interval]:
    """Pseudo-median, with its serial_interval(), of every series of values in time order.
    Series of equal length are computed together.

    - log: compute with logarithms. Values must then be >= 0, and a 0 lies below all others;
      a single 0 does not change to plain arithmetic.

    Raises ValueError if a value is not finite or, with log, is negative.
    """
    by_n: dict[int, list[K]] = {}
    for key, values in series.items():
        by_n.setdefault(len(values), []).append(key)
    result: dict[K, Interval] = {}
    for n, keys in by_n.items():
        result.update(zip(keys, of_equal_length(
            [series[key] for key in keys], n, level, log,
            [(shared or {}).get(key, math.nan) for key in keys])))
    return {key: result[key] for key in series}


def of_equal_length(rows: Sequence[Sequence[float]], n: int, level: float,
                    log: bool, shared: Sequence[float]) -> list[Interval]:
    """Returns many_intervals() of rows that all have n values."""
    if n == 0:
        return [MISSING] * len(rows)
    x = np.array(rows, float)
    if not np.isfinite(x).all() or log and (x < 0).any():
        raise ValueError("values must be finite, and >= 0 if logarithms are used")
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.exp(serial_interval(np.log(x), level, shared))
        ends[:, x.max(axis=1) == 0] = 0.0
    else:
        ends = np.array(serial_interval(x, level, shared))
    reason = None if n >= needed_n_walsh(level) \
        else f"n<{needed_n_walsh(level)}"
    return [Interval(centre, low, high, n, None)
            if reason is None and math.isfinite(low + high) else
            Interval(centre, None, None, n, reason or MOSTLY_ZERO)
            for centre, low, high in ends.T.tolist()]


def median_of(values: Iterable[float], level: float = LEVEL) -> Interval:
    """Median of independent values, with its order-statistic interval."""
    x = list(values)
    if not x:
        return MISSING
    centre, low, high = median_interval(x, level)
    if math.isnan(low):
        return Interval(centre, None, None, len(x),
                        f"n<{needed_n(0.5, level)}")
    return Interval(centre, low, high, len(x), None)
