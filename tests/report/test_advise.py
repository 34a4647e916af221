# SPDX-License-Identifier: Apache-2.0
"""report advise: 20 questions to synthetic campaigns whose speeds are known;
ratios and speeds are those that oracle.py computes from the journal."""
import json
import sys
from pathlib import Path

import advise_campaigns as campaigns
import pytest
import staged_folder

from report import advise

sys.path.insert(0, str(Path(__file__).parent / "oracle"))
import oracle  # noqa: E402

RANKED = ("gomap_rw", "syncmap", "shard_rw_32", "ck_ht")
MAPS = ("null_map", *RANKED)
SCANS = {"gomap_rw": {"guarantees": "point-in-time", "sync": "go-rwmutex"},
         "shard_rw_32": {"guarantees": "once-if-present", "sync": "rwlock"},
         "syncmap": {"guarantees": "once-if-present", "sync": "collector"},
         "ck_ht": {"sync": "epoch", "caps": ["single-writer"]}}
WRITES = {"update": (30, 5), "churn": (90, 8)}  # cost of one, in look-ups


def crossing(c):
    """Speeds [Mop/s] that cross: syncmap for look-ups and many threads,
    shard_rw_32 for writes, ck_ht under skewed keys; gomap_rw never."""
    w, t = c["write_share"], c["threads"]
    sync, shard = WRITES[c["write_kind"]]
    size = (c["keys"] / 65536) ** -0.15
    return {"null_map": 700, "gomap_rw": 12,
            "syncmap": 60 / (1 + sync * w) * t ** 0.95 * size,
            "shard_rw_32": 40 / (1 + shard * w) * t ** 0.8,
            "ck_ht": (90 if c["dist"] != "uniform" else 18) * t ** 0.7
            }[c["map"]]


def close(c):
    """shard_rw_32 is 6 % faster than syncmap, and the others are far."""
    return {"null_map": 700, "gomap_rw": 12, "syncmap": 30,
            "shard_rw_32": 31.8, "ck_ht": 18}[c["map"]]


def thin(cell, block):
    """ck_ht lost most of its trials at 2 threads, all maps theirs at 4."""
    if cell["measure"] == "verify":
        return False
    return (cell["threads"] == 4 and block > 4) or (
        cell["map"] == "ck_ht" and cell["threads"] == 2 and block > 3)


WHOLE = campaigns.grid(threads=(1, 2, 4), keys=(1024, 65536),
                       write_share=(0.0, 0.01, 0.03, 0.1),
                       write_kind=("update", "churn"))
SPECS = {
    "grid": {"places": WHOLE, "about": SCANS},
    "small": {"places": campaigns.grid(), "speed": close},
    "named": {"places": campaigns.grid(
        dist=("uniform", "zipf:0.99"), shape=("u64x8", "str16x24"),
        write_share=(0.01, 0.1))},
    "thin": {"places": campaigns.grid(threads=(1, 2, 4)), "drop": thin},
    "crash": {"places": campaigns.grid(threads=(1, 2)),
              "crash": ("gomap_rw", "syncmap", "ck_ht")},
    "unverified": {"places": campaigns.grid(),
                   "fail_verify": ("shard_rw_32",)},
    "sound": {"places": campaigns.grid(), "control": "ok"},
    "unsound": {"places": campaigns.grid(), "control": "fail"}}
STAGES = ({"places": campaigns.grid(threads=(1, 4))},
          {"places": campaigns.grid(threads=(1, 2)), "seed": 5, "blocks": 8})


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """name -> folder, each written when it is first asked for."""
    top, made = tmp_path_factory.mktemp("advise"), {}

    def folder(name):
        if name not in made and name == "staged":
            staged_folder.begin(top / name, {"seed": 1, "order": [],
                                             "cells": []})
            for i, spec in enumerate(STAGES, 1):
                campaigns.write(top / name / f"stage-0{i}", **{
                    "maps": MAPS, "speed": crossing} | spec)
            made[name] = top / name
        elif name not in made:
            made[name] = campaigns.write(top / name, **{
                "maps": MAPS, "speed": crossing} | SPECS[name])
        return made[name]
    return folder


def asked(text):
    """Options of "3% 64Ki 2 ..."."""
    share, keys, threads, *more = text.split()
    kind, dist, shape = (more + ["update", "uniform", "u64x8"][len(more):])
    return ["--writes", share, "--keys", keys, "--threads", threads,
            "--write-kind", kind, "--dist", dist, "--shape", shape]


