# SPDX-License-Identifier: Apache-2.0
"""Answers seven questions about whether the headline result can be trusted.

docs/reference/verdicts.md explains the limits below. Each limit was chosen by simulating the faults
that it must find (tests/report/test_trust_power.py).
"""
import math
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from report import stats
from report.decide import groups
from report.decide.groups import MARGIN, Measured
from report.load import Campaign, Cell, Trial
from report.model.number import Estimate, Unit
from report.model.place import Group, Outcome
from report.model.trust import Assessment, Check, Question, State, Trust

BIAS = 1.12  # speed difference between two copies of one map that must be detectable
COPY_LEVEL = 0.92  # confidence level at which each end is wrong in 4 % of runs
HALF = 6  # fewest trials in half of a run
HALF_ERROR = 0.30  # nominal error over all maps; 4 to 6 % of sound runs seem to change
DISTURBED = 0.10  # largest share of disturbed trials of one map
BROKEN = 0.29  # largest share of wrong values that the pseudo-median tolerates
WAITING = 0.20  # largest share of the window that a trial's threads may wait for a CPU
SPEED = 1.10  # largest ratio of the fastest to the slowest CPU speed
SPEED_RANGE = (1, 99)  # percentiles that are compared; single slow readings do not count
VISIBLE = 1.10  # maps are equivalent only if a difference of this factor would be detected
CONTROL = re.compile(r"^control *= *(?!none$)(\S+)$", re.M)  # matches a line of a workload
ORDER = (Trust.GOOD, Trust.CARE, Trust.NOT)


def is_disturbed(cell: Cell, trial: Trial) -> bool:
    """True if other programs used the CPUs of this trial. The runner decides that. If it did not,
    the CPU time of other programs and the waiting time of the threads decide. Waiting proves
    nothing if threads share CPUs, because they wait for each other."""
    if trial.disturbed:
        return True
    others, repeat = trial.others_share, cell.factors.repeat
    if others is not None and repeat and repeat.wait_share:
        return False
    if not cell.factors.alone:
        return others is not None and others > WAITING
    return trial.waited > WAITING and (others is None or others > WAITING)


def is_judged(cell: Cell, trial: Trial) -> bool:
    """False if it is unknown whether other programs took the CPUs of this trial."""
    others, waits_known = trial.others_share, not math.isnan(trial.waited)
    return is_disturbed(cell, trial) or (
        waits_known and cell.factors.alone if others is None else waits_known or others <= WAITING)


def verified(campaign: Campaign, front: Sequence[str]) -> Check:
    """Checks that each leading map (each map if there is no ranking) passed every planned check of
    its answers."""
    front = front or sorted({c.map for c in campaign.cells.values() if c.ok})
    planned = [c for c in campaign.cells.values()
               if c.measure == "verify" and not c.factors.skip]
    cells = [c for c in planned if c.map in front]
    passed = sum(bool(c.ok) for c in cells)
    short = tuple(m for m in front
                  if not any(c.map == m for c in cells)
                  or any(c.map == m and not c.ok for c in cells))
    state = State.UNKNOWN if not planned else State.FAILED if short else State.PASSED
    return Check(Question.VERIFIED, state, Trust.CARE, count=passed, of=len(cells), maps=short)


def complete(headline: Measured) -> Check:
    """Checks that each planned trial of the headline has a valid result."""
    cells = [headline.cells[m] for m in headline.ranked]
    planned = sum(c.factors.blocks for c in cells)
    gone = planned - sum(len(c.ok) for c in cells)
    short = tuple(c.map for c in sorted(cells, key=lambda c: len(c.ok) - c.factors.blocks)
                  if len(c.ok) < c.factors.blocks)
    return Check(Question.COMPLETE, State.FAILED if gone else State.PASSED, Trust.CARE,
                 count=gone, of=planned, maps=short)


# ---- A/A: two copies of one map ---------------------------------------------------

def copies(campaign: Campaign) -> list[tuple[Cell, Estimate]]:
    """Returns the cells with a second copy of their map, and copy / original. The two trials of
    a pair are adjacent and in random order, so a pair does not resemble its neighbours
    (docs/adr/0057)."""
    found = []
    for (arm, cell_id), trials in sorted(campaign.arms.items()):
        if arm.startswith("aa"):
            cell = campaign.cells[cell_id]
            rates = {t.block: t.rate for t in trials if t.usable and t.rate is not None}
            both = sorted(rates.keys() & cell.rates.keys())
            found.append((cell, copy_ratio([rates[b] / cell.rates[b] for b in both])))
    return found


