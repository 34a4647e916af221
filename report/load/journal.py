# SPDX-License-Identifier: Apache-2.0
"""Reads a campaign folder (results/README.md) and reports its errors.

Errors are never ignored silently. An unusable line is reported with its line number, and so is a
torn last line. A cell without a result keeps its place, with the reason.
"""
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

from report import folders
from report.load import repeats, seal, strict_json
from report.load.campaign import Campaign, Cell
from report.load.decode import DecodeError, decode
from report.load.errors import JournalError, no_campaign
from report.load.plan import Factors, Plan
from report.load.trial import Status, Trial

FORMAT, PROTOCOL = 1, 2  # versions of campaign.json and of its trials
TIMED = ("throughput", "causes")  # measures whose trials must run operations
# The part of an id with the placement, and the memory unless it is the default. If a cell also runs
# for other cells, it differs from them only in these parts and in the workload.
PLACED = re.compile(r"/t[0-9]+/([^/]+)(?:/(interleave|bind:[0-9]+)(?=/))?")
Identity = tuple[str, int, str]  # cell, block, arm


def read(path: Path | str) -> Campaign:
    """Reads the campaign in a folder. Raises JournalError if there is no campaign."""
    path = Path(path)
    if not path.is_dir():
        raise no_campaign(path)
    plan, sealed = read_plan(path)
    problems: list[str] = []
    lines = list(planned_lines(path, plan, sealed, problems))
    attempts = attempts_of(lines, problems)
    plan = repeats.with_resumed(plan, {cell for cell, _, _ in attempts})
    if sealed and not plan.synthetic and not problems:
        check_order(path, plan, lines)
    used = {id(trial) for tries in attempts.values() for trial in tries}
    cells = cells_of(path, plan, attempts)
    arms: dict[tuple[str, str], tuple[Trial, ...]] = {}
    for (cell, _, arm), tries in attempts.items():
        if arm != "head":
            arms[arm, cell] = (*arms.get((arm, cell), ()), tries[-1])
    return Campaign(
        path, plan, cells, arms,
        ran=tuple((cells[t.cell], t) for _, t in lines if id(t) in used),
        rounds=repeats.rounds_of(plan), repeats=repeats.walk(plan, attempts),
        trials=len(attempts), problems=tuple(problems))


def read_plan(path: Path) -> tuple[Plan, bool]:
    """Reads campaign.json. The flag is true if each line of the journal has a checksum."""
    file = path / "campaign.json"
    try:
        meta = strict_json.loads(folders.content(file))
    except FileNotFoundError:
        raise no_campaign(path) from None
    except OSError as error:
        raise JournalError(f"{file}: {folders.reason(error)}") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}: {seal.advice(path)}") from None
    if not isinstance(meta, dict):
        raise JournalError(f"{file}: expected one JSON object: {seal.advice(path)}")
    if meta.get("format") != FORMAT:
        raise JournalError(f"{file}: format {meta.get('format')}, expected {FORMAT}: use the "
                           "report of the version that measured it, or measure again")
    if meta.get("protocol", 1) != PROTOCOL:
        raise JournalError(
            f"{file}: protocol {meta.get('protocol', 1)}, expected {PROTOCOL}: use the report "
            "of the version that measured it, or measure again")
    check_hashes(file, meta)
    try:
        plan = decode(Plan, meta)
    except DecodeError as error:
        raise JournalError(f"{file}: {error}") from None
    unknown = {c.map for c in plan.cells} - {m.id for m in plan.maps}
    if unknown:
        raise JournalError(f"{file}: cells of maps without a description: "
                           + ", ".join(sorted(unknown)))
    return plan, "line_checksum" in meta


def check_hashes(file: Path, meta: dict[str, object]) -> None:
    """Rejects a plan that was changed after it ran. A campaign that another program wrote may
    have no hashes."""
    if "line_checksum" not in meta and "sha256" not in meta:
        return
    for key, compute in (("plan_sha256", seal.plan_sha256), ("sha256", seal.campaign_sha256)):
        try:
            whole = meta.get(key) == compute(meta)
        except RecursionError:
            raise JournalError(f"{file}: nested too deeply") from None
        if not whole:
            raise JournalError(f"{file}: damaged, {key} does not match "
                               f"its content: {seal.advice(file.parent)}")
    topology = file.with_name("topology.xml")
    if topology.exists() and meta.get("topology_sha256") != seal.sha256(folders.content(topology)):
        raise JournalError(f"{topology}: damaged, its hash differs from "
                           f"topology_sha256: {seal.advice(file.parent)}")


def cells_of(path: Path, plan: Plan, attempts: dict[Identity, list[Trial]]) -> dict[str, Cell]:
    """Returns the planned cells by id, with their trials."""
    factors = {c.id: c for c in plan.cells}
    names = names_of(path, plan, factors)
    trials: dict[str, list[Trial]] = {}
    earlier: dict[str, list[Trial]] = {}
    for (cell, _, arm), tries in attempts.items():
        if arm == "head":
            trials.setdefault(cell, []).append(judged(factors[cell], tries[-1]))
            earlier.setdefault(cell, []).extend(tries[:-1])
    return {name: Cell(with_goroutines(f, trials.get(name, [])), tuple(trials.get(name, ())),
                       tuple(earlier.get(name, ())), names.get(name, ()))
            for name, f in factors.items()}


