# SPDX-License-Identifier: Apache-2.0
"""Real Go answers under its ports' names, and the comparison adds up.

No speed is asserted. Where no Go is, its trial is not there and is skipped.
"""
import json
import os
import subprocess

import go_program
import pytest
from go_program import BUILD, go, needs_go, result_of

from report import port_speed

MAPS = ("gomap_rw", "syncmap")  # workloads/port-speed.conf


def request_of(name, **factors):
    return go_program.request_of(name, workload="port-speed",
                                 write_share=0.03, window_ops=200_000,
                                 **factors)


@needs_go
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", MAPS)
def test_go_answers_by_the_schema_and_verifies(name, threads):
    result = result_of(request_of(name, threads=threads))
    assert result["status"] in ("ok", "void"), result["reason"]
    assert result["verification"]["status"] == "ok"
    assert result["lookups"] + result["writes"] == result["ops"]
    assert result["hits"] == result["lookups"]
    assert result["ops"] == threads * 200_000
    assert result["keys_before"] == result["keys_after"] == 1000
    verification = result["verification"]
    assert verification["sum_held"] == verification["sum_expected"]
    cpu = max(os.sched_getaffinity(0))
    assert [t["cpu_start"] for t in result["by_thread"]] == [cpu] * threads
    assert result["environment"]["go"].startswith("go1.")


@needs_go
def test_go_draws_what_the_port_draws():
    """Same seed, same generator, same decisions."""
    request = json.dumps(request_of("gomap_rw", presize=False))
    port = subprocess.run([BUILD / "readmostly", "trial"],
                          input=request, text=True, capture_output=True,
                          timeout=300, check=True)
    port, real = json.loads(port.stdout), json.loads(go(request).stdout)
    for name in ("ops", "writes", "hits", "inserts", "keys_after"):
        assert port[name] == real[name], name
    assert port["verification"]["sum_held"] == \
        real["verification"]["sum_held"]


def campaign_of(costs, blocks):
    """(campaign.json, rows) with costs[arm](block) ns per operation."""
    cells = [{"id": name, "map": name, "measure": "throughput", "skip": None}
             for name in MAPS]
    cells.append({"id": "v", "map": MAPS[0], "measure": "verify",
                  "skip": None})
    stats = [{"name": n, "unit": "1", "value": 2}
             for n in ("collections", "allocations")]
    rows = []
    for cell in cells:
        for block in range(blocks):
            for arm in ("port", "go"):
                ns = int(10**6 * costs[arm](block))
                rows.append({
                    "cell": cell["id"], "block": block, "arm": arm,
                    "status": "ok", "reason": None,
                    "result": {"ops": 10**6, "elapsed_ns": ns, "stats": stats,
                               "by_thread": [{"cpu_ns": ns // 2}],
                               "environment": {"go": "go1.19", "gogc": "100",
                                               "gomaxprocs": 1}}})
    return {"format": 1, "protocol": 2, "cells": cells, "maps": []}, rows


@pytest.mark.parametrize("go_ns, status", [(21.0, 0), (19.6, 0), (19.3, 1)])
def test_ratio_is_gos_time_over_the_ports(tmp_path, capsys, go_ns, status):
    noise = lambda block: 1 + (block % 7) * 1e-4  # of the block: in both arms
    meta, rows = campaign_of({"port": lambda b: 20 * noise(b),
                              "go": lambda b: go_ns * noise(b)}, 10)
    table = port_speed.compare(meta, rows)
    assert list(table) == list(MAPS)
    for name in MAPS:
        assert table[name]["ratio"]["n"] == 10
        assert table[name]["ratio"]["centre"] == \
            pytest.approx(go_ns / 20, rel=1e-3)
        assert table[name]["cpu"]["centre"] == \
            pytest.approx(go_ns / 20, rel=1e-3)
    assert port_speed.status_of(table) == status
    (tmp_path / "campaign.json").write_text(json.dumps(meta))
    (tmp_path / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows))
    assert port_speed.main([str(tmp_path)]) == status
    text = capsys.readouterr().out
    assert "GOGC=100" in text and "hash" in text
    assert ("slower" in text) == (status == 1)


def test_a_missing_interval_is_no_pass():
    meta, rows = campaign_of({"port": lambda b: 20, "go": lambda b: 40}, 2)
    table = port_speed.compare(meta, rows)
    assert port_speed.status_of(table) == 3
    assert "no interval" in "\n".join(port_speed.lines_of(table))


def test_failed_trials_are_named():
    meta, rows = campaign_of({"port": lambda b: 20, "go": lambda b: 40}, 2)
    rows[0] |= {"status": "failed", "reason": "it crashed"}
    meta["cells"][1]["skip"] = "no such map"
    assert list(port_speed.problems_of(meta, rows)) == [
        "syncmap: no such map", "gomap_rw port: failed: it crashed"]


@pytest.mark.parametrize("word, status", [
    ("ok", 0), ("void", 0), ("failed", 3)])
def test_a_failed_trial_is_no_pass_however_many_are_left(
        tmp_path, capsys, word, status):
    meta, rows = campaign_of({"port": lambda b: 20, "go": lambda b: 40}, 10)
    rows[0] |= {"status": word, "reason": "it crashed"}
    (tmp_path / "campaign.json").write_text(json.dumps(meta))
    (tmp_path / "trials.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in rows))
    assert port_speed.main([str(tmp_path)]) == status
    assert ("it crashed" in capsys.readouterr().out) == (word != "ok")


def test_a_campaign_without_a_timed_cell_is_no_pass():
    assert port_speed.status_of({}) == 3


@pytest.mark.parametrize("low, status", [
    (0.97, 0), (0.9699, 1), (1.2, 0), (None, 3)])
def test_a_port_may_be_as_slow_as_the_lowest_bound(low, status):
    def row(low):
        ratio = {"low": low, "high": 1.3, "centre": 1.25, "n": 10,
                 "reason": "n<6"}
        side = {"centre": 20.0}
        return {"ratio": ratio, "go": side, "port": side, "trials": [],
                "cpu": {"low": None}}
    table = {"fast": row(1.0), "asked": row(low)}
    assert port_speed.status_of(table) == status
    fast, asked = list(port_speed.lines_of(table))[1:3]
    assert fast.endswith("  ok")
    assert asked.endswith({0: "  ok", 3: " no interval: n<6", 1:
                           "slower: the lower bound is below 0.97"}[status])
