# SPDX-License-Identifier: Apache-2.0
"""The tally of published bugs, with programs that answer as they are told."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TALLY = str(ROOT / "tests/tools/bugs_tally.py")
sys.path.insert(0, str(ROOT / "tests/tools"))
import bugs_runs  # noqa: E402

BUGS = """# id\tlibrary\tthread\tclass\tneeds\twhat goes wrong
aa_1\tA\thttps://a\trace\tu64, 2 that write\tx
bb_2\tB\thttps://b\ttorn\tu64x24, 1 that writes\ty
"""
# finds aa_1 with odd seeds; counts its runs
PROGRAM = """#!/bin/sh
echo "$@" >>{folder}/runs
while [ $# -gt 1 ]; do [ "$1" = --seed ] && seed=$2; map=${{map:-$1}}; shift; done
[ "$map" = aa_1 ] && [ $((seed % 2)) = 1 ] && {{
	echo "FAIL aa_1: 3 schedules, 0 undecided; schedule 2: data race"; exit 1; }}
{more}
echo "ok   $map: 20 schedules"
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "tests/bugs").mkdir(parents=True)
    (tmp_path / "tests/bugs/bugs.tsv").write_text(BUGS)
    (tmp_path / "docs/tally").mkdir(parents=True)
    programmed(tmp_path)
    return tmp_path


def programmed(place, more=""):
    program = place / "readmostly-explore"
    program.write_text(PROGRAM.format(folder=place, more=more))
    program.chmod(0o755)


def tallied(place, *more, limit=None):
    return subprocess.run(
        [sys.executable, TALLY, str(place), "--seeds", "4", "--tools",
         "explore", *more], cwd=place, capture_output=True, text=True,
        check=False, timeout=limit)


def runs(place):
    return (place / "runs").read_text().splitlines()


def test_what_is_found_how_often_and_by_which_words(place):
    done = tallied(place)
    page = (place / "docs/tally/bugs.md").read_text()
    assert done.returncode == 0 and page.strip() == done.stdout.strip()
    row, = (line for line in page.splitlines() if line.startswith("| `aa_1`"))
    assert "2 of 4, " in row and row.endswith(", data race |")
    assert "| `bb_2` | u64x24, 1 that writes | 0 of 4 |" in page
    assert "- explore: 0 of 2 bugs with every seed, 1 with one at least, in " \
        "4 of 4 seeds (" in page
    assert len(runs(place)) == 22 and "--shape u64x24" in runs(place)[-1]
    # the first seed of each bug, and of each twin, comes before any second
    assert [run.split()[0] for run in runs(place)[:6]] == [
        "aa_1", "bb_2", "aa_1_twin", "bb_2_twin", "aa_1_twin", "bb_2_twin"]
    quick = [run for run in runs(place) if "--schedules 20000" in run]
    assert len(quick) == 8 and all("_twin " in run for run in quick)
    assert sum("_twin " in run for run in runs(place)) == 14


def test_a_tally_that_was_killed_goes_on(place):
    tallied(place)
    file = place / "tally.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:13]) + lines[13][:20])
    (place / "runs").unlink()
    (place / "docs/tally/bugs-runs.tsv").unlink()
    assert tallied(place).returncode == 0 and len(runs(place)) == 9
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(rows) == 22


def test_a_tally_goes_on_in_another_tree(place):
    first = tallied(place, "--seeds", "3")
    (place / "tally.jsonl").unlink()
    (place / "runs").unlink()
    done = tallied(place)
    assert done.returncode == 0 and len(runs(place)) == 4  # of seed 4
    assert len((place / "tally.jsonl").read_text().splitlines()) == 4
    assert first.stdout != done.stdout and "| 2 of 4, " in done.stdout
    raw = (place / "docs/tally/bugs-runs.tsv").read_text().splitlines()
    assert len(raw) == 1 + 22


def test_another_program_is_run_anew(place):
    tallied(place)
    programmed(place, more="# another one")
    tallied(place)
    assert len(runs(place)) == 44


def test_a_twin_that_is_accused_fails(place):
    programmed(place, more='[ $map = bb_2_twin ] && { '
                      'echo "FAIL bb_2_twin u64x24 exchange: lost"; exit 1; }')
    done = tallied(place)
    assert done.returncode == 1
    assert "Twins accused in 14 runs: bb_2_twin." in done.stdout


@pytest.mark.parametrize("more", [
    "[ $map = bb_2 ] && exit 2", "[ $map = bb_2 ] && kill -9 $$",
    '[ $map = bb_2 ] && { echo "skip bb_2: no such shape"; exit 0; }'])
def test_what_was_not_tried_is_no_miss(place, more):
    programmed(place, more=more)
    done = tallied(place)
    assert done.returncode == 2 and "bb_2 --shape u64x24" in done.stderr
    assert not (place / "docs/tally/bugs.md").exists()


