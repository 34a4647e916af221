# SPDX-License-Identifier: Apache-2.0
"""Every alternative text: what a figure shows, in words, by the start of its
key. One that no rule reads is a finding."""
import functools
import re
import statistics

import numpy as np

from report.lint import figures, intervals, latency, noise, say, simulated
from report.lint.panels import board_of
from report.lint.read_page import clean
from report.lint.rows import nameless

RULE = "alternative text"
N = say.NUMBER
GAIN = rf"× ({N}) (?:\[({N}), ({N})\]|\(n < 6\)) of ({N}) Mop/s"


def check(c):
    for panel in c.page.panels(""):
        text, where = clean(panel.alt), f"index.html: {panel.key}"
        form = next((f for start, f in FORMS if panel.key.startswith(start)),
                    None)
        if form is None or c.head() is None and form in OF_HEAD:
            c.log.check(form is not None, RULE, where, text, "alts.py",
                        "no rule reads it")
            continue
        right = form(c, panel, text)
        if right is not None:
            c.log.check(right, RULE, where, text, panel.name,
                        "its rows say something else")


def at(c, panel, threads):
    """The group of the headline's board that a panel has at a count."""
    mix = say.mixes(panel.name)
    return next((g for g in board_of(c, c.head()) if mix is not None
                 and g.place["threads"] == threads
                 and say.fits_mix(g.place, mix)), None)


def line(c, panel):
    """The groups of that board with the panel's mix, by thread count."""
    mix = say.mixes(panel.name)
    return sorted((g for g in board_of(c, c.head()) if mix is not None
                   and say.fits_mix(g.place, mix)),
                  key=lambda g: g.place["threads"])


# ---- ratios, and gains ------------------------------------------------------

def ratios(c, group):
    """map -> centre of its ratio to the base."""
    base = group.cells.get(c.base)
    found = {m: c.ratio(x, base) for m, x in group.cells.items()
             if c.rows.peer(m) and m != c.base}
    return {m: pair.centre for m, pair in found.items() if pair}


def rivals(c, _, text):
    wanted = ratios(c, c.head())
    return (say.listed(text[:-1].split(", "), wanted) if wanted
            else text == "No ratio.")


def forest(c, panel, text):
    """"1 thread: shard_seg 1.99, ...; 2 threads: ..."; at most four counts."""
    counts, right = [], True
    for part in text[:-1].split("; "):
        count, _, told = part.partition(":")
        group = at(c, panel, say.counts(count))
        right = right and group is not None and say.listed(
            [v for v in told.strip().split(", ") if v != "no ratio"],
            ratios(c, group))
        counts.append(say.counts(count))
    planned = [g.place["threads"] for g in line(c, panel)]
    return right and (counts == planned if len(planned) <= 4 else
                      len(counts) == 4 and counts == sorted(set(counts)))


def gain_told(c, cells, text):
    """"× 1.77 [1.66, 1.89] of 83.4 Mop/s", from the first to the last."""
    match, pair = re.fullmatch(GAIN, text), c.ratio(cells[-1], cells[0])
    if pair is None:
        return text == figures.no_gain(cells[-1])
    if not match or not say.same(match[4],
                                                 c.centre(cells[0])):
        return False
    spans = pair.spans() if pair.low is not None else []
    return say.same(match[1], pair.centre) and (
        any(say.same(match[2], a) and say.same(match[3], b)
            for a, b in spans) if match[2] else not spans)


def scaling(c, panel, text):
    """Of one map over all counts, or of all maps at two."""
    here, opening = line(c, panel), re.match(
        r"From (\d+) to (\d+) threads: ", text)
    if not opening:
        return of_one(c, panel, text, here)
    if [int(n) for n in opening.groups()] != [g.place["threads"]
                                              for g in here]:
        return False
    names = "|".join(map(re.escape, c.rows.maps))
    return say.listed(re.split(rf"; (?=(?:{names}) )",
                               text[opening.end():-1]), {
        m: lambda told, cells=[g.cells[m] for g in here if m in g.cells]:
        at_two(c, cells, told)
        for m in {m for g in here for m in g.cells} if gained(c, here, m)})


