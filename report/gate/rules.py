# SPDX-License-Identifier: Apache-2.0
"""The rules of the gate, from regress.json; docs/regress-rules.schema.json gives their types
and ranges. The rules are committed before a run and hashed (docs/method/rules.md, R26)."""
import hashlib
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

from report import folders
from report.ending import InputError
from report.gate import schema

RULES = Path(__file__).with_name("regress.json")


@dataclass(frozen=True)
class Rules:
    """The rules. Shares go from 0 to 1, times are in seconds. `sha256` is the hash of the file."""
    alpha: float
    doubt: float
    power: float
    margin: float
    fail_at: float
    tolerance: float
    far: float
    slot_limit: float
    min_pairs: int
    flips: int
    cut: float
    blocks_least: int
    bulk: float
    allowed_s: float
    calibration_blocks: int
    repeat_wait: float
    repeat_most: int
    sha256: str = ""


@dataclass(frozen=True)
class Plan:
    """The rules, and the values that a campaign adds."""
    rules: Rules
    blocks: int
    control_extra: float  # share of additional operations of the arm `slow`
    raised: float | None = None  # FAIL_AT of the campaign

    @property
    def fail_at(self) -> float:
        """The estimated slowdown at which a cell fails."""
        return self.rules.fail_at if self.raised is None else self.raised

    @property
    def tolerance(self) -> float:
        """The slowdown that a passing cell excludes."""
        return max(self.rules.tolerance, self.fail_at)

    @property
    def default(self) -> "Plan":
        """The plan without FAIL_AT, which also judges the controls."""
        return replace(self, raised=None)


def fail_at_of(text: str | None, rules: Rules) -> float | None:
    """Reads FAIL_AT, a slowdown such as "5%", if it is set."""
    if not text:
        return None
    share = float(text[:-1]) / 100 if re.fullmatch(r"[0-9]{1,2}(\.[0-9]+)?%", text) else 0.0
    if not rules.fail_at <= share < rules.far:
        raise InputError(f"FAIL_AT={text}: expected {100 * rules.fail_at:g}% to less than "
                         f"{100 * rules.far:g}%, such as 5%")
    return share


def load_rules(path: Path | str = RULES) -> Rules:
    """Reads the rules. Raises InputError if the rules violate their schema or one of the orders
    margin < fail_at <= tolerance < far, alpha <= doubt, min_pairs <= blocks_least."""
    try:
        text = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {folders.reason(error)}: the gate decides nothing "
                         "without rules") from error
    found = schema.parse(text, str(path), "regress-rules")
    rules = Rules(**{f.name: found[f.name] for f in fields(Rules) if f.name in found},
                  sha256=hashlib.sha256(text).hexdigest())
    for ordered, order in (
            (rules.margin < rules.fail_at <= rules.tolerance < rules.far,
             "margin < fail_at <= tolerance < far"),
            (rules.alpha <= rules.doubt, "alpha <= doubt"),
            (rules.min_pairs <= rules.blocks_least, "min_pairs <= blocks_least")):
        if not ordered:
            raise InputError(f"{path}: expected {order}")
    return rules
