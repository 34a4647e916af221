# SPDX-License-Identifier: Apache-2.0
"""The flip figure of a search's page: each row has its mark, each empty field
its reason, and bars stand where the boundaries are."""
import pytest
import staged_folder as folder
from report_helpers import Built, Page
from search_pages import (
    PLAN, PLANNED, SKIP, begun, failing, said, searched, tips, truth)

from report import words

pytestmark = pytest.mark.long

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