def copy_ratio(ratios: Sequence[float]) -> Estimate:
    """Estimates copy / original over the blocks, with its interval."""
    n, needs = len(ratios), stats.needed_n_walsh(COPY_LEVEL)
    if n < needs:
        return Estimate(None, None, None, n, Unit.RATIO, COPY_LEVEL, f"n<{needs}")
    centre, low, high = np.exp(stats.signed_rank_interval(np.log(ratios), COPY_LEVEL))
    return Estimate(float(centre), float(low), float(high), n, Unit.RATIO, COPY_LEVEL)


def same_map(campaign: Campaign, group: Group | None) -> Check:
    """Checks that two separately linked copies of one map are equally fast. If the copies differ,
    code layout affects results more than the map does."""
    pairs = copies(campaign)
    if not pairs:
        planned = any(c.factors.control for c in campaign.cells.values())
        wanted = [CONTROL.search(w.text or "") for w in campaign.plan.workloads if not planned]
        return Check(Question.SAME_MAP, State.UNKNOWN, Trust.CARE, limit=BIAS,
                     maps=tuple(sorted({found[1] for found in wanted if found})))
    cell, ratio = max(pairs, key=lambda p: bias_of(p[1]))
    bias = bias_of(ratio)
    shown = ratio.low is not None and ratio.high is not None and (
        ratio.low > MARGIN or ratio.high < 1 / MARGIN)
    lead = least_lead(group)
    state = State.FAILED if shown else State.UNKNOWN if bias >= BIAS else State.PASSED
    centre = max(ratio.value or 1.0, 1 / (ratio.value or 1.0))
    weight = Trust.NOT if shown and lead is not None and centre >= lead else Trust.CARE
    return Check(Question.SAME_MAP, state, weight, found=None if math.isinf(bias) else bias,
                 limit=BIAS, maps=(cell.map,), estimate=ratio)


def bias_of(ratio: Estimate) -> float:
    """Returns the largest factor, in either direction, that the interval allows."""
    if ratio.low is None or ratio.high is None:
        return math.inf
    return max(ratio.high, 1 / ratio.low)


def least_lead(group: Group | None) -> float | None:
    """Returns the lower end of the leader's smallest lead, or None if no map leads."""
    if group is None or group.outcome is not Outcome.DECIDED or group.closest is None:
        return None
    return group.closest.low


# ---- both halves of the run -------------------------------------------------------

def lead_in(headline: Measured, group: Group | None, blocks: Sequence[int]) -> Estimate | None:
    """Estimates the ratio leader / runner-up in some of the blocks."""
    closest = group.closest if group else None
    if closest is None:
        return None
    over, under = ({b: headline.rates(m)[b] for b in blocks if b in headline.rates(m)}
                   for m in (closest.map, closest.against))
    return groups.estimate(stats.ratio_interval(over, under), Unit.RATIO)


