#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flips one random bit of an artifact, runs `readmostly dev verify-artifact`, and flips the bit
back, N times.

    artifact_flips.py READMOSTLY DIR|FILE N [SEED]

Every bit of every file has the same probability, including those in the list of hashes and in the
headers of the file. Prints each undetected flip, and the number of detected flips. Exit status: 0
all flips were detected; 1 some were not; 2 the artifact was damaged before.
"""
import bisect
import itertools
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))
from made_artifact import flip  # noqa: E402


def files_of(path):
    """Returns the files, and their cumulative sizes in bytes."""
    found = [path] if path.is_file() else sorted(
        p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
    sizes = [p.stat().st_size for p in found]
    return found, list(itertools.accumulate(sizes))


def status_of(readmostly, path):
    return subprocess.run([readmostly, "dev", "verify-artifact", str(path)],
                          capture_output=True, check=False).returncode


def main(readmostly, path, count, seed="1"):
    path, rng = Path(path), random.Random(int(seed))
    files, ends = files_of(path)
    if status_of(readmostly, path):
        print(f"{path}: damaged before a bit was flipped")
        return 2
    found, flips = 0, int(count)
    for _ in range(flips):
        bit = rng.randrange(8 * ends[-1])
        which = bisect.bisect_right(ends, bit // 8)
        at = bit - 8 * (ends[which - 1] if which else 0)
        flip(files[which], at)
        status = status_of(readmostly, path)
        flip(files[which], at)
        found += status == 1
        if status != 1:
            print(f"{files[which]}: bit {at}: status {status}")
    print(f"{found} of {flips} flipped bits of {len(files)} files, "
          f"{ends[-1]} bytes, seed {seed}, were found")
    return found != flips or status_of(readmostly, path) != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
