# SPDX-License-Identifier: Apache-2.0
"""The page of a search in stages (docs/crossover.md): each point again from
the journals of the complete stages, each boundary from the points; then the
counts, sentences, tables and data files that tell of them."""
import collections
import json
import math
import re
import statistics
from pathlib import Path

from report.lint import say
from report.lint.derive import MARGIN, zeros
from report.lint.intervals import Estimate
from report.lint.read_page import clean, text_of
from report.lint.rows import PLACE, USUAL, Rows, Unreadable

RULE = "search in stages"
AXES = {"write_share": "the share of writes", "threads": "the number of "
        "threads", "keys": "the number of keys"}
TIED, NONE = "tied", "no interval"
UNREAD = ("which factor moves the boundary", "intervals of positions")


class Point:
    """A place of the plan, and what its blocks say of B ÷ A."""

    def __init__(self, place):
        self.place, self.cells = place, {}

    def measure(self, stages, maps, level):
        ids = [self.cells.get(m, {}).get("id") for m in maps]
        self.skip = None in ids or any(x["skip"] for x in self.cells.values())
        pairs = [[s.cells[i] for i in ids] for s in stages
                 if all(i in s.cells for i in ids)]
        self.looks, self.contender = len(pairs), ids[1]
        self.logs = [b.logs[k] - a.logs[k] for a, b in pairs
                     for k in sorted(a.logs.keys() & b.logs.keys())]
        self.base = Estimate([v for a, _ in pairs for v in a.logs.values()])
        self.pair = Estimate(self.logs)
        self.low, self.high = self.pair.interval(level)
        self.side = (NONE if self.low is None else "contender" if
                     self.low > MARGIN else "base" if
                     1 / self.high > MARGIN else TIED)
        self.leads = dict(zip(("base", "contender"), maps)).get(self.side)


class Boundary:
    """Between two points of a line: a flip, or the end of a lead."""

    def __init__(self, axis, points, one, two):
        self.axis, self.ends = axis, (points[one], points[two])
        self.points = points[one:two + 1]
        self.kind = "flip" if all(p.leads for p in self.ends) else "end"
        self.n = min(p.pair.n for p in self.ends)

    def row(self):
        """What its row of the data file says, but for the line's place."""
        return {"axis": self.axis, "kind": self.kind, "n": self.n,
                "leads_below": self.ends[0].leads,
                "leads_above": self.ends[1].leads,
                "from": self.ends[0].place[self.axis],
                "to": self.ends[1].place[self.axis]}

    def is_told(self, row):
        place = {k: v for k, v in self.ends[0].place.items()
                 if row.get(k) and k != self.axis}
        return all(say.agrees(row[k], v) for k, v in (
            self.row() | place).items())

    def positions(self):
        """Where medians, or pseudo-medians, cross on the log of the axis."""
        at = [p.place[self.axis] for p in self.points]
        medians = [statistics.median(p.logs) for p in self.points]
        pseudo = [math.log(p.pair.centre) for p in self.points]
        return [z for ys in (medians, pseudo) for z in zeros(
            [(math.log2(x), y) for x, y in zip(at, ys)])] if at[0] else []


