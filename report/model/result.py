# SPDX-License-Identifier: Apache-2.0
"""The result of a campaign, which verdicts.json contains."""
from dataclasses import dataclass
from enum import Enum

from report.model.cards import Card
from report.model.number import Comparison, Estimate
from report.model.place import Group, Outcome, Place
from report.model.table import Table
from report.model.trust import Assessment

FORMAT = 3  # of verdicts.json


@dataclass(frozen=True)
class Campaign:
    """Where and how the campaign was measured.

    created   ISO 8601, UTC
    virtual   None: not known
    minutes   wall time of all trials
    synthetic a program wrote the campaign; no number was measured
    replayed  counter values come from a recording
    """
    name: str
    created: str
    mode: str | None
    machine: str
    cpu: str | None
    cpus: int
    virtual: bool | None
    minutes: float
    commit: str | None
    compiler: str | None
    synthetic: bool
    replayed: bool
    window_ns: int  # length of a headline trial
    simulated: str | None  # machines, if nothing was timed: "icelake-sp"


@dataclass(frozen=True)
class Runs:
    """Numbers of planned trials by their outcome.

    skipped   cells left out by the plan; uncounted: those that need counters
              which this machine does not provide
    pending   planned trials that have not run yet
    failed_maps  maps with a wrong answer, (id, reason)
    missing   ids of cells without a result
    """
    cells: int
    measured: int
    skipped: int
    uncounted: int
    pending: int
    trials: int
    repeated: int
    failed_maps: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class EarlierRun:
    """The headline of another campaign of this machine and mode."""
    name: str
    created: str
    leader: str
    rate: float | None  # of its leader, operations/s
    lead: float | None  # in that run: this run's leader / this run's runner-up


@dataclass(frozen=True)
class Answer:
    """The first sentence, about groups[0].

    runner_up  the map over which the leader's lead is smallest
    lead       leader / runner-up
    scaling    leader: rate at the headline's threads / rate at 1 thread
    unseen     median of the smallest true ratios that the comparisons of the
               group would have decided (Comparison.smallest_visible)
    """
    runner_up: str | None
    lead: Comparison | None
    rate: Estimate | None
    scaling: Estimate | None
    unseen: float | None


class Need(str, Enum):
    """A requirement that a reader may have."""
    GROWS = "the table must grow"
    PACKAGE = "from a package"
    PACKAGE_WRITERS = "package, many writers"
    GO = "a Go program"
    MEMORY = "least memory"
    LOOKUP = "shortest single look-up"
    SCAN = "a scan of one moment"


@dataclass(frozen=True)
class Pick:
    """The best map for one need at the headline's place.

    maps     the best map, and those that are too close to call: undecided, or
             for memory and time with an overlapping interval
    number   its rate, or for these two needs its memory or median time
    rates    rates of `maps`
    """
    need: Need
    maps: tuple[str, ...]
    number: Estimate
    rates: tuple[Estimate, ...]


@dataclass(frozen=True)
class GoAnswer:
    """The ranking of one compiler's Go maps at the headline's place.

    version     of the compiler: 1.26, or 1.26.1 if two have one release
    goroutines  free or wired; None: not known
    closest     the fastest map compared with its closest rival
    pair        sync.Map and map+RWMutex, the one with the higher centre first
    differs     another map leads than with the newest Go, or in the pair
    """
    version: str
    goroutines: str | None
    outcome: Outcome
    front: tuple[str, ...]
    closest: Comparison | None
    pair: Comparison | None
    differs: bool


@dataclass(frozen=True)
class BoardRow:
    """One map of the main table.

    slower    leader / this map
    scaling   rate at the headline's threads / rate at 1 thread
    memory    bytes per entry
    lookup    median service time of a look-up at a fixed rate
    """
    map: str
    rate: Estimate
    slower: Estimate | None
    scaling: Estimate | None
    memory: Estimate | None
    lookup: Estimate | None


@dataclass(frozen=True)
class Winner:
    """The winner of a filtered group: decided, or too close to call."""
    maps: tuple[str, ...]
    rate: Estimate


@dataclass(frozen=True)
class Condition:
    """The winners at another place. None: undecided.

    group   index of its group in Result.groups
    """
    group: int
    place: Place
    fastest: Winner | None
    growing: Winner | None
    package: Winner | None


@dataclass(frozen=True)
class Scaling:
    """Rate of a map over threads, on the headline's board."""
    map: str
    threads: tuple[int, ...]
    rates: tuple[Estimate, ...]
    gain: Estimate | None  # most threads / fewest


@dataclass(frozen=True)
class LatencyRow:
    """Service time of a look-up of a present key at a fixed rate."""
    map: str
    median: Estimate
    p99: Estimate


@dataclass(frozen=True)
class Latency:
    """rate: operations per second of all threads; floors: the driver without a map, by
    language; rows from short to long."""
    place: Place
    rate: float
    rows: tuple[LatencyRow, ...]
    floors: tuple[LatencyRow, ...]


@dataclass(frozen=True)
class ClaimRow:
    """A published claim that this campaign tests.

    verdict   reproduced, refuted, inconclusive, ... (docs/reference/claims.md)
    of        version of Go that decided, or the port; None: not about Go
    """
    id: str
    article: str
    verdict: str
    of: str | None
    estimate: Estimate | None
    reason: str | None


@dataclass(frozen=True)
class Next:
    """The next mode of `make bench`, and the most minutes that it takes."""
    mode: str
    minutes: float


@dataclass(frozen=True)
class Result:
    """Everything that page, terminal and files print.

    groups     groups[0] is the headline's
    undecided  indices of groups without a winner
    tables     of the linked pages
    go         Go's maps by compiler, the newest first
    go_open    only C ports of Go's maps have a result at the headline's place
    """
    format: int
    campaign: Campaign
    runs: Runs
    trust: Assessment
    answer: Answer
    earlier: tuple[EarlierRun, ...]
    picks: tuple[Pick, ...]
    board: tuple[BoardRow, ...]
    conditions: tuple[Condition, ...]
    undecided: tuple[int, ...]
    scaling: tuple[Scaling, ...]
    latency: Latency | None
    cards: tuple[Card, ...]
    groups: tuple[Group, ...]
    claims: tuple[ClaimRow, ...]
    tables: tuple[Table, ...]
    next: Next | None
    go: tuple[GoAnswer, ...] = ()
    go_open: bool = False

    def card(self, name: str) -> Card:
        """The card of a map; KeyError: it is not in this campaign."""
        for card in self.cards:
            if card.id == name:
                return card
        raise KeyError(name)
