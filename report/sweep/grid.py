# SPDX-License-Identifier: Apache-2.0
"""The lattice of a search: every point at which two maps can be compared.

A point has one cell of each map, and neighbours along each ordered axis. Points that differ in
any other factor, such as the kind of write or the distribution, belong to different groups;
no line crosses from one group to another.
"""
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from report.load import JournalError
from report.load.plan import Factors
from report.workload_values import Value, value_of

ORDERED = ("write_share", "threads", "keys")
# Fields of a cell that do not separate groups: the axes; the map; values that follow from
# those (CPUs, and window lengths, which grow if threads outnumber CPUs); and fields that
# do not change what a trial measures.
NO_GROUP = {*ORDERED, "id", "map", "workload", "cpus", "window_ns", "window_ops", "warm_up_ns",
            "verify_ops", "blocks", "base", "skip", "estimate_ns", "repeat"}
NAMES = tuple(f.name for f in fields(Factors) if f.name not in NO_GROUP)
Place = tuple[float, ...]  # values of the ordered factors
At = tuple[int, ...]  # index of each value on its axis within a group


class Point(NamedTuple):
    """A point of the lattice; points sort by group, then by place.

    - cells: the ids of the cells of A and B, or "" if not planned
    - skip: the reason why the point cannot run
    """
    group: int
    at: At
    cells: tuple[str, str]
    skip: str = ""


Line = tuple[Point, ...]  # points along one axis, in ascending order


@dataclass(frozen=True)
class Group:
    """Points that differ only in the ordered factors.

    - cell: one of the cells, for the values of all other factors
    - axes: the values of each factor of ORDERED, in ascending order
    """
    cell: Factors
    axes: tuple[tuple[float, ...], ...]
    points: dict[At, Point]

    def values(self, axis: str) -> tuple[float, ...]:
        return self.axes[ORDERED.index(axis)]

    def place(self, point: Point) -> Factors:
        """Returns all factors of a point, with the map and id of an arbitrary cell, which must be
        ignored."""
        share, threads, keys = (values[i] for values, i in zip(self.axes, point.at))
        return replace(self.cell, write_share=share, threads=int(threads), keys=keys)

    @cached_property
    def all_lines(self) -> dict[str, tuple[Line, ...]]:
        """The lines along each axis, in order."""
        found: dict[str, tuple[Line, ...]] = {}
        for i, axis in enumerate(ORDERED):
            rows: dict[At, list[Point]] = {}
            for at in sorted(self.points):
                rows.setdefault(at[:i] + at[i + 1:], []).append(self.points[at])
            found[axis] = tuple(tuple(rows[rest]) for rest in sorted(rows))
        return found

    def lines(self, axis: str) -> tuple[Line, ...]:
        return self.all_lines[axis]


@dataclass(frozen=True)
class Lattice:
    """All points of the maps A and B (the base and the contender)."""
    maps: tuple[str, str]
    groups: tuple[Group, ...]

    def points(self) -> list[Point]:
        """All points, in order."""
        return [g.points[at] for g in self.groups for at in sorted(g.points)]

    def usable(self) -> list[Point]:
        """All points that can run."""
        return [p for p in self.points() if not p.skip]

    def place(self, point: Point) -> Factors:
        """Returns all factors of a point."""
        return self.groups[point.group].place(point)

    def lines(self) -> Iterator[tuple[Group, str, Line]]:
        """Yields each line with its group and axis."""
        for group in self.groups:
            for axis in ORDERED:
                for line in group.lines(axis):
                    yield group, axis, line

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """Factors that differ among the groups."""
        return tuple(name for name in ("workload", *NAMES)
                     if len({value_of(g.cell, name) for g in self.groups}) > 1)


def coarse(count: int) -> set[int]:
    """Returns the indices of the ends and the middle of an axis, such as 0, 4, 8 of 9 values."""
    return {0, (count - 1) // 2, count - 1}


def is_coarse(group: Group, at: At, but: str | None = None) -> bool:
    """True if each index is at an end or in the middle of its axis; the axis `but` is ignored."""
    return all(axis == but or i in coarse(len(values))
               for axis, values, i in zip(ORDERED, group.axes, at))


def place_of(cell: Factors) -> Place:
    """Returns the values of a cell's ordered factors."""
    return cell.write_share, cell.threads, cell.keys


def key_of(cell: Factors, names: Sequence[str]) -> tuple[Value, ...]:
    """Returns the values that distinguish groups."""
    return tuple(str(value_of(cell, name)) for name in names)


def names_of(cells: Sequence[Factors]) -> tuple[str, ...]:
    """Returns the factors that separate groups. The workload's name is one of them only if
    nothing else distinguishes two cells of a map."""
    seen = {(key_of(c, NAMES), place_of(c), c.map) for c in cells}
    return NAMES if len(seen) == len(cells) else ("workload", *NAMES)


def skip_of(maps: tuple[str, str], pair: Sequence[Factors | None]) -> str:
    """Returns the reason why two cells cannot be compared, or "" if they can be."""
    return "; ".join(f"{name} is not planned here" if cell is None else f"{name}: {cell.skip}"
                     for name, cell in zip(maps, pair) if cell is None or cell.skip)


def group_of(number: int, maps: tuple[str, str],
             places: dict[Place, dict[str, Factors]]) -> Group:
    axes = tuple(tuple(sorted({place[i] for place in places})) for i in range(len(ORDERED)))
    points = {}
    for place, cells in places.items():
        at = tuple(values.index(v) for values, v in zip(axes, place))
        one, two = pair = cells.get(maps[0]), cells.get(maps[1])
        points[at] = Point(number, at, (one.id if one else "", two.id if two else ""),
                           skip_of(maps, pair))
    return Group(next(iter(next(iter(places.values())).values())), axes, points)


def lattice(cells: Sequence[Factors], maps: tuple[str, str], file: Path) -> Lattice:
    """Builds the lattice from the throughput cells of plan.json. Raises JournalError if two cells
    of one map are at the same point, or if the plan has no cell of one of the maps."""
    timed = [c for c in cells if c.measure == "throughput" and c.map in maps]
    for name in maps:
        if not any(c.map == name for c in timed):
            raise JournalError(f"{file}: no throughput cell of {name}: include it in the plan "
                               "(--maps), or choose another pair")
    names = names_of(timed)
    groups: dict[tuple[Value, ...], dict[Place, dict[str, Factors]]] = {}
    for cell in timed:
        pair = groups.setdefault(key_of(cell, names), {}).setdefault(place_of(cell), {})
        if cell.map in pair:
            raise JournalError(f"{file}: {cell.id} and {pair[cell.map].id} are at one point: "
                               "plan one of them")
        pair[cell.map] = cell
    return Lattice(maps, tuple(group_of(i, maps, groups[key])
                               for i, key in enumerate(sorted(groups, key=str))))
