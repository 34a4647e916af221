# SPDX-License-Identifier: Apache-2.0
"""What the articles' rows ask of a campaign: docs/articles/figures.tsv.

A figure is a line of that table: cells of one workload, and a statistic of
their trials, written as [FOLD] NAME[+NAME...][/NAME[+NAME...]], as "slope
TERM" (pauses.py), or as "none: REASON". A NAME is one of MEMBERS, what the
subject tells since its creation, window.STATISTIC (what the window added to
it), counter.METRIC, or OPERATION.p99_ns. Without a fold the value of each
block counts, and they have a centre and an interval; `sum` adds both sides
over all trials, `most` and `least` take one of them. Where two cells are
named, the figure is their ratio, paired by block.
"""
import csv
import fnmatch
import types
from dataclasses import dataclass
from pathlib import Path

from report import crashes, latencies, stats, words
from report.sections import pauses

FILE = Path(__file__).resolve().parents[1] / "docs/articles/figures.tsv"
ENDS = {"most": max, "least": min}  # of a factor's values, of trials
PERCENTILES = {key: p for _, key, p in latencies.MARKS}
FATES = ("failed", "crashed")  # of whole trials: 1 of those that did, else 0
REPLAYED = "replayed"  # a count of a recording, so of whatever machine
TRUSTED = ("exact", "simulated", REPLAYED)  # qualities of a count


class Missing(Exception):
    """There is no such figure here: the text says why."""


@dataclass(frozen=True)
class Figure:
    """One line of the table; its columns."""
    row: str  # ids of the articles' rows, the workload's first
    what: str
    workload: str
    where: str  # FACTOR=VALUE of all cells that it is made of
    subject: str  # MAP and what more its cell has
    against: str  # the same of the cell that it is divided by, or ""
    statistic: str
    unit: str
    article: str  # what the article says

    def cells_wanted(self):
        return [side for side in (self.subject, self.against) if side]


@dataclass(frozen=True)
class Answer:
    """What the campaign says to a figure."""
    figure: Figure
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    of: str = "block"  # what n counts
    reason: str = ""  # why there is no value
    cells: tuple = ()


def read(file=FILE):
    with open(file, encoding="utf-8") as text:
        return [Figure(**{k: v or "" for k, v in line.items()})
                for line in csv.DictReader(text, delimiter="\t")]


# ---- which cell -----------------------------------------------------------

def settings(text):
    """"map FACTOR=VALUE ..." -> factor -> value; the first word is the map's
    where it has no "="."""
    said = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        said.update({name: value} if equals else {"map": name})
    return said


def as_written(value):
    """A factor as workload files write it."""
    return ("yes" if value else "no") if isinstance(value, bool) \
        else f"{value:g}" if isinstance(value, float) else str(value)


def fits(cell, wanted):
    """Has it the values of all factors, but for the ends of an axis?"""
    return all(fnmatch.fnmatchcase(as_written(getattr(cell, name)), value)
               for name, value in wanted.items() if value not in ENDS)


def by_workload(campaign):
    """workload -> its planned cells, each with what it was asked for as: a
    ledger asks thousands of times, so it is kept with the campaign."""
    if "by_workload" not in vars(campaign):
        campaign.by_workload = found = {}
        for cell in campaign.cells.values():
            for name in cell.known_as():
                found.setdefault(name.workload, {}).setdefault(
                    cell.id, (cell, []))[1].append(name)
    return campaign.by_workload


def cells_for(campaign, figure, side):
    """The planned cells that one side of a figure fits."""
    wanted = settings(f"{figure.where} {side}")
    cells = [cell for cell, names in by_workload(campaign).get(
        figure.workload, {}).values()
        if any(fits(name, wanted) for name in names)]
    for name, value in wanted.items():
        if value in ENDS and cells:
            end = ENDS[value](getattr(c, name) for c in cells)
            cells = [c for c in cells if getattr(c, name) == end]
    return cells


def cell_for(campaign, figure, side):
    cells = cells_for(campaign, figure, side)
    if len(cells) != 1:
        raise Missing(f"{len(cells) or 'no'} cells of {figure.workload} have "
                      f"{figure.where} {side}".rstrip())
    return cells[0]


def is_misuse(campaign, cell):
    return bool(campaign.maps.get(cell.map, {}).get("misuse"))


def trials_of(campaign, cell, statistic=""):
    """Its trials that count. Those of a planted misuse are meant to fail,
    and tell of it; a share of failed ones is of those that failed, too, and
    a share of crashed ones of all that were begun and not refused."""
    _, above, _ = parsed(statistic)
    if "crashed" in above:
        found = [t for t in cell.trials if crashes.told(t)]
    elif "failed" in above or is_misuse(campaign, cell):
        found = [t for t in cell.trials if t["status"] in ("ok", "failed")
                 and crashes.answered(t)]
    elif cell.map in campaign.failed_maps:
        raise Missing(f"{cell.map} failed verification")
    else:
        found = cell.ok
    if not found:
        raise Missing(cell.reason or "no trial with a result")
    return found


