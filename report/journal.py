# SPDX-License-Identifier: Apache-2.0
"""Reads a campaign folder (results/README.md) and says what is wrong in it.

Nothing is dropped silently: a line that cannot be used is a problem with
its line number, a torn last line is named, and a cell that gave no result
keeps its place with the reason.
"""
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from report import (damage, factors, repeat_budget, rounds, strict_json,
                    words)
from report.load.errors import JournalError as JournalError

FORMAT, PROTOCOL = 1, 2  # of campaign.json; of its trials
FACTORS = ("id", "workload", "map", "shape", "keys", "write_share",
           "write_kind", "dist", "loop", "threads", "placement", "measure")
WORDS = ("id", "workload", "map", "shape", "write_kind", "dist", "loop",
         "placement", "measure")
NUMBERS = ("keys", "write_share", "threads", "blocks", "miss_share",
           "rate_per_s")
DEFAULTS = {"miss_share": 0.0, "rate_per_s": 0, "arrivals": "", "cpus": [],
            "memory": "first-touch", "presize": True, "blocks": 0,
            "base": None, "skip": None} | factors.OPTIONAL
STATUSES = ("ok", "void", "failed", "skipped")
# Of an id: the placement, and the memory where it is not that of DEFAULTS. A
# cell that runs for others too differs from them in these and the workload.
PLACED = re.compile(r"/t[0-9]+/([^/]+)(?:/(interleave|bind:[0-9]+)(?=/))?")


@dataclass
class Cell:
    """One planned cell and all that the journal has of it (arm head)."""
    factors: dict
    trials: list = field(default_factory=list)  # last attempts, in order
    ok: list = field(default_factory=list)  # those that count
    earlier: list = field(default_factory=list)  # attempts before them
    names: list = field(default_factory=list)  # factors of cells it ran for

    def __getattr__(self, name):  # cell.threads, cell.map, ...
        try:
            return self.__dict__["factors"][name]
        except KeyError:
            raise AttributeError(name) from None

    def known_as(self):
        """The cell, and with it what else it was asked for as."""
        return [self, *(replace(self, factors=f) for f in self.names)]

    @property
    def state(self):
        """measured | skipped | failed | void | not run"""
        if self.ok:
            return "measured"
        if self.skip:
            return "skipped"
        if not self.trials:
            return "not run"
        states = [t["status"] for t in self.trials]
        return next((s for s in ("failed", "void", "skipped")
                     if s in states), "failed")

    @property
    def reason(self):
        """Why there is no result; "" where there is one."""
        if self.ok:
            return ""
        if self.skip:
            return self.skip
        if not self.trials:
            return "not run yet"
        trial = next((t for t in self.trials if t["status"] == self.state),
                     self.trials[0])
        return trial.get("reason") or f"exit {trial.get('exit')}"

    @property
    def pending(self):
        """Trials planned but never attempted."""
        return 0 if self.skip else max(self.blocks - len(self.trials), 0)


