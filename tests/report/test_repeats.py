# SPDX-License-Identifier: Apache-2.0
"""Tests repeats of disturbed trials: the bias that they cause, the attempt that counts, and the
checks of their journals."""
import dataclasses
import json
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import repeated_campaigns as simulated
from seal import sealed

from report import load
from report.compare import gather
from report.decide import trust
from report.load import repeats, seal
from report.load.plan import Factors, Plan, Repeat
from report.load.trial import Status, Trial

TOP = Path(__file__).resolve().parents[2]
BUILD = os.environ.get("BUILD", str(TOP / "build/gcc"))
READMOSTLY = os.path.join(BUILD, "readmostly")


# ---- simulated campaigns ---------------------------------------------------

@pytest.mark.parametrize("wake_up_us", [5, 15, 20, 40])
@pytest.mark.parametrize("pair", [("plain", "plain"), ("sleeps", "sleeps"),
                                  ("plain", "sleeps"), ("sleeps", "plain")])
def test_the_interval_contains_the_true_ratio(pair, wake_up_us):
    """Simulates 1,000 campaigns for each pair of maps. Some of the maps cause waiting themselves,
    such as by sleeping in a lock."""
    found = simulated.coverage(*pair, simulated.taken_by_others,
                               simulated.World(wake_up_us=wake_up_us))
    assert 0.94 <= found["covered"] <= 0.97, found
    assert abs(found["bias"]) < 0.01, found
    assert 0.1 < min(found["repeated"]), found


@pytest.mark.parametrize("collector", [0.05, 0.1, 0.2])
@pytest.mark.parametrize("pair", [("plain", "collects"),
                                  ("collects", "sleeps"),
                                  ("collects", "collects")])
def test_the_interval_contains_the_true_ratio_with_collectors(
        pair, collector):
    """The map's threads wait for its own collector. This wait is distinguished from waiting for
    other programs (docs/adr/0024)."""
    world = simulated.World(collector=collector)
    found = simulated.coverage(*pair, simulated.taken_by_others, world,
                               here=simulated.idle_ratio(*pair, world))
    assert 0.94 <= found["covered"] <= 0.975, found
    assert abs(found["bias"]) < 0.01, found
    assert 0.09 < min(found["repeated"]), found


def test_repeats_make_intervals_narrower():
    never, now = (simulated.coverage("plain", "plain", rule)["width"]
                  for rule in (simulated.never, simulated.taken_by_others))
    assert now < 0.85 * never


# ---- real journals, played by the fake trial -------------------------------

def played(folder, fake, blocks):
    """Runs a campaign whose trials the fake trial program plays."""
    subprocess.run(
        [READMOSTLY, "run", str(TOP / "tests/fixtures/campaign.conf"),
         "-o", str(folder), "--counters", "none", "--busy-ok", "--seed", "3",
         "--set", f"blocks={blocks}"], capture_output=True, check=True,
        env=dict(os.environ, RM_FAKE=fake,
                 RM_TRIAL_PROGRAM=os.path.join(BUILD, "tests/fake_trial")))
    return folder


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    return played(tmp_path_factory.mktemp("repeats") / "campaign",
                  "verify=ok;=draw", 20)


