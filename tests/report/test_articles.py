# SPDX-License-Identifier: Apache-2.0
"""Every system, workload and measurement of the articles is here: the three
tables of docs/articles/ joined with maps, workload files and pages."""
import collections
import csv
import json
import os
import pathlib
import re
import subprocess
from types import SimpleNamespace

import pytest

from report import articles as figures

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


def rows(page, prefix):
    """First column -> other columns, of a page's tables."""
    found = {}
    for line in (ROOT / "docs" / page).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("| ").split("|")]
        if re.fullmatch(prefix + r"\d+", cells[0]):
            found[cells[0]] = cells[1:]
    return found


def listed():
    done = subprocess.run([BUILD / "readmostly", "list", "--json"],
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_tables_are_whole():
    assert ids("systems") == ["M%d" % i for i in range(1, 17)]
    assert ids("workloads") == ["W%d" % i for i in range(1, 33)]
    assert ids("measurements") == ["T%d" % i for i in range(1, 25)]


def test_each_system_has_a_map():
    by_system = collections.Counter(
        word for entry in listed()["maps"]
        for word in re.findall(r"M\d+", entry["system"]))
    assert [one for one in ids("systems") if not by_system[one]] == []


def test_each_workload_has_a_file():
    named = collections.Counter(
        name for path in FILES for name in articles(path))
    assert [one for one in ids("workloads") if not named[one]] == []
    assert set(named) <= set(ids("workloads"))


def claims_in(text):
    """"S4-01 to S4-03, S0-06..08" -> every id between, too."""
    found = re.findall(r"(S\d)-(\d\d)(?:(?: to S\d-|\.\.)(\d\d))?", text)
    return {"%s-%02d" % (article, n) for article, first, last in found
            for n in range(int(first), int(last or first) + 1)}


def served(path):
    """The claims that a file's first comment says it serves."""
    comment = " ".join(line.lstrip("# ") for line in
                       path.read_text().splitlines() if line[:1] == "#")
    said = re.search(r"Serves ([^.]*)\.", comment)
    return claims_in(said[1]) if said else set()


def test_ranges_of_claims_are_read():
    assert claims_in("S4-01 to S4-03, S4-05; T7") == {
        "S4-01", "S4-02", "S4-03", "S4-05"}
    assert claims_in("S0-06..08") == {"S0-06", "S0-07", "S0-08"}


def test_the_page_names_the_file_of_each_workload():
    page = rows("workloads.md", "W")
    for path in FILES:
        for name in articles(path):
            assert "`%s`" % path.name in page[name][1]
    assert list(page) == ids("workloads")


def test_what_the_page_says_of_claims_its_file_says():
    """A file may serve claims of another row besides."""
    for name, cells in rows("workloads.md", "W").items():
        of_page = claims_in(cells[2])
        of_files = set().union(*(served(path) for path in FILES
                                 if name in articles(path)))
        assert of_page and of_page <= of_files, name


def test_the_page_of_measurements_has_each_once():
    """Their commands are the matter of test_measurements.py."""
    assert list(rows("measurements.md", "T")) == ids("measurements")


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
