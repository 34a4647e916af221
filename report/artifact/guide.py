# SPDX-License-Identifier: Apache-2.0
"""Writes ARTIFACT.md: the claims, the commands that check them, and the time, memory
and packages that these need. All figures come from the data of the campaigns."""
from dataclasses import dataclass
from pathlib import Path

import jinja2

from report.artifact.claims import Claim, in_tenths, minutes
from report.artifact.contents import Packed
from report.load import strict_json
from report.load.decode import decode
from report.model.place import Place

LIMIT_MIN = 30  # minutes for the steps that a reviewer tries first
BUILD_MIN, PAGES_MIN = 10, 3  # upper limits in minutes on two CPUs (docs/evidence.md)
TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True)
class Creator:
    """A creator in .zenodo.json."""
    name: str


@dataclass(frozen=True)
class About:
    """The fields that are read from .zenodo.json."""
    title: str
    description: str
    version: str
    license: str
    creators: tuple[Creator, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class Snapshot:
    """The date of the package archive, from environment/snapshot.json."""
    words: str


@dataclass(frozen=True)
class Search:
    """A campaign in stages, as the page describes it."""
    name: str
    command: str
    expected: str
    minutes: str


def place_text(p: Place) -> str:
    """Describes a place in words."""
    return (f"{p.workload}: {100 * p.write_share:g} % {p.write_kind} writes, {p.keys} keys, "
            f"{p.shape}, {p.dist}, {p.threads} thread{'s' * (p.threads != 1)}")


def search_of(packed: Packed) -> Search | None:
    """Describes a campaign that was run in stages. Returns None for other campaigns."""
    stages = packed.stages
    if stages is None:
        return None
    if stages.kind == "crossover" and stages.maps:
        command = f"make crossover A={stages.maps[0]} B={stages.maps[1]} MODE={stages.mode}"
        expected = "; ".join(packed.decided.words[:2])
    else:
        command = f"make bench SET=claims MODE={stages.mode}"
        expected = "; ".join(packed.decided.words)
    spent = sum(minutes(plan.cells) for _, plan, _ in packed.journals)
    return Search(packed.name, command, expected, in_tenths(spent))


def packages_of(folder: Path) -> str:
    """Lists the packages that the artifact needs, with their versions."""
    lines = (folder / "environment/packages.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines[1:]]
    return ", ".join(f"`{name}` {version}" for group, name, _, version in rows
                     if group == "artifact" and version != "-")


def most_threads(packed: Packed) -> int:
    """Returns the largest number of threads in a timed cell."""
    return max((c.threads for c in packed.plan.cells
                if c.measure == "throughput" and not c.skip), default=0)


def most_memory(packed: Packed) -> str:
    """Returns the largest amount of memory that the plan expects for a trial."""
    most = max((c.memory_bytes for c in packed.plan.cells), default=0)
    return f"{most / 2 ** 20:.0f} MiB" if most else "?"


def text(folder: Path, about: About, campaigns: list[Packed], kick: Claim,
         claims: list[Claim]) -> str:
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=False,
                             undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    groups = sum(len(c.decided.groups) for c in campaigns)
    snapshot = decode(Snapshot, strict_json.loads(
        (folder / "environment/snapshot.json").read_bytes()))
    return env.get_template("ARTIFACT.md.j2").render(
        about=about, campaigns=campaigns, kick=kick, claims=claims,
        commit=(folder / "environment/commit.txt").read_text().strip(),
        unranked=max(groups - len(claims), 0), limit=LIMIT_MIN, build=BUILD_MIN, pages=PAGES_MIN,
        searches=[s for s in map(search_of, campaigns) if s],
        decided=[(c.name, claim) for c in campaigns for claim in c.decided.claims],
        snapshot=snapshot, packages=packages_of(folder), place=place_text,
        most_threads=most_threads, most_memory=most_memory)
