# SPDX-License-Identifier: Apache-2.0
"""Every map of the headline's group in the first screen: a forest of
ratios, and a row per map with what else decides."""
import re
import urllib.parse

from report import guarantees, latencies, verdicts, words
from report.analysis import board_of
from report.page import chip, esc
from report.plot_rows import forest, forest_limits, height
from report.sections import latency, memory, ratio, tradeoff


def forest_figure(report, a, head):
    """Ratios of all maps of the headline's group to the base."""
    if head is None or a.base not in a.at(head) or not any(
            c.ok for c in a.at(head).values()):
        return ""
    board, line, threads = head
    rows = ratio.ratio_rows(a, board, line, threads)
    title = ratio.heading(a, board, line, threads)
    told = ", ".join(f"{r['map']} {words.sig(r['ratio'])}" for r in rows
                     if r["ratio"])
    panel = report.panel(
        "rivals", f"All maps, {a.place(head)}", f"{told or 'No ratio'}.",
        (640, height(len(rows) + 1.35)), forest, [(title, rows)], a.look,
        a.base, forest_limits(rows), a.place(head))
    caption = (
        f"<b>All maps at {esc(a.place(head))}</b>, {esc(board.text())}: "
        f"throughput ÷ that of {esc(a.base)}, whose own stands above; 95 % "
        f"intervals, paired by block; shaded: ± 2 %. {ratio.STANDING}. In the "
        "order of this ratio, the table above in that of the speeds: a ratio "
        "is taken within each block, so that two maps may change places.")
    return report.figure("rivals", caption, [panel], ratio.COLUMNS, rows, "l")


def fullest(a):
    """The cells of the open loop in which most ranked maps have a result;
    None without one."""
    return max(latency.groups_of(a).values(), default=None, key=lambda them:
               sum(1 for c in them if c.ok and a.ranked(c.map)))


def lookups(a):
    """(a cell, map -> (P50, P99) as text) of that loop; (None, {}) without
    one."""
    cells = fullest(a)
    if cells is None:
        return None, {}
    found = latencies.entries(cells).get(("lookup", True, "intended"), {})
    late = {c.map: latencies.overload(c) for c in cells}
    return cells[0], {m: (late[m], "–") if late[m] else tuple(
        latencies.quantile(several, key, p)["text"]
        for key, p in (("p50_ns", .5), ("p99_ns", .99)))
        for m, several in found.items()}


def standing(group, name):
    """[verdict, leader ÷ it] of a map in its group, as cells."""
    if name == group["leader"]:
        return [small(f"{group['word']} ({blocks(group)})"), "–"]
    r = next(r for r in group["rivals"] if r["map"] == name)
    if r["outcome"] == verdicts.NONE:
        return [small(f"not ranked ({r['why']})"), "–"]
    return [small(f"{r['outcome']} ({blocks(r)})"), small(
        f"× {words.sig(r['ratio'])} {words.between(r['low'], r['high'])}")]


def blocks(row):
    return words.plural(row["n"], "block")


def small(text):
    """What stands in brackets below its value."""
    value, bracket, rest = re.match(r"(.*?)(?: ([\[(])(.*))?$",
                                    esc(text), re.S).groups()
    return value + (f"<br><small>{bracket}{rest}</small>" if bracket else "")


def columns(first):
    """Headings; first: the leader, whose ratio to each map is shown."""
    return [("map", "html"), ("what it is", "text"), ("Mop/s [95 %]", "html"),
            ("verdict", "html"),
            (f"{first} ÷ it, by block [95 %]", "html"),
            ("bytes per entry", "num"), ("P50 of lookup", "html"),
            ("P99 of lookup", "html"), ("guarantees", "text")]


NO_LATENCY = ("not run", "not run")
VERDICT = slice(3, 5)  # of a group that is not ranked there is none


def map_rows(a, head, names, quantiles):
    """One row per ranked map: speed, memory, latency, guarantees."""
    group, cells = a.verdicts[head], a.at(head)
    stored = {r["map"]: r for r in memory.rows_of(a)[0]}
    rows = []
    for name in names:
        level, held = a.level(cells[name]), stored.get(name, {})
        about = a.campaign.maps[name]
        rows.append([
            chip(a.look, name), about.get("label") or "no description",
            small(words.estimate(level)) if level else esc(
                cells[name].reason), *standing(group, name),
            words.sig(held["filled"]) if held.get("filled") else "–",
            *(small(v) for v in quantiles.get(name, NO_LATENCY)),
            guarantees.in_full(about)])
    return rows


def named_here(a, head):
    """The ranked maps of the headline by throughput, fastest first; none
    where no cell has a result."""
    cells = a.at(head)
    if not any(c.ok for c in cells.values()):
        return []
    return sorted(verdicts.entrants(a, cells), key=lambda m: (
        -(a.mops(cells[m]) or 0), m))


def row_id(name):
    """Unlike of any two maps, whatever their ids."""
    return f"ranked-{urllib.parse.quote(name, safe='')}"


