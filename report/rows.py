# SPDX-License-Identifier: Apache-2.0
"""The lines of a campaign that count, each pair by its last attempt."""
from pathlib import Path

from report import journal
from report.ending import InputError


def rows_of(folder, sealed):
    """The lines of trials.jsonl that count, each pair by its last attempt;
    InputError where one is not whole. sealed -- lines have checksums"""
    return [lines[-1] for lines in attempts_of(folder, sealed).values()]


def attempts_of(folder, sealed):
    """(cell, block, arm) -> its lines, of which the last one counts."""
    problems = []
    try:
        lines = journal.lines_of(Path(folder) / "trials.jsonl", problems,
                                 sealed)
        found = journal.attempts_of(lines, problems)
    except journal.JournalError as error:
        raise InputError(str(error)) from error
    if problems:
        raise InputError(f"{folder}: interrupted or damaged: {problems[0]}")
    return found
