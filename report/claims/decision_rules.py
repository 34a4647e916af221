# SPDX-License-Identifier: Apache-2.0
"""Judges the advice of the articles, such as "read-mostly: sync.Map".

Each piece of advice is a section of decision-rules.txt. The section names the claims that support
the advice (`for`) and the claims that contradict it (`against`). The standing of the advice
(confirmed, corrected or open) depends only on the verdicts on these claims
(docs/reference/claims.md).
"""
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report.claims import agreement, evidence, ledger, rules
from report.claims.model import CellRow, ClaimRow, Kind, Stand, Standing, Verdict, Word
from report.claims.phrases import joined
from report.claims.text import Form, Section, Wrong, read_all, require

FILE = "decision-rules.txt"
NOT_RUN = "not in this run"
NEEDS = ("source", "situation", "advises", "for")


@dataclass(frozen=True)
class Link:
    """A reference from a piece of advice to a claim. `cell` has words that identify one cell of the
    claim; if it is (), the whole claim is meant."""
    id: str
    cell: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.id, *self.cell))


@dataclass(frozen=True)
class Rule:
    """A section of the file. `pair` names two maps if the advice holds only up to the point at
    which the other map becomes faster."""
    id: str
    place: str
    source: str
    situation: str
    advises: str
    grounds: tuple[Link, ...]
    against: tuple[Link, ...]
    pair: tuple[str, ...]


Rules = Mapping[str, Rule]  # by id


# ---- the text -------------------------------------------------------------

def fitting(cell: Sequence[str], names: Iterable[str]) -> list[str]:
    """Returns the names of cells that contain all of these words."""
    return [name for name in names if set(cell) <= set(name.split())]


def link_reader(claims: ledger.Ledger) -> Callable[[str], tuple[Link, ...]]:
    """Returns a parser for texts such as "S4-12, S1-18 gomap_rw"."""
    def one(text: str) -> Link:
        name, *cell = text.split()
        if name not in claims:
            raise Wrong(f"{name}: expected the id of a claim, such as S4-01 "
                        "(readmostly dev claims list); separate ids by commas")
        names = evidence.named(claims[name].each(go=True) or claims[name].each()) if cell else []
        if cell and len(fitting(cell, names)) != 1:
            raise Wrong(f"{text.strip()}: expected words of one of its cells: "
                        f"{'; '.join(names) or 'it has no cell'}")
        return Link(name, tuple(cell))
    return lambda text: tuple(one(part) for part in text.split(","))


def two(text: str) -> tuple[str, str]:
    """Reads the names of two maps. Raises ValueError."""
    base, contender = text.split()
    return base, contender


def form(claims: ledger.Ledger) -> Form:
    links = (link_reader(claims), "ids of claims, separated by commas")
    return Form(id=re.compile(r"D[1-9][0-9]?"), of="a decision rule such as [D1]",
                keys=frozenset({*NEEDS, "against", "pair"}),
                readers={"for": links, "against": links, "pair": (two, "two maps")})


def rule_of(section: Section) -> Rule:
    """Builds a rule from a section. Raises LedgerError."""
    place, name, settings = section
    require(section, "a decision rule", settings.get, NEEDS)
    return Rule(name, place, settings["source"], settings["situation"], settings["advises"],
                settings["for"], settings.get("against", ()), settings.get("pair", ()))


def read(claims: ledger.Ledger, folder: Path | None = None) -> dict[str, Rule]:
    """Reads the rules in a ledger's folder, in the order of the file; none if the file is missing.
    If `folder` is None, reads the folder of this source tree. `claims` is the whole ledger of that
    folder. Raises LedgerError."""
    file = (folder or ledger.FOLDER) / FILE
    return {s.id: rule_of(s) for s in read_all([file] if file.exists() else [], form(claims))}


# ---- the conclusion about one link -------------------------------------------

@dataclass(frozen=True)
class Linked:
    """The verdict on a linked claim, or on all places of the cell that the link names. It is None
    if the claim did not run."""
    link: Link
    verdict: Word | None
    of: str = ""
    how: str = ""
    cells: tuple[CellRow, ...] = ()


