#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make fleet-test`: each failure of a campaign on several machines, played on a
real Slurm (slurmctld, three slurmd) and on three sshd: writes docs/tally/fleet.md.

    tests/tools/fleet_tally.py FOLDER [--only slurm:limit,ssh:disk] [--jobs N] [--page]

A case is a process of its own (tests/tools/fleet_long.sh) with a cluster of its
own; what it said is in FOLDER. Each that passed stands in FOLDER/tally.jsonl with
the digest of its scripts, and is not run again while these are the same: a tally
that was killed goes on. (Not of the program, which has its commit in it.)
--only: these, in any case. --jobs: so many at once, for they wait most of the time.
--page: none, the page again. Status: 0; 1: a fact failed, which the page says.
"""
import argparse
import concurrent.futures
import datetime
import hashlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import kept
from stamp import commit

PAGE = Path("docs/tally/fleet.md")
RUN = "tests/tools/fleet_long.sh"
CASES = {  # form, case: what is done to the campaign
    ("slurm", "launchers"): "two launchers at once, then the same line again",
    ("slurm", "launcher"): "the launcher by SIGKILL",
    ("slurm", "disk"): "the file system of one node full while it runs",
    ("slurm", "edited"): "the scripts edited under launcher and nodes",
    ("slurm", "daemon"): "slurmd of a node by SIGKILL, its job writes on",
    ("slurm", "orphan"): "the same, and then that job's time limit",
    ("slurm", "node"): "a node lost, TERM to the job of another; requeues",
    ("slurm", "cancel"): "`scancel` of a job",
    ("slurm", "limit"): "the time limit, on all three nodes",
    ("slurm", "down"): "a node that is down, given up after 2 s",
    ("slurm", "smoke"): "`make campaign MODE=smoke`, built on each node",
    ("ssh", "launchers"): "two launchers at once, then the same line again",
    ("ssh", "launcher"): "the launcher by SIGKILL",
    ("ssh", "disk"): "the file system of one machine full while it runs",
    ("ssh", "connection"): "the connection lost until it is given up",
    ("ssh", "runner"): "a runner by SIGKILL, another by TERM",
    ("ssh", "unreachable"): "a machine that cannot be reached",
}
MADE_OF = ("runner/fleet/*", "tests/tools/fleet*.sh", "tests/tools/slurm.sh",
           "tests/tools/sshd.sh", "tests/tools/plain.sh",
           "tests/fixtures/fleet.conf")
HEAD = """# Campaigns on several machines: what was done to them

Made by `make fleet-test`: slurmctld with three slurmd, and three sshd, all on loopback, which share the CPUs of one computer, so that
no second here is a figure of speed. Each case but `edited` and `smoke` ends with the same command once more, which must complete what is not: then each machine
has each trial that its plan wants once (another reader than the runner, `tests/tools/fleet_whole.py`), `validate` agrees, and
where a machine was missing or incomplete the page of `report compare` said so by name. Trials are played but in `smoke`. Facts: lines of
TAP that passed, of all.

| by | case | what was done | facts | s | as | when |
|---|---|---|---|---|---|---|
"""


def digest():
    """Of the scripts that a case runs."""
    found = hashlib.sha256()
    for file in sorted(f for pattern in MADE_OF for f in Path().glob(pattern)):
        found.update(file.read_bytes())
    return found.hexdigest()[:16]


def said(text):
    """What a case's TAP says."""
    lines = text.splitlines()
    facts = [line for line in lines if re.match("(not )?ok ", line)]
    skips = [line.split("# SKIP ")[1] for line in facts if "# SKIP " in line]
    return {"facts": len(facts) - len(skips), "skipped": skips,
            "failed": [line.split(" - ", 1)[1] for line in facts
                       if line.startswith("not ok")],
            "user": next((re.split("[ ,]", line)[2] for line in lines
                          if line.startswith("# as ")), "?"),
            "ended": bool(lines) and lines[-1].startswith("1..")}


def run(folder, key, made_of):
    begun = time.monotonic()
    done = subprocess.run([RUN, *key], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    Path(folder, "-".join(key) + ".tap").write_text(done.stdout,
                                                    encoding="utf-8")
    row = {"form": key[0], "case": key[1], "status": done.returncode,
           "seconds": round(time.monotonic() - begun), "made_of": made_of,
           "date": f"{datetime.datetime.now(datetime.timezone.utc):%F}",
           "commit": commit(), **said(done.stdout)}
    if not row.pop("ended") and not row["failed"]:
        row["failed"] = [f"ended with status {done.returncode} and no plan"]
    return row


def line_of(key, row, made_of):
    what = CASES[key]
    if row is None:
        return f"| {key[0]} | {key[1]} | {what} | not run yet | | | |"
    facts = f"{row['facts'] - len(row['failed'])} of {row['facts']}"
    facts += "".join(f"; FAILED: {name}" for name in row["failed"])
    facts += "".join(f"; not done: {why}" for why in row["skipped"])
    when = f"{row['date']}, {row['commit']}" + (
        "" if row["made_of"] == made_of else ", scripts changed since")
    return (f"| {key[0]} | {key[1]} | {what} | {facts} | {row['seconds']} | "
            f"{row['user']} | {when} |")


def write_page(rows, made_of, load):
    newest = {(row["form"], row["case"]): row for row in rows}
    lines = [line_of(key, newest.get(key), made_of) for key in CASES]
    bad = sum(bool(row["failed"]) for row in newest.values())
    good = sum(not row["failed"] and row["facts"] > 0
               for row in newest.values())
    PAGE.write_text(
        HEAD + "\n".join(lines) + f"\n\n{good} of {len(CASES)} cases passed, "
        f"{bad} failed. {os.cpu_count()} CPUs, a load of {load:.1f} when the "
        "last one began.\n", encoding="utf-8")
    return bad


def wanted(args, rows, made_of):
    if args.page:
        return []
    if args.only:
        asked = [tuple(word.split(":")) for word in args.only.split(",")]
        wrong = [key for key in asked if key not in CASES]
        if wrong:
            sys.exit(f"fleet_tally: no case {':'.join(wrong[0])}, expected of "
                     + " ".join(map(":".join, CASES)))
        return asked
    done = {(row["form"], row["case"]) for row in rows
            if row["made_of"] == made_of and not row["failed"]}
    return [key for key in CASES if key not in done]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--page", action="store_true")
    return parser.parse_args()


def main():
    args = arguments()
    args.folder.mkdir(parents=True, exist_ok=True)
    file = args.folder / "tally.jsonl"
    rows, made_of = kept.rows(file), digest()
    load = os.getloadavg()[0]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(run, args.folder, key, made_of)
                for key in wanted(args, rows, made_of)]
        for done in concurrent.futures.as_completed(runs):
            row = done.result()
            rows.append(row)
            kept.add(file, row)
            print(line_of((row["form"], row["case"]), row, made_of),
                  flush=True)
            write_page(rows, made_of, load)
    bad = write_page(rows, made_of, load)
    print(PAGE.read_text(encoding="utf-8").splitlines()[-1])
    return 1 if bad else 0


sys.exit(main())
