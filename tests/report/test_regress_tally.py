# SPDX-License-Identifier: Apache-2.0
# slow: over ten seconds of CPU time; not part of `make check`.
"""Facts about make regress-tally: its lines, bars and page, and the script that
runs the gate, with a gate that is played."""
import json
import math
import os
import stat
import statistics
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import ROOT, Fake  # noqa: E402
from report import regress_bars, regress_tally, stats  # noqa: E402
from test_regress_run import put  # noqa: E402

SIGNS = 0.1, -0.1


def lines_of(kind, verdicts, seconds=50.0, plan="p", slowdowns=SIGNS):
    return [{"kind": kind, "head": "base", "verdict": v, "seconds": seconds,
             "plan_sha256": plan, "created_utc": f"2026-11-20T{i:06}Z",
             "date": "2026-11-20", "machine": "m", "cpus": 2, "commit": "c",
             "load": [0.5, 1.5], "reason": None,
             "probe": "nobody else works here: somebody waited 0.1 %",
             "cells": [
                 {"slowdown_percent": slowdowns[i % len(slowdowns)]}]}
            for i, v in enumerate(verdicts)]


def append(folder, tally, kind="aa"):
    return regress_tally.main([f"--tally={tally}", f"--kind={kind}",
                               "--commit=abc", "--probe=quiet", str(folder)])


# ---- bars -----------------------------------------------------------------

@pytest.mark.parametrize("kind, verdicts, word", [
    ("aa", ["PASS"] * 270 + ["INVALID"] * 30, None),
    ("aa", ["PASS"] * 299 + ["FAIL"], "1 FAIL, allowed 0"),
    ("aa", ["PASS"] * 269 + ["INCONCLUSIVE"] * 31, "269 of 300"),
    ("lock", ["FAIL"] * 19 + ["INVALID"], None),
    ("lock", ["FAIL"] * 19 + ["PASS"], "1 PASS, allowed 0"),
    ("lock", ["FAIL"] * 18 + ["INVALID"] * 2, "18 of 20"),
    ("lock", ["FAIL"] * 20 + ["INVALID"], None),
    ("lock", ["FAIL"] * 19 + ["INVALID"] * 2, "19 of 21"),
    ("lock", ["FAIL"] * 37 + ["INVALID"] * 2, "37 of 39"),
    ("lock", ["FAIL"] * 38 + ["INVALID"] * 2, None),
    ("lock", ["INVALID"], None),
    ("lock", ["INVALID"] * 2, "0 of 2"),
    ("padding", ["PASS"] * 19 + ["INVALID"], None),
    ("padding", ["PASS"] * 18 + ["INVALID"] * 2, "18 of 20"),
    ("padding", ["PASS"] * 19 + ["FAIL"], "1 FAIL")])
def test_a_kind_has_its_bar(kind, verdicts, word):
    found = regress_bars.shortfalls(kind, lines_of(kind, verdicts))
    assert not found if word is None else any(word in f for f in found)


def test_a_run_is_loaded_where_the_probe_found_others():
    quiet, busy, unknown = lines_of("aa", ["PASS"] * 3)
    busy["probe"] = "this machine is busy (somebody waited 50 %)"
    unknown["probe"] = None
    quiet["load"] = [2.5, 3.0]  # of the run before
    assert [regress_bars.is_loaded(x) for x in (quiet, busy, unknown)] == [
        False, True, True]


def test_slow_runs_and_one_sidedness_are_seen():
    late = lines_of("aa", ["PASS"] * 2, seconds=331.0)
    assert "over 330 s" in regress_bars.shortfalls("aa", late)[0]
    slower = lines_of("aa", ["PASS"] * 20, slowdowns=[0.1])
    assert "slower in 20 of 20" in regress_bars.shortfalls("aa", slower)[0]
    assert not regress_bars.shortfalls(
        "padding", lines_of("padding", ["PASS"] * 20, slowdowns=[0.1]))


@pytest.mark.parametrize("wrong, n", [(0, 1), (0, 20), (1, 20), (3, 300)])
def test_the_bound_is_where_as_few_errors_have_5_percent(wrong, n):
    """By the sum of binomials, not by the beta distribution."""
    p = stats.clopper_pearson(wrong, n)
    chance = sum(math.comb(n, k) * p ** k * (1 - p) ** (n - k)
                 for k in range(wrong + 1))
    assert chance == pytest.approx(0.05, rel=1e-9)


