# SPDX-License-Identifier: Apache-2.0
"""The document that `report decide` prints as JSON: the verdicts of a campaign on the claims
of the ledger (docs/reference/claims.md)."""
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Word(StrEnum):
    """The verdict on a claim, or on one of its cells."""
    REPRODUCED = "reproduced"
    DEPENDS = "depends"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    NOT_HERE = "not testable here"


class Kind(StrEnum):
    """The difference between a refuted claim and the measured value."""
    OPPOSITE = "opposite"
    SIZE = "direction holds, size differs"
    SIZE_ALONE = "size differs"
    NO_DIFFERENCE = "no difference above"


class Stand(StrEnum):
    """Standing of a piece of advice."""
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    OPEN = "left open"


# values of Verdict.of that are not Go versions (golang.py)
PORT, VARIANT = "C port of Go 1.19's code", "variant"
DECIDED = (Word.REPRODUCED, Word.DEPENDS, Word.REFUTED)


@dataclass(frozen=True)
class CellRow:
    """A cell of a claim, or a pair of cells.

    - cells: ids of the subject's cell and of the divisor's cell
    - value, low, high: the statistic, or the ratio of both cells, with its interval
    - p: p value of the verdict, corrected for all claims about speed
    - could_see: smallest difference that this run could have detected, as a share
    - against_value: centre of the divisor's values
    """
    where: str
    cells: tuple[str, ...]
    word: Word
    kind: Kind | None
    how: str
    claimed: tuple[float, ...] | None
    value: float | None
    low: float | None
    high: float | None
    n: int
    p: float | None
    could_see: float | None
    against_value: float | None


@dataclass(frozen=True)
class Verdict:
    """A verdict. `numbers` is their source, such as "Go" for Go's own maps. `of` names the Go
    version or the port, and is "" for a claim that is not about Go."""
    verdict: Word
    how: str
    numbers: str
    cells: tuple[CellRow, ...]
    of: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Variant(Verdict):
    """The verdict on the C port with one possible cause of a difference removed."""
    maps: str


@dataclass(frozen=True)
class ClaimRow(Verdict):
    """A claim and its verdict.

    - grade, weakened_by: how close the experiment is to the article, and why not closer
    - setting: goroutines, threads and CPUs of the cells
    - beside: the verdict on the other Go version (today's, if a classic one decides)
    - port: the verdict on the C port, if Go's maps decide
    - agree: true if Go and the port agree, or None if one of them is undecided or missing
    - cause: why they differ
    """
    id: str
    says: str
    article: str
    rule: str
    speaks: str
    kind: str
    claimed: tuple[float, ...] | None
    instead: str
    grade: str = ""
    weakened_by: str = ""
    setting: str = ""
    beside: Verdict | None = None
    port: Verdict | None = None
    agree: bool | None = None
    variant: Variant | None = None
    cause: str = ""


@dataclass(frozen=True)
class Standing:
    """A decision rule. `grounds` is named "for" in JSON; `pair` is two maps, or None."""
    id: str
    source: str
    situation: str
    advises: str
    grounds: tuple[str, ...]
    against: tuple[str, ...]
    pair: tuple[str, ...] | None
    standing: Stand
    why: str


@dataclass(frozen=True)
class Document:
    """All conclusions from a campaign.

    - ledger_of_run, contract_of_run: hashes from before the run, if it recorded them
    - go_and_port: a sentence about the claims on which Go and the port agree
    - doubt: the failed control of the run
    - words: lines for a terminal
    """
    format: int
    kind: str
    campaign: str
    machine: str
    ledger_sha256: str
    ledger_of_run: str | None
    contract_sha256: str
    contract_of_run: str | None
    alpha: float
    count: Mapping[Word, int]
    not_in_this_run: tuple[str, ...]
    claims: tuple[ClaimRow, ...]
    go_and_port: str
    rules: tuple[Standing, ...]
    doubt: str | None
    words: tuple[str, ...]
    finished: bool = True
