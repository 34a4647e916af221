# SPDX-License-Identifier: Apache-2.0
"""Repeats of disturbed trials: do they bias, what counts, who checks it?"""
import collections
import json
import os
import random
import re
import subprocess

import numpy as np
import pytest
import repeated_campaigns as simulated
from report import journal, quality
from report.analysis import Analysis
from report_helpers import TOP
from seal import sealed

BUILD = os.environ.get("BUILD", str(TOP / "build/gcc"))
READMOSTLY = os.path.join(BUILD, "readmostly")


# ---- simulated campaigns ---------------------------------------------------

@pytest.mark.parametrize("wake_up_us", [5, 15, 20, 40])
@pytest.mark.parametrize("pair", [("plain", "plain"), ("sleeps", "sleeps"),
                                  ("plain", "sleeps"), ("sleeps", "plain")])
def test_a_planted_ratio_lies_in_its_interval(pair, wake_up_us):
    """1,000 campaigns each; also where waiting is a map's own doing."""
    found = simulated.coverage(*pair, simulated.taken_by_others,
                               simulated.World(wake_up_us=wake_up_us))
    assert 0.94 <= found["covered"] <= 0.97, found
    assert abs(found["bias"]) < 0.01, found
    assert 0.1 < min(found["repeated"]), found


@pytest.mark.parametrize("wake_up_us", [15, 20])
def test_laying_all_waiting_on_others_would_bias(wake_up_us):
    """Why wake-ups are told apart: a map would choose its good trials."""
    found = simulated.coverage("plain", "sleeps", simulated.any_wait,
                               simulated.World(wake_up_us=wake_up_us))
    assert found["covered"] < 0.90 and found["bias"] < -0.05, found


def test_repeats_make_intervals_narrower():
    never, now = (simulated.coverage("plain", "plain", rule)["width"]
                  for rule in (simulated.never, simulated.taken_by_others))
    assert now < 0.85 * never


def test_the_world_in_which_it_fails_is_the_one_that_is_told():
    """Work of the lowest priority runs while a map sleeps, and looks like
    others that keep it waiting."""
    found = simulated.coverage("plain", "sleeps", simulated.taken_by_others,
                               simulated.World(filler=True))
    assert found["covered"] < 0.90, found
    told = (TOP / "docs/adr/0024-disturbed-trials-are-repeated.md").read_text()
    assert "lowest priority" in told


# ---- real journals, played by the fake trial -------------------------------

@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repeats") / "campaign"
    subprocess.run(
        [READMOSTLY, "run", str(TOP / "tests/fixtures/campaign.conf"),
         "-o", str(folder), "--counters", "none", "--busy-ok", "--seed", "3",
         "--set", "blocks=20"], capture_output=True, check=True,
        env=dict(os.environ, RM_FAKE="verify=ok;=draw",
                 RM_TRIAL_PROGRAM=os.path.join(BUILD, "tests/fake_trial")))
    return folder


def lines_of(folder):
    text = (folder / "trials.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def write(folder, lines):
    (folder / "trials.jsonl").write_text(
        "".join(map(sealed, lines)), encoding="utf-8")


def test_the_last_attempt_counts(campaign):
    lines = lines_of(campaign)
    last = {(t["cell"], t["block"]): t for t in lines}
    read = journal.read(campaign)
    assert not read.problems and read.trials == len(last) < len(lines)
    assert read.started == len(last)
    for cell in read.cells.values():
        mine = [t for t in lines if t["cell"] == cell.id]
        assert {t["block"]: t["attempt"] for t in cell.trials} == \
            {t["block"]: t["attempt"] for t in mine}
        assert len(cell.earlier) == len(mine) - len(cell.trials)
        assert cell.ok == [t for t in cell.trials if t["status"] == "ok"]
    void = [t for t in lines if t["status"] == "void"]
    assert len(void) > sum(t["status"] == "void" for t in last.values())


def test_repeats_are_told_for_each_map(campaign):
    a = Analysis(journal.read(campaign))
    lines = lines_of(campaign)
    for row in quality.map_rows(a, quality.noise_of(a)):
        tries = collections.Counter((t["cell"], t["block"]) for t in lines
                                    if f"/{row['map']}/" in t["cell"])
        assert row["places"] == len(tries)
        assert row["repeated"] == sum(n > 1 for n in tries.values()) > 10
    assert quality.noise_of(a).still() == sum(
        bool(t["disturbed"]) and t["status"] == "ok" for t in {
            (t["cell"], t["block"]): t for t in lines}.values()) > 0


def test_attempts_that_do_not_follow_are_problems(campaign, tmp_path):
    (tmp_path / "campaign.json").write_bytes(
        (campaign / "campaign.json").read_bytes())
    lines = lines_of(campaign)
    at = next(i for i, t in enumerate(lines) if t["attempt"] == 2)
    write(tmp_path, lines + [lines[at]])
    assert f"trials.jsonl:{len(lines) + 1}: a duplicate, ignored" in \
        journal.read(tmp_path).problems[0]
    lines[at]["attempt"] = 5
    write(tmp_path, lines)
    assert f"trials.jsonl:{at + 1}: attempt 5 without those before it" in \
        journal.read(tmp_path).problems[0]


def test_journals_older_than_repeats_are_read(campaign, tmp_path):
    (tmp_path / "campaign.json").write_bytes(
        (campaign / "campaign.json").read_bytes())
    lines = [t for t in lines_of(campaign) if t["attempt"] == 1]
    for line in lines:
        for name in ("attempt", "disturbed", "others_share"):
            del line[name]
    write(tmp_path, lines)
    read = journal.read(tmp_path)
    assert not read.problems and read.trials == len(lines)
    assert not any(cell.earlier for cell in read.cells.values())


def test_the_simulated_rule_is_the_real_one(campaign, tmp_path):
    """validate, which marks with runner/campaign/repeat.c, says of random
    waiting what the simulation says."""
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
        waited = thread["runqueue_wait_ns"] / 1e6
        others = line["others_share"] or 0.0
        trials = simulated.Trials(*map(np.array, (
            1.0, waited, float(thread["voluntary_switches"]), others)))
        if simulated.taken_by_others(trials):
            expected.add(number)
    write(tmp_path, lines)
    said = subprocess.run([READMOSTLY, "validate", str(tmp_path)],
                          capture_output=True, text=True, check=False)
    marked = re.findall(r"trials.jsonl:(\d+): disturbed: expected others",
                        said.stdout + said.stderr)
    assert {int(n) for n in marked} == expected
    assert 20 < len(expected) < len(lines) - 20
