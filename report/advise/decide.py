# SPDX-License-Identifier: Apache-2.0
"""The answer to a question, as numbers and words without sentences: who is
in front at the place asked for or at the places around it, by the verdicts of
the page (docs/verdicts.md) over the maps that meet the needs."""
from report import checks, trust, verdicts
from report.advise import needs, places, questions
from report.advise.questions import FACTORS, value_at
from report.analysis import Analysis

DEPENDS, INVALID, REFUSED = "depends", "invalid", "refused"
NO_NEED = "needs"  # the factor of a refusal for want of maps
FLIPS = 3  # named at most
ANSWERED = (*verdicts.LEADS, verdicts.TIED, DEPENDS)


class Asked(Analysis):
    """An analysis that ranks the maps which meet the needs; its headline is
    the place that is asked about."""

    def __init__(self, campaign, lacking):
        """lacking -- map -> why it may not be advised"""
        self.lacking, self.where = lacking, None
        super().__init__(campaign)

    def ranked(self, name):
        return name not in self.lacking and super().ranked(name)

    def headline(self):
        return self.where or super().headline()

    @property
    def cpus(self):
        return (self.campaign.meta.get("machine") or {}).get("cpus")


# ---- which places there are -------------------------------------------------

def place_at(where):
    """The place of a group of cells."""
    board, line, threads = where
    values = dict(zip(questions.factors.OPTIONAL, board.optional))
    values |= {"write_share": line.share, "write_kind": line.kind,
               "threads": threads}
    values |= {f: getattr(board, f) for f in FACTORS if f not in values}
    return questions.place_of(values)


def measured(a):
    """place -> its groups that have a result, the one with the most maps
    first: workloads that differ in nothing else may share a place. Where
    nobody writes, the place is that of each kind of write."""
    found = {}
    for where, group in a.verdicts.items():
        if a.measured(a.at(where)):
            found.setdefault(place_at(where), []).append((where, group))
    for groups in found.values():
        groups.sort(key=lambda pair: (-pair[1]["maps"], -pair[1]["n"],
                                      pair[0][0].workload))
    kinds = {value_at(p, "write_kind") for p in found}
    return found | {questions.moved(p, "write_kind", kind): groups
                    for p, groups in found.items() for kind in kinds
                    if value_at(p, "write_share") == 0}


# ---- one place --------------------------------------------------------------

def second_of(group):
    """The rival that comes second: the fastest with an interval, of a tie
    the fastest that is tied; None where there is none."""
    which = ((verdicts.TIED,) if group["word"] == verdicts.TIED
             else (verdicts.TIED, verdicts.BEHIND))
    return next((r for r in group["rivals"] if r["outcome"] in which), None)


def corner(a, place, groups):
    """What is known at one measured place; a verdict's own words."""
    where, group = groups[0]
    cells, second = a.at(where), second_of(group)
    led = group["word"] != verdicts.OPEN
    base = a.level(cells[second["map"]]) if second else None
    own = a.level(cells[group["leader"]])
    of_second = second or dict.fromkeys(("map", "ratio", "low", "high", "n"))
    of_base = base or dict.fromkeys(("centre", "low", "high"))
    return {
        "place": place, "where": where, "group": group,
        "word": group["word"], "front": group["front"],
        "first": group["leader"] if led else None,
        "first_mops": own["centre"], "first_low": own["low"],
        "first_high": own["high"],
        "second": of_second["map"], "ratio": of_second["ratio"],
        "low": of_second["low"], "high": of_second["high"],
        "n": of_second["n"] or group["n"],
        "second_mops": of_base["centre"], "second_low": of_base["low"],
        "second_high": of_base["high"],
        "cells": [cells[m].id for m in (group["leader"], of_second["map"])
                  if m],
        "others": [g for _, g in groups[1:] if g["front"] != group["front"]]}


