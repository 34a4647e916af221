#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a page as somebody who asks about Go: what does it say of sync.Map
and RWMutex, and whose are they?

    tests/report/go_words.py DIR...   prints what is said of Go from a port

Knows nothing of the code that writes the page: its text, campaign.json,
verdicts.json and the data files are all that is read. Status: 0; 1 something
was found.
"""
import csv
import html.parser
import json
import re
import sys
from pathlib import Path

WORDS = re.compile(r"\bsync\.Map\b(?!-like)|\bRWMutex\b|\bGo\b")
PORT = re.compile(r"\bports?\b")
GO_PAIR = ("go_map_rw", "go_sync_map")
# Go's own maps by these words: their id, their label, or in full.
OWN = re.compile(r"\bgo_\w+|\bGo: |\bGo's own\b")
QUOTED = {"pre", "code", "script", "style", "title"}  # others' words
APART = {"p", "li", "tr", "caption", "figcaption", "h1", "h2", "h3",
         "summary", "dt", "dd", "button", "desc", "text", "option", "div",
         "section", "details", "header", "label", "form"}
SENTENCE = re.compile(r"(?<=[.?!])\s+")


class Reader(html.parser.HTMLParser):
    """The page's texts: a row of a table is one, a paragraph is one."""

    def __init__(self, text):
        super().__init__()
        self.parts, self.quoted = [[]], 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.quoted += tag in QUOTED
        if tag in APART:
            self.parts.append([])
        elif tag in ("td", "th", "br"):
            self.parts[-1].append(" | ")

    def handle_endtag(self, tag):
        self.quoted -= tag in QUOTED
        if tag in APART:
            self.parts.append([])

    def handle_data(self, data):
        if not self.quoted:
            self.parts[-1].append(data)

    def sentences(self):
        for part in self.parts:
            text = " ".join("".join(part).split())
            rows = [text] if "|" in text else SENTENCE.split(text)
            yield from (row for row in rows if row)


def words_of_ports(page):
    """Sentences that speak of Go and say neither that a port is meant, nor
    which of Go's own maps."""
    return [text for text in Reader(page).sentences()
            if WORDS.search(text.replace("| Go |", "|"))  # a language
            and not PORT.search(text) and not OWN.search(text)]


class Campaign:
    """What was run, and what the report made of it."""

    def __init__(self, folder):
        self.folder = Path(folder)
        meta = json.loads((self.folder / "campaign.json").read_text())
        cells = {c["id"]: c for c in meta["cells"]}
        self.ports = {m["id"] for m in meta["maps"]
                      if PORT.search(m["label"])}
        self.ran = {cells[t["cell"]]["map"] for t in map(json.loads, (
            self.folder / "trials.jsonl").read_text().splitlines())
            if t["status"] == "ok" and t["cell"] in cells
            and cells[t["cell"]]["measure"] == "throughput"}
        self.verdicts = json.loads((
            self.folder / "report/verdicts.json").read_text("utf-8"))
        self.page = (self.folder / "report/index.html").read_text("utf-8")

    def rows(self, file):
        path = self.folder / "report" / file
        if not path.exists():
            return []
        with open(path, encoding="utf-8", newline="") as text:
            return list(csv.DictReader(text))


def pair_of_ports(c):
    """What compares two maps throughout the page compares Go's own where
    both ran: the pair, its flips, its crossovers, its sentence."""
    if not set(GO_PAIR) <= c.ran:
        return []
    found = [f"the pair has {c.verdicts[side]}" for side in
             ("base", "contender") if c.verdicts[side] in c.ports]
    found += [f"flip.csv: {row['cell']}" for row in c.rows("figures/flip.csv")
              if row["cell"] and row["cell"].split("/")[1] in c.ports]
    found += [f"crossovers.csv: {row[side]}" for side in
              ("leads_below", "leads_above")
              for row in c.rows("tables/crossovers.csv")
              if row[side] in c.ports]
    pair = re.compile(r"\b(\w+) or (\w+)\? ")
    return found + [match[0] for text in c.verdicts["claim"]
                    for match in pair.finditer(text)
                    if {match[1], match[2]} & c.ports]


def leader_unsaid(c):
    """A port that the answer names without a word that it is one."""
    first = c.verdicts["claim"][0]
    named = {m for m in c.ports if re.search(rf"(?<![\w]){m}(?!\w)", first)}
    told = "\n".join(Reader(c.page).sentences())
    return [f"the answer names {name}" for name in sorted(named)
            if not re.search(rf"{name}\W[^\n]*\bport", told)]


def claims_unmarked(c):
    return [text for text in c.verdicts["claim"]
            if WORDS.search(text) and not PORT.search(text)
            and not OWN.search(text)]


def findings(folder):
    """All that a page says of Go from a port."""
    c = Campaign(folder)
    return (words_of_ports(c.page) + pair_of_ports(c) + leader_unsaid(c)
            + claims_unmarked(c))


def main(argv=None):
    told = [f"{folder}: {text}" for folder in argv or sys.argv[1:]
            for text in findings(folder)]
    print("\n".join(told + [f"{len(told)} findings"]))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main())
