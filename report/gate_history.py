# SPDX-License-Identifier: Apache-2.0
"""What runs of the gate came to, one after the other: results/history.jsonl.

A line is appended by each run that reached a verdict (docs/
regress-history.schema.json) and never changed. No verdict reads it: what is
computed here is advice, of numbers from other days (R30). Change points are
Pettitt's: the largest rank-sum statistic over all places to split, its p by
permutations, then both sides again. No library of Debian's has it; it is a
page, knows no distribution, and one far run moves it by one rank.
"""
import fcntl
import json
import os
from pathlib import Path

import numpy as np
from scipy.stats import rankdata

from report import damage, folders, gate, stats, strict_json

NAME = "history.jsonl"
ALPHA = 0.01  # of a cell's change points; corrected over cells
SIDE = 5  # fewest runs on each side of a change point
DRAWS = 20_000  # permutations: 10 x cells / alpha
RUNS = 200  # of one machine and plan, the latest: more is another page
FIGURES = ("n", "base_ns_per_op", "slowdown_percent", "low_percent",
           "high_percent", "mde_percent")


# ---- lines ----------------------------------------------------------------

def line_of(view, verdicts):
    """A run's line, as a dict."""
    return {"format": 1, "name": view["name"],
            "created_utc": view["created_utc"], "seed": view["seed"],
            "machine": view["machine"].get("id"),
            "cpus": view["machine"].get("cpus"),
            "ref": view["ref"], "base": view["commit"], "head": view["head"],
            "arms": {name: view["arms"][name]["sha256"]
                     for name in ("base", "head")},
            "plan_sha256": verdicts["plan_sha256"],
            "blocks": verdicts["blocks"], "verdict": verdicts["verdict"],
            "reason": verdicts["reason"],
            "cells": [{"cell": gate.identity(row["cell"]),
                       "role": row["role"], "verdict": row["verdict"],
                       **{name: row[name] for name in FIGURES},
                       **{name: row[name] for name in ("accepted", )
                          if name in row}}
                      for group in ("cells", "advice", "controls")
                      for row in verdicts[group]]}


def sealed(line):
    """A line as bytes, with the checksum that a journal's lines have."""
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"),
                      sort_keys=True)[:-1].encode()
    return text + f',"crc32":"{damage.crc32(text)}"}}\n'.encode()


def is_line(line):
    """Whether a value is one of line_of(), as far as it is read here."""
    def texts(of, *names):
        return all(isinstance(of.get(n), str) for n in names)

    def figures(cell):
        return {"base_ns_per_op", "slowdown_percent"} <= set(cell) and all(
            type(cell.get(n)) in (int, float, type(None)) for n in FIGURES)
    return (isinstance(line, dict) and type(line.get("format")) is int
            and line["format"] == 1
            and isinstance(line.get("arms") or {}, dict)
            and texts(line, "name", "created_utc", "plan_sha256", "verdict")
            and isinstance(line.get("cells"), list)
            and all(isinstance(c, dict) and texts(c, "cell", "role")
                    and figures(c) for c in line["cells"]))


def parsed(text):
    """A line's dict, None where it is torn, damaged or none of ours."""
    if not damage.line_is_whole(text, True):
        return None
    try:
        line = strict_json.loads(text)
    except ValueError:
        return None
    return line if is_line(line) else None


def read(path):
    """(lines in the order written, problems as texts). A line that was torn
    by a kill or a full disk is named and left out; nothing repairs it."""
    try:
        texts = Path(path).read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], []
    found = [(i, parsed(text)) for i, text in enumerate(texts, 1) if text]
    return ([line for _, line in found if line],
            [f"{path}:{i}: torn or damaged, left out"
             for i, line in found if line is None])


def is_same(line, other):
    return all(line.get(n) == other.get(n)
               for n in ("name", "created_utc", "seed"))


