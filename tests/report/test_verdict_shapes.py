# SPDX-License-Identifier: Apache-2.0
"""Crossovers, and which cells take part in a ranking (docs/verdicts.md).
Rankings of campaigns of many shapes: oracle/test_oracle.py."""
import json

from report_helpers import Built, build, make_journal

EVEN = (0.99, 1.01, 0.995, 1.005, 1.0, 1.002)  # a little noise, by block
WILD = (1.0, 1.35, 0.8, 1.25, 0.9, 1.1)


def rates(table):
    """A plant of make(): Mop/s by map, or by map and threads; a number, or
    a list over blocks, which repeats."""
    def mops(cell, block):
        value = table.get((cell["map"], cell["threads"]),
                          table.get(cell["map"], 10.0))
        if not isinstance(value, (list, tuple)):
            value = [value * e for e in EVEN]
        return value[block % len(value)]
    return mops


def shape(folder, table, maps=None, void=(), blocks=12, **spec):
    """The report of a campaign with these rates."""
    names = maps or tuple(dict.fromkeys(
        k if isinstance(k, str) else k[0] for k in table))
    return build(folder, maps=names, blocks=blocks, mode="smoke", plant={
        "mops": rates(table), "void": void}, **{"threads": (2,)} | spec)


def times(value, factors):
    return [value * f for f in factors]


def test_a_position_needs_a_count_that_was_not_measured(tmp_path):
    table = {"gomap_rw": 10, ("syncmap", 1): 5, ("syncmap", 4): 20}
    far = shape(tmp_path / "far", table, threads=(1, 4))
    row, = far.rows("tables/crossovers.csv")
    assert 1.9 < float(row["position"]) < 2.1
    assert float(row["low"]) <= float(row["position"]) <= float(row["high"])
    near = shape(tmp_path / "near", {
        "gomap_rw": 10, ("syncmap", 1): 5, ("syncmap", 2): times(10, WILD),
        ("syncmap", 3): 20}, threads=(1, 2, 3))
    row, = near.rows("tables/crossovers.csv")
    assert (row["from_threads"], row["to_threads"]) == ("1", "3")
    assert row["position"] == row["low"] == row["high"] == ""


def test_crossovers_are_decided_on_both_sides(tmp_path):
    """W7: rows of crossovers.csv whose one side was open."""
    built = shape(tmp_path / "open", {
        "gomap_rw": 10, ("syncmap", 1): times(9, WILD),
        ("syncmap", 2): 30}, threads=(1, 2))
    assert built.rows("tables/crossovers.csv") == []
    built = shape(tmp_path / "both", {
        "gomap_rw": 10, ("syncmap", 1): 9, ("syncmap", 2): 30},
        threads=(1, 2))
    row, = built.rows("tables/crossovers.csv")
    assert (row["leads_below"], row["leads_above"]) == ("gomap_rw", "syncmap")
    assert "ahead" not in row


def test_misuse_takes_no_part(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap", "wrong"),
                      threads=(2,), keys=(65536,), kinds=("update",))
    path = tmp_path / "campaign.json"
    path.write_text(path.read_text().replace(
        '"id": "wrong",\n', '"id": "wrong", "misuse": "check: x",\n', 1))
    built = Built(tmp_path)
    assert [r["map"] for r in built.verdicts["decisions"][0]["rivals"]] == [
        "gomap_rw"]


def test_a_skipped_cell_takes_no_part_a_missing_one_does(tmp_path):
    make_journal.make(tmp_path, maps=("gomap_rw", "syncmap", "ck_ht"),
                      threads=(2,), keys=(65536,), kinds=("update",),
                      plant={"crash": ("syncmap",)})
    path = tmp_path / "campaign.json"
    meta = json.loads(path.read_text())
    for cell in meta["cells"]:
        if cell["map"] == "ck_ht":
            cell["skip"] = "skipped: unsafe"
    path.write_text(json.dumps(meta))
    top = Built(tmp_path).verdicts["decisions"][0]
    assert (top["leader"], top["word"]) == ("gomap_rw", "alone")
    (missing,) = top["rivals"]
    assert (missing["map"], missing["n"], missing["ratio"]) == ("syncmap", 0,
                                                                None)
    assert missing["why"] == "0 of 10 blocks, 10 failed"
