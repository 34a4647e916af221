#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the time of the same map in two programs that use the trial protocol.

    two_programs.py port|foreign [OPTION of `readmostly run`...]

`port` compares Go's own maps with their ports in C (workloads/port-speed.conf; needs Go). `foreign`
compares gomap_rw in examples/trial/their_trial.c with gomap_rw in readmostly
(workloads/foreign.conf). Trials of both programs alternate in blocks of random order. Prints the
other program's time divided by readmostly's with its 95 % interval, for elapsed time and for the
threads' CPU time. Exit status: 0 the ratio is within its limits (port: the lower end for elapsed
time is at least 0.97; foreign: the interval is within 2 % of 1); 1 it is not; 2 usage or input
error; 3 a trial failed, or there is no interval.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import load, stats  # noqa: E402
from report.load.trial import Status  # noqa: E402

BUILD = Path(os.environ.get("BUILD", "build/gcc"))
# name: workload, other program, lower and upper limit of the interval
KINDS = {"port": ("workloads/port-speed.conf", "readmostly-go", 0.97, None),
         "foreign": ("workloads/foreign.conf", "tests/their_trial", 0.98, 1.02)}
TIMES = {"elapsed": lambda result: result.elapsed_ns,
         "CPU": lambda result: sum(t.cpu_ns for t in result.threads)}


def rates(trials, time_of):
    """Returns {block: operations per second}."""
    return {t.block: t.result.ops * 1e9 / time_of(t.result)
            for t in trials if t.usable and time_of(t.result)}


def judge(ratio, low, high):
    """Returns the exit status and a text."""
    if ratio.low is None:
        return 3, f"no interval: {ratio.reason}"
    met = ratio.low >= low and (high is None or ratio.high <= high)
    return int(not met), (f"{ratio.centre:.4f} [{ratio.low:.4f}, {ratio.high:.4f}] of "
                          f"{ratio.n} pairs: {'ok' if met else 'outside the bar'}")


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in KINDS:
        print(__doc__, file=sys.stderr)
        return 2
    kind = sys.argv[1]
    workload, program, low, high = KINDS[kind]
    folder = ROOT / "build/long" / kind
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run(["make", "-s", BUILD / "readmostly", BUILD / program], cwd=ROOT, check=True)
    needed = subprocess.run([BUILD / "readmostly", "run", workload, "--needs"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split()
    subprocess.run(["make", "-s", "programs", f"NEEDED={' '.join(needed)}"], cwd=ROOT, check=True)
    done = subprocess.run(
        ["flock", "build/regress.lock", BUILD / "readmostly", "run", workload, "-o", folder,
         "--counters", "none", "--arms", f"here={BUILD}/maps,there={BUILD}/{program}",
         *sys.argv[2:]], cwd=ROOT, check=False)
    if done.returncode not in (0, 3):
        return 2
    campaign = load.read(folder)
    if campaign.problems:
        print(f"{folder}: {campaign.problems[0]}", file=sys.stderr)
        return 2
    failed = [t for trials in campaign.arms.values() for t in trials if t.status is Status.FAILED]
    for trial in failed[:5]:
        print(f"{trial.cell} {trial.arm}: {trial.reason}")
    status = 3 if failed else 0
    for cell in campaign.cells.values():
        if cell.measure != "throughput":
            continue
        for name, time_of in TIMES.items():
            # A ratio of times is the inverse of the ratio of rates, so our rate is the dividend.
            ratio = stats.ratio_interval(*(rates(campaign.attempted(cell, arm), time_of)
                                           for arm in ("here", "there")))
            decided, words = judge(ratio, low, high)
            print(f"{cell.map}, {name} time, {program} / readmostly: {words}")
            if name == "elapsed":
                status = max(status, decided)
    return status


if __name__ == "__main__":
    sys.exit(main())
