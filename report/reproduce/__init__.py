# SPDX-License-Identifier: Apache-2.0
"""python3 -m report reproduce OLD NEW [--headline | --figure NAME]: what a
second campaign says of each clear comparison of a first one.
python3 -m report reproduce inputs OLD, cells OLD: what `readmostly dev reproduce`
has to run, for that program.

Exit status: 0 some are replicated and none is opposite; 1 one is opposite; 2
the folders cannot be read or set against each other, or a control of OLD
failed; 3 none is replicated, or NEW is not finished.
"""
import argparse
import json
import os
import re
import sys
from pathlib import Path

from report import ending

DONE, OPPOSITE, USAGE, INCOMPLETE = 0, 1, 2, 3
KEYS = re.compile("^keys .*", re.MULTILINE)  # of a workload's text
TRACE = re.compile(r"(?<=\s)file:(\S+)")


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report reproduce", description="Sets a campaign "
        "against the one that it repeats: replicated, opposite or unclear "
        "for each clear comparison, and what differs in the set-up.")
    parser.add_argument("old", metavar="OLD", help="the first campaign; or "
                        "`inputs`, `cells`: what is to run, of NEW")
    parser.add_argument("new", metavar="NEW", type=Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--headline", action="store_true", help="only the "
                      "group that the first sentence is about")
    what.add_argument("--figure", metavar="NAME", help="only what a figure "
                      "shows: winner, flip, forest")
    args = parser.parse_args(argv)
    args.figure = "headline" if args.headline else args.figure
    return args


# ---- for the program that runs it -----------------------------------------

def text_here(workload):
    """Its text, as that of a file in another folder: traces are named from
    the folder of the file that was run. JournalError."""
    from report.journal import JournalError
    folder = os.path.dirname(workload.get("file") or "")

    def found(name):
        path = os.path.realpath(os.path.join(folder, name[1]))
        if re.search(r"\s", path):
            raise JournalError(f"{path}: a trace whose path has a blank, "
                               "which no workload can name")
        return f"file:{path}"

    return KEYS.sub(lambda line: TRACE.sub(found, line[0]),
                    workload.get("text") or "")


def tell_inputs(campaign, figure):
    """Texts of the workloads, as they were when it ran."""
    from report.reproduce import asked
    asked.check(figure)
    print(json.dumps({"workloads": [
        {"name": w.get("name"), "text": text_here(w)}
        for w in campaign.meta.get("workloads") or []],
        "campaign": campaign.name}, ensure_ascii=False))


def tell_cells(campaign, figure):
    """Those cells that the plan on standard input has, one a line."""
    from report.analysis import Analysis
    from report.journal import JournalError
    from report.reproduce import asked
    a = Analysis(campaign)
    questions = [q for q in asked.of_campaign(a, figure) if q.side]
    if not questions:
        raise JournalError(f"{campaign.path}: it decided none of these "
                           "comparisons: nothing could be replicated")
    wanted = asked.cells_of(a, questions)
    try:
        plan = json.load(sys.stdin)
        here = {c["id"]: c for c in plan["cells"]}
        # What equals another cell here is run as that one (judge.index_of()).
        here |= {pair["id"]: here[pair["as"]]
                 for pair in plan.get("same") or []}
    except (ValueError, KeyError, TypeError):
        raise JournalError("standard input: expected a plan "
                           "(readmostly plan --json)") from None
    print(f"# of {len(wanted)} cells of {campaign.name}")
    for name in wanted:
        lost = name not in here or here[name].get("skip")
        print(f"# not here: {name}" if lost else name)


# ---- the answer -----------------------------------------------------------

def read_pair(args):
    """(first, second) campaign, each whole in itself; JournalError."""
    from report import journal
    from report.compare import admit
    from report.journal import JournalError
    found = [journal.read(args.old), journal.read(args.new)]
    for folder, campaign in zip((args.old, args.new), found):
        why = admit.within(campaign)
        if why:
            raise JournalError(f"{folder}: {why}")
    old, new = (c.meta for c in found)
    if (old.get("name"), old.get("created_utc"), old.get("seed")) == (
            new.get("name"), new.get("created_utc"), new.get("seed")):
        raise JournalError(f"{args.new}: the same campaign as {args.old}: "
                           "nothing was repeated")
    if bool(old.get("synthetic")) != bool(new.get("synthetic")):
        raise JournalError(f"{args.new}: one of the two was written by a "
                           "program, expected two of a kind")
    return found


def answer(args):
    """Prints the verdicts and writes NEW/reproduction.json -> status."""
    from report.analysis import Analysis
    from report import checks, folders
    from report.reproduce import asked, judge, say, setup
    old, new = read_pair(args)
    questions = asked.of_campaign(Analysis(old), args.figure)
    invalid = checks.refusal(new)
    rows, unclear = judge.all_of(old, new, questions, invalid)
    found = setup.differences(old, new, {m for q in questions
                                         for m in q.maps})
    document = say.document(old, new, args.figure, rows, unclear, found,
                            invalid)
    print("\n".join(say.lines(document, rows, found)))
    folders.replace(args.new / "reproduction.json", json.dumps(
        document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    if document["count"][judge.OPPOSITE]:
        return OPPOSITE
    return DONE if document["count"][judge.REPLICATED] and \
        document["finished"] else INCOMPLETE


def run(args):
    from report import journal
    if args.old not in ("inputs", "cells"):
        return answer(args)
    tell = tell_inputs if args.old == "inputs" else tell_cells
    tell(journal.read(args.new), args.figure)
    return DONE


def main(argv):
    from report.journal import JournalError
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report reproduce",
                           JournalError)
