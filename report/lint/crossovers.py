# SPDX-License-Identifier: Apache-2.0
"""Where two maps change places on the way to more threads: the file, the
table and the sentences."""
import math
import re

from report.lint import derive, say
from report.lint.panels import board_of

CROSS = "crossover"


def check(c):
    if not c.two or not c.rows.groups:
        return
    crossover_csv(c)
    crossover_table(c)
    sentences(c)


def lines(c):
    """(line's groups by threads, crossings) of each line of each board."""
    for board in c.rows.boards():
        for groups in derive.lines_of(board).values():
            yield groups, derive.crossings([c.field(g) for g in groups])


def line_of(c, row):
    """The groups of the line that a row of crossovers.csv is about."""
    where = {k: v for k, v in row.items() if k not in (
        "threads", "n", "low", "high")}
    groups = c.places.of_row(where)
    return sorted(groups, key=lambda g: g.place["threads"])


def crossover_csv(c):
    name, seen = "tables/crossovers.csv", []
    rows = c.page.csv(name)
    if rows is None:
        c.log.skip(name, "", "no such file")
        return
    for row in rows:
        said = ", ".join(f"{k} {v}" for k, v in row.items() if v)
        groups = line_of(c, row)
        true = derive.crossings([c.field(g) for g in groups])
        fields = [c.field(g) for g in groups]
        c.log.check(row.get("ahead") in (None, "", *c.rows.maps), CROSS,
                    name, said, "ahead", f"{row.get('ahead')} is no map: "
                    "who leads before, or after?")
        if not groups:
            c.one(name, said, groups)
        fit = new_row(c, row, true) if "leads_below" in row else old_row(
            c, row, true)
        if fit != "empty":
            c.log.check(fit is not None, CROSS, name, said, groups[0] if
                        groups else "no line", line_told(c, groups))
        seen.append((groups, fit))
    for groups, true in lines(c):
        got = sum(g == groups and isinstance(f, derive.Crossing)
                  for g, f in seen)
        c.log.check(got == len(true), CROSS, name,
                    f"{got} crossovers", groups[0], line_told(c, groups))


def line_told(c, groups):
    return "; ".join(c.field(g).told() for g in groups) or "no such line"


def new_row(c, row, true):
    """The crossing that a row of format 2 tells of; None where none is."""
    if not row.get("leads_below"):
        return "empty"
    for x in true:
        at, low, high = (say.cell(row.get(k)) for k in (
            "position", "low", "high"))
        placed = (at is None if not x.open else at is not None and any(
            math.isclose(at, p, rel_tol=1e-4) for p in x.positions()))
        if (row["leads_below"], row["leads_above"]) == (
                x.first.ahead, x.last.ahead) and row.get("n") in (
                None, str(min(x.first.pair.n, x.last.pair.n))) and (
            float(row["from_threads"]), float(row["to_threads"])) == (
                x.start, x.end) and placed and (
                at is None or near(x, low, high)):
            return x
    return None


def near(crossing, low, high):
    """Are these ends those of a resampling with other random numbers?"""
    true = derive.resampled(crossing)
    if None in true:
        return True
    slack = 0.01 + 0.3 * math.log2(true[1] / true[0])
    return all(v is not None and abs(math.log2(v / t)) <= slack
               for v, t in zip((low, high), true))


def old_row(c, row, true):
    """Of format 1: a position, and who is ahead: of a map's name nobody
    can say whether it is the one before or after."""
    if not row.get("threads"):
        lead = {f.ahead for x in [line_of(c, row)] for f in map(c.field, x)}
        return "empty" if row.get("ahead") in ("", None) or lead == {
            row["ahead"]} else None
    return next((x for x in true if x.open and any(
        math.isclose(float(row["threads"]), p, rel_tol=1e-4)
        for p in x.positions())), None)


