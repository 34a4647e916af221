# SPDX-License-Identifier: Apache-2.0
"""Computes the figures of the articles from a campaign, as docs/articles/figures.tsv lists them.

A line of that table names the cells of one workload and a statistic of their trials
(statistic.py), or "none: REASON". If a line names two cells, the figure is their ratio, paired by
block.
"""
import csv
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from report import stats
from report.claims.cells import ENDS, Missing, Query
from report.claims.statistic import (BOUNDED, FITTED, Blocks, Data, Statistic, blocks_of, parse,
                                     quotient, values_of)
from report.load import Cell

FILE = Path(__file__).resolve().parents[2] / "docs/articles/figures.tsv"


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    - row: ids of rows in the articles; the row of the workload comes first
    - unit: x, 1, %, ns, bytes, 1/s or bytes/s
    - article: the value that the article reports
    """
    row: str
    what: str
    workload: str
    where: str
    subject: str
    against: str
    statistic: str
    unit: str
    article: str

    @property
    def query(self) -> Query:
        """The query that finds the figure's cells."""
        return Query(self.workload, self.where, self.subject, self.against, self.statistic)


@dataclass(frozen=True)
class Answer:
    """The figure as a campaign measured it, or the reason why it is missing.

    - low, high: the interval of `value`
    - of: the unit of `n`, "block" or "trial"
    - least, most: the smallest and the largest trial, if `value` is a median without an interval
    """
    figure: Figure
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    of: str = "block"
    reason: str = ""
    cells: tuple[Cell, ...] = ()
    least: float | None = None
    most: float | None = None


def read(file: Path = FILE) -> list[Figure]:
    """Reads all figures of the table."""
    with open(file, encoding="utf-8") as text:
        return [Figure(**{k: v or "" for k, v in line.items()})
                for line in csv.DictReader(text, delimiter="\t")]


def folded(parsed: Statistic, blocks: Blocks) -> float:
    """Combines all trials of a cell into one number. Raises Missing."""
    pairs = list(blocks.values())
    if parsed.fold == "sum":
        return quotient(sum(a for a, _ in pairs), sum(b for _, b in pairs))
    return ENDS[parsed.fold](quotient(a, b) for a, b in pairs)


def measured(data: Data, figure: Figure) -> Answer:
    """Computes the figure with its interval over blocks, or with its range if its statistic is one
    of BOUNDED. Raises Missing."""
    sides = [blocks_of(data, figure.query, side) for side in figure.query.sides]
    cells = tuple(cell for cell, _ in sides)
    blocks: Sequence[Blocks] = [b for _, b in sides]
    asked = parse(figure.statistic)
    if asked.fold not in ("", *FITTED):
        parts = [folded(asked, b) for b in blocks]
        return Answer(figure, parts[0] if len(parts) == 1 else quotient(*parts),
                      n=min(map(len, blocks)), of="trial", cells=cells)
    values = list(values_of(blocks).values())
    if not values:
        raise Missing("no block has both")
    if asked.fold in BOUNDED:
        return Answer(figure, statistics.median(values), least=min(values), most=max(values),
                      n=len(values), of="trial", cells=cells)
    row = stats.many_intervals({0: values}, log=not asked.fold and min(values) >= 0)[0]
    return Answer(figure, row.centre, row.low, row.high, row.n, cells=cells)


def answer(data: Data, figure: Figure) -> Answer:
    """Returns the figure, or the reason why it is missing."""
    kind, _, reason = figure.statistic.partition(" ")
    try:
        return Answer(figure, reason=reason) if kind == "none:" else measured(data, figure)
    except Missing as missing:
        return Answer(figure, reason=str(missing))