@dataclass
class Campaign:
    path: Path
    meta: dict
    cells: dict  # id -> Cell, in the order of the plan
    arms: dict  # (arm, id) -> trials of another arm: controls
    trials: int = 0  # by their last attempts, those not started included
    started: int = 0
    budget: repeat_budget.Walk = field(default_factory=repeat_budget.Walk)
    ran: list = field(default_factory=list)  # (cell, line): every attempt
    rounds: list = field(default_factory=list)  # rounds.of()
    replaced: list = field(default_factory=list)  # lines, of all arms
    problems: list = field(default_factory=list)

    @property
    def name(self):
        """As the plan named it, wherever the folder is now."""
        return self.meta.get("name") or self.path.resolve().name

    @property
    def maps(self):
        return {m["id"]: m for m in self.meta["maps"]}

    @property
    def planned(self):
        """Cells that were meant to run."""
        return [c for c in self.cells.values() if not c.skip]

    @property
    def missing(self):
        """Cells that were meant to run and gave nothing. A planted misuse
        is meant to fail."""
        caught = {m["id"] for m in self.meta["maps"] if m.get("misuse")}
        return [c for c in self.planned if not c.ok
                and not (c.map in caught and c.state == "failed")]

    def attempted(self, cell, arm):
        """The trials of a cell by an arm, each by its last attempt."""
        return cell.trials if arm == "head" else self.arms.get(
            (arm, cell.id), [])

    @property
    def pending(self):
        """Planned trials of all arms that were never attempted."""
        return sum(max(cell.blocks - len(self.attempted(cell, arm)), 0)
                   for cell in self.planned for arm in
                   repeat_budget.arms_of(self.meta, cell))

    @property
    def to_come(self):
        """What a resume would still run, in words; "" where that is nothing
        and the campaign is complete."""
        if self.pending:
            return f"{words.plural(self.pending, 'trial')} not run yet"
        return "" if self.budget.whole else (
            "repeats of void or disturbed trials not run yet")

    @cached_property
    def round_of(self):
        """(cell id, block) -> the round in which it runs."""
        return {trial: number for number, trials in enumerate(self.rounds)
                for trial in trials}

    @cached_property
    def failed_maps(self):
        """Maps whose answers were wrong: id -> reason, first one. Each figure
        asks, of each of its sides: kept, so ask when all trials are read."""
        failed = {}
        for cell in self.cells.values():
            for trial in cell.trials:
                checked = (trial.get("result") or {}).get("verification")
                if checked and checked.get("status") == "failed":
                    failed.setdefault(cell.map, checked.get("reason")
                                      or trial.get("reason") or "no reason")
        return failed


def read_meta(path):
    """campaign.json, checked as far as the report relies on it."""
    file = path / "campaign.json"
    try:
        meta = strict_json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}") from None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise JournalError(f"{file}: format {FORMAT} expected")
    if meta.get("protocol", 1) != PROTOCOL:
        raise JournalError(
            f"{file}: protocol {meta.get('protocol', 1)}, expected {PROTOCOL}:"
            " use the report that came with what measured it, or measure"
            " again")
    for key, without in (("cells", None), ("maps", None), ("same", [])):
        if not isinstance(meta.get(key, without), list):
            raise JournalError(f'{file}: "{key}" missing, a list expected')
        for i, entry in enumerate(meta.get(key, ())):
            if not (isinstance(entry, dict)
                    and isinstance(entry.get("id"), str)):
                raise JournalError(f"{file}: {key}[{i}] has no id")
    for key in ("order", "arms"):
        if not isinstance(meta.get(key) or [], list):
            raise JournalError(f'{file}: "{key}": a list expected')
    check_hashes(file, meta)
    return meta


def check_hashes(file, meta):
    """Whoever changes a plan after it ran changes what was measured. A
    campaign that a program of ours did not write may have no hashes."""
    if not damage.is_sealed(meta) and "sha256" not in meta:
        return
    for key, made in (("plan_sha256", damage.plan_sha256),
                      ("sha256", damage.campaign_sha256)):
        try:
            whole = meta.get(key) == made(meta)
        except RecursionError:
            raise JournalError(f"{file}: nested too deeply") from None
        if not whole:
            raise JournalError(f"{file}: damaged, {key} is not that of what "
                               f"it covers: {damage.ADVICE}")
    topology = file.with_name("topology.xml")
    if topology.exists() and meta.get("topology_sha256") != \
            damage.sha256(topology.read_bytes()):
        raise JournalError(f"{topology}: damaged, its hash is not "
                           f"topology_sha256: {damage.ADVICE}")


