# SPDX-License-Identifier: Apache-2.0
"""Numbers with their uncertainty, and what is concluded from two of them."""
from dataclasses import dataclass
from enum import Enum


class Verdict(str, Enum):
    """The result of comparing one map with another."""
    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"  # the interval lies inside of 1/1.02 to 1.02
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
    """A centre with the interval of a level.

    value   None: not known, reason states why
    low, high  None: too few trials for an interval, reason states how many
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

        The larger side, so that the printed margin covers the interval.
        """
        if not self.value or self.low is None or self.high is None:
            return None
        return max(self.high / self.value - 1, 1 - self.low / self.value)


def unknown(unit: Unit, reason: str) -> Estimate:
    """An estimate that could not be made."""
    return Estimate(None, None, None, 0, unit, reason=reason)


@dataclass(frozen=True)
class Comparison:
    """The speed of one map divided by that of another, paired by block.

    ratio   map / against at 95 %, by itself
    low, high  interval that holds jointly for all pairs of the group; the
            verdict is by it. None: too few pairs
    smallest_visible  least true ratio that a run as noisy as this one
            decides in 90 % of runs; None: not known
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
