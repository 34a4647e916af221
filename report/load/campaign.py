# SPDX-License-Identifier: Apache-2.0
"""A campaign: its plan, and the trials of each cell in its journal."""
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

    - trials: the last attempt of each block, in the order in which they ran
    - earlier: attempts that were repeated
    - names: the factors of the requested cells that run as this one
    """
    factors: Factors
    trials: tuple[Trial, ...] = ()
    earlier: tuple[Trial, ...] = ()
    names: tuple[Factors, ...] = ()

    @property
    def id(self) -> str:
        """Id of the cell, unique in the campaign."""
        return self.factors.id

    @property
    def map(self) -> str:
        """Id of the cell's map."""
        return self.factors.map

    @property
    def measure(self) -> str:
        """The measure: throughput, latency, memory, verify, causes, counters, ..."""
        return self.factors.measure

    @cached_property
    def ok(self) -> tuple[Trial, ...]:
        """The valid trials."""
        return tuple(t for t in self.trials if t.usable)

    @property
    def known_as(self) -> tuple[Factors, ...]:
        """Factors of this cell, and of the other cells that it represents."""
        return (self.factors, *self.names)

    @cached_property
    def rates(self) -> Mapping[int, float]:
        """Operations per second by block."""
        return {t.block: t.rate for t in self.ok if t.rate is not None}

    @property
    def scheduling(self) -> str | None:
        """Scheduling as the last program reported it, such as "free goroutines, GOMAXPROCS 2", or
        None if there is no result or the map is not a Go map."""
        last = self.ok[-1].result if self.ok else None
        about = last.environment if last else None
        if not about or not about.goroutines:
            return None
        processors = "not known" if about.gomaxprocs is None else about.gomaxprocs
        return f"{about.goroutines} goroutines, GOMAXPROCS {processors}"

    @property
    def state(self) -> str:
        """Outcome of the cell: measured, skipped, failed, void or not run."""
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
        """Reason for a missing result, or None if there is a result."""
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
        """Number of planned trials that were never attempted."""
        return 0 if self.factors.skip else max(self.factors.blocks - len(self.trials), 0)


@dataclass(frozen=True)
class Campaign:
    """The content of a campaign's folder.

    - cells: by id, in the order of the plan
    - arms: the last attempts of a control's trials, by (arm, cell id)
    - ran: every attempt with its cell, in the order in which they ran
    - rounds: the (cell id, block) of each round, in running order (ADR 56); a block is the
      number of a trial in its cell
    - trials: number of planned (cell, block, arm) with at least one attempt
    - problems: errors in the files, one line each
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
        """Name in the plan, which stays the same if the folder moves."""
        return self.plan.name or self.path.resolve().name

    @cached_property
    def maps(self) -> Mapping[str, MapInfo]:
        """Descriptions of the maps by id."""
        return {m.id: m for m in self.plan.maps}

    @property
    def planned(self) -> list[Cell]:
        """Cells that were not skipped."""
        return [c for c in self.cells.values() if not c.factors.skip]

    @property
    def missing(self) -> list[Cell]:
        """Planned cells without a result, except for injected misuses, which are meant to fail."""
        return [c for c in self.planned if not c.ok
                and not (self.maps[c.map].misuse and c.state == "failed")]

    @property
    def measuring(self) -> list[Cell]:
        """Cells that measure, and do not only verify a map."""
        return [c for c in self.cells.values() if c.measure != "verify"]

    def is_short(self, cell: Cell) -> bool:
        """True if an arm of the cell has no valid trial or a failed one. A misuse may fail."""
        lists = [self.attempted(cell, arm) for arm in self.plan.arms_of(cell.factors)]
        failed = any(t.status is Status.FAILED for trials in lists for t in trials)
        if self.maps[cell.map].misuse:
            return not cell.ok and not failed
        return failed or not all(any(t.usable for t in trials) for trials in lists)

    @property
    def incomplete(self) -> bool:
        """True if the exit status is 3, as for `readmostly run`: trials are missing or failed, or
        the plan skips every cell that measures."""
        return not self.complete or any(self.is_short(c) for c in self.planned) \
            or not self.planned or all(c.factors.skip for c in self.measuring or self.planned)

    def attempted(self, cell: Cell, arm: str) -> tuple[Trial, ...]:
        """Returns the last attempt of each trial of a cell by an arm."""
        return cell.trials if arm == "head" else self.arms.get((arm, cell.id), ())

    @property
    def pending(self) -> int:
        """Number of planned trials, over all arms, that were never attempted."""
        return sum(max(cell.factors.blocks - len(self.attempted(cell, arm)), 0)
                   for cell in self.planned
                   for arm in self.plan.arms_of(cell.factors))

    @property
    def complete(self) -> bool:
        """True if a resume would run nothing."""
        return not self.pending and self.repeats.whole

    @cached_property
    def round_of(self) -> Mapping[tuple[str, int], int]:
        """Number of the round in which a (cell id, block) runs."""
        return {trial: number for number, trials in enumerate(self.rounds)
                for trial in trials}

    @cached_property
    def failed_maps(self) -> Mapping[str, str]:
        """Maps that gave a wrong answer, with the reason of the first one."""
        failed: dict[str, str] = {}
        for cell in self.cells.values():
            for trial in cell.trials:
                checked = trial.result and trial.result.verification
                if checked and checked.status == "failed":
                    failed.setdefault(
                        cell.map, checked.reason or trial.reason or "no reason")
        return failed
