# SPDX-License-Identifier: Apache-2.0
"""Tables of all measured values except throughput: latency, memory, statistics, loops."""
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import replace

from report import stats
from report.decide import groups, latency
from report.decide.answer import FEW, bytes_per_entry
from report.decide.groups import estimate
from report.load import Campaign, Cell
from report.load.plan import Factors
from report.load.trial import Statistic
from report.model.number import Unit, unknown
from report.model.table import Table, Value

PLACE = ("workload", "write_kind", "write_share", "miss_share", "keys", "shape", "dist",
         "threads", "placement", "options")
# These statistics are levels, so the table shows their final value instead of a rate.
LEVELS = frozenset("""amended array_bytes bins buckets bytes bytes_peak connections
    dirty_entries grace_waiting hazard_list heap_bytes heap_held_bytes heap_used_bytes limbo
    lock_competition lock_sample overflow_buckets_now pool_bytes pool_sessions read_entries
    retired_limit_bytes routing_entries segments sessions shard_imbalance shard_score_min
    shards shards_moving shards_open slots""".split())


def place_values(p: Factors, scheduling: str | None = None) -> tuple[Value, ...]:
    """Formats the columns PLACE; `scheduling` is Cell.scheduling."""
    options = [f"{name} {value}".replace("_", " ") for name, value in p.options
               if not (scheduling and name == "goroutines")]
    if p.memory != "first-touch":
        options.append(f"memory {p.memory}")
    if not p.presize:
        options.append("not presized")
    if scheduling:
        options.append(scheduling)
    return (p.workload, p.write_kind, p.write_share, p.miss_share, int(p.keys), p.shape, p.dist,
            p.threads, p.placement, ", ".join(options))


def latencies(campaign: Campaign) -> Table:
    """Lists the percentiles of every operation of every open loop, by both clocks."""
    rows: list[tuple[Value, ...]] = []
    for cell in latency.cells_of(campaign):
        late = latency.overload(cell)
        for s in latency.series_of(cell):
            rows.append((cell.map, *place_values(cell.factors, cell.scheduling),
                         cell.factors.rate_per_s,
                         s.operation, "yes" if s.was_there else "no", s.clock, s.operations,
                         *(latency.percentile(campaign, s, p) for p in latency.PERCENTILES),
                         late, cell.id))
    names = tuple(f"p{100 * p:g}".replace(".", "_") for p in latency.PERCENTILES)
    return Table("latency", ("map", *PLACE, "rate_per_s", "operation", "was_there", "clock",
                             "operations", *names, "overload", "cell"), tuple(rows))


def pages(cell: Cell) -> str | None:
    """Formats the share of the filled map's pages on each NUMA node: "0: 75 %, 1: 25 %"."""
    last = cell.ok[-1].result
    nodes = last.footprint.page_nodes if last and last.footprint else None
    if not nodes or not sum(nodes.values()):
        return None
    return ", ".join(f"{node}: {100 * n / sum(nodes.values()):.0f} %"
                     for node, n in sorted(nodes.items()))


def memories(campaign: Campaign) -> Table:
    """Lists the bytes per entry of every throughput cell that is large enough."""
    rows: list[tuple[Value, ...]] = []
    for cell in campaign.cells.values():
        if cell.measure == "throughput" and cell.ok and cell.factors.keys >= FEW \
                and not campaign.maps[cell.map].bound:
            last = cell.ok[-1].result
            fill = last.footprint.prefill_threads if last and last.footprint else None
            rows.append((cell.map, *place_values(cell.factors, cell.scheduling),
                         bytes_per_entry(cell),
                         bytes_per_entry(cell, peak=True), fill, pages(cell), cell.id))
    return Table("memory", ("map", *PLACE, "filled", "peak", "prefill_threads", "page_nodes",
                            "cell"), tuple(rows))


def remote_memories(campaign: Campaign) -> Table:
    """Returns the cost of remote memory: the rate with memory on the NUMA node of the threads
    divided by the rate with other memory."""
    cells = {(c.map, groups.place_of(c.factors)): c for c in campaign.cells.values()
             if c.measure == "throughput" and c.factors.placement.startswith("numa:")
             and c.ok and groups.is_ranked(campaign, c.map)}
    pairs: dict[str, tuple[groups.Rates, groups.Rates]] = {}
    for (name, place), cell in cells.items():
        own = "bind:" + place.placement.removeprefix("numa:")
        local = cells.get((name, replace(place, memory=own)))
        if local and local is not cell and place.memory != "first-touch":
            pairs[cell.id] = local.rates, cell.rates
    rows = []
    for key, price in stats.many_ratios(pairs).items():
        cell, p = campaign.cells[key], campaign.cells[key].factors
        memory = p.memory.replace("bind:", "node ").replace("interleave", "all nodes")
        rows.append((cell.map, p.workload, p.write_kind, p.write_share, int(p.keys), p.threads,
                     memory, estimate(price, Unit.RATIO), cell.id))
    return Table("remote", ("map", "workload", "write_kind", "write_share", "keys", "threads",
                            "memory", "price", "cell"), tuple(rows))


