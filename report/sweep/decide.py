# SPDX-License-Identifier: Apache-2.0
"""Writes the result of a search for crossovers as JSON: every boundary with its end points,
the factor that moves boundaries most, and each point with its number of blocks.

A is the base map, B the contender; ratios are B / A, paired by block. Everything is computed
from plan.json, stages.json and the journals of complete stages, so the same files always
give the same bytes.
"""
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report import stats
from report.decide import cards
from report.decide.groups import lost
from report.load.plan import Factors
from report.model.cards import full_names, renamed, short_names
from report.model.encode import to_json
from report.model.number import Verdict
from report.staged import Staged
from report.sweep import lines, moves, next as following, outcome, text
from report.sweep.grid import ORDERED, Lattice, Point
from report.sweep.lines import Boundary, Kind
from report.sweep.moves import Moves
from report.sweep.next import Search
from report.sweep.rule import Numbers
from report.workload_values import Value, value_of

DONE, INCOMPLETE = 0, 3
FORMAT = 2


@dataclass(frozen=True)
class Counts:
    """Numbers of points of the lattice by outcome. Each measured point counts as `base` or
    `contender` (the leading map), as `tied`, or as `no_interval`."""
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
    """Numbers of timed trials by outcome, over all complete stages."""
    counted: int
    void: int
    failed: int
    skipped: int
    disturbed: int


@dataclass(frozen=True)
class Axis:
    """Number of lines along an axis with two measured points, and how many of them flip."""
    axis: str
    lines: int
    flipping: int


@dataclass(frozen=True)
class Factor:
    """A factor of a point, with its name in docs/cell.schema.json."""
    name: str
    value: Value


@dataclass(frozen=True)
class PointRow:
    """A measured point.

    - verdict: on B compared with A
    - leads: the leading map, or None; `why` explains why no map leads
    - ratio, low, high: B / A with its interval, at the confidence level of the rule
    - base_rate: operations per second of A
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
    why: str


@dataclass(frozen=True)
class BoundaryRow:
    """A boundary on a line.

    - place: the factors of the line
    - start, end: the values of the axis between which the boundary lies
    - resolved: true if it is located to one step of the grid
    - position, low, high: interpolated position with its 95 % interval
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
    why: str | None


@dataclass(frozen=True)
class Decision:
    """The output of the command `decide`.

    - names: names of the maps in sentences; those of Go maps include the Go version
    - words: the sentences printed on a terminal
    - boundary_words: one sentence for each boundary
    - skipped: the reasons why points cannot run
    - level: confidence level of the interval at each look
    """
    format: int
    kind: str
    maps: tuple[str, str]
    names: tuple[str, str]
    finished: bool
    why: str
    machine: str | None
    source: str | None
    plan_sha256: str
    seed: int
    rule: Numbers
    level: float
    stages: int
    trials: int
    budget_trials: int
    words: tuple[str, ...]
    counts: Counts
    results: Results
    skipped: tuple[str, ...]
    axes: tuple[Axis, ...]
    moves: Moves
    boundaries: tuple[BoundaryRow, ...]
    boundary_words: tuple[str, ...]
    points: tuple[PointRow, ...]


# ---- rows -------------------------------------------------------------------------

def place_of(lattice: Lattice, cell: Factors, but: str | None = None) -> tuple[Factor, ...]:
    """Returns the factors that vary in the search, except `but`."""
    return tuple(Factor(f, value_of(cell, f)) for f in (*ORDERED, *lattice.varied) if f != but)


def words_of(place: Sequence[Factor]) -> str:
    """Formats a place, such as "1% writes, 2 threads, 64Ki keys"."""
    return text.sentence("place", place=place)


def leader(maps: tuple[str, str], index: int | None) -> str | None:
    """Returns the name of the leading map, if there is one."""
    return None if index is None else maps[index]


def losses(staged: Staged) -> dict[str, str]:
    """Describes, for each cell, the trials that do not count."""
    cells = [c for s in staged.stages for c in s.cells.values() if c.measure == "throughput"]
    return {c.id: f"{c.map}: {', '.join(lost(c))}" + (f" ({c.reason})" if c.reason else "")
            for c in cells if lost(c)}


def point_rows(search: Search, lost_of: Mapping[str, str]) -> Iterator[PointRow]:
    """Yields all measured points, in the order of the lattice."""
    rates = stats.level_intervals({p: outcome.by_block(p.cells[0], search.stages)
                                   for p in sorted(search.states)})
    for point, rate in rates.items():
        s = search.states[point]
        why = "" if s.decided else text.sentence(
            "why", state=s, planned=sum(search.rule.blocks[:s.looks]),
            lost=[lost_of[c] for c in point.cells if c in lost_of])
        yield PointRow(place_of(search.lattice, search.lattice.place(point)), point.cells,
                       s.looks, s.n, s.ratio, s.low, s.high, s.verdict,
                       leader(search.lattice.maps, s.leader), rate.centre, why)


