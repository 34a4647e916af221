# SPDX-License-Identifier: Apache-2.0
"""What each cell of a claim could have shown in a run, and how many blocks
show the effect that its claim must be able to see.

The number of blocks follows from the spread between blocks and from the
correlation of neighbours (report/stats/planning.py, signed_rank.widening). It does
not depend on the values, so a verdict that disappoints does not ask for more
blocks. Rules and limits stay as they are.
"""
import math
from typing import NamedTuple

import numpy as np

from report import stats, words
from report.claims import decide, evidence
from report.stats import families

INTERVALS = ("direction", "ratio", "equal", "figure")
LEAST = 6  # blocks: of fewer there is no interval
POWER = 0.95


class Row(NamedTuple):
    """Of one cell, or pair of cells."""
    id: str
    whose: str
    where: str
    n: int  # blocks
    spread: float  # sd of ln between blocks
    sees: float | None  # least ratio less 1 beyond the band; None: none
    effect: float  # what it must be able to see
    blocks: int | None  # that show it; None: more than anybody runs


def groups_of(found):
    """Contrasts times directions of the family of claims of speed."""
    family = decide.family_of(found, (decide.PORT, decide.GO))
    return 2 * len({(*e.cells, one.statistic, one.rule == "slope")
                    for one, e in family.values()})


def level(claim, groups):
    """Of one of its tests: of speed that of the first of the family, else
    that of a side of its interval."""
    return (decide.rules.ALPHA / groups if claim.speaks == "speed"
            else (1 - decide.rules.LEVEL) / 2)


def finite(found):
    """Its values that have a logarithm, of which there is a spread."""
    return [v for v in evidence.logs(found).values() if v > -math.inf]


def row_of(key, one, found, alpha):
    """One Row, of values that have a logarithm."""
    logs = finite(found)
    band = math.log1p(one.band)
    spread = float(np.std(logs, ddof=1))
    noise = spread * float(stats.widening(
        logs, families.ERRORS if one.speaks == "speed" else 1.0))
    visible = stats.visible_effect(len(logs), noise, alpha, POWER)
    effect = math.log1p(one.effect + one.band) - band
    blocks = stats.least_blocks(effect / noise if noise else math.inf, alpha,
                                POWER)
    return Row(*key, found.where, len(logs), spread,
               None if visible is None else math.expm1(visible + band),
               one.effect + one.band, max(blocks, LEAST) if blocks else None)


def rows(campaign, claims):
    """Of each cell that an interval decides, those that see least first."""
    found = decide.gathered(campaign, claims)
    groups = max(groups_of(found), 1)
    result = [row_of(key, one, e, level(one, groups))
              for key, of in found.items() if key[1] != decide.VARIANT
              for one, e in of if one.rule in INTERVALS
              and len(finite(e)) >= LEAST]
    return sorted(result, key=lambda r: (
        -math.inf if r.sees is None else -r.sees, r.id, r.whose, r.where))


def short(row):
    """Has it too few blocks for the effect that it must see?"""
    return row.blocks is None or row.blocks > row.n


def lines(campaign, claims):
    """The table for a terminal, and how many cells are short of blocks."""
    all_of = rows(campaign, claims)
    few = [r for r in all_of if short(r)]
    yield ("claim  blocks  sd, %  sees, %  must see, %  needs  of, where")
    for r in all_of:
        sees = "none" if r.sees is None else words.sig(100 * r.sees)
        yield (f"{r.id}  {r.n:6}  {words.sig(100 * r.spread):>5}  {sees:>7}"
               f"  {words.sig(100 * r.effect):>11}  {r.blocks or 'many':>5}"
               f"  {r.whose}, {r.where}")
    yield ""
    yield (f"{words.plural(len(few), 'cell')} of {len(all_of)} have fewer "
           f"blocks than show what their claims must see with a chance of "
           f"{100 * POWER:g} %: "
           + (words.joined(sorted({r.id for r in few})) or "none"))
