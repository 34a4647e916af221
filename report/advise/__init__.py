# SPDX-License-Identifier: Apache-2.0
"""python3 -m report advise DIR --writes 3% --keys 10k --threads 8: recommends a map from the
results of a campaign (docs/reference/advise.md).

Prints one paragraph: the first and second choice and their ratio, possible changes of the answer,
the nearest measured cells, and open points. Outside the measured range it refuses, and prints a
workload file that would settle the question.

Exit status: 0 answered; 1 refused, or a control failed (standard output is the workload file); 2
usage error, or the folder cannot be read; 3 too few runs, or only one map.
"""
import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from report import ending
from report.advise import as_json, decide, folder, needs, questions, text, workload
from report.advise.decide import Answer, Word
from report.load import JournalError
from report.workload_values import text_of

T = TypeVar("T")
DONE, REFUSED, INCOMPLETE = 0, 1, 3
STATUS = {Word.DECIDED: DONE, Word.TIED: DONE, Word.DEPENDS: DONE, Word.REFUSED: REFUSED,
          Word.INVALID: REFUSED, Word.OPEN: INCOMPLETE, Word.ALONE: INCOMPLETE}


def reader(read: Callable[[str], T]) -> Callable[[str], T]:
    """Wraps a reader of values so that argparse prints the text of the reader's ValueError."""
    def typed(value: str) -> T:
        try:
            return read(value)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{value!r}: {error}") from None
    return typed


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = ending.Parser(
        prog="readmostly advise", description="Recommends a map from a campaign: prints one "
        "paragraph, or refuses and prints a workload file that would settle the question.",
        epilog="Exit status: 0 answered; 1 refused; 2 usage or input; 3 too few runs to rank.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="campaign, plain or in stages")
    for axis in questions.AXES:
        default = axis.preset
        example = text_of(axis.factor, questions.EXAMPLE.value(axis.factor))
        usual = f", e.g. {example}" if default is None else (
            f" (default: {'the only measured one, or ' if axis.open else ''}{example})")
        parser.add_argument(f"--{axis.key}", dest=axis.factor, type=reader(axis.read),
                            required=default is None, metavar="VALUE",
                            help=f"as in workload files{usual}".replace("%", "%%"))
    parser.add_argument("--needs", type=reader(needs.read), default=(), metavar="NAME[,NAME]",
                        help=f"properties that the map must have: {', '.join(needs.NEEDS)}")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="the answer as JSON, with all numbers")
    how.add_argument("--workload", action="store_true",
                     help="print only the workload file that measures this place")
    args = parser.parse_args(argv)
    if args.miss_share and args.write_kind == "fresh":
        parser.error("--misses with --write-kind fresh: workload files allow only one of them; "
                     "drop one")
    return args


def show(a: Answer, args: argparse.Namespace) -> int:
    """Prints the answer and returns the exit status. A refusal goes to standard error, because
    standard output is then the workload file."""
    status = STATUS[a.word]
    if args.json:
        print(as_json.document(a))
    elif args.workload:
        print(workload.text(a), end="")
        return DONE
    elif status == REFUSED:
        print(f"advise: {text.text_of_answer(a)}", file=sys.stderr)
        print(workload.text(a), end="")
    else:
        print(text.text_of_answer(a))
    return status


def run(args: argparse.Namespace) -> int:
    """Prints the answer and returns the exit status. Raises JournalError if the folder cannot be
    read."""
    given = {axis.factor: value for axis in questions.AXES
             if (value := getattr(args, axis.factor)) is not None}
    preset = [a.factor for a in questions.AXES if a.open and a.factor not in given]
    campaign, left = folder.read(args.folder)
    return show(decide.answer(campaign, questions.normal(questions.Spot(**given)), args.needs,
                              left, preset), args)


def main(argv: Sequence[str]) -> int:
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report advise", JournalError)
