# SPDX-License-Identifier: Apache-2.0
"""Speed against its price: bytes per entry, and the tail."""
import re

from report import latencies, words
from report.page import esc, none
from report.plot_scatter import scatter
from report.plots import short
from report.sections import latency, memory

COLUMNS = ("mops", "low", "high", "bytes_per_entry", "bytes_cell",
           "bytes_why", "p99_ns", "p99_low", "p99_high", "p99_cell",
           "p99_why")
OPERATION, CLOCK = "lookup", "intended"


def bytes_of(a):
    """map -> its row of the memory figure."""
    return {row["map"]: row for row in memory.rows_of(a)[0]}


def tail_group(a):
    """(text, cells) of the latency group the tails are from: the first one,
    as on the page; ("", []) where there is none."""
    return next(iter(latency.groups_of(a).items()), ("", []))


def tail_of(cells):
    """map -> its P99 of lookups from the intended start, by the rule of the
    latency tables."""
    found = latencies.entries(cells)
    there = latency.main_outcomes(found).get(OPERATION)
    rows = {}
    for cell in cells:
        several = found.get((OPERATION, there, CLOCK), {}).get(cell.map)
        why = latencies.overload(cell) or cell.reason
        row = {"why": why or "no such operation"}
        if several and not why:
            row = latencies.quantile(several, "p99_ns", .99)
            row["why"] = "" if row["low"] is not None else row["text"]
        rows[cell.map] = row | {"cell": cell.id}
    return rows


def rows_of(a):
    """One row per map with a result in the headline cell group."""
    stored, tails = bytes_of(a), tail_of(tail_group(a)[1])
    rows = []
    for name, cell in a.at(a.headline()).items():
        level = a.level(cell)
        if level is None or not a.peer(name):
            continue
        held, tail = stored.get(name, {}), tails.get(name, {})
        rows.append({
            "map": name, "cell": cell.id, "mops": level["centre"],
            "low": level["low"], "high": level["high"], "n": level["n"],
            "bytes_per_entry": held.get("filled"),
            "bytes_cell": held.get("cell"),
            "bytes_why": held.get("why", "not planned"),
            "collected": held.get("collected"),
            "p99_ns": tail.get("ns"), "p99_low": tail.get("low"),
            "p99_high": tail.get("high"), "p99_cell": tail.get("cell"),
            "p99_text": tail.get("text"),
            "p99_floor": tails.get(latency.FLOOR, {}).get("high"),
            "p99_why": tail.get("why", "not run in that open loop")})
    return rows


def drawable(rows, key):
    """Those with a price above 0: what a map is filled with may lie in pages
    that were there before, and a logarithmic axis has no place for that."""
    return [r for r in rows if r[key] is not None and r[key] > 0]


def absent(rows, key, why):
    """The maps without a mark, with the reason, as a sentence."""
    missing = [f"{r['map']} (" + (r[why] if r[key] is None else
                                  f"{words.sig(r[key])}: not above 0") + ")"
               for r in rows if r not in drawable(rows, key)]
    return f" Not drawn: {esc('; '.join(missing))}." if missing else ""


def least_of(rows, key, low, high):
    """The map of the least price. Beside one that is not known there is no
    least, as that one may be; nor among those that may be the floor's."""
    if low and not all(latencies.is_known(r[low], r[high]) for r in rows):
        return "not known"
    least = min(rows, key=lambda r: (r[key], r["map"]))["map"]
    lost = [r["map"] for r in rows if low and r["p99_floor"] is not None
            and (r[low] is None or r[low] <= r["p99_floor"])]
    if least not in lost:
        return least
    return ("no map is told from the floor" if len(lost) == len(rows) else
            f"{words.joined(lost)} not told from the floor")


def tick_of(ns):
    """2 µs, not 2.00 µs: a tick's own digits."""
    return re.sub(r"\.0+(?= )|(?<=\.\d)0+(?= )", "", words.duration(ns))


def figure(report, a, rows):
    """Both scatters, each where there are two maps to compare."""
    head = a.headline()
    panels, text = [], ""
    rate = f"Mop/s, {words.plural(head[2], 'thread')} (log)"
    for key, low, high, label, why in (
            ("bytes_per_entry", None, None, "bytes per entry (log)",
             "bytes_why"),
            ("p99_ns", "p99_low", "p99_high", "P99 of lookups (log)",
             "p99_why")):
        tick = tick_of if low else short
        drawn = drawable(rows, key)
        if len(drawn) < 2:
            continue
        fast = max(drawn, key=lambda r: (r["mops"], r["map"]))
        panels.append(report.panel(
            f"tradeoff-{key}".replace("_", "-"),
            f"Throughput against {label[:-6]}", "Least: "
            f"{least_of(drawn, key, low, high)}; most Mop/s: {fast['map']}; "
            f"{len(drawn)} maps.", (520, 380), scatter,
            [{**r, "x": r[key], "x_low": r[low] if low else None,
              "x_high": r[high] if high else None, "told": r["p99_text"]
              if low else words.sig(r[key])} for r in drawn], a.look,
            label, rate, tick))
        text += absent(rows, key, why)
    if not panels:
        return none("a trade-off needs two maps with bytes or latencies")
    tail = tail_group(a)[0]
    caption = (
        f"<b>Speed against its price, {esc(a.place(head))}.</b> Up and to the "
        "left is better in both. Bytes: as in section 6, at the place named "
        "there." + memory.of_heaps(rows)
        + (f" P99: {esc(tail)}, from the intended start." if tail else "")
        + " Bars: 95 % intervals." + text)
    return report.figure("tradeoff", caption, panels, COLUMNS, rows, "m")
