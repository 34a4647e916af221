# SPDX-License-Identifier: Apache-2.0
"""The history of gate runs, stored in results/history.jsonl.

Each run that reached a verdict appends a line (docs/regress-history.schema.json). Lines are never
changed, and verdicts do not depend on them (docs/method/rules.md, R30).

The history is not searched for shifts over days, because runs of neighbouring days are correlated
and days differ. External tools for benchmark histories can read the lines, or the file in Bencher's
format (outputs.py).
"""
import fcntl
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from report import folders, stats
from report.cell_id import identity
from report.ending import InputError
from report.gate import schema
from report.gate.campaign import Campaign
from report.gate.model import Role, Verdicts
from report.load import seal, strict_json

NAME = "history.jsonl"
ALPHA = 0.01  # significance level of the sign test
RUNS = 200  # number of latest runs of one machine and plan that are used


@dataclass(frozen=True)
class Result:
    """The result of one run in one cell."""
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


@dataclass(frozen=True)
class Line:
    """One line of the history: a run and its results."""
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
        """Identifies a campaign; the history has one line for each."""
        return self.name, self.created_utc, self.seed

    @property
    def is_of_equal(self) -> bool:
        """True if the run compared a commit or a program with itself."""
        return self.base is not None and self.base == self.head or \
            self.base_sha256 == self.head_sha256


# ---- lines ----------------------------------------------------------------

def line_of(campaign: Campaign, verdicts: Verdicts) -> Line:
    meta, notes = campaign.meta, campaign.notes
    arms = {arm.name: arm for arm in campaign.arms}
    return Line(
        campaign.name, meta.created_utc, campaign.seed, meta.machine.id, meta.machine.cpus,
        notes.ref, notes.commit, notes.head, arms["base"].sha256 or "", arms["head"].sha256 or "",
        verdicts.plan_sha256, verdicts.blocks, verdicts.verdict.value, verdicts.reason,
        tuple(Result(identity(row.cell), row.role.value, row.verdict.value, row.n,
                     row.base_ns_per_op, **asdict(row.shown), accepted=row.accepted)
              for row in verdicts.cells + verdicts.advice + verdicts.controls))


def sealed(line: Line) -> bytes:
    """Encodes a line, with a checksum as in a journal."""
    members: dict[str, Any] = asdict(line) | {"format": 1}
    members["arms"] = {arm: members.pop(f"{arm}_sha256") for arm in ("base", "head")}
    for cell in members["cells"]:
        if cell["accepted"] is None:
            del cell["accepted"]
    text = strict_json.dumps(members, ensure_ascii=False, separators=(",", ":"),
                             sort_keys=True)[:-1].encode()
    return text + f',"crc32":"{seal.crc32(text)}"}}\n'.encode()


def parse(text: bytes, place: str) -> Line:
    """Parses a line. If the line is torn, damaged or malformed, raises an InputError that begins
    with `place`."""
    if not seal.line_is_whole(text, True):
        raise InputError(f"{place}: torn or damaged, left out")
    found: dict[str, Any] = schema.parse(text, place, "regress-history")
    arms, cells = found["arms"], tuple(Result(**cell) for cell in found["cells"])
    return Line(**{f.name: found[f.name] for f in fields(Line) if f.name in found}
                | {"base_sha256": arms["base"], "head_sha256": arms["head"], "cells": cells})


def read(path: Path) -> tuple[list[Line], list[str]]:
    """Returns the lines, oldest first, and a list of problems. A line torn by a kill or a full
    disk is reported and left out; it is never repaired."""
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
    """Adds a line completely or not at all, and only once for each campaign. If the last line
    of the file is torn, it is ended first. Raises OSError if the file cannot be written."""
    with open(path, "ab+") as file:
        with folders.naming(path):
            fcntl.flock(file, fcntl.LOCK_EX)
        if any(line.key == old.key for old in read(path)[0]):
            return
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - 1, 0))
        torn = end and file.read(1) != b"\n"
        folders.append(file, b"\n" * bool(torn) + sealed(line), path)


# ---- advice ---------------------------------------------------------------

def comparable(lines: Iterable[Line], machine: str, plan_sha256: str) -> list[Line]:
    """Returns the latest runs of one machine and plan; only such runs are comparable."""
    return [line for line in lines
            if line.machine == machine and line.plan_sha256 == plan_sha256][-RUNS:]


def one_sided(lines: Iterable[Line]) -> tuple[int, int, float]:
    """Counts runs of equal commits that were slower and faster, with the p value of a sign test
    (R32). The median of a run's cells gives the run's sign, because all its cells share the same
    noise."""
    medians = []
    for line in lines:
        known = [c.slowdown_percent for c in line.cells
                 if c.role == Role.GATE and c.slowdown_percent is not None]
        if line.is_of_equal and known:
            medians.append(float(np.median(known)))
    slower, faster = sum(m > 0 for m in medians), sum(m < 0 for m in medians)
    return slower, faster, float(stats.sign_test(slower, faster))


def advice(lines: Sequence[Line]) -> list[str]:
    """Returns observations for the user, as sentences."""
    slower, faster, p = one_sided(lines)
    return [] if p > ALPHA else [
        f"Equal commits were slower in {slower} and faster in {faster} runs (p = {p:.4f}): the "
        "gate is biased on this machine."]
