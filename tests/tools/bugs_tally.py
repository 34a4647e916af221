#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which tool finds which of the published bugs of tests/bugs/, or with --corpus
broken of the broken maps of tests/broken/, in how many of 20 seeds and after how
long: writes docs/tally/CORPUS.md.

    tests/tools/bugs_tally.py FOLDER [--corpus broken] [--seeds N]
                              [--tools explore,check]

FOLDER is what `make bugs` fills (build/gcc/bugs). A run is one tool with its
defaults on one map, one shape and one seed, and ends at its first finding; a
twin is run as often in the quick form, and with the defaults for 3 seeds. Each
run that ended stands in FOLDER/tally.jsonl with the
digest of the program, and is not run again: a tally that was killed goes on.
Seconds are CPU time of the run and its processes. Status: 0; 1: a twin was
accused; 2: the programs are not there, or one did not try a map.
"""
import argparse
import datetime
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import kept

CORPORA = {  # the list, its column of needs, and what the page says of it
    "bugs": ("tests/bugs/bugs.tsv", 4, """# Published bugs: which tool finds them

Made by `make bugs-tally`; the bugs are described in `tests/bugs/README.md`,
and were modelled by a hand that had not read the tools."""),
    "broken": ("tests/broken/broken.tsv", 3, """# Broken maps of another hand: which tool finds them

Made by `make bugs-tally CORPUS=broken`; the maps are described in
`tests/broken/README.md`, and were written by a hand that had not read the tools."""),
}
TOOLS = {  # the program, then its arguments before the map, and behind it
    "explore": ("readmostly-explore", (), ()),
    "explore tso": ("readmostly-explore", (), ("--memory", "tso")),
    "explore c11": ("readmostly-explore", (), ("--memory", "c11")),
    "check": ("readmostly", ("check",), ("--quiet",)),
}
QUICK = {"readmostly-explore": ("--schedules", "20000"),
         "readmostly": ("--budget", "quick")}
TWIN_SEEDS = 3  # of a twin with the defaults
HEAD = """A run is one tool with
its defaults, one seed, the shape that the bug needs, and ends at its first
finding. Of the runs that found it: the median of the CPU time, and what was
said most often. Twins are run with as many seeds in the quick form (20,000
schedules, or a budget of 2 s), and with 3 seeds by the defaults.
"""


def refuse(why):
    print(f"bugs_tally: {why}", file=sys.stderr)
    sys.exit(2)


def bugs(corpus):
    """(id, shape, what it needs in order to show) of each."""
    file, column, _ = CORPORA[corpus]
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, *_ = cells = line.split("\t")
            needs = cells[column]
            yield name, "u64x24" if "u64x24" in needs else "u64x8", needs


def command(folder, tool, name, shape, seed, quick):
    program, before, behind = TOOLS[tool]
    return [str(folder / program), *before, name, "--shape", shape,
            "--seed", str(seed), *behind, *(QUICK[program] if quick else ())]


def asked(corpus, seeds):
    """(map, shape, seed, quick) of all runs of one tool."""
    for bug, shape, _ in bugs(corpus):
        for seed in range(1, seeds + 1):
            yield bug, shape, seed, False
            yield bug + "_twin", shape, seed, True
        for seed in range(1, min(seeds, TWIN_SEEDS) + 1):
            yield bug + "_twin", shape, seed, False


def finding(out):
    """The words of the first line that fails, without numbers."""
    for line in out.splitlines():
        if line.startswith("FAIL"):
            told = line.split(": ")
            return told[-1] if "schedule" in line else line.split()[3].strip(":")
    return None


def run(argv):
    """{"status", "cpu_s", "found"} of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or done.stdout.startswith("skip"):
        refuse(f"{' '.join(argv)}: status {done.returncode}, expected that "
               f"it tries the map: {(done.stdout + done.stderr)[:200]}")
    return {"status": done.returncode, "found": finding(done.stdout),
            "cpu_s": after.ru_utime + after.ru_stime
            - before.ru_utime - before.ru_stime}


def digest(folder, tool):
    return hashlib.sha256((folder / TOOLS[tool][0]).read_bytes()).hexdigest()


