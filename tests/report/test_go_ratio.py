# SPDX-License-Identifier: Apache-2.0
"""The tally of sync.Map against RWMutex, real Go beside ports, adds up."""
import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location(
    "go_ratio", ROOT / "tests/tools/go_ratio.py")
go_ratio = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(go_ratio)

META = {"machine": {"facts": {"cpu_name": {"text": "A CPU"}}, "cpus": 2},
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
                        "goroutines": "free", "skip": None}
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


def counts_of(lines, pair):
    line, = (line for line in lines if line.startswith(f"# {pair} beside"))
    return line.split(": ")[1]


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
        assert counts_of(lines, pair).startswith("176 agree, 0 opposite")
    cell = lines[-1].split("\t")
    assert cell[5] == "sync" and float(cell[6]) > 1.1


def test_what_a_port_turns_round_is_counted():
    def cost(name, row, block):
        slow = is_sync(name) == name.startswith("go_")
        return (60 if slow and row["threads"] == "2" else 50) + block % 2

    lines = list(go_ratio.lines_of(*campaign(cost)))
    assert counts_of(lines, "port") == \
        "88 agree, 88 opposite, 0 one is tied, 0 no verdict"
    cell = lines[-1].split("\t")
    assert (cell[5], cell[9]) == ("lock", "sync")


def test_a_tie_and_too_few_blocks_are_no_verdict():
    ties = list(go_ratio.lines_of(*campaign(
        lambda name, row, b: 50 + (5 - b % 2 * 10) * is_sync(name)
        if name.startswith("go_") else 50 + 10 * is_sync(name))))
    assert counts_of(ties, "port").startswith("0 agree, 0 opposite, 176 one")
    few = list(go_ratio.lines_of(*campaign(lambda *_: 50, blocks=5)))
    assert counts_of(few, "port").endswith("176 no verdict")


@pytest.mark.parametrize("argv", [[], ["tally"], ["walk", "x"],
                                  ["run", "x", "words"]], ids=str)
def test_what_is_no_command_is_usage(argv):
    assert go_ratio.main(argv) == 2
