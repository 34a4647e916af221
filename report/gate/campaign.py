# SPDX-License-Identifier: Apache-2.0
"""Reads the folder of a `make regress` campaign.

read() rejects a campaign that cannot lead to a verdict, whatever its trials show: it is
incomplete, its rules have changed since it began, or its controls are invalid.
"""
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from report import stats
from report.ending import InputError
from report.gate import blocks
from report.gate.model import Attempt, Contrast, Notes, Role, Sized, Skipped, Verdict
from report.gate.rules import Plan, Rules, fail_at_of, load_rules
from report.load import JournalError, Trial, journal, repeats, strict_json
from report.load.decode import decode
from report.load.plan import Arm, Factors
from report.load.plan import Plan as Meta

# on a machine with fewer CPUs, cells with several threads do not affect the verdict
ENOUGH_CPUS = 4
SHORTEST_NS = 1_000_000  # shortest window: 1000 times the cost of reading the clock (R17)
BLOCKS = re.compile(r"^blocks\s*=.*\n", re.M)  # the line `blocks` in the text of a workload
ROLE_OF = {"head": Role.GATE, "copy": Role.AA, "slow": Role.CONTROL}  # maps an arm to its role
Attempts = Mapping[journal.Identity, Sequence[Trial]]


@dataclass(frozen=True)
class Campaign:
    """The input of decide(); `meta` is the content of campaign.json."""
    meta: Meta
    name: str
    seed: int
    notes: Notes
    plan: Plan
    plan_sha256: str
    arms: tuple[Arm, ...]  # sorted by name; the arm `base` is the program that is paired with head
    contrasts: tuple[Contrast, ...]
    skipped: tuple[Skipped, ...]
    sized: Sized | None  # None if the user set the number of blocks
    earlier: tuple[Attempt, ...] = ()

    @property
    def key(self) -> tuple[object, ...]:
        """Identifies a comparison. Repeated runs of the same comparison have the same key."""
        arms = {arm.name: arm for arm in self.arms}
        return (arms["base"].sha256, arms["head"].sha256, arms["head"].control_extra,
                self.plan_sha256)


# ---- files ------------------------------------------------------------------

def notes_of(notes: Mapping[str, str]) -> Notes:
    slower = sorted((n for n in notes if re.fullmatch(r"slower\d+", n)),
                    key=lambda n: int(n.removeprefix("slower")))
    return Notes(notes.get("ref"), notes.get("commit"), notes.get("head"), notes.get("rules"),
                 notes.get("noise"), notes.get("map"), notes.get("readmostly"),
                 tuple(notes.get("same", "").split()), tuple(notes[n] for n in slower),
                 notes.get("fail_at"))


def read_meta(folder: Path) -> tuple[Meta, bool]:
    """Reads campaign.json. The flag is true if the lines of the journal have checksums."""
    try:
        return journal.read_plan(folder)
    except JournalError as error:
        raise InputError(str(error)) from error


def read_attempts(folder: Path, meta: Meta, sealed: bool) -> Attempts:
    """Reads all attempts. Raises InputError if a line is torn, damaged, or of an unplanned cell."""
    problems: list[str] = []
    try:
        lines = list(journal.planned_lines(folder, meta, sealed, problems))
    except JournalError as error:
        raise InputError(str(error)) from error
    attempts = journal.attempts_of(lines, problems)
    if problems:
        raise InputError(f"{folder}: interrupted or damaged: {problems[0]}")
    return attempts


def last_of(attempts: Attempts, meta: Meta, folder: Path) -> tuple[Trial, ...]:
    """Returns the last attempt of each trial. Raises InputError if a trial is not in the plan."""
    trials = tuple(tries[-1] for tries in attempts.values())
    blocks_of = {cell.id: cell.blocks for cell in meta.cells}
    for trial in trials:
        place = f"{folder / 'trials.jsonl'}: {trial.cell} block {trial.block}"
        if trial.block >= blocks_of[trial.cell]:
            raise InputError(f"{place}: not in the plan")
        lacking = lacking_in(trial)
        if lacking:
            raise InputError(f"{place}: lacks {lacking}")
    return trials


def lacking_in(trial: Trial) -> str | None:
    """Returns the first field that the gate needs but the trial lacks."""
    needed: dict[str, object] = {"slot": trial.slot}
    if trial.usable and trial.result:
        r = trial.result
        needed |= {"ops": r.ops, "elapsed_ns": r.elapsed_ns, "by_thread": r.by_thread or None}
    return next((name for name, value in needed.items() if value is None), None)


