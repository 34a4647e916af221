# SPDX-License-Identifier: Apache-2.0
"""Compares two versions of the maps on one machine: new speed / old speed, for each cell.

The runs of the two versions are on different days, and one run of each does not show how much speed
varies between days (docs/reference/comparing.md). A verdict therefore needs RUNS runs of each
version, and its interval is computed over runs. With fewer runs, the ratio has no verdict.
"""
import math
from collections.abc import Sequence

import numpy as np

from report import stats
from report.compare import admit, setup
from report.compare.gather import Member, Versions, same_machine
from report.compare.model import Change, Version
from report.decide.groups import ERROR, estimate, place_of, verdict_of
from report.load import Cell
from report.model.number import Unit, Verdict, unknown
from report.stats import Interval

RUNS = 6  # fewest runs of each version for a verdict
TWIN = "machine: some runs have no installation, so another machine of the model is possible"
Rates = Sequence[Sequence[float]]  # run -> speeds in time order


def ratio(then: Rates, now: Rates, level: float = 0.95) -> Interval:
    """Returns the new speed divided by the old. Each run contributes one ln speed, its
    Hodges-Lehmann estimate. ln(ratio) is the median of all differences of these, with Moses'
    interval. If each version has only one run, the ln rates of its trials are compared instead; the
    interval is widened for correlated rates, but does not cover the variation between days."""
    single = len(then) == len(now) == 1
    old, new = ([np.log(run) for run in side] for side in (then, now))
    x, y = (side[0] if single else np.array([float(stats.hodges_lehmann(r)) for r in side])
            for side in (old, new))
    wider = max(float(stats.widening(x)), float(stats.widening(y))) if single else 1.0
    centre = float(stats.shift(y, x))
    low, high = (float(end) for end in stats.shift_interval(y, x, level))
    n = min(len(x), len(y))
    if math.isnan(low):
        return Interval(math.exp(centre), None, None, n, f"{len(x)} and {len(y)} values")
    return Interval(math.exp(centre), math.exp(centre - wider * (centre - low)),
                    math.exp(centre + wider * (high - centre)), n, None)


def why_not(members: Sequence[Member], cell: Cell) -> str:
    """Returns the reason for a missing ratio, or "" if the ratio exists."""
    for member in members:
        campaign, other = member.campaign, member.campaign.cells.get(cell.id)
        factor = other and admit.differs(cell.factors, other.factors)
        if other is None:
            return f"{member.label}: not planned"
        if factor:
            return f"{member.label}: {factor} differs"
        if cell.map in campaign.failed_maps:
            return f"{member.label}: failed verification: {campaign.failed_maps[cell.map]}"
        if not other.rates:
            return f"{member.label}: {other.reason or 'no result'}"
    return ""


def change(pair: Versions, cell: Cell, level: float) -> Change:
    """Compares one cell. `level` is the confidence level at which all verdicts hold jointly."""
    place, runs = place_of(cell.factors), (len(pair.then), len(pair.now))
    reason = why_not((*pair.then, *pair.now), cell)
    if reason:
        return Change(cell.id, cell.map, place, unknown(Unit.RATIO, reason), None, reason)
    old, new = ([[rates[b] for b in sorted(rates)] for rates in (
        m.campaign.cells[cell.id].rates for m in side)] for side in (pair.then, pair.now))
    value = estimate(ratio(old, new), Unit.RATIO)
    untrusted = [m.label for m in (*pair.then, *pair.now) if not m.recommends]
    verdict: Verdict | None = None
    if min(runs) < RUNS:
        reason = "one run each" if runs == (1, 1) else f"{runs[0]} and {runs[1]} runs"
    elif untrusted:
        verdict, reason = Verdict.INVALID, f"{untrusted[0]} recommends no map"
    else:
        verdict = verdict_of(ratio(old, new, level))
        reason = "too few runs for this many cells" * (verdict is Verdict.INVALID)
    return Change(cell.id, cell.map, place, value, verdict, reason or None)


def version(pair: Versions) -> Version:
    """Compares two versions of the maps on one machine."""
    first, last = pair.then[0], pair.now[-1]
    cells = [c for c in last.campaign.cells.values() if c.measure == "throughput"
             and c.factors.common and not c.factors.skip]
    level = 1 - ERROR / max(len(cells), 1)
    unsure = any(same_machine(first, m) is None for m in (*pair.then[1:], *pair.now))
    found = setup.differences(first.campaign, last.campaign, first.campaign.maps)
    return Version(
        tuple(m.label for m in pair.then), tuple(m.label for m in pair.now),
        "; ".join((admit.version(first.campaign, last.campaign),
                   *admit.changes(first.campaign, last.campaign))),
        min(len(pair.then), len(pair.now)) >= RUNS,
        (TWIN,) * unsure + tuple(
            f"{d.kind}: {d.name}: {d.then or 'not known'} then, {d.now or 'not known'} now"
            for d in found), tuple(change(pair, c, level) for c in cells))