# ---- counts of the maps -------------------------------------------------------------

def is_level(name: str) -> bool:
    """True if the statistic is a level or a maximum, not a count of events."""
    return name in LEVELS or name.endswith(("_max", "_max_ns", "_peak", "_peak_bytes"))


def middle(values: Sequence[float]) -> float | None:
    """Returns the median, or None if there are no values."""
    return statistics.median(values) if values else None


def competition(stats_of: Sequence[Statistic]) -> list[Statistic]:
    """Computes the share of lock acquisitions in the window that had to wait. Returns [] if no lock
    was acquired, or if waits were not counted."""
    window = {s.name: s.window for s in stats_of}
    taken = {kind: n for kind in ("read", "write") if (n := window.get(f"lock_{kind}s"))}
    waited = [window.get(f"lock_{kind}_contended") for kind in taken]
    if not taken or None in waited:
        return []
    share = 100 * sum(w or 0.0 for w in waited) / sum(taken.values())
    return [Statistic("lock_competition", "%", share)]


def counted(cell: Cell) -> Iterator[tuple[Value, ...]]:
    """Yields rows of one cell: name, unit, per million operations, per second, at the end of a
    trial, number of trials; the values are medians over trials."""
    found: dict[tuple[str, str], list[tuple[Statistic, int, float]]] = {}
    for trial in cell.ok:
        r = trial.result
        statistics = (r.stats if r else None) or ()
        for s in (*statistics, *competition(statistics)):
            found.setdefault((s.name, s.unit), []).append(
                (s, (r.ops if r else None) or 0, (r.elapsed_ns if r else None) or 0.0))
    for (name, unit), seen in found.items():
        windows = [(s.window, ops, ns) for s, ops, ns in seen if s.window is not None]
        counts = [] if is_level(name) else windows
        yield (name, unit, middle([w * 1e6 / ops for w, ops, _ in counts if ops]),
               middle([w * 1e9 / ns for w, _, ns in counts if ns]),
               middle([s.value for s, _, _ in seen if s.value is not None]), len(seen))


def statistics_table(campaign: Campaign) -> Table:
    """Lists the statistics of the maps and their runtimes, from the cells that measure causes or,
    if there are none, from the throughput cells."""
    cells = [c for c in campaign.cells.values() if c.ok and c.factors.common]
    causes = [c for c in cells if c.measure == "causes"]
    shown = causes or [c for c in cells if c.measure == "throughput"]
    return Table("statistics", ("map", *PLACE, "statistic", "unit", "per_million", "per_second",
                                "at_the_end", "trials", "cell"), tuple(
        (c.map, *place_values(c.factors, c.scheduling), *row, c.id)
        for c in shown for row in counted(c) if any(v is not None for v in row[2:5])))


def loops(campaign: Campaign) -> Table:
    """Lists the loops other than look-ups and writes: scans, fills, sessions, locks."""
    rows: list[tuple[Value, ...]] = []
    for cell in campaign.cells.values():
        if cell.factors.common or cell.measure in ("verify", "counters") \
                or cell.measure.startswith("simulated"):
            continue
        level = stats.level_intervals({0: cell.rates})[0]
        rate = (estimate(level, Unit.RATE) if cell.rates else
                unknown(Unit.RATE, cell.reason or "counted, not timed"))
        head = (cell.map, cell.factors.loop, *place_values(cell.factors, cell.scheduling))
        rows.append((*head, rate, None, None, None, cell.id))
        rows += [(*head, None, row[0], row[1], row[4], cell.id) for row in counted(cell)]
    return Table("loops", ("map", "loop", *PLACE, "rate", "statistic", "unit", "median", "cell"),
                 tuple(rows))


def tables(campaign: Campaign) -> tuple[Table, ...]:
    """Returns the tables of the page of all numbers, except the tables of groups."""
    return (latencies(campaign), memories(campaign), remote_memories(campaign),
            statistics_table(campaign), loops(campaign))
