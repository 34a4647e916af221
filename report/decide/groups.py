# SPDX-License-Identifier: Apache-2.0
"""Ranks groups of cells that differ only in the map.

The verdict on a pair of maps uses intervals that hold jointly for all pairs of the group
(Bonferroni), because the leader is chosen from the same data.
"""
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from report import stats
from report.load import Campaign, Cell
from report.load.plan import Factors
from report.model.number import Comparison, Estimate, Unit, Verdict, unknown
from report.model.place import Entry, Group, Outcome, Place
from report.stats import Interval, level_intervals, many_ratios

MARGIN = 1.02  # a difference below 2 % does not matter in practice
ERROR = 0.05  # largest share of groups that may have a wrong verdict
REFERENCE, REFERENCE_SHARE, REFERENCE_KEYS = "uniform-97-3", 0.03, 65536
Rates = Mapping[int, float]  # maps a block to operations per second
Pair = tuple[str, str]  # ids of two maps


@dataclass(frozen=True)
class Measured:
    """A group of cells before it is judged.

    - place: the factors that all of its cells share
    - cells: by map, without skipped ones
    - ranked: the maps that take part in the ranking
    """
    place: Place
    cells: Mapping[str, Cell]
    ranked: tuple[str, ...]

    def rates(self, name: str) -> Rates:
        return self.cells[name].rates

    @property
    def contenders(self) -> list[str]:
        """The ranked maps that have a result."""
        return [m for m in self.ranked if self.rates(m)]

    @property
    def pairs(self) -> int:
        """Number of comparisons whose intervals hold jointly."""
        k = len(self.contenders)
        return max(k * (k - 1) // 2, 1)

    @property
    def needs(self) -> int:
        """Number of trials that a ranking of these maps needs."""
        return max(stats.RANKING_NEEDS, stats.needed_n_walsh(self.level))

    @property
    def level(self) -> float:
        """Confidence level of each interval, so that all of them hold jointly."""
        return 1.0 - ERROR / self.pairs

    @cached_property
    def common(self) -> list[int]:
        """The blocks in which every contender has a result."""
        blocks = [set(self.rates(m)) for m in self.contenders]
        return sorted(set.intersection(*blocks)) if blocks else []

    @cached_property
    def logs(self) -> npt.NDArray[np.float64]:
        """ln rates of the contenders in their common blocks: (maps, blocks)."""
        return np.log([[self.rates(m)[b] for b in self.common] for m in self.contenders])

    @cached_property
    def lag1(self) -> float:
        """stats.shared_lag1() of the maps, whose trials in a block are adjacent; nan if there are
        too few maps or blocks."""
        if len(self.contenders) < 3 or len(self.common) < stats.RANKING_NEEDS:
            return math.nan
        return stats.shared_lag1(self.logs)

    @cached_property
    def level_lag1(self) -> float:
        """Lag-1 correlation of the rates: the mean over the maps, which share the machine, plus one
        standard error; nan if there are too few maps or blocks."""
        if len(self.contenders) < 3 or len(self.common) < stats.RANKING_NEEDS:
            return math.nan
        return float(np.mean(stats.rank_lag1(self.logs))) + 1 / math.sqrt(len(self.common) - 3)


def place_of(c: Factors) -> Place:
    """Returns all factors of a cell except its map."""
    return Place(c.workload, c.loop, c.shape, int(c.keys), c.write_kind, c.write_share,
                 c.miss_share, c.dist, c.threads, c.placement, c.memory, c.presize,
                 c.crowded, c.options)


def is_ranked(campaign: Campaign, name: str) -> bool:
    """True except for upper bounds, injected misuses, maps that never free memory, and maps with a
    wrong answer."""
    about = campaign.maps[name]
    return (not about.bound and not about.misuse and about.sync != "leak"
            and name not in campaign.failed_maps)


def measured_groups(campaign: Campaign) -> list[Measured]:
    """Returns all groups of throughput cells, in the order of the plan."""
    found: dict[Place, dict[str, Cell]] = {}
    for cell in campaign.cells.values():
        if cell.measure == "throughput" and cell.factors.common and not cell.factors.skip:
            found.setdefault(place_of(cell.factors), {})[cell.map] = cell
    return [Measured(place, cells, tuple(m for m in cells if is_ranked(campaign, m)))
            for place, cells in found.items()]


def headline_order(groups: Sequence[Measured]) -> list[Measured]:
    """Orders the groups; the first is the one that the first sentence of the page describes.

    The preferences, in order: a group with a ranked map; with the reference workload; with 64 Ki
    keys, or else the middle size; with the write share nearest to 3 %; with updates; with
    results for two ranked maps; with the most threads, if each has its own CPU.
    """
    if not groups:
        return []
    sizes = sorted({g.place.keys for g in groups if g.ranked} or {0})
    middle = REFERENCE_KEYS if REFERENCE_KEYS in sizes else sizes[len(sizes) // 2]
    first = groups[0].place.workload

    def order(g: Measured) -> tuple[object, ...]:
        p = g.place
        return (not g.ranked, p.workload != REFERENCE, p.workload != first, p.keys != middle,
                p.shape != "u64x8", p.options != (), p.dist != "uniform", p.placement != "cores",
                p.write_share == 0, abs(p.write_share - REFERENCE_SHARE),
                p.write_kind != "update", len(g.contenders) < 2, p.crowded, -p.threads)
    head = min(groups, key=order)
    return [head, *(g for g in groups if g is not head)]


# ---- rankings ----------------------------------------------------------------

@dataclass(frozen=True)
class Contrast:
    """Ratio of the rates of two maps, with its own 95 % interval and the interval that holds
    jointly."""
    alone: Interval
    joint: Interval


def contrasts(requests: Iterable[tuple[Measured, str, str]]) -> dict[tuple[int, Pair], Contrast]:
    """Returns the contrasts by (id of the group, pair of maps). Computing all at once is much
    faster than one by one."""
    alone: dict[tuple[int, Pair], tuple[Rates, Rates]] = {}
    levels: dict[float, list[tuple[int, Pair]]] = {}
    lag1: dict[tuple[int, Pair], float] = {}
    for group, one, two in requests:
        key = id(group), (one, two)
        alone[key] = group.rates(one), group.rates(two)
        lag1[key] = group.lag1
        levels.setdefault(group.level, []).append(key)
    single = many_ratios(alone, 0.95, lag1)
    joint: dict[tuple[int, Pair], Interval] = {}
    for level, keys in levels.items():
        joint |= many_ratios({key: alone[key] for key in keys}, level, lag1)
    return {key: Contrast(single[key], joint[key]) for key in alone}


def candidates(group: Measured, centres: Mapping[str, float]) -> list[str]:
    """Returns the ranked maps from fast to slow; maps with too few trials come last."""
    return sorted(group.contenders, key=lambda m: (
        len(group.rates(m)) < group.needs, -centres[m], m))


def verdict_of(joint: Interval) -> Verdict:
    """Returns the verdict on the first map of a ratio, compared with the second."""
    if joint.low is None or joint.high is None:
        return Verdict.INVALID
    if joint.low > MARGIN:
        return Verdict.FASTER
    if joint.high < 1 / MARGIN:
        return Verdict.SLOWER
    if joint.low > 1 / MARGIN and joint.high < MARGIN:
        return Verdict.EQUIVALENT
    return Verdict.UNDECIDED


def estimate(interval: Interval, unit: Unit, level: float = 0.95) -> Estimate:
    return Estimate(interval.centre, interval.low, interval.high, interval.n, unit, level,
                    interval.reason)


def comparison(group: Measured, leader: str, rival: str, contrast: Contrast) -> Comparison:
    """Compares the leader with a rival."""
    joint = contrast.joint
    verdict = verdict_of(joint)
    return Comparison(
        leader, rival, estimate(contrast.alone, Unit.RATIO), joint.low, joint.high, verdict,
        reason=lacking(group, leader, rival, joint.n) if verdict is Verdict.INVALID else None)


def visible(group: Measured, one: str, two: str) -> float | None:
    """Returns the smallest true ratio that trials with this noise can decide."""
    x, y = group.rates(one), group.rates(two)
    logs = [math.log(x[b] / y[b]) for b in sorted(x.keys() & y.keys())]
    if len(logs) < group.needs:
        return None
    noise = stats.noise_of(logs)
    shared = not math.isnan(group.lag1)
    return stats.smallest_visible(
        len(logs), group.pairs, noise=noise.sd, lag1=group.lag1 if shared else noise.lag1,
        shared=shared, margin=MARGIN)


def with_visible(group: Measured, ranking: Group) -> Group:
    """Adds Comparison.smallest_visible. Only the headline has this value, because it needs a
    simulation."""
    return replace(ranking, comparisons=tuple(
        replace(c, smallest_visible=visible(group, c.map, c.against))
        for c in ranking.comparisons))


def lost(cell: Cell) -> list[str]:
    """Returns the reasons for lost trials with their numbers, such as "1 void"."""
    have = {t.block for t in cell.ok}
    states = {t.block: t.status.value for t in cell.trials
              if t.block not in have and not t.usable}
    counts = [f"{list(states.values()).count(s)} {s}" for s in sorted(set(states.values()))]
    return counts + ([f"{cell.pending} not run yet"] if cell.pending else [])


def lacking(group: Measured, leader: str, rival: str, n: int) -> str:
    """Explains why a comparison has no interval, such as "5 of 6 blocks, 1 void"."""
    parts = lost(group.cells[rival]) + [
        f"{part} of {leader}" for part in lost(group.cells[leader])]
    if not parts:
        parts = [f"{len(group.contenders)} maps need {group.needs}"]
    return f"{n} of {group.cells[rival].factors.blocks} blocks, {', '.join(parts)}"


def judge_all(campaign: Campaign, groups: Sequence[Measured]) -> list[Group]:
    """Computes the rankings of all groups."""
    levels = level_intervals({c.id: c.rates for g in groups for c in g.cells.values()}, shared={
        c.id: g.level_lag1 for g in groups for c in g.cells.values()})
    centres = {id(g): {m: levels[c.id].centre or 0.0 for m, c in g.cells.items()}
               for g in groups}
    leaders = {id(g): next(iter(candidates(g, centres[id(g)])), None) for g in groups}
    known: dict[tuple[int, Pair], Contrast] = {}
    open_groups = list(groups)
    while open_groups:
        known |= contrasts((g, first, m) for g in open_groups
                           for first in [leaders[id(g)]] if first is not None
                           for m in g.contenders
                           if m != first and (id(g), (first, m)) not in known)
        open_groups = [g for g in open_groups
                       if overtaken(g, leaders, centres[id(g)], known)]
    return [judge(campaign, g, leaders[id(g)], known, levels) for g in groups]


def overtaken(group: Measured, leaders: dict[int, str | None], centres: Mapping[str, float],
              known: Mapping[tuple[int, Pair], Contrast]) -> bool:
    """True if a rival was faster in the blocks that both maps have; the rival then replaces the
    leader. A map may have the highest rate only because its trials in a slow phase were lost."""
    first = leaders[id(group)]
    if first is None:
        return False
    for name in candidates(group, centres):
        if name == first:
            continue
        ratio = known[id(group), (first, name)].alone
        tried = (id(group), (name, first)) in known
        if not tried and ratio.n >= group.needs and (ratio.centre or 1.0) < 1.0:
            leaders[id(group)] = name
            return True
    return False


def is_slower_throughout(group: Measured, name: str, leader: str) -> bool:
    """True if each trial of the map was slower than each trial of the leader, and chance cannot
    explain that. Used if the two maps have too few common blocks for an interval."""
    few, many = group.rates(name).values(), group.rates(leader).values()
    chance = 1 / math.comb(len(few) + len(many), len(few))
    return max(few) < min(many) and chance <= ERROR / group.pairs


def judge(campaign: Campaign, group: Measured, leader: str | None,
          known: Mapping[tuple[int, Pair], Contrast], levels: Mapping[str, Interval]) -> Group:
    """Computes the ranking of one group."""
    rivals = [] if leader is None else sorted(
        (comparison(group, leader, m, known[id(group), (leader, m)])
         for m in group.contenders if m != leader),
        key=lambda c: (c.ratio.value or math.inf, c.against))
    decided = [c for c in rivals if c.verdict is not Verdict.INVALID]
    behind = {c.against for c in rivals if leader is not None and (
        c.verdict is Verdict.FASTER or c.verdict is Verdict.INVALID
        and is_slower_throughout(group, c.against, leader))}
    front = () if leader is None else (leader, *sorted(
        c.against for c in rivals if c.against not in behind))
    if leader is None or (rivals and not decided):
        outcome, front = Outcome.OPEN, ()
    elif not rivals:
        outcome = Outcome.ALONE
    else:
        outcome = Outcome.DECIDED if len(front) == 1 else Outcome.TIED
    return Group(group.place, outcome, leader, front, group.needs,
                 entries(campaign, group, leader, rivals, levels), tuple(rivals))


def entries(campaign: Campaign, group: Measured, leader: str | None,
            rivals: Sequence[Comparison], levels: Mapping[str, Interval]) -> tuple[Entry, ...]:
    """Returns a row for each map: ranked maps first, then the others by speed."""
    slower = {c.against: c.ratio for c in rivals}

    def row(name: str) -> Entry:
        cell = group.cells[name]
        rate = (estimate(levels[cell.id], Unit.RATE) if cell.rates else
                unknown(Unit.RATE, cell.reason or "no result"))
        return Entry(name, cell.id, rate, slower.get(name), name in group.ranked,
                     campaign.failed_maps.get(name) or cell.reason, cell.scheduling)
    rows = [row(m) for m in group.cells]
    return tuple(sorted(rows, key=lambda e: (
        not e.ranked, e.map != leader, -(e.rate.value or 0.0), e.map)))
