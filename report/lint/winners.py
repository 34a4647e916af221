# SPDX-License-Identifier: Apache-2.0
"""The winner map: each tool tip fits a field of its own."""
import re

from report.lint import claim, decisions, derive, say
from report.lint.context import word_of
from report.lint.panels import RATIO, panels
from report.lint.read_page import clean

WINNER = "winner map"


def check(c):
    for board, panel in panels(c, "winner"):
        if c.log.check(c.ranked, WINNER, "index.html", panel.name,
                       "verdicts.json", "a control failed: nobody wins"):
            winner_panel(c, board, panel)


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
    called = re.match(r"(.+?) of \d+ maps?:", first)
    word = (word_of(called[1]) if called else
            "tied" if "not told apart" in first else
            "not ranked" if re.search(r"not ranked|n < |maps need", first,
                                      re.I)
            else "alone" if "only" in first or not rest else
            next((w for w in map(word_of, re.split(r"[,;] ", rest)) if w),
                 "lead"))
    return (word, maps, rest) if maps or word == "not ranked" else None


def tip_fits(c, d, tip, word, maps, rest):
    of = re.search(r"\bof (\d+)(?: maps?:|:)", tip)
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
    n = re.search(r"\bn = (\d+)", rest)
    return bool(r in d.shown() and say.same(match[3], r.pair.centre)
                and decisions.by_group(d, r, rest)
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
    """"Of 6 fields: urcu_lfht leads in 4 fields; syncmap leads in 1 field."
    """
    led = [c.decision(g) for g in board]
    led = [d.leader for d in led if d.word in derive.LEADS]
    true = "; ".join(f"{m} leads in {say.plural(led.count(m), 'field')}"
                     for m in sorted(set(led))) or "no map leads"
    c.log.check(clean(panel.alt) == f"Of {say.plural(len(board), 'field')}: "
                f"{true}.",
                WINNER, "index.html", panel.alt, panel.name, true)
