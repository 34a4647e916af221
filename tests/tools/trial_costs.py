#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the planned time of a mode with the time that its trials took.

    trial_costs.py CAMPAIGN         prints a record of the time taken
    trial_costs.py RECORD PLAN      compares a record with a plan (--json), as TAP

tests/fixtures/trial-costs.tsv is the record in use; runner/plan/plan_cost.c computes the planned
time. A row of the record has, for a workload and a measure, the trials that ran and the seconds
from each start to the next, without repeats. Mean times of a trial are compared, so that a change
of blocks needs no new record. Rows that are no longer in the plan are skipped. All rows together
must agree within 15 % if the machine was quiet during the recording.
"""
import datetime
import json
import pathlib
import re
import sys

COLUMNS = "workload\tmeasure\ttrials\ttook_s"
WITHIN = 0.15
PAUSE_S = 1  # after a longer pause, the campaign was resumed
QUIET = 3  # largest mean load: the two threads of a trial, and a little more


def started_s(trial):
    return datetime.datetime.fromisoformat(
        trial["started_utc"].rstrip("Z")).timestamp()


def spans(trials):
    """Yields each trial with its seconds. These include the time until the next trial starts, of
    which a part is the fsync of the line."""
    for trial, after in zip(trials, trials[1:] + [None]):
        ended_s = started_s(trial) + trial["wall_ns"] / 1e9
        rest_s = started_s(after) - ended_s if after else 0
        yield trial, trial["wall_ns"] / 1e9 + min(max(rest_s, 0), PAUSE_S)


def took(folder):
    """Returns (workload, measure) -> [trials, seconds], and the mean load."""
    meta = json.loads((folder / "campaign.json").read_text())
    cells = {c["id"]: (c["workload"], c["measure"]) for c in meta["cells"]}
    sums, loads = {}, []
    with (folder / "trials.jsonl").open() as lines:
        for trial, seconds in spans([json.loads(line) for line in lines]):
            if not trial["wall_ns"] or trial.get("attempt", 1) > 1:
                continue
            row = sums.setdefault(cells[trial["cell"]], [0, 0.0])
            row[0] += 1
            row[1] += seconds
            loads.append(trial["load"])
    return meta, sums, sum(loads) / len(loads)


def write(folder):
    meta, sums, load = took(folder)
    print("# SPDX-License-Identifier: Apache-2.0")
    print(f"# mode {meta['mode']}, {meta['machine']['cpus']} CPUs, mean load "
          f"{load:.1f}, commit {meta['build']['commit'][:12]}")
    print(f"# {COLUMNS}")
    for (workload, measure), (trials, seconds) in sorted(sums.items()):
        print(f"{workload}\t{measure}\t{trials}\t{seconds:.2f}")


def read(record):
    rows = [line.split("\t") for line in record.read_text().splitlines()
            if not line.startswith("#")]
    return {(w, m): (int(n), float(s)) for w, m, n, s in rows}


def mean_trial_s(plan):
    """Returns the planned seconds of a trial by (workload, measure), averaged over cells."""
    costs = {}
    for cell in plan["cells"]:
        if not cell["skip"]:
            costs.setdefault((cell["workload"], cell["measure"]), []).append(
                cell["estimate_ns"] / 1e9)
    return {key: sum(c) / len(c) for key, c in costs.items()}


def compare(record, plan):
    """Compares the planned and the measured time of the recorded trials."""
    costs = mean_trial_s(json.loads(plan.read_text()))
    rows = {k: v for k, v in read(record).items() if k in costs}
    planned = sum(costs[k] * trials for k, (trials, _) in rows.items())
    seconds = sum(s for _, s in rows.values())
    for key, (trials, took_s) in rows.items():
        print(f"# {' '.join(key)}: planned {costs[key] * trials:.1f} s, "
              f"took {took_s:.1f} s")
    fact = f"planned {planned:.0f} s, took {seconds:.0f} s: within {WITHIN:.0%}"
    load = float(re.search(r"mean load ([0-9.]+)", record.read_text())[1])
    if load > QUIET:
        print(f"ok 1 - {fact} # SKIP recorded at a load of {load}\n1..1")
        return 0
    good = rows and abs(planned / seconds - 1) <= WITHIN
    print(f"{'ok' if good else 'not ok'} 1 - {fact}\n1..1")
    return 0 if good else 1


if __name__ == "__main__":
    paths = [pathlib.Path(p) for p in sys.argv[1:]]
    if len(paths) == 1:
        write(*paths)
    elif len(paths) == 2:
        sys.exit(compare(*paths))
    else:
        sys.exit("trial_costs: expected CAMPAIGN, or RECORD PLAN")
