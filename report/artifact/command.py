# SPDX-License-Identifier: Apache-2.0
"""Packs an artifact, or checks that it has not changed.

- python3 -m report artifact pack STAGE OUT: packs the folder STAGE into the file OUT.
- python3 -m report artifact inspect PATH: checks that no file has changed since packing. A FILE
  is unpacked into the folder --into.
- python3 -m report artifact again DIR: checks that the data give the same pages and tables.

`make artifact` calls the first command, `readmostly dev verify-artifact` the others, with --json.
Exit status: 0 done; 1 something has changed (with --json the status is 0, and only the object
reports the change); 2 it cannot be read or written.
"""
import argparse
import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from report import ending
from report.artifact import archive, manifest
from report.load import JournalError, strict_json
from report.load.decode import decode

DONE, FAILED = 0, 1


@dataclass(frozen=True)
class Inspected:
    """The output of `artifact inspect --json`."""
    folder: str
    problems: list[str]
    digest: str | None
    campaigns: list[str]


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = ending.Parser(
        prog="python3 -m report artifact", description="Packs an artifact, "
        "or checks that one has not changed.")
    parser.add_argument("command", choices=("pack", "inspect", "again"))
    parser.add_argument("path", metavar="PATH", type=Path)
    parser.add_argument("out", metavar="OUT", nargs="?", help="the file that pack writes")
    parser.add_argument("--epoch", type=int, default=0,
                        help="time of every file in seconds since 1970 (pack)")
    parser.add_argument("--into", metavar="DIR", help="the folder into which "
                        "a FILE is unpacked (inspect)")
    parser.add_argument("--json", action="store_true",
                        help="print one JSON object instead of lines")
    args = parser.parse_args(argv)
    if (args.out is None) == (args.command == "pack"):
        parser.error("pack needs OUT, and the other commands do not accept it")
    return args


def complete(stage: Path, epoch: int) -> tuple[int, int]:
    """Writes the pages of the campaigns, and everything else that is computed from the data;
    returns the numbers of campaigns and of claims."""
    from report.artifact import claims, contents, crate, guide, rebuild
    campaigns = list(contents.all_packed(stage))
    rows: list[claims.Claim] = []
    kick = None
    for packed in campaigns:
        rebuild.make(packed)
        if packed.stages:
            (packed.path / "verdicts.json").write_text(rebuild.decide(packed.path),
                                                       encoding="utf-8")
            continue
        found = claims.of_campaign(stage, packed, len(rows) + 1)
        if kick is None or found and not rows:
            kick = claims.kick_of(packed, found)
        rows += found
    if kick is None:
        raise JournalError(f"{stage}: no campaign without stages has throughput cells; add one, "
                           "because the first step of a reviewer runs its cells")
    about = decode(guide.About, strict_json.loads((stage / ".zenodo.json").read_bytes()))
    claims.write_table(stage, [kick, *rows])
    (stage / rebuild.PYTHON).write_text(strict_json.dumps(rebuild.versions(), indent=1) + "\n",
                                        encoding="utf-8")
    (stage / "ARTIFACT.md").write_text(guide.text(stage, about, campaigns, kick, rows),
                                       encoding="utf-8")
    day = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    commit = (stage / "environment/commit.txt").read_text().strip()
    (stage / crate.NAME).write_text(crate.text(about, f"{day:%Y-%m-%d}", commit, campaigns),
                                    encoding="utf-8")
    return len(campaigns), len(rows)


def pack(args: argparse.Namespace) -> int:
    """Completes the folder and packs it into the file."""
    count, claimed = complete(args.path, args.epoch)
    digest = manifest.write(args.path)
    archive.pack(str(args.path), args.out, args.epoch)
    size = Path(args.out).stat().st_size
    print(f"artifact: {args.out}: {count} campaigns, {claimed} claims, {size / 1e6:.1f} MB")
    print(f"digest: {digest}")
    return DONE


def inspected(path: Path, into: str | None) -> Inspected:
    """Inspects a folder; unpacks a file first."""
    folder = str(path)
    if not path.is_dir():
        if into is None:
            raise archive.Damaged(f"{path} is a file; add --into DIR to unpack it")
        folder = archive.unpack(str(path), into)
    wrong = manifest.problems(folder)
    campaigns = [] if wrong else [
        str(p) for p in sorted((Path(folder) / "campaigns").iterdir())]
    return Inspected(folder, wrong, None if wrong else manifest.digest(folder), campaigns)


def inspect(args: argparse.Namespace) -> int:
    """Compares a folder or a file with its SHA256SUMS."""
    try:
        found = inspected(args.path, args.into)
    except archive.Damaged as error:
        found = Inspected(str(args.path), [str(error)], None, [])
    if args.json:
        print(strict_json.dumps(asdict(found)))
        return DONE
    print("\n".join(found.problems or [
        f"{args.path}: as it was packed", f"digest: {found.digest}"]))
    return FAILED if found.problems else DONE


def again(args: argparse.Namespace) -> int:
    """Rebuilds the pages and compares them with the packed ones."""
    from report.artifact import rebuild
    found = rebuild.all_again(args.path)
    if args.json:
        print(found.json())
        return DONE
    print("\n".join([*found.problems, *found.notes,
                     f"{found.same} files of pages and tables have the same bytes, "
                     f"{len(found.problems)} differ"]))
    return FAILED if found.problems else DONE


def main(argv: Sequence[str]) -> int:
    """Runs the command with the words after `artifact`; returns the exit status."""
    args = arguments(argv)
    run = {"pack": pack, "inspect": inspect, "again": again}[args.command]
    return ending.refusing(lambda: run(args), "report",
                           (JournalError, manifest.Unlisted, archive.Damaged))
