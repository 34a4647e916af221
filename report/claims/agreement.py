# SPDX-License-Identifier: Apache-2.0
"""Is the verdict on the port in C that on Go's own maps?

The sentence counts the claims that both decide with the same verdict. For each
other claim it gives the cause: the text of the ledger's variant if the verdict
on the variant is Go's, else "unexplained" (docs/claims.md).
"""
from collections.abc import Sequence

from report.claims.ledger import Claim
from report.claims.model import DECIDED, PORT, ClaimRow, Kind, Variant, Verdict, Word
from report.claims.phrases import count, joined, plural

UNEXPLAINED = "unexplained"


def words(verdict: Verdict) -> list[tuple[Word, Kind | None]]:
    """The word of each cell, and the kind of a refutation."""
    return [(cell.word, cell.kind) for cell in verdict.cells]


def cause_of(claim: Claim, go: Verdict, variant: Verdict | None) -> str:
    """The text of a variant if its words are Go's in each cell."""
    same = variant and variant.verdict is go.verdict and words(variant) == words(go)
    return claim.variant_shows if same else UNEXPLAINED


def agree(go: Verdict, port: Verdict) -> bool | None:
    """None: one of them is open."""
    both = go.verdict in DECIDED and port.verdict in DECIDED
    return go.verdict is port.verdict if both else None


def is_port(go: Verdict, port: Verdict) -> bool:
    """Are its cells different? If C has no map for a claim, both are Go's."""
    return [c.cells for c in go.cells] != [c.cells for c in port.cells]


def variant_text(variant: Variant) -> str:
    """"MAP / MAP: inconclusive, reproduced at threads=2 only"."""
    return f"{variant.maps}: " + ", ".join(filter(None, (variant.verdict, variant.how)))


def difference_text(row: ClaimRow) -> str:
    """"S4-01 (Go: refuted, port: reproduced): unexplained"."""
    variant = f" (variant {row.variant.maps}: {row.variant.verdict})" if row.variant else ""
    port = row.port.verdict if row.port else ""
    return f"{row.id} (Go: {row.verdict}, port: {port}): {row.cause.rstrip('.')}{variant}"


def sentence(rows: Sequence[ClaimRow]) -> str:
    """How many words of Go and the port are one; "": no claim is about Go."""
    both = [r for r in rows if r.port]
    if not both:
        return ("Go's own maps decided no claim here: the words about Go are of the port in C."
                if any(r.of == PORT for r in rows) else "")
    same, different, open_ones = ([r for r in both if r.agree is word]
                                  for word in (True, False, None))
    text = (f"Go and the port in C give the same word in {count(len(same))} of "
            f"{plural(len(same) + len(different), 'claim')} that both decide")
    if same:
        text += f": {joined(r.id for r in same)}"
    if different:
        text += "; different: " + "; ".join(map(difference_text, different))
    if open_ones:
        text += f". Go or the port decides nothing in {joined(r.id for r in open_ones)}"
    return text + "."
