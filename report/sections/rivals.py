# SPDX-License-Identifier: Apache-2.0
"""Every map of the headline's group in the first screen: a forest of
ratios, and a row per map with what else decides."""
import re

from report import guarantees, latencies, verdicts, words
from report.page import chip, esc
from report.plot_rows import forest, forest_limits, height
from report.sections import latency, memory, ratio


def forest_figure(report, a, head):
    """Ratios of all maps of the headline's group to the base."""
    board, line, threads = head
    rows = ratio.ratio_rows(a, board, line, threads)
    title = ratio.heading(a, board, line, threads)
    told = ", ".join(f"{r['map']} {words.sig(r['ratio'])}" for r in rows
                     if r["ratio"])
    panel = report.panel(
        "rivals", f"All maps, {a.place(head)}", f"{told or 'No ratio'}.",
        (640, height(len(rows) + 1.35)), forest, [(title, rows)], a.look,
        a.base, forest_limits(rows), a.place(head))
    caption = (f"<b>All maps at {esc(a.place(head))}</b>, {esc(board.text())}"
               f": throughput ÷ that of {esc(a.base)}, whose own stands above; 95 "
               "% intervals, paired by block; shaded: ± 2 %.")
    return report.figure("rivals", caption, [panel], ratio.COLUMNS, rows, "l")


def lookups(a):
    """(what was run, map -> (P50, P99) as text) of the open loop in which
    most ranked maps have a result; (None, {}) without one."""
    best = max(latency.groups_of(a).items(), default=None, key=lambda item:
               sum(1 for c in item[1] if c.ok and a.ranked(c.map)))
    if best is None:
        return None, {}
    text, cells = best
    found = latencies.entries(cells).get(("lookup", True, "intended"), {})
    late = {c.map: latencies.overload(c) for c in cells}
    return text, {m: (late[m], "") if late[m] else tuple(
        latencies.quantile(several, key, p)["text"]
        for key, p in (("p50_ns", .5), ("p99_ns", .99)))
        for m, several in found.items()}


def standing(group, name):
    """[verdict, leader ÷ it, n] of a map in its group, as cells."""
    if name == group["leader"]:
        return [group["word"], "–", group["n"]]
    r = next(r for r in group["rivals"] if r["map"] == name)
    if r["outcome"] == verdicts.NONE:
        return [f"not ranked ({r['why']})", "–", r["n"]]
    return [r["outcome"], f"× {words.sig(r['ratio'])} "
            f"{words.between(r['low'], r['high'])}", r["n"]]


def small(text):
    """An interval, or a reason, below its value."""
    value, bracket, rest = esc(text).partition(" [")
    return value + (f"<br><small>[{rest}</small>" if bracket else "")


COLUMNS = [("map", "html"), ("Mop/s [95 %]", "html"), ("verdict", "text"),
           ("leader ÷ it [95 %]", "html"), ("n", "num"),
           ("P50 of lookup", "html"), ("P99 of lookup", "html"),
           ("bytes per entry", "num"), ("guarantees", "text")]


def table(report, a, head):
    """One row per ranked map: speed, latency, memory, guarantees; in a
    group that is not ranked without the three columns of verdicts."""
    group, cells = a.verdicts[head], a.at(head)
    text, quantiles = lookups(a)
    bytes_of = {r["map"]: r for r in memory.rows_of(a)[0]}
    drop = slice(2, 5 if group["word"] == verdicts.OPEN else 2)
    columns, rows = COLUMNS.copy(), []
    for name in sorted(verdicts.entrants(a, cells), key=lambda m: (
            -(a.mops(cells[m]) or 0), m)):
        level, held = a.level(cells[name]), bytes_of.get(name, {})
        told = standing(group, name)
        rows.append([
            chip(a.look, name),
            small(words.estimate(level)) if level else esc(
                cells[name].reason), told[0], small(told[1]), told[2],
            *(small(v) for v in quantiles.get(name, ("–", "–"))),
            words.sig(held["filled"]) if held.get("filled") else "–",
            guarantees.in_full(a.campaign.maps[name])])
    for row in [columns, *rows]:
        del row[drop]
    open_loop = (f"P50 and P99 from the intended start: {esc(text)}" if text
                 else "No open loop in this run, so no latency")
    return report.table(
        "rivals", f"Every ranked map at {esc(a.place(head))}. {open_loop}. "
        "Bytes per entry: section 6. Guarantees: as campaign.json describes "
        "the map.", columns, rows, css="rivals")


def leader_words(a, head):
    """What the leader is and what else it costs, in one line for the claim
    box; "" where no map leads."""
    group = a.verdicts.get(head)
    if not group or not group["front"]:
        return ""
    name = group["leader"]
    about, held = a.campaign.maps[name], {
        r["map"]: r for r in memory.rows_of(a)[0]}.get(name, {})
    text, quantiles = lookups(a)
    parts = [about.get("label") or "no description"]
    if about.get("source"):
        parts[0] += f" (after: {about['source']})"
    parts.append(guarantees.in_full(about) or "it promises nothing")
    got = quantiles.get(name)
    if got:
        rate = re.search(r"[^,]* operations/s", text)[0].strip()
        parts.append(f"its lookups took {got[0]} at P50, {got[1]} at P99, "
                     f"with {rate}" if got[1] else f"its lookups: {got[0]}")
    if held.get("filled"):
        parts.append(f"{words.sig(held['filled'])} bytes per entry")
    return f"{name} is: {'; '.join(parts)}."


def add(report, a, head):
    """Forest and table, or nothing where no cell has a result."""
    if head is None or not any(c.ok for c in a.at(head).values()):
        return ""
    figure = forest_figure(report, a, head) if a.base in a.at(head) else ""
    return figure + table(report, a, head)
