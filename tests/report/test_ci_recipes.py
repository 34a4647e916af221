# SPDX-License-Identifier: Apache-2.0
"""Recipes for pipelines (docs/ci.md, examples/ci/), played: steps and scripts
as they stand, among programs that only say what they were asked. With real
maps: tests/cli/ci_recipes.sh."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import recipe_steps  # noqa: E402

PAGE = dict(recipe_steps.recipes())["page"]
PIPELINE = ("GITHUB_", "CI_", "BUILDKITE_", "BASE", "GATE_", "GIT_", "TIME")


def step_with(words):
    step, = [one for one in PAGE if words in one]
    return step


def shell(text, where, *arguments, **variables):
    """As a runner does it, of which nothing is known but these variables."""
    known = {name: value for name, value in os.environ.items()
             if not name.startswith(PIPELINE)}
    return subprocess.run(["bash", "-eo", "pipefail", "-c", text, *arguments],
                          cwd=where, env=known | variables, text=True,
                          capture_output=True, timeout=60)


def put_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


def test_the_look_at_a_machine_builds_what_looks(tmp_path):
    """In a fresh clone: the gate builds other programs than this one."""
    programs = tmp_path / "programs"
    put_program(programs / "make", "mkdir -p build/gcc\ncd build/gcc\n"
                "printf '#!/bin/sh\\necho \"looked: $*\"\\n' >readmostly\n"
                "chmod +x readmostly\n")
    clone = tmp_path / "readmostly"
    clone.mkdir()
    looked = shell(step_with("doctor"), clone,
                   PATH=f"{programs}:{os.environ['PATH']}")
    assert (looked.returncode, looked.stderr) == (0, "")
    assert looked.stdout == "looked: doctor --strict\n"
