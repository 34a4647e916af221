# SPDX-License-Identifier: Apache-2.0
"""The first screen's table of ranked maps, the key that explains its signs,
and the links to its rows."""
import re

from report.lint import claim, latency, say

RULE, KEY, WAY = "table of maps", "key", "index of maps"
PAGE = "index.html#rivals"
SAID = re.compile(rf"(?:{latency.TIME.pattern}|n <|not known|overloaded)")


def check(c):
    table, head = c.page.table("rivals"), c.head()
    if table is None or head is None:
        c.log.skip("index.html", "table of maps", "there is none" if head
                   else "the claim names no place")
        return
    d = c.decision(head)
    place = table.caption.partition(", fastest first")[0]
    c.log.check(place != table.caption and c.places.of(place) == [head],
                RULE, PAGE, place, head, "another place, or another order")
    order(c, table, head, d)
    for row in table.rows:
        cells = dict(zip(table.heads, row))
        speed(c, row, cells, d)
        standing(c, row, cells, d)
        for title, text in cells.items():
            quantile(c, table, row, title, text)
    stored(c, table)
    index(c, table)
    key(c, head)


def stored(c, table):
    """The bytes per entry are of the threads and keys that it says."""
    said = re.search(r"Bytes per entry: ([^.]*), section 6\.", table.caption)
    cells = [c.rows.cells.get(r["cell"]) for r in c.page.csv(
        "figures/memory.csv") or [] if r["filled"]]
    c.log.check(bool(said) == bool(cells) and all(
        x is not None and x.place["threads"] == say.counts(said[1])
        and x.place["keys"] == say.keys(said[1]) for x in cells), RULE, PAGE,
        said[0] if said else "(nothing)", "figures/memory.csv",
        "other threads or keys")


def order(c, table, head, d):
    """All ranked maps that were planned here, the fastest first."""
    names = [row[0] for row in table.rows]
    planned = {m for m, x in head.cells.items()
               if c.rows.ranked(m) and not x.skip}
    centres = [d.levels[m].centre if m in d.levels else 0 for m in names]
    c.log.check(set(names) == planned and len(names) == len(planned)
                and centres == sorted(centres, reverse=True), RULE, PAGE,
                ", ".join(names), head, ", ".join(sorted(planned)))


def titled(cells, part):
    """The text of the column whose heading has this part; None: no such."""
    return next((text for title, text in cells.items() if part in title),
                None)


def speed(c, row, cells, d):
    level, text = d.levels.get(row[0]), titled(cells, "Mop/s")
    first, three = re.match(say.NUMBER, text), say.TRIPLE.search(text)
    if level is None or level.low is None:
        right = not three and bool(first) == (level is not None) and (
            level is None or say.same(first[0], level.centre))
    else:
        right = three and any(claim.fits(three.groups(), (level.centre, *s))
                              for s in level.spans())
    c.log.check(right, RULE, PAGE, " | ".join(row), d.group, d.told())


def standing(c, row, cells, d):
    """"behind (28 blocks)", "× 2.01 [1.91, 2.13]"."""
    told, ratio = titled(cells, "verdict"), titled(cells, "÷ it")
    said = " | ".join(row)
    if told is None:
        c.log.check(d.word == "not ranked", RULE, PAGE, said, d.group,
                    f"no verdict is shown; {d.told()}")
        return
    word, _, rest = told.partition(" (")
    r, three = d.rival(row[0]), say.TRIPLE.search(ratio)
    if row[0] == d.leader:
        right = word == d.word and blocks(rest) in claim.ns(d)
        right = right and not three
    elif r is None or r.outcome == "no interval":
        lost = claim.LOST.match(rest)
        right = word == "not ranked" and not three and bool(lost) and (
            int(lost[1]) == 0 if r is None
            else claim.why_fits(d, r, rest.rstrip(")")))
    else:
        right = (word == r.outcome and blocks(rest) == r.n and bool(three)
                 and any(claim.fits(three.groups(), (r.pair.centre, *s))
                         for s in r.pair.spans()))
    c.log.check(right, RULE, PAGE, said, d.group, d.told())
    named = next(title for title in cells if "÷ it" in title)
    c.log.check(named.startswith(f"{d.leader} ÷"), RULE, PAGE, named,
                d.group, d.told())


def blocks(text):
    match = re.match(r"(\d+) blocks?\)$", text)
    return int(match[1]) if match else None


def quantile(c, table, row, title, text):
    """A percentile of lookups, by the rules of section 4; "not run" of a
    map without a result there."""
    need = latency.COLUMNS.get(title.partition(" of lookup")[0])
    said = " | ".join(row)
    if not need or " of lookup" not in title:
        return
    fits = [x for x in latency.named(c, row[0], table.caption) if x.ok]
    if not fits or text == "not run":
        c.log.check(not fits and text == "not run", RULE, PAGE, said,
                    "campaign.json", f"{len(fits)} cells have a latency")
    elif len(fits) > 1:
        c.log.skip(PAGE, said, f"its latency fits {len(fits)} cells")
    elif text == "–":  # the first column says it of both
        c.log.check(any("overloaded" in other for other in row), RULE, PAGE,
                    said, title, "it is left out without a reason")
    elif c.log.check(bool(SAID.match(text)), RULE, PAGE, said, title,
                     "no percentile is said so"):
        times = [latency.factor(fits[0], t) for t in fits[0].ok]
        latency.cell(c, said, fits[0], times, latency.entries(
            fits[0], "lookup", "intended"), *need, text)


def index(c, table):
    """A link to each row, by its map's name, in their order."""
    rows = {n["id"]: n for n in c.page.root.all("tr") if n["id"]}
    found = [n for d in c.page.root.all("details") if d["class"] == "find"
             for n in d.all("a")]
    said = [n.text() for n in found]
    aims = [rows[n["href"][1:]].all("th")[0].text()
            if n["href"][1:] in rows else None for n in found]
    c.log.check(said == aims == [row[0] for row in table.rows], WAY,
                "index.html", ", ".join(said), PAGE, str(aims))


def key(c, head):
    """The intervals' level, and the write kind that it explains."""
    text = next((n.text() for n in c.page.root.all("p")
                 if n["class"] == "key"), "")
    level = re.search(r"\[ \]: (\d+) % interval", text)
    kinds = re.findall(r"(?<=\. )(Update|Churn|Fresh)(?=:)", text)
    place = head.place
    wanted = [place["write_kind"].capitalize()] * bool(place["write_share"])
    c.log.check(bool(level) and level[1] == "95" and kinds == wanted, KEY,
                "index.html", text, head, f"95 %, {wanted}")
