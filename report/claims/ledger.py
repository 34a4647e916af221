# SPDX-License-Identifier: Apache-2.0
"""Reads the ledger: workloads/claims/*.claims, with one section for each claim.

docs/reference/claims.md documents each key. Errors have the form `FILE:LINE: found:
expected`.
"""
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from report.claims import statistic
from report.claims.text import Form, LedgerError, Section, read_all, require

FOLDER = Path(__file__).resolve().parents[2] / "workloads" / "claims"
WORDS = {  # maps a key to its allowed values
    "conditions": ("stated", "unstated", "parts"),
    "kind": ("direct", "analogue", "go-only"),
    "speaks": ("speed", "memory", "count", "property", "arithmetic"),
    "about": ("go", "any"),
    "side": ("above", "below"),
    "numbers": ("native", "counters", "simulated", "computed"),
    "needs_go": ("classic", "any"),
    "grade": ("faithful", "weakened", "none"),
}
RULES: Mapping[str, tuple[str, ...]] = {  # maps a rule to the keys that it needs
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
ADDING = ("never", "can-happen")  # rules that sum counts and need no quotient
OF_FATES = (*ADDING, "count")  # rules that use the values themselves, not their logarithms
NEEDS = ("cpus", "counters")
FREE = ("threads", "keys", "write_share", "write_kind", "dist", "shape", "miss_share")
LACKS = ("cpus", "counters", "go", "hardware", "experiment", "runtime")
EXPLAINS = ("variant", "variant_shows")
DECIDE_NOTHING = (*EXPLAINS, "grade", "weakened_by")


@dataclass(frozen=True)
class Claim:
    """A section of the ledger; the fields have the names of its keys.

    - place: FILE:LINE of the line [ID]
    - article: the statement of the article, in the article's units
    - claimed: (low, high), which are equal if the article states one number; () if it states none
    - tolerance: a factor by which the value may differ
    - band: a share; smaller differences do not count
    - effect: a share; the run must be able to detect an effect of this size
    - cells: one entry `FACTOR=VALUE ... [| KEY = VALUE ...]` for each cell
    - go: (subject, against) among Go's maps; not needed if the subject is a Go map
    - needs_go: `classic` if a Go version with the classic maps decides, `any` if the newest does
    - variant: (subject, against) of the C port with one possible cause removed
    - axis: the factor that varies, for a slope
    - free: the factors that the article leaves open
    - needs: (resource, amount) that the machine must have, such as ("cpus", 16)
    - instead: what replaces the article's setting, and how that limits the verdict
    - grade: how close the experiment is to the article; `weakened_by` gives the reason
    """
    id: str
    place: str
    says: str
    article: str
    rule: str
    section: str = ""
    environment: str = "unstated"
    conditions: str = "unstated"
    kind: str = "direct"
    speaks: str = "speed"
    about: str = "any"
    side: str = ""
    claimed: tuple[float, ...] = ()
    tolerance: float = 1.2
    band: float = 0.02
    effect: float = 0.10
    workload: str = ""
    cells: tuple[str, ...] = ()
    subject: str = ""
    against: str = ""
    go: tuple[str, ...] = ()
    go_cells: tuple[str, ...] = ()
    needs_go: str = "classic"
    statistic: str = ""
    go_statistic: str = ""
    axis: str = ""
    free: tuple[str, ...] = ()
    numbers: str = "native"
    compute: str = ""
    needs: tuple[str, float] | tuple[()] = ()
    lacks: str = ""
    instead: str = ""
    grade: str = "faithful"
    weakened_by: str = ""
    variant: tuple[str, ...] = ()
    variant_shows: str = ""

    @property
    def limits(self) -> tuple[float, float]:
        """The claimed range, widened by the tolerance unless the claim is about a slope."""
        factor = 1.0 if self.rule == "slope" else self.tolerance
        return self.claimed[0] / factor, self.claimed[1] * factor

    def each(self, go: bool = False) -> list["Claim"]:
        """Returns one claim for each cell, with the keys of that cell. If `go` is false, selects
        the cells that name no Go map. If `go` is true, selects the cells for Go's maps; the list is
        empty if some cell of the claim has no Go maps. Raises LedgerError."""
        if self.rule in WITHOUT_CELLS:
            return []
        parts = [part(text, self.place) for text in go and self.go_cells or self.cells]
        ones = [replace(self, cells=(where,), go_cells=(), **settings)
                for where, settings in parts]
        if not go:
            return [one for one in ones if not is_go(one.subject)]
        of_go = [one if is_go(one.subject) else
                 replace(one, subject=one.go[0], against=one.go[1],
                         statistic=one.go_statistic or one.statistic)
                 for one in ones if one.go or is_go(one.subject)]
        return of_go if self.conditions != "parts" or len(of_go) == len(ones) else []

    def varied(self) -> list["Claim"]:
        """Returns the claim for each of its cells, about the maps of its variant."""
        return [replace(one, subject=self.variant[0], against=self.variant[1])
                for one in self.each()] if self.variant else []

    @property
    def maps(self) -> list[str]:
        """The ids of its maps, without their settings."""
        return [side.split()[0] for side in (self.subject, self.against) if side]


def is_go(side: str) -> bool:
    """True if this map, or the map of this side, is one of a Go program."""
    return side.startswith("go_")


KEYS = frozenset(f.name for f in fields(Claim)) - {"id", "place"}
PART_KEYS = ("workload", "rule", "subject", "against", "claimed", "statistic", "side", "axis",
             "go", "go_statistic")
Ledger = Mapping[str, Claim]  # by id


# ---- values ---------------------------------------------------------------

def number(text: str) -> float:
    """Parses "3 %" as 0.03 and "1.2" as 1.2. Raises ValueError, including for infinity and NaN."""
    text = text.strip()
    value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def within(low: float, high: float) -> Callable[[str], float]:
    """Makes a reader of numbers from `low` up to but not including `high`."""
    def read(text: str) -> float:
        value = number(text)
        if not low <= value < high:
            raise ValueError(text)
        return value
    return read


def amounts(text: str) -> tuple[float, float]:
    """Parses "416" as (416, 416) and "0.9 .. 1.1" as (0.9, 1.1)."""
    ends = tuple(number(part) for part in text.split(".."))
    if len(ends) not in (1, 2) or ends[0] > ends[-1]:
        raise ValueError(text)
    return ends[0], ends[-1]


def sides(text: str) -> tuple[str, str]:
    """Parses "SUBJECT / AGAINST"; without "/", the second name is empty."""
    names = [part.strip() for part in text.split("/")]
    if len(names) > 2 or not all(names):
        raise ValueError(text)
    return names[0], names[1] if len(names) == 2 else ""


def needed(text: str) -> tuple[str, float]:
    """Parses "cpus: 16" as ("cpus", 16) and "counters" as ("counters", 1)."""
    what, colon, amount = (part.strip() for part in text.partition(":"))
    if what not in NEEDS or bool(colon) != bool(amount):
        raise ValueError(text)
    return what, number(amount or "1")


def factors(text: str) -> tuple[str, ...]:
    """Parses "threads keys" as ("threads", "keys")."""
    names = tuple(text.split())
    if set(names) - set(FREE):
        raise ValueError(text)
    return names


MAPS = (sides, "MAP, or MAP / MAP")
FORM = Form(
    id=re.compile(r"S[0-9]-[0-9]{2}"), of="a claim such as [S4-01]", keys=KEYS, words=WORDS,
    lists=("cells", "go_cells"), readers={
        "claimed": (amounts, "a number, or LOW .. HIGH"),
        "tolerance": (within(1, math.inf), "a factor of at least 1, such as 1.2"),
        "band": (within(0, 1), "a share such as 2%, below 100%"),
        "effect": (within(0, 1), "a share such as 10%, below 100%"),
        "free": (factors, "some of " + ", ".join(FREE)),
        "needs": (needed, "cpus: N, or counters"),
        "go": MAPS, "variant": MAPS})


def part(text: str, place: str) -> tuple[str, dict[str, object]]:
    """Parses "WHERE | KEY = VALUE | ..." into (WHERE, {key: value}). Raises LedgerError."""
    where, *settings = (word.strip() for word in text.split("|"))
    return where, dict(FORM.setting(word, place, PART_KEYS) for word in settings)


# ---- one claim ------------------------------------------------------------

def claim_of(section: Section) -> Claim:
    """Builds a claim from a section, and checks that its rule has all it needs. Raises
    LedgerError."""
    place, name, settings = section
    mistake = f"{place}: [{name}]"
    rule = settings.get("rule")
    if rule not in RULES:
        raise LedgerError(f"{mistake} rule = {rule}: expected one of {', '.join(RULES)}")
    require(section, f"rule {rule}", settings.get, ("says", "article", *(
        RULES[rule] if rule in WITHOUT_CELLS else ("workload", "cells"))))
    what, _, exactly = settings.get("lacks", "").partition(":")
    if rule == "none" and (what not in LACKS or not exactly.strip()):
        raise LedgerError(f"{mistake} lacks = {settings['lacks']}: expected one of "
                          f"{', '.join(LACKS)}, then a colon and the details")
    claim = Claim(id=name, place=place, **{"grade": "none"} | settings if rule == "none" else
                  settings)
    if (claim.grade == "none") != (rule == "none") or \
            (claim.grade == "weakened") != bool(claim.weakened_by):
        raise LedgerError(f"{mistake} grade = {claim.grade}: a claim needs a grade unless its rule "
                          "is none, and weakened_by only with grade = weakened")
    for one in claim.each() + claim.each(go=True):
        check_cell(section, one)
    if claim.free and claim.conditions != "unstated":
        raise LedgerError(f"{mistake} free: valid only if the conditions of the claim are "
                          "unstated")
    if claim.numbers == "simulated" and claim.speaks == "speed":
        raise LedgerError(f"{mistake} numbers = simulated: not valid for a claim about speed: "
                          "use another source")
    check_variant(section, claim)
    return claim


def check_cell(section: Section, one: Claim) -> None:
    """Checks that each cell has the keys that its rule needs. Raises LedgerError."""
    mistake = f"{section.place}: [{section.id}]"
    if one.rule not in RULES or one.rule in WITHOUT_CELLS:
        raise LedgerError(f"{mistake} rule = {one.rule}: expected a rule for claims with cells")
    require(section, f"rule {one.rule}", lambda key: getattr(one, key),
            (*RULES[one.rule], "subject", "statistic"))
    if (one.rule, one.speaks) == ("figure", "speed") and one.claimed[0] <= 0:
        raise LedgerError(f"{mistake} claimed = {one.claimed[0]:g}: a figure about speed must "
                          "be above 0")
    parsed = statistic.parse(one.statistic)
    if parsed.names.isdisjoint(statistic.FATES) or parsed.is_fate and one.rule in OF_FATES:
        return
    fates = f"{', '.join(statistic.FATES)} or {'+'.join(statistic.FATES)}"
    raise LedgerError(f"{mistake} statistic = {one.statistic}: expected {fates}, of rule "
                      f"{', '.join(OF_FATES)}")


def check_variant(section: Section, claim: Claim) -> None:
    """Checks that a variant has Go's maps, the same number of cells, and a text about its
    meaning. Raises LedgerError."""
    if not (claim.variant or claim.variant_shows):
        return
    require(section, "a variant", lambda key: getattr(claim, key), (*EXPLAINS, "go"))
    if bool(claim.variant[1]) != bool(claim.go[1]):
        raise LedgerError(
            f"{claim.place}: [{claim.id}] variant = {' / '.join(filter(None, claim.variant))}: "
            f"expected {'MAP / MAP' if claim.go[1] else 'one MAP'}, as in its go")


# ---- all claims ------------------------------------------------------------

def read(folder: Path | None = None) -> dict[str, Claim]:
    """Reads all claims in a folder (None: in this source tree), ordered by id.
    Raises LedgerError."""
    files = sorted((folder or FOLDER).glob("*.claims"))
    return dict(sorted((s.id, claim_of(s)) for s in read_all(files, FORM)))


def digest(claims: Ledger) -> str:
    """SHA-256 of everything that affects verdicts; a run records it. Variants are left out, so
    that they can be added after a run."""
    whole = hashlib.sha256()
    for claim in claims.values():
        for key in sorted(KEYS - set(DECIDE_NOTHING)):
            whole.update(f"{claim.id}.{key}={getattr(claim, key)!r}\n".encode())
    return whole.hexdigest()
