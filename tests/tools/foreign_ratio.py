#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make bench-foreign: does a map cost the same in a foreign program?

    readmostly run --arms here=FILE,there=FILE -o DIR workloads/foreign.conf
    foreign_ratio.py DIR

Pairs of trials in blocks, either program first by chance; printed is the time
of an operation there over that here, with its 95 % interval. Exit status: 0
the interval lies within 2 % of 1, 1 all of it lies outside, 2 usage or input,
3 a trial failed, or the interval is too wide to say.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
# pylint: disable=wrong-import-position
from report import damage, ending, journal, port_speed, stats  # noqa: E402
from report.rows import rows_of  # noqa: E402

WITHIN = 0.02
TIMES = {"elapsed": lambda result: result["elapsed_ns"],
         "of the threads' CPU time": lambda result: sum(
             thread["cpu_ns"] for thread in result["by_thread"])}


def ratios(meta, rows):
    """(map, which time) -> ratio of times there / here [1]."""
    for cell in meta["cells"]:
        if cell["measure"] != "throughput":
            continue
        for name, time_of in TIMES.items():
            there, here = (port_speed.rates_of(rows, cell["id"], arm, time_of)
                           for arm in ("there", "here"))
            # rates: what is done in a second is the more, the less it takes
            yield (cell["map"], name), stats.compare(there, here)


def decision(ratio):
    """(exit status, words) of an interval beside 1 +- WITHIN."""
    if ratio["low"] is None:
        return 3, f"no interval: {ratio['reason']}"
    low, high = 1 - WITHIN, 1 + WITHIN
    told = (f"{ratio['centre']:.4f} [{ratio['low']:.4f}, "
            f"{ratio['high']:.4f}] of {ratio['n']} pairs: ")
    if low <= ratio["low"] and ratio["high"] <= high:
        return 0, told + f"within {WITHIN:.0%}"
    if ratio["high"] < low or high < ratio["low"]:
        return 1, told + f"further than {WITHIN:.0%} from 1"
    return 3, told + f"too wide to say whether within {WITHIN:.0%}"


def main(argv=None):
    argv = sys.argv[1:] if argv is None else argv
    if len(argv) != 1 or argv[0].startswith("-"):
        print("usage: foreign_ratio.py DIR", file=sys.stderr)
        return 2
    try:
        meta = journal.read_meta(pathlib.Path(argv[0]))
        rows = rows_of(argv[0], damage.is_sealed(meta))
    except (journal.JournalError, ending.InputError) as error:
        print(f"bench-foreign: {error}", file=sys.stderr)
        return 2
    status = 0
    for (name, which), ratio in ratios(meta, rows):
        decided, words = decision(ratio)
        print(f"{name}: time there / here, {which}: {words}")
        if which == "elapsed":
            status = max(status, decided)
    problems = list(port_speed.problems_of(meta, rows))
    print("\n".join([*problems[:5], f"trials: {argv[0]}"]))
    return 3 if problems else status


if __name__ == "__main__":
    sys.exit(main())
