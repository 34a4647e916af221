# SPDX-License-Identifier: Apache-2.0
"""The flip map: each field of two maps, the heavy lines between fields, and
what would change the answer."""
import functools
import re

from report.lint import decisions, derive, say
from report.lint.context import word_of
from report.lint.panels import RATIO, board_of, panels
from report.lint.read_page import clean

FLIP = "flip map"
FILES = "figures/flip.csv", "figures/production.csv"
WITHHELD = "a control failed"
HEAVY = 2.0  # stroke width from which a line is a heavy one


def check(c):
    if not c.two or not c.rows.groups:
        return
    flip_csv(c)
    for board, panel in panels(c, "flip"):
        flip_panel(c, board, panel)
    heavy_lines(c)
    head = c.head()
    if head is not None:
        for _, text in c.page.blocks():
            would_change(c, "index.html", text, head)


def flip_csv(c):
    for file in FILES:
        for row in c.page.csv(file) or []:
            c.best(file, str(row), c.places.of_row(row),
                   functools.partial(flip_row, c, file, row))


def flip_row(c, file, row, group):
    """One field: ratio, interval, n, the base's level, and the word."""
    f = c.field(group)
    said = ", ".join(f"{k} {v}" for k, v in row.items() if v)
    got = [say.cell(row.get(k)) for k in ("ratio", "low", "high")]
    spans = f.pair.spans() if f.pair.n else [(None, None)]
    mops = say.cell(row.get("base_mops"))
    c.log.check(mops is None or bool(f.level) and say.close(
        mops, f.level.centre), FLIP, file, said, f.group,
        f"{c.base} {f.level and f.level.centre}")
    c.log.check(int(row.get("n") or 0) == f.pair.n, FLIP, file, said,
                f.group, f.told())
    c.log.check(any(all(map(say.close, got, (f.pair.centre, *s)))
                    for s in spans), FLIP, file, said, f.group, f.told())
    word_of_field(c, file, said, f, row.get("verdict") or row.get("side")
                  or row.get("outcome") or "")


def word_of_field(c, file, said, f, text):
    """The word of its interval; where a control failed of none."""
    if c.ranked or f.side == "no interval":
        side_word(c, file, said, f, text)
    else:
        c.log.check(text.strip() == WITHHELD, FLIP, file, said, f.group,
                    f"{WITHHELD}: nobody leads")


def side_word(c, file, said, f, text):
    """Does a field's word follow from its interval?"""
    text = re.sub(r" \(MDE.*", "", text.strip())
    word = word_of(text)
    if text.endswith(" leads"):
        right = f.ahead == text.removesuffix(" leads")
    elif text in ("contender", "base"):
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
        flip_tip(c, c.field(group), tip)
    alt(c, panel, fields)


def flip_tip(c, f, tip):
    """The tool tip of one field, whose place is known."""
    match = RATIO.search(tip)
    if not match:
        c.log.found(FLIP, "index.html", tip, f.group, f.told())
        return
    tip_level(c, f, tip)
    spans = f.pair.spans() or [(None, None)]
    c.log.check(say.same(match[3], f.pair.centre) and (
        not match[4] or any(say.same(match[4], a) and
                            say.same(match[5], b) for a, b in spans)),
        FLIP, "index.html", tip, f.group, f.told())
    word = re.search(r"\bn = (\d+), ([^;]*)", tip)
    if word:
        c.log.check(int(word[1]) == f.pair.n, FLIP, "index.html", tip,
                    f.group, f.told())
        word_of_field(c, "index.html", tip, f, word[2])


def tip_level(c, f, tip):
    """"; gomap_rw 20.1 Mop/s" at the end, and the MDE before it."""
    match = re.search(rf"(\S+) ({say.NUMBER}) Mop/s", tip)
    if match and f.level:
        c.log.check(match[1] == c.base and say.same(
            match[2], f.level.centre), FLIP, "index.html", tip, f.group,
                    f"{c.base} {f.level.centre:.4g}")
    decisions.mde(c, FLIP, "index.html", tip, [f.pair], f.group)
    names = RATIO.search(tip)
    c.log.check(names[1] == c.contender and names[2] == c.base, FLIP,
                "index.html", tip, f.group, f"{c.contender} / {c.base}")


def alt(c, panel, fields):
    """"syncmap leads in 3 of 6 measured fields, gomap_rw in 2; from 0.5 to 7
    times gomap_rw."; where a control failed nobody leads."""
    known = [f for f in fields if f.pair.n]
    count = lambda m: sum(f.ahead == m for f in known)
    ends = [f.pair.centre for f in known]
    forms = [("No field was measured.", ())] if not known else [
        ("{} leads in {} of {} measured fields, {} in {}; from {} to {} times"
         " {}.", (c.contender, count(c.contender), len(known), c.base,
                  count(c.base), min(ends), max(ends), c.base)),
        ("{} ratios, no winner: a control failed.", (len(known),))]
    if known and c.page.verdicts.get("valid", True):
        del forms[1]
    c.log.check(any(say.told(clean(panel.alt), form, *values)
                    for form, values in forms), FLIP, "index.html",
                panel.alt, panel.name, "; ".join(f.told() for f in fields))


def heavy_lines(c):
    """A heavy line is a flip: as many of them as there are flips."""
    figure = c.page.figures.get("flip")
    if figure is None or "heavy" not in figure.text().lower():
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


def would_change(c, file, text, head):
    """"97 % lookups, 3 % updates at 1 thread (gomap_rw ahead)", "(tie or
    undecided)"."""
    if "would change the answer" not in text:
        return
    board = board_of(c, head)
    for mix, at, what in re.findall(
            r"([\d.]+[ \u00a0]% lookups, [^;]*?|lookups only|[a-z ]+ only) at "
            rf"({say.COUNTS}) threads? \(([^)]*)\)", text):
        for count in say.each_count(at):
            g = next((g for g in board if g.place["threads"] == count
                      and say.fits_mix(g.place, say.mixes(mix))), None)
            if g is None:
                c.log.skip(file, f"{mix} at {count}", "no such field")
                continue
            f, names = c.field(g), c.names(what)
            right = (f.ahead in names if names else
                     f.side == "tied" if re.search("tie|not told", what) else
                     f.side == "no interval")
            c.log.check(right, FLIP, file, f"{mix} at {count} ({what})",
                        g, f.told())
