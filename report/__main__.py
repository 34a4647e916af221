# SPDX-License-Identifier: Apache-2.0
"""python3 -m report DIR: writes DIR/report/ from a campaign folder, or from
that of a search in stages.
python3 -m report DIR --quick: plots by gnuplot of what there is so far.
python3 -m report regress DIR: the same of a regression check.
python3 -m report compare DIR... [-o OUT]: campaigns of several machines.
python3 -m report reproduce OLD NEW: is what OLD decided decided so again?
python3 -m report public entry|verify|page: results of others.
python3 -m report advise DIR --writes 3% ...: which map, in one paragraph.
python3 -m report claims list | show ID: the ledger of claims.
python3 -m report artifact pack|inspect|again PATH: one file of it all.
python3 -m report next|decide DIR, rule KIND: of staged campaigns, as JSON.

Exit status: 0 done; 1 gnuplot failed; 2 the folder cannot be read, or no
cell fits; 3 done, but cells are without a result or the campaign was
interrupted; with --quick: no trial yet, or no gnuplot. --debug: what ends
any of them shows its traceback.
"""
import argparse
import gc
import importlib
import os
import sys
from pathlib import Path

from report import ending, folders

COMMANDS = {  # word -> module, whose main() takes the words after it
    "admit": "report.admit", "advise": "report.advise",
    "artifact": "report.artifact.command",
    "claims": "report.claims.show", "compare": "report.compare",
    "public": "report.public",
    "regress": "report.regress",
    "reproduce": "report.reproduce"}
STAGED = ("next", "decide", "rule")
DONE, FAILED, INCOMPLETE = 0, 1, 3


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report", description="Makes the report of a "
        "campaign: one page, figures, tables.")
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--base", help="map that ratios are named against "
                        "(the plan's, else gomap_rw)")
    parser.add_argument("--contender", help="map that the flip map sets "
                        "against it (syncmap, else the fastest)")
    parser.add_argument("--pdf", action="store_true", help="write each "
                        "figure as a PDF file, too")
    quick = parser.add_argument_group(
        "quick plots", "Throughput against threads and ratios to the base, "
        "by gnuplot, from a campaign that may still run; no page.")
    quick.add_argument("--quick", action="store_true",
                       help="write DIR/report/quick only")
    quick.add_argument("--terminal", action="store_true",
                       help="draw in the terminal, not to files")
    quick.add_argument("--like", metavar="TEXT", help="only cells whose id "
                       "contains TEXT, such as n1024/w30/churn")
    args = parser.parse_args(argv)
    if not args.quick and (args.terminal or args.like is not None):
        parser.error("--terminal and --like: expected --quick, too")
    return args


def quick_plots(args):
    from report import quick
    try:
        quick.plot(args.folder, args.base, args.like, args.terminal)
    except (quick.Incomplete, quick.Failed) as error:
        print(error, file=sys.stderr)
        return INCOMPLETE if isinstance(error, quick.Incomplete) else FAILED
    return DONE


def page_of(args):
    """Writes the page of a campaign, or of a search in stages -> (lines for
    the terminal, incomplete)."""
    from report.journal import JournalError
    gc.disable()  # a campaign is a million objects that stay to the end
    if not (args.folder / "stages.json").exists():
        from report.build import build
        return build(args.folder, args.base, args.contender, args.pdf)
    for name in ("base", "contender"):
        if getattr(args, name) is not None:
            raise JournalError(f"{args.folder}: a search in stages has its "
                               f"two maps: no --{name}")
    from report import staged_page
    return staged_page.build(args.folder, args.pdf)


def run(args):
    if args.quick:
        return quick_plots(args)
    said, incomplete = page_of(args)
    print("\n".join(said))
    return INCOMPLETE if incomplete else DONE


def main(argv=None):
    """argv -- arguments, without the program; None: the command line's."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")  # same bytes twice
    if "MPLCONFIGDIR" not in os.environ:
        own = folders.private(f"readmostly-mpl-{os.getuid()}")
        os.environ.update({"MPLCONFIGDIR": own} if own else {})
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] and words[0] in COMMANDS:
        return importlib.import_module(COMMANDS[words[0]]).main(words[1:])
    if words[:1] and words[0] in STAGED:
        from report import staged_main
        return staged_main.main(words)
    args = arguments(argv)
    from report.journal import JournalError
    return ending.refusing(lambda: run(args), "report", JournalError)


if __name__ == "__main__":
    sys.exit(ending.end(main))
