# SPDX-License-Identifier: Apache-2.0
"""Decides which machines are fit for a campaign on several machines (docs/reference/fleet.md).

    python3 -m report admit DIR...

Each DIR is a campaign of MODE=admission on one machine. For each machine, prints a line with the
name, the verdict (admitted or off) and the reason, separated by tabs. A machine is compared with
the others that have the same id. The limits are in report/admission.json.
"""
import json
import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from report import ending
from report.load import Campaign, JournalError, read
from report.load.decode import decode
from report.load.trial import Status

RULE = Path(__file__).with_name("admission.json")


@dataclass(frozen=True)
class Rule:
    """Limits on the difference between odd and even blocks, on the deviation of the speed from
    other machines of the same kind, and on the share of disturbed trials."""
    aa_most: float
    speed_most: float
    disturbed_most: float


class Figures(NamedTuple):
    """Figures of one machine: `medians` has operations/s by cell, `aa` is the largest value of
    halves() among the cells, `disturbed` is the share of disturbed trials, and `reason` explains
    why figures are missing."""
    kind: str | None
    medians: Mapping[str, float]
    aa: float
    disturbed: float
    reason: str = ""


def halves(rates: Mapping[int, float]) -> float:
    """Returns |ln(median of odd blocks / median of even blocks)|, or infinity if there are no odd
    or no even blocks."""
    odd, even = ([rate for block, rate in rates.items() if block % 2 == side] for side in (1, 0))
    if not odd or not even:
        return math.inf
    return abs(math.log(statistics.median(odd) / statistics.median(even)))


def figures_of(campaign: Campaign) -> Figures:
    timed = [c for c in campaign.planned if c.measure == "throughput"]
    trials = [t for c in timed for t in c.trials]
    spoilt = sum(t.status is not Status.OK or bool(t.disturbed) for t in trials)
    return Figures(
        campaign.plan.machine.id,
        {c.id: statistics.median(c.rates.values()) for c in timed if c.rates},
        max((halves(c.rates) for c in timed if c.rates), default=math.inf),
        spoilt / len(trials) if trials else 1.0,
        "" if trials else "none of its trials has run")


def relative_speed(name: str, machines: Mapping[str, Figures]) -> float | None:
    """Returns ln(speed of the machine / median speed of its kind), or None if it is the only
    machine of its kind. If a kind has two machines, only the slower one gets a value below 0."""
    machine = machines[name]
    kind = [m for m in machines.values() if m.kind == machine.kind and m.medians]
    logs = []
    for cell, median in machine.medians.items():
        values = [m.medians[cell] for m in kind if cell in m.medians]
        if len(values) > 1:
            logs.append(math.log(median / statistics.median(values)))
    if not logs:
        return None
    mean = statistics.fmean(logs)
    return min(mean, 0.0) if len(kind) == 2 else mean


def judge(name: str, machines: Mapping[str, Figures], rule: Rule) -> tuple[str, str]:
    """Returns the verdict on one machine and its reason."""
    machine, speed = machines[name], relative_speed(name, machines)
    if machine.reason:
        return "off", machine.reason
    if not machine.medians or machine.disturbed > rule.disturbed_most:
        return "off", (f"{machine.disturbed:.0%} of its trials were void or disturbed, the limit "
                       f"is {rule.disturbed_most:.0%}")
    if machine.aa > math.log1p(rule.aa_most):
        return "off", (f"two halves of its blocks differ by {math.expm1(machine.aa):.1%}, "
                       f"the limit is {rule.aa_most:.0%}")
    if speed is None:
        return "admitted", "only machine of its kind: its speed was not compared"
    if abs(speed) > math.log1p(rule.speed_most):
        return "off", (f"its speed is {math.exp(speed):.2f} of the speed of its kind, the "
                       f"limit is {rule.speed_most:.0%}")
    return "admitted", ""


def read_rule() -> Rule:
    return decode(Rule, json.loads(RULE.read_text(encoding="utf-8")))


def main(argv: list[str]) -> int:
    parser = ending.Parser(
        prog="python3 -m report admit", description="Checks whether machines are fit for a "
        "campaign on several. Prints a line for each: name, admitted or off, reason.")
    parser.add_argument("folders", metavar="DIR", nargs="+", type=Path,
                        help="campaign of MODE=admission")
    machines = {}
    for folder in parser.parse_args(argv).folders:
        try:
            machines[folder.name] = figures_of(read(folder))
        except JournalError as error:
            machines[folder.name] = Figures(None, {}, math.inf, 1.0, " ".join(str(error).split()))
    for name in sorted(machines):
        print(name, *judge(name, machines, read_rule()), sep="\t")
    return 0
