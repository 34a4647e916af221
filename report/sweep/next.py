# SPDX-License-Identifier: Apache-2.0
"""Chooses the next stage of a search from the plan, the rule and the stages so far.

1. The first stage has the points at the ends and middles of all axes.
2. Then each line along an ordered axis is examined. If two measured neighbours have
   different outcomes (one map leads, the other leads, tied), each undecided
   neighbour that has looks left is measured again. If neither neighbour is measured
   again, the point halfway between them is measured.
3. Between two neighbours of the first stage with the same outcome, the middle is measured
   once, so that two crossings on one line are found.
4. A tied point whose estimated ratio is outside the margin is measured again.

The search ends if no rule applies, or if budget_trials is spent.
"""
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum

from report import load
from report.decide.groups import Rates
from report.load import JournalError, strict_json
from report.staged import Staged
from report.sweep import outcome, text
from report.sweep import rule as rules
from report.sweep.grid import ORDERED, Group, Lattice, Line, Point, coarse, is_coarse, lattice
from report.sweep.outcome import Stage, States
from report.workload_values import counted

ANEW = "start the search again in another folder"


class Want(IntEnum):
    """The reason why a point is measured, in order of priority."""
    BISECT = 0
    AGAIN = 1
    FIRST = 2
    BETWEEN = 3


class End(Enum):
    """The reason why no further stage follows."""
    DONE = "done"
    BUDGET = "budget"
    UNUSABLE = "no point can run"
    EMPTY = "no point has a result"


