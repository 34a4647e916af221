# SPDX-License-Identifier: Apache-2.0
"""Facts about make regress, on invented trials: seeds fixed, no clock."""
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, ROOT)
from report import (gate, gate_table, regress, regress_tally,  # noqa: E402
                    regress_plan, regress_trials)

FAKE = os.path.join(ROOT, "tests", "fixtures", "fake_trial.py")
PLAN = os.path.join(ROOT, regress.PLAN)
COST_NS = 20.0


class Fake:
    """Plays readmostly trial in this process; binaries are named like arms.

    slow, fail  binary -> share, binary -> (status, exit, reason)
    noise       standard deviation of the log cost
    second      what the second trial of a pair costs on top [share]
    """

    def __init__(self, slow=(), fail=(), noise=0.005, second=0.0, seed=1):
        self.slow, self.fail = dict(slow), dict(fail)
        self.noise, self.second = noise, second
        self.random, self.last, self.calls = random.Random(seed), None, []

    def __call__(self, binary, request, padding, timeout_s):
        cell, name = request["cell"], os.path.basename(binary)
        self.calls.append((name, cell["id"], request["seed"], padding))
        pair = (cell["id"], request["seed"])
        slot = 1 if self.last == pair else 0
        self.last = None if slot else pair
        status, end, reason = self.fail.get(name, ("ok", "0", None))
        if end != "0" or status == "failed":
            return {"exit": end, "status": "failed", "reason": reason,
                    "result": None, "wall_ns": 1}
        cost = COST_NS * math.exp(self.random.gauss(0, self.noise))
        cost *= (1 + self.slow.get(name, 0)) * (1 + self.second * slot)
        return {"exit": end, "status": status, "reason": reason, "wall_ns": 1,
                "result": {"cell": cell["id"], "ops": cell["window_ops"]
                           * cell["threads"], "threads": [{}]
                           * cell["threads"], "elapsed_ns": cost
                           * cell["window_ops"]
                           * (1 + request["control_extra"])}}


class Kept:
    """A journal in memory."""

    def __init__(self):
        self.rows = []

    def add(self, row):
        self.rows.append(row)

    def sync(self):
        pass


def campaign_of(fake, cpus=range(2), head_extra=0.0, **changes):
    plan, digest = regress_plan.load_plan(PLAN)
    plan |= {"blocks": 40, "flips": 8000} | changes
    arms = {arm: {"binary": binary, "binary_sha256": binary,
                  "control_extra": extra} for arm, binary, extra in (
        ("base", "base", 0.0), ("head", "head", head_extra),
        ("aa-base", "base", 0.0), ("aa-copy", "copy", 0.0),
        ("control-base", "base", 0.0),
        ("control-slow", "base", plan["control_extra"]))}
    campaign = {"name": "test", "plan": plan, "plan_sha256": digest,
                "arms": arms, "seed": 7, "attempt": 1, "earlier": [],
                "cells": {}, "contrasts": [], "skipped": []}
    regress.lay_out(campaign, set(cpus), start=fake)
    return campaign


def verdicts_of(fake, **how):
    campaign = campaign_of(fake, **how)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    return gate.decide(campaign, rows)


def only(verdicts, role):
    return next(r for r in verdicts["controls"] if r["role"] == role)


# ---- the four verdicts ----------------------------------------------------

def test_base_against_itself_passes_with_both_controls():
    v = verdicts_of(Fake())
    assert v["verdict"] == "PASS" and v["reason"] is None
    assert [r["verdict"] for r in v["cells"]] == ["PASS"] * 3
    assert only(v, "aa")["verdict"] == "PASS"
    assert only(v, "control")["slowdown_percent"] == pytest.approx(2, abs=.4)
    assert v["family"] == 3


def test_planted_two_percent_fails():
    v = verdicts_of(Fake(), head_extra=0.02)
    assert v["verdict"] == "FAIL"
    assert [r["verdict"] for r in v["cells"]] == ["FAIL"] * 3
    assert "slower by" in v["reason"]


