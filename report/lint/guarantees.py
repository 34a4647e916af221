# SPDX-License-Identifier: Apache-2.0
"""The table of guarantees: each cell again, from campaign.json; the maps that
are not packaged, from their file; and whose maps these are."""
import csv
import json
import re

from report.lint.rows import TOP

RULE = "guarantees"
FILE = TOP / "impls/facts/not-packaged.tsv"
FIELDS = ("progress", "iteration", "length", "stalled-reader")
SAYS = json.loads((TOP / "report/guarantees.json").read_text("utf-8"))
SCANS, LENGTHS = SAYS["guarantees"], SAYS["length"]
# What a look-up holds, of the names of locks.
HELD = {name: kind for kind, names in SAYS["locks"].items()
        for name in names}
INTEREST = re.compile(
    r"Conflict of interest\. (\d+) of these (\d+) maps? (?:is|are) this "
    r"project's own: .* of (\d+) fact sheets? (\d+) (?:was|were) reviewed by "
    r"nobody but the author")


def check(c):
    if c.page.section("guarantees") is None and not c.page.section("machine"):
        return c.log.skip("index.html", "", "a page of claims alone")
    maps = usable(c)
    table_is(c, "guarantees", [[name, *cells(about)]
                               for name, about in sorted(maps.items())])
    table_is(c, "not-packaged", published() if maps else None)
    for key in ("matrix", "rivals"):
        promised(c, c.page.table(key))
    if maps:
        interest(c, maps)


def usable(c):
    """Planned maps that are neither bound nor planted misuse."""
    planned = {cell.map for cell in c.rows.cells.values()}
    return {name: about for name, about in c.rows.maps.items()
            if name in planned and about.get("family") != "bound"
            and not about.get("misuse")}


def own(about):
    """Is its source in a family's folder of this tree, not in that of
    libraries?"""
    homes = {path.parent.name for path in TOP.glob("impls/*/*.c")
             if path.stem == about["id"]}
    return bool(homes - {"lib"})


def cells(about):
    """Of the sheet, or of the description of a map without one."""
    sheet = about.get("facts")
    if sheet:
        teller = re.match("[^:]*", sheet["version-told-by"])[0]
        return [sheet[name] for name in FIELDS] + [
            f"{sheet['licence']}; {sheet['version']}, told by {teller}"]
    licence = ("Apache-2.0, of this project" if own(about)
               else "not recorded")
    held = (about["sync"] or "").split(",")[0]
    return [about["progress"], SCANS.get(about["guarantees"], "no promise"),
            LENGTHS.get(about["guarantees"], "no promise"),
            SAYS["stalled"].get(HELD.get(held, held), "not recorded"),
            licence]


def promised(c, table):
    """The promises in a table of maps: none that a stopped thread breaks, and
    no silence about a map whose fact sheet speaks."""
    for row in table.rows if table else ():
        text = " | ".join(row)
        about = c.rows.maps.get(plain(row)[0])
        if about is None:
            continue
        limited = "writers wait" in cells(about)[3]
        for rest in re.findall(r"no operation waits for a stopped thread(.*)",
                               text):
            c.log.check(rest.startswith(" until the limit of retired bytes "
                                        "makes writers wait") == limited, RULE,
                        f"index.html#{table.key}", text, "campaign.json",
                        cells(about)[3])
        c.log.check("none recorded" not in text or not about.get("facts"),
                    RULE, f"index.html#{table.key}", text, "campaign.json",
                    "its fact sheet has promises")


def published():
    """Cells of the file of maps without a package."""
    with open(FILE, encoding="utf-8") as file:
        lines = [line for line in file if line[0] != "#"]
    rows = list(csv.reader(lines, delimiter="\t"))
    gone = rows[0].index("bytes_per_element")
    return [["–" if text == "-" else text for at, text in enumerate(row)
             if at != gone] for row in rows[1:]]


def table_is(c, key, wanted):
    """On the page and in its data file."""
    table = c.page.table(key)
    got = [] if table is None else [plain(row) for row in table.rows]
    same(c, f"index.html#{key}", got, wanted or [])
    data = c.page.csv(f"tables/{key}.csv") or []
    same(c, f"tables/{key}.csv", [list(row.values()) for row in data],
         [row[:2] + [csv_text(text) for text in row[2:5]] + row[5:]
          if key == "not-packaged" else row for row in wanted or []])


def plain(row):
    """Without the sign before a map's name."""
    return [re.sub(r"^\W+(?=\w)", "", row[0]), *row[1:]]


def csv_text(text):
    """The place of a number is empty where there is none."""
    return "" if text == "–" else text


def same(c, file, got, wanted):
    c.log.check(len(got) == len(wanted), RULE, file, f"{len(got)} rows",
                "campaign.json", f"{len(wanted)} expected")
    for one, other in zip(got, wanted):
        c.log.check(one == other, RULE, file, " | ".join(one),
                    "campaign.json", " | ".join(other))


def interest(c, maps):
    """How many are of this project, and which sheets nobody else read."""
    section = c.page.section("guarantees")
    told = " ".join(section.text().split()) if section else ""
    sheets = [about["facts"] for about in maps.values() if "facts" in about]
    true = [sum(map(own, maps.values())), len(maps), len(sheets),
            sum(s["reviewed"] == "by its author only" for s in sheets)]
    said = INTEREST.search(told)
    c.log.check(said and [int(n) for n in said.groups()] == true, RULE,
                "index.html#guarantees", said[0] if said else told[:80],
                "campaign.json", str(true))
