#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What finding a bug costs: of each bug of the corpora the median of the CPU
seconds of `check`, `explore`, ThreadSanitizer and AddressSanitizer, from the raw
lines of bugs_tally.py. Writes docs/tally/cost.md. Starts no run.

Status: 0; 2: no raw lines.
"""
import argparse
import datetime
import statistics
import sys
from pathlib import Path

import bugs_page
from stamp import commit

PAGE = Path("docs/tally/cost.md")
OURS = "check", "explore", "explore tso", "explore c11"
THEIRS = "TSan", "ASan"
TOOLS = OURS + THEIRS
HEAD = """# What finding a bug costs

Made by `make cost-tally` from [bugs-runs.tsv](bugs-runs.tsv), a line a run; what a run is, and what each bug needs, is
with [published bugs](bugs.md) and [broken maps](broken.md); fixtures are the planted bugs without their pauses. TSan and ASan are
the loops of `check`, with its defaults, compiled with ThreadSanitizer or with AddressSanitizer and UBSan, up to what the
sanitizer says; what the check finds there is passed over. Cells are the median of the CPU seconds of the runs that found
it; behind it in how many runs that was, where not in all. A bug that a twin is accused of, too, is not
found by that tool: its cell says so.
"""


def by_bug(runs):
    """{(corpus, tool, map): its runs}, of bugs by the defaults, of twins all."""
    found = {}
    for run in runs:
        if run["quick"] == "0" or run["map"].endswith("_twin"):
            key = run["corpus"], run["tool"], run["map"]
            found.setdefault(key, []).append(run)
    return found


def took(runs, corpus, tool, bug):
    """(median seconds or None, found, of)."""
    mine = runs.get((corpus, tool, bug), [])
    seconds = [float(r["cpu_s"]) for r in mine if r["status"] == "1"]
    return statistics.median(seconds) if seconds else None, len(seconds), \
        len(mine)


def is_false_alarm(runs, corpus, tool, bug):
    return any(r["status"] == "1"
               for r in runs.get((corpus, tool, bug + "_twin"), []))


def cell(runs, corpus, tool, bug):
    median, found, of = took(runs, corpus, tool, bug)
    if not of:
        return "not run"
    if median is None:
        return f"0 of {of}"
    if is_false_alarm(runs, corpus, tool, bug):
        return "twin, too"
    return f"{median:.2g}" + (f" ({found} of {of})" if found < of else "")


def quickest(runs, corpus, bug, tools):
    """The least median of those that found it in each of their runs."""
    medians = [m for t in tools
               for m, found, of in [took(runs, corpus, t, bug)]
               if m is not None and found == of
               and not is_false_alarm(runs, corpus, t, bug)]
    return min(medians, default=None)


def compared(runs, rows):
    """What one side finds and the other not, and who is quicker."""
    only, theirs, slower, neither = [], [], [], []
    for corpus, bug in rows:
        ours = quickest(runs, corpus, bug, OURS)
        other = quickest(runs, corpus, bug, THEIRS)
        if ours is None and other is None:
            neither.append(bug)
        elif other is None:
            only.append(bug)
        elif ours is None:
            theirs.append(bug)
        elif other < ours:
            slower.append(bug)
    listed = lambda bugs: ", ".join(f"`{b}`" for b in bugs) or "none"  # noqa: E731
    return [f"Of {len(rows)} bugs, found in every run that was made:", "",
            f"- by `check` or `explore` and by no sanitizer: {len(only)}.",
            f"- by a sanitizer alone: {listed(theirs)}.",
            f"- by both, sooner by a sanitizer: {listed(slower)}.",
            f"- by both, sooner by `check` or `explore`: "
            f"{len(rows) - len(only) - len(theirs) - len(slower) - len(neither)}.",
            f"- by none in every run: {listed(neither)}.", ""]


def page(runs):
    rows, table = [], []
    for corpus in bugs_page.CORPORA:
        for bug, _, _ in bugs_page.bugs(corpus):
            rows.append((corpus, bug))
            cells = [cell(runs, corpus, tool, bug) for tool in TOOLS]
            table.append(f"| {corpus} | `{bug}` | " + " | ".join(cells) + " |")
    complete = [r for r in rows if all((r[0], t, r[1]) in runs for t in TOOLS)]
    return "\n".join([
        HEAD, f"{datetime.date.today()}, commit {commit()}; "
        f"{len(complete)} of {len(rows)} bugs were run with each tool.", "",
        *compared(runs, complete),
        "| corpus | bug | " + " | ".join(TOOLS) + " |",
        "|---|---|" + "---|" * len(TOOLS), *table, ""])


def main():
    argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    runs = by_bug(bugs_page.runs())
    if not runs:
        print(f"cost_tally: no run in {bugs_page.RUNS}, expected those of "
              "`make bugs-tally`", file=sys.stderr)
        return 2
    text = page(runs)
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
