# SPDX-License-Identifier: Apache-2.0
"""Tests workloads of production traffic: the files agree with the public table, and the loop draws
keys as the files specify.

The tests do not depend on speed; a seed always gives the same sequence.
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
MAP, ENTRY_BYTES = "syncmap", 120  # size of one of its entries in bytes, on 64-bit machines

sys.path[:0] = [str(TOP)]
from report.decide import modes  # noqa: E402


def settings(path):
    return dict(re.findall(r"^([\w-]+) *= (.*?)(?:  #.*)?$",
                           path.read_text(), re.M))


def published():
    """Returns the read-mostly rows of the table, read independently of report/."""
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
    """Returns the median of each column, over the clusters that have a value."""
    columns = ("write_share", "miss_ratio", "zipf_alpha", "kqps", "key_bytes",
               "value_bytes", "working_set_mb")
    return {name: statistics.median(
        float(row[name]) for row in published().values()
        if name != "working_set_mb" or float(row[name])) for name in columns}


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_each_file_agrees_with_its_row(path):
    row = median() if path == MEDIAN else published()[int(path.stem[-2:])]
    values, row = settings(path), {name: float(row[name]) for name in median()}
    assert share(values["writes"]) == pytest.approx(row["write_share"])
    assert share(values["misses"]) == pytest.approx(row["miss_ratio"])
    alpha = row["zipf_alpha"]
    assert values["dist"] == (f"zipf:{alpha:g}" if alpha else "uniform")
    assert float(values["rate"].removesuffix("/s")) == pytest.approx(
        1000 * row["kqps"])
    entry = row["key_bytes"] + row["value_bytes"]
    fit = int(1e6 * row["working_set_mb"] / entry) or 1 << 20
    assert int(values["keys"]) == min(fit, 1 << 20)
    key, value = int(row["key_bytes"]), int(row["value_bytes"])
    assert values["shape"] == (  # the next larger shape of the maps, or the largest
        f"str{min(s for s in (16, 32, 64) if s >= min(key, 64))}x"
        f"{min(s for s in (8, 24, 64, 256, 1024) if s >= min(value, 1024))}")
    source = " ".join(re.findall(r"^# (.*)$", path.read_text(), re.M))
    for name in ("key_bytes", "value_bytes", "kqps"):
        assert f"{name.replace('_', ' ')} {row[name]:g}" in source


# ---- drawn keys -----------------------------------------------------------

def closed(path, folder):
    """Writes a copy of a file with only its closed loop and a counted window, so that each run
    draws the same keys."""
    copy = folder / path.name
    copy.write_text(re.sub(r"^(loop|rate) .*\n", "", path.read_text(),
                           flags=re.M))
    return copy


def recorded(path, tmp_path):
    """Runs the closed loop with fewer keys and a fixed number of operations. Returns, for each
    operation, whether it writes, and the rank of its key."""
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
    """Returns the Zipf exponent with the highest likelihood over this number of ranks."""
    logs = np.log(np.arange(1, keys + 1))
    mean = np.log(ranks + 1.0).mean()

    def excess(theta):
        weights = np.exp(-theta * logs)
        return (weights * logs).sum() / weights.sum() - mean

    return optimize.brentq(excess, 0, 6)


def within(count, n, p):
    """True if a count lies in the binomial 99.9 % interval."""
    low, high = stats.binom.interval(0.999, n, p)
    return low <= count <= high


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_the_loop_draws_as_the_file_specifies(path, tmp_path):
    values = settings(path)
    keys = min(KEYS, int(values["keys"]))
    write, rank = recorded(path, tmp_path)
    assert len(rank) >= ITERATIONS
    assert within(write.sum(), len(write), share(values["writes"]))
    looked = rank[~write]
    assert within((looked >= keys).sum(), len(looked), share(values["misses"]))
    assert rank[write].max(initial=0) < keys  # writes use only keys that are in the map
    if values["dist"] == "uniform":
        found = stats.kstest(looked[looked < keys] / keys, "uniform")
        assert found.pvalue > 0.001
        return
    theta = float(values["dist"].removeprefix("zipf:"))
    assert abs(fitted(rank[rank < keys], keys) - theta) < 0.02


# ---- the workloads run ----------------------------------------------------


def test_the_mode_is_never_suggested_as_the_next_one():
    assert not {"production-quick", "peers-quick", "articles-quick"} & {
        name for _, name, _ in modes.modes()}
    assert {"smoke", "standard"} <= {name for _, name, _ in modes.modes()}
