# SPDX-License-Identifier: Apache-2.0
"""Compares the trials of base and head and decides the verdict (docs/method/gate.md)."""
import json
import re
from collections.abc import Mapping, Sequence

from report.ending import InputError
from report.exact.model import About, Cell, Differences, Figures, Row, Verdict, Word
from report.exact.read import TOTALS

LAYOUT = "globals"  # memory region of global variables, which unrelated code moves
NUMBER = r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]?\d+)?"  # a JSON number
FIGURE = re.compile(rf"(\S+) ({NUMBER}) -> ({NUMBER})")
LINE = re.compile(rf"Counts: (\S+) ({FIGURE.pattern}(?:, {FIGURE.pattern})*): (\S.*)")
Accepted = Mapping[str, Sequence[tuple[Differences, str]]]  # maps a cell to (figures, reason)


def accepted_of(message: str) -> tuple[Accepted, tuple[str, ...]]:
    """Parses the `Counts:` lines of all commit messages, oldest first. Returns the accepted
    differences by cell, and the lines that cannot be parsed."""
    found: dict[str, list[tuple[Differences, str]]] = {}
    odd = []
    for line in message.splitlines():
        if not line.startswith("Counts:"):
            continue
        match = LINE.fullmatch(line.rstrip())
        if not match:
            odd.append(line)
            continue
        found.setdefault(match[1], []).append((
            {f[0]: (json.loads(f[1]), json.loads(f[2])) for f in FIGURE.findall(match[2])},
            match[match.lastindex or 0]))
    return found, tuple(odd)


def reasons_for(lines: Sequence[tuple[Differences, str]], named: Differences,
                base: Figures) -> str | None:
    """Returns the reason for accepting this difference between head and base, or None. Each line
    gives the change that one commit makes to the figures. The changes of successive commits must
    together turn base's figures into head's; unrelated lines have no effect."""
    reached = {frozenset[tuple[str, float]](): ""}  # changed figures -> reason
    for figures, reason in lines:
        for now, why in list(reached.items()):
            known = dict(base) | dict(now)
            if all(known.get(n) == b for n, (b, _) in figures.items()):
                known |= {n: h for n, (_, h) in figures.items()}
                new = frozenset(i for i in known.items() if i[1] != base[i[0]])
                reached.setdefault(new, f"{why}; {reason}" if why else reason)
    return reached.get(frozenset((n, head) for n, (_, head) in named.items()))


def is_layout(differ: Differences) -> bool:
    """True if only the figures of the region of global variables changed, and the totals that
    include this region. Accesses, statistics and all other regions are equal."""
    return any(n.startswith(LAYOUT + ".") for n in differ) and all(
        n.startswith(LAYOUT + ".") or n in TOTALS for n in differ)


def judge(cell: Cell, accepted: Accepted) -> Row:
    """Decides the verdict on one cell."""
    if cell.base is None or cell.head is None:
        return Row(cell.planned, Word.SAME, None, None, {}, None, ())
    base, head = cell.base.figures, cell.head.figures

    def row(word: Word, reason: str | None, differ: Differences = {}) -> Row:
        unpaired = sorted(set(base) ^ set(head)) if base and head else ()
        return Row(cell.planned, word, base, head, differ, reason, tuple(unpaired))
    if head is None:
        return row(Word.RED, f"head {cell.head.reason}")
    if base is None:
        return row(Word.ONLY_HEAD, f"base {cell.base.reason}")
    differ = {n: (base[n], head[n]) for n in base if n in head and base[n] != head[n]}
    if not differ:
        return row(Word.EQUAL, None)
    if is_layout(differ):
        return row(Word.LAYOUT, None, differ)
    lines = accepted.get(cell.planned.name, ())
    red = row(Word.RED, "the commit messages accept other figures" if lines else None, differ)
    reasons = reasons_for(lines, red.named, base)
    return row(Word.ACCEPTED, reasons, differ) if reasons else red


def check_comparable(cells: Sequence[Cell]) -> None:
    """Raises InputError if base ran no request, or if head could not read any request and therefore
    uses another trial protocol. If the trials of head only fail, head is comparable and gets a
    verdict."""
    for arm, words in (("base", ""), ("head", "ended with status 2")):
        answers = [answer for cell in cells
                   if (answer := cell.base if arm == "base" else cell.head) is not None]
        reasons = [answer.reason or "" for answer in answers if answer.figures is None]
        if answers and len(reasons) == len(answers) and all(
                reason.startswith(words) for reason in reasons):
            raise InputError(f"{arm} answers none of the {len(answers)} requests: {reasons[0]}; "
                             "expected a commit with this trial protocol and these maps")


def decide(cells: Sequence[Cell], about: About, message: str) -> Verdict:
    """Decides the verdict on the whole run."""
    check_comparable(cells)
    accepted, odd = accepted_of(message)
    rows = tuple(judge(cell, accepted) for cell in cells)
    red = {row.planned.name for row in rows if row.verdict == Word.RED}
    used = {row.planned.name for row in rows if row.verdict == Word.ACCEPTED}
    return Verdict(
        Word.RED if red else Word.ACCEPTED if used else Word.EQUAL, about,
        ", ".join(sorted({cell.planned.machine for cell in cells})), rows, odd,
        tuple(sorted(set(accepted) - used - red)))
