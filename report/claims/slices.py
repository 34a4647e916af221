# SPDX-License-Identifier: Apache-2.0
"""Do a map's occasional actions explain the P99 of its slices?

Each trial is a replicate with a fit of its own, because the slices of one trial
resemble each other.
"""
from report import stats
from report.load import Trial
from report.stats.regression import Coefficient

# Occasional actions of a map. lock_wait is an effect on other threads, so it is left out.
PAUSES = ("grow", "evacuate", "resize", "promote", "rebuild", "clone", "reclaim", "grace_wait",
          "collection_pause")
OPERATIONS = 100  # least number in a slice: below it, the P99 is the maximum
SLICES = 20  # least number in a trial


def columns(trial: Trial) -> dict[str, list[float]]:
    """Values of the slices that have a P99: ms, bytes held relative to the trial's
    maximum, number of pauses. Empty lists: the trial lacks slices with causes."""
    found: dict[str, list[float]] = {
        name: [] for name in ("p99_ms", "pause_ms", "heap_ratio", "pauses")}
    slices = (trial.result and trial.result.slices) or ()
    if any(s.pauses is None or s.bytes is None for s in slices):
        return found
    most = max((s.bytes or 0.0 for s in slices), default=0.0)
    for s in slices:
        events = [p for p in s.pauses or () if p.event in PAUSES]
        if s.operations >= OPERATIONS:
            row = (s.p99_ns / 1e6, sum(p.ns for p in events) / 1e6,
                   (s.bytes or 0.0) / most if most else 0.0, sum(p.count for p in events))
            for values, value in zip(found.values(), row):
                values.append(value)
    return found


def coefficient(trial: Trial, term: str) -> Coefficient | None:
    """Change of the P99 in ms per unit of a term, with the others fixed, its p and
    its variance inflation; None: too few slices, or a term that did not vary."""
    regressors = columns(trial)
    p99 = regressors.pop("p99_ms")
    fit = stats.least_squares(p99, regressors) if len(p99) >= SLICES else None
    return fit.coefficients.get(term) if fit else None