# ---- names of a statistic -------------------------------------------------

def read_hits(result):
    """Look-ups that sync.Map's read map answered; None: not counted."""
    misses = statistic(result, "misses", "window")
    return None if misses is None else result["lookups"] - misses


def cpu_ns(result):
    """CPU time of all threads; None: goroutines that are free have none that
    is their own."""
    told = [thread["cpu_ns"] for thread in result["by_thread"]]
    return None if None in told else sum(told)


MEMBERS = {  # of a trial: name -> its value
    "trials": lambda cell, trial, result: 1,
    "failed": lambda cell, trial, result:
        trial["status"] == "failed" and crashes.answered(trial),
    "crashed": lambda cell, trial, result: crashes.crashed(trial),
    "peak_bytes": lambda cell, trial, result: trial.get("peak_bytes"),
    "ops": lambda cell, trial, result: result.get("ops"),
    "writes": lambda cell, trial, result: result.get("writes"),
    "lookups": lambda cell, trial, result: result.get("lookups"),
    "read_hits": lambda cell, trial, result: read_hits(result),
    "hits": lambda cell, trial, result: result.get("hits"),
    "inserts": lambda cell, trial, result: result.get("inserts"),
    "elapsed_s": lambda cell, trial, result: result["elapsed_ns"] / 1e9,
    "thread_ns": lambda cell, trial, result:
        result["elapsed_ns"] * cell.threads,
    "cpu_ns": lambda cell, trial, result: cpu_ns(result),
    "capacity_ns": lambda cell, trial, result:
        result["elapsed_ns"] * len(set(cell.cpus)),
}


def statistic(result, name, member="value"):
    """What the subject tells of itself: since its creation, or what the
    window added."""
    return next((s.get(member) for s in result.get("stats") or []
                 if s["name"] == name), None)


def events_of(trial):
    """What the trial's counters told, an entry for each event."""
    return ((trial["result"] or {}).get("counters") or {}).get("events") or []


def event(trial, name):
    """A counter's total over all threads. What was scaled up from a part of
    the window is an estimate and no count, though it has a total."""
    for e in events_of(trial):
        if e["metric"] == name:
            if e["quality"] not in TRUSTED:
                raise Missing(f"counter.{name} is {e['quality']}: "
                              f"{e.get('reason') or 'no reason given'}")
            return e.get("total")
    return None


def is_latency(name):
    kind, dot, _ = name.partition(".")
    return bool(dot) and kind not in ("window", "counter")


def latency(cell, result, operation, name):
    """A mean or percentile of an operation whose key was there, of a trial
    that has enough of them."""
    if operation == latencies.SECOND.get(cell.write_kind):
        raise Missing(f"{operation} has no intended start: it is the second "
                      f"of a pair")
    for entry in result.get("latency") or []:
        if entry["operation"] == operation and entry["was_there"] and \
                entry["clock"] == "intended":
            need = stats.needed_n(PERCENTILES.get(name, 0.5))
            if entry["count"] < need:
                raise Missing(f"{name} of {entry['count']} operations, "
                              f"expected {need}")
            return entry.get(name)
    return None


def amount(name, cell, trial):
    """The value of one NAME in one trial; Missing where it has none."""
    result, (kind, _, rest) = trial["result"], name.partition(".")
    if not result and name not in ("trials", *FATES):
        value = None  # it crashed, or was too late for a result
    elif name in MEMBERS:
        value = MEMBERS[name](cell, trial, result)
    elif kind == "window":
        value = statistic(result, rest, "window")
    elif kind == "counter":
        value = event(trial, rest)
    elif is_latency(name):
        value = latency(cell, result, kind, rest)
    else:
        value = statistic(result, name)
    if value is None:
        raise Missing(f"its trials do not tell {name}")
    return value


def parsed(text):
    """Statistic -> (fold or "", names above, names below)."""
    fold, _, rest = text.rpartition(" ")
    above, _, below = rest.partition("/")
    return fold, above.split("+"), below.split("+") if below else []


def is_fate(text):
    """Is it of whole trials, so that their share has an exact interval?"""
    fold, above, below = parsed(text)
    return not fold and not below and set(above) <= set(FATES)


def has_turn(trial, name):
    """Was this counter's turn in the trial? Where nothing was counted at all
    nobody knows whose turn it was, and its value is missing."""
    events = events_of(trial)
    return not events or name in {f"counter.{e['metric']}" for e in events}