def read_cells(path, meta, name="campaign.json"):
    """The planned cells by id; name: of the file that they are in."""
    cells = {}
    for i, factors in enumerate(meta["cells"]):
        lacking = [f for f in FACTORS if f not in factors]
        if lacking:
            raise JournalError(f"{path / name}: cell {i} lacks "
                               + ", ".join(lacking))
        told = {**DEFAULTS, **factors}
        for names, fits, what in ((WORDS, is_text, "text"),
                                  (NUMBERS, is_amount, "amount")):
            wrong = [f for f in names if not fits(told[f])]
            if wrong:
                raise JournalError(f"{path / name}: of cell {i} no {what}: "
                                   + ", ".join(wrong))
        cells[factors["id"]] = Cell(told)
    read_names(path / name, meta.get("same", ()), cells)
    return cells


def read_names(file, same, cells):
    """What else a cell was asked for as: that runs no trials of its own."""
    for i, pair in enumerate(same):
        try:
            cell, told = cells[pair["as"]], PLACED.search(pair["id"])
        except (KeyError, TypeError):
            told = None
        if not told:
            raise JournalError(f"{file}: same[{i}] has no id, or is of no cell")
        cell.names.append(cell.factors | {
            "workload": pair["id"].partition(f"/{cell.map}/")[0],
            "placement": told[1], "memory": told[2] or DEFAULTS["memory"]})


def is_text(value):
    return isinstance(value, str)


def is_count(value, least=0):
    return type(value) is int and value >= least


def is_amount(value):
    """Of what is counted or timed; runner counts in 64 bits."""
    return type(value) in (int, float) and 0 <= value < 2**64


def is_time(value):
    """[ns], 0 where nothing ran; of less than one no rate can be made: it
    would be infinite."""
    return is_amount(value) and (value == 0 or value >= 1)


def is_latency(entry):
    """One distribution, as docs/trial-protocol.md has it."""
    return (isinstance(entry, dict) and is_count(entry.get("count"))
            and isinstance(entry.get("operation"), str)
            and isinstance(entry.get("was_there"), bool)
            and isinstance(entry.get("clock"), str)
            and isinstance(entry.get("histogram") or "", str))


def wrong_in(trial):
    """The member for which an object is no trial, or None: only what is read
    before a trial is known to be of the plan, and what is divided by."""
    if not isinstance(trial, dict):
        return "no object"
    result = trial.get("result")
    held = result if isinstance(result, dict) else {}
    latency = held.get("latency") or []
    checks = {
        "cell": isinstance(trial.get("cell"), str),
        "block": is_count(trial.get("block")),
        "status": trial.get("status") in STATUSES,
        "arm": isinstance(trial.get("arm", ""), str),
        "attempt": is_count(trial.get("attempt", 1), 1),
        "result": result is None or isinstance(result, dict),
        "result.ops": is_amount(held.get("ops") or 0),
        "result.elapsed_ns": is_time(held.get("elapsed_ns") or 0),
        "result.verification": isinstance(held.get("verification") or {},
                                          dict),
        "result.latency": isinstance(latency, list) and all(
            map(is_latency, latency))}
    return next((name for name, fine in checks.items() if not fine), None)


def lines_of(file, problems, sealed):
    """(number, object) of each good line of trials.jsonl.

    sealed -- every line has a checksum; JournalError where one is not right
    """
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        problems.append(f"{file.name}: missing, no trial has finished")
        return
    except OSError as error:
        raise JournalError(f"{file}: {error.strerror}") from None
    lines = data.split(b"\n")
    if lines[-1]:
        problems.append(f"{file.name}:{len(lines)}: torn last line, ignored "
                        "(the trial was being written)")
    for number, line in enumerate(lines[:-1], 1):
        if not damage.line_is_whole(line, sealed):
            if not lines[number] and number + 1 == len(lines):
                problems.append(f"{file.name}:{number}: torn last line, "
                                "ignored (wrong crc32)")
                continue
            raise JournalError(f"{file}:{number}: damaged, crc32 is not that "
                               f"of the line: {damage.ADVICE}")
        try:
            trial = strict_json.loads(line)
            wrong = wrong_in(trial)
        except ValueError as error:
            wrong = str(error)
        if wrong:
            problems.append(f"{file.name}:{number}: not a trial, ignored "
                            f"({wrong})")
            continue
        yield number, trial


