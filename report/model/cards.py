# SPDX-License-Identifier: Apache-2.0
"""What a map is and promises: the fields of its description and its sheet."""
from dataclasses import dataclass
from enum import Enum


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
