# SPDX-License-Identifier: Apache-2.0
"""A group of cells that differ only in the map, and its ranking."""
from dataclasses import dataclass
from enum import Enum

from report.model.number import Comparison, Estimate


@dataclass(frozen=True)
class Place:
    """All factors of a group except the map. Shares are 0 to 1.

    options  other factors that differ from their defaults, (name, value)
    """
    workload: str
    loop: str
    shape: str
    keys: int
    write_kind: str
    write_share: float
    miss_share: float
    dist: str
    threads: int
    placement: str
    memory: str
    presize: bool
    crowded: bool  # more threads than CPUs
    options: tuple[tuple[str, str], ...] = ()


class Outcome(str, Enum):
    """The result for the first place of a group."""
    DECIDED = "decided"  # one map is faster than every other one
    TIED = "tied"  # too close to call
    OPEN = "too few runs"
    ALONE = "one map only"


@dataclass(frozen=True)
class Entry:
    """One map at a place.

    rate     operations per second, summed over all threads
    slower   rate of the leader / rate of this map; None for the leader, for a
             reference (see cards.Card.reference) and without a result
    ranked   takes part in the ranking
    cell     id in campaign.json
    reason   why there is no result, or why it is not ranked
    scheduling  "free goroutines, GOMAXPROCS 2"; None: not a Go map
    """
    map: str
    cell: str
    rate: Estimate
    slower: Estimate | None
    ranked: bool
    reason: str | None = None
    scheduling: str | None = None


@dataclass(frozen=True)
class Group:
    """The ranking at a place.

    leader   map with the highest centre; None: no ranked map has a result
    front    maps that are not shown to be slower than the leader: the leader,
             then the others in alphabetical order
    needs    least number of trials for a ranking of this many maps
    entries  ranked maps from fast to slow, then the others
    comparisons  the leader compared with every other ranked map, closest first
    """
    place: Place
    outcome: Outcome
    leader: str | None
    front: tuple[str, ...]
    needs: int
    entries: tuple[Entry, ...]
    comparisons: tuple[Comparison, ...]

    @property
    def closest(self) -> Comparison | None:
        """The leader's least certain lead; None: no comparison has a joint interval."""
        valid = [c for c in self.comparisons if c.low is not None]
        return min(valid, key=lambda c: c.low or 0.0) if valid else None

    def entry(self, name: str) -> Entry | None:
        """The row of a map."""
        return next((e for e in self.entries if e.map == name), None)

    def comparison(self, name: str) -> Comparison | None:
        """The leader compared with a map."""
        return next((c for c in self.comparisons if c.against == name), None)
