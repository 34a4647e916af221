# SPDX-License-Identifier: Apache-2.0
"""Tests `readmostly advise` with 20 questions to synthetic campaigns of known speeds. oracle.py
computes the expected ratios and speeds from the journal."""
import json
import sys
from pathlib import Path

import advise_campaigns as campaigns
import pytest
import staged_folder
from report_helpers import edit

from report import advise
from report.advise import folder as folders
from report.load import JournalError

sys.path.insert(0, str(Path(__file__).parent / "oracle"))
import oracle  # noqa: E402

RANKED = ("gomap_rw", "syncmap", "shard_rw_32", "ck_ht")
MAPS = ("null_map", *RANKED)
SCANS = {"gomap_rw": {"guarantees": "point-in-time", "sync": "go-rwmutex"},
         "shard_rw_32": {"guarantees": "once-if-present", "sync": "rwlock"},
         "syncmap": {"guarantees": "once-if-present", "sync": "collector"},
         "ck_ht": {"sync": "epoch", "caps": ["single-writer"]}}
WRITES = {"update": (30, 5), "churn": (90, 8)}  # cost of a write, in look-ups


def crossing(c):
    """Returns speeds [Mop/s] that cross: syncmap is fastest for look-ups and many threads,
    shard_rw_32 for writes, and ck_ht for skewed keys; gomap_rw is never fastest."""
    w, t = c["write_share"], c["threads"]
    sync, shard = WRITES[c["write_kind"]]
    return {"null_map": 700, "gomap_rw": 12,
            "syncmap": 60 / (1 + sync * w) * t ** 0.95 * (c["keys"] / 65536) ** -0.15,
            "shard_rw_32": 40 / (1 + shard * w) * t ** 0.8,
            "ck_ht": (90 if c["dist"] != "uniform" else 18) * t ** 0.7}[c["map"]]


def close(c):
    """Makes shard_rw_32 6 % faster than syncmap, and far faster than the other maps."""
    return {"null_map": 700, "gomap_rw": 12, "syncmap": 30, "shard_rw_32": 31.8,
            "ck_ht": 18}[c["map"]]


def thin(cell, block):
    """True for most trials of ck_ht at 2 threads, and of all maps at 4 threads; these trials are
    dropped."""
    return cell["measure"] != "verify" and (
        cell["threads"] == 4 and block > 4
        or cell["map"] == "ck_ht" and cell["threads"] == 2 and block > 3)


