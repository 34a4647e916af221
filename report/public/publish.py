# SPDX-License-Identifier: Apache-2.0
"""python3 -m report publish DIR: writes and verifies a campaign's entry for results/public and its
packed journal. Exit status: the same as for `public`, and 3 if the files were written but the
campaign is incomplete or must not be published."""
from pathlib import Path

from report import ending, folders
from report.compare import gather
from report.load import JournalError
from report.model.trust import Trust
from report.public import DONE, entry, journal, packed_journal, text_of, verify


def publish(folder: Path, where: str | None, out: Path) -> int:
    """Writes OUT/NAME.json and verifies it. Without an address of the journal (`where`), also
    writes OUT/NAME.tar.xz. Returns the exit status. Raises JournalError."""
    if where and not set("/:") & set(where):
        raise JournalError(f"--journal {where}: expected a public address, such as "
                           f"https://example.org/{folder.resolve().name}; without --journal, "
                           "the journal is packed next to the entry")
    campaign = gather.read(folder)
    file = out / f"{folder.resolve().name}.json"
    packed = packed_journal(file)
    found = entry.of_folder(folder, where or packed.name)
    folders.own(out)
    if not where:
        size = journal.pack(campaign.path, packed)
    folders.replace(file, text_of(found))
    status = verify(file, folder if where else None)
    if status == DONE:
        why = [f"check {c.state.value}: {c.question.value}" for c in [found.trust.reason] if c]
        print(f"Trust: {'; '.join([found.trust.verdict.value, *why])}."
              + "".join(f" {n}." for n in found.notes))
        if not campaign.complete:
            command = "run" if campaign.path == folder else "dev claims run"
            print(f"Next: readmostly {command} --resume -o {folder}, then publish it again")
            return ending.INCOMPLETE
        if found.trust.verdict is Trust.NOT:
            print(f"Do not add {file} to results/public: its page would recommend no map. "
                  f"`readmostly report {folder}` explains the check; measure again")
            return ending.INCOMPLETE
        print(f"Next: add {file}" + ("" if where else f" and {packed} ({size} bytes)") +
              " to results/public in a clone, commit them, and open a merge request")
    return status


def main(argv: list[str]) -> int:
    parser = ending.Parser(
        prog="readmostly publish", description="Writes a campaign's entry for results/public: "
        "NAME.json and its packed journal NAME.tar.xz. Verifies that the entry follows from the "
        "journal.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="a campaign")
    parser.add_argument("--journal", metavar="WHERE", help="address of the folder, if it is too "
                        "large to be packed")
    parser.add_argument("-o", "--output", metavar="FOLDER", type=Path,
                        default=Path("results/public"))
    args = parser.parse_args(argv)
    return ending.refusing(lambda: publish(args.folder, args.journal, args.output),
                           "report publish", JournalError, has_output=True)
