# SPDX-License-Identifier: Apache-2.0
"""Collects the headlines of other campaigns with this machine and mode, because the interval
of one run does not show how far the next run may differ."""
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from report.load import strict_json
from report.load.decode import decode
from report.model.place import Group
from report.model.result import FORMAT, Answer, Campaign, EarlierRun

MOST = 5


@dataclass(frozen=True)
class Headline:
    """The fields that are read from verdicts.json."""
    format: int
    campaign: Campaign
    groups: tuple[Group, ...]


def read(file: Path) -> Headline | None:
    """Reads another campaign's headline. Returns None if verdicts.json is missing, damaged, or of
    another format, because earlier runs are optional."""
    try:
        headline = decode(Headline, strict_json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return None
    return headline if headline.format == FORMAT and headline.groups else None


def rate_of(group: Group, name: str | None) -> float | None:
    """Returns the rate of a map [operations/s]."""
    entry = group.entry(name) if name else None
    return entry.rate.value if entry else None


def earlier(folders: Iterable[Path], campaign: Campaign, group: Group | None, answer: Answer
            ) -> tuple[EarlierRun, ...]:
    """Returns the latest runs of the same place, machine and mode, the newest first."""
    found = []
    for folder in folders:
        other = read(folder / "report" / "verdicts.json")
        if other is None or group is None or other.groups[0].place != group.place \
                or other.groups[0].leader is None or other.campaign.name == campaign.name \
                or (other.campaign.machine, other.campaign.mode) != (
                    campaign.machine, campaign.mode):
            continue
        first, second = (rate_of(other.groups[0], m) for m in (group.leader, answer.runner_up))
        found.append(EarlierRun(other.campaign.name, other.campaign.created,
                                other.groups[0].leader, first,
                                first / second if first and second else None))
    return tuple(sorted(found, key=lambda r: r.created, reverse=True)[:MOST])
