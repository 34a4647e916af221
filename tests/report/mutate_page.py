# SPDX-License-Identifier: Apache-2.0
"""One word, sign or number of a report altered: does the linter see it?

    tests/report/mutate_page.py DIR [COUNT [SEED]]

Draws a place in what a report states (claim, tables, tool tips, alternative
texts, CSV files, verdicts.json), alters it in one file, lints, puts it back.
Findings that the unaltered report has do not count, nor do those of the
rule that compares copies: what is wrong twice has to be seen, too.
"""
import random
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
from report import lint  # noqa: E402

NUMBER = r"(?<![\w.#-])\d+(?:\u202f\d{3})*(?:\.\d+)?(?![\w-])"
SWAPS = [line.split("\t") for line in (
    Path(__file__).parent / "mutations.tsv").read_text(
        "utf-8").splitlines() if line and not line.startswith("#")]
PAGE = (  # what of index.html states something
    r'id="claim">(.*?)</p>',
    r'<p id="(?:trust|limit)">(.*?)</p>', r'<p class="maps">(.*?)</p>',
    r'<p class="key">(.*?)</p>',
    r'<table id="table-(?:decision|checks|trust|latency-\d+)".*?<tbody>(.*?)'
    r"</tbody>",
    r'<title id="(?:flip|winner)-[^"]*">.*?</title>.*?</svg>',
    r'<desc id="(?:flip|winner|scaling|efficiency|simulated)-[^"]*">'
    r"(.*?)</desc>",
)
FILES = {  # file -> what states something there
    "tables/ranking.csv": r"(?<=\n)[^\n]+", "figures/flip.csv":
    r"(?<=\n)[^\n]+", "figures/winner.csv": r"(?<=\n)[^\n]+",
    "tables/cells.csv": r"(?<=\n)[^\n]+/throughput,[^\n]+",
    "tables/crossovers.csv": r"(?<=\n)[^\n]+",
    "../terminal": r"^(?!status|report)[^\n]+|(?<=status: )[^\n]+",
    "verdicts.json": r'"claim": [^\n]*|"decisions": \[.*?\n \]'}


def regions(name, text):
    """(start, end) of each statement of a file."""
    if name != "index.html":
        yield from (m.span() for m in re.finditer(FILES[name], text,
                                                  re.S | re.M))
        return
    for pattern in PAGE:
        for m in re.finditer(pattern, text, re.S):
            if m.re.groups:
                yield m.span(1)
            else:  # tool tips inside of a picture, not its name
                start = m.start() + m[0].index("</title>") + 8
                yield from ((start + t.start(1), start + t.end(1))
                            for t in re.finditer(r"<title>(.*?)</title>",
                                                 text[start:m.end()], re.S))


def tokens(text, start, end, maps):
    """(start, end, replacements) of what can be altered in a statement."""
    part = text[start:end]
    dark = [m.span() for m in re.finditer(
        r"<[^>]*>|<i [^>]*>.*?</i>|\"\w+\":|(?<=[,\n])[\w+-]+/[^,]*/through"
        r"put", part)]
    for pattern, new in kinds(maps):
        for m in re.finditer(pattern, part):
            if not any(a < m.end() and m.start() < b for a, b in dark):
                yield start + m.start(), start + m.end(), new(m[0])


def kinds(maps):
    """(pattern, text -> what it may become)."""
    yield NUMBER, other_numbers
    ids = "|".join(map(re.escape, maps))
    yield (rf"(?<![\w-])(?:{ids})(?![\w-])",
           lambda t: [m for m in maps if m != t])
    for one, two in SWAPS:
        yield rf"(?<!\w){re.escape(one)}(?!\w)", lambda t, two=two: [two]


def other_numbers(text):
    """One digit changed, of the first ten; the very first stays above
    nought."""
    found = []
    for i, digit in enumerate(text[:11]):
        if digit.isdigit():
            found += [text[:i] + d + text[i + 1:] for d in "0123456789"
                      if d != digit and (d != "0" or i)]
    return found


def told(findings):
    return {(f.rule, f.file, f.said, str(f.row)) for f in findings
            if f.rule != "copies"}


class Mutations:
    """Draws alterations of one report, always the same for one seed."""

    def __init__(self, folder, seed=1):
        self.folder, self.rng = Path(folder), random.Random(seed)
        self.out = self.folder / "report"
        self.terminal = self.folder / "terminal"
        self.terminal = self.terminal if self.terminal.is_file() else None
        self.before = told(lint.lint(folder, self.terminal).findings)
        self.maps = sorted(lint.Rows(folder).maps)
        self.spots = list(self.all_spots())

    def all_spots(self):
        for name in ("index.html", *FILES):
            if (self.out / name).is_file():
                text = (self.out / name).read_text("utf-8")
                for start, end in regions(name, text):
                    for spot in tokens(text, start, end, self.maps):
                        if spot[2]:
                            yield name, *spot

    def one(self):
        """(file, before, after, was it seen) of one alteration."""
        name = self.rng.choice(sorted({s[0] for s in self.spots}))
        name, start, end, new = self.rng.choice(
            [s for s in self.spots if s[0] == name])
        path, new = self.out / name, self.rng.choice(new)
        text = path.read_text("utf-8")
        path.write_text(text[:start] + new + text[end:], "utf-8")
        try:
            found = lint.lint(self.folder, self.terminal).findings
        except lint.Unreadable:
            found = None
        finally:
            path.write_text(text, "utf-8")
        around = (text[max(start - 40, 0):start] + "{" + text[start:end]
                  + " -> " + new + "}" + text[end:end + 40])
        return (name, " ".join(around.split()),
                found is None or bool(told(found) - self.before))


def main(folder, count="60", seed="1"):
    draw = Mutations(folder, int(seed))
    rows = [draw.one() for _ in range(int(count))]
    for name, around, seen in rows:
        if not seen:
            print(f"not seen: {name}: {around}")
    missed = sum(not seen for _, _, seen in rows)
    print(f"{len(rows) - missed} of {len(rows)} alterations were seen; "
          f"{len(draw.spots)} places")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
