# SPDX-License-Identifier: Apache-2.0
"""The page of a search in stages: its words are those of `decide`, and one
that is not at its end says so."""
import html
import json
import re
import shutil

import pytest
import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built, Page, main
from search_pages import (PLAN, PLANNED, SKIP, SKIPPED, WHY_SKIPPED, begun,
                          cells, said, searched, texts)
from test_sweep_folder import called, drop_from

from report import datafiles, words
from report.sweep import grid, lines

pytestmark = pytest.mark.long


@pytest.fixture(scope="module", name="done")
def at_its_end(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("done"))


@pytest.fixture(name="own")
def copied(done, tmp_path):
    """The folder of that search, without its page."""
    path = shutil.copytree(done.folder, tmp_path / "own")
    shutil.rmtree(path / "report")
    return path


# ---- the words are those of decide ------------------------------------------

def test_the_page_says_what_decide_says(done):
    box = re.search(r'<div class="claim">(.*?)</div>', done.page, re.S)[1]
    assert texts(box, "<p[^>]*>(.*?)</p>") == said(done)["words"]
    assert done.status == 0 and done.said[:len(said(done)["words"])] == \
        said(done)["words"]
    assert done.verdicts == json.loads(json.dumps(said(done)))
    assert said(done)["moves"]["words"] in html.unescape(
        done.section("moves"))


def test_verdicts_json_is_what_decide_prints(done, monkeypatch):
    status, out, _ = called(monkeypatch, "decide", done.folder)
    assert status == 0
    assert (done.out / "verdicts.json").read_text(encoding="utf-8") == out


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """The page after the first stage: its boundaries are far apart."""
    return begun(tmp_path_factory.mktemp("first") / "x")


def row_of(table, b):
    """The one row of a table that tells a flip."""
    row, = [r for r in table if b["words"].startswith(
        f"{r[0]}: {r[2].replace(' at ', ' leads at ')}, {r[3]}")
        and r[1].split()[-1] in b["axis"].replace("_", " ") + "s writes"]
    return row


@pytest.mark.parametrize("which", ["done", "first"])
def test_every_boundary_has_its_row(which, request):
    built = request.getfixturevalue(which)
    told = said(built)["boundaries"]
    flips = [b for b in told if b["kind"] == lines.FLIP]
    assert {b["axis"] for b in flips} == set(grid.ORDERED)
    assert {b["resolved"] for b in flips} >= {which == "done"}
    table, ends = cells(built, "crossover"), cells(built, "ends")
    assert (len(table), len(ends)) == (len(flips), len(told) - len(flips))
    for b in flips:
        row = row_of(table, b)
        assert row[5] == ("yes" if b["resolved"] else
                          f"no, {b['steps']} steps")
        assert row[6] == str(b["n"])
        if b["position"] is None:
            assert row[4] == f"none: {b['why']}"


def test_all_boundaries_are_a_file(done):
    told, data = said(done)["boundaries"], done.rows("tables/boundaries.csv")
    assert [r["words"] for r in data] == [
        datafiles.ascii_number(b["words"]) for b in told]
    assert [r["position"] for r in data] == [
        "" if b["position"] is None else f"{b['position']:.6g}"
        for b in told]


def test_numbers_of_points_and_trials(done):
    found = said(done)
    points = [int(r[1]) for r in cells(done, "points")]
    number = found["counts"]
    assert points[0] == number["planned"] == sum(points[1:4]) == PLANNED
    assert points[3] == number["measured"] == sum(points[4:])
    assert points[1] == number["skipped"] == SKIPPED
    trials = dict(cells(done, "trials"))
    assert trials["that count"] == words.count(found["results"]["counted"])
    assert sum(int(r[3]) for r in cells(done, "stages")) == found["trials"]
    assert [r[:2] for r in cells(done, "skipped")] == [
        [WHY_SKIPPED, str(SKIPPED)]]


def test_what_did_not_count_is_counted(tmp_path):
    def lose(found):
        return [t | {"status": "void", "reason": "thread 1 never ran",
                     "result": None} if "/syncmap/" in t["cell"]
                and t["block"] == 0 and "/t1/" in t["cell"] else
                t | {"disturbed": "others took 40 %"}
                if t["block"] == 1 else t for t in found]
    built = begun(tmp_path / "x", lose)
    trials, found = dict(cells(built, "trials")), said(built)
    assert trials["void"] == str(found["results"]["void"]) != "0"
    assert trials["disturbed by other programs"] == str(
        found["results"]["disturbed"]) != "0"
    row, = cells(built, "stages")
    assert row[4:6] == [trials["void"], trials["disturbed by other programs"]]
    assert len(cells(built, "no-interval")) == found["counts"]["no_interval"]
    assert {r[1] for r in cells(built, "no-interval")} == {
        "6 of 7 blocks, syncmap: 1 void"}


# ---- before the end ----------------------------------------------------------


def test_a_stage_that_was_begun_is_named(own):
    drop_from(own, 3)
    file = own / "stage-02/trials.jsonl"
    kept = file.read_text().splitlines(keepends=True)
    file.write_text("".join(kept[:-1]))
    built = Built(own)
    assert built.status == 3
    assert len(cells(built, "stages")) == 1


def test_a_search_that_has_not_begun(tmp_path):
    built = Built(folder.begin(tmp_path / "x", PLAN))
    assert built.status == 3 and Page(built.page).wrong == []
    assert {r["why"][:30] for r in built.rows("figures/flip.csv")
            if SKIP not in r["why"]} == {"not run: no complete stage has"}


# ---- the page as a file ----------------------------------------------------

def test_the_page_is_whole(done):
    page = Page(done.page)
    assert page.wrong == [] and len(set(page.ids)) == len(page.ids)
    assert page.filtered == ["crossover"] and page.aimless() == []
    assert {"answer", "moves", "validity", "machine", "artefacts"} <= set(
        page.ids)
    assert not [link for link in page.links
                if not link.startswith(("#", "data:"))]
    assert all(link[1:] in page.ids for link in page.links
               if link.startswith("#"))
    assert str(done.folder) not in done.page


def test_same_folder_same_page(own):
    one = Built(own).page
    assert one == Built(own).page


def refused(path, *options, capsys):
    assert main([str(path), *options]) == 2
    assert not (path / "report").exists()
    return capsys.readouterr().err


def test_what_is_no_search_is_refused(own, capsys):
    assert "no --base" in refused(own, "--base", "syncmap", capsys=capsys)
    assert "no --previous" in refused(own, "--previous", "x", capsys=capsys)
    file = own / "stage-01/trials.jsonl"
    file.write_text(file.read_text().replace('"ops": 4', '"ops": 5', 1))
    assert "damaged, crc32" in refused(own, capsys=capsys)


def test_stages_of_claims_have_no_such_page(tmp_path, capsys):
    path = folder.begin(tmp_path / "x", worlds.plan((2, 1, 1)),
                        kind="claims")
    assert "expected a crossover" in refused(path, capsys=capsys)
