# SPDX-License-Identifier: Apache-2.0
"""Decides the verdicts of all claims on a campaign: python3 -m report decide DIR.

The result depends only on the ledger and the campaign's files. Tests of claims about speed are
corrected for the number of these claims (Holm). The probability of any false verdict is therefore
at most 1 %.
"""
import dataclasses
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from report import load, staged, stats
from report.claims import (agreement, arithmetic, decision_rules, evidence, golang, ledger, rule,
                           rules)
from report.claims.evidence import Part
from report.claims.golang import CLASSIC, TODAY, Gos
from report.claims.ledger import Claim, Ledger
from report.claims.model import PORT, VARIANT, CellRow, ClaimRow, Document, Variant, Verdict, Word
from report.claims.phrases import count, joined, sig
from report.claims.statistic import Data
from report.decide import trust
from report.load import Campaign, JournalError, strict_json
from report.model.trust import State

FORMAT = 1
DONE, INCOMPLETE = 0, 3
DECIDING = (CLASSIC, TODAY, PORT)
WHOSE = (*DECIDING, VARIANT)
NO_COUNTERS = "hardware counters, which this machine does not provide"
# maps (id of a claim, source of its maps) to its cells
Found = Mapping[tuple[str, str], list[Part]]


class Key(NamedTuple):
    """Identifies a cell of a claim by its index."""
    id: str
    whose: str
    cell: int


# ---- what this machine cannot decide ---------------------------------------------

def lacking(campaign: Campaign, claim: Claim) -> str:
    """Returns the reason why this machine cannot decide the claim, or "" if it can."""
    if claim.rule == "none":
        return claim.lacks
    what, amount = claim.needs or ("", 0.0)
    cpus = campaign.plan.machine.cpus
    if what == "cpus" and cpus < amount:
        return f"{amount:g} CPUs; this machine has {cpus}"
    absent = unbuilt(campaign, claim)
    if absent or "counters" not in (what, claim.numbers):
        return absent
    return {None: NO_COUNTERS, "none": NO_COUNTERS,
            "replay": "hardware counters; this run replays a recording of them"
            }.get(campaign.plan.counters.backend, "")


def unbuilt(campaign: Campaign, claim: Claim) -> str:
    """If every cell of the claim has a map that was not built, describes the first such map and its
    requirement."""
    needs = {m.id: m.needs for m in campaign.plan.skipped_maps}
    absent = [next((m for m in one.maps if needs.get(m)), None)
              for one in claim.each() or claim.each(go=True)]
    if not absent or absent[0] is None or None in absent:
        return ""
    return f"{absent[0]}, which this build lacks: it needs {needs[absent[0]]}"


# ---- claims that are tested together -------------------------------------------------------------

def family_of(found: Found, *members: str) -> dict[Key, Part]:
    """Returns all cells of claims about speed for these sources of maps; they are tested together.
    """
    return {Key(name, whose, i): (one, e)
            for (name, whose), cells in found.items() if whose in members
            for i, (one, e) in enumerate(cells)
            if one.speaks == "speed" and one.rule in rules.TESTED and e.values}


def corrected(cells: Mapping[Key, Part]) -> dict[Key, rules.Ps]:
    """Returns the p value of each alternative of each cell, corrected for all of them. Claims
    about the same cells share a contrast, which is counted once."""
    contrasts: dict[Hashable, list[float]] = {}
    claims: dict[Key, dict[str, stats.Alternative]] = {}
    for key, (one, e) in cells.items():
        contrast = (*e.cells, one.statistic, one.rule == "slope")
        contrasts[contrast] = e.series if one.rule == "slope" else e.logs
        claims[key] = rules.family_of(one, contrast)
    return {key: {rules.Call(name): p for name, p in ps.items()}
            for key, ps in stats.family(contrasts, claims).items()} if cells else {}


# ---- one claim ------------------------------------------------------------

def source_of(cells: Sequence[Part]) -> str:
    """Returns where the numbers of a claim come from, such as "native" or "simulated"."""
    measures = {e.measure for _, e in cells}
    if any(m.startswith("simulated:") for m in measures):
        return "simulated"
    return "counters" if "counters" in measures else "native"


def rounded(value: float | None) -> float | None:
    """Rounds to six significant digits. Whole numbers keep all digits, because the text may contain
    the same count."""
    if value is None or float(value).is_integer():
        return value if value is None else float(value)
    return float(f"{value:.6g}")


def cell_row(one: Claim, e: evidence.Evidence, o: rules.Outcome) -> CellRow:
    """Combines the evidence on a cell with its outcome."""
    return CellRow(e.where, e.cells, o.word, o.kind, o.how, one.claimed or None,
                   rounded(o.centre), rounded(o.low), rounded(o.high), o.n, rounded(o.p),
                   rounded(o.seen), rounded(e.base))


