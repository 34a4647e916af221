# SPDX-License-Identifier: Apache-2.0
"""Replicated, opposite, unclear: what a second campaign says of each clear
comparison of a first one. The rules are in docs/adr/0043, written before any
campaign was repeated by them."""
from report import journal, stats, verdicts
from report.compare import admit
from report.reproduce.asked import sign

REPLICATED, OPPOSITE, UNCLEAR = "replicated", "opposite", "unclear"
WORDS = (REPLICATED, OPPOSITE, UNCLEAR)


def index_of(campaign):
    """id -> cell, also of what another cell runs for."""
    found = dict(campaign.cells)
    for pair in campaign.meta.get("same") or []:
        found.setdefault(pair["id"], campaign.cells[pair["as"]])
    return found


def why_not(old, new, cells, name):
    """Why a cell of the first campaign has no values in the second."""
    cell = cells.get(name)
    map_id = old.cells[name].map
    if map_id not in new.maps:
        return f"{map_id}: not in this build"
    if cell is None:
        return f"{map_id}: no such cell here"
    other = admit.differs(old.cells[name], cell)
    if other and name in new.cells:
        return f"{map_id}: {other} differs"
    if map_id in new.failed_maps:
        return f"{map_id}: failed verification here"
    return "" if cell.ok else f"{map_id}: {cell.reason}"


def pair_of(cells, q):
    """over ÷ under of the second campaign, paired by block, at 95 %."""
    return stats.ratios({0: [journal.rates(cells[of].ok)
                             for of in (q.over, q.under)]})[0]


def word_of(side, low, high):
    """One clear comparison, against the second campaign's interval."""
    found = sign(low, high)
    if not found:
        return UNCLEAR
    return REPLICATED if found == side else OPPOSITE


def judged(old, new, q, cells, invalid):
    why = why_not(old, new, cells, q.over) or \
        why_not(old, new, cells, q.under) or \
        (f"{verdicts.WITHHELD} here" if invalid else "")
    row = {"over": q.maps[0], "under": q.maps[1], "place": q.place,
           "cells": [q.over, q.under], "then": q.ratio, "word": UNCLEAR,
           "now": {"ratio": None, "low": None, "high": None, "n": 0},
           "why": why}
    if why:
        return row
    pair = pair_of(cells, q)
    row["now"] = {"ratio": pair["centre"], **{k: pair[k] for k in (
        "low", "high", "n")}}
    row["word"] = word_of(q.side, pair["low"], pair["high"])
    if row["word"] == UNCLEAR:
        row["why"] = ("no interval here" if pair["low"] is None else
                      "its interval here reaches into the margin")
    return row


def all_of(old, new, asked, invalid=None):
    """(rows of what was clear, how many were not).

    invalid -- the control of the second campaign that failed, or None
    """
    cells = index_of(new)
    clear = [q for q in asked if q.side]
    return [judged(old, new, q, cells, invalid) for q in clear], \
        len(asked) - len(clear)