def table(report, a, head):
    """The first screen's table of all ranked maps; "" where there is
    none."""
    names = named_here(a, head)
    if not names:
        return ""
    group, (cell, quantiles) = a.verdicts[head], lookups(a)
    heads = columns(group["leader"])
    rows = map_rows(a, head, names, quantiles)
    which, unranked = "ranked map", (
        " Verdicts: by simultaneous intervals, which are in ranking.csv; "
        "behind: wholly beyond 2 %, tied: not so.")
    if group["word"] == verdicts.OPEN:
        which = "map to be ranked"
        unranked = f" {blocks(group)}: too few to rank them."
        for row in [heads, *rows]:
            del row[VERDICT]
    latency_of = (f"P50, P99: in {esc(open_loop(cell, head))}, from the "
                  "intended start" if cell else "No open loop in this run, so "
                  "no P50 and P99")
    missing = not_timed(a, names, quantiles) if cell else ""
    return report.table(
        "rivals", f"<b>Every {which} at {esc(a.place(head))}</b>, fastest "
        f"first, and what it takes.{unranked}{bytes_of(a)} {latency_of}: "
        f"section 4.{esc(missing)}{heaps(a, names)}", heads, rows,
        css="rivals cards", ids=[row_id(name) for name in names])


def bytes_of(a):
    """Where the bytes per entry are from, which the table is not of."""
    rows, place = memory.rows_of(a)
    if not any(r["filled"] for r in rows):
        return ""
    board, threads = place
    return (f" Bytes per entry: {words.plural(threads, 'thread')}, "
            f"{words.of_keys(board.keys)}, section 6.")


def heaps(a, names):
    """Which of the table's maps have a heap that a collector keeps."""
    return memory.of_heaps(r for r in memory.rows_of(a)[0]
                           if r["map"] in names)


def not_timed(a, names, quantiles):
    """Which of the table's maps that open loop has no result of, and why."""
    cells, why = {c.map: c for c in fullest(a)}, {}
    for name in names:
        if name not in quantiles:
            reason = cells[name].reason if name in cells else "not planned"
            why.setdefault(reason, []).append(name)
    told = "; ".join(f"{words.joined(several)} ({reason})"
                     for reason, several in why.items())
    return f" Not run there: {told}." if told else ""


def index(a, head):
    """Links to the rows of that table, for a screen that it does not fit."""
    links = "".join(
        f'<li><a href="#{row_id(name)}">{chip(a.look, name)}</a> '
        f"{esc(a.campaign.maps[name].get('label') or '')}</li>"
        for name in named_here(a, head))
    return (f'<details class="find"><summary>Find your map</summary><ul>'
            f"{links}</ul></details>" if links else "")


def leader_words(a, head):
    """What the leader is and what else it costs, in one line for the claim
    box; "" where no map leads."""
    group = a.verdicts.get(head)
    if not group or not group["front"]:
        return ""
    name = group["leader"]
    rows, place = memory.rows_of(a)
    about, held = a.campaign.maps[name], {
        r["map"]: r for r in rows}.get(name, {})
    heap = (" (of a collected heap: section 6)" if held.get("collected")
            else "")
    takes = (f" It takes {words.sig(held['filled'])} bytes per entry with "
             f"{words.plural(place[1], 'thread')}{heap}."
             if held.get("filled") else "")
    source = f" (source: {about['source']})" if about.get("source") else ""
    return (f"{name} is: {about.get('label') or 'no description'}{source}. "
            "Guarantees and limits: "
            f"{guarantees.in_full(about) or 'none'}.{takes}"
            + tail_words(a, head, name))


def tail_words(a, head, name):
    """The latency of its lookups, and in which other workload."""
    cell, quantiles = lookups(a)
    middle, tail = quantiles.get(name, ("", ""))
    if not middle:
        return ""
    took = (middle if tail == "–" else
            f"P50 {middle}, P99 {tail}{floor_words(a, name)}")
    return f" Its lookups in {open_loop(cell, head)}: {took}."


def floor_words(a, name):
    """What else than the map's its tail may be."""
    tails = tradeoff.tail_of(fullest(a))
    if not latencies.at_floor(tails[name], tails.get(latency.FLOOR, {})):
        return ""
    return f", not shown to be above that of {latency.FLOOR}, no map at all"


def open_loop(cell, head):
    """Which latencies: enough to find their table in section 4."""
    which = "the same" if cell.workload in head[0].workloads else "another"
    rate = f"{words.count(round(cell.rate_per_s))} operations/s"
    return f"{which} workload (" + ", ".join(
        [cell.workload, cell.shape, rate, *board_of(cell).rest()]) + ")"


# ---- what became of each map ------------------------------------------------

def why_not(a, head, name):
    """Why a map of the plan is not among the ranked ones of the headline."""
    cell = a.at(head).get(name)
    if name in a.failed:
        return "failed verification"
    if a.look.bound(name):
        return "bounds, not for use"
    if name in a.look.aside:
        return a.look.aside[name]
    if a.campaign.maps[name].get("misuse"):
        return "planted misuse"
    return "not run here" if cell is None or cell.skip else "too few trials"


def maps_line(a, head):
    """Every map of the plan: ranked here, or why not."""
    group = a.verdicts.get(head)
    ranked = set(group["front"]) | {
        r["map"] for r in group["rivals"]
        if r["outcome"] != verdicts.NONE} if group else set()
    others = {}
    names = sorted({c.map for c in a.campaign.cells.values()})
    for name in names:
        if name not in ranked:
            others.setdefault(why_not(a, head, name), []).append(name)
    told = (f"Of {words.plural(len(names), 'map')} {len(ranked)} "
            f"{'is' if len(ranked) == 1 else 'are'} ranked here")
    if others:
        told += "; not ranked: " + "; ".join(
            f"{words.joined(several)} ({why})"
            for why, several in others.items())
    return told + "."
