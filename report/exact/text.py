# SPDX-License-Identifier: Apache-2.0
"""Prints the exact gate's verdict as text and as JSON."""
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from report.exact.model import Count, Row, Verdict, Word
from report.load import strict_json


def ratio_text(base: Count, head: Count) -> str:
    return f"x {head / base:.5g}" if base else "from none"


def figure_text(name: str, pair: tuple[Count, Count]) -> str:
    return f"{name} {pair[0]} -> {pair[1]} ({ratio_text(*pair)})"


def lines_of_row(row: Row) -> Iterator[str]:
    """Yields the differences of the whole cell, then of its memory regions."""
    first = row.named
    rest = [figure_text(n, v) for n, v in row.differ.items() if n not in first]
    reason = f"; {row.reason}" if row.reason else ""
    yield (f"{row.verdict:9} {row.planned.name}: "
           f"{', '.join(figure_text(*item) for item in first.items())}{reason}")
    if rest:
        yield " " * 10 + ", ".join(rest)


def alike(rows: Sequence[Row]) -> Iterator[str]:
    """Yields the verdicts on cells without figures; cells with the same map and reason share
    a line."""
    groups: dict[tuple[Word, str, str | None], list[str]] = {}
    for row in rows:
        if not row.differ and row.verdict not in (Word.EQUAL, Word.SAME):
            key = row.verdict, row.planned.map, row.reason
            groups.setdefault(key, []).append(row.planned.name)
    for (verdict, name, reason), cells in groups.items():
        what = cells[0] if len(cells) == 1 else f"{name}, {len(cells)} cells"
        yield f"{verdict:9} {what}: {reason}"


def first_line(verdict: Verdict) -> str:
    """Names the verdict, the compared commits and the maps."""
    words = [row.verdict for row in verdict.rows]
    parts = ", ".join(f"{words.count(w)} {w}" for w in sorted(set(words)))
    about = verdict.about
    theirs = f"; {about.map}, Readmostly {about.readmostly}" if about.map else ""
    return (f"{verdict.verdict}: {len(words)} cells: {parts}; base {about.base[:12]} "
            f"({about.base_ref}), head {about.head[:12]}{about.head_changed}; simulated "
            f"{verdict.machines}, {about.compiler}{theirs}")


def notes(verdict: Verdict) -> Iterator[str]:
    """Yields explanations of the table."""
    if any(row.differ and row.planned.threads > 1 and row.verdict != Word.LAYOUT
           for row in verdict.rows):
        yield "band: changes of multi-core counts are one sample (docs/method/simulator.md)"
    if any(row.verdict == Word.LAYOUT for row in verdict.rows):
        yield "layout: globals have other addresses; the accesses are the same"
    unpaired = sorted({n for row in verdict.rows for n in row.unpaired})
    if unpaired:
        yield f"counted by only one arm: {', '.join(unpaired)}"
    for line in verdict.odd_lines:
        yield f"not understood: {line!r}, expected Counts: CELL FIGURE BASE -> HEAD, ...: REASON"
    counted = {row.planned.name for row in verdict.rows}
    for words, cells in (("equal", [c for c in verdict.unused if c in counted]),
                         ("not counted", [c for c in verdict.unused if c not in counted])):
        if cells:
            yield f"accepted, but {words} here: {', '.join(cells)}"


def table(verdict: Verdict) -> str:
    """Formats the verdict for the terminal; equal cells are omitted."""
    lines = [first_line(verdict), *alike(verdict.rows)]
    for row in verdict.rows:
        if row.differ:
            lines += lines_of_row(row)
    return "\n".join([*lines, *notes(verdict)])


def to_accept(verdict: Verdict) -> str:
    """Returns the `Counts:` lines that would accept each failed cell; the user adds reasons."""
    return "".join(
        f"Counts: {row.planned.name} "
        + ", ".join(f"{n} {b} -> {h}" for n, (b, h) in row.named.items()) + ": \n"
        for row in verdict.rows if row.verdict == Word.RED and row.differ)


def document(verdict: Verdict) -> str:
    """Formats all figures as docs/exact.schema.json requires."""
    about = {k: v for k, v in asdict(verdict.about).items()
             if v or k in ("head_changed", "plan")} | {"machine": verdict.machines}
    cells = [{"cell": row.planned.name, "id": row.planned.id, "map": row.planned.map,
              "threads": row.planned.threads, "verdict": row.verdict, "base": row.base,
              "head": row.head, "differ": row.differ, "reason": row.reason,
              "unpaired": row.unpaired} for row in verdict.rows]
    return strict_json.dumps({
        "format": "readmostly-exact", "version": 1, "verdict": verdict.verdict, "about": about,
        "cells": cells, "odd_lines": verdict.odd_lines,
        "unused": verdict.unused}, indent=1, sort_keys=True) + "\n"