@pytest.mark.parametrize("kind, verdicts, wrong", [
    ("aa", ["PASS"] * 8 + ["FAIL", "INVALID"], 1),
    ("line", ["FAIL"] * 7 + ["INVALID", "INCONCLUSIVE", "PASS"], 3)])
def test_what_errs_is_an_alarm_or_a_slowdown_that_is_not_seen(
        kind, verdicts, wrong):
    assert regress_bars.wrong_of(kind, lines_of(kind, verdicts))[0] == wrong


# ---- turns ----------------------------------------------------------------

def test_kinds_take_turns_by_their_share():
    wanted, lines, order = {"aa": 4, "lock": 2}, [], []
    while kind := regress_bars.next_kind(lines, wanted):
        order.append(kind)
        lines += lines_of(kind, ["PASS"])
    assert order == ["aa", "lock", "aa", "aa", "lock", "aa"]


def test_runs_of_an_older_plan_do_not_count():
    lines = lines_of("aa", ["FAIL"], plan="old") + lines_of("aa", ["PASS"])
    assert [x["verdict"] for x in regress_bars.counted(lines)["aa"]] == [
        "PASS"]
    assert regress_bars.next_kind(lines, {"aa": 2}) == "aa"


def test_lines_from_before_kinds_are_in_no_bar():
    old = [{"head": "base", "verdict": "FAIL", "seconds": 1.0, "cells": []}]
    assert regress_bars.bars(old) == ([], True)
    assert "| base, before kinds | ? | 1 | 1 FAIL |" in regress_bars.text_of(old)


def test_the_tally_that_is_kept_can_be_read():
    lines = regress_tally.read_tally(os.path.join(ROOT, regress_tally.TALLY))
    assert "| `aa`: " in regress_bars.text_of(lines)


# ---- the page -------------------------------------------------------------

def test_the_page_says_what_came_of_each_kind():
    lines = lines_of("aa", ["PASS"] * 299 + ["INVALID"]) \
        + lines_of("lock", ["FAIL"] * 20)
    lines[299] |= {"load": [3.25, 7.5], "reason": "A/A not shown",
                   "probe": "a probe waited"}
    old = lines_of("aa", ["INCONCLUSIVE"] * 3, plan="old")
    text = regress_bars.text_of(old + lines, {
        x["created_utc"]: {"verdict": "PASS", "rules_sha256": "r"}
        for x in old})  # the same times: three of the new ones, too
    assert "| 300 (300) | 299 | 0 | 0 | 1 | 0 | 0.99 | 1 | met |" in text
    assert "| 20 (20) | 0 | 20 | 0 | 0 | 0 | 13.91 | 0 | met |" in text
    assert "| 0 (20) | 0 | 0 | 0 | 0 | 0 | 100.00 | 0 | not shown yet" in text
    assert "| 2026-11-20 | m | 2 | c | aa | p | 300 | 299 PASS, 1 INVALID " \
        "| 0.5 to 3.25 |" in text
    assert "| c | aa | old | 3 | 3 INCONCLUSIVE |" in text
    assert "| `aa` | 6 | 6 | 0 | 0 | 0 | 3 PASS, 3 INCONCLUSIVE |" in text
    assert "INVALID: A/A not shown (load 3.25, at most 7.5; a probe " in text


# ---- lines ----------------------------------------------------------------

def test_a_line_has_what_decides_it_again(tmp_path):
    tally = tmp_path / "tally.jsonl"
    assert append(put(tmp_path / "slow", Fake(slow={"head": 0.03})), tally,
                  "line") == 0
    line, = regress_tally.read_tally(str(tally))
    assert (line["kind"], line["verdict"], line["commit"], line["probe"]) == \
        ("line", "FAIL", "abc", "quiet")
    d, first = line["pairs"]["gomap_rw t1"]
    assert len(d) == len(first) == 40
    assert statistics.median(d) == pytest.approx(math.log(1.03), abs=0.005)
    assert set(line["pairs"]) == {
        "gomap_rw t1", "syncmap t1", "shard_rw_32 t1", "shard_rw_32 t2",
        "A/A gomap_rw t1", "slowed gomap_rw t1"}


