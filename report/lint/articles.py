# SPDX-License-Identifier: Apache-2.0
"""The articles' rows: every figure again, from the lines of trials.jsonl.

It reads docs/articles/figures.tsv by code of its own and shares nothing with
report/articles.py but that table: number, interval, n and whether there is a
figure at all must come out the same, on the page and in its data.
"""
import csv
import fnmatch
import re
import signal
import statistics

import numpy as np
from scipy.stats import t as student

from report.lint import intervals, latency, say, trust
from report.lint.read_page import clean
from report.lint.rows import TOP, USUAL

RULE, DATA, TABLE = "articles' rows", "tables/rows-all.csv", "rows"
FILE = TOP / "docs/articles/figures.tsv"
SCALES = latency.UNITS | {"": 1.0, "%": 0.01, "B": 1.0, "KiB": 2.0 ** 10,
                          "MiB": 2.0 ** 20, "GiB": 2.0 ** 30}
AMOUNT = re.compile(rf"({say.NUMBER})\s?(%|ns|µs|ms|s|KiB|MiB|GiB|B)?"
                    r"(?![\w.])")
MARKS = ("simulated", "replayed")  # said before numbers of no machine here
NOTE = re.compile(r" \(((?:1 trial|others disturbed).*)\)$")
ENDS = {"most": max, "least": min}
ENOUGH = dict(latency.COLUMNS.values())
EVENTS = {"grow", "evacuate", "resize", "promote", "rebuild", "clone",
          "reclaim", "grace_wait"}
FATAL = {str(int(getattr(signal, "SIG" + name))) for name in (
    "ILL", "TRAP", "ABRT", "BUS", "FPE", "SEGV", "SYS")}


class No(Exception):
    """There is no such figure."""


class Found:
    """Centre, interval or None, how many values they rest on, and whose
    numbers they are."""

    def __init__(self, value, low, high, n, numbers="native"):
        self.value, self.low, self.high = value, low, high
        self.n, self.numbers = n, numbers

    def spans(self):
        return (self.value, self.low, self.high)

    def told(self):
        return f"{self.value!r} [{self.low!r}, {self.high!r}], n = {self.n}"


def asked():
    with open(FILE, encoding="utf-8") as file:
        return [{k: v or "" for k, v in line.items()}
                for line in csv.DictReader(file, delimiter="\t")]


# ---- cells and trials -----------------------------------------------------

def text_of(value):
    if value is True or value is False:
        return {True: "yes", False: "no"}[value]
    return "%g" % value if type(value) is float else str(value)


def fitting(rows, line, side):
    """Planned cells of a side of a figure."""
    cells = [c for c in rows.cells.values()
             if c.factors["workload"] == line["workload"]]
    wishes = [w if "=" in w else "map=" + w
              for w in (line["where"] + " " + side).split()]
    for wish in sorted(wishes, key=lambda w: w.endswith(("=most", "=least"))):
        key, value = wish.split("=", 1)
        have = {c.id: c.factors.get(key, USUAL.get(key)) for c in cells}
        if cells and value in ENDS:
            edge = ENDS[value](have.values())
            cells = [c for c in cells if have[c.id] == edge]
        elif value not in ENDS:
            cells = [c for c in cells if fnmatch.fnmatchcase(
                text_of(have[c.id]), value)]
    return cells


def sides(line):
    return [s for s in (line["subject"], line["against"]) if s]


def lines_of(rows, cell, statistic=""):
    """Trials that tell; of a planted misuse those that failed, too, and
    wherever failures are what is counted; of crashes all whose end is known.
    """
    if re.search(r"\bcrashed\b", statistic):
        return [t for t in cell.lines if has_window(t) or fell(t)
                or t.get("exit") == "deadline"]
    if re.search(r"\bfailed\b", statistic) or rows.maps.get(
            cell.map, {}).get("misuse"):
        return [t for t in cell.lines if t["status"] in ("ok", "failed")
                and has_window(t)]
    if cell.map in rows.failed:
        raise No("its answers were wrong")
    return cell.ok


def has_window(trial):
    """Else it refused, or has no result at all."""
    return "elapsed_ns" in (trial.get("result") or ())


def fell(trial):
    """By a signal of its own, or by Go's runtime; not for want of memory."""
    why = trial.get("reason") or ""
    if "MiB that it may" in why or "out of memory" in why:
        return False
    number = trial.get("exit", "").removeprefix("signal ")
    thrown = "fatal error: " in why or "panic: " in why or re.search(
        r"goroutine [0-9]+ [^;[]*\[", why)
    return number in FATAL or trial.get("exit") == "status 2" and bool(thrown)


