# SPDX-License-Identifier: Apache-2.0
"""The linter on a page with what a campaign of claims has and an ordinary one
has not: a place with a bound alone, one without the base, a map that did not
keep up, two open loops of one name, and a map whose name ends in n."""
import json
import re
from types import SimpleNamespace

import pytest
from report_helpers import Built, edit, make_journal

from report import lint
from report.lint import alts, latency, noise, ranked, trust, winners
from report.lint.context import Context
from report.lint.log import Log
from report.lint.read_page import Table

MAPS = ("gomap_rw", "snapshot", "gomap_rw_spin", "null_map")
SPEEDS = {"gomap_rw": 40.2, "snapshot": 20.0, "gomap_rw_spin": 40.0}


def speed(cell, block):
    return SPEEDS.get(cell["map"], 90.0) * (1 + 0.001 * (block % 3))


def planned(cell):
    """The bound alone at 64 Ki keys, no base at one thread; one loop is not
    presized."""
    if cell["measure"] == "latency" and cell["map"] == "gomap_rw_spin":
        return cell | {"presize": False, "id": cell["id"] + "/grow"}
    bare = cell["keys"] == 65536 and cell["map"] != "null_map" or (
        cell["threads"] == 1 and cell["map"] == "gomap_rw")
    if cell["measure"] == "throughput" and bare:
        return cell | {"skip": "skipped: not asked for"}
    return cell


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = make_journal.make(
        tmp_path_factory.mktemp("sparse") / "c", maps=MAPS, threads=(1, 2),
        keys=(1024, 65536), kinds=("update",), rates=(10000,), blocks=8,
        plant={"mops": speed})
    file = folder / "campaign.json"
    meta = json.loads(file.read_text())
    cells = {c["id"]: planned(c) for c in meta["cells"]}
    file.write_text(json.dumps(meta | {"cells": list(cells.values())}))

    def of_plan(trial):
        cell = cells[trial["cell"]]
        trial["cell"] = cell["id"]
        if trial["result"]:
            trial["result"]["cell"] = cell["id"]
            if cell["map"] == "snapshot" and cell["measure"] == "latency":
                trial["result"]["elapsed_ns"] = 2 * 10 ** 9
        return None if cell["skip"] else trial

    edit(folder, of_plan)
    Built(folder)
    return folder


@pytest.fixture
def context(folder):
    return Context(lint.Rows(folder), lint.Page(folder), Log())


def findings(c, rule):
    c.log = Log()
    rule.check(c)
    return [f.text() for f in c.log.findings]


def test_the_page_is_right(folder, context):
    assert [f.text() for f in lint.lint(folder).findings] == []
    assert "not ranked" not in context.page.claim()
    assert context.head().place["keys"] == 1024


def table(context, key):
    return next(t for t in context.page.tables if t.key == key)


def test_what_is_left_out_of_a_row_has_its_reason_there(context):
    row = next(r for r in table(context, "rivals").rows
               if r[0] == "snapshot")
    at = next(i for i, text in enumerate(row) if "overloaded" in text)
    assert row[at + 1] == "–" and not findings(context, ranked)
    row[at + 1] = "1.00 µs [1.00 µs, 1.00 µs]"
    assert findings(context, ranked)
    row[at:at + 2] = "–", "–"
    assert findings(context, ranked)


def test_a_map_that_did_not_keep_up_has_no_percentile(context):
    row = next(r for t in context.page.tables if t.key.startswith("latency")
               for r in t.rows if "overloaded" in r[1])
    assert set(row[2:]) == {"–"} and not findings(context, latency)
    row[4] = "1.00 µs [1.00 µs, 1.00 µs]"
    assert findings(context, latency)


def test_two_loops_of_one_name_are_told_apart(folder, context):
    rivals = table(context, "rivals")
    told = latency.LOOP.search(rivals.caption)
    assert told[4] == "" and "not planned" in rivals.caption
    rivals.caption = rivals.caption.replace(
        told[0], told[0][:-1] + ", not presized)")
    assert findings(context, ranked)
    context.page.tables = list(map(Table, context.page.root.all("table")))
    assert not findings(context, ranked)


@pytest.mark.parametrize("old,new", [
    ("1 thread: no ratio", "1 thread: "),
    ("1 thread: no ratio", "1 thread: snapshot 0.500"),
    (r"2 threads: [^.]*\.[^;]*\.$", "2 threads: no ratio.")])
def test_a_count_without_the_base_says_so(context, old, new):
    panel = context.page.panels("forest-")[0]
    assert re.search(old, panel.alt)
    panel.alt = re.sub(old, new, panel.alt)
    context.page.panels = lambda start: [panel]
    assert findings(context, alts)


def test_a_name_that_ends_in_n_is_no_number_of_blocks(context):
    tip = next(tip for panel in context.page.panels("winner-")
               for tip in panel.tips if "_spin = " in tip)
    assert not findings(context, winners)
    assert ", n = 8" in tip
    panel = next(p for p in context.page.panels("winner-") if tip in p.tips)
    panel.tips[panel.tips.index(tip)] = tip.replace("n = 8", "n = 7")
    context.page.panels = lambda start: [panel]
    assert findings(context, winners)


@pytest.mark.parametrize("offs,reason", [
    ((1.001, 1.002), None), ((1.001, 1.2), "open"), ((None, 1.001), "blind"),
    ((1.2, None), "blind"), ((None, None), "blind")])
def test_one_control_that_cannot_decide_leaves_the_error_open(
        monkeypatch, offs, reason):
    """However little the others leave: nobody knows how much it does."""
    monkeypatch.setattr(trust, "controls", lambda rows: [
        SimpleNamespace(off=off, failed=False) for off in offs])
    found = object.__new__(trust.Found)
    found.c, found.reasons = SimpleNamespace(rows=None), {}
    found.least, found.d = 1.05, SimpleNamespace(word="lead")
    found.open()
    assert list(found.reasons) == ([reason] if reason else [])
    assert found.off == (None if None in offs else max(offs))


@pytest.mark.parametrize("before, after, speed", [
    (3.0, 1.0, 2.0), (3.0, None, 3.0), (None, 2.0, 2.0), (None, None, None)])
def test_speed_is_the_mean_of_what_was_read(before, after, speed):
    about = {"adds_per_ns_before": before, "adds_per_ns_after": after}
    assert noise.speed({"result": {"environment": about}}) == speed
    assert noise.speed({"result": None}) is None
