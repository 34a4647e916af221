#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts how many bugs of a corpus each tool finds, with how many seeds, and in what time.

    corpora.py [--corpus bugs|broken|unseen|fixtures] [--seeds 20]
               [--tools check,explore,explore tso,explore c11,TSan,ASan]

Builds the corpus into BUILD/CORPUS, and for sanitizers into build/bugs-*. A run is one tool with
its default options, one map and one seed; it ends at the first finding. Each corrected version
(ID_twin) gets the same runs and must pass. Prints a row for each bug, then a sum for each tool. The
seconds are the median wall time of the runs that found the bug. Exit status: 1 a corrected version
failed; 2 a program cannot run.
"""
import argparse
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(os.environ.get("BUILD", "build/gcc"))
OURS = r"^FAIL "
CHECK, EXPLORE = ("readmostly", "check"), ("readmostly", "explore")
TOOLS = {  # name: program, options, first words of a finding
    "check": (CHECK, ["--quiet"], OURS),
    "explore": (EXPLORE, [], OURS),
    "explore tso": (EXPLORE, ["--memory", "tso"], OURS),
    "explore c11": (EXPLORE, ["--memory", "c11"], OURS),
    "TSan": (CHECK, ["--quiet"], r"WARNING: ThreadSanitizer: "),
    "ASan": (CHECK, ["--quiet"], r"ERROR: (Address|Leak)Sanitizer: ")}
SANITIZERS = {"TSan": "thread", "ASan": "address,undefined"}


def rows_of(file):
    return [line.split("\t") for line in Path(file).read_text("utf-8").splitlines()
            if line and not line.startswith("#")]


def bugs_of(corpus):
    """Returns (id, shape) of each bug in a corpus."""
    if corpus == "fixtures":
        rows = [(r[0], r[3]) for r in rows_of("verify/corpora/planted/tools.tsv")]
        rows += [(r[0], r[4]) for r in rows_of("verify/corpora/explored/tools.tsv")
                 if r[1] == "explored"]
        return [(name, "u64x8" if shape == "-" else shape)
                for name, shape in rows]
    needs = 4 if corpus == "bugs" else 3
    return [(r[0], "u64x24" if "u64x24" in r[needs] else "u64x8")
            for r in rows_of(f"verify/corpora/{corpus}/{corpus}.tsv")]


def build_corpus(corpus, tool):
    """Builds the corpus for the tool; returns its folder."""
    sanitizer = SANITIZERS.get(tool)
    build = Path(f"build/bugs-{sanitizer}") if sanitizer else BUILD
    flags = [f"SANITIZE=-fsanitize={sanitizer} -fno-sanitize-recover=all",
             "OPT=-O1 -g1 -DRM_OUT_OF_LINE"] if sanitizer else []
    subprocess.run(["make", "-s", "bugs", f"CORPUS={corpus}", f"BUILD={build}",
                    *flags], check=True)
    return build / corpus


def run(folder, tool, name, shape, seed):
    """Runs the tool once on one map. Returns the seconds, and the finding or None."""
    (program, *command), options, finds = TOOLS[tool]
    argv = [folder / program, *command, name, "--shape", shape, "--seed",
            str(seed), *options]
    begun, found = time.monotonic(), None
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, errors="replace",
                          start_new_session=True) as child:
        last = ""
        for line in child.stdout:
            last = line
            if re.search(finds, line):
                found = line.split()[3].strip(":") if command and finds == OURS else (
                    re.sub(r"\d[\d,]*", "N", line.strip().split(": ")[-1]))
                os.killpg(child.pid, signal.SIGKILL)
                break
    if not found and "cannot be explored" not in last and (
            child.returncode not in (0, 1) or last.startswith("skip")):
        sys.exit(f"corpora: {' '.join(map(str, argv))}: status "
                 f"{child.returncode}: {last.strip()}")
    return time.monotonic() - begun, found


def cell_of(runs):
    hits = [(seconds, found) for seconds, found in runs if found]
    if not hits:
        return f"0 of {len(runs)}"
    return (f"{len(hits)} of {len(runs)}, "
            f"{statistics.median(s for s, _ in hits):.2g} s, "
            f"{statistics.mode(f for _, f in hits)}")


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("--corpus", choices=("bugs", "broken", "unseen", "fixtures"),
                     default="bugs")
    ask.add_argument("--seeds", type=int, default=20)
    ask.add_argument("--tools", default="check,explore,explore tso,explore c11")
    ask.add_argument("--only", default="", help="ids that contain this text")
    args = ask.parse_args()
    tools = args.tools.split(",")
    folders = {tool: build_corpus(args.corpus, tool) for tool in tools}
    sums, accused = dict.fromkeys(tools, 0), []
    bugs = [b for b in bugs_of(args.corpus) if args.only in b[0]]
    print("bug\t" + "\t".join(tools))
    for name, shape in bugs:
        cells = []
        for tool in tools:
            seeds = range(1, args.seeds + 1)
            runs = [run(folders[tool], tool, name, shape, seed)
                    for seed in seeds]
            sums[tool] += all(found for _, found in runs)
            cells.append(cell_of(runs))
            twins = [run(folders[tool], tool, f"{name}_twin", shape, seed)
                     for seed in seeds] if tool not in SANITIZERS else []
            accused += [f"{name}_twin by {tool}"] * any(f for _, f in twins)
        print("\t".join([name, *cells]), flush=True)
    for tool, found in sums.items():
        print(f"{tool}: {found} of {len(bugs)} bugs with every seed")
    print("corrected versions that fail:", ", ".join(accused) or "none")
    return 1 if accused else 0


if __name__ == "__main__":
    sys.exit(main())
