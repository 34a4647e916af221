# SPDX-License-Identifier: Apache-2.0
"""What figures show and say: gains, percentiles, overload, counts, labels."""
import copy
import json
import re

import numpy as np
import pytest
from report_helpers import Built, build, edit, make_journal

from report import latencies, stats
from report.analysis import Analysis
from report.journal import read
from report.sections.latency import groups_of
from report.sections.ratio import two_groups
from report.sections.scaling import level_rows, limits_of

MODEL = "icelake-sp"


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Two thread counts, an open loop, simulated cores."""
    return build(tmp_path_factory.mktemp("two"), rates=(10000,),
                 models=(MODEL,), blocks=8)


def alt(built, key):
    """The alternative text of a panel."""
    return re.search(rf'<desc id="{key}-d">(.*?)</desc>', built.page)[1]


# ---- scaling and efficiency -----------------------------------------------

def test_two_thread_counts_are_one_panel(two):
    section = two.section("scaling")
    assert re.findall(r'<desc id="(scaling-[^"]*)-d"', section) == [
        "scaling-update-3"]
    rows = {(r["map"], r["threads"]): r
            for r in two.rows("figures/scaling.csv")}
    for name in ("gomap_rw", "syncmap", "urcu_lfht", "snapshot"):
        first, last = rows[name, "1"], rows[name, "2"]
        gain = float(last["gain"])
        assert float(last["gain_low"]) < gain < float(last["gain_high"])
        assert last["from_mops"] == first["mops"] and not first["gain"]
        # a centre of ratios is near the ratio of centres, not equal to it
        assert gain == pytest.approx(
            float(last["mops"]) / float(first["mops"]), rel=0.02)
    assert rows["gomap", "1"] and ("gomap", "2") not in rows


def test_one_thread_count_is_shown_in_ns(tmp_path):
    """The reciprocal of a rate: its interval's ends change places."""
    built = build(tmp_path, threads=(1,), blocks=8)
    a, seen = Analysis(read(tmp_path)), 0
    for row in built.rows("figures/scaling.csv"):
        if not row["ns"]:
            continue
        level = a.level(a.campaign.cells[row["cell"]])
        assert float(row["low"]) <= float(row["ns"]) <= float(row["high"])
        for name, end in (("ns", "centre"), ("low", "high"), ("high", "low")):
            assert float(row[name]) == pytest.approx(1e3 / level[end],
                                                     rel=1e-5)
        seen += 1
    assert seen >= 4


def test_an_axis_has_no_empty_decades(tmp_path):
    """A map that is 15,000 times slower is words, not half of the axis."""
    make_journal.make(tmp_path, maps=("gomap_rw", "snapshot", "syncmap"),
                      threads=(1, 2), keys=(1024,), kinds=("update",))

    def slow(trial):
        if "/snapshot/" in trial["cell"] and trial["result"]:
            trial["result"]["ops"] //= 15000
        return trial

    edit(tmp_path, slow)
    built = Built(tmp_path)
    a = Analysis(read(tmp_path))
    board, line, _ = a.headline()
    low, high = limits_of(level_rows(a, board, line), lambda m: True)
    seen = [float(r[k]) for r in built.rows("figures/scaling.csv")
            if r["map"] != "snapshot" for k in ("low", "high")]
    assert (low, high) == (pytest.approx(min(seen), rel=1e-4),
                           pytest.approx(max(seen), rel=1e-4))


# ---- latency --------------------------------------------------------------

@pytest.mark.parametrize("count", [6, 7, 100, 368, 970, 3688, 100000])
def test_reach_is_the_rule_of_the_table(count):
    p = 1 - 1 / latencies.reach(count)
    assert stats.needed_n(p - 1e-9) <= count < stats.needed_n(
        1 - (1 - p) * 0.99)
    assert latencies.reach(5) == 1


def paced(folder, change):
    """The page of six blocks of an open loop, each trial changed so."""
    make_journal.make(folder, rates=(10000,), blocks=6, threads=(1, 2),
                      keys=(1024,), kinds=("update",), maps=(
                          "null_map", "gomap_rw", "syncmap"))
    edit(folder, change)
    return Built(folder)


