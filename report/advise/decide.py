# SPDX-License-Identifier: Apache-2.0
"""Computes the answer to a question; text.py turns it into sentences.

The answer is the ranking of the maps that meet the user's needs, at the place in question or at the
measured places around it (report/decide/groups.py).
"""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from report import load
from report.advise import needs, places
from report.advise.places import Reason, Refusal
from report.advise.questions import FACTORS, ORDERED, Spot, spot_of
from report.decide import cards, groups, trust
from report.decide.groups import Measured
from report.load.plan import CLOSED
from report.model.number import Comparison, Verdict
from report.model.place import Group, Outcome
from report.model.trust import Assessment, Question, State, Trust
from report.workload_values import Value

FLIPS = 3  # largest number of printed places at which another map leads


class Word(str, Enum):
    """Kind of answer."""
    DECIDED = "decided"
    TIED = "tied"
    OPEN = "too few runs"
    ALONE = "one map only"
    DEPENDS = "depends"  # measured places around the question have different leaders
    INVALID = "do not use"  # because a control failed
    REFUSED = "refused"


WORDS = {Outcome.DECIDED: Word.DECIDED, Outcome.TIED: Word.TIED, Outcome.OPEN: Word.OPEN,
         Outcome.ALONE: Word.ALONE}


@dataclass(frozen=True)
class Ranked:
    """A place with its ranking of the maps that meet the user's needs."""
    spot: Spot
    measured: Measured
    group: Group

    @property
    def order(self) -> tuple[int, int, str]:
        """Sort key: if several workloads share a place, the workload with the most maps comes
        first."""
        n = min((len(self.measured.rates(m)) for m in self.measured.contenders), default=0)
        return -len(self.measured.contenders), -n, self.group.place.workload


