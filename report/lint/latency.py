# SPDX-License-Identifier: Apache-2.0
"""Percentiles of open loops: from enough operations, and only of maps that
kept up with their arrivals."""
import functools
import re
import statistics

from scipy.stats import binom

from report.lint import say, trust

RULE = "latency"
KEEPS_UP = 1.2
KNOWN = 10  # ends of an interval further apart say that it is not known
COLUMNS = {"P50": ("p50_ns", 6), "P90": ("p90_ns", 36),
           "P99": ("p99_ns", 368), "P99.9": ("p999_ns", 3688)}
UNITS = {"ns": 1.0, "µs": 1e3, "ms": 1e6, "s": 1e9}
LOOP = re.compile(rf"\((\S+), (\S+), ({say.NUMBER}) operations/s([^()]*)\)")
LATE = re.compile(rf"({say.NUMBER} of {say.NUMBER}(?: \([^()]*\))?) "
                  "operations began more than 1 ms")
BUSY = re.compile(rf"({say.NUMBER}) of this figure's ({say.NUMBER}) trials? "
                  "(?:was|were) disturbed by others")
TIME = re.compile(rf"({say.NUMBER}) (ns|µs|ms|s)\b")


def check(c):
    for t in c.page.tables:
        if t.key.startswith("latency"):
            for row in t.rows:
                table_row(c, t, row)
    late(c)
    busy(c)


def cells(c, name, caption):
    """Latency cells of a map in the group that a caption tells of."""
    mix, keys, threads = (read(caption) for read in (
        say.mixes, say.keys, say.counts))
    fits = [x for x in c.rows.cells.values() if x.map == name
            and x.measure == "latency"
            and keys in (None, x.place["keys"])
            and threads in (None, x.place["threads"])
            and (mix is None or say.fits_mix(x.place, mix))
            and x.place["presize"] == ("not presized" not in caption)
            and bool(x.place["miss_share"]) == ("% misses" in caption)
            and are_told(x, caption)
            and (", " + x.place["shape"] + "," in caption
                 or x.place["shape"] == "u64x8")]
    told = re.search(rf"({say.NUMBER}) operations/s", caption)
    return [x for x in fits if x.place["workload"] in caption and (
        not told or say.value(told[1]) == round(x.factors["rate_per_s"]))]


def are_told(cell, text):
    """Whether its goroutines are those that a text tells of."""
    return (cell.place["goroutines"] == "free") == ("goroutines free" in text)


def named(c, name, text):
    """Latency cells of a map in the open loop that a text has in brackets:
    "(order-service, u64x24, 10 000 operations/s, not presized)"."""
    told = LOOP.search(text)
    return [x for x in c.rows.cells.values() if told and x.map == name
            and x.measure == "latency"
            and (x.place["workload"], x.place["shape"],
                 round(x.factors["rate_per_s"])) == (
                     told[1], told[2], say.value(told[3]))
            and x.place["presize"] == ("not presized" not in told[4])
            and bool(x.place["miss_share"]) == ("% misses" in told[4])
            and are_told(x, told[4])]


def factor(cell, trial):
    """How many times as long as its arrivals a trial took."""
    f, result = cell.factors, trial["result"]
    lasted = f.get("window_ns") or (
        1e9 * result["ops"] / f["rate_per_s"] if f["rate_per_s"] else 0)
    return result["elapsed_ns"] / lasted if lasted else 1.0


def entries(cell, operation, clock):
    """Entries of one operation and clock: [(trial, entry)]."""
    kind, _, there = operation.partition(", ")
    return [(t, e) for t in cell.ok for e in t["result"].get("latency") or []
            if e.get("count") and e["operation"] == kind
            and e["clock"] == clock and e["was_there"] == (there != "absent")]


def values_of(found, key):
    """A percentile of the trials that have one."""
    return [e[key] for _, e in found if e[key] is not None]


def table_row(c, t, row):
    head = dict(zip(t.heads, row))
    name = (c.names(row[0]) or [row[0]])[0]
    operation = head.get("operation, key") or head.get("operation", "")
    fits = cells(c, name, t.caption)
    said = f"{t.key}: " + " | ".join(row)
    if not fits:
        c.log.found(RULE, "index.html#latency", said, "campaign.json",
                    "no such cell was planned")
    elif len(fits) > 1:
        c.log.skip("index.html#latency", said, f"fits {len(fits)} cells")
    if len(fits) != 1:
        return
    times = [factor(fits[0], x) for x in fits[0].ok]
    if operation.startswith("all: "):
        c.log.check(overloaded(times) and late_told(
            fits[0], times, operation.removeprefix("all: "))
            and set(row[2:]) == {"–"}, RULE, "index.html#latency", said,
            fits[0].id, f"{times}")
        return
    found = entries(fits[0], operation, head.get("clock", "intended"))
    if not times or not found:
        c.log.skip("index.html#latency", said, "no such entry")
        return
    for column, (key, need) in COLUMNS.items():
        if column in head:
            cell(c, said, fits[0], times, found, key, need, head[column])
    operations(c, said, t, head, found)
    ends(c, said, head, found)


