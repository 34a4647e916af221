# SPDX-License-Identifier: Apache-2.0
"""What the rows behind single figures hold: speeds, costs, latencies, single
trials. Each gives all that a row may say, as dicts by column."""
import math
import statistics

from report.lint import controls, latency, noise, say, simulated
from report.lint.rows import LOOPS, usable

# ---- throughput -------------------------------------------------------------


def few(pair):
    return "n<6" if pair.low is None else ""


def level(row):
    """Speed of a cell; in a figure of one thread count ns per operation."""
    found = row.c.level(row.cell)
    if found is None:
        return [{"n": 0, "why": row.cell.why}]
    about = {"n": found.n, "reason": few(found)}
    if "ns" in row.held:
        times = 1e3 * row.cell.place["threads"]
        return [about | {"ns": times / found.centre,
                         "low": high and times / high,
                         "high": low and times / low}
                for low, high in found.spans()]
    return [about | {"mops": found.centre, "low": low, "high": high}
            for low, high in found.spans()]


def first_of(c, cell):
    """The cell of a map at the least thread count that it has a result at,
    all else alike."""
    here = c.rows.group_of[cell.id]
    line = [g.cells.get(cell.map) for g in c.rows.groups
            if c.rows.alike(g, here) and g.spot[1:] == here.spot[1:]]
    return min((x for x in line if x is not None and x.ok),
               key=lambda x: x.place["threads"])


def no_gain(cell):
    """Why it is not known, of a map with results at both counts."""
    return "failed verification" if cell.wrong else "no block in common"


def gain(row):
    """What more threads gave, paired by block."""
    first = first_of(row.c, row.cell)
    if first is row.cell:
        return [{}]
    pair = row.c.ratio(row.cell, first)
    if pair is None:
        return [{"gain_why": no_gain(row.cell)}]
    return [{"gain": pair.centre, "gain_low": low, "gain_high": high,
             "gain_why": few(pair), "from_threads": first.place["threads"],
             "from_mops": row.c.centre(first)}
            for low, high in pair.spans()]


BOUND = "gomap"


def efficiency(row):
    """In per cent of the map without synchronisation."""
    bound = row.group.cells.get(BOUND)
    pair = row.c.ratio(row.cell, bound)
    if pair is None:
        return []
    times = lambda v: None if v is None else 100 * v
    return [{"percent": times(pair.centre), "low": times(low),
             "high": times(high), "reason": few(pair), "n": pair.n,
             "bound_mops": row.c.centre(bound)}
            for low, high in pair.spans()]


# ---- single trials ----------------------------------------------------------

def trial(row):
    """One block of a cell."""
    block = int(row.held["block"])
    log = row.cell.logs.get(block)
    return [{"block": block, "mops": log and math.exp(log), "n": 1}]


def attempt(row):
    """One line of the strip: what disturbed an attempt."""
    lines, at = row.c.rows.begun, int(row.held["trial"]) - 1
    if not 0 <= at < len(lines) or lines[at]["cell"] != row.held["cell"]:
        return []
    t = lines[at]
    counts = any(t is line for line in row.cell.lines)
    return [{"trial": at + 1, "block": t["block"], "n": 1,
             "attempt": t.get("attempt", 1), "status": row.cell.end(t)
             if counts else t["status"],
             "adds_per_ns": noise.speed(t), "waited_percent": noise.waited(t),
             "steal_percent": noise.stolen(row.c.rows, t)}]


# ---- memory, and other prices -----------------------------------------------

def usage(cell):
    """Medians over the trials that tell what they took; a peak is no less
    than what was there before it."""
    found = []
    for t in cell.ok:
        m, held = t["result"].get("footprint") or {}, t["result"].get(
            "keys_before")
        got = [m.get(f"rss_{k}_bytes") for k in ("empty", "filled", "peak")]
        if held and None not in got:
            found.append((*got[:2], max(got[1:]), held))
    if not found:
        return None
    empty, filled, peak, held = map(statistics.median, zip(*found))
    return {"filled": (filled - empty) / held, "peak": (peak - empty) / held,
            "rss_empty_bytes": empty, "rss_filled_bytes": filled,
            "rss_peak_bytes": peak, "n": len(found), "why": ""}


def memory(row):
    return [usage(row.cell) or {"n": 0, "why": row.cell.why or (
        "no memory values in its results")}]


def price(row):
    """Bytes of an entry, of the cell that the figure of memory has."""
    planned = {r["map"]: r["cell"] for r in row.c.page.csv(
        "figures/memory.csv") or []}
    cell = row.c.rows.cells.get(planned.get(row.cell.map))
    if cell is None:
        return [{"bytes_why": "not planned"}]
    used = usage(cell)
    return [{"bytes_cell": cell.id, "bytes_why": "" if used else
             cell.why or "no memory values in its results",
             "bytes_per_entry": used and used["filled"]}]


