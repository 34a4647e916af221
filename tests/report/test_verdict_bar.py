# SPDX-License-Identifier: Apache-2.0
"""How often the verdicts of a ranking are wrong, and how often they are found, in
simulated groups of maps whose truth is known."""
import math

import numpy as np
import pytest

from report import stats, verdicts

GROUPS, MAPS, SPREAD = 150, 10, 0.2  # sd of ln rate of one trial


def judged(n, slow=1.0):
    """The verdicts of groups of equal maps, of which the last is `slow` times
    as fast as the others."""
    ln = np.random.default_rng([0, n]).normal(0.0, SPREAD, (GROUPS, MAPS, n))
    ln[:, -1] += math.log(slow)
    contests = {g: {m: dict(enumerate(row)) for m, row in enumerate(rows)}
                for g, rows in enumerate(np.exp(ln).tolist())}
    levels = stats.throughputs({(g, m): r for g, rates in contests.items()
                                for m, r in rates.items()})
    centres = {g: {m: levels[g, m]["centre"] for m in rates}
               for g, rates in contests.items()}
    return [verdicts.judge(contests[g], compared) for g, compared in
            verdicts.compare(contests, centres).items()]


def share(found):
    return float(np.mean(list(found)))


@pytest.mark.parametrize("n", [6, 10, 11, 12, 16, 24])
def test_equal_maps_are_rarely_called_behind(n):
    groups = judged(n)
    assert share(any(r["outcome"] == verdicts.BEHIND for r in g["rivals"])
                 for g in groups) <= 0.05
    assert share(g["word"] in verdicts.LEADS for g in groups) <= 0.01
    # n cannot decide: nothing is ranked; it can: everything is
    assert share(g["word"] == verdicts.OPEN for g in groups) == (
        n < verdicts.needs(MAPS))


@pytest.mark.parametrize("n,least", [(16, 0.45), (24, 0.8), (40, 0.98)])
def test_a_slow_map_is_found(n, least):
    """At 0.7 of the others' speed."""
    assert share(any(r["outcome"] == verdicts.BEHIND and r["map"] == MAPS - 1
                     for r in g["rivals"]) for g in judged(n, 0.7)) > least
