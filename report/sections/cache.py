# SPDX-License-Identifier: Apache-2.0
"""5 Cache: counters per operation, each with its source or a reason."""
from report import stats, topology, words
from report.analysis import board_of
from report.page import chip, esc, slug
from report.plot_lines import counter
from report.plots import frame_of_reason

PER_CYCLE = "instructions_per_cycle"  # a ratio, not per operation
TITLES = {  # metric -> title, unit; in the order of the page
    "l1d_fill": ("L1d lines brought in", "lines per operation"),
    "l1d_load_miss": ("L1d load misses", "misses per operation"),
    "l2_fill": ("L2 lines brought in", "lines per operation"),
    "l2_load_miss": ("L2 load misses", "misses per operation"),
    "llc_load_miss": ("Last-level load misses", "misses per operation"),
    "llc_miss": ("Last-level misses", "misses per operation"),
    "snoop_hitm": ("Modified lines from another core", "per operation"),
    "remote_hitm": ("Modified lines from another socket", "per operation"),
    "instructions": ("Instructions", "per operation"),
    "cycles": ("Cycles", "per operation"),
    PER_CYCLE: ("Instructions per cycle", "instructions per cycle"),
    "branch_miss": ("Mispredicted branches", "per operation"),
}
GOOD, UNREAL = "exact", "replayed"
COLUMNS = ("metric", "event", "backend", "quality", "map", "threads",
           "value", "low", "high", "n", "reason")
MAPS_SHOWN = 7
QUESTION = ("Do the misses explain the ranking, and do they agree with what "
            "the data structure must touch?")


def metric_order(metric):
    names = list(TITLES)
    return names.index(metric) if metric in names else len(names), metric


def per_cycle(events):
    """Instructions per cycle as an event, of a trial that counted both."""
    known = {e["metric"]: e for e in events if e.get("total") is not None}
    both = [known[m] for m in ("instructions", "cycles") if m in known]
    if len(both) == 2 and both[1]["total"]:
        yield {"metric": PER_CYCLE,
               "event": " / ".join(str(e.get("event")) for e in both),
               "code": " / ".join(str(e.get("code")) for e in both),
               "total": both[0]["total"] / both[1]["total"],
               "quality": next((e["quality"] for e in both
                                if e["quality"] != GOOD), GOOD)}


def per(metric, text):
    """" per operation", except for a metric that is not."""
    return "" if metric == PER_CYCLE else text


def gather(cells):
    """metric -> {"events", "bad": reasons, "values": (map, threads) ->
    [per operation], "cells": (map, threads) -> id, "quality", "backend"}
    over finished counter trials."""
    found = {}
    for cell in cells:
        for trial in cell.ok:
            got = trial["result"].get("counters") or {}
            events = got.get("events") or []
            for e in [*events, *per_cycle(events)]:
                m = found.setdefault(e["metric"], {
                    "events": set(), "bad": {}, "values": {}, "cells": {},
                    "quality": set(), "backend": set()})
                m["events"].add(f"{e.get('event')} ({e.get('code')})")
                m["backend"].add(got.get("backend"))
                ops = trial["result"].get("ops")
                if e.get("total") is None or not ops or \
                        e["quality"] not in (GOOD, UNREAL):
                    why = e.get("reason") or (
                        e["quality"] if ops else "no operation")
                    m["bad"][why] = m["bad"].get(why, 0) + 1
                    continue
                m["quality"].add(e["quality"])
                m["cells"].setdefault((cell.map, cell.threads), cell.id)
                m["values"].setdefault((cell.map, cell.threads), []).append(
                    e["total"] / (1 if e["metric"] == PER_CYCLE else ops))
    return found


def uncounted(a, cells):
    """Maps whose own threads the counts leave out."""
    return sorted({
        c.map for c in cells for trial in c.ok
        if (trial["result"].get("counters") or {}).get(
            "background_threads") == "not counted"
        and "background-threads" in a.campaign.maps[c.map].get("caps", [])})


