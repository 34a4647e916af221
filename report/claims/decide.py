# SPDX-License-Identifier: Apache-2.0
"""Verdicts of all claims on a campaign: python3 -m report decide DIR.

A function of the ledger and the campaign's journal, nothing else: the same
two give the same bytes. Tests of claims that speak of speed are corrected
over all of them (Holm): a false one anywhere in 1 % of ledgers.
"""
import json
import math

from report import checks, journal, staged, stats
from report.claims import (agreement, arithmetic, decision_rules, evidence,
                           ledger, rule, rules)
from report.claims.agreement import GO, PORT, VARIANT
from report.claims.rules import Alternative

FORMAT = 1
DONE, INCOMPLETE = 0, 3


# ---- is the machine one that can decide? ----------------------------------

def lacking(campaign, claim):
    """Why not, in words; "" where it can."""
    if claim.rule == "none":
        return claim.lacks
    what, amount = claim.needs or ("", 0)
    machine = campaign.meta.get("machine") or {}
    if what == "cpus" and (machine.get("cpus") or 0) < amount:
        return f"{amount:g} CPUs; here are {machine.get('cpus')}"
    absent = unbuilt(campaign, claim)
    if absent:
        return absent
    if "counters" not in (what, claim.numbers):
        return ""
    counters = (campaign.meta.get("counters") or {}).get("backend")
    return {None: "hardware counters; here are none",
            "none": "hardware counters; here are none",
            "replay": "hardware counters; here is a recording of them"
            }.get(counters, "")


def unbuilt(campaign, claim):
    """A map that is not in this build, with what it needs, where each cell of
    the claim is of such a one; "" elsewhere."""
    needs = {m["id"]: m["needs"]
             for m in campaign.meta.get("skipped_maps") or []}
    absent = [next(filter(needs.get, one.maps()), None)
              for one in claim.each()]
    if not absent or None in absent:
        return ""
    return f"{absent[0]}, which this build lacks: it needs {needs[absent[0]]}"


# ---- the tests of a family ------------------------------------------------

def alternatives(claim, key):
    """What is tested of one cell: Alternative -> where its contrast lies.
    What reproduces a claim and what refutes it are both of the family."""
    if claim.rule == "slope":
        return between(key, *claim.claimed)
    band = math.log1p(claim.band)
    if claim.rule == "equal":
        return between(key, -band, band)
    if claim.rule == "figure":
        return between(key, *map(math.log, rules.limits(claim)))
    sign = 1 if rules.above_one(claim) else -1
    sides = {Alternative.SIDE: stats.beyond([key], sign, band),
             Alternative.OPPOSITE: stats.beyond([key], -sign, band),
             Alternative.NONE: stats.inside([key], -band, band)}
    return sides if claim.rule == "direction" else {
        **sides, **between(key, *map(math.log, rules.limits(claim)))}


def between(key, low, high):
    """Inside of these limits, and outside."""
    return {Alternative.SIZE: stats.inside([key], low, high),
            Alternative.OTHER_SIZE: stats.outside([key], low, high)}


def tested(claim, found):
    """Does this cell take part in the family?"""
    return (claim.speaks == "speed" and bool(found.values)
            and claim.rule not in ("count", "never", "can-happen"))


def corrected(cells):
    """key -> {Alternative: p}, corrected over all of them.

    cells -- key -> (claim, evidence) of everything that is tested. Claims of
    the same cells share a contrast, which is corrected for once.
    """
    contrasts, claims = {}, {}
    for key, (claim, found) in cells.items():
        slope = claim.rule == "slope"
        contrast = (*found.cells, claim.statistic, slope)
        contrasts[contrast] = [v for _, v in found.values] if slope else list(
            evidence.logs(found).values())
        claims[key] = alternatives(claim, contrast)
    return stats.family(contrasts, claims)


# ---- one claim ------------------------------------------------------------

def sources(found):
    """The word beside the verdict: where the numbers come from."""
    measures = {e.measure for e, _ in found if e.measure}
    if any(m.startswith("simulated:") for m in measures):
        return "simulated"
    return "counters" if "counters" in measures else "native"


def cell_row(one, e, o):
    return {"where": e.where, "cells": list(e.cells), "word": o.word,
            "how": o.how, "claimed": list(one.claimed) or None,
            "value": rounded(o.centre), "low": rounded(o.low),
            "high": rounded(o.high), "n": o.n, "p": rounded(o.p),
            "could_see": rounded(o.seen), "against_value": rounded(e.base)}


def rounded(value):
    """Six digits, as in all data files; a whole number has all of its own,
    for a count of events stands in words beside it."""
    if value is None or float(value).is_integer():
        return value if value is None else float(value)
    return float(f"{value:.6g}")


def parts_of(claim, whose):
    """A claim of each cell, of the maps whose verdict is asked for."""
    return claim.varied() if whose == VARIANT else claim.each(whose == GO)


def judged(claim, found, ps, whose):
    """Verdict on one subject: Go's own maps, what the ledger names, or its
    variant.

    found -- [(the claim of one cell, its evidence)]
    """
    told = [(e, rules.outcome(one, e, ps.get((claim.id, whose, i))))
            for i, (one, e) in enumerate(found)]
    word, how = rules.combined(claim, told)
    return {"verdict": word, "how": how,
            "numbers": GO if whose == GO else sources(told),
            "cells": [cell_row(one, e, o)
                      for (one, _), (e, o) in zip(found, told)]}


def joined(claim, own, go, variant=None):
    """One verdict: Go's, where it is of Go and Go's maps ran; the port's
    stands beside it."""
    of_go = claim.about == "go"
    whole = go and (claim.conditions != "parts" or all(
        c["word"] != rules.NOT_HERE for c in go["cells"]))
    if whole and go["verdict"] != rules.NOT_HERE:
        return {**go, "of": GO if of_go else "",
                **agreement.compared(claim, go, own, variant)}
    return {**own, "of": PORT if of_go else "", **agreement.ALONE}


