# SPDX-License-Identifier: Apache-2.0
"""What gate.decide() judges, of the folder of a campaign.

read() refuses what can decide nothing, however its trials come out: a campaign
that is not whole, other rules than it began with, controls that are none.
"""
import hashlib
import re
from pathlib import Path

from report import (damage, gate, gate_history, gate_plan, journal,
                    repeat_budget, stats, strict_json)
from report.ending import InputError
from report.gate_rules import load_rules
from report.rows import attempts_of

ENOUGH_CPUS = 4  # below, cells with several threads are advice
SHORTEST_NS = 1_000_000  # of a window (R17: 1000 x the clock's cost)
CONTROLS = ("regress-aa", "regress-slow")  # workloads
BLOCKS = re.compile(r"^blocks\s*=.*\n", re.M)  # of a workload's text
ROLE_OF = {"head": "gate", "copy": "aa", "slow": "control"}  # of base's mate


def check_plan(plan, family):
    """Refuses what can decide nothing, however the trials come out."""
    if min(plan["blocks"], plan["min_pairs"]) < stats.VERDICT_NEEDS or \
            not stats.feasible(plan["blocks"], max(family, 1), plan["alpha"],
                               plan["flips"]):
        raise InputError(f"{plan['blocks']} blocks, {plan['min_pairs']} "
                         f"min_pairs and {plan['flips']} flips cannot decide "
                         f"{family} cells at alpha {plan['alpha']}")


def arms_of(meta):
    """workload (None: those without own) -> arm -> its entry."""
    sets = {}
    for arm in meta.get("arms", []):
        sets.setdefault(arm["workload"], {})[arm["name"]] = arm
    return sets


def is_advice(cell, cpus):
    """What else runs on a machine of few CPUs needs one of them."""
    return cell["threads"] > 1 and cpus < ENOUGH_CPUS


def contrast_of(cell, sets, cpus):
    """A cell's contrast, base first; InputError where it is none."""
    names = list(sets.get(cell["workload"], sets.get(None, {})))
    if len(names) != 2 or names[0] != "base" or names[1] not in ROLE_OF:
        raise InputError(f"{cell['workload']}: arms {', '.join(names)}: "
                         "expected base and one of head, copy, slow")
    role = ROLE_OF[names[1]]
    if role == "gate" and is_advice(cell, cpus):
        role = "advice"
    return {"role": role, "cell": cell["id"], "base": "base",
            "head": names[1]}


def contrasts_of(meta):
    """(contrasts, skipped) of the timed cells; each contrast knows the
    verification cells of its map, whose failures are its arms', too."""
    sets, cpus = arms_of(meta), meta["machine"]["cpus"]
    contrasts, skipped = [], []
    for cell in meta["cells"]:
        if cell["measure"] != "throughput":
            continue
        contrast = contrast_of(cell, sets, cpus)
        contrast["verified"] = [
            c["id"] for c in meta["cells"]
            if c["measure"] == "verify" and c["map"] == cell["map"]]
        if cell["skip"]:
            skipped.append({"cell": cell["id"], "role": contrast["role"],
                            "reason": cell["skip"]})
        else:
            contrasts.append(contrast)
    return contrasts, skipped


def check_arms(sets):
    """arm -> its entry; base is head's. The controls are of base: a copy of
    it, and base with more to do."""
    named = {name: arm for arms in sets.values() for name, arm in arms.items()}
    missing = {"base", "head", "copy", "slow"} - set(named)
    if missing:
        raise InputError("no regression check: no arm "
                         + ", ".join(sorted(missing)))
    for arms in sets.values():
        for name in {"copy", "slow"} & set(arms):
            # A folder's hash is of the programs that its own cells run.
            if arms[name]["sha256"] != arms.get("base", {}).get("sha256"):
                raise InputError(f"arm {name} ({arms[name]['program']}): "
                                 "expected a copy of base, of equal content")
    return named | next(arms for arms in sets.values() if "head" in arms)


def sized_of(meta, rules):
    """What set the number of blocks, computed again from the note that was
    written before the first pair; None where a person set it. InputError
    where the campaign has another number."""
    note = meta.get("notes", {}).get("noise")
    if note is None:
        return None
    try:
        sized = gate_plan.plan(strict_json.loads(note), rules)
    except (ValueError, KeyError, TypeError, AttributeError,
            ZeroDivisionError, OverflowError) as error:
        raise InputError(f"notes.noise: no calibration: {error!r}") from error
    odd = [c["id"] for c in meta["cells"] if c["measure"] == "throughput"
           and c["blocks"] != sized["blocks"]]
    if odd:
        raise InputError(f"{odd[0]}: another number of blocks than the "
                         f"{sized['blocks']} that the calibration gives")
    return sized


def check_repeats(meta, rules):
    """Which pairs are repeated is a rule, too (docs/adr/0024): one that was
    chosen for a campaign would be a choice of pairs."""
    for cell in meta["cells"]:
        repeat = cell.get("repeat")
        if cell["measure"] != "throughput" or repeat is None or \
                not repeat["most"]:
            continue
        if repeat["wait_share"] != rules["repeat_wait"] or \
                repeat["most"] != rules["repeat_most"]:
            raise InputError(
                f"{cell['id']}: repeats at {repeat['wait_share']:g}, "
                f"{repeat['most']} times at most; expected "
                f"{rules['repeat_wait']:g} and {rules['repeat_most']:g}")


