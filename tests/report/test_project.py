# SPDX-License-Identifier: Apache-2.0
"""What `make` refuses, and that it waits for no terminal."""
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_make_refuses_a_folder_whose_name_holds_a_colon(tmp_path):
    """Its rules, and lists of folders, end a name there."""
    there = tmp_path / "a:b"
    there.mkdir()
    (there / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for where, argument in ((there, []), (ROOT, ["BUILD=build/a:b"])):
        done = subprocess.run(["make", "-n", *argument, "help"], cwd=where, text=True,
                              capture_output=True)
        assert done.returncode == 2 and "no colon" in done.stderr
        assert "a:b" in done.stderr.split("expected")[0]


@pytest.mark.long
def test_a_make_without_maps_reads_nothing_that_is_typed():
    """As that of `make test-bugs-sanitized`: it would wait for a terminal."""
    said = subprocess.run(["sh", "-c", 'make -s "$@" help >&2; cat', "sh", "IMPLS="],
                          cwd=ROOT, input="typed\n", text=True, capture_output=True, check=True)
    assert "make test-bugs-sanitized" in said.stderr
    assert said.stdout == "typed\n"
