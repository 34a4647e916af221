# SPDX-License-Identifier: Apache-2.0
"""The page of a search in stages (docs/crossover.md): DIR/report/index.html,
verdicts.json and tables. Its sentences are in sweep/templates."""
import csv
import io
import math
import os
import shlex
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
from report.workload_values import Value, counted, text_of

WIDTH, HEIGHT, LEFT, RIGHT, TOP = 760.0, 340.0, 46.0, 560.0, 14.0
SERIES = 6  # lines that a figure can show
ROW = 17.0  # between two labels
NUDGE = 3.0  # so that intervals at one place do not cover each other


class Mark(NamedTuple):
    """A point of the figure with its interval, in pixels; row: its numbers."""
    x: float
    y: float
    low: float
    high: float
    row: PointRow


@dataclass(frozen=True)
class Series:
    """The points of one line of the lattice."""
    label: str
    label_y: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Figure:
    """Ratios B / A over the searched factor; both axes in equal steps: of its
    measured values, and of the logarithm of the ratio.

    lines  of the lattice; shown are `series`
    even   height of a ratio of 1
    """
    axis: str
    series: tuple[Series, ...]
    lines: int
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    even: float


@dataclass(frozen=True)
class Commands:
    """Each can be pasted."""
    again: str
    page: str
    resume: str
    decide: str
    validate: str


def commands(of: Staged) -> Commands:
    """How to search again, and how to go on. A pair of --all is one folder
    deeper in results/."""
    parts = of.path.resolve().parts
    deep = 2 if parts[-1] == "-".join(of.pair) else 1
    folder = shlex.quote("/".join(("results", *parts[-deep:])))
    again = ["readmostly", "dev", "crossover", *of.pair]
    if of.meta.mode is not None:
        again += ["--mode", of.meta.mode]
    again += ["--seed", str(of.meta.seed), "--budget", str(of.meta.budget_trials)]
    for line in of.meta.set or ():
        again += ["--set", line]
    return Commands(shlex.join(again), f"make report CAMPAIGN={folder}",
                    f"readmostly dev crossover -o {folder} --resume",
                    f"python3 -m report decide {folder}", f"readmostly dev validate {folder}")


# ---- the figure -------------------------------------------------------------------

def value_at(row: PointRow, axis: str) -> float:
    """Value of an ordered factor at a point."""
    return next(f.value for f in row.place
                if f.name == axis and isinstance(f.value, (int, float)))


def lines_of(found: Decision, axis: str) -> list[list[PointRow]]:
    """Points with an interval, by line; lines with most points first, and of
    these the ones on which both maps lead."""
    lines: dict[tuple[Value, ...], list[PointRow]] = {}
    for row in found.points:
        if row.low is not None:
            key = tuple(f.value for f in row.place if f.name != axis)
            lines.setdefault(key, []).append(row)
    many = [line for line in lines.values() if len(line) > 1]
    return sorted(many, key=lambda line: (-len({r.leads for r in line} - {None}), -len(line)))


def figure(found: Decision) -> Figure | None:
    """The figure; None: no line has two points with an interval."""
    axis = found.moves.axis or "write_share"
    lines = lines_of(found, axis)
    if not lines:
        return None
    shown = lines[:SERIES]
    values = sorted({value_at(r, axis) for line in shown for r in line})
    ends = [abs(math.log2(v)) for line in shown for r in line for v in (r.low, r.high) if v]
    reach = max(1.0, *ends)
    bottom = TOP + HEIGHT
    wide = max(len(values) - 1, 1)

    def x_of(value: float) -> float:
        return LEFT + 12 + (RIGHT - LEFT - 24) * values.index(value) / wide

    def y_of(ratio: float) -> float:
        return round(TOP + HEIGHT * (0.5 - math.log2(ratio) / (2 * reach)), 1)

    marks = [tuple(Mark(round(x_of(value_at(r, axis)) + NUDGE * (i - len(shown) / 2), 1),
                        y_of(r.ratio or 1), y_of(r.low or 1), y_of(r.high or 1), r)
                   for r in line) for i, line in enumerate(shown)]
    labels = apart([m[-1].y for m in marks], ROW, bottom)
    steps = max(1, math.ceil(reach / 4))
    powers = range(-int(reach / steps) * steps, int(reach / steps) * steps + 1, steps)
    return Figure(axis, tuple(
        Series(words_of([f for f in line[0].place if f.name != axis]), round(y, 1), m)
        for line, y, m in zip(shown, labels, marks)), len(lines),
        tuple(Tick(round(x_of(v), 1), v) for v in values),
        tuple(Tick(y_of(2.0 ** p), 2.0 ** p) for p in powers), y_of(1))


