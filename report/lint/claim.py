# SPDX-License-Identifier: Apache-2.0
"""The first sentence and every other that calls a group by a word."""
import itertools
import re

from report.lint import derive, say, trust
from report.lint.panels import board_of

RULE, NUMBERS = "claim", "numbers of the claim"
LOST = re.compile(r"(\d+) of (\d+) blocks?((?:, \d+ \w+)*)")
LIMIT = re.compile(r"Measured on (\d+) CPUs?: this says nothing of more "
                   r"threads that run at once\.")
PAIR = re.compile(r"(?P<one>[\w.-]+) or (?P<two>[\w.-]+)\? (?P<who>[^;.]*)"
                  r"(?P<more>; at .*? Mop/s|)\.(?= |$)")


def check(c):
    """Claim on page, in verdicts.json and in the terminal's output."""
    for file, text in claims(c):
        sentence(c, file, text)
        pair(c, file, text)
    limit(c)
    others(c)


def claims(c):
    told = c.page.verdicts.get("claim") or ""
    told = told if isinstance(told, str) else " ".join(map(str, told))
    yield "index.html", c.page.claim()
    yield "verdicts.json", told
    if c.page.terminal is None:
        c.log.skip("terminal", "", "no terminal output was given")
        return
    lines = c.page.terminal.splitlines()
    first = next((i for i, line in enumerate(lines)
                  if any(p.search(line) for _, p in c.phrases)
                  or "No ranking" in line
                  or line.startswith(("INVALID", "Not ranked"))), None)
    if first is not None:
        yield "terminal", " ".join(itertools.takewhile(
            lambda line: not line.startswith("status: "), lines[first:]))
    else:
        c.log.found(RULE, "terminal", c.page.terminal, "first sentence",
                    "no line of it says what the claim says")


def limit(c):
    """"Measured on 2 CPUs": wherever the claim calls a group by a word."""
    cpus = (c.rows.meta.get("machine") or {}).get("cpus")
    told = c.page.verdicts.get("claim") or ""
    texts = {"index.html": c.page.claim(), "terminal": c.page.terminal,
             "verdicts.json": told if isinstance(told, str)
             else " ".join(map(str, told))}
    for file, text in texts.items():
        if text is None or spoken(c, text)[0] is None:
            continue
        match = LIMIT.search(text)
        c.log.check((match and int(match[1])) == cpus, "limit", file,
                    match[0] if match else text, "campaign.json",
                    f"measured on {cpus} CPUs")


def sentence(c, file, text):
    """The word for the group, the maps that it names, its numbers; whether
    to act on it, and where it ends, are rules of their own."""
    text = LIMIT.sub(" ", trust.SAID.sub(" ", text))
    if text.startswith("INVALID"):
        return invalid(c, file, text)
    word, match = spoken(c, text)
    if word is None:
        return unspoken(c, file, text)
    found = c.places.of(text)
    if not found:
        return c.one(file, text, found)
    group = found[0] if len(found) == 1 else c.head()
    if group is None:
        return c.log.skip(file, text, "names no place")
    d = c.decision(group)
    named(c, file, text, d, word, match)
    machine(c, file, text)
    if word == "not ranked":
        too_few(c, file, text, d)
    else:
        numbers(c, file, text, d)
    not_ranked(c, file, text, d)
    return None


def machine(c, file, text):
    match = re.search(r"[Mm]achine (\w+)", text)
    true = (c.rows.meta.get("machine") or {}).get("id")
    if match:
        c.log.check(match[1] == true, RULE, file, text, "campaign.json",
                    f"machine {true}")


def spoken(c, text):
    for word, pattern in c.phrases:
        match = pattern.search(text)
        if match:
            return word, match
    return None, None


def too_few(c, file, text, d):
    """"6 blocks measured, 10 maps need 11"."""
    match = re.search(r"(\d+) blocks? measured, (\d+) maps need (\d+)", text)
    if not match:
        c.log.skip(file, text, "does not say how many blocks are needed")
        return
    n, k, needed = map(int, match.groups())
    c.log.check(n in ns(d) and (k, needed) == (d.k, d.needs), NUMBERS, file,
                match[0], d.group, d.told())


def unspoken(c, file, text):
    """A claim without a known word: right only if nothing has a result."""
    able = [g for g in c.rows.groups if c.decision(g).k]
    if re.match(r"(No ranking|Not ranked|Nothing)\b", text):
        c.log.check(not able, RULE, file, text, f"{len(able)} groups",
                    "ranked maps have results")
    elif text:
        c.log.found(RULE, file, text, "first sentence",
                    "it says no word of docs/verdicts.md")


