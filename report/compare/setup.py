# SPDX-License-Identifier: Apache-2.0
"""Lists the differences between the set-ups of two campaigns, without judging them."""
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from report.compare.admit import short
from report.load import Campaign

MOVING = ("load", "cpu_pressure", "capabilities", "cgroup_quota")  # these change by the hour


@dataclass(frozen=True)
class Difference:
    """A difference of kind `machine`, `build`, `maps` or `run`; `then` and `now` are None if
    unknown."""
    kind: str
    name: str
    then: str | None
    now: str | None


def speed(campaign: Campaign) -> float | None:
    """Median CPU speed of the timed trials [additions/ns], or None if unknown."""
    known = [t.speed for c in campaign.cells.values() if c.measure == "throughput"
             for t in c.ok if t.speed]
    return statistics.median(known) if known else None


def facts(campaign: Campaign) -> dict[tuple[str, str], str]:
    """Returns the text of each recorded fact by (kind, name)."""
    plan, fast = campaign.plan, speed(campaign)
    machine = {name: value for name, value in asdict(plan.machine).items() if name != "facts"}
    machine |= {name: fact.text for name, fact in (plan.machine.facts or {}).items()
                if fact.status == "ok"}
    kinds = {
        "machine": {name: value for name, value in machine.items() if name not in MOVING},
        "build": {name: value for name, value in asdict(plan.build).items()
                  if name != "build_id"},
        "run": {"busy before the first trial": plan.busy.text if plan.busy else None,
                "CPU speed, additions per ns": None if fast is None else f"{fast:.3g}",
                "counters": plan.counters.backend}}
    return {(kind, name): short(value) for kind, known in kinds.items()
            for name, value in known.items() if value is not None}


def differences(old: Campaign, new: Campaign, maps: Iterable[str]) -> tuple[Difference, ...]:
    """Lists all recorded facts that differ. The machine code of `maps` is compared if both
    campaigns recorded it."""
    then, now = facts(old), facts(new)
    found = [Difference(*key, then.get(key), now.get(key)) for key in sorted(then | now)
             if then.get(key) != now.get(key)]
    codes = [{name: about.code or about.source for name, about in c.maps.items()}
             for c in (old, new)]
    other = sorted(m for m in set(maps) if m in codes[0] and m in codes[1]
                   and codes[0][m] != codes[1][m])
    if other:
        found.append(Difference("maps", f"machine code of {', '.join(other)}", "one", "another"))
    return tuple(found)
