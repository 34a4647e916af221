# SPDX-License-Identifier: Apache-2.0
"""python3 -m report decide DIR: the verdicts of a campaign as JSON.

DIR is a campaign that was made for claims; the ledger is that of the tree, or
the folder that --ledger names. Exit status: 0 done, 2 DIR or the ledger cannot
be read.
"""
import argparse
from pathlib import Path


def main(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report decide", description="Prints the verdicts of "
        "a campaign as JSON; starts and writes nothing.")
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument("--ledger", metavar="FOLDER", type=Path,
                        help="claims of another folder")
    asked = parser.parse_args(argv)
    from report.claims import decide
    return decide.main(asked.folder, asked.ledger)
