# SPDX-License-Identifier: Apache-2.0
"""Rules of method that hold of every page, whatever it shows (docs/
verdicts.md: R1, R2, R4, R6, R8 to R10, one number in text, table and figure).
Where they look, and what they let pass and why, is in method.txt."""
import bisect
import collections
import fnmatch
import re

from report.lint import latency, say, simulated
from report.lint.context import each_line
from report.lint.other import VALUES
from report.lint.read_page import Node, clean

TABLE = [line.split("\t") for line in each_line("method.txt")]
NUMBERS = re.compile(rf"(?<![\w./]){say.NUMBER}(?![\w{say.THIN}])")
RATIO = re.compile(r"÷|^×|\bratio\b|\btimes\b")
SLOPE = re.compile(r", (?:ns|µs|ms|s) per [\w ]+$")  # has a unit of its own
INTERVAL = re.compile(rf"\[{say.NUMBER}[^\],]*, {say.NUMBER}[^\]]*\]")
WHY_NONE = re.compile(r"\(| maps need \d")  # "(n 3)"; "10 maps need 11"
TOO_FEW = re.compile(rf"\bn < ({say.NUMBER})")
NEEDED = {needed for _, needed in latency.COLUMNS.values()}
CENTRES = ("ratio", "percent", "position", "value", "ns", "mops")
MISSING = re.compile(r"not run|skipped|failed|void|no [\w.-]+|not needed|"
                     r"not yet|not paid")
SCALES = [f for base in (100, 1e3, 1e6, 1e9, 2.0 ** 10, 2.0 ** 20, 2.0 ** 30)
          for f in (base, 1 / base)] + [1]


def check(c):
    for rule in (bases, blanks, reasons, marks, intervals, counted, phrases,
                 required, bounds, lines, tips, tables):
        rule(c)


def of(rule, where):
    """What method.txt says to a rule of a place; [] where nothing."""
    return [rest for name, pattern, rest in TABLE
            if name == rule and fnmatch.fnmatch(where, pattern)]


# ---- R1: a ratio has its base's absolute value beside it -------------------

def bases(c):
    for file in c.page.csv_files():
        for row in c.page.csv(file):
            for name in set(row) & {"ratio", "gain", "percent"}:
                beside = of("base", f"{file}:{name}")
                c.log.check(bool(beside) and (not row[name] or any(
                    row.get(key) for key in beside[-1].split())
                    or "no ratio" in beside[-1]), "R1: base", file,
                    f"{name} {row[name]}", str(row.get("cell")),
                    "the base's absolute value stands in the same row")
    for t in c.page.tables:
        ratio = next((h for h in t.heads if RATIO.search(SLOPE.sub("", h))),
                     None)
        beside = of("base", f"table-{t.key}")
        if ratio:
            c.log.check(bool(beside) and (beside[-1] in t.heads or "no ratio"
                        in beside[-1]), "R1: base",
                        f"index.html: {t.key}", ratio, " | ".join(t.heads),
                        "no column with the base's absolute value")


# ---- R2: what is missing has words, and a reason ---------------------------

def blanks(c):
    for t in c.page.tables:
        for row in t.rows:
            empty = [h for h, text in zip(t.heads, row) if not text and not
                     of("blank", f"{t.key}:{h}")]
            c.log.check(not empty, "R2: blank", f"index.html: {t.key}",
                        " | ".join(row), ", ".join(empty),
                        "an empty cell says nothing")


def reasons(c):
    """A row of a data file without its value says why."""
    for file in c.page.csv_files():
        for row in c.page.csv(file):
            value = next((k for k in VALUES if k in row), None)
            why = [v for k, v in row.items() if k in (
                "why", "reason", "word", "state", "how")]
            if value and why and not row[value]:
                c.log.check(any(why), "R2: reason", file, str(row),
                            f"no {value}", "there is no reason")


def marks(c):
    """A word in the place of a mark has its reason as a tool tip."""
    for panel, tipped, node in drawn(c):
        text = clean(node.text()) if node.tag == "text" else ""
        if text:
            c.log.check(bool(tipped) or not MISSING.fullmatch(text),
                        "R2: reason", f"index.html: {panel}", text,
                        "its tool tip", "there is none")


