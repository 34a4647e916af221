# SPDX-License-Identifier: Apache-2.0
"""The claims of an artifact: each group of cells that its campaigns rank, with the command that
repeats the measurement and the expected output.

The inputs of those commands are written next to the table: claims/ID.cells lists the cells, and
plans/CAMPAIGN/WORKLOAD.conf is the workload as it ran.
"""
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from report.artifact.contents import Packed
from report.load.plan import Factors, Plan
from report.model.number import Comparison
from report.model.place import Group, Outcome
from report.model.trust import Question, Trust

UNKNOWN_BIAS = 1.10  # bias that is allowed if no control gave a result
KICK, KICK_MAPS, KICK_MINUTES, KICK_BLOCKS = "kick", 4, 12, 7
MINUTE_NS = 60e9


@dataclass(frozen=True)
class Row:
    """A row of claims.tsv, which runner/reviewer.sh reads. An empty text is written as "-"."""
    id: str
    campaign: str
    plan: str
    cells: str
    settings: str
    maps: str
    minutes: str
    expected: str


@dataclass(frozen=True)
class Claim:
    """A row with its group of cells. The row that reviewers try first has no group."""
    row: Row
    group: Group | None


def allowed_bias(packed: Packed) -> float:
    """Returns the factor by which results may be biased, according to the A/A control."""
    trust = packed.decided.trust
    found = [c.found for c in trust.checks if c.question is Question.SAME_MAP] if trust else []
    return next((f for f in found if f), UNKNOWN_BIAS)


def expected(group: Group, c: Comparison, bias: float) -> str:
    """Formats what a second run on the same kind of machine should print about the leader's
    smallest lead."""
    low, high = (c.low or 0.0) / bias, (c.high or 0.0) * bias
    band = f"measured x {c.ratio.value:.3g}, again between {low:.3g} and {high:.3g}"
    if group.outcome is Outcome.TIED:
        names = ", ".join(group.front)
        return f"too close to call: {names}; {c.map} over {c.against} {band}"
    return f"{c.map} is the fastest; over {c.against}, the least certain lead, {band}"


def cells_of(plan: Plan, group: Group) -> list[Factors]:
    """Returns the cells that verify the maps of a group, followed by the cells of the group."""
    runs_as = {pair.id: pair.runs_as for pair in plan.same}
    cells = {c.id: c for c in plan.cells}
    timed = [cells[runs_as.get(e.cell, e.cell)] for e in group.entries if e.rate.n]
    places = {(c.workload, c.map) for c in timed}
    return [c for c in plan.cells if c.measure == "verify" and not c.skip
            and (c.workload, c.map) in places] + timed


def minutes(cells: Iterable[Factors]) -> float:
    """Returns the plan's estimate for these cells in minutes, including repeats."""
    return sum(c.estimate_ns * (c.blocks or 1) * (1 + ((c.repeat.share or 0) if c.repeat else 0))
               for c in cells) / MINUTE_NS


def in_tenths(value: float) -> str:
    """Formats minutes, rounded up to tenths."""
    return f"{int(value * 10 + 1) / 10:g}"


def plan_file(packed: Packed, workload: str) -> str:
    """Returns the path of a workload's file in an artifact."""
    return f"plans/{packed.name}/{workload}.conf"


def write_plans(folder: Path, packed: Packed) -> None:
    """Writes the workloads of a campaign to files."""
    for workload in packed.plan.workloads:
        file = folder / plan_file(packed, workload.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(workload.text or "", encoding="utf-8")


def claim_of(folder: Path, number: int, packed: Packed, group: Group,
             closest: Comparison) -> Claim:
    """Builds a claim, and writes the file that it names."""
    cells, name = cells_of(packed.plan, group), f"c{number:03d}"
    file = folder / "claims" / f"{name}.cells"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(f"{c.id}\n" for c in cells), encoding="utf-8")
    return Claim(Row(name, packed.name, plan_file(packed, cells[-1].workload),
                     f"claims/{name}.cells", f"threads={cells[-1].threads}", "",
                     in_tenths(minutes(cells)),
                     expected(group, closest, allowed_bias(packed))), group)


def of_campaign(folder: Path, packed: Packed, first: int) -> list[Claim]:
    """Builds the claims of one campaign, numbered from `first`."""
    write_plans(folder, packed)
    trust = packed.decided.trust
    if trust is None or trust.verdict is Trust.NOT:
        return []
    ranked = [(g, g.closest) for g in packed.decided.groups
              if g.outcome in (Outcome.DECIDED, Outcome.TIED)]
    return [claim_of(folder, first + i, packed, g, c) for i, (g, c) in enumerate(ranked) if c]


def kick_of(packed: Packed, claims: list[Claim]) -> Claim | None:
    """Builds the claim that reviewers try first: a few maps of the headline, with one thread and
    with one thread for each CPU of the reviewer. Returns None if the campaign has no timed cells.
    """
    cells = packed.plan.cells
    timed = next((c for c in cells if c.measure == "throughput" and not c.skip), None)
    if timed is None:
        return None
    names: list[str | None] = []
    blocks, workload = KICK_BLOCKS, timed.workload
    group = claims[0].group if claims else None
    if group is not None and group.closest is not None:
        names = [group.closest.map, group.closest.against]
        blocks, workload = max(blocks, group.needs), group.place.workload
    names += [timed.base, *(c.map for c in cells if c.workload == workload)]
    maps = [m for m in dict.fromkeys(names) if m][:KICK_MAPS]
    return Claim(Row(KICK, packed.name, plan_file(packed, workload), "",
                     f"threads=1 cpus;blocks={blocks};measure=throughput", ",".join(maps),
                     str(KICK_MINUTES), claims[0].row.expected if claims else
                     "a page; the campaign itself has no ranking here"), group)


def write_table(folder: Path, claims: Iterable[Claim]) -> None:
    names = [f.name for f in fields(Row)]
    lines = ["\t".join(names)] + [
        "\t".join(getattr(c.row, name) or "-" for name in names) for c in claims]
    (folder / "claims.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
