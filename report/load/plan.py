# SPDX-License-Identifier: Apache-2.0
"""campaign.json: the plan, the machine and the programs.

docs/cell.schema.json describes the factors of a cell. Times are in ns, and shares go from 0 to 1.
"""
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from report.load.decode import Amount, Count

CLOSED = ("mix", "closed")  # loops in which threads run as fast as they can
COMMON = (*CLOSED, "paced", "open")  # all loops of look-ups and writes


@dataclass(frozen=True, slots=True)
class Repeat:
    """The rule for repeats of a cell's trials (docs/adr/0024). Plans that are older than the budget
    of repeats have no share."""
    most: int | None = None
    share: float | None = None
    wait_share: float | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """A planned cell."""
    id: str
    workload: str
    map: str
    shape: str
    keys: Amount
    write_share: Amount
    write_kind: str
    dist: str
    loop: str
    threads: Count
    placement: str
    measure: str
    blocks: Count = 0
    miss_share: Amount = 0.0
    rate_per_s: Amount = 0.0
    arrivals: str = ""
    cpus: tuple[int, ...] = ()
    memory: str = "first-touch"
    presize: bool = True
    key_differs: str = "first"
    settle: str = "yes"
    clock_rate: str = "1"
    allocator: str = "glibc"
    huge_pages: str = "system"
    goroutines: str = "free"
    window_ns: Amount = 0
    window_ops: Count = 0
    warm_up_ns: Amount = 0
    verify_ops: Count = 0
    estimate_ns: Amount = 0
    memory_bytes: Amount = 0
    base: str | None = None
    skip: str | None = None
    repeat: Repeat | None = None
    control: bool = False  # true if the A/A control also runs this cell

    @property
    def options(self) -> tuple[tuple[str, str], ...]:
        """Factors of OPTIONS that differ from their defaults."""
        return tuple((name, str(getattr(self, name))) for name, usual in OPTIONS
                     if getattr(self, name) != usual)

    @property
    def alone(self) -> bool:
        """True if each thread has its own CPU."""
        return bool(self.cpus) and len(set(self.cpus)) == self.threads

    @property
    def crowded(self) -> bool:
        """True if the cell has more threads than CPUs."""
        return bool(self.cpus) and self.threads > len(set(self.cpus))

    @property
    def common(self) -> bool:
        """True if the loop runs look-ups and writes."""
        return self.loop in COMMON

    @property
    def closed(self) -> bool:
        """True if the threads run as fast as they can."""
        return self.loop in CLOSED


OPTIONS = tuple((f.name, f.default) for f in fields(Factors) if f.name in (
    "key_differs", "settle", "clock_rate", "allocator", "huge_pages",
    "goroutines"))


@dataclass(frozen=True, slots=True)
class MapInfo:
    """The description of a map (struct rm_impl) with its fact sheet (impls/facts)."""
    id: str
    label: str = ""
    family: str = ""
    sync: str = ""
    duty: str = "none"
    source: str = ""
    guarantees: str = "none"
    progress: str = ""
    code: str | None = None
    misuse: str | None = None
    program: str | None = None
    language_version: str | None = None
    caps: tuple[str, ...] = ()
    facts: Mapping[str, str] | None = None

    @property
    def bound(self) -> bool:
        """True for an upper bound and for the driver without a map, which are never ranked."""
        return self.family == "bound"


@dataclass(frozen=True, slots=True)
class SkippedMap:
    """A map that was not built here."""
    id: str
    needs: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the machine. Its status is ok, absent, or the reason why it could not be
    read."""
    status: str
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine on which the campaign ran."""
    id: str = "unknown"
    topology: str | None = None
    cpus: Count = 0
    cores: Count = 0
    sockets: Count = 0
    nodes: Count = 0
    l1d_bytes: Amount | None = None
    l2_bytes: Amount | None = None
    l3_bytes: Amount | None = None
    note: str | None = None
    facts: Mapping[str, Fact] | None = None

    def fact(self, name: str) -> str | None:
        """Returns the text of a fact, or None if it could not be read."""
        fact = (self.facts or {}).get(name)
        return fact.text if fact and fact.status == "ok" else None


@dataclass(frozen=True, slots=True)
class Build:
    """The sources and tools from which the programs were built."""
    commit: str | None = None
    dirty: bool | None = False  # None if it is unknown whether the tree had changes
    compiler: str | None = None
    compiler_version: str | None = None
    flags: str | None = None
    libraries: str | None = None
    libc: str | None = None
    allocator: str | None = None
    build_id: str | None = None
    binary_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload file after expansion."""
    name: str
    file: str | None = None
    sha256: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Arm:
    """A program that runs cells; the report is about the arm "head". If `workload` is None, the arm
    runs the cells of all workloads that have no arms of their own. `flavour` is set for an A/A
    control, which runs only cells with `control`."""
    name: str = "head"
    workload: str | None = None
    program: str | None = None
    sha256: str | None = None
    programs: Mapping[str, str | None] | None = None
    control_extra: float = 0.0
    flavour: str | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    """The window length of a cell, calibrated by the trials of an arm."""
    cell: str
    window_ns: Count


@dataclass(frozen=True, slots=True)
class Same:
    """A requested cell that equals the cell `runs_as` in everything that affects its trials."""
    id: str
    runs_as: str = field(metadata={"name": "as"})


@dataclass(frozen=True, slots=True)
class Busy:
    """The load from other programs before the first trial."""
    text: str


@dataclass(frozen=True, slots=True)
class Backend:
    """The source of hardware counters."""
    backend: str | None = None
    access: str | None = None
    reason: str | None = None
    cpu: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """The content of campaign.json."""
    format: int
    cells: tuple[Factors, ...]
    maps: tuple[MapInfo, ...]
    protocol: int = 1
    name: str | None = None
    mode: str | None = None
    kind: str | None = None
    created_utc: str = ""
    machine: Machine = Machine()
    build: Build = Build()
    workloads: tuple[Workload, ...] = ()
    counters: Backend = Backend()
    skipped_maps: tuple[SkippedMap, ...] = ()
    arms: tuple[Arm, ...] = (Arm(),)
    calibration: tuple[Calibration, ...] = ()
    same: tuple[Same, ...] = ()
    notes: Mapping[str, str] | None = None
    busy: Busy | None = None
    synthetic: bool = False
    seed: int | None = None
    order: tuple[tuple[int, ...], ...] = ()
    estimate_ns: Amount = 0
    plan_sha256: str | None = None
    sha256: str | None = None
    topology_sha256: str | None = None
    line_checksum: str | None = None

    def arms_of(self, cell: Factors) -> tuple[str, ...]:
        """Returns the names of the arms that run a cell."""
        arms = [a for a in self.arms if cell.control or not a.flavour]
        matching = [a.name for a in arms if a.workload == cell.workload]
        return tuple(matching or (a.name for a in arms if a.workload is None))
