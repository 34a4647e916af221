# SPDX-License-Identifier: Apache-2.0
"""One word, sign or number of a report altered: does the linter see it?

    tests/report/mutate_page.py DIR [COUNT [SEED]]

Draws a place in what a report states (claim, tables, tool tips, alternative
texts, CSV files, verdicts.json), alters it in one file, lints, puts it back.
Findings that the unaltered report has do not count; what the rule that
compares copies sees alone is counted by itself: what is wrong twice has to be
seen, too.
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
    r'<p class="key">(.*?)</p>', r'<p id="production-names">(.*?)</p>',
    r'<table id="table-(?:decision|checks|trust|latency-\d+|production|'
    r'guarantees|not-packaged)".*?<tbody>(.*?)</tbody>',
    r"<b>Conflict of interest\.</b>(.*?)</p>",
    r'<svg [^>]*"(?:flip-|winner-|production)[^"]*-d">.*?</svg>',
    r'<desc id="[^"]*">(.*?)</desc>',
)
ROWS = r"(?<=\n)[^\n]+"
FILES = {name: ROWS for name in (  # file -> what states something there
    "tables/ranking.csv", "tables/crossovers.csv", "tables/matrix.csv",
    "tables/guarantees.csv", "tables/not-packaged.csv",
    "tables/production-all.csv",
    *(f"figures/{key}.csv" for key in (
        "flip", "winner", "scaling", "efficiency", "forest", "rivals", "raw",
        "memory", "tradeoff", "controls", "production")))} | {
    "tables/cells.csv": r"(?<=\n)[^\n]+/throughput,[^\n]+",
    # the seconds that bench.sh took are in no row
    "../terminal": r"^(?!status|report|bench)[^\n]+|(?<=status: )[^\n]+",
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
                start = m.start() + m[0].index("</desc>") + 7
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
    return {(f.rule, f.file, f.said, str(f.row)) for f in findings}


class Mutations:
    """Draws alterations of one report, always the same for one seed."""

    def __init__(self, folder, seed=1):
        self.folder, self.rng = Path(folder), random.Random(seed)
        self.out = self.folder / "report"
        self.terminal = self.folder / "terminal"
        self.terminal = self.terminal if self.terminal.is_file() else None
        self.rows = lint.Rows(self.folder)
        self.before, self.maps = self.findings(), sorted(self.rows.maps)
        self.spots = list(self.all_spots())

    def findings(self):
        """Of all rules; the journal is never altered, and read once."""
        return told(lint.lint(self.folder, self.terminal,
                              self.rows).findings)

    def all_spots(self):
        for name in ("index.html", *FILES):
            if (self.out / name).is_file():
                text = (self.out / name).read_text("utf-8")
                for start, end in regions(name, text):
                    for spot in tokens(text, start, end, self.maps):
                        if spot[2]:
                            yield name, *spot

    def one(self):
        """(file, what was altered, the rules that saw it)."""
        name = self.rng.choice(sorted({s[0] for s in self.spots}))
        name, start, end, new = self.rng.choice(
            [s for s in self.spots if s[0] == name])
        path, new = self.out / name, self.rng.choice(new)
        text = path.read_text("utf-8")
        path.write_text(text[:start] + new + text[end:], "utf-8")
        try:
            found = self.findings()
        except lint.Unreadable:
            found = {("unreadable", name, "", "")}
        finally:
            path.write_text(text, "utf-8")
        around = (text[max(start - 40, 0):start] + "{" + text[start:end]
                  + " -> " + new + "}" + text[end:end + 40])
        return (name, " ".join(around.split()),
                {rule for rule, *_ in found - self.before})


def main(folder, count="60", seed="1"):
    draw = Mutations(folder, int(seed))
    rows = [draw.one() for _ in range(int(count))]
    for name, around, rules in rows:
        if not rules - {"copies"}:
            print(f"{'not seen' if not rules else 'copies only'}: {name}: "
                  f"{around}")
    seen = sum(bool(rules) for *_, rules in rows)
    alone = sum(bool(rules - {"copies"}) for *_, rules in rows)
    print(f"{seen} of {len(rows)} alterations were seen, {alone} without "
          f"the copies; {len(draw.spots)} places")
    return seen < len(rows)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
