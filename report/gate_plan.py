# SPDX-License-Identifier: Apache-2.0
"""How many blocks a run of the gate gets: pure functions of what base alone
did before the first pair (docs/adr/0040-blocks-from-bases-noise.md).

The noise of a cell is of ln ratios of pairs base/copy. The blocks come from
the noisiest cell: one that is undecided leaves the whole run so. A burst in
its few pairs costs minutes, never more than are allowed; a warning, which
asks a person for more time, speaks of the bulk of the cells.
"""
import math

import numpy as np

from report import stats

FEWEST = 3  # pairs of a cell that say anything of its noise


def spread(d):
    """Robust standard deviation of ln ratios d (pairs,) of equal arms; nan
    below FEWEST. About 0, not about their median: equal arms have none."""
    d = np.asarray(d, float)
    return stats.scale_of(d) if np.sum(~np.isnan(d)) >= FEWEST else math.nan


def reach(rules):
    """ln ratio from the margin to the slowdown that must be found."""
    return math.log1p(rules["tolerance"]) - math.log1p(rules["margin"])


def alpha_of(rules, family):
    """The level of one test of a family of so many cells."""
    return rules["alpha"] / max(family, 1)


def needed(noise, rules, family):
    """Blocks that find the tolerance in a cell of that noise [ln] with the
    rules' power, by the signed-rank test itself; None: more than anybody
    measures."""
    return stats.least_blocks(reach(rules) / noise if noise else math.inf,
                              alpha_of(rules, family), rules["power"])


def is_blind(noise, blocks, rules, family):
    """Whether so many blocks miss the tolerance in a cell of that noise more
    often than the rules' power allows."""
    return noise > 0 and stats.rank_power(
        blocks, reach(rules) / noise,
        alpha_of(rules, family)) < rules["power"]


def bulk_of(spreads, share):
    """The noise that a share of the cells does not exceed."""
    return sorted(spreads)[max(0, math.ceil(share * len(spreads)) - 1)]


def plan(noise, rules):
    """The run's blocks, and what they come from.

    noise   {"pairs": cell -> [ln ratio or None], "block_s": seconds that a
            block took, "allowed_s": seconds that all blocks may take}
    -> {"blocks", "needed", "most", "family", "noise", "worst", "blind"}:
    blind are the cells whose own noise hides the tolerance in so many blocks;
    noise is the bulk's and needed what it asks, None above stats'
    MOST_BLOCKS; worst is the noisiest cell's, from which blocks come. Both
    are None where no cell had pairs enough, and the least is run.
    """
    found = {cell: spread([math.nan if x is None else x for x in pairs])
             for cell, pairs in noise["pairs"].items()}
    known = {cell: s for cell, s in found.items() if not math.isnan(s)}
    most = max(int(rules["blocks_least"]),
               int(noise["allowed_s"] // noise["block_s"]))
    family = len(found)
    typical = bulk_of(known.values(), rules["bulk"]) if known else None
    asked = needed(typical, rules, family) if known else 0
    worst = max(known.values(), default=None)
    wanted = needed(worst, rules, family) if known else 0
    blocks = most if wanted is None else \
        min(max(wanted, int(rules["blocks_least"])), most)
    return {"blocks": blocks, "needed": asked, "most": most,
            "family": family, "noise": typical, "worst": worst,
            "blind": sorted(cell for cell, s in known.items()
                            if is_blind(s, blocks, rules, family))}
