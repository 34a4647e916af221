# SPDX-License-Identifier: Apache-2.0
"""What is known of a point, from the blocks that it has had.

A point is looked at after each stage that it was part of, at most three
times, with all its blocks so far. Which points get another look depends on
what was seen; that alone would make wrong words more frequent than a level
says. So each look's interval is at level 1 - error / looks (Bonferroni over
looks, which holds however looks depend on each other): all intervals that a
point ever has hold jointly at 1 - error, whichever look is the last.
"""
from typing import NamedTuple

from report import stats, verdicts
from report.sweep import rule as rules

BASE, CONTENDER = "base", "contender"
TIED, NONE = verdicts.TIED, verdicts.NONE


class State(NamedTuple):
    """Of one point; ratio is B / A [1], low and high at rules.level()."""
    side: str  # as docs/verdicts.md: base, contender, tied, no interval
    looks: int
    n: int  # blocks that both maps have
    ratio: float | None
    low: float | None
    high: float | None
    proved: bool  # tied: the whole interval lies within the margin
    open: bool  # more blocks might decide it, and it may have them

    @property
    def decided(self):
        return self.side in (BASE, CONTENDER)

    @property
    def far(self):
        """Does its centre lie outside of the margin?"""
        return self.ratio is not None and not (
            1 / verdicts.MARGIN <= self.ratio <= verdicts.MARGIN)


class Stage(NamedTuple):
    """What the search knows of a stage that is complete."""
    points: tuple  # that it was of, in order
    rates: dict  # cell id -> {block: operations per second}


def by_block(cell, stages):
    """(stage, block) -> operations per second of a cell."""
    return {(i, b): rate for i, stage in enumerate(stages)
            for b, rate in stage.rates.get(cell, {}).items()}


def sides(point, stages):
    """The same of B and of A."""
    return [by_block(cell, stages) for cell in reversed(point.cells)]


def state(summary, looks, rule):
    """State of a point from its summary at rules.level()."""
    side, low, high = verdicts.side(summary), summary["low"], summary["high"]
    proved = (side == TIED and low >= 1 / verdicts.MARGIN
              and high <= verdicts.MARGIN)
    found = State(side, looks, summary["n"], summary["centre"], low, high,
                  proved, False)
    return found._replace(open=looks < rules.looks(rule) and worth(found))


def worth(found):
    """Might more blocks change what is said of a point? Not where a map gave
    nothing in all blocks: it would fail again. Nor, from the second look on,
    where the centre is within the margin: then hardly (to give up early
    makes no wrong word more frequent)."""
    if found.side == NONE:
        return found.n > 0
    return found.side == TIED and not found.proved and (
        found.looks < 2 or found.far)


def states(stages, rule, points=None):
    """point -> State, of `points` (None: all that any stage was of)."""
    looks = {}
    for stage in stages:
        for point in stage.points:
            looks[point] = looks.get(point, 0) + 1
    chosen = sorted(looks) if points is None else points
    found = stats.ratios({p: sides(p, stages) for p in chosen},
                         rules.level(rule))
    return {p: state(found[p], looks[p], rule) for p in chosen}
