# SPDX-License-Identifier: Apache-2.0
"""Compares each number on the pages of a report with the number at its path in verdicts.json."""
import json
from html.parser import HTMLParser
from typing import NamedTuple

from report.render import formats


class Printed(NamedTuple):
    """A number on a page."""
    ref: str
    kind: str
    value: str
    text: str


class Numbers(HTMLParser):
    """Collects elements with data-ref, and all other text except scripts."""

    def __init__(self):
        super().__init__()
        self.numbers, self.attributes, self.words = [], None, []
        self.silent = 0

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.silent += tag in ("script", "style")
        if "data-ref" in attributes:
            self.attributes = attributes
            self.words.append("")

    def handle_endtag(self, tag):
        self.silent -= tag in ("script", "style")

    def handle_data(self, data):
        if self.attributes:
            a, self.attributes = self.attributes, None
            self.numbers.append(Printed(
                a["data-ref"], a["data-kind"],
                a.get("value", a.get("data-value")), data))
        if not self.silent:
            self.words.append(data)


def value_at(verdicts, ref):
    """Returns the number at a path; # is a length, and margin is recomputed."""
    *above, last = ref.split(".")
    for name in above:
        verdicts = verdicts[int(name) if isinstance(verdicts, list) else name]
    if last == "#":
        return len(verdicts)
    if last == "margin":
        centre = verdicts["value"]
        return max(verdicts["high"] - centre, centre - verdicts["low"]) / centre
    return verdicts[int(last) if isinstance(verdicts, list) else last]


def problems(folder):
    """Returns (page, number) for each number that differs from verdicts.json, and how many numbers
    were compared."""
    verdicts = json.loads((folder / "verdicts.json").read_text())
    wrong, seen = [], 0
    for page in sorted(folder.glob("*.html")):
        parser = Numbers()
        parser.feed(page.read_text(encoding="utf-8"))
        for one in parser.numbers:
            seen += 1
            true = value_at(verdicts, one.ref)
            if abs(float(one.value) - true) > 1e-9 * abs(true) or \
                    one.text != formats.text(one.kind, true):
                wrong.append((page.name, one))
    return wrong, seen


def words(html):
    """Returns the text of a page."""
    parser = Numbers()
    parser.feed(html)
    return " ".join("".join(parser.words).split())
