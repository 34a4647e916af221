# SPDX-License-Identifier: Apache-2.0
"""Rows that decide a group: decision table, terminal, verdicts.json,
ranking.csv and winner.csv, of format 1 (one row a group) and 2 (rivals)."""
import collections
import functools
import re

from report.lint import claim, derive, say
from report.lint.context import word_of

TABLE, JSON, RULE = "decision table", "verdicts.json", "ranking"
GROUP_SPAN = re.compile(rf"simultaneous \[({say.NUMBER}), ({say.NUMBER})\]")


def check(c):
    table(c)
    terminal(c)
    for i, d in enumerate(c.page.verdicts.get("decisions") or []):
        decided(c, i, d)
    for name in ("tables/ranking.csv", "figures/winner.csv"):
        rows = c.page.csv(name)
        if rows is None:
            if c.ranked:
                c.log.skip(name, "", "no such file")
        elif not c.ranked:
            c.log.found(RULE, name, f"{len(rows)} rows", "verdicts.json",
                        "a control failed: nothing is ranked")
        elif rows and "outcome" in rows[0]:
            ranking(c, name, rows)
        elif rows and "front" in rows[0]:
            for row in rows:
                c.best(name, str(row), c.places.of_row(row),
                       functools.partial(field, c, name, row))
        else:
            for row in rows or []:
                c.best(name, str(row), c.places.of_row(row), functools.partial(
                    one_line, c, name, row))


# ---- the table of the first screen, and the terminal's --------------------

def table(c):
    t = c.page.table("decision")
    if t is None:
        if c.page.verdicts.get("valid", True) and c.rows.groups:
            c.log.skip("index.html", "decision table", "there is none")
        return
    base(c, t.caption)
    for row in t.rows:
        cells = dict(zip(t.heads, row))
        group = c.one("index.html", " | ".join(row), c.places.of(row[0]))
        if group:
            table_row(c, "index.html", group, cells)


def base(c, caption):
    """Where the page's base is not what most cells of the plan name, the
    table says so."""
    votes = collections.Counter(x.factors.get("base") for x in
                                c.rows.cells.values())
    votes = {m: n for m, n in votes.items() if m in c.rows.maps}
    plan = min(votes, key=lambda m: (-votes[m], m), default=c.base)
    said = re.search(r"The plan's base is (\S+), that of this page (\S+):",
                     caption)
    wanted = (plan, c.base) if c.base not in (plan, None) else None
    c.log.check((said and said.groups()) == wanted, TABLE, "index.html",
                said[0] if said else "no such sentence", "campaign.json",
                f"its cells name {plan}, the page has {c.base}")


def terminal(c):
    """Rows of two or more blanks between columns, first of all a heading."""
    if c.page.terminal is None:
        return
    heads = None
    for line in c.page.terminal.splitlines():
        parts = re.split(r" {2,}", line.strip())
        if heads is None and len(parts) > 3 and parts[-1] in (
                "n", "blocks"):
            heads = parts
        elif heads and len(parts) == len(heads):
            group = c.one("terminal", line, c.places.of(parts[0]))
            if group:
                table_row(c, "terminal", group, dict(zip(heads, parts)))
        elif heads:
            break
    if heads is None and c.page.verdicts.get("decisions"):
        c.log.skip("terminal", "", "no table of decisions in it")


def table_row(c, file, group, cells):
    """One row: each column by what its heading says it holds."""
    d, said = c.decision(group), " | ".join(cells.values())
    rules = (("÷", pair_cell), ("mop/s", level_cell), ("lead", lead_cell),
             ("weakest", weakest_cell), ("ratio", lead_cell),
             ("fastest", names_cell), ("leader", names_cell),
             ("confidence", word_cell), ("verdict", word_cell),
             ("word", word_cell))
    for i, (head, text) in enumerate(cells.items()):
        if i == 0 or text in ("", "–", "none"):
            continue
        if head in ("n", "blocks"):
            n_cell(c, file, said, d, text)
            continue
        rule = next((r for part, r in rules if part in head.lower()), None)
        if rule is None:
            c.log.skip(file, text, f'column "{head}" has no rule')
        else:
            rule(c, file, said, d, text)


def names_cell(c, file, said, d, text):
    """"a", "a ≈ b", "a ≈ b ≈ 2 more"."""
    names = c.names(text)
    if not names:
        word_cell(c, file, said, d, text)
        return
    wanted = d.tied if d.word == "tied" else {d.leader}
    more = re.search(r"≈ (\d+) more", text)
    right = (set(names) == wanted and names[0] == d.leader
             or bool(more) and set(names) < wanted
             and len(names) + int(more[1]) == len(wanted))
    if d.word in ("not ranked", "nothing"):
        right = False
    if d.word == "alone":
        right = names == list(d.cells)
    c.log.check(right, TABLE, file, said, d.group, d.told())


