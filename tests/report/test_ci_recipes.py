# SPDX-License-Identifier: Apache-2.0
"""Recipes for pipelines (docs/ci.md, examples/ci/), played: steps and scripts
as they stand, among programs that only say what they were asked. With real
maps: tests/cli/ci_recipes.sh."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

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
              if line.startswith("gate: head against ")]
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


# Parts of the gate that leave what real ones leave, if they get so far: json
# and counts of the one, after -o the report of the other.
LEAVING = {
    "regress_exact.sh": """[ $exact = 2 ] && exit 2
echo {} >"$4"
mkdir -p build/regress-exact/why
echo line >build/regress-exact/counts.txt
echo why >build/regress-exact/why/why.txt
cp build/regress-exact/why/why.txt build/regress-exact/why/why.json
cp build/regress-exact/why/why.txt build/regress-exact/why/why.md
exit $exact
""",
    "regress_arms.sh": "exit $checks\n",
    "regress.sh": """[ $timed = 3 ] && exit 3
mkdir -p "$5/report/why"
touch "$5/report/index.html" "$5/report/junit.xml" "$5/report/why/why.txt"
exit $timed
"""}


@pytest.mark.parametrize("second", [
    {"exact": "2"}, {"exact": "0", "TIME": "no"},
    {"exact": "0", "checks": "1"}, {"exact": "0", "timed": "3"},
    {"TIME": "maybe"}])
def test_a_kept_workspace_has_nothing_of_the_run_before(
        gated, tmp_path, pushed, second):
    gated(0)
    readmostly, out = tmp_path / "readmostly", tmp_path / "out"
    for name, text in LEAVING.items():
        put_program(readmostly / "runner" / name, text)
    known = {"exact": "1", "checks": "0", "timed": "1", "TIME": "red",
             "OUT": str(out)}

    def left():
        return {path.name for path in out.iterdir()
                if not path.name.startswith("time-")}
    for variables in known, known | second | {"WHY": "no"}:
        shell('"$0" map.c', pushed[0].folder,
              str(readmostly / "examples/ci/gate.sh"), **variables)
        if variables is known:
            assert left() == {
                ".gitignore", "exact.json", "exact.txt", "counts.txt",
                "counts-why", "index.html", "junit.xml", "why"}
            (out / "theirs.txt").touch()
            for folder in out.glob("time-*"):
                folder.rename(out / "time-1")  # not of this second
    ours = {".gitignore", "theirs.txt"}
    if second.get("exact") == "0":
        ours |= {"exact.json", "exact.txt"}
    elif second.get("exact"):
        # the counts were asked, and time after them
        ours |= {"exact.txt", "index.html", "junit.xml", "why"}
    assert left() == ours
    assert (out / "time-1/report/junit.xml").exists()


@pytest.mark.parametrize("words", ["TIME=no", "IMPL_MAKE="])
def test_the_gate_is_of_the_commit_that_is_named(tmp_path, pushed, words):
    """Also where a workspace was kept, and Readmostly has grown since."""
    upstream = Project(tmp_path / "upstream")
    upstream.folder.mkdir()
    upstream.git("init", "-q", "-b", "main")
    commits = []
    for version in "12":
        put_program(upstream.folder / "examples/ci/gate.sh",
                    f"echo version {version}\n")
        commits.append(upstream.grow())
    for version, commit in ("1", commits[0]), ("2", commits[1]), (
            "1", commits[0]):
        done = shell(step_with(words), pushed[0].folder,
                     READMOSTLY_URL=f"file://{upstream.folder}",
                     READMOSTLY_REF=commit)
        assert (done.returncode, done.stdout) == (
            0, f"version {version}\n"), done.stderr
    commits.append(upstream.grow())
    done = shell(step_with(words), pushed[0].folder,
                 READMOSTLY_URL=f"file://{upstream.folder}",
                 READMOSTLY_REF=commits[2])
    assert done.returncode == 0, done.stderr


def test_gitlab_runs_the_job_where_it_knows_what_was_before():
    template = yaml.safe_load(
        (ROOT / "examples/ci/gitlab.yml").read_text())[".readmostly"]
    assert [rule["if"] for rule in template["rules"]] == [
        '$CI_PIPELINE_SOURCE == "merge_request_event"',
        "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"]
    assert template["variables"]["GATE_MAIN"] == "origin/$CI_DEFAULT_BRANCH"


def test_what_a_merge_request_shows_is_of_time():
    """The page says so: a red count is in none of GitLab's reports."""
    template = yaml.safe_load(
        (ROOT / "examples/ci/gitlab.yml").read_text())[".readmostly"]
    gate = (ROOT / "examples/ci/gate.sh").read_text()
    counted = gate[gate.index("exact() {"):gate.index("checked() {")]
    outputs = (ROOT / "report/gate_outputs.py").read_text()
    for file in template["artifacts"]["reports"].values():
        name = Path(file).name
        assert name in outputs and name not in counted, name
    page = (ROOT / "docs/ci.md").read_text()
    said = page[page.index("**GitLab CI**"):]
    said = said[:said.index("```yaml")]
    assert "JUnit, code quality and metrics are of time alone" in said
    for file in re.findall(r"\$out/(exact\.\w+)", counted):
        assert f"`{file}`" in said, file