def why_unusable(m):
    """Why a metric is no figure; None where it is one (R23)."""
    if not m["values"]:
        return "; ".join(sorted(m["bad"])) or "no value"
    if all(v == 0 for values in m["values"].values() for v in values):
        return "reads zero in every cell"
    return None


def metric_rows(metric, m):
    """Rows over maps and threads, with intervals."""
    level = stats.summarize({k: v for k, v in m["values"].items()}, log=False)
    meta = {"metric": metric, "event": " / ".join(sorted(m["events"])),
            "backend": " / ".join(sorted(map(str, m["backend"]))),
            "quality": " / ".join(sorted(m["quality"])), "reason": None}
    return [meta | {"cell": m["cells"][name, threads], "map": name,
                    "threads": threads, "value": s["centre"],
                    "low": s["low"], "high": s["high"], "n": s["n"]}
            for (name, threads), s in sorted(level.items())]


def shown_maps(a, rows):
    """Base, contender and the best of each family, at most MAPS_SHOWN."""
    names = sorted({r["map"] for r in rows})
    first = [m for m in (a.base, a.contender) if m in names]
    families = {a.look.family[m] for m in first}
    for name in names:
        if a.peer(name) and a.look.family[name] not in families:
            first.append(name)
            families.add(a.look.family[name])
    rest = [m for m in names if m not in first and a.peer(m)]
    return (first + rest)[:MAPS_SHOWN]


def panel_of(report, a, metric, m, threads, marks):
    """One metric's panel and its rows for the CSV."""
    title, unit = TITLES.get(metric, (metric, "per operation"))
    backend = " / ".join(sorted(map(str, m["backend"])))
    events = " / ".join(sorted(m["events"]))
    why = why_unusable(m)
    if why:
        slot = report.panel(
            slug("cache", metric), f"{title}: unavailable",
            f"No data: {why}.", (420, 300), frame_of_reason, title, why,
            f"source: {backend}, {events}")
        return slot, [{"metric": metric, "event": events, "backend": backend,
                       "quality": "unavailable", "reason": why}]
    rows = metric_rows(metric, m)
    lines = {}
    for name in shown_maps(a, rows):
        lines[name] = [r for r in rows if r["map"] == name]
    unreal = UNREAL in m["quality"]
    source = f"{'REPLAYED ' if unreal else ''}{backend}: {events}"
    if m["bad"]:
        source += f"; {sum(m['bad'].values())} trials unusable"
    told = ", ".join(f"{n} {words.sig(r[-1]['value'])}"
                     for n, r in lines.items())
    slot = report.panel(
        slug("cache", metric), title + per(metric, " per operation"),
        f"At {words.plural(threads[-1], 'thread')}: {told}.", (480, 310),
        counter, lines, threads, a.look, title, unit, source, marks, unreal)
    return slot, rows


def headline_cells(a):
    """Counter cells like the headline cell in all but map and threads."""
    head = a.headline()
    if head is None:
        return []
    board, line, _ = head
    return [c for c in a.by_measure.get("counters", [])
            if c.workload in board.workloads
            and board_of(c)[1:] == board[1:]
            and (c.write_kind, c.write_share) == line]


def groups(a):
    """Counter cells that differ in map and threads only, the headline's
    first, then in the order of the plan: one metric of several mixes, sizes
    or distributions would be of none."""
    found = {}
    for c in a.by_measure.get("counters", []):
        found.setdefault((board_of(c), c.write_kind, c.write_share, c.loop),
                         []).append(c)
    return [headline_cells(a), *found.values()]


def heading(metric, m):
    """Of a metric's column; counts of a recording are of another machine."""
    return (f"{'replayed: ' if UNREAL in m['quality'] else ''}"
            f"{TITLES.get(metric, (metric,))[0]}{per(metric, '/operation')}")


