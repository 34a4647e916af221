# SPDX-License-Identifier: Apache-2.0
"""Helpers for the report's tests: small synthetic campaigns, each built only once."""
import contextlib
import csv
import html.parser
import io
import json
import sys
import warnings
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests")]
import make_journal  # noqa: E402
from report.__main__ import main  # noqa: E402

FEW = ("null_map", "gomap", "gomap_rw", "syncmap", "snapshot", "urcu_lfht")


class Built:
    """A report: the output of the program and the files that it wrote."""

    def __init__(self, folder, *options):
        """Runs the program in this process, because imports take half of its time."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(err), warnings.catch_warnings():
            warnings.simplefilter("error")
            self.status = main([str(folder), *options])
        self.folder, self.out = Path(folder), Path(folder) / "report"
        self.error = err.getvalue()
        self.said = out.getvalue().split("\n")[:-1]

    @property
    def page(self):
        return (self.out / "index.html").read_text(encoding="utf-8")


    @property
    def verdicts(self):
        return json.loads((self.out / "verdicts.json").read_text(
            encoding="utf-8"))

    def rows(self, path):
        with open(self.out / path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))





def build(folder, *options, **spec):
    """Writes a synthetic campaign and builds its report."""
    spec = {"maps": FEW, "threads": (1, 2), "keys": (65536,),
            "kinds": ("update",)} | spec
    make_journal.make(folder, **spec)
    return Built(folder, *options)


def edit(folder, change):
    """Passes every trial through change(); a result of None removes the trial."""
    path = Path(folder) / "trials.jsonl"
    lines = [json.loads(line) for line in path.read_text().split("\n")
             if line]
    kept = [t for t in map(change, lines) if t is not None]
    path.write_text("".join(json.dumps(t) + "\n" for t in kept))


VOID = {"meta", "br", "img", "input", "link", "hr"}


class Page(html.parser.HTMLParser):
    """Checks that tags balance; collects ids, references and the number of nodes."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.ids, self.links, self.nodes = [], [], [], 0
        self.wrong = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.nodes += 1
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name in ("href", "src", "xlink:href", "action", "data"):
                self.links.append(value)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.stack.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.stack or self.stack.pop() != tag:
            self.wrong.append((tag, self.getpos()))
