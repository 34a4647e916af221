# SPDX-License-Identifier: Apache-2.0
"""4 Latency: open loops only, from the intended start, with the floor."""
from report import disturbed, latencies, stats, words
from report.analysis import board_of
from report.page import chip, details, esc, none, slug
from report.plot_lines import latency
from report.plot_rows import height, percentiles

FLOOR = "null_map"
COLUMNS = ("workload", "rate_per_s", "threads", "write_kind", "operation",
           "was_there", "clock", "map", "percentile", "ns")
NUMBERS = COLUMNS + ("low", "high", "operations", "why")
QUANTILES = COLUMNS + ("low", "high", "n", "operations")
QUESTION = "What does one operation in a thousand cost, and the worst one?"


def groups_of(a):
    """Latency cells that differ in the map only: (text, key) -> cells."""
    groups = {}
    for c in a.by_measure.get("latency", []):
        text = (f"{c.workload}, {words.mix(c.write_share, c.write_kind)}"
                f", {words.of_keys(c.keys)}, {c.dist}, {c.shape}, "
                f"{words.count(round(c.rate_per_s))} operations/s ({c.arrivals}"
                f") over {words.plural(c.threads, 'thread')}, placement "
                + ", ".join([c.placement, *board_of(c).rest()]))
        groups.setdefault(text, []).append(c)
    return groups


def main_outcomes(found):
    """Per operation the outcome that happens most: what is drawn."""
    counts = {}
    for (operation, there, clock), by_map in found.items():
        if clock == "intended":
            counts[operation, there] = sum(
                e["count"] for several in by_map.values()
                for _, e in several)
    best = {}
    for (operation, there), n in sorted(counts.items(), key=str):
        if n > counts.get((operation, best.get(operation)), 0):
            best[operation] = there
    return best


def curves_of(a, found, operation, there):
    """Rows for the plot: both clocks of every map."""
    curves = []
    for clock in ("intended", "service"):
        for name, several in found.get((operation, there, clock),
                                       {}).items():
            if clock == "service" and name not in (a.base, a.contender,
                                                   FLOOR):
                continue  # in the table; a second line per map hides both
            x, ns = latencies.curve(a.campaign.path, several)
            if not x:
                continue
            curves.append({
                "map": name, "clock": clock, "x": x, "ns": ns,
                "beyond": latencies.reach(latencies.least(several)),
                "marks": latencies.marks(several, name)
                if clock == "intended" else []})
    return curves


def meta_of(cell, operation, there):
    """What the rows of one operation have in common."""
    return {"workload": cell.workload, "rate_per_s": cell.rate_per_s,
            "threads": cell.threads, "write_kind": cell.write_kind,
            "operation": operation, "was_there": there}


def named(cells, rows):
    """The same rows, each with the id of its map's cell."""
    of = {c.map: c for c in cells}
    return [{"n": len(of[r["map"]].ok), **r, "cell": of[r["map"]].id}
            for r in rows]


def present(there):
    return f"{'present' if there else 'absent'} key"


def percentile_rows(by_map):
    """Rows of the figure, fastest median first, the floor last."""
    rows = []
    for name, several in by_map.items():
        row = {"map": name}
        for label, key, p in latencies.MARKS:
            q = latencies.quantile(several, key, p)
            row[key[:-3]] = q | {"tip": latencies.tip(name, label, q)}
        rows.append(row)
    return sorted(rows, key=lambda r: (r["map"] == FLOOR, r["p50"]["ns"] or 0,
                                       r["map"]))


def data_of(meta, clock, by_map):
    """Rows of the CSV: each percentile of each map as a number."""
    for name, several in sorted(by_map.items()):
        for _, key, p in latencies.MARKS:
            q = latencies.quantile(several, key, p)
            if q["ns"] is not None:
                yield {**meta, "clock": clock, "map": name,
                       "percentile": 100 * p, **q}


def beside_the_floor(operation, rows):
    """Whether the tail says anything of the maps, from the rows."""
    floor = next((r["p99"] for r in rows if r["map"] == FLOOR), None)
    maps = [r for r in rows if r["map"] != FLOOR
            and r["p99"]["low"] is not None]
    if not maps or floor is None or floor["high"] is None:
        return ""
    lost = [r["map"] for r in maps if latencies.at_floor(r["p99"], floor)]
    if not lost:
        return ""
    who = "any map" if len(lost) == len(maps) else words.joined(lost)
    return (f"<p><b>P99 of {esc(operation)} is not shown to be above the "
            f"floor's for {esc(who)}.</b> That of {FLOOR}, no map at all, is "
            f"{floor['text']}: what is not shown to be above it may be the "
            "machine's, and tells no map from another.</p>")


