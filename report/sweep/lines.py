# SPDX-License-Identifier: Apache-2.0
"""Boundaries on the lines of a lattice: where a lead turns or ends."""
import math
from dataclasses import dataclass

import numpy as np

from report import stats
from report.sweep import grid, outcome

FLIP, END = "flip", "end"  # of docs/verdicts.md


@dataclass
class Boundary:
    """Between two measured points of one line: the last that is clear for
    one map and the first that is clear for the other (flip) or tied (end)."""
    axis: str
    kind: str
    line: list  # points of the line, in order
    below: int  # indices in line
    above: int
    leads: tuple  # (side below, side above); tied at an end
    steps: int  # of the grid between the two: 1 is its resolution
    position: float | None = None  # in the unit of the axis, interpolated
    low: float | None = None  # 95 %, by resampling blocks
    high: float | None = None
    why: str = ""  # there is no position


def found_on(group, axis, line, states):
    """Boundaries of one line, in order."""
    known = [i for i, p in enumerate(line)
             if p in states and states[p].side != outcome.NONE]
    result, last = [], None
    for one, two in zip(known, known[1:]):
        a, b = states[line[one]], states[line[two]]
        last = one if a.decided else last
        if a.side == b.side:
            continue
        if b.decided and not a.decided:
            if last is not None and states[line[last]].side != b.side:
                result[-1:] = [made(FLIP, group, axis, line, last, two,
                                    states)]
                continue
        result.append(made(FLIP if a.decided and b.decided else END,
                           group, axis, line, one, two, states))
    return result


def made(kind, group, axis, line, one, two, states):
    place = grid.ORDERED.index(axis)
    return Boundary(axis, kind, line, one, two,
                    (states[line[one]].side, states[line[two]].side),
                    line[two].at[place] - line[one].at[place])


def blocks_of(points, stages):
    """ln(B / A) as (blocks, points). A row is one block of one stage, in the
    order of time; nan if a point was not in that stage or lost the block."""
    columns = []
    for over, under in (outcome.sides(p, stages) for p in points):
        columns.append({at: math.log(over[at] / under[at])
                        for at in over.keys() & under.keys()})
    rows = sorted(set().union(*columns))
    return np.array([[column.get(at, np.nan) for column in columns]
                     for at in rows])


def locate(boundary, group, states, stages):
    """Interpolates where a flip lies, on the logarithm of the axis
    (report/stats/crossings.py), and says why where it cannot."""
    points = [p for p in boundary.line[boundary.below:boundary.above + 1]
              if p in states and states[p].side != outcome.NONE]
    values = [group.values(p)[boundary.axis] for p in points]
    if boundary.axis == "threads" and len(values) == values[-1] - \
            values[0] + 1:
        boundary.why = "every number of threads between was measured"
        return
    if values[0] <= 0:
        boundary.why = "0 has no place on a logarithmic axis"
        return
    found = stats.crossover(values, blocks_of(points, stages))
    if len(found) != 1:
        boundary.why = (f"the medians between cross {len(found)} times")
        return
    boundary.position = found[0].threads
    boundary.low, boundary.high = found[0].low, found[0].high


def boundaries(lattice, states, stages):
    """[(group, Boundary)] of every line along every axis, located."""
    result = []
    for group in lattice.groups:
        for axis in grid.ORDERED:
            for _, line in group.lines(axis):
                for boundary in found_on(group, axis, line, states):
                    if boundary.kind == FLIP:
                        locate(boundary, group, states, stages)
                    result.append((group, boundary))
    return result


def profile(group, axis, line, states):
    """Who leads at each index of an axis, as far as measured neighbours
    tell: a list of side or None (tied, not measured, not planned). Between
    two with one leader it leads; between opposite ones each leads in half.
    """
    place = grid.ORDERED.index(axis)
    told = [None] * len(group.axes[axis])
    known = [(p.at[place], states[p]) for p in line if p in states
             and states[p].side != outcome.NONE]
    for i, state in known:
        told[i] = state.side if state.decided else None
    for (i, a), (j, b) in zip(known, known[1:]):
        for k in range(i + 1, j):
            if a.decided and b.decided:
                told[k] = a.side if k - i <= j - k else b.side
    return told


def leader(maps, side):
    """The map that a side stands for; None of tied."""
    return dict(zip((outcome.BASE, outcome.CONTENDER), maps)).get(side)


def is_resolved(boundary, states):
    """Is it known to one step of the grid? Or by points between that are
    tied and will not be asked again, of which those beside a lead are
    measured: between two tied ones nothing has to be."""
    points = boundary.line[boundary.below:boundary.above + 1]
    known = [i for i, p in enumerate(points) if p.skip or p in states]
    if any(p in states and states[p].open for p in points[1:-1]):
        return False
    return all(j - i == 1 or not (clear(points[i], states)
                                  or clear(points[j], states))
               for i, j in zip(known, known[1:]))


def clear(point, states):
    return point in states and states[point].decided
