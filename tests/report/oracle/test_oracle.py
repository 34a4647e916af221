# SPDX-License-Identifier: Apache-2.0
"""The numbers of reports against oracle.py, on synthetic and real campaigns,
and the decisions of each campaign of shapes/.

campaigns/ has two runs of `readmostly run --counters none` on a virtual
machine with 2 CPUs, without the maps that took no part. A second test changes
the report's code in six ways and expects that the oracle sees each of them.
"""
import collections
import json
import shutil
import statistics
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import oracle  # noqa: E402
from make_shape import SHAPES, Shape, decided  # noqa: E402
from report_helpers import Built, edit, make_journal  # noqa: E402

from report import analysis, journal, stats  # noqa: E402
from report.sections import memory  # noqa: E402
from report.stats import interval, legacy, signed_rank  # noqa: E402

REAL = Path(__file__).parent / "campaigns"
SHAPED = {path.stem: Shape(path) for path in sorted(SHAPES.glob("*.txt"))}


def repeated(folder):
    """Attempts: the second counts, a third without a second does not, nor
    does a second line of one attempt."""
    make_journal.make(folder, threads=(1, 2), keys=(4096, 65536), blocks=8,
                      kinds=("update", "fresh"), rates=(10000,))
    lines = [json.loads(line) for line in
             (folder / "trials.jsonl").read_text("utf-8").splitlines()]
    more = []
    for i, t in enumerate(lines):
        copy = json.loads(json.dumps(t))
        if t["result"]:
            copy["result"]["ops"] = 3 * t["result"]["ops"] // 2
        more += [t] + [copy | {"attempt": 1 + i % 4}] * (i % 3)
    (folder / "trials.jsonl").write_text(
        "".join(json.dumps(t) + "\n" for t in more))


def with_arms(folder):
    """A/A and +2 % arms, a void trial, one without operations, one map with
    a wrong answer and one whose trials crash."""
    make_journal.make(folder, threads=(1, 2, 4), keys=(65536,), blocks=12,
                      kinds=("update",), plant={
                          "control": "ok", "void": [("syncmap", 3)],
                          "fail_verify": ["snapshot"],
                          "crash": ["rwlock_probe"]})

    def idle(t):
        if t["block"] == 5 and "/gomap_rw/" in t["cell"] and t["result"]:
            t["result"]["ops"] = 0
        return t
    edit(folder, idle)


MADE = {"repeated": repeated, "with-arms": with_arms}


def build(name, parent):
    """The report of the campaign of a name."""
    if name in MADE:
        folder = parent / name
        MADE[name](folder)
    elif name in SHAPED:
        folder = SHAPED[name].make(parent)
    else:
        folder = parent / name
        shutil.copytree(REAL / name, folder)
    built = Built(folder)
    assert built.status in (0, 3), built.error
    return built


def compared(name, parent):
    return oracle.Comparison(build(name, parent).folder)


@pytest.mark.parametrize("name", [*MADE, *sorted(
    p.name for p in REAL.glob("*"))])
def test_the_numbers_of_a_report_follow_from_its_trials(name, tmp_path):
    assert compared(name, tmp_path).found == []


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.long) if i % 3 else name
    for i, name in enumerate(SHAPED)])
def test_a_shape_has_its_numbers_and_decisions(name, tmp_path):
    built = build(name, tmp_path)
    told = oracle.Comparison(built.folder)
    assert told.found == []
    assert {"cells.csv", "strip.csv", "verdicts.json"} <= told.compared.keys()
    assert decided(built) == SHAPED[name].decided


def test_campaigns_have_what_the_oracle_looks_at(tmp_path):
    told = sum((compared(name, tmp_path).compared for name in (
        *MADE, "bound-beats-maps")), collections.Counter())
    assert not {pattern.split("/")[1].replace("[0-9]*", "1")
                for pattern in oracle.FILES} - told.keys() - {
                    "production.csv"}


# ---- the report broken ----------------------------------------------------

def wrong_centre(patch):
    right = interval.serial_interval
    patch.setattr(interval, "serial_interval", lambda x, level: (
        statistics_of(x), *right(x, level)[1:]))


def independent_blocks(patch):
    """Intervals as if no block were like the one before."""
    patch.setattr(signed_rank, "widening", lambda x: np.ones(len(x)))


def statistics_of(x):
    """Plain medians over the last axis."""
    return [statistics.median(row) for row in x]


def counts_void_trials(patch):
    patch.setattr(journal, "usable", lambda t: isinstance(
        t.get("result"), dict))


def wrong_base(patch):
    """A ratio to the map that was asked for second."""
    right = analysis.Analysis.sides
    patch.setattr(analysis.Analysis, "sides",
                  lambda self, *cells: right(self, *reversed(cells)))


def wrong_n(patch):
    """Blocks that only the leader has count, too."""
    right = legacy.paired
    patch.setattr(legacy, "paired", lambda leader, rival: right(
        leader, leader | rival))


def wrong_bytes(patch):
    """The process before the map was made is not taken off."""
    right = memory.usage

    def usage(cell):
        row = right(cell)
        return row and row | {"filled": row["rss_filled_bytes"]
                              / cell.keys}
    patch.setattr(memory, "usage", usage)


@pytest.mark.parametrize("fault, name, file", [
    (wrong_centre, "with-arms", "cells.csv"),
    (independent_blocks, "with-arms", "ranking.csv"),
    (counts_void_trials, "void-many", "cells.csv"),
    (wrong_base, "with-arms", "forest.csv"),
    (wrong_n, "void-many", "ranking.csv"),
    (wrong_bytes, "with-arms", "memory.csv")])
def test_the_oracle_sees_a_report_that_is_wrong(fault, name, file, tmp_path,
                                                monkeypatch):
    fault(monkeypatch)
    told = compared(name, tmp_path)
    assert any(line.startswith(file) for line in told.found)
