# SPDX-License-Identifier: Apache-2.0
"""Bounds of maps of other libraries are read, judged and kept."""
import importlib.util
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location(
    "peers_bench", ROOT / "tests/tools/peers_bench.py")
peers_bench = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(peers_bench)

META = {"machine": {"facts": {"cpu_name": {"text": "A CPU"}}, "cpus": 2},
        "created_utc": "2026-11-21T00:00:00Z"}


def campaign(cost_ns, blocks=8):
    """(campaign.json, rows): ns per operation of each map, 1 % about it."""
    cells = [{"id": f"cell/{name}", "map": name} for name in cost_ns]
    rows = [{"cell": f"cell/{name}", "block": block, "status": "ok",
             "result": {"ops": 10**6, "by_thread": [
                 {"cpu_ns": 10**6 * cost * (1 + block / 1000)}]}}
            for name, cost in cost_ns.items() for block in range(blocks)]
    return META | {"cells": cells}, rows


def row_of(table, name):
    row, = (row for row in table if row["map"] == name)
    return row


@pytest.mark.parametrize("sanity, bounds", [
    ("0.91 / 0.86, of std_mutex", (0.91, 0.86, None)),
    ("1.15 / not measured, of std_mutex", (1.15, None, None)),
    ("0.91 / 0.86, of std_mutex; prototype on C 0.79, ", (0.91, 0.86, 0.79)),
    ("not measured on A or B", (None, None, None)),
    ("1 / 1 by definition", (1, 1, None))], ids=str)
def test_bounds_are_read(sanity, bounds):
    assert peers_bench.bounds_of(sanity) == bounds


@pytest.mark.parametrize("ratio, verdict", [
    (0.86 / 1.3 + 0.001, "within"), (1.21 * 1.3 - 0.001, "within"),
    (0.86 / 1.3 - 0.001, "outside"), (1.21 * 1.3 + 0.001, "outside")],
    ids=str)
def test_thirty_percent_outside_of_both_is_outside(ratio, verdict):
    assert peers_bench.verdict_of(ratio, "1.21 / 0.86, of") == verdict
    assert peers_bench.verdict_of(ratio, "0.86 / 1.21, of") == verdict
    assert peers_bench.verdict_of(
        ratio, "1 / 0.86, of; prototype on C 1.21, suite 2") == verdict


def test_a_sheet_may_say_why():
    sanity = "0.9 / 0.9, of std_mutex; outside: a call more; and so on"
    assert peers_bench.verdict_of(2.0, sanity) == "outside: a call more"
    assert peers_bench.verdict_of(1.0, sanity) == "within"
    assert peers_bench.verdict_of(2.0, "not measured on A or B") == "no bound"
    assert peers_bench.verdict_of(None, sanity) == "not measured"


def test_a_ratio_is_time_over_that_of_std_mutex():
    meta, rows = campaign({"std_mutex": 20, "ck_ht": 18, "libcuckoo": 60})
    table = peers_bench.table_of(meta, rows)
    assert row_of(table, "ck_ht")["ratio"] == pytest.approx(0.9)
    assert row_of(table, "ck_ht")["verdict"] == "within"
    assert row_of(table, "libcuckoo")["verdict"] == "outside"
    assert [row["map"] for row in table] == ["ck_ht", "std_mutex",
                                             "libcuckoo"]
    line = list(peers_bench.lines_of(table))[3]
    assert "3.00" in line and "1.50" in line and line.endswith("outside")


def test_what_was_not_measured_is_last_and_no_figure():
    meta, rows = campaign({"std_mutex": 20, "ck_ht": 18})
    rows = [row for row in rows if row["cell"] != "cell/ck_ht"]
    table = peers_bench.table_of(meta, rows)
    assert table[-1]["map"] == "ck_ht" and table[-1]["ratio"] is None
    said = list(peers_bench.tally_of(meta, rows, table))
    assert said[-1].split("\t")[1] == "-"


def test_the_tally_says_how_many_trials_were_disturbed():
    """Of those that count: the last attempt of each."""
    meta, rows = campaign({"std_mutex": 20, "ck_ht": 18})
    rows[3]["disturbed"] = rows[5]["disturbed"] = "run queue"
    rows.append(dict(rows[3]) | {"disturbed": None, "attempt": 2})
    rows = [attempts[-1] for attempts in peers_bench.journal.attempts_of(
        enumerate(rows), []).values()]
    said = list(peers_bench.tally_of(meta, rows,
                                     peers_bench.table_of(meta, rows)))
    assert said[1] == "# 1 of 16 trials that count were disturbed by other " \
        "programs."


def tally():
    """Rows of the recorded run as dicts of text."""
    lines = (ROOT / "docs/tally/peers-bench.tsv").read_text().splitlines()
    columns, *rows = [line.split("\t") for line in lines if line[0] != "#"]
    assert tuple(columns) == peers_bench.COLUMNS
    return [dict(zip(columns, row)) for row in rows]


def test_each_peer_met_its_bound_in_the_recorded_run():
    recorded = {row["map"]: row for row in tally()}
    sheets = {path.stem for path in (ROOT / "impls/facts").glob("*.txt")}
    assert set(recorded) == sheets
    for name, row in recorded.items():
        verdict = peers_bench.verdict_of(
            float(row["ratio"]), peers_bench.sheet_of(name)["sanity"])
        assert verdict != "outside", f"{name}: {row['ratio']}"
        assert row["verdict"].split(":")[0] == verdict.split(":")[0]


def test_maps_that_are_not_packaged_have_a_figure_or_a_reason():
    lines = (ROOT / "impls/facts/not-packaged.tsv").read_text().splitlines()
    columns, *rows = [line.split("\t") for line in lines if line[0] != "#"]
    assert len(rows) >= 10
    for row in rows:
        told = dict(zip(columns, row, strict=True))
        assert told["note"]
        if told["mops_1"] == "-":
            assert told["note"].startswith("no figure")
        else:
            assert float(told["mops_1"]) and told["machine"] != "-" \
                and told["source"] != "-"


@pytest.mark.parametrize("argv", [[], ["table"], ["walk", "x"]], ids=str)
def test_what_is_no_command_is_usage(argv):
    assert peers_bench.main(argv) == 2
