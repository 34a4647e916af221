# SPDX-License-Identifier: Apache-2.0
"""Converts all tables to the same form, with titles and column heads from tables.toml."""
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from report.model.place import Entry, Place
from report.model.result import Result, Winner
from report.render.view import Cell

FILE = Path(__file__).with_name("tables.toml")
PLACE = ("workload", "write_share", "write_kind", "threads", "keys", "dist",
         "shape", "placement", "miss_share", "memory")
MAPS = ("map", "against", "fastest", "growing", "packaged")  # columns that name maps


class Column(NamedTuple):
    """A column. `format` is a kind of formats.py, `text`, or `file` for columns only in files."""
    id: str
    head: str
    format: str


class Spec(NamedTuple):
    """Title, caption and page of a table; if the page is "", the table is only written to files.
    `place` has the columns of the factors, which a table of the model may use, too."""
    page: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    place: tuple[Column, ...]


class Sheet(NamedTuple):
    id: str
    page: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def varying(self) -> list[int]:
        """Columns to print: the first, and all with more than one value."""
        return [i for i, column in enumerate(self.by_column())
                if self.columns[i].format != "file"
                and (i == 0 or len(column) > 1
                     or len(self.rows) == 1 and column != {None})]

    @property
    def constant(self) -> list[int]:
        """Columns that have the same known value in all rows."""
        varying = self.varying
        return [i for i, column in enumerate(self.by_column())
                if i not in varying and column != {None}
                and self.columns[i].format != "file"]

    def by_column(self) -> list[set[object]]:
        return [{row[i].value for row in self.rows}
                for i in range(len(self.columns))]


def specs() -> dict[str, Spec]:
    """Reads the tables of tables.toml, by id."""
    with FILE.open("rb") as file:
        raw = tomllib.load(file)
    place = tuple(Column(key, *value) for key, value in raw.pop("place").items())
    return {name: Spec(about["page"], about["title"], about["caption"], tuple(
        Column(key, *value) for key, value in about["columns"].items()), place)
        for name, about in raw.items()}


def sheets(result: Result) -> list[Sheet]:
    """Returns all tables with at least one row, in the order of tables.toml. Raises ValueError if a
    table or one of its columns is not in tables.toml."""
    known = specs()
    rows = {"board": list(board(result)), "conditions": list(conditions(result)),
            "throughput": list(throughput(result)),
            "comparisons": list(comparisons(result)),
            "promises": list(promises(result))}
    columns = {name: [c.id for c in known[name].columns] for name in rows}
    for i, table in enumerate(result.tables):
        if table.id not in known or table.id in rows:
            raise ValueError(f"{FILE.name}: no table {table.id}")
        columns[table.id] = list(table.columns)
        rows[table.id] = [
            tuple(Cell(value, f"tables.{i}.rows.{j}.{k}")
                  for k, value in enumerate(row))
            for j, row in enumerate(table.rows)]
    versions = {card.id: card.version for card in result.cards if card.version}
    return [with_versions(sheet(name, known[name], columns[name], rows[name]), versions)
            for name in known if rows.get(name)]


def with_versions(table: Sheet, versions: Mapping[str, str]) -> Sheet:
    """Adds a column with the Go versions of the maps in each row, if there are any."""
    at = [i for i, column in enumerate(table.columns) if column.id in MAPS]
    found = [[versions[name] for i in at for name in str(row[i].value).split(", ")
              if name in versions] for row in table.rows]
    if not any(found):
        return table
    after = at[0] + 1
    return table._replace(
        columns=(*table.columns[:after], Column("go", "Go", "text"), *table.columns[after:]),
        rows=tuple((*row[:after], Cell(", ".join(dict.fromkeys(some)) or None, ""), *row[after:])
                   for row, some in zip(table.rows, found)))


def sheet(name: str, spec: Spec, ids: list[str],
          rows: list[tuple[Cell, ...]]) -> Sheet:
    """Builds a table with the heads of its columns."""
    heads = {column.id: column for column in (*spec.place, *spec.columns)}
    missing = [item for item in ids if item not in heads]
    if missing:
        raise ValueError(f"{FILE.name}: {name}: no column {', '.join(missing)}")
    return Sheet(name, spec.page, spec.title, spec.caption,
                 tuple(heads[item] for item in ids), tuple(rows))