def why_caption(place, metrics):
    """What the table has; what it has not from this machine."""
    unreal = any(UNREAL in m["quality"] for m in metrics)
    return (f"Why is it faster? {esc(place)}; time and counts are from "
            "separate trials" + (", and counts that are called replayed from "
                                 "a recording, not from this machine"
                                 if unreal else ""))


def why_table(report, a, found, threads):
    """ns and counts per operation side by side, at the most threads."""
    head = a.headline()
    usable = [m for m in sorted(found, key=metric_order)
              if not why_unusable(found[m])]
    if head is None or not usable:
        return ""
    cells = a.grid[head[0]][head[1]].get(threads, {})
    rows = []
    for name in sorted(cells, key=lambda m: -(a.mops(cells[m]) or 0)):
        if not any((name, threads) in found[m]["values"] for m in usable):
            continue
        mops = a.mops(cells[name])
        row = [chip(a.look, name),
               words.sig(1e3 * threads / mops) if mops else "not run"]
        for m in usable:
            values = found[m]["values"].get((name, threads))
            row.append(words.sig(stats.summarize(
                {0: values}, log=False)[0]["centre"]) if values else "none")
        rows.append(row)
    columns = [("map", "html"), ("ns/operation and thread", "num")] + [
        (heading(m, found[m]), "num") for m in usable]
    return report.table(
        "why", why_caption(a.place((*head[:2], threads)),
                           [found[m] for m in usable]), columns, rows)


def add(report, a, where):
    cells = a.by_measure.get("counters", [])
    about = a.campaign.meta.get("counters") or {}
    chosen, found = next(((few, counts) for few in groups(a)
                          if (counts := gather(few))), ([], {}))
    if not found:
        tried = [t["reason"] for t in about.get("tried") or []
                 if t.get("reason")]
        reason = "; ".join(tried) or about.get("reason") or "; ".join(sorted(
            {c.reason for c in cells if c.reason})[:3]) or \
            "the plan has no counter cells"
        report.section(
            "cache", "5 Cache: why", QUESTION,
            f'<p class="none">No hardware counter in this run: '
            f'<span class="warn">unavailable ({esc(reason)})</span>; back end '
            f'{esc(str(about.get("backend", "none")))}.</p>')
        return
    threads = sorted({c.threads for c in chosen})
    counts = {t: {c.map: c for c in chosen if c.threads == t}
              for t in threads}
    marks = topology.marks(counts, where)
    panels, data = [], []
    for metric in sorted(found, key=metric_order):
        slot, rows = panel_of(report, a, metric, found[metric], threads,
                              marks)
        panels.append(slot)
        data += rows
    first, left_out = chosen[0], uncounted(a, chosen)
    hidden = sorted({m for f in found.values() for m, _ in f["values"]
                     if a.peer(m)})
    caption = (
        "<b>Counters per operation, "
        f"{esc(words.mix(first.write_share, first.write_kind))}, "
        f"{esc(board_of(first).text())}.</b> Every panel prints its source "
        "under its title; a counter that cannot be read is an empty red frame"
        " with the reason, never a zero. Counter trials are separate from "
        "timed ones." + (f" Drawn: {MAPS_SHOWN} of {len(hidden)} maps (base, "
                         "contender, one of each family first); all are in "
                         "the CSV." if len(hidden) > MAPS_SHOWN else "")
        + (f" {words.plural(len(cells) - len(chosen), 'more counter cell')} "
           "of other places: in trials.jsonl." if len(cells) > len(chosen)
           else "")
        + (" The counts leave out the threads that "
           f"{esc(words.joined(left_out))} started." if left_out else ""))
    report.section("cache", "5 Cache: why", QUESTION,
                   report.figure("cache", caption, panels, COLUMNS, data,
                                 "m"),
                   why_table(report, a, found, threads[-1])
                   if chosen == headline_cells(a) else "")