def gained(c, here, name):
    """Is there something to say: a gain, or a count without a result."""
    cells = [g.cells[name] for g in here if name in g.cells]
    return len(cells) == 2 or any(not x.ok for x in cells)


def at_two(c, cells, told):
    if len(cells) == 2 and all(x.ok for x in cells):
        return gain_told(c, cells, told)
    return told == "; ".join(
        f"{x.place['threads']} thread{'s' * (x.place['threads'] > 1)}: "
        f"{x.state}" for x in cells if not x.ok)


def of_one(c, panel, text, here):
    """"gomap_rw: 20.1 Mop/s at 1, ...; × 0.5 [..] of 20.1 Mop/s."."""
    name, _, told = text[:-1].partition(": ")
    cells = [g.cells[name] for g in here if name in g.cells
             and g.cells[name].ok]
    speeds, _, more = told.partition("; ")
    if not cells or name not in panel.name:
        return told == "not run" and name in panel.name
    form = ", ".join("{} Mop/s at {}" for _ in cells)
    return say.told(speeds, form, *(
        v for x in cells for v in (c.centre(x), x.place["threads"]))) and (
        gain_told(c, cells, more) if len(cells) > 1 else not more)


def per_operation(c, panel, text):
    """"ns per operation: syncmap 20.1, ...", at the only count."""
    group = next(iter(line(c, panel)), None)
    found = {} if group is None else {
        m: c.centre(x) for m, x in group.cells.items() if x.ok}
    told = text[:-1].removeprefix("ns per operation: ")
    return bool(found) and say.listed(told.split(", "), {
        m: 1e3 * group.place["threads"] / v for m, v in found.items()})


def efficiency(c, _, text):
    """"At 1 thread: ck_ht 72.6 %": of the map without synchronisation, on
    the line where it ran at most counts; each map at its last."""
    found = {}
    for g in c.rows.groups:
        bound = g.cells.get(figures.BOUND)
        if bound is not None and bound.ok and not bound.wrong:
            found.setdefault((c.rows.shared[id(g)], nameless(g),
                              g.spot[1:]), []).append(g)
    most = max((len(gs) for gs in found.values()), default=0)
    return any(shares(c, sorted(gs, key=lambda g: g.spot[0]), text)
               for gs in found.values() if len(gs) == most)


def shares(c, groups, text):
    wanted = {}
    for g in groups:
        for m, x in g.cells.items():
            pair = c.ratio(x, g.cells[figures.BOUND])
            if pair and c.rows.peer(m):
                wanted[m] = lambda said, v=100 * pair.centre: say.told(
                    said, "{} %", v)
    opening, _, told = text[:-1].partition(": ")
    return (opening.startswith("At ") and say.counts(opening)
            == groups[-1].place["threads"]
            and say.listed(told.split(", "), wanted))


# ---- trials, memory, latency ------------------------------------------------

def raw(c, _, text):
    """"286 trials of 11 maps; 2 beyond Tukey's outer fence."."""
    logs = [[np.exp(v) for v in x.logs.values()] for m, x in
            c.head().cells.items() if x.ok and c.rows.peer(m)]
    return say.told(text, "{} trials of {} maps; {} beyond Tukey's outer "
                    "fence.", sum(map(len, logs)), len(logs),
                    sum(map(far, logs)))


def far(values):
    """How many lie more than three quartile ranges beyond a quartile."""
    low, high = np.percentile(values, [25, 75])
    reach = 3 * (high - low)
    return sum(v > high + reach or v < low - reach for v in values)


def memory(c, _, text):
    told = text[:-1].removeprefix("Bytes per entry after prefill: ")
    planned = {r["map"]: c.rows.cells.get(r["cell"]) for r in c.page.csv(
        "figures/memory.csv") or []}
    used = {m: figures.usage(x) for m, x in planned.items() if x is not None}
    return told != text[:-1] and say.listed(told.split(", "), {
        m: u["filled"] for m, u in used.items() if u})


