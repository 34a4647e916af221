# SPDX-License-Identifier: Apache-2.0
"""Computes the percentiles of open loops. Each percentile is computed from the histogram of a
trial; the median over trials gets an interval."""
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from report import stats
from report.decide.groups import estimate, place_of
from report.load import Campaign, Cell
from report.load import histogram
from report.load.trial import Latency as Entry
from report.model.number import Estimate, Unit, unknown
from report.model.result import Latency, LatencyRow

PERCENTILES = (0.5, 0.9, 0.99, 0.999)  # shown on the linked page
SHOWN = (0.5, 0.99)  # shown on the first page
LATE = 1.2  # a loop that takes more than this multiple of the scheduled time is overloaded
FLOOR = "no-state"  # a map with this capability does nothing, so it shows the latency of the driver
# Maps a kind of write to the second operation of its pair. The second operation starts when the
# first ends, so it has no intended start time.
SECOND = {"churn": "upsert", "fresh": "remove"}


@dataclass(frozen=True)
class Series:
    """One kind of operation in one cell, with an entry for each trial. `clock` is "service", or
    "intended" if latencies count from the planned start."""
    cell: Cell
    operation: str
    was_there: bool
    clock: str
    entries: tuple[Entry, ...]

    @property
    def operations(self) -> int:
        """Smallest number of operations of a trial. It limits the percentiles."""
        return min(e.count for e in self.entries)


def series_of(cell: Cell) -> list[Series]:
    """Returns all series of a latency cell."""
    found: dict[tuple[str, bool, str], list[Entry]] = {}
    for trial in cell.ok:
        for e in (trial.result.latency if trial.result else None) or ():
            planned = not (e.clock == "intended"
                           and e.operation == SECOND.get(cell.factors.write_kind))
            if e.count and planned:
                found.setdefault((e.operation, e.was_there, e.clock), []).append(e)
    return [Series(cell, *key, tuple(entries)) for key, entries in sorted(found.items())]


def percentile(campaign: Campaign, series: Series, p: float) -> Estimate:
    """Median over trials of the quantile p, 0 < p < 1."""
    need = stats.needed_n(p)
    if series.operations < need:
        return unknown(Unit.TIME, f"{series.operations} operations, {need} needed")
    values = []
    for entry in series.entries:
        read = histogram.read(campaign.path, entry)
        if read is not None:
            values.append(read.quantile(p))
    return estimate(stats.median_of(values), Unit.TIME)


def overload(cell: Cell) -> float | None:
    """If an open loop did not keep up, returns the median of time taken / scheduled time; its
    latencies are then mostly queueing time. Returns None if the loop kept up."""
    times = []
    for trial in cell.ok:
        arrivals = cell.factors.window_ns or (
            1e9 * cell.factors.window_ops / cell.factors.rate_per_s
            if cell.factors.rate_per_s else 0)
        if arrivals and trial.result and trial.result.elapsed_ns:
            times.append(trial.result.elapsed_ns / arrivals)
    late = float(np.median(times)) if times else 0.0
    return late if late > LATE else None


def cells_of(campaign: Campaign) -> list[Cell]:
    return [c for c in campaign.cells.values()
            if c.measure == "latency" and c.factors.common and c.ok]


def lookups(campaign: Campaign, cells: Sequence[Cell]) -> Iterator[LatencyRow]:
    """Yields the service times of look-ups of present keys, for each cell that kept up."""
    for cell in cells:
        for series in series_of(cell):
            if (series.operation, series.was_there, series.clock) == ("lookup", True, "service") \
                    and overload(cell) is None:
                yield LatencyRow(cell.map, *(percentile(campaign, series, p) for p in SHOWN))


def is_floor(campaign: Campaign, name: str) -> bool:
    """True if the map does nothing, so that only the driver is measured."""
    return FLOOR in campaign.maps[name].caps


def largest_group(campaign: Campaign) -> list[Cell]:
    """Returns the cells of the place and rate that have the most maps."""
    groups: dict[object, list[Cell]] = {}
    for cell in cells_of(campaign):
        groups.setdefault((place_of(cell.factors), cell.factors.rate_per_s), []).append(cell)
    return max(groups.values(), key=len, default=[])


def latency(campaign: Campaign) -> Latency | None:
    """Computes the latencies that the page shows. Returns None if none were measured."""
    cells = largest_group(campaign)
    rows = sorted(lookups(campaign, cells), key=lambda r: (r.median.value or 0.0, r.map))
    about: Mapping[str, bool] = {r.map: is_floor(campaign, r.map) for r in rows}
    peers = tuple(r for r in rows if not campaign.maps[r.map].bound)
    if not peers:
        return None
    return Latency(place_of(cells[0].factors), cells[0].factors.rate_per_s, peers,
                   tuple(r for r in rows if about[r.map]))
