#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""artifact_flips.py READMOSTLY DIR|FILE N [SEED] - flips one random bit of an
artifact, asks `readmostly dev verify-artifact`, flips it back; N times.

Every bit of every file is as likely as any other, those of the list of hashes
and of the file's own headers among them. Prints what was not found, and how
many were. Status: 0 all were found, 1 not, 2 it was not whole before.
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
    """Files with a byte in them, and where each ends when all are joined."""
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
        print(f"{path}: not whole before a bit was flipped")
        return 2
    found, of = 0, int(count)
    for _ in range(of):
        bit = rng.randrange(8 * ends[-1])
        which = bisect.bisect_right(ends, bit // 8)
        at = bit - 8 * (ends[which - 1] if which else 0)
        flip(files[which], at)
        told = status_of(readmostly, path)
        flip(files[which], at)
        found += told == 1
        if told != 1:
            print(f"{files[which]}: bit {at}: status {told}")
    print(f"{found} of {of} flipped bits of {len(files)} files, "
          f"{ends[-1]} bytes, seed {seed}, were found")
    return found != of or status_of(readmostly, path) != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
