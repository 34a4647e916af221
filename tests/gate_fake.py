# SPDX-License-Identifier: Apache-2.0
"""Invented trials for tests of make regress, in this process: no clock."""
import math
import os
import random
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, ROOT)
from report import gate, regress, regress_plan, regress_trials  # noqa: E402

PROGRAM = os.path.join(ROOT, "tests", "fixtures", "fake_trial.py")
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
