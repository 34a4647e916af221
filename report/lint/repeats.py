# SPDX-License-Identifier: Apache-2.0
"""What the budget of repeats left disturbed: by what each block earned and
spent, from the last attempts alone; and whether ratios are told to be those
of a disturbed machine."""
import re

from report.lint import say
from report.lint.rows import attempt
from report.lint.trust import BROKEN, BUSY, taken

RULE = "repeats"
FREE = 10  # repeats of a trial where there is no budget
LEFT = re.compile(rf"({say.NUMBER}) trials? stayed void or disturbed")
PART = re.compile(rf"budget of repeats, ({say.NUMBER})[ \u00a0\u202f]% of")
SPENT = re.compile(rf"({say.NUMBER}) of them repeated in vain: .* spent in "
                   rf"({say.NUMBER}) of ({say.NUMBER}) blocks?; "
                   rf"({say.NUMBER}) of at most ({say.NUMBER}) repeats? ", re.S)
DISTURBED = re.compile(rf"({say.NUMBER}) of ({say.NUMBER}) timed trials? that "
                       r"counts? and (?:is|are) judged (?:was|were) disturbed")


LOST = re.compile(rf"({say.NUMBER}) of ({say.NUMBER}) cells? ha(?:s|ve) no "
                  "result")


class Turn:
    """A cell in a block: the last lines of its arms."""

    def __init__(self, cell, arms, lines):
        self.rule, self.arms, self.lines = cell.factors["repeat"], arms, lines
        made = set(map(attempt, lines))
        self.attempt = max(made, default=0)
        self.whole = len(lines) == arms and len(made) == 1
        self.left = sum(t["status"] == "void" or bool(t.get("disturbed"))
                        for t in lines)
        self.asks = (self.attempt <= self.rule["most"] and self.left > 0
                     and not any(t["status"] in ("failed", "skipped")
                                 for t in lines))


def budgeted(cell):
    return "share" in (cell.factors.get("repeat") or {}) and repeated(cell)


def repeated(cell):
    return bool((cell.factors.get("repeat") or {}).get("most"))


def arms_of(c, cell):
    """Names of the arms that run a cell."""
    every = [(a.get("workload"), str(a.get("name", "head")))
             for a in c.rows.meta.get("arms") or [{}]]
    return [name for of, name in every if of == cell.factors["workload"]] or [
        name for of, name in every if of is None]


def lacking(c, cell):
    """Trials of its arms that are to come, repeats aside."""
    done = [cell.lines if arm == "head" else c.rows.arms.get(
        (cell.id, arm), []) for arm in arms_of(c, cell)]
    return sum(max(cell.blocks - len(lines), 0) for lines in done)


def blocks(c):
    """Turns of each block, in the order of its cells."""
    cells, lines = list(c.rows.cells.values()), {}
    for cell in cells:
        for t in cell.lines:
            lines.setdefault((cell.id, t["block"]), []).append(t)
    for (cell, _), others in c.rows.arms.items():
        for t in others:
            lines.setdefault((cell, t["block"]), []).append(t)
    for number, order in enumerate(c.rows.meta.get("order") or []):
        here = [cells[i] for i in order if i < len(cells)]
        yield [Turn(x, len(arms_of(c, x)), lines.get((x.id, number), []))
               for x in here if repeated(x)]


def ends(c):
    """Of each block the trials that were left as they were, though one more
    attempt was free to them; None of one that is not at its end, which is
    the last: its first in the queue could still be paid, or it lacks a
    trial. A plan that is older than the budget pays for all."""
    purse = 0.0
    for turns in blocks(c):
        purse += sum(x.rule.get("share", FREE) * x.arms for x in turns)
        purse -= sum((x.attempt - 1) * x.arms for x in turns if x.attempt)
        queue = sorted((x for x in turns if x.asks), key=lambda x: x.attempt)
        if not all(x.whole for x in turns) or (
                queue and queue[0].arms <= purse + 1e-6):
            yield None
            break
        yield sum(x.left for x in queue)


def left(c):
    return sum(n or 0 for n in ends(c))


def spent(c):
    """(left trials that were repeated, blocks with one, all blocks, repeats
    made, repeats that the plan allows)."""
    turns = list(blocks(c))
    over = [i for i, n in enumerate(ends(c)) if n]
    again = sum(x.left for i in over for x in turns[i]
                if x.asks and x.attempt > 1)
    made = sum((x.attempt - 1) * x.arms for b in turns for x in b if x.attempt)
    most = sum(x.rule.get("share", FREE) * x.arms for b in turns for x in b)
    return again, len(over), len(turns), made, int(most + 1e-6)


def disturbed(rows):
    """(disturbed, all) trials that count and that the runner asks."""
    told = [taken(x, t) for x in rows.cells.values() for t in x.ok
            if judged(x)]
    return sum(told), len(told)


def judged(cell):
    return bool((cell.factors.get("repeat") or {}).get("wait_share"))


def fates(rows):
    """(repeated in vain, never repeated, not judged) of timed trials that
    count; the first two were disturbed."""
    timed = [(x, t) for x in rows.cells.values() if x.measure != "verify"
             and not x.measure.startswith("simulated:") for t in x.ok]
    last = [attempt(t) for x, t in timed if judged(x) and taken(x, t)]
    return (sum(n > 1 for n in last), sum(n == 1 for n in last),
            sum(not judged(x) for x, _ in timed))


def texts(c):
    section = c.page.section("validity")
    return {"index.html#validity": section.text() if section else "",
            "verdicts.json": str(c.page.verdicts.get("quality") or "")}


def doubts(c):
    """What section 12 says of the run itself: disturbed trials above the
    limit, and cells that were meant to run and have no result."""
    section, planned = c.page.section("limits"), c.rows.planned
    some, of = disturbed(c.rows)
    lost = sum(not c.rows.has_result(x) for x in planned)
    for form, true, due in (
            (DISTURBED, (some, of), some > BUSY * of),
            (LOST, (lost, len(planned)), lost > 0)):
        said = form.findall(section.text() if section else "")
        c.log.check(not section or bool(said) == due and all(
            all(map(say.same, numbers, true)) for numbers in said), RULE,
            "index.html#limits", str(said), "trials.jsonl", str(true))


def check(c):
    doubts(c)
    count, (some, of) = left(c), disturbed(c.rows)
    broken = some > BROKEN * of
    for file, text in texts(c).items():
        said = LEFT.findall(text)
        c.log.check(bool(said) == bool(count) and all(
            say.same(n, count) for n in said), RULE, file, " ".join(said),
            "trials.jsonl", f"the budget of repeats left {count} trials")
        for numbers in SPENT.findall(text):
            c.log.check(all(map(say.same, numbers, spent(c))), RULE, file,
                        " ".join(numbers), "trials.jsonl",
                        f"left in vain, blocks, repeats: {spent(c)}")
        told = DISTURBED.findall(text)
        c.log.check(bool(told) == broken and all(
            say.same(a, some) and say.same(b, of) for a, b in told), RULE,
            file, str(told), "trials.jsonl", f"{some} of {of} timed trials "
            "that count were disturbed")
        c.log.check(("those of a disturbed machine" in text) == broken, RULE,
                    file, "those of a disturbed machine", "trials.jsonl",
                    f"{some} of {of}, the bar is {BROKEN}")
        shares = {x.factors["repeat"]["share"] for x in c.rows.cells.values()
                  if budgeted(x)}
        for part in PART.findall(text):
            c.log.check(len(shares) == 1 and say.same(
                part, 100 * max(shares)), RULE, file, part, "campaign.json",
                f"shares are {sorted(shares)}")
