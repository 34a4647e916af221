# SPDX-License-Identifier: Apache-2.0
"""Reads the ledger's text: sections of `key = value` lines.

The text is that of workload files: comments with #, [ID] begins a section,
keys before the first [ID] hold for all sections of the file, a line that
ends with a backslash goes on. Which keys there are and how each is read is
the caller's (Form). A mistake is FILE:LINE: what, expected what.
"""
import re
from dataclasses import dataclass, field

from report.journal import JournalError


class LedgerError(JournalError):
    """The ledger cannot be read: FILE:LINE: what, expected what."""


class Wrong(ValueError):
    """A value that a reader knows more of than what was expected."""


@dataclass(frozen=True)
class Form:
    """What the sections of one kind of file may say."""
    id: re.Pattern
    of: str  # what an id is of, with an example
    keys: frozenset
    lists: tuple = ()  # keys that may stand more than once
    words: dict = field(default_factory=dict)  # key -> what it may say
    readers: dict = field(default_factory=dict)  # key -> (read, expected)

    def value(self, key, text, place):
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
            raise LedgerError(f"{place}: {key} = {text}: expected "
                              f"{expected}") from None

    def setting(self, text, place, keys=None):
        """"KEY = VALUE" -> (key, value), read; `keys`: only these."""
        keys = keys or self.keys
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or key not in keys or not value:
            raise LedgerError(f"{place}: {text[:60]}: expected KEY = VALUE, "
                              f"KEY one of {', '.join(sorted(keys))}")
        return key, self.value(key, value, place)


def lines_of(file):
    """(FILE:LINE, text) of each line that says something; a line that ends
    with a backslash goes on in the next one."""
    held, at = "", None
    for number, line in enumerate(
            file.read_text(encoding="utf-8").splitlines(), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        at = at or f"{file.name}:{number}"
        if text.endswith("\\"):
            held += text[:-1].rstrip() + " "
            continue
        if held + text:
            yield at, held + text
        held, at = "", None
    if held:
        raise LedgerError(f"{at}: {held[:60]}: expected another line behind "
                          "the backslash")


def sections(file, form):
    """[(place, id, {key: value or values})] of one file."""
    common, found, here, own = {}, [], None, set()
    for place, text in lines_of(file):
        header = re.fullmatch(r"\[(.*)\]", text)
        if header:
            if not form.id.fullmatch(header[1]):
                raise LedgerError(f"{place}: [{header[1]}]: expected the id "
                                  f"of {form.of}")
            here, own = dict(common), set()
            found.append((place, header[1], here))
            continue
        key, value = form.setting(text, place)
        into = common if here is None else here
        add(form, into, key, value, place, key in own)
        own.add(key)
    return found


def add(form, into, key, value, place, own):
    """What may stand more than once adds up; any other key stands once."""
    if key in form.lists:
        into[key] = (into.get(key, ()) if own else ()) + (value,)
    elif own:
        raise LedgerError(f"{place}: {key} is there twice: expected it once")
    else:
        into[key] = value


def lacking(place, name, who, value, keys):
    """LedgerError where one of the keys has no value."""
    empty = [key for key in keys if not value(key)]
    if empty:
        raise LedgerError(f"{place}: [{name}] lacks {', '.join(empty)}: "
                          f"{who} needs it")


def once(found, one):
    """Adds a section's `one`, by its id, which must be new. LedgerError."""
    if one.id in found:
        raise LedgerError(f"{one.place}: [{one.id}] stands in "
                          f"{found[one.id].place}, too")
    found[one.id] = one
