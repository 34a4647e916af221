# SPDX-License-Identifier: Apache-2.0
"""Verdicts of published claims, machine by machine: claim x machine. Each is
decided on its machine alone, as on the page of one campaign."""
from report.claims import rules
from report.sections import claims as section

DECIDED = (rules.REPRODUCED, rules.DEPENDS, rules.REFUTED)


def documents(c):
    """label -> what was decided there; machines whose campaign was made for
    claims only."""
    found = {s.label: section.document(s.a) for s in c.sides}
    return {label: doc for label, doc in found.items() if doc}


def rows_of(found):
    """One row per claim, in the order of the ledger of the first machine."""
    rows = {}
    for label, document in found.items():
        for claim in document["claims"]:
            row = rows.setdefault(claim["id"], {
                "id": claim["id"], "says": claim["says"], "verdicts": {}})
            row["verdicts"][label] = {
                "verdict": claim["verdict"], "how": claim["how"],
                "of": claim["of"], "measured": section.measured(claim)}
    for row in rows.values():
        said = [v["verdict"] for v in row["verdicts"].values()]
        decided = {word for word in said if word in DECIDED}
        row["word"] = ("differs" if len(decided) > 1 else "open"
                       if not decided else "alike" if
                       sum(word in DECIDED for word in said) > 1 else
                       "one machine")
    return list(rows.values())
