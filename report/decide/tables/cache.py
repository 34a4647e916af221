# SPDX-License-Identifier: Apache-2.0
"""Tables of cache events, from a simulated machine and from hardware counters."""
import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report import stats
from report.decide.groups import estimate
from report.decide.tables.numbers import PLACE, place_values
from report.load import Campaign, Cell
from report.load.decode import decode
from report.load.plan import Factors
from report.load.trial import Counters, Event, Result
from report.model.number import Estimate, Unit, unknown
from report.model.table import Table, Value

STORED = Path(__file__).resolve().parents[2] / "simulated_counts.json"
PREFIX = "simulated:"
# Maps a column of the table to the counts that are added up for it.
COUNTS: Mapping[str, tuple[str, ...]] = {
    "l1d_misses": ("l1d_load_misses", "l1d_store_misses"),
    "cold": ("cold_misses",), "capacity": ("capacity_misses",),
    "coherence": ("coherence_misses",), "invalidations": ("invalidations",),
    "false_sharing": ("false_sharing_invalidations",), "upgrades": ("upgrades",),
    "from_another_core": ("transfers_modified", "transfers_clean"), "atomics": ("atomics",)}
GOOD = ("exact", "replayed")
PER_CYCLE = "instructions_per_cycle"
# Maps a column to a factor (bytes or 1) and to the metrics of events.tsv that are added up. The
# first of several alternative metrics is used.
TRAFFIC: Mapping[str, tuple[int, tuple[tuple[str, ...], ...]]] = {
    "l1d_hits": (1, (("l1d_load_hit",),)),
    "l1d_misses": (1, (("l1d_load_miss", "l1d_fill_demand", "l1d_miss_alloc"),)),
    "l1d_evictions": (1, (("l1d_m_evict", "l1d_wb"),)),
    "l2_bytes": (64, (("l1d_fill",), ("l1d_m_evict", "l1d_wb"))),
    "l3_bytes": (64, (("l2_fill",),))}


@dataclass(frozen=True)
class StoredCell:
    """A cell that was simulated earlier (docs/adr/0014)."""
    cell: Factors
    ops: int
    counts: Mapping[str, float]
    code: str | None = None


@dataclass(frozen=True)
class Stored:
    """The content of report/simulated_counts.json."""
    model: str
    commit: str
    compiler: str
    cells: tuple[StoredCell, ...]


def sums(counts: Mapping[str, float], ops: int) -> Iterator[float | None]:
    """Yields the columns COUNTS per operation; a column is None if its count is missing."""
    for names in COUNTS.values():
        yield sum(counts[n] for n in names) / ops if ops and all(n in counts for n in names) \
            else None


def middle(columns: Sequence[tuple[float | None, ...]]) -> Iterator[float | None]:
    """Yields the median of each column over the trials. Counts differ between trials only because
    the trials use different keys."""
    for values in zip(*columns):
        known = [v for v in values if v is not None]
        yield statistics.median(known) if known else None


def of_campaign(campaign: Campaign) -> Iterator[tuple[Value, ...]]:
    """Yields the rows of cells that the campaign simulated."""
    for cell in campaign.cells.values():
        if cell.measure.startswith(PREFIX) and cell.ok:
            trials = []
            for t in cell.ok:
                events = t.result.counters.events if t.result and t.result.counters else ()
                counts = {e.metric: e.total for e in events if e.total is not None}
                trials.append(tuple(sums(counts, (t.result.ops if t.result else None) or 0)))
            yield (cell.map, cell.measure.removeprefix(PREFIX), *place_values(cell.factors),
                   *middle(trials), len(trials), "this run")


def of_store(campaign: Campaign) -> Iterator[tuple[Value, ...]]:
    """Yields rows from the stored simulation, for campaigns of a mode that simulated nothing. The
    column `source` shows whether this build has the same machine code."""
    stored = decode(Stored, json.loads(STORED.read_text(encoding="utf-8")))
    for row in stored.cells:
        if row.cell.map in campaign.maps:
            same = row.code == campaign.maps[row.cell.map].code
            yield (row.cell.map, stored.model, *place_values(row.cell),
                   *sums(row.counts, row.ops), 1,
                   f"commit {stored.commit}, " + ("same code" if same else "other code"))


def simulated(campaign: Campaign) -> Table:
    """Builds the table of counts per operation on the simulated machine."""
    rows = tuple(of_campaign(campaign))
    if not rows and campaign.plan.mode and not campaign.plan.synthetic:
        rows = tuple(of_store(campaign))
    return Table("simulated", ("map", "model", *PLACE, *COUNTS, "trials", "source"), rows)


# ---- hardware ---------------------------------------------------------------------

def with_ratio(events: Sequence[Event]) -> list[Event]:
    """Adds instructions per cycle to the events of a trial that counted instructions and cycles."""
    known = {e.metric: e for e in events if e.total is not None}
    both = [known[m] for m in ("instructions", "cycles") if m in known]
    if len(both) < 2 or not both[1].total or both[0].total is None:
        return list(events)
    quality = next((e.quality for e in both if e.quality != GOOD[0]), GOOD[0])
    return [*events, replace(both[0], metric=PER_CYCLE, event=None, code=None,
                             total=both[0].total / both[1].total, quality=quality)]


