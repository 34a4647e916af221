# SPDX-License-Identifier: Apache-2.0
"""Finds the boundaries on the lines of a lattice, at which a lead passes to the other map or
ends."""
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from report import stats
from report.stats.arrays import Floats
from report.sweep import outcome
from report.sweep.grid import ORDERED, Group, Lattice, Line, Point
from report.sweep.outcome import Stage, State, States


class Kind(str, Enum):
    """What happens at a boundary."""
    FLIP = "flip"  # one map leads below it, the other map above it
    END = "end"  # one map leads on one side; on the other side neither does


class Why(str, Enum):
    """The reason why the exact position of a flip is unknown."""
    MEASURED = "every number of threads between was measured"
    ZERO = "0 has no place on a logarithmic axis"
    CROSSINGS = "the medians between cross more or less than once"


@dataclass(frozen=True)
class Boundary:
    """A boundary between two measured points of one line.

    - line: the points of the line, in order
    - below, above: indices in `line`. For a flip, the last point at which one map leads and
      the first point at which the other leads.
    - leaders: the index of the leading map at each end, or None if the maps are tied
    - position, low, high: position in the unit of the axis with its 95 % interval. The position is
      interpolated on the logarithm of the axis; blocks are resampled for the interval.
    """
    group: Group
    axis: str
    kind: Kind
    line: Line
    below: int
    above: int
    leaders: tuple[int | None, int | None]
    position: float | None = None
    low: float | None = None
    high: float | None = None
    why: Why | None = None

    @property
    def steps(self) -> int:
        """Number of grid steps between the two ends; 1 is the finest possible."""
        i = ORDERED.index(self.axis)
        return self.line[self.above].at[i] - self.line[self.below].at[i]

    @property
    def points(self) -> Line:
        """All points from one end to the other, inclusive."""
        return self.line[self.below:self.above + 1]

    def value(self, point: Point) -> float:
        """Returns the value of the axis at a point of the line."""
        i = ORDERED.index(self.axis)
        return self.group.axes[i][point.at[i]]


def known_on(line: Line, states: States) -> Iterator[tuple[int, State]]:
    """Yields the index and the state of each point that has an interval."""
    for i, point in enumerate(line):
        if point in states and states[point].known:
            yield i, states[point]


def on_line(group: Group, axis: str, line: Line, states: States) -> list[Boundary]:
    """Lists the boundaries on one line, in order, without positions."""
    found: list[Boundary] = []
    last: tuple[int, State] | None = None  # last point at which a map leads
    known = list(known_on(line, states))
    for (i, one), (j, two) in zip(known, known[1:]):
        last = (i, one) if one.decided else last
        if one.leader == two.leader:
            continue
        ends = (i, one.leader, Kind.FLIP if one.decided and two.decided else Kind.END)
        if two.decided and not one.decided and last and last[1].leader != two.leader:
            found.pop()  # merge: the lead ended in a tie, and the other map leads after it
            ends = (last[0], last[1].leader, Kind.FLIP)
        found.append(Boundary(group, axis, ends[2], line, ends[0], j, (ends[1], two.leader)))
    return found


def block_ratios(points: Sequence[Point], stages: Sequence[Stage]) -> Floats:
    """Returns ln(B / A) as (blocks, points), with nan if a point lacks a ratio in a block. A row
    is one block of one stage, so resampling rows keeps what all trials of a block share."""
    columns = []
    for point in points:
        over, under = outcome.sides(point, stages)
        columns.append({b: math.log(over[b] / under[b]) for b in over.keys() & under.keys()})
    rows = sorted(set().union(*columns))
    return np.array([[c.get(b, math.nan) for c in columns] for b in rows])


def located(boundary: Boundary, states: States, stages: Sequence[Stage]) -> Boundary:
    """Adds the position of a flip, or the reason why it is unknown (stats/crossings.py)."""
    points = [p for p in boundary.points if p in states and states[p].known]
    values = [boundary.value(p) for p in points]
    if boundary.axis == "threads" and len(values) == values[-1] - values[0] + 1:
        return replace(boundary, why=Why.MEASURED)
    if values[0] <= 0:
        return replace(boundary, why=Why.ZERO)
    zeros = stats.crossover(values, block_ratios(points, stages))
    if len(zeros) != 1:
        return replace(boundary, why=Why.CROSSINGS)
    return replace(boundary, position=zeros[0].threads, low=zeros[0].low, high=zeros[0].high)


def boundaries(lattice: Lattice, states: States, stages: Sequence[Stage]) -> list[Boundary]:
    """Returns the boundaries on every line along every axis, with the positions of flips."""
    return [located(b, states, stages) if b.kind is Kind.FLIP else b
            for group, axis, line in lattice.lines()
            for b in on_line(group, axis, line, states)]


def profile(line: Line, axis: str, size: int, states: States) -> list[int | None]:
    """Returns the index of the leading map at each of the `size` values of an axis, or None if
    the maps are tied, or if the measured neighbours do not show a leader. Between two points
    with the same leader, that map leads. Between points with opposite leaders, each map leads on
    its own half."""
    leaders: list[int | None] = [None] * size
    i = ORDERED.index(axis)
    known = [(line[k].at[i], state) for k, state in known_on(line, states)]
    for at, state in known:
        leaders[at] = state.leader
    for (low, a), (high, b) in zip(known, known[1:]):
        for k in range(low + 1, high):
            if a.decided and b.decided:
                leaders[k] = a.leader if k - low <= high - k else b.leader
    return leaders


def is_resolved(boundary: Boundary, states: States) -> bool:
    """True if the boundary is located to one step of the grid. If the points in between are
    tied and will not be measured again, it is enough that the tied points next to each leading
    point are measured; points between two ties are not needed."""
    points = boundary.points
    known = [i for i, p in enumerate(points) if p.skip or p in states]
    if any(p in states and states[p].open for p in points[1:-1]):
        return False
    clear = [p in states and states[p].decided for p in points]
    return all(j - i == 1 or not (clear[i] or clear[j]) for i, j in zip(known, known[1:]))
