# SPDX-License-Identifier: Apache-2.0
"""What runs of the gate came to, one after the other: results/history.jsonl.

A line is appended by each run that reached a verdict (docs/
regress-history.schema.json) and never changed. No verdict reads it: what is
computed here is advice, of numbers from other days (R30).

A shift of a cell's level is looked for once: the largest Mann-Whitney statistic
over all places to split (Pettitt), its p by permutations. Runs of neighbouring
days are alike, which permutations do not know; so the statistic is divided by
sqrt((1 + r) / (1 - r)), r the lag-1 correlation of the ranks about both levels.
False shifts at a nominal 1 %, of 60 runs with r = 0, 0.3, 0.5, 0.7: 0.9, 1.8, 1.9,
1.8 % (without r: 1, 11, 24, 56 %).
"""
import fcntl
import json
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from report import damage, folders, stats
from report.cell_id import identity
from report.ending import InputError
from report.gate import schema
from report.gate.campaign import Campaign
from report.gate.model import Floats, Role, Verdicts
from report.gate.names import name_of

NAME = "history.jsonl"
ALPHA = 0.01  # of all cells together
SIDE = 5  # fewest runs on each side of a shift
LEAST = 20  # runs of a cell that is looked at
SPENT = 6.0  # of the runs, by two levels and a place: r is too small without
DRAWS = 20_000  # permutations: 10 x cells / alpha
RUNS = 200  # of one machine and plan, the latest


@dataclass(frozen=True)
class Result:
    """What a run came to in one cell."""
    cell: str
    role: str
    verdict: str
    n: int
    base_ns_per_op: float | None
    slowdown_percent: float | None
    low_percent: float | None
    high_percent: float | None
    mde_percent: float | None
    accepted: str | None = None

    @property
    def head_ns(self) -> float | None:
        """ns per operation of head."""
        if self.base_ns_per_op is None or self.slowdown_percent is None:
            return None
        return self.base_ns_per_op * (1 + self.slowdown_percent / 100)


@dataclass(frozen=True)
class Line:
    """A run."""
    name: str
    created_utc: str
    seed: int
    machine: str | None
    cpus: int | None
    ref: str | None
    base: str | None
    head: str | None
    base_sha256: str
    head_sha256: str
    plan_sha256: str
    blocks: int
    verdict: str
    reason: str | None
    cells: tuple[Result, ...]

    @property
    def key(self) -> tuple[str, str, int]:
        """A campaign has one line."""
        return self.name, self.created_utc, self.seed

    @property
    def is_of_equal(self) -> bool:
        """True if the run compared a commit or a program with itself."""
        return self.base is not None and self.base == self.head or \
            self.base_sha256 == self.head_sha256


# ---- lines ----------------------------------------------------------------

def line_of(campaign: Campaign, verdicts: Verdicts) -> Line:
    meta, arms = campaign.meta, {arm.name: arm for arm in campaign.arms}
    return Line(
        meta.name, meta.created_utc, meta.seed, meta.machine, meta.cpus, meta.notes.ref,
        meta.notes.commit, meta.notes.head, arms["base"].sha256 or "", arms["head"].sha256 or "",
        verdicts.plan_sha256, verdicts.blocks, verdicts.verdict.value, verdicts.reason,
        tuple(Result(identity(row.cell), row.role.value, row.verdict.value, row.n,
                     row.base_ns_per_op, **asdict(row.shown), accepted=row.accepted)
              for row in verdicts.cells + verdicts.advice + verdicts.controls))


def sealed(line: Line) -> bytes:
    """A line as bytes, with the checksum that a journal's lines have."""
    members: dict[str, Any] = asdict(line) | {"format": 1}
    members["arms"] = {arm: members.pop(f"{arm}_sha256") for arm in ("base", "head")}
    for cell in members["cells"]:
        if cell["accepted"] is None:
            del cell["accepted"]
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"),
                      sort_keys=True)[:-1].encode()
    return text + f',"crc32":"{damage.crc32(text)}"}}\n'.encode()


def parse(text: bytes, place: str) -> Line:
    """InputError, which begins with `place`, if it is torn, damaged or of another form."""
    if not damage.line_is_whole(text, True):
        raise InputError(f"{place}: torn or damaged, left out")
    found: dict[str, Any] = schema.parse(text, place, "regress-history")
    arms, cells = found["arms"], tuple(Result(**cell) for cell in found["cells"])
    return Line(**{f.name: found[f.name] for f in fields(Line) if f.name in found}
                | {"base_sha256": arms["base"], "head_sha256": arms["head"], "cells": cells})


def read(path: Path) -> tuple[list[Line], list[str]]:
    """(lines in the order written, problems). A line that was torn by a kill or
    a full disk is named and left out; nothing repairs it."""
    try:
        texts = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return [], []
    lines, problems = [], []
    for number, text in enumerate(texts, 1):
        if text:
            try:
                lines.append(parse(text, f"{path}:{number}"))
            except InputError as error:
                problems.append(str(error))
    return lines, problems