class Search:
    """stages.json, plan.json, and the stages that have all their trials."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.meta, plan = load(self.folder, "stages.json"), load(
            self.folder, "plan.json")
        if self.meta.get("kind") != "crossover":
            raise Unreadable(f"{folder}: stages of {self.meta.get('kind')}: "
                             "lint its stage-01")
        rule, self.maps = self.meta["rule"], self.meta["maps"]
        begun = [Rows(file.parent) for file in sorted(
            self.folder.glob("stage-*/campaign.json"))]
        self.stages = [s for s in begun if all(
            x.skip or len(x.lines) >= x.blocks for x in s.cells.values())]
        timed = [x for x in plan["cells"] if x["measure"] == "throughput"
                 and x["map"] in self.maps]
        self.points = points_of(timed, PLACE[1:]) or points_of(timed, PLACE)
        for p in self.points:
            p.measure(self.stages, self.maps,
                      1 - rule["error"] / len(rule["blocks"]))
        self.measured = [p for p in self.points if p.looks]

    def wrong(self):
        """(map, that it failed verification) of each that did in a stage."""
        found = {}
        for stage in self.stages:
            for name, why in stage.failed.items():
                found.setdefault(name, f"failed verification ({why})")
        return sorted(found.items())

    def lines(self, axis):
        """Measured points of each line along an axis that has two."""
        found = collections.defaultdict(list)
        for p in sorted(self.measured, key=lambda p: p.place[axis]):
            found[tuple(str(v) for k, v in p.place.items()
                        if k != axis)].append(p)
        return [line for line in found.values() if len(line) > 1]

    def boundaries(self, axis):
        """Per line: each lead that turns, or ends beside a tie."""
        for line in self.lines(axis):
            known = [p for p in line if p.side != NONE]
            clear = [i for i, p in enumerate(known) if p.leads]
            found, before = [], None
            for i in clear:
                if before is None:
                    found += [(i - 1, i)] * (i > 0)
                elif known[before].leads != known[i].leads:
                    found.append((before, i))
                elif i > before + 1:
                    found += [(before, before + 1), (i - 1, i)]
                before = i
            if clear and before + 1 < len(known):
                found.append((before, before + 1))
            yield [Boundary(axis, known, *ends) for ends in found]


def load(folder, name):
    try:
        return json.loads((folder / name).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Unreadable(f"{name}: {error}") from None


def points_of(cells, factors):
    """Points by these factors; None where they leave two cells of a map at
    one point."""
    found = {}
    for cell in cells:
        place = {k: cell.get(k, USUAL.get(k)) for k in factors}
        point = found.setdefault(tuple(map(str, place.values())),
                                 Point(place))
        if cell["map"] in point.cells:
            return None
        point.cells[cell["map"]] = cell
    return list(found.values())


# ---- what the page says -----------------------------------------------------

def check(c):
    """c -- page, log, and the Search as c.search"""
    s = c.search
    found = {axis: list(s.boundaries(axis)) for axis in AXES}
    sentences(c, s, found)
    tables(c, s)
    fields(c, s)
    boundaries(c, [b for lines in found.values() for line in lines
                   for b in line])
    for what in UNREAD:
        c.log.skip("index.html", what, "no rule derives it")


def counts(s):
    """What became of the points, in the order of their table."""
    sides = [p.side for p in s.measured]
    skipped = sum(p.skip for p in s.points)
    return {"planned": len(s.points), "skipped": skipped,
            "not_needed": len(s.points) - skipped - len(sides),
            "measured": len(sides), "base": sides.count("base"),
            "contender": sides.count("contender"),
            "tied": sides.count(TIED), "no_interval": sides.count(NONE)}


def sentences(c, s, found):
    """The claim's, which are those of verdicts.json."""
    box, n, (one, two) = c.page.of_class("div", "claim"), counts(s), s.maps
    told = [plain(text_of(p)) for p in box.all("p")] if box else []
    words = [plain(text) for text in c.page.verdicts.get("words") or []]
    c.log.check(told[:len(words)] == words, RULE, "index.html",
                " ".join(told), "verdicts.json", " ".join(words))
    wanted = [f"{name} {text}: no lead that is told here is to be relied on."
              for name, text in s.wrong()]
    wanted += [f"{one} against {two}: of "
               f"{say.plural(n['measured'], 'measured point')} {one} leads at "
               f"{n['base']} and {two} at {n['contender']}; they are not told "
               f"apart at {n['tied']}, and have no interval at "
               f"{n['no_interval']}."]
    for axis, name in AXES.items():
        if s.lines(axis):
            flips = sum(any(b.kind == "flip" for b in line)
                        for line in found[axis])
            wanted.append(f"Along {name} the ranking flips on {flips} of "
                          f"{say.plural(len(s.lines(axis)), 'line')}.")
    c.log.check(words[:len(wanted)] == wanted, RULE, "verdicts.json",
                " ".join(words[:len(wanted)]), "the stages' trials.jsonl",
                " ".join(wanted))
    every = sum(len(line) for lines in found.values() for line in lines)
    for number in re.findall(r"Of (\d+) places? where a lead turns or ends",
                             " ".join(words)):
        c.log.check(int(number) == every, RULE, "verdicts.json", number,
                    "the stages' trials.jsonl", f"{every} places")


def plain(text):
    return clean(text).replace(say.THIN, "")


def rows_of(c, key):
    t = c.page.table(key)
    return [[plain(v) for v in row] for row in t.rows] if t else []


