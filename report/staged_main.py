# SPDX-License-Identifier: Apache-2.0
"""Runs the commands for staged campaigns.

- python3 -m report next DIR: prints the cells that a staged campaign runs next.
- python3 -m report decide DIR: prints the results of its complete stages as JSON.
- python3 -m report rule KIND: prints the numbers of the rule, before anything runs.

KIND is crossover or claims; stages.json gives the kind of DIR. If the campaign is not staged,
`decide` prints its claims. The commands start no program and write no file. Exit status: 0 done;
2 the folder cannot be read, or its stages cannot be continued; 3 decided, but the search has not
ended.
"""
import argparse
import importlib
from collections.abc import Sequence
from pathlib import Path

from report import ending, staged
from report.load import JournalError

PACKAGES = {"crossover": "report.sweep", "claims": "report.claims"}


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = ending.Parser(
        prog="python3 -m report", description="The next stage of a staged campaign, and the "
        "results of its stages.")
    parser.add_argument("command", choices=("next", "decide", "rule"))
    parser.add_argument("what", metavar="DIR|KIND", help="the campaign's folder; for rule: "
                        + " or ".join(PACKAGES))
    parser.add_argument("--ledger", metavar="FOLDER", type=Path, help="decide: use the claims of "
                        "another folder, for a campaign that is not staged")
    args = parser.parse_args(argv)
    if args.command == "rule" and args.what not in PACKAGES:
        parser.error(f"rule {args.what}: expected {' or '.join(PACKAGES)}")
    return args


def run(args: argparse.Namespace) -> int:
    """Runs the command in the package of the kind and returns the exit status."""
    if args.command == "rule":
        return int(importlib.import_module(f"{PACKAGES[args.what]}.rule").main())
    folder = Path(args.what)
    if args.command == "decide" and not (folder / "stages.json").exists() \
            and (folder / "campaign.json").exists():
        from report.claims import decide
        return int(decide.of_folder(folder, args.ledger))
    search = staged.read(folder)
    return int(importlib.import_module(f"{PACKAGES[search.kind]}.{args.command}").main(search))


def main(argv: Sequence[str]) -> int:
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report", JournalError)
