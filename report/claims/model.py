# SPDX-License-Identifier: Apache-2.0
"""The document that `report decide` prints as JSON: the conclusions of a campaign
about the ledger (docs/reference/claims.md)."""
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
    """How a refuted cell differs from its claim."""
    OPPOSITE = "opposite"
    SIZE = "direction holds, size differs"
    SIZE_ALONE = "size differs"
    NO_DIFFERENCE = "no difference above"


class Stand(StrEnum):
    """The standing of a piece of advice."""
    CONFIRMED = "confirmed"
    CORRECTED = "corrected"
    OPEN = "left open"


PORT, VARIANT = "C port of Go 1.19's code", "variant"  # sources of maps; Go: golang.py
DECIDED = (Word.REPRODUCED, Word.DEPENDS, Word.REFUTED)


@dataclass(frozen=True)
class CellRow:
    """A cell of a claim, or a pair of cells.

    cells     ids: subject, against
    value, low, high  of the statistic, or of the ratio of both cells
    p         of the verdict, corrected over all claims about speed
    could_see the difference that this run could have detected, a share
    against_value  centre of the second cell
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
    """A verdict. numbers: their source, "Go" for Go's own maps; of: the version of
    Go, or the port; "" for a claim that is not about Go."""
    verdict: Word
    how: str
    numbers: str
    cells: tuple[CellRow, ...]
    of: str = field(default="", kw_only=True)


@dataclass(frozen=True)
class Variant(Verdict):
    """The verdict on the port without one possible cause of a difference."""
    maps: str


@dataclass(frozen=True)
class ClaimRow(Verdict):
    """A claim and its verdict.

    grade, weakened_by  how close the experiment is to the statement
    setting  goroutines and CPUs of its cells
    beside  verdict of the other Go: today's if a classic one decides
    port   verdict on the port if Go's maps decide
    agree  whether Go and the port agree; None: one is undecided or missing
    cause  why they differ
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
    """A decision rule. grounds: "for" in JSON; pair: two maps, or None."""
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
    """All conclusions of a campaign.

    ledger_of_run, contract_of_run  hashes from before the run, if it kept them
    go_and_port  how far Go and the port agree
    doubt  a failed control of the run
    words  lines for a terminal
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