def level_cell(c, file, said, d, text):
    name = d.leader or next(iter(d.cells), None)
    match = say.TRIPLE.search(text)
    level = d.levels.get(name)
    if level is None or not (match or level.low is None):
        c.log.found(TABLE, file, said, d.group, d.told())
    elif match:
        c.log.check(any(claim.fits(match.groups(), (level.centre, *s))
                        for s in level.spans()), TABLE, file, said,
                    d.group, f"{name} reaches {level.centre:.4g} "
                    f"{derive.span(level.low, level.high)}")
    else:
        first = re.match(say.NUMBER, text)
        c.log.check(bool(first) and say.same(first[0], level.centre), TABLE,
                    file, said, d.group, f"{name} {level.centre:.4g}")


def lead_cell(c, file, said, d, text):
    """"× 1.62 [1.08, 2.42] over ck_ht": of a comparison that the row's word
    may show. A cell that holds a word only is one of words."""
    match = say.TRIPLE.search(text)
    if re.fullmatch(r"\d+ maps need \d+", text):
        c.log.check(d.word in ("not ranked", "nothing")
                    and text == f"{d.k} maps need {d.needs}", TABLE, file,
                    said, d.group, d.told())
        return
    if not match:
        word_cell(c, file, said, d, text)
        return
    names = c.names(text)
    shown = {r.map: r for r in d.shown()}
    these = [shown[m] for m in names if m in shown] if names else list(
        shown.values())
    c.log.check(any(claim.fits(match.groups(), (r.pair.centre, *s))
                    for r in these for s in r.pair.spans()), TABLE, file,
                said, d.group, d.told())


def weakest_cell(c, file, said, d, text):
    """The same, and the interval that the word beside it is by."""
    lead_cell(c, file, said, d, text)
    if say.TRIPLE.search(text):
        c.log.check(any(by_group(d, r, text) for r in d.shown()
                        if r.map in c.names(text)), TABLE, file, said,
                    d.group, d.told())


def by_group(d, r, text):
    """"simultaneous [1.09, 4.24]": of this rival's comparison?"""
    match = GROUP_SPAN.search(text)
    return bool(match) and any(all(map(say.same, match.groups(), s))
                               for s in r.spans(d.k))


def word_cell(c, file, said, d, text):
    """A group without a single result is not ranked, too."""
    word = word_of(text.split(":")[0]) or word_of(text)
    wanted = {d.word, "not ranked"} if d.word == "nothing" else {d.word}
    c.log.check(word in wanted and word_n(d, text), TABLE, file, said,
                d.group, d.told())
    mde(c, TABLE, file, text, [r.pair for r in d.shown()], d.group)


def word_n(d, text):
    """"not ranked (6)": is that the number of blocks?"""
    match = re.search(r"\((\d+)\)", str(text))
    return not match or int(match[1]) == d.n


def n_cell(c, file, said, d, text):
    c.log.check(text == str(d.n), TABLE, file, said, d.group,
                f"n is {d.n}; {d.told()}")


def mde(c, rule, file, text, pairs, row):
    """"(MDE 4.4 %)": what 95 % power would have shown of such a pair."""
    match = re.search(rf"MDE (> )?({say.NUMBER})", text)
    if not match:
        return
    each = [derive.smallest_seen(p) for p in pairs if p.low]
    right = any(v > 200 if match[1] else say.same(match[2], v)
                for v in each)
    c.log.check(right and (not match[1] or match[2] == "200"), rule, file,
                text, row, f"MDE {', '.join(f'{v:.3g} %' for v in each)}")


def pair_cell(c, file, said, d, text):
    """Who leads of base and contender, the ratio, the base's value."""
    if not c.two:
        return
    f = c.field(d.group)
    match = say.TRIPLE.search(text)
    head = text[:match.start()] if match else text
    lead = c.names(head)
    told = ("tied" if re.search(r"\btied?\b|not told", text) else
            "no interval" if re.search(r"n < |no interval|not run", text)
            else None)
    right = (told == f.side if told else f.ahead in lead or
             not lead and f.ahead is None)
    leads = re.search(r"([\w.-]+) leads", text)
    if leads:
        right = leads[1] == f.ahead
    right = right and set(c.names(text)) <= {c.base, c.contender}
    c.log.check(right, "pair", file, said, d.group, f.told())
    if match and told != "no interval":
        c.log.check(any(claim.fits(match.groups(), (f.pair.centre, *s))
                        for s in f.pair.spans()), "pair", file, said,
                    d.group, f.told())
    if told == "no interval":
        c.log.check(say.ascii_(text).startswith((
            f"no interval ({f.why})", f"not run {f.why}", "n < ")), "pair",
            file, said, d.group, f.why)
    base_level(c, file, said, f, text)


