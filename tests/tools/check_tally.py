#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is a right map ever accused? `readmostly check`, with its defaults, of each
map that promises safety beside writers and of those of tests/right/, seed after
seed.

    tests/tools/check_tally.py run BUILD [--loaded] [--minutes N] [--maps ID,...]
    tests/tools/check_tally.py page

run: of all maps, or of those named, the one that has run least in this load
comes next, until the minutes are over; the same line again goes on. Each run is
a line of docs/tally/checked.tsv as soon as it has ended; a run that was killed
is none. --loaded: beside one busy process for each CPU. Others: the share of the
CPU time that processes had that are neither. page: docs/tally/checked.md, which
`run` leaves, too. Status: 0; 1: a map was accused; 2: not built, or a check did
not come to its end.
"""
import argparse
import contextlib
import csv
import datetime
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import listed
from others import (BUSY_LOOP, OTHERS, cpu_times, end_by_term,
                    share_of_others)
from stamp import commit

RAW, PAGE = Path("docs/tally/checked.tsv"), Path("docs/tally/checked.md")
COLUMNS = ("map", "seed", "load", "seconds", "ok", "failed", "skipped",
           "others", "date", "commit", "said")
LOADS = ("quiet", "shared", "loaded")
SUM = re.compile(r"^check: (\d+) ok, (\d+) failed, (\d+) skipped$", re.M)
HEAD = """# Right maps, checked again and again

Made by `make check-tally` from [checked.tsv](checked.tsv), a line a run: `readmostly check` of one map in all its shapes,
with its defaults and a seed of its own. All maps of `impls/` that promise safety beside writers, and those of `tests/right/`,
which a hand has written that had not read the checker. Quiet: others had less than a tenth of the CPU time. Loaded: a busy
process for each CPU ran beside it. Shared: others had more, without such processes. Hours are of the wall.

"""


def stop(words):
    print(f"check_tally: {words}", file=sys.stderr)
    sys.exit(2)


# ---- what there is to run ---------------------------------------------------

def maps_of(program):
    """Ids of its maps that must not be accused; those of another language are
    in a program that has no check."""
    if not program.is_file():
        stop(f"{program}: not built; `make check-tally` builds it")
    return [one["id"] for one in listed.maps_of(program)
            if one["shapes"] and not one["misuse"] and
            not one["program"] and not listed.is_unsafe(one)]


def programs(build):
    """{id: the program that has it}."""
    return {name: program for program in
            (build / "readmostly", build / "right/readmostly")
            for name in maps_of(program)}


def next_run(rows, names, load):
    """(map, seed): what has run least in this load, with the next seed."""
    seeds = {name: [int(r["seed"]) for r in rows if r["map"] == name]
             for name in names}
    ran = {name: sum(r["map"] == name and (r["load"] == "loaded") ==
                     (load == "loaded") for r in rows) for name in names}
    name = min(names, key=lambda n: ran[n])
    return name, max(seeds[name], default=0) + 1


# ---- a run ------------------------------------------------------------------

@contextlib.contextmanager
def busy(count):
    """So many processes that only compute."""
    loops = [subprocess.Popen(BUSY_LOOP) for _ in range(count)]
    try:
        yield loops
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def used_by(loops):
    """Seconds of CPU time of processes that run."""
    ticks = 0
    for loop in loops:
        stat = Path(f"/proc/{loop.pid}/stat").read_text(encoding="ascii")
        ticks += sum(map(int, stat.rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def without(loops, times, used):
    """cpu_times() in which the loops are the run's own."""
    everyone, every, own = times
    return everyone, every, own + used_by(loops) - used


