# SPDX-License-Identifier: Apache-2.0
"""Finds the factor that moves the boundary most.

Along one axis, each line has a leader at each of its values (lines.profile()). For two lines that
differ in only one factor, the distance of the boundary is the share of the axis on which their
leaders differ. It does not matter how often a line flips. For each choice of the other factors,
only the two lines that differ most are used.
"""
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from report.load.plan import Factors
from report.sweep import lines
from report.sweep.grid import ORDERED, Lattice
from report.sweep.lines import Boundary, Kind
from report.sweep.outcome import States
from report.workload_values import Value, value_of

LEAST = 0.5  # share of the axis that must be known on both lines of a comparison
Profile = dict[float, int | None]  # value of the axis -> index of the leader


@dataclass(frozen=True)
class Move:
    """How far a factor moves the boundary, as a share of the axis: `share` is the mean over
    all comparisons, `most` the maximum."""
    factor: str
    share: float
    most: float
    comparisons: int


@dataclass(frozen=True)
class Moves:
    """`axis` is the axis along which the largest share of lines flips, or None if no line
    flips. `factors` lists the factors that could move the boundary, the strongest first."""
    axis: str | None
    factors: tuple[Move, ...] = ()


def apart(one: Profile, two: Profile) -> float | None:
    """Returns the share of values at which the leaders of two lines differ, of those known on
    both, or None if less than LEAST of the axis is known on both."""
    both = [(one[v], two[v]) for v in one if one[v] is not None and two.get(v) is not None]
    if len(both) < LEAST * max(len(one), len(two)):
        return None
    return sum(a != b for a, b in both) / len(both)


def move(known: Sequence[tuple[Factors, Profile]], factor: str,
         others: Sequence[str]) -> Move | None:
    """Computes how far one factor moves the boundary. Returns None if no lines can be compared.
    `known` lists the factors and the profile of each line."""
    contexts: dict[tuple[Value, ...], list[Profile]] = {}
    for place, leaders in known:
        key = tuple(value_of(place, f) for f in others if f != factor)
        contexts.setdefault(key, []).append(leaders)
    pairs = [[s for one, two in itertools.combinations(context, 2)
              for s in [apart(one, two)] if s is not None] for context in contexts.values()]
    most = [max(shares) for shares in pairs if shares]
    return Move(factor, sum(most) / len(most), max(most), len(most)) if most else None


def main_axis(lattice: Lattice, states: States, found: Sequence[Boundary]) -> str | None:
    """Returns the ordered factor along which the largest share of lines with two measured
    points flips, or None if no line flips."""
    def share(axis: str) -> float:
        count = sum(sum(p in states for p in line) > 1
                    for g in lattice.groups for line in g.lines(axis))
        flipping = {b.line[0] for b in found if b.axis == axis and b.kind is Kind.FLIP}
        return len(flipping) / max(count, 1)
    best = max(ORDERED, key=share)
    return best if share(best) else None


def ranking(lattice: Lattice, states: States, found: Sequence[Boundary]) -> Moves:
    """Ranks all factors that could move the boundary along the main axis."""
    axis = main_axis(lattice, states, found)
    if axis is None:
        return Moves(None)
    known = []
    for group in lattice.groups:
        values = group.values(axis)
        for line in group.lines(axis):
            leaders = lines.profile(line, axis, len(values), states)
            if any(i is not None for i in leaders):
                known.append((group.place(line[0]), dict(zip(values, leaders))))
    factors = [f for f in (*ORDERED, *lattice.varied) if f != axis]
    rows = [m for f in factors for m in [move(known, f, factors)] if m]
    return Moves(axis, tuple(sorted(rows, key=lambda m: (-m.share, m.factor))))
