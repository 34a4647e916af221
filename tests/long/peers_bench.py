#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the speeds of other libraries' maps, relative to std_mutex, with known figures.

    peers_bench.py run FOLDER [KEY=VALUE...]   measures and prints the table
    peers_bench.py table FOLDER                prints the table

The ratio is a map's time divided by the time of std_mutex, paired by block, in the cells of
workloads/peers-bench.conf. The fact sheet of a map, impls/facts/ID.txt, gives the ratio of a
prototype on up to three machines. A ratio that is more than 30 % outside the range of these figures
is an error, unless the sheet explains it ("outside: REASON"). Exit status: 0; 1 a ratio is not
explained; 2 usage or input error.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from report import ending, load, stats  # noqa: E402

WORKLOAD = ROOT / "workloads/peers-bench.conf"
FACTS = ROOT / "impls/facts"
BASE = "std_mutex"
SLACK = 1.3  # factor by which the upper bound is multiplied and the lower bound divided
COLUMNS = ("map", "ratio", "low", "high", "blocks", "bound_a", "bound_b",
           "bound_c", "verdict")


def sheet_of(name):
    """Reads the fields of a fact sheet."""
    lines = (FACTS / f"{name}.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def bounds_of(sanity):
    """Returns the figures of machines A, B and C, or None."""
    first_two = re.match(r"([\d.]+|not measured) / ([\d.]+|not measured)", sanity)
    third = re.search(r"prototype on C ([\d.]+\d)", sanity)
    return tuple(None if text in (None, "not measured") else float(text)
                 for text in (*(first_two.groups() if first_two else (None, None)),
                              third and third[1]))


def verdict_of(ratio, sanity):
    """Returns "within", "no bound", "outside: REASON" with the sheet's reason, or "outside"."""
    bounds = [bound for bound in bounds_of(sanity) if bound is not None]
    if ratio is None:
        return "not measured"
    if not bounds:
        return "no bound"
    if min(bounds) / SLACK <= ratio <= max(bounds) * SLACK:
        return "within"
    reason = re.search(r"outside: ([^;]+)", sanity)
    return f"outside: {reason[1]}" if reason else "outside"


def peers_of(program):
    """Returns the ids of this build's maps that have a fact sheet, in all languages."""
    listed = json.loads(subprocess.run(
        [program, "dev", "list", "--json"], capture_output=True, text=True,
        check=True).stdout)["maps"]
    return [about["id"] for about in listed
            if (FACTS / f"{about['id']}.txt").exists()]


def measure(folder, settings):
    program = ROOT / os.environ.get("BUILD", "build/gcc") / "readmostly"
    sets = [f"maps={' '.join(peers_of(program))}", *settings]
    return subprocess.run(
        ["flock", "build/regress.lock", program, "run", WORKLOAD, "-o", folder, "--counters", "none",
         *(f"--set={text}" for text in sets)],
        cwd=ROOT, check=False).returncode


def rates_of(campaign):
    """Returns operations per second of the thread's CPU time, by map and block."""
    rates = {}
    for cell in campaign.cells.values():
        if cell.measure == "throughput":
            rates[cell.map] = {t.block: t.result.ops * 1e9 / t.result.threads[0].cpu_ns
                               for t in cell.ok}
    return rates


def table_of(campaign):
    """Returns a dict of COLUMNS for each map of the campaign, fastest first."""
    rates, table = rates_of(campaign), []
    for name, rate in rates.items():
        ratio = stats.ratio_interval(rates.get(BASE, {}), rate)
        sanity = sheet_of(name)["sanity"]
        bound_a, bound_b, bound_c = bounds_of(sanity)
        table.append({"map": name, "ratio": ratio.centre, "low": ratio.low, "high": ratio.high,
                      "blocks": ratio.n, "bound_a": bound_a, "bound_b": bound_b,
                      "bound_c": bound_c, "verdict": verdict_of(ratio.centre, sanity)})
    return sorted(table, key=lambda row: (row["ratio"] is None,
                                          row["ratio"], row["map"]))


def text_of(value):
    if value is None:
        return "-"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def lines_of(table):
    """Yields lines of text with the time relative to std_mutex and the expected figures."""
    yield (f"{'map':17} {'time':>5}  95 % interval  blocks  "
           f"{'A':>5} {'B':>5} {'C':>5}  (of {BASE}'s; A, B, C: prototypes)")
    for row in table:
        text = {key: text_of(value) for key, value in row.items()}
        yield (f"{text['map']:17} {text['ratio']:>5}  "
               f"[{text['low']:>4}, {text['high']:>5}]  {text['blocks']:>6}  "
               f"{text['bound_a']:>5} {text['bound_b']:>5} "
               f"{text['bound_c']:>5}  "
               f"{text['verdict']}")


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) < 2 or argv[0] not in ("run", "table"):
        print(__doc__, file=sys.stderr)
        return 2
    folder = pathlib.Path(argv[1])
    if argv[0] == "run" and measure(folder, argv[2:]):
        return 2
    try:
        campaign = load.read(folder)
        if campaign.problems:
            raise load.JournalError(f"{folder}: {campaign.problems[0]}")
    except load.JournalError as error:
        print(f"peers-bench: {error}", file=sys.stderr)
        return 2
    table = table_of(campaign)
    print("\n".join(lines_of(table)))
    return int(any(row["verdict"] == "outside" for row in table))


if __name__ == "__main__":
    sys.exit(ending.end(main))
