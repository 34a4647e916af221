# SPDX-License-Identifier: Apache-2.0
"""python3 -m report compare DIR... [-o OUT]: compares campaigns from several machines
(docs/reference/comparing.md).

Exit status: 0 done; 2 usage error, or fewer than two campaigns can be compared; 3 done, but a
campaign is missing, incomplete or refused, as the page explains, or nothing could be compared.
"""
import gc
from pathlib import Path

from report import ending
from report.load import JournalError

DONE, INCOMPLETE = 0, 3


def run(folders: list[Path], out: Path | None) -> int:
    """Writes the page and returns the exit status."""
    from report.compare import gather, page
    gc.disable()  # collections would free nothing, because all objects stay in use
    if out is None:
        alone = len(folders) == 1 and (folders[0] / gather.FLEET).exists()
        out = folders[0] if alone else Path("results/comparison")
    elif (out / "campaign.json").exists():
        raise JournalError(f"{out} is a campaign, whose report/ has its own page; choose "
                           "another folder with -o")
    found = gather.gather(folders)
    document = page.build(found, out / "report")
    print("\n".join([*page.write(document, out / "report"), *found.advice]))
    return DONE if found.complete and not page.is_empty(document) else INCOMPLETE


def main(argv: list[str]) -> int:
    """Runs the command and returns the exit status."""
    parser = ending.Parser(
        prog="readmostly compare", description="Writes one page about campaigns of several "
        "machines: the ranking of each, orders of maps that are reversed, machines of one kind, "
        "and versions of the maps. Rates of two machines are not compared, and no trials are "
        "pooled.", epilog="Exit status: 0 compared; 2 usage or input; 3 a campaign is missing, "
        "incomplete or refused, or nothing could be compared, because the workloads differ and no "
        "run recommends a map.")
    parser.add_argument("folders", metavar="DIR", nargs="+", type=Path, help="a campaign, or "
                        "the folder of a fleet, which adds all of its machines")
    parser.add_argument("-o", "--output", metavar="OUT", type=Path, help="write OUT/report "
                        "(default: the folder of a single fleet, else results/comparison)")
    args = parser.parse_args(argv)
    return ending.refusing(lambda: run(args.folders, args.output), "report compare",
                           JournalError, has_output=True)