SPECS = {
    "grid": {"places": campaigns.grid(threads=(1, 2, 4), keys=(1024, 65536), write_share=(
        0.0, 0.01, 0.03, 0.1), write_kind=("update", "churn")), "about": SCANS},
    "small": {"places": campaigns.grid(), "speed": close},
    "named": {"places": campaigns.grid(dist=("uniform", "zipf:0.99"), shape=("u64x8", "str16x24"),
                                       write_share=(0.01, 0.1))},
    "thin": {"places": campaigns.grid(threads=(1, 2, 4)), "drop": thin},
    "crash": {"places": campaigns.grid(), "crash": ("gomap_rw", "syncmap", "ck_ht")},
    "unverified": {"places": campaigns.grid(), "fail_verify": ("shard_rw_32",)},
    "paced": {"places": campaigns.grid(loop=("paced", "mix"), rate_per_s=(1000,)),
              "speed": lambda c: close(c) * {"syncmap": 3, "shard_rw_32": 0.5}.get(
                  c["map"] if c["loop"] == "paced" else "", 1)},
    "sound": {"places": campaigns.grid(), "copy": 1.0},
    "unsound": {"places": campaigns.grid(), "copy": 1.6}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Returns folders by name; each is written on first use."""
    top = tmp_path_factory.mktemp("advise")

    def of(name):
        if not (top / name).exists():
            campaigns.write(top / name, **{"maps": MAPS, "speed": crossing} | SPECS[name])
        return top / name
    return of


def options(text, *more):
    """Returns the options for a text "3% 64Ki 2 [KIND [DIST [SHAPE]]]"."""
    names = ("--writes", "--keys", "--threads", "--write-kind", "--dist", "--shape")
    return [o for pair in zip(names, text.split()) for o in pair] + list(more)


def advise_json(capsys, folder, text, *more):
    """Returns the exit status, and the answer as JSON."""
    status = advise.main([str(folder), *options(text, *more), "--json"])
    return status, json.loads(capsys.readouterr().out)


# Columns: folder, question, needs, kind of answer, leading maps, number of measured places around
# the question, and flips: (steps, leader).
SYNC, SHARD = ["syncmap"], ["shard_rw_32"]
BOTH = [*SYNC, *SHARD]
QUESTIONS = [
    ("grid", "0% 64Ki 2", "", "decided", SYNC, 1, [(3, *SHARD)]),
    ("grid", "1% 64Ki 4", "", "decided", SYNC, 1, [(2, *SHARD)]),
    ("grid", "10% 64Ki 1", "", "decided", SHARD, 1, [(2, *SYNC)]),
    ("grid", "3% 64Ki 2", "", "tied", BOTH, 1, [(1, *SHARD), (1, *SYNC), (1, *SHARD)]),
    ("grid", "3% 64Ki 1 churn", "", "decided", SHARD, 1, [(2, *SYNC)]),
    ("grid", "10% 1Ki 4 churn", "", "decided", SHARD, 1, [(1, *SYNC), (1, *SYNC)]),
    ("grid", "0.5% 64Ki 1", "", "decided", SYNC, 2, [(1, *SHARD), (1, *SHARD)]),
    ("grid", "2% 64Ki 1", "", "depends", [], 2, []),
    ("grid", "3% 10k 3", "", "depends", [], 4, []),  # between measured values of two factors
    ("grid", "0.5% 64Ki 1 churn", "", "depends", [], 2, []),  # 0 % counts for every kind of write
    ("grid", "0.3% 3000 3", "", "decided", SYNC, 8, []),
    ("grid", "1% 64Ki 4", "scan", "decided", SYNC, 1, [(2, *SHARD)]),
    ("grid", "1% 64Ki 4", "range,bounded-memory", "decided", SHARD, 1, []),
    ("grid", "10% 64Ki 2", "growth,point-in-time", "one map only", [], 1, []),
    ("small", "3% 64Ki 2", "", "decided", SHARD, 1, []),
    ("named", "10% 64Ki 2 update zipf:0.99 str16x24", "", "decided", ["ck_ht"], 1, [(1, *SHARD)]),
    ("thin", "3% 64Ki 2", "", "tied", BOTH, 1, [(1, *SHARD)]),  # ck_ht has no interval
    ("thin", "3% 64Ki 4", "", "too few runs", [], 1, []),
    ("crash", "3% 64Ki 2", "", "one map only", [], 1, []),
    ("paced", "3% 64Ki 2", "", "decided", SHARD, 1, []),  # a fixed rate is not ranked
    ("unverified", "3% 64Ki 1", "", "decided", SYNC, 1, []),
    ("unsound", "3% 64Ki 1", "", "do not use", [], 1, []),
    ("sound", "3% 64Ki 1", "", "decided", SHARD, 1, [])]
LEFT_OUT = {"scan": {"ck_ht"}, "range,bounded-memory": {"ck_ht", "syncmap"},
            "growth,point-in-time": {"ck_ht", "shard_rw_32", "syncmap"}}


def same_numbers(folder, got):
    """Compares one measured place of the answer with the oracle's numbers."""
    if got["second"] is None or got["outcome"] == "too few runs":
        return
    campaign = oracle.Campaign(folder)
    first, second = (campaign.cells[name] for name in got["cells"])
    group = next(g for g in campaign.groups if first in g.cells.values())
    ratios = group.ratios(first.map, second.map)
    ratio, n = oracle.interval(ratios)[0], len(ratios)
    assert (first.map, second.map, n) == (got["first"], got["second"], got["ratio"]["n"])
    assert [got["ratio"]["value"], got["first_rate"]["value"] / 1e6,
            got["second_rate"]["value"] / 1e6] == pytest.approx(
                [ratio, group.centre[first.map] / 1e6, group.centre[second.map] / 1e6], rel=1e-9)


@pytest.mark.parametrize("name, question, needs, word, front, places, flips",
                         QUESTIONS[::3] + [pytest.param(*q, marks=pytest.mark.long)
                                           for i, q in enumerate(QUESTIONS) if i % 3])
def test_advise_answers_as_the_data_do(folder, capsys, name, question, needs, word, front, places,
                                       flips):
    more = ["--needs", needs] if needs else []
    status, got = advise_json(capsys, folder(name), question, *more)
    assert (got["word"], got["front"]) == (word, front)
    assert status == {"do not use": 1, "too few runs": 3, "one map only": 3}.get(word, 0)
    assert len(got["measured"]) == places
    for place in got["measured"]:
        same_numbers(folder(name), place)
    assert [(f["steps"], f["leader"]) for f in got["flips"]] == flips
    assert set(got["left_out"]) - {"null_map"} == LEFT_OUT.get(needs, set())
    assert all(m in got["paragraph"] for m in front)


def test_flips_are_named_by_factor_and_value_nearest_first(folder, capsys):
    _, got = advise_json(capsys, folder("grid"), "3% 64Ki 2")
    assert [(f["factor"], f["value"]) for f in got["flips"]] == [
        ("threads", "1"), ("threads", "4"), ("write-kind", "churn")]


def test_a_gap_in_the_grid_is_answered_from_its_surroundings(tmp_path, capsys):
    path = campaigns.write(
        tmp_path / "hole", campaigns.grid(threads=(1, 2, 4)), MAPS, crossing,
        drop=lambda cell, block: cell["measure"] != "verify" and cell["threads"] == 2)
    _, got = advise_json(capsys, path, "3% 64Ki 2")
    assert got["between"] == ["threads"]
    assert [c["place"]["threads"] for c in got["measured"]] == ["1", "4"]


def test_workloads_of_one_place_are_not_mixed(tmp_path, capsys):
    """The answer is about the workload with more maps; the leader of the other workload is
    mentioned."""
    path = campaigns.write(tmp_path / "two", campaigns.grid(), MAPS, crossing)
    other = campaigns.write(tmp_path / "other", campaigns.grid(), RANKED[:2],
                            lambda c: {"gomap_rw": 90, "syncmap": 10}[c["map"]],
                            workload="hot-reads")
    meta, more = (json.loads((f / "campaign.json").read_text()) for f in (path, other))
    meta["cells"] += more["cells"]
    (path / "campaign.json").write_text(json.dumps(meta))
    with open(path / "trials.jsonl", "a", encoding="utf-8") as file:
        file.write((other / "trials.jsonl").read_text())
    _, got = advise_json(capsys, path, "3% 64Ki 1")
    assert got["front"] == SHARD and any("hot-reads" in line for line in got["unknown"])


# ---- a campaign in stages ---------------------------------------------------------

SPEED = {"gomap_rw": 12, "syncmap": 30, "shard_rw_32": 31.0}


def search(path):
    return staged_folder.begin(path, {"seed": 1, "order": [], "cells": []})


@pytest.fixture
def staged(tmp_path):
    """Makes two stages that share the places at 2 threads. The machine is half as fast in the
    second stage."""
    top = search(tmp_path / "staged")
    for number, threads, factor, blocks in ((1, (1, 2), 1, 7), (2, (2, 4), 0.5, 6)):
        campaigns.write(top / f"stage-0{number}", campaigns.grid(threads=threads), tuple(SPEED),
                        lambda c, by=factor: SPEED[c["map"]] * by, blocks=blocks, seed=number)
    return top


def test_stages_are_one_campaign_paired_within_each(staged, capsys):
    status, got = advise_json(capsys, staged, "3% 64Ki 2")
    (at,) = got["measured"]
    assert status == 0 and at["ratio"]["n"] == 13
    # If pairs combined two stages, the ratio would be wrong by a factor of two.
    assert 1.0 < at["ratio"]["value"] < 1.06 or 1.0 < 1 / at["ratio"]["value"] < 1.06
    campaign, left = folders.read(staged)
    assert not left and {(c.factors.threads, c.factors.blocks) for c in campaign.cells.values()
                         if c.measure == "throughput"} == {(1, 7), (2, 13), (4, 6)}


def test_a_stage_that_is_not_complete_is_left_out_and_named(staged, capsys):
    campaigns.write(staged / "stage-03", campaigns.grid(threads=(2,)), tuple(SPEED),
                    lambda c: {**SPEED, "gomap_rw": 99}[c["map"]],
                    drop=lambda cell, block: block == 11)
    _, got = advise_json(capsys, staged, "3% 64Ki 2")
    assert got["measured"][0]["ratio"]["n"] == 13
    assert "stage-03, which is incomplete and left out" in got["unknown"]


def test_a_failed_control_of_a_later_stage_counts(staged, capsys):
    """The copy in the third stage is compared with trials of the same stage."""
    campaigns.write(staged / "stage-03", campaigns.grid(threads=(1,)), tuple(SPEED),
                    lambda c: SPEED[c["map"]], copy=1.6, seed=3)
    checks = advise_json(capsys, staged, "3% 64Ki 2")[1]["trust"]["checks"]
    assert [(c["question"], c["state"]) for c in checks] == [
        ("two copies of one map are equally fast", "failed")]


def test_stages_that_cannot_be_read(staged, tmp_path, capsys):
    top = search(tmp_path / "begun")
    assert advise.main([str(top), *options("3% 64Ki 2")]) == 2
    edit(campaigns.write(top / "stage-01", campaigns.grid(), tuple(SPEED)),
         lambda trial: trial if trial["block"] < 2 else None)
    assert advise.main([str(top), *options("3% 64Ki 2")]) == 2
    campaigns.write(staged / "stage-03", campaigns.grid(), tuple(SPEED), machine="0badcafe")
    with pytest.raises(JournalError, match="start a new search on this machine"):
        folders.read(staged)
