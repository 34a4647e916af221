# SPDX-License-Identifier: Apache-2.0
"""The words of a page follow from its rows (docs/verdicts.md).

Each of the first shapes is a campaign whose page once said what its journal
denies.
"""
import json

import matplotlib
from report_helpers import Built, build, make_journal

from report import plot_grid, verdicts, words
from report.analysis import Analysis
from report.journal import read

matplotlib.use("svg")
EVEN = (0.99, 1.01, 0.995, 1.005, 1.0, 1.002)  # a little noise, by block
SPLIT = (0.95, 0.45, 0.42, 0.95, 0.4, 0.93)  # two modes
TORN = (1.05, 0.45, 0.42, 1.05, 0.4, 0.95)  # ... and one of them in front
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


# ---- shapes that were once told wrongly -----------------------------------

def test_a_void_trial_makes_no_tie(tmp_path):
    """W1: 15 000 times slower in all pairs, but one n too small."""
    built = shape(tmp_path, {"ck_ht": 50, "gomap_rw": 25, "snapshot": 0.004},
                  void=[("snapshot", b) for b in range(7)])
    top = built.verdicts["decisions"][0]
    by_map = {r["map"]: r for r in top["rivals"]}
    assert (top["word"], top["leader"]) == ("clear lead", "ck_ht")
    assert by_map["snapshot"]["outcome"] == "no interval"
    assert by_map["snapshot"]["why"] == "5 of 12 blocks, 7 void"
    assert "≈" not in built.rows("tables/decision.csv")[0]["fastest"]
    winner, = built.rows("figures/winner.csv")
    assert winner["front"] == "ck_ht"


def test_a_row_has_one_verdict(tmp_path):
    """W2: the tie of one map beside the lead over another, n of neither."""
    built = shape(tmp_path, {
        "ck_ht": 50, "gomap_rw": 50 / 1.5, "snapshot": times(50, TORN)},
        void=[("snapshot", 11)])
    top = built.verdicts["decisions"][0]
    assert (top["word"], top["weakest"], top["n"]) == ("tied", "snapshot", 11)
    row = built.rows("tables/decision.csv")[0]
    assert row["fastest"] == "ck_ht ≈ snapshot"
    assert row["verdict"] == "tied"
    assert "over snapshot" in row["× weakest comparison [95 %]"]
    assert row["blocks"] == "11"


def test_the_weakest_rival_decides_not_the_second_by_centre(tmp_path):
    """W3: the second is clearly behind, the noisy third may be near."""
    built = shape(tmp_path, {
        "ck_ht": 50, "gomap_rw": 50 / 1.5, "snapshot": times(50, SPLIT)})
    top = built.verdicts["decisions"][0]
    assert [r["map"] for r in top["rivals"]] == ["gomap_rw", "snapshot"]
    assert top["rivals"][0]["group_low"] > 1.4
    assert top["rivals"][1]["low"] < 1.1
    assert (top["word"], top["weakest"]) == ("lead of uncertain size",
                                             "snapshot")
    assert_both_intervals(built, top["rivals"][1])


def assert_both_intervals(built, rival):
    """The decision table has the interval that decides beside the word."""
    both = "{} [{}, {}]{{}}, simultaneous [{}, {}]".format(*(
        words.sig(rival[k]) for k in ("ratio", "low", "high", "group_low",
                                      "group_high")))
    row = built.rows("tables/decision.csv")[0]
    assert row["× weakest comparison [95 %]"] == "× " + both.format(
        f" over {rival['map']}")


def test_a_lead_of_8_or_142_per_cent_is_not_small(tmp_path):
    """W4: only an upper bound below 10 % makes a lead small."""
    wide = shape(tmp_path / "wide", {
        "syncmap": 50, "gomap_rw": times(50, SPLIT)})
    top = wide.verdicts["decisions"][0]
    assert top["rivals"][0]["low"] < 1.1 < 2 < top["rivals"][0]["high"]
    assert top["word"] == "lead of uncertain size"
    near = shape(tmp_path / "near", {"syncmap": 50, "gomap_rw": 47})
    assert near.verdicts["decisions"][0]["word"] == "small lead"


def edge_widths(built):
    """Widths of the lines between the fields of the first flip map."""
    import matplotlib.pyplot as plt
    a = Analysis(read(built.folder))
    board = a.boards()[0]
    _, ax = plt.subplots()
    threads = a.threads_of(board)
    plot_grid.flip_map(ax, verdicts.fields(a, board), threads,
                       a.lines_of(board), (a.base, a.contender), a.look,
                       "", (), True)
    widths = [line.get_linewidth() for line in ax.lines
              if len(line.get_xdata()) == 2]
    plt.close("all")
    return widths


HEAVY, FINE = plot_grid.EDGE["flip"], plot_grid.EDGE["end"]


def test_a_lead_that_ends_is_no_flip(tmp_path):
    """W5: the heavy line stood beside undecided fields."""
    ends = shape(tmp_path / "ends", {
        "gomap_rw": 10, ("syncmap", 1): times(10, WILD),
        ("syncmap", 2): 30}, threads=(1, 2))
    assert edge_widths(ends) == [FINE]
    flips = shape(tmp_path / "flips", {
        "gomap_rw": 10, ("syncmap", 1): 5, ("syncmap", 2): 30},
        threads=(1, 2))
    assert edge_widths(flips) == [HEAVY]


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


# ---- every word follows from the rows it names ----------------------------


# ---- the first screen -----------------------------------------------------

def test_a_group_that_n_cannot_decide_is_not_ranked(tmp_path):
    names = ("gomap_rw", "syncmap", *(f"twin_{i}" for i in range(8)))
    built = shape(tmp_path, {"syncmap": 30}, maps=names, blocks=10)
    assert built.rows("tables/decision.csv")[0]["verdict"] == \
        "not ranked (10)"


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
