#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a workload file of docs/articles/ once in a reduced form, and prints figures of each trial.

    figures.py FILE NAME,NAME... [OPTION...]    options are those of `run`

A NAME is one of these:

- a member of the trial's result, summed over its threads
- a statistic of the trial's map; if causes are counted, its increase in the window or, with
  `:end`, its value at the end
- a counter, or a quantile of an operation (`lookup.p99_ns`)
- `mops` (10^6 operations per second) or `slices` (the number of slices), which are computed

Missing values are printed as `-`. The default is one block, because the figures only show that a
row runs and is counted; they are not a ranking.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP))
try:
    from report.load import histogram
except ModuleNotFoundError as error:  # numpy may not be installed for the first Python on PATH
    if error.name != "numpy":
        raise
    python = subprocess.check_output([TOP / "report/find_python.sh"], text=True)
    os.execv(python.strip(), [python.strip(), *sys.argv])

PERCENTILES = {"p50_ns": 0.5, "p90_ns": 0.9, "p99_ns": 0.99, "p999_ns": 0.999}
BUILD = TOP / os.environ.get("BUILD", "build/gcc")


def campaign(file, options, folder):
    """Returns the lines of a run's journal."""
    command = [BUILD / "readmostly", "run", file, "--busy-ok",
               "--set", "blocks=1", "--set", "repeat-most=0",
               *options, "-o", folder]
    done = subprocess.run(command, capture_output=True, text=True)
    journal = folder / "trials.jsonl"
    if not journal.exists():
        sys.exit(done.stderr)
    return [json.loads(line) for line in journal.read_text().splitlines()]


def percentiles(folder, entry):
    """Returns the percentiles of a latency entry in ns, by name."""
    read = histogram.read_file(folder / f"{entry['histogram']}.hlog",
                               entry["hlog_crc32"])
    return {name: read.quantile(p) for name, p in PERCENTILES.items()}


def flat(folder, result):
    """Returns all named values of a result, by name."""
    found = {name: sum(thread[name] or 0 for thread in result["by_thread"])
             for name in ("voluntary_switches", "involuntary_switches",
                          "migrations", "runqueue_wait_ns")}
    found.update((name, value) for name, value in result.items()
                 if not isinstance(value, (dict, list)))
    for one in result["stats"]:
        added = one.get("window")
        found[one["name"]] = one["value"] if added is None else added
        found[one["name"] + ":end"] = one["value"]
    for one in result["latency"] or []:
        for name, value in (one | percentiles(folder, one)).items():
            found.setdefault(f"{one['operation']}.{name}", value)
    for one in (result["counters"] or {}).get("events", []):
        found[one["metric"]] = one["total"]
    for part in ("verification", "footprint"):
        found.update((result[part] or {}).items())
    found["mops"] = result["ops"] * 1e3 / max(result["elapsed_ns"], 1)
    found["slices"] = len(result["slices"] or [])
    return found


def text(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)


def main(file, names, *options):
    with tempfile.TemporaryDirectory() as folder:
        run = pathlib.Path(folder) / "run"
        for line in campaign(file, options, run):
            if "/verify" in line["cell"] and "verify" not in names:
                continue
            found = flat(run, line["result"]) if line["result"] else {}
            print(line["cell"], line["status"],
                  *(f"{name}={text(found.get(name))}"
                    for name in names.split(",")),
                  *([line["reason"]] if line["reason"] else []))


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
