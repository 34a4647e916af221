#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""compare_speed.py FOLDER: what comparing three machines of 2,000 trials
costs. Writes three made-up campaigns into FOLDER and prints the CPU seconds
of one comparison, all processes that it starts included. The budget is 10 s.
"""
import resource
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP), str(TOP / "tests" / "report")]
from machine_campaigns import MAPS, three  # noqa: E402

BUDGET = 10.0
SHAPE = dict(threads=(1, 2, 4, 8), keys=(1024, 65536), blocks=10,
             shares=(0.0, 0.01, 0.03, 0.1, 0.3), cores=8)


def main():
    folder = Path(sys.argv[1])
    folders = three(folder, **SHAPE)
    trials = [sum(1 for _ in open(f / "trials.jsonl", encoding="utf-8"))
              for f in folders]
    subprocess.run([sys.executable, "-m", "report", "compare", *folders, "-o",
                    folder / "out"], cwd=TOP, check=True,
                   stdout=subprocess.DEVNULL)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = used.ru_utime + used.ru_stime
    print(f"{len(folders)} machines of {trials} trials, {len(MAPS)} maps: "
          f"{cost:.2f} s of CPU time, budget {BUDGET:g} s")
    return 0 if cost < BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
