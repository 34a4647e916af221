# SPDX-License-Identifier: Apache-2.0
"""Workloads of production traffic: the files are those that the public table
gives, and what the loop draws is what the files say.

No speed is asserted, and one seed draws one sequence.
"""
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

TOP = Path(__file__).resolve().parents[2]
PROGRAM = (TOP / os.environ.get("BUILD", "build/gcc")).resolve() / "readmostly"
FOLDER = TOP / "workloads/production"
FILES = sorted(FOLDER.glob("cluster-*.conf"))
MEDIAN = TOP / "workloads/production.conf"
KEYS, ITERATIONS = 16384, 200_000
MAP, ENTRY_BYTES = "syncmap", 120  # of an entry of it, on 64-bit machines

sys.path[:0] = [str(TOP), str(TOP / "tests/tools")]
import production  # noqa: E402

from report import modes  # noqa: E402


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


def test_the_committed_files_are_those_that_are_made():
    made = production.files()
    assert sorted(made) == sorted([*FILES, MEDIAN])
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path.name


def test_the_page_of_the_table_is_the_one_that_is_made():
    page = (TOP / "docs/production.md").read_text(encoding="utf-8")
    assert "\n".join(production.table()) in page


def test_there_is_a_file_for_each_cluster_with_nine_reads_in_ten():
    numbers = [int(path.stem.removeprefix("cluster-")) for path in FILES]
    assert numbers == sorted(published()) and len(numbers) == 25


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_its_row_says(path):
    row, said = published()[int(path.stem[-2:])], settings(path)
    assert share(said["writes"]) == pytest.approx(float(row["write_share"]))
    assert share(said["misses"]) == pytest.approx(float(row["miss_ratio"]))
    alpha = float(row["zipf_alpha"])
    assert said["dist"] == (f"zipf:{row['zipf_alpha']}" if alpha
                            else "uniform")
    assert float(said["rate"].removesuffix("/s")) == pytest.approx(
        1000 * float(row["kqps"]))
    entry = float(row["key_bytes"]) + float(row["value_bytes"])
    fit = int(1e6 * float(row["working_set_mb"]) / entry) or 1 << 20
    assert int(said["keys"]) == min(fit, 1 << 20)
    key, value = (int(float(row[f"{name}_bytes"])) for name in (
        "key", "value"))
    assert said["shape"] == (  # the next that maps offer, or the largest
        f"str{min(s for s in (16, 32, 64) if s >= min(key, 64))}x"
        f"{min(s for s in (8, 24, 64, 256, 1024) if s >= min(value, 1024))}")
    source = " ".join(re.findall(r"^# (.*)$", path.read_text(), re.M))
    for name in ("key_bytes", "value_bytes", "kqps"):
        assert f"{name.replace('_', ' ')} {float(row[name]):g}" in source


@pytest.mark.parametrize("size, used", [
    (1, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64), (80, 64)])
def test_lengths_of_keys_are_rounded_up(size, used):
    assert production.rounded_up(size, production.KEY_SIZES) == used


@pytest.mark.parametrize("size, used", [
    (4, 8), (9, 24), (25, 64), (221, 256), (257, 1024), (20134, 1024)])