# ---- files ------------------------------------------------------------------------

def number(value: float | None) -> str:
    """Six digits; empty: not known."""
    return "" if value is None else f"{value:.6g}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def points_csv(rows: Sequence[PointRow]) -> str:
    """A line for each measured point."""
    names = [f.name for f in rows[0].place] if rows else []
    return table([*names, "looks", "n", "ratio", "low", "high", "verdict", "leads", "base_rate",
                  "why"],
                 [[*(f.value for f in r.place), r.looks, r.n, number(r.ratio), number(r.low),
                   number(r.high), r.verdict.value, r.leads or "", number(r.base_rate), r.why]
                  for r in rows])


def boundaries_csv(rows: Sequence[BoundaryRow]) -> str:
    """A line for each boundary."""
    return table(["place", "axis", "kind", "from", "to", "leads_below", "leads_above", "steps",
                  "resolved", "position", "low", "high", "n", "why"],
                 [[words_of(b.place), b.axis, b.kind.value, text_of(b.axis, b.start),
                   text_of(b.axis, b.end), b.leads_below or "", b.leads_above or "", b.steps,
                   b.resolved, number(b.position), number(b.low), number(b.high), b.n, b.why or ""]
                  for b in rows])


def status(of: Staged, found: Decision) -> tuple[str, bool]:
    """(the last line of the terminal, is it incomplete)."""
    if not found.finished:
        return (f"incomplete: the search {'was stopped' if of.begun else 'is not at its end'}; go "
                f"on with: {commands(of).resume}"), True
    lost = found.counts.no_interval
    words = (f"{counted(len(found.stages), 'stage')}, "
             f"{counted(found.counts.measured, 'measured point')}, "
             f"{found.trials} of {counted(found.budget_trials, 'trial')}")
    if lost:
        return f"incomplete: {words}; {counted(lost, 'point')} without an interval", True
    return f"complete: {words}", False


def fill(new: Path, of: Staged, found: Decision) -> None:
    """Writes all files of the report."""
    (new / "tables").mkdir(parents=True)
    page = text.page(
        d=found, fig=figure(found), commands=commands(of), meta=of.meta,
        first=of.stages[0].plan if of.stages else None, begun=of.begun and of.begun.path.name,
        failed={m: why for s in of.stages for m, why in s.failed_maps.items()})
    for name, content in (("index.html", page), ("verdicts.json", to_json(found)),
                          ("tables/points.csv", points_csv(found.points)),
                          ("tables/boundaries.csv", boundaries_csv(found.boundaries))):
        (new / name).write_text(content, encoding="utf-8")


def build(folder: Path | str) -> tuple[list[str], bool]:
    """Writes FOLDER/report; returns (lines for the terminal, incomplete).

    JournalError: the folder is no search, or its stages cannot be read.
    """
    of = staged.read(folder)
    if of.kind != "crossover":
        raise JournalError(f"{folder}: stages of {of.kind}: each stage has its page (python3 -m "
                           f"report {folder}/stage-01), expected a crossover")
    found = decide.decided(of)
    path = Path(folder) / "report"
    write.sweep(path)
    new = path.with_name(f"{path.name}.new-{os.getpid()}")
    try:
        fill(new, of, found)
        write.replace(new, path)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    words, incomplete = status(of, found)
    return [*found.words, "", f"status: {words}", f"report: {path / 'index.html'}"], incomplete
