# SPDX-License-Identifier: Apache-2.0
"""Two maps: flip map, crossovers, what would change the answer; and the
fields of the winner map."""
import math
import re

from report.lint import claim, decisions, derive, say
from report.lint.context import word_of

FLIP, CROSS, WINNER = "flip map", "crossover", "winner map"
HEAVY = 2.0  # stroke width from which a line is a heavy one
RATIO = re.compile(rf"([\w.-]+) / ([\w.-]+) = ({say.NUMBER}) "
                   rf"(?:\[({say.NUMBER}), ({say.NUMBER})\])?")


def check(c):
    if not c.two or not c.rows.groups:
        return
    flip_csv(c)
    for board, panel in panels(c, "flip"):
        flip_panel(c, board, panel)
    heavy_lines(c)
    for board, panel in panels(c, "winner"):
        winner_panel(c, board, panel)
    crossover_csv(c)
    crossover_table(c)
    sentences(c)


def panels(c, key):
    """(groups, panel) of each panel, by the place in its name."""
    for panel in c.page.panels(f"{key}-"):
        keys = say.keys(panel.name)
        fits = [b for b in merged(c) if b[0].place["keys"] == keys and any(
            g.place["workload"] in panel.name for g in b)]
        fits = [b for b in fits if all(
            str(b[0].place[k]) in panel.name or b[0].place[k] in
            c.places.plain(k) for k in ("shape", "dist", "placement",
                                        "memory"))]
        fits = sorted(fits, key=lambda b: -sum(
            str(b[0].place[k]) in re.split(r"[ ,]+", panel.name)
            for k in ("shape", "dist", "placement", "memory")))
        if fits:
            yield fits[0], panel
        else:
            c.log.skip("index.html", panel.name, "fits no groups")


def merged(c):
    """Boards; those whose workloads alone differ count as one, too."""
    boards = c.rows.boards()
    found = {}
    for b in boards:
        key = tuple(kv for kv in b[0].board if kv[0] != "workload")
        found.setdefault(key, []).append(b)
    several = [sum(bs, []) for bs in found.values() if len(bs) > 1]
    return several + boards


# ---- flip map -------------------------------------------------------------

def flip_csv(c):
    for row in c.page.csv("figures/flip.csv") or []:
        group = c.one("figures/flip.csv", str(row), c.places.of_row(row))
        if group is None:
            continue
        f = c.field(group)
        said = ", ".join(f"{k} {v}" for k, v in row.items() if v)
        got = [say.cell(row.get(k)) for k in ("ratio", "low", "high")]
        spans = f.pair.spans() if f.pair.n else [(None, None)]
        mops = say.cell(row.get("base_mops"))
        c.log.check(mops is None or bool(f.level) and say.close(
            mops, f.level.centre), FLIP, "figures/flip.csv", said, f.group,
            f"{c.base} {f.level and f.level.centre}")
        c.log.check(int(row.get("n") or 0) == f.pair.n, FLIP,
                    "figures/flip.csv", said, f.group, f.told())
        c.log.check(any(all(map(say.close, got, (f.pair.centre, *s)))
                        for s in spans), FLIP, "figures/flip.csv", said,
                    f.group, f.told())
        side_word(c, "figures/flip.csv", said, f, row.get("verdict")
                  or row.get("side") or row.get("outcome") or "", row)


def side_word(c, file, said, f, text, row=None):
    """Does a field's word follow from its interval?"""
    text = re.sub(r" \(MDE.*", "", text.strip())
    word = word_of(text)
    if text in ("contender", "base"):
        right = f.side == text
    elif text in (f.base, f.other):
        right = f.ahead == text
    elif word in derive.LEADS:
        right = f.ahead is not None and lead_word(f) == word
    elif word in ("tied", "not ranked", "nothing"):
        right = f.side == ("tied" if word == "tied" else "no interval")
    else:
        c.log.skip(file, said, f'no known word in "{text}"')
        return
    c.log.check(right, FLIP, file, said, f.group, f.told())


def lead_word(f):
    low, high = ((f.pair.low, f.pair.high) if f.side == "contender" else
                 (1 / f.pair.high, 1 / f.pair.low))
    if low >= derive.CLEAR:
        return derive.LEADS[0]
    return derive.LEADS[1] if high < derive.CLEAR else derive.LEADS[2]