def tail(row):
    return [p99_of(row.c, row.cell.map)]


def p99_of(c, name):
    """P99 of a map's lookups in the first open loop; callers of other ones,
    such as stock, time their own operations."""
    loops = [x for x in c.rows.cells.values() if x.measure == "latency"
             and x.factors.get("loop", "mix") in LOOPS]
    cell = next((x for x in loops if x.map == name
                 and latency.loop(x) == latency.loop(loops[0])), None)
    if cell is None:
        return {"p99_why": "not run in that open loop"}
    found = latency.quantile(cell, latency.main_entries(c, cell, "lookup"),
                             "P99")
    why = cell.why or found["why"]
    return {"p99_cell": cell.id, "p99_ns": found["ns"], "p99_why": why,
            "p99_low": found["low"], "p99_high": found["high"]}


def quantile(row):
    """A percentile of one operation, outcome and clock."""
    held, cell = row.held, row.cell
    there = held["was_there"] == "True"
    found = latency.entries(cell, f"{held['operation']}, "
                            f"{'present' if there else 'absent'}",
                            held["clock"])
    name = f"P{held['percentile']}"
    if not found or name not in (*latency.COLUMNS, "P100"):
        return []
    about = {k: held[k] for k in ("operation", "was_there", "clock",
                                  "percentile")}
    return [about | latency.quantile(cell, found, name)]


def statistic(row):
    """The largest value that any trial of a map counted, measured again or
    not."""
    tried = {}
    for t in row.c.rows.ran:
        cell = row.c.rows.cells[t["cell"]]
        if t.get("arm", "head") == "head" and usable(cell.measure, t):
            tried.setdefault(cell.id, []).append(t)
    name, most = row.held["statistic"], {}
    for cell in row.c.rows.cells.values():
        if cell.map == row.cell.map and cell.id in row.c.rows.group_of:
            most[cell.id] = max((
                s["value"] for t in tried.get(cell.id, ()) for s in
                t["result"].get("stats") or [] if s["name"] == name
                and s["value"] is not None), default=-1)
    own = tried.get(row.cell.id, [])
    return [{"statistic": name, "n": len(own),
             "largest": most[row.cell.id] if most[row.cell.id] == max(
                 most.values()) else "another cell has the largest",
             "unit": next((s["unit"] for t in own for s in
                           t["result"].get("stats") or []
                           if s["name"] == name), None)}]


# ---- controls, and counts of a model ----------------------------------------

def control(row):
    """A control, or the drift, which is none."""
    found = {x["name"]: x for x in all_controls(row.c)}
    return [found[row.held["name"]]] if row.held["name"] in found else []


def all_controls(c):
    """Every row of the figure."""
    if "controls" not in c.made:
        c.made["controls"] = [*map(told_control, controls.controls(c.rows)),
                              told_drift(c.rows)]
    return c.made["controls"]


def told_control(x):
    e = x.estimate
    return {"name": say.ascii_(x.name), "n": e.n, "word": x.word, "why": x.why,
            "percent": nearly(e.centre and 100 * (e.centre - 1)),
            "low": nearly(controls.percent(x.low)),
            "high": nearly(controls.percent(x.high)),
            "limit_low": x.percents[0], "limit_high": x.percents[1]}


def nearly(true):
    """A difference that is none but for rounding has no digits to compare."""
    return None if true is None else lambda text: text != "" and (
        say.close(float(text), true) or abs(float(text) - true) < 1e-7)


def told_drift(rows):
    *found, n = controls.drift(rows)
    centre, low, high = map(controls.percent, found)
    word = ("direction not known" if low is None or low <= 0 <= high else
            f"later blocks {'slower' if low > 0 else 'faster'}")
    return {"name": "drift: last block - first", "n": n, "word": word,
            "percent": nearly(centre), "low": nearly(low),
            "high": nearly(high), "limit_low": None, "limit_high": None,
            "why": "" if centre is not None else "fewer than 3 blocks"}


def counts(row):
    """A count per operation of a model, of this campaign or stored."""
    cell = simulated.cells(row.c).get(row.held["cell"])
    metric = row.held["metric"]
    if cell is None or metric not in simulated.METRICS:
        return []
    return [cell.factors | cell.place | {
        "cell": cell.id, "metric": metric, "n": len(cell.ok),
        "model": cell.measure.partition(":")[2],
        "value": simulated.value(cell, metric)}]


READERS = (level, gain, efficiency, trial, attempt, memory, price, tail,
           quantile, statistic, control, counts)
