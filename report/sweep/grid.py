# SPDX-License-Identifier: Apache-2.0
"""The lattice of a search: every point at which two maps could be compared.

A point has a cell of each map. Along the ordered axes it has neighbours. Points that
differ in other factors (kind of write, distribution, ...) are in different
groups, which share no line.
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
# Members of a cell that do not separate groups: the axes, the map, values that follow from
# them (CPUs; windows are longer with more threads than CPUs), and requests to a trial that
# do not change what it measures.
NO_GROUP = {*ORDERED, "id", "map", "workload", "cpus", "window_ns", "window_ops", "warm_up_ns",
            "verify_ops", "blocks", "base", "skip", "estimate_ns", "repeat"}
NAMES = tuple(f.name for f in fields(Factors) if f.name not in NO_GROUP)
Place = tuple[float, ...]  # values of the ordered factors
At = tuple[int, ...]  # their indices on the axes of a group


class Point(NamedTuple):
    """A place of the comparison; sorted by group and place.

    cells  ids of A and B; "": not planned
    skip   why it cannot run
    """
    group: int
    at: At
    cells: tuple[str, str]
    skip: str = ""


Line = tuple[Point, ...]  # points along an axis, ascending


@dataclass(frozen=True)
class Group:
    """Points that differ only in the ordered factors.

    cell  one of its cells: the other factors
    axes  values of each of ORDERED, ascending
    """
    cell: Factors
    axes: tuple[tuple[float, ...], ...]
    points: dict[At, Point]

    def values(self, axis: str) -> tuple[float, ...]:
        """Values of an ordered factor."""
        return self.axes[ORDERED.index(axis)]

    def place(self, point: Point) -> Factors:
        """Every factor at a point; its map and id are meaningless."""
        share, threads, keys = (values[i] for values, i in zip(self.axes, point.at))
        return replace(self.cell, write_share=share, threads=int(threads), keys=keys)

    @cached_property
    def all_lines(self) -> dict[str, tuple[Line, ...]]:
        """Axis -> its lines, in order."""
        found: dict[str, tuple[Line, ...]] = {}
        for i, axis in enumerate(ORDERED):
            rows: dict[At, list[Point]] = {}
            for at in sorted(self.points):
                rows.setdefault(at[:i] + at[i + 1:], []).append(self.points[at])
            found[axis] = tuple(tuple(rows[rest]) for rest in sorted(rows))
        return found

    def lines(self, axis: str) -> tuple[Line, ...]:
        """The lines along an axis."""
        return self.all_lines[axis]


@dataclass(frozen=True)
class Lattice:
    """All points of two maps (A, B): base and contender."""
    maps: tuple[str, str]
    groups: tuple[Group, ...]

    def points(self) -> list[Point]:
        """All of them, in order."""
        return [g.points[at] for g in self.groups for at in sorted(g.points)]

    def usable(self) -> list[Point]:
        """Those that can run."""
        return [p for p in self.points() if not p.skip]

    def place(self, point: Point) -> Factors:
        """Every factor at a point."""
        return self.groups[point.group].place(point)

    def lines(self) -> Iterator[tuple[Group, str, Line]]:
        """(group, axis, line) of all lines."""
        for group in self.groups:
            for axis in ORDERED:
                for line in group.lines(axis):
                    yield group, axis, line

    @cached_property
    def varied(self) -> tuple[str, ...]:
        """Factors with more than one value among the groups."""
        return tuple(name for name in ("workload", *NAMES)
                     if len({value_of(g.cell, name) for g in self.groups}) > 1)


def coarse(count: int) -> set[int]:
    """Indices of ends and middle of an axis: 0, 4, 8 of 9."""
    return {0, (count - 1) // 2, count - 1}


def is_coarse(group: Group, at: At, but: str | None = None) -> bool:
    """True if each index is an end or a middle; `but`: an axis with any index."""
    return all(axis == but or i in coarse(len(values))
               for axis, values, i in zip(ORDERED, group.axes, at))


def place_of(cell: Factors) -> Place:
    """The ordered factors of a cell."""
    return cell.write_share, cell.threads, cell.keys


def key_of(cell: Factors, names: Sequence[str]) -> tuple[Value, ...]:
    """The values that distinguish groups."""
    return tuple(str(value_of(cell, name)) for name in names)


def names_of(cells: Sequence[Factors]) -> tuple[str, ...]:
    """Factors that separate groups. The workload's name does so only if nothing else
    distinguishes two cells of a map."""
    seen = {(key_of(c, NAMES), place_of(c), c.map) for c in cells}
    return NAMES if len(seen) == len(cells) else ("workload", *NAMES)


def skip_of(maps: tuple[str, str], pair: Sequence[Factors | None]) -> str:
    """Why two cells cannot be compared; "" if they can."""
    return "; ".join(f"{name} is not planned here" if cell is None else f"{name}: {cell.skip}"
                     for name, cell in zip(maps, pair) if cell is None or cell.skip)


def group_of(number: int, maps: tuple[str, str],
             places: dict[Place, dict[str, Factors]]) -> Group:
    """One group."""
    axes = tuple(tuple(sorted({place[i] for place in places})) for i in range(len(ORDERED)))
    points = {}
    for place, cells in places.items():
        at = tuple(values.index(v) for values, v in zip(axes, place))
        one, two = pair = cells.get(maps[0]), cells.get(maps[1])
        points[at] = Point(number, at, (one.id if one else "", two.id if two else ""),
                           skip_of(maps, pair))
    return Group(next(iter(next(iter(places.values())).values())), axes, points)


def lattice(cells: Sequence[Factors], maps: tuple[str, str], file: Path) -> Lattice:
    """The lattice of plan.json's cells of measure throughput.

    JournalError: two cells of one map are at one point, or the plan lacks
    cells of one of the maps.
    """
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
