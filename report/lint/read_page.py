# SPDX-License-Identifier: Apache-2.0
"""The report's files as a tree, tables, panels, sentences and CSV rows."""
import base64
import csv
import html.parser
import io
import json
import re
from urllib.parse import unquote

from report.lint.rows import Unreadable

EMPTY = {"meta", "br", "img", "input", "link", "hr", "use", "path"}
SILENT = {"style", "script", "head"}
BLOCKS = {"p", "li", "figcaption", "caption", "div", "header", "section",
          "td", "th", "summary", "h1", "h2", "h3", "pre"}


class Node:
    def __init__(self, tag, attrs=()):
        self.tag, self.attrs, self.parts = tag, dict(attrs), []

    def __getitem__(self, name):
        return self.attrs.get(name) or ""

    def walk(self):
        """Itself and all below, as they stand in the file."""
        rest = [self]
        while rest:
            node = rest.pop()
            yield node
            rest += [p for p in reversed(node.parts) if isinstance(p, Node)]

    def all(self, *tags):
        return [n for n in self.walk() if n.tag in tags]

    def text(self, aside=frozenset()):
        """What a reader sees: no glyphs, no styles, <br> is a space; without
        what stands in tags of `aside`."""
        if self.tag in SILENT or (self.tag == "i" and self["aria-hidden"]):
            return ""
        if self.tag == "sup" and self["class"] == "note":
            return ""  # its digits are no part of the number before it
        if self.tag == "br":
            return " "
        return "".join(
            p if isinstance(p, str) else "" if p.tag in aside else
            p.text(aside) for p in self.parts)

    def own(self):
        """Its text without that of blocks, pictures and tables inside."""
        return self.text(BLOCKS | {"svg", "table", "details"})


