#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Long form of exploring: all maps under each model of memory. Writes
docs/tally/explore.md.

    explore_tally.py BUILD [--schedules N] [--seed N]

Runs BUILD/readmostly-explore all, for each model with so many schedules of
each map (20,000). A model whose run does not come to its end has no row.
Status: 0; 1: a map is accused; 2: a run did not end, or tried nothing.
"""
import argparse
import datetime
import re
import subprocess
import sys
import time
from pathlib import Path

from stamp import commit

PAGE = Path("docs/tally/explore.md")
MODELS = ("sc", "tso", "c11")
LINE = re.compile(r"^(ok  |open|FAIL) (\w+): ([\d,]+) schedules\b.*?, (\d+) "
                  r"undecided; (?:\d+) schedules/s(?:; (.*))?$")
HEAD = """# All maps explored, in the long form

Made by `make explore-tally`; what may be concluded of it is in
[exploring.md](../exploring.md). A map is accused where one schedule fails.
"""
COLUMNS = ("memory", "maps", "schedules of each", "seed", "undecided",
           "accused", "seconds")


def stop(words):
    print(f"explore_tally: {words}", file=sys.stderr)
    sys.exit(2)


def of_model(build, model, schedules, seed):
    """(row, lines of accused maps) of one run over all maps."""
    program = build / "readmostly-explore"
    if not program.is_file():
        stop(f"{program}: not built; `make` builds it")
    begun = time.monotonic()
    run = subprocess.run(
        [program, "all", "--memory", model, "--schedules", str(schedules),
         "--seed", str(seed)], capture_output=True, text=True)
    seconds = time.monotonic() - begun
    found = [match for match in map(LINE.match, run.stdout.splitlines())
             if match]
    if run.returncode not in (0, 1) or not found:
        stop(f"--memory {model} ended with status {run.returncode}: "
             f"{run.stderr.strip()[-300:]}")
    accused = [f"- {match[2]}, {model}: {match[5]}" for match in found
               if match[1] == "FAIL"]
    return (model, len(found), f"{schedules:,}", seed,
            sum(int(match[4]) for match in found), len(accused),
            f"{seconds:.0f}"), accused


def page_of(rows, accused):
    lines = [HEAD, f"{datetime.date.today()}, commit {commit()}, "
             "one machine, all of its CPUs.\n",
             "| " + " | ".join(COLUMNS) + " |",
             "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines + ["", *accused]).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path)
    parser.add_argument("--schedules", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rows, accused = [], []
    for model in MODELS:
        row, bad = of_model(args.build, model, args.schedules, args.seed)
        print(*row)
        rows.append(row)
        accused += bad
    PAGE.write_text(page_of(rows, accused), encoding="utf-8")
    print("\n".join([*accused, f"page: {PAGE}"]))
    return 1 if accused else 0


if __name__ == "__main__":
    sys.exit(main())