def plan_digest(meta, rules_digest):
    """SHA-256 of the rules and the workloads, whatever the number of blocks:
    base's noise sets that anew in each run, and a run again is one more
    attempt at the same plan, in the same history."""
    texts = [BLOCKS.sub("", w["text"]) for w in meta["workloads"]]
    return hashlib.sha256("\n".join([rules_digest, *texts])
                          .encode()).hexdigest()


def view_of(meta, rules, rules_digest):
    """What gate.decide() judges, of a campaign.json that `readmostly run`
    wrote and the rules."""
    named = meta.get("notes", {}).get("rules")
    if named not in (None, rules_digest):
        raise InputError("the rules of the gate were changed since the "
                         f"campaign began: SHA-256 {rules_digest}, expected "
                         f"{named}")
    arms = check_arms(arms_of(meta))
    contrasts, skipped = contrasts_of(meta)
    plan = rules | {
        "blocks": max((c["blocks"] for c in meta["cells"]), default=0),
        "control_extra": arms["slow"]["control_extra"]}
    check_plan(plan, sum(c["role"] == "gate" for c in contrasts))
    check_repeats(meta, rules)
    for row in meta.get("calibration", []):
        if row["window_ns"] < SHORTEST_NS:
            raise InputError(f"{row['cell']}: window_ns {row['window_ns']}, "
                             f"expected at least {SHORTEST_NS}")
    digest = plan_digest(meta, rules_digest)
    return {"name": meta["name"], "plan": plan, "plan_sha256": digest,
            "key": [arms["base"]["sha256"], arms["head"]["sha256"],
                    arms["head"]["control_extra"], digest],
            "contrasts": contrasts, "skipped": skipped, "arms": arms,
            "sized": sized_of(meta, rules), "notes": meta.get("notes", {}),
            "same": meta.get("notes", {}).get("same", "").split(),
            "cells": {c["id"]: c for c in meta["cells"]},
            "seed": meta["seed"], "created_utc": meta["created_utc"],
            "machine": meta["machine"], "attempt": 1, "earlier": [],
            "ref": meta.get("notes", {}).get("ref"),
            "commit": meta.get("notes", {}).get("commit"),
            "head": meta.get("notes", {}).get("head")}


def verdict_in(folder):
    """What another run came to, in a word. Its file may have been written by
    anybody, and must neither stop this run nor speak on its page."""
    try:
        found = strict_json.loads(
            (folder / "report" / "verdicts.json").read_bytes())["verdict"]
        return found if found in gate.EXIT else "no verdict"
    except (OSError, ValueError, KeyError, TypeError):
        return "no verdict"


def earlier_attempts(folder, view, rules, rules_digest):
    """Verdicts of older runs of the same arms and plan beside this one,
    oldest first (R31)."""
    found = []
    for other in sorted(folder.resolve().parent.glob("*/campaign.json")):
        try:
            old = view_of(journal.read_meta(other.parent), rules, rules_digest)
        except (InputError, journal.JournalError, KeyError, TypeError):
            continue  # another campaign, or one that decides nothing
        if old["key"] != view["key"] or old["created_utc"] >= \
                view["created_utc"]:
            continue
        found.append((old["created_utc"], verdict_in(other.parent),
                      old["name"]))
    return [{"attempt": i, "verdict": verdict, "name": name}
            for i, (_, verdict, name) in enumerate(sorted(found), 1)]


def check_whole(view, rows, folder):
    """Every contrast has a line of both arms in each block."""
    seen = {(row["cell"], row["block"], row["arm"]) for row in rows}
    for c in view["contrasts"]:
        for block in range(view["cells"][c["cell"]]["blocks"]):
            if not {(c["cell"], block, c[side])
                    for side in ("base", "head")} <= seen:
                raise InputError(
                    f"{folder}: interrupted in block {block}: there is no "
                    f"verdict; go on with: readmostly run -o {folder} "
                    "--resume")


def check_repeated(meta, attempts, folder):
    """No repeat that the budget pays for is due: who stops a campaign before
    it would else choose which of its disturbed pairs are measured again."""
    cells = {c["id"]: journal.Cell(c) for c in meta["cells"]}
    if not repeat_budget.walk(meta, cells, attempts).whole:
        raise InputError(f"{folder}: interrupted before a disturbed pair was "
                         "measured again: there is no verdict; go on with: "
                         f"readmostly run -o {folder} --resume")


def read(folder):
    """(what gate.decide() judges, rows) of a campaign's folder."""
    folder = Path(folder)
    rules, digest = load_rules()
    try:
        meta = journal.read_meta(folder)
        view = view_of(meta, rules, digest)
    except journal.JournalError as error:
        raise InputError(str(error)) from error
    except InputError as error:
        raise InputError(f"{folder}: {error}") from error
    view["earlier"] = earlier_attempts(folder, view, rules, digest)
    view["attempt"] = len(view["earlier"]) + 1
    attempts = attempts_of(folder, damage.is_sealed(meta))
    rows = [lines[-1] for lines in attempts.values()]
    check_whole(view, rows, folder)
    check_repeated(meta, attempts, folder)
    return view, rows


def history_of(folder):
    """The file of what runs came to, beside their folders."""
    return Path(folder).resolve().parent / gate_history.NAME
