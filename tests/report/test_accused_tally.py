# SPDX-License-Identifier: Apache-2.0
"""Maps that must be accused, with programs that answer as they are told."""
import json
import subprocess
import sys
from pathlib import Path

import pytest

TALLY = Path(__file__).parents[1] / "tools/accused_tally.py"
MAPS = [{"id": "shared", "caps": [], "shapes": []},
        {"id": "bare", "caps": ["unsafe"], "shapes": ["u64x8"]},
        {"id": "right", "caps": ["fixed-size"], "shapes": ["u64x8"]}]
CHECK = """#!/bin/sh
echo "check $*" >>{place}/runs
[ "$1" = list ] && {{ cat {place}/maps; exit; }}
[ "$2" = shared ] && echo "FAIL shared u64x8 loops: two variables; again: x" && exit 1
exit 0
"""
EXPLORE = """#!/bin/sh
echo "explore $*" >>{place}/runs
[ "$1" = shared ] && {refusal}
[ "{found}" = yes ] && echo "FAIL $1: 3 schedules; schedule 2: data race" && exit 1
echo "ok   $1: 100000 schedules"
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "tests/fixtures").mkdir(parents=True)
    (tmp_path / "tests/fixtures/misuse.tsv").write_text(
        "# id\nshared\tright\tloops\t9\ttwo\tassigned\n")
    (tmp_path / "docs/tally").mkdir(parents=True)
    (tmp_path / "maps").write_text(json.dumps({"maps": MAPS}))
    return tmp_path


REFUSALS = ("echo 'skip shared: a technique, which is no map'; exit 0",
            "echo 'no map \"shared\": `readmostly list` prints all' >&2; exit 2",
            "echo 'shared cannot be explored: it calls f, which is not "
            "simulated' >&2; exit 2")


def tallied(place, found, refusal=REFUSALS[0]):
    for name, text in (("", CHECK), ("-explore", EXPLORE)):
        program = place / f"readmostly{name}"
        program.write_text(text.format(place=place, found=found,
                                       refusal=f"{{ {refusal}; }}"))
        program.chmod(0o755)
    return subprocess.run([sys.executable, TALLY, place, "--seeds", "2"],
                          cwd=place, capture_output=True, text=True,
                          check=False)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_each_by_what_it_is_accused(place, refusal):
    done = tallied(place, "yes", refusal)
    assert done.returncode == 0, done.stderr
    page = (place / "docs/tally/accused.md").read_text()
    shared, bare = (line.split(" | ") for line in page.splitlines()
                    if line.startswith("| `"))
    assert shared[1:3] == ["misuse: assigned", "not of this kind"]
    assert shared[3].startswith("2 of 2, ") and shared[3].endswith("loops |")
    assert bare[1] == "not safe beside a writer" and bare[3] == "not asked |"
    assert bare[2].startswith("2 of 2, ") and bare[2].endswith("data race")
    assert "by one of them: 2 of 2; not: none." in page
    # what says that it is not safe is not checked, what is right not tried
    runs = (place / "runs").read_text()
    assert "check bare" not in runs and "right" not in runs


def test_one_that_nothing_accuses_fails(place):
    done = tallied(place, "no")
    assert done.returncode == 1 and "1 of 2; not: bare." in done.stdout
    assert "| 0 of 2 | believes it |" in done.stdout