def names_of(path: Path, plan: Plan, cells: dict[str, Factors]) -> dict[str, tuple[Factors, ...]]:
    """Returns, by id of a cell, the factors of the requested cells that run as this cell."""
    names: dict[str, tuple[Factors, ...]] = {}
    for i, pair in enumerate(plan.same):
        match, cell = PLACED.search(pair.id), cells.get(pair.runs_as)
        if not match or cell is None:
            raise JournalError(f"{path / 'campaign.json'}: same[{i}] has no id, or no such cell")
        names[cell.id] = (*names.get(cell.id, ()), dataclasses.replace(
            cell, workload=pair.id.partition(f"/{cell.map}/")[0], placement=match[1],
            memory=match[2] or "first-touch"))
    return names


def with_goroutines(cell: Factors, trials: list[Trial]) -> Factors:
    """Takes the factor `goroutines` from the results, because older plans omit it for cells with
    bound goroutines."""
    seen = [t.result.environment.goroutines for t in trials
            if t.result and t.result.environment and t.result.environment.goroutines]
    return dataclasses.replace(cell, goroutines=seen[-1]) if seen else cell


def judged(cell: Factors, trial: Trial) -> Trial:
    """Marks a timed trial without operations as void, because its rate is undefined."""
    if cell.measure in TIMED and trial.usable and trial.rate is None:
        return dataclasses.replace(trial, status=Status.VOID,
                                   reason="no operation finished in the window")
    return trial


def lines_of(file: Path, sealed: bool, problems: list[str]) -> Iterator[tuple[int, Trial]]:
    """Yields (number, trial) for each good line of trials.jsonl. If `sealed`, every line has a
    checksum. Raises JournalError if a checksum is wrong."""
    try:
        data = folders.content(file)
    except FileNotFoundError:
        problems.append(f"{file.name}: missing, no trial has finished")
        return
    except OSError as error:
        raise JournalError(f"{file}: {folders.reason(error)}") from None
    lines = data.split(b"\n")
    if lines[-1]:
        problems.append(f"{file.name}:{len(lines)}: torn last line, ignored "
                        "(the trial was being written)")
    for number, line in enumerate(lines[:-1], 1):
        if not seal.line_is_whole(line, sealed):
            if not lines[number] and number + 1 == len(lines):
                problems.append(f"{file.name}:{number}: torn last line, ignored (wrong crc32)")
                continue
            raise JournalError(f"{file}:{number}: damaged, its crc32 differs from the one "
                               f"in the line: {seal.advice(file.parent)}")
        try:
            yield number, decode(Trial, strict_json.loads(line))
        except ValueError as error:
            problems.append(f"{file.name}:{number}: not a trial, ignored ({error})")


def planned_lines(path: Path, plan: Plan, sealed: bool,
                  problems: list[str]) -> Iterator[tuple[int, Trial]]:
    """Yields the lines whose cells are in the plan."""
    cells = {c.id for c in plan.cells}
    for number, trial in lines_of(path / "trials.jsonl", sealed, problems):
        if trial.cell in cells:
            yield number, trial
        else:
            problems.append(f"trials.jsonl:{number}: not in the plan, ignored: {name_of(trial)}")


def check_order(path: Path, plan: Plan, lines: list[tuple[int, Trial]]) -> None:
    """Raises JournalError if a first attempt does not follow in the order of the plan. A resume
    appends lines only, so a line before it was removed."""
    cells = {c.id: c for c in plan.cells}
    planned = [turn for turns in repeats.rounds_of(plan) for turn in turns
               for _ in plan.arms_of(cells[turn[0]])]
    found = [(number, trial) for number, trial in lines
             if trial.attempt == 1 and not cells[trial.cell].skip]
    for turn, (number, trial) in zip(planned, found):
        if turn != (trial.cell, trial.block):
            raise JournalError(f"{path / 'trials.jsonl'}:{number}: a line before it is missing: "
                               f"{seal.advice(path)}")


def attempts_of(lines: list[tuple[int, Trial]],
                problems: list[str]) -> dict[Identity, list[Trial]]:
    """Returns the attempts at each trial; the last one counts (docs/adr/0024). An attempt that
    does not follow its predecessor is reported as a problem and left out."""
    attempts: dict[Identity, list[Trial]] = {}
    for number, trial in lines:
        before = attempts.setdefault((trial.cell, trial.block, trial.arm), [])
        if trial.attempt == len(before) + 1:
            before.append(trial)
            continue
        what = ("a duplicate" if trial.attempt <= len(before) else
                f"attempt {trial.attempt} without earlier attempts")
        problems.append(f"trials.jsonl:{number}: {what}, ignored: {name_of(trial)}")
    return {key: tries for key, tries in attempts.items() if tries}


def name_of(trial: Trial) -> str:
    """Formats the identity of a trial. The text is safe for a terminal, because a file may contain
    anything."""
    text = f"{trial.cell} block {trial.block} arm {trial.arm}"
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
