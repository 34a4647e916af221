# SPDX-License-Identifier: Apache-2.0
"""A campaign: its plan, and the journal's trials of each cell."""
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from report.load.plan import Factors, MapInfo, Plan
from report.load.repeats import Repeats
from report.load.trial import Status, Trial


@dataclass(frozen=True)
class Cell:
    """A planned cell with its trials of the arm "head".

    trials   the last attempt of each block, in the order they ran
    earlier  attempts that were repeated
    names    the factors of requested cells that run as this one
    """
    factors: Factors
    trials: tuple[Trial, ...] = ()
    earlier: tuple[Trial, ...] = ()
    names: tuple[Factors, ...] = ()

    @property
    def id(self) -> str:
        """Unique in the campaign."""
        return self.factors.id

    @property
    def map(self) -> str:
        """Id of its map."""
        return self.factors.map

    @property
    def measure(self) -> str:
        """throughput, latency, memory, verify, causes, counters, ..."""
        return self.factors.measure

    @cached_property
    def ok(self) -> tuple[Trial, ...]:
        """The valid trials."""
        return tuple(t for t in self.trials if t.usable)

    @property
    def known_as(self) -> tuple[Factors, ...]:
        """Its factors, and the factors of the other cells that it represents."""
        return (self.factors, *self.names)

    @cached_property
    def rates(self) -> Mapping[int, float]:
        """block -> operations per second."""
        return {t.block: t.rate for t in self.ok if t.rate is not None}

    @property
    def scheduling(self) -> str | None:
        """"free goroutines, GOMAXPROCS 2", as the last program reported; None: no result,
        or not a Go map."""
        last = self.ok[-1].result if self.ok else None
        about = last.environment if last else None
        if not about or not about.goroutines:
            return None
        processors = "not known" if about.gomaxprocs is None else about.gomaxprocs
        return f"{about.goroutines} goroutines, GOMAXPROCS {processors}"

    @property
    def state(self) -> str:
        """measured, skipped, failed, void, not run"""
        if self.ok:
            return "measured"
        if self.factors.skip:
            return "skipped"
        if not self.trials:
            return "not run"
        states = [t.status for t in self.trials]
        return next((s.value for s in (Status.FAILED, Status.VOID, Status.SKIPPED)
                     if s in states), "failed")

    @property
    def reason(self) -> str | None:
        """Why its result is missing; None: it is present."""
        if self.ok:
            return None
        if self.factors.skip:
            return self.factors.skip
        if not self.trials:
            return "not run yet"
        trial = next((t for t in self.trials if t.status.value == self.state), self.trials[0])
        return trial.reason or f"exit {trial.exit}"

    @property
    def pending(self) -> int:
        """Planned trials that were never attempted."""
        return 0 if self.factors.skip else max(self.factors.blocks - len(self.trials), 0)


@dataclass(frozen=True)
class Campaign:
    """The content of a folder.

    cells    by id, in the order of the plan
    arms     (arm, cell id) -> its last attempts: controls
    ran      every attempt with its cell, in the order they ran
    rounds   (cell id, block) of each round, in running order (ADR 56). A
             block is the number of a trial in its cell.
    trials   planned (cell, block, arm) with at least one attempt
    problems errors in the files, one line each
    """
    path: Path
    plan: Plan
    cells: Mapping[str, Cell]
    arms: Mapping[tuple[str, str], tuple[Trial, ...]]
    ran: tuple[tuple[Cell, Trial], ...]
    rounds: tuple[tuple[tuple[str, int], ...], ...]
    repeats: Repeats
    trials: int
    problems: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """The name in the plan, even if the folder has moved."""
        return self.plan.name or self.path.resolve().name

    @cached_property
    def maps(self) -> Mapping[str, MapInfo]:
        """Descriptions by id."""
        return {m.id: m for m in self.plan.maps}

    @property
    def planned(self) -> list[Cell]:
        """Cells without a reason to skip them."""
        return [c for c in self.cells.values() if not c.factors.skip]

    @property
    def missing(self) -> list[Cell]:
        """Planned cells without a result. Injected misuses are left out, because they are
        meant to fail."""
        return [c for c in self.planned if not c.ok
                and not (self.maps[c.map].misuse and c.state == "failed")]

    def attempted(self, cell: Cell, arm: str) -> tuple[Trial, ...]:
        """The trials of a cell by an arm, each by its last attempt."""
        return cell.trials if arm == "head" else self.arms.get((arm, cell.id), ())

    @property
    def pending(self) -> int:
        """Planned trials of all arms that were never attempted."""
        return sum(max(cell.factors.blocks - len(self.attempted(cell, arm)), 0)
                   for cell in self.planned
                   for arm in self.plan.arms_of(cell.factors))

    @property
    def complete(self) -> bool:
        """True if a resume would run nothing."""
        return not self.pending and self.repeats.whole

    @cached_property
    def round_of(self) -> Mapping[tuple[str, int], int]:
        """(cell id, block) -> the round in which it runs."""
        return {trial: number for number, trials in enumerate(self.rounds)
                for trial in trials}

    @cached_property
    def failed_maps(self) -> Mapping[str, str]:
        """Maps with a wrong answer: id -> the reason of the first one."""
        failed: dict[str, str] = {}
        for cell in self.cells.values():
            for trial in cell.trials:
                checked = trial.result and trial.result.verification
                if checked and checked.status == "failed":
                    failed.setdefault(
                        cell.map, checked.reason or trial.reason or "no reason")
        return failed
