# SPDX-License-Identifier: Apache-2.0
"""What stands twice says the same twice."""
import re

from report.lint.read_page import clean

RULE = "copies"


def check(c):
    claim(c)
    about(c)
    embedded(c)
    tables(c)


def claim(c):
    told = c.page.verdicts.get("claim") or ""
    told = [told] if isinstance(told, str) else told
    page, answer = c.page.claim(), c.page.section("answer")
    screen = clean(f"{c.page.first_screen()} "
                   f"{answer.text() if answer else page}")
    c.log.check(page and page in clean(" ".join(told)), RULE, "index.html",
                page, "verdicts.json", "it is no part of the claim there")
    for text in told:
        c.log.check(clean(text) in screen, RULE, "verdicts.json", text,
                    "index.html", "the first screen does not say it")
        if c.page.terminal is not None:
            c.log.check(clean(text) in clean(
                " ".join(c.page.terminal.split("\n"))), RULE, "terminal",
                text, "verdicts.json", "the claim is not among its lines")


def about(c):
    """The line on the leader says what its row of the table says."""
    told, table = c.page.about(), c.page.table("rivals")
    if not told:
        return
    name = told.partition(" is: ")[0]
    row = next((r for r in table.rows if r[0] == name), None) \
        if table else None
    if row is None:
        c.log.check(False, RULE, "index.html", told, "index.html#rivals",
                    f"no row of {name}")
        return
    costs = [re.sub(r"\s", "", row[i]) for i in map(table.column, (
        "p50", "p99", "bytes")) if i is not None and row[i] != "–"]
    said = [re.sub(r"\s", "", text) for pattern in (
        r"took (.*) at P50, (.*) at P99", r"lookups: ([^;]*?)(?:;|\.$)",
        r"; (\S+) bytes per") for match in [re.search(pattern, told)]
        if match for text in match.groups()]
    c.log.check(said == [v for v in costs if v], RULE, "index.html", told,
                "index.html#rivals", f"its row has {' | '.join(row)}")


def embedded(c):
    """A CSV in a link equals its file."""
    for name, text in c.page.embedded():
        file = next((f for f in c.page.csv_files()
                     if f.rsplit("/", 1)[1] == name
                     and not f.startswith("quick/")), None)
        if file is None:
            c.log.skip("index.html", name, "a link without its file")
            continue
        c.log.check(text == c.page.read(file), RULE, file, name,
                    "index.html", "the link's data differ")


def tables(c):
    """A table on the page equals tables/NAME.md (the CSV has the same with
    one number a column)."""
    for t in c.page.tables:
        name = f"tables/{t.key}.md"
        told = c.page.markdown(name) if t.key else None
        if told is None:
            continue
        c.log.check(told == t.rows, RULE, name, str(next(
            (a for a, b in zip(told, t.rows) if a != b), "length")),
            "index.html", str(next((b for a, b in zip(told, t.rows)
                                    if a != b), "length")))
