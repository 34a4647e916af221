#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What checking and exploring cost: writes docs/tally/check-cost.md.

    check_cost.py BUILD [--maps] [--schedules N]

- `readmostly check gomap_rw` with its defaults, all shapes.
- With --maps `make check-maps CHECK_OPS=1s`, as CI runs it; else its row stays.
- Schedules a second of `readmostly explore gomap_rw`, the map created and the
  history judged: three threads with six operations each under each scheduler and
  model of memory, and its defaults, which have larger programs, too. Counted for
  each second of CPU time and multiplied by the CPUs, since other programs' load is
  not the tool's; beside it what it said itself, by the wall.

LOAD says what else ran. Status: 0; 1: one of the limits is not kept; 2: not run.
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from stamp import stamp

PAGE = Path("docs/tally/check-cost.md")
LINE = re.compile(r"([\d,]+) schedules.*?; (\d+) schedules/s")
TRIED = re.compile(r"([\d,]+) tried")
DEFAULTS = "defaults"
MODES = [("random", "sc", 20000), ("pct", "sc", 2000), ("mix", "sc", 2000),
         ("exhaustive", "sc", 2000), ("random", "tso", 2000),
         ("pct", "tso", 2000), ("random", "c11", 2000), ("pct", "c11", 2000),
         (DEFAULTS, "sc", 2000), (DEFAULTS, "tso", 2000),
         (DEFAULTS, "c11", 2000)]
MAPS = "`check-maps`"
CHECK_S, MAPS_S, MEMORY_MIB = 60, 480, 500
HEAD = f"""# What checking and exploring cost

Made by `make check-cost`. Limits, on two CPUs: {CHECK_S} s for the default `check` of one map in all shapes, {MAPS_S // 60} minutes for
`check-maps` with 1 s a map and shape, 20,000 schedules/s of `explore` at random under sequential consistency and 2,000 in
each other mode, {MEMORY_MIB} MiB. Schedules/s are those of one CPU second, times the CPUs: a busy machine changes the wall's,
which stand beside them, and not these. Programs have three threads with six operations each (`--threads 3 --ops 6`), or two
with two where they are exhausted; `{DEFAULTS}` are those that are drawn otherwise, with larger ones among them. Beside other
programs (*loaded*) a check's wall is not its own, and is held to no limit.
"""


def measured(argv):
    """(output, wall seconds, CPU seconds, MiB of its largest process)."""
    begun = time.monotonic()
    child = subprocess.Popen(argv, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        print(f"check_cost: {' '.join(map(str, argv))}: status "
              f"{child.returncode}: {out[-300:]}", file=sys.stderr)
        sys.exit(2)
    return (out, time.monotonic() - begun, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024)


def of_check(argv, words, limit_s):
    """Its row, and what is wrong of it."""
    _, wall, cpu, mib = measured(argv)
    # beside others the wall's seconds are not the check's own
    slow = wall > limit_s and not os.environ.get("LOAD")
    wrong = [f"{words}: {wall:.0f} s"] if slow else []
    wrong += [f"{words}: {mib:.0f} MiB"] if mib > MEMORY_MIB else []
    return f"| {words} | {wall:.0f} | {cpu:.0f} | {mib:.0f} |", wrong


def of_mode(build, scheduler, memory, least, schedules):
    small = ["--scheduler", scheduler]
    if scheduler == DEFAULTS:
        small = ["--schedules", str(schedules)]
    elif scheduler != "exhaustive":
        small += ["--threads", "3", "--ops", "6", "--schedules", str(schedules)]
    out, _, cpu, mib = measured([build / "readmostly-explore", "gomap_rw",
                                 "--memory", memory, *small])
    match = LINE.search(out)
    # exhaustive: what it stops at in a program comes before what it tried
    tried = TRIED.search(out) or match
    count = int(tried[1].replace(",", ""))
    rate = count / cpu * os.cpu_count()
    words = f"{scheduler}, {memory}"
    wrong = [f"{words}: {rate:,.0f} schedules/s"] if rate < least else []
    wrong += [f"{words}: {mib:.0f} MiB"] if mib > MEMORY_MIB else []
    return (f"| {words} | {count:,} | {rate:,.0f} | {int(match[2]):,} | "
            f"{mib:.0f} |", wrong)


def maps_before():
    """The row of check-maps that is there."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return [line for line in text.splitlines() if MAPS in line
            and line.startswith("|")]


def main():
    ask = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("build", type=Path)
    ask.add_argument("--maps", action="store_true")
    ask.add_argument("--schedules", type=int, default=200000)
    args = ask.parse_args()
    row, wrong = of_check([args.build / "readmostly", "check", "gomap_rw",
                           "--quiet"], "`check gomap_rw`", CHECK_S)
    checks = [row]
    if args.maps:
        row, more = of_check(
            ["tests/tools/check_maps.sh", args.build / "readmostly", "1s"],
            MAPS, MAPS_S)
        # when it has ended: what else ran is measured meanwhile
        checks.append(row.replace(MAPS, f"{MAPS}, {stamp()}", 1))
        wrong += more
    else:
        checks += maps_before()
    modes = [of_mode(args.build, *mode, args.schedules) for mode in MODES]
    wrong += [words for _, many in modes for words in many]
    text = "\n".join([
        HEAD, f"{stamp()}.", "", "| what | wall, s | CPU, s | MiB |",
        "|---|---|---|---|", *checks, "",
        "| `explore gomap_rw` | schedules | schedules/s | by the wall | MiB |",
        "|---|---|---|---|---|", *(row for row, _ in modes), "",
        f"Limits not kept: {'; '.join(wrong) or 'none'}."
        + (" Loaded, so the seconds of checks were held to none."
           if os.environ.get("LOAD") else "")
        + ("" if len(checks) > 1 else " Not run: `check-maps`."), ""])
    PAGE.write_text(text, encoding="utf-8")
    print(text)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
