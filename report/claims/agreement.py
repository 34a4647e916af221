# SPDX-License-Identifier: Apache-2.0
"""Does the port in C say of a claim what Go's own maps say of it?

Of the claims that both decide: in how many their words are one, and of each
other one what makes them differ: what the ledger's variant shows, where its
word is Go's, else "unexplained" (docs/claims.md). Nothing here decides a
claim.
"""
from report import words
from report.claims import rules

GO, PORT, VARIANT = "Go", "the C port", "variant"
DECIDED = (rules.REPRODUCED, rules.DEPENDS, rules.REFUTED)
UNEXPLAINED = "unexplained"
ALONE = {"port": None, "agree": None, "variant": None, "cause": ""}


# ---- one claim ------------------------------------------------------------

def compared(claim, go, port, variant):
    """What stands beside Go's verdict; agree is None where one is open. A
    claim that C has no map for is of Go's own in both: that is no port."""
    if cells_of(go) == cells_of(port):
        return ALONE
    agree = go["verdict"] == port["verdict"] if decided(go, port) else None
    return {"port": port, "agree": agree, "variant": variant and {
        **variant, "maps": " / ".join(m for m in claim.variant if m)},
        "cause": cause(claim, go, variant) if agree is False else ""}


def cells_of(verdict):
    return [cell["cells"] for cell in verdict["cells"]]


def decided(*verdicts):
    return all(found["verdict"] in DECIDED for found in verdicts)


def cause(claim, go, variant):
    """Shown by a variant that says what Go says, or unexplained."""
    return claim.variant_shows if variant and same(go, variant) \
        else UNEXPLAINED


def same(one, other):
    """One word, and in each cell the same one, on the same side of it."""
    return one["verdict"] == other["verdict"] and \
        list(map(side, one["cells"])) == list(map(side, other["cells"]))


def side(cell):
    """What a cell says: a refutation is on a side, or in size only."""
    return cell["word"], next((how for how in rules.KINDS
                               if cell["how"].startswith(how)), "")


def of_variant(row):
    """"MAP / MAP: inconclusive, reproduced at threads=2 only"."""
    found = row["variant"]
    return f"{found['maps']}: " + ", ".join(
        filter(None, (found["verdict"], found["how"])))


# ---- all of them ----------------------------------------------------------

def share(rows):
    """The document's `go_and_port`, of the rows of decide.verdicts()."""
    both = [r for r in rows if r["port"]]
    return {
        "of_port_alone": [r["id"] for r in rows if r["of"] == PORT],
        "both_decide": sum(r["agree"] is not None for r in both),
        "same": [r["id"] for r in both if r["agree"]],
        "different": [difference(r) for r in both if r["agree"] is False],
        "one_is_open": [r["id"] for r in both if r["agree"] is None]}


def difference(row):
    variant = row["variant"]
    return {"id": row["id"], "go": row["verdict"],
            "port": row["port"]["verdict"], "cause": row["cause"],
            "variant": variant and {"maps": variant["maps"],
                                    "verdict": variant["verdict"]}}


def told(one):
    """"S4-01 (Go: refuted, port: reproduced): unexplained"."""
    text = (f"{one['id']} (Go: {one['go']}, port: {one['port']}): "
            f"{one['cause'].rstrip('.')}")
    return text + (f" (variant {one['variant']['maps']}: "
                   f"{one['variant']['verdict']})" if one["variant"] else "")


def sentence(found):
    """`go_and_port` in words, for page and terminal; "" where no claim is of
    Go."""
    if not (found["both_decide"] or found["one_is_open"]):
        return ("Go's own maps decided no claim here: the words about Go are "
                "of the port in C." if found["of_port_alone"] else "")
    said = (f"Go and the port in C give the same word in "
            f"{words.count(len(found['same']))} of "
            f"{words.plural(found['both_decide'], 'claim')} that both decide"
            + (f": {words.joined(found['same'])}" if found["same"] else ""))
    if found["different"]:
        said += "; different: " + "; ".join(map(told, found["different"]))
    if found["one_is_open"]:
        said += (". Go or the port decides nothing in "
                 + words.joined(found["one_is_open"]))
    return said + "."
