# SPDX-License-Identifier: Apache-2.0
"""How alike two machines rank.

An order of centres changes with every trial; it enters tau only. A reversal
needs two maps that are each faster on one machine, by intervals that hold
jointly for all pairs of the place.
"""
import math
import statistics
from collections.abc import Sequence
from itertools import combinations

from scipy.stats import kendalltau

from report.compare.model import Agreement, Claim, Reversal
from report.compare.places import Side
from report.model.place import Group, Place
from report.model.result import ClaimRow

ALIKE, REVERSED, OPEN = 1, -1, 0  # product of two signs


def rates(ranking: Group | None) -> dict[str, float]:
    """Ranked maps with a result -> rate."""
    return {e.map: e.rate.value for e in ranking.entries
            if e.ranked and e.rate.value} if ranking else {}


def tau(one: Group, two: Group) -> float | None:
    """Kendall's tau-b of the maps that both rank; None: less than three."""
    first, second = rates(one), rates(two)
    names = sorted(first.keys() & second.keys())
    if len(names) < 3:
        return None
    value = float(kendalltau([first[m] for m in names], [second[m] for m in names])[0])
    return None if math.isnan(value) else value


def agreement(sides: Sequence[Side], shared: Sequence[Place]) -> tuple[Agreement, ...]:
    """One row for two machines that recommend maps."""
    return tuple(agree(i, j, sides[i], sides[j], shared)
                 for i, j in combinations(range(len(sides)), 2)
                 if sides[i].member.recommends and sides[j].member.recommends)


def agree(i: int, j: int, one: Side, two: Side, shared: Sequence[Place]) -> Agreement:
    """The row of two machines."""
    counts = {ALIKE: 0, REVERSED: 0, OPEN: 0}
    taus, reversals, same, places = [], [], 0, 0
    for number, place in enumerate(shared):
        a, b = one.rankings.get(place), two.rankings.get(place)
        if a is None or b is None or not (rates(a) and rates(b)):
            continue
        places += 1
        same += a.leader == b.leader
        taus.append(tau(a, b))
        for x, y in combinations(sorted(rates(a).keys() & rates(b).keys()), 2):
            first, second = one.sign(place, x, y), two.sign(place, x, y)
            counts[first * second] += 1
            if first * second == REVERSED:
                reversals.append(Reversal(number, *((x, y) if first > 0 else (y, x))))
    known = [t for t in taus if t is not None]
    return Agreement(i, j, places, same, counts[ALIKE], counts[REVERSED], counts[OPEN],
                     statistics.median(known) if known else None, tuple(reversals))


def claims(by_machine: Sequence[Sequence[ClaimRow]]) -> tuple[Claim, ...]:
    """One row a claim, in the order of the first machine that tests it."""
    rows = [{c.id: c.verdict for c in of} for of in by_machine]
    articles = {c.id: c.article for of in by_machine for c in of}
    return tuple(Claim(name, article, tuple(of.get(name) for of in rows))
                 for name, article in articles.items())
