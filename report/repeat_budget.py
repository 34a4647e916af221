# SPDX-License-Identifier: Apache-2.0
"""What the budget of repeats left as it was (docs/adr/0029): the walk that a
campaign takes, over the lines of its journal."""
from dataclasses import dataclass, field

from report import rounds

LAST = 11  # attempts of a trial, at most
UNBOUNDED = LAST - 1  # repeats that a trial allows in a plan without a budget
ROUNDING = 1e-6  # shares are sums of doubles


def asked_of(cell):
    """What the plan says of a cell's repeats; {}: an older one."""
    rule = cell.factors.get("repeat")
    return rule if isinstance(rule, dict) else {}


def rule_of(cell):
    """{"most", "share"} of a cell's repeats; None: it is never repeated.
    Plans that are older than the budget have no share."""
    rule = {"share": UNBOUNDED} | asked_of(cell)
    fine = (isinstance(rule["share"], (int, float))
            and isinstance(rule.get("most"), int) and rule["most"] > 0)
    return rule if fine else None


def share(cells):
    """Repeats that each trial allows, where all that may be repeated allow
    the same; None: they differ, or there is no budget."""
    shares = {r["share"] for r in map(rule_of, cells) if r}
    found = shares.pop() if len(shares) == 1 else UNBOUNDED
    return None if found == UNBOUNDED else found


def most(campaign):
    """Repeats that a whole campaign may make."""
    return int(ROUNDING + sum(earned(campaign.meta, here) for here in
                              repeatable(campaign.rounds, campaign.cells)))


def earned(meta, here):
    """Repeats that a round of these trials adds."""
    return sum(rule_of(c)["share"] * len(arms_of(meta, c)) for c, _ in here)


def arms_of(meta, cell):
    """Names of the arms that run a cell. An arm with a flavour is an A/A
    control, which runs the cells that are marked for it."""
    arms = [arm for arm in meta.get("arms") or [{}] if isinstance(arm, dict)
            and (not arm.get("flavour") or cell.factors.get("control"))]
    own = [arm for arm in arms if arm.get("workload") == cell.workload] or [
        arm for arm in arms if arm.get("workload") is None]
    return [str(arm.get("name", "head")) for arm in own]


def spoilt(trial):
    return trial["status"] == "void" or isinstance(
        trial.get("disturbed"), str)


def is_due(lines, arms):
    """Do these lines, one of each arm, ask for another attempt?"""
    return (len(lines) == arms and any(map(spoilt, lines)) and all(
        t["status"] in ("ok", "void") for t in lines))


def repeatable(planned, cells):
    """The (cell, block) of each round that may be repeated."""
    for here in planned:
        found = [(cells.get(name), block) for name, block in here]
        yield [(c, block) for c, block in found if c and rule_of(c)]


@dataclass
class Walk:
    """What became of the budget, in the rounds that were played to their
    end."""
    left: int = 0  # trials that stayed void or disturbed where it was spent
    in_vain: int = 0  # of these, repeated before
    spent: list = field(default_factory=list)  # rounds in which it was
    made: int = 0  # repeats
    allowed: float = 0
    whole: bool = True  # no trial, or repeat that can be paid, is to come


def walk(meta, cells, found):
    """The Walk over these lines.

    found -- (cell, block, arm) -> its lines, by attempts
    """
    lines, told = {}, Walk()
    for (cell, block, _), attempts in found.items():
        for k, line in enumerate(attempts, 1):
            lines.setdefault((cell, block, k), []).append(line)
    for number, here in enumerate(repeatable(rounds.of(meta), cells)):
        arms = {c.id: len(arms_of(meta, c)) for c, _ in here}
        if any(len(lines.get((c.id, block, 1), ())) < arms[c.id]
               for c, block in here):
            told.whole = False
            break
        told.allowed += earned(meta, here)
        granted, left = by_attempts(here, arms, lines,
                                    told.allowed - told.made + ROUNDING)
        if granted is None:
            told.whole = False
            break
        told.made += granted
        told.left += len(left)
        told.in_vain += sum(k > 1 for k in left)
        told.spent += [number] * bool(left)
    return told


def by_attempts(here, arms, lines, budget):
    """(repeats, the attempt of each trial that was left as it was) of a
    round; repeats is None where one that could be paid is not there: the
    campaign goes on."""
    made, left, over = 0, [], False
    for k in range(1, LAST):
        for cell, block in here:
            n, got = arms[cell.id], lines.get((cell.id, block, k), ())
            if k > rule_of(cell)["most"] or not is_due(got, n):
                continue
            over = over or made + n > budget
            if over:
                left += [k] * sum(map(spoilt, got))
                continue
            made += n
            if len(lines.get((cell.id, block, k + 1), ())) < n:
                return None, []
    return made, left
