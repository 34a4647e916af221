# SPDX-License-Identifier: Apache-2.0
"""Writes figures for papers: gnuplot scripts with data, drawn if gnuplot is installed."""
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from report.model.cards import short_names
from report.model.number import Estimate
from report.model.result import Result

SCRIPTS = Path(__file__).with_name("gnuplot")
HEAD = "map,threads,value,low,high\n"


class Point(NamedTuple):
    """A row of the data of a figure; `low` and `high` are the interval, or None."""
    map: str
    threads: int
    value: float
    low: float | None
    high: float | None


def data(result: Result) -> dict[str, list[Point]]:
    """Returns the rows of each script: rates and slowdowns of the main table, scaling in million
    operations/s, latency in ns (with P50 to P99 as the interval)."""
    known = short_names(result.cards)
    return {script: [row._replace(map=known.get(row.map, row.map)) for row in rows]
            for script, rows in by_id(result).items()}


def by_id(result: Result) -> dict[str, list[Point]]:
    """Returns the rows of data() with the ids of maps instead of their names."""
    threads = result.groups[0].place.threads if result.groups else 0
    misuse = {card.id for card in result.cards if card.misuse}
    board = [row for row in result.board if row.map not in misuse]
    latency = result.latency.rows if result.latency else ()
    return {
        "board": list(points([(r.map, threads, r.rate) for r in board], 1e6)),
        "ratio": list(points([(r.map, threads, r.slower) for r in board], 1)),
        "scaling": list(points([(one.map, t, e) for one in result.scaling
                                for t, e in zip(one.threads, one.rates)], 1e6)),
        "latency": [Point(row.map, 0, row.median.value, row.median.value,
                          row.p99.value) for row in latency
                    if row.median.value is not None]}


def points(rows: Sequence[tuple[str, int, Estimate | None]],
           unit: float) -> Iterator[Point]:
    """Yields the rows that have a value, divided by a unit."""
    for name, threads, one in rows:
        if one is not None and one.value is not None:
            low, high = (None if x is None else x / unit
                         for x in (one.low, one.high))
            yield Point(name, threads, one.value / unit, low, high)


def line(point: Point) -> str:
    """Formats a row of a CSV file; names are quoted for gnuplot."""
    numbers = ("" if x is None else f"{x:.6g}" for x in point[2:])
    name = point.map.replace('"', "'").replace("\n", " ")
    return f'"{name}",{point.threads},{",".join(numbers)}\n'


def write(result: Result, folder: Path, pdf: bool) -> bool:
    """Writes NAME.gp, NAME.csv and, if gnuplot is installed, NAME.svg (and NAME.pdf). Returns
    True if figures were drawn. Raises CalledProcessError if gnuplot fails."""
    folder.mkdir()
    drawn = shutil.which("gnuplot") is not None
    for name, rows in data(result).items():
        if not rows:
            continue
        (folder / f"{name}.csv").write_text(HEAD + "".join(map(line, rows)),
                                            encoding="utf-8")
        shutil.copyfile(SCRIPTS / f"{name}.gp", folder / f"{name}.gp")
        if not drawn or all(None in (p.low, p.high) for p in rows):
            continue  # gnuplot fails if no point has an interval
        for end in ("svg", "pdf") if pdf else ("svg",):
            subprocess.run(["gnuplot", "-d", "-e", f"out='{name}.{end}'", f"{name}.gp"],
                           cwd=folder, check=True, stdin=subprocess.DEVNULL,
                           capture_output=True)
    return drawn
