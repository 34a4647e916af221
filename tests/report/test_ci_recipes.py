# SPDX-License-Identifier: Apache-2.0
"""Recipes for pipelines (docs/guide/ci.md, examples/ci/), played: steps and scripts
as they stand, among programs that only say what they were asked. With real
maps: tests/cli/ci_recipes.sh."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))

PIPELINE = ("GITHUB_", "CI_", "BUILDKITE_", "BASE", "GATE_", "GIT_", "TIME")


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


class Project:
    """A repository with a map, of which a runner has a clone."""

    def __init__(self, folder):
        self.folder = folder

    def git(self, *words):
        done = subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=n@n", *words],
            cwd=self.folder, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    def grow(self, name="map.c"):
        """One commit more, of this file; its name."""
        with open(self.folder / name, "a", encoding="utf-8") as file:
            file.write("/* A line. */\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "grow")
        return self.git("rev-parse", "HEAD")


def base_of(clone, **variables):
    """(base, what else was said) of the gate, which ends where it would go to
    its own folder to build."""
    gate = ROOT / "examples/ci/gate.sh"
    said = shell('. <(sed "s/^cd .*/exit 0/" "$0") map.c', clone.folder,
                 str(gate), **variables)
    assert said.returncode == 0, said.stderr
    found, = [line for line in said.stdout.splitlines()
              if line.startswith("gate: head compared with ")]
    return found.split()[-1], said.stderr


@pytest.fixture(name="pushed")
def pushed_(tmp_path):
    """(clone, commits): of main two, and three of a branch, all at once."""
    (tmp_path / "theirs").mkdir()
    theirs = Project(tmp_path / "theirs")
    theirs.git("init", "-q", "-b", "main")
    commits = [theirs.grow(), theirs.grow()]
    theirs.git("checkout", "-qb", "topic")
    commits += [theirs.grow() for _ in range(3)]
    theirs.git("checkout", "-q", "main")
    theirs.git("clone", "-q", "-b", "topic", f"file://{theirs.folder}",
               str(tmp_path / "clone"))
    return Project(tmp_path / "clone"), [name[:12] for name in commits]


NEW_BRANCH = "0" * 40  # CI_COMMIT_BEFORE_SHA of a branch's first pipeline


def test_all_commits_of_a_new_branch_are_compared(pushed):
    clone, commits = pushed
    for known in ({}, {"GATE_MAIN": "origin/main"}, {"GATE_MAIN": "origin/"}):
        assert base_of(clone, CI_COMMIT_BEFORE_SHA=NEW_BRANCH, **known) == (
            commits[1], "")


def test_what_the_pipeline_says_goes_before_the_branch(pushed):
    clone, commits = pushed
    for name in ("CI_COMMIT_BEFORE_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        assert base_of(clone, **{name: commits[2]}) == (commits[2], "")


def test_a_runner_without_the_remote_s_head_is_told_its_branch(pushed):
    """GitLab's and GitHub's: they fetch branches, and clone nothing."""
    clone, commits = pushed
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("update-ref", "refs/remotes/origin/trunk", "origin/main")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert base_of(clone, GATE_MAIN="origin/trunk") == (commits[1], "")
    base, said = base_of(clone)
    assert base == commits[3] and "only the last commit is compared" in said


def test_on_main_the_last_commit_alone_is_compared_and_that_is_said(pushed):
    clone, commits = pushed
    clone.git("checkout", "-q", "-B", "main", "origin/main")
    base, said = base_of(clone)
    assert base == commits[0] and "only the last commit is compared" in said


@pytest.fixture(name="gated")
def gated_(tmp_path, pushed):
    """A function: what the gate answers where its parts end with these."""
    readmostly = tmp_path / "readmostly"
    for name in ("examples/ci/gate.sh", ".ci/before"):
        put_program(readmostly / name, "")
        (readmostly / name).write_text((ROOT / name).read_text())

    def gated(checks, file="map.c", **variables):
        for name, status in ((".ci/deps", 0), ("runner/regress_exact.sh", 0),
                             ("runner/regress_arms.sh", checks),
                             ("runner/regress.sh", 0)):
            put_program(readmostly / name,
                        f'echo "asked: {name}"\nexit {status}\n')
        done = shell('"$0" "$1"', pushed[0].folder,
                     str(readmostly / "examples/ci/gate.sh"), file,
                     **variables)
        asked = [line.split("runner/")[1] for line in done.stdout.splitlines()
                 if line.startswith("asked: runner/")]
        return done.returncode, asked
    return gated


@pytest.mark.long
@pytest.mark.parametrize("file, counted", [
    ("map.c", ["regress_exact.sh"]), ("libmap.so", []), ("map.cc", [])])
def test_head_is_checked_whatever_is_asked_of_time(gated, pushed, file,
                                                   counted):
    pushed[0].grow("map.cc")
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD")
    pushed[0].grow("map.cc")
    known = {"IMPL_MAKE": "true"} if file.endswith(".so") else {}
    parts = counted + ["regress_arms.sh"]
    for time in ("no", "advice", "red"):
        assert gated(1, file, TIME=time, **known) == (1, parts)
        assert gated(2, file, TIME=time, **known) == (2, parts)
    assert gated(0, file, TIME="no", **known) == (0, parts)
    assert gated(0, file, TIME="red", **known) == (0, parts + ["regress.sh"])