def base_level(c, file, said, f, text):
    """"gomap_rw 20.1 [19, 21] Mop/s" after the ratio: of that very map."""
    few = re.search(rf"{re.escape(c.base)} {say.NUMBER} \(.*?\) Mop/s", text)
    if few:
        c.log.check(f.level is not None and f.level.low is None and say.told(
            few[0], f"{c.base} {{}} (n < 6) Mop/s", f.level.centre), "pair",
            file, said, f.group, f"{c.base} {f.level and f.level.centre}")
    for match in re.finditer(rf"([\w.-]+) {say.TRIPLE.pattern}", text):
        level = c.decision(f.group).levels.get(match[1])
        if match[1] not in c.rows.maps:
            continue
        c.log.check(match[1] == c.base and level is not None and any(
            claim.fits(match.groups()[1:], (level.centre, *s))
            for s in level.spans()), "pair", file, said, f.group,
            f"{c.base} {f.level and f.level.centre}")


# ---- verdicts.json --------------------------------------------------------

def decided(c, i, row):
    where = f"decisions[{i}]"
    group = c.one(JSON, f"{where} {row.get('place')}",
                  c.places.of(row.get("place") or ""))
    if group is None:
        return
    d = c.decision(group)
    if "rivals" not in row:
        one_line(c, f"{JSON} {where}", {
            k: v for k, v in row.items() if k != "place"}, group)
        return
    said = f"{where}: {row.get('leader')} {row.get('word')}"
    lead = group.cells.get(d.leader)
    c.log.check(row.get("cell") in (None, lead and lead.id), RULE, JSON, said,
                group, f"the cell {row.get('cell')} is not the leader's")
    c.log.check(row.get("maps") in (None, d.k), RULE, JSON, said, group,
                f"{row.get('maps')} maps; {d.told()}")
    for key, wanted in (("leader", leaders(d)), ("word", {d.word}),
                        ("n", {d.n} if d.k else {d.n, None}),
                        ("needs", {d.needs, None} if d.k < 2
                         else {d.needs}), ("weakest", weakest(d))):
        value = row.get(key)
        if key == "word" and isinstance(value, str):
            value = re.sub(r" \(.*", "", value) if word_n(d, value) else ""
        if key == "word" and d.word == "nothing":
            continue
        c.log.check(value in wanted, RULE, JSON, f"{said}, {key} {value}",
                    d.group, d.told())
    rivals(c, JSON, d, row["rivals"])


def leaders(d):
    return {d.leader} if d.leader else {None, *d.cells}


def weakest(d):
    """Of two with the same lower bound either may be named; where maps
    are tied, the weakest of all with an interval is."""
    if d.weakest:
        return {r.map for r in d.shown()}
    known = [r for r in d.rivals if r.low is not None]
    lowest = min((r.low for r in known), default=None)
    return {None} | {r.map for r in known if r.low <= lowest * (1 + 1e-12)}


def rivals(c, file, d, told):
    """Each rival with a result is listed once, with what its rows say."""
    names = [r.get("map") for r in told]
    want = {r.map for r in d.rivals}
    with_none = {m for m in d.group.cells if c.rows.ranked(m)}
    c.log.check(len(names) == len(set(names)) and want <= set(names)
                <= (with_none | set(d.cells)), RULE, file,
                f"rivals {names}", d.group, d.told())
    for row in told:
        rival_row(c, file, d, row)


def rival_row(c, file, d, row):
    r = d.rival(row.get("map"))
    said = ", ".join(f"{k} {row[k]}" for k in row)
    cell = d.group.cells.get(row.get("map"))
    c.log.check(row.get("cell") in (None, cell and cell.id), RULE, file, said,
                d.group, "the cell is another map's")
    if r is None:
        c.log.check(row.get("outcome") == "no interval", RULE, file, said,
                    d.group, d.told())
        return
    c.log.check(row.get("outcome") == r.outcome, RULE, file, said, d.group,
                d.told())
    c.log.check(whole(row.get("n")) == r.n, RULE, file, said, d.group,
                d.told())
    wanted = {"ratio": [(r.pair.centre,)], "low high": r.pair.spans(),
              "group_low group_high": r.spans(d.k)}
    for keys, spans in wanted.items():
        got = [number(row.get(k)) for k in keys.split()]
        if keys.startswith("group") and r.outcome == "no interval":
            spans = [(None, None), *spans]
        c.log.check(any(all(map(say.close, got, s)) for s in spans), RULE,
                    file, f"{row.get('map')}: {keys} = {got}", d.group,
                    d.told())
    if r.outcome == "no interval":
        c.log.check(claim.why_fits(d, r, str(row.get("why"))), RULE, file,
                    said, d.group, r.why())
    else:
        c.log.check(not row.get("why"), RULE, file, said, d.group,
                    f"why is given, though {r.map} is {r.outcome}")


