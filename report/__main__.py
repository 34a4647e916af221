# SPDX-License-Identifier: Apache-2.0
"""python3 -m report DIR: writes DIR/report/ from a campaign folder.
python3 -m report regress DIR: the same of a regression check.

Exit status: 0 done; 2 the folder cannot be read; 3 done, but cells are
without a result or the campaign was interrupted.
"""
import argparse
import os
import sys
from pathlib import Path

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report", description="Makes the report of a "
        "campaign: one page, figures, tables.")
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--base", help="map that ratios are named against "
                        "(the plan's, else gomap_rw)")
    parser.add_argument("--contender", help="map that the flip map sets "
                        "against it (syncmap, else the fastest)")
    return parser.parse_args(argv)


def main(argv=None):
    """argv -- arguments, without the program; None: the command line's."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # same bytes twice
    os.environ.setdefault("MPLCONFIGDIR", os.path.join(
        os.environ.get("TMPDIR", "/tmp"), f"readmostly-mpl-{os.getuid()}"))
    if sys.argv[1:2] == ["regress"]:
        from report import gate_page
        return gate_page.main(sys.argv[2:])
    args = arguments(argv)
    from report.journal import JournalError
    try:
        from report.build import build
        said, incomplete = build(args.folder, args.base, args.contender)
    except JournalError as error:
        print(f"report: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"report: {error.filename}: {error.strerror}", file=sys.stderr)
        return USAGE
    print("\n".join(said))
    return INCOMPLETE if incomplete else DONE


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
