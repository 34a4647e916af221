# SPDX-License-Identifier: Apache-2.0
"""What this machine's counters say of red cells: head against base, in trials
of their own after the verdict, each one beside its pair (docs/why-red.md).

Of each metric the medians by operation stand in the reasons. Head is told
apart where all its trials lie on one side of all of base's: by luck alone 2 of
252 times with the five of each that it needs. Blocks take turns where a PMU
has fewer counters than metrics. Nothing here judges head.
"""
import math
import statistics

from report import ending, exact
from report.rows import rows_of
from report.why import asked

SHOWN = 6  # metrics of a cell
LEAST = 5  # trials of each arm
TRUSTED = ("exact", "multiplexed", "replayed")


def by_operation(row):
    """metric -> count by operation, of a trial; without what did not count."""
    result = row["result"]
    return {e["metric"]: e["total"] / result["ops"]
            for e in result["counters"].get("events", ())
            if e["total"] is not None and e["quality"] in TRUSTED}


def compare(rows):
    """One entry of each metric that both arms counted; rows -- the trials of
    one cell. The largest change that is told apart comes first."""
    arms = {"base": {}, "head": {}}
    for row in rows:
        for metric, value in by_operation(row).items():
            arms[row["arm"]].setdefault(metric, []).append(value)
    found = []
    for metric, base in arms["base"].items():
        head = arms["head"].get(metric)
        if head:
            found.append({
                "metric": metric, "n": min(len(base), len(head)),
                "base": statistics.median(base),
                "head": statistics.median(head),
                "apart": min(len(base), len(head)) >= LEAST and (
                    max(base) < min(head) or max(head) < min(base))})
    return sorted(found, key=change, reverse=True)


def change(entry):
    """By what the metrics of a cell are ordered."""
    base, head = entry["base"], entry["head"]
    far = abs(math.log(head / base)) if base > 0 < head else math.inf
    return entry["apart"], far if base != head else 0.0


def words(entry):
    base, head = entry["base"], entry["head"]
    ratio = f" (x {head / base:.4g})" if base else ""
    return f"{entry['metric']} {base:.4g} -> {head:.4g}{ratio}"


def lines(found):
    """The lines of a cell; found -- of read(), or why nothing was counted."""
    if found is None:
        return
    if isinstance(found, str):
        yield f"counters: {found}"
        return
    apart = [e for e in found["metrics"] if e["apart"]]
    alike = [e["metric"] for e in found["metrics"] if not e["apart"]]
    if apart:
        yield (f"counters ({found['by']}), by operation, medians of "
               f"{min(e['n'] for e in apart)} trials or more: "
               + ", ".join(map(words, apart[:SHOWN])))
    if alike:
        yield "counters: not told apart: " + ", ".join(alike)


def read(folder, cell):
    """{"by", "metrics"} of a red cell of a campaign; a reason where nothing
    was counted, None where nobody asked."""
    reason = folder / "no-counters"
    if reason.exists():
        return exact.read(reason).strip()
    if not (folder / "counters" / "campaign.json").exists():
        return None
    try:
        rows = [row for row in rows_of(folder / "counters", True)
                if row["cell"] == asked.counters_of(cell) and row["status"] == "ok"]
    except ending.InputError as error:
        return f"not counted: {error}"
    if not rows:
        return "not counted: no trial of this cell ended well"
    counters = rows[0]["result"]["counters"]
    return {"by": ", ".join(filter(None, (
        counters["backend"], counters.get("cpu")))), "metrics": compare(rows)}
