# SPDX-License-Identifier: Apache-2.0
"""Does what a map does now and then explain the P99 of its slices?

A trial is the replicate: it has a fit of its own, because the slices of one
trial resemble each other.
"""
from report import stats
from report.load import Trial
from report.stats.regression import Coefficient

# What a map does now and then. lock_wait is not: it is an effect on others.
PAUSES = ("grow", "evacuate", "resize", "promote", "rebuild", "clone", "reclaim", "grace_wait",
          "collection_pause")
OPERATIONS = 100  # of a slice, at least: of fewer the P99 is the longest one
SLICES = 20  # of a trial, at least


def columns(trial: Trial) -> dict[str, list[float]]:
    """Values of the slices that have a P99: ms, bytes held by the most of the
    trial, and number of pauses. Empty lists: it has no slices with causes."""
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
    """Change of the P99 in ms by 1 of a term, the others held, with its p and
    variance inflation; None: too few slices, or a term that did not vary."""
    regressors = columns(trial)
    p99 = regressors.pop("p99_ms")
    fit = stats.least_squares(p99, regressors) if len(p99) >= SLICES else None
    return fit.coefficients.get(term) if fit else None
