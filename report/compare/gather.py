# SPDX-License-Identifier: Apache-2.0
"""Which campaigns take part in a comparison, and which do not, by name.

A folder is an ordinary campaign, one of claims in stages, or that of a fleet
(fleet.json), which stands for all of its machines. Nothing is pooled: each
campaign stays one column, and what cannot stand beside the first one of a
comparison is refused with its reason (docs/adr/0043).
"""
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from report import checks, facts, journal, staged, strict_json, words
from report.compare import admit
from report.journal import JournalError

FLEET = "fleet.json"
COMPLETE = "complete"


@dataclass
class Member:
    """One campaign that takes part."""
    label: str  # what it is called in every table
    path: Path
    campaign: journal.Campaign
    node: str | None = None  # the machine's name in its fleet
    notes: list = field(default_factory=list)  # what is missing, in words
    invalid: str | None = None  # the control that failed: it ranks nobody

    @property
    def marked(self):
        """What is no reason to leave it out, and is to be known."""
        if "line_checksum" in self.campaign.meta or \
                self.campaign.meta.get("synthetic"):
            return ""
        return "no checksum: a changed line would not be seen"

    @property
    def kind(self):
        """Id of the machine: a hash of what only other hardware changes, so
        two machines of one model have one id."""
        return (self.campaign.meta.get("machine") or {}).get("id")

    @property
    def commit(self):
        return words.commit(self.campaign.meta.get("build") or {})

    @property
    def whole(self):
        return not self.notes

    def fact(self, name):
        known = {n: text for n, status, text in facts.flatten(
            self.campaign.meta.get("machine") or {}) if status == "ok"}
        return known.get(name)

    @property
    def virtual(self):
        return self.fact("hypervisor_flag") == "yes"


@dataclass
class Gathered:
    members: list = field(default_factory=list)  # one version of the maps
    versions: list = field(default_factory=list)  # (earlier, later) pairs
    absent: list = field(default_factory=list)  # (label, state, reason)
    refused: list = field(default_factory=list)  # (label, reason)
    wanted: int = 0  # campaigns that were named, by folder or by a fleet
    folders: list = field(default_factory=list)  # names of what was given

    @property
    def whole(self):
        return not self.absent and not self.refused and all(
            m.whole for m in self.members)


# ---- folders --------------------------------------------------------------

def is_entry(entry):
    """Of fleet.json's machines, as far as it is read."""
    return isinstance(entry, dict) and all(
        isinstance(entry.get(key), str) for key in ("name", "folder",
                                                    "state")) and \
        "/" not in entry["folder"] and entry["folder"] not in ("", ".", "..")


