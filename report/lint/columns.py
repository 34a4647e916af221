# SPDX-License-Identifier: Apache-2.0
"""Every column of the data files, by columns.txt: derived again from the
cell, the group or the campaign that its row is about, or read by the rule
that is named there."""
import collections
import fnmatch
import functools

from report.lint import data, say
from report.lint.context import each_line

RULE = "columns"
TABLE = [line.split("\t") for line in each_line("columns.txt")]


class Row:
    """A row of a data file, and what it is about."""

    def __init__(self, c, held, group=None):
        self.c, self.held = c, held
        self.cell = c.rows.cells.get(held.get("cell") or "")
        self.group = group or (self.cell and c.rows.group_of.get(
            self.cell.id))

    @property
    def decision(self):
        return self.c.decision(self.group)


def check(c):
    for file in c.page.csv_files():
        readers = readers_of(file)
        if readers is None:
            if c.page.markdown(file[:-4] + ".md") is None:
                c.log.found(RULE, file, "", "columns.txt", "no rule reads "
                            "this file")
            continue
        held = c.page.csv(file)
        columns_known(c, file, readers, held)
        if "rows" in readers:
            rows_there(c, file, held, data.ROWS[readers["rows"]](c))
        if "unread" in readers.values():
            c.log.skip(file, "", "no rule derives all that it holds")
        for line in held:
            row_of(c, file, readers, line)


def readers_of(file):
    """column -> its reader, and "rows" -> which there are; None where the
    file is not in the table."""
    fits = [line for line in TABLE if fnmatch.fnmatch(file, line[0])]
    if all(pattern == "*" for pattern, _, _ in fits):
        return None
    found = {name: reader for _, reader, names in fits if reader != "rows"
             for name in names.split(" ")}
    return found | {"rows": names for _, reader, names in fits
                    if reader == "rows"}


def columns_known(c, file, readers, held):
    for name in held[0] if held else ():
        c.log.check(name in readers, RULE, file, name, "columns.txt",
                    "no rule reads this column")


def rows_there(c, file, held, wanted):
    """Each that has to have a row has one, and nothing else has any."""
    if wanted is None:
        return c.log.skip(file, "", "which rows there are is not known")
    got = collections.Counter(data.key_of(line) for line in held)
    wanted = collections.Counter(wanted)
    for key in sorted((got - wanted) + (wanted - got), key=str):
        c.log.found(RULE, file, str(key), "campaign.json",
                    f"{got[key]} rows of it, {wanted[key]} expected")
    return c.log.looked(RULE)


def row_of(c, file, readers, line):
    """Each column of a row; a row whose place fits two groups may be right
    of either."""
    rule = functools.partial(columns, c, file, readers, line)
    if line.get("cell") or not line.get("keys"):
        rule(Row(c, line).group)
    else:
        place = {"threads": line.get("from_threads")} | line
        c.best(file, str(line), c.places.of_row(place), rule)


def columns(c, file, readers, line, group):
    about, by_reader = Row(c, line, group), {}
    if about.cell is None and line.get("cell") and readers["cell"] == "about":
        c.log.found(RULE, file, line["cell"], "campaign.json", "not planned")
        return
    for name in line:
        by_reader.setdefault(readers.get(name), []).append(name)
    for reader, names in by_reader.items():
        rule = data.READERS.get(reader)
        if rule is None:
            continue
        allowed = rule(about)
        said = ", ".join(f"{k} {line[k]}" for k in names if line[k] != "")
        c.log.check(any(all(say.agrees(line[k], may.get(k)) for k in names)
                        for may in allowed), RULE, file,
                    f"{line.get('cell')}: {said}", about.group or "no group",
                    " or ".join(str({k: may.get(k) for k in names})
                                for may in allowed[:2]))