def read_trials(folder: Path, meta: Meta, sealed: bool) -> tuple[Trial, ...]:
    """Returns the last attempt of each trial. Raises InputError if the journal is torn, or if it
    ends before a repeat that the time budget would allow."""
    attempts = read_attempts(folder, meta, sealed)
    # Otherwise a user could stop the campaign before disturbed pairs with an unwelcome result are
    # repeated.
    if not repeats.walk(meta, attempts).whole:
        raise InputError(f"{folder}: interrupted before a disturbed pair was measured again: "
                         f"{resume(folder)}")
    return last_of(attempts, meta, folder)


def resume(folder: Path) -> str:
    return f"there is no verdict; continue with: readmostly run -o {folder} --resume"


# ---- the plan ---------------------------------------------------------------

def check_plan(plan: Plan, family: int) -> None:
    """Rejects a plan that cannot lead to a verdict with any trials."""
    rules = plan.rules
    if min(plan.blocks, rules.min_pairs) < stats.VERDICT_NEEDS or not stats.feasible(
            plan.blocks, max(family, 1), rules.alpha, rules.flips):
        raise InputError(f"{plan.blocks} blocks, {rules.min_pairs} min_pairs and {rules.flips} "
                         f"flips cannot decide {family} cells at alpha {rules.alpha}")


def is_advice(cell: Factors, cpus: int) -> bool:
    """True if a cell does not affect the verdict because the machine has few CPUs: one CPU
    must remain free for other programs."""
    return cell.threads > 1 and cpus < ENOUGH_CPUS


def contrast_of(cell: Factors, meta: Meta) -> Contrast:
    """Returns a cell's pair of arms, base first. Raises InputError if the cell's arms form no such
    pair."""
    names = meta.arms_of(cell)
    if len(names) != 2 or names[0] != "base" or names[1] not in ROLE_OF:
        raise InputError(f"{cell.workload}: arms {', '.join(names)}: expected base and one of "
                         "head, copy, slow")
    role = ROLE_OF[names[1]]
    if role == Role.GATE and is_advice(cell, meta.machine.cpus):
        role = Role.ADVICE
    return Contrast(role, cell.id, "base", names[1], tuple(
        c.id for c in meta.cells if c.measure == "verify" and c.map == cell.map))


def check_arms(meta: Meta) -> tuple[Arm, ...]:
    """Returns one arm for each name; `base` is the arm that is paired with head. Raises InputError
    unless the controls run a copy of base, and base with additional operations."""
    workloads = list(dict.fromkeys(arm.workload for arm in meta.arms))
    sets = [{a.name: a for a in meta.arms if a.workload == w} for w in workloads]
    named = {name: arm for arms in sets for name, arm in arms.items()}
    missing = {"base", "head", "copy", "slow"} - set(named)
    if missing:
        raise InputError(f"no regression check: no arm {', '.join(sorted(missing))}")
    for arms in sets:
        for name in sorted({"copy", "slow"} & set(arms)):
            # the hash of an arm covers only the programs of the cells that the arm runs
            if "base" not in arms or arms[name].sha256 != arms["base"].sha256:
                raise InputError(f"arm {name} ({arms[name].program}): expected a copy of base, "
                                 "with equal content")
    named |= next(arms for arms in sets if "head" in arms)
    return tuple(named[name] for name in sorted(named))


def sized_of(meta: Meta, notes: Notes, rules: Rules) -> Sized | None:
    """Recomputes the number of blocks from the note that was written before the first pair.
    Raises InputError if the campaign has another number."""
    if notes.noise is None:
        return None
    sized = blocks.size(blocks.parse_noise(notes.noise, "notes.noise"), rules)
    for cell in meta.cells:
        if cell.measure == "throughput" and cell.blocks != sized.blocks:
            raise InputError(f"{cell.id}: the number of blocks differs from {sized.blocks}, "
                             "which the calibration gives")
    return sized


def check_repeats(meta: Meta, rules: Rules) -> None:
    """Checks that the campaign repeats disturbed trials by the gate's own rule
    (docs/adr/0024); otherwise the user could choose which pairs are repeated."""
    for cell in meta.cells:
        rule = cell.repeat
        if cell.measure == "throughput" and rule and rule.most and (
                rule.wait_share, rule.most) != (rules.repeat_wait, rules.repeat_most):
            raise InputError(f"{cell.id}: repeat-wait is {rule.wait_share} and repeat-most is "
                             f"{rule.most}; expected {rules.repeat_wait} and {rules.repeat_most}")


def plan_digest(meta: Meta, rules: Rules) -> str:
    """SHA-256 of the rules and the workloads, without the number of blocks. Base's noise sets
    that number in each run, so a repeated run counts as another attempt at the same plan."""
    texts = [BLOCKS.sub("", w.text or "") for w in meta.workloads]
    return hashlib.sha256("\n".join([rules.sha256, *texts]).encode()).hexdigest()


