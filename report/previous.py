# SPDX-License-Identifier: Apache-2.0
"""A campaign against an earlier one of the same machine.

Trials of different days are not paired: each cell is two independent groups
of ln rates, and its ratio the median of all differences with Moses' exact
interval (of Mann and Whitney's test), widened for blocks that are not
independent (signed_rank.widening). What differs between the days beyond
the trials' own spread is in the ratio and not in the interval.
"""
import math
import re
import statistics
from pathlib import Path

import numpy as np

from report import facts, journal, stats, strict_json, verdicts, words
from report.journal import JournalError

PLANNED = ("blocks", "base", "skip", "estimate_ns", "memory_bytes")
BUILD = ("compiler", "compiler_version", "flags", "libraries", "libc",
         "allocator", "binary_sha256", "commit", "dirty")
FLOOR = "null_map"
OTHER_SYSTEM = {  # facts.one_installation() -> what is warned of
    True: "", False: "another one then",
    None: "not recorded in both, so that a twin of one model would pass for "
    "this machine"}
SILENT = ("binary_sha256", "commit", "dirty")  # said, but no reason to warn


def kind_of(meta):
    """What two campaigns must share to be compared."""
    return (meta.get("machine") or {}).get("id"), meta.get("mode")


def read(path, campaign):
    """The earlier campaign in folder `path`, checked against `campaign`."""
    earlier = journal.read(path)
    for what, then, now in zip(("machine", "mode"), kind_of(earlier.meta),
                               kind_of(campaign.meta)):
        if then != now:
            raise JournalError(f"{path}: {what} {then}, expected {now}: only "
                               "campaigns of one machine and mode are "
                               "compared")
    if facts.one_installation(earlier.meta, campaign.meta) is False:
        raise JournalError(f"{path}: another installation: a twin of this "
                           "machine has its id, and only campaigns of one "
                           "machine are compared")
    if when(earlier) >= when(campaign):
        raise JournalError(f"{path}: created {when(earlier)}, expected an "
                           f"earlier one than {when(campaign)}")
    return earlier


def when(campaign):
    return campaign.meta.get("created_utc") or ""


