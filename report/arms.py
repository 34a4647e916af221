# SPDX-License-Identifier: Apache-2.0
"""Compares the arms (programs) of a campaign of `readmostly run --arms`. For runs of make regress,
which have controls, report/gate/ decides instead."""
from collections.abc import Iterator
from dataclasses import replace

from report import stats
from report.decide.groups import ERROR, verdict_of
from report.gate.names import CONTROLS
from report.load import Campaign, Cell

HEAD = "head"  # the arm of a campaign without --arms


def is_gate(campaign: Campaign) -> bool:
    """True if the campaign is a run of make regress."""
    return any(arm.workload in CONTROLS for arm in campaign.plan.arms)


def are_given(campaign: Campaign) -> bool:
    """True if the option --arms named the programs."""
    return any(arm.name != HEAD and not arm.flavour for arm in campaign.plan.arms)


def pairs(campaign: Campaign) -> Iterator[tuple[Cell, str, str]]:
    """Yields (cell, first arm, other arm) for each timed cell and each of its other arms."""
    for cell in campaign.planned:
        if cell.measure == "throughput":
            first, *others = campaign.plan.arms_of(cell.factors)
            yield from ((cell, first, other) for other in others)


def line(campaign: Campaign, cell: Cell, first: str, other: str, level: float) -> str:
    """Formats the comparison of two arms; `level` is the confidence level of the verdict."""
    over, under = (replace(cell, trials=campaign.attempted(cell, arm)).rates
                   for arm in (other, first))
    ratio, joint = (stats.ratio_interval(over, under, x) for x in (0.95, level))
    if ratio.low is None or ratio.high is None:
        return f"{cell.id}: {other} and {first}: not compared: {ratio.reason}"
    verdict: str = verdict_of(joint).value
    return (f"{cell.id}: {other} is {ratio.centre:.3f} times [{ratio.low:.3f}, {ratio.high:.3f}] "
            f"as fast as {first}, n = {ratio.n}: "
            + ("too few blocks for a verdict" if joint.low is None else verdict))


def lines(campaign: Campaign) -> list[str]:
    """Returns a line for each pair of arms. All verdicts together hold with a confidence of 95 %.
    """
    found = list(pairs(campaign))
    return [*(f"not run: {c.id}: {c.factors.skip}" for c in campaign.measuring if c.factors.skip),
            *(line(campaign, *pair, 1 - ERROR / len(found)) for pair in found),
            f"All trials: {campaign.path}/trials.jsonl"]
