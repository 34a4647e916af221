# SPDX-License-Identifier: Apache-2.0
"""Numbers with their uncertainty, and the verdict of comparing two of them."""
from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """The result of comparing one map with another."""
    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"  # the interval lies inside 1/1.02 to 1.02
    UNDECIDED = "undecided"
    INVALID = "invalid"  # no interval, a failed control, a wrong answer


class Unit(str, Enum):
    """Unit of an Estimate."""
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
    """A centre with an interval at a confidence level.

    value   None: not known; see the reason
    low, high  None: too few trials for an interval; the reason has the number
    n       trials, or pairs of trials
    reason  why value or interval is missing
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
        """Half of the relative width: 0.03 is "± 3 %"; None: no interval.

        Uses the larger side, so that the printed margin covers the interval.
        """
        if not self.value or self.low is None or self.high is None:
            return None
        return max(self.high / self.value - 1, 1 - self.low / self.value)


def unknown(unit: Unit, reason: str) -> Estimate:
    """An estimate that could not be made."""
    return Estimate(None, None, None, 0, unit, reason=reason)


@dataclass(frozen=True)
class Comparison:
    """Ratio of the speeds of two maps, paired by block.

    ratio   map / against at 95 %, by itself
    low, high  interval that holds jointly for all pairs of the group and gives
            the verdict. None: too few pairs
    smallest_visible  least true ratio that 90 % of runs with this noise
            decide; None: not known
    reason  why the verdict is "invalid"
    """
    map: str
    against: str
    ratio: Estimate
    low: float | None
    high: float | None
    verdict: Verdict
    smallest_visible: float | None = None
    reason: str | None = None