def computed(claim):
    value = arithmetic.evaluate(claim.compute)
    low, high = rules.limits(claim)
    word = rules.REPRODUCED if low <= value <= high else rules.REFUTED
    return {"verdict": word, "how": f"{claim.compute} = {value:.4g}",
            "numbers": "computed", "of": "", **agreement.ALONE, "cells": []}


def not_here(why):
    return {"verdict": rules.NOT_HERE, "how": why, "numbers": "none",
            "of": "", **agreement.ALONE, "cells": []}


# ---- all claims -----------------------------------------------------------

def gathered(campaign, claims):
    """(id, whose) -> [(the claim of one cell, its Evidence)]; of the port
    also where none is planned."""
    found = {}
    for claim in claims.values():
        if claim.rule == "arithmetic" or lacking(campaign, claim):
            continue
        for whose in (PORT, GO, VARIANT):
            of = evidence.of_parts(campaign, evidence.parts(
                campaign, claim, parts_of(claim, whose)))
            if whose == PORT or any(e.planned for _, e in of):
                found[claim.id, whose] = of
    return found


def verdict_of(campaign, claim, found, ps):
    """None: the campaign was not made for it."""
    if claim.rule == "arithmetic":
        return computed(claim)
    why = lacking(campaign, claim)
    if why:
        return not_here(why)
    sides = {whose: judged(claim, found[claim.id, whose], ps, whose)
             for whose in (PORT, GO, VARIANT) if (claim.id, whose) in found}
    if not any(e.planned for whose in (PORT, GO)
               for _, e in found.get((claim.id, whose), ())):
        return None
    return joined(claim, sides[PORT], sides.get(GO), sides.get(VARIANT))


def family_of(found, members):
    """What is tested at one level: of these subjects each cell."""
    return {(name, whose, i): (one, e)
            for (name, whose), all_of in found.items() if whose in members
            for i, (one, e) in enumerate(all_of) if tested(one, e)}


def verdicts(campaign, claims):
    """[dict] of every claim that the campaign says something of, by id."""
    found = gathered(campaign, claims)
    # Variants decide no claim: they have a level of their own, so that no
    # claim's p grows by them.
    ps = {**corrected(family_of(found, (PORT, GO))),
          **corrected(family_of(found, (VARIANT,)))}
    rows = []
    for claim in claims.values():
        said = verdict_of(campaign, claim, found, ps)
        if said:
            rows.append({"id": claim.id, "says": claim.says,
                         "article": claim.article, "rule": claim.rule,
                         "speaks": claim.speaks, "kind": claim.kind,
                         "claimed": list(claim.claimed) or None,
                         "instead": claim.instead, **said})
    return rows


def kept(campaign):
    """Hashes of ledger and rules as they were before the run; None: nobody
    kept it."""
    stages = campaign.path.parent / "stages.json"
    if not stages.exists():
        return (campaign.meta.get("notes") or {}).get("claims"), None
    meta = staged.read_meta(stages.parent)["rule"]
    return meta.get("ledger_sha256"), meta.get("contract_sha256")


def asked_of(campaign, claims):
    """The claims that its run was for: they are one family. Others may have
    all of their cells there, too."""
    stages, ids = campaign.path.parent / "stages.json", ()
    if stages.exists():
        ids = staged.read_meta(stages.parent).get("ids") or ()
    return {name: claims[name] for name in ids or claims if name in claims}


def document(campaign, claims, advised):
    """All that is said of a campaign.

    claims -- the whole ledger, whose hash a run keeps
    advised -- what the articles advise, of decision_rules.read()
    """
    asked = asked_of(campaign, claims)
    rows = verdicts(campaign, asked)
    ledger_of_run, contract_of_run = kept(campaign)
    return {"format": FORMAT, "kind": "claims", "campaign": campaign.name,
            "machine": (campaign.meta.get("machine") or {}).get("id"),
            "ledger_sha256": ledger.digest(claims),
            "ledger_of_run": ledger_of_run,
            "contract_sha256": rule.contract(),
            "contract_of_run": contract_of_run, "alpha": rules.ALPHA,
            "count": {word: sum(r["verdict"] == word for r in rows)
                      for word in rules.VERDICTS},
            "not_in_this_run": sorted(set(asked) - {r["id"] for r in rows}),
            "claims": rows, "go_and_port": agreement.share(rows),
            "rules": decision_rules.standings(advised, rows)}


def printed(campaign, claims, advised, finished=True):
    """Prints the verdicts of a campaign -> exit status."""
    found = document(campaign, claims, advised)
    doubt = checks.refusal(campaign)
    found |= {"finished": finished, "words": [
        f"{found['count'][word]} {word}" for word in rules.VERDICTS] + (
            [doubt] if doubt else [])}
    print(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False))
    return DONE if finished else INCOMPLETE


def of_folder(folder, of=None):
    """The same of an ordinary campaign. JournalError, LedgerError.

    of -- folder of another ledger; None: that of the tree
    """
    claims = ledger.read(of)
    return printed(journal.read(folder), claims,
                   decision_rules.read(claims, of))


def main(stages):
    """The same of a staged one, whose only stage has all of its cells."""
    if not stages.stages and not stages.begun:
        raise journal.JournalError(f"{stages.path}: no stage has begun: "
                                   "readmostly dev claims run --resume")
    claims = ledger.read()
    return printed((stages.stages or [stages.begun])[0], claims,
                   decision_rules.read(claims), bool(stages.stages))
