# SPDX-License-Identifier: Apache-2.0
"""python3 -m report claims list | show ID | power | cells PLAN [ID...] | digest

list    lists every claim with its rule, and its verdict if a campaign has decided it; then
        the advice of the articles (D1 to D23) with its standing
show    shows one claim: its text, the experiment, the rule, the verdict with its
        numbers, and the command that repeats it
power   prints the smallest effect that a run could have detected in each cell of a claim,
        and the number of blocks needed for the required effect
cells   prints the ids of the cells of PLAN (plan.json, campaign.json) that the claims
        need, one per line; without an ID for all claims
digest  prints the hash of the ledger, which a run records (--note claims=HASH)

--from DIR selects the campaign whose verdicts are used (default: results/latest, if it was made
for claims). Exit status: 0 done, 2 the claim or the folder does not exist.
"""
import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from report import ending, load
from report.claims import agreement, decide, decision_rules, ledger, power, rules
from report.claims import next as stage
from report.claims.ledger import Ledger
from report.claims.model import Document
from report.claims.phrases import percent, sig
from report.render import text as render

LATEST = Path("results/latest")
CODE = " of Go 1.19's code"  # end of the port's name, which the list omits
WIDTH = 78
INDENT = " " * 14


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = ending.Parser(
        prog="readmostly dev claims", description="The ledger of published claims: the "
        "statement, the experiment that decides it, the verdict.")
    kinds = parser.add_subparsers(dest="do", required=True,
                                  metavar="list | show | power | cells | digest")
    listing = kinds.add_parser("list", help="every claim on a line")
    showing = kinds.add_parser("show", help="everything about one claim or rule")
    showing.add_argument("ids", metavar="ID", nargs="+", help="an id that `list` prints")
    cells = kinds.add_parser("cells", help="the cells that claims need")
    cells.add_argument("plan", metavar="PLAN", type=Path)
    cells.add_argument("ids", metavar="ID", nargs="*")
    kinds.add_parser("digest", help="the hash of the ledger")
    needs = kinds.add_parser("power", help="how many blocks each cell needs")
    for kind in (listing, showing, needs):
        kind.add_argument("--from", dest="folder", metavar="DIR", type=Path,
                          help=f"campaign whose verdicts are used (default: {LATEST}, if it was "
                          "made for claims)")
    return parser.parse_args(argv)


def document_of(folder: Path | None) -> Document | None:
    """Reads the verdicts of a campaign. Returns None if no campaign was made for claims. Raises
    JournalError."""
    if folder is None and not (LATEST / "campaign.json").exists():
        return None
    campaign = load.read(folder or LATEST)
    if folder and not decide.made_for(campaign):
        raise load.JournalError(f"--from {folder}: this campaign was not made for claims: "
                                "`readmostly dev claims run` makes one")
    return decide.of_campaign(campaign) if decide.made_for(campaign) else None


# ---- list -----------------------------------------------------------------

def list_lines(claims: Ledger, advised: decision_rules.Rules,
               found: Document | None) -> Iterator[str]:
    """Lists all claims and the advice of the articles, and compares Go with the port."""
    decided = {row.id: (row.verdict, row.of) for row in found.claims} if found else {}
    stands = {one.id: (one.standing, "") for one in found.rules} if found else {}
    rows = [(c.id, c.rule, decided.get(c.id), c.says) for c in claims.values()] + [
        (r.id, "advice", stands.get(r.id), f"{r.situation}: {r.advises}") for r in advised.values()]
    for name, kind, verdict, text in rows:
        word, counterpart = verdict or ("no run yet", "")
        yield f"{name:5}  {kind:10}  {word:17}  {counterpart.removesuffix(CODE):15}  {text}"
    yield from ["", *textwrap.wrap(count_text(claims), WIDTH)]
    if found and found.go_and_port:
        yield from ["", *textwrap.wrap(found.go_and_port, WIDTH)]


def count_text(claims: Ledger) -> str:
    """Counts the claims that have an experiment with Go's own programs, and the experiments
    that are weaker than their claims."""
    of_go = [c for c in claims.values() if c.about == "go" and c.speaks in ("speed", "memory")
             and c.rule != "none"]
    grades = [sum(c.grade == word for c in claims.values()) for word in ledger.WORDS["grade"]]
    return (f"Programs of Go decide {sum(bool(c.each(go=True)) for c in of_go)} of {len(of_go)} "
            f"claims about the speed and memory of Go. Experiments of {len(claims)} claims: "
            f"{grades[0]} faithful, {grades[1]} weakened, {grades[2]} none.")


# ---- show -----------------------------------------------------------------

def folded(text: str) -> Iterator[str]:
    """Yields the lines of the rendered template. Long lines are wrapped."""
    for line in text.splitlines():
        name, is_member, words = line.partition("|")
        if words.strip():
            yield from textwrap.wrap(f"{name:12}  {words.strip()}", WIDTH, subsequent_indent=INDENT)
        elif name.strip() and not is_member:
            yield name.rstrip()


def shown(claims: Ledger, advised: decision_rules.Rules, found: Document | None,
          ids: Sequence[str]) -> Iterator[str]:
    """Yields the texts of claims and rules, in the order of `ids`. Raises LedgerError."""
    verdicts = {row.id: row for row in found.claims} if found else {}
    stands = {one.id: one for one in found.rules} if found else {}
    stage.chosen(claims, [name for name in ids if name not in advised])
    environment = render.environment(False, Path(__file__).parent)
    environment.filters |= {"sig": sig, "percent": percent, "place": rules.place,
                            "variant": agreement.variant_text, "said": agreement.verdict_text}
    template = environment.get_template("show.txt.j2")
    for name in ids:
        yield "\n".join(folded(template.render(
            claim=claims.get(name), rule=advised.get(name), row=verdicts.get(name),
            stands=stands.get(name), banded=rules.BANDED)))


def text_of(args: argparse.Namespace, claims: Ledger) -> str:
    """Returns the output of a command. Raises JournalError."""
    if args.do == "cells":
        cells = stage.cells_of(stage.cells_in(args.plan), stage.chosen(claims, args.ids))
        return "\n".join(c.id for c in cells)
    if args.do == "digest":
        return ledger.digest(claims)
    if args.do == "power":
        return "\n".join(power.lines(load.read(args.folder or LATEST), claims))
    advised = decision_rules.read(claims)
    found = document_of(args.folder)
    text = "\n".join(list_lines(claims, advised, found)) if args.do == "list" else \
        "\n\n".join(shown(claims, advised, found, args.ids))
    doubt = textwrap.fill(found.doubt, WIDTH) if found and found.doubt else ""
    return f"{text}\n\n{doubt}" if doubt else text


def main(argv: Sequence[str]) -> int:
    """Runs the command and returns the exit status."""
    args = arguments(argv)
    try:
        print(text_of(args, ledger.read()))
    except load.JournalError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    return 0
