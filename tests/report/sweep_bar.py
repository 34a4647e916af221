#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how many known flips the search for crossovers finds, and at what cost.

    tests/report/sweep_bar.py [SURFACES [GRID...]]     default: 200, takes minutes

Each search gets a third of the trials that the whole grid would need if each point got the
largest number of blocks of any point in the search. Surfaces, noise and trials come from
sweep_worlds.py. The rule is imported from report/sweep. Everything is simulated.
"""
import math
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import sweep_worlds as worlds  # noqa: E402

from report.decide.groups import MARGIN  # noqa: E402
from report.sweep import grid, lines  # noqa: E402

SHARE = 1 / 3  # largest share of the whole grid's trials
SEEN = 1.08  # a lead that 28 blocks with this noise detect nearly always


def side(ln, least):
    """Returns the index of the map that leads at the log ratio `ln` by more than the ratio
    `least`, else None."""
    return None if abs(ln) <= math.log(least) else int(ln > 0)


def flips_of(leaders):
    """Returns, for each flip in a list, the last index of one leader and the first of the other."""
    clear = [i for i, leader in enumerate(leaders) if leader is not None]
    return [(i, j) for i, j in zip(clear, clear[1:]) if leaders[i] != leaders[j]]


def searched(lattice):
    """Yields (group, axis, line) of the lines that have points of the first stage."""
    for group, axis, line in lattice.lines():
        if grid.is_coarse(group, line[0].at, but=axis):
            yield group, axis, line


def flips_on(group, axis, line, states):
    """Returns the flips that a search has found on a line."""
    return [b for b in lines.on_line(group, axis, line, states) if b.kind is lines.Kind.FLIP]


def holds(b, states, ln):
    """True if the interval of a flip contains the true flip, that is, if the true leaders at its
    two ends are the leaders that the search found."""
    return all(states[b.line[i]].leader == side(ln[i], 1.0) for i in (b.below, b.above))


def compared(lattice, truth, states, stages):
    """Compares the flips of all searched lines with the truth, and returns these counts:

    - true: flips between leads of at least SEEN
    - found: flips that the search resolved to one step of the grid (lines.is_resolved), with an
      interval that contains the true flip
    - exact: found flips whose interval is no wider than between the true leads
    - near: found flips whose position, or middle, is within one step of the true flip
    - invented: flips whose interval contains no true flip
    """
    count = dict.fromkeys(("true", "found", "exact", "near", "invented"), 0)
    for group, axis, line in searched(lattice):
        ln = [truth(*worlds.at(lattice, p)) for p in line]
        flips = flips_on(group, axis, line, states)
        count["invented"] += sum(not holds(b, states, ln) for b in flips)
        leads = [side(v, MARGIN) for v in ln]
        for i, j in flips_of([side(v, SEEN) for v in ln]):
            count["true"] += 1
            here = [b for b in flips if b.below < j and b.above > i]
            if len(here) != 1 or not holds(here[0], states, ln):
                continue
            count["found"] += lines.is_resolved(here[0], states)
            (i, j), = [(i + k, i + m) for k, m in flips_of(leads[i:j + 1])]
            count["exact"] += here[0].steps == j - i
            count["near"] += near(here[0], i, j, states, stages)
    return count


def near(b, i, j, states, stages):
    """True if the position is within one step of the true flip."""
    b = lines.located(b, states, stages)
    at = (b.below + b.above) / 2
    if b.position is not None:
        values = [b.value(p) for p in b.line]
        at = np.interp(math.log2(b.position), np.log2(values), range(len(values)))
    return i - 1 <= at <= j + 1


def surface_of(kind, number):
    """Returns the surface with this number; equal numbers give equal surfaces."""
    return worlds.surface(kind, np.random.default_rng([number, worlds.KINDS.index(kind)]))


def one(shape, kind, number):
    """Returns the result for one surface: counts, and shares of the whole grid."""
    lattice, truth = worlds.whole(shape), surface_of(kind, number)
    all_trials = worlds.whole_grid(lattice)
    found = worlds.search(lattice, truth, number, int(SHARE * all_trials))
    count = compared(lattice, truth, found.states, found.stages)
    wrong = sum(s.decided and s.leader != side(truth(*worlds.at(lattice, p)), MARGIN)
                for p, s in found.states.items())
    return count | {
        "share": found.trials / all_trials, "points": len(found.states) / len(lattice.usable()),
        "stages": len(found.stages), "measured": len(found.states), "wrong": wrong,
        "spent": found.ended.end.name == "BUDGET",
        "good": count["found"] == count["true"] and not count["invented"]}


def row(shape, kind, surfaces):
    """Searches all surfaces of one kind on one grid."""
    all_of = [one(shape, kind, n) for n in range(surfaces)]
    return {k: sum(c[k] for c in all_of) for k in all_of[0]} | {
        "kind": kind, "shape": shape, "surfaces": surfaces,
        "most": max(c["share"] for c in all_of), "stages": max(c["stages"] for c in all_of)}


def printed(r):
    """Formats a line of the table."""
    n, true = r["surfaces"], max(r["true"], 1)
    cells = [r["shape"], r["kind"], n, r["good"], r["spent"],
             f"{r['share'] / n:.2f}, {r['most']:.2f}", f"{r['points'] / n:.2f}", r["true"],
             *(f"{r[k] / true:.1%}" if r["true"] else "-" for k in ("found", "exact", "near")),
             r["invented"], f"{r['wrong']} of {r['measured']}", r["stages"]]
    return "| " + " | ".join(map(str, cells)) + " |"


def wrong_verdicts(ratio, spread, surfaces, shape="middle"):
    """Returns the number of points with a wrong verdict and of points measured, if B / A is `ratio`
    everywhere. At 1.02, which is the margin, a lead is also wrong."""
    wrong = measured = 0
    for number in range(surfaces):
        found = worlds.search(worlds.whole(shape), lambda x, y, z: math.log(ratio), number,
                              spread=spread)
        wrong += sum(s.decided and s.leader != side(math.log(ratio), MARGIN)
                     for s in found.states.values())
        measured += len(found.states)
    return wrong, measured


def main():
    each = (int(sys.argv[1]) if len(sys.argv) > 1 else 200) // 5
    print("| grid | surfaces | number | all flips found | budget spent | share of trials: mean, "
          "most | of points | flips | found | no wider than true | position within a step | "
          "invented | points called wrongly | stages, at most |\n|---|---" + "|---:" * 12 + "|")
    for shape in sys.argv[2:] or worlds.SHAPES:
        rows = []
        for kind in worlds.KINDS:
            rows.append(row(shape, kind, each if shape == "middle" else max(each // 2, 1)))
            print(printed(rows[-1]), flush=True)
        good, n = (sum(r[k] for r in rows) for k in ("good", "surfaces"))
        print(f"\n{good} of {n} surfaces of this grid: every flip found\n")
    print("| B / A everywhere | sd of ln rate | points called wrongly | of |\n" + "|---:" * 4 + "|")
    for ratio in (1.0, MARGIN, 1.05):
        for spread in (0.01, 0.05, 0.2):
            print(f"| {ratio:g} | {spread:g} |", "{} | {} |".format(
                *wrong_verdicts(ratio, spread, each)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