def few_upserts(trial):
    """24 upserts in the least trial, 30 in the others."""
    for e in (trial["result"] or {}).get("latency") or ():
        if e["operation"] == "upsert":
            e["count"] = 24 if trial["block"] == 3 else 30
    return trial


def test_one_rule_for_enough_operations(tmp_path):
    built = paced(tmp_path, few_upserts)
    rows = [r for r in built.rows("tables/latency-1.csv")
            if r["operation, key"].startswith("upsert")]
    assert rows
    for row in rows:
        assert row["P99 (ns)"] == "" and "P99 (ns): n < 368" in row["note"]
        assert float(row["P50 (ns)"]) > 0
        assert row["operations per trial, least"] == "24"
    assert "gomap_rw" in alt(built, "latency-1-upsert")
    numbers = built.rows("figures/latency-1.csv")
    assert {r["percentile"] for r in numbers
            if r["operation"] == "upsert"} == {"50"}
    assert {r["percentile"] for r in numbers if r["operation"] == "lookup"
            } == {"50", "90", "99", "99.9"}
    for row in numbers:
        assert float(row["low"]) <= float(row["ns"]) <= float(row["high"])


def test_who_did_not_keep_up_has_words(tmp_path):
    make_journal.make(tmp_path, rates=(10000,), blocks=6, threads=(1, 2),
                      keys=(1024,), kinds=("update",), maps=(
                          "null_map", "gomap_rw", "snapshot", "syncmap"))

    def late(trial):
        if trial["result"] and trial["result"]["latency"]:
            part = trial["result"]
            if "/snapshot/" in trial["cell"]:
                part["elapsed_ns"] = 2 * 10 ** 9 + trial["block"] * 4 * 10 ** 8
            if "/syncmap/" in trial["cell"] and trial["block"] < 2:
                part["elapsed_ns"] = 3 * 10 ** 9  # two of six: disturbed
        return trial

    edit(tmp_path, late)
    built = Built(tmp_path)
    said = "overloaded at 10\u202f000/s (took 2.0 to 4.0 times the time)"
    assert not [r for r in built.rows("figures/latency-1.csv")
                if r["map"] == "snapshot"]
    assert [r for r in built.rows("tables/latency-1.csv")
            if r["map"] == "snapshot"] == [{
                **dict.fromkeys(built.rows("tables/latency-1.csv")[0], ""),
                "clock": "–",
                "map": "snapshot", "operation, key":
                f"all: {said}".replace("\u202f", "")}]
    for key in ("latency-1-lookup", "latency-1-lookup-curves"):
        assert "snapshot" not in alt(built, key)
        assert "syncmap" in alt(built, key)


def test_every_map_overloaded_is_still_a_page(tmp_path):
    make_journal.make(tmp_path, rates=(10000,), blocks=6, threads=(1, 2),
                      keys=(1024,), kinds=("update",), maps=("gomap_rw",))

    def late(trial):
        if trial["result"] and trial["result"]["latency"]:
            trial["result"]["elapsed_ns"] = 9 * 10 ** 9
        return trial

    edit(tmp_path, late)
    assert Built(tmp_path).error == ""


# ---- trials and memory ----------------------------------------------------


def test_two_groups_are_rare_where_there_is_one():
    rng = np.random.default_rng(5)
    found = [sum(two_groups(np.exp(rng.normal(size=n))) is not None
                 for _ in range(1000)) for n in (6, 10, 16)]
    assert found[0] < 60 and found[1] < 10 and found[2] < 3, found
    assert two_groups([3.65, 4.68, 15.3, 17.2, 17.8, 18.2]) == (
        pytest.approx(4.13, rel=0.01), pytest.approx(17.5, rel=0.01))
    assert two_groups([1, 2, 3]) is two_groups([5]) is None


