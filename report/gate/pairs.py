# SPDX-License-Identifier: Apache-2.0
"""Forms the pairs of a contrast from its trials, and estimates their effect."""
import functools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from report import stats
from report.gate.model import Contrast, Estimates, Figures, Floats, Lost, Pairs, Score
from report.gate.rules import Plan
from report.load import Trial
from report.load.trial import Status

LEVEL = 0.99  # confidence level of every interval that the gate prints
# A rank interval of n values that also estimate a slot effect covers only 98.3 % if n = 20.
# Made wider by the factor 1 + SHORT / n, it covers 99 % (test_gate.py).
SHORT = 2.0
Interval = tuple[float, float, float]  # centre, low, high
Slot = tuple[float | None, float | None, float | None]  # slot effect with its interval [%]


def cost_of(trial: Trial) -> float:
    """Returns ns per operation of one thread, or nan if the trial is not ok or ran no operation."""
    r = trial.result
    if not trial.usable or r is None or not r.ops or r.elapsed_ns is None:
        return math.nan
    return r.elapsed_ns * len(r.threads) / r.ops


def pairs_of(trials: Iterable[Trial], contrast: Contrast, blocks: int) -> Pairs:
    """Forms the pairs of one contrast. `lost` lists its trials that are not ok, and failed
    verifications of its map."""
    cost = {"base": np.full(blocks, np.nan), "head": np.full(blocks, np.nan)}
    slot, lost = np.zeros(blocks), []
    sides = {contrast.base: "base", contrast.head: "head"}
    for trial in trials:
        side = sides.get(trial.arm)
        if side is None:
            continue
        timed = trial.cell == contrast.cell
        failed = trial.status is Status.FAILED
        if timed:
            cost[side][trial.block] = cost_of(trial)
            if side == "base":
                slot[trial.block] = trial.slot or 0
        if timed and trial.status is not Status.OK or failed and trial.cell in contrast.verified:
            lost.append(Lost(side, failed, f"{trial.arm} in block {trial.block}: "
                                           f"{trial.status.value}, {trial.reason}"))
    return Pairs(stats.log_ratio(cost["base"], cost["head"]), cost["base"],
                 slot == 0, tuple(lost))


def failure_of(pairs: Pairs, side: str) -> str | None:
    """Describes the first failed trial of base or head, or returns None."""
    return next((x.text for x in pairs.lost if x.side == side and x.failed), None)


def flip_test(d: Floats, plan: Plan, scores: Sequence[Score]) -> stats.FlipTest:
    """Tests whether d (cells, blocks) is above 0. `p_max_t` is corrected over cells and
    scores; `by` is the index of the score that decided."""
    cut = plan.rules.cut
    functions: dict[Score, Callable[[Floats], Floats]] = {
        Score.RANKS: stats.signed_ranks,
        Score.BIWEIGHT: functools.partial(stats.biweight_scores, cut=cut),
        Score.TAILS: functools.partial(stats.tail_scores, cut=cut)}
    return stats.sign_flip_test(d, plan.rules.flips, scores=[functions[s] for s in scores])


def percent(value: float) -> float | None:
    """Converts a ln ratio to percent, and nan to None."""
    return None if math.isnan(value) else float(stats.percent(value))


def widened(interval: Interval, n: int) -> Interval:
    """Widens a rank interval of n values by the error of the slot effect."""
    centre, low, high = interval
    wider = 1.0 + SHORT / max(n, 1)
    return centre, centre + wider * (low - centre), centre + wider * (high - centre)


def figures_of(shown: Interval, narrow: Interval, plan: Plan, family: int) -> Figures:
    """Converts an interval to figures. `narrow` is the interval without the error of the slot
    effect; it gives the detectable effect."""
    rules = plan.rules
    error = stats.standard_error(narrow[1], narrow[2], LEVEL)
    # each score may raise a false alarm, so the family has (cells x scores) tests
    least = stats.detectable(error, math.log1p(rules.margin), rules.alpha,
                             family * len(Score), rules.power)
    return Figures(*(percent(float(x)) for x in (*shown, least)))


def estimates_of(pairs: Pairs, plan: Plan, family: int) -> tuple[Estimates, Slot]:
    """Estimates the slowdown by each score, and the slot effect with its interval [%]."""
    known = ~np.isnan(pairs.d)
    d, first, cut = pairs.d[known], pairs.base_first[known], plan.rules.cut
    slot = stats.slot_adjusted(d, first, LEVEL)
    even = d - stats.biweight_slot(d, first, cut)
    if np.isnan(even).any():
        even = even[:0]  # all pairs ran in the same order
    ranks = slot.estimate, slot.low, slot.high
    weight = stats.biweight_interval(even, LEVEL, cut)
    tails = stats.mean_interval(even, LEVEL)
    return Estimates(
        figures_of(widened(ranks, len(d)), ranks, plan, family),
        figures_of(stats.widened(weight, len(even)), weight, plan, family),
        figures_of(tails, tails, plan, family)), (
            percent(slot.slot), percent(slot.slot_low), percent(slot.slot_high))
