# SPDX-License-Identifier: Apache-2.0
"""Which factor moves the boundary most, computed from the lines.

Along one axis each line has a leader at each of its values (lines.profile()).
Two lines that differ in one factor only are compared: the share of the axis
on which they have opposite leaders is how far that factor moves the boundary
between them. So lines with one flip, several and none are compared alike, and
nothing is assumed beyond an axis' ends. For each choice of the other factors
the two lines that are furthest apart count; a factor's figure is the mean of
these.
"""
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from report.load.plan import Factors
from report.sweep import lines
from report.sweep.grid import ORDERED, Group, Lattice, Line
from report.sweep.lines import Boundary, Kind
from report.sweep.outcome import States
from report.workload_values import Value, value_of

LEAST = 0.5  # of an axis must be known of both lines that are compared
Profile = dict[float, int | None]  # value of the axis -> index of the leader


class Known(NamedTuple):
    """A line with its leaders."""
    place: Factors
    group: Group
    line: Line
    leaders: Profile


@dataclass(frozen=True)
class Example:
    """A line with this value of the factor: (from, to) of its flips, or the
    map that leads on the whole line."""
    value: Value
    flips: tuple[tuple[float, float], ...]
    leader: str | None


@dataclass(frozen=True)
class Move:
    """How far a factor moves the boundary, in shares of the axis.

    share  mean of the comparisons; most: the largest, of the lines one, two
    """
    factor: str
    share: float
    most: float
    comparisons: int
    one: Example
    two: Example


@dataclass(frozen=True)
class Moves:
    """axis: along which the largest share of lines flips; None: none does.
    factors: those that could move the boundary, the strongest first."""
    axis: str | None
    factors: tuple[Move, ...] = ()


def apart(one: Profile, two: Profile) -> float | None:
    """Share of the values known in both profiles at which their leaders
    differ; None if fewer than LEAST of the axis are known in both."""
    both = [(one[v], two[v]) for v in one
            if one[v] is not None and two.get(v) is not None]
    if len(both) < LEAST * max(len(one), len(two)):
        return None
    return sum(a != b for a, b in both) / len(both)


def contexts(known: Sequence[Known], axis: str, factor: str,
             varied: Sequence[str]) -> list[list[Known]]:
    """Lines that differ in `factor` only, in lists of two or more."""
    rest = [f for f in (*ORDERED, *varied) if f not in (axis, factor)]
    groups: dict[tuple[Value, ...], list[Known]] = {}
    for line in known:
        groups.setdefault(tuple(value_of(line.place, f) for f in rest), []).append(line)
    return [groups[key] for key in sorted(groups, key=str) if len(groups[key]) > 1]


def furthest(context: Sequence[Known]) -> tuple[float, Known, Known] | None:
    """(share, line, line) of the two that are furthest apart; None: of no two
    is enough known."""
    best = None
    for one, two in itertools.combinations(context, 2):
        share = apart(one.leaders, two.leaders)
        if share is not None and (best is None or share > best[0]):
            best = share, one, two
    return best


def example(lattice: Lattice, axis: str, factor: str, line: Known,
            found: Sequence[Boundary]) -> Example:
    """What one line has."""
    flips = tuple((b.value(b.line[b.below]), b.value(b.line[b.above])) for b in found
                  if b.kind is Kind.FLIP and b.axis == axis and b.line == line.line)
    leaders = {i for i in line.leaders.values() if i is not None}
    return Example(value_of(line.place, factor), flips,
                   lattice.maps[leaders.pop()] if len(leaders) == 1 else None)


def move(lattice: Lattice, axis: str, factor: str, known: Sequence[Known],
         found: Sequence[Boundary]) -> Move | None:
    """How far one factor moves the boundary; None: no lines to compare."""
    pairs = [p for c in contexts(known, axis, factor, lattice.varied)
             for p in [furthest(c)] if p]
    if not pairs:
        return None
    most, one, two = max(pairs, key=lambda p: p[0])
    return Move(factor, sum(p[0] for p in pairs) / len(pairs), most, len(pairs),
                example(lattice, axis, factor, one, found),
                example(lattice, axis, factor, two, found))


def main_axis(lattice: Lattice, states: States, found: Sequence[Boundary]) -> str | None:
    """The ordered factor along which the largest share of the lines with two
    measured points flips; None: none does."""
    def share(axis: str) -> float:
        count = sum(sum(p in states for p in line) > 1
                    for g in lattice.groups for line in g.lines(axis))
        flipping = {b.line[0] for b in found if b.axis == axis and b.kind is Kind.FLIP}
        return len(flipping) / max(count, 1)
    best = max(ORDERED, key=share)
    return best if share(best) else None


def ranking(lattice: Lattice, states: States, found: Sequence[Boundary]) -> Moves:
    """All factors that could move the boundary along the main axis."""
    axis = main_axis(lattice, states, found)
    if axis is None:
        return Moves(None)
    known = []
    for group in lattice.groups:
        values = group.values(axis)
        for line in group.lines(axis):
            leaders = lines.profile(line, axis, len(values), states)
            if any(i is not None for i in leaders):
                known.append(Known(group.place(line[0]), group, line, dict(zip(values, leaders))))
    factors = [*(a for a in ORDERED if a != axis), *lattice.varied]
    rows = [m for f in factors for m in [move(lattice, axis, f, known, found)] if m]
    return Moves(axis, tuple(sorted(rows, key=lambda m: (-m.share, m.factor))))
