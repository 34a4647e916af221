# SPDX-License-Identifier: Apache-2.0
"""2 Scaling: who gains from threads, and at what cost against no lock."""
from report import disturbed, topology, words
from report.page import details, esc, none, slug
from report.plot_lines import (efficiency, gain_text, per_operation,
                               scaling)
from report.plot_rows import dumbbells, efficiency_rows, height

COLUMNS = ("workload", "keys", "write_kind", "write_share", "map", "threads",
           "mops", "low", "high", "n", "reason", "gain", "gain_low",
           "gain_high", "gain_why", "from_threads", "from_mops")
BOUND = "gomap"
DEPTH = 2000  # of the throughput axis
MANY = 12  # maps from which the grey lines become a band
ROWS = ("Hollow: the smaller thread count; filled: the larger. Right: what a "
        "map gained, paired by block with its 95 % interval, and what it "
        "gained it from. Bars: 95 % interval of the throughput. Bounds hold "
        "no lock and stand last.")
LINES = ("One map in colour, the others grey; under its name what it gained, "
         "paired by block with its 95 % interval. Dotted ink: ideal from its "
         "own smallest count. Grey dashes, dots and dash-dots: gomap, "
         "null_map and unsync_probe, bounds that hold no lock, drawn where "
         "they are safe to run. Bars: 95 % interval, where it is wider than "
         "the marker. Vertical: where the placement leaves the first socket,"
         " shares cores (SMT), or has more threads than CPUs.")
QUESTION = ("Who gains from more threads, where does it stop, and what does "
            "it cost against no synchronisation at all?")


def level_rows(a, board, line):
    """map -> rows over threads, those with a result; bounds too."""
    lines, first = {}, {}
    for threads, cells in sorted(a.grid[board][line].items()):
        for name, cell in sorted(cells.items()):
            level = a.level(cell)
            if level is None:
                continue
            lines.setdefault(name, []).append({
                "workload": board.workload, "keys": board.keys,
                "cell": cell.id, "write_kind": line.kind,
                "write_share": line.share, "map": name,
                "threads": threads, "mops": level["centre"],
                "low": level["low"], "high": level["high"],
                "n": level["n"], "reason": level["reason"],
                **gain(a, first.setdefault(name, cell), cell)})
    return lines


def gain(a, first, cell):
    """What a map gained from its smallest thread count, paired by block."""
    if cell is first:
        return {}
    pair = a.ratio(first, cell)
    if pair is None:
        return {"gain": None, "gain_why": "failed verification"
                if a.wrong(cell.map) else "no block in common"}
    return {"gain": pair["centre"], "gain_low": pair["low"],
            "gain_high": pair["high"], "gain_why": pair["reason"],
            "from_threads": first.threads, "from_mops": a.mops(first)}


def order_of(a, names):
    """Maps grouped by family, the base's family first."""
    families = list(dict.fromkeys(
        [a.look.family.get(a.base)] + [a.look.family[m] for m in
                                       a.campaign.maps]))
    return sorted(names, key=lambda m: (
        families.index(a.look.family[m]), list(a.campaign.maps).index(m)))


def limits_of(lines, taken):
    """(low, high) Mop/s of the maps that are taken, with intervals; a map
    that is thousands of times slower must not flatten the rest."""
    rows = [r for m, rs in lines.items() if taken(m) for r in rs]
    if not rows:
        return None
    floor = max(r["mops"] for r in rows) / DEPTH
    shown = [r for r in rows if r["mops"] >= floor]
    return (max(floor, min(r["low"] or r["mops"] for r in shown)),
            max(r["high"] or r["mops"] for r in shown))


def small_multiples(report, a, board, line, where):
    """One panel per map for one write kind."""
    lines = level_rows(a, board, line)
    limits = limits_of(lines, lambda m: m not in a.floors.values())
    if limits is None:
        return "", []
    threads = sorted(a.grid[board][line])
    marks = topology.marks(a.grid[board][line], where)
    names = order_of(a, {m for c in a.grid[board][line].values() for m in c
                         if a.peer(m)})
    panels = []
    for name in names:
        rows = lines.get(name, [])
        told = ", ".join(f"{words.sig(r['mops'])} Mop/s at {r['threads']}"
                         for r in rows) or "not run"
        if len(rows) > 1:
            told += f"; {gain_text(rows[-1])}"
        panels.append(report.panel(
            slug("scaling", line.kind, words.share(line.share), name),
            f"Throughput of {name}, {line.text()}", f"{name}: {told}.",
            (330, 255), scaling, lines, name, threads, a.look, marks,
            limits, len(names) > MANY))
    return panels, [r for m in lines for r in lines[m]]