def test_a_tally_without_its_end_says_of_how_many_seeds_it_speaks(place):
    tallied(place, "--no-twins")
    file = place / "tally.jsonl"
    lines = file.read_text().splitlines(keepends=True)
    file.write_text("".join(lines[:3]))  # of seed 2 only aa_1
    (place / "docs/tally/bugs-runs.tsv").unlink()
    done = tallied(place, "--no-twins", "--minutes", "1e-9")
    assert done.returncode == 3 and ", in 1 of 4 seeds (" in done.stdout
    assert "| 1 of 2, " in done.stdout and "| 0 of 1 |" in done.stdout
    assert tallied(place, "--no-twins").returncode == 0
    assert len(runs(place)) == 13


def test_what_was_not_run_is_no_miss_and_no_acquittal(place):
    tallied(place, "--no-twins")
    file = place / "tally.jsonl"
    kept = [line for line in file.read_text().splitlines(keepends=True)
            if '"bb_2"' not in line]
    file.write_text("".join(kept))
    (place / "docs/tally/bugs-runs.tsv").unlink()
    done = tallied(place, "--no-twins", "--minutes", "1e-9")
    assert "- explore: 0 of 1 bugs with every seed, 1 with one at least, in " \
        "4 of 4 seeds; 1 were not run (" in done.stdout
    assert "). No twin was run." in done.stdout


def test_twins_alone(place):
    assert tallied(place, "--only-twins").returncode == 0
    assert runs(place) and all("_twin" in line for line in runs(place))


def test_what_was_said_of_other_tools_stays(place):
    (place / "docs/tally/bugs.md").write_text(
        "| bug | needs | check |\n|---|---|---|\n| `aa_1` | u64 | 9 of 9 |\n"
        "\n- check: 1 of 1\n")
    tallied(place)
    page = (place / "docs/tally/bugs.md").read_text()
    row, = (line for line in page.splitlines() if line.startswith("| `aa_1`"))
    assert "| 9 of 9 | 2 of 4, " in row and "\n- check: 1 of 1\n" in page
    assert "| `bb_2` | u64x24, 1 that writes | not run | 0 of 4 |" in page


def test_each_run_is_a_raw_line(place):
    tallied(place)
    raw = (place / "docs/tally/bugs-runs.tsv").read_text().splitlines()
    assert len(raw) == 23 and len(set(raw)) == 23
    assert raw[1].startswith("bugs\texplore\taa_1\t1\t0\t1\t")
    programmed(place, more="# another one")
    tallied(place)
    again = (place / "docs/tally/bugs-runs.tsv").read_text().splitlines()
    assert len(again) == 23 and not set(raw[1:]) & set(again)


def test_a_run_ends_at_its_first_finding(place):
    """What the program does behind it would never end, nor what it started."""
    os.mkfifo(place / "never")
    programmed(place, more=f"""[ "$map" = bb_2 ] && {{
        echo "FAIL bb_2: 3 schedules; schedule 2: leak"
        cat {place}/never & cat {place}/never; }}""")
    done = tallied(place, "--no-twins", limit=120)
    assert "| 4 of 4, " in done.stdout and ", leak |" in done.stdout


def test_what_finds_it_is_in_the_seconds(place):
    """Of a process that its parent, killed with it, has not waited for: of that
    kind are those in which a sanitizer speaks."""
    computes = ("import time; exec('while time.process_time() < .5: pass'); "
                "print('FAIL bb_2: 3 schedules; schedule 2: leak', flush=True); "
                "time.sleep(1000)")
    programmed(place, more=f'''[ "$map" = bb_2 ] &&
        {sys.executable} -c "{computes}"''')
    tallied(place, "--no-twins", "--seeds", "1", limit=120)
    rows = [json.loads(line)
            for line in (place / "tally.jsonl").read_text().splitlines()]
    took, = (row["cpu_s"] for row in rows if row["map"] == "bb_2")
    assert took >= 0.5


def digest_of(folder, commit, dirty, status):
    folder.mkdir()
    header = '#include "runner/base/build_info.h"\n'
    (folder / "info.c").write_text(  # as the Makefile writes build_info.c
        f'{header}const char *const rm_build_commit = "{commit}";\n'
        f"const int rm_build_dirty = {dirty};\n")
    (folder / "main.c").write_text(
        f"{header}int main(void) {{ return rm_build_commit[0] && "
        f"rm_build_dirty ? {status} : 0; }}\n")
    subprocess.run(["gcc", "-O2", f"-I{ROOT}", "info.c", "main.c", "-o",
                    bugs_runs.program(folder, "explore")], cwd=folder,
                   check=True)
    return bugs_runs.digest(folder, "explore")


def test_a_program_is_the_same_of_whichever_commit_dirty_or_not(tmp_path):
    """A tally goes on in another tree, but not with another program."""
    first = digest_of(tmp_path / "a", 40 * "a", 0, 5)
    assert digest_of(tmp_path / "b", 40 * "b", 1, 5) == first
    assert digest_of(tmp_path / "c", 40 * "a", 0, 6) != first
