# SPDX-License-Identifier: Apache-2.0
"""The dataclasses that the modules of the exact gate share."""
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Count = int | float
Figures = Mapping[str, Count]  # figure of an answer -> its count
Differences = Mapping[str, tuple[Count, Count]]  # figure -> (base, head)


class Word(StrEnum):
    """Verdict on a cell; RED, ACCEPTED and EQUAL also on the whole run."""
    RED = "red"
    ACCEPTED = "accepted"
    EQUAL = "equal"
    LAYOUT = "layout"  # globals have other addresses
    ONLY_HEAD = "only head"
    SAME = "same program"  # needs no trial


@dataclass(frozen=True)
class Answer:
    """One arm's answer to one request; figures None: see the reason."""
    figures: Figures | None
    reason: str | None = None


@dataclass(frozen=True)
class Planned:
    """A simulated cell of the plan; factors of the trial protocol."""
    id: str
    map: str
    keys: int
    write_kind: str
    threads: int
    measure: str
    factors: Mapping[str, object]

    @property
    def name(self) -> str:
        """A short name that is unique among the planned cells."""
        return f"{self.map}/n{self.keys}/{self.write_kind}/t{self.threads}"

    @property
    def machine(self) -> str:
        return self.measure.partition(":")[2]


@dataclass(frozen=True)
class Cell:
    """A planned cell with both answers; None: the programs are the same."""
    planned: Planned
    base: Answer | None
    head: Answer | None


@dataclass(frozen=True)
class Row:
    """One cell's verdict."""
    planned: Planned
    verdict: Word
    base: Figures | None
    head: Figures | None
    differ: Differences
    reason: str | None
    unpaired: tuple[str, ...]  # figures that only one arm has

    @property
    def named(self) -> Differences:
        """The figures that a `Counts:` line must name: figures of the whole cell if one
        differs, because figures by region change with them."""
        whole = {n: v for n, v in self.differ.items()
                 if n.partition(".")[0] == "stats" or "." not in n}
        return whole or self.differ


@dataclass(frozen=True)
class About:
    """The compared commits, the compiler of both arms, the plan's hash; map and
    readmostly: set for a map of another project."""
    base: str
    base_ref: str
    head: str
    head_changed: str
    compiler: str
    plan: str = ""
    head_ref: str = ""
    map: str = ""
    readmostly: str = ""


@dataclass(frozen=True)
class Verdict:
    """The result of the gate."""
    verdict: Word
    about: About
    machines: str
    rows: tuple[Row, ...]
    odd_lines: tuple[str, ...]  # `Counts:` lines that cannot be parsed
    unused: tuple[str, ...]  # cells that the messages accept needlessly
