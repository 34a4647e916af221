# SPDX-License-Identifier: Apache-2.0
"""Computes the smallest effect that a run could have detected in each cell of a claim, and the
number of blocks that would detect the required effect.

The number of blocks depends on the spread between blocks and on the correlation of neighbouring
blocks, but not on the measured values. An unwelcome verdict is therefore no reason to measure more
blocks.
"""
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from report import stats
from report.claims import decide, rules
from report.claims.ledger import Claim, Ledger
from report.claims.model import VARIANT
from report.claims.phrases import joined, plural, sig
from report.claims.statistic import Data
from report.load import Campaign
from report.stats import families

INTERVALS = (*rules.BANDED, "figure")
POWER = 0.95


class Row(NamedTuple):
    """A cell, or a pair of cells.

    - n: number of blocks
    - spread: standard deviation of ln values between blocks
    - sees: smallest detectable ratio minus 1, beyond the band, or None if nothing is detectable
    - effect: the effect that must be detectable
    - blocks: the number needed to detect it, or None if it exceeds the maximum of a plan
    """
    id: str
    whose: str
    where: str
    n: int
    spread: float
    sees: float | None
    effect: float
    blocks: int | None

    @property
    def short(self) -> bool:
        """True if the cell has too few blocks for the effect."""
        return self.blocks is None or self.blocks > self.n


def groups_of(found: decide.Found) -> int:
    """Counts the tests in the family of claims about speed: contrasts times directions."""
    family = decide.family_of(found, *decide.DECIDING).values()
    return max(2 * len({(*e.cells, one.statistic, one.rule == "slope") for one, e in family}), 1)


def level(claim: Claim, groups: int) -> float:
    """Significance level of one test: the level of Holm's first step in the family, or one side of
    an interval."""
    return rules.ALPHA / groups if claim.speaks == "speed" else (1 - rules.LEVEL) / 2


def row_of(key: tuple[str, str], one: Claim, where: str, logs: list[float],
           alpha: float) -> Row:
    """Computes the row of one cell from the logarithms of its values."""
    band = math.log1p(one.band)
    spread = float(np.std(logs, ddof=1))
    noise = spread * float(stats.widening(
        logs, families.ERRORS if one.speaks == "speed" else 1.0))
    visible = stats.visible_effect(len(logs), noise, alpha, POWER)
    effect = math.log1p(one.effect + one.band) - band
    blocks = stats.least_blocks(effect / noise if noise else math.inf, alpha, POWER)
    return Row(*key, where, len(logs), spread,
               None if visible is None else math.expm1(visible + band),
               one.effect + one.band, max(blocks, rules.LEAST) if blocks else None)


def rows(campaign: Campaign, claims: Ledger) -> list[Row]:
    """Returns one row for each cell that an interval decides, the least sensitive first."""
    found = decide.gathered(Data(campaign), claims)
    groups = groups_of(found)
    result = []
    for key, cells in found.items():
        for one, e in cells if key[1] != VARIANT else ():
            logs = [v for v in e.logs if v > -math.inf]
            if one.rule in INTERVALS and len(logs) >= rules.LEAST:
                result.append(row_of(key, one, e.where, logs, level(one, groups)))
    return sorted(result, key=lambda r: (
        -math.inf if r.sees is None else -r.sees, r.id, r.whose, r.where))


def lines(campaign: Campaign, claims: Ledger) -> Iterator[str]:
    """Yields the table for a terminal, and the number of cells with too few blocks."""
    table = rows(campaign, claims)
    few = [r for r in table if r.short]
    yield "claim  blocks  sd, %  sees, %  must see, %  needs  of, where"
    for r in table:
        sees = "none" if r.sees is None else sig(100 * r.sees)
        yield (f"{r.id}  {r.n:6}  {sig(100 * r.spread):>5}  {sees:>7}  "
               f"{sig(100 * r.effect):>11}  {r.blocks or 'many':>5}  {r.whose}, {r.where}")
    yield ""
    yield (f"{plural(len(few), 'cell')} of {len(table)} have too few blocks to show the effect of "
           f"their claims with a probability of {100 * POWER:g} %: "
           + (joined(sorted({r.id for r in few})) or "none"))
