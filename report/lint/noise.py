# SPDX-License-Identifier: Apache-2.0
"""What disturbed the trials, from every attempt in the order they ran: the
rows of the table of checks that are about it, and the alternative texts."""
import numpy as np

from report.lint import say
from report.lint.repeats import disturbed, fates

TICK_NS, WAITED = 10 ** 7, 20.0  # a tick of steal; per cent of the window
ENDS = (1, 99)  # percentiles of the speed: one slow reading is no change


def last(rows):
    """Those that no later attempt replaces."""
    return [t for t in rows.begun if id(t) in rows.last]


def speed(trial):
    """Additions per ns of the first thread's CPU, before and after."""
    about = (trial.get("result") or {}).get("environment") or {}
    known = [about.get(f"adds_per_ns_{when}") for when in ("before", "after")]
    known = [v for v in known if v]
    return sum(known) / len(known) if known else None


def waited(trial):
    """Per cent of the window that its threads stood in the run queue."""
    threads = (trial.get("result") or {}).get("by_thread") or []
    waits = [t.get("runqueue_wait_ns") for t in threads]
    span = sum(t.get("elapsed_ns") or 0 for t in threads)
    return None if not span or None in waits else 100 * sum(waits) / span


def stolen(rows, trial):
    """Per cent of all CPUs' time that the hypervisor took."""
    ticks, wall = trial.get("steal_ticks"), trial.get("wall_ns")
    cpus = (rows.meta.get("machine") or {}).get("cpus") or 1
    return (None if ticks is None or not wall
            else 100 * ticks * TICK_NS / (wall * cpus))


def speeds(rows):
    """(slow, fast) of all attempts; None where none is known."""
    known = [v for v in map(speed, rows.begun) if v is not None]
    return np.percentile(known, ENDS) if known else None


def waits(rows):
    """(waited, known) of the trials whose threads have a CPU each."""
    known = [waited(t) for t in last(rows)
             if rows.cells[t["cell"]].alone]
    known = [v for v in known if v is not None]
    return sum(v > WAITED for v in known), len(known)


def taken(rows):
    """(with steal, known)."""
    known = [stolen(rows, t) for t in last(rows)]
    known = [v for v in known if v is not None]
    return sum(v > 0 for v in known), len(known)


def places(cell):
    """(measured, measured again) blocks of a cell."""
    again = [t for t in cell.lines if t.get("attempt", 1) > 1]
    once = [t for t in cell.lines if t.get("attempt", 1) == 1
            and t.get("exit") != "not started"]
    return len(once) + len(again), len(again)


# ---- the table of checks ----------------------------------------------------

KEPT = "recorded, none dropped"
AGAIN, BUDGET = "what others took is repeated", "repeated, within a budget"


def checks(rows):
    """(form, values) of each row on what disturbed the trials."""
    ends = speeds(rows)
    if ends is not None:
        yield ("speed of the first thread's CPU, from the slowest to the "
               "fastest hundredth of the trials | {} to {} additions per ns: "
               f"× {{}} | {KEPT} | –", (*ends, ends[1] / ends[0]))
    yield share("trials whose threads, with a CPU each, waited for it in more"
                " than 20 % of the window, also void ones and verification",
                *waits(rows), AGAIN)
    some, of = disturbed(rows)
    if some:
        yield stayed(rows, some, of)
    yield share("trials while the hypervisor took time (steal)", *taken(rows))


def share(name, some, of, limit=KEPT):
    form, values = say.part(some, of) if of else ("not readable", ())
    return f"{name} | {form} | {limit} | –", values


def stayed(rows, some, of):
    form, values = say.part(some, of)
    *told, rest = fates(rows)
    return ("timed trials that count, are judged and were disturbed by others "
            f"| {form}: {{}} repeated in vain, {{}} never repeated"
            + "; {} more not judged (repeat-wait 0)" * bool(rest)
            + f" | {BUDGET} | –", (*values, *told, *[rest] * bool(rest)))


# ---- alternative texts ------------------------------------------------------

def strip(c, _, text):
    """"1 763 trials and 9 repetitions in the order they ran; ..."."""
    rows, ends = c.rows, speeds(c.rows)
    trials, again = len(last(rows)), len(rows.begun) - len(last(rows))
    forms = [(counted("trial", trials) + (
        " and " + counted("repetition", again) if again else "")
        + " in the order they ran", [trials] + [again] * bool(again))]
    if ends is not None:
        known = sum(speed(t) is not None for t in rows.begun)
        some = [known, len(rows.begun)] * (known < len(rows.begun))
        forms.append((
            "CPU speed {} to {} additions per ns (1st to 99th percentile" + (
                "; {} of {} attempts ha" + ("s" if known == 1 else "ve")
                + " a reading") * bool(some) + ")", (*ends, *some)))
    for name, (some, of) in (
            ("threads with a CPU each waited for it in more than 20 % of the "
             "window in ", waits(rows)),
            ("steal in ", taken(rows))):
        form, values = say.part(some, of)
        forms.append((name + form, values))
    return say.told(text, "; ".join(f for f, _ in forms) + ".",
                    *(v for _, values in forms for v in values))


def counted(noun, n):
    return f"{{}} {noun}{'' if n == 1 else 's'}"


def repeats(c, _, text):
    """"ck_ht 1 of 144 (0.69 %), ...": each map's repeated trials."""
    found = {}
    for cell in c.rows.cells.values():
        of, some = places(cell)
        have = found.setdefault(cell.map, [0, 0])
        found[cell.map] = [have[0] + some, have[1] + of]
    return say.listed(text.removesuffix(".").split(", "), {
        m: (lambda said, p=say.part(*n): say.told(said, p[0], *p[1]))
        for m, n in found.items() if n[1]})
