# SPDX-License-Identifier: Apache-2.0
"""Writes the page of a search in stages (docs/reference/crossover.md): DIR/report/index.html,
verdicts.json and tables. The sentences are in sweep/templates."""
import csv
import io
import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from report import staged
from report.load import JournalError
from report.model.encode import to_json
from report.render import write
from report.render.figures import Tick, apart
from report.staged import Staged
from report.sweep import decide, text
from report.sweep.decide import BoundaryRow, Decision, PointRow, words_of
from report.workload_values import Value, counted

HEIGHT, LEFT, RIGHT, TOP = 340.0, 46.0, 560.0, 14.0  # pixels
SERIES = 6  # largest number of lines in a figure
ROW = 17.0  # smallest distance between two labels
NUDGE = 3.0  # horizontal shift that separates intervals at the same value


class Mark(NamedTuple):
    """A point of the figure with its interval, in pixels; `row` has its numbers."""
    x: float
    y: float
    low: float
    high: float
    row: PointRow


class Series(NamedTuple):
    """The points on one line of the lattice."""
    label: str
    label_y: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Figure:
    """Ratios B / A over the searched factor. The measured values of the factor have equal
    distances; the ratio has a logarithmic axis.

    - lines: number of lines of the lattice, of which `series` are shown
    - even: height of a ratio of 1
    """
    axis: str
    series: tuple[Series, ...]
    lines: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    even: float


class Commands(NamedTuple):
    """Commands that repeat or continue the search; `folder` is its name in them."""
    again: str
    resume: str
    folder: str


def commands(search: Staged, campaign: Path | None = None) -> Commands:
    """Returns commands to paste, for the folder as given or for `campaign`."""
    folder = shlex.quote(str(campaign or search.path))
    again = ["readmostly", "dev", "crossover", *search.pair,
             *(("--mode", search.meta.mode) if search.meta.mode else ()),
             "--seed", str(search.meta.seed), "--budget", str(search.meta.budget_trials)]
    again += [word for line in search.meta.set or () for word in ("--set", line)]
    return Commands(shlex.join(again), f"readmostly dev crossover -o {folder} --resume", folder)


# ---- the figure -------------------------------------------------------------------

def value_at(row: PointRow, axis: str) -> float:
    """Returns the value of an ordered factor at a point."""
    return next(f.value for f in row.place
                if f.name == axis and isinstance(f.value, (int, float)))


def lines_of(found: Decision, axis: str) -> list[list[PointRow]]:
    """Returns the points with an interval, by line. Lines on which both maps lead come first, then
    lines with the most points."""
    lines: dict[tuple[Value, ...], list[PointRow]] = {}
    for row in found.points:
        if row.low is not None:
            lines.setdefault(tuple(f.value for f in row.place if f.name != axis), []).append(row)
    return sorted((line for line in lines.values() if len(line) > 1),
                  key=lambda line: (-len({r.leads for r in line} - {None}), -len(line)))


def figure(found: Decision) -> Figure | None:
    """Computes the figure. Returns None if no line has two points with an interval."""
    axis = found.moves.axis or "write_share"
    lines = lines_of(found, axis)
    if not lines:
        return None
    shown = lines[:SERIES]
    values = sorted({value_at(r, axis) for line in shown for r in line})
    reach = max(1.0, *(abs(math.log2(v)) for line in shown for r in line
                       for v in (r.low, r.high) if v))

    def x_of(value: float) -> float:
        share = values.index(value) / max(len(values) - 1, 1)
        return round(LEFT + 12 + (RIGHT - LEFT - 24) * share, 1)

    def y_of(ratio: float | None) -> float:
        return round(TOP + HEIGHT * (0.5 - math.log2(ratio or 1) / (2 * reach)), 1)

    marks = [tuple(Mark(x_of(value_at(r, axis)) + NUDGE * (i - len(shown) / 2), y_of(r.ratio),
                        y_of(r.low), y_of(r.high), r) for r in line)
             for i, line in enumerate(shown)]
    labels = apart([m[-1].y for m in marks], ROW, TOP + HEIGHT)
    step = max(1, math.ceil(reach / 4))
    end = int(reach / step) * step
    return Figure(axis, tuple(
        Series(words_of([f for f in line[0].place if f.name != axis]), round(y, 1), m)
        for line, y, m in zip(shown, labels, marks)), len(lines),
        tuple(Tick(x_of(v), v) for v in values),
        tuple(Tick(y_of(2.0 ** p), 2.0 ** p) for p in range(-end, end + 1, step)), y_of(1))


# ---- files ------------------------------------------------------------------------

def field(value: object) -> object:
    """Formats a CSV field: six digits, the text of a word, empty if unknown."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return value.value if isinstance(value, Enum) else "" if value is None else value


def table(rows: Sequence[PointRow] | Sequence[BoundaryRow]) -> str:
    """Formats CSV with a line for each row, and the place in words."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [n for n in (vars(rows[0]) if rows else ()) if n not in ("place", "cells")]
    writer.writerow(["place", *names])
    writer.writerows([words_of(r.place), *(field(getattr(r, n)) for n in names)] for r in rows)
    return out.getvalue()


def status(search: Staged, found: Decision) -> tuple[str, bool]:
    """Returns the last line for the terminal, and whether the search is incomplete."""
    if not found.finished:
        return (f"incomplete: the search has not ended; continue with: {commands(search).resume}",
                True)
    words = (f"{counted(found.stages, 'stage')}, "
             f"{counted(found.counts.measured, 'measured point')}, "
             f"{found.trials} of {counted(found.budget_trials, 'trial')}")
    lost = found.counts.no_interval
    if lost:
        return f"incomplete: {words}; {counted(lost, 'point')} without an interval", True
    return f"complete: {words}", False


def fill(new: Path, search: Staged, found: Decision, campaign: Path | None) -> None:
    """Writes all files of the report."""
    (new / "tables").mkdir(parents=True)
    page = text.page(
        d=found, fig=figure(found), commands=commands(search, campaign), meta=search.meta,
        first=search.stages[0].plan if search.stages else None,
        begun=search.begun and search.begun.path.name,
        failed={m: why for s in search.stages for m, why in s.failed_maps.items()})
    for name, content in (("index.html", page), ("verdicts.json", to_json(found)),
                          ("tables/points.csv", table(found.points)),
                          ("tables/boundaries.csv", table(found.boundaries))):
        (new / name).write_text(content, encoding="utf-8")


def build(folder: Path | str, campaign: Path | None = None) -> tuple[list[str], bool]:
    """Writes FOLDER/report. Returns lines for the terminal, and whether the search is incomplete.
    The commands on the page name the folder `campaign`; None means FOLDER. Raises JournalError if
    the folder has no search, or its stages cannot be read."""
    search = staged.read(folder)
    if search.kind != "crossover":
        raise JournalError(f"{folder} has stages of {search.kind}, not of a crossover; make the "
                           f"page of one stage instead (python3 -m report {folder}/stage-01)")
    found = decide.decided(search)
    page = write.rewrite(Path(folder) / "report", lambda new: fill(new, search, found, campaign))
    words, incomplete = status(search, found)
    return [*found.words, "", f"status: {words}", f"report: {page}"], incomplete
