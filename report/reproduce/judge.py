# SPDX-License-Identifier: Apache-2.0
"""Decides whether a second campaign replicates the clear comparisons of a first one. The rules were
fixed before any repetition (docs/reference/comparing.md)."""
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from report import stats
from report.compare import admit
from report.compare.setup import Difference, differences
from report.decide.groups import estimate, verdict_of
from report.load import Campaign, Cell
from report.model.number import Estimate, Unit, Verdict, unknown
from report.model.place import Place
from report.model.trust import Trust
from report.reproduce.questions import Question

FORMAT = 2


class Word(str, Enum):
    """The verdict on a comparison. A comparison that the first campaign decided is `replicated` if
    the second 95 % interval also lies beyond the margin on the same side, `opposite` if it lies
    beyond the margin on the other side, and otherwise `unclear`, with a reason."""
    REPLICATED = "replicated"
    OPPOSITE = "opposite"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class Row:
    """The ratio over / under in both campaigns. `cells` has the ids in the first campaign."""
    over: str
    under: str
    place: Place
    cells: tuple[str, ...]
    then: Estimate
    now: Estimate
    word: Word
    reason: str | None


@dataclass(frozen=True)
class Count:
    """The number of rows with each verdict."""
    replicated: int
    opposite: int
    unclear: int


@dataclass(frozen=True)
class Reproduction:
    """The content of reproduction.json, from which docs/reproduction.schema.json is generated.

    - old, new: names of the campaigns
    - figure: None if all groups were requested
    - finished: true if no trial of the new campaign is pending
    - synthetic: true if a program wrote the new campaign
    - trust: verdict on the new campaign; with NOT, no row is judged
    - open: number of comparisons that the first campaign did not decide
    """
    format: int
    kind: str
    old: str
    new: str
    old_plan_sha256: str | None
    new_plan_sha256: str | None
    figure: str | None
    finished: bool
    synthetic: bool
    trust: Trust
    count: Count
    open: int
    rows: tuple[Row, ...]
    setup: tuple[Difference, ...]


def cells_by_id(campaign: Campaign) -> dict[str, Cell]:
    """Returns the cells by id, including the ids of cells that run as another cell."""
    cells = dict(campaign.cells)
    for pair in campaign.plan.same:
        cells.setdefault(pair.id, campaign.cells[pair.runs_as])
    return cells


def why_not(old: Campaign, new: Campaign, cells: Mapping[str, Cell], name: str) -> str:
    """Explains why the second campaign lacks a cell of the first. Returns "" if it has the cell."""
    cell, first = cells.get(name), old.cells[name]
    if first.map not in new.maps:
        return f"{first.map}: not in this build"
    if cell is None:
        return f"{first.map}: no such cell here"
    factor = admit.differs(first.factors, cell.factors)
    if factor and name in new.cells:
        return f"{first.map}: {factor} differs"
    if first.map in new.failed_maps:
        return f"{first.map}: failed verification here"
    return f"{first.map}: {cell.reason}" if cell.reason else ""


def word_of(then: Verdict, now: Verdict) -> Word:
    """Compares two verdicts, of which `then` is faster or slower."""
    if now not in (Verdict.FASTER, Verdict.SLOWER):
        return Word.UNCLEAR
    return Word.REPLICATED if now is then else Word.OPPOSITE


def row_of(old: Campaign, new: Campaign, q: Question, cells: Mapping[str, Cell],
           trust: Trust) -> Row:
    """Judges one clear comparison."""
    reason = why_not(old, new, cells, q.cells[0]) or why_not(old, new, cells, q.cells[1])
    now, word = unknown(Unit.RATIO, reason), Word.UNCLEAR
    if not reason:
        interval = stats.ratio_interval(cells[q.cells[0]].rates, cells[q.cells[1]].rates)
        now = estimate(interval, Unit.RATIO)
        if interval.low is None:
            reason = "no interval here"
        elif trust is Trust.NOT:
            reason = "this run recommends no map"
        else:
            word = word_of(q.verdict, verdict_of(interval))
            reason = "its interval here overlaps the margin" * (word is Word.UNCLEAR)
    return Row(*q.maps, q.place, q.cells, q.then, now, word, reason or None)


def judge(old: Campaign, new: Campaign, questions: Sequence[Question], figure: str | None,
          trust: Trust) -> Reproduction:
    """Judges all comparisons; `trust` is the verdict on the new campaign."""
    cells = cells_by_id(new)
    rows = tuple(row_of(old, new, q, cells, trust) for q in questions if q.clear)
    words = [r.word for r in rows]
    return Reproduction(
        FORMAT, "reproduction", old.name, new.name, old.plan.plan_sha256, new.plan.plan_sha256,
        figure, new.complete, new.plan.synthetic, trust,
        Count(*(words.count(word) for word in Word)), len(questions) - len(rows), rows,
        differences(old, new, {m for q in questions for m in q.maps}))