# ---- one value of one trial -----------------------------------------------

def told_by(result):
    """name -> value of all that a result tells under a name of its own."""
    found = {}
    if not result:
        return found  # it crashed
    for s in result.get("stats") or []:
        found.setdefault(s["name"], s.get("value"))
        found.setdefault("window." + s["name"], s.get("window"))
    passed = found.get("window.misses")  # looked up in the map behind, too
    found["read_hits"] = None if passed is None \
        else result["lookups"] - passed
    for e in (result.get("counters") or {}).get("events") or []:
        sure = e.get("quality") in ("exact", "replayed", "simulated")
        found.setdefault("counter." + e["metric"],
                         e.get("total") if sure else None)
    for e in result.get("latency") or []:
        if e["was_there"] and e["clock"] == "intended":
            for k, v in e.items():
                few = e["count"] < ENOUGH.get(k, 6)
                found.setdefault(f"{e['operation']}.{k}", None if few else v)
    return found


def added_up(amounts):
    """Of what each has; None where one has nothing."""
    known = list(amounts)
    return sum(known) if all(v is not None for v in known) else None


def members(cell, trial):
    """name -> value of what every trial has."""
    fates = {"trials": 1, "crashed": int(fell(trial)), "failed": int(
        trial["status"] == "failed" and has_window(trial))}
    r = trial["result"]
    if not r:
        return fates
    ns = r["elapsed_ns"]
    return {**fates, "peak_bytes": trial.get("peak_bytes"), "ops": r.get("ops"),
            "writes": r.get("writes"), "lookups": r.get("lookups"),
            "inserts": r.get("inserts"), "hits": found_keys(r),
            "elapsed_s": ns * 1e-9, "thread_ns": ns * cell.place["threads"],
            "cpu_ns": added_up(t["cpu_ns"] for t in r.get("by_thread") or []),
            "capacity_ns": ns * len(set(cell.factors.get("cpus") or []))}


def found_keys(result):
    """Look-ups that no kind of miss counts."""
    parts = [result.get(k) for k in ("lookups", "misses_absent",
                                     "misses_resident")]
    return None if None in parts else parts[0] - parts[1] - parts[2]


def pair_of(cell, trial, statistic):
    """(above, below) of a statistic without its fold."""
    known = told_by(trial["result"]) | members(cell, trial)
    parts = []
    for names in statistic.split("/"):
        values = [known.get(n) for n in names.split("+")]
        if None in values:
            raise No(f"{names} is not told")
        parts.append(sum(values))
    return parts[0], parts[1] if len(parts) > 1 else 1


def asked_counters(statistic):
    return set(re.findall(r"\bcounter\.[^/+\s]+", statistic))


def numbers_of(cells, statistic):
    """Whose the numbers are: a model's, a recording's, a PMU's, or none of
    these."""
    if any(x.measure.startswith("simulated:") for x in cells):
        return "simulated"
    for e in (e for x in cells for t in x.ok for e in (
            t["result"].get("counters") or {}).get("events") or []):
        if e.get("quality") == "replayed" and \
                "counter." + e["metric"] in asked_counters(statistic):
            return "replayed"
    return "counters" if any(x.measure == "counters" for x in cells) \
        else "native"


def pairs(rows, cell, statistic):
    """block -> pair_of() of a cell, but for blocks that counted another set
    of events than the statistic asks for."""
    wanted, found = asked_counters(statistic), {}
    for t in lines_of(rows, cell, statistic):
        have = {k for k in told_by(t["result"]) if k.startswith("counter.")}
        if not have or wanted <= have:
            found[t["block"]] = pair_of(cell, t, statistic)
    if wanted and not found:
        raise No("no block counts all of it")
    return found


def late(cell, statistic):
    """Did an open loop fall behind, whose latency is asked for?"""
    times = [latency.factor(cell, t) for t in cell.ok]
    return bool(times) and latency.overloaded(times) and bool(
        re.search(r"\b(lookup|upsert|remove)\.|^slope ", statistic))


# ---- all of them ----------------------------------------------------------

def divided(a, b):
    if not b:
        raise No("nothing to divide by")
    return a / b


