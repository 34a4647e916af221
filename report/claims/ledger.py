# SPDX-License-Identifier: Apache-2.0
"""Reads the ledger: workloads/claims/*.claims, one section a claim.

text.py reads the sections; docs/claims.md says what each key means. A mistake
is FILE:LINE: what, expected what.
"""
import hashlib
import math
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path

from report import articles
from report.claims.text import Form, LedgerError, lacking, once, sections

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
OF_FATES = ("never", "can-happen", "count")  # rules that no quotient is of
NEEDS = ("cpus", "counters")
FREE = ("threads", "keys", "write_share", "write_kind", "dist", "shape",
        "miss_share")
LACKS = ("cpus", "counters", "go", "hardware", "experiment", "runtime")
EXPLAINS = ("variant", "variant_shows")  # decide nothing


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
    variant: tuple = ()  # (subject, against): the port, one cause removed
    variant_shows: str = ""  # what that is: why Go and port differ

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

    def maps(self):
        """Ids of its maps, whatever their settings."""
        return [side.split()[0] for side in (self.subject, self.against)
                if side]

    def varied(self):
        """The claim of each of its cells, of the maps of its variant."""
        if not self.variant:
            return []
        subject, against = self.variant
        return [replace(one, subject=subject, against=against)
                for one in self.each()]


KEYS = {f.name for f in fields(Claim)} - {"id", "place"}
PART_KEYS = ("subject", "against", "claimed", "statistic", "side", "go",
             "go_statistic")  # what a cell may say for itself


# ---- values ---------------------------------------------------------------

def number(text):
    """"3 %" -> 0.03, "1.2" -> 1.2; ValueError where it is none."""
    text = text.strip()
    value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def factor(text):
    """"1.2" -> 1.2; below 1 the limits would change places."""
    value = number(text)
    if value < 1:
        raise ValueError(text)
    return value


def share(text):
    """"2%" -> 0.02."""
    value = number(text)
    if not 0 <= value < 1:
        raise ValueError(text)
    return value


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
    return what, number(amount or "1")


def names(text):
    """"threads keys" -> ("threads", "keys"); ValueError for no factor."""
    found = tuple(text.split())
    if set(found) - set(FREE):
        raise ValueError(text)
    return found


MAPS = (sides, "MAP, or MAP / MAP")
FORM = Form(
    id=ID, of="a claim such as [S4-01]", keys=frozenset(KEYS), words=WORDS,
    lists=("cells", "go_cells"), readers={
        "claimed": (amounts, "a number, or LOW .. HIGH"),
        "tolerance": (factor, "a factor such as 1.2, 1 at least"),
        "band": (share, "a share such as 2%, below 100%"),
        "effect": (share, "a share such as 10%, below 100%"),
        "free": (names, "some of " + ", ".join(FREE)),
        "needs": (wanted, "cpus: N, or counters"),
        "go": MAPS, "variant": MAPS})


def part(text, place):
    """"WHERE | KEY = VALUE | ..." -> (WHERE, {key: value})."""
    where, *own = (word.strip() for word in text.split("|"))
    return where, dict(FORM.setting(word, place, PART_KEYS) for word in own)


# ---- one claim ------------------------------------------------------------

def claim_of(place, name, said):
    """A section as a claim; what its rule needs must be there."""
    rule = said.get("rule")
    if rule not in RULES:
        raise LedgerError(f"{place}: [{name}] rule = {rule}: expected one of "
                          f"{', '.join(RULES)}")
    alone = rule in WITHOUT_CELLS
    lacking(place, name, f"rule {rule}", said.get, ("says", "article", *(
        RULES[rule] if alone else ("workload", "cells"))))
    what, _, exactly = said.get("lacks", "").partition(":")
    if rule == "none" and (what not in LACKS or not exactly.strip()):
        raise LedgerError(f"{place}: [{name}] lacks = {said['lacks']}: "
                          f"expected one of {', '.join(LACKS)}, and after a "
                          "colon what exactly")
    claim = Claim(id=name, place=place, **said)
    for one in () if alone else claim.each() + claim.each(go=True):
        lacking(place, name, f"rule {rule}",
                lambda key, of=one: getattr(of, key),
                (*RULES[rule], "subject", "statistic"))
        of_trials(place, name, one)
        if (rule, one.speaks) == ("figure", "speed") and one.claimed[0] <= 0:
            raise LedgerError(f"{place}: [{name}] claimed = "
                              f"{one.claimed[0]:g}: expected it above 0 of "
                              "a figure that speaks of speed")
    if claim.free and claim.conditions != "unstated":
        raise LedgerError(f"{place}: [{name}] free: expected it of a claim "
                          "whose conditions are unstated")
    if claim.numbers == "simulated" and claim.speaks == "speed":
        raise LedgerError(f"{place}: [{name}] numbers = simulated: expected "
                          "another source, or a claim that does not speak "
                          "of speed")
    explained(claim)
    return claim


def of_trials(place, name, one):
    """What became of whole trials is asked alone, by rules that take no
    logarithm of it. LedgerError."""
    _, above, below = articles.parsed(one.statistic)
    if set(above + below).isdisjoint(articles.FATES):
        return
    if not articles.is_fate(one.statistic) or one.rule not in OF_FATES:
        raise LedgerError(
            f"{place}: [{name}] statistic = {one.statistic}: expected "
            f"{', '.join(articles.FATES)} or "
            f"{'+'.join(articles.FATES)}, of rule {', '.join(OF_FATES)}")


def explained(claim):
    """A variant stands beside Go's maps, has as many as these, and says what
    it shows. LedgerError."""
    if not (claim.variant or claim.variant_shows):
        return
    lacking(claim.place, claim.id, "a variant",
            lambda key: getattr(claim, key), (*EXPLAINS, "go"))
    if bool(claim.variant[1]) != bool(claim.go[1]):
        raise LedgerError(
            f"{claim.place}: [{claim.id}] variant = "
            f"{' / '.join(m for m in claim.variant if m)}: expected "
            f"{'MAP / MAP' if claim.go[1] else 'one MAP'}, as in its go")


# ---- all of it ------------------------------------------------------------

def read(folder=None):
    """{id: Claim} of all files of a folder, the tree's where it is None, by
    id. LedgerError."""
    found = {}
    for file in sorted(Path(folder or FOLDER).glob("*.claims")):
        for section in sections(file, FORM):
            once(found, claim_of(*section))
    return dict(sorted(found.items()))


def digest(claims):
    """SHA-256 of what decides the claims: fixed before a run, kept with it.
    A variant may be named when a run has shown that it is needed."""
    whole = hashlib.sha256()
    for claim in claims.values():
        for key in sorted(KEYS - set(EXPLAINS)):
            whole.update(f"{claim.id}.{key}={getattr(claim, key)!r}\n"
                         .encode())
    return whole.hexdigest()