def drawn(c):
    """(key of the panel, tool tip or "", node) of all nodes of drawings but
    the shapes of markers."""
    def inside(node, tip):
        for part in node.parts:
            if not isinstance(part, Node) or part.tag == "defs":
                continue
            mine = next((n.text() for n in part.parts if isinstance(n, Node)
                         and n.tag == "title"), tip)
            yield mine, part
            yield from inside(part, mine)
    for svg in c.page.root.all("svg"):
        key = next((n["id"].removesuffix("-d") for n in svg.all("desc")), "")
        for tip, node in inside(svg, ""):
            yield key, tip, node


# ---- R4: a centre has an interval, and n -----------------------------------

def intervals(c):
    """Where 95 % is promised each number has its interval; each interval
    holds its centre."""
    for t in c.page.tables:
        for at, head in enumerate(t.heads):
            if "[95 %]" in head and not of("exact", t.key):
                for row in t.rows:
                    bare = re.match(rf"(?:× )?{say.NUMBER}", row[at])
                    c.log.check(not bare or bool(
                        INTERVAL.search(row[at])) or bool(
                        WHY_NONE.search(row[at])),
                        "R4: interval", f"index.html: {t.key}", row[at],
                        head, "neither an interval nor why there is none")
    for where, text in texts(c):
        for centre, *ends in say.TRIPLE.findall(text):
            low, high = map(say.value, ends)
            c.log.check(low <= say.value(centre) <= high, "R4: interval",
                        f"index.html: {where}", text, centre, str(ends))
    for file in c.page.csv_files():
        for row in c.page.csv(file):
            name = next((k for k in CENTRES if row.get(k)), None)
            if name and row.get("low") and row.get("high"):
                low, value, high = (float(row[k]) for k in (
                    "low", name, "high"))
                c.log.check(low <= value <= high, "R4: interval", file,
                            str(row), name, "outside of its interval")


def texts(c):
    """(where, text) of prose, tables and tool tips."""
    yield from c.page.blocks()
    for panel in c.page.panels(""):
        yield from ((panel.key, clean(tip)) for tip in panel.tips)


def counted(c):
    """Beside each interval stands how many values it rests on."""
    for file in c.page.csv_files():
        for row in c.page.csv(file):
            if row.get("low") and not of("n", file):
                c.log.check(bool(row.get("n")), "R4: n", file, str(row), "n",
                            "how many values is not said")
    for t in c.page.tables:
        if any("[95 %]" in h for h in t.heads) and not of("n", t.key):
            every = " ".join([t.caption, *t.heads, *sum(t.rows, [])])
            c.log.check(bool(re.search(r"\b(n|blocks?|trials?)\b", every)),
                        "R4: n", f"index.html: {t.key}",
                        " | ".join(t.heads), "n",
                        "how many values is not said")


# ---- R6, R8, R9: what is never said, and what always -----------------------

def phrases(c):
    """Words that claim more than an interval says."""
    for where, text in texts(c):
        for name, pattern, why in TABLE:
            if name == "never":
                found = re.search(pattern, text)
                c.log.check(not found, "R6: words", f"index.html: {where}",
                            text, found and found[0], why)


def required(c):
    """A figure or table that has to show or say something does."""
    parts = {f"table-{t.key}": " | ".join([t.caption, *t.heads])
             for t in c.page.tables}
    parts |= {f"fig-{key}": clean(" ".join(
        n.text() for n in node.all("figcaption")))
        for key, node in c.page.figures.items()}
    for name, pattern, words in TABLE:
        for key in fnmatch.filter(parts, pattern) if name == "says" else ():
            for word in words.split("; "):
                c.log.check(bool(re.search(word, parts[key])),
                            "R6, R8, R9: says", f"index.html: {key}",
                            parts[key], word, "it is not said")


def bounds(c):
    """Every bound that ran on a board of scaling.csv is in it; columns.txt
    has its level from the trials, so that no floor is taken off."""
    rows = c.page.csv("figures/scaling.csv")
    here = {row["cell"] for row in rows or []}
    for group in c.rows.groups if here and c.rows else []:
        if here & {x.id for x in group.cells.values()}:
            for x in group.cells.values():
                if x.ok and not c.rows.peer(x.map):
                    c.log.check(x.id in here, "R9: bounds",
                                "figures/scaling.csv", "no row", x.id,
                                "a bound with a result has its row")


