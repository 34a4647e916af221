# SPDX-License-Identifier: Apache-2.0
"""python3 -m report compare DIR... [-o OUT]: campaigns of several machines
beside each other (docs/comparing.md).

Exit status: 0 done; 2 usage, or fewer than two campaigns can be compared;
3 done, but a machine is missing, incomplete or refused: it is named in red.
"""
import argparse
import gc
from pathlib import Path

from report import ending

DONE, INCOMPLETE = 0, 3


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report compare", description="One page over "
        "campaigns of several machines: one ratio on all of them, flip map "
        "and crossover of each, ranks and whether they hold, claims machine "
        "by machine, machines of one kind, version against version. Absolute "
        "values are compared across no machines, and no trials are pooled.")
    parser.add_argument("folders", metavar="DIR", nargs="+", type=Path,
                        help="a campaign, or the folder of a fleet, which "
                        "stands for all of its machines")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path,
                        help="write OUT/report (default: of one fleet its own"
                        " folder, else results/comparison)")
    parser.add_argument("--base", help="map that ratios are named against")
    parser.add_argument("--contender", help="map that is set against it")
    parser.add_argument("--pdf", action="store_true", help="write each "
                        "figure as a PDF file, too")
    return parser.parse_args(argv)


def out_of(args):
    """Where the page goes: never into a campaign, which has one."""
    from report.compare.gather import FLEET
    from report.journal import JournalError
    if args.output is None:
        alone = len(args.folders) == 1 and (args.folders[0] / FLEET).exists()
        return args.folders[0] if alone else Path("results/comparison")
    if (args.output / "campaign.json").exists():
        raise JournalError(f"{args.output}: a campaign, whose report/ is its "
                           "own page: expected another folder for -o")
    return args.output


def run(args):
    from report.compare import gather
    from report.compare.contrast import Comparison
    from report.compare.page import build
    from report.journal import JournalError
    gc.disable()  # campaigns are a million objects that stay to the end
    out, found = out_of(args), gather.gather(args.folders)
    for name in (args.base, args.contender):
        if name is not None and not any(name in m.campaign.maps
                                        for m in found.members):
            raise JournalError(f'no map "{name}" in these campaigns')
    said, incomplete = build(
        Comparison(found, args.base, args.contender), out, args.pdf)
    print("\n".join(said))
    return INCOMPLETE if incomplete else DONE


def main(argv):
    from report.journal import JournalError
    args = arguments(argv)
    return ending.refusing(lambda: run(args), "report compare", JournalError)
