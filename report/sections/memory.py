# SPDX-License-Identifier: Apache-2.0
"""6 Memory: bytes per entry after prefill and at the peak."""
import statistics

from report import factors, journal, words
from report.page import chip, details, esc, none, slug
from report.plot_rows import height, memory
from report.sections import loops

COLUMNS = ("workload", "shape", "keys", "map", "filled", "peak", "n",
           "rss_empty_bytes", "rss_filled_bytes", "rss_peak_bytes", "why")
WAITING = ("retired_peak_bytes", "limbo_peak", "grace_waits", "grace_wait_ns")
KEPT = "stall_retained_bytes", "retired_peak_bytes"
LARGEST = ("the largest value of any throughput trial, attempts that were "
           "measured again included")
FEW = 32768  # below it whole pages hide the entry
QUESTION = ("What does an entry cost, at rest and at the worst moment, and "
            "what waits to be freed?")


def usage(cell):
    """Medians over the trials of a cell; None where none has the values.

    The kernel sums up late what it tells as the peak: what was seen before is
    no less.
    """
    found = []
    for trial in cell.ok:
        m = trial["result"].get("footprint") or {}
        got = [m.get(k) for k in ("rss_empty_bytes", "rss_filled_bytes",
                                  "rss_peak_bytes")]
        held = trial["result"].get("keys_before") or 0
        if None not in got and held:
            empty, filled, peak = got
            found.append((empty, filled, max(filled, peak), held))
    if not found:
        return None
    empty, filled, peak, held = (statistics.median(v) for v in zip(*found))
    return {"filled": (filled - empty) / held, "peak": (peak - empty) / held,
            "rss_empty_bytes": empty, "rss_filled_bytes": filled,
            "rss_peak_bytes": peak, "n": len(found)}


def is_collected(cell):
    """Has its map a heap that a collector keeps? A run time that has one
    counts its collections."""
    return any(s["name"] == "collections" for trial in cell.ok
               for s in trial["result"].get("stats") or [])


def node_shares(footprint):
    """{"0": 750, "1": 250} -> "0: 75 %, 1: 25 %": pages by NUMA node."""
    pages = footprint.get("page_nodes") or {}
    return ", ".join(f"{node}: {100 * n / sum(pages.values()):.0f} %"
                     for node, n in sorted(pages.items()))


def placed(a):
    """Which maps one thread filled while all threads filled the others, and
    whose pages lie on several NUMA nodes, in words; of each map's cell with
    the most threads."""
    last = {}
    for cell in a.by_measure.get("throughput", []):
        if cell.ok and cell.threads >= getattr(last.get(cell.map), "threads", 2):
            last[cell.map] = cell
    told = {name: cell.ok[0]["result"].get("footprint") or {}
            for name, cell in sorted(last.items())}
    alone = [m for m, t in told.items() if t.get("prefill_threads") == 1]
    text = ""
    if alone and any((t.get("prefill_threads") or 0) > 1
                     for t in told.values()):
        text = (f" {esc(words.joined(alone))}: filled by one thread; the "
                "others by all, each on its own NUMA node.")
    spread = {m: node_shares(t) for m, t in told.items()}
    listed = [f"{esc(m)} {s}" for m, s in spread.items() if "," in s]
    return text + (f" Pages by NUMA node: {'; '.join(listed)}."
                   if listed else "")


def collected(rows):
    """The maps of these rows that have such a heap, in words."""
    return words.joined(sorted(r["map"] for r in rows if r.get("collected")))


def of_heaps(rows):
    """A short sentence on them, for where the long one does not stand."""
    names = collected(rows)
    return (f" Bytes of {esc(names)} are of collected heaps: section 6."
            if names else "")


def rows_of(a):
    """One row per map: its largest size, headline shape, most threads."""
    head = a.headline()
    if head is None:
        return [], None
    line = head[1]
    largest = max((b for b in a.grid if b.shape == head[0].shape
                   and b.workloads & head[0].workloads),
                  key=lambda b: (b.keys, b.placement == head[0].placement,
                                 b.dist == "uniform"))
    counts = a.grid[largest].get(line) or next(iter(
        a.grid[largest].values()))
    threads = min(counts)  # one heap per thread blurs the entry
    rows = []
    for name, cell in counts[threads].items():
        if "no-state" in a.campaign.maps[name].get("caps", []) \
                or name == "null_map":
            continue
        row = {"cell": cell.id, "workload": largest.workload, "shape": largest.shape,
               "keys": largest.keys, "map": name, "filled": None,
               "peak": None, "n": 0, "short": cell.state,
               "collected": is_collected(cell),
               "why": cell.reason or "no memory values in its results"}
        used = usage(cell)
        row.update({**used, "why": ""} if used else {})
        rows.append(row)
    rows.sort(key=lambda r: (r["filled"] is None, r["filled"], r["map"]))
    return rows, (largest, threads)


def attempts(cell):
    """Its trials that count, and what was measured before it was measured
    again: whatever a map kept there, it kept."""
    return cell.ok + [t for t in cell.earlier if journal.usable(t)
                      and t["result"].get("ops")]


