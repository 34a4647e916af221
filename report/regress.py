# SPDX-License-Identifier: Apache-2.0
"""make regress: is head slower than base? Runs, decides, prints, exits.

    python3 -m report.regress --base FILE --copy FILE --head FILE [options]

The three files are `readmostly` programs: base, a second real copy of base,
and head. Exit status: 0 PASS, 1 FAIL, 3 INVALID or INCONCLUSIVE, 2 usage or
input, 75 interrupted (nothing to resume: pairs must stay together).
"""
import argparse
import copy
import datetime
import fcntl
import json
import os
import platform
import secrets
import signal
import subprocess
import sys

from report import gate, gate_table
from report.regress_plan import (InputError, check_plan, load_plan,
                                 sha256_of, write_json)
from report.regress_trials import Journal, Progress, calibrate, run_blocks

PLAN = "workloads/regress.json"
USAGE, INTERRUPTED = 2, 75
ENOUGH_CPUS = 4  # below, cells with several threads are advice


def choose_cpus(threads, usable, sibling_of):
    """One CPU per thread, or None: from the last usable one downwards (the
    first ones serve interrupts), a core of its own for each while there are
    any. sibling_of: CPU -> a name of its core."""
    taken, cores = [], set()
    for cpu in sorted(usable, reverse=True):
        if sibling_of(cpu) not in cores:
            cores.add(sibling_of(cpu))
            taken.append(cpu)
    rest = [cpu for cpu in sorted(usable, reverse=True) if cpu not in taken]
    return (taken + rest)[:threads] if threads <= len(usable) else None


def core_of(cpu):
    """The kernel's list of a CPU's siblings; the CPU where it says none."""
    path = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return str(cpu)


def cell_of(plan, choice, cpus):
    """A cell of the protocol without its window (calibrate() sets it)."""
    return dict(plan["factors"], map=choice["map"], threads=choice["threads"],
                cpus=cpus, loop="mix", rate_per_s=0.0, arrivals="poisson",
                window_ns=0, window_ops=1, warm_up_ns=0, verify_ops=0,
                deadline_ns=plan["deadline_ns"], measure="throughput", id="")


def lay_out(campaign, usable, **how):
    """Fills cells, contrasts and skipped of the campaign; calibrates."""
    plan, base = campaign["plan"], campaign["arms"]["base"]["binary"]
    for i, choice in enumerate(plan["cells"]):
        threads = choice["threads"]
        role = ("advice" if threads > 1 and len(usable) < ENOUGH_CPUS
                else "gate")
        cpus = choose_cpus(threads, usable, core_of)
        cell = cell_of(plan, choice, cpus)
        name = f"{cell['workload']}/{cell['map']}/t{threads}"
        reason = (f"needs {threads} CPUs, {len(usable)} usable"
                  if cpus is None else
                  calibrate(cell, base, plan["window_ns"], **how))
        if reason:
            campaign["skipped"].append(
                {"cell": name, "role": role if cpus else "advice",
                 "reason": reason})
            continue
        campaign["cells"][cell["id"]] = cell
        roles = [(role, "base", "head")]
        if i == plan["control_cell"]:
            roles += [("aa", "aa-base", "aa-copy"),
                      ("control", "control-base", "control-slow")]
        campaign["contrasts"] += [
            {"role": r, "cell": cell["id"], "base": b, "head": h}
            for r, b, h in roles]


def arms_of(args, extra):
    """Arm -> program, its hash, and the share of operations on top."""
    def arm(path, more=0.0):
        return {"binary": path, "binary_sha256": sha256_of(path),
                "control_extra": more}
    arms = {"base": arm(args.base), "head": arm(args.head, args.head_extra),
            "aa-base": arm(args.base), "aa-copy": arm(args.copy),
            "control-base": arm(args.base),
            "control-slow": arm(args.base, extra)}
    if os.path.samefile(args.base, args.copy) or \
            arms["aa-copy"]["binary_sha256"] != arms["base"]["binary_sha256"]:
        raise InputError(f"{args.copy}: expected a second copy of "
                         f"{args.base}: another file of equal content")
    return arms


def machine_of(binary):
    """Facts of this machine by the program itself, or a reason."""
    try:
        done = subprocess.run([binary, "machine", "--json"], check=True,
                              capture_output=True, timeout=30)
        return json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return {"id": None, "reason": f"machine --json: {error}",
                "kernel": platform.release(), "cpus": os.cpu_count()}


