# SPDX-License-Identifier: Apache-2.0
"""Collects the values by block that a campaign has for a claim; rules.py decides the verdict from
them."""
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from report import stats
from report.claims import golang
from report.claims.cells import Cells, Missing, Query, as_written
from report.claims.ledger import ADDING, Claim
from report.claims.statistic import Blocks, Data, blocks_of, quotient, values_of
from report.load import Cell


@dataclass(frozen=True)
class Evidence:
    """The values of one cell of a claim, or of the ratio of two cells.

    - where: the cell as the ledger describes it
    - cells: ids of the subject's cell and of the divisor's cell
    - values: pairs (block, value); ratios if there are two cells
    - total: the subject's statistic, summed over its trials
    - against: the same sum for the divisor
    - base: centre of the divisor's values
    - trials: number of trials of the subject
    - reason: the reason for which values are missing
    """
    where: str
    cells: tuple[str, ...] = ()
    values: tuple[tuple[int, float], ...] = ()
    total: float | None = None
    against: float | None = None
    base: float | None = None
    trials: int = 0
    measure: str = ""
    reason: str = ""
    planned: bool = True

    @property
    def series(self) -> list[float]:
        """The values in order of time."""
        return [value for _, value in self.values]

    @property
    def logs(self) -> list[float]:
        """The logarithms of the values. A value of 0 or less becomes minus infinity, because
        leaving it out would overstate the certainty of the other values."""
        return [math.log(v) if v > 0 else -math.inf for v in self.series]


Part = tuple[Claim, Evidence]  # a claim about one cell, and its evidence


def query_of(one: Claim, where: str | None = None) -> Query:
    """Builds the query of a claim about one cell."""
    return Query(one.workload, one.cells[0] if where is None else where, one.subject,
                 one.against, one.statistic)


def centre(blocks: Blocks) -> float | None:
    """Pseudo-median of one side's values, or None if a value is 0 or less."""
    values = [quotient(*blocks[b]) for b in sorted(blocks)]
    if not values or min(values) <= 0:
        return None
    return stats.many_intervals({0: values})[0].centre


def taken(data: Data, query: Query) -> tuple[Evidence, list[Blocks]]:
    """Returns the evidence without its values, which need a division for each block, and the
    (dividend, divisor) by block of each side. Raises Missing."""
    sides = [blocks_of(data, query, side) for side in query.sides]
    cells = [cell for cell, _ in sides]
    if len({c.id for c in cells}) < len(cells):
        raise Missing("both sides are one cell on this machine")
    totals = [sum(above for above, _ in blocks.values()) for _, blocks in sides]
    return Evidence(
        query.where, tuple(c.id for c in cells), total=totals[0],
        against=totals[1] if len(totals) > 1 else None, trials=len(sides[0][1]),
        measure=cells[0].measure), [blocks for _, blocks in sides]


def of_cells(data: Data, one: Claim, query: Query) -> Evidence:
    """Collects the values by block of a cell, or of the ratio of two cells. Exact counts that are
    0 on both sides have the ratio 1. Raises Missing."""
    known, sides = taken(data, query)
    if len(sides) > 1 and one.numbers == "simulated" and not (known.total or known.against):
        values = dict.fromkeys(sorted(set(sides[0]).intersection(sides[1])), 1.0)
    else:
        values = values_of(sides)
    return replace(known, values=tuple(values.items()),
                   base=centre(sides[1]) if known.against else None)


def on_axis(cell: Cell, axis: str) -> float:
    """Returns a factor as a number. For a loop this is the first number in its name."""
    value: object = getattr(cell.factors, axis)
    return float(value.split(":")[1] if isinstance(value, str) else str(value))


