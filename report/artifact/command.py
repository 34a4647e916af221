# SPDX-License-Identifier: Apache-2.0
"""python3 -m report artifact pack STAGE OUT: one file of what is in STAGE.
python3 -m report artifact inspect PATH: is every file as it was packed?
python3 -m report artifact again DIR: are pages and tables what the data give?

`make artifact` calls the first, `readmostly dev verify-artifact` the others, with
--json. inspect of a FILE unpacks it into the folder --into. Exit status: 0
done; 1 something is not as it was, which with --json the object says, not the
status; 2 it cannot be read or written.
"""
import argparse
import datetime
import json
from pathlib import Path

from report import ending
from report.artifact import archive, manifest
from report.journal import JournalError

DONE, FAILED = 0, 1


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="python3 -m report artifact", description="Packs an artifact, "
        "or holds one against what was packed.")
    parser.add_argument("command", choices=("pack", "inspect", "again"))
    parser.add_argument("path", metavar="PATH")
    parser.add_argument("out", metavar="OUT", nargs="?", help="of pack")
    parser.add_argument("--epoch", type=int, default=0,
                        help="seconds since 1970, of every file (pack)")
    parser.add_argument("--into", metavar="DIR", help="a folder for what is "
                        "in a FILE (inspect)")
    parser.add_argument("--json", action="store_true", help="one object "
                        "instead of lines")
    args = parser.parse_args(argv)
    if (args.out is None) == (args.command == "pack"):
        parser.error("OUT: expected with pack, and only there")
    return args


def complete(stage, epoch):
    """Pages of the campaigns, and all that is written of the data."""
    from report.artifact import claims, crate, guide, rebuild
    stage, rows, kick = Path(stage), [], None
    campaigns = [(p.name, p) for p in sorted((stage / "campaigns").iterdir())]
    for name, path in campaigns:
        page = rebuild.make(path)
        if rebuild.kind_of(path) != "campaign":
            (path / "verdicts.json").write_text(rebuild.decided(path),
                                                encoding="utf-8")
        if page.parent != path or not (path / "campaign.json").exists():
            continue
        found = claims.of_campaign(stage, name, path, len(rows) + 1)
        if kick is None or found and not rows:
            kick = claims.kick_of(stage, name, path, found)
        rows += found
    if kick is None:
        raise JournalError(f"{stage}: expected a campaign with cells of "
                           "throughput that is not one in stages: what is "
                           "tried first is taken of it")
    about = claims.load(stage / ".zenodo.json")
    claims.write_table(stage, [kick, *rows])
    (stage / rebuild.PYTHON).write_text(
        json.dumps(rebuild.versions(), indent=1) + "\n", encoding="utf-8")
    (stage / "ARTIFACT.md").write_text(
        guide.text(stage, about, campaigns, [kick, *rows]), encoding="utf-8")
    day = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    commit = (stage / "environment/commit.txt").read_text().strip()
    (stage / crate.NAME).write_text(
        crate.text(about, f"{day:%Y-%m-%d}", commit, campaigns),
        encoding="utf-8")
    return len(campaigns), len(rows)


def pack(args):
    count, claimed = complete(args.path, args.epoch)
    digest = manifest.write(args.path)
    archive.pack(args.path, args.out, args.epoch)
    size = Path(args.out).stat().st_size
    print(f"artifact: {args.out}: {count} campaigns, {claimed} claims, "
          f"{size / 1e6:.1f} MB")
    print(f"digest: {digest}")
    return DONE


def campaigns_in(folder):
    """Of an artifact, those in stages among them."""
    return [str(path) for path in sorted((Path(folder) / "campaigns").iterdir())]


def inspected(path, into):
    """{"folder", "digest", "problems", "campaigns"}"""
    folder = path
    if not Path(path).is_dir():
        if into is None:
            raise archive.Damaged(f"{path}: a file: expected --into DIR, too")
        folder = archive.unpack(path, into)
    wrong = manifest.problems(folder)
    return {"folder": str(folder), "problems": wrong,
            "digest": None if wrong else manifest.digest(folder),
            "campaigns": [] if wrong else campaigns_in(folder)}


def inspect(args):
    try:
        found = inspected(args.path, args.into)
    except archive.Damaged as error:
        found = {"folder": args.path, "problems": [str(error)],
                 "digest": None, "campaigns": []}
    if args.json:
        print(json.dumps(found))
        return DONE
    print("\n".join(found["problems"] or [
        f"{args.path}: as it was packed", f"digest: {found['digest']}"]))
    return FAILED if found["problems"] else DONE


def again(args):
    from report.artifact import rebuild
    found = rebuild.all_again(args.path)
    if args.json:
        print(json.dumps(found))
        return DONE
    print("\n".join([
        *found["problems"], *found["notes"],
        f"{found['same']} files of pages and tables are the same bytes, "
        f"{len(found['problems'])} differ"]))
    return FAILED if found["problems"] else DONE


def main(argv):
    """argv -- the words behind `artifact` -> exit status."""
    args = arguments(argv)
    run = {"pack": pack, "inspect": inspect, "again": again}[args.command]
    return ending.refusing(
        lambda: run(args), "report",
        (JournalError, manifest.Unlisted, archive.Damaged))
