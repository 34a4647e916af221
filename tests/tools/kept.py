# SPDX-License-Identifier: Apache-2.0
"""Rows of a tally that was killed perhaps, one JSON object a line."""
import json


def rows(file):
    """What was kept in it, none where it is not there. A line that was torn
    when the tally was killed is none, and is taken off: the next is appended."""
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    whole = text[:text.rfind("\n") + 1]
    if whole != text:
        file.write_text(whole, encoding="utf-8")
    return [json.loads(line) for line in whole.splitlines()]


def add(file, row):
    """Appends one, of which no more than itself is lost to a kill."""
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row) + "\n")
