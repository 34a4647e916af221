# SPDX-License-Identifier: Apache-2.0
"""The tally of explored maps, with a program that answers as it is told."""
import re
import subprocess
import sys
from pathlib import Path

import pytest

TALLY = str(Path(__file__).parents[1] / "tools/explore_tally.py")
PROGRAM = """#!/bin/sh
echo "$@" >>{folder}/runs
echo "ok   map_a: 50 schedules, 9 steps and 2 switches each, 3 undecided; 7 schedules/s"
echo "skip map_b: it says that it is not safe beside a writer"
[ "$3" = {bad} ] && {{
	echo "FAIL map_c: 8 schedules under $3, 9 steps and 2 switches each, 0 undecided; 7 schedules/s; schedule 4: data race"
	exit {status}; }}
echo "ok   map_c: 50 schedules under $3, 9 steps and 2 switches each, 1 undecided; 7 schedules/s"
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "docs/tally").mkdir(parents=True)
    return tmp_path


def tallied(place, bad="none", status=1):
    program = place / "readmostly-explore"
    program.write_text(PROGRAM.format(folder=place, bad=bad, status=status))
    program.chmod(0o755)
    return subprocess.run(
        [sys.executable, TALLY, str(place), "--schedules", "50"], cwd=place,
        capture_output=True, text=True, check=False)


def rows(place):
    text = (place / "docs/tally/explore.md").read_text()
    return [[cell.strip() for cell in line.split("|")[1:-1]]
            for line in text.splitlines() if re.match(r"\| (sc|tso|c11) ", line)]


def test_each_model_has_a_row_of_what_was_explored(place):
    assert tallied(place).returncode == 0
    assert [row[:6] for row in rows(place)] == [
        [model, "2", "50", "1", "4", "0"] for model in ("sc", "tso", "c11")]
    asked = (place / "runs").read_text().splitlines()
    assert asked[1] == "all --memory tso --schedules 50 --seed 1"


def test_an_accused_map_is_named_and_fails(place):
    run = tallied(place, bad="tso")
    assert run.returncode == 1
    assert [row[5] for row in rows(place)] == ["0", "1", "0"]
    assert "- map_c, tso: schedule 4: data race" in \
        (place / "docs/tally/explore.md").read_text()


def test_a_run_that_does_not_end_has_no_page(place):
    run = tallied(place, bad="c11", status=139)
    assert run.returncode == 2
    assert "--memory c11 ended with status 139" in run.stderr
    assert not (place / "docs/tally/explore.md").exists()


def test_a_program_that_is_not_there_is_told(place):
    run = subprocess.run([sys.executable, TALLY, str(place)], cwd=place,
                         capture_output=True, text=True, check=False)
    assert run.returncode == 2 and "not built" in run.stderr
