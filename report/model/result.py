# SPDX-License-Identifier: Apache-2.0
"""The result of a campaign, as stored in verdicts.json."""
from dataclasses import dataclass
from enum import Enum

from report.model.cards import Card
from report.model.number import Comparison, Estimate
from report.model.place import Group, Outcome, Place
from report.model.table import Table
from report.model.trust import Assessment

FORMAT = 3  # version of verdicts.json


@dataclass(frozen=True)
class Campaign:
    """When, on which machine and how the campaign was measured.

    - created: in ISO 8601, UTC
    - virtual: None if unknown
    - minutes: wall time of all trials together
    - synthetic: true if a program wrote the campaign and nothing was measured
    - replayed: true if counter values come from a recording
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
    window_ns: int  # window length of the headline's trials
    simulated: str | None  # the simulated machines, such as "icelake-sp", if nothing was timed


@dataclass(frozen=True)
class Runs:
    """Numbers of planned trials by outcome.

    - measured: cells with a result, without those that only verify a map
    - skipped: cells that the plan left out
    - uncounted: skipped cells that need counters which this machine does not provide
    - pending: planned trials that have not run yet
    - failed_maps: (id, reason) of maps with a wrong answer
    - missing: ids of cells without a result
    - failed: ids of cells with a result and a failed trial
    - reasons: why the plan left cells out
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
    failed: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class EarlierRun:
    """The headline of another campaign with the same machine and mode."""
    name: str
    created: str
    leader: str
    rate: float | None  # rate of that leader, operations/s
    lead: float | None  # that run's ratio of the rates of this run's leader and runner-up


@dataclass(frozen=True)
class Answer:
    """The values in the first sentence of the page, which is about groups[0].

    - runner_up: the map over which the leader's lead is smallest
    - lead: comparison of the leader with the runner-up
    - scaling: the leader's rate at the headline's threads / its rate at 1 thread
    - unseen: median of the smallest true ratios that the group's comparisons would have
      decided (Comparison.smallest_visible)
    """
    runner_up: str | None
    lead: Comparison | None
    rate: Estimate | None
    scaling: Estimate | None
    unseen: float | None


class Need(str, Enum):
    """A requirement that the user of a map may have."""
    GROWS = "the table must grow"
    PACKAGE = "from a package"
    PACKAGE_WRITERS = "package, many writers"
    GO = "a Go program"
    MEMORY = "least memory"
    LOOKUP = "shortest single look-up"
    SCAN = "a scan of one moment"
    NO_DUTIES = "no duties of callers"


@dataclass(frozen=True)
class Pick:
    """The best map for one need at the headline's place.

    - maps: the best map, and all that are too close to call: undecided or, for memory and time,
      with an overlapping interval
    - number: the best map's rate or, for the needs memory and time, its memory or median time
    - rates: the rates of `maps`
    """
    need: Need
    maps: tuple[str, ...]
    number: Estimate
    rates: tuple[Estimate, ...]


@dataclass(frozen=True)
class GoAnswer:
    """The ranking of one compiler's Go maps at the headline's place.

    - version: version of the compiler: 1.26, or 1.26.1 if two compilers share a release
    - goroutines: free or wired, or None if unknown
    - closest: comparison of the fastest map with its closest rival
    - pair: comparison of sync.Map with map+RWMutex, the one with the higher centre first
    - differs: true if another map leads than with the newest Go, overall or in the pair
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

    - slower: rate of the leader / rate of this map
    - scaling: rate at the headline's threads / rate at 1 thread
    - memory: bytes per entry
    - lookup: median service time of a look-up at a fixed rate
    """
    map: str
    rate: Estimate
    slower: Estimate | None
    scaling: Estimate | None
    memory: Estimate | None
    lookup: Estimate | None


@dataclass(frozen=True)
class Winner:
    """The fastest map of a filtered group, with all maps that are too close to call."""
    maps: tuple[str, ...]
    rate: Estimate


@dataclass(frozen=True)
class Condition:
    """The winners at another place, or None if undecided. `group` is the index in Result.groups."""
    group: int
    place: Place
    fastest: Winner | None
    growing: Winner | None
    package: Winner | None


@dataclass(frozen=True)
class Scaling:
    """Rate of a map at each thread count. All other factors are those of the headline's place."""
    map: str
    threads: tuple[int, ...]
    rates: tuple[Estimate, ...]
    gain: Estimate | None  # rate at the largest thread count / rate at the smallest


@dataclass(frozen=True)
class LatencyRow:
    """Service times of looking up a present key at a fixed rate."""
    map: str
    median: Estimate
    p99: Estimate


@dataclass(frozen=True)
class Latency:
    """Latencies at one place. `rate` is in operations per second of all threads. `rows` are
    sorted from short to long. `floors` has the driver without a map, by language."""
    place: Place
    rate: float
    rows: tuple[LatencyRow, ...]
    floors: tuple[LatencyRow, ...]


@dataclass(frozen=True)
class ClaimRow:
    """A published claim that this campaign tests.

    - verdict: reproduced, refuted, inconclusive, ... (docs/reference/claims.md)
    - of: the Go version or port that decided, or None if the claim is not about Go
    """
    id: str
    article: str
    verdict: str
    of: str | None
    estimate: Estimate | None
    reason: str | None


@dataclass(frozen=True)
class Next:
    """The next mode of `make bench`, and its time limit in minutes."""
    mode: str
    minutes: float


@dataclass(frozen=True)
class Result:
    """Everything that the page, the terminal and the files print.

    - groups: groups[0] is the headline's group
    - undecided: indices of groups without a winner
    - tables: tables of the linked pages
    - go: rankings of Go's maps by compiler, the newest first
    - go_open: true if only C ports of Go's maps have a result at the headline's place
    - busy: the load from other programs before the first trial, or None
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
    busy: str | None = None

    def card(self, name: str) -> Card:
        """Returns the card of a map. Raises KeyError if the map is not in this campaign."""
        for card in self.cards:
            if card.id == name:
                return card
        raise KeyError(name)
