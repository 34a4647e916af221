# SPDX-License-Identifier: Apache-2.0
"""python3 -m report claims list | show ID | power | cells PLAN [ID...] | digest

list    every claim with its rule, and its verdict where a campaign has one;
        then what the articles advise (D1 to D23), and how it stands
show    one claim: what it says, the experiment, the rule, the verdict with
        its numbers, and the command that repeats it
power   of each claim's cells, what a run could have shown, by the spread of
        its blocks, and how many blocks show what the claim must see
cells   ids of the cells of PLAN (plan.json, campaign.json) that the claims
        need, one a line; without ID those of all claims
digest  the hash of the ledger, which a run keeps (--note claims=HASH)

--from DIR: the campaign that verdicts are of (default: results/latest, where
it was made for claims). Exit status: 0 done, 2 no such claim or folder.
"""
import argparse
import sys
import textwrap
import types
from pathlib import Path

from report import (articles, checks, journal, strict_json, verdicts,
                    words)
from report.claims import (agreement, decide, decision_rules, evidence,
                           ledger, power, rules)

LATEST = Path("results/latest")
WIDTH = 78
UNSURE = "so that no verdict of speed is to be relied on"
INDENT = " " * 14


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="readmostly dev claims", description="The ledger of published "
        "claims: what was said, the experiment that decides it, the verdict.")
    kinds = parser.add_subparsers(dest="do", required=True,
                                  metavar="list | show | power | cells | "
                                  "digest")
    one = kinds.add_parser("list", help="every claim on a line")
    two = kinds.add_parser("show", help="one claim or rule, all of it")
    two.add_argument("ids", metavar="ID", nargs="+")
    three = kinds.add_parser("cells", help="the cells that claims need")
    three.add_argument("plan", metavar="PLAN", type=Path)
    three.add_argument("ids", metavar="ID", nargs="*")
    kinds.add_parser("digest", help="the hash of the ledger")
    four = kinds.add_parser("power", help="how many blocks each cell needs")
    for kind in (one, two, four):
        kind.add_argument("--from", dest="folder", metavar="DIR", type=Path,
                          help="campaign that verdicts are of (default: "
                          f"{LATEST}, where it was made for claims)")
    return parser.parse_args(argv)


def chosen(claims, ids):
    """The claims of these ids, all where there is none; LedgerError."""
    unknown = [name for name in ids if name not in claims]
    if unknown:
        raise ledger.LedgerError(
            f"no claim {', '.join(unknown)}: expected ids as `readmostly "
            "claims list` has them, such as S4-01")
    return {name: claims[name] for name in ids} if ids else claims


def run_of(folder):
    """The campaign that verdicts are of; None: there is none."""
    if folder is None and not (LATEST / "campaign.json").exists():
        return None
    campaign = journal.read(folder or LATEST)
    return campaign if folder is not None or made_for(campaign) else None


def verdicts_of(campaign, claims):
    """id -> verdict; corrected over all claims that the run was for, whichever
    are asked for here."""
    if campaign is None:
        return {}
    return {row["id"]: row for row in decide.verdicts(
        campaign, decide.asked_of(campaign, claims))}


def made_for(campaign):
    """Was it planned for claims? Cells of another one may fit by chance."""
    return str(campaign.meta.get("mode") or "").startswith("claims") or \
        "claims" in (campaign.meta.get("notes") or {})


# ---- list and show --------------------------------------------------------

def line_of(name, kind, word, says):
    return f"{name:5}  {kind:10}  {word or 'no run yet':17}  {says}"


def list_lines(claims, advised, rows):
    """All claims, what the articles advise, and how far Go and the port
    agree."""
    for claim in claims.values():
        yield line_of(claim.id, claim.rule,
                      rows.get(claim.id, {}).get("verdict"), claim.says)
    stands = standings(advised, rows)
    for rule in advised.values():
        yield line_of(rule.id, "advice",
                      stands.get(rule.id, {}).get("standing"),
                      f"{rule.situation}: {rule.advises}")
    said = agreement.sentence(agreement.share(rows.values()))
    yield from ["", *textwrap.wrap(said, WIDTH)] if said else ()


def standings(advised, rows):
    """id -> how a rule stands; nothing where nothing ran."""
    return {found["id"]: found for found in
            decision_rules.standings(advised, rows.values())} if rows else {}


def told(name, text):
    """A member of the text of one claim, folded."""
    if not text:
        return []
    return textwrap.wrap(f"{name:12}  {text}", WIDTH,
                         subsequent_indent=INDENT)


def amount(value):
    return "none" if value is None else words.sig(value)


def rule_text(claim):
    """The rule with its numbers, as they were fixed before any run."""
    parts = [claim.rule]
    if claim.side:
        parts.append(f"subject ÷ against {claim.side} 1")
    if claim.claimed:
        low, high = claim.claimed
        parts.append("claimed " + amount(low)
                     + (f" to {amount(high)}" if high > low else ""))
        if claim.rule != "slope":  # its range is the claimed one
            parts.append(f"tolerance × {claim.tolerance:g}")
    if claim.rule in rules.BANDED:
        parts.append(f"band {words.percent(100 * claim.band)}")
    return "; ".join(parts)


