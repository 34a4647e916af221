# SPDX-License-Identifier: Apache-2.0
"""Prints the result for a terminal."""
import textwrap
from pathlib import Path

from report.model.cards import full_names
from report.model.result import BoardRow, Result
from report.render import formats, text
from report.render.view import wrapped

LINES, COLUMNS = 18, 80
ROWS = 6  # largest number of maps that are printed
NAME, BAR = 24, 35  # widths in columns: longest name, and name plus bar


def lines(result: Result, page: Path) -> list[str]:
    """Returns at most 18 lines of at most 80 columns."""
    rows = [row for row in result.board if row.rate.value is not None
            and not result.card(row.map).reference
            and not result.card(row.map).misuse]
    for most in range(ROWS, 0, -1):
        found = printed(result, rows, most, page)
        if len(found) <= LINES:
            return found
    return [line for line in found if line][:LINES]


def printed(result: Result, rows: list[BoardRow], most: int,
            page: Path) -> list[str]:
    """Returns the lines of the report with the first `most` maps."""
    views = [wrapped(row, f"board.{result.board.index(row)}")
             for row in rows[:most]]
    known = full_names(result.cards)
    name = min(NAME, max([15, *(len(known.get(row.map, row.map)) for row in rows[:most])]))
    keys = result.groups[0].place.keys if result.groups else 0
    env = text.environment(html=False, cards=result.cards)
    lines_ = env.get_template("terminal.txt.j2").render(
        **text.context(result), **text.place(page.parent.parent, result), rows=views, page=page,
        keys=f"{keys:,}", more=max(len(rows) - most, 0), stars=stars(rows, BAR - name),
        name=name).splitlines()
    return [part for line in lines_ for part in folded(line)]


def stars(rows: list[BoardRow], longest: int) -> dict[str, str]:
    """Draws the bar of each map with characters."""
    most = max([0.0, *(row.rate.value or 0.0 for row in rows)])
    return {row.map: "#" * round(longest * (row.rate.value or 0.0) / most)
            for row in rows if most > 0}


def folded(line: str) -> list[str]:
    """Splits a line into parts of at most 80 columns; an empty line stays empty, and the path of
    the page stays in one piece, so that users can copy it. Characters that could control the
    terminal are replaced."""
    line = "".join(c if c.isprintable() else "?" if c != formats.NBSP else " "
                   for c in line.rstrip()).rstrip()
    if len(line) <= COLUMNS or line.startswith("Page: "):
        return [line]
    return textwrap.wrap(line, COLUMNS, subsequent_indent="  ",
                         break_long_words=True, break_on_hyphens=False)
