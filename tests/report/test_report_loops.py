# SPDX-License-Identifier: Apache-2.0
"""Cells of other loops than mix and paced: shown by themselves, never ranked
with the rest; a planted misuse that failed did what it is for."""
import json
from types import SimpleNamespace

import pytest
from report_helpers import make_journal

from report import latencies
from report.__main__ import main
from report.analysis import Analysis
from report.journal import read
from report.page import Report
from report.sections import loops


def campaign(folder, change):
    """A synthetic campaign whose plan `change`(meta) edits."""
    make_journal.make(folder, maps=("gomap_rw", "syncmap", "shard_rw_32"),
                      threads=(1, 2), keys=(1024,), kinds=("update",))
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    change(meta)
    file.write_text(json.dumps(meta))


def scans(meta):
    for cell in meta["cells"]:
        if cell["threads"] == 2 and cell["measure"] == "throughput":
            cell["loop"] = "scan:1"


def test_other_loops_have_a_table_and_no_rank(tmp_path):
    campaign(tmp_path, scans)
    analysis = Analysis(read(tmp_path))
    threads = {t for lines in analysis.grid.values()
               for counts in lines.values() for t in counts}
    assert threads == {1}
    assert {c.loop for c in analysis.other_loops} == {"scan:1"}
    main([str(tmp_path)])
    rows = (tmp_path / "report/tables/loops.csv").read_text().splitlines()
    assert len(rows) == 1 + len(analysis.other_loops)
    assert all("scan:1, 2 threads" in row for row in rows[1:])


def test_stalled_readers_have_a_table_and_its_numbers(tmp_path):
    """Two files: of one name the last one written was both."""
    def stalls(meta):
        for cell in meta["cells"]:
            if cell["threads"] == 2 and cell["measure"] == "throughput":
                cell["loop"] = "stall:1ms"
    campaign(tmp_path, stalls)
    main([str(tmp_path)])
    for name, column in (("stalled", "stands for"),
                         ("stalled-all", "stall_retained_bytes")):
        head, *rows = (tmp_path / f"report/tables/{name}.csv"
                       ).read_text().splitlines()
        assert column in head.split(",") and len(rows) == 3


def test_two_tables_of_one_name_are_refused(tmp_path):
    report = Report(tmp_path)
    report.data("one", ("a",), [{"a": 1}])
    with pytest.raises(ValueError, match="two files tables/one.csv"):
        report.table("one", "caption", [("a", "num")], [[2]])


@pytest.mark.long
def test_a_caught_misuse_is_no_gap(tmp_path):
    def plant(meta):
        scans(meta)
        for one in meta["maps"]:
            if one["id"] == "syncmap":
                one["misuse"] = "check exchange"

    campaign(tmp_path, plant)
    file = tmp_path / "trials.jsonl"
    trials = [json.loads(line) for line in file.read_text().splitlines()]
    for trial in trials:
        if "/syncmap/" in trial["cell"]:
            trial.update(status="failed", reason="a write was lost",
                         result=None)
    file.write_text("".join(json.dumps(t) + "\n" for t in trials))
    assert not read(tmp_path).missing
    none = trials[0]["cell"].replace("/gomap_rw/", "/syncmap/")
    assert any(t["cell"] == none for t in trials)
    file.write_text("".join(json.dumps(
        t | {"status": "void"} if t["cell"] == none else t) + "\n"
        for t in trials))
    assert [c.id for c in read(tmp_path).missing] == [none], \
        "but one that was not caught is"


def test_a_statistic_of_zero_was_counted():
    """None was not; 0 is a value as others are."""
    def counted(value):
        return {"result": {"stats": [
            {"name": "collisions", "unit": "1", "value": value}]}}
    cell = SimpleNamespace(
        id="c", map="m", loop="hash", ok=[counted(v) for v in (0, 3, 0, None)])
    assert loops.told(cell) == {("collisions", "1"): [0, 3, 0]}
    (row,) = loops.rows_of(cell)
    assert (row["median"], row["n"]) == (0, 3)
    cell.ok = [counted(0)]
    assert [r["median"] for r in loops.rows_of(cell)] == [0]


@pytest.mark.parametrize("values,quarters", [
    ((0, 10), (2.5, 7.5)), ((4,), (4, 4)), ((0, 10, 20), (5, 15))])
def test_quarters_lie_within_what_was_counted(values, quarters):
    cell = SimpleNamespace(id="c", map="m", loop="hash", ok=[
        {"result": {"stats": [{"name": "collisions", "unit": "1",
                               "value": v}]}} for v in values])
    (row,) = loops.rows_of(cell)
    assert (row["low_quarter"], row["high_quarter"]) == quarters


def test_the_second_operation_of_a_pair_has_no_intended_start():
    """Earlier programs recorded one, the end of the first operation."""
    told = [{"operation": operation, "was_there": True, "clock": clock,
             "count": 5, "p99_ns": 7} for operation in ("upsert", "remove")
            for clock in ("intended", "service")]
    for kind, due in (("update", {"upsert", "remove"}), ("churn", {"remove"}),
                      ("fresh", {"upsert"})):
        cell = SimpleNamespace(map="m", write_kind=kind, ok=[
            {"block": 1, "result": {"latency": told}}])
        found = latencies.entries([cell])
        assert {key[0] for key in found if key[2] == "intended"} == due
        assert len(found) == 2 + len(due)
