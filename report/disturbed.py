# SPDX-License-Identifier: Apache-2.0
"""Which trials did other programs disturb: the runner's word, and of trials
that it could not judge what they tell of themselves (docs/verdicts.md)."""
import math

from report import checks, repeat_budget, words

LIMIT = 20  # per cent of the threads' time


def waited(trial):
    """Time on the run queue in per cent of the window, all threads together;
    nan: unknown. It counts from the window's barriers, so that a thread that
    came late may have more than 100."""
    threads = (trial.get("result") or {}).get("by_thread") or []
    waits = [t.get("runqueue_wait_ns") for t in threads]
    span = sum(t.get("elapsed_ns") or 0 for t in threads)
    if not span or None in waits:
        return math.nan
    return 100 * sum(waits) / span


def disturbed(cell, trial):
    """Did other programs take the CPUs of this trial? The runner's word; of
    a trial that it could not judge, its threads' waiting."""
    if trial.get("disturbed"):
        return True
    return (trial.get("others_share") is None and waited(trial) > LIMIT
            and checks.alone(cell))


def some_of(cells):
    """(trials of these cells that others disturbed, all that count)."""
    pairs = [(cell, t) for cell in cells for t in cell.ok]
    return sum(disturbed(*pair) for pair in pairs), len(pairs)


def told(cells, whose):
    """The same in words, beside what these trials say; "": none was."""
    some, of = some_of(cells)
    if not some:
        return ""
    return (f"{words.count(some)} of {whose} {words.plural(of, 'trial')} "
            f"{'was' if some == 1 else 'were'} disturbed by others")


def judged(cell):
    """Does the runner ask of this cell's trials whether others took their
    CPUs? Of a plan's repeat-wait of 0 it does not."""
    return bool(repeat_budget.asked_of(cell).get("wait_share"))


def stayed(a, name=None):
    """(trials that count though others disturbed them, of all that count and
    are judged): of one map, or of all."""
    return some_of(c for c in a.campaign.cells.values()
                   if judged(c) and name in (None, c.map))


def judged_words(some, of):
    """The same in words."""
    return (f"{words.count(some)} of {words.plural(of, 'timed trial')} that "
            f"{'counts and is' if of == 1 else 'count and are'} judged "
            f"{'was' if some == 1 else 'were'} disturbed")


def in_vain(a):
    """Those of stayed() that were repeated; the others had one attempt."""
    return sum(disturbed(c, t) and t.get("attempt", 1) > 1
               for c in a.campaign.cells.values() if judged(c) for t in c.ok)


def unjudged(a):
    """Timed trials that count and of which nobody asks; a model of a machine
    is not timed."""
    return sum(not judged(cell) for cell, _ in checks.finished(a)
               if not cell.measure.startswith("simulated:"))
