#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the planned time, and the detection of disturbances, on a quiet machine.

    disturbance.py [QUIET [BUSY]]

Runs QUIET (5) smoke campaigns. The planned time must be within 15 % of the time that they take, and
no trial may be repeated because it waited for threads of its own map. Then runs BUSY (10) small
campaigns next to a busy loop on one CPU; each must find disturbed trials. First run `make bench
MODE=smoke` to build the maps. Exit status 1: a limit is exceeded.
"""
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BUILD = pathlib.Path(os.environ.get("BUILD", "build/gcc"))
WITHIN = 0.15
SMALL = """writes = 3%
keys = 64Ki
threads = cpus
window = 50ms
blocks = 1
maps = gomap_rw urcu_lfht
"""


def campaign(folder, *arguments):
    """Runs a campaign; returns campaign.json, the lines of its journal, and its last line of
    progress."""
    done = subprocess.run(
        [BUILD / "readmostly", "run", *arguments, "-o", folder, "--busy-ok",
         "--counters", "none"], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"disturbance: status {done.returncode}: {done.stderr}")
    lines = (folder / "trials.jsonl").read_text().splitlines()
    return (json.loads((folder / "campaign.json").read_text()),
            [json.loads(line) for line in lines],
            done.stderr.strip().splitlines()[-1])


def planned_s(meta):
    return sum(meta["cells"][i]["estimate_ns"]
               for block in meta["order"] for i in block) / 1e9


def taken_s(lines):
    """Returns the seconds from the first start to the last end, including repeats."""
    ran = [t for t in lines if t["wall_ns"]]
    first, last = (datetime.datetime.fromisoformat(t["started_utc"].rstrip("Z"))
                   for t in (ran[0], ran[-1]))
    return (last - first).total_seconds() + ran[-1]["wall_ns"] / 1e9


def disturbed_by_map(lines):
    """Returns the trials that were reported as disturbed although no other program ran, because
    their maps have threads of their own."""
    return [t for t in lines if t["disturbed"] and t["result"]
            and t["result"]["environment"].get("own_threads")
            and (t["others_share"] or 0) + (t["stolen_share"] or 0) < 0.05]


def quiet(folder):
    meta, lines, progress = campaign(folder, "--mode", "smoke")
    planned, taken = planned_s(meta), taken_s(lines)
    by_map = disturbed_by_map(lines)
    repeats = sum(t["attempt"] > 1 for t in lines)
    print(f"quiet: planned {planned:.0f} s, taken {taken:.0f} s, {repeats} repeats, "
          f"{len(by_map)} for threads of the map; {progress}", flush=True)
    return abs(planned / taken - 1) <= WITHIN and not by_map


def busy(folder):
    workload = folder.with_suffix(".conf")
    workload.write_text(SMALL)
    with subprocess.Popen(["taskset", "-c", "0", "sh", "-c",
                           "while :; do :; done"]) as loop:
        try:
            lines = campaign(folder, workload)[1]
        finally:
            loop.kill()
    found = sum(bool(t["disturbed"]) for t in lines)
    print(f"busy: {found} of {len(lines)} trials disturbed", flush=True)
    return found > 0


def main(quiet_runs=5, busy_runs=10):
    with tempfile.TemporaryDirectory() as folder:
        here = pathlib.Path(folder)
        good = [quiet(here / f"quiet-{i}") for i in range(quiet_runs)]
        good += [busy(here / f"busy-{i}") for i in range(busy_runs)]
    print(f"{sum(good)} of {len(good)} runs meet their bar")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))
