# SPDX-License-Identifier: Apache-2.0
"""The tally of sync.Map against RWMutex, real Go beside ports, adds up."""
import importlib.util
import pathlib
import random
import signal
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location(
    "go_ratio", ROOT / "tests/tools/go_ratio.py")
go_ratio = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(go_ratio)

LABELS = {"syncmap": "port of sync.Map, waits in the kernel",
          "syncmap_any": "port of sync.Map, keys any, waits in the kernel",
          "gomap_rw": "port of Go's map + RWMutex, waits in the kernel",
          "gomap_u64_rw": "port of u64, waits in the kernel",
          "gomap_u64_rw_spin": "port of u64, spins",
          "gomap_str_rw": "port of str, waits in the kernel",
          "gomap_str_rw_spin": "port of str, spins",
          "go_sync_map": "Go: sync.Map", "go_map_rw": "Go: map + RWMutex"}
META = {"maps": [{"id": k, "label": v} for k, v in LABELS.items()],
        "busy": None, "machine": {"facts": {"cpu_name": {"text": "A CPU"}}, "cpus": 2},
        "created_utc": "2026-11-21T00:00:00Z"}


def campaign(cost_ns, blocks=8):
    """(campaign.json, rows): cost_ns(map, row, block) per operation."""
    cells, rows = {}, []
    for row in go_ratio.grid():
        share, kind, keys, shape, threads = go_ratio.place_of_row(row)
        for sync, locks in go_ratio.PAIRS.values():
            for name in (sync, locks[shape]):
                cell = {"id": f"{name}/" + "/".join(row.values()),
                        "map": name, "measure": "throughput",
                        "write_share": share, "write_kind": kind,
                        "keys": keys, "shape": shape, "threads": threads,
                        "goroutines": "free", "blocks": 8, "skip": None}
                if cell["id"] in cells:
                    continue
                cells[cell["id"]] = cell
                rows += [{"cell": cell["id"], "block": b, "status": "ok",
                          "result": {
                              "ops": 10**6, "environment": {"go": "go1.19.8"},
                              "elapsed_ns":
                                  10**6 * cost_ns(name, row, b)}}
                         for b in range(blocks)]
    return META | {"cells": list(cells.values())}, rows


def counts_of(lines, pair, threads="1"):
    line, = (line for line in lines if line.startswith(
        f"# {threads} thread") and f", {pair} beside" in line)
    return line.split("): ", 1)[1]


def is_sync(name):
    return "sync" in name


def test_the_grid_is_what_it_says():
    grid = go_ratio.grid()
    assert len({tuple(row.values()) for row in grid}) == len(grid) == 176
    assert not [row for row in grid
                if row["writes"] == "0%" and row["write_kind"] != "update"]


def test_a_workload_has_each_cell_of_the_grid():
    text = go_ratio.workload_of(go_ratio.grid(), ["go_map_rw"],
                                {"measure": "throughput"})
    for line in ("writes = 0% 0.1% 1% 3% 5% 10% 50% 100%", "threads = 1 2",
                 "write-kind = update churn fresh", "keys = 100 10000",
                 "shape = u64x8 str16x8", "maps = go_map_rw"):
        assert line + "\n" in text


def test_equal_verdicts_agree():
    lines = list(go_ratio.lines_of(*campaign(
        lambda name, row, b: (50 if is_sync(name) else 60) + b)))
    for pair in list(go_ratio.PAIRS)[1:]:
        assert counts_of(lines, pair) == (
            "88 the same, 0 (0.0 %) opposite, 0 (0.0 %) one side only, "
            "0 no verdict; kept: yes")
    cell = lines[-1].split("\t")
    assert cell[5] == "sync" and float(cell[6]) > 1.1


def test_what_a_port_turns_round_is_counted():
    """With two threads only: no port parks as Go does, none is held to it."""
    def cost(name, row, block):
        slow = is_sync(name) == name.startswith("go_")
        return (60 if slow and row["threads"] == "2" else 50) + block % 2

    lines = list(go_ratio.lines_of(*campaign(cost)))
    assert counts_of(lines, "port", "2") == (
        "0 the same, 88 (100.0 %) opposite, 0 (0.0 %) one side only, "
        "0 no verdict; kept: not held to it")
    assert counts_of(lines, "port", "1").startswith("88 the same")
    cell = lines[-1].split("\t")
    assert (cell[5], cell[9]) == ("lock", "sync")


def test_a_tie_and_too_few_blocks_are_no_verdict():
    ties = list(go_ratio.lines_of(*campaign(
        lambda name, row, b: 50 + (5 - b % 2 * 10) * is_sync(name)
        if name.startswith("go_") else 50 + 10 * is_sync(name))))
    assert counts_of(ties, "port") == (
        "0 the same, 0 (0.0 %) opposite, 88 (100.0 %) one side only, "
        "0 no verdict; kept: no")
    few = list(go_ratio.lines_of(*campaign(lambda *_: 50, blocks=5)))
    assert counts_of(few, "port").endswith(
        "0 (-) opposite, 0 (-) one side only, 88 no verdict; "
        "kept: nothing decided")


def sign(a, b):
    return (a > b) - (a < b)