def boundary_row(search: Search, b: Boundary) -> BoundaryRow:
    ends: tuple[Point, Point] = b.points[0], b.points[-1]
    below, above = (leader(search.lattice.maps, i) for i in b.leaders)
    return BoundaryRow(
        place_of(search.lattice, b.group.place(b.line[0]), b.axis), b.axis, b.kind,
        b.value(ends[0]), b.value(ends[1]), below, above, b.steps,
        lines.is_resolved(b, search.states), b.position, b.low, b.high,
        min(search.states[p].n for p in ends), b.why and b.why.value)


def axis_row(search: Search, found: Sequence[Boundary], axis: str) -> Axis:
    """Counts the measured lines and the flipping lines along an axis."""
    measured = sum(sum(p in search.states for p in line) > 1
                   for g in search.lattice.groups for line in g.lines(axis))
    return Axis(axis, measured, len({b.line[0] for b in found
                                     if b.axis == axis and b.kind is Kind.FLIP}))


def counts(search: Search) -> Counts:
    """Counts the points of the lattice by outcome."""
    states, planned = list(search.states.values()), len(search.lattice.points())
    usable = len(search.lattice.usable())
    none = sum(not s.known for s in states)
    base, contender = (sum(s.leader == i for s in states) for i in (0, 1))
    return Counts(planned, planned - usable, usable - len(states), len(states), base, contender,
                  len(states) - base - contender - none, none)


def results(staged: Staged) -> Results:
    """Counts the timed trials by outcome."""
    cells = [c for s in staged.stages for c in s.cells.values() if c.measure == "throughput"]
    trials = [t for c in cells for t in c.trials]
    status = Counter(t.status.value for t in trials)
    return Results(sum(len(c.ok) for c in cells), status["void"], status["failed"],
                   status["skipped"], sum(t.disturbed is not None for t in trials))


# ---- the whole result -------------------------------------------------------------

def headline(staged: Staged, search: Search, rows: Sequence[BoundaryRow], axes: Sequence[Axis],
             found: Moves, number: Counts) -> Iterator[str]:
    """Yields the sentences of the result, the most important first."""
    failed = {m: why for s in reversed(staged.stages) for m, why in s.failed_maps.items()}
    for name, why in sorted(failed.items()):
        yield text.sentence("doubt", map=name, why=why)
    for a in sorted(axes, key=lambda a: a.axis != found.axis):
        if a.flipping:
            yield text.sentence("along", maps=search.lattice.maps, row=a)
    yield text.sentence("moves", axis=found.axis, rows=found.factors)
    yield text.sentence("summary", maps=search.lattice.maps, counts=number)
    unresolved = sum(not r.resolved for r in rows)
    if unresolved:
        yield text.sentence("unresolved", n=unresolved, of=len(rows))
    request = search.next()
    yield text.sentence("ended", why=request.why, next=request.stage)


def decided(staged: Staged) -> Decision:
    """Computes the result of the search so far."""
    search = following.played(staged)
    found = lines.boundaries(search.lattice, search.states, search.stages)
    request, number = search.next(), counts(search)
    rows = tuple(boundary_row(search, b) for b in found)
    axes = tuple(axis_row(search, found, axis) for axis in ORDERED)
    moved = moves.ranking(search.lattice, search.states, found)
    source = ("synthetic" if staged.synthetic else "measured") if staged.stages else None
    known = [c for s in staged.stages[:1] for c in cards.all_cards(s)]
    full, short = full_names(known), short_names(known)
    one, two = (full.get(m, m) for m in search.lattice.maps)
    return Decision(
        FORMAT, "crossover", search.lattice.maps, (one, two), request.stage is None, request.why,
        staged.machine, source, staged.meta.plan_sha256, staged.meta.seed, search.rule,
        search.rule.level, len(search.stages), search.trials, search.budget,
        tuple(renamed(line, full) for line in headline(
            staged, search, rows, axes, moved, number)), number, results(staged),
        tuple(sorted({p.skip for p in search.lattice.points() if p.skip})), axes, moved, rows,
        tuple(renamed(text.sentence("boundary", b=b), short) for b in rows),
        tuple(point_rows(search, losses(staged))))


def main(staged: Staged) -> int:
    """Prints the decision; returns the exit status."""
    found = decided(staged)
    print(to_json(found), end="")
    return DONE if found.finished else INCOMPLETE