@dataclass(frozen=True)
class Request:
    """The next stage, or the end of the search; `blocks` is the number of blocks per cell."""
    stage: int | None
    points: tuple[Point, ...]
    blocks: int
    why: str
    end: End | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of all cells; the two ids of a point are adjacent."""
        return tuple(c for p in self.points for c in p.cells)

    @property
    def trials(self) -> int:
        """Number of timed trials."""
        return self.blocks * len(self.cells)


def middle(between: Sequence[Point], states: States) -> Point | None:
    """Returns the middle point that can still be measured, the lower one of two. Returns None if
    there is none."""
    free = [p for p in between if not p.skip and p not in states]
    return free[(len(free) - 1) // 2] if free else None


def wants_of_line(group: Group, axis: str, line: Line,
                  states: States) -> Iterator[tuple[Want, Point]]:
    """Yields the points of one line to measure next, with the reasons."""
    i = ORDERED.index(axis)
    seen = [k for k, p in enumerate(line) if p in states and (states[p].known or states[p].open)]
    ends = coarse(len(group.values(axis)))
    whole = is_coarse(group, line[0].at, but=axis)
    for low, high in zip(seen, seen[1:]):
        one, two = states[line[low]], states[line[high]]
        between = middle(line[low + 1:high], states)
        if (one.known, one.leader) != (two.known, two.leader):
            open_ends = [line[k] for k in (low, high) if states[line[k]].open]
            if open_ends:
                yield from ((Want.AGAIN, p) for p in open_ends)
            elif between:
                yield Want.BISECT, between
        elif one.known and between and whole and ends >= {line[low].at[i], line[high].at[i]}:
            yield Want.BETWEEN, between


def wanted(grid: Lattice, states: States) -> dict[Point, Want]:
    """Returns all points to measure next, with the reasons."""
    found: dict[Point, Want] = {}

    def want(priority: Want, point: Point) -> None:
        found[point] = min(priority, found.get(point, priority))

    for point in grid.usable():
        if point not in states and is_coarse(grid.groups[point.group], point.at):
            want(Want.FIRST, point)
    for point, state in states.items():
        if state.open and (state.far or not state.known):
            want(Want.AGAIN, point)
    for group, axis, line in grid.lines():
        for priority, point in wants_of_line(group, axis, line, states):
            want(priority, point)
    return found


def of_one_stage(rule: rules.Numbers, wants: Mapping[Point, Want],
                 states: States) -> tuple[int, dict[Point, Want]]:
    """Returns the number of blocks of the next stage, and its points. All cells of a stage have the
    same number of blocks. The smallest number goes first, because its results may make others
    unnecessary."""
    needs = {p: rule.blocks[states[p].looks if p in states else 0] for p in wants}
    least = min(needs.values(), default=0)
    return least, {p: k for p, k in wants.items() if needs[p] == least}


def afford(grid: Lattice, blocks: int, wants: Mapping[Point, Want], left: int) -> list[Point]:
    """Returns the points that can be measured with `left` trials, by priority; in the first
    stage, the ends of axes come first."""
    def middles(point: Point) -> int:
        axes = grid.groups[point.group].axes
        return sum(0 < i < len(values) - 1 for values, i in zip(axes, point.at))
    order = sorted(wants, key=lambda p: (
        wants[p], middles(p) if wants[p] is Want.FIRST else 0, p))
    return sorted(order[:left // (2 * blocks)]) if order else []


class Search:
    """Replays a search stage by stage, and stores its completed stages."""

    def __init__(self, grid: Lattice, rule: rules.Numbers, budget: int) -> None:
        self.lattice, self.rule, self.budget = grid, rule, budget
        self.stages: list[Stage] = []
        self.states: States = {}
        self.trials = 0

    def next(self) -> Request:
        """Chooses the next stage. The runner adds verification trials for cells that no stage has
        verified; they are not part of the request."""
        every = wanted(self.lattice, self.states)
        blocks, wants = of_one_stage(self.rule, every, self.states)
        points = afford(self.lattice, blocks, wants, self.budget - self.trials)
        if not points:
            end = self.end(every)
            why = text.sentence("stopped", end=end.name, wanted=len(every), budget=self.budget,
                                skips=sorted({p.skip for p in self.lattice.points()}))
            return Request(None, (), 0, why, end)
        counts = [(want.name, sum(wants[p] is want for p in points))
                  for want in (Want.FIRST, Want.BISECT, Want.AGAIN, Want.BETWEEN)]
        why = text.sentence("stage", counts=[c for c in counts if c[1]], budget=self.budget,
                            lost=len(wants) - len(points))
        return Request(len(self.stages) + 1, tuple(points), blocks, why)

    def end(self, wants: Mapping[Point, Want]) -> End:
        """Returns the reason why no further stage follows."""
        if wants:
            return End.BUDGET
        if not self.lattice.usable():
            return End.UNUSABLE
        return End.DONE if any(s.known for s in self.states.values()) else End.EMPTY

    def take(self, request: Request, rates: Mapping[str, Rates]) -> None:
        """Adds a complete stage that next() requested; `rates` has the speeds by cell."""
        self.stages.append(Stage(request.points, request.blocks, rates))
        self.trials += request.trials
        self.states |= outcome.states(self.stages, self.rule, request.points)


def played(staged: Staged) -> Search:
    """Replays the complete stages of a staged campaign. Raises JournalError if a stage ran
    something other than what the rule requires."""
    rule = rules.checked(staged.meta.rule, staged.path / "stages.json")
    search = Search(lattice(staged.plan.cells, staged.pair, staged.plan_file), rule,
                    staged.meta.budget_trials)
    for campaign in staged.stages:
        request = search.next()
        check_stage(campaign, request)
        search.take(request, {c: campaign.cells[c].rates for c in request.cells})
    if staged.begun:
        check_stage(staged.begun, search.next())
    return search


def check_stage(campaign: load.Campaign, request: Request) -> None:
    """Checks that a stage ran the required timed cells and number of blocks."""
    if request.stage is None:
        raise JournalError(f"{campaign.path}: one stage too many, {request.why}: {ANEW}")
    blocks = {c.id: c.factors.blocks for c in campaign.cells.values() if c.measure != "verify"}
    odd = sorted(set(blocks) ^ set(request.cells))
    if odd:
        raise JournalError(f"{campaign.path}: not the stage that the rule requires "
                           f"({counted(len(odd), 'cell')} such as {odd[0]}): {ANEW}")
    few = sorted(c for c in blocks if blocks[c] != request.blocks)
    if few:
        raise JournalError(f"{campaign.path}: {blocks[few[0]]} blocks of {few[0]}, the rule "
                           f"requires {request.blocks}: {ANEW}")


def main(staged: Staged) -> int:
    """Prints the next stage of a staged campaign; returns the exit status."""
    request = played(staged).next()
    more = {} if request.stage is None else {"blocks": request.blocks, "trials": request.trials}
    print(strict_json.dumps({"format": 1, "stage": request.stage, "cells": request.cells, **more,
                             "why": request.why}, indent=1, ensure_ascii=False))
    return 0