# ---- R10: lines join what lies on an axis ----------------------------------

def lines(c):
    """Only figures of method.txt have lines that slope, and these join no
    more points than there are thread counts."""
    counts = collections.defaultdict(set)  # measure -> thread counts
    for x in [*c.rows.cells.values(),
              *simulated.cells(c).values()] if c.rows else ():
        counts[x.measure].add(x.place["threads"])
    most = max(map(len, counts.values()), default=0)
    for panel, node, points in strokes(c):
        joins = of("joins", panel)
        c.log.check(bool(joins) and (
            joins[0] != "threads" or len(points) <= most),
            "R10: lines", f"index.html: {panel}", node["d"][:80],
            joins and joins[0], f"{len(points)} points are joined")


def strokes(c):
    """(panel, node, points) of each part of an open path that is neither
    level nor upright."""
    for panel, _, node in drawn(c):
        if node.tag == "path" and "stroke" in node["style"] and not re.search(
                "[zCQ]", node["d"]):
            for part in node["d"].split("M"):
                at = re.findall(r"(-?[\d.]+) (-?[\d.]+)", part)
                if any(a[0] != b[0] and a[1] != b[1]
                       for a, b in zip(at, at[1:])):
                    yield panel, node, at


# ---- one number in text, table and figure ----------------------------------

class Known:
    """The numbers of some rows of a data file."""

    def __init__(self, rows):
        found = " ".join(v for row in rows for v in row.values() if v)
        values = map(float, re.findall(
            r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]\d+)?", found))
        self.values = sorted([*values, *(
            1 - float(row["write_share"]) for row in rows
            if row.get("write_share"))])  # lookups are the rest

    def has(self, text):
        """Is this how one of them is printed, in whatever unit?"""
        value, off = abs(say.value(text)), say.half(text) * 1.000001
        for scale in SCALES:
            at = bisect.bisect_left(self.values,
                                    (value - off) * scale - 1e-12)
            if at < len(self.values) and self.values[at] <= (
                    value + off) * scale + 1e-12:
                return True
        return False


def unknown(text, known, names=()):
    """Numbers that are none of these; how many values an interval needs
    stands in no row."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    text = TOO_FEW.sub(lambda few: "" if say.value(few[1]) in NEEDED
                       else few[0], text)
    return [n for n in NUMBERS.findall(text) if not known.has(n)]


def tips(c):
    """Each number of a tool tip is in the figure's data file, of its map."""
    files = {f[8:-4]: c.page.csv(f) for f in c.page.csv_files()
             if f.startswith("figures/")}
    lines = c.page.csv("tables/boundaries.csv") or []  # on flip maps, too
    made, maps = {}, list(c.rows.maps if c.rows else c.search.maps)
    for panel in c.page.panels(""):
        file = max((f for f in files if panel.key.startswith(f)), key=len,
                   default=None)
        if file is None or of("tip", panel.key):
            continue
        for tip in map(clean, panel.tips):
            mine = [m for m in say.names(tip, maps)]
            key = file, *sorted(set(mine))
            if key not in made:
                made[key] = Known(lines + [
                    r for r in files[file]
                    if not mine or r.get("map", mine[0]) in mine
                    or any(m in r.get("why", "") for m in mine)])
            wrong = unknown(tip, made[key], maps)
            c.log.check(not wrong, "one number", f"index.html: {panel.key}",
                        tip, f"figures/{file}.csv", f"not there: {wrong}")


def tables(c):
    """Each number of a table's row is in its row of tables/NAME.csv."""
    for t in c.page.tables:
        held = c.page.csv(f"tables/{t.key}.csv") if t.key else None
        if held is None or of("tip", t.key):
            continue
        c.log.check(len(held) == len(t.rows), "one number",
                    f"tables/{t.key}.csv", f"{len(held)} rows", "index.html",
                    f"{len(t.rows)} rows")
        for row, mine in zip(t.rows, held):
            wrong = unknown(" | ".join(row), Known([mine]))
            c.log.check(not wrong, "one number", f"tables/{t.key}.csv",
                        " | ".join(row), str(mine), f"not there: {wrong}")
