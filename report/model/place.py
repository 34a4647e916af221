# SPDX-License-Identifier: Apache-2.0
"""A place is a choice of all factors except the map. The maps at a place are ranked."""
from dataclasses import dataclass
from enum import Enum

from report.model.number import Comparison, Estimate, Verdict


@dataclass(frozen=True)
class Place:
    """All factors of a group of cells except the map. Shares go from 0 to 1. `options` are the
    names and values of other factors that differ from their defaults."""
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
    crowded: bool  # true if there are more threads than CPUs
    options: tuple[tuple[str, str], ...] = ()


class Outcome(str, Enum):
    """The kind of result that a ranking has."""
    DECIDED = "decided"  # one map is faster than all others
    TIED = "tied"  # some maps are too close to call
    OPEN = "too few runs"
    ALONE = "one map only"


@dataclass(frozen=True)
class Entry:
    """One map at a place.

    - rate: operations per second, summed over all threads
    - slower: rate of the leader / rate of this map, or None for the leader, for a reference
      (Card.reference), and if there is no result
    - ranked: true if the map takes part in the ranking
    - cell: id in campaign.json
    - reason: why the map has no result, or why it is not ranked
    - scheduling: such as "free goroutines, GOMAXPROCS 2", or None if it is not a Go map
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

    - leader: the map with the highest centre, or None if no ranked map has a result
    - front: the leader, then all maps that are not shown to be slower, in alphabetical order
    - needs: smallest number of trials for ranking this many maps
    - entries: the ranked maps from fast to slow, then the others
    - comparisons: the leader compared with every other ranked map, the closest first
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
        """The comparison with the leader's smallest lead, or None if no comparison has a joint
        interval."""
        valid = [c for c in self.comparisons if c.low is not None]
        return min(valid, key=lambda c: c.low or 0.0) if valid else None

    @property
    def short(self) -> tuple[str, ...]:
        """The maps of `front` that have too few runs for a comparison with the leader."""
        invalid = {c.against for c in self.comparisons if c.verdict is Verdict.INVALID}
        return tuple(m for m in self.front if m in invalid)

    def entry(self, name: str) -> Entry | None:
        """Returns the row of a map."""
        return next((e for e in self.entries if e.map == name), None)

    def comparison(self, name: str) -> Comparison | None:
        """Returns the comparison of the leader with a map."""
        return next((c for c in self.comparisons if c.against == name), None)
