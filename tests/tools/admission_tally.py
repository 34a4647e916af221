#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Admission of machines (docs/fleet.md) held against recorded journals.

    tests/tools/admission_tally.py spread PROGRAM FOLDER [--of CAMPAIGN]   `make admission-spread`
    tests/tools/admission_tally.py fleets PROGRAM FOLDER    `make admission-tally`

Each journal is a short MODE=admission of a virtual node: PROGRAM bound to one CPU.
spread: nodes that nobody disturbs, or --of: those one-thread cells of a campaign that
others left alone, into docs/tally/admission-spread.jsonl; their A/A spread gives
the limits (`limits`), written into report/admission.json. fleets: 50
fleets of four nodes, one after the other; of each second fleet one node, drawn by
the fleet's number, has a busy loop on its CPU during its turn only. Into
docs/tally/admission.jsonl, and what those limits make of it into
docs/tally/admission.md. Rows that are there are not recorded again; --seconds ends
it early. How much of its CPU others had comes from /proc/stat, which the decision
does not read. Status: 0 the bars hold; 1 not so; 3 there are not enough rows.
"""
import argparse
import contextlib
import datetime
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from report import admit, journal  # noqa: E402

import kept  # noqa: E402
import others  # noqa: E402

TALLY = Path("docs/tally")
SHORT = ("--set", "blocks=16", "--set", "window=15ms")
SPREAD, LEAST_CELLS = 60, 30  # quiet journals, or cells, that limits need
FLEETS, NODES = 50, 4
QUIET = 0.05  # of the CPU, that others may have of a node that is called quiet
LEAST_BLOCKS, DRAWN, ADMISSION_CELLS = 16, 2000, 8  # of recorded cells
LEAST, MOST = 0.05, 0.30  # limits: what matters, and what a limit must still see
NAMED, REFUSED = 1.0, 1 / 20  # bars: with a busy loop named, quiet ones refused


# ---- the rule of the limits ----

def speeds(rows):
    """|log| of each journal's speed by the median of all on its CPU: an A/A."""
    found = []
    for cpu in {row["cpu"] for row in rows}:
        same = [row for row in rows if row["cpu"] == cpu]
        usual = {cell: statistics.median(row["medians"][cell] for row in same)
                 for cell in same[0]["medians"]}
        found += [abs(statistics.fmean(
            math.log(row["medians"][cell] / usual[cell]) for cell in usual))
            for row in same]
    return found


def limit(values):
    """1.25 times what 99 of 100 quiet journals keep, in whole percent, at least
    5 %. None where it is above 30 %: that would not see a machine at two thirds."""
    found = max(LEAST, math.ceil(
        125 * math.expm1(np.quantile(values, 0.99)) - 1e-9) / 100)
    return found if found <= MOST else None


def drawn(cells):
    """Journals of rows that are cells each: so many drawn as MODE=admission has,
    what is judged of them: the worst A/A, the mean speed."""
    draw = random.Random(17)
    for _ in range(DRAWN):
        node = draw.choices(cells, k=ADMISSION_CELLS)
        yield {"aa": max(cell["aa"] for cell in node),
               "apart": abs(statistics.fmean(cell["apart"] for cell in node)),
               "disturbed": statistics.fmean(c["disturbed"] for c in node)}


def limits(rows):
    """{name: limit} of journals of quiet nodes; of trials that were disturbed half
    way between what 99 of 100 keep and all."""
    rows = list(drawn(rows)) if "cell" in rows[0] else rows
    usual = np.quantile([row["disturbed"] for row in rows], 0.99)
    apart = [row["apart"] for row in rows if "apart" in row]
    return {"aa_most": limit([row["aa"] for row in rows]),
            "speed_most": limit(apart or speeds(rows)),
            "disturbed_most": math.ceil(50 * (1 + usual) - 1e-9) / 100}


# ---- recording ----

@contextlib.contextmanager
def busy(cpu, wanted):
    loop = subprocess.Popen(["taskset", "-c", str(cpu), *others.BUSY_LOOP]) \
        if wanted else None
    try:
        yield
    finally:
        if loop:
            loop.kill()
            loop.wait()


