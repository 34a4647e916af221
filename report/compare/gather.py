# SPDX-License-Identifier: Apache-2.0
"""Selects the campaigns of a comparison.

A folder contains a campaign, a run for claims in stages, or a fleet (fleet.json), which represents
all of its machines. Trials are never pooled: each campaign is one column of the page.
"""
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from report import folders, load
from report.compare import admit
from report.compare.model import Absent
from report.decide import result
from report.load import Campaign, JournalError, seal, strict_json
from report.load.decode import decode
from report.model.result import Result
from report.model.trust import Trust
from report.workload_values import counted

FLEET, STAGES, COMPLETE = "fleet.json", "stages.json", "complete"
ADVICE = ": `readmostly dev validate"  # the beginning of seal.advice() in a message


@dataclass(frozen=True)
class Member:
    """A campaign that takes part in the comparison.

    - node: the machine's name in its fleet
    - notes: the parts that the campaign lacks
    - differs: the lines of its plan that differ from the first campaign, if one machine ran both
    - instead: the result of admit.aligned()
    """
    label: str
    path: Path
    campaign: Campaign
    result: Result
    node: str | None = None
    notes: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    instead: Mapping[str, Any] = field(default_factory=dict)

    @property
    def recommends(self) -> bool:
        """True unless the campaign's ranking of maps must not be used."""
        return self.result.trust.verdict is not Trust.NOT

    @property
    def kind(self) -> str:
        """Id of the machine; all machines of one model share it."""
        return self.campaign.plan.machine.id


@dataclass(frozen=True)
class Versions:
    """Runs of two versions of the maps on one machine, the earlier version first."""
    then: tuple[Member, ...]
    now: tuple[Member, ...]


@dataclass(frozen=True)
class Gathered:
    """The selected campaigns. `wanted` is the number of requested campaigns. `advice` has next
    steps after damage; the page does not show them."""
    members: tuple[Member, ...]
    versions: tuple[Versions, ...]
    absent: tuple[Absent, ...]
    wanted: int
    advice: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """True if every requested campaign takes part and is complete."""
        return not self.absent and not any(m.notes for m in self.members)


# ---- folders --------------------------------------------------------------

@dataclass(frozen=True)
class FleetMachine:
    """The fields of a machine that are read from fleet.json."""
    name: str
    folder: str
    state: str
    reason: str | None = None


@dataclass(frozen=True)
class Fleet:
    """The fields that are read from fleet.json."""
    format: int
    kind: str
    machines: tuple[FleetMachine, ...]


@dataclass(frozen=True)
class Stages:
    """The field that is read from stages.json."""
    kind: str


class Entry(NamedTuple):
    """A requested campaign; `state` is its state in the fleet."""
    label: str
    path: Path
    node: str | None = None
    state: str = COMPLETE
    reason: str | None = None


def read_json(file: Path, kind: type[load.decode.T]) -> load.decode.T:
    """Reads a JSON file into a dataclass. Raises JournalError."""
    try:
        return decode(kind, strict_json.loads(file.read_bytes()))
    except OSError as error:
        raise JournalError(f"{file}: {folders.reason(error)}") from None
    except ValueError as error:
        raise JournalError(f"{file}: {error}") from None


def read_fleet(path: Path) -> tuple[FleetMachine, ...]:
    """Reads the machines of a fleet. Raises JournalError."""
    fleet = read_json(path / FLEET, Fleet)
    if not seal.line_is_whole((path / FLEET).read_bytes(), False):
        raise JournalError(f"{path / FLEET}: damaged, its crc32 does not match its content; "
                           "the same `make campaign` again writes it")
    if (fleet.format, fleet.kind) != (1, "fleet"):
        raise JournalError(f"{path / FLEET}: expected format 1, kind fleet")
    for machine in fleet.machines:
        if "/" in machine.folder or machine.folder in ("", ".", ".."):
            raise JournalError(f"{path / FLEET}: folder {machine.folder!r}: expected the name "
                               "of a folder below this one")
    return fleet.machines


def listed(folders: Iterable[Path]) -> list[Entry]:
    """Lists every requested campaign."""
    entries: list[Entry] = []
    for folder in folders:
        if (folder / FLEET).exists():
            entries += [Entry(m.name, folder / m.folder, m.name, m.state, m.reason)
                        for m in read_fleet(folder)]
        else:
            entries.append(Entry(folder.resolve().name or "/", folder))
    return with_unique_labels(entries)


def with_unique_labels(entries: Sequence[Entry]) -> list[Entry]:
    """Prefixes labels that occur twice with the parent folder; if they are still equal, appends
    a number."""
    plain = [entry.label for entry in entries]
    labels = [label if plain.count(label) == 1 else f"{e.path.resolve().parent.name}/{label}"
              for label, e in zip(plain, entries)]
    for i, label in enumerate(labels):
        count = 1
        while labels[i] in labels[:i]:
            count += 1
            labels[i] = f"{label} ({count})"
    return [e._replace(label=label) for label, e in zip(labels, entries)]


def read(path: Path) -> Campaign:
    """Reads the campaign in a folder. If the folder is a run for claims, reads its first stage,
    which has all cells of the claims. Raises JournalError."""
    if not (path / STAGES).exists():
        return load.read(path)
    if read_json(path / STAGES, Stages).kind != "claims":
        raise JournalError(f"{path}: a search in stages, which has its own page; "
                           "expected a campaign")
    return load.read(path / "stage-01")