def usable(trial):
    """Does this trial count: finished, right, and with a result."""
    return trial["status"] == "ok" and isinstance(trial.get("result"), dict)


def judge(cell, trial):
    """A rate needs operations: a timed trial without any is void."""
    if cell.measure not in ("throughput", "causes") or not usable(trial):
        return
    result = trial["result"]
    if not result.get("ops") or not result.get("elapsed_ns"):
        trial.update(status="void",
                     reason="no operation finished in the window")


def as_run(cell, trial):
    """Takes the factor from the result. Earlier plans left it out of a cell
    with wired goroutines."""
    about = (trial.get("result") or {}).get("environment") or {}
    if "goroutines" in about:
        cell.factors["goroutines"] = about["goroutines"]


def identity(trial):
    """What its attempts have in common."""
    return trial["cell"], trial["block"], trial.get("arm", "head")


def named(trial):
    """Which trial it is, on a line of a terminal: a file may hold anything."""
    text = "{} block {} arm {}".format(*identity(trial))
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def attempts_of(numbered, problems):
    """identity -> its lines; the last one counts (docs/adr/0024). A line that
    is not the attempt after the one before it is a problem and left out."""
    all_of = {}
    for number, trial in numbered:
        before = all_of.setdefault(identity(trial), [])
        attempt = trial.get("attempt", 1)
        if attempt == len(before) + 1:
            before.append(trial)
            continue
        what = ("a duplicate" if attempt <= len(before) else
                f"attempt {attempt} without those before it")
        problems.append(
            f"trials.jsonl:{number}: {what}, ignored: {named(trial)}")
    return {key: lines for key, lines in all_of.items() if lines}


def planned_lines(campaign):
    """(number, object) of the lines whose cell is in the plan."""
    file = campaign.path / "trials.jsonl"
    for number, trial in lines_of(file, campaign.problems,
                                  damage.is_sealed(campaign.meta)):
        if trial["cell"] in campaign.cells:
            yield number, trial
        else:
            campaign.problems.append(
                f"trials.jsonl:{number}: not in the plan, ignored: "
                f"{named(trial)}")


def read(path):
    """The campaign in folder `path`; JournalError where it is none."""
    path = Path(path)
    if not path.is_dir():
        raise JournalError(f"{path}: no such folder")
    meta = read_meta(path)
    campaign = Campaign(path, meta, read_cells(path, meta), {})
    lines = list(planned_lines(campaign))
    found = attempts_of(lines, campaign.problems)
    campaign.rounds = rounds.of(meta)
    campaign.budget = repeat_budget.walk(meta, campaign.cells, found)
    used = {id(trial) for attempts in found.values() for trial in attempts}
    campaign.ran = [(campaign.cells[trial["cell"]], trial)
                    for _, trial in lines if id(trial) in used]
    for (cell_id, _, arm), attempts in found.items():
        cell, trial = campaign.cells[cell_id], attempts[-1]
        campaign.trials += 1
        campaign.replaced += attempts[:-1]
        campaign.started += trial.get("exit") != "not started"
        if arm != "head":
            campaign.arms.setdefault((arm, cell.id), []).append(trial)
            continue
        judge(cell, trial)
        as_run(cell, trial)
        cell.trials.append(trial)
        cell.earlier += attempts[:-1]
        if usable(trial):
            cell.ok.append(trial)
    return campaign


def rate(trial):
    """Operations per second of a trial, all threads together."""
    result = trial["result"]
    return result["ops"] * 1e9 / result["elapsed_ns"]


def rates(trials):
    """block -> operations per second of trials that count."""
    return {t["block"]: rate(t) for t in trials}