def read_fleet(path):
    """The machines that a fleet wanted; JournalError."""
    file = path / FLEET
    try:
        found = strict_json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise JournalError(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise JournalError(f"{file}: not JSON: {error}") from None
    machines = found.get("machines") if isinstance(found, dict) else None
    if not isinstance(machines, list) or (
            found.get("format"), found.get("kind")) != (1, "fleet"):
        raise JournalError(f"{file}: expected format 1, kind fleet, and a "
                           "list of machines")
    if not all(map(is_entry, machines)):
        raise JournalError(f"{file}: a machine without name, state or a "
                           "folder below this one")
    return machines


def named(path):
    """A folder's own name, wherever it is called from."""
    return path.resolve().name or "/"


def listed(folders):
    """(label, path, node, state, reason) of every campaign that was named;
    state and reason are a fleet's, else None."""
    found = []
    for folder in map(Path, folders):
        if not (folder / FLEET).exists():
            found.append((named(folder), folder, None, None, None))
            continue
        for entry in read_fleet(folder):
            found.append((entry["name"], folder / entry["folder"],
                          entry["name"], entry["state"],
                          entry.get("reason")))
    return unlike(found)


def unlike(found):
    """The same with labels that occur once: the folder above goes before
    one that does not, and then a number."""
    labels = [entry[0] for entry in found]
    result, used = [], set()
    for label, path, *rest in found:
        if labels.count(label) > 1:
            label = f"{named(path.resolve().parent)}/{label}"
        plain, count = label, 1
        while label in used:
            count += 1
            label = f"{plain} ({count})"
        used.add(label)
        result.append((label, path, *rest))
    return result


def read(path):
    """The campaign in a folder: itself, or the stage of claims that has all
    of their cells."""
    if not (path / "stages.json").exists():
        return journal.read(path)
    of = staged.read(path)
    if of.kind != "claims":
        raise JournalError(f"{path}: a search in stages has a page of its "
                           "own, expected a campaign")
    stage = (of.stages or [of.begun])[0]
    if stage is None:
        raise JournalError(f"{path}: no stage has begun")
    return journal.read(stage.path)


# ---- who takes part -------------------------------------------------------

def unfinished(campaign):
    """What a campaign lacks, in words; [] of a whole one."""
    said = [*campaign.problems, *filter(None, [campaign.to_come])]
    lost = [c for c in campaign.missing if c.state != "not run"]
    if lost:
        said.append(f"{words.plural(len(lost), 'cell')} without a result")
    said += [f"{name} failed verification" for name in
             sorted(campaign.failed_maps)]
    return said


def digest(path):
    return hashlib.sha256((path / "campaign.json").read_bytes()).hexdigest()


def without(text, path):
    """A message about a folder that is named before it."""
    return text.removeprefix(f"{path}: ").replace(f"{path}/", "")


class Door:
    """Lets campaigns in one by one; the first one is what the others must
    fit."""

    def __init__(self):
        self.found, self.first, self.seen = Gathered(), None, {}

    def enter(self, label, path, node, state, reason):
        self.found.wanted += 1
        if state not in (None, COMPLETE) and not (
                path / "campaign.json").exists() and not (
                path / "stages.json").exists():
            self.found.absent.append((label, state, reason or
                                      "nothing was begun there"))
            return
        try:
            member = self.member(label, path, node)
        except JournalError as error:
            self.found.refused.append((label, without(str(error), path)))
            return
        if state not in (None, COMPLETE):
            member.notes.insert(0, f"its fleet calls it {state}" + (
                f": {reason}" if reason else ""))
        self.place(member)

    def member(self, label, path, node):
        """One campaign, whole in itself and fit to stand beside the first;
        JournalError."""
        campaign = read(path)
        why = admit.within(campaign) or (
            self.first and admit.beside(self.first.campaign, campaign))
        if why:
            raise JournalError(why)
        key = digest(campaign.path)
        if key in self.seen:
            raise JournalError(f"the same campaign as {self.seen[key]}: it "
                               "counts once")
        self.seen[key] = label
        invalid = checks.refusal(campaign)
        member = Member(label, path, campaign, node, unfinished(campaign) + (
            [invalid.rstrip(".")] if invalid else []), invalid)
        self.first = self.first or member
        return member

    def place(self, member):
        """Beside the others, or as another version of one of them."""
        other = admit.version(self.first.campaign, member.campaign)
        if not other:
            self.found.members.append(member)
            return
        before = next((m for m in self.found.members if same(m, member)),
                      None)
        if before is None:
            self.found.refused.append((member.label, (
                f"{other}: machines are compared in one version, and "
                "versions on one machine: none of the other campaigns is of "
                f"machine {member.kind}, as far as names and installations "
                "tell")))
            return
        self.found.versions.append(tuple(sorted(
            (before, member), key=lambda m: (
                m.campaign.meta.get("created_utc") or "", m.label))))


def same(one, two):
    """One machine, as far as ids tell, which twins of a model share; then
    the names in a fleet, else what was installed there."""
    if one.kind != two.kind:
        return False
    if None not in (one.node, two.node):
        return one.node == two.node
    return facts.one_installation(one.campaign.meta,
                                  two.campaign.meta) is not False


def gather(folders):
    """Gathered; JournalError where nothing is left to be compared."""
    door = Door()
    door.found.folders = [named(Path(folder)) for folder in folders]
    for entry in listed(folders):
        door.enter(*entry)
    found = door.found
    if len(found.members) + len(found.versions) < 2:
        told = "".join(f"\n  {label}: {why}" for label, why in found.refused)
        told += "".join(f"\n  {label}: {state}: {why}" for label, state, why
                        in found.absent)
        raise JournalError(
            f"{len(found.members)} of {words.plural(found.wanted, 'campaign')}"
            f" can be compared, expected two at least{told}")
    return found
