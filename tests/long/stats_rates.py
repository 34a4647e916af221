#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the coverage of intervals and the error rates of verdicts.

    tests/long/stats_rates.py [--seed N] [--share F]

Samples values with a known true centre and applies report/stats to them. Everything is simulated,
which takes half an hour; --share 0.01 uses that share of the samples and takes seconds. Prints each
rate. Exit status 1: a rate is outside its limits. tests/report/test_stats_rates.py checks the same
rates with few samples.
"""
import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import optimize
from scipy import stats as dist

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/long")]
import synthetic_ledgers  # noqa: E402
from report import stats  # noqa: E402

FIRST_SEED = 20261122
SIZES = 10, 20, 30, 100
CHUNK = 500  # number of samples that are processed at a time, to limit memory
RANK_BAR, CORRELATED_BAR = (0.94, 0.97), (0.93, 0.99)
CROSSING_BAR, LEDGER_BAR = (0.93, 0.99), (0, 0.013)


@dataclass(frozen=True)
class Mix:
    """A mixture of two normal distributions with centres 0 and `away`; `share` is the weight of the
    second."""
    away: float
    share: float
    sd: float = 1.0

    def rvs(self, size, random_state):
        second = random_state.random(size) < self.share
        return random_state.normal(0, self.sd, size) + self.away * second

    def cdf(self, x):
        return ((1 - self.share) * dist.norm.cdf(x / self.sd)
                + self.share * dist.norm.cdf((x - self.away) / self.sd))

    def mean_of_two(self, m):
        """Returns P((x + y) / 2 <= m) for independent x and y. Either both values are from the same
        distribution, or one is from each."""
        at = np.array([0.0, self.away / 2, self.away])
        chance = ((1 - self.share) ** 2, 2 * self.share * (1 - self.share),
                  self.share ** 2)
        return float(np.dot(chance, dist.norm.cdf(
            (m - at) * math.sqrt(2) / self.sd)))


WORLDS = {
    "normal": dist.norm(),
    "t, 3 degrees": dist.t(3),
    "lognormal, sigma 1": dist.lognorm(1.0),
    "two modes, 50 : 50, 6 sd apart": Mix(6.0, 0.5),
    "two modes, 80 : 20, 6 sd apart": Mix(6.0, 0.2),
    "two modes, 80 : 20, 2 sd apart": Mix(2.0, 0.2),
}


SYMMETRIC = "normal", "t, 3 degrees", "two modes, 50 : 50, 6 sd apart"


@dataclass(frozen=True)
class Figure:
    """A share of samples, and its limits (low, high) or None."""
    part: str
    what: str
    hits: int
    draws: int
    bar: tuple | None
    why: str = ""

    @property
    def share(self):
        return self.hits / self.draws

    @property
    def met(self):
        return self.bar is None or self.bar[0] <= self.share <= self.bar[1]


def middle(function):
    """Returns the median of a distribution function."""
    return optimize.brentq(lambda m: function(m) - 0.5, -20, 20, xtol=1e-12)


def pseudo_median(world):
    """Returns the median of the mean of two values from the distribution, in closed form or by
    quadrature over the quantiles of the first value."""
    if isinstance(world, Mix):
        return middle(world.mean_of_two)
    first = world.ppf((np.arange(20_000) + 0.5) / 20_000)
    return middle(lambda m: float(np.mean(world.cdf(2 * m - first))))


def covered(world, at, n, draws, seed, interval):
    """Draws `draws` samples of size n, and counts those whose interval contains `at`."""
    rng, held = np.random.default_rng(seed), 0
    for start in range(0, draws, CHUNK):
        x = world.rvs((min(CHUNK, draws - start), n), random_state=rng)
        _, low, high = interval(x)
        held += int(np.sum((low <= at) & (at <= high)))
    return held


# ---- the parts ------------------------------------------------------------

def why_outside(name, n):
    """Explains a coverage outside the limits."""
    exact = 1 - 2 * stats.signed_rank_tail(n)[stats.walsh_rank(n, 0.95) - 1]
    if name in SYMMETRIC:
        return f"random error: the exact coverage is {percent(exact)}"
    return ("not symmetric: the spread of the rank sum assumes symmetric "
            f"values, whose coverage is {percent(exact)}")


def rank_intervals(seed, draws=10_000):
    """Yields how often the 95 % signed-rank interval covers the pseudo-median of a distribution."""
    for name, world in WORLDS.items():
        at = pseudo_median(world)
        for n in SIZES:
            hits = covered(world, at, n, draws, [seed, 1, n],
                           stats.signed_rank_interval)
            yield Figure("pseudo-median in its rank interval, 95 %",
                         f"{name}, n = {n}", hits, draws, RANK_BAR,
                         why_outside(name, n))


def correlated(seed, draws=4000):
    """Yields how often intervals cover the centre 0 of a first-order autoregression."""
    for n in (12, 26, 40):
        for lag in (0.0, 0.2, 0.53, 0.695):
            rng = np.random.default_rng([seed, 2, n])
            x = rng.normal(size=(draws, n))
            x[:, 1:] *= math.sqrt(1 - lag ** 2)
            for i in range(1, n):
                x[:, i] += lag * x[:, i - 1]
            _, low, high = stats.serial_interval(x)
            yield Figure("centre of correlated blocks in its interval, 95 %",
                         f"lag-1 correlation {lag}, n = {n}",
                         int(np.sum((low <= 0) & (0 <= high))), draws,
                         CORRELATED_BAR)


def crossings(seed, draws=400):
    """Yields how often the interval of crossover() covers a known crossing of two lines."""
    line, at = np.array([-0.3, -0.1, 0.1, 0.3]), 2 ** 1.5
    for n in SIZES:
        rng, held = np.random.default_rng([seed, 3, n]), 0
        for i in range(draws):
            d = line + rng.normal(0, 0.1, (n, 4))
            found = stats.crossover([1, 2, 4, 8], d, resamples=200, seed=i)
            held += any((c.low or 0) <= at <= (c.high or math.inf)
                        for c in found)
        yield Figure("true crossover in its bootstrap interval, 95 %",
                     f"four thread counts, n = {n}", held, draws,
                     CROSSING_BAR if n >= 30 else None,
                     "it is the zero of a median of blocks")


HARD = {"margin": 0.0, "cells": 1}  # without a margin, equal maps are at the limit of a verdict
LEDGERS = [  # text, ledgers, limits, options of drawn()
    ("no difference, bursts, no margin, one cell a claim", 10_000, LEDGER_BAR,
     HARD),
    ("no difference, bursts, margin 2 %, one to three cells a claim", 1_000,
     LEDGER_BAR, {}),
    ("no difference, normal noise, no margin, one cell a claim", 1_000,
     LEDGER_BAR, HARD | {"noise": "normal"}),
    ("a third of the maps differ, bursts, no margin, one cell a claim", 1_000,
     LEDGER_BAR, HARD | {"moved": 1 / 3}),
    ("equal means of ln rate, but lopsided noise of half of the maps, margin "
     "2 %", 1_000, None, {"noise": "skewed"}),
]


def ledgers(seed, share=1.0):
    """Yields the share of ledgers of 155 claims that have a wrong verdict, at 1 %."""
    for number, (what, draws, bar, options) in enumerate(LEDGERS):
        draws = max(1, round(share * draws))
        rng = np.random.default_rng([seed, 6, number])
        false = sum(bool(wrong) for wrong, _ in synthetic_ledgers.drawn(
            rng, draws, **options))
        yield Figure("ledgers with a false speed verdict, 1 %", what, false,
                     draws, bar)


def figures(seed, share=1.0):
    """Yields all figures, in the order of their computation."""
    yield from ledgers(seed, share)
    for part in (rank_intervals, correlated, crossings):
        draws = round(share * part.__defaults__[0])
        yield from part(seed, max(draws, 1))


# ---- output ------------------------------------------------------

def percent(x):
    return f"{100 * x:.2f} %"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--seed", type=int, default=FIRST_SEED)
    parser.add_argument("--share", type=float, default=1.0)
    args = parser.parse_args()
    found = []
    for f in figures(args.seed, args.share):
        found.append(f)
        bar = "" if f.bar is None else f" (bar {percent(f.bar[0])} to {percent(f.bar[1])})"
        print(f"{f.part}: {f.what}: {percent(f.share)} of {f.draws:,}{bar}"
              f"{'' if f.met else '  OUTSIDE: ' + f.why}", flush=True)
    return 0 if all(f.met for f in found) else 1


if __name__ == "__main__":
    sys.exit(main())