@dataclass(frozen=True)
class Corner:
    """A measured place that the answer uses.

    - second: comparison of the leader with the fastest rival that has an interval; in a tie,
      with the fastest tied map
    - weakest: the comparison with the leader's smallest lead
    - others: rankings of other workloads at the same place that have another leading group
    """
    spot: Spot
    group: Group
    second: Comparison | None
    weakest: Comparison | None
    others: tuple[Group, ...]

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of the cells of the leader and of the second choice."""
        names = [self.group.leader, self.second and self.second.against]
        entries = [self.group.entry(m) for m in names if m]
        return tuple(e.cell for e in entries if e)


@dataclass(frozen=True)
class Flip:
    """The nearest place along a factor at which another map leads."""
    factor: str
    value: Value
    leader: str
    steps: int
    doublings: float
    cell: str


@dataclass(frozen=True)
class Answer:
    """The answer to a question.

    - front: the recommended maps; empty if no map is recommended
    - corners: the measured places that the answer uses
    - between: the factors that differ among the corners
    - known: all measured places
    - lacking: for each map, the needs that it does not meet
    - left: incomplete stages, which are ignored
    - maps: the maps that may be ranked
    """
    question: Spot
    needs: tuple[str, ...]
    campaign: load.Campaign
    left: tuple[str, ...]
    maps: tuple[str, ...]
    lacking: Mapping[str, tuple[str, ...]]
    known: tuple[Spot, ...]
    word: Word = Word.REFUSED
    front: tuple[str, ...] = ()
    corners: tuple[Corner, ...] = ()
    between: tuple[str, ...] = ()
    flips: tuple[Flip, ...] = ()
    trust: Assessment | None = None
    refusal: Refusal | None = None


def rankings(campaign: load.Campaign, lacking: Mapping[str, object]) -> dict[Spot, list[Ranked]]:
    """Returns the rankings that have a result, by place. At each place, the ranking with the most
    maps comes first. A place without writes is listed under every kind of write."""
    measured = [replace(m, ranked=tuple(n for n in m.ranked if n not in lacking))
                for m in groups.measured_groups(campaign) if m.place.loop in CLOSED]
    measured = [m for m in measured if m.contenders]
    found: dict[Spot, list[Ranked]] = {}
    for m, group in zip(measured, groups.judge_all(campaign, measured)):
        spot = spot_of(m.place)
        found.setdefault(spot, []).append(Ranked(spot, m, group))
    for ranked in found.values():
        ranked.sort(key=lambda r: r.order)
    kinds = {s.write_kind for s in found}
    return found | {s._replace(write_kind=kind): ranked for s, ranked in found.items()
                    for kind in kinds if s.write_share == 0}


# ---- the places of the answer -----------------------------------------------------

def corner(spot: Spot, ranked: Sequence[Ranked]) -> Corner:
    """Builds a measured place from its best workload."""
    group = ranked[0].group
    valid = [c for c in group.comparisons if c.verdict is not Verdict.INVALID]
    rivals = [c for c in valid if group.outcome is not Outcome.TIED or c.against in group.front]
    return Corner(spot, group, next(iter(rivals), None),
                  min(valid, key=lambda c: c.low or 0.0) if valid else None,
                  tuple(r.group for r in ranked[1:] if r.group.front != group.front))


def word_of(corners: Sequence[Corner]) -> tuple[Word, tuple[str, ...]]:
    """Combines the outcomes of all corners into one kind of answer. Returns it with the maps that
    it recommends; if the corners disagree, the answer is DEPENDS and recommends no map."""
    outcomes = {c.group.outcome for c in corners}
    for outcome in (Outcome.OPEN, Outcome.ALONE):
        if outcome in outcomes:
            return WORDS[outcome], ()
    if len(outcomes) == len({frozenset(c.group.front) for c in corners}) == 1:
        return WORDS[outcomes.pop()], corners[0].group.front
    return Word.DEPENDS, ()


def flips(known: Mapping[Spot, Sequence[Ranked]], found: Sequence[Spot], target: Spot,
          front: Sequence[str]) -> tuple[Flip, ...]:
    """Finds the nearest measured places at which one map leads and the answer is different. If the
    answer is a tie, a place counts even if its leader is one of the tied maps, because it then
    breaks the tie. Returns only the nearest such place in each direction, sorted by the number of
    measured steps from the question."""
    anchor, result = places.nearest(found, target), []
    for factor in FACTORS:
        for way in places.neighbours(list(known), found, anchor, factor):
            for near in way:
                group = known[near.spot][0].group
                entry = group.entry(group.leader or "")
                if group.outcome is Outcome.DECIDED and entry and (entry.map,) != tuple(front):
                    result.append(Flip(factor, near.spot.value(factor), entry.map, near.steps,
                                       near.doublings, entry.cell))
                    break
    order = (*ORDERED, *FACTORS)
    result.sort(key=lambda f: (f.steps, f.doublings, order.index(f.factor), str(f.value)))
    return tuple(result[:FLIPS])


def trusted(campaign: load.Campaign, ranked: Sequence[Ranked]) -> Assessment:
    """Combines the assessments of the measured places: the worst verdict, and the checks that
    led to it."""
    found: list[Assessment] = []
    for r in ranked:
        tied = r.group.outcome is Outcome.TIED
        group = groups.with_visible(r.measured, r.group) if tied else r.group
        found.append(trust.assess(campaign, r.measured, group))
    verdict = max((a.verdict for a in found), key=trust.ORDER.index)
    bad = {c.question: c for a in found for c in a.checks
           if c.state is not State.PASSED and c.weight is verdict is not Trust.GOOD}
    return Assessment(verdict, next(iter(bad.values()), None), tuple(bad.values()))


def is_invalid(found: Assessment) -> bool:
    """True if a control failed. Too few runs do not count; for these the kind of answer is
    Word.OPEN."""
    return found.verdict is Trust.NOT and any(
        c.question is not Question.POWER for c in found.checks)


def answer(campaign: load.Campaign, target: Spot, wanted: tuple[str, ...] = (),
           left: tuple[str, ...] = (), preset: Sequence[str] = ()) -> Answer:
    """Answers a question from a campaign. `wanted` has the names of the needs, `left` the names of
    the incomplete stages, and `preset` the factors that the question leaves open."""
    planned = cards.all_cards(campaign)
    lacking = needs.unmet(planned, wanted)
    known = rankings(campaign, lacking)
    target = places.completed(list(known), target, preset)
    maps = tuple(sorted(c.id for c in planned
                        if groups.is_ranked(campaign, c.id) and c.id not in lacking))
    base = Answer(target, wanted, campaign, left, maps, lacking, tuple(known))
    if not known:
        return replace(base, refusal=Refusal(Reason.NEEDS if lacking else Reason.NOTHING))
    spots, refusal = places.locate(list(known), target, campaign.plan.machine.cpus)
    if refusal:
        return replace(base, refusal=refusal)
    corners = tuple(corner(s, known[s]) for s in spots)
    trust_of = trusted(campaign, [known[s][0] for s in spots])
    word, front = word_of(corners)
    base = replace(base, corners=corners, between=places.between(spots), trust=trust_of)
    if is_invalid(trust_of):
        return replace(base, word=Word.INVALID)
    more = flips(known, spots, target, front) if front else ()
    return replace(base, word=word, front=front, flips=more)
