# SPDX-License-Identifier: Apache-2.0
"""A campaign as an entry of results/public/: its rankings, machine and version, and the hashes of
its journal. The entry depends only on the campaign's folder, so anyone who has the folder can
compute the entry again."""
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from report.compare import admit, gather
from report.decide import result
from report.decide.groups import MARGIN
from report.load import JournalError, strict_json
from report.load.decode import decode
from report.model import encode
from report.model.encode import Json
from report.model.place import Group
from report.model.result import Campaign
from report.model.trust import Assessment

FORMAT, KIND = 2, "public result"
DIGITS = 6  # number of significant digits, because mathematical libraries differ in further digits


@dataclass(frozen=True)
class PublicResult:
    """The content of results/public/NAME.json, from which docs/public.schema.json is generated.

    - journal: address of the campaign's folder
    - trust: if the verdict is NOT, the page recommends no map
    - margin: ratios below this do not matter
    - groups: the headline's group comes first
    - notes: what is missing; () if the campaign is complete
    """
    format: int
    kind: str
    journal: str
    campaign_json_sha256: str
    trials_jsonl_sha256: str
    plan_sha256: str | None
    campaign: Campaign
    flags: str | None
    kernel: str | None
    workloads: tuple[str, ...]
    trials: int
    notes: tuple[str, ...]
    trust: Assessment
    margin: float
    groups: tuple[Group, ...]


def of_folder(path: Path, journal: str) -> PublicResult:
    """Derives the entry of a campaign. Raises JournalError."""
    campaign = gather.read(path)
    why = admit.within(campaign)
    if why:
        raise JournalError(f"{path}: {why}")
    files = [hashlib.sha256((campaign.path / name).read_bytes()).hexdigest()
             for name in ("campaign.json", "trials.jsonl")]
    plan, found = campaign.plan, result.build(campaign)
    return PublicResult(
        FORMAT, KIND, journal, files[0], files[1], plan.plan_sha256, found.campaign,
        plan.build.flags, plan.machine.fact("kernel"), tuple(w.name for w in plan.workloads),
        campaign.trials, gather.unfinished(campaign), found.trust, MARGIN, found.groups)


def rounded(value: Json) -> Json:
    """Rounds numbers to DIGITS significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: rounded(member) for name, member in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def as_json(entry: PublicResult) -> Json:
    """Returns the content of the entry's file."""
    return rounded(encode.plain(entry))


def read(path: Path) -> tuple[Json, PublicResult]:
    """Reads the file of an entry. Returns it raw and decoded. Raises JournalError."""
    try:
        contents = strict_json.loads(path.read_bytes())
        entry = decode(PublicResult, contents)
    except ValueError as error:
        raise JournalError(f"{path}: {error}") from None
    if (entry.format, entry.kind) != (FORMAT, KIND):
        raise JournalError(f"{path}: expected format {FORMAT}, kind {KIND} (python3 -m report "
                           "public entry DIR)")
    return cast(Json, contents), entry


def leaves(value: Json, at: str = "") -> Iterator[tuple[str, str]]:
    """Yields (place, text) of each value; the text of a list is its length."""
    if isinstance(value, dict):
        yield at, "an object"
        for key in sorted(value):
            yield from leaves(value[key], f"{at}.{key}".lstrip("."))
    elif isinstance(value, list):
        yield at, f"{len(value)} values"
        for i, item in enumerate(value):
            yield from leaves(item, f"{at}[{i}]")
    else:
        yield at, repr(value)


def first_difference(stored: Json, true: Json) -> str | None:
    """Returns the first place at which two entries differ, or None if they are equal."""
    one, two = dict(leaves(stored)), dict(leaves(true))
    return next((f"{at}: {one.get(at, 'nothing')}, but the journal has {two.get(at, 'nothing')}"
                 for at in {**two, **one} if one.get(at) != two.get(at)), None)