class Tree(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.root = Node("root")
        self.open = [self.root]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        node = Node(tag, attrs)
        self.open[-1].parts.append(node)
        if tag not in EMPTY:
            self.open.append(node)

    def handle_startendtag(self, tag, attrs):
        self.open[-1].parts.append(Node(tag, attrs))

    def handle_endtag(self, tag):
        names = [n.tag for n in self.open]
        if tag in names[1:]:
            del self.open[len(names) - 1 - names[::-1].index(tag):]

    def handle_data(self, data):
        self.open[-1].parts.append(data)


class Table:
    """Caption, headings and rows of plain text."""

    def __init__(self, node):
        self.key = node["id"].removeprefix("table-")
        self.caption = " ".join(n.text() for n in node.all("caption"))
        heads = [n for h in node.all("thead") for n in h.all("th")]
        self.heads = [clean(n.text()) for n in heads]
        self.rows = [[clean(n.text()) for n in row.all("th", "td")]
                     for body in node.all("tbody") for row in body.all("tr")]

    def column(self, *parts):
        """Index of the first heading that has one of these parts."""
        for part in parts:
            for i, head in enumerate(self.heads):
                if part in head.lower():
                    return i
        return None


class Panel:
    """One drawing: name, alternative text, tool tips, texts, lines."""

    def __init__(self, node):
        titles, alts = node.all("title"), node.all("desc")
        self.name = titles[0].text() if titles else ""
        self.alt = " ".join(n.text() for n in alts)
        self.key = alts[0]["id"].removesuffix("-d") if alts else ""
        self.tips = [t.text() for t in titles[1:]]
        self.texts = [clean(t.text()) for t in node.all("text")]
        self.paths = [n for n in node.all("path") if "stroke" in n["style"]]


def clean(text):
    return re.sub(r"[ \n\t]+", " ", text.replace("\u00a0", " ")).strip()


def text_of(node):
    return "" if node is None else clean(node.text())


class Page:
    """DIR/report: the page and the files beside it."""

    def __init__(self, folder, terminal=None, said="verdicts.json"):
        self.out, self.held = folder / "report", {}
        self.root = Tree(self.read("index.html")).root
        self.verdicts = self.json(said)
        if self.verdicts.get("kind") == "regress":
            raise Unreadable("report/verdicts.json: of a regression check, "
                             "whose words are those of docs/method.md 5")
        self.terminal = None if terminal is None else self.read(terminal)
        self.tables = [Table(n) for n in self.root.all("table")]
        self.figures = {n["id"].removeprefix("fig-"): n
                        for n in self.root.all("figure") if n["id"]}

    def read(self, name):
        try:
            return (self.out / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unreadable(f"report/{name}: {error}") from None

    def json(self, name):
        try:
            return json.loads(self.read(name))
        except ValueError as error:
            raise Unreadable(f"report/{name}: {error}") from None

    def table(self, key):
        return next((t for t in self.tables if t.key == key), None)

    def section(self, key):
        return next((n for n in self.root.all("section")
                     if n["id"] == key), None)

    def of_class(self, tag, name):
        """The first such node; None where there is none."""
        return next((n for n in self.root.all(tag)
                     if name in n["class"].split()), None)

    def panels(self, prefix):
        """Panels whose title's id starts so, folded ones included."""
        return [Panel(n) for n in self.root.all("svg") if any(
            t["id"].startswith(prefix)
            for t in n.all("title") + n.all("desc"))]

    def box(self):
        """What the claim stands in: not the box of a page made for claims,
        in which that is folded."""
        found = [n for n in self.root.all("div")
                 if "claim" in n["class"].split()]
        return found[-1] if found else None

    def claim(self):
        """The sentences of the first screen's claim; "" without one."""
        box = self.box()
        told = [] if box is None else [
            clean(n.text()) for n in box.all("p")
            if n["id"] == "claim" or not n["class"]]
        return " ".join(told) or next(
            (clean(n.text()) for n in self.root.walk()
             if n["id"] == "claim"), "")

    def about(self):
        """What the claim's box says of the leader; "" where nothing."""
        return text_of(self.of_class("p", "about"))

    def maps_line(self):
        """What became of each map of the plan; "" where it is not said."""
        return text_of(self.of_class("p", "maps"))

    def first_screen(self):
        """The text of the box that the claim stands in."""
        return text_of(self.box())

    def markdown(self, name):
        """Cells of the body of report/NAME, a table; None where there is no
        such file."""
        if not (self.out / name).is_file():
            return None
        lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line
                 in self.read(name).splitlines() if line.startswith("|")]
        return [[clean(re.sub(r"\\([\\|<&])", r"\1", text)) for text in line]
                for line in lines[2:]]

    def csv(self, name):
        """Rows of report/NAME, as dicts; None where there is no such file."""
        if name not in self.held:
            there = (self.out / name).is_file()
            self.held[name] = rows_of(self.read(name)) if there else None
        return self.held[name]

    def csv_files(self):
        return sorted(str(p.relative_to(self.out)) for folder in
                      ("figures", "tables", "quick")
                      for p in (self.out / folder).glob("*.csv"))

    def embedded(self):
        """(name, text) of each CSV that the page holds as a link."""
        for n in self.root.all("a"):
            if n["href"].startswith("data:text/csv;base64,"):
                data = unquote(n["href"].split(",", 1)[1])
                yield n["download"], base64.b64decode(data).decode("utf-8")

    def blocks(self):
        """(section key, block's text) of all prose outside of pictures."""
        def inside(node, key):
            for part in node.parts:
                if not isinstance(part, Node) or part.tag in SILENT | {"svg"}:
                    continue
                here = part["id"] if part.tag == "section" else key
                if part.tag in BLOCKS:
                    text = clean(part.own())
                    if text:
                        yield here, text
                yield from inside(part, here)
        yield from inside(self.root, "")


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text), restval=""))


def sentences(text):
    """A block cut where a sentence ends."""
    return [s for s in re.split(r"(?<=[.:;!?])\s+(?=[A-Z0-9“])", text) if s]
