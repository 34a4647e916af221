# SPDX-License-Identifier: Apache-2.0
"""Tests the recipes for pipelines (docs/guide/ci.md, examples/ci/). The unchanged steps and scripts
of the recipes run with stubs that print their arguments. tests/cli/ci_recipes.sh runs them with
real maps."""
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))

PIPELINE = ("GITHUB_", "CI_", "BUILDKITE_", "BASE", "GATE_", "GIT_", "TIME", "FAIL_AT", "COUNTS")


def shell(text, where, *arguments, **variables):
    """Runs a script with only these variables, as a pipeline's runner does."""
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
    """A repository with a map, and a runner's clone of it."""

    def __init__(self, folder):
        self.folder = folder

    def git(self, *words):
        done = subprocess.run(
            ["git", "-c", "user.name=n", "-c", "user.email=n@n", *words],
            cwd=self.folder, text=True, capture_output=True, check=True)
        return done.stdout.strip()

    def grow(self, name="map.c"):
        """Adds a commit that changes this file; returns the commit's name."""
        with open(self.folder / name, "a", encoding="utf-8") as file:
            file.write("/* A line. */\n")
        self.git("add", "-A")
        self.git("commit", "-qm", "grow")
        return self.git("rev-parse", "HEAD")


def base_of(clone, **variables):
    """Returns the base that the gate selected, and its other output. The gate is stopped before its
    build begins."""
    gate = ROOT / "examples/ci/gate.sh"
    messages = shell('. <(sed "s/^cd .*/exit 0/" "$0") map.c', clone.folder,
                     str(gate), **variables)
    assert messages.returncode == 0, messages.stderr
    found, = [line for line in messages.stdout.splitlines()
              if line.startswith("gate: head compared with ")]
    return found.split()[-1], messages.stderr


@pytest.fixture(name="pushed")
def pushed_(tmp_path):
    """Makes a clone and the list of commits: two of main, and three of a branch in one push."""
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


NEW_BRANCH = "0" * 40  # CI_COMMIT_BEFORE_SHA in the first pipeline of a branch


def test_all_commits_of_a_new_branch_are_compared(pushed):
    clone, commits = pushed
    for known in ({}, {"GATE_MAIN": "origin/main"}, {"GATE_MAIN": "origin/"}):
        assert base_of(clone, CI_COMMIT_BEFORE_SHA=NEW_BRANCH, **known) == (
            commits[1], "")


