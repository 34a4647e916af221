# SPDX-License-Identifier: Apache-2.0
"""Builds map cards from the descriptions and fact sheets in campaign.json."""
import functools
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from report.load import Campaign
from report.load.plan import MapInfo
from report.model.cards import Card, Scan, Wait

ROOT = Path(__file__).resolve().parents[2]
DATA = tomllib.loads(Path(__file__).with_name("cards.toml").read_text(encoding="utf-8"))
SCANS = {"point-in-time": Scan.MOMENT, "once-if-present": Scan.EACH_ONCE}
LOCKS = re.compile(r"(go-)?(pthread-)?(ck-)?(mutex|rwmutex|rwlock|brlock|pflock|ticket)")
OWN = ("version", "version-told-by", "library", "package", "licence", "progress")
GO_LABEL = re.compile(r"Go(?: (\S+))?: (.+)")  # a label such as "Go 1.26: map + RWMutex"
LIBRARIES = "readmostly-go-new"  # name of the program with the maps of Go libraries
FOREIGN = "its own"  # sync of an adapter for readmostly.h (foreign_loop.h)
FREE = ("lock-free", "wait-free")
PORT = "C port"  # labels of C ports of Go maps begin with this
LICENCE = re.compile(r"SPDX-License-Identifier: (.+?)(?: \*/)?$", re.M)


@functools.cache
def source_files() -> dict[str, Path]:
    """Returns the source file of each map in this tree, by id."""
    return {p.stem: p for p in sorted((ROOT / "impls").glob("*/*.c*"))}


def known_of(about: MapInfo) -> Mapping[str, str]:
    """Returns the lines of cards.toml about the map's program. All programs in a language share
    these lines."""
    program = re.sub(r"-(classic|other|new)$", "", about.program or "")
    known: Mapping[str, str] = DATA["programs"].get(program, {})
    return known


def language_of(about: MapInfo, file: Path | None) -> str:
    """Returns the language: C, C++, Go, Java or Rust."""
    if about.program:
        return known_of(about).get("language", about.program)
    return "C++" if file and file.suffix == ".cc" else "C"


def licence_of(about: MapInfo, file: Path | None) -> str | None:
    """Returns the licence of the map's library, or of our source file."""
    if about.facts and "licence" in about.facts:
        return about.facts["licence"]
    if about.program:
        return known_of(about).get("licence")
    match = LICENCE.search(file.read_text(encoding="utf-8")) if file else None
    return match[1] if match else None


def package_of(about: MapInfo) -> str | None:
    """Returns the name of the Debian package that contains the map."""
    if about.facts and "package" in about.facts:
        return about.facts["package"].split()[0].rstrip(",;")
    return known_of(about).get("package")


def waits(about: MapInfo) -> Wait:
    """Decides whether a look-up may have to wait for a writer."""
    known = DATA["readers_wait"].get(about.id)
    if known is not None:
        return Wait(known)
    if LOCKS.match(about.sync.partition(",")[0].removesuffix("-spin")):
        return Wait.ALWAYS
    if about.sync == FOREIGN:
        return Wait.NEVER if about.progress in FREE else Wait.UNKNOWN
    return Wait.SOMETIMES if about.family == "sync" else Wait.NEVER


def has_many_writers(about: MapInfo) -> bool | None:
    """True if writes to different keys can run at the same time, None if unknown."""
    if "mutex for writes" in about.sync or "single-writer" in about.caps:
        return False
    if about.sync == FOREIGN:
        return about.progress in FREE or None
    if about.family == "rcu":
        return about.progress == "lock-free"
    return about.family != "lock"


def compiled(about: MapInfo) -> tuple[str | None, str]:
    """Returns the Go version and the design of a map, such as ("1.26.1", "map+RWMutex"). If the
    campaign lacks `language_version`, the version is taken from the label."""
    match = GO_LABEL.fullmatch(about.label)
    version, design = (match[1], match[2]) if match else (None, about.label)
    return about.language_version or version, design.replace(" + ", "+")


def card_of(about: MapInfo) -> Card:
    file = None if about.program else source_files().get(about.id)
    facts, language = about.facts or {}, language_of(about, file)
    of_go = language == "Go" and about.program != LIBRARIES
    version, design = compiled(about) if of_go else (None, None)
    return Card(
        about.id, about.label, about.family, language,
        str(file.relative_to(ROOT)) if file else None, package_of(about),
        licence_of(about, file), about.source or facts.get("version", ""), about.sync,
        grows="fixed-size" not in about.caps, many_writers=has_many_writers(about),
        readers_wait=waits(about), progress=about.progress,
        scan=SCANS.get(about.guarantees, Scan.NONE), duty=about.duty,
        stale_reads="stale" in about.caps, slow_writes="slow-writes" in about.caps,
        own_threads="background-threads" in about.caps, frees_memory=about.sync != "leak",
        reference=about.bound, misuse=bool(about.misuse),
        facts=tuple((k, v) for k, v in facts.items() if k not in OWN),
        port=about.label.startswith(PORT), version=version, design=design)


def all_cards(campaign: Campaign) -> tuple[Card, ...]:
    """Returns the cards of all maps with planned cells, in the order of the plan."""
    planned = dict.fromkeys(c.map for c in campaign.cells.values())
    return tuple(card_of(campaign.maps[name]) for name in planned)
