# SPDX-License-Identifier: Apache-2.0
"""The reasons of a red cell in words: a line for each kind of reason."""
from report.why import counted
from report.why.normal import KINDS

MOST = 6  # functions that are named
SHOWN = 2  # functions whose difference is shown
SHORT = 2  # cells of each map on a terminal
NAMES = 8  # of functions that the measured loop does not reach


def ratio(base, head):
    return f"x {head / base:.5g}" if base else "from none"


def mix_words(base, head):
    """What differs of two mixes, in words."""
    return ", ".join(f"{kind} {base[kind]} -> {head[kind]}" for kind in KINDS
                     if base[kind] != head[kind]) or "of the same kinds"


def size_words(change):
    base, head = change["base"], change["head"]
    if not base or not head:
        size = base or head
        return (f"{change['name']} is {change['is']} ({size['bytes']} bytes, "
                f"{size['instructions']} instructions)")
    return (f"{change['name']} changed: {base['bytes']} -> {head['bytes']} "
            f"bytes, {base['instructions']} -> {head['instructions']} "
            f"instructions ({mix_words(base, head)})")


def weight(change):
    """How much of a function is other: the largest change first."""
    return (-sum(line[0] in "-+" for line in change["lines"]), change["name"])


def code_lines(code):
    """Functions whose machine code changed, those that the measured loop
    reaches first."""
    measured = sorted((c for c in code["functions"] if c["measured"]),
                      key=weight)
    others = [c for c in code["functions"] if not c["measured"]]
    if not measured:
        yield "code: no function that the measured loop calls is other " \
            "machine code"
    for change in measured[:MOST]:
        yield f"code: {size_words(change)}"
    if len(measured) > MOST:
        yield "code: also " + names(measured[MOST:])
    if others:
        yield "code: not called by the measured loop: " + names(others)
    for change in [c for c in measured if c["lines"]][:SHOWN]:
        yield f"diff of {change['name']}:"
        yield from ("    " + line for line in change["lines"])


def names(changes):
    said = [c["name"] + ("" if c["is"] == "changed" else f" ({c['is']})")
            for c in changes]
    more = len(said) - NAMES
    return ", ".join(said[:NAMES]) + (f" and {more} more" if more > 0 else "")


def loop_lines(loop):
    """The loop over operations of a cell."""
    if loop is None:
        return ["loop: not found in both programs"]
    base, head = loop["base"], loop["head"]
    if not loop["differs"]:
        return [f"loop: that of {loop['function']} is the same code, "
                f"{head['instructions']} instructions"]
    return [f"loop: {loop['function']} {base['instructions']} -> "
            f"{head['instructions']} instructions "
            f"({mix_words(base, head)})"] + \
        ["    " + line for line in loop["lines"]]


def instruction_lines(found):
    """What cachegrind counted, or why it did not."""
    if isinstance(found, str):
        return [f"instructions: {found}"]
    base, head = found["base"], found["head"]
    if not base and not head:
        return ["instructions: none was counted in the map's functions"]
    if not found["functions"]:
        return [f"instructions: equal, {head} in the map's functions "
                "(cachegrind)"]
    moved = ", ".join(f"{f['name']} {f['base']} -> {f['head']}"
                      for f in found["functions"][:4])
    lines = [f"instructions: {base} -> {head} ({ratio(base, head)}) in the "
             f"map's functions (cachegrind), {head - base:+d} in "
             f"{found['operations']} operations: {moved}"]
    if found["lines"]:
        lines.append("instructions: new or more often at " + ", ".join(
            f"{p['file']}:{p['line']} ({p['head']})"
            for p in found["lines"]))
    return lines


def time_line(row):
    return ("time: slower by {slowdown_percent:+.2f} % [{low_percent:+.2f}, "
            "{high_percent:+.2f}], {n} pairs").format(**row)


def cell_lines(cell):
    """All that is known of one cell but the code of its map."""
    if cell.get("time"):
        yield time_line(cell["time"])
    yield from (f"counts: {line}" for line in cell.get("counts", ()))
    yield from counted.lines(cell.get("counters"))
    yield from instruction_lines(cell["instructions"])
    yield from loop_lines(cell["loop"])
    yield f"again: {cell['again']}"


def shortened(cells):
    """Of each kind of work the cell with the fewest threads, a few."""
    chosen = {}
    for cell in sorted(cells, key=lambda c: c["factors"]["threads"]):
        chosen.setdefault(cell["run"], cell)
    return list(chosen.values())[:SHORT]


def green_lines(cells):
    """Cells that are not red, where all were asked for."""
    moved = [c for c in cells if isinstance(c["instructions"], dict)
             and c["instructions"]["functions"]]
    if cells:
        yield f"not red, {len(cells)} cells, in {len(moved)} other " \
            "instructions (cachegrind)"
    for cell in moved:
        yield f"  {cell['cell']}: {instruction_lines(cell['instructions'])[0]}"


def told(reasons, short=False):
    """The whole text; short -- a few cells of each map, for a terminal."""
    for code in reasons["maps"]:
        mine = [c for c in reasons["cells"]
                if c["map"] == code["map"] and c["red"]]
        if not mine:
            continue
        yield f"why {code['map']}, {len(mine)} red:"
        if "problem" in code:
            yield f"  code: {code['problem']}"
        else:
            yield from ("  " + line for line in code_lines(code))
        shown = shortened(mine) if short else mine
        for cell in shown:
            yield f"  {cell['cell']}:"
            yield from ("    " + line for line in cell_lines(cell))
        if len(mine) > len(shown):
            yield f"  {len(mine) - len(shown)} more in {reasons['file']}"
    yield from green_lines([c for c in reasons["cells"] if not c["red"]])


def by_map(reasons):
    """(title, the lines below it) of each map with something to tell."""
    for code in reasons["maps"]:
        lines = list(told(reasons | {"maps": [code], "cells": [
            c for c in reasons["cells"] if c["map"] == code["map"]]}))
        if lines:
            yield lines[0].rstrip(":"), lines[1:]


def markdown(reasons):
    """For a merge request: folded, as it is long."""
    found = []
    for title, lines in by_map(reasons):
        found += [f"<details><summary>{title}</summary>", "",
                  "```diff", *(line[2:] for line in lines), "```", "",
                  "</details>", ""]
    return "\n".join(found)
