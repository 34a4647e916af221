# SPDX-License-Identifier: Apache-2.0
"""make regress-tally: does the gate keep its word on this machine?

    python3 -m report.regress_tally DIR        appends a run's line
    python3 -m report.regress_tally --last N   the last N lines and the bar

The runs are of base against itself and against a head that does 2 % more
operations; their lines stand in docs/tally/regress.jsonl. Exit status: 0 line
appended, or bar met, 1 not met, 2 usage or input.
"""
import argparse
import collections
import datetime
import json
import os
import sys

from report import ending, gate, regress, stats, strict_json

TALLY = "docs/tally/regress.jsonl"
VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "INVALID")
RUN_S = 330.0  # longest that a run may take: allowed_s, and repeats


def time_of(text):
    """Seconds since 1970 of "2026-11-20T08:01:02.345Z"."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def line_of(view, rows, verdicts):
    """One line of the tally, as a dict."""
    begun = time_of(view["created_utc"])
    ended = max((time_of(row["started_utc"]) + row["wall_ns"] / 1e9
                 for row in rows), default=begun)
    slower = view["arms"]["head"]["control_extra"]
    return {"date": view["created_utc"][:10], "machine": view["machine"]["id"],
            "kernel": os.uname().release, "cpus": view["machine"]["cpus"],
            "plan_sha256": verdicts["plan_sha256"],
            "base_sha256": view["arms"]["base"]["sha256"],
            "head": f"+{100 * slower:g} %" if slower else "base",
            "verdict": verdicts["verdict"], "reason": verdicts["reason"],
            "seconds": round(ended - begun, 1),
            "cells": [{key: row[key] for key in
                       ("cell", "verdict", "n", "slowdown_percent",
                        "mde_percent", "slot_percent")}
                      for row in verdicts["cells"] + verdicts["controls"]]}


def shortfalls(lines):
    """What the bar asks and the lines do not give, as texts; scaled to how
    many runs there are: of 20 equal runs no FAIL and at least 16 PASS, of
    10 slow ones at least 9 FAIL and no PASS, none over RUN_S."""
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


def append(folder, tally):
    """Adds a run's line and prints what it came to."""
    view, rows = regress.read(folder)
    line = line_of(view, rows, gate.decide(view, rows))
    os.makedirs(os.path.dirname(tally) or ".", exist_ok=True)
    with open(tally, "a", encoding="utf-8") as file:
        json.dump(line, file, sort_keys=True)
        file.write("\n")
    print("head {head}: {verdict} {reason} ({seconds} s)".format(**line),
          flush=True)
    return 0


def is_line(line):
    """Whether a value is one of line_of(), as far as the bar reads it."""
    return (isinstance(line, dict) and isinstance(line.get("head"), str)
            and line.get("verdict") in VERDICTS
            and type(line.get("seconds")) in (int, float)
            and line["seconds"] >= 0
            and isinstance(line.get("cells"), list)
            and all(isinstance(c, dict) and type(
                c.get("slowdown_percent", "")) in (int, float, type(None))
                for c in line["cells"]))


def read_tally(tally):
    """The lines of a tally; InputError names one that is none."""
    lines = []
    with open(tally, encoding="utf-8", newline="\n") as file:
        try:
            for line in file:
                value = strict_json.loads(line)
                if not is_line(value):
                    raise ValueError("no line of a run")
                lines.append(value)
        except ValueError as error:
            raise regress.InputError(
                f"{tally}:{len(lines) + 1}: {error}") from error
    return lines


def judge(count, tally):
    """Prints the last lines' summary and what the bar misses."""
    lines = read_tally(tally)[-count:]
    found = shortfalls(lines)
    print(summary(lines))
    print("\n".join(f"not met: {text}" for text in found) or "bar met")
    return 1 if found else 0


def main(argv=None):
    p = argparse.ArgumentParser(prog="python3 -m report.regress_tally",
                                description=__doc__.split("\n")[0])
    p.add_argument("folder", nargs="?", metavar="DIR")
    p.add_argument("--last", type=int, metavar="N")
    p.add_argument("--tally", default=TALLY, metavar="FILE")
    args = p.parse_args(argv)
    if (args.folder is None) == (args.last is None):
        p.error("expected DIR or --last N")
    try:
        return append(args.folder, args.tally) if args.folder \
            else judge(args.last, args.tally)
    except regress.InputError as error:
        print(f"regress-tally: {error}", file=sys.stderr)
    except OSError as error:
        print(f"regress-tally: {error.filename}: {error.strerror}",
              file=sys.stderr)
    return regress.USAGE


if __name__ == "__main__":
    sys.exit(ending.end(main))
