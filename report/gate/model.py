# SPDX-License-Identifier: Apache-2.0
"""The dataclasses that the gate's modules share: frozen, without behaviour.

Log ratios are ln(head / base) of ns per operation; positive values mean slower. Percentages are 100
(head / base - 1). The value None means that no value exists, for example with too few pairs.
"""
from dataclasses import dataclass
from enum import Enum, StrEnum

import numpy as np
import numpy.typing as npt

from report.load.plan import Arm

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Role(StrEnum):
    """The purpose of a contrast."""
    GATE = "gate"
    ADVICE = "advice"  # a contrast that is judged, but does not affect the verdict of the run
    AA = "aa"  # control that compares base with its copy
    CONTROL = "control"  # control that compares base with base plus additional operations


class Verdict(StrEnum):
    """The verdict on a row, and on the whole run."""
    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"


EXIT = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3,
        Verdict.INVALID: 3}


class Change(StrEnum):
    """The result of a comparison, in the words that all reports use."""
    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"
    UNDECIDED = "undecided"
    INVALID = "invalid"


class Score(Enum):
    """How the pairs are weighted (docs/adr/0047-scores.md). BIWEIGHT ignores bursts; TAILS
    detects slowdowns that only some of head's trials have."""
    RANKS = "ranks"
    BIWEIGHT = "biweight"
    TAILS = "tails"


@dataclass(frozen=True)
class Notes:
    """The notes in campaign.json that the gate reads; a missing note is None."""
    ref: str | None
    commit: str | None
    head: str | None
    rules: str | None  # SHA-256 of the rules when the campaign began
    noise: str | None  # a calibration, as JSON
    map: str | None  # file of a map of another project
    readmostly: str | None
    same: tuple[str, ...]  # maps whose programs are equal in base and head
    slower: tuple[str, ...]  # `Slower: CELL: REASON` lines, oldest first
    fail_at: str | None = None  # FAIL_AT, such as "5%"


@dataclass(frozen=True)
class Contrast:
    """Two arms that are compared in one cell, base first."""
    role: Role
    cell: str
    base: str
    head: str
    verified: tuple[str, ...]  # cells that verify the answers of the same map


@dataclass(frozen=True)
class Skipped:
    """A contrast that was planned but not run."""
    cell: str
    role: Role
    reason: str


@dataclass(frozen=True)
class Attempt:
    """An older run of the same two programs with the same plan."""
    attempt: int
    verdict: str
    name: str


@dataclass(frozen=True)
class Lost:
    """A trial whose status is not ok."""
    side: str  # "base" or "head"
    failed: bool
    text: str


@dataclass(frozen=True)
class Pairs:
    """The pairs of one contrast; each array has one value per block."""
    d: Floats  # ln(head / base); nan if either trial is missing
    base_ns: Floats
    base_first: Bools
    lost: tuple[Lost, ...]


@dataclass(frozen=True)
class Figures:
    """An estimate with its 99 % interval, and the detectable effect [%]."""
    slowdown_percent: float | None
    low_percent: float | None
    high_percent: float | None
    mde_percent: float | None


@dataclass(frozen=True)
class Estimates:
    """Estimates from the same pairs by each of the scores."""
    ranks: Figures
    biweight: Figures
    tails: Figures

    def by(self, score: Score) -> Figures:
        return {Score.RANKS: self.ranks, Score.BIWEIGHT: self.biweight,
                Score.TAILS: self.tails}[score]


@dataclass(frozen=True)
class Measured:
    """Estimates from the pairs of one contrast, before any verdict."""
    cell: str
    role: Role
    n: int  # number of pairs
    lost: tuple[str, ...]
    slot_percent: float | None  # positive if the second trial of a pair is slower
    slot_low_percent: float | None
    slot_high_percent: float | None
    base_ns_per_op: float | None
    estimates: Estimates
    p_slower: float  # p of "slower than the margin", corrected for the family of tests
    p_within: float  # p of "not slower than the tolerance"
    by: Score  # score whose figures the row shows
    base_failed: str | None
    head_failed: str | None
    p_either_way: float | None = None  # for the A/A control
    p_equal: float | None = None

    @property
    def shown(self) -> Figures:
        return self.estimates.by(self.by)


@dataclass(frozen=True)
class Row(Measured):
    """One contrast with its verdict."""
    verdict: Verdict = Verdict.INVALID
    change: Change = Change.INVALID
    words: str = ""
    accepted: str | None = None  # reason for which a slowdown was accepted


@dataclass(frozen=True)
class Sized:
    """The number of blocks and how it was derived (blocks.py)."""
    blocks: int
    needed: int | None  # blocks for most of the cells (`bulk`), or None if more than MOST_BLOCKS
    most: int  # blocks that fit in the allowed time
    family: int  # number of cells
    noise: float | None  # robust sd of a pair [ln], for most of the cells
    worst: float | None  # robust sd of a pair [ln], for the noisiest cell
    blind: tuple[str, ...]  # cells whose noise hides a slowdown of the tolerance


@dataclass(frozen=True)
class Verdicts:
    """The content of verdicts.json."""
    name: str
    created_utc: str
    verdict: Verdict
    reason: str | None
    attempt: int
    earlier: tuple[Attempt, ...]
    plan_sha256: str
    seed: int
    arms: tuple[Arm, ...]
    blocks: int
    alpha: float
    margin: float
    tolerance: float
    fail_at: float | None  # FAIL_AT of the campaign
    remarks: tuple[str, ...]  # notes that are printed with the table
    sized: Sized | None
    cells: tuple[Row, ...]
    advice: tuple[Row, ...]
    controls: tuple[Row, ...]
    same: tuple[str, ...]
    skipped: tuple[Skipped, ...]

    @property
    def family(self) -> int:
        """Number of gated cells, over which alpha is corrected."""
        return len(self.cells)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows, in the order of the table."""
        return self.controls + self.cells + self.advice
