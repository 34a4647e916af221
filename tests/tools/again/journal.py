# SPDX-License-Identifier: Apache-2.0
"""Reads campaign.json and trials.jsonl (results/README.md), and takes the
values of cells from them by the grammar of docs/articles/figures.tsv."""
import fnmatch
import json
import re
import statistics
import zlib
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]
FACTORS = json.loads((TOP / "docs/cell.schema.json").read_text("utf-8"))
ABSENT = {k: v["default"] for k, v in FACTORS["properties"].items()
          if "default" in v}
EDGES = {"most": max, "least": min}
LATENCY = re.compile(r"\b(lookup|upsert|remove)\.")
# An id has its placement here, and behind it what is not first-touch.
PLACEMENT = 9
MEMORY = re.compile(r"interleave|bind:\d+")
# A percentile needs so many operations in each trial.
NEEDED = {"p50_ns": 6, "p90_ns": 36, "p99_ns": 368, "p999_ns": 3688}
COUNTS = ("exact", "simulated", "replayed")  # qualities of what was counted
OWN_SIGNALS = (4, 5, 6, 7, 8, 11, 31)  # ILL TRAP ABRT BUS FPE SEGV SYS
LATE = 1.2  # an open loop that took so much longer did not keep up


class NoValue(Exception):
    """A cell tells no such value: the text says why."""


