# SPDX-License-Identifier: Apache-2.0
"""Computes the first screen of the page: the answer, picks, main table and conditions."""
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from report import stats
from report.decide import go_maps
from report.decide.groups import Measured, estimate, judge_all
from report.load import Campaign, Cell
from report.model.cards import Card, Scan
from report.model.number import Estimate, Unit, Verdict, unknown
from report.model.place import Group, Outcome
from report.model.result import (Answer, BoardRow, Condition, Latency, Need, Pick, Scaling,
                                 Winner)

FEW = 32768  # with fewer keys, the page size limits the precision of bytes per entry
PICKS = 6  # most picks that the page shows
Filter = Callable[[Card], bool]
FILTERS: Mapping[Need, Filter] = {
    Need.GROWS: lambda c: c.grows,
    Need.PACKAGE: lambda c: c.package is not None and c.language in ("C", "C++"),
    Need.PACKAGE_WRITERS: lambda c: (c.package is not None and c.many_writers is True
                                     and c.language in ("C", "C++")),
    Need.NO_DUTIES: lambda c: c.duty == "none",
    Need.SCAN: lambda c: c.scan is Scan.MOMENT,
    Need.MEMORY: lambda c: not c.reference,
    Need.LOOKUP: lambda c: not c.reference,
}
RANKED = (Need.GROWS, Need.NO_DUTIES, Need.PACKAGE, Need.PACKAGE_WRITERS, Need.GO,
          Need.SCAN)  # for each of these, the fastest fitting map is picked


def at_threads(groups: Sequence[Measured], group: Measured) -> list[Measured]:
    """Returns the groups that differ from this one only in threads, ordered by threads."""
    like = replace(group.place, threads=0, crowded=False)
    return sorted((g for g in groups if replace(g.place, threads=0, crowded=False) == like),
                  key=lambda g: g.place.threads)


def scalings(groups: Sequence[Measured], headline: Measured) -> dict[str, Scaling]:
    """Returns the rates of each map of the main table at all thread counts."""
    board = at_threads(groups, headline)
    found = {}
    for name in headline.cells:
        cells = [(g.place.threads, g.cells[name]) for g in board
                 if name in g.cells and g.cells[name].rates]
        if not cells:
            continue
        levels = stats.level_intervals({t: c.rates for t, c in cells}, shared={
            g.place.threads: g.level_lag1 for g in board})
        rates = tuple(estimate(levels[t], Unit.RATE) for t, _ in cells)
        at_headline = next((c for t, c in cells if t == headline.place.threads), None)
        gain = (estimate(stats.ratio_interval(at_headline.rates, cells[0][1].rates), Unit.RATIO)
                if at_headline and len(cells) > 1 else None)
        found[name] = Scaling(name, tuple(t for t, _ in cells), rates, gain)
    return found


def bytes_per_entry(cell: Cell, peak: bool = False) -> Estimate:
    """Returns the resident memory per entry, after the fill or at the peak. The memory of the empty
    map is subtracted."""
    values = [value for t in cell.ok if t.result
              for value in [t.result.bytes_per_key(peak)] if value is not None]
    if not values:
        return unknown(Unit.PER_ENTRY, cell.reason or f"{cell.map} reports no memory")
    return estimate(stats.median_of(values), Unit.PER_ENTRY)


def memory(groups: Sequence[Measured], headline: Measured, cards: Mapping[str, Card]
           ) -> dict[str, Estimate]:
    """Returns the bytes per entry of each map. Uses the cells with the fewest threads, because the
    heap of each thread adds memory that is not part of an entry."""
    few = at_threads(groups, headline)[0]
    return {m: bytes_per_entry(c) for m, c in few.cells.items()
            if not cards[m].reference} if few.place.keys >= FEW else {}


def board(group: Group, scaling: Mapping[str, Scaling], used: Mapping[str, Estimate],
          latency: Latency | None) -> tuple[BoardRow, ...]:
    """Builds the main table, in the order of the ranking."""
    medians = {r.map: r.median for r in latency.rows} if latency else {}
    return tuple(BoardRow(e.map, e.rate, e.slower,
                          scaling[e.map].gain if e.map in scaling else None,
                          used.get(e.map), medians.get(e.map)) for e in group.entries)