def test_memory_with_values_has_no_reason(two):
    rows = two.rows("figures/memory.csv")
    assert rows
    for row in rows:
        assert bool(row["filled"]) != bool(row["why"]), row


def test_memory_without_a_value_is_of_no_trial(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1, 2),
                      keys=(1024,), kinds=("update",), blocks=6)

    def untold(trial):
        if "/syncmap/" in trial["cell"] and trial["result"]:
            trial["result"].pop("footprint", None)
        return trial

    edit(tmp_path, untold)
    rows = {r["map"]: r for r in Built(tmp_path).rows("figures/memory.csv")}
    none = rows["syncmap"]
    assert (none["filled"], none["n"], none["why"]) == (
        "", "0", "no memory values in its results")
    assert rows["gomap_rw"]["n"] == "6"


def test_the_worst_moment_takes_no_less_than_rest(tmp_path):
    """The kernel may be late by some pages with its peak."""
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap"), threads=(1, 2),
                      keys=(1024,), kinds=("update",))

    def late(trial):
        footprint = (trial["result"] or {}).get("footprint")
        if footprint and "/syncmap/" in trial["cell"]:
            footprint["rss_peak_bytes"] = footprint["rss_filled_bytes"] - 8192
        return trial

    edit(tmp_path, late)
    rows = {r["map"]: r for r in Built(tmp_path).rows("figures/memory.csv")}
    assert rows["syncmap"]["peak"] == rows["syncmap"]["filled"] != ""
    assert float(rows["gomap_rw"]["peak"]) > float(rows["gomap_rw"]["filled"])


def test_who_filled_a_map_and_where_its_pages_lie(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "snapshot"), threads=(1, 2),
                      keys=(1024,), kinds=("update",))

    def filled(trial):
        footprint = (trial["result"] or {}).get("footprint")
        if footprint and "/t2/" in trial["cell"]:
            one = "/snapshot/" in trial["cell"]
            footprint["prefill_threads"] = 1 if one else 2
            footprint["page_nodes"] = {"0": 30} if one else {"0": 30, "1": 10}
        return trial

    edit(tmp_path, filled)
    text = Built(tmp_path).page
    assert "snapshot: filled by one thread" in text
    assert "Pages by NUMA node: gomap_rw 0: 75 %, 1: 25 %." in text


def test_the_worst_moment_may_be_of_an_attempt_that_was_repeated(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "urcu_lfht"), keys=(1024,),
                      threads=(1, 2), kinds=("update",), blocks=6)
    path = tmp_path / "trials.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    one = next(t for t in lines if "/urcu_lfht/" in t["cell"]
               and t["cell"].endswith("/t2/cores/throughput"))
    first, one["attempt"] = copy.deepcopy(one), 2
    first |= {"attempt": 1, "disturbed": "others took 40 %"}
    first["result"]["stats"] = [{"name": "retired_peak_bytes",
                                 "unit": "bytes", "value": 5 * 2 ** 20}]
    lines.insert(lines.index(one), first)
    path.write_text("".join(json.dumps(t) + "\n" for t in lines))
    built = Built(tmp_path)
    rows = {r["statistic"]: r for r in built.rows("tables/map-statistics.csv")
            if r["map"] == "urcu_lfht"}
    row = rows["retired_peak_bytes"]
    assert (row["largest"], row["n"]) == (str(5 * 2 ** 20), "7")


@pytest.mark.parametrize("unlike", [
    {"presize": False}, {"miss_share": 0.3}, {"memory": "interleave"},
    {"rate_per_s": 1}, {"keys": 7}, {"shape": "str16x24"},
    {"placement": "compact"}, {"arrivals": "constant"}])
def test_a_latency_group_has_each_map_once(two, unlike):
    """Trials of two cells were taken for those of one."""
    campaign = read(two.folder)
    a = Analysis(campaign)
    cell = a.by_measure["latency"][0]
    other = copy.copy(cell)
    for factor, value in unlike.items():
        setattr(other, factor, value)
    a.by_measure["latency"] = [cell, other]
    assert [len(g) for g in groups_of(a).values()] == [1, 1]
