# SPDX-License-Identifier: Apache-2.0
"""What a campaign has for a claim: the values of its cells, by block.

Cells and statistics are written as in docs/articles/figures.tsv and taken
by report/articles.py; nothing is decided here.
"""
import math
from dataclasses import dataclass, replace

from report import articles, stats


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


def by_block(claim, sides, added):
    """((block, value)); of a pair of exact counts none on either side is no
    difference, though nothing can be divided by it."""
    if len(sides) > 1 and claim.numbers == "simulated" and not any(added):
        both = set(sides[0][1]).intersection(sides[1][1])
        return tuple((block, 1.0) for block in sorted(both))
    return tuple(articles.by_block(sides).items())


def taken(campaign, claim, where, subject, against):
    """(sides as articles.blocks_of() has them, what is known of them without
    dividing anything); articles.Missing."""
    figure = figure_of(claim, where, subject, against)
    sides = [articles.blocks_of(campaign, figure, s)
             for s in figure.cells_wanted()]
    if len({cell.id for cell, _ in sides}) < len(sides):
        raise articles.Missing("both sides are one cell on this machine")
    added = totals(sides)
    return sides, Evidence(
        where, tuple(cell.id for cell, _ in sides), total=added[0],
        against=added[1] if len(added) > 1 else None,
        trials=len(sides[0][1]), measure=sides[0][0].measure)


def of_cells(campaign, claim, *place):
    """Values by block of a cell or a pair; articles.Missing."""
    sides, known = taken(campaign, claim, *place)
    return replace(
        known, values=by_block(claim, sides, (known.total, known.against)),
        base=centre(sides[1][1]) if known.against else None)


def counted(*place):
    """The same for rules that only add up: a quotient may not exist."""
    return taken(*place)[1]


def on_axis(value):
    """A factor's value as a number: of a loop its first one."""
    return int(value.split(":")[1]) if isinstance(value, str) else value


def along(campaign, claim, where, subject, against):
    """One slope for each block, over the cells that differ in claim.axis."""
    figure = figure_of(claim, where, subject, against)
    values = {articles.as_written(getattr(c, claim.axis)):
              on_axis(getattr(c, claim.axis))
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


def loose(claim, where):
    """A cell as written, without the factors that the article leaves open."""
    return " ".join(word for word in where.split()
                    if word.partition("=")[0] not in claim.free)


def asked(one, cell):
    """What tells a place from another: the subject's cell, and what its line
    asks of it. Two lines may ask one cell of two statistics."""
    return (cell.id, one.against, one.statistic, one.claimed, one.side)


def elsewhere(campaign, one, known):
    """The same contrast at each further place where the campaign has both
    sides, by the factors that the article leaves open.

    known -- what is asked() already; more are added
    """
    where = loose(one, one.cells[0])
    for cell in articles.cells_for(campaign, figure_of(
            one, where, one.subject, one.against), one.subject):
        place = " ".join(
            [where, *(f"{name}={articles.as_written(getattr(cell, name))}"
                      for name in one.free)])
        if asked(one, cell) not in known and planned(
                campaign, one, place, one.subject, one.against):
            known.add(asked(one, cell))
            yield replace(one, cells=(place,))


def parts(campaign, claim, found):
    """A claim of each cell alone: those of the ledger, then those that a
    longer mode has more, by the factors that the article leaves open; a
    line that fits several of these is only them.

    found -- the ledger's (Claim.each, Claim.varied)
    """
    if not claim.free:
        return found
    fits = [articles.cells_for(campaign, figure_of(
        one, one.cells[0], one.subject, one.against), one.subject)
        for one in found]
    known = {asked(one, cells[0])
             for one, cells in zip(found, fits) if len(cells) == 1}
    return [one for one, cells in zip(found, fits) if len(cells) < 2] + [
        more for one in found for more in elsewhere(campaign, one, known)]


def of_part(campaign, part):
    """Evidence of a claim's cell, or pair of cells (parts())."""
    where, = part.cells
    asked = (campaign, part, where, part.subject, part.against)
    take = along if part.rule == "slope" else counted \
        if part.rule in ("never", "can-happen") else of_cells
    if not planned(*asked):
        return Evidence(where, reason="not in this run", planned=False)
    try:
        return take(*asked)
    except articles.Missing as missing:
        return Evidence(where, reason=str(missing))


def named(ones):
    """What tells the cells of a claim apart: also subjects and statistics,
    where they are not the same in all."""
    pairs = [" / ".join(s for s in (one.subject, one.against) if s)
             for one in ones]
    found = [one.cells[0] for one in ones]
    for own in (pairs, [one.statistic for one in ones]):
        if len(set(own)) > 1:
            found = [f"{name} {word}" for name, word in zip(found, own)]
    return found


def of_parts(campaign, ones):
    """[(the claim of one cell, its Evidence)] of these cells (parts())."""
    return [(one, replace(of_part(campaign, one), where=name))
            for one, name in zip(ones, named(ones))]


def logs(evidence):
    """ln of its values, by block; one of 0 or less lies below every limit,
    and without it what lies above would be surer than it is."""
    return {block: math.log(value) if value > 0 else -math.inf
            for block, value in evidence.values}