def counting(trials, names):
    """The trials that count all counters of these names. A PMU has few, so
    that blocks take turns with sets of them (docs/counters.md): a block whose
    turn was another set's lacks nothing. Missing where none is left."""
    wanted = list(dict.fromkeys(n for n in names if n.startswith("counter.")))
    found = [t for t in trials if all(has_turn(t, n) for n in wanted)]
    if found:
        return found
    for name in wanted:
        if not any(has_turn(t, name) for t in trials):
            raise Missing(f"its trials do not tell {name}")
    raise Missing(f"no block counts {words.joined(wanted)} together")


def added(names, cell, trial):
    return sum(amount(name, cell, trial) for name in names)


def slopes_of(cell, trials, term):
    """block -> (coefficient, 1) of "slope TERM" in each trial that has slices
    enough for a fit of its own."""
    found = {}
    for trial in trials:
        alone = types.SimpleNamespace(id=cell.id, map=cell.map, ok=[trial])
        fit = pauses.fit_of(pauses.slices_of(alone))
        if fit and term in fit.coefficients:
            found[trial["block"]] = (fit.coefficients[term].value, 1)
    if not found:
        raise Missing(f"no trial has {pauses.SLICES} slices and a {term} "
                      "that varies")
    return found


def kept_up(cell):
    """Missing where an open loop fell behind: its latencies, also those of
    slices, are the queue's."""
    late = latencies.overload(cell)
    if late:
        raise Missing(late)


def blocks_of(campaign, figure, side):
    """(cell, block -> (above, below)) of one side; below is 1 without "/"."""
    cell = cell_for(campaign, figure, side)
    kind, _, term = figure.statistic.partition(" ")
    if kind == "slope":
        kept_up(cell)
        return cell, slopes_of(cell, trials_of(campaign, cell), term)
    _, above, below = parsed(figure.statistic)
    if any(map(is_latency, above)):
        kept_up(cell)
    trials = counting(trials_of(campaign, cell, figure.statistic),
                      above + below)
    return cell, {t["block"]: (added(above, cell, t),
                               added(below, cell, t) if below else 1)
                  for t in trials}


# ---- from blocks to a figure ----------------------------------------------

def quotient(above, below):
    if not below:
        raise Missing("what it is divided by is 0")
    return above / below


def folded(fold, pairs):
    """One number of all trials of a cell."""
    if fold == "sum":
        return quotient(sum(a for a, _ in pairs), sum(b for _, b in pairs))
    return ENDS[fold](quotient(a, b) for a, b in pairs)


def summary(values):
    """Centre and interval; on logarithms where no value is 0 or less."""
    return stats.summarize({0: values}, log=min(values) > 0)[0]


def by_block(sides):
    """block -> value, or the ratio of both sides where both have it."""
    each = [{k: quotient(*v) for k, v in blocks.items()}
            for _, blocks in sides]
    return {k: quotient(each[0][k], each[1][k]) if len(each) > 1
            else each[0][k] for k in sorted(set(each[0]).intersection(*each))}


def of_trials(campaign, figure):
    fold, _, _ = parsed(figure.statistic)
    sides = [blocks_of(campaign, figure, s) for s in figure.cells_wanted()]
    cells = tuple(cell for cell, _ in sides)
    if fold:
        found = [folded(fold, list(blocks.values())) for _, blocks in sides]
        return Answer(figure, found[0] if len(found) == 1
                      else quotient(*found), n=min(len(b) for _, b in sides),
                      of="trial", cells=cells)
    both = by_block(sides)
    if not both:
        raise Missing("no block has both")
    row = summary(list(both.values()))
    return Answer(figure, row["centre"], row["low"], row["high"], row["n"],
                  cells=cells)


def of_slices(campaign, figure):
    """A coefficient of the least squares of P99 on what the map did."""
    cell = cell_for(campaign, figure, figure.subject)
    trials_of(campaign, cell)
    kept_up(cell)
    fit, term = pauses.fit_of(pauses.slices_of(cell)), \
        figure.statistic.split()[1]
    if fit is None:
        raise Missing(f"fewer than {pauses.SLICES} slices of "
                      f"{pauses.OPERATIONS} operations")
    if term not in fit.coefficients:
        raise Missing(f"{term}: {fit.left_out[term]}")
    found = fit.coefficients[term]
    return Answer(figure, found.value, found.low, found.high, fit.n,
                  "slice", cells=(cell,))


def answer(campaign, figure):
    """The figure, or why there is none."""
    kind, _, reason = figure.statistic.partition(" ")
    try:
        if kind == "none:":
            raise Missing(reason)
        if kind == "slope":
            return of_slices(campaign, figure)
        return of_trials(campaign, figure)
    except Missing as missing:
        return Answer(figure, reason=str(missing))


def planned(campaign, figure):
    """Has this campaign planned what the figure is made of?"""
    return all(cells_for(campaign, figure, side)
               for side in figure.cells_wanted() or [""])
