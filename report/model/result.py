# SPDX-License-Identifier: Apache-2.0
"""The result of a campaign: what verdicts.json holds."""
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
    """Where and how it was measured.

    created   ISO 8601, UTC
    virtual   None: not known
    minutes   wall time of all trials
    synthetic no number was measured: a program wrote the campaign
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
    window_ns: int  # of a trial of the headline


@dataclass(frozen=True)
class Runs:
    """What became of the planned trials.

    skipped   cells left out by the plan; uncounted: those among them that
              need counters this machine does not give
    pending   planned trials that did not run yet
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
    rate: float | None  # operations/s
    lead: float | None  # this run's leader / this run's runner-up, there


@dataclass(frozen=True)
class Answer:
    """The first sentence: about groups[0].

    runner_up  the map behind the leader whose lead is smallest
    lead       leader against runner-up
    scaling    leader: rate at the headline's threads / rate at 1 thread
    unseen     median of the least true ratios that the group's comparisons
               would have decided (Comparison.smallest_visible)
    """
    runner_up: str | None
    lead: Comparison | None
    rate: Estimate | None
    scaling: Estimate | None
    unseen: float | None


class Need(str, Enum):
    """What a visitor may need of a map."""
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
             for memory and time with an interval that reaches its interval
    number   its rate; memory or median time for those needs
    rates    rates of `maps`
    """
    need: Need
    maps: tuple[str, ...]
    number: Estimate
    rates: tuple[Estimate, ...]


@dataclass(frozen=True)
class GoAnswer:
    """The ranking of the Go maps that one compiler made, at the headline's place.

    version     of the compiler: 1.26, or 1.26.1 if two have one release
    goroutines  free or wired; None: not known
    closest     the fastest against the rival that is closest to it
    pair        sync.Map and map+RWMutex, the one with the higher centre first
    differs     the newest Go has another map in front, or another of the pair
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
    memory    bytes an entry
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
    """The first of a filtered group: decided, or too close to call."""
    maps: tuple[str, ...]
    rate: Estimate


@dataclass(frozen=True)
class Condition:
    """Who wins at another place: None: nothing is decided there.

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
    """rate: operations per second of all threads; floor: of the driver alone,
    by language; rows from short to long."""
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
    """The next mode of `make bench`; minutes it takes at most."""
    mode: str
    minutes: float


@dataclass(frozen=True)
class Result:
    """All that page, terminal and files print.

    groups     groups[0] is the headline's
    undecided  groups without a winner, indices
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
