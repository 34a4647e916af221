# SPDX-License-Identifier: Apache-2.0
"""comparison.json as frozen dataclasses, from which docs/comparison.schema.json is
generated. The fields machine, first, second and place are indices."""
from dataclasses import dataclass

from report.model.number import Estimate, Verdict
from report.model.place import Group, Place
from report.model.result import Campaign
from report.model.trust import Assessment

FORMAT = 2


@dataclass(frozen=True)
class Absent:
    """A campaign that is left out. state: missing or refused."""
    label: str
    state: str
    reason: str


@dataclass(frozen=True)
class Machine:
    """A campaign that takes part: one column of the table.

    node     name of the machine in its fleet
    folder   relative to comparison.json
    notes    what is missing; (): complete
    differs  lines of its plan that differ from the first campaign, of the same machine
    sealed   False: written before lines had checksums
    trust    verdict NOT: it recommends no map, and decides no order
    rankings at Document.places; None: not measured there
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
    """A map at the headline place. reversed: maps that are faster than it on one
    machine and slower on another, both decided."""
    map: str
    reversed: tuple[str, ...]


@dataclass(frozen=True)
class Reversal:
    """Two maps, each faster on one of two machines."""
    place: int
    faster_on_first: str
    faster_on_second: str


@dataclass(frozen=True)
class Agreement:
    """How well the rankings of two machines agree.

    places     that both rank; same_leader: how many of them
    alike, reversed, open  pairs of maps: decided on both in the same order, in
               opposite orders, or not decided on both
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
    """The difference of two campaigns with one machine id.

    same_machine  None: not known
    values    maps at places; apart: those whose intervals exclude equality
              (5 % do by chance)
    largest   factor between the two, of largest_map
    left_out  factor by which a ratio of two maps may differ on another such
              machine (95 %), beyond what its interval covers
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
    """Verdicts on a published claim, one per machine; None: not tested there."""
    id: str
    article: str
    verdicts: tuple[str | None, ...]


@dataclass(frozen=True)
class Change:
    """A cell, version now / version then. verdict None: too few runs; the reason
    has their number."""
    cell: str
    map: str
    place: Place
    ratio: Estimate
    verdict: Verdict | None
    reason: str | None


@dataclass(frozen=True)
class Version:
    """Two versions on one machine.

    then, now  labels of the runs
    differs    the difference that makes it another version; setup: others
    enough     true if there are enough runs for a verdict (6 per side)
    """
    then: tuple[str, ...]
    now: tuple[str, ...]
    differs: str
    enough: bool
    setup: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Document:
    """comparison.json.

    wanted   number of requested campaigns
    places   that two machines share; headline: place of the board. None: no place
    one_machine  true if all campaigns are of one machine
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