def steady(headline: Measured, group: Group | None) -> Check:
    """Checks that each map has the same speed, relative to the others, in both halves of the
    run. If a phase of the machine slows only one map, another run would rank the maps
    differently."""
    names, n = headline.contenders, len(headline.common)
    if len(names) < 2 or n < 2 * HALF:
        return Check(Question.STEADY, State.UNKNOWN, Trust.CARE, limit=MARGIN)
    level = 1 - HALF_ERROR / len(names)
    changes = [(name, change_of(noise, level, headline.lag1))
               for name, noise in zip(names, stats.own_noise(headline.logs))]
    # the halves are too short for this number of maps
    if any(math.isnan(low) for _, (_, low, _) in changes):
        return Check(Question.STEADY, State.UNKNOWN, Trust.CARE, limit=MARGIN)
    name, (centre, low, high) = max(changes, key=lambda c: max(c[1][1], -c[1][2]))
    shown = max(low, -high) > math.log(MARGIN)
    estimate = Estimate(math.exp(centre), math.exp(low), math.exp(high), n, Unit.RATIO, level)
    return Check(Question.STEADY, State.FAILED if shown else State.PASSED, Trust.CARE,
                 found=estimate.value, limit=MARGIN, maps=(name,), estimate=estimate,
                 first=lead_in(headline, group, headline.common[:n // 2]),
                 second=lead_in(headline, group, headline.common[-(n // 2):]))


def change_of(series: npt.NDArray[np.float64], level: float, lag1: float
              ) -> tuple[float, float, float]:
    """Estimates the centre of the second half minus the centre of the first, with Moses'
    interval, which is widened like the interval of a ratio."""
    half = len(series) // 2
    first, second = series[:half], series[-half:]
    centre = stats.shift(second, first)
    low, high = stats.shift_interval(second, first, level)
    level_free = np.concatenate((first - np.median(first), second - np.median(second)))
    wider = float(stats.widening(level_free, shared=lag1))
    return centre, centre - wider * (centre - low), centre + wider * (high - centre)


# ---- the machine ------------------------------------------------------------------

def undisturbed(headline: Measured, front: Sequence[str]) -> Check:
    """Checks that other programs did not disturb any single map of the headline. That is unknown
    if repeat-wait was raised, since fewer runs then count as disturbed."""
    shares = []
    count = total = unknown = 0
    for name in headline.contenders:
        cell = headline.cells[name]
        n = sum(is_disturbed(cell, t) for t in cell.ok)
        count, total = count + n, total + len(cell.ok)
        unknown += sum(not is_judged(cell, t) for t in cell.ok)
        shares.append((n / len(cell.ok), name))
    if not shares:
        return Check(Question.UNDISTURBED, State.UNKNOWN, Trust.CARE, limit=DISTURBED)
    worst = max(shares)[0]
    named = tuple(m for share, m in sorted(shares, reverse=True) if share > DISTURBED)
    if unknown and not named:
        return Check(Question.UNDISTURBED, State.UNKNOWN, Trust.CARE, limit=DISTURBED,
                     count=unknown, of=total)
    relaxed = max(cell.factors.repeat.wait_share or 0.0 if cell.factors.repeat else 0.0
                  for cell in map(headline.cells.__getitem__, headline.contenders))
    if relaxed > WAITING and not named:
        return Check(Question.UNDISTURBED, State.UNKNOWN, Trust.CARE, found=relaxed,
                     limit=WAITING, count=count, of=total)
    broken = any(share > BROKEN and m in front for share, m in shares)
    return Check(Question.UNDISTURBED, State.FAILED if named else State.PASSED,
                 Trust.NOT if broken else Trust.CARE, found=worst, limit=DISTURBED,
                 count=count, of=total, maps=named)


def speed_range(campaign: Campaign) -> float | None:
    """Returns the ratio of the fastest and slowest CPU speed of the trials, or None if unknown."""
    known = [t.speed for _, t in campaign.ran if t.speed]
    if not known:
        return None
    slow, fast = np.percentile(known, SPEED_RANGE)
    return float(fast / slow)


def same_speed(campaign: Campaign) -> Check:
    """Checks that the CPU speed was constant. This check does not affect the verdict: compared
    trials are adjacent, so a change of speed affects rates but not the ranking."""
    found = speed_range(campaign)
    state = (State.UNKNOWN if found is None else
             State.FAILED if found > SPEED else State.PASSED)
    return Check(Question.SPEED, state, Trust.GOOD, found=found, limit=SPEED)


def powerful(group: Group | None, headline: Measured | None) -> Check:
    """Checks that the run is long enough for the conclusions of the page. A tie counts only if
    the run would have detected a difference of 10 %."""
    counts = [len(headline.rates(m)) for m in headline.contenders] if headline else []
    n = min(counts, default=0)
    needs = headline.needs if headline else 0
    if group is None or group.outcome in (Outcome.OPEN, Outcome.ALONE):
        return Check(Question.POWER, State.FAILED, Trust.NOT, count=n, of=needs)
    seen = [c.smallest_visible for c in group.comparisons
            if c.against in group.front and c.smallest_visible]
    if group.outcome is Outcome.TIED and (not seen or max(seen) > VISIBLE):
        return Check(Question.POWER, State.FAILED, Trust.CARE, found=max(seen, default=None),
                     limit=VISIBLE, count=n, of=needs, maps=group.front)
    return Check(Question.POWER, State.PASSED, Trust.CARE, found=max(seen, default=None),
                 limit=VISIBLE, count=n, of=needs)


def assess(campaign: Campaign, headline: Measured | None, group: Group | None) -> Assessment:
    """Returns the answers to all questions; the worst answer is the verdict."""
    front = group.front if group else ()
    checks = [verified(campaign, front), same_map(campaign, group)]
    if headline is not None:
        checks += [complete(headline), steady(headline, group), undisturbed(headline, front)]
    checks += [same_speed(campaign), powerful(group, headline)]
    order = list(Question)
    checks.sort(key=lambda c: order.index(c.question))
    bad = [c for c in checks if c.state is not State.PASSED and c.weight is not Trust.GOOD]
    worst = max(bad, key=lambda c: (ORDER.index(c.weight), c.state is State.FAILED),
                default=None)
    return Assessment(worst.weight if worst else Trust.GOOD, worst, tuple(checks))
