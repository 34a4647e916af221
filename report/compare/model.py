# SPDX-License-Identifier: Apache-2.0
"""The dataclasses of comparison.json, from which docs/comparison.schema.json is generated.
The fields `machine`, `first`, `second` and `place` are indices."""
from dataclasses import dataclass

from report.model.number import Estimate, Verdict
from report.model.place import Group, Place
from report.model.result import Campaign
from report.model.trust import Assessment

FORMAT = 2


@dataclass(frozen=True)
class Absent:
    """A campaign that is left out; its `state` is missing or refused."""
    label: str
    state: str
    reason: str


@dataclass(frozen=True)
class Machine:
    """A campaign that takes part: one column of the table.

    - node: name of the machine in its fleet
    - folder: path relative to comparison.json
    - notes: what is missing; () if the campaign is complete
    - differs: lines of its plan that differ from the first campaign, of the same machine
    - sealed: false if the campaign was written before lines had checksums
    - trust: with the verdict NOT, the campaign recommends no map and decides no order
    - rankings: one for each of Document.places, or None for a place that was not measured
    """
    label: str
    node: str | None
    folder: str
    plan_sha256: str | None
    trials: int
    notes: tuple[str, ...]
    differs: tuple[str, ...]
    sealed: bool
    campaign: Campaign
    trust: Assessment
    rankings: tuple[Group | None, ...]


@dataclass(frozen=True)
class BoardRow:
    """A map at the headline place. `reversed` lists the maps that are faster than it on one
    machine and slower on another, both with certainty."""
    map: str
    reversed: tuple[str, ...]


@dataclass(frozen=True)
class Reversal:
    """Two maps that two machines rank in opposite orders."""
    place: int
    faster_on_first: str
    faster_on_second: str


@dataclass(frozen=True)
class Agreement:
    """How well the rankings of two machines agree.

    - places: number of places that both rank
    - same_leader: number of these places with the same leader
    - alike, reversed, open: numbers of pairs of maps that both machines decide in the same
      order, that both decide in opposite orders, and that at least one leaves undecided
    """
    first: int
    second: int
    places: int
    same_leader: int
    alike: int
    reversed: int
    open: int
    reversals: tuple[Reversal, ...]


@dataclass(frozen=True)
class Twin:
    """The difference between two campaigns whose machines have the same id.

    - same_machine: None if unknown
    - values: number of compared values, one for each map at each place
    - apart: number of values whose intervals exclude equality (5 % do by chance)
    - largest: the largest factor between the two campaigns; it belongs to `largest_map`
    - left_out: factor by which a ratio of two maps may differ on another machine of the
      model (95 %), in addition to its interval
    """
    first: int
    second: int
    same_machine: bool | None
    values: int
    apart: int
    largest: float
    largest_map: str
    left_out: Estimate


@dataclass(frozen=True)
class Claim:
    """The verdicts on a published claim, one for each machine, or None for a machine that did not
    test the claim."""
    id: str
    article: str
    verdicts: tuple[str | None, ...]


@dataclass(frozen=True)
class Change:
    """The change of a cell: speed of the later version divided by the earlier. With too few
    runs, `verdict` is None and `reason` gives their number."""
    cell: str
    map: str
    place: Place
    ratio: Estimate
    verdict: Verdict | None
    reason: str | None


@dataclass(frozen=True)
class Version:
    """Two versions of the maps on one machine.

    - then, now: labels of the runs
    - differs: the difference that makes it another version
    - setup: other differences
    - enough: true if both versions have enough runs for a verdict (6)
    """
    then: tuple[str, ...]
    now: tuple[str, ...]
    differs: str
    enough: bool
    setup: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Document:
    """The content of comparison.json.

    - wanted: number of requested campaigns
    - places: the places that at least two machines share
    - headline: index of the place in the main table, or None if the machines share no place
    - one_machine: true if all campaigns are of one machine
    """
    format: int
    kind: str
    complete: bool
    wanted: int
    synthetic: bool
    one_machine: bool
    headline: int | None
    places: tuple[Place, ...]
    machines: tuple[Machine, ...]
    absent: tuple[Absent, ...]
    board: tuple[BoardRow, ...]
    agreement: tuple[Agreement, ...]
    twins: tuple[Twin, ...]
    claims: tuple[Claim, ...]
    versions: tuple[Version, ...]
