# SPDX-License-Identifier: Apache-2.0
"""Tests the sentences about Go on the page and on the terminal, with known speeds."""
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import page_numbers
import pytest
import simulated_campaigns as simulated
from report_helpers import make_journal

from report import load
from report.decide import groups, result
from report.load import Cell
from report.model.cards import renamed
from report.render import pages, sheets, terminal

PORTS = {"syncmap": 30, "gomap_rw": 5}
NEWEST = {"go_map_rw": 13, "go_sync_map": 10, "go_map_mutex": 9}
CLASSIC = {"go_classic_map_rw": 10, "go_classic_sync_map": 19, "go_classic_map_mutex": 9}
SENTENCE = re.compile(r"(?:No Go map|Go [0-9.]+:).*?(?= Good for| Use with| Do not| Trust:)")


def speeds(mops):
    """Returns the argument `plant` for these rates at two threads."""
    return {"mops": lambda c, block: mops[c["map"]] * (1 + 0.002 * (block % 3))}


def answers(folder, mops):
    """Returns (result, text of the page, text of the terminal)."""
    make_journal.make(folder, maps=tuple(mops), blocks=10, threads=(2,), keys=(65536,),
                      kinds=("update",), plant=speeds(mops))
    made = result.build(load.read(folder))
    page = pages.pages(made, sheets.sheets(made), False, Path())["index.html"]
    return (made, page_numbers.words(page),
            " ".join(" ".join(terminal.lines(made, Path("index.html"))).split()))


@pytest.mark.parametrize("mops, sentences", [
    (NEWEST, "Go 1.26: map+RWMutex is 1.3 times as fast as sync.Map, with 2 free goroutines."),
    (NEWEST | CLASSIC, "Go 1.26: map+RWMutex is 1.3 times as fast as sync.Map, with 2 free "
     "goroutines. In Go 1.19: sync.Map is 1.9 times as fast as map+RWMutex."),
    (NEWEST | {f"go_classic_{name[3:]}": rate / 2 for name, rate in NEWEST.items()},
     "Go 1.26: map+RWMutex is 1.3 times as fast as sync.Map, with 2 free goroutines."),
    (NEWEST | {"go_classic_map_rw": 12, "go_classic_sync_map": 9},
     "Go 1.26: map+RWMutex is 1.3 times as fast as sync.Map, with 2 free goroutines."),
    (CLASSIC, "Go 1.19: sync.Map is 1.9 times as fast as map+RWMutex, with 2 free goroutines."),
    (NEWEST | {"go_sync_map": 13}, "Go 1.26: map+RWMutex and sync.Map are too close to call with 2 "
     "free goroutines."),
    (NEWEST | {"go_map_mutex": 26, "go_classic_map_rw": 13, "go_classic_sync_map": 10},
     "Go 1.26: map+Mutex is 2.0 times as fast as map+RWMutex, with 2 free "
     "goroutines; map+RWMutex is 1.3 times as fast as sync.Map."),
    (NEWEST | {"go_map_mutex": 12}, "Go 1.26: map+RWMutex is 1.08 times as fast as map+Mutex and "
     "1.3 times as fast as sync.Map, with 2 free goroutines."),
    ({"go_sync_map": 9}, "Go 1.26: only sync.Map ran, with 2 free goroutines."),
    ({}, "No Go map ran, so sync.Map and map+RWMutex are not compared. "
     "Try: make deps")])
def test_the_newest_go_comes_first_then_other_answers(tmp_path, mops, sentences):
    made, page, lines = answers(tmp_path, PORTS | mops)
    assert SENTENCE.search(page)[0] == SENTENCE.search(lines)[0] == sentences
    assert made.go_open is (not mops)


def test_rows_and_names_have_the_version(tmp_path):
    mops = PORTS | NEWEST | CLASSIC
    made, words, lines = answers(tmp_path, mops)
    tables = {sheet.id: [dict(zip((c.id for c in sheet.columns), (c.value for c in row)))
                         for row in sheet.rows] for sheet in sheets.sheets(made)}
    board = {row["map"]: row for row in tables["board"]}
    assert len(board) == len(mops), "each map has a row"
    for name, row in board.items():
        version = "1.19.8" if name in CLASSIC else "1.26.1" if name in NEWEST else None
        assert row["go"] == version
        assert row["goroutines"] == (version and "free goroutines, GOMAXPROCS 2")
    assert not any(name in CLASSIC for pick in made.picks for name in pick.maps)
    assert "Go 1.19: sync.Map, free goroutines, GOMAXPROCS 2" in words
    assert "A Go 1.26 program go_map_rw@1.26" in words
    assert "go_sync_map@1.19" in lines
    for row in tables["throughput"]:
        assert (row["options"] == "free goroutines, GOMAXPROCS 2") == row["map"].startswith("go_")


def test_maps_in_sentences_are_renamed_but_cells_are_not():
    names = {"go_map_rw": "go_map_rw@1.26"}
    assert renamed("go_map_rw leads x/go_map_rw/t2, not go_map_rw_2.", names) == \
        "go_map_rw@1.26 leads x/go_map_rw/t2, not go_map_rw_2."


def test_wired_and_free_goroutines_are_not_compared():
    """Cells with wired goroutines are not part of the headline, wherever the plan lists them."""
    campaign = simulated.campaign(np.log([[3.0] * 8, [2.0] * 8]))
    wired = {f"wired/{key}": Cell(replace(cell.factors, id=f"wired/{key}", goroutines="wired"),
                                  cell.trials) for key, cell in campaign.cells.items()}
    found = groups.headline_order(groups.measured_groups(
        replace(campaign, cells=wired | dict(campaign.cells))))
    assert [g.place.options for g in found] == [(), (("goroutines", "wired"),)]
    for g in found:
        assert {c.factors.goroutines for c in g.cells.values()} == {
            "wired" if g.place.options else "free"}
