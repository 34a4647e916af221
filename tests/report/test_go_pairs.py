# SPDX-License-Identifier: Apache-2.0
"""Which maps are base and contender where Go's own maps ran, and how their
verdicts compare with those of the ports in C."""
import json
import shutil
from pathlib import Path

import pytest
from report import journal
from report_helpers import Built, edit, make_journal


GO = ("go_map_rw", "go_sync_map")
PORTS = ("gomap_rw", "syncmap")
MAPS = (*GO, *PORTS, "shard_rw_32", "null_map")
# Mop/s by (map, kind, threads). The ports say the opposite of Go for
# updates of two threads; for churn of two Go's own are tied; else the same.
SPEED = {("go_map_rw", "update", 2): 20, ("go_sync_map", "update", 2): 30,
         ("gomap_rw", "update", 2): 28, ("syncmap", "update", 2): 14,
         ("go_map_rw", "churn", 2): 20, ("go_sync_map", "churn", 2): 20}
USUAL = {"go_map_rw": 25, "go_sync_map": 18, "gomap_rw": 35, "syncmap": 22,
         "shard_rw_32": 10}
NOISE = (1, 1.01, 0.99, 1.02, 0.98, 1.005, 0.995, 1.015)


def speed(cell, block):
    """Go's own tie is noise that favours neither."""
    value = SPEED.get((cell["map"], cell["write_kind"], cell["threads"]),
                      USUAL.get(cell["map"], 40))
    at = block + (cell["map"] in ("go_sync_map", "syncmap"))
    return value * NOISE[at % len(NOISE)]


def campaign(folder, maps=MAPS, **spec):
    spec = {"threads": (1, 2), "keys": (65536,), "blocks": 12,
            "kinds": ("update", "churn"), "plant": {"mops": speed}} | spec
    make_journal.make(folder, maps=maps, **spec)
    return Built(folder)


@pytest.fixture(scope="module", name="both")
def fixture_both(tmp_path_factory):
    return campaign(tmp_path_factory.mktemp("both") / "c")


@pytest.fixture(scope="module", name="ports")
def fixture_ports(tmp_path_factory):
    return campaign(tmp_path_factory.mktemp("ports") / "c",
                    [m for m in MAPS if m not in GO])


def test_the_pair_is_gos_own_where_both_ran(both, ports):
    assert (both.verdicts["base"], both.verdicts["contender"]) == GO
    assert (ports.verdicts["base"], ports.verdicts["contender"]) == PORTS


def test_goroutines_are_as_the_program_bound_them(tmp_path):
    """Not as a plan has it: earlier ones left the factor out if wired."""
    make_journal.make(tmp_path / "c", maps=GO, threads=(2,), keys=(65536,),
                      blocks=1, kinds=("update",), plant={"mops": speed})

    def wire(trial):
        if "go_sync_map" in trial["cell"]:
            trial["result"]["environment"] = {"goroutines": "wired"}
        return trial

    edit(tmp_path / "c", wire)
    cells = journal.read(tmp_path / "c").cells.values()
    assert {c.map: c.goroutines for c in cells if c.ok} == {
        "go_sync_map": "wired", "go_map_rw": "free"}


def test_the_pair_that_is_asked_for_is_taken(both):
    folder = both.folder.parent / "asked"
    shutil.copytree(both.folder, folder)
    asked = Built(folder, "--base", "gomap_rw", "--contender", "syncmap")
    assert (asked.verdicts["base"], asked.verdicts["contender"]) == PORTS


def test_gos_own_base_has_gos_own_contender(both):
    folder = both.folder.parent / "base"
    shutil.copytree(both.folder, folder)
    asked = Built(folder, "--base", "go_map_rw")
    assert (asked.verdicts["base"], asked.verdicts["contender"]) == GO


def sides(rows):
    return {(r["write_kind"], r["threads"]): r["side"] for r in rows}


def agreement(go, port):
    """By hand, of two sides of the flip map."""
    if "no interval" in (go, port):
        return "no interval"
    if go == port:
        return "the same"
    return "one side only" if "tied" in (go, port) else "opposite"


def test_pairs_say_whether_the_ports_agree(both):
    """Against the flip maps of two pages, one of each pair."""
    folder = both.folder.parent / "again"
    shutil.copytree(both.folder, folder)
    asked = Built(folder, "--base", "gomap_rw", "--contender", "syncmap")
    go, port = (sides(b.rows("figures/flip.csv")) for b in (both, asked))
    assert go[("update", "2")] != port[("update", "2")]
    wanted = sorted(agreement(go[k], port[k]) for k in go)
    rows = both.rows("tables/go-pairs.csv")
    assert sorted(r["the ports say"].partition(";")[0]
                  for r in rows) == wanted
    assert {"opposite", "one side only", "the same"} == set(wanted)
    assert all("Go's is the first" in r["the ports say"] for r in rows
               if r["the ports say"].partition(";")[0] in (
                   "opposite", "one side only"))


def outcomes(built):
    """(kind, threads, map) -> its word in its group, from ranking.csv."""
    found = {}
    for r in built.rows("tables/ranking.csv"):
        at = r["write_kind"], r["threads"]
        found[(*at, r["leader"])] = r["word"]
        found[(*at, r["map"])] = r["outcome"]
    return found


def test_where_verdicts_differ_the_table_says_which_is_gos(both):
    known, rows = outcomes(both), both.rows("tables/go-maps.csv")
    assert len(rows) == 8
    differ = 0
    for row in rows:
        kind = "churn" if "churn" in row["place"] else "update"
        threads = row["place"].split()[0]
        own, port = (known[kind, threads, row[side]]
                     for side in ("Go's own", "port in C"))
        assert (row["its verdict"], row["port's verdict"]) == (own, port)
        assert row["verdicts"] == ("the same" if own == port
                                   else f"differ; Go's is: {own}")
        differ += own != port
    assert 0 < differ < len(rows)


def test_an_invalid_run_has_no_verdict_on_go(tmp_path):
    built = campaign(tmp_path / "c", plant={"control": "fail"})
    assert not list((built.out / "tables").glob("go-*"))


WHY = "readmostly-go measures throughput of the loop mix"


def on_the_headline_only(folder):
    """As a plan of smoke has it: Go's own maps at 64 Ki keys, and of the open
    loop skips, with the reason."""
    path = Path(folder) / "campaign.json"
    meta, kept = json.loads(path.read_text()), {}
    for i, cell in enumerate(meta["cells"]):
        own = cell["map"] in GO
        if own and cell["measure"] == "latency":
            cell["skip"] = WHY
        if not own or cell["keys"] == 65536:
            kept[i] = len(kept)
    meta["order"] = [[kept[i] for i in block if i in kept
                      and not meta["cells"][i]["skip"]]
                     for block in meta["order"]]
    meta["cells"] = [meta["cells"][i] for i in kept]
    path.write_text(json.dumps(meta))
    ran = {c["id"] for c in meta["cells"] if not c["skip"]}
    edit(folder, lambda t: t if t["cell"] in ran else None)


@pytest.fixture(scope="module", name="headline")
def fixture_headline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("headline") / "c"
    make_journal.make(folder, maps=MAPS, threads=(1, 2), keys=(1024, 65536),
                      kinds=("update",), rates=(10000,))
    on_the_headline_only(folder)
    return Built(folder)


def test_the_flip_map_has_the_boards_of_the_pair(headline, both):
    """And says how many others the file has."""
    assert {r["keys"] for r in headline.rows("figures/flip.csv")} == {
        "1024", "65536"}
