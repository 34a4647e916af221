# SPDX-License-Identifier: Apache-2.0
"""The checks of a run, and the verdict on whether its answer can be trusted."""
from dataclasses import dataclass
from enum import Enum

from report.model.number import Estimate


class Trust(str, Enum):
    """The verdict on a run."""
    GOOD = "good for this machine"
    CARE = "use with care"
    NOT = "do not use"


class State(str, Enum):
    """The answer to one question, or UNKNOWN if the run cannot answer the question."""
    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Question(str, Enum):
    """The questions, most serious first; the templates have a sentence for each."""
    VERIFIED = "every answer of the maps was checked"
    COMPLETE = "each planned run has a result"
    SAME_MAP = "two copies of one map are equally fast"
    STEADY = "the lead is the same in both halves of the run"
    UNDISTURBED = "no map was disturbed by other programs"
    SPEED = "the CPU speed did not change"
    POWER = "the run is long enough for its conclusion"


@dataclass(frozen=True)
class Check:
    """One question and its answer (report/decide/trust.py).

    - weight: verdict on the run if the check does not pass
    - found, limit: the number that decided, and its limit
    - count, of: see the table
    - maps: the maps that the answer is about, the worst first
    - estimate: the estimate that decided
    - first, second: for STEADY, the lead (leader / runner-up) in each half of the run

    | question    | found, limit                 | count, of           | estimate          |
    | VERIFIED    |                              | checks passed, all  |                   |
    | COMPLETE    |                              | trials lost, all    |                   |
    | SAME_MAP    | largest bias left, allowed   |                     | copy / original   |
    | STEADY      | change of one map, allowed   |                     | 2nd half / 1st    |
    | UNDISTURBED | share of one map, allowed    | disturbed*, all     |                   |
    | SPEED       | fastest / slowest, allowed   |                     |                   |
    | POWER       | smallest visible, allowed    | trials, needed      |                   |

    * if the state is unknown: runs that could not be judged, or with `found`, a raised repeat-wait,
      runs that exceeded it

    Numbers in the table are ratios (1.12 is 12 %), shares (0 to 1) or counts.
    """
    question: Question
    state: State
    weight: Trust
    found: float | None = None
    limit: float | None = None
    count: int | None = None
    of: int | None = None
    maps: tuple[str, ...] = ()
    estimate: Estimate | None = None
    first: Estimate | None = None
    second: Estimate | None = None


@dataclass(frozen=True)
class Assessment:
    """The verdict on a run, which is the worst of its checks. `reason` is the check that decided,
    or None if the run is good."""
    verdict: Trust
    reason: Check | None
    checks: tuple[Check, ...]
