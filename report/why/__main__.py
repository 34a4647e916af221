# SPDX-License-Identifier: Apache-2.0
"""Why is a gate red?

    python3 -m report.why ask exact FOLDER REASONS [all]
    python3 -m report.why ask time CAMPAIGN REASONS [all]
    python3 -m report.why tell REASONS

FOLDER is that of the exact gate, CAMPAIGN one of `make regress`. `ask` makes
the folder REASONS, in which why.sh puts what objdump, cachegrind, counters
and the simulated machine say of both arms; `tell` prints the reasons, and leaves
why.txt, why.md and why.json there. Rules: docs/why-red.md. Exit status: 0, 2 usage or input.
"""
import json
import os
import sys
from pathlib import Path

from report import ending, exact, folders, strict_json
from report.why import (asked, code, counted, instructions, listing,
                        story)

USAGE = 2


def ask(kind, folder, into, everything):
    if kind == "exact":
        about, cells = asked.of_exact(folder, everything)
    else:
        about, cells = asked.of_campaign(folder, exact.read_json(
            folder / "report" / "verdicts.json"))
    if cells:
        asked.write(into, kind, about, cells, everything)
        if kind == "time":
            asked.write_plan(into, folder, cells)
    return 0


def sides_of(folder, name):
    """Both arms' code of a map, or why it cannot be read."""
    reason = folder / "no-code"
    if reason.exists():
        return exact.read(reason).strip()
    try:
        return [code.Side(listing.read_program(folder / arm, name))
                for arm in ("base", "head")]
    except listing.ListingError as error:
        return str(error)


def instructions_of(folder, sides, cell):
    """What cachegrind counted in both arms, or why it did not."""
    reason = folder / "no-instructions"
    if reason.exists():
        return exact.read(reason).strip()
    if isinstance(sides, str):
        return "not counted: without its code a map's functions are not known"
    found = []
    try:
        for arm, side in zip(("base", "head"), sides):
            path = folder / arm / f"{cell['run']:03}.cachegrind"
            found.append(instructions.read(path, side.names_of(
                cell["map"], cell["factors"])))
    except instructions.InstructionsError as error:
        return str(error)
    return instructions.compare(*found, asked.OPERATIONS)


def counts_of(folder, cells):
    """Adds to the cells of a campaign what the exact gate counts of them."""
    path = folder / "counts.json"
    if not path.exists():
        return
    rows = strict_json.loads(exact.read(path))["cells"]
    for cell in cells:
        f = cell["factors"]
        name = f"{f['map']}/n{f['keys']}/{f['write_kind']}/t"
        cell["counts"] += [
            f"{row['cell']}: {asked.counts_of(row)[0]}"
            for row in rows if row["cell"].startswith(name)]


def reasons_of(folder):
    """All reasons, as why.json has them."""
    said = exact.read_json(folder / "ask.json")
    cells = said["cells"]
    maps = sorted({cell["map"] for cell in cells})
    codes = []
    for name in maps:
        sides = sides_of(folder, name)
        mine = [cell for cell in cells if cell["map"] == name]
        if isinstance(sides, str):
            codes.append({"map": name, "problem": sides, "loops": {}})
        else:
            codes.append(code.compare(
                *sides, name, [c["factors"] for c in mine]))
        for cell in mine:
            cell["loop"] = codes[-1]["loops"].get(cell["factors"]["id"])
            cell["instructions"] = instructions_of(folder, sides, cell)
            cell["counters"] = counted.read(
                folder, cell.get("planned", cell["cell"]))
    counts_of(folder, cells)
    return {"format": "readmostly-why", "version": 1, "judge": said["judge"],
            "about": said["about"], "cells": cells, "maps": codes,
            "file": str(folder / "why.txt")}


def add_to_comment(path, text):
    """Puts the reasons below the table of a merge request's comment, once, and
    into the step's summary where a pipeline has one."""
    if not path.exists() or not text or text in exact.read(path):
        return
    exact.write(path, exact.read(path) + "\n" + text)
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write("\n" + text)


def write_reasons(path, reasons):
    """why.json, whole or not at all: the page of a campaign reads it back."""
    try:
        folders.replace(path, json.dumps(reasons, indent=1, sort_keys=True)
                        + "\n")
    except OSError as error:
        raise ending.InputError(f"{path}: {error.strerror}") from error


def tell(folder):
    if not (folder / "ask.json").exists():
        return 0
    reasons = reasons_of(folder)
    write_reasons(folder / "why.json", reasons)
    exact.write(folder / "why.txt", "\n".join(story.told(reasons)) + "\n")
    exact.write(folder / "why.md", story.markdown(reasons))
    add_to_comment(folder.parent / "gate.md", story.markdown(reasons))
    print("\n".join(story.told(reasons, True)))
    if (folder.parent / "figures").is_dir():  # of a page that has them not
        # with numpy, which a timed campaign has had and the exact gate has not
        from report import regress  # pylint: disable=import-outside-toplevel
        regress.page_of(folder.parent.parent)
    return 0


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    try:
        if len(argv) in (4, 5) and argv[0] == "ask" and \
                argv[1] in ("exact", "time") and argv[4:] in ([], ["all"]):
            return ask(argv[1], Path(argv[2]), Path(argv[3]), argv[4:])
        if len(argv) == 2 and argv[0] == "tell":
            return tell(Path(argv[1]))
    except ending.InputError as error:
        print(f"why: {error}", file=sys.stderr)
        return USAGE
    print("usage: python3 -m report.why ask exact|time FOLDER REASONS [all] | "
          "tell REASONS", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
