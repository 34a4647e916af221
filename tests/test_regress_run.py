# SPDX-License-Identifier: Apache-2.0
"""Facts about whole runs of make regress in processes, and of its tally."""
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import PLAN, PROGRAM, ROOT  # noqa: E402
from report import (gate, regress_plan, regress_tally,  # noqa: E402
                    regress_trials)


# ---- whole runs in processes ----------------------------------------------

@pytest.fixture
def arms(tmp_path):
    """Three fake programs and a plan of one cell and 24 blocks."""
    for arm in ("base", "copy", "head"):
        shutil.copy(PROGRAM, tmp_path / arm)
    plan, _ = regress_plan.load_plan(PLAN)
    plan |= {"blocks": 24, "cells": plan["cells"][:1]}
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    return tmp_path


def command(folder, *more):
    return [sys.executable, "-m", "report.regress", "--base", folder / "base",
            "--copy", folder / "copy", "--head", folder / "head", "--results",
            folder / "results", "--lock", folder / "lock", "--plan",
            folder / "plan.json", "--seed", "1", *more]


def gate_run(folder, *more, **fake):
    env = dict(os.environ, FAKE_TRIAL=json.dumps(fake))
    return subprocess.run(command(folder, *more), cwd=ROOT, env=env,
                          capture_output=True, text=True, timeout=120)


def folders(folder):
    return sorted((folder / "results").iterdir())


def test_runs_are_numbered_kept_and_exit_by_their_verdict(arms):
    first = gate_run(arms)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "verdict: PASS" in first.stdout
    second = gate_run(arms)
    assert "attempt 2" in second.stdout
    assert "attempt 1: PASS" in second.stdout
    slow = gate_run(arms, head={"slowdown": 0.03})
    assert slow.returncode == 1 and "verdict: FAIL" in slow.stdout
    kept = folders(arms)
    assert len(kept) == 3
    rows = [json.loads(line) for line in open(kept[0] / "trials.jsonl")]
    assert len(rows) == 24 * 3 * 2
    assert all(len(row["binary_sha256"]) == 64 for row in rows)
    verdicts = json.loads((kept[2] / "report" / "verdicts.json").read_text())
    assert verdicts["verdict"] == "FAIL"
    assert verdicts["plan_sha256"] == regress_plan.sha256_of(arms / "plan.json")
    campaign = json.loads((kept[0] / "campaign.json").read_text())
    decided = gate.decide(campaign, rows)
    assert decided == json.loads(
        (kept[0] / "report" / "verdicts.json").read_text())
    check_page(kept[2], slow)


def check_page(folder, run):
    """The page says what the terminal said, and is the same made again."""
    page = folder / "report" / "index.html"
    if not page.exists():
        assert "no page:" in run.stderr, "only where matplotlib is missing"
        return
    before = page.read_bytes()
    again = subprocess.run(
        [sys.executable, "-m", "report", "regress", folder], cwd=ROOT,
        capture_output=True, text=True, timeout=120)
    assert again.returncode == run.returncode == 1, again.stderr
    assert again.stdout.splitlines()[:-1] == run.stdout.splitlines()[:-1]
    assert page.read_bytes() == before
    text = before.decode()
    assert "FAIL: head against base: gomap_rw t1: slower by" in text
    assert "http://" not in text and "<!--panel" not in text
    table = (folder / "report" / "tables" / "gate.csv").read_text()
    assert "slowed gomap_rw t1" in table
    (folder / "trials.jsonl").write_bytes(
        (folder / "trials.jsonl").read_bytes()[:-9000])
    torn = subprocess.run(
        [sys.executable, "-m", "report", "regress", folder], cwd=ROOT,
        capture_output=True, text=True, timeout=120)
    assert torn.returncode == 2 and "interrupted" in torn.stderr


@pytest.mark.parametrize("how, word", [
    ("signal", "signal 11"), ("status", "status 4"),
    ("garbage", "no result"), ("failed", "planted: failed")])
def test_a_process_that_breaks_is_named(arms, how, word):
    done = gate_run(arms, head={"fail": how})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "head in block 0" in done.stdout and word in done.stdout


def test_a_process_that_hangs_is_killed_and_named(tmp_path):
    shutil.copy(PROGRAM, tmp_path / "head")
    os.environ["FAKE_TRIAL"] = '{"head": {"fail": "hang"}}'
    try:
        outcome = regress_trials.launch(str(tmp_path / "head"), {}, 0, 0.5)
    finally:
        del os.environ["FAKE_TRIAL"]
    assert outcome["exit"] == "deadline" and outcome["status"] == "failed"


