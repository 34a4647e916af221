#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is each map that is wrong on purpose, or unsafe beside a writer, accused?
Those of tests/fixtures/misuse.tsv by what `readmostly check` or `readmostly
explore` does by default, and each map of the build that says that it is not safe
beside a writer, by `explore`: `check` believes it and lets nobody write beside
others. Writes docs/tally/accused.md.

    accused_tally.py BUILD [--seeds N]

Status: 0; 1: one was accused by no tool in every seed; 2: not built.
"""
import argparse
import re
import statistics
import sys
from pathlib import Path

import bugs_page
import bugs_runs
import listed
from stamp import stamp

PAGE = Path("docs/tally/accused.md")
TOOLS = ("explore", "check")
# a technique, or what calls what is not simulated
REFUSED = re.compile(r"\bskip \w+: |no map \"\w+\": |\w cannot be explored: ")
UNSAFE_WORDS = "not safe beside a writer"
HEAD = """# Maps that must be accused, and by what they are

Made by `make accused-tally`: each misuse of `tests/fixtures/misuse.tsv`, and each map that says that it is not safe beside
a writer. A run is `readmostly check` or `readmostly explore` of one shape with its defaults and one seed, up to the first
finding; seconds are the median of its CPU time. `check` believes what a map says of itself and lets nobody write beside
others in one that is not safe, so that such a map passes it rightly; a misuse that is no map cannot be explored. What
`explore` accuses with every seed, `check` is not asked for.
"""


def must_be(build):
    """(id, shape, why) of each."""
    maps = {m["id"]: m for m in listed.maps_of(build / "readmostly")}
    wrong = {row[0]: row[5] for row in
             bugs_page.rows_of("tests/fixtures/misuse.tsv")}
    for name, why in wrong.items():
        yield name, "u64x8", f"misuse: {why}"
    for name, one in sorted(maps.items()):
        if listed.is_unsafe(one) and name not in wrong:
            yield name, one["shapes"][0], UNSAFE_WORDS


def tried(build, tool, name, shape, why, seeds):
    """(what the cell says, whether each seed accused it)."""
    runs = []
    if tool == "check" and why == UNSAFE_WORDS:
        return "believes it", False
    for seed in range(1, seeds + 1):
        try:
            runs.append(bugs_runs.run(build, tool, name, shape, seed, False))
        except bugs_runs.NotTried as reason:
            if not REFUSED.search(str(reason)):
                raise
            return "not of this kind", False
        print(f"{tool} {name}, seed {seed}: {runs[-1]['found']}", flush=True)
    found = [r for r in runs if r["found"]]
    if not found:
        return f"0 of {seeds}", False
    words = statistics.mode(r["found"] for r in found)
    took = statistics.median(r["cpu_s"] for r in found)
    return f"{len(found)} of {seeds}, {took:.2g} s, {words}", \
        len(found) == seeds


def main():
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("build", type=Path)
    ask.add_argument("--seeds", type=int, default=3)
    args = ask.parse_args()
    if not (args.build / "readmostly-explore").exists():
        print(f"accused_tally: {args.build}: no readmostly-explore, expected "
              "what `make` builds", file=sys.stderr)
        return 2
    rows, missed = [], []
    for name, shape, why in must_be(args.build):
        told = []
        for tool in TOOLS:
            told.append(("not asked", False) if any(a for _, a in told) else
                        tried(args.build, tool, name, shape, why, args.seeds))
        rows.append(f"| `{name}` | {why} | "
                    + " | ".join(cell for cell, _ in told) + " |")
        if not any(always for _, always in told):
            missed.append(name)
    text = "\n".join([
        HEAD, f"{stamp()}, {args.seeds} seeds.", "",
        "| map | why | " + " | ".join(TOOLS) + " |",
        "|---|---|" + "---|" * len(TOOLS), *rows, "",
        f"Accused with every seed by one of them: {len(rows) - len(missed)} of "
        f"{len(rows)}; not: {', '.join(missed) or 'none'}.", ""])
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
