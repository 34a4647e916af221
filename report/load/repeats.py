# SPDX-License-Identifier: Apache-2.0
"""The spending of a campaign's budget of repeats (docs/adr/0024), recomputed from the
lines of its journal."""
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from report.load.plan import Factors, Plan
from report.load.trial import Status, Trial

LAST = 11  # most attempts of a trial
UNBOUNDED = float(LAST - 1)  # repeats that a trial allows in a plan without a budget
ROUNDING = 1e-6  # shares are sums of doubles
Place = tuple[Factors, int]  # a cell and a block
Lines = Mapping[tuple[str, int, int], Sequence[Trial]]  # (cell, block, attempt) -> one per arm


@dataclass(frozen=True)
class Repeats:
    """The spending of the budget in the rounds that were completed.

    left     trials that stayed void or disturbed because the budget was spent
    in_vain  of these, trials that had been repeated
    spent    rounds in which the budget was spent
    made     repeats; allowed: by the budget
    whole    true if no trial and no allowed repeat is pending
    """
    left: int = 0
    in_vain: int = 0
    spent: tuple[int, ...] = ()
    made: int = 0
    allowed: float = 0.0
    whole: bool = True


def most_of(cell: Factors) -> int:
    """Most repeats of each trial of a cell."""
    return (cell.repeat.most or 0) if cell.repeat else 0


def share_of(cell: Factors) -> float:
    """Repeats that each trial of the cell adds to the budget."""
    share = cell.repeat.share if cell.repeat else None
    return UNBOUNDED if share is None else share


def rounds_of(plan: Plan) -> tuple[tuple[tuple[str, int], ...], ...]:
    """(cell id, block) in running order. Indices without a cell are left out."""
    done: dict[int, int] = {}
    rounds = []
    for order in plan.order:
        members = [i for i in order if 0 <= i < len(plan.cells)]
        rounds.append(tuple((plan.cells[i].id, done.get(i, 0)) for i in members))
        for i in members:
            done[i] = done.get(i, 0) + 1
    return tuple(rounds)


def spoilt(trial: Trial) -> bool:
    """True if it is void or disturbed."""
    return trial.status is Status.VOID or trial.disturbed is not None


def is_due(lines: Sequence[Trial], arms: int) -> bool:
    """True if these lines, one per arm, require another attempt."""
    return (len(lines) == arms and any(map(spoilt, lines)) and all(
        t.status in (Status.OK, Status.VOID) for t in lines))


def repeatable(plan: Plan) -> Iterator[list[Place]]:
    """The (cell, block) of each round that may be repeated."""
    cells = {c.id: c for c in plan.cells}
    for members in rounds_of(plan):
        yield [(cells[name], block) for name, block in members if most_of(cells[name]) > 0]


def earned(plan: Plan, members: Sequence[Place]) -> float:
    """Repeats that a round of these trials adds to the budget."""
    return sum(share_of(c) * len(plan.arms_of(c)) for c, _ in members)


def walk(plan: Plan, attempts: Mapping[tuple[str, int, str], Sequence[Trial]]) -> Repeats:
    """Recomputes the spending of the budget.

    attempts -- (cell, block, arm) -> its lines, by attempt
    """
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
    """The state after a round; None: the campaign ends within it."""
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
    """(repeats, the attempt of each trial that was not repeated) of a round; None: a
    repeat that the budget allows is missing, so that the campaign continues."""
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
