# SPDX-License-Identifier: Apache-2.0
"""2 Scaling: who gains from threads, and at what cost against no lock."""
from report import topology, words
from report.page import details, esc, none, slug
from report.plot_lines import (efficiency, efficiency_rows, per_operation,
                               scaling)
from report.plot_rows import height

COLUMNS = ("workload", "keys", "write_kind", "write_share", "map", "threads",
           "mops", "low", "high", "n", "reason")
BOUND = "gomap"
DEPTH = 2000  # of the throughput axis
MANY = 12  # maps from which the grey lines become a band
QUESTION = ("Who gains from more threads, where does it stop, and what does "
            "it cost against no synchronisation at all?")


def level_rows(a, board, line):
    """map -> rows over threads, those with a result; bounds too."""
    lines = {}
    for threads, cells in sorted(a.grid[board][line].items()):
        for name, cell in sorted(cells.items()):
            level = a.level(cell)
            if level is None:
                continue
            lines.setdefault(name, []).append({
                "workload": board.workload, "keys": board.keys,
                "write_kind": line.kind, "write_share": line.share,
                "map": name, "threads": threads, "mops": level["centre"],
                "low": level["low"], "high": level["high"],
                "n": level["n"], "reason": level["reason"]})
    return lines


def order_of(a, names):
    """Maps grouped by family, the base's family first."""
    families = list(dict.fromkeys(
        [a.look.family.get(a.base)] + [a.look.family[m] for m in
                                       a.campaign.maps]))
    return sorted(names, key=lambda m: (
        families.index(a.look.family[m]), list(a.campaign.maps).index(m)))


def small_multiples(report, a, board, line, where):
    """One panel per map for one write kind."""
    lines = level_rows(a, board, line)
    values = [r["mops"] for m, rows in lines.items() for r in rows
              if m != "null_map"]
    if not values:
        return "", []
    # a map that is thousands of times slower must not flatten the rest
    low = max(min(values), max(values) / DEPTH)
    threads = sorted(a.grid[board][line])
    marks = topology.marks(a.grid[board][line], where)
    names = order_of(a, {m for c in a.grid[board][line].values() for m in c
                         if a.peer(m)})
    panels = []
    for name in names:
        rows = lines.get(name, [])
        told = ", ".join(f"{words.sig(r['mops'])} Mop/s at {r['threads']}"
                         for r in rows) or "not run"
        panels.append(report.panel(
            slug("scaling", line.kind, words.share(line.share), name),
            f"Throughput of {name}, {line.text()}", f"{name}: {told}.",
            (330, 255), scaling, lines, name, threads, a.look, marks,
            (low, max(values)), len(names) > MANY))
    return panels, [r for m in lines for r in lines[m]]


def one_count(report, a, board, lines, threads):
    """A single thread count: ns per operation as dots."""
    panels, data = [], []
    for line in lines:
        rows = []
        for name, cell in a.grid[board][line].get(threads, {}).items():
            level = a.level(cell)
            ns = (lambda v: v and 1e3 * threads / v)
            rows.append({
                "write_kind": line.kind, "write_share": line.share,
                "map": name, "threads": threads, "why": cell.reason,
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
    for one in same:
        panels, rows = small_multiples(report, a, board, one, where)
        data += rows
        if panels:
            drawn.append((one, panels))
    if not drawn:
        return none("no throughput cell has a result")
    caption = (
        f"<b>Throughput against threads, {esc(drawn[0][0].text())}, "
        f"{esc(board.text())}.</b> One map in colour, the others grey. Dotted"
        " ink: ideal from its own smallest count. Grey dashes, dots and "
        "dash-dots: gomap, null_map and unsync_probe, bounds that hold no "
        "lock, drawn where they are safe to run. Bars: 95 % interval, often "
        "smaller than the marker. Vertical: where the placement leaves the "
        "first socket, shares cores (SMT), or has more threads than CPUs.")
    text = report.figure("scaling", caption, drawn[0][1], COLUMNS, data)
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
                      if BOUND in cells and cells[BOUND].ok]
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
            yield {"map": name, "threads": threads, "n": pair["n"],
                   "percent": times(pair["centre"]),
                   "low": times(pair["low"]), "high": times(pair["high"]),
                   "bound_mops": a.mops(cells[BOUND])}


def efficiency_figure(report, a, where):
    """Throughput as a share of the unsynchronised map's, where it ran."""
    best = where_bound_ran(a)
    if best is None:
        why = {c.reason for c in a.by_measure.get("throughput", [])
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
    if len(counts) == 1:
        panel = report.panel(*about, (480, height(len(data))),
                             efficiency_rows, data, a.look, BOUND)
    else:
        marks = topology.marks(
            {t: a.grid[board][line][t] for t in counts}, where)
        panel = report.panel(*about, (640, 360), efficiency, lines, counts,
                             a.look, marks, BOUND)
    caption = (f"<b>Efficiency = throughput ÷ that of {BOUND} without "
               f"synchronisation</b>, {esc(line.text())}, "
               f"{esc(board.text())}, same threads, paired by block. {BOUND} "
               "runs only where it is safe: one thread, or lookups only.")
    return report.figure(
        "efficiency", caption, [panel],
        ("map", "threads", "percent", "low", "high", "n", "bound_mops"),
        data, "l", side=True)


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