def test_a_slower_program_fails_too():
    v = verdicts_of(Fake(slow={"head": 0.03}))
    assert v["verdict"] == "FAIL"
    assert v["cells"][0]["slowdown_percent"] == pytest.approx(3, abs=.4)


def test_a_faster_program_passes_and_is_called_faster():
    v = verdicts_of(Fake(slow={"head": -0.03}))
    assert v["verdict"] == "PASS"
    assert [r["words"] for r in v["cells"]] == ["faster"] * 3


def test_much_more_than_the_tolerance_in_noise_never_passes():
    for seed in range(5):
        v = verdicts_of(Fake(noise=0.06, seed=seed), head_extra=0.05)
        assert v["verdict"] != "PASS"


def test_noise_of_one_cell_leaves_it_undecided_with_what_it_could_see():
    class OneNoisy(Fake):
        def __call__(self, binary, request, padding, timeout_s):
            self.noise = 0.08 if request["cell"]["map"] == "syncmap" else .004
            return super().__call__(binary, request, padding, timeout_s)
    v = verdicts_of(OneNoisy())
    row = v["cells"][1]
    assert v["verdict"] == row["verdict"] == "INCONCLUSIVE"
    assert row["mde_percent"] > 2 and "MDE" in row["words"]
    assert "syncmap" in v["reason"]


def test_noise_that_hides_the_control_is_invalid():
    v = verdicts_of(Fake(noise=0.08))
    assert v["verdict"] == "INVALID" and "not seen" in v["reason"]


def test_two_copies_of_base_that_differ_are_invalid():
    for share in (0.02, -0.02):
        v = verdicts_of(Fake(slow={"copy": share}), head_extra=0.02)
        assert v["verdict"] == "INVALID"
        assert "copies of base" in v["reason"]
        assert v["cells"][0]["verdict"] == "FAIL", "shown, but not the answer"


def test_a_slot_effect_is_invalid_and_a_small_one_is_not():
    v = verdicts_of(Fake(second=0.04))
    assert v["verdict"] == "INVALID" and "slot effect" in v["reason"]
    row = v["cells"][0]
    assert row["slot_percent"] == pytest.approx(4, abs=.5)
    assert verdicts_of(Fake(second=0.003))["verdict"] == "PASS"


# ---- arms that break ------------------------------------------------------

@pytest.mark.parametrize("how, word", [
    (("failed", "signal 11", "signal 11"), "signal 11"),
    (("failed", "deadline", "deadline"), "deadline"),
    (("failed", "0", "sums unequal"), "sums unequal")])
def test_a_head_that_breaks_fails_and_is_named(how, word):
    v = verdicts_of(Fake(fail={"head": how}))
    assert v["verdict"] == "FAIL"
    assert "head in block" in v["reason"] and word in v["reason"]


def test_a_head_that_breaks_fails_even_where_controls_are_off():
    v = verdicts_of(Fake(fail={"head": ("failed", "signal 6", "signal 6")},
                         slow={"copy": 0.05}))
    assert v["verdict"] == "FAIL" and "signal 6" in v["reason"]


def test_a_copy_that_breaks_is_invalid_and_named():
    v = verdicts_of(Fake(fail={"copy": ("failed", "signal 9", "signal 9")}))
    assert v["verdict"] == "INVALID"
    assert "aa-copy in block" in v["reason"] and "signal 9" in v["reason"]


def test_a_base_that_breaks_is_not_run_and_never_passes():
    v = verdicts_of(Fake(fail={"base": ("failed", "signal 9", "signal 9")}))
    assert v["verdict"] == "INVALID"
    assert {s["reason"] for s in v["skipped"]} == {"signal 9"}


def test_void_trials_are_lost_pairs_not_zeros():
    class SomeVoid(Fake):
        def __call__(self, binary, *rest):
            bad = binary == "head" and self.random.random() < 0.7
            self.fail = {"head": ("void", "0", "thread moved")} if bad else {}
            return super().__call__(binary, *rest)
    v = verdicts_of(SomeVoid(), head_extra=0.05)
    for row in v["cells"]:
        assert row["n"] < 20 and row["verdict"] == "INCONCLUSIVE"
        assert "thread moved" in row["words"]
        assert row["slowdown_percent"] == pytest.approx(5, abs=1)


