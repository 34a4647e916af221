# SPDX-License-Identifier: Apache-2.0
"""5b Simulated cache: exact counts of a model, never measured ones."""
import re
import statistics

from report import datafiles, factors, stored_counts, words
from report.page import chip, esc, slug
from report.plot_lines import counter

PREFIX = "simulated:"
NUMBER = re.compile(r"\b\d+\b")
PANELS = {  # key -> title, unit, the counts that it adds up
    "l1d_misses": ("L1d misses", "misses per operation",
                   ("l1d_load_misses", "l1d_store_misses")),
    "coherence_misses": ("L1d misses for coherence", "misses per operation",
                         ("coherence_misses",)),
    "invalidations": ("Lines lost to another core's write",
                      "lines per operation", ("invalidations",)),
    "false_sharing": ("Lines lost to false sharing",
                      "lines per operation",
                      ("false_sharing_invalidations",)),
}
TABLE = (("L1d misses", ("l1d_load_misses", "l1d_store_misses")),
         ("cold", ("cold_misses",)), ("capacity", ("capacity_misses",)),
         ("coherence", ("coherence_misses",)),
         ("invalidations", ("invalidations",)),
         ("by false sharing", ("false_sharing_invalidations",)),
         ("upgrades", ("upgrades",)),
         ("from another core", ("transfers_modified", "transfers_clean")),
         ("atomics", ("atomics",)))
COLUMNS = ("model", "metric", "map", "threads", "value", "n")
QUESTION = ("Which lines move between cores, on more cores than this "
            "machine has?")


def models(a):
    """model -> cells, of everything that was planned as simulated."""
    return {m[len(PREFIX):]: cells for m, cells in a.by_measure.items()
            if m.startswith(PREFIX)}


def counts_of(cell):
    """[metric -> count per operation] of each good trial: a count is exact,
    but each trial's seed draws other keys."""
    return [{e["metric"]: e["total"] / trial["result"]["ops"]
             for e in (trial["result"].get("counters") or {}).get("events")
             or [] if e.get("total") is not None}
            for trial in cell.ok if trial["result"]["ops"]]


def added(counts, names):
    """Median over trials of the sum of these counts, of the trials that have
    all of them; None where there is none."""
    sums = [sum(trial[n] for n in names) for trial in counts
            if all(n in trial for n in names)]
    return statistics.median(sums) if sums else None


def headline_cells(cells):
    """The largest group of cells that differ in map and cores only."""
    groups = {}
    for c in cells:
        groups.setdefault((c.workload, c.shape, c.keys, c.dist,
                           c.write_kind, c.write_share, c.miss_share,
                           factors.optional(c)),
                          []).append(c)
    return max(groups.values(), key=len)


def lines_of(cells, names):
    """map -> rows over cores, for plot_lines.counter."""
    lines = {}
    for c in sorted(cells, key=lambda c: (c.map, c.threads)):
        value = added(counts_of(c), names)
        if value is not None:
            lines.setdefault(c.map, []).append(
                {"cell": c.id, "map": c.map, "threads": c.threads, "value": value,
                 "low": value, "high": value, "n": len(c.ok)})
    return lines


def panels_of(report, a, model, cells, kept=None):
    """The panels of one model, and the rows behind them; kept: whose counts
    these are, where they are no campaign's."""
    slots, data = [], []
    for key, (title, unit, names) in PANELS.items():
        lines = lines_of(cells, names)
        threads = sorted({r["threads"] for rows in lines.values()
                          for r in rows})
        if not threads:
            continue
        told = ", ".join(f"{n} {words.sig(rows[-1]['value'])}"
                         for n, rows in lines.items()
                         if rows[-1]["threads"] == threads[-1])
        slots.append(report.panel(
            slug("simulated", model, key), f"SIMULATED: {title} per operation",
            f"Model {model}, {words.plural(threads[-1], 'core')}: {told}.",
            (480, 310), counter, lines, threads, a.look, title, unit,
            f"SIMULATED {model}: a model, not this machine", [], True,
            "core"))
        data += [{"model": model, "metric": key, **r}
                 for rows in lines.values() for r in rows]
    known = {c.id: {f: getattr(c, f) for f in datafiles.FACTORS}
             | {"source": kept} for c in cells} if kept else {}
    return slots, [known.get(row["cell"], {}) | row for row in data]


