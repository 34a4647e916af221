# SPDX-License-Identifier: Apache-2.0
"""Section 5 has the counts of one place: what differs in more than map and
threads is never one number."""

import pytest
from report_helpers import Built, edit, make_journal

from report import page


@pytest.fixture(autouse=True)
def undrawn(monkeypatch):
    monkeypatch.setattr(page, "draw_all",
                        lambda panels, *_: ["" for _ in panels])


def built_of(folder, **spec):
    """Ten misses an operation at the larger share of writes or number of
    keys, one at the smaller."""
    make_journal.make(folder, **{
        "maps": ("gomap_rw", "syncmap"), "threads": (2,), "keys": (1000,),
        "kinds": ("update",), "blocks": 6, "backend": "perf"} | spec)

    def change(trial):
        counters = (trial["result"] or {}).get("counters") or {}
        for event in counters.get("events") or []:
            many = "/w50/" in trial["cell"] or "/n65536/" in trial["cell"]
            if event["metric"] == "l1d_fill":
                event["total"] = trial["result"]["ops"] * (10 if many else 1)
        return trial

    edit(folder, change)
    return Built(folder)


def counts(built):
    return {(r["map"], float(r["value"]), int(r["n"]))
            for r in built.rows("figures/cache.csv")
            if r["metric"] == "l1d_fill"}


def test_counts_of_two_mixes_are_not_one_number(tmp_path):
    """As workloads/miss-rates.conf has them: counters alone, two mixes."""
    built = built_of(tmp_path, measures=("counters",),
                           shares=(0.03, 0.5))
    assert counts(built) == {("gomap_rw", 1.0, 6), ("syncmap", 1.0, 6)}


def test_counts_are_the_headlines_where_it_has_some(tmp_path):
    built = built_of(tmp_path, measures=("throughput", "counters"),
                           keys=(1000, 65536))
    assert counts(built) == {("gomap_rw", 10.0, 6), ("syncmap", 10.0, 6)}


def test_counts_of_another_place_explain_no_headline(tmp_path):
    """The headline's counter trials all failed."""
    def void(trial):
        if "/n65536/" in trial["cell"] and "counters" in trial["cell"]:
            trial.update(status="void", reason="left its CPU")
        return trial
    built_of(tmp_path, measures=("throughput", "counters"),
             keys=(1000, 65536))
    edit(tmp_path, void)
    built = Built(tmp_path)
    assert counts(built) == {("gomap_rw", 1.0, 6), ("syncmap", 1.0, 6)}
