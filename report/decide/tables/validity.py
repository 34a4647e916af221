# SPDX-License-Identifier: Apache-2.0
"""Tables of failures, disturbances and controls, which show whether the results are valid."""
import math
import statistics
from collections.abc import Iterator, Sequence

import numpy as np

from report import stats
from report.decide.groups import Measured
from report.decide.trust import copies, is_disturbed
from report.load import Campaign, Cell, Trial
from report.model.table import Table, Value

EVEN = 0.8  # smallest even ratio of slowest to fastest thread in a trial


def controls(campaign: Campaign) -> Table:
    """Lists the speed ratios of two copies of the same map (copy / original)."""
    return Table("controls", ("map", "threads", "ratio", "cell"), tuple(
        (cell.map, cell.factors.threads, ratio, cell.id)
        for cell, ratio in copies(campaign)))


def timed(campaign: Campaign) -> Iterator[tuple[Cell, Trial]]:
    """Yields the valid trials of timed measures."""
    for cell in campaign.cells.values():
        if cell.measure != "verify" and not cell.measure.startswith("simulated"):
            for trial in cell.ok:
                yield cell, trial


def evenness(cell: Cell, trial: Trial) -> float | None:
    """Returns operations of the slowest / fastest thread. Returns None for a single thread, for
    threads that share a CPU, and for an open loop, whose operations are scheduled."""
    if cell.factors.threads < 2 or not cell.factors.alone or not cell.factors.closed:
        return None
    ops: list[int] = [t.ops for t in trial.result.threads] if trial.result else []
    most: int = max(ops, default=0)
    return min(ops) / most if len(ops) > 1 and most else None


def maps(campaign: Campaign) -> Table:
    """Builds the table with the trials, repeats, disturbed trials, waiting and uneven trials of
    each map."""
    rows: list[tuple[Value, ...]] = []
    for name in dict.fromkeys(c.map for c, _ in timed(campaign)):
        pairs = [(c, t) for c, t in timed(campaign) if c.map == name]
        waits = [t.waited for c, t in pairs if c.factors.alone and not math.isnan(t.waited)]
        even = [e for c, t in pairs for e in [evenness(c, t)] if e is not None]
        rows.append((name, len(pairs), sum(t.attempt > 1 for _, t in pairs),
                     sum(is_disturbed(c, t) for c, t in pairs),
                     statistics.median(waits) if waits else None, max(waits, default=None),
                     sum(e < EVEN for e in even), len(even), min(even, default=None)))
    return Table("maps", ("map", "trials", "repeated", "disturbed", "waited_median",
                          "waited_most", "uneven", "even_known", "least_even"), tuple(rows))


def verification(campaign: Campaign) -> Table:
    """Counts the checks of answers: planned cells that passed, and all trials."""
    rows: list[tuple[Value, ...]] = []
    for name in dict.fromkeys(c.map for c in campaign.cells.values()):
        cells = [c for c in campaign.cells.values() if c.map == name]
        checks = [c for c in cells if c.measure == "verify" and not c.factors.skip]
        seen = [v for c in cells for t in c.trials
                for v in [t.result.verification if t.result else None] if v]
        rows.append((name, sum(bool(c.ok) for c in checks), len(checks),
                     sum(v.status == "ok" for v in seen), len(seen),
                     sum(v.wrong_values or 0 for v in seen), campaign.failed_maps.get(name),
                     campaign.maps[name].misuse))
    return Table("verification", ("map", "passed", "planned", "trials_ok", "trials",
                                  "wrong_values", "reason", "misuse"), tuple(rows))


def lost(campaign: Campaign) -> Table:
    """Lists the trials that do not count, and the cells that the plan skipped."""
    rows: list[tuple[Value, ...]] = []
    for cell in campaign.cells.values():
        if cell.factors.skip:
            rows.append((cell.map, cell.id, None, "skipped", cell.factors.skip))
            continue
        rows += [(cell.map, cell.id, t.block, t.status.value, t.reason or f"exit {t.exit}")
                 for t in cell.trials if not t.usable]
    rows += [(None, None, None, "problem", text) for text in campaign.problems]
    return Table("lost", ("map", "cell", "block", "status", "reason"), tuple(rows))


def driver(campaign: Campaign, groups: Sequence[Measured]) -> Table:
    """Computes the driver's share of the fastest map's time, which is the rate of that map divided
    by the rate of the map that does nothing in the same language."""
    rows: list[tuple[Value, ...]] = []
    for g in groups:
        floors = {campaign.maps[m].program: c for m, c in g.cells.items()
                  if "no-state" in campaign.maps[m].caps and c.rates}
        best = max(((statistics.median(g.rates(m).values()), m) for m in g.contenders),
                   default=None)
        floor = floors.get(campaign.maps[best[1]].program) if best else None
        if best and floor:
            rows.append((g.place.workload, g.place.write_kind, int(g.place.keys),
                         g.place.threads, best[1],
                         best[0] / statistics.median(floor.rates.values())))
    return Table("driver", ("workload", "write_kind", "keys", "threads", "map", "share"),
                 tuple(rows))


def rounds(campaign: Campaign) -> Table:
    """Lists each round with the cost of its trials relative to the medians of their cells, the CPU
    speed, and the number of disturbed trials. This table shows drift."""
    costs: dict[int, list[float]] = {}
    speeds: dict[int, list[float]] = {}
    disturbed: dict[int, int] = {}
    for cell, trial in timed(campaign):
        number = campaign.round_of.get((cell.id, trial.block), trial.block)
        if trial.rate and len(cell.rates) >= stats.RANKING_NEEDS:
            middle = statistics.median(cell.rates.values())
            costs.setdefault(number, []).append(middle / trial.rate)
        if trial.speed:
            speeds.setdefault(number, []).append(trial.speed)
        disturbed[number] = disturbed.get(number, 0) + is_disturbed(cell, trial)
    return Table("rounds", ("round", "trials", "cost", "speed", "disturbed"), tuple(
        (n + 1, len(costs.get(n, ())),
         float(np.median(costs[n])) if costs.get(n) else None,
         float(np.median(speeds[n])) if speeds.get(n) else None, disturbed[n])
        for n in sorted(disturbed)))


def tables(campaign: Campaign, groups: Sequence[Measured]) -> tuple[Table, ...]:
    """Returns the tables of the page on validity."""
    return (controls(campaign), maps(campaign), verification(campaign), lost(campaign),
            driver(campaign, groups), rounds(campaign))
