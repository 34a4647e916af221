# SPDX-License-Identifier: Apache-2.0
"""The flip figure of a search's page: each row has its mark, each empty field
its reason, and bars stand where the boundaries are."""
import matplotlib.pyplot as plt
import pytest
import staged_folder as folder
import sweep_worlds as worlds
from report_helpers import Built, Page
from search_pages import (PLAN, PLANNED, SKIP, WHY_SKIPPED, begun, failing,
                          said, searched, texts, tips, truth)

from report import plot_grid, words
from report.analysis import Line
from report.look import Look

DRAWN = True  # its tests look at figures


@pytest.fixture(scope="module", name="done")
def at_its_end(tmp_path_factory):
    return searched(tmp_path_factory.mktemp("done"))


# ---- every row has its mark, every empty field its reason --------------------

def place(row):
    """The place of a row of flip.csv, as its tool tip begins."""
    share = float(row["write_share"])
    return (f"{words.keys(int(row['keys']))} keys, "
            f"{words.plural(int(row['threads']), 'thread')}, "
            f"{words.mix(share, row['write_kind'])}: ")


def told_of(row):
    """What else the tip of a row of flip.csv must say."""
    if not row["ratio"]:
        return row["why"]
    span = words.between(*(float(row[k]) for k in ("low", "high")))
    leads = {"base": "gomap_rw leads", "contender": "syncmap leads"}.get(
        row["side"], row["side"])
    return (f"syncmap / gomap_rw = {words.sig(float(row['ratio']))} {span}, "
            f"n = {row['n']}, {leads}; ")


@pytest.mark.parametrize("across,file", [("threads", "flip"),
                                         ("keys", "flip-keys")])
def test_every_row_has_its_mark(done, across, file):
    rows = done.rows(f"figures/{file}.csv")
    assert len(rows) == PLANNED
    shown = tips(done, across)
    for row in rows:
        tip, = [t for t in shown if t.startswith(place(row))]
        assert told_of(row) in tip
        assert row["why"].replace(" ", "") in tip.replace(
            words.NARROW, "").replace(" ", "")
    bounds = [b["words"] for b in said(done)["boundaries"]
              if b["axis"] in ("write_share", across)]
    assert bounds
    assert sorted(t for t in shown if not any(
        t.startswith(place(r)) for r in rows)) == sorted(bounds)


def test_fields_over_keys_are_open_where_most_lines_flip_there(tmp_path, done):
    folded = "<summary>The same fields over keys"
    assert folded in done.page
    folder.run(tmp_path / "x", worlds.plan((3, 1, 3)),
               lambda x, y, z: 2 * (z - 0.4))
    built = Built(tmp_path / "x")
    assert folded not in built.page and 'id="fig-flip-keys"' in built.page
    shown = texts(built.page[built.page.index('id="fig-flip-keys"'):],
                  "<text[^>]*>(.*?)</text>")
    assert {"1 Ki", "4 Ki", "16 Ki"} <= set(shown)


def test_empty_fields_say_why(done):
    empty = [r for r in done.rows("figures/flip.csv") if not r["ratio"]]
    assert {r["why"] for r in empty} == {
        "not run: the search did not need it",
        f"not run: {WHY_SKIPPED}"}
    shown = texts(done.section("answer"), "<text[^>]*>(.*?)</text>")
    count = said(done)["counts"]
    # once over threads, once over keys
    assert shown.count("skipped") == 2 * count["skipped"] > 0
    tied = [r for r in done.rows("figures/flip.csv") if r["side"] == "tied"]
    assert tied and all(r["why"] for r in tied)


def test_a_point_without_a_result_says_so(tmp_path):
    built = begun(tmp_path / "x", failing)
    assert built.status == 3 and Page(built.page).wrong == []
    assert any("0 of 7 blocks, syncmap: 7 failed (signal 11)" in t
               for t in tips(built))


def test_a_spent_budget_is_the_reason(tmp_path):
    folder.run(tmp_path / "x", PLAN, truth, budget=400)
    built = Built(tmp_path / "x")
    whys = {r["why"] for r in built.rows("figures/flip.csv")
            if not r["ratio"] and SKIP not in r["why"]}
    assert whys == {"not run: the budget of 400 trials was spent"}


# ---- the drawing -----------------------------------------------------------

LINES = [Line("churn", s) for s in (0.01, 0.1)] + [
    Line("update", s) for s in (0, 0.01, 0.1, 0.5)]
BOUND = {"axis": "threads", "write_kind": "update", "write_share": 0.1,
         "keys": 1024, "from": 1, "to": 8, "position": 2.0, "low": 1.5,
         "high": None, "words": "said"}


def drawn(bound, columns=(1, 4, 8), across="threads"):
    """x and y of each line of one boundary."""
    _, ax = plt.subplots()
    index = {(n.kind, n.share): y for y, n in enumerate(LINES)}
    plot_grid.bound(ax, bound, across, list(columns), index)
    found = [(list(map(float, line.get_xdata())),
              list(map(float, line.get_ydata())), line.get_linewidth())
             for line in ax.lines]
    plt.close("all")
    return found


def test_a_bar_stands_where_the_interval_is():
    (ends, lane, thin), (span, _, thick), (tick, _, _) = drawn(BOUND)
    assert ends == [0, 2] and span == pytest.approx(
        [0.29248, 2], rel=1e-4)
    assert tick == pytest.approx([0.5]) and thin < thick
    assert len(set(lane)) == 1 and 4 > lane[0] > 3.5


def test_a_boundary_along_shares_stands_in_its_kind():
    one = BOUND | {"axis": "write_share", "from": 0, "to": 0.5, "low": 0.01,
                   "position": 0.1, "high": 0.5, "threads": 4}
    (lane, ends, _), (_, span, _), (_, tick, _) = drawn(one)
    assert ends == [2, 5] and span == [3, 5] and tick == [4]
    assert 1 < lane[0] < 1.5
    assert drawn(one | {"write_kind": "churn", "from": 0.01, "to": 0.1,
                        "position": None})[0][1] == [0, 1]
    assert len(drawn(one | {"position": None})) == 1


def test_over_keys_a_boundary_stands_in_its_column():
    one = BOUND | {"axis": "keys", "from": 1024, "to": 65536,
                   "position": None}
    (ends, _, _), = drawn(one, (1024, 4096, 65536), "keys")
    assert ends == [0, 2]
    one = BOUND | {"axis": "write_share", "from": 0.1, "to": 0.5,
                   "position": None, "keys": 4096}
    (lane, _, _), = drawn(one, (1024, 4096, 65536), "keys")
    assert 1 < lane[0] < 1.5


@pytest.mark.parametrize("other,marked", [("lock", 1), ("sync", 0)])
def test_maps_of_one_hue_are_told_by_their_mark(other, marked):
    look = Look({"gomap_rw": {"family": "lock"}, "b": {"family": other}})
    row = {"threads": 1, "write_share": 0.1, "write_kind": "update", "n": 7,
           "ratio": 2.0, "low": 1.8, "high": 2.2, "side": "contender",
           "base_mops": 1.0, "why": ""}
    _, ax = plt.subplots()
    plot_grid.flip_field(ax, (0, 0), row, ("gomap_rw", "b"), look, True)
    assert [line.get_marker() for line in ax.lines] == [
        look.marker("b")] * marked
    plt.close("all")
