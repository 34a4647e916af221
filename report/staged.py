# SPDX-License-Identifier: Apache-2.0
"""Reads a staged campaign: a folder of campaigns, each of which is a stage. Each stage is chosen
from the results of earlier stages (docs/adr/0034).

    DIR/stages.json   the subject and the rule of the search; written once
    DIR/plan.json     all cells that a stage may have
    DIR/stage-01 ...  campaigns (results/README.md)

Only complete stages count, because a search that was killed and resumed must request the same
stage again.
"""
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from report import load
from report.folders import reason
from report.load import JournalError, seal, strict_json
from report.load.decode import DecodeError, decode
from report.load.errors import no_campaign
from report.load.plan import Factors

FORMAT = 1
KINDS = ("crossover", "claims")
STAGE = re.compile(r"stage-(\d{2,})")
ANEW = "it was changed after it was written: start again in another folder"
T = TypeVar("T")


@dataclass(frozen=True)
class Rule:
    """Settings that were fixed before the first stage.

    A search has error, blocks and margin (report/sweep/rule.py); a run for claims has the hashes
    (report/claims/rule.py).
    """
    format: int | None = None
    kind: str | None = None
    error: float | None = None
    blocks: tuple[int, ...] = ()
    margin: float | None = None
    alpha: float | None = None
    ledger_sha256: str | None = None
    contract_sha256: str | None = None


@dataclass(frozen=True)
class Meta:
    """The content of stages.json.

    - maps: the maps (A, B) of a crossover
    - ids: the requested claims
    - set: the arguments of --set
    """
    format: int
    kind: str
    budget_trials: int
    seed: int
    rule: Rule
    plan_sha256: str
    maps: tuple[str, ...] | None = None
    ids: tuple[str, ...] | None = None
    mode: str | None = None
    set: tuple[str, ...] | None = None
    machine: str | None = None
    sha256: str = ""


@dataclass(frozen=True)
class Cells:
    """The content of plan.json: all cells that a stage may have."""
    cells: tuple[Factors, ...]


@dataclass(frozen=True)
class Staged:
    """The content of a folder. `stages` are the complete stages in order, and `begun` is the
    incomplete stage."""
    path: Path
    meta: Meta
    plan: Cells
    stages: tuple[load.Campaign, ...] = ()
    begun: load.Campaign | None = None

    @property
    def plan_file(self) -> Path:
        """Path of plan.json."""
        return self.path / "plan.json"

    @property
    def kind(self) -> str:
        """Kind of the campaign, one of KINDS."""
        return self.meta.kind

    @property
    def pair(self) -> tuple[str, str]:
        """The maps A and B of a crossover."""
        one, two = self.meta.maps or ("", "")
        return one, two

    @property
    def machine(self) -> str | None:
        """Id of the machine, or None if unknown before the first stage."""
        return self.meta.machine or next((c.plan.machine.id for c in self.stages), None)

    @property
    def synthetic(self) -> bool:
        """True if a program wrote the numbers of any stage."""
        return any(c.plan.synthetic for c in self.stages)


def parsed(kind: type[T], file: Path, check: Callable[[dict[str, object]], str | None]) -> T:
    """Reads a JSON file as a `kind`. Raises JournalError for every error. `check` takes the object
    and returns an error or None."""
    try:
        value = strict_json.loads(file.read_bytes())
        if not isinstance(value, dict):
            raise ValueError("an object was expected")
        wrong = check(value)
        if wrong:
            raise JournalError(f"{file}: {wrong}")
        return decode(kind, value)
    except OSError as error:
        raise JournalError(f"{file}: {reason(error)}: expected the folder of a staged "
                           "campaign") from None
    except DecodeError as error:
        raise JournalError(f"{file}: {error}: use the report of the version that "
                           "wrote it") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}: {ANEW}") from None


def read_meta(path: Path) -> Meta:
    """Reads stages.json and checks its hash."""
    file = path / "stages.json"

    def hash_of(meta: dict[str, object]) -> str | None:
        if meta.get("format") != FORMAT:
            return f"format {FORMAT} expected"
        return None if meta.get("sha256") == seal.campaign_sha256(meta) else (
            f"damaged, its sha256 does not match its content: {ANEW}")
    meta = parsed(Meta, file, hash_of)
    pair = meta.maps or ()
    for wrong, fine in ((f"kind: expected {' or '.join(KINDS)}", meta.kind in KINDS),
                        ("budget_trials: expected 1 or more", meta.budget_trials > 0),
                        ("maps: expected two different maps", meta.kind != "crossover"
                         or len(pair) == len(set(pair)) == 2)):
        if not fine:
            raise JournalError(f"{file}: {wrong}")
    return meta


def read_plan(path: Path, meta: Meta) -> Cells:
    """Reads plan.json and checks that it has not changed since the search began."""
    return parsed(Cells, path / "plan.json", lambda plan: (
        None if meta.plan_sha256 == seal.plan_sha256(plan) else
        f"differs from the plan_sha256 of stages.json: {ANEW}"))


def folders(path: Path) -> list[Path]:
    """Returns the stages 1, 2, ... that have begun. Raises JournalError if a stage is missing."""
    numbers = sorted((int(m[1]), f) for f in path.iterdir()
                     for m in [STAGE.fullmatch(f.name)] if m and (f / "campaign.json").exists())
    for number, (have, folder) in enumerate(numbers, 1):
        if have != number:
            raise JournalError(f"{folder}: stage {number} before it is missing: restore it, or "
                               "start again")
    return [folder for _, folder in numbers]


def read(path: Path | str) -> Staged:
    """Reads the staged campaign in a folder. Raises JournalError if the folder has none."""
    path = Path(path)
    if not path.is_dir():
        raise no_campaign(path)
    meta = read_meta(path)
    whole: list[load.Campaign] = []
    begun = None
    machine = meta.machine
    for folder in folders(path):
        if begun:
            raise JournalError(f"{folder}: {begun.path.name} before it is not complete: resume "
                               f"that stage, and remove {folder.name}")
        campaign = load.read(folder)
        if campaign.plan.machine.id != (machine := machine or campaign.plan.machine.id):
            raise JournalError(f"{folder}: measured on machine {campaign.plan.machine.id}, but the "
                               f"search began on {machine}: start a new search on this machine")
        if campaign.complete:
            whole.append(campaign)
        else:
            begun = campaign
    return Staged(path, meta, read_plan(path, meta), tuple(whole), begun)
