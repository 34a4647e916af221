# SPDX-License-Identifier: Apache-2.0
"""What stands twice says the same twice."""
import re

from report.lint import latency, rows, say
from report.lint.read_page import clean

RULE = "copies"
FLOOR = "not shown to be above that of null_map, no map at all"
COSTS = (rf"operations/s[^()]*\): P50 (.*), P99 (.*?)(?:, {FLOOR})?\.$",
         r"operations/s[^()]*\): (overloaded.*)\.$", r"It takes (.+?) bytes per")


def check(c):
    claim(c)
    about(c)
    maps(c)
    embedded(c)
    tables(c)


def claim(c):
    told = c.page.verdicts.get("claim") or ""
    told = [told] if isinstance(told, str) else told
    page, answer = c.page.claim(), c.page.section("answer")
    screen = clean(f"{c.page.first_screen()} "
                   f"{answer.text() if answer else page}")
    c.log.check(page and page in clean(" ".join(told)), RULE, "index.html",
                page, "verdicts.json", "it is no part of the claim there")
    for text in told:
        c.log.check(clean(text) in screen, RULE, "verdicts.json", text,
                    "index.html", "the first screen does not say it")
        if c.page.terminal is not None:
            c.log.check(clean(text) in clean(
                " ".join(c.page.terminal.split("\n"))), RULE, "terminal",
                text, "verdicts.json", "the claim is not among its lines")


def about(c):
    """The line on the leader says what its row of the table says."""
    told, table = c.page.about(), c.page.table("rivals")
    if not told:
        return
    name = told.partition(" is: ")[0]
    row = next((r for r in table.rows if r[0] == name), None) \
        if table else None
    if row is None:
        c.log.check(False, RULE, "index.html", told, "index.html#rivals",
                    f"no row of {name}")
        return
    costs = [squeezed(row[i]) for i in map(table.column, (
        "p50", "p99", "bytes")) if i is not None
        and row[i] not in ("–", "not run")]
    said = [squeezed(text) for pattern in COSTS
            for match in [re.search(pattern, told)] if match
            for text in match.groups()]
    promised = squeezed(
        f"Guarantees and limits: {row[table.column('guarantees')] or 'none'}.")
    of = re.search(r"bytes per entry with ([^.(]*)", told)
    c.log.check(said == [v for v in costs if v]
                and (not of or squeezed(f"Bytes per entry: {of[1]},")
                     in squeezed(table.caption))
                and promised in squeezed(told), RULE, "index.html", told,
                "index.html#rivals", f"its row has {' | '.join(row)}")
    if "Its lookups in" in told:
        another(c, told)


def squeezed(text):
    return re.sub(r"\s", "", text)


def another(c, told):
    """The latency is of a cell of the leader's, and "another workload" of
    one that the headline is not."""
    match = re.search(r"Its lookups in (the same|another) workload "
                      rf"{latency.LOOP.pattern}", told)
    head = c.head()
    if not match or head is None:
        c.log.check(False, RULE, "index.html", told, "campaign.json",
                    "of which workload the latency is cannot be read")
        return
    fits = latency.named(c, told.partition(" is: ")[0], match[0])
    same = match[2] in {g.place["workload"] for g in c.rows.groups
                        if board(g) == board(head)}
    c.log.check(bool(fits) and (match[1] == "the same") == same, RULE,
                "index.html", match[0], "campaign.json",
                "the workload is another, or was not run so")
    if fits and ", P99 " in told:
        low = tail(c, fits)["low"]
        high = tail(c, latency.named(c, "null_map", match[0]))["high"]
        c.log.check((FLOOR in told) == (None not in (low, high)
                                        and low <= high), RULE, "index.html",
                    told, "trials.jsonl", f"its P99 is at least {low} ns, the "
                    f"floor's at most {high} ns")


def tail(c, cells):
    """P99 of the lookups of a map; of none, where it was not run."""
    if not cells:
        return {"low": None, "high": None}
    return latency.quantile(cells[0], latency.main_entries(
        c, cells[0], "lookup"), "P99")


def board(group):
    """All but workload, threads and mix."""
    return [pair for pair in group.board if pair[0] != "workload"]


# ---- what became of each map ------------------------------------------------

MAPS = re.compile(r"Of (\d+) maps? (\d+) (?:is|are) ranked here(?:; not "
                  r"ranked: (.*?))?\.$")
NOT_RANKED = {"bounds, not for use": "bound", "planted misuse": "misuse",
              "failed verification": "failed", "not run here": "absent",
              "too few trials": "few"}


def maps(c):
    """"Of 14 maps 10 are ranked here; not ranked: ...": every map of the
    plan is in one place."""
    told, head = c.page.maps_line(), c.head()
    if not told or head is None:
        return
    match, d = MAPS.match(told), c.decision(head)
    planned = {x.map for x in c.rows.cells.values()}
    used = {r.map for r in d.rivals if r.outcome != "no interval"}
    ranked = used | ({d.leader} if d.word not in ("not ranked", "nothing")
                     else set())
    said = {}
    for part in re.split(r"; ", match[3] or "") if match else ():
        names, _, why = part.partition(" (")
        said |= dict.fromkeys(c.names(names), why.rstrip(")"))
    true = {m: why_not(c, head, m) for m in planned - ranked}
    right = bool(match) and (int(match[1]), int(match[2])) == (
        len(planned), len(ranked)) and {
        m: NOT_RANKED.get(why, why) for m, why in said.items()} == true
    c.log.check(right, "maps", "index.html", told, "campaign.json",
                f"{len(planned)} planned, ranked {sorted(ranked)}, not "
                f"{true}")


def why_not(c, head, name):
    cell = head.cells.get(name)
    aside = rows.LOOKS["maps"].get(name, {}).get("aside")
    if name in c.rows.failed:
        return "failed"
    if not c.rows.peer(name):
        return "bound"
    if aside:
        return aside
    if c.rows.maps.get(name, {}).get("misuse"):
        return "misuse"
    return "absent" if cell is None or cell.skip else "few"


def embedded(c):
    """A CSV in a link equals its file."""
    for name, text in c.page.embedded():
        file = next((f for f in c.page.csv_files()
                     if f.rsplit("/", 1)[1] == name
                     and not f.startswith("quick/")), None)
        if file is None:
            c.log.skip("index.html", name, "a link without its file")
            continue
        c.log.check(text == c.page.read(file), RULE, file, name,
                    "index.html", "the link's data differ")


def tables(c):
    """A table on the page equals tables/NAME.md (the CSV has the same with
    one number a column)."""
    for t in c.page.tables:
        name = f"tables/{t.key}.md"
        told = c.page.markdown(name) if t.key else None
        if told is None:
            continue
        c.log.check(told == t.rows, RULE, name, str(next(
            (a for a, b in zip(told, t.rows) if a != b), "length")),
            "index.html", str(next((b for a, b in zip(told, t.rows)
                                    if a != b), "length")))
