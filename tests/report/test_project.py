# SPDX-License-Identifier: Apache-2.0
"""Tests that `make` rejects some folder names, and that its flags have an effect."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_make_rejects_folder_names_with_a_colon(tmp_path):
    """A colon ends a name in rules of make and in lists of folders."""
    there = tmp_path / "a:b"
    there.mkdir()
    (there / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    for where, argument in ((there, []), (ROOT, ["BUILD=build/a:b"])):
        done = subprocess.run(["make", "-n", *argument, "help"], cwd=where, text=True,
                              capture_output=True)
        assert done.returncode == 2 and "no colon" in done.stderr
        assert "a:b" in done.stderr.split("expected")[0]


def test_sources_read_the_macros_of_flags():
    """Each macro that the compiler flags define must be used by a header. Otherwise the flag has no
    effect; maps are then compiled slowly without any error."""
    makefile = (ROOT / "Makefile").read_text() + (ROOT / "verify/verify.mk").read_text()
    sources = "".join(file.read_text() for file in (ROOT / "runner").rglob("*.h"))
    for macro in re.findall(r"-D(RM_[A-Z_]+)", makefile):
        assert re.search(rf"^#\w*if.*\b{macro}\b", sources, re.MULTILINE), macro