def find(folder):
    """The newest finished campaign beside `folder` that read() takes; None
    where there is none."""
    campaign = journal.read(folder)
    others = []
    for file in Path(folder).resolve().parent.glob("*/campaign.json"):
        try:
            meta = strict_json.loads(file.read_text(encoding="utf-8"))
            others.append(("" + meta["created_utc"], file.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # being written, or no campaign
    for created, path in sorted(others, reverse=True):
        if path.is_symlink() or created >= when(campaign):
            continue
        try:
            earlier = read(path, campaign)
        except JournalError:
            continue
        if earlier.planned and not earlier.to_come and not earlier.missing:
            return path
    return None


# ---- ratios ---------------------------------------------------------------

def ratio(then, now, level=0.95):
    """now ÷ then of two groups of rates by block: ratio, low, high; None where
    the groups are too small for an interval. It is as much wider than Moses'
    as the day whose blocks are more alike asks for."""
    x, y = (np.log([of[b] for b in sorted(of)]) for of in (now, then))
    low, high = stats.shift_interval(x, y, level)
    centre = stats.shift(x, y)
    if math.isnan(low):
        return {"ratio": math.exp(centre), "low": None, "high": None}
    wider = max(stats.widening(x), stats.widening(y))
    return {"ratio": math.exp(centre),
            "low": math.exp(centre - wider * (centre - low)),
            "high": math.exp(centre + wider * (high - centre))}


def differs(then, now):
    """The first factor that two cells of one id do not share; None."""
    for name in sorted(then.factors.keys() | now.factors.keys()):
        if name not in PLANNED and then.factors.get(name) != \
                now.factors.get(name):
            return name
    return None


def wrong(earlier, campaign, name):
    """In which of two campaigns a map's answers were wrong, as the reason for
    which it has no ratio; "" in neither."""
    for when_, one in (("then: ", earlier), ("", campaign)):
        if name in one.failed_maps:
            return f"{when_}failed verification: {one.failed_maps[name]}"
    return ""


def row_of(then, now, level, unfit=""):
    """One cell, then and now; a word, or why there is none.

    unfit -- of wrong(): how fast a map gives wrong answers is no news of it
    """
    row = {"cell": now.id, "ratio": None, "low": None, "high": None,
           "n_then": 0, "n": len(now.ok), "word": "", "why": ""}
    if then is None:
        return row | {"why": "not planned then"}
    row["n_then"] = len(then.ok)
    other = differs(then, now)
    if other:
        return row | {"why": f"{other} differs"}
    if not then.ok or not now.ok:
        return row | {"why": f"then: {then.reason}" if not then.ok
                      else now.reason}
    if unfit:
        return row | {"why": unfit}
    rates = [journal.rates(c.ok) for c in (then, now)]
    row |= {"mops_then": stats.throughputs({0: rates[0]})[0]["centre"],
            **ratio(*rates)}
    sure = ratio(*rates, level)
    if sure["low"] is None:
        need = "too few trials for an interval"
        return row | {"why": f"n = {row['n_then']} and {row['n']}: {need}"}
    return row | {"word": word_of(sure["low"], sure["high"])}


def doubt(then, now):
    """A sentence where a control failed on either day; "" on neither.

    then, now -- as of checks.invalid()
    """
    return "".join(verdicts.doubt(
        invalid, "so that nothing is called faster or slower", when_)
        for invalid, when_ in ((then, " then"), (now, " now")))


def wordless(rows):
    """The rows of two days of which one's control failed."""
    return [r | {"word": verdicts.WITHHELD} if r["word"] else r for r in rows]


def word_of(low, high):
    if low > verdicts.MARGIN:
        return "faster"
    return "slower" if high < 1 / verdicts.MARGIN else "not shown to differ"


def rows_of(a, earlier):
    """Every throughput cell of this campaign against the same one then. The
    words of the headline's cells, which the page shows, hold for these at
    once; those of the other cells for all cells."""
    cells = a.by_measure.get("throughput", [])
    here = {c.id for c in a.at(a.headline()).values()}
    for cell in cells:
        several = len(here) if cell.id in here else len(cells)
        row = row_of(earlier.cells.get(cell.id), cell, 1 - 0.05 / several,
                     wrong(earlier, a.campaign, cell.map))
        yield row | {"map": cell.map, "mops": a.mops(cell)}


# ---- what else differs ----------------------------------------------------

def speed(campaign):
    """Median CPU speed over the timed trials [additions/ns]; None."""
    found = []
    for cell in campaign.cells.values():
        for trial in cell.ok if cell.measure == "throughput" else ():
            got = trial["result"].get("environment") or {}
            pair = [got.get(f"adds_per_ns_{at}") for at in ("before",
                                                            "after")]
            if None not in pair:
                found.append(sum(pair) / 2)
    return statistics.median(found) if found else None


def floor_warnings(rows):
    """What null_map shows is no map's doing."""
    return [(True, f"{FLOOR}, no map at all, is {r['word']}, too: × "
             f"{words.sig(r['ratio'])} {words.between(r['low'], r['high'])}. "
             "What it shows is the machine's, and in every other row")
            for r in rows if r["map"] == FLOOR
            and r["word"] in ("faster", "slower")]


def shown(value):
    """A value of the build, short enough to read."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:12] if re.fullmatch("[0-9a-f]{40,}", str(value)) \
        else str(value)


def warnings(campaign, earlier):
    """(is it a warning, text) of all that differs besides the trials."""
    said = [(True, f"installation: {text}") for text in filter(None, [
        OTHER_SYSTEM[facts.one_installation(campaign.meta, earlier.meta)]])]
    now, then = (c.meta.get("build") or {} for c in (campaign, earlier))
    for name in BUILD:
        if now.get(name) != then.get(name):
            said.append((name not in SILENT, f"{name.replace('_', ' ')}: "
                         f"{shown(then.get(name))} then, "
                         f"{shown(now.get(name))} now"))
    fast, before = speed(campaign), speed(earlier)
    if fast is None or before is None:
        said.append((True, "CPU speed: not recorded in both"))
    else:
        off = max(fast / before, before / fast) > verdicts.MARGIN
        said.append((off, f"CPU speed: × {words.sig(fast / before)} "
                     f"({words.sig(before)} additions per ns then, "
                     f"{words.sig(fast)} now)"))
    if earlier.to_come:
        said.append((True, "the earlier campaign was not finished"))
    return said
