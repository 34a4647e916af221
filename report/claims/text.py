# SPDX-License-Identifier: Apache-2.0
"""Reads the ledger's text, which consists of sections of `key = value` lines.

The text has the form of workload files. A comment starts with #, and [ID] starts a section. Keys
before the first [ID] apply to all sections of the file. A backslash at the end of a line
continues it. The caller defines the keys and their readers (Form). Errors have the form
`FILE:LINE: found: expected`.
"""
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from report.load import JournalError

Settings = dict[str, Any]  # maps a key to the value from its reader


class LedgerError(JournalError):
    """Raised if the ledger cannot be read. The text has the form `FILE:LINE: found: expected`."""


class Wrong(ValueError):
    """Raised for an invalid value. The exception's text replaces the usual message."""


class Section(NamedTuple):
    """A section; `place` is FILE:LINE of its [ID]."""
    place: str
    id: str
    settings: Settings


@dataclass(frozen=True)
class Form:
    """The keys of one kind of file.

    - id: pattern of an id; `of` describes an id, with an example
    - lists: keys that may occur more than once
    - words: the allowed values of a key
    - readers: a reader for a key, which raises ValueError, and a description of valid values
    """
    id: re.Pattern[str]
    of: str
    keys: frozenset[str]
    lists: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    readers: Mapping[str, tuple[Callable[[str], object], str]] = field(default_factory=dict)

    def value(self, key: str, text: str, place: str) -> object:
        """Parses the value of a key. Raises LedgerError."""
        if key in self.words and text not in self.words[key]:
            raise LedgerError(f"{place}: {key} = {text}: expected one of "
                              f"{', '.join(self.words[key])}")
        if key not in self.readers:
            return text
        read, expected = self.readers[key]
        try:
            return read(text)
        except Wrong as wrong:
            raise LedgerError(f"{place}: {key} = {wrong}") from None
        except ValueError:
            raise LedgerError(f"{place}: {key} = {text}: expected {expected}") from None

    def setting(self, text: str, place: str, keys: Iterable[str] = ()) -> tuple[str, object]:
        """Parses "KEY = VALUE" into (key, value). If `keys` is given, only these are allowed."""
        allowed = frozenset(keys) or self.keys
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or key not in allowed or not value:
            raise LedgerError(f"{place}: {text[:60]}: expected KEY = VALUE, KEY one of "
                              f"{', '.join(sorted(allowed))}")
        return key, self.value(key, value, place)


def lines_of(file: Path) -> Iterator[tuple[str, str]]:
    """Yields (FILE:LINE, text) for each line without its comment. A backslash at the end of a
    line continues it."""
    begun, place = "", ""
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        place = place or f"{file.name}:{number}"
        if text.endswith("\\"):
            begun += text[:-1].rstrip() + " "
            continue
        if begun + text:
            yield place, begun + text
        begun, place = "", ""
    if begun:
        raise LedgerError(f"{place}: {begun[:60]}: expected another line after the backslash")


def sections(file: Path, form: Form) -> list[Section]:
    """Reads the sections of one file. Raises LedgerError."""
    common: Settings = {}
    found: list[Section] = []
    section, seen = common, set[str]()
    for place, text in lines_of(file):
        header = re.fullmatch(r"\[(.*)\]", text)
        if header:
            if not form.id.fullmatch(header[1]):
                raise LedgerError(f"{place}: [{header[1]}]: expected the id of {form.of}")
            section, seen = dict(common), set()
            found.append(Section(place, header[1], section))
            continue
        key, value = form.setting(text, place)
        if key in form.lists:
            section[key] = (section.get(key, ()) if key in seen else ()) + (value,)
        elif key in seen:
            raise LedgerError(f"{place}: {key} is set twice: expected it once")
        else:
            section[key] = value
        seen.add(key)
    return found


def require(section: Section, user: str, value: Callable[[str], object],
            keys: Iterable[str]) -> None:
    """Raises LedgerError if the section lacks one of the keys."""
    empty = [key for key in keys if not value(key)]
    if empty:
        raise LedgerError(f"{section.place}: [{section.id}] lacks {', '.join(empty)}: "
                          f"{user} needs it")


def read_all(files: Iterable[Path], form: Form) -> Iterator[Section]:
    """Reads the sections of all files; each id must be unique. Raises LedgerError."""
    places: dict[str, str] = {}
    for section in (section for file in files for section in sections(file, form)):
        if section.id in places:
            raise LedgerError(f"{section.place}: [{section.id}] is also in "
                              f"{places[section.id]}")
        places[section.id] = section.place
        yield section