def tradeoff(c, panel, text):
    """"Least: gomap_rw; most Mop/s: shard_seg; 11 maps.", of its rows; of
    those that are equal to five digits any may be named. No least is known
    where one of them is not, or where it may be the floor's."""
    column = panel.key.removeprefix("tradeoff-").replace("-", "_")
    drawn = [r for r in c.page.csv("figures/tradeoff.csv") or []
             if r.get(column) and float(r[column]) > 0]
    least = min((float(r[column]) for r in drawn), default=0)
    most = max((float(r["mops"]) for r in drawn), default=0)
    low = {r["map"] for r in drawn if float(r[column]) <= least * 1.00001}
    high = {r["map"] for r in drawn if float(r["mops"]) >= most / 1.00001}
    if column == "p99_ns" and any(
            r["p99_low"] and latency.wide(float(r["p99_low"]),
                                          float(r["p99_high"]))
            for r in drawn):
        low = {"not known"}
    elif column == "p99_ns":
        low = low - set(lost := at_floor(c, drawn)) | (
            {lost_words(lost, drawn)} if low & set(lost) else set())
    return say.told(text, "Least: {}; most Mop/s: {}; {} maps.",
                    low.__contains__, high.__contains__, len(drawn))


def at_floor(c, drawn):
    """Maps whose P99 is not shown to be above that of no map at all."""
    floor = figures.p99_of(c, "null_map").get("p99_high")
    return [r["map"] for r in drawn if floor is not None and (
        not r["p99_low"] or float(r["p99_low"]) <= floor)]


def lost_words(lost, drawn):
    if len(lost) == len(drawn):
        return "no map is told from the floor"
    first = ", ".join(lost[:-1])
    return f"{first}{' and ' * bool(first)}{lost[-1]} not told from the floor"


def loop_cells(c, panel):
    """map -> cell of the open loop and its operation that a panel has."""
    operation = re.match(r"Latency of (\w+)", panel.name)[1]
    found = {m: latency.cells(c, m, panel.name) for m in c.rows.maps}
    cells = {m: x[0] for m, x in found.items() if len(x) == 1}
    return operation, {m: x for m, x in cells.items() if x.ok
                       and not latency.overloaded([latency.factor(x, t)
                                                   for t in x.ok])}


def percentiles(c, panel, text):
    """"P50 and P99: syncmap 967 ns [866 ns, 1.07 µs] and n < 368; ..."."""
    if panel.key.endswith("-curves"):
        return highest(c, panel, text)
    operation, cells = loop_cells(c, panel)
    found = {m: latency.main_entries(c, x, operation)
             for m, x in cells.items()}
    told = text[:-1].removeprefix("P50 and P99: ").split("; ")
    return say.listed(told, {
        m: lambda said, m=m: both(c, cells[m], found[m], said)
        for m in cells if found[m]})


def both(c, cell, found, text):
    """"967 ns [866 ns, 1.07 µs] and n < 368"."""
    parts, right = text.split(" and "), len(text.split(" and ")) == 2
    times = [latency.factor(cell, t) for t in cell.ok]
    kept, c.log = c.log, type(c.log)()
    for (key, need), part in zip((latency.COLUMNS["P50"],
                                  latency.COLUMNS["P99"]), parts):
        latency.cell(c, text, cell, times, found, key, need, part)
    kept, c.log = c.log, kept
    return right and not kept.findings


def highest(c, panel, text):
    """"ck_ht 32.9 µs at P99, ...": the last with enough operations."""
    operation, cells = loop_cells(c, panel)
    wanted = {}
    for m, x in cells.items():
        found = latency.main_entries(c, x, operation)
        enough = [(name, key) for name, (key, need) in
                  latency.COLUMNS.items() if latency.values_of(found, key)
                  and need <= min(e["count"] for _, e in found)]
        if enough:
            name, key = enough[-1]
            wanted[m] = functools.partial(
                one_time, name, latency.values_of(found, key))
    told = text[:-1].removeprefix(
        "Highest percentile with enough operations: ")
    return told == "none" if not wanted else say.listed(
        told.split(", "), wanted)


