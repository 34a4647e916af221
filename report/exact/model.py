# SPDX-License-Identifier: Apache-2.0
"""The dataclasses that the modules of the exact gate share."""
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Count = int | float
Figures = Mapping[str, Count]  # maps the name of a figure to its count
Differences = Mapping[str, tuple[Count, Count]]  # maps a figure to (base, head)


class Word(StrEnum):
    """The verdict on a cell. RED, ACCEPTED and EQUAL are also verdicts on the whole run."""
    RED = "red"
    ACCEPTED = "accepted"
    EQUAL = "equal"
    LAYOUT = "layout"  # only the addresses of globals changed
    ONLY_HEAD = "only head"
    SAME = "same program"  # the programs of base and head are equal, so no trial is run


@dataclass(frozen=True)
class Answer:
    """The answer of base or head to one request; if `figures` is None, `reason` explains why."""
    figures: Figures | None
    reason: str | None = None


@dataclass(frozen=True)
class Planned:
    """A simulated cell of the plan, with its factors in the trial protocol."""
    id: str
    map: str
    keys: int
    write_kind: str
    threads: int
    measure: str
    factors: Mapping[str, object]

    @property
    def name(self) -> str:
        return f"{self.map}/n{self.keys}/{self.write_kind}/t{self.threads}"

    @property
    def machine(self) -> str:
        return self.measure.partition(":")[2]


@dataclass(frozen=True)
class Cell:
    """A planned cell with the answers of base and head, or with None if the two programs are
    equal."""
    planned: Planned
    base: Answer | None
    head: Answer | None


@dataclass(frozen=True)
class Row:
    """The verdict on one cell, and the figures that led to it."""
    planned: Planned
    verdict: Word
    base: Figures | None
    head: Figures | None
    differ: Differences
    reason: str | None
    unpaired: tuple[str, ...]  # figures that only base or only head has

    @property
    def named(self) -> Differences:
        """The figures that a `Counts:` line must name: the differing figures of the whole
        cell or, if only memory regions differ, the differing figures of regions."""
        whole = {n: v for n, v in self.differ.items()
                 if n.partition(".")[0] == "stats" or "." not in n}
        return whole or self.differ


@dataclass(frozen=True)
class About:
    """The compared commits, their common compiler, and the plan's hash. `map` and `readmostly`
    are set if the gate checks a map of another project."""
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
    """The verdict on the whole run."""
    verdict: Word
    about: About
    machines: str
    rows: tuple[Row, ...]
    odd_lines: tuple[str, ...]  # `Counts:` lines that cannot be parsed
    unused: tuple[str, ...]  # accepted cells whose counts did not change or were not measured
