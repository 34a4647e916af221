# SPDX-License-Identifier: Apache-2.0
"""The rows behind the page of a regression check, of verdicts written down by
hand, without any trial."""
import numpy as np
import pytest

from report import gate, gate_page

CELL = "regress/gomap_rw/u64x8/n65536/t2"
NAME = gate.name_of(CELL)


def contrast(role, **other):
    return {"role": role, "cell": CELL} | other


def verdicts(**other):
    return {"controls": [], "cells": [], "advice": [], "skipped": [], "same": []} | other


def pairs_of(rows, of, blocks):
    """As gate.pairs_of(): the middle block is lost, head went first last."""
    assert (rows, blocks) == ("rows", 3)
    return {"d": np.array([np.log(1.5), np.nan, np.log(0.8)]),
            "base_first": np.array([1, 1, 0])}


def test_every_pair_that_is_whole_is_a_row(monkeypatch):
    monkeypatch.setattr(gate, "pairs_of", pairs_of)
    shown = gate_page.labelled(verdicts(cells=[contrast("gate")],
                                        controls=[contrast("aa")]))
    rows = gate_page.pair_rows({"plan": {"blocks": 3}, "contrasts": [
        {"cell": CELL, "role": "aa"}, {"cell": CELL, "role": "gate"}]},
        "rows", shown)
    assert [(r["label"], r["block"], r["base_first"]) for r in rows] == [
        (f"A/A {NAME}", 0, True), (f"A/A {NAME}", 2, False),
        (NAME, 0, True), (NAME, 2, False)]
    assert [r["percent"] for r in rows[:2]] == pytest.approx([50, -20])
