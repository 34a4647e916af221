# SPDX-License-Identifier: Apache-2.0
"""python3 -m report advise DIR --writes 3% --keys 10k --threads 8: which map,
by what was measured there (docs/advise.md)?

One paragraph: first and second choice and their ratio, what would change the
answer, the nearest measured cells, and what it does not know. Outside of what
was measured it refuses, and prints a workload file that would settle it.

Exit status: 0 answered; 1 refused, or a control failed: standard output is
the workload file; 2 usage, or the folder cannot be read; 3 too few trials to
rank.
"""
import argparse
import json
import sys
from pathlib import Path

from report.advise import (as_json, decide, folder, needs, questions, say,
                           workload)
from report.journal import JournalError

DONE, REFUSED, USAGE, INCOMPLETE = 0, 1, 2, 3


def reader(read):
    """A reader of values as argparse wants it: what was expected is said."""
    def typed(text):
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None
    return typed


def add_axis(parser, axis):
    usual = ("" if axis.preset is None
             else f" ({axis.write(axis.preset)} unless told)")
    parser.add_argument(
        f"--{axis.key}", dest=axis.factor, type=reader(axis.read),
        required=axis.preset is None, default=axis.preset, metavar="VALUE",
        help=f"{axis.key} as workload files write it{usual}"
        .replace("%", "%%"))


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report advise", description="Which map, by a "
        "campaign? Answers in one paragraph, or refuses and prints a "
        "workload file that would settle the question.", epilog="Exit "
        "status: 0 answered; 1 refused; 2 usage or input; 3 too few trials "
        "to rank.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="a "
                        "campaign, or one in stages")
    for axis in questions.AXES:
        add_axis(parser, axis)
    parser.add_argument("--needs", type=reader(needs.read), default=(),
                        metavar="NAME[,NAME]", help="what the map must "
                        f"promise: {', '.join(needs.NEEDS)}")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true",
                     help="the same as JSON, with all numbers")
    how.add_argument("--workload", action="store_true", help="print the "
                     "workload file that measures this place, nothing else")
    args = parser.parse_args(argv)
    if args.miss_share and args.write_kind == "fresh":
        parser.error("--misses with --write-kind fresh: expected it without, "
                     "as in workload files")
    return args


def status_of(word):
    if word in decide.ANSWERED:
        return DONE
    return REFUSED if word in (decide.REFUSED, decide.INVALID) else INCOMPLETE


def show(result, args, left):
    """Prints the answer; what is no advice goes to standard error, so that
    standard output is the workload file."""
    status = status_of(result["word"])
    told = (say.refused(result) if result["refusal"]
            else say.paragraph(result, left))
    short = result["refusal"].why if result["refusal"] else result["word"]
    file = workload.text(result["a"], result["asked"], args.needs,
                         f"{args.folder} could not tell: {short}."
                         if status else f"{args.folder} says: {short}.")
    if args.json:
        print(json.dumps(as_json.of(result, told, file, args.needs, left),
                         indent=1))
    elif args.workload:
        print(file, end="")
        return DONE
    elif status == REFUSED:
        print(f"advise: {told}", file=sys.stderr)
        print(file, end="")
    else:
        print(told)
    return status


def main(argv):
    args = arguments(argv)
    asked = questions.place_of(questions.USUAL | {
        axis.factor: getattr(args, axis.factor) for axis in questions.AXES})
    try:
        campaign, left = folder.read(args.folder)
    except JournalError as error:
        print(f"report advise: {error}", file=sys.stderr)
        return USAGE
    result = decide.answer(campaign, asked, args.needs)
    return show(result, args, left)
