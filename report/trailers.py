# SPDX-License-Identifier: Apache-2.0
"""Slowdowns that somebody accepts on purpose, in the message of a commit:

    Slower: gomap_rw 64Ki fresh t1: each write keeps the order of growth now

CELL is a row's name in the table of `make regress` or its id, of which the
count of its window is no part: each campaign sets that anew. The lines of all
commits from base to head are notes of the campaign, slower1, slower2 ...,
written before its first pair, so that none is added for a verdict.
"""
import re

from report.cell_id import identity

LINE = re.compile(r"Slower:\s+(\S.*?)\s*:\s+(\S.*)")
NOTE = re.compile(r"slower\d+")


def accepted_of(notes):
    """(cell -> reason, lines that are not understood) of a campaign's notes;
    of several reasons the newest."""
    found, odd = {}, []
    for name in sorted((n for n in notes if NOTE.fullmatch(n)),
                       key=lambda n: int(n.removeprefix("slower"))):
        match = LINE.fullmatch(notes[name].strip())
        if match:
            cell = identity(" ".join(match[1].split()))
            found[cell] = match[2].strip()
        else:
            odd.append(notes[name])
    return found, odd


def accept(rows, notes, name_of):
    """Makes PASS of the rows that are slower and accepted, and keeps the
    reason in each. What answers wrongly, crashes or hangs is never accepted,
    nor what could not be measured."""
    found, _ = accepted_of(notes)
    for row in rows:
        reason = found.get(name_of(row["cell"]),
                           found.get(identity(row["cell"])))
        if row["verdict"] == "FAIL" and reason and not row["head_failed"]:
            row["accepted"] = reason
            row["verdict"] = "PASS"
            row["words"] = f"accepted, {row['words']}: {reason}"


def words(notes, rows, name_of):
    """What a reader must know beside the table: whose map, and lines of
    messages that accepted nothing."""
    found, odd = accepted_of(notes)
    said = []
    if "map" in notes:
        said.append(f"map {notes['map']} of {notes.get('head', 'unknown')}, "
                    f"Readmostly {notes.get('readmostly', 'unknown')}")
    said += [f"not understood: {line!r}, expected Slower: CELL: REASON"
             for line in odd]
    known = {name for row in rows for name in (
        name_of(row["cell"]), identity(row["cell"]))}
    said += [f"accepted, but no gated cell: {cell}" for cell in found
             if cell not in known]
    return said
