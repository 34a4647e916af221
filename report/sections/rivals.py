# SPDX-License-Identifier: Apache-2.0
"""Every map of the headline's group in the first screen: a forest of
ratios, and a row per map with what else decides."""
from report import guarantees, latencies, verdicts, words
from report.page import chip, details, esc
from report.plot_rows import forest, forest_limits, height
from report.sections import latency, memory, ratio


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
    caption = (f"<b>All maps at {esc(a.place(head))}</b>, {esc(board.text())}"
               f": throughput ÷ that of {esc(a.base)}, whose own stands above; 95 "
               "% intervals, paired by block; shaded: ± 2 %.")
    return report.figure("rivals", caption, [panel], ratio.COLUMNS, rows, "l")


def lookups(a):
    """(what was run, a cell of it, map -> (P50, P99) as text) of the open
    loop in which most ranked maps have a result; (None, None, {}) without."""
    best = max(latency.groups_of(a).items(), default=None, key=lambda item:
               sum(1 for c in item[1] if c.ok and a.ranked(c.map)))
    if best is None:
        return None, None, {}
    text, cells = best
    found = latencies.entries(cells).get(("lookup", True, "intended"), {})
    late = {c.map: latencies.overload(c) for c in cells}
    return text, cells[0], {m: (late[m], "") if late[m] else tuple(
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


def columns(first):
    """Headings; first: the leader, whose ratio to each map is shown."""
    return [("map", "html"), ("what it is", "html"), ("Mop/s [95 %]", "html"),
            ("verdict", "text"), (f"{first} ÷ it [95 %]", "html"),
            ("n", "num"), ("bytes per entry", "num"),
            ("guarantees", "text"), ("P50 of lookup", "html"),
            ("P99 of lookup", "html")]


FOLDED = ("n", "P50 of lookup", "P99 of lookup")  # not in the first screen
VERDICT = slice(3, 6)  # of a group that is not ranked there is none


def description(about):
    """What a map is, in its own words, and what it was made after."""
    source = about.get("source")
    return esc(about.get("label") or "no description") + (
        f"<br><small>after: {esc(source)}</small>" if source else "")


def map_rows(a, head):
    """One row per ranked map: speed, memory, guarantees, latency."""
    group, cells = a.verdicts[head], a.at(head)
    _, _, quantiles = lookups(a)
    bytes_of = {r["map"]: r for r in memory.rows_of(a)[0]}
    rows = []
    for name in sorted(verdicts.entrants(a, cells), key=lambda m: (
            -(a.mops(cells[m]) or 0), m)):
        level, held = a.level(cells[name]), bytes_of.get(name, {})
        told, about = standing(group, name), a.campaign.maps[name]
        rows.append([
            chip(a.look, name), description(about),
            small(words.estimate(level)) if level else esc(
                cells[name].reason), told[0], small(told[1]), told[2],
            words.sig(held["filled"]) if held.get("filled") else "–",
            guarantees.in_full(about),
            *(small(v) for v in quantiles.get(name, ("–", "–")))])
    return rows


def tables(report, a, head):
    """(the first screen's table of all ranked maps, the same with latencies,
    folded); empty where no cell has a result."""
    if head is None or not any(c.ok for c in a.at(head).values()):
        return "", ""
    group, place = a.verdicts[head], esc(a.place(head))
    heads, rows = columns(group["leader"]), map_rows(a, head)
    if group["word"] == verdicts.OPEN:
        for row in [heads, *rows]:
            del row[VERDICT]
    kept = [i for i, (title, _) in enumerate(heads) if title not in FOLDED]
    short = [[row[i] for i in kept] for row in [heads, *rows]]
    text = lookups(a)[0]
    latency_of = (f"P50 and P99, of another run, from the intended start: "
                  f"{esc(text)}" if text
                  else "No open loop in this run, so no latency")
    return (report.table(
        "first", f"<b>Every ranked map at {place}</b>, fastest first, and "
        "what it takes. Latencies: section 4.", short[0], short[1:],
        css="rivals cards"), details("The same with latencies", report.table(
            "rivals", f"Every ranked map at {place}. {latency_of}. Bytes "
            "per entry: section 6.", heads, rows, css="rivals")))


def leader_words(a, head):
    """What the leader is and what else it costs, in one line for the claim
    box; "" where no map leads."""
    group = a.verdicts.get(head)
    if not group or not group["front"]:
        return ""
    name = group["leader"]
    about, held = a.campaign.maps[name], {
        r["map"]: r for r in memory.rows_of(a)[0]}.get(name, {})
    takes = (f" It takes {words.sig(held['filled'])} bytes per entry."
             if held.get("filled") else "")
    source = f" (after: {about['source']})" if about.get("source") else ""
    return (f"{name} is: {about.get('label') or 'no description'}{source}. "
            "Guarantees and limits: "
            f"{guarantees.in_full(about) or 'none'}.{takes}"
            + tail_words(a, head, name))


def tail_words(a, head, name):
    """The latency of its lookups, and in which other workload."""
    _, cell, quantiles = lookups(a)
    middle, tail = quantiles.get(name, ("", ""))
    if not middle:
        return ""
    which = ("the same workload" if cell.workload in head[0].workloads
             else "another workload")
    took = f"P50 {middle}, P99 {tail}" if tail else middle
    return (f" Its lookups in {which} ({cell.workload}, {cell.shape}, "
            f"{words.count(round(cell.rate_per_s))} operations/s): {took}.")


# ---- what became of each map ------------------------------------------------

def why_not(a, head, name):
    """Why a map of the plan is not among the ranked ones of the headline."""
    cell = a.at(head).get(name)
    if name in a.failed:
        return "failed verification"
    if a.look.bound(name):
        return "references, not for use"
    if name in a.look.aside:
        return a.look.aside[name]
    if a.campaign.maps[name].get("misuse"):
        return "planted misuse"
    return "not run here" if cell is None or cell.skip else "too few trials"


def maps_line(a, head):
    """Every map of the plan: ranked here, or why not; and of what this
    machine cannot tell."""
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
    cpus = (a.campaign.meta.get("machine") or {}).get("cpus")
    return told + "." + (
        f" This machine has {words.plural(cpus, 'CPU')}: nothing here tells "
        "of more threads that run at once." if cpus else "")
