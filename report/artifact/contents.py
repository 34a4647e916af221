# SPDX-License-Identifier: Apache-2.0
"""The campaigns in an artifact, either run at once or in stages."""
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from report.load import journal, strict_json
from report.load.decode import decode
from report.load.plan import Plan
from report.model.place import Group
from report.model.trust import Assessment

PAGES = "report"  # folder that is computed from the other files of the campaign


@dataclass(frozen=True)
class Stages:
    """The fields that are read from stages.json, which a campaign in stages has."""
    kind: str  # crossover or claims
    mode: str
    maps: tuple[str, ...] | None = None


@dataclass(frozen=True)
class DecidedClaim:
    """A published claim that the campaign decided."""
    id: str
    verdict: str


@dataclass(frozen=True)
class Decided:
    """The fields of verdicts.json that an artifact uses."""
    groups: tuple[Group, ...] = ()
    trust: Assessment | None = None
    words: tuple[str, ...] = ()
    claims: tuple[DecidedClaim, ...] = ()


@dataclass(frozen=True)
class Packed:
    """A campaign; `path` is its folder in the artifact's campaigns/."""
    path: Path

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.path.name

    @cached_property
    def stages(self) -> Stages | None:
        """Content of stages.json, or None for a plain campaign."""
        file = self.path / "stages.json"
        return decode(Stages, strict_json.loads(file.read_bytes())) if file.exists() else None

    @cached_property
    def journals(self) -> list[tuple[Path, Plan, bool]]:
        """Folder and plan of each journal; the flag is true if its lines have checksums."""
        stages = sorted(self.path.glob("stage-[0-9]*"))
        return [(folder, *journal.read_plan(folder)) for folder in stages or [self.path]]

    @property
    def plan(self) -> Plan:
        """Plan of the first journal."""
        return self.journals[0][1]

    @cached_property
    def trials(self) -> int:
        """Number of lines in all journals."""
        return sum((folder / "trials.jsonl").read_bytes().count(b"\n")
                   for folder, _, _ in self.journals)

    @cached_property
    def decided(self) -> Decided:
        """Verdicts on the campaign."""
        below = () if self.stages else (PAGES,)
        file = self.path.joinpath(*below, "verdicts.json")
        return decode(Decided, strict_json.loads(file.read_bytes()))


def all_packed(folder: Path) -> Iterator[Packed]:
    """Yields the campaigns of an artifact, by name."""
    for path in sorted((folder / "campaigns").iterdir()):
        yield Packed(path)
