# SPDX-License-Identifier: Apache-2.0
"""Tests whether occasional actions of a map explain the P99 latency of its slices (50 ms of a
window).

Each trial is fitted by itself and counts as one replicate, because the slices of one trial
resemble each other.
"""
from report import stats
from report.claims.cells import Missing
from report.load import Trial
from report.stats.regression import Coefficient

# Statistics that count occasional actions of a map. lock_wait is left out, because it is an effect
# on other threads.
PAUSES = ("grow", "evacuate", "resize", "promote", "rebuild", "clone", "reclaim", "grace_wait",
          "collection_pause")
OPERATIONS = 100  # fewest operations in a slice; with fewer, the P99 is the maximum
SLICES = 20  # fewest slices in a trial


def columns(trial: Trial) -> dict[str, list[float]]:
    """Returns the values of the slices that have a P99: milliseconds, bytes held relative to the
    trial's maximum, and the number of pauses. The lists are empty if the trial has no slices with
    causes."""
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


def coefficient(trial: Trial, term: str) -> Coefficient:
    """Returns by how many ms the P99 changes per unit of a term while the other terms are fixed,
    with its p and its variance inflation. Raises Missing if there are too few slices, or if the
    term did not vary."""
    regressors = columns(trial)
    p99 = regressors.pop("p99_ms")
    if len(p99) < SLICES:
        raise Missing(f"fewer than {SLICES} slices have known pauses and {OPERATIONS} operations")
    if not any(regressors[term]):
        raise Missing(f"{term} is 0 in every slice")
    fit = stats.least_squares(p99, regressors)
    if not fit or term not in fit.coefficients:
        raise Missing(f"{term}: {fit.left_out[term]}" if fit else "too few slices")
    return fit.coefficients[term]