def lines_of(folder):
    text = (folder / "trials.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write(folder, lines):
    (folder / "trials.jsonl").write_text(
        "".join(map(sealed, lines)), encoding="utf-8")


def test_the_last_attempt_counts(campaign):
    lines = lines_of(campaign)
    last = {(t["cell"], t["block"]): t for t in lines}
    read = load.read(campaign)
    assert not read.problems and read.trials == len(last) < len(lines)
    for cell in read.cells.values():
        mine = [t for t in lines if t["cell"] == cell.id]
        assert {t.block: t.attempt for t in cell.trials} == \
            {t["block"]: t["attempt"] for t in mine}
        assert len(cell.earlier) == len(mine) - len(cell.trials)
        assert cell.ok == tuple(t for t in cell.trials if t.status is Status.OK)
    void = [t for t in lines if t["status"] == "void"]
    assert len(void) > sum(t["status"] == "void" for t in last.values())


def test_the_simulated_rule_is_the_real_one(campaign, tmp_path):
    """For random waiting times, the simulated rule and `validate`, which uses
    runner/campaign/repeat.c, agree on which trials are disturbed."""
    (tmp_path / "campaign.json").write_bytes(
        (campaign / "campaign.json").read_bytes())
    (tmp_path / "topology.xml").write_bytes(
        (campaign / "topology.xml").read_bytes())
    rng, expected = random.Random(5), set()
    lines = [t for t in lines_of(campaign) if t["attempt"] == 1]
    for number, line in enumerate(lines, 1):
        line["disturbed"] = None
        if "/throughput" not in line["cell"]:
            continue
        thread, = line["result"]["by_thread"]
        thread["runqueue_wait_ns"] = rng.randrange(10 ** 6)
        thread["voluntary_switches"] = rng.choice((0, 1, 3, 10))
        line["others_share"] = rng.choice((None, 0.0, rng.random()))
        own_ns = rng.choice((None, 0, rng.randrange(10 ** 6)))
        if own_ns is not None:
            line["result"]["environment"] |= {"own_threads": True,
                                              "own_threads_cpu_ns": own_ns}
        waited = thread["runqueue_wait_ns"] / 1e6
        others = line["others_share"] or 0.0
        trials = simulated.Trials(*map(np.array, (
            1.0, waited, float(thread["voluntary_switches"]), others,
            (own_ns or 0) / 1e6)))
        if simulated.taken_by_others(trials):
            expected.add(number)
    write(tmp_path, lines)
    done = subprocess.run([READMOSTLY, "dev", "validate", str(tmp_path)],
                          capture_output=True, text=True, check=False)
    marked = re.findall(r"trials.jsonl:(\d+): disturbed: expected others",
                        done.stdout + done.stderr)
    assert {int(n) for n in marked} == expected
    assert 20 < len(expected) < len(lines) - 20


# ---- the budget of repeats, simulated --------------------------------------

def with_budget(pair, world, **more):
    return simulated.coverage(*pair, simulated.taken_by_others, world,
                              share=simulated.SHARE, **more)


@pytest.mark.parametrize("others", [0.15, 0.4, 0.6])
@pytest.mark.parametrize("pair", [("plain", "plain"), ("plain", "sleeps"),
                                  ("sleeps", "plain")])
def test_the_interval_contains_the_true_ratio_with_the_budget(pair, others):
    """The intervals are valid up to the limit at which the report warns ("use with care"). At this
    limit, 13 % of the trials stay disturbed."""
    found = with_budget(pair, simulated.World(others=others))
    assert 0.94 <= found["covered"] <= 0.97, found
    assert abs(found["bias"]) < 0.02, found
    assert sum(found["repeated"]) <= 2 * simulated.SHARE + 0.05, found


@pytest.mark.parametrize("world", [simulated.STEADY, simulated.FULL])
@pytest.mark.parametrize("name", ["plain", "sleeps"])
def test_equal_maps_are_equal_on_a_machine_that_is_never_quiet(name, world):
    found = with_budget((name, name), world)
    assert 0.94 <= found["covered"] <= 0.97 and abs(found["bias"]) < 0.01
    assert found["disturbed"] > trust.BROKEN, "the report must reject so many disturbed trials"


@pytest.mark.parametrize("world", [simulated.STEADY, simulated.FULL])
def test_repeats_cannot_correct_a_machine_that_is_never_idle(world):
    """The machine is always disturbed, so the measured ratio is the ratio on a disturbed machine
    (docs/adr/0024)."""
    pair = "plain", "sleeps"
    nothing, unbounded = (simulated.coverage(*pair, rule, world) for rule in (
        simulated.never, simulated.taken_by_others))
    found = with_budget(pair, world)
    for one in (nothing, unbounded, found):
        assert one["covered"] < 0.93 and one["bias"] < -0.05, one
        assert one is nothing or one["disturbed"] > trust.BROKEN
    ends = sorted((nothing["bias"], unbounded["bias"]))
    assert ends[0] - 0.005 < found["bias"] < ends[1] + 0.005
    here = with_budget(pair, world, here=nothing["bias"])
    assert 0.94 <= here["covered"] <= 0.97, here


def test_the_simulated_budget_is_never_exceeded():
    """Checks the budget after every block, for any disturbances. Also checks that it is used
    completely."""
    rng = np.random.default_rng(2)
    bad = rng.random((4, 300, 9, 5)) < rng.random((1, 300, 1, 1))
    orders = rng.permuted(np.broadcast_to(np.arange(5), bad.shape[1:]),
                          axis=-1)
    made = simulated.within(orders, bad, 0.3).sum(axis=2).cumsum(axis=1)
    allowed = np.floor(0.3 * 5 * np.arange(1, 10) + 1e-9)
    assert (made <= allowed).all() and (made == allowed).mean() > 0.3
    free = simulated.within(orders, bad, 3.0)
    assert (free == simulated.unbounded(bad)).all()


# ---- the budget of repeats, of real journals -------------------------------

@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Runs a campaign with two arms, which are repeated together."""
    folder = tmp_path_factory.mktemp("pairs")
    arms = [f"{name}={folder / name}" for name in ("base", "head")]
    for name in ("base", "head"):
        shutil.copy(os.path.join(BUILD, "tests/fake_trial"), folder / name)
    played = subprocess.run(
        [READMOSTLY, "run", str(TOP / "tests/fixtures/campaign.conf"),
         "-o", str(folder / "campaign"), "--counters", "none", "--busy-ok",
         "--seed", "4", "--arms", ",".join(arms), "--set", "blocks=12"],
        capture_output=True, check=True, text=True,
        env=dict(os.environ, RM_FAKE="verify=ok;=draw"))
    (folder / "campaign/output").write_text(played.stdout)
    return folder / "campaign"


def test_run_compares_the_arms(pairs):
    """The comparison of arms replaces the page, which is about one program for each map."""
    lines = (pairs / "output").read_text().splitlines()
    assert sum(": head is " in line and " as fast as base, n = " in line for line in lines) == \
        sum(c["measure"] == "throughput" for c in json.loads(
            (pairs / "campaign.json").read_text())["cells"])


def test_the_simulated_budget_is_the_real_one(campaign):
    """For the journal of a real run, within() repeats exactly the trials that the runner repeated.
    """
    meta = json.loads((campaign / "campaign.json").read_text())
    cells = [c["id"] for c in meta["cells"] if c["repeat"]["most"]]
    timed = [i for i, c in enumerate(meta["cells"]) if c["repeat"]["most"]]
    orders = [[timed.index(i) for i in order if i in timed]
              for order in meta["order"]]
    bad = np.zeros((4, 1, len(orders), len(cells)), bool)
    expected = np.zeros(bad.shape[1:], int)
    for t in lines_of(campaign):
        if t["cell"] in cells:
            at = 0, t["block"], cells.index(t["cell"])
            bad[(t["attempt"] - 1, *at)] = (
                t["status"] == "void" or bool(t["disturbed"]))
            expected[at] = t["attempt"] - 1
    found = simulated.within(np.array([orders]), bad, 0.5)
    assert (found == expected).all() and found.sum() == 40


def left_of(folder):
    return load.read(folder).repeats.left


@pytest.mark.parametrize("name", ["campaign", "pairs"])
def test_unrepeated_trials_follow_from_the_journal(name, request, tmp_path):
    """The journal is complete, or was cut off after any line."""
    folder = request.getfixturevalue(name)
    (tmp_path / "campaign.json").write_bytes(
        (folder / "campaign.json").read_bytes())
    lines = (folder / "trials.jsonl").read_text().splitlines(True)
    seen = []
    for n in range(0, len(lines) + 1):
        (tmp_path / "trials.jsonl").write_text("".join(lines[:n]))
        seen.append(left_of(tmp_path))
    assert seen == sorted(seen) and len(set(seen)) > 5 and seen[0] == 0
    printed = [] if name == "campaign" else re.findall(
        r"(\d+) stayed disturbed or void",
        (folder / "output").read_text())
    assert not printed or int(printed[0]) == seen[-1]


@pytest.mark.long
@pytest.mark.parametrize("shares", ["with", "without"])
@pytest.mark.parametrize("name", ["campaign", "pairs"])
def test_pending_repeats_agree_with_validate(name, shares, request,
                                             tmp_path):
    """The campaign is killed after each line of the last block, also between repeats and between
    arms. One plan is older than the budget of repeats."""
    folder = request.getfixturevalue(name)
    meta = json.loads((folder / "campaign.json").read_text())
    for cell in meta["cells"] if shares == "without" else ():
        cell["repeat"].pop("share", None)
    shutil.copy(folder / "topology.xml", tmp_path)
    meta["plan_sha256"] = seal.plan_sha256(meta)
    meta["sha256"] = seal.campaign_sha256(meta)
    (tmp_path / "campaign.json").write_text(json.dumps(meta))
    lines = (folder / "trials.jsonl").read_text().splitlines(True)
    last = json.loads(lines[-1])["block"]
    states = set()
    for n in range(len(lines) + 1):
        if n and json.loads(lines[n - 1])["block"] < last - 1:
            continue
        (tmp_path / "trials.jsonl").write_text("".join(lines[:n]))
        found = subprocess.run([READMOSTLY, "dev", "validate", str(tmp_path)],
                               capture_output=True, text=True, check=False)
        read = load.read(tmp_path)
        assert read.complete != ("expected a line of" in found.stdout), n
        states.add((read.pending > 0, read.complete))
    assert states == {(True, False), (False, False)} | (
        {(False, True)} if shares == "with" else set())


@pytest.mark.parametrize("most", [1, 2, 9, 10])
def test_the_budget_may_refuse_the_last_allowed_attempt(most):
    """All attempts except the last exist and are disturbed. The budget allows all repeats but one.
    Whichever attempt would exceed the budget, the trial is not repeated further."""
    share = most - 1.0
    cell = Factors("c", "w", "m", "u64x8", 1, 0, "update", "uniform", "mix", 1, "cores",
                   "throughput", repeat=Repeat(most, share))
    plan = Plan(1, (cell,), (), order=((0,),))
    lines = [Trial("c", 0, Status.OK, disturbed="others")] * most
    found = repeats.walk(plan, {("c", 0, "head"): lines})
    assert found == repeats.Repeats(1, most > 1, (0,), share, share, True)
    lines[-1:] = [Trial("c", 0, Status.OK)]
    found = repeats.walk(plan, {("c", 0, "head"): lines})
    assert (found.left, found.in_vain, found.spent) == (0, 0, ())
    unbounded = dataclasses.replace(cell, repeat=Repeat(most))
    found = repeats.walk(dataclasses.replace(plan, cells=(unbounded,)), {
        ("c", 0, "head"): [Trial("c", 0, Status.OK, disturbed="others")] * most})
    assert not found.whole, "without a budget, as in older plans, a repeat is pending"


def test_a_campaign_killed_between_repeats_is_incomplete(campaign, tmp_path):
    """Such a campaign is also incomplete in a comparison of machines."""
    cut = tmp_path / "cut"
    shutil.copytree(campaign, cut)
    lines = (cut / "trials.jsonl").read_text().splitlines(True)
    assert json.loads(lines[-1])["attempt"] > 1
    (cut / "trials.jsonl").write_text("".join(lines[:-1]))
    assert not load.read(cut).complete and not load.read(cut).pending
    assert gather.unfinished(load.read(cut)) == ("repeats of trials not run yet",)
    assert gather.unfinished(load.read(campaign)) == ()
