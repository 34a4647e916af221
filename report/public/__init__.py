# SPDX-License-Identifier: Apache-2.0
"""Publishes results (results/public/README.md).

- python3 -m report public entry DIR [--journal WHERE]: prints the entry only.
- python3 -m report public verify ENTRY [DIR]: checks that DIR's journal, or the packed journal
  next to the entry, gives this entry.
- python3 -m report public page [FOLDER] [-o OUT]: writes one page of all entries.

Exit status: 0 done; 1 the entry differs from the one derived from the journal; 2 a file cannot be
read.
"""
import argparse
from pathlib import Path
from typing import cast

from report import ending, folders
from report.load import JournalError, strict_json
from report.model.encode import Json
from report.public import entry, journal
from report.render import text
from report.render.view import View

DONE, DIFFERS = 0, 1
TEMPLATES = Path(__file__).with_name("templates")


def packed_journal(file: Path) -> Path:
    """Returns the path of the packed journal next to an entry."""
    return file.with_name(f"{file.name.removesuffix('.json')}.tar.xz")


def verify(file: Path, folder: Path | None) -> int:
    """Derives an entry from its journal and compares it. Returns the exit status."""
    if folder:
        return compare(file, folder, str(folder))
    packed = packed_journal(file)
    with journal.unpacked(packed) as unpacked:
        return compare(file, unpacked, str(packed))


def compare(file: Path, folder: Path, name: str) -> int:
    """Compares an entry with the one derived from a campaign's folder. `name` is the name of the
    folder in messages."""
    contents, stored = entry.read(file)
    found = entry.first_difference(contents, entry.as_json(
        entry.of_folder(folder, stored.journal)))
    if found:
        print(f"{file}: differs from the entry derived from {name}: {found}")
        return DIFFERS
    print(f"{file}: {len(stored.groups)} rankings follow from {name}")
    return DONE


def page(folder: Path, out: Path) -> Path:
    """Writes OUT/report/index.html. Raises JournalError."""
    if not folder.is_dir():
        raise JournalError(f"{folder}: no such folder")
    files = sorted(folder.glob("*.json"))
    entries = [View(entry.read(file)[1], file.name) for file in files]
    target = out / "report"
    folders.own(target)
    folders.replace(target / "index.html", text.environment(True, TEMPLATES).get_template(
        "public.html.j2").render(entries=entries))
    return target / "index.html"


def text_of(found: entry.PublicResult) -> str:
    """Returns the text of an entry's file, with one ranking per line."""
    members = cast(dict[str, Json], entry.as_json(found))
    rankings = ",\n".join(map(line, cast(list[Json], members.pop("groups"))))
    lines = [f'"{name}": {line(value)}' for name, value in members.items()]
    return ",\n".join(["{\n" + lines[0], *lines[1:], f'"groups": [\n{rankings}\n]\n}}\n'])


def line(value: Json) -> str:
    """Formats a value on one line."""
    return strict_json.dumps(value, ensure_ascii=False)


def run(args: argparse.Namespace) -> int:
    """Runs the command and returns the exit status."""
    if args.what == "verify":
        return verify(args.entry, args.folder)
    if args.what == "page":
        print(f"report: {page(args.folder, args.output)}")
    else:
        print(text_of(entry.of_folder(args.folder, args.journal)), end="")
    return DONE


def main(argv: list[str]) -> int:
    """Parses and runs the command. Returns the exit status."""
    parser = ending.Parser(
        prog="python3 -m report public", description="Published results: an entry for each "
        "campaign, which its journal can verify, and a page of all entries.")
    parts = parser.add_subparsers(dest="what", required=True)
    one = parts.add_parser("entry", help="print the entry of a campaign")
    one.add_argument("folder", metavar="DIR", type=Path)
    one.add_argument("--journal", metavar="WHERE", default="on request",
                     help="address of the folder")
    again = parts.add_parser("verify", help="derive an entry again")
    again.add_argument("entry", metavar="ENTRY", type=Path)
    again.add_argument("folder", metavar="DIR", type=Path, nargs="?",
                       help="the campaign (default: the packed journal next to ENTRY)")
    all_ = parts.add_parser("page", help="one page of all entries")
    all_.add_argument("folder", metavar="FOLDER", type=Path, nargs="?",
                      default=Path("results/public"))
    all_.add_argument("-o", "--output", metavar="OUT", type=Path,
                      default=Path("results/public-page"))
    args = parser.parse_args(argv)
    return ending.refusing(lambda: run(args), "report public", JournalError,
                           has_output=args.what == "page")
