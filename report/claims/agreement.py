# SPDX-License-Identifier: Apache-2.0
"""Compares two verdicts on a claim: for Go and for the C port, or for two versions of Go.

Verdicts agree if their words are equal and the ratio of each cell lies on the same side of 1 in
both, because two refuted claims may rank the maps in opposite orders. For each claim on which Go
and the port differ, the sentence gives the cause. If removing a suspected cause from the port (the
variant of the ledger) gives the verdict on Go, that cause is named. Otherwise the cause is
"unexplained" (docs/reference/claims.md).
"""
from collections.abc import Sequence

from report.claims.ledger import Claim
from report.claims.model import DECIDED, CellRow, ClaimRow, Kind, Variant, Verdict, Word
from report.claims.phrases import count, joined, plural

UNEXPLAINED = "unexplained"
CERTAIN = (Word.REPRODUCED, Word.REFUTED)


def side(cell: CellRow) -> int | None:
    """Returns on which side of 1 a ratio lies: 1, -1, or 0 for no difference. Returns None if the
    cell is not a ratio, or if the interval contains 1."""
    if cell.kind is Kind.NO_DIFFERENCE:
        return 0
    if len(cell.cells) != 2 or cell.low is None or cell.high is None:
        return None
    return 1 if cell.low > 1 else -1 if cell.high < 1 else None


def differ(one: CellRow, other: CellRow) -> bool:
    """True if both cells have certain verdicts that differ in their words or in their sides of 1.
    """
    if one.word in CERTAIN and other.word in CERTAIN and one.word is not other.word:
        return True
    sides = side(one), side(other)
    return None not in sides and sides[0] != sides[1]


def agree(one: Verdict, other: Verdict) -> bool | None:
    """True if two verdicts agree, or None if one of them is undecided."""
    if not (one.verdict in DECIDED and other.verdict in DECIDED):
        return None
    return one.verdict is other.verdict and not any(map(differ, one.cells, other.cells))


def cause_of(claim: Claim, go: Verdict, variant: Verdict | None) -> str:
    """Returns the cause that the variant removes, if the variant agrees with Go in every cell."""
    same = variant and agree(go, variant) and [c.word for c in variant.cells] == [
        c.word for c in go.cells]
    return claim.variant_shows if same else UNEXPLAINED


def verdict_text(verdict: Verdict) -> str:
    """Formats a verdict: "Go 1.19.8 refuted: opposite"."""
    return f"{verdict.of} {verdict.verdict}" + (f": {verdict.how}" if verdict.how else "")


def variant_text(variant: Variant) -> str:
    """Formats a variant: "MAP / MAP: inconclusive, reproduced at threads=2 only"."""
    return f"{variant.maps}: " + ", ".join(filter(None, (variant.verdict, variant.how)))


def difference_text(row: ClaimRow) -> str:
    """Formats a difference: "S4-01 (Go 1.19.8: refuted, port: reproduced): unexplained"."""
    variant = f" (variant {row.variant.maps}: {row.variant.verdict})" if row.variant else ""
    port = row.port.verdict if row.port else ""
    return f"{row.id} ({row.of}: {row.verdict}, port: {port}): {row.cause.rstrip('.')}{variant}"


def sentence(rows: Sequence[ClaimRow]) -> str:
    """Returns a sentence with the number of claims on which Go and the port agree, and the claims
    whose verdict depends on the version of Go. Returns "" if no claim is about Go."""
    both = [r for r in rows if r.port and r.of.startswith("Go ")]
    if not both:
        of_go = any(r.of.startswith("Go ") for r in rows)
        return "" if of_go or not any(r.port or r.of for r in rows) else (
            "Go's own maps decided no claim here: verdicts on Go's code come from a C port of "
            "Go 1.19.")
    same, different, open_ones = ([r for r in both if r.agree is word]
                                  for word in (True, False, None))
    text = (f"{joined(sorted({r.of for r in both}))} and the C port agree in {count(len(same))} of "
            f"{plural(len(same) + len(different), 'claim')} that both decide")
    if same:
        text += f": {joined(r.id for r in same)}"
    if different:
        text += "; different: " + "; ".join(map(difference_text, different))
    if open_ones:
        text += f". Go or the port is undecided on {joined(r.id for r in open_ones)}"
    versions = [r for r in rows if r.how.startswith("version: ")]
    if versions:
        text += f". The version of Go decides {joined(r.id for r in versions)}"
    return text + "."
