# SPDX-License-Identifier: Apache-2.0
"""The tally of `make fleet-test`, with cases that say what they are told."""
import subprocess
import sys
from pathlib import Path

import pytest

TALLY = str(Path(__file__).parents[1] / "tools/fleet_tally.py")
CASE = """#!/bin/sh
echo "$1:$2" >>runs
echo "# as somebody, and not root"
case $1:$2 in
slurm:limit) echo "not ok 1 - it ends with 0" ;;
ssh:disk) echo "ok 1 - a full one # SKIP only root may" ;;
ssh:runner) exit 7 ;;
*) echo "ok 1 - it ends with 0" ;;
esac
echo 1..1
"""
ALL = 17


@pytest.fixture
def place(tmp_path):
    (tmp_path / "docs/tally").mkdir(parents=True)
    (tmp_path / "tests/tools").mkdir(parents=True)
    script = tmp_path / "tests/tools/fleet_long.sh"
    script.write_text(CASE)
    script.chmod(0o755)
    return tmp_path


def tallied(place, *more):
    done = subprocess.run([sys.executable, TALLY, "b/fleet-test", *more],
                          cwd=place, capture_output=True, text=True,
                          check=False)
    return done.returncode, (place / "docs/tally/fleet.md").read_text()


def runs(place):
    return (place / "runs").read_text().split()


def test_each_case_has_a_line_and_what_fails_is_said(place):
    status, page = tallied(place)
    assert status == 1 and len(runs(place)) == ALL
    row = {tuple(line.split(" | ")[:2]): line for line in page.splitlines()
           if line.startswith(("| slurm ", "| ssh "))}
    assert len(row) == ALL
    assert "| 0 of 1; FAILED: it ends with 0 |" in row["| slurm", "limit"]
    assert "| 0 of 0; not done: only root may |" in row["| ssh", "disk"]
    assert "ended with status 7 and no plan" in row["| ssh", "runner"]
    assert "| 1 of 1 |" in row["| slurm", "node"]
    assert "| somebody |" in row["| slurm", "node"]
    assert f"{ALL - 3} of {ALL} cases passed, 2 failed." in page


def test_only_what_did_not_pass_runs_again(place):
    tallied(place)
    (place / "runs").unlink()
    assert tallied(place)[0] == 1
    assert sorted(runs(place)) == ["slurm:limit", "ssh:runner"]


def test_what_was_killed_goes_on(place):
    tallied(place, "--only", "ssh:launcher,slurm:down")
    with (place / "b/fleet-test/tally.jsonl").open("a") as file:
        file.write('{"form": "ssh", "ca')
    tallied(place)
    assert sorted(runs(place)) == sorted(set(runs(place)))
    assert len(runs(place)) == ALL


def test_other_scripts_are_run_again_and_old_rows_are_marked(place):
    tallied(place)
    (place / "tests/tools/fleet_long.sh").write_text(CASE + "\n# other\n")
    _, page = tallied(place, "--only", "ssh:launcher")
    assert page.count("changed since") == ALL - 1
    (place / "runs").unlink()
    tallied(place)
    assert len(runs(place)) == ALL - 1


def test_a_case_that_is_none_is_refused(place):
    done = subprocess.run([sys.executable, TALLY, "b", "--only", "ssh:x"],
                          cwd=place, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 1 and "no case ssh:x" in done.stderr
