# SPDX-License-Identifier: Apache-2.0
"""Numbers with their uncertainty, and the verdict from comparing two of them."""
from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """The verdict on one map, compared with another."""
    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"  # the interval lies between 1/1.02 and 1.02
    UNDECIDED = "undecided"
    INVALID = "invalid"  # there is no interval, a control failed, or an answer was wrong


class Unit(str, Enum):
    """The unit of an Estimate."""
    RATE = "operations/s"
    TIME = "ns"
    BYTES = "bytes"
    PER_ENTRY = "bytes/entry"
    RATIO = "ratio"
    PERCENT = "%"
    PER_OPERATION = "1/operation"
    COUNT = "1"


@dataclass(frozen=True)
class Estimate:
    """A centre with its interval at a confidence level.

    - value: None if unknown; `reason` explains why
    - low, high: None if there are too few trials for an interval; `reason` gives their number
    - n: number of trials, or of pairs of trials
    """
    value: float | None
    low: float | None
    high: float | None
    n: int
    unit: Unit
    level: float = 0.95
    reason: str | None = None

    @property
    def margin(self) -> float | None:
        """Half of the interval's relative width: 0.03 means "± 3 %", and None means that there is
        no interval. The larger side is used, so that the printed margin covers the interval."""
        if not self.value or self.low is None or self.high is None:
            return None
        return max(self.high / self.value - 1, 1 - self.low / self.value)


def unknown(unit: Unit, reason: str) -> Estimate:
    """Returns an estimate without a value, with the reason."""
    return Estimate(None, None, None, 0, unit, reason=reason)


@dataclass(frozen=True)
class Comparison:
    """Ratio of the speeds of two maps, paired by block.

    - ratio: `map` / `against`, with its own 95 % interval
    - low, high: the interval that holds jointly for all pairs of the group and gives the
      verdict, or None if there are too few pairs
    - smallest_visible: smallest true ratio that 90 % of runs with this noise decide, or None if
      unknown
    - reason: explains the verdict "invalid"
    """
    map: str
    against: str
    ratio: Estimate
    low: float | None
    high: float | None
    verdict: Verdict
    smallest_visible: float | None = None
    reason: str | None = None
