# SPDX-License-Identifier: Apache-2.0
"""Reads accepted slowdowns from commit messages:

    Slower: gomap_rw 64Ki fresh t1: each write keeps the order of growth now

CELL is a row's name in the table of `make regress`, or its id without the operation count of its
window, which each campaign calibrates. The lines of all commits from base to head become notes of
the campaign (slower1, slower2 ...). The notes are written before the first pair of trials, so that
no line can be added to change a verdict.
"""
import re
from collections.abc import Sequence
from dataclasses import replace

from report.cell_id import identity
from report.gate.model import Notes, Row, Verdict
from report.gate.names import name_of

LINE = re.compile(r"Slower:\s+(\S.*?)\s*:\s+(\S.*)")


def accepted_of(lines: Sequence[str]) -> dict[str, str]:
    """Returns the reason for each accepted cell. If there are several, returns the newest."""
    return {identity(" ".join(match[1].split())): match[2].strip()
            for match in map(LINE.fullmatch, map(str.strip, lines)) if match}


def accept(rows: Sequence[Row], lines: Sequence[str]) -> tuple[Row, ...]:
    """Turns a row that is slower and accepted into PASS, with its reason. Wrong answers,
    crashes, hangs and rows without a measurement are never accepted."""
    reasons = accepted_of(lines)

    def judged(row: Row) -> Row:
        reason = reasons.get(name_of(row.cell), reasons.get(identity(row.cell)))
        if row.verdict != Verdict.FAIL or not reason or row.head_failed:
            return row
        return replace(row, accepted=reason, verdict=Verdict.PASS,
                       words=f"accepted, {row.words}: {reason}")
    return tuple(map(judged, rows))


def remarks(notes: Notes, rows: Sequence[Row]) -> tuple[str, ...]:
    """Returns the notes for the table: the project of the measured map, and lines of commit
    messages that accepted nothing."""
    result = []
    if notes.map is not None:
        result.append(f"map {notes.map} of {notes.head or 'unknown'}, "
                      f"Readmostly {notes.readmostly or 'unknown'}")
    result += [f"not understood: {line!r}, expected Slower: CELL: REASON"
               for line in notes.slower if not LINE.fullmatch(line.strip())]
    known = {name for row in rows for name in (name_of(row.cell), identity(row.cell))}
    result += [f"accepted, but no gated cell: {cell}" for cell in accepted_of(notes.slower)
               if cell not in known]
    return tuple(result)
