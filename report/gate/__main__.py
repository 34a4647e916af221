# SPDX-License-Identifier: Apache-2.0
"""make regress: decides from measurements whether head is slower than base.

    readmostly run --mode regress --arms base=FILE,head=FILE -o DIR \\
        --arms regress-aa:base=FILE,copy=FILE \\
        --arms regress-slow:base=FILE,slow=FILE+2%
    python3 -m report regress DIR

Writes DIR/report/ (the page, verdicts.json, and the files of outputs.py for pipelines), appends
a line to history.jsonl next to DIR, and prints the verdict. Exit status: 0 PASS, 1 FAIL,
2 usage or input error (such as an unfinished campaign), 3 INVALID or INCONCLUSIVE.
"""
import sys
from collections.abc import Sequence
from pathlib import Path

from report import ending, folders
from report.ending import USAGE, InputError
from report.gate import campaign as reader
from report.gate import history, outputs, page
from report.gate.campaign import Campaign
from report.gate.decide import decide
from report.gate.model import EXIT, Verdicts


def keep(folder: Path, campaign: Campaign, verdicts: Verdicts) -> None:
    """Appends the run to the history, and reports incomplete lines of the history."""
    path = folder.resolve().parent / history.NAME
    for problem in history.read(path)[1]:
        print(f"regress: {problem}", file=sys.stderr)
    history.append(path, history.line_of(campaign, verdicts))


def advice_for(error: OSError, folder: Path) -> str:
    """Returns the next step if the disk is full. The trials of the campaign are not lost."""
    return f", then python3 -m report regress {folder}" if error.errno in ending.FULL else ""


def draw_page(folder: Path, campaign: Campaign, verdicts: Verdicts) -> Path:
    """Writes the page and returns its path. If the page cannot be written, returns the campaign's
    folder, because the verdict stays valid."""
    try:
        return page.build(folder, campaign, verdicts)
    except OSError as error:
        print(f"no page: {folders.reason(error)}{advice_for(error, folder)}", file=sys.stderr)
    return folder


def run(folder: Path) -> int:
    campaign, trials = reader.read(folder)
    verdicts = decide(campaign, trials)
    outputs.write(folder / "report", verdicts)
    keep(folder, campaign, verdicts)
    notes = outputs.announce(verdicts)
    print("\n".join([outputs.table(verdicts), *notes]))
    print(f"report: {draw_page(folder, campaign, verdicts)}")
    return EXIT[verdicts.verdict]


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) != 1 or argv[0].startswith("-"):
        print("usage: python3 -m report regress DIR", file=sys.stderr)
        return USAGE
    folder = Path(argv[0])
    try:
        return run(folder)
    except InputError as error:
        print(f"regress: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise  # standard output cannot be written
        print(f"regress: {error.filename}: {folders.reason(error)}{advice_for(error, folder)}",
              file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