def flip_panel(c, board, panel):
    fields = [c.field(g) for g in board]
    for tip in panel.tips:
        match = RATIO.search(tip)
        if not match:
            c.log.skip("index.html", tip, "tool tip has no ratio")
            continue
        group = c.one("index.html", f"{panel.name}: {tip}", [
            g for g in board if g.place["threads"] == say.counts(tip)
            and say.mixes(tip) and say.fits_mix(g.place, say.mixes(tip))])
        if group is None:
            continue
        f = c.field(group)
        tip_level(c, f, tip)
        spans = f.pair.spans() or [(None, None)]
        c.log.check(say.same(match[3], f.pair.centre) and (
            not match[4] or any(say.same(match[4], a) and
                                say.same(match[5], b) for a, b in spans)),
            FLIP, "index.html", tip, f.group, f.told())
        word = re.search(r"n = (\d+), ([^;]*)", tip)
        if word:
            c.log.check(int(word[1]) == f.pair.n, FLIP, "index.html", tip,
                        f.group, f.told())
            side_word(c, "index.html", tip, f, word[2])
    alt(c, panel, fields)


def tip_level(c, f, tip):
    """"; gomap_rw 20.1 Mop/s" at the end, and the MDE before it."""
    match = re.search(rf"{re.escape(c.base)} ({say.NUMBER}) Mop/s", tip)
    if match and f.level:
        c.log.check(say.same(match[1], f.level.centre), FLIP, "index.html",
                    tip, f.group, f"{c.base} {f.level.centre:.4g}")
    decisions.mde(c, FLIP, "index.html", tip, [f.pair], f.group)
    names = RATIO.search(tip)
    c.log.check(names[1] == c.contender and names[2] == c.base, FLIP,
                "index.html", tip, f.group, f"{c.contender} / {c.base}")


def alt(c, panel, fields):
    """"syncmap ahead in 3 of 6 measured fields, gomap_rw in 2"."""
    match = re.search(r"([\w.-]+) ahead in (\d+) of (\d+) measured fields, "
                      r"([\w.-]+) in (\d+)", panel.alt)
    if not match:
        c.log.skip("index.html", panel.alt, "alternative text has no rule")
        return
    count = lambda m: sum(f.ahead == m for f in fields)
    known = [f for f in fields if f.pair.n]
    right = (int(match[2]) == count(match[1]) and int(match[5])
             == count(match[4]) and int(match[3]) == len(known))
    c.log.check(right, FLIP, "index.html", panel.alt, panel.name,
                "; ".join(f.told() for f in fields))
    ends = re.search(rf"from ({say.NUMBER}) to ({say.NUMBER}) times",
                     panel.alt)
    if ends:
        all_ = [f.pair.centre for f in known]
        c.log.check(say.same(ends[1], min(all_)) and say.same(
            ends[2], max(all_)), FLIP, "index.html", panel.alt, panel.name,
            f"from {min(all_):.4g} to {max(all_):.4g}")


def heavy_lines(c):
    """A heavy line is a flip: as many of them as there are flips."""
    figure = c.page.figures.get("flip")
    if figure is None or "heavy" not in figure.text():
        if figure is not None:
            c.log.skip("index.html", "flip map", "no heavy line is named")
        return
    for board, panel in panels(c, "flip"):
        heavy = sum(weight(p) >= HEAVY for p in panel.paths)
        true = derive.flips(c.rows, c.base, c.contender, board)
        told = "; ".join(f"{a.told()} | {b.told()}" for a, b in true)
        c.log.check(heavy == len(true), FLIP, "index.html",
                    f"{panel.name}: {heavy} heavy segments, \"the heavy line "
                    "is the flip\"", "figures/flip.csv",
                    f"{len(true)} flips between neighbours: {told}")


def weight(path):
    """Stroke width of a line in ink; 0 for any other."""
    style = path["style"]
    found = re.search(r"stroke-width: ([\d.]+)", style)
    ink = "var(--ink)" in style or "#1b1f24" in style
    return float(found[1]) if found and ink and "fill: none" in style else 0


# ---- winner map -----------------------------------------------------------

