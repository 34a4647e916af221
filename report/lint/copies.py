# SPDX-License-Identifier: Apache-2.0
"""What stands twice says the same twice."""
from report.lint.read_page import clean

RULE = "copies"


def check(c):
    claim(c)
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
