# SPDX-License-Identifier: Apache-2.0
"""Recomputes from the lines of a journal how its campaign spent the budget of repeats
(docs/adr/0024)."""
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from report.load.plan import Factors, Plan
from report.load.trial import Status, Trial

LAST = 11  # largest number of attempts at a trial
UNBOUNDED = float(LAST - 1)  # number of repeats that each trial adds in a plan without a budget
ROUNDING = 1e-6  # tolerance, because shares are sums of doubles
Place = tuple[Factors, int]  # a cell, and a block of it
# maps (cell, block, attempt) to one trial for each arm
Lines = Mapping[tuple[str, int, int], Sequence[Trial]]


@dataclass(frozen=True)
class Repeats:
    """How the budget was spent in the completed rounds.

    - left: number of trials that stayed void or disturbed because the budget was spent
    - in_vain: number of trials among `left` that had been repeated before
    - spent: the rounds in which the budget ran out
    - made: number of repeats
    - allowed: number of repeats that the budget allowed
    - whole: true if no trial and no allowed repeat is pending
    """
    left: int = 0
    in_vain: int = 0
    spent: tuple[int, ...] = ()
    made: int = 0
    allowed: float = 0.0
    whole: bool = True


def most_of(cell: Factors) -> int:
    """Returns the largest number of repeats of each trial of a cell."""
    return (cell.repeat.most or 0) if cell.repeat else 0


def share_of(cell: Factors) -> float:
    """Returns how many repeats each trial of the cell adds to the budget."""
    share = cell.repeat.share if cell.repeat else None
    return UNBOUNDED if share is None else share


def rounds_of(plan: Plan) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Returns (cell id, block) of each round in running order. Leaves out indices without a cell,
    and cells that a limit on time left out."""
    done: dict[int, int] = {}
    rounds = []
    for order in plan.order:
        members = [i for i in order if 0 <= i < len(plan.cells) and not plan.cells[i].skip]
        rounds.append(tuple((plan.cells[i].id, done.get(i, 0)) for i in members))
        for i in members:
            done[i] = done.get(i, 0) + 1
    return tuple(rounds)


def with_resumed(plan: Plan, ran: Container[str]) -> Plan:
    """Adds the cells that a limit left out at first and a resumed run then measured. These cells
    are marked as skipped, but have a place in the order of the plan. `ran` has the ids of cells
    with lines in the journal."""
    waiting = {i for order in plan.order for i in order
               if 0 <= i < len(plan.cells) and plan.cells[i].skip}
    if not any(plan.cells[i].id in ran for i in waiting):
        return plan
    return replace(plan, cells=tuple(replace(c, skip=None) if i in waiting else c
                                     for i, c in enumerate(plan.cells)))


def spoilt(trial: Trial) -> bool:
    """True if the trial is void or disturbed."""
    return trial.status is Status.VOID or trial.disturbed is not None


def is_due(lines: Sequence[Trial], arms: int) -> bool:
    """True if these lines, one for each arm, require another attempt."""
    return (len(lines) == arms and any(map(spoilt, lines)) and all(
        t.status in (Status.OK, Status.VOID) for t in lines))


def repeatable(plan: Plan) -> Iterator[list[Place]]:
    """Yields the (cell, block) of each round that may be repeated."""
    cells = {c.id: c for c in plan.cells}
    for members in rounds_of(plan):
        yield [(cells[name], block) for name, block in members if most_of(cells[name]) > 0]


def earned(plan: Plan, members: Sequence[Place]) -> float:
    """Returns how many repeats a round of these trials adds to the budget."""
    return sum(share_of(c) * len(plan.arms_of(c)) for c, _ in members)


def walk(plan: Plan, attempts: Mapping[tuple[str, int, str], Sequence[Trial]]) -> Repeats:
    """Recomputes how the budget was spent. `attempts` has the trials of each (cell, block, arm),
    ordered by attempt."""
    lines: dict[tuple[str, int, int], list[Trial]] = {}
    for (cell, block, _), tries in attempts.items():
        for k, line in enumerate(tries, 1):
            lines.setdefault((cell, block, k), []).append(line)
    state = Repeats()
    for number, members in enumerate(repeatable(plan)):
        after = play(plan, members, lines, state, number)
        if after is None:
            return Repeats(state.left, state.in_vain, state.spent, state.made,
                           state.allowed, whole=False)
        state = after
    return state


def play(plan: Plan, members: Sequence[Place], lines: Lines, state: Repeats,
         number: int) -> Repeats | None:
    """Returns the state after a round, or None if the journal ends within the round."""
    arms = {c.id: len(plan.arms_of(c)) for c, _ in members}
    if any(len(lines.get((c.id, block, 1), ())) < arms[c.id] for c, block in members):
        return None
    allowed = state.allowed + earned(plan, members)
    counted = by_attempts(members, arms, lines, allowed - state.made + ROUNDING)
    if counted is None:
        return None
    granted, left = counted
    return Repeats(state.left + len(left), state.in_vain + sum(k > 1 for k in left),
                   state.spent + ((number,) if left else ()), state.made + granted, allowed)


def by_attempts(members: Sequence[Place], arms: Mapping[str, int], lines: Lines,
                budget: float) -> tuple[int, list[int]] | None:
    """Returns the number of repeats in a round, and the attempt numbers of trials that stayed void
    or disturbed because the budget was spent. Returns None if an allowed repeat is missing, because
    the campaign has then not ended."""
    made = 0
    left: list[int] = []
    over = False
    for k in range(1, LAST):
        for cell, block in members:
            n, tries = arms[cell.id], lines.get((cell.id, block, k), ())
            if k > most_of(cell) or not is_due(tries, n):
                continue
            over = over or made + n > budget
            if over:
                left += [k] * sum(map(spoilt, tries))
                continue
            made += n
            if len(lines.get((cell.id, block, k + 1), ())) < n:
                return None
    return made, left
