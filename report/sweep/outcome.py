# SPDX-License-Identifier: Apache-2.0
"""Computes the state of a point from all blocks that were run for it so far.

A point is examined after each stage that included it, at most three times, with all its blocks
so far. Each examination is a look. The results decide which points get another look, so plain
95 % intervals would be wrong too often. Each look's interval therefore has the level 1 - error
/ looks (Bonferroni; valid for any dependence between looks). All intervals of a point hold
jointly at 1 - error, whichever look is the last.
"""
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from report import stats
from report.decide.groups import MARGIN, Rates, verdict_of
from report.model.number import Verdict
from report.sweep.grid import Point
from report.sweep.rule import Numbers


class State(NamedTuple):
    """The state of one point.

    - verdict: on B compared with A
    - n: number of blocks in which both maps have a result
    - ratio, low, high: B / A with its interval, at the confidence level of the rule
    - open: true if more blocks might lead to a decision and the limit on looks allows them
    """
    verdict: Verdict
    looks: int
    n: int
    ratio: float | None
    low: float | None
    high: float | None
    open: bool = False

    @property
    def decided(self) -> bool:
        """True if one of the maps leads."""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER)

    @property
    def known(self) -> bool:
        """True if the ratio has an interval."""
        return self.verdict is not Verdict.INVALID

    @property
    def leader(self) -> int | None:
        """Index of the leading map, or None if undecided."""
        return {Verdict.SLOWER: 0, Verdict.FASTER: 1}.get(self.verdict)

    @property
    def far(self) -> bool:
        """True if the estimated ratio is outside the margin."""
        return self.ratio is not None and not 1 / MARGIN <= self.ratio <= MARGIN


class Stage(NamedTuple):
    """A complete stage, as the search uses it.

    - blocks: the number of blocks at each point
    - rates: operations per second, by cell and block
    """
    points: tuple[Point, ...]
    blocks: int
    rates: Mapping[str, Rates]


States = dict[Point, State]


def by_block(cell: str, stages: Iterable[Stage]) -> Rates:
    """Returns a cell's operations per second by block. Blocks are numbered across all stages,
    so blocks of different stages are never paired."""
    found: dict[int, float] = {}
    first = 0
    for stage in stages:
        found.update((first + b, rate) for b, rate in stage.rates.get(cell, {}).items())
        first += stage.blocks
    return found


def sides(point: Point, stages: Sequence[Stage]) -> tuple[Rates, Rates]:
    """Returns the speeds of B and of A by block."""
    one, two = point.cells
    return by_block(two, stages), by_block(one, stages)


def state(ratio: stats.Interval, looks: int, rule: Numbers) -> State:
    """Builds the state of a point from its ratio, whose interval is at rule.level."""
    found = State(verdict_of(ratio), looks, ratio.n, ratio.centre, ratio.low, ratio.high)
    return found._replace(open=looks < rule.looks and is_worth(found))


def is_worth(found: State) -> bool:
    """True if more blocks might change the verdict. They cannot if one map has no result in any
    block, because that map would fail again. From the second look on, they are unlikely to if the
    estimate is within the margin. Stopping early does not make wrong verdicts more frequent."""
    if found.verdict is Verdict.INVALID:
        return found.n > 0
    return found.verdict is Verdict.UNDECIDED and (found.looks < 2 or found.far)


def states(stages: Sequence[Stage], rule: Numbers, points: Iterable[Point] | None = None) -> States:
    """Returns the state of each point in `points` (None: all points of any stage)."""
    looks: dict[Point, int] = {}
    for stage in stages:
        for point in stage.points:
            looks[point] = looks.get(point, 0) + 1
    chosen = sorted(looks) if points is None else list(points)
    ratios = stats.many_ratios({p: sides(p, stages) for p in chosen}, rule.level)
    return {p: state(ratios[p], looks[p], rule) for p in chosen}
