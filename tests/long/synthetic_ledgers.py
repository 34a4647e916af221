# SPDX-License-Identifier: Apache-2.0
"""Makes synthetic ledgers: many claims about the speed of maps with known true speeds.

stats_rates.py and test_stats_rates.py compare the verdicts of report.stats.family() with the truth.
Nothing is measured.
"""
import math
from dataclasses import dataclass

import numpy as np

from report import stats

CLAIMS, BLOCKS, CAMPAIGNS, MAPS = 155, 20, 8, 10
MARGIN, TOLERANCE = math.log(1.02), math.log(1.2)
RATIOS = (1.3, 2.3, 2.7, 10.0)  # claimed ratios
AGAIN = 10  # samples of noise for each ledger


@dataclass
class Ledger:
    """Claims for stats.family(), and the alternatives of each claim that are false for the true
    speeds."""
    claims: dict
    wrong: dict  # id -> names of false alternatives
    contrasts: list  # (campaign, map, map), without duplicates


def pairs_of(rng, cells):
    """Returns for each claim one to `cells` contrasts of one campaign. Claims share maps, and
    sometimes a contrast."""
    contrasts = []
    for _ in range(CLAIMS):
        campaign = int(rng.integers(CAMPAIGNS))
        contrasts.append([(campaign, *map(int, rng.choice(MAPS, 2, False)))
                          for _ in range(rng.integers(cells) + 1)])
    return contrasts


def truth_of(rng, moved):
    """Returns ln speed of every map; all are equal, except a share of `moved` maps."""
    speed = np.zeros((CAMPAIGNS, MAPS))
    faster = rng.random(speed.shape) < moved
    speed[faster] = rng.uniform(0.2, 1.0, int(faster.sum()))
    return speed


def ledger_of(rng, speed, margin, cells):
    """Makes claims: two thirds are about directions, a few about equality, the others about
    ratios."""
    claims, wrong, contrasts = {}, {}, pairs_of(rng, cells)
    for i, keys in enumerate(contrasts):
        d = [speed[c, a] - speed[c, b] for c, a, b in keys]
        if i % 50 == 0:
            claims[i] = {"claimed": stats.inside(keys, -0.05, 0.05),
                         "different": stats.outside(keys, -0.05, 0.05)}
            false = {"claimed": not all(abs(x) < 0.05 for x in d),
                     "different": not (all(x < -0.05 for x in d)
                                       or all(x > 0.05 for x in d))}
        else:
            claims[i] = {"claimed": stats.beyond(keys, 1, margin),
                         "opposite": stats.beyond(keys, -1, margin),
                         "none": stats.inside(keys, -MARGIN, MARGIN)}
            false = {"claimed": not all(x > margin for x in d),
                     "opposite": not all(x < -margin for x in d),
                     "none": not all(abs(x) < MARGIN for x in d)}
        if i % 3 == 0 and i % 50:
            at = math.log(RATIOS[i % len(RATIOS)])
            ends = at - TOLERANCE, at + TOLERANCE
            claims[i] |= {"size": stats.inside(keys, *ends),
                          "other size": stats.outside(keys, *ends)}
            false |= {"size": not all(ends[0] < x < ends[1] for x in d),
                      "other size": not (all(x < ends[0] for x in d)
                                         or all(x > ends[1] for x in d))}
        wrong[i] = {name for name, is_false in false.items() if is_false}
    return Ledger(claims, wrong,
                  list(dict.fromkeys(k for keys in contrasts for k in keys)))


def rates_of(rng, speed, noise):
    """Returns ln rates (campaigns, maps, blocks). Trials of a block share a burst of the machine,
    and 3 % are missing. With `skewed` noise, bursts slow only maps with odd numbers. A contrast of
    an odd and an even map is then not symmetric: its mean equals the difference of speeds, and its
    pseudo-median is near it."""
    shape = (CAMPAIGNS, MAPS, BLOCKS)
    burst = rng.choice([1.0, 6.0], (CAMPAIGNS, 1, BLOCKS), p=[0.85, 0.15])
    ln = rng.normal(0, 0.03, shape) + speed[:, :, None]
    if noise == "bursts":
        ln += burst * (rng.laplace(0, 0.02, shape)
                       + rng.normal(0, 0.03, (CAMPAIGNS, 1, BLOCKS)))
    if noise == "skewed":
        slowed = rng.exponential(0.05, shape)
        ln -= np.where(np.arange(MAPS)[:, None] % 2, slowed - 0.05, 0.0)
    ln[rng.random(shape) < 0.03] = np.nan
    return ln


def contrasts_of(ledger, ln):
    """Returns the data for stats.family(): each contrast of a claim, once."""
    d = {(c, a, b): ln[c, a] - ln[c, b] for c, a, b in ledger.contrasts}
    return {key: x[~np.isnan(x)] for key, x in d.items()}


def drawn(rng, draws, noise="bursts", moved=0.0, margin=MARGIN, cells=3,
          alpha=0.01):
    """Makes ledgers, a new one after every AGAIN samples of noise, and computes their verdicts.
    Yields for each sample (false alternatives accepted, all alternatives accepted), as lists of
    (claim, name)."""
    for i in range(draws):
        if i % AGAIN == 0:
            speed = truth_of(rng, moved)
            ledger = ledger_of(rng, speed, margin, cells)
        data = contrasts_of(ledger, rates_of(rng, speed, noise))
        found = stats.family(data, ledger.claims)
        called = [(i, name) for i, rows in found.items()
                  for name, p in rows.items() if p <= alpha]
        yield [c for c in called if c[1] in ledger.wrong[c[0]]], called
