# SPDX-License-Identifier: Apache-2.0
"""Verdicts of published claims, machine by machine: claim x machine. Each is
decided on its machine alone, as on the page of one campaign."""
import json
from collections import Counter

from report import load, words
from report.claims import decide
from report.claims.model import DECIDED

ALIKE, DIFFERS, OTHER, ONE, OPEN = (
    "alike", "differs", "other program", "one machine", "open")


def documents(c):
    """label -> what was decided there; machines whose campaign was made for
    claims only."""
    found = {s.label: load.read(s.a.campaign.path) for s in c.sides}
    return {label: json.loads(decide.as_json(decide.of_campaign(campaign)))
            for label, campaign in found.items() if decide.made_for(campaign)}


def measured(claim):
    """The values of its cells."""
    return "; ".join(
        (words.sig(c["value"]) + (f" {words.between(c['low'], c['high'])}"
                                  if c["low"] is not None else ""))
        if c["value"] is not None else c["how"] or "no value"
        for c in claim["cells"]) or "–"


def word_of(rows):
    """What the machines that decide a claim say together: a verdict of Go's map
    is held to other ones of Go's map, one of its port to ones of the port."""
    decided = {}
    for said in rows:
        if said["verdict"] in DECIDED:
            decided.setdefault(said["of"], []).append(said["verdict"])
    shared = [words for words in decided.values() if len(words) > 1]
    if any(len(set(words)) > 1 for words in shared):
        return DIFFERS
    if shared:
        return ALIKE
    return {0: OPEN, 1: ONE}.get(len(decided), OTHER)


def told(rows):
    """How many of the rows have which word, in a sentence."""
    count = Counter(row["word"] for row in rows)
    other = (f"of Go on some and of its port on others {count[OTHER]}, "
             if count[OTHER] else "")
    return (f"Of {words.plural(len(rows), 'claim')}, verdicts of Go and of "
            "its port each held to their own: decided alike on all machines "
            f"that decide it {count[ALIKE]}, differently {count[DIFFERS]}, "
            f"{other}on one machine only {count[ONE]}, on none "
            f"{count[OPEN]}.")


def doubts(found):
    """Sentences on the machines whose control failed, behind told()."""
    return "".join(f" On {label}: {document['doubt']}"
                   for label, document in found.items() if document["doubt"])


def rows_of(found):
    """One row per claim, in the order of the ledger of the first machine."""
    rows = {}
    for label, document in found.items():
        for claim in document["claims"]:
            row = rows.setdefault(claim["id"], {
                "id": claim["id"], "says": claim["says"], "verdicts": {}})
            row["verdicts"][label] = {
                "verdict": claim["verdict"], "how": claim["how"],
                "of": claim["of"], "measured": measured(claim)}
    for row in rows.values():
        row["word"] = word_of(row["verdicts"].values())
    return list(rows.values())
