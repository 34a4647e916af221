# SPDX-License-Identifier: Apache-2.0
"""5d Other loops: scans, fills, sessions, and techniques without keys."""
import statistics

from report import factors, journal, marks, stats, words
from report.page import chip, esc, none

QUESTION = ("What do scans, fills, sessions, locks that are held, hashes and "
            "the other experiments of the articles cost?")
ALIKE = ("workload", "loop", "shape", "keys", "write_share", "write_kind",
         "dist", "threads", "placement", "memory", "presize", "measure",
         *factors.OPTIONAL)
COLUMNS = ("cell", "map", "loop", "statistic", "unit", "median", "low_quarter",
           "high_quarter", "n")
SHOWN = 6  # statistics in the table; all are in the CSV
OF_LOOPS = ("insert", "write", "scan", "renew", "both", "load",
            "collisions", "lookups", "stall")  # before the map's own


def loop_of(cell):
    return cell.loop.split(":")[0]


def told(cell):
    """(statistic, unit) -> values, one per trial, as the subject emits."""
    found = {}
    for trial in cell.ok:
        for s in trial["result"].get("stats") or []:
            if s.get("value") is not None:
                found.setdefault((s["name"], s["unit"]), []).append(s["value"])
    return found


def amount(value, unit):
    if unit == "ns":
        return words.duration(value)
    return words.size(value) if unit == "bytes" and value >= 0 \
        else words.sig(value)


def rows_of(cell):
    return [{"cell": cell.id, "map": cell.map, "loop": cell.loop,
             "statistic": name, "unit": unit, "n": len(values),
             "median": statistics.median(values), "low_quarter": low,
             "high_quarter": high}
            for (name, unit), values in told(cell).items()
            for low, _, high in [statistics.quantiles(
                values, n=4, method="inclusive")  # never beyond what was seen
                if len(values) > 1 else values * 3]]


def said(rows, trials):
    """Statistics in a line; those that stayed 0 last. What only some of the
    trials have, such as when the stock was sold out, is of these alone."""
    ordered = sorted(rows, key=lambda r: (
        not r["median"], r["statistic"].split("_")[0] not in OF_LOOPS))
    text = [f"{r['statistic'].replace('_', ' ')} " + marks.beside(
        amount(r["median"], r["unit"]), r["statistic"], r["median"])
        + (f" ({r['n']} of {trials} trials)" if r["n"] < trials else "")
        for r in ordered[:SHOWN]]
    more = len(rows) - len(text)
    return ", ".join(text) + (f", {more} more" if more > 0 else "")


def conditions(cell):
    parts = [cell.loop, words.plural(cell.threads, "thread")]
    if cell.keys > 1:
        parts.append(f"{words.of_keys(cell.keys)}, {cell.shape}")
    if cell.write_share and loop_of(cell) in (
            "scan", "lifecycle", "alternate", "stall"):
        parts.append(words.mix(cell.write_share, cell.write_kind))
    if loop_of(cell) in ("fill", "random-fill", "grow"):
        parts.append("presized" if cell.presize else "growing")
    elif not cell.presize:
        parts.append("not presized")
    return ", ".join(parts) + factors.told(cell)


def level(cell):
    return stats.throughputs({cell.id: journal.rates(cell.ok)})[cell.id]


def result_of(a, cell):
    """The cell's column: a rate with its interval, or why there is none."""
    if cell.ok and cell.measure == "throughput":
        return words.estimate(level(cell))
    if cell.ok:
        return f"counted, {len(cell.ok)} trials"
    misuse = a.campaign.maps.get(cell.map, {}).get("misuse")
    caught = f"planted misuse, caught ({misuse}): " if misuse else ""
    return f"{cell.state}: {caught}{cell.reason}"


def add(report, a):
    cells = a.other_loops
    if not cells:
        report.section("loops", "5d Other loops", QUESTION, none(
            "the plan has no loops beside mix and paced"))
        return
    order = {tuple(c.factors[f] for f in ALIKE): i
             for i, c in reversed(list(enumerate(cells)))}
    data, rows = [], []
    for cell in sorted(cells, key=lambda c: order[
            tuple(c.factors[f] for f in ALIKE)]):
        own = rows_of(cell)
        data += own
        rows.append([esc(cell.workload), chip(a.look, cell.map),
                     esc(conditions(cell)), result_of(a, cell),
                     said(own, len(cell.ok))])
    table = report.table(
        "loops", "Operations per second of each subject, pseudo-median with "
        "its 95 % interval, and what it counted, medians over trials. What an "
        "operation is, differs from loop to loop: compare rows of one "
        "workload with equal conditions only",
        [("workload", "html"), ("subject", "html"), ("conditions", "html"),
         ("Mop/s", "text"), ("counted", "text")], rows)
    report.section("loops", "5d Other loops", QUESTION, table, (
        "<p>Loops and what each counts: docs/workloads.md. All statistics: "
        f"{report.data('loops-all', COLUMNS, data)}.</p>"))
