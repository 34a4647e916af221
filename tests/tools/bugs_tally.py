#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which tool finds which of the published bugs of tests/bugs/, or with --corpus
of the broken maps of tests/broken/ or tests/unseen/, or of the planted bugs of
tests/fixtures/, in how many of 20 seeds and after how long: writes docs/tally/CORPUS.md.

    tests/tools/bugs_tally.py FOLDER [--corpus broken|unseen|fixtures] [--seeds N]
                              [--tools check,explore] [--minutes N]
                              [--no-twins|--only-twins]

FOLDER is what `make bugs` fills (build/gcc/bugs). A run is one tool with its
defaults on one map, one shape and one seed, and ends at its first finding; a
twin is run as often in the quick form, and with the defaults for 3 seeds. The
first seed of every bug comes first, then the second: a tally that has not come
to its end, as after --minutes, says of how many seeds it speaks. What was said
of tools that are not asked for stays on the page; of those that are it speaks of
runs of the same program, so after --only-twins run the bugs, too.

Each run that ended stands in FOLDER/tally.jsonl with the digest of the program,
and is not run again: a tally that was killed goes on. In its end they are put
into docs/tally/bugs-runs.tsv, from which a tally goes on in another tree, as long
as the program is the same there. Seconds are CPU time of the run and
its processes. Status: 0; 1: a twin was accused; 2: the programs are not there,
or one did not try a map; 3: not all was run.
"""
import argparse
import sys
import time
from pathlib import Path

import bugs_page
import bugs_runs
import kept

PROGRESS = "\r{}/{} {} {} seed {}\033[K"


def refuse(why):
    print(f"bugs_tally: {why}", file=sys.stderr)
    sys.exit(2)


def asked_of(corpus, tools, seeds, broken, twins):
    """(tool, map, shape, seed, quick) of all runs of broken maps, of twins, or
    both, seed by seed, and of each seed the bugs before their twins."""
    bugs = list(bugs_page.bugs(corpus))
    for seed in range(1, seeds + 1):
        for tool in tools if broken else ():
            yield from ((tool, bug, shape, seed, False)
                        for bug, shape, _ in bugs)
        for tool in tools if twins else ():
            for quick in (True, *([False] if seed <= bugs_page.TWIN_SEEDS
                                  else [])):
                yield from ((tool, bug + "_twin", shape, seed, quick)
                            for bug, shape, _ in bugs)


def known(file, corpus, digests):
    """Runs of these programs that have ended, here or in another tree."""
    return {(row["tool"], row["map"], row["seed"], row["quick"]): row
            for row in (*bugs_page.kept_runs(corpus), *kept.rows(file))
            if digests.get(row["tool"]) == row["program"]}


def tally(folder, args):
    """All runs, those that are missing run now; and whether all ended."""
    digests = {tool: bugs_runs.digest(folder, tool) for tool in args.tools}
    file = folder / "tally.jsonl"
    rows = known(file, args.corpus, digests)
    wanted = list(asked_of(args.corpus, args.tools, args.seeds,
                           not args.only_twins, not args.no_twins))
    todo = [run for run in wanted if (run[0], run[1], *run[3:]) not in rows]
    end = time.monotonic() + 60 * args.minutes if args.minutes else None
    for i, (tool, name, shape, seed, quick) in enumerate(todo, 1):
        if end and time.monotonic() > end:
            break
        print(PROGRESS.format(i, len(todo), tool, name, seed), end="",
              file=sys.stderr, flush=True)
        try:
            done = bugs_runs.run(folder, tool, name, shape, seed, quick)
        except bugs_runs.NotTried as why:
            refuse(why)
        row = {"tool": tool, "map": name, "seed": seed, "quick": quick,
               "program": digests[tool], **done}
        rows[tool, name, seed, quick] = row
        kept.add(file, row)
    print(file=sys.stderr)
    return rows, all((run[0], run[1], *run[3:]) in rows for run in wanted)


def main():
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--corpus", choices=bugs_page.CORPORA, default="bugs")
    ask.add_argument("--seeds", type=int, default=20)
    ask.add_argument("--minutes", type=float, default=0)
    which = ask.add_mutually_exclusive_group()
    which.add_argument("--no-twins", action="store_true")
    which.add_argument("--only-twins", action="store_true")
    ask.add_argument("--tools", type=lambda text: text.split(","),
                     default=["check", "explore", "explore tso",
                              "explore c11"])
    args = ask.parse_args()
    missing = [t for t in args.tools if t not in bugs_runs.TOOLS
               or not bugs_runs.program(args.folder, t).exists()]
    if missing:
        refuse(f"{args.folder}: no program for {missing[0]}; expected "
               f"{' or '.join(bugs_runs.TOOLS)}, built by `make bugs`, those "
               "of sanitizers by `make bugs-sanitized`")
    rows, whole = tally(args.folder, args)
    bugs_page.keep_runs(args.corpus, rows.values())
    text, accused = bugs_page.page(rows, args)
    bugs_page.path(args.corpus).write_text(text, encoding="utf-8")
    print(text)
    return 1 if accused else 0 if whole else 3


if __name__ == "__main__":
    sys.exit(main())
