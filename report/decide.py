# SPDX-License-Identifier: Apache-2.0
"""python3 -m report decide DIR: the verdicts of a campaign as JSON.

DIR is a campaign that was made for claims. Exit status: 0 done, 2 DIR cannot
be read.
"""
import argparse
from pathlib import Path


def main(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report decide", description="Prints the verdicts of "
        "a campaign as JSON; starts and writes nothing.")
    parser.add_argument("folder", metavar="DIR", type=Path)
    folder = parser.parse_args(argv).folder
    from report.claims import decide
    return decide.main(folder)
