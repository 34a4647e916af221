#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do two searches for crossovers of one pair of maps agree?

    tests/tools/sweep_agree.py DIR OTHER

Prints, of the points that are clear in both, how many have opposite leaders;
and of the flips of either that the other one could contradict, how many it
has, too: between the same leaders, with intervals that overlap. A flip is
compared where the other search has a clear point of that line on both sides
of it, at the flip's ends or beyond them; the others, of which it knows one
side at most, are counted by themselves. Status: 0 they agree (no point
opposite, 95 % of the flips compared); 1 they do not; 2 a folder cannot be
read, or they are not of one pair.
"""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from report import journal, staged  # noqa: E402
from report.sweep import decide, grid, rows  # noqa: E402

SHARE = 0.95
RESULT = {*rows.BOUNDARY_COLUMNS, "words"}
OF_POINT = {*grid.ORDERED, "ratio", "low", "high", "n", "looks", "side",
            "cells", "base_mops", "open", "leads", "why"}


def group_of(row, leave):
    """All factors of a row but some, to be looked up by."""
    return tuple(sorted((k, str(v)) for k, v in row.items()
                        if k not in leave))


def clear_points(said):
    """(group, place on the axes) -> the map that leads."""
    return {(group_of(p, OF_POINT), tuple(p[a] for a in grid.ORDERED)):
            p["leads"] for p in said["points"] if p["leads"]}


def line_key(axis, row, leave):
    """What the points of one line share."""
    return axis, group_of(row, leave | {axis} | set(grid.ORDERED)), tuple(
        row[a] for a in grid.ORDERED if a != axis)


def lines_of(said):
    """line -> values of the axis at which its points are clear."""
    found = {}
    for p in said["points"]:
        for axis in grid.ORDERED if p["leads"] else ():
            found.setdefault(line_key(axis, p, OF_POINT), []).append(p[axis])
    return found


def flips_of(said):
    """line -> its flips, rows of decide."""
    found = {}
    for b in said["boundaries"]:
        if b["kind"] == "flip":
            found.setdefault(line_key(b["axis"], b, RESULT), []).append(b)
    return found


def same(one, two):
    """Are these one flip, as far as both searches know?"""
    return (one["from"] <= two["to"] and two["from"] <= one["to"]
            and all(one[k] == two[k] for k in ("leads_below", "leads_above")))


def compared(one, two):
    """Of the flips of `one`: (those that `two` has, those that it could
    have, those of which it does not know both sides)."""
    theirs, clear, has, could, unknown = flips_of(two), lines_of(two), 0, 0, 0
    for line, flips in flips_of(one).items():
        at = clear.get(line, [])
        for b in flips:
            if not at or min(at) > b["from"] or max(at) < b["to"]:
                unknown += 1
                continue
            could += 1
            has += any(same(b, other) for other in theirs.get(line, []))
    return has, could, unknown


def agreement(one, two):
    """{"common", "opposite", "has", "could", "unknown"} of two decisions."""
    a, b = clear_points(one), clear_points(two)
    common = a.keys() & b.keys()
    has, could, unknown = map(sum, zip(compared(one, two),
                                       compared(two, one)))
    return {"common": len(common),
            "opposite": sum(a[k] != b[k] for k in common),
            "has": has, "could": could, "unknown": unknown}


def main():
    if len(sys.argv) != 3:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        one, two = (decide.decided(staged.read(f)) for f in sys.argv[1:])
    except (journal.JournalError, OSError) as error:
        print(f"sweep_agree: {error}", file=sys.stderr)
        return 2
    if one["maps"] != two["maps"]:
        print(f"sweep_agree: {one['maps']} and {two['maps']}: expected one "
              "pair of maps", file=sys.stderr)
        return 2
    found = agreement(one, two)
    print("{common} points clear in both, {opposite} of them for opposite maps"
          "\n{has} of {could} flips that both could see overlap\n"
          "{unknown} flips of one lie where the other is undecided on a side"
          .format(**found))
    return int(found["opposite"] > 0 or found["has"] < SHARE * found["could"])


if __name__ == "__main__":
    sys.exit(main())
