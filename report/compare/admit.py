# SPDX-License-Identifier: Apache-2.0
"""Why a campaign may not stand beside another, in words; "" where it may.

What differs because machines differ (which CPUs, what is skipped, what it was
planned to take) is no reason. What was asked for is: its trials would answer
another question (docs/adr/0043).
"""
from report import previous

# Of a cell: what follows from the machine that it was planned on. Where its
# trace lies is one: dist has the trace's checksum, window_ops its passes.
OF_MACHINE = ("cpus", "skip", "estimate_ns", "memory_bytes", "deadline_ns",
              "trace")
TURN_NS = 4_000_000  # of a window, a thread and CPU (plan_expand.c)
VERSION = ("commit", "dirty", "flags")


def short(value):
    return previous.shown(value) if value is not None else "unknown"


# ---- in one folder --------------------------------------------------------

def within(campaign):
    """Are all trials of one campaign: of its plan, its build, each once?"""
    for problem in campaign.problems:
        if "torn last line" not in problem and "missing, no trial" not in \
                problem:
            return f"{problem.replace(', ignored', '')}: its journal holds " \
                "what this campaign did not write: pooled, or damaged"
    return pooled(campaign)


def pooled(campaign):
    """Trials of another program than the campaign's, by its hash. An arm that is a
    folder has a program for each map."""
    build = campaign.meta.get("build") or {}
    wanted = {arm.get("name"): list((arm.get("programs") or {}).values())
              or [arm.get("sha256")] for arm in campaign.meta.get("arms") or []}
    for cell, trial in campaign.ran:
        own = wanted.get(trial.get("arm", "head")) or [build.get("binary_sha256")]
        has = trial.get("binary_sha256")
        if has is not None and has not in own:
            return (f"pooled builds: block {trial['block']} of {cell.id} is "
                    f"of binary {short(has)}, the campaign of "
                    f"{', '.join(map(short, own))}")
    return ""


# ---- beside the first one -------------------------------------------------

def texts(campaign):
    """What was asked for, machine by machine the same: name -> text."""
    return {w.get("name"): w.get("text") or w.get("sha256")
            for w in campaign.meta.get("workloads") or []}


def beside(first, other):
    """May they stand side by side?"""
    for what, one, two in (
            ("synthetic", bool(first.meta.get("synthetic")),
             bool(other.meta.get("synthetic"))),
            ("mode", first.meta.get("mode"), other.meta.get("mode"))):
        if one != two:
            return f"another plan: {what} {short(two)}, expected {short(one)}"
    return other_plan(first, other)


def other_plan(first, other):
    one, two = texts(first), texts(other)
    changed = sorted(set(one) ^ set(two)) or sorted(
        name for name in one if one[name] != two[name])
    if changed:
        return (f"another plan: workload {changed[0]} is not the first "
                "campaign's")
    shared = [name for name in first.cells if name in other.cells]
    if not shared:
        return "another plan: it has no cell that the first campaign has"
    for name in shared:
        factor = differs(first.cells[name], other.cells[name])
        if factor:
            return f"another plan: {factor} of {name} differs"
    return ""


def by_turns(one, two):
    """May the CPUs explain that two cells have unlike windows? Threads that
    take turns get one that is as long as so many turns need: the longer one
    is what some number of CPUs makes."""
    threads = one.factors.get("threads")
    windows = [cell.factors.get("window_ns") for cell in (one, two)]
    if not threads or not all(windows):
        return False
    cpus = TURN_NS * threads // max(windows)
    return 0 < cpus < threads and TURN_NS * threads // cpus == max(windows)


def differs(one, two):
    """The first factor of two cells that no machine explains, or None."""
    explained = OF_MACHINE + ("window_ns",) * by_turns(one, two)
    return next((name for name in sorted(
        one.factors.keys() | two.factors.keys()) if name not in explained
        and one.factors.get(name) != two.factors.get(name)), None)


def version(first, other, that="the first campaign's is"):
    """How it is another version of the maps; "" where it is the same."""
    one, two = (c.meta.get("build") or {} for c in (first, other))
    return "; ".join(
        f"{name} {short(two.get(name))}, {that} "
        f"{short(one.get(name))}" for name in VERSION
        if one.get(name) != two.get(name))