def test_a_broken_contrast_leaves_later_blocks():
    fake = Fake(fail={"head": ("failed", "signal 11", "signal 11")})
    verdicts_of(fake)
    heads = [c for c in fake.calls if c[0] == "head"]
    assert len(heads) == 4 * regress_trials.GIVE_UP


# ---- the design -----------------------------------------------------------

def test_pairs_share_a_seed_and_blocks_do_not():
    fake = Fake()
    campaign = campaign_of(fake)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    seeds = {}
    for row in rows:
        seeds.setdefault(row["block"], set()).add(row["seed"])
    assert all(len(s) == 1 for s in seeds.values())
    assert len(set.union(*seeds.values())) == campaign["plan"]["blocks"]


def test_every_block_has_every_arm_once_and_pairs_stay_together():
    fake = Fake()
    campaign = campaign_of(fake)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    keys = [(r["cell"], r["block"], r["arm"]) for r in rows]
    assert len(set(keys)) == len(keys) == 40 * 2 * 6
    for first, second in zip(rows[::2], rows[1::2]):
        assert (first["slot"], second["slot"]) == (0, 1)
        assert first["cell"] == second["cell"]
        assert first["arm"] != second["arm"]


def test_order_depends_on_the_seed_only_and_is_random():
    a = [regress_trials.block_order(5, b, 6) for b in range(400)]
    assert a == [regress_trials.block_order(5, b, 6) for b in range(400)]
    assert a != [regress_trials.block_order(6, b, 6) for b in range(400)]
    firsts = sum(base_first for _, o in a for _, base_first, *_ in o)
    assert abs(firsts - 1200) < 4 * math.sqrt(600)
    places = [o[0][0] for _, o in a]
    assert all(places.count(i) > 30 for i in range(6))
    assert len({p for _, o in a for p in o[0][2:]}) > 500


def test_windows_are_counted_once_on_base_and_last_20_to_30_ms():
    fake = Fake()
    campaign = campaign_of(fake)
    for cell in campaign["cells"].values():
        assert 20e6 <= cell["window_ops"] * COST_NS <= 30e6
        assert cell["window_ns"] == 0
        assert cell["warm_up_ns"] >= 25e6 / 3
        assert cell["warm_up_ns"] >= cell["keys"] * COST_NS * 0.97
        assert f"/{cell['window_ops']}ops/" in cell["id"]
    assert {c[0] for c in fake.calls} == {"base"}


@pytest.mark.parametrize("cpus, role", [(1, None), (3, "advice"), (4, "gate")])
def test_two_threads_are_advice_below_four_cpus(cpus, role):
    campaign = campaign_of(Fake(), cpus=range(cpus))
    two = [c["role"] for c in campaign["contrasts"] if "/t2/" in c["cell"]]
    assert two == ([role] if role else [])
    if not role:
        assert campaign["skipped"][0]["reason"] == "needs 2 CPUs, 1 usable"
        v = verdicts_of(Fake(), cpus=range(cpus))
        assert v["verdict"] == "PASS" and len(v["skipped"]) == 1


def test_advice_is_shown_and_decides_nothing():
    class TwoSlow(Fake):
        def __call__(self, binary, request, *rest):
            two = request["cell"]["threads"] == 2
            self.slow = {"head": 0.1} if two else {}
            return super().__call__(binary, request, *rest)
    v = verdicts_of(TwoSlow())
    assert v["verdict"] == "PASS"
    assert v["advice"][0]["verdict"] == "FAIL"
    assert "advice only, FAIL" in gate_table.table(v)


def test_threads_get_cores_of_their_own_before_siblings():
    def core(cpu):
        return cpu % 2
    assert regress.choose_cpus(1, {0, 1, 2, 3}, core) == [3]
    assert regress.choose_cpus(2, {0, 1, 2, 3}, core) == [3, 2]
    assert regress.choose_cpus(2, {1, 3}, core) == [3, 1]
    assert regress.choose_cpus(3, {1, 3}, core) is None


# ---- verdict words --------------------------------------------------------

