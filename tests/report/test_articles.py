# SPDX-License-Identifier: Apache-2.0
"""Every system, workload and measurement of the articles is here: the three
tables of docs/articles/ joined with maps, workload files and pages."""
import csv
import json
import os
import pathlib
import re
import subprocess
from types import SimpleNamespace

import pytest

from report import articles as figures

pytestmark = pytest.mark.long

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()
FILES = sorted((ROOT / "workloads").glob("*.conf"))


def ids(table):
    with open(ROOT / "docs" / "articles" / (table + ".tsv"),
              encoding="utf-8") as file:
        return [row["id"] for row in csv.DictReader(file, delimiter="\t")]


def articles(path):
    """What the file says beside `article`."""
    lines = re.findall(r"^article\s*=\s*(.*)$", path.read_text(), re.M)
    return [name for line in lines for name in line.split()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_file_can_be_planned(path):
    """On this machine; a library that is missing is no mistake."""
    done = subprocess.run([BUILD / "readmostly", "plan", "--json", path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)


def test_failures_of_a_map_with_wrong_answers_count_only_where_failures_are_counted():
    trials = [{"status": "failed", "exit": "0", "result": {"elapsed_ns": 1}}]
    cell = SimpleNamespace(map="syncmap", trials=trials, ok=[], reason=None)
    campaign = SimpleNamespace(maps={}, failed_maps={"syncmap": "wrong"})
    for statistic in ("sum failed/trials", "crashed"):
        assert figures.trials_of(campaign, cell, statistic) == trials
    with pytest.raises(figures.Missing, match="failed verification"):
        figures.trials_of(campaign, cell, "ops")
