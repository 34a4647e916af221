# SPDX-License-Identifier: Apache-2.0
"""Computes statistics of trials, written as [FOLD] NAME[+NAME...][/NAME[+NAME...]], or as
"slope TERM", "slope_p TERM" or "slope_vif TERM" (slices.py).

A NAME is one of MEMBERS; a statistic that the map reports since its creation; window.STATISTIC,
which is its increase in the window; counter.METRIC; or OPERATION.p99_ns. Without a fold, each
block has a value. The fold `sum` adds both sides of "/" over all trials; `most` and `least`
take the trial with the largest or smallest value.
"""
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from report import stats
from report.claims import crashes, slices
from report.claims.cells import Cells, Missing, Query
from report.claims.phrases import count, joined, sig
from report.decide import latency
from report.load import Campaign, Cell, Trial, histogram
from report.load.trial import Event, Result, Status

PERCENTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p999_ns": 0.999}
FATES = ("failed", "crashed")  # a trial has the value 1 if it failed or crashed, otherwise 0
# p lies between 0 and 1, and a variance inflation factor is at least 1. Intervals are not computed,
# because they could extend beyond these limits.
BOUNDED = ("slope_p", "slope_vif")
FITTED = ("slope", *BOUNDED)  # results of a regression over slices
REPLAYED = "replayed"  # quality of a count from a recording, maybe of another machine
TRUSTED = ("exact", "simulated", REPLAYED)  # qualities of counts that are used
Blocks = dict[int, tuple[float, float]]  # block -> (dividend, divisor)


class Statistic(NamedTuple):
    """A parsed statistic. `fold` is "", sum, most, least or one of FITTED; `above` and `below` are
    the names before and after the "/"."""
    fold: str
    above: tuple[str, ...]
    below: tuple[str, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.above + self.below)

    @property
    def is_fate(self) -> bool:
        """True if the statistic counts whole trials; their share has an exact interval."""
        return not self.fold and not self.below and set(self.above) <= set(FATES)


def parse(text: str) -> Statistic:
    fold, _, rest = text.rpartition(" ")
    above, _, below = rest.partition("/")
    return Statistic(fold, tuple(above.split("+")), tuple(below.split("+")) if below else ())