def record(program, folder, cpu, loop):
    """A row of one turn of a node."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    with busy(cpu, loop):
        before = others.cpu_times(cpu)
        done = subprocess.run(
            ["taskset", "-c", str(cpu), program, "run", "-o", str(folder),
             "--mode", "admission", "--counters", "none", "--busy-ok", *SHORT],
            capture_output=True, text=True, check=False)
        after = others.cpu_times(cpu)
    if done.returncode not in (0, 3):
        raise SystemExit(f"admission_tally: {folder}: status {done.returncode}: "
                         f"{(done.stdout + done.stderr)[-300:]}")
    found = admit.figures_of(journal.read(folder))
    return {"cpu": cpu, "loop": loop, "others": round(
                others.share_of_others(before, after), 3),
            "seconds": round(after[1] - before[1], 1), "load": round(load, 1),
            "date": f"{datetime.datetime.now(datetime.timezone.utc):%F}",
            "kind": found.kind, "disturbed": round(found.disturbed, 4),
            "aa": round(found.aa, 5) if math.isfinite(found.aa) else None,
            "medians": {cell: round(rate)
                        for cell, rate in found.medians.items()}}


def rows_of(folder):
    """A row for each one-thread cell of a recorded campaign with blocks enough;
    `apart`: how far its later half is from its earlier one, minutes before."""
    campaign = journal.read(folder)
    for cell in campaign.cells.values():
        if (cell.measure != "throughput" or cell.skip or len(cell.ok) < LEAST_BLOCKS
                or any(t["result"] and len(t["result"]["by_thread"]) != 1
                       for t in cell.trials)):
            continue
        rates = sorted(journal.rates(cell.ok).items())
        early, late = (statistics.median(rate for _, rate in part) for part in
                       (rates[:len(rates) // 2], rates[len(rates) // 2:]))
        spoilt = sum(t["status"] != "ok" or bool(t.get("disturbed"))
                     for t in cell.trials)
        yield {"cell": cell.id, "blocks": len(rates), "loop": False,
               "aa": round(admit.halves(dict(rates)), 5),
               "apart": round(math.log(late / early), 5),
               "disturbed": round(spoilt / len(cell.trials), 4),
               "others": round(statistics.fmean(
                   t["others_share"] or 0.0 for t in cell.trials), 3),
               "load": round(statistics.median(t["load"] for t in cell.trials), 1),
               "date": campaign.meta["created_utc"][:10]}


def planted(fleet):
    """The node of a fleet that has the busy loop, or None."""
    return random.Random(fleet).randrange(NODES) if fleet % 2 else None


def fill(file, keys, args, enough=lambda rows: False):
    """Rows of `keys`, (fleet, node, loop), those recorded now included."""
    rows, end = kept.rows(file), time.monotonic() + args.seconds
    done = {(row["fleet"], row["node"]) for row in rows}
    cpus = sorted(os.sched_getaffinity(0))
    for fleet, node, loop in keys:
        if (fleet, node) in done:
            continue
        if time.monotonic() > end or enough(rows):
            break
        row = record(args.program, args.folder / f"{fleet}/n{node}",
                     cpus[node % len(cpus)], loop)
        rows.append({"fleet": fleet, "node": node, **row})
        kept.add(file, rows[-1])
    return rows


# ---- what is made of it ----

def is_quiet(row):
    return not row["loop"] and row["others"] < QUIET


def judged(rows, rule):
    """(row, verdict, reason) of each, among those of its fleet."""
    for fleet in sorted({row["fleet"] for row in rows}):
        machines = {row["node"]: admit.Figures(
            row["kind"], row["medians"],
            math.inf if row["aa"] is None else row["aa"], row["disturbed"])
            for row in rows if row["fleet"] == fleet}
        for row in rows:
            if row["fleet"] == fleet:
                yield row, *admit.judge(row["node"], machines, rule)


CLASSES = {"a busy loop on its CPU": lambda row: row["loop"],
           "quiet: others had less than 5 % of its CPU": is_quiet,
           "no loop, and others had more": lambda row: not (
               row["loop"] or is_quiet(row))}


def counted(rows, rule):
    """{class: (journals, off, {reason: count})}."""
    found = {name: [0, 0, {}] for name in CLASSES}
    for row, verdict, reason in judged(rows, rule):
        name = next(name for name, fits in CLASSES.items() if fits(row))
        found[name][0] += 1
        if verdict == "off":
            word = next((w for w in ("disturbed", "halves", "speed")
                         if w in reason), reason)
            found[name][1] += 1
            found[name][2][word] = found[name][2].get(word, 0) + 1
    return found


def holds(found):
    loop, quiet, _ = found.values()
    return loop[1] >= NAMED * loop[0] and quiet[1] <= REFUSED * quiet[0]


def bars(found):
    """Whether they hold, of classes that were met."""
    loop, quiet, _ = found.values()
    if not loop[0] or not quiet[0]:
        return ("not decided, for no quiet node was met" if loop[0]
                else "not decided, for nothing was recorded")
    return "held" if holds(found) else "NOT HELD"


def source_of(spread):
    quiet = list(filter(is_quiet, spread))
    if quiet and "cell" in quiet[0]:
        return (f"{len(quiet)} one-thread cells of a campaign ({quiet[0]['date']}), "
                f"those in which others had less than {QUIET:.0%} of a CPU, "
                f"{DRAWN} times {ADMISSION_CELLS} "
                "of them drawn for a journal; its speed against itself is that "
                "of the later half of its blocks by the earlier")
    return f"{len(quiet)} quiet journals of their own"


def page_of(rows, spread, rule):
    found = counted(rows, rule)
    table = "\n".join(
        f"| {name} | {n} | {off} | "
        + (", ".join(f"{word} {k}" for word, k in sorted(why.items())) or "–")
        + " |" for name, (n, off, why) in found.items())
    dates = sorted({row["date"] for row in [*rows, *spread]})
    loads = [row["load"] for row in rows]
    said = ", ".join(f"`{name}` {value:g}" for name, value in rule.items())
    return f"""# Admission of machines, held against recorded journals

