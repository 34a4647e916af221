#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report_speed.py FOLDER: what the report of 10,000 trials costs.

Writes a synthetic campaign into FOLDER, makes its report twice, without and
with PDF files, and prints the CPU seconds of both side by side. The budget
is 10 s of CPU time without them (a process and all that it starts).
"""
import resource
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "report")]
import make_journal  # noqa: E402

BUDGET = 10.0
MAPS = ("null_map", "gomap", "gomap_rw", "syncmap", "snapshot", "urcu_lfht",
        "ck_ht", "rwlock_probe", "gomap_mutex", "shard_rw_32")


def spent():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(folder, *options):
    """CPU seconds of one report."""
    before = spent()
    subprocess.run([sys.executable, "-m", "report", str(folder), *options],
                   cwd=TOP, check=True, stdout=subprocess.DEVNULL)
    return spent() - before


def main(folder):
    folder.mkdir(parents=True, exist_ok=True)
    make_journal.make(folder, threads=(1, 2, 4, 8), sockets=2, cores=4,
                      shares=(0.01, 0.03, 0.1), maps=MAPS,
                      keys=(1024, 65536, 1048576))
    with open(folder / "trials.jsonl", encoding="utf-8") as file:
        trials = sum(1 for _ in file)
    plain, with_pdf = report(folder), report(folder, "--pdf")
    panels = len(list((folder / "report" / "figures").glob("*.svg")))
    size = (folder / "report" / "index.html").stat().st_size
    print(f"{trials} trials, {panels} panels, page of {size / 1e6:.2f} MB")
    print(f"CPU time {plain:.1f} s (budget {BUDGET:.0f} s); "
          f"with --pdf {with_pdf:.1f} s, × {with_pdf / plain:.2f}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