def text_of(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Cell:
    """A planned cell and the last attempt of each of its blocks. It fits what
    its own factors fit, or those of a cell that it runs for (names)."""

    def __init__(self, factors):
        self.factors, self.trials = factors, {}
        self.names = [factors]

    def of(self, keys):
        """Its values of some factors."""
        return [self.factors.get(key, ABSENT.get(key)) for key in keys]

    def fits(self, wishes):
        """wishes: [(factor, pattern)]."""
        return any(all(fnmatch.fnmatchcase(
            text_of(one.get(key, ABSENT.get(key))), wish)
            for key, wish in wishes) for one in self.names)

    @property
    def usable(self):
        return [t for t in self.trials.values() if self.counts(t)]

    def counts(self, trial):
        """Finished, and with operations where a rate is made of them."""
        result = trial.get("result")
        if trial["status"] != "ok" or not isinstance(result, dict):
            return False
        return (self.factors["measure"] not in ("throughput", "causes")
                or bool(result.get("ops") and result.get("elapsed_ns")))

    @property
    def late(self):
        """Did an open loop fall behind in the middle one of its trials?"""
        rate, window = (self.factors.get(k) or 0
                        for k in ("rate_per_s", "window_ns"))
        took = []
        for r in (t["result"] for t in self.usable):
            asked = window or (1e9 * r["ops"] / rate if rate else 0)
            took.append(r["elapsed_ns"] / asked if asked else 1.0)
        return bool(took) and statistics.median(took) > LATE


class Campaign:
    def __init__(self, folder):
        folder, self.asked = stage_of(Path(folder))
        self.meta = json.loads((folder / "campaign.json").read_text("utf-8"))
        self.cells = {c["id"]: Cell(c) for c in self.meta["cells"]}
        self.misuse = {m["id"] for m in self.meta["maps"] if m.get("misuse")}
        for pair in self.meta.get("same") or []:
            cell = self.cells[pair["as"]]
            cell.names.append(cell.factors | placed(pair["id"]))
        for line in (folder / "trials.jsonl").read_bytes().split(b"\n")[:-1]:
            self.take(line)
        self.wrong = {c.factors["map"] for c in self.cells.values()
                      for t in c.trials.values() if wrong(t)}

    def take(self, line):
        """Of (cell, block) of the arm head the last attempt counts."""
        if self.meta.get("line_checksum") and not sealed(line):
            raise ValueError(f"trials.jsonl: a changed line: {line[:80]}")
        trial = json.loads(line)
        cell = self.cells.get(trial["cell"])
        if cell is None or trial.get("arm", "head") != "head":
            return
        before = cell.trials.get(trial["block"])
        if before is None or before.get("attempt", 1) < trial.get(
                "attempt", 1):
            cell.trials[trial["block"]] = trial

    def fitting(self, workload, wishes):
        """Planned cells of a workload: "map key=value ...", most and least
        among those that fit otherwise."""
        pairs = [w.split("=", 1) if "=" in w else ("map", w)
                 for w in wishes.split()]
        plain = [(key, wish) for key, wish in pairs if wish not in EDGES]
        cells = [c for c in self.cells.values()
                 if c.factors["workload"] == workload and c.fits(plain)]
        for key, wish in pairs:
            if wish in EDGES and cells:
                edge = EDGES[wish](c.factors[key] for c in cells)
                cells = [c for c in cells if c.factors[key] == edge]
        return cells

    def telling(self, cell, statistic):
        """Trials of a cell that count for a statistic: those of a planted
        misuse fail, and so do those whose failures are counted; crashes are
        counted among all whose end is known."""
        name, trials = cell.factors["map"], cell.trials.values()
        if re.search(r"\bcrashed\b", statistic):
            return [t for t in trials if measured(t) or crash(t)
                    or t["exit"] == "deadline"]
        if name in self.misuse or re.search(r"\bfailed\b", statistic):
            return [t for t in trials if measured(t)
                    and t["status"] in ("ok", "failed")]
        if name in self.wrong:
            raise NoValue(f"the answers of {name} were wrong")
        return cell.usable

    def parts(self, cell, statistic):
        """{block: (above, below)} of the trials that count."""
        if LATENCY.search(statistic) and cell.late:
            raise NoValue("it did not keep up with its arrivals")
        found = {t["block"]: both(cell, t, statistic)
                 for t in self.telling(cell, statistic)
                 if has_turn(t, statistic)}
        if not found and "counter." in statistic:
            raise NoValue("no trial counts all of it")
        return found

    def values(self, cell, statistic):
        """{block: above / below}."""
        found = self.parts(cell, statistic)
        if any(not below for _, below in found.values()):
            raise NoValue("nothing to divide by")
        return {block: above / below for block, (above, below)
                in found.items()}

    @property
    def go_versions(self):
        """Of the programs in Go whose trials told it."""
        told = [(t.get("result") or {}).get("environment", {}).get("go")
                for c in self.cells.values() for t in c.trials.values()]
        return [tuple(map(int, re.findall(r"\d+", v)[:2]))
                for v in told if v]


def stage_of(folder):
    """(the campaign, the claims that were asked for or None: all) of a
    campaign, or of a folder with the one stage that claims have."""
    if not (folder / "stages.json").exists():
        return folder, None
    stages = sorted(folder.glob("stage-*"))
    if len(stages) != 1:
        raise ValueError(f"{folder}: {len(stages)} stages, expected one")
    return stages[0], json.loads(
        (folder / "stages.json").read_text("utf-8"))["ids"]


def placed(name):
    """Placement and memory that an id tells, which is all in which a cell
    differs from the one that runs for it."""
    parts = name.split("/")
    told = [p for p in parts[PLACEMENT + 1:] if MEMORY.fullmatch(p)]
    return {"placement": parts[PLACEMENT],
            "memory": told[0] if told else "first-touch"}


def sealed(line):
    body, mark, rest = line.rpartition(b',"crc32"')
    return mark and json.loads(b"{" + mark[1:] + rest)["crc32"] == (
        f"{zlib.crc32(body):08x}")


def wrong(trial):
    told = (trial.get("result") or {}).get("verification") or {}
    return told.get("status") == "failed"


def measured(trial):
    """A trial that was refused has a result, but no window in it."""
    return (trial.get("result") or {}).get("elapsed_ns") is not None


def crash(trial):
    """A signal of the process itself, or Go's runtime; memory that was not
    there is no crash."""
    said, (kind, _, number) = trial["reason"] or "", trial["exit"].partition(
        " ")
    if re.search(r"out of memory|MiB that it may", said):
        return False
    if kind == "signal":
        return int(number) in OWN_SIGNALS
    return trial["exit"] == "status 2" and bool(re.search(
        r"fatal error: |panic: |goroutine \d+ [^;]*\[", said))


def has_turn(trial, statistic):
    """Are the statistic's counters among those that this trial counted? One
    that counted nothing leaves that open."""
    told = ((trial.get("result") or {}).get("counters") or {}).get("events")
    return not told or {e["metric"] for e in told} >= set(
        re.findall(r"\bcounter\.(\w+)", statistic))


def both(cell, trial, statistic):
    """(above, below) of a statistic "a+b/c+d"."""
    known = {"trials": 1, "crashed": int(crash(trial)), "failed": int(
        trial["status"] == "failed" and measured(trial))}
    if measured(trial):
        known |= named(trial["result"]) | shared(cell, trial)
    found = []
    for names in statistic.split("/"):
        each = [known.get(n) for n in names.split("+")]
        if None in each:
            raise NoValue(f"{names} is not told")
        found.append(sum(each))
    return found[0], found[1] if len(found) > 1 else 1


def named(result):
    """name -> value of what a result tells under names of its own."""
    found = {}
    for s in result.get("stats") or []:
        found[s["name"]] = s.get("value")
        found["window." + s["name"]] = s.get("window")
    # A look-up of a sync.Map that its read map does not answer is a miss.
    if None not in (result.get("lookups"), found.get("window.misses")):
        found["read_hits"] = result["lookups"] - found["window.misses"]
    for e in (result.get("counters") or {}).get("events") or []:
        # One that was scaled up, or has no quality at all, is no count.
        found["counter." + e["metric"]] = e.get("total") if e.get(
            "quality") in COUNTS else None
    for e in result.get("latency") or []:
        if e["was_there"] and e["clock"] == "intended":
            for key, value in e.items():
                enough = e["count"] >= NEEDED.get(key, 6)
                found[f"{e['operation']}.{key}"] = value if enough else None
    return found


def shared(cell, trial):
    """name -> value of what every trial has."""
    r, ns = trial["result"], trial["result"]["elapsed_ns"]
    threads = r.get("by_thread") or []
    cpus = set(cell.factors.get("cpus") or [])
    return {k: r.get(k) for k in ("ops", "writes", "lookups", "hits",
                                  "inserts")} | {
        "peak_bytes": trial.get("peak_bytes"), "elapsed_s": ns / 1e9,
        "thread_ns": ns * cell.factors["threads"],
        "cpu_ns": sum(t["cpu_ns"] for t in threads),
        "capacity_ns": ns * len(cpus)}