def estimate(values):
    """Pseudo-median and 95 % interval, on logarithms where they exist."""
    if min(values) > 0:
        made = intervals.Estimate(list(np.log(values)))
        return made.centre, made.low, made.high
    averages, k = intervals.walsh(values), intervals.depth(len(values), 0.95)
    return (statistics.median(averages), averages[k - 1] if k else None,
            averages[-k] if k else None)


def of_blocks(rows, line):
    fold, _, statistic = line["statistic"].rpartition(" ")
    found, whose = [], []
    for side in sides(line):
        cells = fitting(rows, line, side)
        if len(cells) != 1 or late(cells[0], statistic):
            raise No(f"{len(cells)} cells, or late")
        whose += cells
        found.append(pairs(rows, cells[0], statistic))
    if not all(found):
        raise No("no trial")
    n, numbers = min(map(len, found)), numbers_of(whose, statistic)
    if fold:
        return Found(divided_all([one(fold, f.values()) for f in found]),
                     None, None, n, numbers)
    blocks = sorted(set.intersection(*map(set, found)))
    if not blocks:
        raise No("no block has both")
    values = [divided_all([divided(*f[b]) for f in found]) for b in blocks]
    return Found(*estimate(values), len(values), numbers)


def divided_all(values):
    return values[0] if len(values) == 1 else divided(*values)


def one(fold, pairs):
    above, below = map(sum, zip(*pairs))
    return divided(above, below) if fold == "sum" else ENDS[fold](
        divided(*p) for p in pairs)


def slices(rows, cell):
    """[P99 ms, pause ms, heap ratio, pauses] of each slice with a P99."""
    found = []
    for t in lines_of(rows, cell):
        mine = t["result"].get("slices") or []
        if any(None in (s["pauses"], s["bytes"]) for s in mine):
            continue
        most = max((s["bytes"] for s in mine), default=0)
        for s in mine:
            own = [p for p in s["pauses"] if p["event"] in EVENTS]
            if s["operations"] >= 100:
                found.append([s["p99_ns"] / 1e6, sum(
                    p["ns"] for p in own) / 1e6, s["bytes"] / most
                    if most else 0, sum(p["count"] for p in own)])
    return np.array(found, float).reshape(-1, 4)


def of_slices(rows, line):
    """Least squares by the normal equations."""
    cells = fitting(rows, line, line["subject"])
    if any(late(cell, line["statistic"]) for cell in cells):
        raise No("its P99 is the queue's")
    data = slices(rows, cells[0]) if len(cells) == 1 else np.empty((0, 4))
    if len(data) < 20:
        raise No(f"{len(data)} slices")
    names = ["pause_ms", "heap_ratio", "pauses"]
    kept = [i for i in range(3) if np.ptp(data[:, i + 1]) > 0]
    term = line["statistic"].split()[1]
    if names.index(term) not in kept:
        raise No(f"{term} did not vary")
    x = np.column_stack([np.ones(len(data)), *(data[:, i + 1] for i in kept)])
    slopes, *_ = np.linalg.lstsq(x, data[:, 0], rcond=None)
    rest, free = data[:, 0] - x @ slopes, len(x) - x.shape[1]
    at = 1 + kept.index(names.index(term))
    reach = student.ppf(0.975, free) * np.sqrt(
        rest @ rest / free * np.linalg.pinv(x.T @ x)[at, at])
    return Found(slopes[at], slopes[at] - reach, slopes[at] + reach, len(x))


def derive(rows, line):
    """(figure, "") or (None, why not)."""
    try:
        if line["statistic"].startswith("none: "):
            raise No(line["statistic"][6:])
        return (of_slices if line["statistic"].startswith("slope ")
                else of_blocks)(rows, line), ""
    except No as why:
        return None, str(why)


# ---- what the page says ---------------------------------------------------

def check(c):
    wanted = [line for line in asked() if all(
        fitting(c.rows, line, s) for s in sides(line))]
    table = c.page.table(TABLE)
    have = [] if table is None else table.rows
    keys = [(line["row"], line["what"], line["article"]) for line in wanted]
    c.log.check([tuple(row[:3]) for row in have] == keys, RULE,
                f"index.html#{TABLE}", f"{len(have)} rows",
                "docs/articles/figures.tsv", f"{len(keys)} rows have cells")
    absent(c, wanted)
    data = {(r["row"], r["figure"]): r for r in c.page.csv(DATA) or []}
    for row in have:
        line = next((w for w in wanted if (w["row"], w["what"]) ==
                     tuple(row[:2])), None)
        if line:
            figure(c, line, row, data.get((line["row"], line["what"])))