def ends(c, said, head, found):
    """Largest value of all trials, and how many trials there are."""
    worst = max(e["max_ns"] for _, e in found)
    match = TIME.match(head.get("maximum", ""))
    if match:
        c.log.check(say.same(match[1], worst / UNITS[match[2]]), RULE,
                    "index.html#latency", said, "max_ns", f"{worst} ns")
    if head.get("trials", "").isdigit():
        c.log.check(int(head["trials"]) == len(found), RULE,
                    "index.html#latency", said, "trials.jsonl",
                    f"{len(found)} trials")


def loop(cell):
    """What the cells of one open loop have in common."""
    return tuple(sorted((k, str(v)) for k, v in cell.place.items())) + (
        cell.factors.get("rate_per_s"), cell.factors.get("arrivals"))


def main_entries(c, cell, operation):
    """Entries of the outcome of an operation that happens most."""
    alike = [x for x in c.rows.cells.values() if x.measure == "latency"
             and loop(x) == loop(cell)]
    count = lambda there: sum(e["count"] for x in alike for _, e in entries(
        x, f"{operation}, {there}", "intended"))
    most = max(("absent", "present"), key=count)
    return entries(cell, f"{operation}, {most}", "intended")


def quantile(cell, found, name):
    """What a data file holds of a percentile, by column; "P100" is the
    largest value."""
    times = [factor(cell, t) for t in cell.ok]
    if not found:
        return {"ns": None, "low": None, "high": None, "n": len(cell.ok),
                "why": "no such operation"}
    least = min(e["count"] for _, e in found)
    about = {"operations": least, "n": len(found), "why": ""}
    if times and overloaded(times):
        late = functools.partial(late_told, cell, times)
        return (about if name == "P100" else {"n": len(times)}) | {
            "ns": None, "low": None, "high": None, "why": late}
    if name == "P100":
        return about | {"ns": float(max(e["max_ns"] for _, e in found)),
                        "why": "largest of all trials: no interval"}
    key, need = COLUMNS[name]
    values = values_of(found, key)
    if least < need or not values:
        return about | {"ns": None, "low": None, "high": None, "why":
                        f"n < {need}" if least < need else "none"}
    low, high = order_interval(values) or (None, None)
    middle = float(statistics.median(values))
    return about | {"ns": middle, "low": low and float(low), "n": len(values),
                    "high": high and float(high), "why": "" if low else
                    lambda text: timed(text, "{} (n < 6 trials)", middle)}


def late_told(cell, times, text):
    """"overloaded at 10 000/s (took 2.0 to 4.0 times the time)"."""
    return say.told(text, "overloaded at {}/s (took {} to {} times the time)",
                    round(cell.factors["rate_per_s"]), min(times), max(times))


def timed(text, form, *values):
    """Is a text of this form, with a time for each {}?"""
    return say.told(text, form, *(functools.partial(is_time, v)
                                  for v in values))


def is_time(true, text):
    match = TIME.fullmatch(text)
    return bool(match) and say.same(match[1], true / UNITS[match[2]])


