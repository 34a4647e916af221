# SPDX-License-Identifier: Apache-2.0
"""report advise answers as the raw data do: 20 questions to synthetic
campaigns, each answered again by advise_by_hand.py, which reads the journal
by itself."""
import functools
import json
import math

import advise_campaigns as campaigns
import pytest
import report_helpers  # noqa: F401
import staged_folder
from advise_by_hand import LEADS, Hand

from report import advise

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
    """(values as advise_by_hand has them, options) of "3% 64Ki 2 ..."."""
    share, keys, threads, *more = text.split()
    kind, dist, shape = (more + ["update", "uniform", "u64x8"][len(more):])
    size = {"Ki": 1024, "k": 1000}
    unit = next((u for u in size if keys.endswith(u)), "")
    values = (float(share.rstrip("%")) / 100,
              int(keys.removesuffix(unit)) * size.get(unit, 1), int(threads),
              kind, dist, shape)
    return values, ["--writes", share, "--keys", keys, "--threads", threads,
                    "--write-kind", kind, "--dist", dist, "--shape", shape]


# folder, question, needs, the maps that meet them, the word that the data say
QUESTIONS = [
    ("grid", "0% 64Ki 2", "", None, "clear lead"),
    ("grid", "1% 64Ki 4", "", None, "clear lead"),
    ("grid", "10% 64Ki 1", "", None, "clear lead"),
    ("grid", "3% 64Ki 2", "", None, "tied"),
    ("grid", "3% 64Ki 1 churn", "", None, "clear lead"),
    ("grid", "10% 1Ki 4 churn", "", None, "clear lead"),
    ("grid", "0.5% 64Ki 1", "", None, "clear lead"),  # between, agreed
    ("grid", "2% 64Ki 1", "", None, "depends"),
    ("grid", "0.5% 64Ki 1 churn", "", None, "depends"),  # 0 % has no kind
    ("grid", "3% 10k 3", "", None, "depends"),  # between in two
    ("grid", "0.3% 3000 3", "", None, "clear lead"),
    ("grid", "1% 64Ki 4", "scan", ("gomap_rw", "shard_rw_32", "syncmap"),
     "clear lead"),
    ("grid", "1% 64Ki 4", "range,bounded-memory",
     ("gomap_rw", "shard_rw_32"), "clear lead"),
    ("grid", "10% 64Ki 2", "many-writers,point-in-time", ("gomap_rw",),
     "alone"),
    ("small", "3% 64Ki 2", "", None, "small lead"),
    ("named", "10% 64Ki 2 update zipf:0.99 str16x24", "", None,
     "clear lead"),
    ("thin", "3% 64Ki 2", "", None, "tied"),  # ck_ht has no interval
    ("thin", "3% 64Ki 4", "", None, "not ranked"),
    ("unsound", "3% 64Ki 1", "", None, "invalid"),
    ("staged", "3% 64Ki 1", "", None, "lead of uncertain size"),
]
NUMBERS = ("ratio", "low", "high", "second_mops", "second_low", "second_high")
PLACE = {"writes": 0, "keys": 1, "threads": 2}


@functools.lru_cache(maxsize=None)
def by_hand(folder, allowed):
    stages = sorted(folder.glob("stage-*"))
    return Hand(*(stages or [folder]), allowed=allowed)


def told(capsys, folder, options, status=None):
    """What the program prints as JSON, with its exit status."""
    done = advise.main([str(folder), *options, "--json"])
    out = json.loads(capsys.readouterr().out)
    assert status is None or done == status
    return done, out


def same_place(got, want):
    """One measured place of the answer, against the second hand's."""
    assert got["word"] == want["word"]
    assert got["front"] == want["front"]
    assert got["first"] == want["first"]
    if want["word"] not in (*LEADS, "tied"):
        return
    assert got["second"] == want["second"]
    assert got["cells"] == want["cells"]
    assert got["n"] == want["n"]
    for name in NUMBERS:
        assert math.isclose(got[name], want[name], rel_tol=1e-9), name


@pytest.mark.parametrize("name,question,needs,allowed,word", QUESTIONS)
def test_advise_answers_as_the_raw_data_do(folders, capsys, name, question,
                                           needs, allowed, word):
    values, options = asked(question)
    options += ["--needs", needs] if needs else []
    want = by_hand(folders(name), allowed).ask(values)
    done, got = told(capsys, folders(name), options)
    assert want["word"] == word  # or the question asks nothing new
    assert got["word"] == word and got["front"] == want["front"]
    assert done == {"invalid": 1, "not ranked": 3, "alone": 3}.get(word, 0)
    assert len(got["measured"]) == len(want["corners"])
    for one, other in zip(got["measured"], want["corners"]):
        same_place(one, other)
    assert [(f["steps"], f["leader"]) for f in got["flips"]] == [
        (f[0], f[4]) for f in want["flips"]]
    left = set(got["left_out"]) - {"null_map"}
    assert left == (set(RANKED) - set(allowed) if allowed else set())


def test_the_questions_are_twenty_and_have_flips(folders):
    found = [by_hand(folders(name), allowed).ask(asked(text)[0])
             for name, text, _, allowed, _ in QUESTIONS[:10]]
    assert len(QUESTIONS) == 20
    assert sum(bool(w["flips"]) for w in found) >= 5
    assert max(len(w["flips"]) for w in found) == 3


