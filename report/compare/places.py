# SPDX-License-Identifier: Apache-2.0
"""Finds the places (choices of all factors but the map) that machines share, and the ranking
of every machine there.

Speeds of different machines are never divided by each other.
"""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from report.compare.gather import Member
from report.compare.model import BoardRow, Machine
from report.decide.groups import (Measured, Pair, contrasts, headline_order, is_ranked,
                                  judge_all, place_of, verdict_of)
from report.load import Campaign, Cell
from report.model.number import Verdict
from report.model.place import Group, Place


@dataclass(frozen=True)
class Side:
    """One machine at the shared places. `signs` has, for two maps in alphabetical order, +1 if the
    first is faster, -1 if it is slower, and 0 if that is undecided. `signs` is empty if the run
    recommends no map."""
    member: Member
    groups: Mapping[Place, Measured]
    rankings: Mapping[Place, Group]
    signs: Mapping[Place, Mapping[Pair, int]]

    def sign(self, place: Place, one: str, two: str) -> int:
        """Returns the sign for two maps in any order."""
        known = self.signs.get(place, {})
        return known.get((one, two), 0) - known.get((two, one), 0)


def groups_of(campaign: Campaign, instead: Mapping[str, Any]) -> dict[Place, Measured]:
    """Returns the cells at each place. A cell is listed under every place in Cell.known_as, so
    that plans from different machines have places in common. `crowded` (more threads than CPUs)
    depends on the machine, so it is False in the keys. `instead` replaces other factors in the
    keys (Member.instead)."""
    found: dict[Place, Measured] = {}
    for cell in campaign.cells.values():
        if cell.measure == "throughput" and cell.factors.common:
            for place in map(place_of, cell.known_as):
                key = replace(place, crowded=False, **instead)
                group = found.setdefault(key, Measured(place, {}, ()))
                cells: Mapping[str, Cell] = {cell.map: cell} | dict(group.cells)
                found[key] = Measured(
                    place, cells, tuple(m for m in cells if is_ranked(campaign, m)))
    return found


def signs_of(groups: Mapping[Place, Measured]) -> dict[Place, dict[Pair, int]]:
    """Returns the sign for each pair of ranked maps, by intervals that hold jointly for all
    pairs at the place."""
    known = contrasts((g, x, y) for g in groups.values()
                      for x, y in combinations(sorted(g.contenders), 2))
    found: dict[Place, dict[Pair, int]] = {}
    for place, g in groups.items():
        for pair in combinations(sorted(g.contenders), 2):
            verdict = verdict_of(known[id(g), pair].joint)
            found.setdefault(place, {})[pair] = (
                (verdict is Verdict.FASTER) - (verdict is Verdict.SLOWER))
    return found


def sides_of(members: Sequence[Member]) -> tuple[list[Side], list[Place]]:
    """Returns the machines, and the places that two of them have, in the order of the plans."""
    all_groups = [groups_of(m.campaign, m.instead) for m in members]
    order = [place for groups in all_groups for place in groups]
    shared = [p for p in dict.fromkeys(order) if order.count(p) >= min(2, len(members))]
    sides = []
    for member, groups in zip(members, all_groups):
        known = {place: groups[place] for place in shared if place in groups}
        rankings = judge_all(member.campaign, list(known.values()))
        sides.append(Side(member, known, dict(zip(known, rankings)),
                          signs_of(known) if member.recommends else {}))
    return sides, shared


def headline(sides: Sequence[Side], shared: Sequence[Place]) -> Place | None:
    """Returns the place at which most machines rank maps. If there are several, the rule for
    a single campaign decides. The place counts as crowded if it is crowded on any machine."""
    ranked = {place: [s.groups[place] for s in sides
                      if place in s.groups and len(s.groups[place].contenders) > 1]
              for place in shared}
    most = max(map(len, ranked.values()), default=0)
    best = [replace(groups[0], place=replace(place, crowded=any(
        g.place.crowded for g in groups))) for place, groups in ranked.items()
        if groups and len(groups) == most]
    return replace(headline_order(best)[0].place, crowded=False) if best else None


def board(sides: Sequence[Side], head: Place) -> tuple[BoardRow, ...]:
    """Returns the maps that are ranked at the headline place, ordered by their median rank."""
    orders = [[e.map for e in s.rankings[head].entries if e.ranked and e.rate.value]
              for s in sides if head in s.rankings]
    names = {e.map for s in sides if head in s.rankings
             for e in s.rankings[head].entries if e.ranked}

    def rank(name: str) -> tuple[float, str]:
        ranks = sorted(order.index(name) for order in orders if name in order)
        return ranks[len(ranks) // 2] if ranks else len(names), name
    return tuple(BoardRow(name, tuple(
        other for other in sorted(names) if other != name
        and len({s.sign(head, name, other) for s in sides} - {0}) > 1))
        for name in sorted(names, key=rank))


def machine(side: Side, shared: Sequence[Place], folder: str) -> Machine:
    """Builds a column of the table. `folder` is the campaign's folder as comparison.json
    names it."""
    m, plan = side.member, side.member.campaign.plan
    return Machine(
        m.label, m.node, folder, plan.plan_sha256, m.campaign.trials, m.notes, m.differs,
        plan.line_checksum is not None or plan.synthetic, m.result.campaign, m.result.trust,
        tuple(side.rankings.get(p) for p in shared))