class Data:
    """A campaign with an index of its cells."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign, self.cells = campaign, Cells(campaign.cells.values())


# ---- one trial --------------------------------------------------------------

def reported(result: Result, name: str, window: bool = False) -> float | None:
    """Returns a statistic that the map reports, since its creation or only for the window."""
    return next((s.window if window else s.value for s in result.stats or ()
                 if s.name == name), None)


# these statistics exist even if the trial has no result
OF_TRIALS: Mapping[str, Callable[[Trial], float]] = {
    "trials": lambda trial: 1,
    "failed": lambda trial: trial.status is Status.FAILED and crashes.measured(trial),
    "crashed": crashes.crashed,
}
MEMBERS = ("ops", "writes", "lookups", "hits", "inserts", "peak_bytes", "read_hits", "elapsed_s",
           "thread_ns", "cpu_ns", "capacity_ns", "avoidable_compares")


def member(name: str, cell: Cell, trial: Trial, result: Result) -> float | None:
    """Returns one of MEMBERS. `read_hits` are look-ups that sync.Map's read map answered;
    `avoidable_compares` are comparisons of different keys. `thread_ns` and `cpu_ns` are totals
    over all threads, `capacity_ns` over all CPUs."""
    if name == "peak_bytes":
        return trial.peak_bytes
    if name == "read_hits":
        misses = reported(result, "misses", window=True)
        return None if misses is None or result.lookups is None else result.lookups - misses
    if name == "avoidable_compares":
        compares = reported(result, "key_compares", window=True)
        return None if compares is None or result.hits is None else compares - result.hits
    if name == "cpu_ns":  # the CPU time is unknown if goroutines are not tied to threads
        times = [t.cpu_ns for t in result.threads]
        return None if None in times else sum(t or 0 for t in times)
    factor = {"elapsed_s": 1e-9, "thread_ns": cell.factors.threads,
              "capacity_ns": len(set(cell.factors.cpus))}.get(name)
    if factor is not None:
        return None if result.elapsed_ns is None else result.elapsed_ns * factor
    value: float | None = getattr(result, name)
    return value


def events_of(trial: Trial) -> Sequence[Event]:
    counters = trial.result.counters if trial.result else None
    return counters.events if counters else ()


def event(trial: Trial, name: str) -> float | None:
    """Returns a counter's total over all threads. Raises Missing if the total was scaled up from a
    part of the window, because such a total is only an estimate."""
    for e in events_of(trial):
        if e.metric == name:
            if e.quality not in TRUSTED:
                raise Missing(f"counter.{name} is {e.quality}: "
                              f"{e.reason or 'no reason given'}")
            return e.total
    return None


def is_latency(name: str) -> bool:
    """True for names of the form OPERATION.NAME."""
    return "." in name and name.partition(".")[0] not in ("window", "counter")


def latency_of(folder: Path, cell: Cell, result: Result, operation: str,
               name: str) -> float | None:
    """Returns the mean or a percentile of an operation on keys that are present. Raises Missing
    if there are too few operations."""
    if operation == latency.SECOND.get(cell.factors.write_kind):
        raise Missing(f"{operation} has no intended start: it is the second of a pair")
    for entry in result.latency or ():
        if (entry.operation, entry.was_there, entry.clock) == (operation, True, "intended"):
            need = stats.needed_n(PERCENTILES.get(name, 0.5))
            if entry.count < need:
                raise Missing(f"{name} of {entry.count} operations, expected {need}")
            if name in PERCENTILES:
                read = histogram.read(folder, entry)
                return read.quantile(PERCENTILES[name]) if read else None
            value: float | None = getattr(entry, name, None)
            return value
    return None


def amount(name: str, folder: Path, cell: Cell, trial: Trial) -> float:
    """Returns the value of one NAME in one trial of the campaign in `folder`. Raises Missing."""
    kind, _, rest = name.partition(".")
    result = trial.result
    value: float | None = None  # the amount is None if the trial crashed or ended too late
    if name in OF_TRIALS:
        value = OF_TRIALS[name](trial)
    elif result is None:
        pass
    elif name in MEMBERS:
        value = member(name, cell, trial, result)
    elif kind == "window":
        value = reported(result, rest, window=True)
    elif kind == "counter":
        value = event(trial, rest)
    elif is_latency(name):
        value = latency_of(folder, cell, result, kind, rest)
    else:
        value = reported(result, name)
    if value is None:
        raise Missing(f"its trials do not report {name}")
    return value


# ---- the trials of a cell ---------------------------------------------------

def trials_of(campaign: Campaign, cell: Cell, parsed: Statistic) -> Sequence[Trial]:
    """Returns the trials of a cell that count. Failed trials count if the statistic is about
    failures, or if the map is a misuse whose verification must fail. For a statistic about crashes,
    every trial whose end is known counts. Raises Missing if no trial counts."""
    if "crashed" in parsed.above:
        found = tuple(t for t in cell.trials if crashes.end_known(t))
    elif "failed" in parsed.above or campaign.maps[cell.map].misuse:
        found = tuple(t for t in cell.trials if t.status in (Status.OK, Status.FAILED)
                      and crashes.measured(t))
    elif cell.map in campaign.failed_maps:
        raise Missing(f"{cell.map} failed verification")
    else:
        found = cell.ok
    if not found:
        raise Missing(cell.reason or "no trial with a result")
    return found


def has_turn(trial: Trial, name: str) -> bool:
    """True if the block of the trial counted this event, because different blocks count different
    events. Also true for a trial without any counters, so that its value is reported as missing."""
    events = events_of(trial)
    return not events or name in {f"counter.{e.metric}" for e in events}


def counting(trials: Sequence[Trial], names: Sequence[str]) -> Sequence[Trial]:
    """Returns the trials that have all counters with these names. A PMU has few counters, so
    blocks take turns (docs/reference/counters.md). Raises Missing if no trial is left."""
    wanted = list(dict.fromkeys(n for n in names if n.startswith("counter.")))
    found = [t for t in trials if all(has_turn(t, n) for n in wanted)]
    if found:
        return found
    absent = next((n for n in wanted if not any(has_turn(t, n) for t in trials)), None)
    raise Missing(f"its trials do not report {absent}" if absent else
                  f"no block counts {joined(wanted)} together")


def fitted(trials: Sequence[Trial], fold: str, term: str) -> Blocks:
    """Returns, by block, the pair (field of a coefficient, 1) for trials that have the coefficient.
    Raises Missing with the reasons of all trials if no trial has it."""
    found: Blocks = {}
    reasons: dict[str, None] = {}  # each reason once, in the order of the trials
    for t in trials:
        try:
            c = slices.coefficient(t, term)
        except Missing as missing:
            reasons[str(missing)] = None
            continue
        value = {"slope": c.value, "slope_p": c.p, "slope_vif": c.vif}[fold]
        if value is not None:
            found[t.block] = (value, 1.0)
    if not found:
        raise Missing(f"no trial has a slope: {'; '.join(reasons)}")
    return found


def blocks_of(data: Data, query: Query, side: str) -> tuple[Cell, Blocks]:
    """Returns one side of a query: its cell, and (dividend, divisor) by block; the divisor is 1 if
    there is no "/". Raises Missing."""
    cell, parsed = data.cells.one(query, side), parse(query.statistic)
    trials = trials_of(data.campaign, cell, parsed)
    late = latency.overload(cell)
    if late and (parsed.fold in FITTED or any(map(is_latency, parsed.above))):
        # because most of each latency is queueing time
        raise Missing(f"overloaded at {count(round(cell.factors.rate_per_s))}/s "
                      f"(took {sig(late, 2)} times the planned time)")
    if parsed.fold in FITTED:
        return cell, fitted(trials, parsed.fold, parsed.above[0])
    amount_of = functools.partial(amount, folder=data.campaign.path, cell=cell)
    return cell, {
        t.block: (
            sum(amount_of(n, trial=t) for n in parsed.above),
            sum(amount_of(n, trial=t) for n in parsed.below) if parsed.below else 1.0)
        for t in counting(trials, parsed.above + parsed.below)}


def quotient(above: float, below: float) -> float:
    """Divides; raises Missing if the divisor is 0."""
    if not below:
        raise Missing("its divisor is 0")
    return above / below


def values_of(sides: Sequence[Blocks]) -> dict[int, float]:
    """Returns the value of each block, or the ratio of two sides in the blocks that both have.
    Raises Missing if a divisor is 0."""
    each = [{block: quotient(*pair) for block, pair in blocks.items()} for blocks in sides]
    common = sorted(set(each[0]).intersection(*each))
    return {b: quotient(each[0][b], each[1][b]) if len(each) > 1 else each[0][b] for b in common}