def place_cells(place: Place, ref: str, entries: Iterable[Entry | None] = ()) -> tuple[Cell, ...]:
    """Returns the columns PLACE, then the options of a place and of its entries."""
    scheduling = dict.fromkeys(e.scheduling for e in entries if e and e.scheduling)
    options = ", ".join((*(f"{name} {value}" for name, value in place.options
                           if not (scheduling and name == "goroutines")), *scheduling))
    return (*(Cell(getattr(place, name), f"{ref}.{name}") for name in PLACE),
            Cell(options or None, f"{ref}.options"))


def throughput(result: Result) -> Iterator[tuple[Cell, ...]]:
    """Yields a row for every map at every place."""
    for g, group in enumerate(result.groups):
        for e, entry in enumerate(group.entries):
            if result.card(entry.map).misuse:
                continue
            ref = f"groups.{g}.entries.{e}"
            yield (Cell(entry.map, f"{ref}.map"),
                   *place_cells(group.place, f"groups.{g}.place", [entry]),
                   Cell(entry.rate, f"{ref}.rate"),
                   Cell(entry.slower, f"{ref}.slower"),
                   Cell(entry.rate.n, f"{ref}.rate.n"),
                   Cell(entry.reason or entry.rate.reason, f"{ref}.reason"))


def comparisons(result: Result) -> Iterator[tuple[Cell, ...]]:
    """Yields a row for each comparison of a group's leader with another map."""
    for g, group in enumerate(result.groups):
        for c, item in enumerate(group.comparisons):
            ref = f"groups.{g}.comparisons.{c}"
            yield (Cell(item.map, f"{ref}.map"),
                   Cell(item.against, f"{ref}.against"),
                   *place_cells(group.place, f"groups.{g}.place",
                                map(group.entry, (item.map, item.against))),
                   Cell(item.ratio, f"{ref}.ratio"),
                   Cell(item.low, f"{ref}.low"), Cell(item.high, f"{ref}.high"),
                   Cell(item.verdict.value, f"{ref}.verdict"),
                   Cell(item.smallest_visible, f"{ref}.smallest_visible"),
                   Cell(item.reason, f"{ref}.reason"))


def board(result: Result) -> Iterator[tuple[Cell, ...]]:
    """Yields the rows of the main table with the properties of each map."""
    goroutines = {e.map: e.scheduling for g in result.groups[:1] for e in g.entries}
    for i, row in enumerate(result.board):
        card, ref = result.card(row.map), f"board.{i}"
        if card.misuse:
            continue
        yield (Cell(row.map, f"{ref}.map"), *(
            Cell(getattr(row, name), f"{ref}.{name}")
            for name in ("rate", "slower", "scaling", "memory", "lookup")), *(
            Cell(value, "") for value in (
                "grows" if card.grows else "fixed",
                {True: "many", False: "take turns", None: "unknown"}[card.many_writers],
                card.readers_wait.value, card.package, card.licence)),
            Cell(goroutines.get(row.map), ""))


def conditions(result: Result) -> Iterator[tuple[Cell, ...]]:
    for i, item in enumerate(result.conditions):
        ref = f"conditions.{i}"
        yield (*place_cells(item.place, f"{ref}.place"),
               *winner(item.fastest, f"{ref}.fastest"),
               *winner(item.growing, f"{ref}.growing"),
               *winner(item.package, f"{ref}.package"))


def winner(item: Winner | None, ref: str) -> tuple[Cell, Cell]:
    """Returns the names of the winning maps, and their rate."""
    if item is None:
        return Cell(None, ref), Cell(None, ref)
    return Cell(", ".join(item.maps), ref), Cell(item.rate, f"{ref}.rate")


def promises(result: Result) -> Iterator[tuple[Cell, ...]]:
    """Yields all known properties of each map, one per line."""
    for i, card in enumerate(result.cards):
        lines = [(name, getattr(card, name), f"cards.{i}.{name}") for name in (
            "family", "synchronisation", "progress", "origin")]
        lines += [(name, text, f"cards.{i}.facts.{j}.1")
                  for j, (name, text) in enumerate(card.facts)]
        if not card.misuse:
            yield from ((Cell(card.id, f"cards.{i}.id"), Cell(name, ""),
                         Cell(value, ref)) for name, value, ref in lines)