def earlier_attempts(results, key):
    """Verdicts of runs of the same arms and plan, oldest first (R31)."""
    found = []
    for name in sorted(os.listdir(results)) if os.path.isdir(results) else []:
        try:
            with open(os.path.join(results, name, "campaign.json"),
                      encoding="utf-8") as file:
                old = json.load(file)
        except (OSError, ValueError):
            continue
        if old.get("kind") != "regress" or old.get("key") != key:
            continue
        try:
            with open(os.path.join(results, name, "report", "verdicts.json"),
                      encoding="utf-8") as file:
                verdict = json.load(file)["verdict"]
        except (OSError, ValueError, KeyError):
            verdict = "no verdict"
        found.append({"attempt": old["attempt"], "verdict": verdict,
                      "name": name})
    return sorted(found, key=lambda old: old["attempt"])


def new_campaign(args):
    """campaign.json before calibration."""
    plan, digest = load_plan(args.plan)
    if args.blocks:
        plan = copy.deepcopy(plan) | {"blocks": args.blocks}
        digest += f"+blocks={args.blocks}"
        check_plan(plan, args.plan)
    arms = arms_of(args, plan["control_extra"])
    key = [arms["base"]["binary_sha256"], arms["head"]["binary_sha256"],
           args.head_extra, digest]
    machine = machine_of(arms["head"]["binary"])
    now = datetime.datetime.now(datetime.timezone.utc)
    earlier = earlier_attempts(args.results, key)
    name = f"{now:%Y-%m-%dT%H%M%S}-regress-{machine['id'] or 'unknown'}"
    return {"format": 1, "kind": "regress", "name": name, "mode": None,
            "created_utc": now.isoformat(timespec="seconds"),
            "machine": machine, "ref": args.ref, "commit": args.commit,
            "arms": arms, "plan": plan, "plan_sha256": digest, "key": key,
            "seed": secrets.randbelow(2 ** 53) if args.seed is None
            else args.seed, "attempt": len(earlier) + 1, "earlier": earlier,
            "cells": {}, "contrasts": [], "skipped": []}


def new_folder(results, campaign):
    """Makes the run's folder; a second one in one second is called -2."""
    name, number = campaign["name"], 1
    while True:
        folder = os.path.join(results, campaign["name"])
        try:
            os.makedirs(os.path.join(folder, "report"))
            return folder
        except FileExistsError:
            number += 1
            campaign["name"] = f"{name}-{number}"


def run(args):
    """The whole check -> (verdicts, folder)."""
    campaign = new_campaign(args)
    lay_out(campaign, os.sched_getaffinity(0))
    folder = new_folder(args.results, campaign)
    write_json(os.path.join(folder, "campaign.json"), campaign)
    journal = Journal(os.path.join(folder, "trials.jsonl"))
    try:
        rows = run_blocks(campaign, journal, progress=Progress())
    finally:
        journal.close()
    verdicts = gate.decide(campaign, rows)
    write_json(os.path.join(folder, "report", "verdicts.json"), verdicts)
    return verdicts, folder


def arguments(argv):
    p = argparse.ArgumentParser(prog="python3 -m report.regress",
                                description=__doc__.split("\n")[0])
    for arm in ("base", "copy", "head"):
        p.add_argument(f"--{arm}", required=True, metavar="FILE")
    p.add_argument("--plan", default=PLAN, metavar="FILE")
    p.add_argument("--results", default="results", metavar="DIR")
    p.add_argument("--ref", help="what base was built from")
    p.add_argument("--commit", help="what that was at the time")
    p.add_argument("--seed", type=int)
    p.add_argument("--blocks", type=int, help="other than planned; shown "
                   "beside the plan's hash")
    p.add_argument("--head-extra", type=float, default=0.0, metavar="SHARE",
                   help="head does this share of operations more: a planted "
                   "slowdown, for tests of the gate")
    p.add_argument("--lock", metavar="FILE", default="build/regress.lock",
                   help="held while trials run: no two at a time")
    return p.parse_args(argv)


def page_of(folder):
    """Draws the page -> its path; where matplotlib is missing the verdict
    stands without it, and the folder is the answer."""
    try:
        from report import gate_page
        return gate_page.build(folder)[1]
    except ImportError as error:
        print(f"no page: {error}", file=sys.stderr)
        return folder


def interrupt(_number, _frame):
    raise KeyboardInterrupt


def main(argv=None):
    args = arguments(argv)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        os.makedirs(os.path.dirname(args.lock) or ".", exist_ok=True)
        with open(args.lock, "a", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            verdicts, folder = run(args)
    except InputError as error:
        print(f"regress: {error}", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"regress: {error.filename}: {error.strerror}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("regress: interrupted, no verdict; start it again",
              file=sys.stderr)
        return INTERRUPTED
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the page forks
    print(gate_table.table(verdicts))
    print(f"report: {page_of(folder)}")
    return gate.EXIT[verdicts["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
