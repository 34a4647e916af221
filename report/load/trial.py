# SPDX-License-Identifier: Apache-2.0
"""A line of trials.jsonl (docs/reference/trial-protocol.md, results/README.md), with the members
that the report reads. `readmostly dev validate` checks all members.

Times are in ns, sizes in bytes, and shares go from 0 to 1. The value None means unknown.
"""
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from report.load.decode import Amount, Count


class Status(str, Enum):
    """The outcome of a trial."""
    OK = "ok"
    VOID = "void"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Thread:
    """The work that one thread did in the window."""
    ops: Count
    writes: Count | None = None
    cpu: int | None = None
    elapsed_ns: Amount | None = None
    cpu_ns: Amount | None = None
    runqueue_wait_ns: Amount | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome of checking all answers in a trial."""
    status: str | None = None
    reason: str | None = None
    wrong_values: int | None = None


@dataclass(frozen=True, slots=True)
class Footprint:
    """The resident memory of the process."""
    rss_empty_bytes: Amount | None = None
    rss_filled_bytes: Amount | None = None
    rss_peak_bytes: Amount | None = None
    prefill_threads: int | None = None
    page_nodes: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Statistic:
    """A counter of the map or of its runtime."""
    name: str
    unit: str
    value: float | None
    window: float | None = None  # increase during the window, or None if unknown


@dataclass(frozen=True, slots=True)
class Latency:
    """One latency distribution. With the clock "intended", latencies count from the planned
    start, with "service" from the actual start."""
    operation: str
    was_there: bool
    clock: str
    count: Count
    mean_ns: Amount | None = None
    max_ns: Amount | None = None
    histogram: str | None = None
    hlog_crc32: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """One kind of occasional action of the map in a slice, summed over all threads."""
    event: str
    count: Count
    ns: Amount


@dataclass(frozen=True, slots=True)
class Slice:
    """50 ms of the window of an open loop.

    - bytes: memory held at the end of the slice, or None if the map does not report it
    - pauses: None if the trial ran without hooks for events
    """
    operations: Count
    p99_ns: Amount = 0.0
    max_ns: Amount = 0.0
    bytes: Amount | None = None
    pauses: tuple[Pause, ...] | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A count of one kind of hardware event. Its quality is exact, replayed, or the reason why the
    count is unknown."""
    metric: str
    total: float | None = None
    event: str | None = None
    code: str | None = None
    quality: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class GroupMetric:
    """A metric that liblikwid computes from several events, for each CPU."""
    metric: str
    unit: str | None = None
    per_cpu: tuple[float | None, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """The hardware events that were counted in a trial.

    - scope: threads or CPUs, and their mode, such as "thread, user mode"
    - background_threads: whether threads of the map were counted, such as "not counted"
    """
    backend: str | None = None
    scope: str | None = None
    background_threads: str | None = None
    reason: str | None = None
    events: tuple[Event, ...] = ()
    group: str | None = None
    metrics: tuple[GroupMetric, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """Facts that the process recorded about its environment. `adds_per_ns` is the number of
    dependent additions per ns on the slowest CPU, which equals its frequency in GHz."""
    aslr: bool | None = None
    adds_per_ns_before: float | None = None
    adds_per_ns_after: float | None = None
    own_threads: bool | None = None
    goroutines: str | None = None
    gomaxprocs: Count | None = None
    allocator: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The result that a trial's program reports."""
    status: str | None = None
    reason: str | None = None
    ops: Count | None = None
    elapsed_ns: Amount | None = None
    lookups: Count | None = None
    writes: Count | None = None
    hits: Count | None = None
    inserts: Count | None = None
    removes: Count | None = None
    keys_before: Count | None = None
    collections: Count | None = None
    by_thread: tuple[Thread, ...] | None = None
    verification: Verification | None = None
    footprint: Footprint | None = None
    stats: tuple[Statistic, ...] | None = None
    latency: tuple[Latency, ...] | None = None
    slices: tuple[Slice, ...] | None = None
    counters: Counters | None = None
    environment: Environment | None = None

    @property
    def threads(self) -> tuple[Thread, ...]:
        """`by_thread`, or () if the program does not report it."""
        return self.by_thread or ()

    def bytes_per_key(self, peak: bool = False) -> float | None:
        """Resident memory per key, after the fill or at the peak, minus that of the empty map.
        Because the kernel updates the reported peak late, an earlier reading that is larger
        replaces it."""
        f = self.footprint
        if not f or not self.keys_before or f.rss_empty_bytes is None \
                or f.rss_filled_bytes is None or peak and f.rss_peak_bytes is None:
            return None
        most = max(f.rss_filled_bytes, f.rss_peak_bytes or 0) if peak else f.rss_filled_bytes
        return (most - f.rss_empty_bytes) / self.keys_before


@dataclass(frozen=True, slots=True)
class Trial:
    """One attempt at a trial; the last attempt of each (cell, block, arm) counts. `slot` is 0 if
    it ran first among the arms of its pair."""
    cell: str
    block: Count
    status: Status
    arm: str = "head"
    attempt: Count = 1
    slot: Count | None = None
    reason: str | None = None
    exit: str | None = None
    disturbed: str | None = None
    others_share: float | None = None
    wall_ns: Amount | None = None
    peak_bytes: Amount | None = None
    binary_sha256: str | None = None
    started_utc: str | None = None
    result: Result | None = None

    @property
    def usable(self) -> bool:
        """True if the trial counts: it finished, is correct, and has a result."""
        return self.status is Status.OK and self.result is not None

    @property
    def started(self) -> bool:
        """True if the process was started."""
        return self.exit != "not started"

    @property
    def rate(self) -> float | None:
        """Operations per second, summed over all threads. The rate is None if there were no
        operations, or if the window is below 1 ns, because it might then be infinite."""
        r = self.result
        if r is None or not r.ops or not r.elapsed_ns or r.elapsed_ns < 1:
            return None
        return r.ops * 1e9 / r.elapsed_ns

    @property
    def speed(self) -> float | None:
        """Speed of the slowest CPU of the cell in GHz: the mean of the readings before and
        after the window."""
        about = self.result and self.result.environment
        if not about:
            return None
        known = [v for v in (about.adds_per_ns_before, about.adds_per_ns_after) if v]
        return sum(known) / len(known) if known else None

    @property
    def waited(self) -> float:
        """Share of the window for which the threads waited on the run queue, summed over threads;
        nan if unknown. The share of a thread that arrives late may exceed 1, because waiting is
        counted between the barriers at both ends of the window."""
        threads = self.result.threads if self.result else ()
        waits = [t.runqueue_wait_ns for t in threads]
        span = sum(t.elapsed_ns or 0 for t in threads)
        if not span or None in waits:
            return math.nan
        return sum(w or 0 for w in waits) / span
