# SPDX-License-Identifier: Apache-2.0
"""What the articles advise ("read-mostly: sync.Map"), and how it stands.

The rules are text beside the claims: each names the claims that it rests on
(`for`) and those that speak against it (`against`). How it stands follows
from the verdicts of these and from nothing else (docs/claims.md).
"""
import re
import types
from dataclasses import dataclass
from pathlib import Path

from report import words
from report.claims import evidence, ledger, rules
from report.claims.text import Form, Wrong, lacking, once, sections

FILE = "decision-rules.txt"
CONFIRMED, CORRECTED, OPEN = "confirmed", "corrected", "left open"
STANDINGS = (CONFIRMED, CORRECTED, OPEN)
NOT_RUN, SIZE_ONLY = "not in this run", "in size only: "
NEEDS = ("source", "situation", "advises", "for")


@dataclass(frozen=True)
class Link:
    """A claim that a rule names, or one of its cells."""
    id: str
    cell: tuple = ()  # words that this cell has and no other one

    def __str__(self):
        return " ".join((self.id, *self.cell))


@dataclass(frozen=True)
class Rule:
    """A section of the file."""
    id: str
    place: str  # FILE:LINE of its [ID]
    source: str  # article and section
    situation: str
    advises: str
    grounds: tuple  # of `for`
    against: tuple
    pair: tuple  # two maps: the flip of their ranking bounds the rule


# ---- the text -------------------------------------------------------------

def fitting(cell, wheres):
    """Those of the cells, as told, that have all of these words."""
    return [where for where in wheres if set(cell) <= set(where.split())]


def links(claims):
    """Reader of "S4-12, S1-18 gomap_rw"."""
    def one(text):
        name, *cell = text.split()
        if name not in claims:
            raise Wrong(f"{name}: expected the id of a claim, such as S4-01 "
                        "(readmostly dev claims list), a comma between two")
        wheres = evidence.named(claims[name].each()) if cell else []
        if cell and len(fitting(cell, wheres)) != 1:
            raise Wrong(f"{text.strip()}: expected words of one of its cells:"
                        f" {'; '.join(wheres) or 'it has none'}")
        return Link(name, tuple(cell))
    return lambda text: tuple(one(part) for part in text.split(","))


def two(text):
    base, contender = text.split()
    return base, contender


def form(claims):
    either = (links(claims), "ids of claims, a comma between two")
    return Form(id=re.compile(r"D[1-9][0-9]?"),
                of="a decision rule such as [D1]",
                keys=frozenset({*NEEDS, "against", "pair"}),
                readers={"for": either, "against": either,
                         "pair": (two, "two maps")})


def rule_of(place, name, said):
    lacking(place, name, "a decision rule", said.get, NEEDS)
    return Rule(name, place, *(said[key] for key in NEEDS),
                said.get("against", ()), said.get("pair", ()))


def read(claims, folder=None):
    """{id: Rule} of a ledger's folder, the tree's where it is None, in the
    order of the file; none where it has no such file. LedgerError.

    claims -- the whole ledger of that folder
    """
    file, found = Path(folder or ledger.FOLDER) / FILE, {}
    for section in sections(file, form(claims)) if file.exists() else ():
        once(found, rule_of(*section))
    return found


# ---- what a run says of one link ------------------------------------------

def said_of(link, rows):
    """{"id", "verdict", "of", "how", "cells"} of a claim, or of the cell of
    it that is meant, at each place that it has."""
    row = rows.get(link.id)
    if row is None:
        return {"id": str(link), "verdict": NOT_RUN, "of": "", "how": "",
                "cells": []}
    wheres = fitting(link.cell, [c["where"] for c in row["cells"]])
    cells = [c for c in row["cells"] if c["where"] in wheres]
    found = {"id": str(link), "verdict": row["verdict"], "of": row["of"],
             "how": row["how"], "cells": cells}
    if link.cell and row["cells"]:
        word, how = together(cells) if cells else (
            rules.NOT_HERE, "it has no such cell")
        found |= {"verdict": word, "how": how}
    return found


def together(cells):
    """(verdict, how) of the cells that a link's one line is: several where a
    longer mode has it at more values of a factor that the claim leaves
    free, which is of claims with unstated conditions alone."""
    told = [types.SimpleNamespace(**c) for c in cells]
    return rules.combined(types.SimpleNamespace(conditions="unstated"),
                          [(c, c) for c in told])


def side_holds(cell):
    """Is it reproduced, or refuted only in how much?"""
    return cell["word"] == rules.REPRODUCED or \
        cell["how"].startswith(rules.SIZE)


def contradicts(said):
    """Does a claim that speaks against a rule hold, or its side of it,
    anywhere?"""
    return said["verdict"] in (rules.REPRODUCED, rules.DEPENDS) or (
        said["verdict"] == rules.REFUTED
        and any(map(side_holds, said["cells"])))


def places(said):
    """How it came out and where: cells that came out alike together. What
    depends has its places in its words already."""
    if any(c["word"] != said["verdict"] for c in said["cells"]):
        return said["how"]
    found = {}
    for cell in said["cells"]:
        found.setdefault(cell["how"], []).append(rules.place(cell["where"]))
    return "; ".join(
        " ".join(filter(None, (how, "at " + words.joined(filter(None, at))
                               if any(at) else "")))
        for how, at in found.items()) or said["how"]


def told(said):
    whose = f" (of {said['of']})" if said["of"] else ""
    where = places(said)
    return f"{said['id']} {said['verdict']}{whose}" + (
        f": {where}" if where else "")


def listed(found):
    return "; ".join(map(told, found))


# ---- how a rule stands ----------------------------------------------------

def stands(rule, rows):
    """(standing, why) of a rule, of verdicts by id."""
    grounds, against = ([said_of(link, rows) for link in named]
                        for named in (rule.grounds, rule.against))
    wrong = [s for s in grounds
             if s["verdict"] in (rules.REFUTED, rules.DEPENDS)]
    opposed = [s for s in against if contradicts(s)]
    if wrong or opposed:
        only = not opposed and all(s["cells"] and all(
            map(side_holds, s["cells"])) for s in wrong)
        parts = [listed(wrong), opposed and "against it " + listed(opposed)]
        return CORRECTED, (SIZE_ONLY if only else "") + "; ".join(
            filter(None, parts))
    missing = [s for s in grounds if s["verdict"] != rules.REPRODUCED]
    if missing:
        return OPEN, listed(missing)
    undecided = [s for s in against if s["verdict"] != rules.REFUTED]
    return CONFIRMED, listed(grounds) + (
        f"; undecided against it {listed(undecided)}" if undecided else "")


def standings(advised, rows):
    """The document's `rules`, of the rows of decide.verdicts()."""
    by_id, found = {row["id"]: row for row in rows}, []
    for rule in advised.values():
        standing, why = stands(rule, by_id)
        found.append({
            "id": rule.id, "source": rule.source,
            "situation": rule.situation, "advises": rule.advises,
            "for": [str(link) for link in rule.grounds],
            "against": [str(link) for link in rule.against],
            "pair": list(rule.pair) or None, "standing": standing,
            "why": why})
    return found


def counted(found):
    """The three words with their counts, and how many were corrected in size
    only."""
    size = sum(r["why"].startswith(SIZE_ONLY) for r in found)
    return words.joined(
        f"{sum(r['standing'] == word for r in found)} {word}"
        + (f" ({size} of these in size only)"
           if word == CORRECTED and size else "") for word in STANDINGS)
