# SPDX-License-Identifier: Apache-2.0
"""Rules of method that the report keeps: pairing, ties, who is ranked,
counters with a source."""
import json
import re

from report_helpers import FEW, Built, build, edit, make_journal

from report.analysis import Analysis
from report.journal import read


def test_bounds_and_leaks_are_not_ranked(tmp_path):
    built = build(tmp_path, maps=FEW + ("syncmap_leak", "unsync_probe"))
    for d in built.verdicts["decisions"]:
        assert not {"null_map", "gomap", "unsync_probe", "syncmap_leak"} & {
            d["leader"], *(r["map"] for r in d["rivals"])}


def test_zero_everywhere_is_no_measurement(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), backend="perf",
                      measures=("throughput", "counters"), keys=(65536,))

    def zero(trial):
        for e in ((trial["result"] or {}).get("counters") or {}).get(
                "events", []):
            if e["metric"] == "l1d_fill":
                e["total"] = 0
        return trial

    edit(tmp_path, zero)
    built = Built(tmp_path)
    rows = [r for r in built.rows("figures/cache.csv")
            if r["metric"] == "l1d_fill"]
    assert [r["reason"] for r in rows] == ["reads zero in every cell"]
    assert rows[0]["value"] == ""


def test_replayed_counters_are_marked(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), backend="replay",
                      measures=("throughput", "counters"), keys=(65536,))

    def replayed(trial):
        for e in ((trial["result"] or {}).get("counters") or {}).get(
                "events", []):
            if e["quality"] == "exact":
                e["quality"] = "replayed"
        return trial

    edit(tmp_path, replayed)
    built = Built(tmp_path)
    head = built.out.joinpath("tables/why.csv").read_text().split("\n")[0]
    assert "replayed: L1d lines brought in/operation" in head


def test_misplaced_thread_is_shown(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",))

    def move(trial):
        if trial["result"] and trial["block"] == 3 and \
                "/syncmap/" in trial["cell"] and "/t2/" in trial["cell"]:
            trial["result"]["by_thread"][1]["cpu_end"] = 0
        return trial

    edit(tmp_path, move)
    rows = {r["quantity"]: r for r in Built(tmp_path).rows(
        "tables/checks.csv")}
    row = rows["trials with every thread on its planned CPU"]
    assert row["state"] == "✗ not met"


def test_named_base_and_contender(tmp_path):
    make_journal.make(tmp_path, maps=FEW, threads=(1, 2), keys=(65536,),
                      kinds=("update",))
    told = Built(tmp_path, "--base", "syncmap", "--contender",
                 "urcu_lfht").verdicts
    assert (told["base"], told["contender"]) == ("syncmap", "urcu_lfht")


def test_workloads_that_differ_in_name_only_share_a_board(tmp_path):
    """A sweep of shares and the reference mix make one flip map; where both
    have the same cells they stay apart."""
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1, 2),
                      keys=(1024,), shares=(0.03, 0.25), kinds=("update",),
                      measures=("throughput",))

    for name in ("campaign.json", "trials.jsonl"):
        path = tmp_path / name
        path.write_text(re.sub(r"uniform-97-3/(\w+/u64x8/n1024/w25/)",
                               r"crossover/\1", path.read_text()))
    meta = json.loads((tmp_path / "campaign.json").read_text())
    for cell in meta["cells"]:
        cell["workload"] = cell["id"].split("/")[0]
    (tmp_path / "campaign.json").write_text(json.dumps(meta))
    a = Analysis(read(tmp_path))
    boards = [b for b in a.grid if b.keys == 1024]
    assert [b.workload for b in boards] == ["uniform-97-3 + crossover"]
    assert [n.share for n in a.lines_of(boards[0])] == [0.03, 0.25]
    assert a.headline()[1].share == 0.03


def test_a_bound_alone_is_no_headline(tmp_path):
    """A campaign of claims has such a cell first: the sentence, whether to
    act on it and the figures are all of a place with something to rank."""
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap", "null_map"),
                      threads=(1, 2), keys=(1024, 65536), kinds=("update",))
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    for cell in meta["cells"]:
        if cell["keys"] == 65536 and cell["map"] != "null_map":
            cell["skip"] = "skipped: not asked for"
    file.write_text(json.dumps(meta))
    a = Analysis(read(tmp_path))
    assert a.headline()[0].keys == 1024


def test_a_cold_map_stands_apart_and_is_named(tmp_path):
    """An optional factor needs no line in the report: the schema has it."""
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1,),
                      keys=(1024,), kinds=("update",))
    file = tmp_path / "campaign.json"
    meta = json.loads(file.read_text())
    cells = [c for c in meta["cells"] if c["measure"] == "throughput"]
    cells[0]["settle"] = "no"
    file.write_text(json.dumps(meta))
    told = [board.text() for board in Analysis(read(tmp_path)).grid]
    assert len(told) > 1
    assert [t.endswith(", settle no") for t in told].count(True) == 1
