# SPDX-License-Identifier: Apache-2.0
"""Compares a campaign with the one that it repeats.

- python3 -m report reproduce OLD NEW [--headline | --figure NAME]: compares NEW with OLD.
- python3 -m report reproduce inputs OLD, cells OLD: prints the input of `readmostly dev
  reproduce`.

Exit status: 0 comparisons are replicated and none is opposite; 1 a comparison is opposite; 2 the
folders cannot be read or compared, or OLD recommends no map; 3 no comparison is replicated, or
NEW is not finished.
"""
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from report import ending, folders
from report.compare import admit
from report.decide import result
from report.load import Campaign, JournalError, read, strict_json
from report.load.decode import decode
from report.load.plan import Same, Workload
from report.model.encode import to_json
from report.model.trust import Trust
from report.render import text
from report.render.view import View
from report.reproduce import judge, questions

DONE, OPPOSITE, INCOMPLETE = 0, 1, 3
KEYS = re.compile("^keys .*", re.MULTILINE)  # a line in a workload's text
TRACE = re.compile(r"(?<=\s)file:(\S+)")
SHOWN = 40  # largest number of rows on the terminal; opposite rows are always shown
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class PlanCell:
    """A cell in the output of `readmostly plan --json`."""
    id: str
    skip: str | None = None


@dataclass(frozen=True)
class PlanCells:
    """The members that are read from the output of `readmostly plan --json`."""
    cells: tuple[PlanCell, ...]
    same: tuple[Same, ...] = ()


# ---- input of `readmostly dev reproduce` ----------------------------------

def absolute(workload: Workload) -> str:
    """Makes the paths of traces in a workload's text absolute. They are relative to the folder of
    the file that was run, but the text is copied to another folder. Raises JournalError."""
    folder = os.path.dirname(workload.file or "")

    def path_of(name: re.Match[str]) -> str:
        path = os.path.realpath(os.path.join(folder, name[1]))
        if re.search(r"\s", path):
            raise JournalError(f"{path}: the path of a trace has a blank, which workload files "
                               "cannot express")
        return f"file:{path}"
    return KEYS.sub(lambda line: TRACE.sub(path_of, line[0]), workload.text or "")


def print_inputs(campaign: Campaign, figure: str | None) -> None:
    """Prints the workloads of the first campaign as JSON."""
    questions.check(figure)
    print(strict_json.dumps({"campaign": campaign.name, "workloads": [
        {"name": w.name, "text": absolute(w)} for w in campaign.plan.workloads]},
        ensure_ascii=False))


def print_cells(campaign: Campaign, figure: str | None) -> None:
    """Prints the required cells that the plan on standard input contains, one per line."""
    clear = [q for q in asked_of(campaign, figure) if q.clear]
    if not clear:
        raise JournalError(
            f"{campaign.path}: it decided no comparison of two maps, so there is nothing to "
            "replicate; its report prints how many runs of each map a ranking needs: measure that "
            "many (--set blocks=N) in another folder, and reproduce the new campaign")
    try:
        plan = decode(PlanCells, strict_json.loads(sys.stdin.read()))
    except ValueError as error:
        raise JournalError(f"standard input: {error}: expected a plan (readmostly plan --json)"
                           ) from None
    runs = {c.id for c in plan.cells if not c.skip}
    runs |= {pair.id for pair in plan.same if pair.runs_as in runs}
    wanted = questions.cells_of(campaign, clear)
    print(f"# of {len(wanted)} cells of {campaign.name}")
    for name in wanted:
        print(name if name in runs else f"# not here: {name}")


# ---- result ---------------------------------------------------------------

def asked_of(old: Campaign, figure: str | None) -> list[questions.Question]:
    """Returns the comparisons to repeat. Raises JournalError if the campaign recommends no map."""
    found = questions.of_campaign(old, figure)
    trust = result.build(old).trust
    if any(q.clear for q in found) and trust.verdict is Trust.NOT and trust.reason:
        raise JournalError(f"{old.path}: it recommends no map (failed check: "
                           f"{trust.reason.question.value}), so there is nothing to replicate: "
                           "measure again")
    return found


def read_pair(first: Path, second: Path) -> tuple[Campaign, Campaign]:
    """Reads both campaigns. Raises JournalError if a campaign is damaged, or if both are the
    same."""
    old, new = read(first), read(second)
    for campaign in (old, new):
        why = admit.within(campaign)
        if why:
            raise JournalError(f"{campaign.path}: {why}")
    if (old.name, old.plan.created_utc, old.plan.seed) == (
            new.name, new.plan.created_utc, new.plan.seed):
        raise JournalError(f"{second}: the same campaign as {first}: nothing was repeated")
    if old.plan.synthetic != new.plan.synthetic:
        raise JournalError(f"{second}: only one of the two campaigns is synthetic; compare two "
                           "measured or two synthetic campaigns")
    return old, new


def answer(first: Path, second: Path, figure: str | None) -> int:
    """Prints the verdicts, writes NEW/reproduction.json and returns the exit status."""
    old, new = read_pair(first, second)
    d = judge.judge(old, new, asked_of(old, figure), figure, result.build(new).trust.verdict)
    words = (judge.Word.OPPOSITE, judge.Word.UNCLEAR, judge.Word.REPLICATED)
    order = sorted(range(len(d.rows)), key=lambda i: words.index(d.rows[i].word))
    shown = order[:max(SHOWN, d.count.opposite)]
    lines = text.environment(False, TEMPLATES).get_template("reproduce.txt.j2").render(
        d=View(d, ""), rows=[View(d.rows[i], f"rows.{i}") for i in shown],
        more=len(order) - len(shown))
    print("\n".join(filter(None, lines.splitlines())))
    folders.replace(second / "reproduction.json", to_json(d))
    if d.count.opposite:
        return OPPOSITE
    return DONE if d.count.replicated and d.finished else INCOMPLETE


def run(old: str, new: Path, figure: str | None) -> int:
    """Runs the command and returns the exit status."""
    if old not in ("inputs", "cells"):
        return answer(Path(old), new, figure)
    (print_inputs if old == "inputs" else print_cells)(read(new), figure)
    return DONE


def main(argv: list[str]) -> int:
    """Parses and runs the command. Returns the exit status."""
    parser = ending.Parser(
        prog="python3 -m report reproduce", description="Compares a campaign with the one that "
        "it repeats: replicated, opposite or unclear for each clear comparison, and differences "
        "in the set-up.")
    parser.add_argument("old", metavar="OLD", help="the first campaign; `inputs` or `cells`: "
                        "print the input for repeating NEW")
    parser.add_argument("new", metavar="NEW", type=Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--headline", dest="figure", action="store_const", const="headline",
                      help="only the group of the first sentence")
    what.add_argument("--figure", metavar="NAME", help="only winner, flip or forest")
    args = parser.parse_args(argv)
    return ending.refusing(lambda: run(args.old, args.new, args.figure), "report reproduce",
                           JournalError)
