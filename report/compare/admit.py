# SPDX-License-Identifier: Apache-2.0
"""Checks whether a campaign can be compared with another. Each check returns the reason for a
refusal, or "".

Differences that follow from the machine (CPUs, skipped cells, expected time) are allowed.
Differences between the plans are not allowed (docs/reference/comparing.md).
"""
import re
from dataclasses import fields, replace
from typing import Any

from report.decide.groups import place_of
from report.load import Campaign
from report.load.plan import Factors
from report.model.place import Place

OF_MACHINE = ("id", "cpus", "skip", "estimate_ns", "base")
TURN_NS = 4_000_000  # window length for one thread on one CPU (plan_expand.c)
HARMLESS = ("torn last line", "missing, no trial")  # the campaign ended early
VERSION = ("commit", "dirty", "flags")
LINE = re.compile(r"^(\S+) *= *(.*)$", re.M)  # of a workload
CHANGES = 6  # most differences that are printed
ALIGNED = tuple(f.name for f in fields(Place) if f.name != "crowded")


def short(value: object) -> str:
    """Formats a value of the build; hashes are cut to 12 digits."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return text[:12] if len(text) >= 40 and set(text) <= set("0123456789abcdef") else text


# ---- within one folder ----------------------------------------------------

def within(campaign: Campaign) -> str:
    """Checks that every trial occurs once and belongs to the campaign's plan and build."""
    for problem in campaign.problems:
        if not any(text in problem for text in HARMLESS):
            return f"{problem.replace(', ignored', '')}: the journal holds lines that " \
                "this campaign did not write: pooled, or damaged"
    return pooled(campaign)


def pooled(campaign: Campaign) -> str:
    """Describes the first trial whose program is not one of the campaign's programs for that arm.
    """
    plan = campaign.plan
    known: dict[str, set[str | None]] = {}
    for arm in plan.arms:
        known.setdefault(arm.name, set()).update((arm.programs or {}).values() or [
            arm.sha256 or plan.build.binary_sha256])
    for cell, trial in campaign.ran:
        expected = known.get(trial.arm, {plan.build.binary_sha256})
        if trial.binary_sha256 is not None and trial.binary_sha256 not in expected:
            return (f"pooled builds: block {trial.block} of {cell.id} ran program "
                    f"{short(trial.binary_sha256)}, which does not belong to this campaign")
    return ""


# ---- comparison with the first campaign ------------------------------------------

def settings(campaign: Campaign) -> dict[str, dict[str, str]]:
    """Returns workload -> its lines, key -> value, which are the same on every machine."""
    return {w.name: dict(LINE.findall(w.text)) if w.text else {"sha256": w.sha256 or "unknown"}
            for w in campaign.plan.workloads}


def changes(first: Campaign, other: Campaign) -> tuple[str, ...]:
    """Lists what differs in mode and workloads: "shop: writes = 10% instead of 3%". If both
    campaigns have one workload, its name may differ."""
    one, two = settings(first), settings(other)
    found = [f"mode {short(other.plan.mode)} instead of {short(first.plan.mode)}"] \
        * (first.plan.mode != other.plan.mode)
    for a, b in [(*one, *two)] if len(one) == len(two) == 1 else \
            [(name, name) for name in sorted(one.keys() | two.keys())]:
        was, now = one.get(a), two.get(b)
        if was is None or now is None:
            found.append(f"workload {b} differs")
            continue
        found += [f"workload {b} instead of {a}"] * (a != b)
        found += [f"{b}: {key} = {now.get(key, 'default')} instead of {was.get(key, 'default')}"
                  for key in was | now if was.get(key) != now.get(key)]
    more = len(found) - CHANGES
    return (*found[:CHANGES], f"and {more} more") if more > 0 else tuple(found)


def aligned(first: Campaign, other: Campaign) -> dict[str, Any] | None:
    """Returns the factors that have a single value in each campaign, but not the same one: name ->
    value in the first. Places are compared as if the other campaign had these values. Returns None
    if even then no place is shared."""
    one, two = ([replace(place_of(c.factors), crowded=False) for c in x.cells.values()
                 if c.measure == "throughput"] for x in (first, other))
    values = {name: [{getattr(p, name) for p in places} for places in (one, two)]
              for name in ALIGNED}
    found = {name: next(iter(a)) for name, (a, b) in values.items()
             if len(a) == len(b) == 1 and a != b}
    shared = first.plan.synthetic == other.plan.synthetic and set(one).intersection(
        replace(place, **found) for place in two)
    return found if shared else None


def plan_difference(first: Campaign, other: Campaign) -> str:
    """Checks that both campaigns have the same plan."""
    if first.plan.synthetic != other.plan.synthetic:
        return f"another plan: synthetic {short(other.plan.synthetic)}, expected " \
            f"{short(first.plan.synthetic)}"
    changed = changes(first, other)
    if changed:
        return f"another plan: {'; '.join(changed)}"
    shared = [name for name in first.cells if name in other.cells]
    if not shared:
        return "another plan: no cell in common"
    for name in shared:
        factor = differs(first.cells[name].factors, other.cells[name].factors)
        if factor:
            return f"another plan: {factor} of {name} differs"
    return ""


def by_turns(one: Factors, two: Factors) -> bool:
    """True if the window lengths of two plans differ only because the machines have different
    numbers of CPUs. Threads that share a CPU get a longer window."""
    threads, windows = one.threads, (one.window_ns, two.window_ns)
    if not threads or not all(windows):
        return False
    cpus = TURN_NS * threads // int(max(windows))
    return 0 < cpus < threads and TURN_NS * threads // cpus == max(windows)


def differs(one: Factors, two: Factors) -> str | None:
    """Returns the first factor that differs between two cells, except factors that may differ
    between machines."""
    explained = OF_MACHINE + ("window_ns",) * by_turns(one, two)
    return next((f.name for f in fields(Factors) if f.name not in explained
                 and getattr(one, f.name) != getattr(two, f.name)), None)


def programs(campaign: Campaign) -> dict[str, set[str]]:
    """Returns the hashes of each measured map's programs. The hash of the machine code is used if
    all sources are committed, because a program also changes if it is built in another folder."""
    found: dict[str, set[str]] = {}
    for cell, trial in campaign.ran:
        if trial.arm == "head" and cell.measure == "throughput" and trial.binary_sha256:
            found.setdefault(cell.map, set()).add(trial.binary_sha256)
    clean = campaign.plan.build.dirty is False
    return {name: {code} if clean and (code := campaign.maps[name].code) else hashes
            for name, hashes in found.items()}


def version(first: Campaign, other: Campaign, same_machine: bool = True) -> str:
    """Describes how the maps of the second campaign differ in version from the maps of the
    first, or "" if they do not. Programs are compared only if both ran on one machine."""
    one, two = first.plan.build, other.plan.build
    found = [f"{name} {short(getattr(two, name))} instead of {short(getattr(one, name))}"
             for name in VERSION if getattr(one, name) != getattr(two, name)]
    if found or not same_machine:
        return "; ".join(found)
    codes = [programs(c) for c in (first, other)]
    changed = sorted(name for name in codes[0].keys() & codes[1].keys()
                     if codes[0][name].isdisjoint(codes[1][name]))
    return f"another program of {', '.join(changed)}" if changed else ""