def along(data: Data, one: Claim, query: Query) -> Evidence:
    """Computes a slope for each block over the cells that differ in the axis. Raises Missing."""
    points = {as_written(c.factors, one.axis): on_axis(c, one.axis)
              for c in data.cells.fitting(query, query.subject)}
    if len(points) < 3:
        raise Missing(f"{len(points)} values of {one.axis}, expected 3")
    ordered = sorted(points.items(), key=lambda point: point[1])
    parts = [of_cells(data, one, replace(query, where=f"{query.where} {one.axis}={text}"))
             for text, _ in ordered]
    curves: dict[int, list[float]] = {}
    for found in parts:
        for block, value in found.values:
            curves.setdefault(block, []).append(value)
    whole = [b for b in sorted(curves) if len(curves[b]) == len(parts) and min(curves[b]) > 0]
    if not whole:
        raise Missing("no block has every value of " + one.axis)
    slopes = stats.block_slopes([x for _, x in ordered], [curves[b] for b in whole])
    return Evidence(query.where, tuple(c for found in parts for c in found.cells),
                    tuple(zip(whole, map(float, slopes))),
                    trials=sum(found.trials for found in parts), measure=parts[0].measure)


# ---- the cells of a claim ---------------------------------------------------

Place = tuple[str, str, str, tuple[float, ...], str]


def place_of(one: Claim, cell: Cell) -> Place:
    """Returns a key that differs for all claims about one cell. The id of the cell is not enough,
    because two lines of the ledger may use the same cell with different statistics."""
    return cell.id, one.against, one.statistic, one.claimed, one.side


def elsewhere(cells: Cells, one: Claim, known: set[Place]) -> list[Claim]:
    """Copies the claim to every other place at which the plan has both sides. The copies differ in
    the factors that the article does not state. `known` lists the places that already have a claim;
    the new places are added to it."""
    found = []
    where = " ".join(word for word in one.cells[0].split()
                     if word.partition("=")[0] not in one.free)
    for cell in cells.fitting(query_of(one, where), one.subject):
        place = " ".join([where, *(f"{name}={as_written(cell.factors, name)}"
                                   for name in one.free)])
        if place_of(one, cell) not in known and cells.planned(query_of(one, place)):
            known.add(place_of(one, cell))
            found.append(replace(one, cells=(place,)))
    return found


def parts(cells: Cells, claim: Claim, ones: Sequence[Claim]) -> list[Claim]:
    """Splits a claim into claims about one cell: first the cells of the ledger, then the cells that
    a longer mode adds. A line of the ledger that matches several cells becomes several claims.
    `ones` is Claim.each() or Claim.varied()."""
    if not claim.free:
        return list(ones)
    fits = [cells.fitting(query_of(one), one.subject) for one in ones]
    known = {place_of(one, fit[0]) for one, fit in zip(ones, fits) if len(fit) == 1}
    return [one for one, fit in zip(ones, fits) if len(fit) < 2] + [
        more for one in ones for more in elsewhere(cells, one, known)]


def of_part(data: Data, one: Claim) -> Evidence:
    """Collects the evidence on a claim about one cell."""
    query = query_of(one)
    if not data.cells.planned(query):
        return Evidence(query.where, reason="not in this run", planned=False)
    try:
        if one.rule in ADDING:  # because the divisor of these counts may be 0
            return taken(data, query)[0]
        return (along if one.rule == "slope" else of_cells)(data, one, query)
    except Missing as missing:
        return Evidence(query.where, reason=str(missing))


def named(ones: Sequence[Claim]) -> list[str]:
    """Names each cell of a claim. A name includes the maps and the statistic if these differ
    between the cells, but not the version of Go."""
    names = [one.cells[0] for one in ones]
    for words in ([" / ".join(filter(None, map(golang.plain, (one.subject, one.against))))
                   for one in ones], [one.statistic for one in ones]):
        if len(set(words)) > 1:
            names = [f"{name} {word}" for name, word in zip(names, words)]
    return names


def of_parts(data: Data, ones: Sequence[Claim]) -> list[Part]:
    """Collects the evidence on each of these claims about one cell."""
    return [(one, replace(of_part(data, one), where=name))
            for one, name in zip(ones, named(ones))]