def stats_tables(report, a):
    """What maps say of themselves, largest value over all throughput trials
    and all their attempts: what waits to be freed, and all the rest folded."""
    worst = {}
    for cell in a.by_measure.get("throughput", []):
        for trial in attempts(cell):
            for s in trial["result"].get("stats") or []:
                key = cell.map, s["name"], s["unit"]
                if s["value"] is not None and s["value"] > worst.get(
                        key, (-1, None))[0]:
                    worst[key] = s["value"], cell
    if not worst:
        return none("no map offers statistics of its own, such as retired "
                    "and freed memory")
    columns = [("map", "html"), ("statistic", "text"), ("largest", "num"),
               ("cell", "html")]
    data = [{"cell": cell.id, "statistic": name, "unit": unit,
             "largest": value, "n": len(attempts(cell))}
            for (_, name, unit), (value, cell) in sorted(worst.items())]
    rows = [(name, [chip(a.look, m), name.replace("_", " "),
                    quantity(value, unit), f"<code>{esc(cell.id)}</code>"])
            for (m, name, unit), (value, cell) in sorted(worst.items())]
    waiting = [row for name, row in rows
               if name in WAITING and row[2] not in ("0", "0 ns", "0 B")]
    text = report.table(
        "retired", "Memory that waits for readers, and writers that wait for "
        f"it: {LARGEST}, and its cell", columns, waiting) if waiting else (
            "<p>No map that counts it held retired memory back, and no writer "
            "waited.</p>")
    link = report.data("map-statistics", ("statistic", "unit", "largest"),
                       data)
    return text + details(
        f"All {len(rows)} statistics that the maps keep", report.table(
            "map-stats", f"What the maps count themselves: {LARGEST}",
            columns, [row for _, row in rows]),
        f"<p>{link}</p>")


def quantity(value, unit):
    if unit == "bytes":
        return words.size(value)
    if unit == "ns":
        return words.duration(value)
    return (words.count(int(value)) if value == int(value)
            else words.sig(value))


def stalled(report, a):
    """What is kept while a reader stands in a read section, and what the
    other threads then do; "" where no such loop was run."""
    cells = [c for c in a.other_loops if c.loop.startswith("stall:") and c.ok]
    if not cells:
        return ""
    data = [{"cell": c.id, "map": c.map, "loop": c.loop,
             "n": len(attempts(c)), **{name: biggest(c, name)
                                       for name in KEPT}} for c in cells]
    rows = [[esc(c.workload), chip(a.look, c.map), c.loop.split(":")[1],
             words.mix(c.write_share, c.write_kind),
             words.plural(c.threads, "thread"), loops.result_of(a, c),
             *("not counted" if row[name] is None else words.size(row[name])
               for name in KEPT)] for c, row in zip(cells, data)]
    link = report.data("stalled-all", ("map", "loop", *KEPT), data)
    return report.table(
        "stalled", "One reader stands inside a read section, again and again,"
        " each time for so long; the others write. Operations per second of "
        "all, and the most in any trial, attempts that were measured again "
        "included: resident memory that came meanwhile, and what the map "
        "counts as retired and not yet freed", [
            ("workload", "html"), ("map", "html"), ("stands for", "text"),
            ("mix", "text"), ("threads", "text"), ("Mop/s", "text"),
            ("memory that came", "num"), ("retired, at most", "num")],
        rows) + f"<p>{link}</p>"


def biggest(cell, name):
    """The largest value of a statistic in any attempt; None: nobody counts
    it."""
    return max((s["value"] for trial in attempts(cell)
                for s in trial["result"].get("stats") or []
                if s["name"] == name and s["value"] is not None),
               default=None)


def heaps(rows):
    """What bytes of a collected heap have in them beside the entries."""
    names = collected(rows)
    return "" if not names else (
        f' <b class="warn">Not to be compared with the others: {esc(names)}, '
        "whose heaps have a collector.</b> What is filled there has garbage "
        "and the heap's reserve in it, and classes and code that were loaded "
        "meanwhile; the peak is how far the heap was let grow, not what "
        "entries need.")


def add(report, a, where):
    rows, place = rows_of(a)
    stands = stalled(report, a)
    if not rows or all(r["filled"] is None for r in rows):
        report.section("memory", "6 Memory", QUESTION, stands or none(
            "no finished trial recorded its memory"))
        return
    board, threads = place
    payload = sum(factors.lengths(board.shape))
    told = ", ".join(f"{r['map']} {words.sig(r['filled'])}" for r in rows
                     if r["filled"] is not None)
    panel = report.panel(slug("memory"), "Bytes per entry",
                         f"Bytes per entry after prefill: {told}.",
                         (640, height(len(rows), 90)), memory, rows, a.look,
                         payload)
    small = ("" if board.keys >= FEW else f' <b class="warn">Only '
             f"{words.of_keys(board.keys)}: whole pages and the allocator's "
             "reserve hide the entry; read this as an upper bound.</b>")
    caption = (f"<b>Bytes per entry above the empty process</b>, "
               f"{esc(board.text())}, {words.plural(threads, 'thread')}: "
               "resident set after prefill (filled) and at its peak (hollow),"
               " less that of the process before the map was made, over the "
               "entries held. A difference of medians, not the median of "
               "differences: of each the median over trials, whose exact "
               "bytes are in the CSV."
               + heaps(rows) + placed(a) + small)
    report.section("memory", "6 Memory", QUESTION,
                   report.figure("memory", caption, [panel], COLUMNS, rows,
                                 "l", side=True), stats_tables(report, a),
                   stands)