def dumbbell_row(name, rows, counts, cells):
    """A map at both thread counts, and what it gained, in words."""
    first, last = (next((r for r in rows if r["threads"] == t), None)
                   for t in counts)
    missing = [f"{words.plural(t, 'thread')}: {cells[t][name].state}"
               for t, r in zip(counts, (first, last))
               if r is None and name in cells[t]]
    told = gain_text(last) if first and last else "; ".join(missing)
    return {"map": name, "first": first, "last": last, "told": told,
            "why": "; ".join(sorted({cells[t][name].reason for t in counts
                                     if name in cells[t]
                                     and cells[t][name].reason}))}


def two_counts(report, a, board, line, _):
    """One panel for two thread counts: a row for each map, bounds last."""
    lines, cells = level_rows(a, board, line), a.grid[board][line]
    counts = sorted(cells)
    names = {m for c in cells.values() for m in c}
    rows = [dumbbell_row(m, lines.get(m, []), counts, cells) for m in names]
    rows.sort(key=lambda r: (
        not a.peer(r["map"]), r["last"] is None and r["first"] is None,
        -((r["last"] or r["first"] or {}).get("mops", 0)), r["map"]))
    if limits_of(lines, a.peer) is None:
        return "", []
    shown = limits_of(lines, lambda m: True)
    told = "; ".join(f"{r['map']} {r['told']}" for r in rows if r["told"])
    return [report.panel(
        slug("scaling", line.kind, words.share(line.share)),
        f"Throughput at {counts[0]} and {counts[1]} threads, {line.text()}",
        f"From {counts[0]} to {counts[1]} threads: {told}.",
        (520, height(len(rows), 62)), dumbbells, rows, a.look, counts,
        shown)], [r for m in lines for r in lines[m]]


def one_count(report, a, board, lines, threads):
    """A single thread count: ns per operation as dots."""
    panels, data = [], []
    for line in lines:
        rows = []
        for name, cell in a.grid[board][line].get(threads, {}).items():
            level = a.level(cell)
            ns = (lambda v: v and 1e3 * threads / v)
            rows.append({
                "cell": cell.id, "write_kind": line.kind,
                "write_share": line.share, "map": name,
                "threads": threads, "why": cell.reason,
                "ns": level and ns(level["centre"]),
                "low": level and ns(level["high"]),
                "high": level and ns(level["low"]),
                "n": level["n"] if level else 0,
                "reason": level and level["reason"]})
        rows.sort(key=lambda r: (r["ns"] is None, r["ns"]))
        data += rows
        told = ", ".join(f"{r['map']} {words.sig(r['ns'])}" for r in rows
                         if r["ns"])
        panels.append(report.panel(
            slug("ns", line.kind, words.share(line.share)),
            f"ns per operation, {line.text()}", f"ns per operation: {told}.",
            (560, height(len(rows))), per_operation, rows, a.look))
    caption = (f"<b>One thread count only ({threads}): ns per operation and "
               f"thread</b>, {esc(board.text())}. Reciprocal throughput, not "
               "latency. Bars: 95 % interval.")
    return report.figure("scaling", caption, panels, (
        "write_kind", "write_share", "map", "threads", "ns", "low", "high",
        "n", "reason", "why"), data, "m")


def kinds_figure(report, a, board, line, where):
    """Small multiples of the headline line, the other kinds folded."""
    same = [n for n in a.lines_of(board) if n.share == line.share]
    same.sort(key=lambda n: n != line)
    drawn, data = [], []
    counts = a.threads_of(board)
    for one in same:  # which need not have all counts of the board
        both = len(counts) == 2 == len(a.grid[board][one])
        panels, rows = (two_counts if both else small_multiples)(
            report, a, board, one, where)
        data += rows
        if panels:
            drawn.append((one, panels))
    if not drawn:
        return none("no throughput cell has a result")
    few = len(counts) == 2 == len(a.grid[board][drawn[0][0]])
    caption = (f"<b>Throughput against threads, {esc(drawn[0][0].text())}, "
               f"{esc(board.text())}.</b> {ROWS if few else LINES}")
    crossed = topology.marks(a.grid[board][line], where)
    if few and crossed:
        caption += f" On the way to the larger count: {esc(crossed[0][1])}."
    text = report.figure("scaling", caption, drawn[0][1], COLUMNS, data,
                         "l" if few else "s")
    for one, panels in drawn[1:]:
        text += details(f"The same for {esc(one.text())}",
                        f'<div class="panels s">{"".join(panels)}</div>')
    return text


def where_bound_ran(a):
    """(board, line, thread counts) with the most results of the bound."""
    best = None
    for board in a.boards():
        for line in a.lines_of(board):
            counts = [t for t, cells in a.grid[board][line].items()
                      if a.comparable(cells.get(BOUND))]
            if counts and (best is None or len(counts) > len(best[2])):
                best = board, line, sorted(counts)
    return best


