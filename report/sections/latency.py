# SPDX-License-Identifier: Apache-2.0
"""4 Latency: open loops only, from the intended start, with the floor."""
from report import factors, latencies, words
from report.page import chip, details, esc, none, slug
from report.plot_lines import latency

FLOOR = "null_map"
COLUMNS = ("workload", "rate_per_s", "threads", "write_kind", "operation",
           "was_there", "clock", "map", "percentile", "ns")
QUESTION = "What does one operation in a thousand cost, and the worst one?"


def groups_of(a):
    """Latency cells that differ in the map only: (text, key) -> cells."""
    groups = {}
    for c in a.by_measure.get("latency", []):
        text = (f"{c.workload}, {words.mix_kind(c.write_share, c.write_kind)}"
                f", {words.keys(c.keys)} keys, {c.dist}, {c.shape}, "
                f"{words.count(round(c.rate_per_s))} operations/s ({c.arrivals}"
                f") over {words.plural(c.threads, 'thread')}, placement "
                f"{c.placement}{factors.told(c)}")
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
            count = min(e["count"] for _, e in several)
            curves.append({
                "map": name, "clock": clock, "x": x, "ns": ns,
                "beyond": count / latencies.REMAIN,
                "marks": latencies.marks(several, name)
                if clock == "intended" else []})
    return curves


def group(report, a, number, text, cells):
    """One workload and rate: a panel per operation, one table."""
    found = latencies.entries(cells)
    if not found:
        why = sorted({c.reason or "results without latency" for c in cells})
        return none(f"{esc(text)}: {esc('; '.join(why[:3]))}")
    panels, data = [], []
    for operation, there in main_outcomes(found).items():
        curves = curves_of(a, found, operation, there)
        if not curves:
            continue
        first = cells[0]
        data += [{"workload": first.workload, "rate_per_s": first.rate_per_s,
                  "threads": first.threads, "write_kind": first.write_kind,
                  "operation": operation, "was_there": there,
                  "clock": c["clock"], "map": c["map"],
                  "percentile": 100 - 100 / x, "ns": float(ns)}
                 for c in curves for x, ns in zip(c["x"], c["ns"])]
        told = ", ".join(
            f"{c['map']} {words.duration(c['marks'][-1][1])}"
            for c in curves if c["marks"])
        panels.append(report.panel(
            slug("latency", number, operation),
            f"Latency of {operation}, {text}",
            f"Highest percentile with enough operations: {told}.",
            (560, 400), latency, curves, a.look,
            f"{operation}, {'present' if there else 'absent'} key", FLOOR))
    missing = [f"{c.map} ({c.reason})" for c in cells if not c.ok]
    caption = (
        f"<b>Latency by percentile: {esc(text)}.</b> Thick: from the intended"
        " start; thin dashes: service time alone, drawn for "
        f"{a.base}, {a.contender} and {FLOOR}, for all in the table. Bars:"
        " 95 % interval of the median over trials at P50, P99, P99.9. Dotted:"
        f" fewer than {latencies.REMAIN} operations remain, shown but not "
        f"compared. {FLOOR} is the floor: driver and timer without a map."
        + (f" Without a result: {esc('; '.join(missing))}." if missing
           else ""))
    figure = report.figure(f"latency-{number}", caption, panels, COLUMNS,
                           data, "m")
    return figure + table(report, a, number, text, found, cells)


def table(report, a, number, text, found, cells):
    """All outcomes and clocks with P50 .. P99.9 and the maximum."""
    rows = []
    for (operation, there, clock), by_map in sorted(found.items(), key=str):
        for name, several in sorted(by_map.items()):
            worst = max(e["max_ns"] for _, e in several)
            total = sum(e["count"] for _, e in several)
            rows.append([chip(a.look, name), f"{operation}, "
                         f"{'present' if there else 'absent'}", clock]
                        + [latencies.quantile_text(several, k, p)
                           for k, p in (("p50_ns", .5), ("p90_ns", .9),
                                        ("p99_ns", .99), ("p999_ns", .999))]
                        + [words.duration(worst), words.count(total),
                           len(several)])
    late = [t["result"].get("late_starts") for c in cells for t in c.ok]
    late = [v for v in late if v is not None]
    note = (f"{words.count(sum(late))} operations began more than 1 ms after "
            "their intended start." if late else
            "Late starts were not recorded.")
    columns = [("map", "html"), ("operation, key", "text"), ("clock", "text"),
               ("P50", "num"), ("P90", "num"), ("P99", "num"),
               ("P99.9", "num"), ("maximum", "num"), ("operations", "num"),
               ("trials", "num")]
    inner = report.table(f"latency-{number}", f"Latency: {esc(text)}. "
                         f"{note}", columns, rows)
    return details(f"Percentiles as a table, {len(rows)} rows", inner)


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
        "</p>", *parts)