def append(path, line):
    """Adds a line, whole or not at all, once for each campaign; a torn one
    before it is ended first. OSError where it cannot be written."""
    with open(path, "ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if any(is_same(line, old) for old in read(path)[0]):
            return
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = end and file.read(1) != b"\n"
        folders.append(file, b"\n" * bool(torn) + sealed(line), path)


# ---- advice ---------------------------------------------------------------

def statistics(ranks):
    """|z| of the rank sum before each place that leaves SIDE runs on both
    sides, ranks (..., n) -> (..., n - 2 SIDE + 1)."""
    n = ranks.shape[-1]
    places = np.arange(SIDE, n - SIDE + 1)
    sums = np.cumsum(ranks, axis=-1)[..., places - 1]
    return np.abs(sums - places * (n + 1) / 2.0) / np.sqrt(
        places * (n - places) * (n + 1) / 12.0)


def split(x, draws=DRAWS, seed=1):
    """(place, p) of the likeliest single change in x (n,): x[:place] is
    before it; (None, 1.0) below two sides. Rank-based, p by permutations."""
    if len(x) < 2 * SIDE:
        return None, 1.0
    ranks = rankdata(x)
    seen = statistics(ranks)
    rng, above, done = np.random.default_rng(seed), 0, 0
    while done < draws:
        size = min(2000, draws - done)
        null = rng.permuted(np.broadcast_to(ranks, (size, len(x))), axis=1)
        above += np.sum(statistics(null).max(axis=1) >= seen.max() - 1e-9)
        done += size
    return SIDE + int(np.argmax(seen)), float((1 + above) / (1 + draws))


def splits(x, alpha):
    place, p = split(x)
    if place is None or p > alpha:
        return []
    return splits(x[:place], alpha) + [place] + \
        [place + later for later in splits(x[place:], alpha)]


def changes(x, alpha):
    """Places at which x (n,) changes its level, in order. Each is looked for
    again between its neighbours: beside a second step the first look may
    miss by some runs."""
    places = splits(x, alpha)
    for i in range(len(places)):
        low, high = ([0, *places, len(x)][k] for k in (i, i + 2))
        places[i] = low + SIDE + int(np.argmax(statistics(
            rankdata(x[low:high]))))
    return places


def head_ns(cell):
    """ns per operation of head in a line's cell; None where it has none."""
    if cell["base_ns_per_op"] is None or cell["slowdown_percent"] is None:
        return None
    return cell["base_ns_per_op"] * (1 + cell["slowdown_percent"] / 100)


def comparable(lines, machine, plan_sha256):
    """The latest runs of one machine and one plan: no other two compare."""
    return [line for line in lines if line.get("machine") == machine
            and line["plan_sha256"] == plan_sha256][-RUNS:]


def series(lines):
    """cell -> (numbers of runs, ns per operation of head in them)."""
    found = {}
    for i, line in enumerate(lines):
        for cell in line["cells"]:
            ns = head_ns(cell)
            if cell["role"] in ("gate", "advice") and ns and ns > 0:
                runs, values = found.setdefault(cell["cell"], ([], []))
                runs.append(i)
                values.append(ns)
    return found


def level_changes(lines):
    """cell -> [{"run", "percent"}]: from which run on, and by how much, the
    level of head is another one. Advice: days differ, too."""
    found, cells = {}, series(lines)
    for cell, (runs, values) in sorted(cells.items()):
        places = changes(np.array(values), ALPHA / max(len(cells), 1))
        ends = [0, *places, len(values)]
        levels = [float(np.median(values[a:b]))
                  for a, b in zip(ends, ends[1:])]
        if places:
            found[cell] = [
                {"run": runs[place], "percent": 100 * (after / before - 1)}
                for place, before, after in zip(places, levels, levels[1:])]
    return found


def is_of_equal(line):
    """Whether a run compared a commit with itself."""
    arms = line.get("arms") or {}
    return (line.get("base") is not None
            and line.get("base") == line.get("head")) or (
        arms.get("base") is not None and arms.get("base") == arms.get("head"))


def one_sided(lines):
    """(slower, faster, p) over runs of equal commits (R32): a run's sign is
    that of the median of its cells, since they share its noise."""
    medians = []
    for line in filter(is_of_equal, lines):
        known = [c["slowdown_percent"] for c in line["cells"]
                 if c["role"] == "gate" and c["slowdown_percent"] is not None]
        if known:
            medians.append(float(np.median(known)))
    slower = sum(m > 0 for m in medians)
    faster = sum(m < 0 for m in medians)
    return slower, faster, stats.sign_test(slower, faster)


def advice(lines):
    """What a person should look at, as sentences."""
    found = []
    for cell, places in level_changes(lines).items():
        for change in places:
            line = lines[change["run"]]
            found.append(
                f"{gate.name_of(cell)}: {change['percent']:+.1f} % from "
                f"{line['created_utc'][:10]} on (head "
                f"{str(line.get('head'))[:12]}), compared with the runs "
                "before; days differ, too: ask make regress with that base")
    slower, faster, p = one_sided(lines)
    if p <= ALPHA:
        found.append(f"equal commits came out slower in {slower} and faster "
                     f"in {faster} runs (p = {p:.4f}): the gate itself leans "
                     "to one side here")
    return found