def run_once(program, name, seed, loops):
    argv = [program, "check", name, "--quiet", "--seed", str(seed)]
    used, begun = used_by(loops), time.monotonic()
    before = without(loops, cpu_times(), used)
    done = subprocess.run(argv, capture_output=True, text=True, check=False,
                          errors="replace")
    others = share_of_others(before, without(loops, cpu_times(), used))
    found = SUM.search(done.stdout)
    if done.returncode not in (0, 1) or not found:
        stop(f"{' '.join(map(str, argv))}: status {done.returncode}, expected "
             f"its sum, got: {(done.stdout + done.stderr)[-300:]!r}")
    said = [line for line in done.stdout.splitlines()
            if line.startswith("FAIL")]
    return dict(zip(COLUMNS, (
        name, seed, "loaded" if loops else "shared" if others >= OTHERS else
        "quiet", round(time.monotonic() - begun), *found.groups(),
        f"{round(100 * others)}%", datetime.date.today().isoformat(), commit(),
        "; ".join(said).replace("\t", " "))))


def read_raw():
    if not RAW.exists():
        return []
    with RAW.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t",
                                   quoting=csv.QUOTE_NONE))


def add(row):
    new = not RAW.exists()
    with RAW.open("a", encoding="utf-8") as file:
        lines = ([COLUMNS] if new else []) + [[row[c] for c in COLUMNS]]
        file.write("".join("\t".join(map(str, line)) + "\n"
                           for line in lines))


def run(args):
    of = programs(args.build)
    names = args.maps or list(of)
    for name in names:
        if name not in of:
            stop(f"no map {name!r} that must not be accused in {args.build}")
    accused, end = 0, time.monotonic() + 60 * args.minutes
    with busy(os.cpu_count() if args.loaded else 0) as loops:
        while time.monotonic() < end:
            name, seed = next_run(read_raw(), names,
                                  "loaded" if args.loaded else "quiet")
            row = run_once(of[name], name, seed, loops)
            add(row)
            accused += bool(row["said"])
            print(f"{name}, seed {seed}: {row['said'] or 'ok'}, "
                  f"{row['seconds']} s, {row['load']}", flush=True)
    PAGE.write_text(page(read_raw()), encoding="utf-8")
    return int(bool(accused))


# ---- the page ---------------------------------------------------------------

def hours(rows):
    return sum(int(r["seconds"]) for r in rows) / 3600


def sum_of(load, rows, names):
    mine = [r for r in rows if r["load"] == load]
    have = {r["map"] for r in mine}
    return (f"- {load}: {hours(mine):.2f} h, {len(mine)} runs of {len(have)} of "
            f"the {len(names)} maps that have been run, {sum(bool(r['said']) for r in mine)} accused")


def page(rows):
    """docs/tally/checked.md of the raw file."""
    names = sorted({r["map"] for r in rows})
    days = sorted({r["date"] for r in rows}) or ["never"]
    lines = [f"Run from {days[0]} to {days[-1]}, commits "
             f"{', '.join(dict.fromkeys(r['commit'] for r in rows)) or '-'}.",
             "", *(sum_of(load, rows, names) for load in LOADS), "",
             "| map | " + " | ".join(f"{load}: runs, minutes" for load in LOADS)
             + " | checks that passed | accused |", "|---|---|---|---|--:|--:|"]
    for name in names:
        mine = [r for r in rows if r["map"] == name]
        cells = []
        for load in LOADS:
            some = [r for r in mine if r["load"] == load]
            cells.append(f"{len(some)}, {60 * hours(some):.1f}" if some
                         else "-")
        lines.append(f"| `{name}` | " + " | ".join(cells) + " | "
                     f"{sum(int(r['ok']) for r in mine)} | "
                     f"{sum(int(r['failed']) for r in mine)} |")
    told = [f"- `{r['map']}`, seed {r['seed']}, {r['load']}, {r['date']}, "
            f"{r['commit']}: {r['said']}" for r in rows if r["said"]]
    return HEAD + "\n".join([*lines, "", "Accused:", "",
                             *(told or ["Nothing."])]) + "\n"


def main(argv):
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = ask.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("build", type=Path)
    one.add_argument("--loaded", action="store_true")
    one.add_argument("--minutes", type=float, default=60)
    one.add_argument("--maps", type=lambda text: text.split(","))
    commands.add_parser("page")
    args = ask.parse_args(argv)
    end_by_term()
    if args.command == "run":
        return run(args)
    PAGE.write_text(page(read_raw()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