def named(c, file, text, d, word, match):
    """Is it this group's word, of these maps?"""
    right = c.log.check(word == d.word, RULE, file, text, d.group, d.told())
    maps = c.names(match.groupdict().get("maps") or "")
    if not right or not maps:
        return
    wanted = d.tied if word == "tied" else {d.leader or next(iter(d.cells))}
    c.log.check(set(maps) == wanted, RULE, file, text, d.group,
                f"it names {', '.join(maps)}; {d.told()}")
    if word in derive.LEADS:
        c.log.check(d.weakest.map in c.names(text), RULE, file, text,
                    d.group, f"the weakest comparison is not named: "
                    f"{d.told()}")


def invalid(c, file, text):
    bad = [r for r in c.page.verdicts.get("controls") or []
           if r.get("word") == "FAILED"]
    c.log.check(bool(bad), RULE, file, text, "controls",
                "no control failed")


def known_triples(c, d, maps):
    """(centre, low, high) that may stand in a sentence on these maps."""
    for m in maps:
        level, rival = d.levels.get(m), d.rival(m)
        if level:
            yield from ((level.centre, *s) for s in level.spans())
        if rival:
            yield from ((rival.pair.centre, *s) for s in rival.pair.spans())
            yield from ((rival.pair.centre, *s) for s in rival.spans(d.k))
    if c.two and {c.base, c.contender} <= set(maps):
        f = c.field(d.group)
        yield from ((f.pair.centre, *s) for s in f.pair.spans())


def numbers(c, file, text, d):
    """Every number of the sentence must be one of its rows'."""
    maps = dict.fromkeys(c.names(text))
    triples = list(known_triples(c, d, maps))
    rest = text
    over(c, file, text, d)
    for match in say.TRIPLE.finditer(text):
        c.log.check(any(fits(match.groups(), t) for t in triples), NUMBERS,
                    file, match[0], d.group,
                    "no ratio or level of the maps named; " + d.told())
        rest = rest.replace(match[0], " ", 1)
    rest = LOST.sub(" ", rest)
    for m in sorted(maps, key=len, reverse=True):
        rest = rest.replace(m, " ")
    bare(c, file, text, rest, d, triples)


def over(c, file, text, d):
    """"1.50 [1.50, 1.50] times as fast as syncmap": of the leader and that
    map, or of contender and base where the sentence names them so."""
    for match in re.finditer(
            rf"(?:([\w.-]+) is )?{say.TRIPLE.pattern} (?:over|the second,|"
            r"times as fast as) ([\w.-]+\w)(?: \(centre of (\d+) ratios, one "
            r"per block\))?", text):
        r = d.rival(match[5])
        pairs = r.pair.spans() + r.spans(d.k) if r else []
        centre = r.pair.centre if r else None
        if c.two and match[1] == c.contender and match[5] == c.base:
            f = c.field(d.group)
            pairs, centre = f.pair.spans(), f.pair.centre
        elif match[1] not in (None, "it", d.leader):
            pairs = []
        c.log.check(any(fits(match.groups()[1:4], (centre, *s))
                        for s in pairs) and (not match[6] or r is not None
                                             and int(match[6]) == r.n),
                    NUMBERS, file, match[0], d.group, d.told())


def fits(texts, triple):
    return None not in triple and all(map(say.same, texts, triple))


def bare(c, file, text, rest, d, triples):
    """Numbers outside of "a [b, c]": of the place, or counts, or centres."""
    # who leads at which counts is the pair's rule, the minutes are a mode's
    rest = re.sub(r"machine \w+|\(MDE[^)]*\)|\[[^]]*\]|95 %|2 %|"
                  r"(?:leads|not told apart|no interval|not run) at "
                  rf"{say.COUNTS} threads?|at about "
                  r"[\d.]+ threads|at most [\d.,]+ (?:min|h)\b", " ", rest)
    p = d.group.place
    known = [p["threads"], p["keys"], 100 * p["write_share"],
             100 - 100 * p["write_share"]] + [
        p["keys"] / u for u in say.UNITS.values()]
    counted = [d.k, d.k - 1, d.needs, len(d.those("behind"))]
    used = ns(d)
    for match in re.finditer(rf"(\bn = )?(?<![\w.])({say.NUMBER})(?![\w])",
                             rest):
        exact = len(re.sub(r"\D", "", match[2])) < 2
        allowed = used if match[1] else known + counted + used + (
            [] if exact else [t[0] for t in triples])
        c.log.check(any(say.same(match[2], v) for v in allowed), NUMBERS,
                    file, text, d.group,
                    f"no row gives {match[0].strip()}; {d.told()}")