def told(rows):
    """The text alternative: which percentile, of which map."""
    parts = [f"{r['map']} {r['p50']['text']} and {r['p99']['text']}"
             for r in rows]
    return f"P50 and P99: {'; '.join(parts)}."


def reach_text(found):
    """How many operations there are, and how many more a tail needs."""
    need = {label: stats.needed_n(p) for label, _, p in latencies.MARKS[2:]}
    said = []
    for (operation, there), several in counted(found).items():
        count = latencies.least(several)
        short = [f"for {label} a window {words.at_least(n / count)} times as "
                 "long" for label, n in need.items() if n > count]
        said.append(f"{operation}, {present(there)}: "
                    f"{words.count(count)} in the least trial"
                    + (f", so {words.joined(short)}" if short else ""))
    return ("<p>Operations of one kind that a trial needs: " + words.joined(
        f"{words.count(n)} for {label}" for label, n in need.items())
        + f". Here: {esc('; '.join(said))}.</p>")


def counted(found):
    """(operation, there) that are drawn -> entries of all maps."""
    return {key: [e for several in found[(*key, "intended")].values()
                  for e in several] for key in main_outcomes(found).items()}


def group(report, a, number, text, cells):
    """One workload and rate: a panel per operation, curves, one table."""
    late = {c.map: why for c in cells for why in [latencies.overload(c)]
            if why}
    kept = [c for c in cells if c.map not in late]
    found = latencies.entries(kept)
    if not found and not late:
        why = sorted({c.reason or "results without latency" for c in cells})
        return none(f"{esc(text)}: {esc('; '.join(why[:3]))}")
    panels, data, notes = [], [], ""
    for operation, there in main_outcomes(found).items():
        by_map = found[operation, there, "intended"]
        rows = percentile_rows(by_map)
        meta = meta_of(cells[0], operation, there)
        for clock in ("intended", "service"):
            data += data_of(meta, clock, found.get(
                (operation, there, clock), {}))
        if not any(r["p50"]["ns"] for r in rows):
            continue
        notes += beside_the_floor(operation, rows)
        panels.append(report.panel(
            slug("latency", number, operation),
            f"Latency of {operation}, {text}", told(rows),
            (330, height(len(rows), 84)), percentiles, rows, a.look, FLOOR,
            f"{operation}, {present(there)}"))
    said = reach_text(found) if found else ""
    figure = report.figure(f"latency-{number}", caption_of(
        a, text, cells, late) + noise(kept), panels, QUANTILES,
        named(cells, data), "l")
    return (said + figure + notes
            + curves_figure(report, a, number, text, kept, found)
            + table(report, a, number, text, found, cells, late))


def second_text(cells):
    """Which operation the figure lacks, as a sentence."""
    operation = latencies.SECOND.get(cells[0].write_kind)
    return (f"A pair's {operation} starts when its other operation ends: it "
            "has a service time alone. " if operation else "")


def caption_of(a, text, cells, late):
    missing = [f"{c.map} ({c.reason})" for c in cells if not c.ok]
    missing += [f"{m} ({why})" for m, why in sorted(late.items())]
    return (
        f"<b>P50 and P99 by map: {esc(text)}.</b> From the intended start. "
        + second_text(cells) +
        "Bars: 95 % interval of the median over trials. \"n &lt; 368\": the least"
        " trial has fewer operations than a P99 with an interval needs. "
        + (f"{FLOOR} is the floor: driver and timer without a map."
           if any(c.map == FLOOR for c in cells) else "")
        + (f" Without a percentile: {esc('; '.join(missing))}." if missing
           else ""))


def noise(cells):
    """How many of a figure's trials others disturbed, as a sentence."""
    told = disturbed.told(cells, "this figure's")
    return f" {told}." if told else ""


def curves_figure(report, a, number, text, cells, found):
    """Latency by percentile, folded."""
    panels, data = [], []
    for operation, there in main_outcomes(found).items():
        curves = curves_of(a, found, operation, there)
        if not curves:
            continue
        data += [{**meta_of(cells[0], operation, there), "clock": c["clock"],
                  "map": c["map"], "percentile": 100 - 100 / x,
                  "ns": float(ns)}
                 for c in curves for x, ns in zip(c["x"], c["ns"])]
        ends = ", ".join(
            f"{c['map']} {latencies.in_words(*c['marks'][-1][1:4])} at "
            f"P{100 - 100 / c['marks'][-1][0]:.6g}"
            for c in curves if c["marks"])
        panels.append(report.panel(
            slug("latency", number, operation, "curves"),
            f"Latency of {operation} by percentile, {text}",
            "Highest percentile with enough operations: "
            f"{ends or 'none'}.",
            (520, 380), latency, curves, a.look,
            f"{operation}, {present(there)}", FLOOR))
    if not panels:
        return ""
    return details("Curves: latency by percentile", report.figure(
        f"latency-curves-{number}", curves_caption(text, data)
        + noise(cells), panels, COLUMNS, named(cells, data), "m"))