def test_a_program_that_is_not_there_is_named():
    outcome = regress_trials.launch("/nonexistent/head", {}, 0, 1)
    assert outcome["exit"] == "not started"
    assert "No such file" in outcome["reason"]


def test_a_result_of_another_cell_is_refused():
    request = {"cell": {"id": "a", "threads": 1}}
    answer = {"cell": "b", "status": "ok", "reason": None, "elapsed_ns": 1,
              "ops": 1, "threads": [{}]}
    bad = regress_trials.read_answer("0", json.dumps(answer), b"", request)
    assert bad["status"] == "failed" and "not of this cell" in bad["reason"]


def test_copy_must_be_a_second_file_of_equal_content(arms):
    (arms / "copy").unlink()
    os.link(arms / "base", arms / "copy")
    linked = gate_run(arms)
    assert linked.returncode == 2 and "second copy" in linked.stderr
    (arms / "copy").unlink()
    (arms / "copy").write_text("#!/bin/sh\n")
    assert gate_run(arms).returncode == 2


def test_a_missing_head_is_status_2(arms):
    (arms / "head").unlink()
    done = gate_run(arms)
    assert done.returncode == 2 and "No such file" in done.stderr


def test_an_interrupted_run_has_no_verdict(arms):
    child = subprocess.Popen(command(arms, "--blocks", "5000"), cwd=ROOT,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not list(arms.glob("results/*/trials.jsonl")):
        time.sleep(0.05)
        assert child.poll() is None, child.stderr.read()
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 75 and b"no verdict" in err
    assert not list(arms.glob("results/*/report/verdicts.json"))


# ---- the tally ------------------------------------------------------------

def tally_line(head, verdict, seconds=50.0, slowdown=0.1):
    return {"head": head, "verdict": verdict, "seconds": seconds,
            "cells": [{"slowdown_percent": slowdown}]}


def tally(same, slow, **more):
    signs = [0.1, -0.1]
    return [tally_line("base", v, slowdown=signs[i % 2], **more)
            for i, v in enumerate(same)] + [tally_line("+2 %", v)
                                            for v in slow]


@pytest.mark.parametrize("same, slow, word", [
    (["PASS"] * 16 + ["INVALID"] * 4, ["FAIL"] * 9 + ["INVALID"], None),
    (["PASS"] * 19 + ["FAIL"], ["FAIL"] * 10, "1 FAIL, allowed 0"),
    (["PASS"] * 15 + ["INVALID"] * 5, ["FAIL"] * 10, "15 of 20"),
    (["PASS"] * 20, ["FAIL"] * 9 + ["PASS"], "1 PASS, allowed 0"),
    (["PASS"] * 20, ["FAIL"] * 8 + ["INCONCLUSIVE"] * 2, "8 of 10")])
def test_the_bar_of_the_tally(same, slow, word):
    found = regress_tally.shortfalls(tally(same, slow))
    assert (word is None and not found) or any(word in f for f in found)


def test_the_tally_sees_slow_runs_and_one_sidedness():
    assert "over 120 s" in regress_tally.shortfalls(
        tally(["PASS"] * 2, [], seconds=121.0))[0]
    lines = [tally_line("base", "PASS") for _ in range(20)]
    assert "slower in 20 of 20" in regress_tally.shortfalls(lines)[0]


def test_slow_runs_of_the_tally_are_spread():
    runs = regress_tally.order(20, 10)
    assert len(runs) == 30 and sum(runs) == 10
    assert all(sum(runs[i:i + 3]) == 1 for i in range(0, 30, 3))


def test_the_tally_appends_and_keeps(arms):
    tally_file = arms / "tally.jsonl"
    argv = [f"--{k}={arms / v}" for k, v in (
        ("base", "base"), ("copy", "copy"), ("plan", "plan.json"),
        ("results", "results"), ("lock", "lock"), ("tally", "tally.jsonl"))]
    for _ in range(2):
        assert regress_tally.main(argv + ["--same=1", "--slow=1"]) == 0
    lines = [json.loads(line) for line in open(tally_file)]
    assert [x["verdict"] for x in lines] == ["PASS", "FAIL"] * 2
    assert len(folders(arms)) == 4