def ns(d):
    """The numbers of blocks that a row with this word may show."""
    shown = d.shown()
    if shown:
        return sorted({r.n for r in shown} | {min(
            r.n for r in d.rivals if r.outcome != "no interval")
            if any(r.outcome != "no interval" for r in d.rivals)
            else shown[0].n})
    return sorted({d.levels[m].n for m in d.cells} or {0})


def not_ranked(c, file, text, d):
    """"Not ranked: snapshot (5 of 6 blocks, 1 void)": of each such rival, and
    of no other. Whoever has no interval has to be named."""
    missing = {r.map: r for r in d.those("no interval")}
    for match in re.finditer(
            rf"([\w.-]+) \({LOST.pattern}(; faster)?\)", text):
        r = d.rival(match[1])
        right = (none_at_all(d, match) if r is None else r.map in missing
                 and why_fits(d, r, match[0])
                 and bool(match[5]) == (r.pair.centre is not None
                                        and r.pair.centre < 1))
        c.log.check(right, RULE, file, match[0], d.group,
                    r.why() if r else d.told())
    if d.word in ("not ranked", "nothing", "alone"):
        return
    for name, r in missing.items():
        c.log.check(name in c.names(text), RULE, file, text, d.group,
                    f"{name} is not ranked ({r.why()}) and not named")


def none_at_all(d, match):
    """"snapshot (0 of 8 blocks, 8 failed)": a map of the group without a
    result is no rival here, and is named all the same."""
    cell = d.group.cells.get(match[1])
    return (cell is not None and not cell.ok and int(match[2]) == 0
            and int(match[3]) == cell.blocks)


def why_fits(d, r, text):
    """"5 of 6 blocks, 1 void": of this rival; what is lost may be the
    leader's, or nothing: then the maps are too many for so few blocks."""
    match = LOST.search(text)
    if not match or (int(match[1]), int(match[2])) != (r.n, r.cell.blocks):
        return False
    text = re.sub(r", \d+ not run yet", "", text)
    match = LOST.search(text)
    few = re.search(r", (\d+) maps need (\d+)$", text)
    if few:
        return (int(few[1]), int(few[2])) == (d.k, d.needs)
    lost = [x.split(", ")[1:] for x in (r.why(), derive.Rival(
        r.cell, d.cells[d.leader], d.k).why())]
    return all(part in sum(lost, []) for part in
               match[3].split(", ")[1:])


def pair(c, file, text):
    """"syncmap or gomap_rw? gomap_rw leads at 1 thread, ...; at 2 threads
    syncmap is 8.17 [..] times as fast as gomap_rw, which reached ..."."""
    match, group = PAIR.search(text), c.head()
    if not match or not c.two or group is None:
        return
    f, line = c.field(group), [g for g in board_of(c, group)
                               if g.spot[1:] == group.spot[1:]]
    level = f.level.spans() if f.level else []
    names = (match["one"], match["two"]) == (c.contender, c.base)
    who = derive.who_leads([c.field(g) for g in sorted(
        line, key=lambda g: g.spot[0])])
    c.log.check(names and match["who"].replace(say.THIN, "") == who, "pair",
                file, match[0], group, who)
    if f.side == "no interval":
        c.log.check(not match["more"], "pair", file, match[0], group,
                    f.told())
        return
    form = (f"; at {{}} thread{'s' * (group.spot[0] > 1)} {c.contender} is "
            f"{{}} [{{}}, {{}}] times as fast as {c.base}, which reached "
            "{} [{}, {}] Mop/s")
    c.log.check(any(say.told(match["more"], form, group.spot[0],
                             f.pair.centre, *a, f.level.centre, *b)
                    for a in f.pair.spans() for b in level), "pair", file,
                match[0], group, f.told())


def others(c):
    """Sentences with such a word elsewhere on the page."""
    claim = c.page.claim()
    for key, text in c.page.blocks():
        if text in claim or claim in text:
            continue
        word, match = spoken(c, text)
        if word is None or not match.groupdict().get("maps"):
            continue
        found = c.places.of(text)
        if len(found) == 1:
            named(c, f"index.html#{key}", text, c.decision(found[0]), word,
                  match)
        else:
            c.log.skip(f"index.html#{key}", text,
                       f"its place fits {len(found)} groups")