@pytest.mark.parametrize("change, verdict", [
    ({}, "PASS"),
    ({"p_within": 0.011}, "INCONCLUSIVE"),
    ({"p_slower": 0.01, "slowdown_percent": 1.0}, "FAIL"),
    ({"p_slower": 0.011, "slowdown_percent": 3.0, "p_within": 1.0},
     "INCONCLUSIVE"),
    ({"p_slower": 0.001, "slowdown_percent": 0.99}, "PASS"),
    ({"p_slower": 0.001, "slowdown_percent": 1.5, "p_within": 0.001}, "FAIL"),
    ({"slot_low_percent": 0.51, "slot_high_percent": 0.9}, "INVALID"),
    ({"slot_low_percent": -0.9, "slot_high_percent": -0.51}, "INVALID"),
    ({"slot_low_percent": 0.2, "slot_high_percent": 3.0}, "PASS"),
    ({"n": 19}, "INCONCLUSIVE"),
    ({"head_failed": "x"}, "FAIL"),
    ({"base_failed": "x", "head_failed": "x"}, "INVALID"),
    ({"high_percent": -0.4}, "PASS"),
    ({"high_percent": -0.6}, "PASS")])
def test_verdict_of_a_cell(change, verdict):
    plan, _ = regress_plan.load_plan(PLAN)
    row = {"n": 60, "p_slower": 1.0, "p_within": 0.001, "lost": [],
           "slowdown_percent": 0.1, "low_percent": -0.1, "high_percent": 0.3,
           "slot_percent": 0.0, "slot_low_percent": -0.1,
           "slot_high_percent": 0.1, "mde_percent": 0.8,
           "head_failed": None, "base_failed": None} | change
    assert gate.verdict_of(row, plan)[0] == verdict
    if verdict == "PASS":
        faster = row["high_percent"] == -0.6
        assert (gate.verdict_of(row, plan)[1] == "faster") == faster


def test_no_control_no_verdict():
    row = {"verdict": "PASS", "head_failed": None}
    assert gate.verdict_of_run([row], [], [])[0] == "INVALID"
    assert gate.verdict_of_run([], [row], [])[0] == "INVALID"


def test_a_planned_cell_that_was_not_run_leaves_no_pass():
    row = {"verdict": "PASS", "head_failed": None}
    lost = {"cell": "regress/m/t1", "role": "gate", "reason": "unknown map"}
    verdict, reason = gate.verdict_of_run([row], [row], [lost])
    assert verdict == "INCONCLUSIVE"
    assert reason == "m t1 not run: unknown map"


def test_same_journal_same_verdicts():
    fake = Fake()
    campaign = campaign_of(fake)
    rows = regress_trials.run_blocks(campaign, Kept(), fake)
    one = json.dumps(gate.decide(campaign, rows))
    assert one == json.dumps(gate.decide(campaign, rows[::-1]))


# ---- the plan (R26) -------------------------------------------------------

@pytest.mark.parametrize("change, word", [
    ({"alpha": None}, "alpha missing"),
    ({"margin": 0.03}, "margin"),
    ({"blocks": 12}, "cannot decide"),
    ({"min_pairs": 6}, "cannot decide"),
    ({"flips": 100}, "cannot decide"),
    ({"window_ns": [1000, 2000]}, "window_ns"),
    ({"control_cell": 3}, "control_cell")])
def test_a_plan_that_decides_nothing_is_refused(tmp_path, change, word):
    plan, _ = regress_plan.load_plan(PLAN)
    plan |= change
    plan = {k: v for k, v in plan.items() if v is not None}
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    with pytest.raises(regress_plan.InputError, match=word):
        regress_plan.load_plan(str(path))


def test_no_plan_no_run(tmp_path):
    with pytest.raises(regress_plan.InputError, match="without a plan"):
        regress_plan.load_plan(str(tmp_path / "none.json"))


# ---- whole runs in processes ----------------------------------------------

@pytest.fixture
def arms(tmp_path):
    """Three fake programs and a plan of one cell and 24 blocks."""
    for arm in ("base", "copy", "head"):
        shutil.copy(FAKE, tmp_path / arm)
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
    shutil.copy(FAKE, tmp_path / "head")
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
