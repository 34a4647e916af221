# SPDX-License-Identifier: Apache-2.0
"""What a search for crossovers found, as JSON: every boundary with what it
lies between, which factor moves it most, and each point with its blocks.

A is the base, B the contender, ratios are B / A, paired by block. All of it is
computed from plan.json, stages.json and the journals of complete stages: the
same files, the same bytes.
"""
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from report import load, stats
from report.decide.groups import lost
from report.load.plan import Factors
from report.model.encode import to_json
from report.model.number import Verdict
from report.staged import Staged
from report.sweep import lines, moves, next as following, outcome, text
from report.sweep.grid import ORDERED, Lattice, Point
from report.sweep.lines import Boundary, Kind
from report.sweep.moves import Moves
from report.sweep.next import Search
from report.workload_values import Value, value_of

DONE, INCOMPLETE = 0, 3
FORMAT = 2


@dataclass(frozen=True)
class Counts:
    """Points of the lattice by what became of them; they add up.

    measured = base + contender + tied + no_interval: who leads there
    """
    planned: int
    skipped: int
    not_measured: int
    measured: int
    base: int
    contender: int
    tied: int
    no_interval: int


@dataclass(frozen=True)
class Results:
    """What became of the timed trials of complete stages."""
    counted: int
    void: int
    failed: int
    skipped: int
    disturbed: int


@dataclass(frozen=True)
class Axis:
    """Lines along an axis with two measured points, and flips on them."""
    axis: str
    lines: int
    flipping: int
    flips: int


@dataclass(frozen=True)
class Factor:
    """A factor of a place, as docs/cell.schema.json has it."""
    name: str
    value: Value


@dataclass(frozen=True)
class PointRow:
    """A measured point.

    verdict  of B against A; leads: the map that leads
    low, high  at the level of the rule; ratio: B / A
    base_rate  operations per second of A
    why      why neither leads
    """
    place: tuple[Factor, ...]
    cells: tuple[str, str]
    looks: int
    n: int
    ratio: float | None
    low: float | None
    high: float | None
    verdict: Verdict
    leads: str | None
    base_rate: float | None
    open: bool
    why: str


@dataclass(frozen=True)
class Between:
    """A measured point between the ends of a boundary."""
    at: float
    n: int
    verdict: Verdict


@dataclass(frozen=True)
class BoundaryRow:
    """A boundary on a line.

    place   the factors of the line; start, end: values of the axis
    resolved  known to one step of the grid
    low, high  95 % interval of position
    words   the row as a sentence
    """
    place: tuple[Factor, ...]
    axis: str
    kind: Kind
    start: float
    end: float
    leads_below: str | None
    leads_above: str | None
    steps: int
    resolved: bool
    position: float | None
    low: float | None
    high: float | None
    n: int
    between: tuple[Between, ...]
    why: str | None
    words: str = ""


@dataclass(frozen=True)
class Skip:
    """Points that cannot run, by reason."""
    why: str
    points: int


@dataclass(frozen=True)
class StageRow:
    """A complete stage."""
    points: int
    blocks: int
    trials: int
    lost: int
    disturbed: int


@dataclass(frozen=True)
class Decision:
    """What `decide` prints; words are sentences for a terminal."""
    format: int
    kind: str
    maps: tuple[str, str]
    finished: bool
    why: str
    machine: str | None
    source: str | None
    plan_sha256: str
    seed: int
    error: float
    blocks: tuple[int, ...]
    level: float
    trials: int
    budget_trials: int
    words: tuple[str, ...]
    counts: Counts
    results: Results
    axes: tuple[Axis, ...]
    moves: Moves
    stages: tuple[StageRow, ...]
    skipped: tuple[Skip, ...]
    boundaries: tuple[BoundaryRow, ...]
    points: tuple[PointRow, ...]


# ---- rows -------------------------------------------------------------------------

def place_of(lattice: Lattice, cell: Factors, but: str | None = None) -> tuple[Factor, ...]:
    """The factors that vary in the search, without `but`."""
    return tuple(Factor(f, value_of(cell, f)) for f in (*ORDERED, *lattice.varied) if f != but)


def words_of(place: Sequence[Factor]) -> str:
    """1% writes, 2 threads, 64Ki keys"""
    return text.sentence("place", row={f.name: f.value for f in place})


def leader(maps: tuple[str, str], index: int | None) -> str | None:
    """The map that leads."""
    return None if index is None else maps[index]


def losses(staged: Staged) -> dict[str, str]:
    """cell id -> what became of its trials that do not count."""
    found = {}
    for campaign in staged.stages:
        for cell in campaign.cells.values():
            parts = lost(cell)
            if parts and cell.measure == "throughput":
                reason = f" ({cell.reason})" if cell.reason else ""
                found[cell.id] = f"{cell.map}: {', '.join(parts)}{reason}"
    return found


def point_row(search: Search, point: Point, rate: float | None,
              lost_of: Mapping[str, str]) -> PointRow:
    """The row of a measured point."""
    state = search.states[point]
    why = "" if state.decided else text.sentence(
        "why", state=state, planned=sum(search.rule.blocks[:state.looks]),
        lost=[lost_of[c] for c in point.cells if c in lost_of])
    return PointRow(
        place_of(search.lattice, search.lattice.place(point)), point.cells, state.looks, state.n,
        state.ratio, state.low, state.high, state.verdict,
        leader(search.lattice.maps, state.leader), rate, state.open, why)


