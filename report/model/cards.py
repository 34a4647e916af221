# SPDX-License-Identifier: Apache-2.0
"""The card of a map lists its properties, from its description and its fact sheet."""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

GO_ARMS = ("go_classic_", "go_other_", "go_")  # id prefixes of Go maps, one for each compiler


class Wait(str, Enum):
    """Whether a look-up may have to wait for a writer."""
    NEVER = "no"
    SOMETIMES = "sometimes"
    ALWAYS = "yes"
    UNKNOWN = "unknown"  # an adapter of another project


class Scan(str, Enum):
    """The guarantee of an iteration over all entries during concurrent writes."""
    MOMENT = "one moment"
    EACH_ONCE = "each entry once"
    NONE = "no promise"


@dataclass(frozen=True)
class Card:
    """The properties of a map.

    - language: C, C++, Go, Java or Rust
    - file: source file in this tree, or None if the map is part of a language's library
    - package: Debian package that contains the map, or None if no package has it
    - origin: where the source comes from, with its version
    - many_writers: true if writes to different keys can run at the same time, None if unknown
    - duty: a duty of callers of look-ups, or "none"
    - reference: true for an upper bound or a misuse, which is shown but never ranked
    - misuse: true if an error was injected; verification must then fail
    - facts: name and text of further lines of its fact sheet (impls/facts)
    - port: true if the map was written in C after a map of Go
    - version: version of the Go that compiled it, such as 1.26.1, or None for other languages
    - design: short name of a Go map's design, such as map+RWMutex
    """
    id: str
    label: str
    family: str
    language: str
    file: str | None
    package: str | None
    licence: str | None
    origin: str
    synchronisation: str
    grows: bool
    many_writers: bool | None
    readers_wait: Wait
    progress: str
    scan: Scan
    duty: str
    stale_reads: bool
    slow_writes: bool
    own_threads: bool
    frees_memory: bool
    reference: bool
    misuse: bool
    facts: tuple[tuple[str, str], ...] = ()
    port: bool = False
    version: str | None = None
    design: str | None = None

    @property
    def release(self) -> str | None:
        """The Go version without its patch level, such as 1.26."""
        return self.version and ".".join(self.version.split(".")[:2])


def parts_of(name: str) -> tuple[str, str]:
    """Splits a Go map's id into compiler and map: ("go_classic_", "map_rw")."""
    arm = next((arm for arm in GO_ARMS if name.startswith(arm)), "")
    return arm, name.removeprefix(arm)


def short_names(cards: Iterable[Card]) -> dict[str, str]:
    """Returns the names that figures use, by id. Names of Go maps end with the Go version:
    go_map_rw@1.26 for go_map_rw, go_map_rw@1.19 for go_classic_map_rw. If two maps would get the
    same name, they keep their ids."""
    found = {card.id: f"go_{parts_of(card.id)[1]}@{card.release}"
             for card in cards if card.release}
    short = list(found.values())
    return {name: text for name, text in found.items() if short.count(text) == 1}


def full_names(cards: Iterable[Card]) -> dict[str, str]:
    """Returns the names that sentences use, by id; they mark C ports."""
    all_ = tuple(cards)
    return short_names(all_) | {c.id: f"{c.id} (C port)" for c in all_ if c.port}


def renamed(text: str, known: Mapping[str, str]) -> str:
    """Replaces ids of maps in a sentence by these names, but not the ids of cells."""
    if not known:
        return text
    ids = "|".join(map(re.escape, known))
    return re.sub(rf"(?<![\w/])({ids})(?![\w/])", lambda m: known[m[0]], text)
