# SPDX-License-Identifier: Apache-2.0
"""Compares the rankings of two machines.

The order of the measured speeds changes with every trial. Two machines therefore disagree on two
maps only if a different map is faster on each. Intervals that hold jointly for all pairs of maps at
the place decide which map is faster.
"""
from collections.abc import Sequence
from itertools import combinations

from report.compare.model import Agreement, Claim, Reversal
from report.compare.places import Side
from report.model.place import Group, Place
from report.model.result import ClaimRow

ALIKE, REVERSED, OPEN = 1, -1, 0  # product of the signs of a pair of maps on two machines


def ranked(ranking: Group) -> set[str]:
    """Returns the ranked maps that have a result."""
    return {e.map for e in ranking.entries if e.ranked and e.rate.n}


def agreement(sides: Sequence[Side], shared: Sequence[Place]) -> tuple[Agreement, ...]:
    """Returns one row for each pair of machines that recommend maps."""
    return tuple(agree(i, j, sides[i], sides[j], shared)
                 for i, j in combinations(range(len(sides)), 2)
                 if sides[i].member.recommends and sides[j].member.recommends)


def agree(i: int, j: int, one: Side, two: Side, shared: Sequence[Place]) -> Agreement:
    """Builds the row for two machines."""
    counts = {ALIKE: 0, REVERSED: 0, OPEN: 0}
    reversals, same, places = [], 0, 0
    for number, place in enumerate(shared):
        a, b = one.rankings.get(place), two.rankings.get(place)
        if a is None or b is None or not (ranked(a) and ranked(b)):
            continue
        places += 1
        same += a.leader == b.leader
        for x, y in combinations(sorted(ranked(a) & ranked(b)), 2):
            first, second = one.sign(place, x, y), two.sign(place, x, y)
            counts[first * second] += 1
            if first * second == REVERSED:
                reversals.append(Reversal(number, *((x, y) if first > 0 else (y, x))))
    return Agreement(i, j, places, same, counts[ALIKE], counts[REVERSED], counts[OPEN],
                     tuple(reversals))


def claims(by_machine: Sequence[Sequence[ClaimRow]]) -> tuple[Claim, ...]:
    """Returns one row for each claim, in the order of the first machine that tests it."""
    rows = [{c.id: c.verdict for c in verdicts} for verdicts in by_machine]
    articles = {c.id: c.article for verdicts in by_machine for c in verdicts}
    return tuple(Claim(name, article, tuple(verdicts.get(name) for verdicts in rows))
                 for name, article in articles.items())
