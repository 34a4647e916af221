# SPDX-License-Identifier: Apache-2.0
"""From trials to the pairs of a contrast, and what they show."""
import functools
import math
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from report import stats
from report.gate.model import Contrast, Estimates, Figures, Floats, Lost, Pairs, Score
from report.gate.rules import Plan
from report.load import Trial
from report.load.trial import Status

LEVEL = 0.99  # of every interval that the gate prints
# ranks: an interval of n values about a slot effect that is estimated from them
# covers 98.3 % for n = 20, if it is 1 + SHORT / n times as wide 99 % (test_gate.py)
SHORT = 2.0
Interval = tuple[float, float, float]  # centre, low, high
Slot = tuple[float | None, float | None, float | None]  # the same [%]


def cost_of(trial: Trial) -> float:
    """ns of an operation of one thread; nan if it is not ok or did none."""
    r = trial.result
    if not trial.usable or r is None or not r.ops or r.elapsed_ns is None:
        return math.nan
    return r.elapsed_ns * len(r.threads) / r.ops


def pairs_of(trials: Iterable[Trial], contrast: Contrast, blocks: int) -> Pairs:
    """The pairs of one contrast; lost: its trials that are not ok, and failed
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
    """The first failed trial of one side, or None."""
    return next((x.text for x in pairs.lost if x.side == side and x.failed), None)


def flip_test(d: Floats, plan: Plan, scores: Sequence[Score]) -> stats.FlipTest:
    """Of d (cells, blocks) > 0; p_max_t is corrected over cells and scores, by: the
    index of the score that decided."""
    cut = plan.rules.cut
    functions: dict[Score, Callable[[Floats], Floats]] = {
        Score.RANKS: stats.signed_ranks,
        Score.BIWEIGHT: functools.partial(stats.biweight_scores, cut=cut),
        Score.TAILS: functools.partial(stats.tail_scores, cut=cut)}
    return stats.sign_flip_test(d, plan.rules.flips, scores=[functions[s] for s in scores])


def percent(value: float) -> float | None:
    """Percent of a ln ratio; None instead of nan."""
    return None if math.isnan(value) else float(stats.percent(value))


def widened(interval: Interval, n: int) -> Interval:
    """A rank interval of n values with room for the error of the slot effect."""
    centre, low, high = interval
    wider = 1.0 + SHORT / max(n, 1)
    return centre, centre + wider * (low - centre), centre + wider * (high - centre)


def figures_of(shown: Interval, narrow: Interval, plan: Plan, family: int) -> Figures:
    """Figures of an interval; narrow: the interval of the flips, which do not
    estimate a slot effect, for what could have been seen."""
    rules = plan.rules
    error = stats.standard_error(narrow[1], narrow[2], LEVEL)
    # each score has a chance of its own to raise an alarm
    least = stats.detectable(error, math.log1p(rules.margin), rules.alpha,
                             family * len(Score), rules.power)
    return Figures(*(percent(float(x)) for x in (*shown, least)))


def estimates_of(pairs: Pairs, plan: Plan, family: int) -> tuple[Estimates, Slot]:
    """(the pairs by each score, the slot effect with its interval [%])."""
    known = ~np.isnan(pairs.d)
    d, first, cut = pairs.d[known], pairs.base_first[known], plan.rules.cut
    slot = stats.slot_adjusted(d, first, LEVEL)
    even = d - stats.biweight_slot(d, first, cut)
    if np.isnan(even).any():
        even = even[:0]  # all pairs in one order
    ranks = slot.estimate, slot.low, slot.high
    weight = stats.biweight_interval(even, LEVEL, cut)
    tails = stats.mean_interval(even, LEVEL)
    return Estimates(
        figures_of(widened(ranks, len(d)), ranks, plan, family),
        figures_of(stats.widened(weight, len(even)), weight, plan, family),
        figures_of(tails, tails, plan, family)), (
            percent(slot.slot), percent(slot.slot_low), percent(slot.slot_high))
