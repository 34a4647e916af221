# SPDX-License-Identifier: Apache-2.0
"""Writes reports, compares campaigns and gives advice.

- python3 -m report DIR: writes DIR/report/ for a campaign, or for a search in stages, and prints
  the result. If the campaign has arms, compares these and writes no page.
- python3 -m report regress DIR: does the same for a regression check.
- python3 -m report compare DIR... [-o OUT]: compares campaigns from several machines.
- python3 -m report reproduce OLD NEW: checks whether NEW confirms the decisions of OLD.
- python3 -m report publish DIR: writes a campaign's entry for results/public.
- python3 -m report public entry|verify|page: handles results that other people published.
- python3 -m report advise DIR --writes 3% ...: recommends a map in one paragraph.
- python3 -m report claims list | show ID: prints the ledger of claims.
- python3 -m report artifact pack|inspect|again PATH: handles the artifact for reviewers.
- python3 -m report next|decide DIR, rule KIND: handles campaigns in stages, in JSON.

Exit status: 0 done; 2 the folder cannot be read, or no cell matches; 3 done, but cells failed or
have no result, the plan skips all cells, or the campaign was interrupted. With --debug, errors
print a traceback.
"""
import argparse
import gc
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from report import ending, folders

COMMANDS = {  # maps each word to the module whose main() gets the remaining words
    "admit": "report.admit", "advise": "report.advise",
    "artifact": "report.artifact.command",
    "claims": "report.claims.show", "compare": "report.compare",
    "public": "report.public", "publish": "report.public.publish",
    "regress": "report.gate.__main__",
    "reproduce": "report.reproduce"}
STAGED = ("next", "decide", "rule")
DONE, INCOMPLETE = 0, 3


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parses the command line for a page."""
    parser = ending.Parser(
        prog="readmostly report", description="Makes the report of a "
        "campaign: pages, tables, plots; prints its result.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="a campaign")
    parser.add_argument("--pdf", action="store_true", help="write each "
                        "plot also as a PDF file")
    parser.add_argument("--earlier", metavar="OTHER", type=Path, action="append",
                        help="campaign of the same machine and mode whose headline is "
                        "printed next to this one; may be repeated (default: campaigns in "
                        "the parent folder of DIR; --earlier none: no campaign)")
    return parser.parse_args(argv)


def other_campaigns(args: argparse.Namespace) -> Iterator[Path]:
    """Yields the folders of earlier campaigns. Raises JournalError if a given folder has no
    report."""
    from report import load
    from report.load import JournalError, no_campaign
    if args.earlier is not None:
        for path in (path for path in args.earlier if path != Path("none")):
            if not (path / "report/verdicts.json").exists():
                if not (path / "campaign.json").exists():
                    raise JournalError(f"--earlier {no_campaign(path)}")
                raise JournalError(f"--earlier {path}: no report/verdicts.json in it, expected a "
                                   f"campaign with a report: readmostly report {path}")
            try:
                load.read(path)
            except JournalError as error:
                print(f"report: --earlier {error}; not used", file=sys.stderr)
                continue
            yield path
        return
    campaign = args.folder.resolve()
    for file in campaign.parent.glob("*/campaign.json"):
        if file.parent.resolve() != campaign and not file.parent.is_symlink():
            yield file.parent


def write_page(args: argparse.Namespace) -> tuple[list[str], bool]:
    """Writes the page of a campaign or of a search in stages. Returns lines for the terminal, and
    whether the campaign is incomplete."""
    from report import arms, load
    from report.decide import result
    from report.render import terminal, write
    gc.disable()  # collections would free nothing, because all objects stay in use
    if (args.folder / "stages.json").exists():
        from report import staged_page
        if args.earlier is not None or args.pdf:
            raise load.JournalError(f"{args.folder}: --earlier and --pdf are not valid for a "
                                    "search in stages: drop them")
        return staged_page.build(args.folder)
    campaign = load.read(args.folder)
    if arms.is_gate(campaign):
        raise load.JournalError(
            f"{args.folder}: expected a campaign; this is a run of make regress, whose own "
            "page `python3 -m report regress DIR` makes")
    if arms.are_given(campaign):
        return arms.lines(campaign), campaign.incomplete
    outcome = result.build(campaign, other_campaigns(args))
    page = write.write(outcome, args.folder / "report", args.pdf)
    return terminal.lines(outcome, page), campaign.incomplete


def run(args: argparse.Namespace) -> int:
    """Writes the page, prints the lines and returns the exit status."""
    if args.folder.is_symlink():  # the link results/latest will later point to another campaign
        args.folder = args.folder.parent / args.folder.readlink()
    lines, incomplete = write_page(args)
    print("\n".join(lines))
    return INCOMPLETE if incomplete else DONE


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command. If `argv` is None, uses the arguments of the program."""
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # makes the output reproducible
    os.environ["MPLBACKEND"] = "svg"  # other back ends may not be installed
    if "MPLCONFIGDIR" not in os.environ:
        private = folders.private(f"readmostly-mpl-{os.getuid()}")
        os.environ.update({"MPLCONFIGDIR": private} if private else {})
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] and words[0] in COMMANDS:
        command = importlib.import_module(COMMANDS[words[0]])
        return int(command.main(words[1:]))
    if words[:1] and words[0] in STAGED:
        from report import staged_main
        return int(staged_main.main(words))
    args = arguments(argv)
    from report.load import JournalError
    return ending.refusing(lambda: run(args), "report", JournalError)


if __name__ == "__main__":
    sys.exit(ending.end(main))