def curves_caption(text, data):
    """Names only the maps whose dashes are drawn."""
    dashed = dict.fromkeys(r["map"] for r in data if r["clock"] == "service")
    service = ("thin dashes: service time alone, drawn for "
               f"{esc(words.joined(dashed))}, for all in the table" if dashed
               else "service time alone is in the table")
    return (
        f"<b>Latency by percentile: {esc(text)}.</b> Thick: from the intended"
        f" start; {service}. Bars: 95 % interval of the median over trials, "
        "at each percentile of the table that has enough operations. Dotted: "
        "too few operations per trial for an interval, shown but not "
        "compared.")


def late_starts(cells):
    """How many operations began late, of those of the same trials."""
    told = [t["result"] for c in cells for t in c.ok
            if t["result"].get("late_starts") is not None]
    if not told:
        return "Late starts were not recorded."
    some = words.part(sum(r["late_starts"] for r in told),
                      sum(r["ops"] for r in told))
    return (f"{some} operations began more than 1 ms after their intended "
            "start.")


def table(report, a, number, text, found, cells, late):
    """All outcomes and clocks with P50 .. P99.9 and the maximum."""
    rows = []
    for (operation, there, clock), by_map in sorted(found.items(), key=str):
        for name, several in sorted(by_map.items()):
            worst = max(e["max_ns"] for _, e in several)
            rows.append([chip(a.look, name), f"{operation}, "
                         f"{'present' if there else 'absent'}", clock]
                        + [latencies.quantile(several, k, p)["text"]
                           for _, k, p in latencies.MARKS]
                        + [words.duration(worst),
                           words.count(latencies.least(several)),
                           len(several)])
    rows += [[chip(a.look, m), f"all: {why}"] + ["–"] * 8
             for m, why in sorted(late.items())]
    columns = [("map", "html"), ("operation, key", "text"), ("clock", "text"),
               *((label, "num") for label, _, _ in latencies.MARKS),
               ("maximum", "num"), ("operations per trial, least", "num"),
               ("trials", "num")]
    inner = report.table(f"latency-{number}", f"Latency: {esc(text)}. "
                         f"{late_starts(cells)}", columns, rows)
    return details(f"Percentiles as a table, {len(rows)} rows", inner,
                   css="print")


def number_rows(cells):
    """Every percentile of every map as numbers, and the maximum."""
    late = {c.map: latencies.overload(c) for c in cells}
    for (operation, there, clock), by_map in sorted(
            latencies.entries(cells).items(), key=str):
        for name, several in sorted(by_map.items()):
            row = {**meta_of(cells[0], operation, there), "map": name,
                   "clock": clock, "why": late[name]}
            for _, key, p in latencies.MARKS:
                q = latencies.quantile(several, key, p)
                q["why"] = "" if q["low"] is not None else q["text"]
                yield {**row, "percentile": 100 * p, **(
                    row if late[name] else q)}
            yield {**row, "percentile": 100, "n": len(several),
                   "operations": latencies.least(several)} | (
                {} if late[name] else {
                    "ns": max(e["max_ns"] for _, e in several),
                    "why": "largest of all trials: no interval"})


def numbers(report, groups):
    """latency.csv: what all tables of this section show, as numbers."""
    rows = [row for cells in groups.values()
            for row in named(cells, list(number_rows(cells)))]
    link = report.data("latency", NUMBERS, rows)
    return f"<p>All percentiles of all groups as numbers: {link}.</p>"


def add(report, a, where):
    groups = groups_of(a)
    if not groups:
        report.section("latency", "4 Latency", QUESTION, none(
            "the plan has no open loop, and a closed loop has no latency: "
            "the time of one operation in it is not what a caller waits"))
        return
    parts = [group(report, a, i, text, cells)
             for i, (text, cells) in enumerate(groups.items(), 1)]
    report.section(
        "latency", "4 Latency", QUESTION,
        "<p>Open loop: arrivals are scheduled before the window and each "
        "operation counts from its intended start, so a stall delays all that"
        " wait behind it. Throughput is a different experiment (section 2)."
        "</p>", *parts, numbers(report, groups))
