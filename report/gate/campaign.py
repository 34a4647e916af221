# SPDX-License-Identifier: Apache-2.0
"""Reads the folder of a campaign of `make regress`.

read() refuses what can decide nothing, however its trials come out: a campaign
that is not whole, other rules than it began with, controls that are none. JSON
is checked against docs/campaign.schema.json, as far as the gate reads it.
"""
import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from report import damage, journal, repeat_budget, stats, strict_json
from report.ending import InputError
from report.gate import blocks, schema
from report.gate.model import (Arm, Attempt, Cell, Contrast, Meta, Notes, Role, Sized,
                               Skipped, Trial, Verdict)
from report.gate.rules import Plan, Rules, load_rules
from report.rows import attempts_of

ENOUGH_CPUS = 4  # below, cells with several threads are advice
SHORTEST_NS = 1_000_000  # of a window (R17: 1000 x the clock's cost)
BLOCKS = re.compile(r"^blocks\s*=.*\n", re.M)  # of a workload's text
ROLE_OF = {"head": Role.GATE, "copy": Role.AA, "slow": Role.CONTROL}  # of base's mate
MEMBERS = ("name", "created_utc", "seed", "machine", "arms", "cells", "calibration",
           "workloads", "notes")


@dataclass(frozen=True)
class Campaign:
    """What decide() judges."""
    meta: Meta
    plan: Plan
    plan_sha256: str
    arms: tuple[Arm, ...]  # sorted by name; base is head's
    contrasts: tuple[Contrast, ...]
    skipped: tuple[Skipped, ...]
    sized: Sized | None  # None: a person set the number of blocks
    earlier: tuple[Attempt, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """What attempts at the same comparison have in common."""
        arms = {arm.name: arm for arm in self.arms}
        return (arms["base"].sha256, arms["head"].sha256, arms["head"].control_extra,
                self.plan_sha256)


# ---- JSON -------------------------------------------------------------------

def notes_of(notes: dict[str, str]) -> Notes:
    slower = sorted((n for n in notes if re.fullmatch(r"slower\d+", n)),
                    key=lambda n: int(n.removeprefix("slower")))
    return Notes(notes.get("ref"), notes.get("commit"), notes.get("head"), notes.get("rules"),
                 notes.get("noise"), notes.get("map"), notes.get("readmostly"),
                 tuple(notes.get("same", "").split()), tuple(notes[n] for n in slower))


def parse_meta(meta: Any, place: str) -> Meta:
    """Of the value of campaign.json; InputError if it is not of its schema."""
    wrong = schema.problem(meta, "campaign", members=MEMBERS)
    if wrong:
        raise InputError(f"{place}: {wrong}")
    cells = tuple(Cell(**{n: c[n] for n in ("id", "workload", "map", "measure", "threads",
                                            "blocks", "skip")},
                       repeat_wait=c["repeat"]["wait_share"] if "repeat" in c else None,
                       repeat_most=c.get("repeat", {}).get("most", 0))
                  for c in meta["cells"])
    return Meta(
        meta["name"], meta["created_utc"], meta["seed"], meta["machine"]["id"],
        meta["machine"]["cpus"], tuple(
            Arm(**{f.name: arm[f.name] for f in fields(Arm)}) for arm in meta["arms"]), cells,
        tuple((row["cell"], row["window_ns"]) for row in meta.get("calibration", ())),
        tuple(w["text"] for w in meta["workloads"]), notes_of(meta.get("notes", {})))


def parse_trials(rows: Iterable[Any], meta: Meta, folder: Path) -> tuple[Trial, ...]:
    """Of lines of trials.jsonl that report.rows read; InputError where one is not
    of the plan."""
    blocks_of, file = {cell.id: cell.blocks for cell in meta.cells}, folder / "trials.jsonl"
    try:
        trials = tuple(map(parse_trial, rows))
    except (KeyError, TypeError) as error:
        raise InputError(f"{file}: a trial lacks {error}") from error
    for trial in trials:
        if trial.block >= blocks_of.get(trial.cell, 0):
            raise InputError(f"{file}: {trial.cell} block {trial.block}: not in the plan")
    return trials


def parse_trial(row: Any) -> Trial:
    result, cost = row.get("result"), math.nan
    if row["status"] == "ok" and result and result["ops"]:
        cost = result["elapsed_ns"] * len(result["by_thread"]) / result["ops"]
    return Trial(row["cell"], row["block"], row["arm"], row["slot"], row["status"],
                 row.get("reason"), cost)


def read_meta(folder: Path) -> tuple[Any, Meta]:
    """campaign.json as it is, and parsed."""
    try:
        raw = journal.read_meta(folder)
    except journal.JournalError as error:
        raise InputError(str(error)) from error
    return raw, parse_meta(raw, str(folder / "campaign.json"))


def read_trials(folder: Path, raw: Any, meta: Meta) -> tuple[Trial, ...]:
    """The last attempt of each trial; InputError where the journal is torn or
    ends before a repeat that its budget pays for."""
    attempts = attempts_of(folder, damage.is_sealed(raw))
    cells = {c["id"]: journal.Cell(c) for c in raw["cells"]}
    # Whoever stops a campaign before that would choose which of its disturbed
    # pairs are measured again.
    if not repeat_budget.walk(raw, cells, attempts).whole:
        raise InputError(f"{folder}: interrupted before a disturbed pair was measured again: "
                         f"{resume(folder)}")
    return parse_trials((lines[-1] for lines in attempts.values()), meta, folder)


def resume(folder: Path) -> str:
    return f"there is no verdict; go on with: readmostly run -o {folder} --resume"


# ---- the plan ---------------------------------------------------------------

def check_plan(plan: Plan, family: int) -> None:
    """Refuses what can decide nothing, however the trials come out."""
    rules = plan.rules
    if min(plan.blocks, rules.min_pairs) < stats.VERDICT_NEEDS or not stats.feasible(
            plan.blocks, max(family, 1), rules.alpha, rules.flips):
        raise InputError(f"{plan.blocks} blocks, {rules.min_pairs} min_pairs and {rules.flips} "
                         f"flips cannot decide {family} cells at alpha {rules.alpha}")


def arms_of(meta: Meta, workload: str | None) -> dict[str, Arm]:
    """The arms that run a workload, by name."""
    return ({a.name: a for a in meta.arms if a.workload == workload}
            or {a.name: a for a in meta.arms if a.workload is None})


def is_advice(cell: Cell, cpus: int) -> bool:
    """What else runs on a machine of few CPUs needs one of them."""
    return cell.threads > 1 and cpus < ENOUGH_CPUS


def contrast_of(cell: Cell, meta: Meta) -> Contrast:
    """A cell's contrast, base first; InputError if it is none."""
    names = list(arms_of(meta, cell.workload))
    if len(names) != 2 or names[0] != "base" or names[1] not in ROLE_OF:
        raise InputError(f"{cell.workload}: arms {', '.join(names)}: expected base and one of "
                         "head, copy, slow")
    role = ROLE_OF[names[1]]
    if role == Role.GATE and is_advice(cell, meta.cpus):
        role = Role.ADVICE
    return Contrast(role, cell.id, "base", names[1], tuple(
        c.id for c in meta.cells if c.measure == "verify" and c.map == cell.map))


def check_arms(meta: Meta) -> tuple[Arm, ...]:
    """One arm of each name; base is head's. The controls are of base: a copy of
    it, and base with more to do."""
    workloads = list(dict.fromkeys(arm.workload for arm in meta.arms))
    sets = [{a.name: a for a in meta.arms if a.workload == w} for w in workloads]
    named = {name: arm for arms in sets for name, arm in arms.items()}
    missing = {"base", "head", "copy", "slow"} - set(named)
    if missing:
        raise InputError(f"no regression check: no arm {', '.join(sorted(missing))}")
    for arms in sets:
        for name in sorted({"copy", "slow"} & set(arms)):
            # a folder's hash is of the programs that its own cells run
            if "base" not in arms or arms[name].sha256 != arms["base"].sha256:
                raise InputError(f"arm {name} ({arms[name].program}): expected a copy of base, "
                                 "of equal content")
    named |= next(arms for arms in sets if "head" in arms)
    return tuple(named[name] for name in sorted(named))


def sized_of(meta: Meta, rules: Rules) -> Sized | None:
    """What set the number of blocks, computed again from the note that was
    written before the first pair; InputError if the campaign has another one."""
    if meta.notes.noise is None:
        return None
    sized = blocks.size(blocks.parse_noise(meta.notes.noise, "notes.noise"), rules)
    for cell in meta.cells:
        if cell.measure == "throughput" and cell.blocks != sized.blocks:
            raise InputError(f"{cell.id}: another number of blocks than the {sized.blocks} "
                             "that the calibration gives")
    return sized


def check_repeats(meta: Meta, rules: Rules) -> None:
    """Which pairs are repeated is a rule, too (docs/adr/0024): one that was
    chosen for a campaign would be a choice of pairs."""
    for cell in meta.cells:
        if cell.measure == "throughput" and cell.repeat_most and (
                cell.repeat_wait, cell.repeat_most) != (rules.repeat_wait, rules.repeat_most):
            raise InputError(f"{cell.id}: repeats at {cell.repeat_wait:g}, {cell.repeat_most} "
                             f"times at most; expected {rules.repeat_wait:g} and "
                             f"{rules.repeat_most:g}")


def plan_digest(meta: Meta, rules: Rules) -> str:
    """SHA-256 of the rules and the workloads, whatever the number of blocks:
    base's noise sets that in each run, and a run again is one more attempt at
    the same plan."""
    texts = [BLOCKS.sub("", text) for text in meta.workloads]
    return hashlib.sha256("\n".join([rules.sha256, *texts]).encode()).hexdigest()


def campaign_of(meta: Meta, rules: Rules) -> Campaign:
    """What decide() judges, without earlier attempts."""
    if meta.notes.rules not in (None, rules.sha256):
        raise InputError(f"the rules of the gate were changed since the campaign began: SHA-256 "
                         f"{rules.sha256}, expected {meta.notes.rules}")
    arms = check_arms(meta)
    contrasts, skipped = [], []
    for cell in meta.cells:
        if cell.measure != "throughput":
            continue
        contrast = contrast_of(cell, meta)
        if cell.skip:
            skipped.append(Skipped(cell.id, contrast.role, cell.skip))
        else:
            contrasts.append(contrast)
    plan = Plan(rules, max(c.blocks for c in meta.cells),
                next(a.control_extra for a in arms if a.name == "slow"))
    check_plan(plan, sum(c.role == Role.GATE for c in contrasts))
    check_repeats(meta, rules)
    for cell_id, window_ns in meta.windows:
        if window_ns < SHORTEST_NS:
            raise InputError(f"{cell_id}: window_ns {window_ns}, expected at least {SHORTEST_NS}")
    return Campaign(meta, plan, plan_digest(meta, rules), arms, tuple(contrasts),
                    tuple(skipped), sized_of(meta, rules))


# ---- the folder -------------------------------------------------------------

def verdict_in(folder: Path) -> str:
    """The verdict of another run, whose file may be anything: it must neither
    stop this run nor put its text on this page."""
    try:
        text = (folder / "report" / "verdicts.json").read_bytes()
        return str(Verdict(strict_json.loads(text)["verdict"]))
    except (OSError, ValueError, KeyError, TypeError):
        return "no verdict"


def earlier_attempts(folder: Path, campaign: Campaign) -> tuple[Attempt, ...]:
    """Older runs of the same arms and plan next to this one, oldest first (R31)."""
    runs = []
    for other in sorted(folder.resolve().parent.glob("*/campaign.json")):
        try:
            old = campaign_of(read_meta(other.parent)[1], campaign.plan.rules)
        except InputError:
            continue  # another campaign, or one that decides nothing
        if old.key == campaign.key and old.meta.created_utc < campaign.meta.created_utc:
            runs.append((old.meta.created_utc, verdict_in(other.parent), old.meta.name))
    return tuple(Attempt(i, verdict, name)
                 for i, (_, verdict, name) in enumerate(sorted(runs), 1))


def check_whole(campaign: Campaign, trials: tuple[Trial, ...], folder: Path) -> None:
    """Every contrast has a line of both arms in each block."""
    seen = {(trial.cell, trial.block, trial.arm) for trial in trials}
    count = {cell.id: cell.blocks for cell in campaign.meta.cells}
    for c in campaign.contrasts:
        for block in range(count[c.cell]):
            if not {(c.cell, block, c.base), (c.cell, block, c.head)} <= seen:
                raise InputError(f"{folder}: interrupted in block {block}: {resume(folder)}")


def read(folder: Path | str) -> tuple[Campaign, tuple[Trial, ...]]:
    """What decide() judges, of a campaign's folder."""
    folder = Path(folder)
    raw, meta = read_meta(folder)
    try:
        campaign = campaign_of(meta, load_rules())
    except InputError as error:
        raise InputError(f"{folder}: {error}") from error
    campaign = replace(campaign, earlier=earlier_attempts(folder, campaign))
    trials = read_trials(folder, raw, meta)
    check_whole(campaign, trials, folder)
    return campaign, trials