def test_flips_are_named_by_factor_and_value_nearest_first(folders, capsys):
    values, options = asked("1% 64Ki 1")
    want = by_hand(folders("grid"), None).ask(values)
    _, got = told(capsys, folders("grid"), options, 0)
    text = {"write_share": "writes", "write_kind": "write-kind"}
    shown = {0.03: "3%", "churn": "churn"}
    assert [(f["factor"], f["value"]) for f in got["flips"]] == [
        (text[f[2]], shown[f[3]]) for f in want["flips"]]
    assert "churn writes (shard_rw_32, clear lead)" in flat(got)


def flat(got):
    return " ".join(got["paragraph"].split())


# ---- the words --------------------------------------------------------------

def printed(capsys, folder, question, *more):
    """(standard output, standard error)"""
    advise.main([str(folder), *asked(question)[1], *more])
    return tuple(capsys.readouterr())


def paragraph(*args):
    """The same in one line: where it wraps is another question."""
    return " ".join(printed(*args)[0].split())


def test_a_ratio_names_its_base_with_its_speed(folders, capsys):
    text = paragraph(capsys, folders("grid"), "0% 64Ki 2")
    assert "first choice syncmap, second choice shard_rw_32, clear" in text
    assert "times as fast as shard_rw_32, which reached 69" in text
    assert "centre of 12 ratios" in text


def test_lines_keep_to_78_columns(folders, capsys):
    text = printed(capsys, folders("grid"), "3% 10k 3")[0]
    ids = [line for line in text.splitlines() if len(line) > 78]
    assert not [line for line in ids if " " in line]


def test_a_tie_is_said_as_tie_and_both_are_named(folders, capsys):
    text = paragraph(capsys, folders("grid"), "3% 64Ki 2")
    assert ": tied: " in text and "are not told apart" in text
    assert "shard_rw_32" in text and "syncmap" in text
    assert "first choice" not in text


def test_neighbours_that_disagree_are_both_named(folders, capsys):
    text = paragraph(capsys, folders("grid"), "2% 64Ki 1")
    assert "It depends at" in text and "measured writes 1% and 3%" in text
    assert "first choice syncmap" in text
    assert "first choice shard_rw_32" in text


def test_what_the_campaign_did_not_vary_is_not_known(folders, capsys):
    text = paragraph(capsys, folders("small"), "3% 64Ki 2")
    assert ("did not vary: writes (3%), keys (64Ki), misses (0%), write-kind "
            "(update), dist (uniform), shape (u64x8)") in text
    assert "any machine but 5e7a0001 with 4 CPUs" in text
    assert "the campaign is synthetic" in text


def test_maps_that_fail_and_maps_without_an_interval_are_named(folders,
                                                               capsys):
    text = paragraph(capsys, folders("unverified"), "3% 64Ki 2")
    assert "shard_rw_32, which failed verification" in text
    text = paragraph(capsys, folders("thin"), "3% 64Ki 2")
    assert "maps not ranked: ck_ht (4 of 12 blocks" in text
    assert "Act with care: 1 of 3 rivals is not ranked" in text


def test_a_map_alone_is_no_choice(folders, capsys):
    done, got = told(capsys, folders("crash"), asked("3% 64Ki 2")[1], 3)
    assert got["word"] == "alone" and not got["front"]
    assert "shard_rw_32 is the only ranked map" in flat(got)


def test_a_failed_control_names_no_choice(folders, capsys):
    out, err = printed(capsys, folders("unsound"), "3% 64Ki 1")
    text = " ".join(err.split())
    assert "no choice is named. INVALID: A/A" in text
    assert "first choice" not in text and "Do not act on it" in text
    assert "writes     = 3%" in out  # to measure again
    assert "first choice" in paragraph(capsys, folders("sound"), "3% 64Ki 1")


def test_needs_name_whom_they_left_out_and_why(folders, capsys):
    text = paragraph(capsys, folders("grid"), "1% 64Ki 4",
                              "--needs", "scan,many-writers")
    assert ("Left out by the needs: ck_ht (scan: nothing is promised of a "
            "scan, many-writers: one writer only)") in text
    assert "null_map" not in text


def test_the_same_question_gets_the_same_bytes(folders, capsys):
    one = printed(capsys, folders("grid"), "2% 10k 3")
    assert one == printed(capsys, folders("grid"), "2% 10k 3")


def test_a_hole_in_the_grid_is_answered_from_around_it(tmp_path, capsys):
    gone = lambda cell, block: (cell["measure"] != "verify"
                                and cell["threads"] == 2)
    folder = campaigns.write(tmp_path / "hole", campaigns.grid(
        threads=(1, 2, 4)), MAPS, crossing, drop=gone)
    done, got = told(capsys, folder, asked("3% 64Ki 2")[1])
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
    _, got = told(capsys, folder, asked("3% 64Ki 1")[1], 0)
    assert got["front"] == ["shard_rw_32"]
    assert any("gomap_rw in front (hot-reads)" in u for u in got["unknown"])