def point_rows(search: Search, lost_of: Mapping[str, str]) -> tuple[PointRow, ...]:
    """All measured points, in the order of the lattice."""
    points = sorted(search.states)
    rates = stats.level_intervals({p: outcome.by_block(p.cells[0], search.stages)
                                   for p in points})
    return tuple(point_row(search, p, rates[p].centre, lost_of) for p in points)


def boundary_row(search: Search, b: Boundary) -> BoundaryRow:
    """The row of a boundary."""
    maps, states = search.lattice.maps, search.states
    place = place_of(search.lattice, b.group.place(b.line[0]), b.axis)
    ends = b.points[0], b.points[-1]
    below, above = (leader(maps, i) for i in b.leaders)
    row = BoundaryRow(
        place, b.axis, b.kind, b.value(ends[0]), b.value(ends[1]), below, above, b.steps,
        lines.is_resolved(b, states), b.position, b.low, b.high, min(states[p].n for p in ends),
        tuple(Between(b.value(p), states[p].n, states[p].verdict)
              for p in b.points[1:-1] if p in states), b.why and b.why.value)
    words = text.sentence("boundary", b=row, place_text=words_of(place))
    return replace(row, words=words)


def axis_row(search: Search, found: Sequence[Boundary], axis: str) -> Axis:
    """Lines and flips along an axis."""
    measured = [line for g in search.lattice.groups for line in g.lines(axis)
                if sum(p in search.states for p in line) > 1]
    flips = Counter(b.line[0] for b in found if b.axis == axis and b.kind is Kind.FLIP)
    return Axis(axis, len(measured), len(flips), sum(flips.values()))


def counts(search: Search) -> Counts:
    """What became of the points of the lattice."""
    states = list(search.states.values())
    points = search.lattice.points()
    usable = sum(not p.skip for p in points)
    none = sum(not s.known for s in states)
    base, contender = (sum(s.leader == i for s in states) for i in (0, 1))
    return Counts(len(points), len(points) - usable, usable - len(states), len(states), base,
                  contender, len(states) - base - contender - none, none)


def stage_row(campaign: load.Campaign, stage: outcome.Stage) -> StageRow:
    """What a stage ran."""
    timed = [c for c in campaign.cells.values() if c.measure == "throughput"]
    trials = [t for c in timed for t in c.trials]
    return StageRow(len(stage.points), stage.blocks, len(trials),
                    len(trials) - sum(len(c.ok) for c in timed),
                    sum(t.disturbed is not None for t in trials))


def results(staged: Staged) -> Results:
    """What became of the trials."""
    cells = [c for s in staged.stages for c in s.cells.values() if c.measure == "throughput"]
    trials = [t for c in cells for t in c.trials]
    status = Counter(t.status.value for t in trials)
    return Results(sum(len(c.ok) for c in cells), status["void"], status["failed"],
                   status["skipped"], sum(t.disturbed is not None for t in trials))


# ---- all of it --------------------------------------------------------------------

def headline(staged: Staged, search: Search, rows: Sequence[BoundaryRow], axes: Sequence[Axis],
             found: Moves, number: Counts) -> list[str]:
    """The sentences, the most important first."""
    failed = {m: why for s in reversed(staged.stages) for m, why in s.failed_maps.items()}
    asked = search.next()
    unresolved = sum(not r.resolved for r in rows)
    words = [text.sentence("doubt", map=m, why=why) for m, why in sorted(failed.items())]
    words += [text.sentence("along", maps=search.lattice.maps, axis=a.axis, flipping=a.flipping,
                            lines=a.lines)
              for a in sorted(axes, key=lambda a: a.axis != found.axis) if a.flips]
    words += [text.sentence("moves", axis=found.axis, rows=found.factors),
              text.sentence("summary", maps=search.lattice.maps, counts=number)]
    if unresolved:
        words.append(text.sentence("unresolved", n=unresolved, of=len(rows)))
    return [*words, text.sentence("ended", why=asked.why, next=asked.stage)]


def decided(staged: Staged) -> Decision:
    """All that a search found so far."""
    search = following.played(staged)
    found = lines.boundaries(search.lattice, search.states, search.stages)
    asked, number = search.next(), counts(search)
    rows = tuple(boundary_row(search, b) for b in found)
    axes = tuple(axis_row(search, found, axis) for axis in ORDERED)
    moved = moves.ranking(search.lattice, search.states, found)
    skips = Counter(p.skip for p in search.lattice.points() if p.skip)
    source = ("synthetic" if staged.synthetic else "measured") if staged.stages else None
    return Decision(
        FORMAT, "crossover", search.lattice.maps, asked.stage is None, asked.why,
        staged.machine, source, staged.meta.plan_sha256, staged.meta.seed, search.rule.error,
        search.rule.blocks, search.rule.level, search.trials, search.budget,
        tuple(headline(staged, search, rows, axes, moved, number)), number, results(staged), axes,
        moved, tuple(stage_row(*pair) for pair in zip(staged.stages, search.stages)),
        tuple(Skip(*pair) for pair in sorted(skips.items())), rows,
        point_rows(search, losses(staged)))


def main(staged: Staged) -> int:
    """Prints the decision; returns the exit status."""
    found = decided(staged)
    print(to_json(found), end="")
    return DONE if found.finished else INCOMPLETE
