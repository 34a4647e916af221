# SPDX-License-Identifier: Apache-2.0
"""Reads the ledger: workloads/claims/*.claims, one section a claim.

The text is that of workload files: `key = value`, comments with #, [ID]
begins a claim, keys before the first [ID] hold for all claims of the file,
`cells` may be repeated. docs/claims.md says what each key means; a mistake
is FILE:LINE: what, expected what.
"""
import hashlib
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

from report.journal import JournalError

FOLDER = Path(__file__).resolve().parents[2] / "workloads" / "claims"
ID = re.compile(r"S[0-9]-[0-9]{2}")
WORDS = {  # key -> what it may say
    "conditions": ("stated", "unstated", "parts"),
    "kind": ("direct", "analogue", "go-only"),
    "speaks": ("speed", "memory", "count", "property", "arithmetic"),
    "about": ("go", "any"),
    "side": ("above", "below"),
    "numbers": ("native", "counters", "simulated", "computed"),
}
RULES = {  # rule -> keys that it needs beside workload, cells and statistic
    "direction": ("side", "against"),
    "ratio": ("claimed", "against"),
    "equal": ("against",),
    "figure": ("claimed",),
    "count": ("claimed",),
    "never": (),
    "can-happen": (),
    "slope": ("claimed", "axis"),
    "arithmetic": ("compute",),
    "none": ("lacks",),
}
WITHOUT_CELLS = ("arithmetic", "none")
NEEDS = ("cpus", "counters")
FREE = ("threads", "keys", "write_share", "write_kind", "dist", "shape",
        "miss_share")
LACKS = ("cpus", "counters", "go", "hardware", "experiment", "runtime")


class LedgerError(JournalError):
    """The ledger cannot be read: FILE:LINE: what, expected what."""


@dataclass(frozen=True)
class Claim:
    """One row of the ledger; members are the keys of its section."""
    id: str
    place: str  # FILE:LINE of its [ID]
    says: str
    article: str  # what the article states, in its units
    rule: str
    section: str = ""
    environment: str = "unstated"  # what the article ran on
    conditions: str = "unstated"
    kind: str = "direct"
    speaks: str = "speed"
    about: str = "any"
    side: str = ""
    claimed: tuple = ()  # (low, high): equal where one number is stated
    tolerance: float = 1.2  # factor
    band: float = 0.02  # share: a smaller difference is none
    effect: float = 0.10  # share that the run must be able to see
    workload: str = ""
    cells: tuple = ()  # FACTOR=VALUE ... [| KEY = VALUE ...], a cell each
    subject: str = ""
    against: str = ""
    go: tuple = ()  # (subject, against) among Go's own maps
    go_cells: tuple = ()  # where Go's cells are others
    statistic: str = ""
    go_statistic: str = ""  # where Go's maps call it otherwise
    axis: str = ""  # of a slope: the factor that varies
    free: tuple = ()  # factors that the article leaves open
    numbers: str = "native"
    compute: str = ""
    needs: tuple = ()  # (what, how much) of the machine: ("cpus", 16)
    lacks: str = ""
    instead: str = ""  # what stands in, and what the verdict does not say

    def each(self, go=False):
        """The claim of each of its cells alone, with what that cell says
        itself; of Go's own maps those that Go has, and none of a claim in
        parts of which Go lacks one. LedgerError."""
        if self.rule in WITHOUT_CELLS:
            return []
        wheres = go and self.go_cells or self.cells
        found = [replace(self, cells=(where,), go_cells=(), **own)
                 for where, own in (part(text, self.place)
                                    for text in wheres)]
        if not go:
            return found
        of_go = [replace(one, subject=one.go[0], against=one.go[1],
                         statistic=one.go_statistic or one.statistic)
                 for one in found if one.go]
        whole = self.conditions != "parts" or len(of_go) == len(found)
        return of_go if whole else []


KEYS = {f.name for f in fields(Claim)} - {"id", "place"}
PART_KEYS = ("subject", "against", "claimed", "statistic", "side", "go",
             "go_statistic")  # what a cell may say for itself
LISTS = ("cells", "go_cells")  # keys that may stand more than once


# ---- values ---------------------------------------------------------------

def number(text):
    """"3 %" -> 0.03, "1.2" -> 1.2; ValueError where it is none."""
    text = text.strip()
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


def amounts(text):
    """"416" -> (416, 416); "0.9 .. 1.1" -> (0.9, 1.1)."""
    found = tuple(number(part) for part in text.split(".."))
    if len(found) not in (1, 2) or found[0] > found[-1]:
        raise ValueError(text)
    return found[0], found[-1]


def sides(text):
    """"go_sync_map / go_map_rw" -> both; without "/" a subject alone."""
    found = tuple(part.strip() for part in text.split("/"))
    if len(found) > 2 or not all(found):
        raise ValueError(text)
    return found if len(found) == 2 else (found[0], "")


def wanted(text):
    """"cpus: 16" -> ("cpus", 16); "counters" -> ("counters", 1)."""
    what, colon, amount = (part.strip() for part in text.partition(":"))
    if what not in NEEDS or bool(colon) != bool(amount):
        raise ValueError(text)
    return what, float(amount or 1)


def names(text):
    """"threads keys" -> ("threads", "keys"); ValueError for no factor."""
    found = tuple(text.split())
    if set(found) - set(FREE):
        raise ValueError(text)
    return found