def whole(v):
    return int(v) if v not in (None, "") else None


def number(v):
    return float(v) if v not in (None, "") else None


# ---- CSV files ------------------------------------------------------------

def ranking(c, name, rows):
    """A line for each rival: by group, then as in verdicts.json."""
    by_group = {}
    for row in rows:
        group = c.one(name, str(row), c.places.of_row(row))
        if group:
            by_group.setdefault(id(group), (group, []))[1].append(row)
    for group in c.rows.groups:
        d = c.decision(group)
        if d.rivals and id(group) not in by_group:
            c.log.found(RULE, name, "", group, "the group is not listed")
    for group, lines in by_group.values():
        d = c.decision(group)
        rivals(c, name, d, [r for r in lines if r.get("map")
                            and r["map"] != d.leader])
        for row in lines:
            group_columns(c, name, d, row)


def group_columns(c, name, d, row):
    for key, wanted in (("leader", leaders(d)), ("word", {d.word}),
                        ("weakest", weakest(d)), ("needs", {d.needs})):
        value = row.get(key)
        if value in (None, ""):
            continue
        right = key != "word" or word_n(d, value)
        value = int(value) if key == "needs" else re.sub(r" \(.*", "", value)
        if key == "word" and d.word == "nothing":
            wanted = {"nothing", "not ranked"}
        c.log.check(right and value in wanted, RULE, name,
                    f"{row.get('map')}: {key} {row[key]}", d.group, d.told())


def field(c, name, row, group):
    """leader, word, weakest, front, n and the ratio of one group's field."""
    d = c.decision(group)
    said = ", ".join(f"{k} {row[k]}" for k in (
        "leader", "word", "weakest", "ratio", "low", "high", "n", "front")
        if row.get(k) not in (None, ""))
    group_columns(c, name, d, row | {"map": row.get("leader")})
    front = set((row.get("front") or "").split())
    wanted = (d.tied if d.word == "tied" else {d.leader}
              if d.word in derive.LEADS or d.word == "alone" else set())
    c.log.check(front == wanted, RULE, name, said, group, d.told())
    got = [number(row.get(k)) for k in ("ratio", "low", "high")]
    if front and row.get("weakest"):
        shown = [r for r in d.rivals if r.map == row["weakest"]]
        c.log.check(any(all(map(say.close, got, (r.pair.centre, *s)))
                        for r in shown for s in r.pair.spans()), RULE, name,
                    said, d.group, d.told())


def one_line(c, name, row, group):
    """first, second, lead, low, high, n, word, tied of one group."""
    d = c.decision(group)
    said = ", ".join(f"{k} {row[k]}" for k in (
        "first", "second", "lead", "low", "high", "n", "word", "verdict",
        "tied") if row.get(k) not in (None, ""))
    if not row.get("first"):
        c.log.check(d.word in ("nothing", "not ranked"), RULE, name, said
                    or "no winner", group, d.told())
        return
    c.log.check(row["first"] in leaders(d), RULE, name, said, group,
                d.told())
    word = word_of(str(row.get("word") or row.get("verdict") or ""))
    c.log.check(word == d.word, RULE, name, said, group, d.told())
    tied = row.get("tied") or []
    tied = set(tied.split() if isinstance(tied, str) else tied)
    c.log.check(tied == (d.tied if d.word == "tied" else {row["first"]}),
                RULE, name, said, group, d.told())
    line_numbers(c, name, d, row, said)


def line_numbers(c, name, d, row, said):
    """The comparison that the line shows, and its n."""
    c.log.check(whole(row.get("n")) in claim.ns(d), RULE, name, said,
                d.group, d.told())
    c.log.check(whole(row.get("of")) in (None, d.k), RULE, name,
                f"{said}, of {row.get('of')}", d.group, d.told())
    if not row.get("second"):
        return
    got = [number(row.get(k)) for k in ("lead", "low", "high")]
    shown = [r for r in d.shown() if r.map == row["second"]]
    c.log.check(any(all(map(say.close, got, (r.pair.centre, *s)))
                    for r in shown for s in r.pair.spans()), RULE, name,
                said, d.group, d.told())