def efficiency_data(a, board, line, counts):
    """Rows in per cent of the bound, paired by block."""
    for threads in counts:
        cells = a.grid[board][line][threads]
        for name, cell in cells.items():
            pair = a.ratio(cells[BOUND], cell)
            if pair is None or not a.peer(name):
                continue
            times = lambda v: None if v is None else 100 * v
            yield {"cell": cell.id, "map": name, "threads": threads,
                   "n": pair["n"],
                   "percent": times(pair["centre"]),
                   "reason": pair["reason"],
                   "low": times(pair["low"]), "high": times(pair["high"]),
                   "bound_mops": a.mops(cells[BOUND])}


def efficiency_figure(report, a, where):
    """Throughput as a share of the unsynchronised map's, where it ran."""
    best = where_bound_ran(a)
    if best is None:
        why = {c.reason or a.wrong(BOUND)
               for c in a.by_measure.get("throughput", [])
               if c.map == BOUND}
        return none(f"efficiency needs {BOUND}, the unsynchronised bound"
                    + (f": {esc(sorted(why)[0])}" if why else
                       ", which is not in the plan"))
    board, line, counts = best
    data, lines = list(efficiency_data(a, board, line, counts)), {}
    for row in data:
        lines.setdefault(row["map"], []).append(row)
    if not data:
        return none(f"no other map has a result where {BOUND} has one")
    told = ", ".join(f"{m} {words.percent(rows[-1]['percent'])}"
                     for m, rows in lines.items())
    about = ("efficiency", "Efficiency against the unsynchronised map",
             f"At {words.plural(counts[-1], 'thread')}: {told}.")
    own = {t: words.estimate(a.level(a.grid[board][line][t][BOUND]))
           for t in counts}
    if len(counts) <= 2:
        groups = [(f"{words.plural(t, 'thread')} · {BOUND} {own[t]} Mop/s",
                   sorted((r for r in data if r["threads"] == t),
                          key=lambda r: -r["percent"])) for t in counts]
        panel = report.panel(
            *about, (480, height(len(data) + 1.35 * len(counts))),
            efficiency_rows, groups, a.look, BOUND)
    else:
        marks = topology.marks(
            {t: a.grid[board][line][t] for t in counts}, where)
        panel = report.panel(*about, (600, 360), efficiency, lines, counts,
                             a.look, marks, BOUND)
    caption = (f"<b>Efficiency = throughput ÷ that of {BOUND} without "
               f"synchronisation</b>, {esc(line.text())}, "
               f"{esc(board.text())}, same threads, paired by block. {BOUND} "
               "runs only where it is safe: one thread, or lookups only. "
               f"Throughput of {BOUND}: " + "; ".join(
                   f"{own[t]} Mop/s with {words.plural(t, 'thread')}"
                   for t in counts) + "."
               + noise(a, board, line, data) + beaten(data))
    return report.figure(
        "efficiency", caption, [panel],
        ("map", "threads", "percent", "low", "high", "n", "reason",
         "bound_mops"), data, "l", side=True)


def noise(a, board, line, data):
    """How many of the figure's trials others disturbed, as a sentence."""
    cells = {c.id: c for r in data for m in (BOUND, r["map"])
             for c in [a.grid[board][line][r["threads"]][m]]}
    told = disturbed.told(cells.values(), "this figure's")
    return f" {told}." if told else ""


def beaten(data):
    """What a share above 100 % means, where an interval lies there: a point
    alone may be a neighbour's doing."""
    above = {}
    for r in data:
        if r["low"] is not None and r["low"] > 100:
            above[r["map"]] = max(r["percent"], above.get(r["map"], 0))
    if not above:
        return ""
    told = words.joined(f"{m} {words.percent(v)}" for m, v in sorted(
        above.items(), key=lambda item: -item[1]))
    return (f" <b>Above 100 %: {esc(told)}.</b> {BOUND} bounds what locks "
            "around the same table can reach; another table may be faster.")


def add(report, a, where):
    head = a.headline()
    if head is None or not a.rates:
        report.section("scaling", "2 Scaling", QUESTION,
                       none("no throughput cell has a result"))
        return
    board, line, _ = head
    if len(a.threads_of(board)) == 1:
        lines = [n for n in a.lines_of(board) if n.share == line.share]
        first = one_count(report, a, board, lines, a.threads_of(board)[0])
    else:
        first = kinds_figure(report, a, board, line, where)
    report.section("scaling", "2 Scaling", QUESTION, first,
                   efficiency_figure(report, a, where))