Made by `make admission-spread` and `make admission-tally` of `admission-spread.jsonl` and `admission.jsonl` beside this page. Each
journal is `MODE=admission` in a short form ({' '.join(SHORT[1::2])}), of a virtual node that is bound to one CPU; of 50 fleets of four nodes, one after
the other, each second one has a node with a busy loop on its CPU during its turn only. How much of a CPU others had is read from
/proc/stat, which the decision does not know. {dates[0]} to {dates[-1]}, with a load of {min(loads, default=0):.1f} to {max(loads, default=0):.1f} on {os.cpu_count()} CPUs.

Limits ({said}) are of {source_of(spread)}: 1.25 times what 99 of 100 keep, in whole percent,
at least 5 % and never above 30 %; of disturbed trials half way between what 99 of 100 keep and all.

| node | journals | off | by which limit |
|---|---|---|---|
{table}

Bars: of nodes with a busy loop each is off, of quiet ones at most 1 of 20: {bars(found)}; {len(rows)} of {FLEETS * NODES} journals are recorded.
"""


def spread_rows(args):
    file = TALLY / "admission-spread.jsonl"
    if args.of:
        rows = list(rows_of(args.of))
        file.write_text("".join(json.dumps(row) + "\n" for row in rows),
                        encoding="utf-8")
        return rows
    keys = [(turn // NODES, turn % NODES, False) for turn in range(args.most)]
    return fill(file, keys, args,
                lambda rows: sum(map(is_quiet, rows)) >= SPREAD)


def spread(args):
    rows = spread_rows(args)
    quiet = list(filter(is_quiet, rows))
    least = LEAST_CELLS if args.of else SPREAD
    print(f"{len(quiet)} of {len(rows)} are quiet, {least} are wanted")
    if len(quiet) < least:
        return 3
    found = limits(quiet)
    if None in found.values():
        print(f"admission_tally: {found}: a limit above {MOST:.0%}, which was "
              "no quiet recording; nothing was written")
        return 1
    Path("report/admission.json").write_text(
        "{\n" + ",\n".join(f' "{name}": {value:.2f}'
                           for name, value in found.items()) + "\n}\n",
        encoding="utf-8")
    print(found)
    return 0


def fleets(args):
    keys = [(fleet, node, node == planted(fleet))
            for fleet in range(FLEETS) for node in range(NODES)]
    rows = fill(TALLY / "admission.jsonl", keys, args)
    rule = json.loads(Path("report/admission.json").read_text("utf-8"))
    quiet = kept.rows(TALLY / "admission-spread.jsonl")
    text = page_of(rows, quiet, rule)
    (TALLY / "admission.md").write_text(text, encoding="utf-8")
    print(text.splitlines()[-1])
    if len(rows) < FLEETS * NODES:
        return 3
    return 0 if holds(counted(rows, rule)) else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=("spread", "fleets"))
    parser.add_argument("program")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--of", type=Path, help="a campaign for spread")
    parser.add_argument("--most", type=int, default=4 * SPREAD,
                        help="journals of spread, quiet or not")
    args = parser.parse_args()
    others.end_by_term()
    return {"spread": spread, "fleets": fleets}[args.what](args)


if __name__ == "__main__":
    sys.exit(main())
