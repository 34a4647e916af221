# SPDX-License-Identifier: Apache-2.0
"""Computes the positions of bars, lines and dots on the page; the templates draw them.

Lengths are in CSS pixels of a figure with the width WIDTH, the width of a phone. Letters grow with
the figure.
"""
import math
from collections.abc import Sequence, Set
from typing import NamedTuple

from report.model.number import Estimate
from report.model.result import BoardRow, Latency, Scaling

WIDTH = 370.0
ROW = 16.0  # distance between two lines of text
AXIS, LABELS = 34.0, 186.0  # widths left and right of the lines
TOP = 12.0
NAMES = 126.0  # width left of the dots


class Bar(NamedTuple):
    """A bar with its interval, in per cent of the length of the largest bar."""
    width: float
    left: float
    span: float


class Tick(NamedTuple):
    """A tick of an axis, with its value."""
    at: float
    value: float


class Point(NamedTuple):
    """Coordinates of a point in a figure."""
    x: float
    y: float


class Line(NamedTuple):
    """The line of a map over threads. `trend` is up, down, or flat if it is uncertain."""
    points: tuple[Point, ...]
    label_y: float
    trend: str


class Lines(NamedTuple):
    """A figure over threads; the ticks of the y axis are operations per second."""
    width: float
    height: float
    right: float
    lines: tuple[Line, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[float, ...]


class Dots(NamedTuple):
    """A figure of latencies on a logarithmic scale; its ticks are ns.

    - rows: y, x of the median and x of the P99 for each map, or None if unknown
    - floors: x of the median of each driver without a map
    """
    width: float
    height: float
    rows: tuple[tuple[float, float | None, float | None], ...]
    ticks: tuple[Tick, ...]
    floors: tuple[float | None, ...]


def known(estimates: Sequence[Estimate]) -> list[float]:
    """Returns the values that are known."""
    return [e.value for e in estimates if e.value is not None]


def bars(board: Sequence[BoardRow], bounds: Set[str]) -> dict[str, Bar]:
    """Returns the bar of each map that has a rate. The bars of upper bounds may be cut off."""
    most = max([0.0, *(max(row.rate.value, row.rate.high or 0) for row in board
                       if row.rate.value is not None and row.map not in bounds)])
    return {row.map: bar(row.rate, most) for row in board
            if row.rate.value is not None and most > 0}


def bar(rate: Estimate, most: float) -> Bar:
    low, high = rate.low, rate.high
    value = rate.value or 0.0
    if low is None or high is None:
        low = high = value
    low = max(low, 0.0)
    value, low, high = (min(100.0, round(100 * x / most, 2))
                        for x in (value, low, high))
    return Bar(value, low, round(high - low, 2))


def steps(most: float, about: int = 5) -> list[float]:
    """Returns round numbers from 0 to `most`."""
    if most <= 0:
        return [0.0]
    raw = most / about
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 5, 10) if unit * m >= raw)
    return [step * i for i in range(int(most / step) + 1)]


def trend(gain: Estimate | None) -> str:
    """Returns up or down if the whole interval shows that the map gains or loses speed with more
    threads, else flat."""
    if gain is None or gain.low is None or gain.high is None:
        return "flat"
    return "up" if gain.low > 1 else "down" if gain.high < 1 else "flat"


def apart(wanted: Sequence[float], least: float, bottom: float) -> list[float]:
    """Moves heights so that they are at least `least` apart and above `bottom`. Keeps their
    order."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    placed = list(wanted)
    above = -math.inf
    for i in order:
        above = placed[i] = max(wanted[i], above + least)
    below = bottom + least
    for i in reversed(order):
        below = placed[i] = min(placed[i], below - least)
    return placed


def lines(scaling: Sequence[Scaling]) -> Lines | None:
    """Computes the lines of rates over threads (x: log2, y: linear). Returns None if fewer than two
    thread counts were measured."""
    counts = sorted({t for one in scaling for t in one.threads})
    most = max([0.0, *(v for one in scaling for v in known(one.rates))])
    if len(counts) < 2 or most <= 0:
        return None
    right = WIDTH - LABELS
    bottom = TOP + max(300.0, ROW * len(scaling))
    wide = math.log2(counts[-1] / counts[0])
    xs = {t: round(AXIS + (right - AXIS) * math.log2(t / counts[0]) / wide, 1)
          for t in counts}

    def height(rate: float) -> float:
        return round(bottom - (bottom - TOP) * rate / most, 1)

    points = [tuple(Point(xs[t], height(e.value))
                    for t, e in zip(one.threads, one.rates)
                    if e.value is not None) for one in scaling]
    labels = apart([p[-1].y if p else bottom for p in points], ROW, bottom)
    return Lines(WIDTH, bottom + 28, right, tuple(
        Line(p, round(y, 1), trend(one.gain))
        for p, y, one in zip(points, labels, scaling)),
        tuple(Tick(height(v), v) for v in steps(most)), tuple(xs.values()))


def log_ticks(low: float, high: float) -> list[float]:
    """Returns 1, 3, 10, 30 ... between low and high, and one more on each side; if these are too
    many, 1, 10, 100."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    all_ = [m * 10.0 ** e for e in range(first - 1, last + 1) for m in (1, 3)]
    below = max(t for t in all_ if t <= low)
    above = min([t for t in all_ if t >= high] or [high])
    ticks = [t for t in all_ if below <= t <= above]
    if len(ticks) > 5:
        ticks = [10.0 ** e for e in range(
            math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]
    return ticks


def dots(latency: Latency | None) -> Dots | None:
    """Computes the dots for the median and P99 of each map. Returns None if no median is known."""
    if latency is None:
        return None
    medians = known([row.median for row in latency.rows])
    if not medians:
        return None
    tails = known([row.p99 for row in latency.rows])
    floors = known([row.median for row in latency.floors])
    ticks = log_ticks(min(medians + floors), max(medians + tails + floors))
    wide = math.log(ticks[-1] / ticks[0]) or 1.0

    def x(value: float | None) -> float | None:
        if value is None:
            return None
        part = math.log(value / ticks[0]) / wide
        return round(NAMES + 10 + (WIDTH - NAMES - 36) * part, 1)

    high = 22.0 if len(latency.rows) <= 16 else ROW
    rows = tuple((TOP + 8 + high * i, x(row.median.value), x(row.p99.value))
                 for i, row in enumerate(latency.rows))
    return Dots(WIDTH, TOP + high * len(rows) + 28, rows,
                tuple(Tick(x(t) or 0, t) for t in ticks),
                tuple(x(row.median.value) for row in latency.floors))
