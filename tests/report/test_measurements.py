# SPDX-License-Identifier: Apache-2.0
"""docs/measurements.md: T1 to T24, each with commands that exist."""
import os
import re
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "measurements.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in PAGE.splitlines() if re.match(r"\| T\d+ \|", line)]
BUILD = Path(os.environ.get("BUILD", TOP / "build" / "gcc"))


def test_there_are_t1_to_t24_in_order():
    assert [row[0] for row in ROWS] == [f"T{n}" for n in range(1, 25)]
    assert all(len(row) == 4 and all(row) for row in ROWS)


def commands():
    for row in ROWS:
        found = re.findall(r"`([^`]+)`", row[2])
        assert found, f"{row[0]} has no command"
        yield from ((row[0], command) for command in found)


def test_commands_of_readmostly_exist():
    program = BUILD if BUILD.is_absolute() else TOP / BUILD
    if not (program / "readmostly").exists():
        pytest.skip("nothing is built")
    usage = subprocess.run([program / "readmostly", "--help"], check=True,
                           capture_output=True, text=True).stdout
    known = set(re.findall(r"^  ([a-z-]+) ", usage, re.M))
    for name, command in commands():
        for said in re.findall(r"(?:^|/)readmostly ([a-z-]+)", command):
            assert said in known, (name, command)


def test_targets_and_files_exist():
    makefiles = "\n".join(f.read_text(encoding="utf-8") for f in
                          [TOP / "Makefile", *TOP.glob("*/*.mk"),
                           *TOP.glob("*/*/*.mk")])
    for name, command in commands():
        for target in re.findall(r"\bmake ([a-z-]+)", command):
            assert re.search(rf"^{target}:", makefiles, re.M), (name, target)
        for file in re.findall(r"\b(?:workloads|runner|docs)/[\w./-]+",
                               command):
            assert (TOP / file).exists(), (name, file)
        for test in re.findall(r"build/gcc/tests/(test_\w+)", command):
            assert list(TOP.glob(f"tests/unit/*/{test}.c")), (name, test)