def by_hand(costs, lost, pair, threads):
    """Counts of one pair, each cell looked at on its own. costs and lost are
    by map and row of the grid."""
    count = {"the same": 0, "opposite": 0, "one side only": 0,
             "no verdict": 0}
    for i, row in enumerate(go_ratio.grid()):
        if row["threads"] != threads:
            continue
        signs = []
        for which in ("go", pair):
            sync, locks = go_ratio.PAIRS[which]
            two = [(sync, i), (locks[row["shape"]], i)]
            signs.append(None if any(at in lost for at in two)
                         else sign(costs[two[1]], costs[two[0]]))
        go, port = signs
        if go is None or port is None:
            count["no verdict"] += 1
        elif go == port:
            count["the same"] += 1
        elif go * port == -1:
            count["opposite"] += 1
        else:
            count["one side only"] += 1
    return count


@pytest.mark.parametrize("seed", range(3))
def test_the_shares_are_those_of_brute_force(seed):
    """Costs that are equal or not by chance; some maps lost their trials."""
    draw, grid = random.Random(seed), go_ratio.grid()
    at = {tuple(row.values()): i for i, row in enumerate(grid)}
    keys = [(m, i) for m in LABELS for i in range(len(grid))]
    costs = {key: draw.choice((40, 50, 60)) for key in keys}
    lost = set(draw.sample(keys, 60))
    meta, rows = campaign(
        lambda name, row, b: costs[name, at[tuple(row.values())]])
    rows = [row for row in rows if row["block"] < 5 or (
        row["cell"].split("/", 1)[0],
        at[tuple(row["cell"].split("/")[1:])]) not in lost]
    table, _, verdicts = go_ratio.judged(meta, rows)
    seen = 0
    for threads, pair, waits, count, kept in go_ratio.shares_of(
            meta, table, verdicts):
        wanted = by_hand(costs, lost, pair, threads)
        assert count == wanted
        both = sum(wanted.values()) - wanted["no verdict"]
        assert sum(wanted.values()) == 88 > both
        for word in go_ratio.MOST:
            assert go_ratio.percent(count, word) == \
                pytest.approx(100 * wanted[word] / both)
        assert waits == {"port_spin": "spins / waits in the kernel"}.get(
            pair, "waits in the kernel")
        assert kept == ("no" if threads == "1" else "not held to it")
        seen += 1
    assert seen == 8


@pytest.mark.parametrize("opposite, one, kept", [
    (3, 15, "yes"), (4, 0, "no"), (0, 16, "no"), (0, 0, "yes")])
def test_the_limits_are_those_that_were_set_before(opposite, one, kept):
    count = {"the same": 100 - opposite - one, "opposite": opposite,
             "one side only": one, "no verdict": 7}
    assert go_ratio.held("1", "spins", count) == kept
    assert go_ratio.held("2", go_ratio.PARKS, count) == kept
    assert go_ratio.held("2", "spins", count) == "not held to it"


def test_the_table_says_when_where_and_how_loaded(tmp_path):
    meta, rows = campaign(lambda *_: 50, blocks=7)
    (tmp_path / go_ratio.CAP).write_text("35\n")
    first, _, *table = go_ratio.table_of(meta, rows, tmp_path)
    assert first == (
        "2026-11-21T00:00:00Z, A CPU, 2 CPUs, go1.19.8, goroutines free; "
        f"quiet: 0 of {len(rows)} trials that count were disturbed; nobody "
        "waited for a CPU before; 7 to 7 of 8 blocks per cell; stopped "
        "after 35 minutes.")
    assert len(table) == 2 + 8 and all(
        line.count("|") == 10 for line in table)
    for row in rows[::5]:
        row["disturbed"] = True
    assert "; loaded: " in next(go_ratio.table_of(meta, rows, tmp_path))


BEGUN = 0.1  # minutes in which a busy machine has begun a Python
PROGRAM = """import pathlib, signal, sys, time
def stop(*_):
    sys.exit(75)
signal.signal(signal.SIGINT, stop)
pathlib.Path(sys.argv[1]).write_text("started")
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("minutes, sleeps, stopped", [
    (BEGUN, 600, True), (0, 0, False), (1, 0, False)])
def test_the_time_is_up_or_not(tmp_path, minutes, sleeps, stopped):
    """Of a program that says of its interruption what the runner says."""
    told = tmp_path / "started"
    assert go_ratio.watched(
        [sys.executable, "-c", PROGRAM, told, str(sleeps)], tmp_path,
        minutes) == 0
    assert told.exists()
    cap = tmp_path / go_ratio.CAP
    assert cap.exists() is stopped
    assert not stopped or cap.read_text() == f"{minutes:g}\n"


def test_another_end_is_passed_on(tmp_path):
    assert go_ratio.watched([sys.executable, "-c", "raise SystemExit(3)"],
                            tmp_path, 1) == 3


@pytest.mark.parametrize("argv", [[], ["tally"], ["walk", "x"],
                                  ["run", "x", "words"]], ids=str)
def test_what_is_no_command_is_usage(argv):
    assert go_ratio.main(argv) == 2


def test_the_time_is_up_also_behind_a_shell(tmp_path):
    """What a shell starts with & ignores interrupts from its first line."""
    waits = ("import sys, time\ntry:\n    time.sleep(60)\n"
             "except KeyboardInterrupt:\n    sys.exit(75)\n")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert go_ratio.watched([sys.executable, "-c", waits], tmp_path,
                                BEGUN) == 0
    finally:
        signal.signal(signal.SIGINT, before)
    assert (tmp_path / go_ratio.CAP).read_text() == f"{BEGUN:g}\n"