def table_of(report, a, model, cells):
    """All counts per operation at the most cores."""
    most = max((c.threads for c in cells if c.ok), default=None)
    rows = []
    for c in sorted(cells, key=lambda c: c.map):
        if c.threads != most or not c.ok:
            continue
        counts = counts_of(c)
        rows.append([chip(a.look, c.map)] + [
            "none" if added(counts, names) is None
            else words.sig(added(counts, names)) for _, names in TABLE])
    if not rows:
        return ""
    return report.table(
        slug("simulated", model),
        f"SIMULATED on {esc(model)}, {words.plural(most, 'core')}: counts per "
        "operation",
        [("map", "html")] + [(f"{name} per operation", "num")
                             for name, _ in TABLE], rows)


def alike(reasons):
    """Reasons that differ in numbers only become one: text -> reasons."""
    found = {}
    for reason in reasons:
        found.setdefault(NUMBER.sub("#", reason), []).append(reason)
    result = {}
    for same in found.values():
        columns = zip(*(map(int, NUMBER.findall(r)) for r in same))
        told = iter([words.joined(map(str, sorted(set(c))))
                     for c in columns])
        result[NUMBER.sub(lambda _: next(told), same[0])] = same
    return result


def note_of(cells):
    """What was left out, and why."""
    why = {}
    for c in cells:
        if not c.ok:
            why.setdefault(c.reason or c.state, set()).add(c.map)
    lines = {}
    for reason, same in alike(sorted(why)).items():
        names = words.joined(sorted(set().union(*(why[r] for r in same))))
        lines[names, reason] = f"<li>{esc(names)}: {esc(reason)}</li>"
    told = "".join(line for _, line in sorted(lines.items()))
    return f'<ul class="text none">{told}</ul>' if told else ""


def short_lines(reached):
    """Maps whose line ends before the most cores, in words.

    reached -- map -> core counts it ran at
    """
    ends = {}
    for name, cores in sorted(reached.items()):
        ends.setdefault(max(cores), []).append(name)
    ends.pop(max(ends), None)
    return "" if not ends else " Lines that end early: " + "; ".join(
        f"{words.joined(names)} at {words.plural(cores, 'core')}"
        for cores, names in sorted(ends.items())) + "."


def caption_of(model, cells, origin=""):
    first, reached = cells[0], {}
    floor = ("null_map is the driver's own share. "
             if any(c.map == "null_map" for c in cells) else "")
    for c in cells:
        if c.ok:
            reached.setdefault(c.map, []).append(c.threads)
    return (f"<b>SIMULATED: {esc(model)}, {esc(first.workload)}, "
            f"{esc(words.mix(first.write_share, first.write_kind))}, "
            f"{words.of_keys(first.keys)}, {esc(first.shape)}.</b> "
            f"{origin and f'<b>{esc(origin)}</b> '}Counts "
            "of a simulated multicore, medians over trials: each trial's are "
            "exact, other keys have others, and they are of a model. They say "
            "which lines move and who loses them; they say nothing of speed. "
            "Counts of maps with blocking locks depend on the model's "
            "latencies and are one of many answers (docs/"
            f"simulated-machine.md). {floor}False sharing: lines lost for a "
            "write to bytes that this core had not used."
            f"{esc(short_lines(reached))}")


def add(report, a):
    """Adds the section where anything simulated was planned."""
    found, origin, kept = models(a), "", None
    stored = stored_counts.read(a)
    if stored:
        model, cells, origin, kept = stored
        found = {model: cells}
    if not found:
        return
    parts = []
    for model, cells in sorted(found.items()):
        same = headline_cells(cells)
        slots, data = panels_of(report, a, model, same, kept)
        if slots:
            parts.append(report.figure(
                slug("simulated", model), caption_of(model, same, origin), slots,
                COLUMNS, data, "m"))
            parts.append(table_of(report, a, model, same))
        parts.append(note_of(cells))
    report.section("simulated", "5b Cache: SIMULATED", QUESTION, *parts)
