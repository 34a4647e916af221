# SPDX-License-Identifier: Apache-2.0
"""What checking and exploring cost, with programs that answer as they are
told: rows, limits, and what stays on the page."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

TALLY = Path(__file__).parents[1] / "tools/check_cost.py"
sys.path.insert(0, str(TALLY.parent))
import check_cost  # noqa: E402
EXPLORE = """#!/bin/sh
echo "$*" >>{place}/runs
echo "ok   gomap_rw: {schedules} schedules, 9 steps and 2 switches each, 0 undecided; 77 schedules/s"
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "docs/tally").mkdir(parents=True)
    (tmp_path / "readmostly").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "readmostly").chmod(0o755)
    return tmp_path


def told(place, schedules, **environment):
    program = place / "readmostly-explore"
    program.write_text(EXPLORE.format(place=place, schedules=schedules))
    program.chmod(0o755)
    done = subprocess.run([sys.executable, TALLY, place, "--schedules", "50"],
                          cwd=place, capture_output=True, text=True,
                          check=False, env=os.environ | environment)
    return done, (place / "docs/tally/check-cost.md").read_text()


def test_each_mode_has_a_row(place):
    done, page = told(place, "900,000")
    assert done.returncode == 0 and "Limits not kept: none." in page
    rows = [line for line in page.splitlines() if " | 900,000 | " in line]
    assert len(rows) == 11 and all(" | 77 | " in row for row in rows)
    asked = (place / "runs").read_text().splitlines()
    assert asked[0] == ("gomap_rw --memory sc --scheduler random --threads 3 "
                        "--ops 6 --schedules 50")
    assert asked[3] == "gomap_rw --memory sc --scheduler exhaustive"
    assert asked[8] == "gomap_rw --memory sc --schedules 50"


def test_what_was_not_run_is_said(place):
    assert "Not run: `check-maps`.\n" in told(place, "900,000")[1]
    (place / "docs/tally/check-cost.md").write_text(
        "| `check-maps`, before | 300 | 500 | 20 |\n")
    assert "Not run" not in told(place, "900,000")[1]


def test_a_check_is_held_to_its_memory_too(place):
    (place / "readmostly").write_text(
        f"#!{sys.executable}\nheld = b'x' * (520 << 20)\n")
    done, page = told(place, "900,000")
    assert done.returncode == 1 and "Limits not kept: `check gomap_rw`: 5" \
        in page and " MiB." in page


def test_beside_others_no_check_is_held_to_its_seconds_and_that_is_said(place):
    _, page = told(place, "900,000", LOAD="loaded")
    assert "Limits not kept: none. Loaded, so the seconds of checks" in page


def test_what_else_ran_is_asked_when_a_run_has_ended(place, monkeypatch):
    done = []
    monkeypatch.chdir(place)
    monkeypatch.setattr(sys, "argv", ["check_cost.py", "build", "--maps"])
    monkeypatch.setattr(check_cost, "measured", lambda _: done.append("run") or
                        ("900,000 schedules; 7 schedules/s", 1, 1, 1))
    monkeypatch.setattr(check_cost, "stamp", lambda: done.append("asked") or
                        "today")
    check_cost.main()
    modes = ["run"] * len(check_cost.MODES)
    assert done == ["run", "run", "asked", *modes, "asked"]


def test_a_mode_that_is_slow_fails_and_is_named(place):
    done, page = told(place, "0")
    assert done.returncode == 1
    assert "Limits not kept: random, sc: " in page and "pct, c11: " in page


def test_the_row_of_all_maps_stays_where_they_were_not_checked(place):
    (place / "docs/tally/check-cost.md").write_text(
        "| `check-maps`, before | 300 | 500 | 20 |\n")
    assert "| `check-maps`, before | 300 | 500 | 20 |\n" in told(place, "9")[1]


def test_an_exhaustive_run_that_stopped_counts_what_it_tried(place):
    _, page = told(place, "20,000 schedules of a program, 232,656 tried, 15 of "
                   "20 programs to their end; 99")
    assert "| exhaustive, sc | 232,656 | " in page
