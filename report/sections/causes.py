# SPDX-License-Identifier: Apache-2.0
"""5c Causes: what the maps counted, and what the counting cost."""
import statistics
from pathlib import Path

from report import factors, journal, marks, stats, words
from report.page import chip, esc, none
from report.sections import pauses

QUESTION = ("What did the maps do inside: how often did they miss, copy, "
            "retry, allocate, and free?")
TWIN = ("map", "shape", "keys", "write_share", "miss_share", "write_kind",
        "dist", "loop", "threads", "placement", "memory", "presize",
        *factors.OPTIONAL, "workload")
COLUMNS = ("cell", "map", "statistic", "unit", "per_million_operations",
           "per_second", "at_the_end", "n")
SHOWN = 6  # statistics per row of the table; all are in the CSV
MISSES_LIMIT = 5000  # per second: the alarm of article S3, section 1 (T10)


def twin(cell):
    """What a cell has in common with its trials of another measure."""
    return tuple(cell.factors[f] for f in TWIN)


LEVELS = {line for line in (Path(__file__).resolve().parents[1] / "levels.txt")
          .read_text(encoding="utf-8").splitlines() if line[:1] != "#"}


def is_level(name):
    """Not a count: as it is at the end, whatever the operations."""
    return name in LEVELS or name.endswith(
        ("_max", "_max_ns", "_peak", "_peak_bytes"))


def competition(counts):
    """The share of lock acquisitions that had to wait, in percent: a row as
    the trial's own; nothing where no lock was taken, or where nobody counted
    how many of them waited."""
    window = {s["name"]: s.get("window") or 0 for s in counts}
    kinds = [(f"lock_{kind}s", f"lock_{kind}_contended")
             for kind in ("read", "write") if window.get(f"lock_{kind}s")]
    if not kinds or any(waited not in window for _, waited in kinds):
        return []
    share = 100 * sum(window[waited] for _, waited in kinds) / sum(
        window[taken] for taken, _ in kinds)
    return [{"name": "lock_competition", "unit": "%", "window": share,
             "value": share}]


def windows(trial):
    """(name, unit), what the window added per 10^6 operations and per second
    of its own length, and the value at the end, of a trial's counts."""
    result = trial["result"]
    counts = result.get("stats") or []
    for s in competition(counts) + counts:
        if result.get("ops") and s.get("window") is not None:
            yield ((s["name"], s["unit"]), s["window"] * 1e6 / result["ops"],
                   s["window"] * 1e9 / result["elapsed_ns"], s["value"])


def counted(cell):
    """statistic -> row of medians over the trials of a cell."""
    found = {}
    for trial in cell.ok:
        for key, *values in windows(trial):
            found.setdefault(key, []).append(values)

    def median(name, values, at):
        return None if is_level(name) else \
            statistics.median(v[at] for v in values)

    return [{"cell": cell.id, "map": cell.map, "statistic": name,
             "unit": unit, "n": len(values),
             "per_million_operations": median(name, values, 0),
             "per_second": median(name, values, 1),
             "at_the_end": statistics.median(
                 [end for *_, end in values if end is not None] or [0])}
            for (name, unit), values in found.items()]


def health(rows):
    """Misses of a sync.Map per second, and whether that is above the limit of
    article S3; "" for maps that do not count them."""
    for r in rows:
        if r["statistic"] == "misses":
            above = "above" if r["per_second"] > MISSES_LIMIT else "not above"
            return (f"{words.sig(r['per_second'])} "
                    f"({above} {words.sig(MISSES_LIMIT)})")
    return ""


def amount(row):
    value = row["at_the_end"] if is_level(row["statistic"]) \
        else row["per_million_operations"]
    if row["unit"] == "%":
        return words.percent(value, 2)
    if row["unit"] == "bytes":
        text = words.size(abs(value))
        return f"−{text}" if value < 0 else text
    return words.duration(value) if row["unit"] == "ns" else words.sig(value)


def said(rows):
    """The counts that are not 0, in the map's own order."""
    told = [f"{r['statistic'].replace('_', ' ')} " +
            ("= " if is_level(r["statistic"]) else "") +
            marks.beside(amount(r), r["statistic"], r["at_the_end"])
            for r in rows
            if (r["at_the_end"] if is_level(r["statistic"]) else
                r["per_million_operations"])
            and r["statistic"] != "lock_sample"]
    more = len(told) - SHOWN
    return ", ".join(told[:SHOWN]) + (f", {more} more" if more > 0 else "") \
        or "nothing"


def hooks(a, cells):
    """cell id -> (Mop/s without, with, what the hooks cost): medians."""
    plain = {twin(c): a.level(c)["median"] for c in
             a.by_measure.get("throughput", []) if a.level(c)}
    with_hooks = stats.throughputs(
        {c.id: journal.rates(c.ok) for c in cells})
    found = {}
    for cell in cells:
        without = plain.get(twin(cell))
        counting = with_hooks[cell.id]["median"]
        cost = (100 * (without / counting - 1) if without and counting
                else None)
        found[cell.id] = without, counting, cost
    return found


def conditions(cell):
    """Where a cell was counted: whatever may tell it from another of its
    map, so that no two rows read alike."""
    parts = [words.mix(cell.write_share, cell.write_kind)]
    if cell.miss_share:
        parts.append(f"{words.share(cell.miss_share)} % of lookups absent")
    parts += [cell.shape, words.of_keys(cell.keys),
              words.plural(cell.threads, "thread")]
    if cell.loop != "mix":
        parts.append(cell.loop)
    if cell.dist != "uniform":
        parts.append(cell.dist)
    if not cell.presize:
        parts.append("not presized")
    return ", ".join(parts) + factors.told(cell)


def add(report, a):
    cells = a.by_measure.get("causes", [])
    ran = [c for c in cells if c.ok]
    if not ran:
        why = "; ".join(sorted({c.reason for c in cells if c.reason})[:3])
        report.section("causes", "5c Causes", QUESTION, none(esc(
            why or "the plan has no cells with measure = causes")))
        return
    rates, rows, data = hooks(a, ran), [], []
    for cell in ran:
        own = counted(cell)
        data += own
        without, counting, cost = rates[cell.id]
        rows.append([
            chip(a.look, cell.map), esc(conditions(cell)),
            words.sig(without) if without else "not run",
            words.sig(counting),
            "" if cost is None else words.percent(cost, 2, True),
            health(own), said(own)])
    table = report.table(
        "causes", "What each map did per 10<sup>6</sup> operations of the "
        "window, and what counting it cost: medians over trials. Speed is "
        "that of the normal build (without hooks) and of the stats build "
        "(with hooks), each from trials of its own",
        [("map", "html"), ("cell", "html"), ("Mop/s without hooks", "num"),
         ("Mop/s with hooks", "num"), ("hooks' cost, time", "num"),
         ("misses per second", "text"),
         ("counted per 10⁶ operations; =: at the end", "text")], rows)
    report.section("causes", "5c Causes", QUESTION, table, (
        "<p>Counts come from the programs with hooks "
        "(<code>maps/stats</code>); no ranking uses their speed. Allocations "
        "are those of the whole process. A level, such as slots or the most "
        "bytes held, stands after = as it was at the end; so does lock "
        "competition, which is of the window. Misses per second are those of "
        "the run with hooks, over the length of its window; in a closed loop "
        "they grow with its speed. What a rebuild keeps is "
        "<code>rebuild_kept_entries</code>: not the removed ones that it "
        "scans and leaves out. All statistics: "
        f"{report.data('causes-all', COLUMNS, data)}.</p>"),
        *pauses.parts(report, a))
