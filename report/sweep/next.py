# SPDX-License-Identifier: Apache-2.0
"""The next stage of a search: a pure function of plan, rule and stages.

1. The first stage has the points at the ends and middles of all axes.
2. Then, on each line along an ordered axis, for each two measured neighbours
   that differ (one map leads, the other leads, tied): points that are
   undecided and have looks left are measured again; where none is, the
   point in the middle between the two is measured.
3. Between two equal neighbours of the first stage the middle is measured
   once, so that two crossings on one line are found, too.
4. A tied point whose centre lies outside of the margin is measured again.

It ends where nothing of that is left, or where budget_trials is spent.
"""
import json

from report import journal, words
from report.sweep import grid, outcome
from report.sweep import rule as rules

BISECT, AGAIN, FIRST, BETWEEN = range(4)  # in the order of their priority
SAID = {
    FIRST: "at the ends and middles of the axes",
    BISECT: "between neighbours with different outcomes",
    AGAIN: "again, undecided beside a boundary or outside of the margin",
    BETWEEN: "once in the middle between neighbours with one outcome"}
DONE = ("every boundary is known between neighbouring points of the grid, or "
        "by points that are proved tied or have had the most blocks")


def middle(between, states):
    """The one of several points that is to be measured; None: none can, or
    all have been. Of two in the middle the lower one."""
    free = [p for p in between if not p.skip and p not in states]
    return free[(len(free) - 1) // 2] if free else None


def wants_of_line(group, axis, line, states):
    """(priority, point) that one line asks for."""
    place = grid.ORDERED.index(axis)
    seen = [i for i, p in enumerate(line) if p in states
            and (states[p].side != outcome.NONE or states[p].open)]
    ends = set(grid.coarse(len(group.axes[axis])))
    whole = grid.is_coarse(group, line[0].at, but=axis)
    for i, j in zip(seen, seen[1:]):
        one, two = states[line[i]], states[line[j]]
        between = middle(line[i + 1:j], states)
        if one.side != two.side:
            again = [line[k] for k in (i, j) if states[line[k]].open]
            if again:
                yield from ((AGAIN, p) for p in again)
            elif between:
                yield BISECT, between
        elif one.side != outcome.NONE and between and whole and ends >= {
                line[i].at[place], line[j].at[place]}:
            yield BETWEEN, between


def wanted(lattice, states):
    """point -> priority, of all that would be measured next."""
    found = {}

    def want(priority, point):
        found[point] = min(priority, found.get(point, priority))

    for point in lattice.usable():
        if point not in states and grid.is_coarse(
                lattice.groups[point.group], point.at):
            want(FIRST, point)
    for point, state in states.items():
        if state.open and (state.far or state.side == outcome.NONE):
            want(AGAIN, point)
    for group in lattice.groups:
        for axis in grid.ORDERED:
            for _, line in group.lines(axis):
                for priority, point in wants_of_line(group, axis, line,
                                                     states):
                    want(priority, point)
    return found


def spread(lattice, point):
    """Middles of axes that a point stands at: the ends go first where a
    budget does not pay for all."""
    axes = lattice.groups[point.group].axes
    return sum(0 < i < len(axes[a]) - 1
               for a, i in zip(grid.ORDERED, point.at))


def of_one_stage(rule, wants, states):
    """(blocks, wants of them): a stage has one number of blocks. The fewest
    that anything needs go first, as others may then be asked for no more."""
    needs = {p: rule["blocks"][states[p].looks if p in states else 0]
             for p in wants}
    least = min(needs.values(), default=0)
    return least, {p: k for p, k in wants.items() if needs[p] == least}


def afford(lattice, blocks, wants, left):
    """The points that `left` trials pay for, by priority."""
    order = sorted(wants, key=lambda p: (
        wants[p], spread(lattice, p) if wants[p] == FIRST else 0, p))
    return sorted(order[:left // (2 * blocks)] if wants else [])


def why(wants, points, budget):
    """One sentence: what the points of a stage are for."""
    parts = [f"{words.plural(sum(wants[p] == k for p in points), 'point')} "
             f"{SAID[k]}" for k in SAID
             if any(wants[p] == k for p in points)]
    lost = len(wants) - len(points)
    if lost:
        parts.append(f"{words.plural(lost, 'more point')} would be asked for,"
                     f" but budget_trials is {budget}")
    return "; ".join(parts)


def stopped(lattice, states, wants, budget):
    """Why no stage follows."""
    if wants:
        trials, points = (words.plural(n, noun) for n, noun in (
            (budget, "trial"), (len(wants), "point")))
        return (f"stopped because the budget of {trials} does not pay for a "
                f"point more; {points} would be asked for")
    if not lattice.usable():
        reasons = sorted({p.skip for p in lattice.points()})
        return "stopped because no point can run: " + "; ".join(reasons)
    if all(state.side == outcome.NONE for state in states.values()):
        return "stopped because no point gave a result"
    return "stopped because " + DONE


class Search:
    """Plays a search stage by stage; holds what the past stages were."""

    def __init__(self, lattice, rule, budget):
        self.lattice, self.rule, self.budget = lattice, rule, budget
        self.stages, self.states, self.trials = [], {}, 0

    def next(self):
        """(what `next` prints, points of the stage). Verifications are no
        part of it: the front end adds those that no stage has run."""
        every = wanted(self.lattice, self.states)
        blocks, wants = of_one_stage(self.rule, every, self.states)
        points = afford(self.lattice, blocks, wants,
                        self.budget - self.trials)
        if not points:
            return {"format": 1, "stage": None, "cells": [],
                    "why": stopped(self.lattice, self.states, every,
                                   self.budget)}, []
        cells = [c for p in points for c in p.cells]
        return {"format": 1, "stage": len(self.stages) + 1, "cells": cells,
                "blocks": blocks, "trials": blocks * len(cells),
                "why": why(wants, points, self.budget)}, points

    def take(self, asked, points, rates):
        """A stage that next() asked for is complete; rates by cell."""
        self.stages.append(outcome.Stage(tuple(points), rates))
        self.trials += asked["trials"]
        self.states |= outcome.states(self.stages, self.rule, points)


def played(staged):
    """The Search of a staged campaign, after its complete stages.

    JournalError where a stage ran something else than the rule asks for.
    """
    rule = rules.checked(staged.meta["rule"], staged.file)
    lattice = grid.lattice(staged.plan, staged.maps(), staged.plan_file)
    search = Search(lattice, rule, staged.meta["budget_trials"])
    for campaign in staged.stages:
        asked, points = search.next()
        check_stage(campaign, asked)
        search.take(asked, points, {
            cell: journal.rates(campaign.cells[cell].ok)
            for cell in asked["cells"]})
    if staged.begun:
        check_stage(staged.begun, search.next()[0])
    return search


def check_stage(campaign, asked):
    """Did a stage run what it had to: the timed cells, so many blocks?"""
    if asked["stage"] is None:
        raise journal.JournalError(
            f"{campaign.path}: a stage too many, {asked['why']}: start the "
            "search anew in another folder")
    ran = {c.id: c.blocks for c in campaign.cells.values()
           if c.measure != "verify"}
    odd = sorted(set(ran) ^ set(asked["cells"]))
    if odd:
        raise journal.JournalError(
            f"{campaign.path}: not the stage that the rule asks for "
            f"({words.plural(len(odd), 'cell')} such as {odd[0]}): start the "
            "search anew in another folder")
    few = sorted(i for i in ran if ran[i] != asked["blocks"])
    if few:
        raise journal.JournalError(
            f"{campaign.path}: {ran[few[0]]} blocks of {few[0]}, the rule "
            f"asks for {asked['blocks']}: start the search anew in another "
            "folder")


def main(staged):
    """Prints the next stage of a staged campaign -> exit status."""
    asked, _ = played(staged).next()
    print(json.dumps(asked, indent=1, ensure_ascii=False))
    return 0
