# SPDX-License-Identifier: Apache-2.0
"""The plan of a regression check: committed before the run, checked, hashed
into every verdict (R26). Members: docs/method.md."""
import hashlib
import json
import os

from report import stats

SHORTEST_NS = 1_000_000  # of a window (R17: 1000 x the clock's cost)
NEEDED = {"format", "alpha", "power", "margin", "fail_at", "tolerance",
          "slot_limit", "control_extra", "blocks", "min_pairs", "flips",
          "window_ns", "deadline_ns", "factors", "cells", "control_cell"}


class InputError(Exception):
    """Something a person must mend; status 2."""


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def load_plan(path):
    """(plan, its SHA-256); InputError where it cannot lead to a verdict."""
    try:
        with open(path, encoding="utf-8") as file:
            plan = json.load(file)
        digest = sha256_of(path)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}, and the gate runs "
                         "nothing without a plan") from error
    except ValueError as error:
        raise InputError(f"{path}: no JSON: {error}") from error
    check_plan(plan, path)
    return plan, digest


def check_plan(plan, path):
    """Refuses a plan that lacks something or can decide nothing."""
    lacks = sorted(NEEDED - set(plan)) if isinstance(plan, dict) else ["{}"]
    if lacks:
        raise InputError(f"{path}: {', '.join(lacks)} missing")
    limits = (0 < plan["margin"] < plan["fail_at"] <= plan["tolerance"] < 1
              and 0 < plan["alpha"] < 0.5 and 0.5 < plan["power"] < 1)
    if not limits:
        raise InputError(f"{path}: expected 0 < margin < fail_at <= tolerance"
                         " < 1, 0 < alpha < 0.5 < power < 1")
    low, high = plan["window_ns"]
    if not SHORTEST_NS <= low <= high:
        raise InputError(f"{path}: window_ns: expected at least {SHORTEST_NS}"
                         " and the shorter one first")
    if not 0 <= plan["control_cell"] < len(plan["cells"]) or \
            plan["cells"][plan["control_cell"]]["threads"] != 1:
        raise InputError(f"{path}: control_cell: expected the index of a "
                         "cell with one thread")
    enough = min(plan["blocks"], plan["min_pairs"]) >= stats.VERDICT_NEEDS
    if not enough or not stats.feasible(
            plan["blocks"], len(plan["cells"]), plan["alpha"], plan["flips"]):
        raise InputError(f"{path}: {plan['blocks']} blocks, "
                         f"{plan['min_pairs']} min_pairs and {plan['flips']} "
                         f"flips cannot decide {len(plan['cells'])} cells at "
                         f"alpha {plan['alpha']}")


def write_json(path, value):
    """Whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)
