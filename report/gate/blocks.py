# SPDX-License-Identifier: Apache-2.0
"""Chooses the number of blocks of a gate run from base's noise, which is measured before the first
pair of base and head (docs/adr/0040-blocks-from-bases-noise.md).

The noise of a cell is the spread of ln(copy / base) in its pairs. The noisiest cell determines the
number of blocks, because one undecided cell leaves the run undecided. The warning that more time is
needed ignores the noisiest cells; it depends on the share `bulk` (regress.json).
"""
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from report import stats
from report.gate import schema
from report.gate.model import Floats, Sized
from report.gate.rules import Rules

FEWEST = 3  # smallest number of pairs from which a cell's noise can be estimated


@dataclass(frozen=True)
class Noise:
    """A calibration: the ln ratios of each cell's pairs (nan if a trial was lost), the seconds that
    one block took, and the seconds that all blocks together may take."""
    cells: tuple[str, ...]
    pairs: tuple[Floats, ...]
    block_s: float
    allowed_s: float


def parse_noise(text: str, place: str) -> Noise:
    """Parses the calibration that note_of() wrote. Raises InputError if the calibration is
    invalid."""
    found: Any = schema.parse(text, place, "regress-rules", "/$defs/noise")
    return Noise(tuple(found["pairs"]),
                 tuple(np.array(d, float) for d in found["pairs"].values()),
                 found["block_s"], found["allowed_s"])


def spread(d: Floats) -> float:
    """Robust standard deviation around 0 of the ln ratios d (pairs,) of two equal programs;
    nan for fewer than FEWEST pairs."""
    return float(stats.scale_of(d)) if np.sum(~np.isnan(d)) >= FEWEST else math.nan


def effect(noise: float, rules: Rules) -> float:
    """Returns the distance between margin and tolerance, in standard deviations of a pair."""
    reach = math.log1p(rules.tolerance) - math.log1p(rules.margin)
    return reach / noise if noise else math.inf


def needed(noise: float, rules: Rules, family: int) -> int | None:
    """Returns the number of blocks that detect a slowdown of the tolerance in a cell with this
    noise [ln] with the required power, or None if it exceeds MOST_BLOCKS of report/stats."""
    blocks = stats.least_blocks(effect(noise, rules), rules.alpha / max(family, 1),
                                rules.power)
    return None if blocks is None else int(blocks)


def is_blind(noise: float, blocks: int, rules: Rules, family: int) -> bool:
    """True if this number of blocks fails to detect the tolerance too often."""
    return noise > 0 and bool(stats.rank_power(
        blocks, effect(noise, rules), rules.alpha / max(family, 1)) < rules.power)


def bulk_of(spreads: Sequence[float], share: float) -> float:
    """Returns the noise that this share of the cells does not exceed."""
    return sorted(spreads)[max(0, math.ceil(share * len(spreads)) - 1)]


def size(noise: Noise, rules: Rules) -> Sized:
    """Chooses the number of blocks of the run and explains it. If no cell has enough pairs, chooses
    the minimum."""
    known = {cell: s for cell, d in zip(noise.cells, noise.pairs)
             if not math.isnan(s := spread(d))}
    family, least = len(noise.cells), rules.blocks_least
    most = max(least, int(noise.allowed_s // noise.block_s))
    if not known:
        return Sized(least, 0, most, family, None, None, ())
    typical, worst = bulk_of(list(known.values()), rules.bulk), max(known.values())
    wanted = needed(worst, rules, family)
    blocks = most if wanted is None else min(max(wanted, least), most)
    return Sized(blocks, needed(typical, rules, family), most, family, typical, worst,
                 tuple(sorted(cell for cell, s in known.items()
                              if is_blind(s, blocks, rules, family))))
