# SPDX-License-Identifier: Apache-2.0
"""Helpers for tests of artifacts. They write a small campaign with a fake program that responds at
once, and pack it with the script of `make artifact`."""
import os
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = (TOP / os.environ.get("BUILD", "build/gcc")).resolve()
READMOSTLY = str(BUILD / "readmostly")
WORKLOAD = """keys = 1Ki
threads = 1
warm-up = 1ms
window = 2ms
blocks = 8
maps = gomap_rw rwlock_probe
writes = 3%
loop = mix paced
rate = 1k/s
"""


def campaign(folder):
    """Writes a complete campaign with histograms, in which nothing was measured."""
    workload = folder.parent / "tiny.conf"
    workload.write_text(WORKLOAD)
    subprocess.run(
        [READMOSTLY, "run", str(workload), "-o", str(folder), "--counters",
         "none", "--seed", "7", "--busy-ok"], capture_output=True, check=False,
        env=dict(os.environ, RM_FAKE="=ok",
                 RM_TRIAL_PROGRAM=str(BUILD / "tests" / "fake_trial")))
    assert list((folder / "histograms").iterdir()), "no fake_trial in BUILD"
    return folder


def pack(out, *folders, **environment):
    """Runs runner/artifact.sh on the current tree."""
    return subprocess.run(
        [str(TOP / "runner/artifact.sh"), str(out), *map(str, folders)],
        cwd=TOP, capture_output=True, text=True, check=False,
        env=dict(os.environ, BUILD=str(BUILD), DIRTY="1",
                 SOURCE_DATE_EPOCH="1700000000") | environment)


def unpack(file, into):
    """Unpacks with tar, as a reviewer would."""
    into.mkdir()
    subprocess.run(["tar", "-C", str(into), "-xzf", str(file)], check=True)
    return into / "artifact"


def verify(*arguments):
    """Runs `readmostly dev verify-artifact`; returns status and output."""
    done = subprocess.run([READMOSTLY, "dev", "verify-artifact", *map(str, arguments)],
                          cwd=TOP, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def flip(file, bit):
    """Flips one bit of a file; a second call restores the file."""
    with open(file, "r+b") as held:
        held.seek(bit // 8)
        byte = held.read(1)[0]
        held.seek(bit // 8)
        held.write(bytes([byte ^ 1 << bit % 8]))
