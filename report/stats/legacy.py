# SPDX-License-Identifier: Apache-2.0
"""Summaries as dicts, for callers that do not take an Interval yet."""
import math
from collections.abc import Mapping, Sequence
from typing import TypedDict, TypeVar

import numpy as np

from report.stats.interval import LEVEL, many_intervals

K = TypeVar("K")
B = TypeVar("B", int, tuple[int, int])  # a block, or (stage, block)
Rates = Mapping[B, float]
RANKING_NEEDS = 6  # smallest n with a 95 % signed-rank interval


class Summary(TypedDict):
    """An Interval and the median, None for n = 0."""
    n: int
    centre: float | None
    low: float | None
    high: float | None
    median: float | None
    reason: str | None


def summarize(groups: Mapping[K, Sequence[float]], level: float = LEVEL,
              log: bool = True) -> dict[K, Summary]:
    """many_intervals() of groups of values in time order, without nan."""
    known = {key: [v for v in values if not math.isnan(v)]
             for key, values in groups.items()}
    return {key: Summary(
        n=s.n, centre=s.centre, low=s.low, high=s.high, reason=s.reason,
        median=float(np.median(known[key])) if s.n else None)
        for key, s in many_intervals(known, level, log).items()}


def paired(over: Rates[B], under: Rates[B]) -> list[float]:
    """over / under in every block that both have, in the order of blocks,
    which is that of time."""
    return [over[b] / under[b] for b in sorted(over.keys() & under.keys())]


def ratios(pairs: Mapping[K, tuple[Rates[B], Rates[B]]], level: float = LEVEL
           ) -> dict[K, Summary]:
    """Every ratio of two maps: key -> (over, under), as of paired()."""
    return summarize({key: paired(*pair) for key, pair in pairs.items()},
                     level)


def throughputs(rates: Mapping[K, Rates[B]], level: float = LEVEL
                ) -> dict[K, Summary]:
    """Every cell's throughput: key -> {block: rate [1/s]} -> summaries
    [million/s], as of level_intervals()."""
    return summarize({key: [rate[b] / 1e6 for b in sorted(rate)]
                      for key, rate in rates.items()}, level)
