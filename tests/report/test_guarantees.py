# SPDX-License-Identifier: Apache-2.0
"""The table of guarantees has what campaign.json has."""
import json
import subprocess

import pytest
from built_maps import BUILD, require
from report_helpers import FEW, TOP, Built, make_journal

from report import guarantees
from report.sections import matrix

FACTS = TOP / "impls/facts"
TOLD = {"version": "ck 0.7.1", "version-told-by": "pkg-config, when built"}


def listed():
    said = subprocess.run([BUILD / "readmostly", "dev", "list", "--json"], check=True,
                          capture_output=True, text=True).stdout
    return json.loads(said)["maps"]


def sheet_of(name):
    lines = (FACTS / f"{name}.txt").read_text("utf-8").splitlines()
    return TOLD | dict(line.split(": ", 1) for line in lines)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A campaign of maps of this project and of libraries, and its page."""
    require(*FEW, "ck_ht")
    folder = tmp_path_factory.mktemp("guarantees") / "campaign"
    make_journal.make(folder, maps=(*FEW, "ck_ht"), threads=(1, 2),
                      keys=(65536,), kinds=("update",))
    file = folder / "campaign.json"
    meta = json.loads(file.read_text("utf-8"))
    real = {m["id"]: m for m in listed()}
    for about in meta["maps"]:
        about |= {key: real[about["id"]][key] for key in (
            "sync", "guarantees", "progress")}
        if (FACTS / f"{about['id']}.txt").exists():
            about["facts"] = sheet_of(about["id"])
    file.write_text(json.dumps(meta), "utf-8")
    return Built(folder)


def test_the_table_has_the_sheet_of_each_library(whole):
    row, = (r for r in whole.rows("tables/guarantees.csv")
            if r["map"] == "ck_ht")
    sheet = sheet_of("ck_ht")
    assert list(row.values()) == ["ck_ht", *(sheet[k] for k in (
        "progress", "iteration", "length", "stalled-reader")),
        "BSD-2-Clause; ck 0.7.1, told by pkg-config, when built"]


def test_a_map_of_ours_promises_what_its_description_says(whole):
    rows = {r["map"]: r for r in whole.rows("tables/guarantees.csv")}
    assert rows["gomap_rw"]["length"] == "one moment of the map"
    assert "writers wait for it" in \
        rows["gomap_rw"]["memory while a reader is stalled"]
    assert "256 MiB" in rows["syncmap"]["memory while a reader is stalled"]


UNTIL = " until the limit of retired bytes makes writers wait"


def test_what_waits_at_a_limit_is_no_promise_without_it(whole):
    """Of a sheet, and of a description; a map that never waits has none."""
    row, = (r for r in whole.rows("tables/rivals.csv")
            if r["map"] == "urcu_lfht")
    stopped = "no operation waits for a stopped thread"
    assert stopped + UNTIL in row["guarantees"]
    assert guarantees.progress({"progress": "lock-free", "sync": "epoch"}) \
        == stopped + UNTIL
    assert guarantees.progress({"progress": "lock-free", "sync": "cas"}) \
        == stopped
    assert not guarantees.progress({"progress": "blocking", "sync": "epoch"})


def test_a_map_of_a_sheet_alone_is_not_without_a_promise():
    assert matrix.silent({"facts": {"progress": "blocking"}}) == \
        "of its fact sheet: section 6b"
    assert matrix.silent({}) == "none recorded"


@pytest.mark.long
def test_each_of_ours_has_a_word_on_stalled_readers():
    maps = [m for m in listed()
            if not (FACTS / f"{m['id']}.txt").exists()]
    assert len(maps) > 50
    assert not [m["id"] for m in maps if not guarantees.stalled(m)]
    assert guarantees.stalled({"sync": "epoch, bin locks"}) != \
        guarantees.stalled({"sync": "rwlock"})
    assert guarantees.stalled({"sync": "rcu-of-somebody"}) is None


def test_bounds_promise_nothing(whole):
    names = [r["map"] for r in whole.rows("tables/guarantees.csv")]
    assert "gomap_rw" in names and "null_map" not in names
