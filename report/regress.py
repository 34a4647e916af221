# SPDX-License-Identifier: Apache-2.0
"""make regress: is head slower than base? Reads what was measured, decides.

    readmostly run --mode regress --arms base=FILE,head=FILE -o DIR \\
        --arms regress-aa:base=FILE,copy=FILE \\
        --arms regress-slow:base=FILE,slow=FILE+2%
    python3 -m report.regress DIR

Writes DIR/report/ (page, verdicts.json, what pipelines read: gate_outputs.py),
appends to history.jsonl beside DIR, and prints the verdict. Exit status:
0 PASS, 1 FAIL, 3 INVALID or INCONCLUSIVE, 2 usage or input, which a campaign
that is not finished is, too.
"""
import errno
import json
import sys
from pathlib import Path

from report import (ending, folders, gate, gate_campaign, gate_history,
                    gate_outputs, gate_table)
from report.ending import USAGE, InputError


def write(folder, verdicts):
    """verdicts.json and what pipelines read, into `folder`."""
    folders.own(folder)
    folders.replace(folder / "verdicts.json",
                    json.dumps(verdicts, indent=1, sort_keys=True) + "\n")
    gate_outputs.write(folder, verdicts)


def keep(history, view, verdicts):
    """Appends the run to the history, and says what is torn in it."""
    for problem in gate_history.read(history)[1]:
        print(f"regress: {problem}", file=sys.stderr)
    gate_history.append(history, gate_history.line_of(view, verdicts))


def page_of(folder):
    """Draws the page -> its path; where matplotlib is missing, the disk is
    full or the reasons of a red cell are damaged the verdict stands without
    it, and the folder is the answer."""
    try:
        from report import gate_page
        return gate_page.build(folder)
    except (ImportError, InputError) as error:
        print(f"no page: {error}", file=sys.stderr)
    except OSError as error:
        print(f"no page: {error.strerror}{later(error, folder)}",
              file=sys.stderr)
    return folder


def later(error, folder):
    """What to do where a disk is full: trials are kept, words can be made
    again."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return (f": make room, then python3 -m report.regress {folder}"
            if full else "")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) != 1 or argv[0].startswith("-"):
        print("usage: python3 -m report.regress DIR", file=sys.stderr)
        return USAGE
    try:
        view, rows = gate_campaign.read(argv[0])
        verdicts = gate.decide(view, rows)
        write(Path(argv[0]) / "report", verdicts)
        keep(gate_campaign.history_of(argv[0]), view, verdicts)
        notes = gate_outputs.announce(verdicts)
    except InputError as error:
        print(f"regress: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        if error.filename is None:
            raise  # of a stream
        print(f"regress: {error.filename}: {error.strerror}"
              f"{later(error, argv[0])}", file=sys.stderr)
        return USAGE
    print("\n".join([gate_table.table(verdicts), *notes]))
    print(f"report: {page_of(argv[0])}")
    return gate.EXIT[verdicts["verdict"]]


if __name__ == "__main__":
    sys.exit(ending.end(main))
