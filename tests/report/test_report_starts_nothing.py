# SPDX-License-Identifier: Apache-2.0
"""Tests that the report starts no program except gnuplot, and forks only to draw figures.

Measuring is the task of the runner, which places, limits, records and resumes its trials.
"""
import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STARTERS = {"subprocess", "multiprocessing", "pty", "popen2", "asyncio",
            "concurrent"}
CALLS = ("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp",
         "startfile")
# Files that may import a module that starts processes.
ALLOWED = {"page.py": {"multiprocessing"}, "plots.py": {"subprocess"}}


def starts(path):
    """Returns the names in a file that can start processes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Attribute) and \
                isinstance(node.value, ast.Name) and node.value.id == "os" \
                and node.attr.startswith((*CALLS, "exec", "spawn")):
            yield f"os.{node.attr}"
        yield from (n for n in names if n.split(".")[0] in STARTERS)


@pytest.mark.long
def test_report_starts_no_program():
    files = sorted((ROOT / "report").rglob("*.py"))
    assert len(files) > 20
    for path in files:
        found = set(starts(path))
        found -= ALLOWED.get(path.name, set())
        assert not found, f"{path}: {found}"
