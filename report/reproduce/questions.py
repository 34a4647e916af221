# SPDX-License-Identifier: Apache-2.0
"""Lists comparisons of two cells, with the decisions of the first campaign
(docs/reference/comparing.md)."""
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from report.decide import groups
from report.decide.groups import Measured, estimate, verdict_of
from report.load import Campaign, JournalError
from report.model.number import Estimate, Unit, Verdict
from report.model.place import Group, Place

FIGURES = ("headline", "winner", "flip", "forest")
CONTENDER = "syncmap"  # the figure `flip` compares this map with the base


@dataclass(frozen=True)
class Question:
    """The ratio of two cells (over / under): their ids and the names of their maps. `then` is the
    estimate with its 95 % interval."""
    cells: tuple[str, str]
    maps: tuple[str, str]
    place: Place
    then: Estimate
    verdict: Verdict

    @property
    def clear(self) -> bool:
        """True if the interval lies beyond the margin."""
        return self.verdict in (Verdict.FASTER, Verdict.SLOWER)


def of_ranking(ranking: Group) -> Iterator[Question]:
    """Yields the ratio leader / rival for each rival. The leader was chosen from the same data, so
    the verdict uses the interval that holds jointly for all pairs of the group."""
    cells = {e.map: e.cell for e in ranking.entries}
    for c in ranking.comparisons:
        yield Question((cells[c.map], cells[c.against]), (c.map, c.against), ranking.place,
                       c.ratio, c.verdict)


def to_base(measured: Sequence[Measured], base: str, only: str | None) -> Iterator[Question]:
    """Yields the ratio map / base at each place. The pair was chosen before the run, so the verdict
    uses the pair's own 95 % interval. `only` selects one map; None selects every ranked map."""
    pairs = [(g, name, base) for g in measured if base in g.contenders
             for name in g.contenders if name != base and only in (None, name)]
    known = groups.contrasts(pairs)
    for g, name, _ in pairs:
        alone = known[id(g), (name, base)].alone
        yield Question((g.cells[name].id, g.cells[base].id), (name, base), g.place,
                       estimate(alone, Unit.RATIO), verdict_of(alone))


def pair_of(campaign: Campaign, rankings: Sequence[Group]) -> tuple[str, str]:
    """Returns two maps. The first is the base of most cells of the plan or, if they name none, the
    first ranked map. The second is syncmap if it ran, otherwise the fastest other map of the
    headline."""
    ran = [e.map for r in rankings for e in r.entries if e.ranked and e.rate.n]
    planned = Counter(c.factors.base for c in campaign.cells.values() if c.factors.base)
    base = max(sorted(planned), key=lambda b: planned[b]) if planned else min(ran, default="")
    others = [m for m in ran if m != base]
    return base, CONTENDER if CONTENDER in others else next(iter(others), "")


def check(figure: str | None) -> None:
    """Raises JournalError if the figure is unknown."""
    if figure is not None and figure not in FIGURES:
        raise JournalError(f'no figure "{figure}" can be repeated, expected one of '
                           + ", ".join(FIGURES))


def of_campaign(campaign: Campaign, figure: str | None = None) -> list[Question]:
    """Returns the comparisons of a figure (None: of all groups). Each pair occurs once."""
    check(figure)
    measured = groups.headline_order(groups.measured_groups(campaign))
    rankings = groups.judge_all(campaign, measured)
    if figure in ("flip", "forest") and measured:
        base, contender = pair_of(campaign, rankings)
        found = to_base(measured, base, contender if figure == "flip" else None)
    else:
        shown = rankings[:1] if figure == "headline" else rankings
        found = (q for ranking in shown for q in of_ranking(ranking))
    return list({q.cells: q for q in found}.values())


def cells_of(campaign: Campaign, questions: Sequence[Question]) -> list[str]:
    """Returns the ids of the required cells, and of the cells that verify their maps."""
    wanted = {cell for q in questions for cell in q.cells}
    maps = {m for q in questions for m in q.maps}
    return [c.id for c in campaign.planned
            if c.id in wanted or c.measure == "verify" and c.map in maps]