def test_a_run_is_one_line_and_a_torn_one_none(tmp_path, capsys):
    tally, folder = tmp_path / "tally.jsonl", put(tmp_path / "a", Fake())
    assert append(folder, tally) == append(folder, tally) == 0
    whole = tally.read_bytes()
    assert whole.count(b"\n") == 1
    tally.write_bytes(whole[:-40])
    assert append(folder, tally) == 0
    assert tally.read_bytes() == whole
    assert "cut off a line" in capsys.readouterr().err
    tally.write_bytes(whole + b'{"kind": "aa"')
    assert regress_bars.main([f"--tally={tally}", "next", "aa=1"]) == 0
    assert tally.read_bytes() == whole
    assert capsys.readouterr().out == ""


def test_what_is_no_kind_is_named(tmp_path, capsys):
    for word in ("quick=3", "aa", "aa=x"):
        assert regress_bars.main(
            [f"--tally={tmp_path / 't'}", "next", word]) == 2
        assert f"{word}: expected KIND=N" in capsys.readouterr().err


# ---- the script -----------------------------------------------------------

@pytest.fixture(name="played")
def played_gate(tmp_path):
    """A gate that notes its words and leaves a folder; where `stop` is there
    it is killed before its verdict, by a kill of the script, too."""
    put(tmp_path / "kept", Fake())
    for arm in ("base", "copy", "lock"):
        program = tmp_path / "arms" / arm / "readmostly"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho nobody works here\n")
        program.chmod(0o755)
    gate = tmp_path / "gate"
    gate.write_text(f"""#!/bin/bash
echo "$MAPS,$WORKLOAD,$MINUTES,$*" >>{tmp_path}/asked
[ "$6" = --resume ] && exit 0
n=$(wc -l <{tmp_path}/asked)
mkdir -p "$(dirname "$5")" && cp -r {tmp_path}/kept "$5"
sed -i "s/08:00:00.000Z/08:00:00.$(printf %03d "$n")Z/" "$5/campaign.json"
[ ! -e {tmp_path}/stop ] || {{ rm {tmp_path}/stop; kill -9 $PPID; exit 1; }}
""")
    gate.chmod(gate.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "tally").touch()

    def run(*kinds, **more):
        # PLACE: the folder of this test, so that no real one is met
        return subprocess.run(
            ["tests/tools/regress_tally.sh", *kinds], cwd=ROOT,
            env=os.environ | {
                "GATE": str(gate), "ARMS": str(tmp_path / "arms"), "BASE": "",
                "PLACE": str(tmp_path / "place"), "N": "",
                "TALLY": str(tmp_path / "tally"), "MINUTES": "",
                "PAGE": str(tmp_path / "page")} | more,
            timeout=300, check=False, capture_output=True, text=True)
    run.folder = tmp_path
    run.lines = lambda: regress_tally.read_tally(str(tmp_path / "tally"))
    run.asked = lambda: (tmp_path / "asked").read_text().splitlines()
    return run


def test_the_script_runs_each_kind_in_turn_and_ends(played):
    done = played("aa", "lock", N="2", MINUTES="60")
    assert [x["kind"] for x in played.lines()] == ["aa", "lock"] * 2
    aa, lock = played.asked()[:2]
    # minutes of all runs are not those of one, which has the gate's own
    assert aa.startswith("gomap_rw,,,") and aa.endswith("--set blocks=60")
    assert "copy/readmostly -o" in aa and "lock/readmostly -o" in lock
    assert lock.startswith(",tests/fixtures/gate/half-writes.conf,,")
    assert done.returncode == 1, "a slow head that is PASS misses its bar"
    assert "lock: 2 PASS, allowed 0" in done.stdout
    assert "| 2 (300) | 2 |" in (played.folder / "page").read_text()
    assert played("aa", "lock", N="2").returncode == 1
    assert len(played.asked()) == 4, "nothing is run that is done"


def test_a_call_that_was_killed_goes_on(played):
    (played.folder / "stop").touch()
    assert played("aa", N="2").returncode == -9
    assert not played.lines()
    done = played("aa", N="2")
    assert done.returncode == 0, done.stderr
    assert "going on with a run that was interrupted" in done.stderr
    assert len(played.lines()) == 2
    assert played.asked()[1].endswith(" --resume")


def test_a_call_ends_with_its_minutes(played):
    assert played("aa", N="2", MINUTES="0").returncode == 0
    assert not played.lines()
    assert "not shown yet" in (played.folder / "page").read_text()
    assert played("aa", N="x").returncode == 2
    assert played("quick").returncode == 2
