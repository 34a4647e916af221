# SPDX-License-Identifier: Apache-2.0
"""What the budget of repeats left as it was (docs/adr/0029): the walk that a
campaign takes, over the lines of its journal."""

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


def arms_of(meta, workload):
    """Names of the arms that run the cells of a workload."""
    arms = [arm for arm in meta.get("arms") or [{}] if isinstance(arm, dict)]
    own = [arm for arm in arms if arm.get("workload") == workload] or [
        arm for arm in arms if arm.get("workload") is None]
    return [str(arm.get("name", "head")) for arm in own]


def spoilt(trial):
    return trial["status"] == "void" or isinstance(
        trial.get("disturbed"), str)


def is_due(lines, arms):
    """Do these lines, one of each arm, ask for another attempt?"""
    return (len(lines) == arms and any(map(spoilt, lines)) and all(
        t["status"] in ("ok", "void") for t in lines))


def blocks_of(meta, cells):
    """Of each block its cells that may be repeated, in their order."""
    plan = [cells.get(c["id"]) for c in meta["cells"]]
    for order in meta.get("order") or []:
        here = [plan[i] for i in (order if isinstance(order, list) else [])
                if isinstance(i, int) and 0 <= i < len(plan)]
        yield [cell for cell in here if cell and rule_of(cell)]


def refused(meta, cells, found):
    """Void or disturbed trials that were not repeated since the budget was
    spent, of the blocks that were played to their end."""
    return walk(meta, cells, found)[0]


def walk(meta, cells, found):
    """(what refused() counts, was every block played to its end: a trial
    of it, or a repeat that could be paid, is not to come).

    found -- (cell, block, arm) -> its lines, by attempts
    """
    lines, allowed, made, count = {}, 0, 0, 0
    for (cell, block, _), attempts in found.items():
        for k, line in enumerate(attempts, 1):
            lines.setdefault((cell, block, k), []).append(line)
    for block, here in enumerate(blocks_of(meta, cells)):
        arms = {c.id: len(arms_of(meta, c.factors["workload"])) for c in here}
        if any(len(lines.get((c, block, 1), ())) < n
               for c, n in arms.items()):
            return count, False
        allowed += sum(rule_of(c)["share"] * arms[c.id] for c in here)
        granted, left = round_by_round(here, arms, block, lines,
                                       allowed - made + ROUNDING)
        if granted is None:
            return count, False
        made, count = made + granted, count + left
    return count, True


def round_by_round(here, arms, block, lines, budget):
    """(repeats, trials left as they were) of a block; repeats is None where
    one that could be paid is not there: the campaign goes on."""
    made, left, over = 0, 0, False
    for k in range(1, LAST):
        for cell in here:
            n, got = arms[cell.id], lines.get((cell.id, block, k), ())
            if k > rule_of(cell)["most"] or not is_due(got, n):
                continue
            over = over or made + n > budget
            if over:
                left += sum(map(spoilt, got))
                continue
            made += n
            if len(lines.get((cell.id, block, k + 1), ())) < n:
                return None, 0
    return made, left
