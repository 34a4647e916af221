# SPDX-License-Identifier: Apache-2.0
"""What is known of a point, from the blocks that it has had.

A point is looked at after each stage that it was part of, at most three
times, with all its blocks so far. Which points get another look depends on
what was seen; that alone would make wrong verdicts more frequent than a level
states. So each look's interval is at level 1 - error / looks (Bonferroni over
looks, which holds however looks depend on each other): all intervals that a
point ever has hold jointly at 1 - error, whichever look is the last.
"""
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from report import stats
from report.decide.groups import MARGIN, Rates, verdict_of
from report.model.number import Verdict
from report.sweep.grid import Point
from report.sweep.rule import Numbers


class State(NamedTuple):
    """Of one point.

    verdict  of B against A
    n        blocks that both maps have
    ratio    B / A; low and high at the level of the rule
    open     more blocks might decide it, and it may have them
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
        """Does one of the maps lead?"""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER)

    @property
    def known(self) -> bool:
        """Is there an interval?"""
        return self.verdict is not Verdict.INVALID

    @property
    def leader(self) -> int | None:
        """Index of the map that leads; None: neither is known to."""
        return {Verdict.SLOWER: 0, Verdict.FASTER: 1}.get(self.verdict)

    @property
    def far(self) -> bool:
        """Is its centre outside of the margin?"""
        return self.ratio is not None and not 1 / MARGIN <= self.ratio <= MARGIN


class Stage(NamedTuple):
    """What the search knows of a complete stage.

    blocks  of each of its points
    rates   cell id -> block -> operations per second
    """
    points: tuple[Point, ...]
    blocks: int
    rates: Mapping[str, Rates]


States = dict[Point, State]


def by_block(cell: str, stages: Iterable[Stage]) -> Rates:
    """block -> operations per second of a cell. Blocks are numbered through
    all stages, so that blocks of different stages are never paired."""
    found: dict[int, float] = {}
    first = 0
    for stage in stages:
        found.update((first + b, rate) for b, rate in stage.rates.get(cell, {}).items())
        first += stage.blocks
    return found


def sides(point: Point, stages: Sequence[Stage]) -> tuple[Rates, Rates]:
    """The same of B and of A."""
    one, two = point.cells
    return by_block(two, stages), by_block(one, stages)


def state(ratio: stats.Interval, looks: int, rule: Numbers) -> State:
    """State of a point from its ratio at rule.level."""
    found = State(verdict_of(ratio), looks, ratio.n, ratio.centre, ratio.low, ratio.high)
    return found._replace(open=looks < rule.looks and is_worth(found))


def is_worth(found: State) -> bool:
    """Might more blocks change the verdict? Not if a map gave nothing in all
    blocks: it would fail again. Nor, from the second look on, if the centre
    is within the margin: then hardly (to give up early makes no wrong verdict
    more frequent)."""
    if found.verdict is Verdict.INVALID:
        return found.n > 0
    return found.verdict is Verdict.UNDECIDED and (found.looks < 2 or found.far)


def states(stages: Sequence[Stage], rule: Numbers, points: Iterable[Point] | None = None) -> States:
    """point -> State, of `points` (None: all that any stage was of)."""
    looks: dict[Point, int] = {}
    for stage in stages:
        for point in stage.points:
            looks[point] = looks.get(point, 0) + 1
    chosen = sorted(looks) if points is None else list(points)
    ratios = stats.many_ratios({p: sides(p, stages) for p in chosen}, rule.level)
    return {p: state(ratios[p], looks[p], rule) for p in chosen}
