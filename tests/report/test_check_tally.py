# SPDX-License-Identifier: Apache-2.0
"""The tally of hours of check, with programs that answer as they are told."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[1] / "tools"
TALLY = str(TOOLS / "check_tally.py")
PROGRAM = """#!/bin/sh
[ "$1" = list ] && {{ cat {folder}/maps; exit; }}
echo "$2 $5" >>{runs}
{more}
echo 'check: 9 ok, 0 failed, 2 skipped'
"""


def one(name, **more):
    return {"id": name, "shapes": ["u64x8"], "caps": [], "misuse": None,
            "program": None} | more


def programmed(place, folder, *maps, more=""):
    folder.mkdir(exist_ok=True)
    (folder / "maps").write_text(json.dumps({"maps": maps}))
    program = folder / "readmostly"
    program.write_text(PROGRAM.format(folder=folder, runs=place / "runs",
                                      more=more))
    program.chmod(0o755)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "docs/tally").mkdir(parents=True)
    programmed(tmp_path, tmp_path / "build", one("aa"), one("bb"),
               one("unsafe", caps=["unsafe"]), one("wrong", misuse="w"),
               one("technique", shapes=[]),
               one("go_map", program="readmostly-go"))
    programmed(tmp_path, tmp_path / "build/right", one("slow"))
    return tmp_path


def tallied(place, *more, minutes="0.01"):
    return subprocess.run(
        [sys.executable, TALLY, "run", "build", "--minutes", minutes, *more],
        cwd=place, capture_output=True, text=True, check=False)


def runs(place):
    return [tuple(line.split()) for line in
            (place / "runs").read_text().splitlines()]


def test_each_map_that_must_not_be_accused_has_its_turn_and_a_seed(place):
    for _ in range(5):  # one run each, however busy the machine is
        assert tallied(place).returncode == 0
    assert runs(place)[:4] == [("aa", "1"), ("bb", "1"), ("slow", "1"),
                               ("aa", "2")]
    assert len(set(runs(place))) == len(runs(place)) > 4


def test_the_page_says_hours_loads_and_checks(place):
    tallied(place, "--maps", "aa")
    tallied(place, "--loaded", "--maps", "bb")
    page = (place / "docs/tally/checked.md").read_text()
    n = {name: sum(r[0] == name for r in runs(place)) for name in ("aa", "bb")}
    assert (f"- loaded: 0.00 h, {n['bb']} runs of 1 of the 2 maps that have "
            "been run, 0 accused") in page
    row, = (line for line in page.splitlines() if line.startswith("| `bb` |"))
    assert row == f"| `bb` | - | - | {n['bb']}, 0.0 | {9 * n['bb']} | 0 |"
    assert page.endswith("Accused:\n\nNothing.\n")
    (place / "docs/tally/checked.md").unlink()
    subprocess.run([sys.executable, TALLY, "page"], cwd=place, check=True)
    assert (place / "docs/tally/checked.md").read_text() == page


def test_while_it_is_loaded_there_is_a_busy_process_for_each_cpu(place):
    programmed(place, place / "build/right", one("slow"), more=(
        f"pgrep -c -P {'$PPID'} -f 'while True: pass' >>{place}/loops"))
    tallied(place, "--loaded", "--maps", "slow")
    told = set((place / "loops").read_text().split())
    assert told == {str(os.cpu_count())}


def runs_on(pid):
    """Whether a process computes or waits, and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def wait_for(fact):
    """A limit of 60 s, for what does not end."""
    end = time.monotonic() + 60
    while not fact() and time.monotonic() < end:
        time.sleep(0.05)
    return fact()


def killed_at(file, argv, number, where):
    """Ends a process by a signal as soon as it has written a file of others:
    whether these have ended, too."""
    with subprocess.Popen(argv, cwd=where, stderr=subprocess.DEVNULL) as main:
        assert wait_for(file.exists)
        main.send_signal(number)
        main.wait()
    pids = file.read_text().split()
    ended = wait_for(lambda: not any(map(runs_on, pids)))
    for pid in filter(runs_on, pids):
        os.kill(int(pid), signal.SIGKILL)
    return bool(pids) and ended


def test_what_it_began_ends_with_it(place):
    """`kill` of make is SIGTERM."""
    programmed(place, place / "build/right", one("slow"), more=(
        f"{{ echo $$; pgrep -P $PPID -f 'while True: pass'; }} >{place}/new\n"
        f"mv {place}/new {place}/pids\nexec sleep 1000"))
    assert killed_at(place / "pids", [
        sys.executable, TALLY, "run", "build", "--loaded", "--maps", "slow"],
        signal.SIGTERM, place)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("tally, busy", [
    ("check_tally", "busy(1)"),
    ("admission_tally", "busy(min(os.sched_getaffinity(0)), True)")])
def test_no_busy_loop_outlives_a_tally(tmp_path, tally, busy, number):
    began = (f"import os, signal, subprocess\nimport {tally}\n"
             f"with {tally}.{busy}:\n"
             "    os.system('pgrep -P %d -f True: >new; mv new pids'"
             " % os.getpid())\n"
             "    signal.pause()\n")
    assert killed_at(tmp_path / "pids", [
        "env", f"PYTHONPATH={TOOLS}", sys.executable, "-c", began],
        number, tmp_path)


def test_what_is_accused_is_told_and_fails(place):
    programmed(place, place / "build/right", one("slow"), more=(
        '[ "$5" = 2 ] && { echo "FAIL slow u64x8 growth: hung"; '
        'echo "check: 8 ok, 1 failed, 2 skipped"; exit 1; }'))
    done = tallied(place, "--maps", "slow")
    page = (place / "docs/tally/checked.md").read_text()
    assert done.returncode == 1 and ", 1 accused\n" in page
    assert "FAIL slow u64x8 growth: hung" in page.split("Accused:")[1]


@pytest.mark.parametrize("more", ["kill -9 $$", "exit 2",
                                  "echo 'check: cut'; exit 0"])
def test_a_check_that_did_not_end_is_no_run(place, more):
    programmed(place, place / "build", one("aa"), more=more)
    done = tallied(place)
    assert done.returncode == 2 and "check aa --quiet --seed 1" in done.stderr
    assert not (place / "docs/tally/checked.tsv").exists()


def test_a_map_that_may_be_accused_is_refused(place):
    done = tallied(place, "--maps", "unsafe")
    assert done.returncode == 2 and "'unsafe'" in done.stderr