def judged(claim: Claim, cells: Sequence[Part], ps: Mapping[Key, rules.Ps],
           whose: str, gos: Gos) -> Verdict:
    """Decides the claim for the maps of one Go version, for the maps in the ledger, or for a
    variant."""
    rows = tuple(cell_row(one, e, rules.outcome_of(one, e, ps.get(Key(claim.id, whose, i), {})))
                 for i, (one, e) in enumerate(cells))
    word, how = rules.combined(claim.conditions, rows)
    return Verdict(word, how, "Go" if whose in gos else source_of(cells), rows,
                   of=str(gos.get(whose, whose)))


def row_of(claim: Claim, verdict: Verdict) -> ClaimRow:
    """Combines a verdict with its claim."""
    return ClaimRow(verdict.verdict, verdict.how, verdict.numbers, verdict.cells, claim.id,
                    claim.says, claim.article, claim.rule, claim.speaks, claim.kind,
                    claim.claimed or None, claim.instead, claim.grade, claim.weakened_by,
                    of=verdict.of if claim.about == "go" else "")


def of_versions(claim: Claim, sides: Mapping[str, Verdict], gos: Gos) -> ClaimRow:
    """Returns the verdict on the Go version that decides the claim. The verdict on the other Go
    version is attached, because it may differ."""
    wanted = (CLASSIC, TODAY) if claim.needs_go == "classic" else (TODAY, CLASSIC)
    first, beside = (sides.get(whose) for whose in wanted)
    if first is None and claim.needs_go == "any":
        first, beside = beside, None
    if first is None:
        why = golang.absent(claim, gos) if wanted[0] not in gos else "its cells are not in this run"
        first = Verdict(Word.NOT_HERE, why, "none", ())
    row = replace(row_of(claim, first), beside=beside)
    if beside and agreement.agree(first, beside) is False:
        row = replace(row, verdict=Word.DEPENDS, how="version: " + "; ".join(
            map(agreement.verdict_text, (first, beside))))
    port = sides.get(PORT)
    same = agreement.agree(first, port) if port else None
    cause = agreement.cause_of(claim, first, sides.get(VARIANT)) if same is False else ""
    return replace(row, port=port, agree=same, cause=cause)


def merged(claim: Claim, sides: Mapping[str, Verdict], gos: Gos) -> ClaimRow:
    """If the claim is about Go and has an experiment for Go's maps, returns the verdict for Go
    together with the one for the port. Otherwise returns the verdict for the port."""
    if claim.about != "go" or not claim.each(go=True):
        return row_of(claim, sides[PORT])
    variant = sides.get(VARIANT)
    return replace(of_versions(claim, sides, gos), variant=variant and Variant(
        variant.verdict, variant.how, variant.numbers, variant.cells,
        " / ".join(filter(None, claim.variant))))


def setting_of(campaign: Campaign, row: ClaimRow) -> str:
    """Describes how the goroutines or threads of the cells ran."""
    verdict = next((v for v in (row, row.beside, row.port) if v and v.cells), row)
    cells = [campaign.cells[name].factors for cell in verdict.cells for name in cell.cells]
    if not cells:
        return ""
    counts = sorted({c.threads for c in cells})
    cpus = sorted({len(set(c.cpus)) for c in cells})
    if not ledger.is_go(cells[0].map):
        return f"{joined(map(count, counts))} threads on {joined(map(count, cpus))} CPUs"
    kinds = sorted({c.goroutines for c in cells})
    most = sorted({min(c.threads, len(set(c.cpus))) for c in cells})
    return (f"{joined(map(count, counts))} goroutines, {joined(kinds)}; the process is bound to "
            f"{joined(map(count, cpus))} CPUs, GOMAXPROCS {joined(map(count, most))}")


# ---- all claims -----------------------------------------------------------

def gathered(data: Data, claims: Ledger) -> Found:
    """Collects the evidence of all planned cells, and of the port even for claims without planned
    cells."""
    gos = golang.read(data.campaign.plan.maps)
    found = {}
    for claim in claims.values():
        if claim.rule == "arithmetic" or lacking(data.campaign, claim):
            continue
        sides = {PORT: claim.each(), VARIANT: claim.varied()} | {
            whose: go.of(claim) for whose, go in gos.items()}
        for whose, ones in sides.items():
            cells = evidence.of_parts(data, evidence.parts(data.cells, claim, ones))
            if whose == PORT and cells or any(e.planned for _, e in cells):
                found[claim.id, whose] = cells
    return found