def winner_panel(c, board, panel):
    """Each tool tip must fit a field of its own."""
    left = [c.decision(g) for g in board]
    for tip in panel.tips:
        said = tip_says(c, tip)
        if said is None:
            c.log.skip("index.html", tip, "tool tip has no rule")
            continue
        fit = next((d for d in left if tip_fits(c, d, tip, *said)), None)
        if fit is not None:
            decisions.mde(c, WINNER, "index.html", tip,
                          [r.pair for r in fit.shown()], fit.group)
        c.log.check(fit is not None, WINNER, "index.html",
                    f"{panel.name}: {tip}", "figures/winner.csv",
                    " || ".join(f"{d.group}: {d.told()}" for d in left))
        if fit is not None:
            left.remove(fit)
    winner_texts(c, board, panel)
    winner_alt(c, board, panel)


def tip_says(c, tip):
    first, _, rest = tip.partition(";")
    maps = c.names(first)
    word = ("tied" if "not told apart" in first else
            "not ranked" if re.search(r"not ranked|n < ", first, re.I)
            else "alone" if "only" in first or not rest else
            next((w for w in map(word_of, re.split(r"[,;] ", rest)) if w),
                 "lead"))
    return (word, maps, rest) if maps or word == "not ranked" else None


def tip_fits(c, d, tip, word, maps, rest):
    of = re.search(r"fastest of (\d+)", tip)
    if of and int(of[1]) != d.k:
        return False
    wanted = d.tied if d.word == "tied" else {d.leader, *(
        d.cells if d.word == "alone" else ())}
    if word != d.word or (maps and set(maps) != wanted):
        return False
    match = RATIO.search(rest)
    if not match:
        return True
    if match[1] != d.leader:
        return False
    r = d.rival(match[2])
    n = re.search(r"n = (\d+)", rest)
    return bool(r in d.shown() and say.same(match[3], r.pair.centre)
                and (not n or int(n[1]) in claim.ns(d)) and (
        not match[4] or any(say.same(match[4], a) and say.same(match[5], b)
                            for a, b in r.pair.spans())))


def winner_texts(c, board, panel):
    """"≈ snapshot" in a field: tied there, in some field of this board."""
    decisions = [c.decision(g) for g in board]
    for text in panel.texts:
        if not text.startswith("≈"):
            continue
        names, many = c.names(text), re.search(r"(\d+) maps", text)
        right = any(d.word == "tied" and (
            len(d.tied) == int(many[1]) if many else
            set(names) == d.tied - {d.leader}) for d in decisions)
        c.log.check(right, WINNER, "index.html", f"{panel.name}: {text}",
                    "figures/winner.csv", " || ".join(
                        f"{d.group}: {d.told()}" for d in decisions))


def winner_alt(c, board, panel):
    """"Of 6 fields: urcu_lfht alone in front in 4 fields"."""
    led = [c.decision(g) for g in board]
    led = [d.leader for d in led if d.word in derive.LEADS]
    for name, n in re.findall(r"([\w.-]+) alone in front in (\d+) field",
                              panel.alt):
        c.log.check(led.count(name) == int(n), WINNER, "index.html",
                    panel.alt, panel.name, f"{name} leads in "
                    f"{led.count(name)} fields")
    if "no single winner" in panel.alt:
        c.log.check(not led, WINNER, "index.html", panel.alt, panel.name,
                    f"{', '.join(sorted(set(led)))} lead in {len(led)}")