def test_the_pipeline_s_variables_take_precedence(pushed):
    clone, commits = pushed
    for name in ("CI_COMMIT_BEFORE_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        assert base_of(clone, **{name: commits[2]}) == (commits[2], "")


def test_a_runner_without_the_remote_s_head_uses_its_branch(pushed):
    """GitLab and GitHub fetch branches without cloning."""
    clone, commits = pushed
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("update-ref", "refs/remotes/origin/trunk", "origin/main")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert base_of(clone, GATE_MAIN="origin/trunk") == (commits[1], "")
    base, messages = base_of(clone)
    assert base == commits[3] and "only the last commit is compared" in messages


def test_on_main_only_the_last_commit_is_compared(pushed):
    clone, commits = pushed
    clone.git("checkout", "-q", "-B", "main", "origin/main")
    base, messages = base_of(clone)
    assert base == commits[0] and "only the last commit is compared" in messages


@pytest.fixture(name="gated")
def gated_(tmp_path, pushed):
    """Makes a function that returns the gate's result if its parts have these exit statuses."""
    readmostly = tmp_path / "readmostly"
    for name in ("examples/ci/gate.sh", ".ci/before", "runner/base/environment.sh",
                 "runner/base/environment.def"):
        put_program(readmostly / name, "")
        (readmostly / name).write_text((ROOT / name).read_text())

    def gated(checks, file="map.c", counts=0, times=0, verdict="", warning="", **variables):
        for name, status in ((".ci/deps", 0), ("runner/regress_exact.sh", counts),
                             ("runner/regress_arms.sh", checks),
                             ("runner/regress.sh", times)):
            put_program(readmostly / name,
                        f'echo "asked: {name}"\n[ -z "{warning}" ] || echo "warning: {warning}"\n'
                        f'echo "verdict: {verdict}"\n'
                        f'[ -z "{verdict}" ] || mkdir -p "$5"\nexit {status}\n')
        done = shell('"$0" "$1"', pushed[0].folder,
                     str(readmostly / "examples/ci/gate.sh"), file,
                     **variables)
        asked = [line.split("runner/")[1] for line in done.stdout.splitlines()
                 if line.startswith("asked: runner/")]
        gated.last = done.stdout.splitlines()[-1]
        return done.returncode, asked
    return gated


@pytest.mark.parametrize("counts, checks, times, time, status, last", [
    (0, 0, 0, "no", 0, "PASS: counts are equal or accepted; head passes its checks"),
    (1, 0, 0, "no", 1, "FAIL: counts differ; head passes its checks"),
    (0, 1, 0, "advice", 1, "FAIL: counts are equal or accepted; head fails its checks"),
    (2, 0, 0, "no", 2, "none: counts were not compared; head passes its checks"),
    (0, 0, 3, "advice", 0, "time was not measured, because the machine is busy (advice)"),
    (0, 0, 3, "red", 1, "time was not measured, because the machine is busy")])
def test_the_last_line_is_the_verdict(gated, pushed, counts, checks, times, time, status, last):
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    assert gated(checks, counts=counts, times=times, TIME=time)[0] == status
    assert gated.last.startswith("gate: verdict: ") and gated.last.endswith(last)


@pytest.mark.parametrize("times, verdict, status, last", [
    (1, "FAIL (x: slower by 3 %)", 0, "time is longer (advice)"),
    (3, "INVALID (A/A x)", 0, "time is undecided: INVALID (A/A x) (advice)"),
    (1, "FAIL (far beyond noise)", 1, "time is longer: FAIL (far beyond noise)")])
def test_advice_fails_only_far_beyond_noise(gated, pushed, times, verdict, status, last):
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    assert gated(0, times=times, verdict=verdict)[0] == status
    assert gated.last.endswith("; " + last)
    assert (": PASS (counts only): " in gated.last) == (status == 0)


def test_time_alone_can_be_compared_with_a_raised_threshold(gated, pushed):
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    assert gated(0, COUNTS="no", TIME="red", FAIL_AT="5%") == (
        0, ["regress_arms.sh", "regress.sh"])
    assert gated.last.endswith("PASS: head passes its checks; time is not longer (FAIL_AT=5%)")
    gated(0, COUNTS="no", times=1)
    assert ": PASS (checks only): " in gated.last


@pytest.mark.parametrize("name, text", [
    ("COUNTS", "0"), ("FAIL_AT", "0.9%"), ("FAIL_AT", "50%"), ("FAIL_AT", "5")])
def test_other_values_of_variables_are_refused(pushed, name, text):
    done = shell('"$0" map.c', pushed[0].folder, str(ROOT / "examples/ci/gate.sh"), **{name: text})
    assert done.returncode == 2 and f"{name}={text}: expected" in done.stderr


def test_help_is_printed_before_anything_runs(pushed):
    gate, folder = str(ROOT / "examples/ci/gate.sh"), pushed[0].folder
    done = shell('"$0" map.c', folder, gate, TIME_ARGS="--help")
    assert done.returncode == 2 and "TIME_ARGS of 'readmostly run'" in done.stderr
    for name in ("regress.sh", "regress_exact.sh"):
        done = shell('"$0" --help', folder, str(ROOT / "runner" / name))
        assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith(f"{name} BASE ")


def test_a_large_slowdown_in_an_invalid_run_is_no_plain_pass(gated, pushed, tmp_path):
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    assert gated(0, times=3, verdict="INVALID (A/A x)", warning="x is 90 % slower: repeat it",
                 GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))[0] == 0
    assert ": WARNING (only counts pass): " in gated.last
    assert gated.last.endswith("INVALID (A/A x) (advice); x is 90 % slower: repeat it")
    assert (tmp_path / "summary").read_text().splitlines()[-1] == gated.last


def test_a_killed_gate_ends_its_children_and_the_next_one_names_it(gated, pushed, tmp_path):
    pushed[0].git("update-ref", "refs/remotes/origin/main", "HEAD^1")
    gated(0, TIME="no")
    put_program(tmp_path / "readmostly/runner/regress_arms.sh", "echo started\nsleep 50&\nwait\n")

    def start(words, stream):
        process = subprocess.Popen([tmp_path / "readmostly/examples/ci/gate.sh", "map.c"],
                                   cwd=pushed[0].folder, text=True,
                                   env=os.environ | {"TIME": "no"}, **{stream: subprocess.PIPE})
        return process, next(line for line in getattr(process, stream) if words in line)
    first, _ = start("started", "stdout")
    second, line = start("waiting for process", "stderr")
    assert f"process {first.pid} (gate.sh), which holds {tmp_path}/readmostly/build/" in line
    for process in (second, first):
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM
    subprocess.run(["flock", "-n", tmp_path / "readmostly/build/regress.lock", "true"], check=True)


@pytest.mark.long
@pytest.mark.parametrize("file, counted", [
    ("map.c", ["regress_exact.sh"]), ("libmap.so", []), ("map.cc", [])])
def test_head_is_checked_even_without_the_time_gate(gated, pushed, file,
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
