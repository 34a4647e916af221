# SPDX-License-Identifier: Apache-2.0
"""make regress-tally: appends a run of the gate to docs/tally/regress.jsonl.

    python3 -m report.regress_tally --kind K --commit C --probe TEXT DIR

A line has what a second hand needs to decide it again: of each pair ln(head /
base) and which went first, beside machine, date, commit, verdict and load.
What the lines come to: report/regress_bars.py. Exit status: 0 appended, or
there already; 2 usage or input.
"""
import argparse
import datetime
import fcntl
import json
import math
import os
import statistics
import sys

from report import ending, folders, gate, gate_campaign, strict_json

TALLY = "docs/tally/regress.jsonl"
VERDICTS = ("PASS", "FAIL", "INCONCLUSIVE", "INVALID")
DIGITS = 6  # of a ln ratio: a ten thousandth of a per cent


def time_of(text):
    """Seconds since 1970 of "2026-11-20T08:01:02.345Z"."""
    return datetime.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp()


def pairs_of(view, rows):
    """Cell's name -> [ln ratios in the order run, null where one is missing;
    "1" for each pair whose base went first]."""
    found = {}
    for contrast in view["contrasts"]:
        blocks = view["cells"][contrast["cell"]]["blocks"]
        pairs = gate.pairs_of(rows, contrast, blocks)
        found[gate.ROLES[contrast["role"]] + gate.name_of(contrast["cell"])] \
            = [[None if math.isnan(x) else round(float(x), DIGITS)
                for x in pairs["d"]],
               "".join("1" if x else "0" for x in pairs["base_first"])]
    return found


def load_of(rows):
    """Tasks that could run, before each trial: the middle and the most."""
    loads = [row["load"] for row in rows if row.get("load") is not None]
    return [round(statistics.median(loads), 2), max(loads)] if loads else None


def line_of(view, rows, verdicts, about=()):
    """One line of the tally, as a dict; about -- kind, commit, probe"""
    begun = time_of(view["created_utc"])
    ended = max((time_of(row["started_utc"]) + row["wall_ns"] / 1e9
                 for row in rows), default=begun)
    slower = view["arms"]["head"]["control_extra"]
    return dict(about) | {
        "date": view["created_utc"][:10], "created_utc": view["created_utc"],
        "machine": view["machine"]["id"],
        "kernel": os.uname().release, "cpus": view["machine"]["cpus"],
        "plan_sha256": verdicts["plan_sha256"],
        "base_sha256": view["arms"]["base"]["sha256"],
        "head_sha256": view["arms"]["head"]["sha256"],
        "head": f"+{100 * slower:g} %" if slower else "base",
        "verdict": verdicts["verdict"], "reason": verdicts["reason"],
        "seconds": round(ended - begun, 1), "load": load_of(rows),
        "pairs": pairs_of(view, rows),
        "cells": [{key: row[key] for key in
                   ("cell", "verdict", "n", "slowdown_percent",
                    "mde_percent", "slot_percent")}
                  for row in verdicts["cells"] + verdicts["controls"]]}


def mend(tally):
    """Cuts off a line that a kill has torn, and says so; its run is in the
    folder that it was read from."""
    with open(tally, "ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        whole = file.read()
        cut = whole.rfind(b"\n") + 1
        if cut < len(whole):
            file.truncate(cut)
            print(f"regress-tally: {tally}: cut off a line that was never "
                  "finished", file=sys.stderr)


def put(tally, line):
    """Appends a line, whole or not at all, and each run once."""
    os.makedirs(os.path.dirname(tally) or ".", exist_ok=True)
    mend(tally)
    if any(old.get("created_utc") == line["created_utc"]
           for old in read_tally(tally)):
        return
    with open(tally, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        folders.append(file, json.dumps(line, sort_keys=True).encode()
                       + b"\n", tally)


def append(folder, tally, about):
    """Adds a run's line and prints what it came to."""
    view, rows = gate_campaign.read(folder)
    line = line_of(view, rows, gate.decide(view, rows), about)
    put(tally, line)
    print("{kind}: {verdict} {why} ({seconds} s)".format(
        **line, why=line["reason"] or ""), flush=True)
    return 0


def is_load(load):
    return load is None or (isinstance(load, list) and len(load) == 2 and all(
        type(x) in (int, float) for x in load))


def is_line(line):
    """Whether a value is one of line_of(), as far as the bar reads it."""
    return (isinstance(line, dict) and isinstance(line.get("head"), str)
            and line.get("verdict") in VERDICTS
            and type(line.get("seconds")) in (int, float)
            and line["seconds"] >= 0
            and isinstance(line.get("kind", ""), str)
            and isinstance(line.get("plan_sha256", ""), str)
            and is_load(line.get("load"))
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
            raise ending.InputError(
                f"{tally}:{len(lines) + 1}: {error}") from error
    return lines


def main(argv=None):
    p = argparse.ArgumentParser(prog="python3 -m report.regress_tally",
                                description=__doc__.split("\n", maxsplit=1)[0])
    p.add_argument("folder", metavar="DIR")
    p.add_argument("--tally", default=TALLY, metavar="FILE")
    p.add_argument("--kind", required=True)
    p.add_argument("--commit", default="unknown")
    p.add_argument("--probe", default=None, metavar="TEXT",
                   help="what `readmostly doctor --busy` said before")
    args = p.parse_args(argv)
    return ending.refusing(lambda: append(args.folder, args.tally, {
        "kind": args.kind, "commit": args.commit, "probe": args.probe}),
        "regress-tally", ending.InputError)


if __name__ == "__main__":
    sys.exit(ending.end(main))
