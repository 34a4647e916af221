# SPDX-License-Identifier: Apache-2.0
"""Counts of a simulated machine: of the campaign, or, where it counted
nothing, those that the repository keeps."""
import functools
import json
import re
import statistics

from report.lint import say
from report.lint.rows import TOP, Cell

FILE = TOP / "report/simulated_counts.json"
METRICS = {"l1d_misses": ("l1d_load_misses", "l1d_store_misses"),
           "coherence_misses": ("coherence_misses",),
           "invalidations": ("invalidations",),
           "false_sharing": ("false_sharing_invalidations",)}
TITLES = {"of bytes": "false_sharing", "false sharing": "false_sharing",
          "Lines lost": "invalidations", "coherence": "coherence_misses",
          "L1d misses": "l1d_misses"}  # part of a panel's name; first fits


def cells(c):
    """id -> cell, of all that may stand in the figure."""
    if "simulated" not in c.made:
        own = {x.id: x for x in c.rows.cells.values()
               if x.measure.startswith("simulated:")}
        c.made["simulated"] = own or stored(c.rows)
    return c.made["simulated"]


def stored(rows):
    found = {}
    for kept in json.loads(FILE.read_text("utf-8"))["cells"]:
        if kept["cell"]["map"] in rows.maps:
            cell = found[kept["cell"]["id"]] = Cell(kept["cell"])
            cell.ok = [{"result": {"ops": kept["ops"], "counters": {
                "events": [{"metric": name, "total": total}
                           for name, total in kept["counts"].items()]}}}]
    return found


@functools.cache
def source():
    """The file that keeps them, and at which commit they were counted."""
    commit = json.loads(FILE.read_text("utf-8"))["commit"]
    return (f"{FILE.relative_to(TOP)}, commit {commit.rstrip('+')}"
            + " (dirty)" * commit.endswith("+"))


def value(cell, metric):
    """Per operation, the middle of its trials; None where none has all
    counts."""
    found = []
    for result in (trial["result"] for trial in cell.ok):
        totals = {e["metric"]: e["total"] for e in
                  (result.get("counters") or {}).get("events") or []}
        parts = [totals.get(name) for name in METRICS[metric]]
        if None not in parts and result["ops"]:
            found.append(sum(parts) / result["ops"])
    return statistics.median(found) if found else None


def alt(c, panel, text):
    """"Model M, 64 cores: gomap 0.750, ...": all that were counted there."""
    match = re.fullmatch(r"Model (\S+), (\d+) cores?: (.*)\.", text)
    metric = next((m for part, m in TITLES.items() if part in panel.name),
                  None)
    if not match or metric is None:
        return False
    ran = [x for x in most_of([
        x for x in cells(c).values()
        if x.measure == f"simulated:{match[1]}"]) if x.ok]
    most = max((x.place["threads"] for x in ran), default=0)
    true = {x.map: value(x, metric) for x in ran
            if x.place["threads"] == most}
    return int(match[2]) == most and say.listed(match[3].split(", "), {
        m: v for m, v in true.items() if v is not None})


def most_of(found):
    """The largest group of cells that differ in map and cores only."""
    groups = {}
    for x in found:
        key = tuple((k, str(v)) for k, v in x.place.items()
                    if k != "threads")
        groups.setdefault(key, []).append(x)
    return max(groups.values(), key=len, default=[])