def crossover_table(c):
    """The headline board's table: who leads at which counts, between which
    counts they change places, where, and from how many blocks."""
    t, head = c.page.table("crossover"), c.head()
    if t is None or head is None:
        return
    for row in t.rows:
        mix, text = say.mixes(row[0]), " | ".join(row)
        fields = sorted((c.field(g) for g in board_of(c, head) if mix
                         is not None and say.fits_mix(g.place, mix)),
                        key=lambda f: f.group.spot[0])
        fields = [f for f in fields if f.pair.n]
        if not fields:
            c.log.found(CROSS, "index.html", text, head, "no such mix")
            continue
        true = derive.crossings(fields)
        between = "; ".join(f"{x.start} and {x.end}" for x in true) or "–"
        n = min((min(x.first.pair.n, x.last.pair.n) for x in true),
                default=min(f.pair.n for f in fields))
        c.log.check([row[1].replace(say.THIN, ""), row[2], row[4]]
                    == [derive.who_leads(fields), between, str(n)], CROSS,
                    "index.html", text, mix, line_told(
                        c, [f.group for f in fields]))
        c.log.check(row[3] == "–" or placed(true, row[3]), CROSS,
                    "index.html", text, mix, "it is not there")


AT = re.compile(rf"({say.NUMBER})(?: threads)? \[({say.NUMBER}|open), "
                rf"({say.NUMBER}|open)\]")


def placed(true, text):
    """Is each "2.83 [2.10, 3.70]" the place of a crossing?"""
    value = lambda t: None if t == "open" else say.value(t)
    found = AT.findall(text)
    return bool(found) and all(any(
        x.open and any(say.same(at, p) for p in x.positions())
        and near(x, value(low), value(high)) for x in true)
        for at, low, high in found)


def sentences(c):
    """Prose on who is ahead, at which counts."""
    head = c.head()
    if head is None:
        return
    every = [groups for groups, _ in lines(c)]
    line = next(gs for gs in every if head in gs)
    table = c.page.table("crossover")  # has a line for each of its rows
    told = {row[1] for row in table.rows} if table else ()
    texts = [("index.html", t) for _, t in c.page.blocks() if t not in told]
    if c.page.terminal:
        texts += [("terminal", t) for t in c.page.terminal.splitlines()]
    told = c.page.verdicts.get("claim") or ""
    texts += [("verdicts.json", t) for t in (
        [told] if isinstance(told, str) else told)]
    for file, text in texts:
        change_places(c, file, text, line)
        place = c.places.of(text)
        here = next((gs for gs in every if place and place[0] in gs), line)
        spoken_leads(c, file, text, here)


def change_places(c, file, text, line):
    """"They change places at about 2.83 threads [2.10, 3.70]"."""
    for told in re.findall(r"change places at about (.*?\])", text):
        true = derive.crossings([c.field(g) for g in line])
        c.log.check(placed(true, told), CROSS, file, told, line[0],
                    line_told(c, line))


def place_but(group):
    """What a sentence on thread counts leaves open: those, and which workload
    has a count, since two may differ in nothing else."""
    return {k: v for k, v in group.place.items()
            if k not in ("threads", "workload")}


def spoken_leads(c, file, text, line):
    """"gomap_rw leads at 1 thread, syncmap at 2 and 4": each at its counts."""
    found = list(re.finditer(
        rf"([\w.-]+) leads at ({say.COUNTS})(?: threads?)?"
        rf"((?:,? (?:and )?[\w.-]+ at {say.COUNTS})*)", text))
    alike = [g for g in c.rows.groups
             if found and place_but(g) == place_but(line[0])]
    for match in found:
        said = [(match[1], match[2])] + re.findall(
            rf"([\w.-]+) at ({say.COUNTS})", match[3])
        for name, counts in said:
            for count in say.each_count(counts):
                ahead = [c.field(g).ahead for g in alike
                         if g.place["threads"] == count]
                c.log.check(name in ahead, CROSS, file, match[0], line[0],
                            line_told(c, alike))
    return bool(found)
