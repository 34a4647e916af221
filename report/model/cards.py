# SPDX-License-Identifier: Apache-2.0
"""The card of a map: its properties, from its description and its fact sheet."""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

GO_ARMS = ("go_classic_", "go_other_", "go_")  # id prefixes of Go maps, one per compiler


class Wait(str, Enum):
    """Whether a look-up waits for a writer."""
    NEVER = "no"
    SOMETIMES = "sometimes"
    ALWAYS = "yes"


class Scan(str, Enum):
    """The result of an iteration over all entries during concurrent writes."""
    MOMENT = "one moment"
    EACH_ONCE = "each entry once"
    NONE = "no promise"


@dataclass(frozen=True)
class Card:
    """A map.

    language  C, C++, Go, Java, Rust
    file      source file in this tree; None: part of a language's library
    package   Debian package that contains it; None: no package
    origin    its source, with version
    many_writers  whether writes to different keys run at the same time
    duty      what the caller of a look-up must do; "none": nothing
    reference True: an upper bound or a misuse, shown but never ranked
    misuse    an injected error: verification must fail
    facts     further lines of its fact sheet (impls/facts), name and text
    port      written in C after a map of Go
    version   of the Go that compiled it, as 1.26.1; None: another language
    design    short name of a Go map: map+RWMutex
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
    many_writers: bool
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
        """The version without its patch level: 1.26."""
        return self.version and ".".join(self.version.split(".")[:2])


def parts_of(name: str) -> tuple[str, str]:
    """Compiler and map of a Go map: go_classic_map_rw -> ("go_classic_", "map_rw")."""
    arm = next((arm for arm in GO_ARMS if name.startswith(arm)), "")
    return arm, name.removeprefix(arm)


def short_names(cards: Iterable[Card]) -> dict[str, str]:
    """Id -> the name in figures: go_map_rw -> go_map_rw@1.26, go_classic_map_rw ->
    go_map_rw@1.19. Two maps with the same name keep their ids."""
    found = {card.id: f"go_{parts_of(card.id)[1]}@{card.release}"
             for card in cards if card.release}
    short = list(found.values())
    return {name: text for name, text in found.items() if short.count(text) == 1}


def full_names(cards: Iterable[Card]) -> dict[str, str]:
    """Id -> the name in sentences, which marks C ports."""
    all_ = tuple(cards)
    return short_names(all_) | {c.id: f"{c.id} (C port)" for c in all_ if c.port}


def renamed(text: str, known: Mapping[str, str]) -> str:
    """A sentence in which these names replace ids of maps. Ids of cells stay."""
    if not known:
        return text
    ids = "|".join(map(re.escape, known))
    return re.sub(rf"(?<![\w/])({ids})(?![\w/])", lambda m: known[m[0]], text)
