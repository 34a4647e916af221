# SPDX-License-Identifier: Apache-2.0
"""make regress-tally: does the gate keep its word on this machine?

Runs the gate many times on base against itself and on a head that does 2 %
more operations, appends one line per run to docs/tally/regress.jsonl, and
compares the counts with the bar. Exit status: 0 bar met, 1 not met, 2 input.
"""
import argparse
import collections
import datetime
import fcntl
import json
import os
import sys
import time

from report import regress, regress_plan, stats

TALLY = "docs/tally/regress.jsonl"
SLOWDOWN = 0.02
RUN_S = 120.0  # longest that a run may take


def order(same, slow):
    """Which runs are slow: spread evenly, so that a bad quarter of an hour
    does not hit one kind only. A list of booleans."""
    total = same + slow
    return [(i + 1) * slow // total > i * slow // total
            for i in range(total)]


def line_of(verdicts, is_slow, seconds, machine):
    """One line of the tally, as a dict."""
    now = datetime.datetime.now(datetime.timezone.utc)
    return {"date": f"{now:%Y-%m-%d}", "machine": machine.get("id"),
            "kernel": os.uname().release, "cpus": os.cpu_count(),
            "plan_sha256": verdicts["plan_sha256"],
            "base_sha256": verdicts["arms"]["base"]["binary_sha256"],
            "head": "+2 %" if is_slow else "base",
            "verdict": verdicts["verdict"], "reason": verdicts["reason"],
            "seconds": round(seconds, 1),
            "cells": [{key: row[key] for key in
                       ("cell", "verdict", "n", "slowdown_percent",
                        "mde_percent", "slot_percent")}
                      for row in verdicts["cells"] + verdicts["controls"]]}


def one_run(args, is_slow):
    """Runs the gate once, under the lock -> its line. Head is the second
    copy of base: the same file would share its pages in memory."""
    more = ["--head-extra", str(SLOWDOWN)] if is_slow else []
    run = regress.arguments(
        ["--base", args.base, "--copy", args.copy, "--head", args.copy,
         "--plan", args.plan, "--results", args.results, *more])
    with open(args.lock, "a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        start = time.monotonic()
        verdicts, folder = regress.run(run)
    with open(os.path.join(folder, "campaign.json"),
              encoding="utf-8") as file:
        machine = json.load(file)["machine"]
    return line_of(verdicts, is_slow, time.monotonic() - start, machine)


def shortfalls(lines):
    """What the bar asks and the lines do not give, as texts; scaled to how
    many runs there are: of 20 equal runs no FAIL and at least 16 PASS, of
    10 slow ones at least 9 FAIL and no PASS, none over two minutes."""
    same = collections.Counter(x["verdict"] for x in lines
                               if x["head"] == "base")
    slow = collections.Counter(x["verdict"] for x in lines
                               if x["head"] != "base")
    found = []
    if same["FAIL"]:
        found.append(f"base against itself: {same['FAIL']} FAIL, allowed 0")
    if same["PASS"] < 0.8 * same.total():
        found.append(f"base against itself: {same['PASS']} of {same.total()} "
                     "PASS, expected 80 %")
    if slow["PASS"]:
        found.append(f"+2 %: {slow['PASS']} PASS, allowed 0")
    if slow["FAIL"] < 0.9 * slow.total():
        found.append(f"+2 %: {slow['FAIL']} of {slow.total()} FAIL, "
                     "expected 90 %")
    late = sum(x["seconds"] > RUN_S for x in lines)
    if late:
        found.append(f"{late} runs took over {RUN_S:.0f} s")
    return found + one_sided(lines)


def one_sided(lines):
    """R32: over equal builds, head is slower as often as it is faster."""
    signs = []
    for line in lines:
        known = [c["slowdown_percent"] for c in line["cells"][:1]
                 if c["slowdown_percent"] is not None]
        if line["head"] == "base" and known:
            signs.append(known[0] > 0)
    p = stats.sign_test(sum(signs), len(signs) - sum(signs))
    return [f"base against itself: slower in {sum(signs)} of {len(signs)} "
            f"runs, p = {p:.4f}"] if p <= 0.01 else []


def summary(lines):
    """Counts in words, one line per kind of head."""
    out = []
    for head in ("base", "+2 %"):
        mine = [x for x in lines if x["head"] == head]
        count = collections.Counter(x["verdict"] for x in mine)
        text = ", ".join(f"{count[v]} {v}" for v in
                         ("PASS", "FAIL", "INCONCLUSIVE", "INVALID"))
        longest = max((x["seconds"] for x in mine), default=0)
        out.append(f"head {head}: {len(mine)} runs: {text}; "
                   f"longest {longest:.0f} s")
    return "\n".join(out)


def arguments(argv):
    p = argparse.ArgumentParser(prog="python3 -m report.regress_tally",
                                description=__doc__.split("\n")[0])
    p.add_argument("--base", default="build/regress-base/readmostly")
    p.add_argument("--copy", default="build/regress-copy/readmostly")
    p.add_argument("--plan", default=regress.PLAN)
    p.add_argument("--results", default="build/regress-tally")
    p.add_argument("--lock", default="build/regress.lock")
    p.add_argument("--tally", default=TALLY)
    p.add_argument("--same", type=int, default=20)
    p.add_argument("--slow", type=int, default=10)
    return p.parse_args(argv)


def main(argv=None):
    args = arguments(argv)
    os.makedirs(os.path.dirname(args.tally) or ".", exist_ok=True)
    lines = []
    try:
        for is_slow in order(args.same, args.slow):
            lines.append(one_run(args, is_slow))
            with open(args.tally, "a", encoding="utf-8") as file:
                json.dump(lines[-1], file, sort_keys=True)
                file.write("\n")
            print("run {}: head {head}: {verdict} {reason} ({seconds} s)"
                  .format(len(lines), **lines[-1]), flush=True)
    except regress_plan.InputError as error:
        print(f"regress-tally: {error}", file=sys.stderr)
        return regress.USAGE
    found = shortfalls(lines)
    print(summary(lines))
    print("\n".join(f"not met: {text}" for text in found) or "bar met")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
