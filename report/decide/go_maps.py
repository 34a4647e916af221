# SPDX-License-Identifier: Apache-2.0
"""Ranks Go's maps for the headline, separately for each compiler. Maps go_X are compiled by
the newest Go on the machine, go_classic_X by a Go that has the classic maps, and go_other_X by
the Go that the variable GO names."""
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from report.decide import groups
from report.decide.groups import Measured
from report.load import Campaign
from report.model.cards import Card, parts_of
from report.model.number import Comparison, Verdict
from report.model.place import Outcome
from report.model.result import GoAnswer

PAIR = ("sync_map", "map_rw")
PORTS = ("syncmap", "gomap_rw")


def order_of(version: str | None) -> list[int]:
    """Converts "1.26.1" to [1, 26, 1]; returns [] if the version is unknown."""
    return [int(number) for number in re.findall(r"\d+", version or "")[:3]]


def by_compiler(cards: Mapping[str, Card]) -> list[tuple[str, ...]]:
    """Returns the ids of the maps of each compiler, the newest compiler first."""
    found: dict[str, tuple[str, ...]] = {}
    for name, card in cards.items():
        if card.design and not card.reference:
            arm, _ = parts_of(name)
            found[arm] = (*found.get(arm, ()), name)
    return sorted(found.values(), key=lambda names: order_of(cards[names[0]].version),
                  reverse=True)


def pair_of(group: Measured) -> Comparison | None:
    """Compares sync.Map with map+RWMutex, the faster first. Returns None if one of them has no
    result."""
    arm, _ = parts_of(group.contenders[0])
    one, two = (arm + name for name in PAIR)
    if not {one, two} <= set(group.contenders):
        return None
    both = groups.contrasts([(group, one, two), (group, two, one)])
    return max((groups.comparison(group, over, under, contrast)
                for (_, (over, under)), contrast in both.items()),
               key=lambda c: c.ratio.value or 0.0)


def designs(names: Iterable[str]) -> frozenset[str]:
    """Returns the names of maps without the part that identifies the compiler."""
    return frozenset(parts_of(name)[1] for name in names)


def faster(pair: Comparison | None) -> frozenset[str]:
    """Returns the faster map of the pair, if that is decided."""
    return designs([pair.map]) if pair and pair.verdict is Verdict.FASTER else frozenset()


def differ(one: GoAnswer, two: GoAnswer, same_maps: bool) -> bool:
    """True if the compilers have different faster maps of the pair or, for the same maps, other
    leaders."""
    return faster(one.pair) != faster(two.pair) or (
        same_maps and designs(one.front) != designs(two.front))


def answers(campaign: Campaign, headline: Measured, cards: Mapping[str, Card]
            ) -> tuple[GoAnswer, ...]:
    """Ranks the maps of each compiler that has a result at the headline's place."""
    small = [replace(headline, ranked=tuple(m for m in headline.ranked if m in names))
             for names in by_compiler(cards)]
    small = [group for group in small if group.contenders]
    releases = [cards[group.contenders[0]].release for group in small]
    found: list[GoAnswer] = []
    for group, ranking in zip(small, groups.judge_all(campaign, small)):
        card, cell = cards[group.contenders[0]], group.cells[group.contenders[0]]
        version = card.version if releases.count(card.release) > 1 else card.release
        decision = GoAnswer(version or "of unknown version",
                            cell.factors.goroutines if cell.scheduling else None, ranking.outcome,
                            ranking.front, ranking.closest, pair_of(group), False)
        same = designs(group.contenders) == designs(small[0].contenders)
        found.append(replace(decision, differs=decision.outcome is not Outcome.OPEN and any(
            differ(decision, newest, same) for newest in found[:1])))
    return tuple(found)


def is_open(headline: Measured, found: Sequence[GoAnswer]) -> bool:
    """True if the C ports of the pair ran, but none of Go's own maps."""
    return not found and set(PORTS) <= set(headline.contenders)
