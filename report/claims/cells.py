# SPDX-License-Identifier: Apache-2.0
"""Selects the planned cells of a claim or a figure."""
import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass, fields

from report.load import Cell, JournalError
from report.load.plan import Factors

ENDS = {"most": max, "least": min}  # selects the largest or smallest planned value of a factor
FACTORS = frozenset(f.name for f in fields(Factors))


class Missing(Exception):
    """Raised if a value is missing. The text is the reason."""


@dataclass(frozen=True)
class Query:
    """Selects cells of a workload, and a statistic of their trials.

    - where: `FACTOR=VALUE ...`, which all of its cells share
    - subject: a map and more factors
    - against: the same for the divisor of a ratio, or ""
    - statistic: text for statistic.parse()
    """
    workload: str
    where: str
    subject: str
    against: str
    statistic: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The one or two sides of the query. A figure about all maps has the single side ""."""
        return tuple(filter(None, (self.subject, self.against))) or ("",)


def settings(text: str) -> dict[str, str]:
    """Parses "MAP FACTOR=VALUE ..." into {factor: value}; a word without "=" is the map.
    Raises JournalError if a cell has no such factor."""
    found = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        found[name if equals else "map"] = value if equals else name
    unknown = found.keys() - FACTORS
    if unknown:
        raise JournalError(f"{text}: cells have no factor {', '.join(sorted(unknown))}")
    return found


def as_written(cell: Factors, name: str) -> str:
    """Formats a factor as in a workload file."""
    value: object = getattr(cell, name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else f"{value:g}"
    return str(value)


def fits(cell: Factors, wanted: dict[str, str]) -> bool:
    """True if the cell has these values, which may contain wildcards. `most` and `least` (ENDS) are
    resolved later."""
    return all(fnmatch.fnmatchcase(as_written(cell, name), value)
               for name, value in wanted.items() if value not in ENDS)


class Cells:
    """The planned cells of a campaign or a plan. The cells are grouped by workload, because a
    ledger makes thousands of queries."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        self.all = tuple(cells)
        self.by_workload: dict[str, dict[str, tuple[Cell, list[Factors]]]] = {}
        for cell in self.all:
            for name in cell.known_as:
                self.by_workload.setdefault(name.workload, {}).setdefault(
                    cell.id, (cell, []))[1].append(name)

    def fitting(self, query: Query, side: str) -> list[Cell]:
        """Returns the cells that match one side of a query, in the order of the plan."""
        wanted = settings(f"{query.where} {side}")
        cells = [cell for cell, names in self.by_workload.get(query.workload, {}).values()
                 if any(fits(name, wanted) for name in names)]
        for name, value in wanted.items():
            if value in ENDS and cells:
                end = ENDS[value](getattr(c.factors, name) for c in cells)
                cells = [c for c in cells if getattr(c.factors, name) == end]
        return cells

    def one(self, query: Query, side: str) -> Cell:
        """Returns the only matching cell. Raises Missing if there are several, or none."""
        cells = self.fitting(query, side)
        if len(cells) != 1:
            raise Missing(f"{len(cells) or 'no'} cells of {query.workload} have "
                          f"{query.where} {side}".rstrip())
        return cells[0]

    def planned(self, query: Query) -> bool:
        """True if the plan has a cell for each side."""
        return all(self.fitting(query, side) for side in query.sides)
