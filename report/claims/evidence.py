# SPDX-License-Identifier: Apache-2.0
"""What a campaign has for a claim: the values of its cells, by block.

Cells and statistics are written as in docs/articles/figures.tsv and taken
by report/articles.py; nothing is decided here.
"""
import math
from dataclasses import dataclass


from report import articles, stats

FOLDS = ("sum", "most", "least")


@dataclass(frozen=True)
class Evidence:
    """One of a claim's cells, or pair of cells."""
    where: str  # as the ledger has it
    cells: tuple = ()  # ids: subject, against
    values: tuple = ()  # (block, value): a ratio where there are two cells
    total: float | None = None  # subject's statistic, added over its trials
    against: float | None = None  # the same of against
    base: float | None = None  # centre of against, where there is a ratio
    trials: int = 0  # of the subject
    measure: str = ""
    reason: str = ""  # why there are no values
    planned: bool = True


def figure_of(claim, where, subject, against):
    return articles.Figure(
        row=claim.id, what=claim.says, workload=claim.workload, where=where,
        subject=subject, against=against, statistic=claim.statistic,
        unit="1", article=claim.article)


def totals(sides):
    """What each side's trials add up to."""
    return [sum(above for above, _ in blocks.values()) for _, blocks in sides]


def centre(blocks):
    """Pseudo-median of one side's values; None where one is 0 or less."""
    found = [articles.quotient(*v) for v in blocks.values()]
    if not found or min(found) <= 0:
        return None
    return stats.summarize({0: found})[0]["centre"]


def of_cells(campaign, claim, where, subject, against):
    """Values by block of a cell or a pair; articles.Missing."""
    figure = figure_of(claim, where, subject, against)
    sides = [articles.blocks_of(campaign, figure, s)
             for s in figure.cells_wanted()]
    added = totals(sides)
    return Evidence(
        where, tuple(cell.id for cell, _ in sides),
        tuple(articles.by_block(sides).items()), added[0],
        added[1] if len(added) > 1 else None,
        centre(sides[1][1]) if len(sides) > 1 else None,
        len(sides[0][1]), sides[0][0].measure)


def counted(campaign, claim, where, subject, against):
    """The same for rules that only add up: a quotient may not exist."""
    figure = figure_of(claim, where, subject, against)
    sides = [articles.blocks_of(campaign, figure, s)
             for s in figure.cells_wanted()]
    added = totals(sides)
    return Evidence(where, tuple(cell.id for cell, _ in sides), (), added[0],
                    added[1] if len(added) > 1 else None, None,
                    len(sides[0][1]), sides[0][0].measure)


def along(campaign, claim, where, subject, against):
    """One slope for each block, over the cells that differ in claim.axis."""
    figure = figure_of(claim, where, subject, against)
    values = {articles.as_written(getattr(c, claim.axis)):
              getattr(c, claim.axis)
              for c in articles.cells_for(campaign, figure, subject)}
    if len(values) < 3:
        raise articles.Missing(f"{len(values)} values of {claim.axis}, "
                               "expected 3")
    parts = [(x, of_cells(campaign, claim, f"{where} {claim.axis}={text}",
                          subject, against)) for text, x in
             sorted(values.items(), key=lambda item: item[1])]
    curves = {}
    for x, part in parts:
        for block, value in part.values:
            curves.setdefault(block, []).append((x, value))
    whole = {b: curve for b, curve in curves.items()
             if len(curve) == len(parts) and min(v for _, v in curve) > 0}
    if not whole:
        raise articles.Missing("no block has every value of " + claim.axis)
    return Evidence(
        where, tuple(c for _, part in parts for c in part.cells),
        tuple(zip(sorted(whole), map(float, stats.block_slopes(
            [x for x, _ in parts],
            [[v for _, v in whole[b]] for b in sorted(whole)])))),
        trials=sum(part.trials for _, part in parts),
        measure=parts[0][1].measure)


def planned(campaign, claim, where, subject, against):
    figure = figure_of(claim, where, subject, against)
    return all(articles.cells_for(campaign, figure, side)
               for side in figure.cells_wanted())


def of_claim(campaign, claim, subject=None, against=None):
    """[Evidence] of each of its cells; Go's own maps by naming them."""
    subject = claim.subject if subject is None else subject
    against = claim.against if against is None else against
    take = along if claim.rule == "slope" else counted \
        if claim.rule in ("never", "can-happen") else of_cells
    found = []
    for where in claim.cells:
        if not planned(campaign, claim, where, subject, against):
            found.append(Evidence(where, reason="not in this run",
                                  planned=False))
            continue
        try:
            found.append(take(campaign, claim, where, subject, against))
        except articles.Missing as missing:
            found.append(Evidence(where, reason=str(missing)))
    return found


def logs(evidence):
    """ln of its values, by block, without those of 0 or less."""
    return {block: math.log(value) for block, value in evidence.values
            if value > 0}