def check_members(meta: Meta) -> tuple[str, int]:
    """Returns the name and the seed. Raises InputError if the name or the seed is missing, which
    other readers allow."""
    members = {"name": meta.name, "created_utc": meta.created_utc, "seed": meta.seed,
               "machine.cpus": meta.machine.cpus or None} | {
        f"workloads[{i}].text": workload.text for i, workload in enumerate(meta.workloads)}
    for name, value in members.items():
        if value in (None, ""):
            raise InputError(f"campaign.json: {name} is missing")
    return str(meta.name), int(meta.seed or 0)


def contrasts_of(meta: Meta) -> tuple[list[Contrast], list[Skipped]]:
    """Returns the contrasts, and the cells that were planned but not run."""
    contrasts, skipped = [], []
    for cell in meta.cells:
        if cell.measure != "throughput":
            continue
        contrast = contrast_of(cell, meta)
        if cell.skip:
            skipped.append(Skipped(cell.id, contrast.role, cell.skip))
        else:
            contrasts.append(contrast)
    return contrasts, skipped


def campaign_of(meta: Meta, rules: Rules) -> Campaign:
    """Builds the input of decide(), without earlier attempts."""
    name, seed = check_members(meta)
    notes = notes_of(meta.notes or {})
    if notes.rules not in (None, rules.sha256):
        raise InputError(f"the rules of the gate have changed since the campaign began: SHA-256 "
                         f"{rules.sha256}, expected {notes.rules}")
    arms = check_arms(meta)
    contrasts, skipped = contrasts_of(meta)
    plan = Plan(rules, max(c.blocks for c in meta.cells),
                next(a.control_extra for a in arms if a.name == "slow"),
                fail_at_of(notes.fail_at, rules))
    check_plan(plan, sum(c.role == Role.GATE for c in contrasts))
    check_repeats(meta, rules)
    for window in meta.calibration:
        if window.window_ns < SHORTEST_NS:
            raise InputError(f"{window.cell}: window_ns {window.window_ns}, expected at least "
                             f"{SHORTEST_NS}")
    return Campaign(meta, name, seed, notes, plan, plan_digest(meta, rules), arms,
                    tuple(contrasts), tuple(skipped), sized_of(meta, notes, rules))


# ---- the folder -------------------------------------------------------------

@dataclass(frozen=True)
class Decided:
    """The verdict in another run's verdicts.json."""
    verdict: Verdict


def verdict_in(folder: Path) -> str:
    """Reads the verdict of another run. Because the file may contain anything, errors are ignored
    and only known verdicts are returned."""
    try:
        text = (folder / "report" / "verdicts.json").read_bytes()
        return decode(Decided, strict_json.loads(text)).verdict.value
    except (OSError, ValueError):
        return "no verdict"


def earlier_attempts(folder: Path, campaign: Campaign) -> tuple[Attempt, ...]:
    """Lists older runs of the same arms and plan next to this folder, oldest first (R31)."""
    runs = []
    for other in sorted(folder.resolve().parent.glob("*/campaign.json")):
        try:
            old = campaign_of(read_meta(other.parent)[0], campaign.plan.rules)
        except InputError:
            continue  # the folder has another campaign, or its campaign has no verdict
        if old.key == campaign.key and old.meta.created_utc < campaign.meta.created_utc:
            runs.append((old.meta.created_utc, verdict_in(other.parent), old.name))
    return tuple(Attempt(i, verdict, name)
                 for i, (_, verdict, name) in enumerate(sorted(runs), 1))


def check_whole(campaign: Campaign, trials: tuple[Trial, ...], folder: Path) -> None:
    """Checks that each contrast has a trial of both arms in each block."""
    seen = {(trial.cell, trial.block, trial.arm) for trial in trials}
    count = {cell.id: cell.blocks for cell in campaign.meta.cells}
    for c in campaign.contrasts:
        for block in range(count[c.cell]):
            if not {(c.cell, block, c.base), (c.cell, block, c.head)} <= seen:
                raise InputError(f"{folder}: interrupted in block {block}: {resume(folder)}")


def read(folder: Path | str) -> tuple[Campaign, tuple[Trial, ...]]:
    """Reads the input of decide() from a campaign's folder."""
    folder = Path(folder)
    meta, sealed = read_meta(folder)
    try:
        campaign = campaign_of(meta, load_rules())
    except InputError as error:
        raise InputError(f"{folder}: {error}") from error
    campaign = replace(campaign, earlier=earlier_attempts(folder, campaign))
    trials = read_trials(folder, meta, sealed)
    check_whole(campaign, trials, folder)
    return campaign, trials
