# SPDX-License-Identifier: Apache-2.0
"""Section 1d: who leads under each cluster's traffic, and where uniform keys
name another map. Only comparisons that are decided in both count."""
import json
from types import SimpleNamespace

import pytest
from report_helpers import Built, make_journal

from report.analysis import REFERENCE as REFERENCE_NAME
from report.analysis import Board, Line
from report.sections import production

REFERENCE = 65536
# a number of keys stands for a cluster until it is renamed: who is how fast
SPEEDS = {
    REFERENCE: {"ck_ht": 50, "syncmap": 30},
    65537: {"ck_ht": 30, "syncmap": 50},   # another map
    65538: {"ck_ht": 60, "syncmap": 30},   # the same
    65539: {"ck_ht": 40, "syncmap": 40},   # not told apart
}
CLUSTERS = {65537: ("cluster-04", "zipf:1.1004", 0.3941),
            65538: ("cluster-17", "zipf:2.1106", 0.0002),
            65539: ("cluster-35", "uniform", 0)}


def speed(cell, block):
    """A little noise of its own for each map, so that ties are ties."""
    base = SPEEDS.get(cell["keys"], {}).get(cell["map"], 20)
    noise = (block * (7 if cell["map"] == "ck_ht" else 3)) % 10 - 4.5
    return base * (1 + noise / 1000)


def missed(meta, name):
    """As asked, but of the map that holds nothing: it finds every key."""
    cell = next(c for c in meta["cells"] if c["id"] == name)
    return 0 if cell["map"] == "null_map" else cell["miss_share"]


def campaign(folder, blocks=10, **plant):
    make_journal.make(
        folder, maps=("ck_ht", "gomap_rw", "null_map", "syncmap"),
        threads=(2,), keys=tuple(SPEEDS), kinds=("update",), blocks=blocks,
        plant={"mops": speed} | plant)
    meta = json.loads((folder / "campaign.json").read_text())
    new = {}
    for cell in meta["cells"]:
        if cell["keys"] in CLUSTERS:
            for name, value in zip(("workload", "dist", "miss_share"),
                                   CLUSTERS[cell["keys"]]):
                cell[name] = value
            new[cell["id"]] = make_journal.cell_id(cell)
            cell["id"] = new[cell["id"]]
    next(m for m in meta["maps"] if m["id"] == "null_map")["caps"] = [
        "no-state"]
    (folder / "campaign.json").write_text(json.dumps(meta))
    journal = folder / "trials.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        line["cell"] = new.get(line["cell"], line["cell"])
        if line["result"]:
            line["result"]["cell"] = line["cell"]
            line["result"]["achieved_miss_share"] = missed(meta, line["cell"])
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return Built(campaign(tmp_path_factory.mktemp("production")))


def test_each_cluster_has_a_row(built):
    rows = built.rows("tables/production-all.csv")
    assert [(r["cluster"], r["leader"] or None, r["uniform_names"])
            for r in rows] == [
        ("4", "syncmap", "another map"), ("17", "ck_ht", "the same map"),
        ("35", rows[2]["leader"], "not told apart")]
    assert {r["uniform_leader"] for r in rows} == {"ck_ht"}
    assert rows[2]["word"] == "tied"


def test_the_flip_map_has_a_row_for_each_cluster(built):
    fields = built.rows("figures/production.csv")
    assert [f["workload"] for f in fields] == [
        "cluster-04", "cluster-17", "cluster-35"]
    assert [f["side"] for f in fields] == ["contender"] * 3
    assert built.status == 0


def test_a_control_that_failed_lets_nobody_lead(tmp_path):
    """Ratios without a winner, and no table."""
    folder = campaign(tmp_path, control="fail")
    failed = Built(folder)
    assert not failed.verdicts["valid"]
    assert 'id="table-production"' not in failed.page
    assert not (failed.out / "tables" / "production-all.csv").exists()
    assert {r["side"] for r in failed.rows("figures/production.csv")
            if r["low"]} == {"a control failed"}


def test_a_map_that_holds_nothing_need_not_miss(built):
    row = next(r for r in built.rows("tables/checks.csv")
               if r["quantity"].startswith("miss share"))
    assert row["value"].startswith("0 ") and row["state"] == "✓ ok"


def test_too_few_blocks_decide_nothing(tmp_path):
    few = Built(campaign(tmp_path, blocks=4))
    assert {r["uniform_names"] for r in few.rows(
        "tables/production-all.csv")} == {"not decided"}


@pytest.mark.parametrize("traffic, uniform, named", [
    ("clear lead", None, production.OPEN),
    ("clear lead", "tied", production.OPEN),
    ("not ranked", "clear lead", production.OPEN),
    ("alone", "clear lead", production.OPEN),
    ("clear lead", "small lead", production.SAME),
    ("tied", "clear lead", production.APART)])
def test_only_what_is_decided_in_both_is_named(traffic, uniform, named):
    group = lambda word: {"word": word, "leader": "x", "rivals": []}
    assert production.named(
        group(traffic), uniform and group(uniform)) == named


@pytest.mark.parametrize("outcome, named", [
    ("behind", production.OTHER), ("tied", production.APART),
    ("no interval", production.OPEN), (None, production.OPEN)])
def test_a_map_is_wrong_where_it_is_behind(outcome, named):
    rivals = [{"map": "x", "outcome": outcome}] if outcome else []
    assert production.named(
        {"word": "clear lead", "leader": "y", "rivals": rivals},
        {"word": "clear lead", "leader": "x", "rivals": []}) == named


@pytest.mark.parametrize("shares,chosen", [
    ((0, 0.1), 0.1), ((0, 0.03, 0.5), 0.03), ((0.01, 0.1), 0.01),
    ((0,), None)])
def test_the_reference_is_a_mix_and_no_line_of_lookups_alone(shares, chosen):
    """Traffic writes: the leader of lookups alone says nothing of it, even
    where its share is the nearest one to the reference's."""
    here = Board("cluster-04", "u64x8", 1000, 0, "zipf:1", "cores",
                 "first-touch", True)
    there = here._replace(workload=REFERENCE_NAME, dist="uniform")
    grid = {here: {}, there: {Line("update", s): {2: {}} for s in shares}}
    a = SimpleNamespace(grid=grid, boards=lambda: list(grid))
    found = production.reference(a, here, 2)
    assert (found and found[1].share) == chosen
    assert production.reference(a, here, 4) is None