def tables(c, s):
    """Points, trials, stages and what was skipped, as the trials count."""
    n = counts(s)
    c.log.check(c.page.verdicts.get("counts") == n, RULE, "verdicts.json",
                str(c.page.verdicts.get("counts")), "plan.json", str(n))
    compare(c, "points", [row[1] for row in rows_of(c, "points")],
            list(map(str, n.values())))
    for row, name in zip(rows_of(c, "points")[4:], s.maps):
        c.log.check(name in row[0], RULE, "index.html#points", row[0],
                    "stages.json", name)
    every = [timed(stage) for stage in s.stages]
    lines = [t for cells in every for x in cells for t in x.lines]
    ends = [t["status"] for t in lines]
    told = [row[1].partition(" ")[0] for row in rows_of(c, "trials")]
    compare(c, "trials", told, list(map(str, (
        sum(x.blocks for cells in every for x in cells),
        sum(len(x.ok) for cells in every for x in cells),
        *(ends.count(end) for end in ("void", "failed", "skipped")),
        disturbed(lines)))))
    compare(c, "stages", [row[:6] for row in rows_of(c, "stages")], [
        list(map(str, stage_row(i, cells)))
        for i, cells in enumerate(every, 1)])
    compare(c, "skipped", sum(int(row[1]) for row in rows_of(c, "skipped")),
            n["skipped"])


def compare(c, key, told, wanted):
    c.log.check(told == wanted, RULE, f"index.html#{key}", str(told),
                "the stages' trials.jsonl", str(wanted))


def timed(stage):
    return [x for x in stage.cells.values() if x.measure == "throughput"]


def disturbed(lines):
    return sum(isinstance(t.get("disturbed"), str) for t in lines)


def stage_row(number, cells):
    lines = [t for x in cells for t in x.lines]
    return (number, len(cells) // 2, max(x.blocks for x in cells),
            len(lines), len(lines) - sum(len(x.ok) for x in cells),
            disturbed(lines))


def fields(c, s):
    """flip.csv: a row for each point of the plan, and what is in it."""
    points = {p.contender: p for p in s.points}
    rows = c.page.csv("figures/flip.csv") or []
    c.log.check(len(rows) == len(s.points), RULE, "figures/flip.csv",
                f"{len(rows)} rows", "plan.json", f"{len(s.points)} points")
    for row in rows:
        p = points.get(row["cell"])
        wanted = p and p.place | {
            "ratio": p.pair.centre, "low": p.low, "high": p.high,
            "n": p.pair.n, "side": p.side, "base_mops": p.base.centre,
            "looks": p.looks}
        wrong = wanted is None or [k for k, v in wanted.items()
                                   if k in row and not say.agrees(row[k], v)]
        c.log.check(not wrong, RULE, "figures/flip.csv", str(row),
                    "the stages' trials.jsonl", str(wanted))
        c.log.check(bool(row["why"]) or bool(p and p.leads), RULE,
                    "figures/flip.csv", str(row), "docs/crossover.md",
                    "why none leads")


def boundaries(c, found):
    """boundaries.csv holds each once; position, words and table rows are
    those of its row."""
    file, left = "tables/boundaries.csv", list(found)
    rows = c.page.csv(file) or []
    for row in rows:
        mine = next((b for b in left if b.is_told(row)), None)
        c.log.check(mine is not None, RULE, file, str(row),
                    "the stages' trials.jsonl", "there is no such boundary")
        if mine is not None:
            left.remove(mine)
            ends(c, file, row, mine)
    for b in left:
        c.log.found(RULE, file, "no row", b.ends[0].place, str(b.row()))
    said = [told(row) for key in ("crossover", "ends")
            for row in rows_of(c, key)]
    compare(c, "crossover", sorted(said), sorted(
        (plain(row["words"]), row["n"]) for row in rows))


def told(row):
    """"PLACE: X leads at 1 %, Y at 3 %; ..." and n, of a row of the page."""
    one, two = (re.sub(r"^((?!not )\S+) at", r"\1 leads at", end)
                for end in row[2:4])
    if not one.startswith("not ") and not two.startswith("not "):
        two = two.replace(" leads at", " at")
    at = (f"; they change places at about {row[4]} (interpolated)"
          if row[4][0].isdigit() else "")
    return f"{row[0]}: {one}, {two}{at}", row[6]


def ends(c, file, row, b):
    """The sentence of a boundary names its leaders in order; its position is
    where the medians cross."""
    names = [p.leads or "not told apart" for p in b.ends]
    after = row["words"].partition(": ")[2]
    told = re.findall("|".join(map(re.escape, {*names})), after)
    c.log.check(told == names, RULE, file, row["words"], str(b.row()),
                str(names))
    at = say.cell(row["position"])
    if at is not None:
        said = re.search(rf"at about ({say.NUMBER})", row["words"])
        unit = 100 if b.axis == "write_share" else 1
        c.log.check(bool(said) and say.same(said[1], unit * at) and any(
            abs(z / at - 1) < 1e-4 for z in b.positions()), RULE, file,
                    row["words"], str(b.row()),
                    f"medians cross at {b.positions()}")
    else:
        c.log.check(bool(row["why"]) or b.kind == "end", RULE, file,
                    row["words"], str(b.row()), "no position, and no reason")
