# SPDX-License-Identifier: Apache-2.0
"""Reads a staged campaign: a folder of campaigns, each a stage, of which the
next is chosen from those before (docs/adr/0034).

    DIR/stages.json   what is searched, by which rule; written once
    DIR/plan.json     all cells that any stage may have
    DIR/stage-01 ...  campaigns (results/README.md)

Only complete stages count: a search that was killed and is resumed must ask
for the same stage again.
"""
import re
from dataclasses import dataclass, field
from pathlib import Path

from report import damage, journal, strict_json
from report.journal import JournalError

FORMAT = 1
KINDS = ("crossover", "claims")
STAGE = re.compile(r"stage-(\d{2,})")
ANEW = "it was changed after it was written: start anew in another folder"


@dataclass
class Staged:
    path: Path
    meta: dict  # stages.json
    plan: dict  # plan.json
    stages: list = field(default_factory=list)  # Campaigns that are complete
    begun: journal.Campaign | None = None  # the stage that is not

    @property
    def file(self):
        return self.path / "stages.json"

    @property
    def plan_file(self):
        return self.path / "plan.json"

    @property
    def kind(self):
        return self.meta["kind"]

    def maps(self):
        """(A, B) of a crossover."""
        return tuple(self.meta["maps"])

    def machine(self):
        """Id of the machine that it is of; None: not known before its first
        stage."""
        return self.meta.get("machine") or next(
            map(machine_of, self.stages), None)

    def source(self):
        """Of its numbers: "measured", or "synthetic" of a made-up one; None
        before the first stage."""
        made_up = [bool(c.meta.get("synthetic")) for c in self.stages]
        return ("synthetic" if any(made_up) else "measured") \
            if made_up else None


def machine_of(campaign):
    return (campaign.meta.get("machine") or {}).get("id")


def load(file):
    """The object in a JSON file; JournalError says what is wrong."""
    try:
        value = strict_json.loads(file.read_bytes())
    except OSError as error:
        raise JournalError(f"{file}: {error.strerror}: expected a staged "
                           "campaign's folder") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}: {ANEW}") from None
    if not isinstance(value, dict):
        raise JournalError(f"{file}: not an object: {ANEW}")
    return value


def wrong_in(meta):
    """Why stages.json is none of ours, or None."""
    count = meta.get("budget_trials")
    names = meta.get("maps")
    checks = {
        f"format is not {FORMAT}": meta.get("format") == FORMAT,
        f"kind is none of {', '.join(KINDS)}": meta.get("kind") in KINDS,
        "budget_trials is no number of trials":
            type(count) is int and count > 0,
        "seed is no whole number": type(meta.get("seed")) is int,
        "rule is no object": isinstance(meta.get("rule"), dict),
        "maps are not two": meta.get("kind") != "crossover" or (
            isinstance(names, list) and len(names) == 2
            and all(isinstance(n, str) for n in names)
            and names[0] != names[1])}
    return next((said for said, fine in checks.items() if not fine), None)


def read_meta(path):
    """stages.json, checked with its hash."""
    file = path / "stages.json"
    meta = load(file)
    wrong = wrong_in(meta)
    if wrong:
        raise JournalError(f"{file}: {wrong}: use the report that came with "
                           "what wrote it")
    if meta.get("sha256") != damage.campaign_sha256(meta):
        raise JournalError(f"{file}: damaged, sha256 is not that of what it "
                           f"covers: {ANEW}")
    return meta


def read_plan(path, meta):
    """plan.json, as it was when the search began."""
    file = path / "plan.json"
    plan = load(file)
    if meta.get("plan_sha256") != damage.plan_sha256(plan):
        raise JournalError(f"{file}: not the plan whose plan_sha256 is in "
                           f"stages.json: {ANEW}")
    if not isinstance(plan.get("cells"), list):
        raise JournalError(f'{file}: "cells" missing, a list expected')
    journal.read_cells(path, plan, file.name)
    return plan


def folders(path):
    """Paths of the stages 1, 2, ... that have begun; JournalError where one
    between them is missing."""
    found = sorted((int(m[1]), f) for f in path.iterdir()
                   for m in [STAGE.fullmatch(f.name)]
                   if m and (f / "campaign.json").exists())
    for number, (have, folder) in enumerate(found, 1):
        if have != number:
            raise JournalError(f"{folder}: stage {number} before it is not "
                               "there: bring it back, or start anew")
    return [folder for _, folder in found]


def read(path):
    """The staged campaign in folder `path`; JournalError where it is none."""
    path = Path(path)
    if not path.is_dir():
        raise JournalError(f"{path}: no such folder")
    meta = read_meta(path)
    staged = Staged(path, meta, read_plan(path, meta))
    for folder in folders(path):
        if staged.begun:
            raise JournalError(f"{folder}: {staged.begun.path.name} before "
                               "it is not complete: resume that one, and "
                               f"remove {folder.name}")
        campaign = journal.read(folder)
        check_machine(staged, campaign)
        if campaign.to_come:
            staged.begun = campaign
        else:
            staged.stages.append(campaign)
    return staged


def check_machine(staged, campaign):
    """One search is of one machine."""
    known = staged.machine()
    if known and machine_of(campaign) != known:
        raise JournalError(f"{campaign.path}: machine {machine_of(campaign)},"
                           f" but this is a search on {known}: start anew "
                           "here")
