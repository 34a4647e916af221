# SPDX-License-Identifier: Apache-2.0
"""make regress-exact: checks that head and base have equal simulated counts.

    python3 -m report.exact requests FOLDER
    python3 -m report.exact decide FOLDER [--json FILE]

read.py describes FOLDER. Prints the verdict, the compared commits and every difference.
Writes the `Counts:` lines that would accept the differences to FOLDER/counts.txt. Exit
status: 0 equal or accepted, 1 failed, 2 usage or input error. Rules: docs/method/gate.md.
"""
import sys
from collections.abc import Sequence
from pathlib import Path

from report import ending
from report.ending import USAGE, InputError
from report.exact import read, text
from report.exact.decide import decide
from report.exact.model import Verdict, Word


def verdict_of(folder: Path) -> Verdict:
    return decide(read.read_cells(folder), read.read_about(folder / "about"),
                  read.read(folder / "message"))


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        match argv:
            case ["requests", folder]:
                read.write_requests(Path(folder))
                return 0
            case ["decide", folder, *rest] if not rest or len(rest) == 2 and rest[0] == "--json":
                verdict = verdict_of(Path(folder))
                read.write(Path(folder) / "counts.txt", text.to_accept(verdict))
                if rest:
                    read.write(Path(rest[1]), text.document(verdict))
                print(text.table(verdict))
                return 1 if verdict.verdict == Word.RED else 0
    except InputError as error:
        print(f"regress-exact: {error}", file=sys.stderr)
        return USAGE
    print("usage: python3 -m report.exact requests FOLDER | decide FOLDER [--json FILE]",
          file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
