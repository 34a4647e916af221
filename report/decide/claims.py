# SPDX-License-Identifier: Apache-2.0
"""Lists the published claims, and the figures of articles, that a campaign measured."""
import re
from collections.abc import Iterator, Sequence

from report.claims import articles, decide, ledger, rules
from report.claims.articles import Answer, Figure
from report.claims.model import CellRow, Document
from report.claims.model import ClaimRow as Decision
from report.claims.statistic import REPLAYED, Data, events_of, parse
from report.decide.trust import is_disturbed
from report.load import Campaign, Cell
from report.model.number import Estimate, Unit, unknown
from report.model.result import ClaimRow
from report.model.table import Table, Value

ARTICLES = "articles"  # a mode whose name begins with this word measures the figures of articles
COLUMNS = ("id", "article", "statement", "verdict", "of", "how", "value", "low", "high", "n",
           "against", "cell", "reason", "rule", "setting", "grade")
FIGURES = ("row", "figure", "published", "value", "least", "most", "unit", "n", "counted",
           "numbers", "note", "source", "cell", "reason")
UNITS = {"x": Unit.RATIO, "%": Unit.PERCENT, "ns": Unit.TIME, "bytes": Unit.BYTES,
         "1/s": Unit.RATE}  # units of figures; all others are Unit.COUNT
PORT = re.compile(r"\bport\b")  # found in the label of a C port of a Go map


# ---- claims -----------------------------------------------------------------

def document(campaign: Campaign) -> Document | None:
    """Returns the verdicts, or None if the campaign was not made for claims."""
    return decide.of_campaign(campaign) if decide.made_for(campaign) else None


def unit_of(claim: ledger.Claim) -> Unit:
    """Returns the unit of a claim's values."""
    if claim.against and claim.rule != "slope":
        return Unit.RATIO
    parsed = parse(claim.statistic)
    if (parsed.above, parsed.below) == (("ops",), ("elapsed_s",)):
        return Unit.RATE
    if parsed.above[0].endswith("_ns") and not set(parsed.below) - {"ops"}:
        return Unit.TIME
    return Unit.BYTES if "bytes" in parsed.above[0] and not parsed.below else Unit.COUNT


def estimate(cells: Sequence[CellRow], unit: Unit) -> Estimate | None:
    """Returns the value and interval of the first cell that has a value."""
    return next((Estimate(c.value, c.low, c.high, c.n, unit, rules.LEVEL,
                          "no interval" if c.low is None else None)
                 for c in cells if c.value is not None), None)


def claim_rows(found: Document | None) -> tuple[ClaimRow, ...]:
    """Returns a row for each claim of the run."""
    known = ledger.read()
    return tuple(ClaimRow(r.id, r.article, r.verdict.value, r.of or None,
                          estimate(r.cells, unit_of(known[r.id])), r.how or None)
                 for r in (found.claims if found else ()))


def cells_of(row: Decision) -> Iterator[tuple[Value, ...]]:
    """Yields a row for each cell of the verdict, of the verdict on the other Go version, and of
    the verdict on the port. A claim without cells also has one row."""
    grade = ": ".join(filter(None, (row.grade, row.weakened_by)))
    tail = (row.instead or None, row.rule, row.setting or None, grade)
    head = (row.id, row.article, row.says)
    if not row.cells:
        yield (*head, row.verdict.value, row.of or None, row.how, *[None] * 6, *tail)
    for verdict in filter(None, (row, row.beside, row.port)):
        for c in verdict.cells:
            how = f"{rules.place(c.where)}: {c.word}" + (f", {c.how}" if c.how else "")
            yield (*head, verdict.verdict.value, verdict.of or None, how, c.value, c.low, c.high,
                   c.n, c.against_value, " / ".join(c.cells), *tail)


# ---- figures of articles ------------------------------------------------------

def numbers(answer: Answer) -> str | None:
    """Returns the source of the numbers, or None if the figure is missing."""
    measures = {c.measure for c in answer.cells}
    names = {f"counter.{e.metric}" for c in answer.cells for t in c.ok for e in events_of(t)
             if e.quality == REPLAYED}
    if answer.value is None:
        return None
    if any(m.startswith("simulated:") for m in measures):
        return "simulated"
    if names & parse(answer.figure.statistic).names:
        return REPLAYED
    return "counters" if "counters" in measures else "native"


def note(answer: Answer) -> str | None:
    """Returns the reason for which the figure must not be compared with the article's, or None."""
    if numbers(answer) not in ("native", "counters"):
        return None
    trials = [(cell, t) for cell in answer.cells for t in cell.ok]
    disturbed = sum(is_disturbed(cell, t) for cell, t in trials)
    notes = ["1 trial"] if answer.n == 1 else []
    if disturbed:
        notes.append(f"{disturbed} of {len(trials)} trials disturbed")
    return ", ".join(notes) or None


def value_of(answer: Answer) -> Estimate:
    """Returns the figure with its interval."""
    unit = UNITS.get(answer.figure.unit, Unit.COUNT)
    factor = 100.0 if unit is Unit.PERCENT else 1.0
    if answer.value is None:
        return unknown(unit, answer.reason)
    low, high = (None if end is None else factor * end for end in (answer.low, answer.high))
    return Estimate(factor * answer.value, low, high, answer.n, unit,
                    reason="no interval" if low is None else None)


def source(campaign: Campaign, figure: Figure, cells: Sequence[Cell]) -> str:
    """Describes the workload, cells and statistic, and whether a map is a port."""
    port = any(PORT.search(campaign.maps[c.map].label) for c in cells)
    return (f"{figure.workload}, {figure.where}: {' ÷ '.join(figure.query.sides)}; "
            f"{figure.statistic}" + "; a port in C, not Go's own" * port)


def figure_rows(data: Data) -> Iterator[tuple[Value, ...]]:
    """Yields a row for each figure of which the campaign has cells."""
    for figure in articles.read():
        if not data.cells.planned(figure.query):
            continue
        a = articles.answer(data, figure)
        yield (figure.row, figure.what, figure.article, value_of(a), a.least, a.most, figure.unit,
               a.n, a.of, numbers(a), note(a), source(data.campaign, figure, a.cells),
               " / ".join(c.id for c in a.cells), a.reason or None)


def tables(campaign: Campaign, found: Document | None) -> tuple[Table, ...]:
    """Returns the tables of campaigns that were made for claims or articles."""
    claims = Table("claims", COLUMNS, tuple(
        cells for row in found.claims for cells in cells_of(row))) if found else None
    if not found and not (campaign.plan.mode or "").startswith(ARTICLES):
        return ()
    figures = Table("articles", FIGURES, tuple(figure_rows(Data(campaign))))
    return (claims, figures) if claims else (figures,)