def narrowed(verdict: Verdict, link: Link) -> Verdict:
    """Restricts a verdict to the cells that a link names."""
    if not (link.cell and verdict.cells):
        return verdict
    names = fitting(link.cell, [c.where for c in verdict.cells])
    cells = tuple(c for c in verdict.cells if c.where in names)
    word, how = rules.combined("unstated", cells) if cells else (
        Word.NOT_HERE, "it has no such cell")
    return replace(verdict, verdict=word, how=how, cells=cells)


def linked(link: Link, rows: Mapping[str, ClaimRow]) -> Linked:
    """Finds the verdict on a linked claim. In longer modes, one cell of the ledger may represent
    several places, but only in claims whose conditions the article does not state."""
    row = rows.get(link.id)
    if row is None:
        return Linked(link, None)
    found = narrowed(row, link)
    beside = narrowed(row.beside, link) if row.beside else None
    if link.cell and beside and agreement.agree(found, beside) is False:
        return Linked(link, Word.DEPENDS, found.of, "version: " + "; ".join(
            map(agreement.verdict_text, (found, beside))), found.cells)
    return Linked(link, found.verdict, found.of, found.how, found.cells)


def side_holds(cell: CellRow) -> bool:
    """True if the cell is reproduced, or refuted only in its size."""
    return cell.word is Word.REPRODUCED or cell.kind is Kind.SIZE


def contradicts(found: Linked) -> bool:
    """True if the verdict on a claim `against` shows that the advice is wrong: the claim, or at
    least its direction, is reproduced in some cell."""
    return found.verdict in (Word.REPRODUCED, Word.DEPENDS) or (
        found.verdict is Word.REFUTED and any(map(side_holds, found.cells)))


def places(found: Linked) -> str:
    """Lists the outcomes and their places, with equal outcomes joined. If the outcomes differ,
    the claim's own text already lists them."""
    if any(c.word is not found.verdict for c in found.cells):
        return found.how
    texts: dict[str, list[str]] = {}
    for cell in found.cells:
        texts.setdefault(cell.how, []).append(rules.place(cell.where))
    return "; ".join(" ".join(filter(None, (
        how, "at " + joined(filter(None, at)) if any(at) else ""))) for how, at in texts.items()
        ) or found.how


def listed(found: Iterable[Linked]) -> str:
    """Formats the links with their verdicts."""
    return "; ".join(
        f"{one.link} {one.verdict or NOT_RUN}" + (f" (of {one.of})" if one.of else "")
        + (f": {where}" if where else "") for one in found for where in [places(one)])


# ---- standing of a rule ---------------------------------------------------

def standing(rule: Rule, rows: Mapping[str, ClaimRow]) -> tuple[Stand, str]:
    """Returns the standing of a rule, and the reason for it."""
    grounds, against = ([linked(link, rows) for link in links]
                        for links in (rule.grounds, rule.against))
    wrong = [s for s in grounds if s.verdict in (Word.REFUTED, Word.DEPENDS)]
    opposed = [s for s in against if contradicts(s)]
    if wrong or opposed:
        size = not opposed and all(s.cells and all(map(side_holds, s.cells)) for s in wrong)
        parts = (listed(wrong), "against it " + listed(opposed) if opposed else "")
        return Stand.CORRECTED, "in size only: " * size + "; ".join(filter(None, parts))
    missing = [s for s in grounds if s.verdict is not Word.REPRODUCED]
    if missing:
        return Stand.OPEN, listed(missing)
    undecided = [s for s in against if s.verdict is not Word.REFUTED]
    return Stand.CONFIRMED, listed(grounds) + (
        f"; undecided claims against it: {listed(undecided)}" if undecided else "")


def standings(advised: Rules, rows: Iterable[ClaimRow]) -> tuple[Standing, ...]:
    """Derives the standings of all rules from these verdicts."""
    by_name = {row.id: row for row in rows}
    return tuple(Standing(
        r.id, r.source, r.situation, r.advises, tuple(map(str, r.grounds)),
        tuple(map(str, r.against)), r.pair or None, *standing(r, by_name))
        for r in advised.values())