READERS = {"claimed": (amounts, "a number, or LOW .. HIGH"),
           "tolerance": (number, "a factor such as 1.2"),
           "band": (number, "a share such as 2%"),
           "effect": (number, "a share such as 10%"),
           "free": (names, "some of " + ", ".join(FREE)),
           "needs": (wanted, "cpus: N, or counters"),
           "go": (sides, "MAP, or MAP / MAP")}


def value_of(key, text, place):
    if key in WORDS and text not in WORDS[key]:
        raise LedgerError(f"{place}: {key} = {text}: expected one of "
                          f"{', '.join(WORDS[key])}")
    if key not in READERS:
        return text
    read, expected = READERS[key]
    try:
        return read(text)
    except ValueError:
        raise LedgerError(f"{place}: {key} = {text}: expected {expected}") \
            from None


def setting(text, place, keys):
    """"KEY = VALUE" -> (key, value), read."""
    key, equals, value = (part.strip() for part in text.partition("="))
    if not equals or key not in keys or not value:
        raise LedgerError(f"{place}: {text[:60]}: expected KEY = VALUE, KEY "
                          f"one of {', '.join(sorted(keys))}")
    return key, value_of(key, value, place)


def part(text, place):
    """"WHERE | KEY = VALUE | ..." -> (WHERE, {key: value})."""
    where, *own = (word.strip() for word in text.split("|"))
    return where, dict(setting(word, place, PART_KEYS) for word in own)


# ---- one file -------------------------------------------------------------

def lines_of(file):
    """(FILE:LINE, text) of each line that says something; a line that ends
    with a backslash goes on in the next one."""
    held, at = "", None
    for number_, line in enumerate(
            file.read_text(encoding="utf-8").splitlines(), 1):
        text = re.sub(r"(^|\s)#.*", "", line).strip()
        at = at or f"{file.name}:{number_}"
        if text.endswith("\\"):
            held += text[:-1].rstrip() + " "
            continue
        if held + text:
            yield at, held + text
        held, at = "", None


def sections(file):
    """[(place, id, {key: value or values})] of one file."""
    common, found, here = {}, [], None
    for place, text in lines_of(file):
        header = re.fullmatch(r"\[(.*)\]", text)
        if header:
            if not ID.fullmatch(header[1]):
                raise LedgerError(f"{place}: [{header[1]}]: expected the id "
                                  "of a claim such as [S4-01]")
            here = dict(common)
            found.append((place, header[1], here))
            continue
        key, value = setting(text, place, KEYS)
        into = common if here is None else here
        add(into, key, value, place,
            own=here is None or into.get(key) is not common.get(key))
    return found


def add(into, key, value, place, own):
    """`cells` and `go_cells` add up; any other key stands once."""
    if key in LISTS:
        into[key] = (into.get(key, ()) if own else ()) + (value,)
    elif key in into and own:
        raise LedgerError(f"{place}: {key} is there twice: expected it once")
    else:
        into[key] = value


def claim_of(place, name, said):
    """A section as a claim; what its rule needs must be there."""
    rule = said.get("rule")
    if rule not in RULES:
        raise LedgerError(f"{place}: [{name}] rule = {rule}: expected one of "
                          f"{', '.join(RULES)}")
    alone = rule in WITHOUT_CELLS
    lacking(place, name, rule, said.get, ("says", "article", *(
        RULES[rule] if alone else ("workload", "cells"))))
    what, _, exactly = said.get("lacks", "").partition(":")
    if rule == "none" and (what not in LACKS or not exactly.strip()):
        raise LedgerError(f"{place}: [{name}] lacks = {said['lacks']}: "
                          f"expected one of {', '.join(LACKS)}, and after a "
                          "colon what exactly")
    claim = Claim(id=name, place=place, **said)
    for one in () if alone else claim.each() + claim.each(go=True):
        lacking(place, name, rule, lambda key, of=one: getattr(of, key),
                (*RULES[rule], "subject", "statistic"))
    if claim.free and claim.conditions != "unstated":
        raise LedgerError(f"{place}: [{name}] free: expected it of a claim "
                          "whose conditions are unstated")
    if claim.numbers == "simulated" and claim.speaks == "speed":
        raise LedgerError(f"{place}: [{name}] numbers = simulated: expected "
                          "another source, or a claim that does not speak "
                          "of speed")
    return claim


def lacking(place, name, rule, value, keys):
    """LedgerError where one of the keys has no value."""
    empty = [key for key in keys if not value(key)]
    if empty:
        raise LedgerError(f"{place}: [{name}] lacks {', '.join(empty)}: "
                          f"rule {rule} needs it")


# ---- all of it ------------------------------------------------------------

def read(folder=FOLDER):
    """{id: Claim} of all files, by id. LedgerError."""
    found = {}
    for file in sorted(Path(folder).glob("*.claims")):
        for section in sections(file):
            claim = claim_of(*section)
            if claim.id in found:
                raise LedgerError(f"{claim.place}: [{claim.id}] stands in "
                                  f"{found[claim.id].place}, too")
            found[claim.id] = claim
    return dict(sorted(found.items()))


def digest(claims):
    """SHA-256 of what the claims say: fixed before a run, kept with it."""
    whole = hashlib.sha256()
    for claim in claims.values():
        for key in sorted(KEYS):
            whole.update(f"{claim.id}.{key}={getattr(claim, key)!r}\n"
                         .encode())
    return whole.hexdigest()
