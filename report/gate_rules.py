# SPDX-License-Identifier: Apache-2.0
"""The rules of the gate: margin, alpha and so on, of regress.json.

They are committed before a run, and hashed: docs/method.md, R26.
"""
import hashlib
from pathlib import Path

from report import gate_plan, strict_json
from report.ending import InputError

RULES = Path(__file__).with_name("regress.json")
NEEDED = {"alpha", "power", "margin", "fail_at", "tolerance", "slot_limit",
          "min_pairs", "flips", "blocks_least", "bulk", "allowed_s",
          "calibration_blocks", "repeat_wait", "repeat_most", "cut",
          "doubt"}


def load_rules(path=RULES):
    """(rules, their SHA-256); InputError where they can decide nothing."""
    try:
        text = Path(path).read_bytes()
        rules = strict_json.loads(text)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}, and the gate decides "
                         "nothing without rules") from error
    except ValueError as error:
        raise InputError(f"{path}: no JSON: {error}") from error
    lacks = sorted(NEEDED - set(rules)) if isinstance(rules, dict) else ["{}"]
    if lacks:
        raise InputError(f"{path}: {', '.join(lacks)} missing")
    odd = sorted(n for n in NEEDED if type(rules[n]) not in (int, float))
    if odd:
        raise InputError(f"{path}: {', '.join(odd)}: expected numbers")
    if not (0 < rules["margin"] < rules["fail_at"] <= rules["tolerance"] < 1
            and 0 < rules["alpha"] <= rules["doubt"] < 0.5
            and 0.5 < rules["power"] < 1):
        raise InputError(f"{path}: expected 0 < margin < fail_at <= tolerance"
                         " < 1, 0 < alpha <= doubt < 0.5 < power < 1")
    if not (rules["blocks_least"] >= rules["min_pairs"] > 0
            and 0 < rules["bulk"] <= 1 and rules["allowed_s"] > 0
            and rules["calibration_blocks"] >= gate_plan.FEWEST):
        raise InputError(f"{path}: expected blocks_least >= min_pairs, 0 < "
                         "bulk <= 1, allowed_s > 0, calibration_blocks >= "
                         f"{gate_plan.FEWEST}")
    if not 1.0 <= rules["cut"] <= 10.0:
        raise InputError(f"{path}: cut {rules['cut']}: expected 1 to 10 "
                         "robust standard deviations")
    return rules, hashlib.sha256(text).hexdigest()
