# SPDX-License-Identifier: Apache-2.0
"""Tests that `make` rejects some folder names, and that it never waits for a terminal."""
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_make_rejects_folder_names_with_a_colon(tmp_path):
    """In rules of make and in lists of folders, a colon ends a name."""
    there = tmp_path / "a:b"
    there.mkdir()
    (there / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for where, argument in ((there, []), (ROOT, ["BUILD=build/a:b"])):
        done = subprocess.run(["make", "-n", *argument, "help"], cwd=where, text=True,
                              capture_output=True)
        assert done.returncode == 2 and "no colon" in done.stderr
        assert "a:b" in done.stderr.split("expected")[0]


@pytest.mark.long
def test_make_without_maps_does_not_read_standard_input():
    """If make read standard input, `make test-bugs-sanitized` would wait for a terminal."""
    ran = subprocess.run(["sh", "-c", 'make -s "$@" help >&2; cat', "sh", "IMPLS="],
                         cwd=ROOT, input="typed\n", text=True, capture_output=True, check=True)
    assert "make test-bugs-sanitized" in ran.stderr
    assert ran.stdout == "typed\n"