def known(file, digests):
    """Runs of these programs that have ended."""
    return {(row["tool"], row["map"], row["seed"], row["quick"]): row
            for row in kept.rows(file)
            if digests.get(row["tool"]) == row["program"]}


def tally(folder, corpus, tools, seeds):
    """All runs, those that are missing run now."""
    digests = {tool: digest(folder, tool) for tool in tools}
    file = folder / "tally.jsonl"
    rows = known(file, digests)
    todo = [(tool, name, shape, seed, quick) for tool in tools
            for name, shape, seed, quick in asked(corpus, seeds)
            if (tool, name, seed, quick) not in rows]
    with file.open("a", encoding="utf-8") as out:
        for i, (tool, name, shape, seed, quick) in enumerate(todo, 1):
            row = {"tool": tool, "map": name, "seed": seed, "quick": quick,
                   "program": digests[tool],
                   **run(command(folder, tool, name, shape, seed, quick))}
            rows[tool, name, seed, quick] = row
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(f"\r{i}/{len(todo)} {tool} {name}\033[K", end="",
                  file=sys.stderr)
    print(file=sys.stderr)
    return rows


def cell(rows, tool, name, seeds):
    """"20 of 20, 0.42 s, data race" of one tool and bug."""
    found = [r for s in range(1, seeds + 1)
             if (r := rows[tool, name, s, False])["status"] == 1]
    if not found:
        return f"0 of {seeds}"
    words = statistics.mode(r["found"] or "no words" for r in found)
    took = statistics.median(r["cpu_s"] for r in found)
    return f"{len(found)} of {seeds}, {took:.2g} s, {words}"


def page(rows, corpus, tools, seeds):
    """The text, and whether no twin was accused."""
    runs = [(bug, needs) for bug, _, needs in bugs(corpus)]
    accused = sorted({n for (_, n, _, _), r in rows.items()
                      if n.endswith("_twin") and r["status"] == 1})
    lines = [f"{CORPORA[corpus][2]} {HEAD}", f"{datetime.date.today()}, commit {commit()}, "
             f"{os.cpu_count()} CPUs, {seeds} seeds.\n",
             "| bug | needs | " + " | ".join(tools) + " |",
             "|---|---|" + "---|" * len(tools)]
    lines += [f"| `{bug}` | {needs} | " + " | ".join(
        cell(rows, tool, bug, seeds) for tool in tools) + " |"
        for bug, needs in runs]
    for tool in tools:
        full = sum(all(rows[tool, bug, s, False]["status"] == 1
                       for s in range(1, seeds + 1)) for bug, _ in runs)
        once = sum(any(rows[tool, bug, s, False]["status"] == 1
                       for s in range(1, seeds + 1)) for bug, _ in runs)
        lines.append(f"\n{tool}: {full} of {len(runs)} bugs with every seed, "
                     f"{once} with one at least.")
    lines.append("\nTwins accused: "
                 + (", ".join(accused) or f"none of {len(runs)}") + ".\n")
    return "\n".join(lines), not accused


def commit():
    return subprocess.run(["git", "rev-parse", "--short", "HEAD"], text=True,
                          capture_output=True, check=False).stdout.strip()


def main():
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--corpus", choices=CORPORA, default="bugs")
    ask.add_argument("--seeds", type=int, default=20)
    ask.add_argument("--tools", type=lambda text: text.split(","),
                     default=list(TOOLS))
    asked = ask.parse_args()
    missing = [t for t in asked.tools
               if t not in TOOLS or not (asked.folder / TOOLS[t][0]).exists()]
    if missing:
        refuse(f"{asked.folder}: no program for {missing[0]}; expected "
               f"{' or '.join(TOOLS)}, built by `make bugs`")
    of = asked.corpus, asked.tools, asked.seeds
    text, right = page(tally(asked.folder, *of), *of)
    Path(f"docs/tally/{asked.corpus}.md").write_text(text, encoding="utf-8")
    print(text)
    return int(not right)


if __name__ == "__main__":
    sys.exit(main())
