# SPDX-License-Identifier: Apache-2.0
"""python3 -m report public entry DIR [--journal WHERE]: prints the entry of a
campaign for results/public/ (results/public/README.md).
python3 -m report public verify ENTRY DIR: is that what DIR's journal gives?
python3 -m report public page [FOLDER] [-o OUT]: one page of all entries.

Exit status: 0 done; 1 an entry is not what its journal gives; 2 a file cannot
be read.
"""
import argparse
import sys
from pathlib import Path

from report import ending

DONE, DIFFERS = 0, 1
FOLDER = Path("results/public")


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report public", description="Results of others: an "
        "entry for each campaign, which its journal can verify, and a page of "
        "all.")
    parts = parser.add_subparsers(dest="what", required=True)
    entry = parts.add_parser("entry", help="print the entry of a campaign")
    entry.add_argument("folder", metavar="DIR", type=Path)
    entry.add_argument("--journal", metavar="WHERE", default="on request",
                       help="where the folder can be had")
    verify = parts.add_parser("verify", help="derive an entry again")
    verify.add_argument("entry", metavar="ENTRY", type=Path)
    verify.add_argument("folder", metavar="DIR", type=Path)
    page = parts.add_parser("page", help="one page of all entries")
    page.add_argument("folder", metavar="FOLDER", type=Path, nargs="?",
                      default=FOLDER)
    page.add_argument("-o", "--output", metavar="OUT", type=Path,
                      default=Path("results/public-page"))
    return parser.parse_args(argv)


def verified(args):
    from report.public import entry, page
    told = page.load(args.entry)
    found = entry.first_difference(told, entry.of_folder(
        args.folder, told.get("journal")))
    if found:
        print(f"{args.entry}: not what {args.folder} gives: {found}")
        return DIFFERS
    page.read_entry(args.entry)  # where the folder gives no entry, either
    print(f"{args.entry}: {len(told['ratios'])} ratios and "
          f"{len(told['groups'])} verdicts follow from {args.folder}")
    return DONE


def run(args):
    from report.public import entry, page
    if args.what == "verify":
        return verified(args)
    if args.what == "page":
        print(f"report: {page.build(args.folder, args.output)}")
        return DONE
    sys.stdout.write(entry.text_of(entry.of_folder(args.folder,
                                                   args.journal)))
    return DONE


def main(argv):
    from report.journal import JournalError
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report public", JournalError)