def absent(c, wanted):
    """The rows without a cell: those whose workload ran at other settings
    say so, and which, the others that it did not run."""
    have = {row for line in wanted for row in line["row"].split()}
    ran, near, far = {x.factors["workload"] for x in c.rows.cells.values()}, \
        set(), set()
    for line in asked():
        rows = set(line["row"].split()) - have
        (near if line["workload"] in ran else far).update(rows)
    section = c.page.section("rows")
    text = clean(section.text()) if section and wanted else ""
    told = {key: match[1] if match else "" for key, match in (
        ("near", re.search(r"at their settings: (.*?)\. (?:Work|make)", text)),
        ("far", re.search(r"Workload not in this run: (.*?)\. make", text)))}
    ids = lambda said: set(re.findall(
        r"\b[WTM]\d+\b", re.sub(r" \(.*?\)(?=;|$)", "", said)))
    right = {key: ids(said) for key, said in told.items()} == {
        "near": near, "far": far - near} if wanted else True
    c.log.check(right, RULE, f"index.html#{TABLE}", str(told),
                "docs/articles/figures.tsv", f"{near}; {far - near}")


def noted(c, line, found):
    """"1 trial, in which others took 51.2 % of its threads' time"."""
    if found is None or found.numbers in MARKS:
        return ""
    cells = [fitting(c.rows, line, side)[0] for side in sides(line)]
    trials = [(x, t) for x in cells for t in x.ok]
    gone = [t.get("disturbed") or "" for x, t in trials if trust.taken(x, t)]
    slope = line["statistic"].startswith("slope ")
    told = ["1 trial each" if cells[1:] else "1 trial"] * (
        found.n == 1 and not slope)
    if len(trials) == 1 and gone:
        share = re.search(r"([\d.]+) %", gone[0])
        told.append(f"in which others took {share[0] if share else 'a part'}"
                    " of its threads' time")
    elif gone:
        told.append(f"others disturbed {len(gone)} of {len(trials)} trials")
    return ", ".join(told)


def figure(c, line, row, data):
    found, why = derive(c.rows, line)
    said, told = " | ".join(row[:5]), found.told() if found else why
    few, mark = noted(c, line, found), NOTE.search(row[3])
    c.log.check(few == say.ascii_(mark[1] if mark else "") and (
        data is None or data["note"] == few), RULE, f"index.html#{TABLE}",
        said, line["statistic"], few or "nothing to note")
    c.log.check(data is not None and same_data(found, data), RULE, DATA,
                said, line["statistic"], told)
    c.log.check(same_text(found, row[3], row[4]), RULE,
                f"index.html#{TABLE}", said, line["statistic"], told)
    c.log.check(line["statistic"] in row[5] and line["workload"] in row[5],
                RULE, f"index.html#{TABLE}", row[5], line["statistic"],
                "its source is another one")


def near(a, b):
    """To the six digits of a data file."""
    if a is None or b is None:
        return a is b
    return abs(a - b) <= 5e-6 * max(abs(a), abs(b))


def same_data(found, data):
    spans = [say.cell(data[k]) for k in ("value", "low", "high")]
    if found is None:
        return spans == [None] * 3 and bool(data["reason"]) and \
            not data["numbers"]
    return int(data["n"]) == found.n and not data["reason"] and \
        data["numbers"] == found.numbers and all(
            map(near, spans, found.spans()))


def same_text(found, text, count):
    """"simulated: 1.23 ns [1.20 ns, 1.30 ns]" and its n; "replayed: "."""
    if found is None:
        return text.startswith("no figure: ") and count == "–"
    mark = next((m for m in MARKS if text.startswith(f"{m}: ")), "")
    if text.startswith("no figure") or mark != (
            found.numbers if found.numbers in MARKS else ""):
        return False
    amounts = AMOUNT.findall(NOTE.sub("", text.removeprefix(f"{mark}: ")))
    wanted = [v for v in found.spans() if v is not None]
    return (say.value(re.match(say.NUMBER, count)[0]) == found.n
            and len(amounts) == len(wanted) and all(
                printed(*amount, v) for amount, v in zip(amounts, wanted)))


def printed(number, unit, true):
    """Is this how a number is printed; a percentage below a hundredth of one
    is printed as none."""
    scaled = true / SCALES[unit]
    return say.same(number, scaled) or (
        unit == "%" and abs(scaled) < 0.005 and not say.value(number))
