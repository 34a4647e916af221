# SPDX-License-Identifier: Apache-2.0
"""What a map is and promises: the fields of its description and its sheet."""
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

GO_ARMS = ("go_classic_", "go_other_", "go_")  # begin ids of maps of Go: one for each compiler


class Wait(str, Enum):
    """Does a look-up wait for a writer?"""
    NEVER = "no"
    SOMETIMES = "sometimes"
    ALWAYS = "yes"


class Scan(str, Enum):
    """What an iteration over all entries returns while others write."""
    MOMENT = "one moment"
    EACH_ONCE = "each entry once"
    NONE = "no promise"


@dataclass(frozen=True)
class Card:
    """A map.

    language  C, C++, Go, Java, Rust
    file      source file in this tree; None: part of a language's library
    package   Debian package that has it; None: none
    origin    what it was made from, with version
    many_writers  do writes to different keys run at the same time
    duty      what a look-up asks of its caller; "none": nothing
    reference True: an upper bound or a misuse, shown but never ranked
    misuse    a planted error: verification must fail
    facts     further lines of its sheet (impls/facts), name and text
    port      written in C after a map of Go's
    version   of the Go that compiled it, as 1.26.1; None: another language
    design    of a map of Go, in short: map+RWMutex
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
        """The version without its patch: 1.26."""
        return self.version and ".".join(self.version.split(".")[:2])


def parts_of(name: str) -> tuple[str, str]:
    """Compiler and map of a map of Go: go_classic_map_rw -> ("go_classic_", "map_rw")."""
    arm = next((arm for arm in GO_ARMS if name.startswith(arm)), "")
    return arm, name.removeprefix(arm)


def short_names(cards: Iterable[Card]) -> dict[str, str]:
    """Id -> the name in figures: go_map_rw@1.26 of go_map_rw and go_map_rw@1.19
    of go_classic_map_rw. Two maps with one name keep their ids."""
    found = {card.id: f"go_{parts_of(card.id)[1]}@{card.release}"
             for card in cards if card.release}
    short = list(found.values())
    return {name: text for name, text in found.items() if short.count(text) == 1}


def full_names(cards: Iterable[Card]) -> dict[str, str]:
    """Id -> the name in sentences, which marks a C port as such."""
    all_ = tuple(cards)
    return short_names(all_) | {c.id: f"{c.id} (C port)" for c in all_ if c.port}


def renamed(text: str, known: Mapping[str, str]) -> str:
    """A sentence with these names for the ids in it. Ids of cells stay."""
    if not known:
        return text
    ids = "|".join(map(re.escape, known))
    return re.sub(rf"(?<![\w/])({ids})(?![\w/])", lambda m: known[m[0]], text)