# ---- crossovers -----------------------------------------------------------

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
        if fields and row.get("n"):
            c.log.check(int(row["n"]) in {f.pair.n for f in fields}, CROSS,
                        name, said, groups[0], line_told(c, groups))
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
        c.log.check(got >= len(true) or not rows, CROSS, name,
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
                x.first.ahead, x.last.ahead) and (
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
    """The headline board's table: first lasting lead, who is ahead."""
    t = c.page.table("crossover")
    head = c.head()
    if t is None or head is None:
        return
    board = next(b for b in c.rows.boards() if head in b)
    for row in t.rows:
        mix = say.mixes(row[0])
        groups = [g for g in board if mix and say.fits_mix(g.place, mix)]
        groups.sort(key=lambda g: g.place["threads"])
        text, where = " | ".join(row), "index.html"
        fields = [c.field(g) for g in groups]
        lasting(c, t, row, fields)
        if re.search(r"ahead throughout|leads throughout", text):
            name = c.names(text)[:1]
            c.log.check(all(f.ahead in name for f in fields), CROSS, where,
                        text, mix, line_told(c, groups))
        elif re.match(say.NUMBER, row[1]):
            true = derive.crossings(fields)
            at = re.findall(say.NUMBER, row[1].split("(")[0])
            c.log.check(all(any(x.open and say.same(a, p) for x in true
                                for p in x.positions()) for a in at), CROSS,
                        where, text, mix, line_told(c, groups))
        elif not spoken_leads(c, where, row[1], groups):
            c.log.skip(where, text, "no rule reads this row")


def lasting(c, t, row, fields):
    """"first lasting lead at": 4 (syncmap), or none."""
    i = t.column("lasting")
    if i is None or not fields:
        return
    start = None
    for f in reversed(fields):
        if not f.ahead or f.ahead != fields[-1].ahead:
            break
        start = f
    true = "none" if start is None else (
        f"{start.group.place['threads']} ({start.ahead})")
    if not row[i].startswith("n <"):
        c.log.check(row[i] == true, CROSS, "index.html", " | ".join(row),
                    fields[0].group, f"first lasting lead: {true}")


def sentences(c):
    """Prose on who is ahead, at which counts."""
    head = c.head()
    if head is None:
        return
    line = next(gs for gs, _ in lines(c) if head in gs)
    texts = [("index.html", t) for _, t in c.page.blocks()]
    if c.page.terminal:
        texts += [("terminal", t) for t in c.page.terminal.splitlines()]
    told = c.page.verdicts.get("claim") or ""
    texts += [("verdicts.json", t) for t in (
        [told] if isinstance(told, str) else told)]
    for file, text in texts:
        on_the_way(c, file, text, line)
        place = c.places.of(text)
        here = next((gs for gs, _ in lines(c) if place and place[0] in gs),
                    line)
        spoken_leads(c, file, text, here)
        would_change(c, file, text, head)


def on_the_way(c, file, text, line):
    """"On the way up A is ahead first, from 1.13 threads on B"."""
    match = re.search(r"On the way up ([\w.-]+) is ahead first, (.*)", text)
    if not match:
        return
    true = derive.crossings([c.field(g) for g in line])
    said = re.findall(rf"from ({say.NUMBER}) threads on ([\w.-]+)",
                      match[2])
    right = len(said) == len(true) and bool(true) and (
        match[1] == true[0].first.ahead) and all(
        x.open and x.last.ahead == name and any(
            say.same(at, p) for p in x.positions())
        for (at, name), x in zip(said, true))
    c.log.check(right, CROSS, file, match[0], line[0], line_told(c, line))


def spoken_leads(c, file, text, line):
    """"gomap_rw leads at 1 thread, syncmap at 2": each at its count."""
    found = list(re.finditer(r"([\w.-]+) leads at (\d+)(?: threads?)?"
                             r"((?:,? (?:and )?[\w.-]+ at \d+)*)", text))
    for match in found:
        said = [(match[1], match[2])] + re.findall(
            r"([\w.-]+) at (\d+)", match[3])
        for name, count in said:
            fields = [c.field(g) for g in line
                      if g.place["threads"] == int(count)]
            c.log.check(bool(fields) and fields[0].ahead == name, CROSS,
                        file, match[0], line[0], line_told(c, line))
    return bool(found)


def would_change(c, file, text, head):
    """"97:3 update at 1 thread (gomap_rw ahead)", "(tie or undecided)"."""
    if "would change the answer" not in text:
        return
    board = next(b for b in c.rows.boards() if head in b)
    for mix, at, what in re.findall(
            r"([\d.]+:[\d.]+ \w+|lookups only|writes only \w+) at "
            r"([\d, and]+) threads? \(([^)]*)\)", text):
        for count in re.findall(r"\d+", at):
            g = next((g for g in board if g.place["threads"] == int(count)
                      and say.fits_mix(g.place, say.mixes(mix))), None)
            if g is None:
                c.log.skip(file, f"{mix} at {count}", "no such field")
                continue
            f, names = c.field(g), c.names(what)
            right = (f.ahead in names if names else
                     f.side == "tied" if "tie" in what else
                     f.side == "no interval")
            c.log.check(right, FLIP, file, f"{mix} at {count} ({what})",
                        g, f.told())