def source_of(counters: Counters, own_threads: bool) -> str:
    """Formats the back end and its scope. If the map starts threads, adds whether they were
    counted: "perf, thread, user mode, threads of the map not counted"."""
    own = counters.background_threads if own_threads else None
    return ", ".join(part for part in (counters.backend, counters.scope,
                                       own and f"threads of the map {own}") if part)


def per_operation(
        cell: Cell, own_threads: bool) -> Iterator[tuple[str, str, Estimate, str, str]]:
    """Yields (metric, event, estimate, quality, source) for one cell."""
    values: dict[str, list[float]] = {}
    about: dict[str, tuple[Event, str]] = {}
    bad: dict[str, str] = {}
    for trial in cell.ok:
        r = trial.result
        if not r or not r.counters:
            continue
        for e in with_ratio(r.counters.events):
            about.setdefault(e.metric, (e, source_of(r.counters, own_threads)))
            if e.total is None or not r.ops or e.quality not in GOOD:
                bad[e.metric] = e.reason or e.quality or "no operation"
                continue
            values.setdefault(e.metric, []).append(
                e.total / (1 if e.metric == PER_CYCLE else r.ops))
    for metric, (event, source) in about.items():
        found = values.get(metric, [])
        number = (unknown(Unit.PER_OPERATION, bad.get(metric, "no value")) if not found else
                  unknown(Unit.PER_OPERATION, "reads zero") if not any(found) else
                  estimate(stats.median_of(found), Unit.PER_OPERATION))
        yield (metric, f"{event.event} ({event.code})" if event.event else "",
               number, event.quality, source)


def counters(campaign: Campaign) -> Table:
    """Builds the table of hardware events per operation. If a metric is zero in all trials of a
    cell, the counter does not work."""
    rows: list[tuple[Value, ...]] = []
    for cell in campaign.cells.values():
        if cell.measure == "counters":
            own = "background-threads" in campaign.maps[cell.map].caps
            rows += [(cell.map, *place_values(cell.factors), *row, cell.id)
                     for row in per_operation(cell, own)]
    return Table("counters", ("map", *PLACE, "metric", "event", "value", "quality", "source",
                              "cell"), tuple(rows))


def sum_of(result: Result, factor: int, terms: Sequence[Sequence[str]]) -> float | None:
    """Returns factor x the sum of the terms, per operation. A term is the first of its metrics that
    the trial counted. Returns None if the trial counted none of a term's metrics."""
    totals = {e.metric: e.total for e in (result.counters.events if result.counters else ())
              if e.quality in GOOD and e.total is not None}
    found = [next((totals[m] for m in term if m in totals), None) for term in terms]
    known = [v for v in found if v is not None]
    return factor * sum(known) / result.ops if result.ops and len(known) == len(found) else None


def traffic(campaign: Campaign) -> Table:
    """Returns L1d counts and the bytes that move between caches, per operation."""
    rows: list[tuple[Value, ...]] = []
    for cell in (c for c in campaign.cells.values() if c.measure == "counters"):
        columns = [[v for t in cell.ok if t.result
                    if (v := sum_of(t.result, *column)) is not None]
                   for column in TRAFFIC.values()]
        if any(columns):
            rows.append((cell.map, *place_values(cell.factors), *(
                estimate(stats.median_of(values), Unit.PER_OPERATION) if values else
                unknown(Unit.PER_OPERATION, "no trial counted its events")
                for values in columns), cell.id))
    return Table("traffic", ("map", *PLACE, *TRAFFIC, "cell"), tuple(rows))


def group_metrics(campaign: Campaign) -> Table:
    """Returns the metrics of likwid's performance groups, as mean and sum over the CPUs of a
    trial."""
    rows: list[tuple[Value, ...]] = []
    for cell in (c for c in campaign.cells.values() if c.measure == "counters"):
        seen: dict[tuple[str, str, str], list[tuple[float, ...]]] = {}
        bad: dict[tuple[str, str, str], str] = {}
        for c in (t.result.counters for t in cell.ok if t.result and t.result.counters):
            for m in c.metrics:
                key = (c.group or "", m.metric, m.unit or "")
                seen.setdefault(key, [])
                if m.per_cpu and None not in m.per_cpu:
                    seen[key].append(tuple(v for v in m.per_cpu if v is not None))
                else:
                    bad[key] = m.reason or "no value"
        for key, trials in seen.items():
            both = [statistics.fmean(v) for v in trials], [sum(v) for v in trials]
            rows.append((cell.map, *place_values(cell.factors), *key, *(
                estimate(stats.median_of(values), Unit.COUNT) if values
                else unknown(Unit.COUNT, bad[key]) for values in both), cell.id))
    return Table("groups", ("map", *PLACE, "group", "metric", "unit", "mean", "sum", "cell"),
                 tuple(rows))


def tables(campaign: Campaign) -> tuple[Table, ...]:
    """Returns the tables of the page on caches."""
    return simulated(campaign), traffic(campaign), counters(campaign), group_metrics(campaign)