def one_time(name, values, text):
    """"32.9 µs at P99", "not known (12.5 µs to 3.95 ms) at P99"."""
    ends = latency.order_interval(values)
    if ends and latency.wide(*ends):
        return latency.timed(text, f"not known ({{}} to {{}}) at {name}",
                             *ends)
    return latency.timed(text, f"{{}} at {name}", statistics.median(values))


def counters(c, panel, text):
    """"At 2 threads: syncmap 1.20, ..." of hardware, each at its last count;
    or why there is no number."""
    metric, found = panel.key.removeprefix("cache-"), {}
    for x in c.rows.cells.values():
        values = [e["total"] / t["result"]["ops"] for t in x.ok for e in (
            t["result"].get("counters") or {}).get("events") or []
            if x.measure == "counters" and e["metric"] == metric
            and e.get("total") is not None and t["result"].get("ops")
            and e["quality"] in ("exact", "replayed")]
        if values:
            found.setdefault(x.map, []).append(
                statistics.median(intervals.walsh(values)))
    if text.startswith("No data: "):
        return not any(v for values in found.values() for v in values)
    parts = text[:-1].partition(": ")[2].split(", ")
    return say.listed(parts, {
        m: lambda said, m=m: any(say.printed(said, v) for v in found[m])
        for m in c.names(" ".join(parts)) if m in found})


# ---- the machine, and fields ------------------------------------------------

def controls(c, _, text):
    told = [say.ascii_(part) for part in text[:-1].split("; ")]
    return told == [f"{x['name']}: {x['word']}" + (
        f" ({x['why']})" if x["why"] else "")
                    for x in arms_first(figures.all_controls(c))]


def arms_first(found):
    slot = [x for x in found if x["name"].startswith("slot")]
    return [x for x in found[:-1] if x not in slot] + slot + found[-1:]


def pins(c, panel, text):
    """"2 threads on 2 CPUs of 2: thread 0 on cpu 0, ...": of some cell."""
    match = re.fullmatch(rf"({say.NUMBER}) threads? on ({say.NUMBER}) CPUs? "
                         rf"of ({say.NUMBER}): (.*)\.", text)
    if not match:
        return False
    n, used, of = map(say.value, match.groups()[:3])
    told = match[4].split(", ")
    return any(
        (n, used) == (len(cpus), len(set(cpus)))
        and of == len(known_cpus(c) | set(cpus))
        and told == [f"thread {i} on cpu {cpu}"
                     for i, cpu in enumerate(cpus)][:64]
        for x in c.rows.cells.values() for cpus in [x.factors.get("cpus")]
        if cpus and x.place["placement"] in panel.name)


def known_cpus(c):
    """Of the machine, as hwloc saw it; else those of cells whose threads
    have a CPU each."""
    path = c.rows.folder / "topology.xml"
    text = path.read_text("utf-8") if path.is_file() else ""
    found = re.findall(r'type="PU" os_index="(\d+)"', text)
    return set(map(int, found)) or {cpu for x in c.rows.cells.values()
                                    if x.alone for cpu in x.factors["cpus"]}



def read_elsewhere(*_):
    """By the rule of its figure, which knows the fields."""
    return None


FORMS = (("rivals", rivals), ("forest-", forest), ("scaling-", scaling),
         ("ns-", per_operation), ("efficiency", efficiency), ("raw", raw),
         ("memory", memory), ("tradeoff-", tradeoff),
         ("latency-", percentiles), ("strip", noise.strip),
         ("repeats", noise.repeats), ("controls", controls), ("pins", pins),
         ("simulated-", simulated.alt), ("cache-", counters),
         ("flip-", read_elsewhere), ("winner-", read_elsewhere),
         ("production", read_elsewhere),
         ("claim-ratios", read_elsewhere))
OF_HEAD = (rivals, forest, scaling, per_operation, efficiency, raw)
