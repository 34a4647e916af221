# SPDX-License-Identifier: Apache-2.0
"""Workloads of production traffic: the files are those that the public table
gives, and what the loop draws is what the files say.

No speed is asserted, and one seed draws one sequence.
"""
import csv
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

pytestmark = pytest.mark.long

TOP = Path(__file__).resolve().parents[2]
PROGRAM = (TOP / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly"
FOLDER = TOP / "workloads/production"
FILES = sorted(FOLDER.glob("cluster-*.conf"))
MEDIAN = TOP / "workloads/production.conf"
KEYS, ITERATIONS = 16384, 200_000
MAP, ENTRY_BYTES = "syncmap", 120  # of an entry of it, on 64-bit machines

sys.path[:0] = [str(TOP)]
from report.decide import modes  # noqa: E402


def settings(path):
    return dict(re.findall(r"^([\w-]+) *= (.*?)(?:  #.*)?$",
                           path.read_text(), re.M))


def published():
    """The rows that are read mostly, by a reader of its own."""
    with open(FOLDER / "twitter-2020.tsv", newline="") as file:
        rows = csv.DictReader((line for line in file
                               if not line.startswith("#")), delimiter="\t")
        return {int(row["cluster"]): row for row in rows
                if row["get_share"] and float(row["get_share"]) >= 0.9}


def share(text):
    return float(text.removesuffix("%")) / 100


def test_there_is_a_file_for_each_cluster_with_nine_reads_in_ten():
    numbers = [int(path.stem.removeprefix("cluster-")) for path in FILES]
    assert numbers == sorted(published()) and len(numbers) == 25


def median():
    """The median of each column over the clusters that have it."""
    columns = ("write_share", "miss_ratio", "zipf_alpha", "kqps", "key_bytes",
               "value_bytes", "working_set_mb")
    return {name: statistics.median(
        float(row[name]) for row in published().values()
        if name != "working_set_mb" or float(row[name])) for name in columns}


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_a_file_says_what_its_row_says(path):
    row = median() if path == MEDIAN else published()[int(path.stem[-2:])]
    said, row = settings(path), {name: float(row[name]) for name in median()}
    assert share(said["writes"]) == pytest.approx(row["write_share"])
    assert share(said["misses"]) == pytest.approx(row["miss_ratio"])
    alpha = row["zipf_alpha"]
    assert said["dist"] == (f"zipf:{alpha:g}" if alpha else "uniform")
    assert float(said["rate"].removesuffix("/s")) == pytest.approx(
        1000 * row["kqps"])
    entry = row["key_bytes"] + row["value_bytes"]
    fit = int(1e6 * row["working_set_mb"] / entry) or 1 << 20
    assert int(said["keys"]) == min(fit, 1 << 20)
    key, value = int(row["key_bytes"]), int(row["value_bytes"])
    assert said["shape"] == (  # the next that maps offer, or the largest
        f"str{min(s for s in (16, 32, 64) if s >= min(key, 64))}x"
        f"{min(s for s in (8, 24, 64, 256, 1024) if s >= min(value, 1024))}")
    source = " ".join(re.findall(r"^# (.*)$", path.read_text(), re.M))
    for name in ("key_bytes", "value_bytes", "kqps"):
        assert f"{name.replace('_', ' ')} {row[name]:g}" in source


# ---- what is drawn --------------------------------------------------------

def closed(path, folder):
    """A copy of a file that has its closed loop only: one whose window is
    counted, so that each run draws the same."""
    copy = folder / path.name
    copy.write_text(re.sub(r"^(loop|rate) .*\n", "", path.read_text(),
                           flags=re.M))
    return copy


def recorded(path, tmp_path):
    """(is it a write, rank) of each operation of the closed loop, in a cut
    form: fewer keys, a counted window."""
    cut, made = closed(path, tmp_path), tmp_path / "made.trace"
    done = subprocess.run(
        [PROGRAM, "dev", "replay", "--record", "gomap_rw", "-o", made, cut,
         "--set", f"keys={min(KEYS, int(settings(path)['keys']))}",
         "--set", "threads=1", "--set", f"window={ITERATIONS}ops",
         "--set", "shape=str16x8"],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in made.read_text().splitlines()
             if line.startswith(("get ", "set "))]
    return (np.array([word == "set" for word, _ in lines]),
            np.array([int(rank) for _, rank in lines]))


def fitted(ranks, keys):
    """The Zipf exponent of the highest likelihood over so many ranks."""
    logs = np.log(np.arange(1, keys + 1))
    mean = np.log(ranks + 1.0).mean()

    def excess(theta):
        weights = np.exp(-theta * logs)
        return (weights * logs).sum() / weights.sum() - mean

    return optimize.brentq(excess, 0, 6)


def within(count, n, p):
    """Whether a count is in the binomial 99.9 % interval."""
    low, high = stats.binom.interval(0.999, n, p)
    return low <= count <= high


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_the_loop_draws_what_the_file_says(path, tmp_path):
    said = settings(path)
    keys = min(KEYS, int(said["keys"]))
    write, rank = recorded(path, tmp_path)
    assert len(rank) >= ITERATIONS
    assert within(write.sum(), len(write), share(said["writes"]))
    looked = rank[~write]
    assert within((looked >= keys).sum(), len(looked), share(said["misses"]))
    assert rank[write].max(initial=0) < keys  # writes are of resident keys
    if said["dist"] == "uniform":
        found = stats.kstest(looked[looked < keys] / keys, "uniform")
        assert found.pvalue > 0.001
        return
    theta = float(said["dist"].removeprefix("zipf:"))
    assert abs(fitted(rank[rank < keys], keys) - theta) < 0.02


# ---- that they run --------------------------------------------------------


def test_the_mode_is_no_next_step_of_the_others():
    assert not {"production-quick", "peers-quick", "articles-quick"} & {
        name for _, name, _ in modes.modes()}
    assert {"smoke", "standard"} <= {name for _, name, _ in modes.modes()}