def cell_lines(row):
    for cell in row["cells"]:
        value = amount(cell["value"])
        if cell["low"] is not None:
            value += f" {words.between(cell['low'], cell['high'])}"
        if cell["against_value"] is not None:
            value += f", against at {amount(cell['against_value'])}"
        yield from told("", f"{rules.place(cell['where'])}: {value}, "
                        f"n {cell['n']}: {cell['word']}"
                        + (f" ({cell['how']})" if cell["how"] else ""))
        for name in cell["cells"]:
            yield f"{INDENT}  {name}"


def port_lines(row):
    """The port beside Go, and what a variant shows of the difference."""
    if row["port"]:
        yield from told("of the port", f"{row['port']['verdict']}: "
                        f"{row['port']['how']}")
    if row["agree"] is False:
        yield from told("why", row["cause"])
    if row["variant"]:
        yield from told("variant", agreement.of_variant(row))


def verdict_lines(row):
    if row is None:
        return told("verdict", "no run yet")
    said = row["verdict"] + (f" (of {row['of']})" if row["of"] else "")
    return [*told("verdict", said + (f": {row['how']}" if row["how"]
                                     else "")),
            *told("numbers", row["numbers"]), *cell_lines(row),
            *port_lines(row)]


def text_of(claim, row):
    """One claim for a terminal."""
    sides = " against ".join(s for s in (claim.subject, claim.against) if s)
    go = " against ".join(s for s in claim.go if s)
    lines = [f"{claim.id}  ({claim.kind}, speaks of {claim.speaks}; "
             f"workloads/claims/{claim.place})",
             *told("claim", claim.says), *told("article", claim.article),
             *told("ran on", claim.environment)]
    if claim.workload:
        lines += [*told("experiment", f"{claim.workload}: {sides}"
                        + (f"; Go: {go}" if go else "")
                        + f"; {claim.statistic}")]
        for where in claim.cells:
            lines += told("", where)
    lines += [*told("computed", claim.compute), *told("lacks", claim.lacks),
              *told("rule", rule_text(claim)), *told("instead", claim.instead),
              *verdict_lines(row)]
    if claim.workload:
        lines += told("again", f"readmostly dev claims run {claim.id}")
    return "\n".join(line.rstrip() for line in lines)


def rule_lines(rule, found):
    """What the articles advise, for a terminal; None: no run yet."""
    yield f"{rule.id}  (advice; workloads/claims/{rule.place})"
    yield from told("source", rule.source)
    yield from told("situation", rule.situation)
    yield from told("advises", rule.advises)
    yield from told("for", ", ".join(map(str, rule.grounds)))
    yield from told("against", ", ".join(map(str, rule.against)))
    yield from told("stands", f"{found['standing']}: {found['why']}"
                    if found else "no run yet")
    if rule.pair:
        yield from told("flips", f"readmostly dev crossover "
                        f"{' '.join(rule.pair)}")


def shown(claims, advised, rows, ids):
    """The texts of claims and rules, in the order of `ids`."""
    stands = standings(advised, rows)
    for one in chosen({**claims, **advised}, ids).values():
        yield text_of(one, rows.get(one.id)) if one.id in claims \
            else "\n".join(rule_lines(one, stands.get(one.id)))


def doubt_lines(run):
    """Behind all verdicts: the control of their run that failed."""
    said = verdicts.doubt(run and checks.refusal(run), UNSURE).strip()
    return ["", *textwrap.wrap(said, WIDTH), ""] if said else []


# ---- cells ----------------------------------------------------------------

def plan_of(data):
    """A plan as evidence reads it: its cells, none with a trial, by id."""
    return types.SimpleNamespace(cells={
        c["id"]: journal.Cell({**journal.DEFAULTS, **c})
        for c in data["cells"]})


def plan_in(file):
    """The same of a file. JournalError."""
    try:
        return plan_of(strict_json.loads(file.read_bytes()))
    except OSError as error:
        raise journal.JournalError(f"{file}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise journal.JournalError(
            f"{file}: no plan ({error}): expected what `readmostly plan "
            "--json` prints") from None


def cells_of(plan, claims):
    """Ids of the cells that these claims take, in the order of the plan."""
    found = set()
    ones = [one for claim in claims.values()
            for own in (claim.each(), claim.each(go=True), claim.varied())
            for one in evidence.parts(plan, claim, own)]
    for one in ones:
        figure = evidence.figure_of(one, one.cells[0], one.subject,
                                    one.against)
        for side in figure.cells_wanted():
            found |= {c.id for c in articles.cells_for(plan, figure, side)}
    return [name for name in plan.cells if name in found]


def main(argv):
    args = arguments(argv)
    try:
        claims = ledger.read()
        if args.do == "cells":
            print("\n".join(cells_of(plan_in(args.plan),
                                     chosen(claims, args.ids))))
            return 0
        if args.do == "digest":
            print(ledger.digest(claims))
            return 0
        if args.do == "power":
            print("\n".join(power.lines(journal.read(
                args.folder or LATEST), claims)))
            return 0
        advised = decision_rules.read(claims)
        run = run_of(args.folder)
        rows = verdicts_of(run, claims)
        print("\n".join(list_lines(claims, advised, rows))
              if args.do == "list" else
              "\n\n".join(shown(claims, advised, rows, args.ids)))
        print("\n".join(doubt_lines(run)), end="")
    except journal.JournalError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    return 0