# folder, question, needs, word, the maps in front, measured places around the
# one that is asked about, flips: (steps, leader there)
SYNC, SHARD = ["syncmap"], ["shard_rw_32"]
BOTH = [*SYNC, *SHARD]
QUESTIONS = [
    ("grid", "0% 64Ki 2", "", "clear lead", SYNC, 1, [(3, *SHARD)]),
    ("grid", "1% 64Ki 4", "", "clear lead", SYNC, 1, [(2, *SHARD)]),
    ("grid", "10% 64Ki 1", "", "clear lead", SHARD, 1, [(2, *SYNC)]),
    ("grid", "3% 64Ki 2", "", "tied", BOTH, 1,
     [(1, *SHARD), (1, *SHARD), (1, *SYNC)]),
    ("grid", "3% 64Ki 1 churn", "", "clear lead", SHARD, 1, [(2, *SYNC)]),
    ("grid", "10% 1Ki 4 churn", "", "clear lead", SHARD, 1,
     [(1, *SYNC), (1, *SYNC)]),
    ("grid", "0.5% 64Ki 1", "", "clear lead", SYNC, 2,  # between, agreed
     [(1, *SHARD), (1, *SHARD)]),
    ("grid", "2% 64Ki 1", "", "depends", [], 2, []),
    ("grid", "0.5% 64Ki 1 churn", "", "depends", [], 2, []),  # 0 %: no kind
    ("grid", "3% 10k 3", "", "depends", [], 4, []),  # between in two
    ("grid", "0.3% 3000 3", "", "clear lead", SYNC, 8, []),
    ("grid", "1% 64Ki 4", "scan", "clear lead", SYNC, 1, [(2, *SHARD)]),
    ("grid", "1% 64Ki 4", "range,bounded-memory", "clear lead", SHARD, 1, []),
    ("grid", "10% 64Ki 2", "many-writers,point-in-time", "alone", [], 1, []),
    ("small", "3% 64Ki 2", "", "small lead", SHARD, 1, []),
    ("named", "10% 64Ki 2 update zipf:0.99 str16x24", "", "clear lead",
     ["ck_ht"], 1, [(1, *SHARD)]),
    ("thin", "3% 64Ki 2", "", "tied", BOTH, 1,  # ck_ht has no interval
     [(1, *SHARD)]),
    ("thin", "3% 64Ki 4", "", "not ranked", [], 1, []),
    ("unsound", "3% 64Ki 1", "", "invalid", [], 1, []),
    ("staged", "3% 64Ki 1", "", "lead of uncertain size", SHARD, 1, []),
]
LEFT_OUT = {"scan": {"ck_ht"}, "range,bounded-memory": {"ck_ht", "syncmap"},
            "many-writers,point-in-time": {"ck_ht", "shard_rw_32", "syncmap"}}


def told(capsys, folder, options, status=None):
    """What the program prints as JSON, with its exit status."""
    done = advise.main([str(folder), *options, "--json"])
    out = json.loads(capsys.readouterr().out)
    assert status is None or done == status
    return done, out


def same_numbers(folder, got):
    """One measured place of the answer, against the oracle's numbers."""
    if got.get("second") is None:
        return
    cells = oracle.Campaign(folder).cells
    first, second = (cells[name] for name in got["cells"])
    ratio, n = oracle.ratio(first, second)
    assert (first.map, second.map, n) == (
        got["first"], got["second"], got["n"])
    assert [got["ratio"], got["first_mops"], got["second_mops"]] == \
        pytest.approx([ratio, first.centre, second.centre], rel=1e-9)


@pytest.mark.parametrize(
    "name,question,needs,word,front,places,flips",
    QUESTIONS[::4] + [pytest.param(*q, marks=pytest.mark.long)
                      for i, q in enumerate(QUESTIONS) if i % 4])
def test_advise_answers_as_the_data_do(folders, capsys, name, question, needs,
                                       word, front, places, flips):
    options = asked(question) + (["--needs", needs] if needs else [])
    done, got = told(capsys, folders(name), options)
    assert (got["word"], got["front"]) == (word, front)
    assert done == {"invalid": 1, "not ranked": 3, "alone": 3}.get(word, 0)
    assert len(got["measured"]) == places
    for place in got["measured"] if name != "staged" else ():
        same_numbers(folders(name), place)
    assert [(f["steps"], f["leader"]) for f in got["flips"]] == flips
    assert set(got["left_out"]) - {"null_map"} == LEFT_OUT.get(needs, set())


def test_flips_are_named_by_factor_and_value_nearest_first(folders, capsys):
    _, got = told(capsys, folders("grid"), asked("3% 64Ki 2"), 0)
    assert [(f["factor"], f["value"]) for f in got["flips"]] == [
        ("threads", "1"), ("write-kind", "churn"), ("writes", "1%")]


def test_a_map_alone_is_no_choice(folders, capsys):
    _, got = told(capsys, folders("crash"), asked("3% 64Ki 2"), 3)
    assert got["word"] == "alone" and not got["front"]


def test_a_hole_in_the_grid_is_answered_from_around_it(tmp_path, capsys):
    gone = lambda cell, block: (cell["measure"] != "verify"
                                and cell["threads"] == 2)
    folder = campaigns.write(tmp_path / "hole", campaigns.grid(
        threads=(1, 2, 4)), MAPS, crossing, drop=gone)
    done, got = told(capsys, folder, asked("3% 64Ki 2"))
    assert got["between"] == ["threads"]
    assert [c["place"]["threads"] for c in got["measured"]] == ["1", "4"]
    assert "the place itself, which no trial ran" in got["unknown"]


def test_two_workloads_of_one_place_are_not_mixed(tmp_path, capsys):
    """The one with more maps answers; where the other has another map in
    front, it is said."""
    folder = campaigns.write(tmp_path / "two", campaigns.grid(), MAPS,
                             crossing)
    other = campaigns.write(
        tmp_path / "other", campaigns.grid(), RANKED[:2],
        lambda c: {"gomap_rw": 90, "syncmap": 10}[c["map"]],
        workload="hot-reads")
    meta, more = (json.loads((f / "campaign.json").read_text())
                  for f in (folder, other))
    meta["cells"] += more["cells"]
    (folder / "campaign.json").write_text(json.dumps(meta))
    with open(folder / "trials.jsonl", "a", encoding="utf-8") as file:
        file.write((other / "trials.jsonl").read_text())
    _, got = told(capsys, folder, asked("3% 64Ki 1"), 0)
    assert got["front"] == ["shard_rw_32"]
    assert any("hot-reads" in line for line in got["unknown"])