def verdict_of(campaign: Campaign, claim: Claim, found: Found,
               ps: Mapping[Key, rules.Ps]) -> ClaimRow | None:
    """Decides a claim. Returns None if the campaign has no cell of it."""
    if claim.rule == "arithmetic":
        value = arithmetic.evaluate(claim.compute)
        low, high = claim.limits
        return row_of(claim, Verdict(
            Word.REPRODUCED if low <= value <= high else Word.REFUTED,
            f"{claim.compute} = {value:.4g}", "computed", ()))
    why = lacking(campaign, claim)
    if why:
        return row_of(claim, Verdict(Word.NOT_HERE, why, "none", ()))
    of_claim = {whose: found[claim.id, whose] for whose in WHOSE if (claim.id, whose) in found}
    if not any(e.planned for whose, cells in of_claim.items() if whose != VARIANT
               for _, e in cells):
        return None
    gos = golang.read(campaign.plan.maps)
    row = merged(claim, {whose: judged(claim, cells, ps, whose, gos)
                         for whose, cells in of_claim.items()}, gos)
    return replace(row, setting=setting_of(campaign, row))


def verdicts(campaign: Campaign, claims: Ledger) -> tuple[ClaimRow, ...]:
    """Decides every claim of which the campaign has a cell. Returns verdicts by id. Variants are
    tested as a separate family, so they do not increase the p values of claims."""
    found = gathered(Data(campaign), claims)
    ps = corrected(family_of(found, *DECIDING)) | corrected(family_of(found, VARIANT))
    rows = (verdict_of(campaign, claim, found, ps) for claim in claims.values())
    return tuple(row for row in rows if row)


# ---- the campaign -----------------------------------------------------------

def made_for(campaign: Campaign) -> bool:
    """True if the campaign was planned for claims. Cells of other campaigns match claims only by
    chance."""
    return (campaign.plan.mode or "").startswith("claims") or \
        "claims" in (campaign.plan.notes or {})


def doubt_of(campaign: Campaign) -> str | None:
    """Describes the failed control of the run in a sentence."""
    check = trust.same_map(campaign, None)
    ratio = check.estimate
    if check.state is not State.FAILED or ratio is None or ratio.low is None or ratio.high is None:
        return None
    return ("A control failed, so verdicts on speed are not reliable: two copies of "
            f"{check.maps[0]} differ by × {sig(ratio.value)} "
            f"[{sig(ratio.low)}, {sig(ratio.high)}].")


def document(campaign: Campaign, claims: Ledger, advised: decision_rules.Rules,
             finished: bool = True) -> Document:
    """Draws all conclusions from a campaign. `claims` is the whole ledger, because a run records
    its hash."""
    folder = campaign.path.parent
    meta = staged.read_meta(folder) if (folder / "stages.json").exists() else None
    # The requested claims form one family of tests. Other claims whose cells the run also has are
    # left out.
    requested = {name: claims[name] for name in (meta and meta.ids) or claims if name in claims}
    rows = verdicts(campaign, requested)
    before = meta.rule if meta else staged.Rule(
        ledger_sha256=(campaign.plan.notes or {}).get("claims"))
    counts = {word: sum(r.verdict is word for r in rows) for word in Word}
    doubt = doubt_of(campaign)
    return Document(
        FORMAT, "claims", campaign.name, campaign.plan.machine.id, ledger.digest(claims),
        before.ledger_sha256, rule.contract(), before.contract_sha256, rules.ALPHA, counts,
        tuple(sorted(set(requested) - {r.id for r in rows})), rows, agreement.sentence(rows),
        decision_rules.standings(advised, rows), doubt,
        (*(f"{counts[word]} {word}" for word in Word), *([doubt] if doubt else ())), finished)


def of_campaign(campaign: Campaign, folder: Path | None = None, finished: bool = True) -> Document:
    """Decides a campaign by the ledger in a folder, or by the ledger of this source tree if the
    folder is None. Raises LedgerError."""
    claims = ledger.read(folder)
    return document(campaign, claims, decision_rules.read(claims, folder), finished)


def as_json(found: Document) -> str:
    """Formats the document as JSON, in which the field `grounds` has the name "for"."""
    members: Callable[[list[tuple[str, object]]], dict[str, object]] = lambda pairs: {  # noqa: E731
        "for" if name == "grounds" else name: value for name, value in pairs}
    return strict_json.dumps(dataclasses.asdict(found, dict_factory=members), indent=1,
                             sort_keys=True, ensure_ascii=False)


def of_folder(folder: Path, ledger_folder: Path | None = None) -> int:
    """Prints the verdicts of a campaign, and returns the exit status. If `ledger_folder` is given,
    its ledger replaces the one of this source tree. Raises JournalError."""
    print(as_json(of_campaign(load.read(folder), ledger_folder)))
    return DONE


def main(found: staged.Staged) -> int:
    """Prints the verdicts of a staged campaign, whose only stage has all of its cells."""
    stage = found.stages[0] if found.stages else found.begun
    if stage is None:
        raise JournalError(f"{found.path}: no stage has begun: readmostly dev claims run --resume")
    print(as_json(of_campaign(stage, finished=bool(found.stages))))
    return DONE if found.stages else INCOMPLETE