def append(path: Path, line: Line) -> None:
    """Adds a line, whole or not at all, once for each campaign; a torn one
    before it is ended first. OSError if it cannot be written."""
    with open(path, "ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if any(line.key == old.key for old in read(path)[0]):
            return
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = end and file.read(1) != b"\n"
        folders.append(file, b"\n" * bool(torn) + sealed(line), path)


# ---- advice ---------------------------------------------------------------

@dataclass(frozen=True)
class Shift:
    """From run number `run` (from 0) on the level of head is another one."""
    cell: str
    run: int
    percent: float


def statistics(ranks: Floats) -> Floats:
    """|z| of the rank sum before each place that leaves SIDE runs on both sides,
    ranks (..., n) -> (..., n - 2 SIDE + 1)."""
    n = ranks.shape[-1]
    places = np.arange(SIDE, n - SIDE + 1)
    sums = np.cumsum(ranks, axis=-1)[..., places - 1]
    z: Floats = np.abs(sums - places * (n + 1) / 2.0) / np.sqrt(
        places * (n - places) * (n + 1) / 12.0)
    return z


def inflation(ranks: Floats, place: int) -> float:
    """What serial correlation makes of the statistic's standard deviation, at least 1."""
    n, rest = len(ranks), ranks.copy()
    for part in (slice(None, place), slice(place, None)):
        rest[part] -= rest[part].mean()
    spread = float(rest @ rest)
    r = float(rest[1:] @ rest[:-1]) / spread if spread else 0.0
    r = min(max((r * n + 2.0) / (n - SPENT), 0.0), 0.95)
    return math.sqrt((1 + r) / (1 - r))


def split(x: Floats, draws: int = DRAWS, seed: int = 1) -> tuple[int, float]:
    """(place, p) of the likeliest shift in x (n,), n >= LEAST: x[:place] is before it."""
    ranks: Floats = np.asarray(rankdata(x), float)
    seen = statistics(ranks)
    place = SIDE + int(np.argmax(seen))
    limit = float(seen.max()) / inflation(ranks, place) - 1e-9
    rng, above, done = np.random.default_rng(seed), 0, 0
    while done < draws:
        size = min(2000, draws - done)
        null = rng.permuted(np.broadcast_to(ranks, (size, len(x))), axis=1)
        above += int(np.sum(statistics(null).max(axis=1) >= limit))
        done += size
    return place, (1 + above) / (1 + draws)


def comparable(lines: Iterable[Line], machine: str, plan_sha256: str) -> list[Line]:
    """The latest runs of one machine and one plan: no others compare."""
    return [line for line in lines
            if line.machine == machine and line.plan_sha256 == plan_sha256][-RUNS:]


def shifts(lines: Sequence[Line]) -> list[Shift]:
    """At most one of each cell."""
    series: dict[str, list[tuple[int, float]]] = {}
    for run, line in enumerate(lines):
        for cell in line.cells:
            ns = cell.head_ns
            if cell.role in (Role.GATE, Role.ADVICE) and ns is not None and ns > 0:
                series.setdefault(cell.cell, []).append((run, ns))
    found = []
    for name, points in sorted(series.items()):
        if len(points) < LEAST:
            continue
        x = np.array([ns for _, ns in points])
        place, p = split(x)
        if p <= ALPHA / len(series):
            ratio = float(np.median(x[place:]) / np.median(x[:place]))
            found.append(Shift(name, points[place][0], 100 * (ratio - 1)))
    return found


def one_sided(lines: Iterable[Line]) -> tuple[int, int, float]:
    """(slower, faster, p) over runs of equal commits (R32): a run's sign is that
    of the median of its cells, since they share its noise."""
    medians = []
    for line in lines:
        known = [c.slowdown_percent for c in line.cells
                 if c.role == Role.GATE and c.slowdown_percent is not None]
        if line.is_of_equal and known:
            medians.append(float(np.median(known)))
    slower, faster = sum(m > 0 for m in medians), sum(m < 0 for m in medians)
    return slower, faster, float(stats.sign_test(slower, faster))


def advice(lines: Sequence[Line]) -> list[str]:
    """What a person should look at, as sentences."""
    found = [f"{name_of(s.cell)}: {s.percent:+.1f} % from {lines[s.run].created_utc[:10]} on (head "
             f"{(lines[s.run].head or 'unknown')[:12]}), compared with the runs before. Days "
             "differ, too: compare with that base by make regress."
             for s in shifts(lines)]
    slower, faster, p = one_sided(lines)
    if p <= ALPHA:
        found.append(f"Equal commits were slower in {slower} and faster in {faster} runs "
                     f"(p = {p:.4f}): the gate is biased on this machine.")
    return found
