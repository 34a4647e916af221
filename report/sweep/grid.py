# SPDX-License-Identifier: Apache-2.0
"""The lattice of a search: every point where two maps could be compared.

A point has a cell of either map. Along the ordered axes it has neighbours;
points that differ in anything else (kind of write, distribution, ...) are in
groups of their own, which share no line.
"""
from dataclasses import dataclass, field
from typing import NamedTuple

from report import factors
from report.journal import JournalError

ORDERED = ("write_share", "threads", "keys")
# Members of a cell that make no group: what the axes and the maps are, what
# follows from them (CPUs; a window is widened with more threads than CPUs),
# and what is asked of a trial without changing what it measures.
NO_GROUP = {*ORDERED, "id", "map", "cpus", "window_ns", "window_ops",
            "warm_up_ns", "deadline_ns", "verify_ops", "blocks", "base",
            "skip", "estimate_ns", "memory_bytes", "repeat"}
NOT_PLANNED = "is not planned here"


class Point(NamedTuple):
    """Where the maps are compared; in order of group and place."""
    group: int  # of Lattice.groups
    at: tuple  # index on each ordered axis of the group
    cells: tuple  # ids of A and B; None: not planned
    skip: str = ""  # why it cannot run


@dataclass
class Group:
    """Points that differ in the ordered factors only."""
    factors: dict  # all others: name -> value
    axes: dict  # ordered factor -> its values, ascending
    points: dict = field(default_factory=dict)  # at -> Point
    _lines: dict = field(default_factory=dict, repr=False)

    def values(self, point):
        """Ordered factor -> value at a point."""
        return {axis: self.axes[axis][i] for axis, i in
                zip(ORDERED, point.at)}

    def lines(self, axis):
        """(at of the others, points in order) of each line along an axis."""
        if axis not in self._lines:
            place, found = ORDERED.index(axis), {}
            for at in sorted(self.points):
                found.setdefault(at[:place] + at[place + 1:], []).append(
                    self.points[at])
            self._lines[axis] = sorted(found.items())
        return self._lines[axis]


@dataclass
class Lattice:
    maps: tuple  # (A, B): base and contender
    groups: list

    def points(self):
        """All of them, in order."""
        return [p for g in self.groups for _, p in sorted(g.points.items())]

    def usable(self):
        return [p for p in self.points() if not p.skip]

    def place(self, point):
        """Every factor at a point, name -> value."""
        group = self.groups[point.group]
        return group.factors | group.values(point)

    def varied(self):
        """Factors of groups that have more than one value here."""
        return [name for name in self.groups[0].factors if len(
            {str(g.factors.get(name)) for g in self.groups}) > 1] \
            if self.groups else []


def coarse(count):
    """Indices of ends and middle of an axis: 0, 4, 8 of 9."""
    return sorted({0, (count - 1) // 2, count - 1})


def is_coarse(group, at, but=None):
    """Is each index an end or a middle; `but`: an axis that may be any."""
    return all(axis == but or i in coarse(len(group.axes[axis]))
               for axis, i in zip(ORDERED, at))


def group_of(cell, names):
    """What tells groups apart, as (name, value) in a fixed order."""
    return tuple((name, str(cell.get(name, factors.OPTIONAL.get(name))))
                 for name in names)


def names_of(cells):
    """Factors that make groups. The workload's name is one only where
    nothing else tells two cells of a map apart."""
    names = sorted(({n for c in cells for n in c} | set(factors.OPTIONAL))
                   - NO_GROUP - {"workload"})
    seen = {(group_of(c, names), at(c), c["map"]) for c in cells}
    return names if len(seen) == len(cells) else ["workload", *names]


def at(cell):
    """Values of the ordered factors of a cell."""
    return tuple(cell[axis] for axis in ORDERED)


def skip_of(maps, pair):
    """Why two cells cannot be compared; "": they can."""
    told = [f"{name} {NOT_PLANNED}" if cell is None else
            f"{name}: {cell['skip']}"
            for name, cell in zip(maps, pair)
            if cell is None or cell.get("skip")]
    return "; ".join(told)


def group_from(number, values, places, maps):
    """One group of {place: {map: cell}}."""
    some = next(iter(next(iter(places.values())).values()))
    axes = {axis: sorted({place[i] for place in places})
            for i, axis in enumerate(ORDERED)}
    kept = {name: some.get(name, factors.OPTIONAL.get(name))
            for name in ("workload", *[n for n, _ in values
                                       if n != "workload"])}
    group = Group(kept, axes)
    for place, cells in places.items():
        index = tuple(axes[a].index(v) for a, v in zip(ORDERED, place))
        pair = [cells.get(m) for m in maps]
        group.points[index] = Point(
            number, index, tuple(c and c["id"] for c in pair),
            skip_of(maps, pair))
    return group


def lattice(plan, maps, file="plan.json"):
    """The lattice of plan.json's cells for maps (A, B).

    Measure throughput only; JournalError where two cells of one map stand at
    one point, or where the plan has no cell of one of the maps.
    """
    timed = [c for c in plan["cells"] if c["measure"] == "throughput"
             and c["map"] in maps]
    for name in maps:
        if not any(c["map"] == name for c in timed):
            raise JournalError(f"{file}: no throughput cell of {name}: plan "
                               "with it (--maps), or name another pair")
    names = names_of(timed)
    groups = {}
    for cell in timed:
        places = groups.setdefault(group_of(cell, names), {})
        have = places.setdefault(at(cell), {})
        if cell["map"] in have:
            raise JournalError(
                f"{file}: {cell['id']} and {have[cell['map']]['id']} stand at"
                " one point: plan one of them")
        have[cell["map"]] = cell
    return Lattice(tuple(maps), [
        group_from(i, values, groups[values], maps)
        for i, values in enumerate(sorted(groups))])
