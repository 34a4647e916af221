# SPDX-License-Identifier: Apache-2.0
"""python3 -m report next DIR: which cells a staged campaign is to run next.
python3 -m report decide DIR: what its complete stages say, as JSON.
python3 -m report rule KIND: the numbers of the rule, before anything runs.

KIND is crossover or claims; of DIR it is that of its stages.json, and of one
campaign that is no staged one decide says its claims. Nothing is started and nothing written. Exit status: 0 done; 2 the folder cannot be read
or followed; 3 decided, but the search has not come to its end.
"""
import argparse
import importlib
from pathlib import Path

from report import ending, staged
from report.journal import JournalError

ROOMS = {"crossover": "report.sweep", "claims": "report.claims"}


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report", description="The next stage of a staged "
        "campaign, and what its stages say.")
    parser.add_argument("command", choices=("next", "decide", "rule"))
    parser.add_argument("what", metavar="DIR|KIND", help="the campaign's "
                        "folder; of rule: " + " or ".join(ROOMS))
    parser.add_argument("--ledger", metavar="FOLDER", type=Path,
                        help="decide: the claims of another folder, on a "
                        "campaign that is no staged one")
    args = parser.parse_args(argv)
    if args.command == "rule" and args.what not in ROOMS:
        parser.error(f"rule {args.what}: expected {' or '.join(ROOMS)}")
    return args


def run(args):
    """The command of the room that the kind has."""
    if args.command == "rule":
        return importlib.import_module(f"{ROOMS[args.what]}.rule").main()
    folder = Path(args.what)
    if args.command == "decide" and not (folder / "stages.json").exists() \
            and (folder / "campaign.json").exists():
        from report.claims import decide
        return decide.of_folder(folder, args.ledger)
    found = staged.read(folder)
    return importlib.import_module(
        f"{ROOMS[found.kind]}.{args.command}").main(found)


def main(argv):
    """argv -- command and its arguments -> exit status."""
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report", JournalError)