# ---- members of the comparison --------------------------------------------

def unfinished(campaign: Campaign) -> tuple[str, ...]:
    """Describes what is missing from a campaign."""
    notes = [*campaign.problems]
    if campaign.pending:
        notes.append(f"{counted(campaign.pending, 'trial')} not run yet")
    elif not campaign.complete:
        notes.append("repeats of trials not run yet")
    lost = [c for c in campaign.missing if c.state != "not run"]
    if lost:
        notes.append(f"{counted(len(lost), 'cell')} without a result")
    return (*notes, *(f"{name} failed verification" for name in sorted(campaign.failed_maps)))


def same_machine(one: Member, two: Member) -> bool | None:
    """Compares two machines by name if they belong to a fleet, otherwise by installation, because
    machines of one model share the id. Returns None if both machines have neither a name nor a
    known installation."""
    if one.kind != two.kind:
        return False
    installed = [m.campaign.plan.machine.fact("installation") for m in (one, two)]
    for names in ([one.node, two.node], installed):
        if None not in names:
            return names[0] == names[1]
    return None


def enter(entry: Entry, first: Member | None, seen: dict[str, str]) -> Member:
    """Reads a campaign, and checks that it can be compared with the first one. Raises
    JournalError. On one machine, plans may differ if they share a place (admit.aligned()).
    `seen` maps the hash of each campaign.json to its label.
    """
    campaign = read(entry.path)
    why = admit.within(campaign)
    if why:
        raise JournalError(why)
    key = hashlib.sha256((campaign.path / "campaign.json").read_bytes()).hexdigest()
    if key in seen:
        raise JournalError(f"the same campaign as {seen[key]}, which is compared only once")
    seen[key] = entry.label
    notes = unfinished(campaign)
    if entry.state != COMPLETE:
        notes = (": ".join(filter(None, (f"its fleet reports it as {entry.state}", entry.reason))),
                 *notes)
    member = Member(entry.label, entry.path, campaign, result.build(campaign), entry.node, notes)
    why = admit.plan_difference(first.campaign, campaign) if first else ""
    if first and why and same_machine(first, member):
        instead = admit.aligned(first.campaign, campaign)
        if instead is not None:
            return replace(member, instead=instead, differs=admit.changes(
                first.campaign, campaign) or (why,))
    if why:
        raise JournalError(why)
    return member


def by_version(members: Sequence[Member], others: Sequence[Member]
               ) -> tuple[tuple[Versions, ...], list[Absent]]:
    """Pairs the campaigns of another version with the campaigns of the first version on the
    same machine, and refuses the rest."""
    groups: list[list[Member]] = []
    refused = []
    for other in others:
        if all(same_machine(m, other) is False for m in members):
            refused.append(Absent(other.label, "refused", (
                f"{admit.version(members[0].campaign, other.campaign)}: versions are compared "
                f"on one machine, and no other campaign is of machine {other.kind}")))
            continue
        group = next((g for g in groups if same_machine(g[0], other) is not False
                      and not admit.version(g[0].campaign, other.campaign)), None)
        if group is None:
            groups.append([other])
        else:
            group.append(other)
    return tuple(Versions(*sorted(
        (tuple(m for m in members if same_machine(m, group[0]) is not False), tuple(group)),
        key=lambda side: min(m.campaign.plan.created_utc for m in side)))
        for group in groups), refused


def gather(folders: Iterable[Path]) -> Gathered:
    """Selects the campaigns to compare. Raises JournalError if fewer than two can be compared."""
    members: list[Member] = []
    others: list[Member] = []
    absent: list[Absent] = []
    advice: list[str] = []
    seen: dict[str, str] = {}
    entries = listed(folders)
    for entry in entries:
        if entry.state != COMPLETE and not any(
                (entry.path / name).exists() for name in ("campaign.json", STAGES)):
            absent.append(Absent(entry.label, "missing", (
                f"{entry.state}: " * (entry.state != "missing")
                + (entry.reason or "no campaign was begun there"))))
            continue
        try:
            member = enter(entry, members[0] if members else None, seen)
        except JournalError as error:
            reason, code, rest = str(error).removeprefix(f"{entry.path}: ").removeprefix(
                f"{entry.path}/").partition(ADVICE)  # pages show no path of this machine
            absent.append(Absent(entry.label, "refused", reason))
            advice += [f"{entry.label}: {code.lstrip(': ')}{rest}"] if code else []
            continue
        other = members and admit.version(members[0].campaign, member.campaign,
                                          same_machine(members[0], member) is not False)
        (others if other else members).append(member)
    versions, refused = by_version(members, others)
    absent += refused
    if len(members) + len(versions) < 2:
        another = ": name another one (`ls results`)" * (not advice)
        raise JournalError(
            f"{len(members)} of {len(entries)} campaigns can be compared, expected at least two"
            + another + "".join(f"\n  {a.label}: {a.state}: {a.reason}" for a in absent)
            + "".join(f"\n  {line}" for line in advice))
    return Gathered(tuple(members), versions, tuple(absent), len(entries), tuple(advice))