def answer(group: Group, scaling: Mapping[str, Scaling]) -> Answer:
    """Computes the values for the first sentence of the page."""
    entry = group.entry(group.leader) if group.leader else None
    closest = group.closest
    if closest and group.comparisons[0].verdict is Verdict.INVALID:
        closest = group.comparisons[0]
    seen = [c.smallest_visible for c in group.comparisons if c.smallest_visible]
    return Answer(closest.against if closest else None, closest, entry.rate if entry else None,
                  scaling[entry.map].gain if entry and entry.map in scaling else None,
                  statistics.median(seen) if seen else None)


# ---- filtered rankings -------------------------------------------------------------

def winners(campaign: Campaign, groups: Sequence[Measured], keep: Iterable[str]
            ) -> list[Winner | None]:
    """Returns the fastest of the maps `keep` in each group, or None if no interval decides. If
    there is only one map, it wins."""
    allowed = set(keep)
    small = [replace(g, ranked=tuple(m for m in g.ranked if m in allowed)) for g in groups]
    found: list[Winner | None] = []
    for ranking in judge_all(campaign, small):
        entry = ranking.entry(ranking.leader) if ranking.leader else None
        decided = ranking.outcome in (Outcome.DECIDED, Outcome.TIED, Outcome.ALONE)
        found.append(Winner(ranking.front, entry.rate) if entry and decided else None)
    return found


def fitting(cards: Mapping[str, Card], need: Need) -> list[str]:
    """Returns the ids of the maps that fulfil a need; of Go's maps, only the newest compiler's."""
    newest, *older = go_maps.by_compiler(cards) or [()]
    if need is Need.GO:
        return list(newest)
    return [name for name, card in cards.items() if FILTERS[need](card)
            and not any(name in names for names in older)]


def conditions(campaign: Campaign, groups: Sequence[Measured], rankings: Sequence[Group],
               cards: Mapping[str, Card]) -> tuple[tuple[Condition, ...], tuple[int, ...]]:
    """Returns the winners in all groups by need, and the indices of groups without a winner."""
    columns = [winners(campaign, groups, cards)] + [
        winners(campaign, groups, fitting(cards, need))
        for need in (Need.GROWS, Need.PACKAGE)]
    rows, undecided = [], []
    for i, (ranking, *found) in enumerate(zip(rankings, *columns)):
        if ranking.outcome in (Outcome.DECIDED, Outcome.TIED):
            rows.append(Condition(i, ranking.place, *found))
        else:
            undecided.append(i)
    return tuple(rows), tuple(undecided)


def picks(campaign: Campaign, headline: Measured, rows: Sequence[BoardRow],
          cards: Mapping[str, Card]) -> tuple[Pick, ...]:
    """Picks the best map for each need that the leader does not fulfil."""
    leader = next((r.map for r in rows), None)
    rate = {r.map: r.rate for r in rows}
    found = []
    for need in RANKED:
        fit = fitting(cards, need)
        if leader in fit:
            continue
        [winner] = winners(campaign, [headline], fit)
        if winner:
            found.append(Pick(need, winner.maps, winner.rate,
                              tuple(rate[m] for m in winner.maps)))
    for need, numbers in ((Need.MEMORY, [r.memory for r in rows]),
                          (Need.LOOKUP, [r.lookup for r in rows])):
        fit = fitting(cards, need)
        known = [(e.value, r.map, e, r) for e, r in zip(numbers, rows)
                 if r.map in fit and e is not None and e.value]
        if len(known) > 1:
            known.sort(key=lambda k: k[:2])
            _, _, smallest, _ = known[0]
            tied = [k for k in known[1:] if smallest.high is not None
                    and k[2].low is not None and k[2].low <= smallest.high]
            front = [known[0], *tied]
            found.append(Pick(need, tuple(k[1] for k in front), smallest,
                              tuple(k[3].rate for k in front)))
    return tuple(found[:PICKS])


def window_ns(headline: Measured) -> int:
    """Returns the median window length of the headline's cells."""
    return int(statistics.median(c.factors.window_ns for c in headline.cells.values()))