@functools.lru_cache(maxsize=None)
def outer_rank(n):
    """Rank of the lower end of the median's 95 % interval, by the binomial;
    0: n values are too few."""
    return max((i for i in range(1, n // 2 + 1)
                if 2 * binom.cdf(i - 1, n, 0.5) <= 0.05), default=0)


def order_interval(values):
    """95 % interval of the median: order statistics."""
    v, k = sorted(values), outer_rank(len(values))
    return (v[k - 1], v[-k]) if k else None


def wide(low, high):
    """Does an interval leave even the order of magnitude open?"""
    return high > KNOWN * low


def cell(c, said, where, times, found, key, need, text):
    least = min(e["count"] for _, e in found)
    told = (f"{where.id}: at least {least} operations per trial, {need} "
            f"needed; took {min(times):.3g} to {max(times):.3g} times as "
            "long as its arrivals")
    if "overloaded" in text or overloaded(times):
        c.log.check(overloaded(times) and late_told(where, times, text),
                    RULE, "index.html#latency", said, where.id, told)
        return
    known = values_of(found, key)
    little = text.startswith("n <")
    c.log.check(little == (least < need), RULE, "index.html#latency", said,
                where.id, told)
    if little:
        c.log.check(text.replace(say.THIN, "") == f"n < {need}", RULE,
                    "index.html#latency", said, where.id, f"{need} needed")
    elif not known or text == "none":
        c.log.check(not known and text == "none", RULE, "index.html#latency",
                    said, where.id, f"{len(known)} trials have {key}")
    else:
        unknown(c, said, where, known, text)
    match = TIME.match(text)
    if match and known:
        middle = statistics.median(known)
        scale = UNITS[match[2]]
        c.log.check(say.same(match[1], middle / scale), RULE,
                    "index.html#latency", said, where.id,
                    f"{key} {middle:.4g}")
        interval(c, said, where, known, text)


def unknown(c, said, where, values, text):
    """"not known (793 ns to 27.2 µs)": where the ends are further apart than
    a factor of ten, and nowhere else."""
    true, told = order_interval(values), text.startswith("not known")
    lost = true is not None and wide(*true)
    got = TIME.findall(text)
    c.log.check(told == lost and (not told or len(got) == 2 and all(
        say.same(v, t / UNITS[u]) for (v, u), t in zip(got, true))), RULE,
        "index.html#latency", said, where.id, f"interval {true}")


def interval(c, said, where, values, text):
    """The two times in brackets."""
    true, got = order_interval(values), TIME.findall(text)[1:]
    if not got:
        c.log.check(true is None and text.endswith("(n < 6 trials)")
                    or text.startswith("not known"), RULE,
                    "index.html#latency", said, where.id, f"interval {true}")
        return
    c.log.check(true is not None and len(got) == 2 and all(
        say.same(v, t / UNITS[u]) for (v, u), t in zip(got, true)), RULE,
        "index.html#latency", said, where.id, f"interval {true}")


def overloaded(times):
    """The median trial decides, so that one disturbance does not."""
    return statistics.median(times) > KEEPS_UP


def operations(c, said, t, head, found):
    """The column of operations counts what the rule counts: per trial."""
    title = next((h for h in t.heads if "operations" in h.lower()), None)
    if title is None:
        return
    got = re.match(say.NUMBER, head[title])
    each = [e["count"] for _, e in found]
    per_trial = "per trial" in title or "least" in title
    true = min(each) if per_trial else sum(each)
    c.log.check(bool(got) and say.value(got[0]) == true, RULE,
                "index.html#latency", f"{said} ({title})", "trials.jsonl",
                f"{true}; each trial: {min(each)} to {max(each)}")
    for text in head.values():
        match = re.match(rf"n < ({say.NUMBER})", text)
        if match and got:
            c.log.check(say.value(got[0]) < say.value(match[1]), RULE,
                        "index.html#latency", f"{said} ({title})",
                        "trials.jsonl", f'"{text}" beside {got[0]} '
                        f"operations: the limit is per trial ({min(each)}), "
                        "the column is their sum")


def late(c):
    """"6 604 of 1 590 000 (0.42 %) operations began more than 1 ms ..."."""
    for t in c.page.tables:
        match = LATE.search(t.caption)
        if not match:
            continue
        fits = [x for x in c.rows.cells.values() if x.measure == "latency"
                and x in cells(c, x.map, t.caption)]
        told = [y["result"] for x in fits for y in x.ok
                if y["result"].get("late_starts") is not None]
        form, values = say.part(sum(r["late_starts"] for r in told),
                                sum(r["ops"] for r in told))
        c.log.check(say.told(match[1], form, *values), RULE,
                    "index.html#latency", t.caption, "late_starts",
                    form.format(*values))
        whose = [x.map for x in fits if x.ok and overloaded(
            [factor(x, y) for y in x.ok])]
        if whose and "overloaded" not in t.caption + " ".join(
                sum(t.rows, [])):
            c.log.found(RULE, "index.html#latency", t.caption,
                        "late_starts", "of maps that did not keep up: "
                        + ", ".join(sorted(set(whose))))


def busy(c):
    """"11 of this figure's 11 trials were disturbed by others", where any
    was."""
    section = c.page.section("latency")
    for node in section.all("figcaption") if section else ():
        text = node.text()
        shown = [(x, t) for x in c.rows.cells.values()
                 if x.measure == "latency" and x in cells(c, x.map, text)
                 and x.ok and not overloaded([factor(x, t) for t in x.ok])
                 for t in x.ok]
        true = sum(trust.taken(*pair) for pair in shown), len(shown)
        said = BUSY.search(text)
        c.log.check(bool(said) == bool(true[0]) and (not said or all(
            map(say.same, said.groups(), true))), RULE, "index.html#latency",
            text, "trials.jsonl", f"{true[0]} of {true[1]} disturbed")