def word_of(found):
    """The one word of all corners, and the maps it is about."""
    said = {c["word"] for c in found}
    fronts = {tuple(c["front"]) for c in found}
    for none in (verdicts.OPEN, verdicts.ALONE):
        if none in said:
            return none, []
    if said <= set(verdicts.LEADS) and len(fronts) == 1:
        word = said.pop() if len(said) == 1 else verdicts.UNCERTAIN
        return word, found[0]["front"]
    tied = {frozenset(c["front"]) for c in found}
    if said == {verdicts.TIED} and len(tied) == 1:
        return verdicts.TIED, found[0]["front"]
    return DEPENDS, []


def common(found):
    """The maps that are in front at each corner."""
    return [m for m in found[0]["front"]
            if all(m in c["front"] for c in found)]


# ---- what would change it ---------------------------------------------------

def decided(groups):
    """(leader, word) of a place where one map leads; else None."""
    group = groups[0][1]
    return ((group["leader"], group["word"])
            if group["word"] in verdicts.LEADS else None)


def flips(known, found, asked, front):
    """The nearest places where one map leads that is not the whole answer,
    which after a tie one of the tied may be: there it matters which is taken.
    Each way from the place the first such one, the fewest measured steps away
    first."""
    anchor, result = places.nearest(found, asked), []
    for factor, ways in places.neighbours(list(known), found,
                                          anchor).items():
        for way in ways:
            for steps, far, place in way:
                leads = decided(known[place])
                if leads and [leads[0]] != front:
                    result.append({
                        "factor": factor, "value": value_at(place, factor),
                        "leader": leads[0], "word": leads[1],
                        "steps": steps, "doublings": far,
                        "cell": known[place][0][1]["cell"]})
                    break
    order = {factor: i for i, factor in enumerate(FACTORS)}
    result.sort(key=lambda f: (f["steps"], f["doublings"],
                               order[f["factor"]], str(f["value"])))
    return result[:FLIPS]


# ---- how far to trust it ----------------------------------------------------

def trusted(a, found):
    """The worst word of report.trust over the corners, and its reasons."""
    controls, judged = checks.control_rows(a), []
    for c in found:
        a.where = c["where"]
        judged.append(trust.judge(a, controls))
    a.where = None
    word = max((j["word"] for j in judged), key=trust.ORDER.index)
    why = [w for j in judged if j["word"] == word for w in j["why"]]
    return {"word": word, "why": list(dict.fromkeys(why)),
            "invalid": checks.invalid(controls)}


# ---- the answer -------------------------------------------------------------

def refusal_of_needs(a, wanted):
    return places.Refusal(NO_NEED, ",".join(wanted), (), (
        f"no map of the campaign that may be ranked meets the needs "
        f"{', '.join(wanted)}"))


def answer(campaign, asked, wanted=()):
    """What a campaign says to a question.

    asked  -- a place, of questions.place_of()
    wanted -- names of needs
    Result: {"a", "asked", "word", "front", "corners", "between", "known",
    "flips", "lacking", "trust", "refusal"}; of a refusal the corners are
    empty and trust is None.
    """
    lacking = needs.left_out(campaign.maps, wanted)
    a = Asked(campaign, lacking)
    known = measured(a)
    result = {"a": a, "asked": asked, "known": known, "lacking": lacking,
              "word": REFUSED, "front": [], "corners": [], "between": [],
              "flips": [], "trust": None, "refusal": None}
    if not known:
        why = (refusal_of_needs(a, wanted) if lacking else places.Refusal(
            "maps", None, (), "no ranked map has a result yet"))
        return result | {"refusal": why}
    found, refusal = places.locate(list(known), asked, a.cpus)
    if refusal:
        return result | {"refusal": refusal}
    at = [corner(a, place, known[place]) for place in found]
    word, front = word_of(at)
    trust_of = trusted(a, at)
    if trust_of["invalid"]:
        word, front = INVALID, []
    near = flips(known, found, asked, front) if front else []
    return result | {"word": word, "front": front, "corners": at,
                     "between": places.between(found), "flips": near,
                     "trust": trust_of}