def test_lengths_of_values_are_rounded_up(size, used):
    assert production.rounded_up(size, production.VALUE_SIZES) == used


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
        [PROGRAM, "replay", "--record", "gomap_rw", "-o", made, cut,
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

@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """The program, with those for other sizes beside it, of one map each.
    Their objects stay where those of tests/cli/sizes.sh are."""
    folder, build = tmp_path_factory.mktemp("programs"), PROGRAM.parent
    lengths = sorted({shape_of(path)[1] for path in FILES})
    done = subprocess.run(
        ["flock", build, "make", "-s", f"-j{os.cpu_count()}",
         f"CC={(build / 'flags').read_text().split()[0]}", f"BUILD={build}",
         f"OUT={folder}", f"MAPS_BUILT={MAP}", folder / "readmostly",
         *(word for n in lengths
           for word in (f"X{n}_MAPS={MAP}", folder / f"readmostly-x{n}"))],
        cwd=TOP, capture_output=True, text=True, env={
            k: v for k, v in os.environ.items()
            if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")})
    assert done.returncode == 0, done.stderr
    return folder / "readmostly"


def shape_of(path):
    """(bytes of a key, of a value) that a file says."""
    return tuple(map(int, re.fullmatch(
        r"str(\d+)x(\d+)", settings(path)["shape"]).groups()))


def run(program, files, folder, **given):
    """Journal and plan of one block, the plan as cells by id."""
    said = {"threads": 1, "blocks": 1, "warm-up": "1ms", "verify": "10kops",
            "repeat-most": 0} | {k.replace("_", "-"): v
                                 for k, v in given.items()}
    done = subprocess.run(
        [program, "run", *files, "-o", folder, "--busy-ok", "--counters",
         "none", "--seed", "1", "--maps", MAP, *(word for k, v in said.items()
                                  for word in ("--set", f"{k}={v}"))],
        capture_output=True, text=True, cwd=TOP)
    assert done.returncode in (0, 3), done.stdout + done.stderr  # 3: some void
    plan = json.loads((folder / "campaign.json").read_text())
    return [json.loads(line) for line in
            (folder / "trials.jsonl").read_text().splitlines()], {
                cell["id"]: cell for cell in plan["cells"]}


@pytest.fixture(scope="module")
def counted(program, tmp_path_factory):
    """workload -> (cell, result) of its closed loop: one thread and a
    counted window, which draw the same whenever they run, by the seed and
    without a warm-up, whose time would draw first. A trial that was
    disturbed has counted what others have."""
    folder = tmp_path_factory.mktemp("counted")
    files = [closed(path, folder) for path in [*FILES, MEDIAN]]
    trials, cells = run(program, files, folder / "campaign", keys="64Ki",
                        window=f"{ITERATIONS}ops", measure="throughput",
                        huge_pages="off", warm_up="0s")
    return {cells[t["cell"]]["workload"]: (cells[t["cell"]], t["result"])
            for t in trials if cells[t["cell"]]["measure"] == "throughput"}


def test_there_is_a_trial_of_every_file(counted):
    assert set(counted) == {path.stem for path in [*FILES, MEDIAN]}


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_a_trial_counts_the_shares_of_the_file(path, counted):
    said, (_, result) = settings(path), counted[path.stem]
    assert result["ops"] == ITERATIONS
    assert result["lookups"] + result["writes"] == ITERATIONS
    assert within(result["writes"], ITERATIONS, share(said["writes"]))
    assert within(result["misses_absent"], result["lookups"],
                  share(said["misses"]))
    assert result["misses_resident"] == 0
    assert result["hits"] + result["misses_absent"] == result["lookups"]


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_a_trial_holds_keys_and_values_of_the_file(path, counted):
    """What it is told, what was held and verified, and what the memory says:
    beside its key and its value, an entry costs this map the same always,
    to less than the 32 bytes by which two lengths differ."""
    (cell, result), (key, value) = counted[path.stem], shape_of(path)
    assert cell["shape"] == f"str{key}x{value}"
    assert result["cell"] == cell["id"] and f"/str{key}x{value}/" in \
        cell["id"]
    assert result["verification"]["status"] == "ok"
    assert result["keys_before"] == 65536
    memory = result["footprint"]
    entry = (memory["rss_filled_bytes"] - memory["rss_empty_bytes"]) / 65536
    assert abs(entry - key - value - ENTRY_BYTES) < 15


@pytest.fixture(scope="module")
def campaign(program, tmp_path_factory):
    """Every file in a cut form, its closed and its open loop."""
    trials, _ = run(program, [*FILES, MEDIAN],
                    tmp_path_factory.mktemp("production") / "campaign",
                    keys="4Ki", threads=2, warm_up="2ms", window="50ms")
    return trials


def test_every_file_runs_closed_and_open_and_is_verified(campaign):
    names = {path.stem for path in [*FILES, MEDIAN]}
    for measure in "throughput", "latency":
        ran = [t for t in campaign if f"/{measure}" in t["cell"]]
        assert {t["cell"].split("/")[0] for t in ran} == names
        for trial in ran:
            # of two threads on a busy machine one may come late: no figure,
            # but what was answered is right all the same
            assert trial["status"] == "ok" or trial["reason"].endswith(
                "its CPU was busy"), (trial["cell"], trial["result"])
            assert trial["result"]["verification"]["status"] == "ok"
            assert trial["result"]["keys_before"] == 4096


def test_the_open_loop_has_the_rate_of_the_file(campaign):
    for trial in campaign:
        match = re.search(r"/r([\d.]+)/", trial["cell"])
        if match:  # of Poisson arrivals in 50 ms
            expected = float(match[1]) * 0.05
            low, high = stats.poisson.interval(1 - 1e-6, expected)
            done = trial["result"]["lookups"] + trial["result"]["writes"]
            assert low <= done <= high, trial["cell"]


def test_a_mode_runs_them_all():
    mode = (TOP / "workloads/modes/production.conf").read_text()
    named = " ".join(re.findall(r"^workloads *= (.*)$", mode, re.M)).split()
    assert set(named) == {f"production/{path.stem}" for path in FILES} | {
        "production", "uniform-97-3"}
    keys = {path.stem: int(settings(path)["keys"]) for path in FILES}
    less = {name: keys for name, keys in keys.items() if keys < 65536}
    told = {name: int(number) for name, number in re.findall(
        r"^\[production/(cluster-\d+)\]\nkeys *= (\d+)$", mode, re.M)}
    assert told == less


@pytest.fixture(scope="module")
def planned():
    """The cells of the mode where all programs are beside the first: a plan
    only looks whether they are."""
    with tempfile.TemporaryDirectory(dir=PROGRAM.parent) as folder:
        program = Path(folder) / "readmostly"
        program.hardlink_to(PROGRAM)
        for name in ("x24", "x64", "x256", "x1024", "go"):
            (Path(folder) / f"readmostly-{name}").symlink_to("/bin/true")
        done = subprocess.run(
            [program, "plan", "--mode", "production", "--json"],
            capture_output=True, text=True, cwd=TOP)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["cells"]


@pytest.mark.parametrize("path", [*FILES, MEDIAN], ids=lambda path: path.stem)
def test_the_mode_plans_a_cluster_with_many_maps(path, planned):
    """With all of this suite that offer its lengths, whatever libraries are
    here; of the others the plan says so."""
    cells = [cell for cell in planned if cell["workload"] == path.stem
             and cell["measure"] == "throughput"]
    assert {cell["shape"] for cell in cells} == {settings(path)["shape"]}
    assert {"gomap_rw", "hashtriemap", "null_map", "shard_rw_32",
            "syncmap"} <= {
        cell["map"] for cell in cells if not cell["skip"]}
    for cell in cells:
        assert not cell["skip"] or cell["skip"].endswith(
            "is not offered by this map"), cell["skip"]


def test_the_mode_is_no_next_step_of_the_others():
    assert not {"production", "peers", "articles"} & {
        name for _, name, _ in modes.modes()}
    assert {"smoke", "standard"} <= {name for _, name, _ in modes.modes()}
