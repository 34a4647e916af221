# SPDX-License-Identifier: Apache-2.0
"""Locates a question relative to the measured places: at one of them, between several, or outside.
Also lists the neighbouring places."""
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from report.advise.questions import NAMED, ORDERED, USUAL, Spot
from report.workload_values import Value

LEAST_SHARE = 1e-4  # replaces a share of 0 when shares are compared


class Reason(str, Enum):
    """Reason for which a question cannot be answered."""
    NOTHING = "nothing"  # no ranked map has a result
    NEEDS = "needs"  # no ranked map meets the needs
    NAME = "name"  # a factor with this value was not measured
    RANGE = "range"  # below or above all measured values
    CROWDED = "crowded"  # more threads than CPUs, and this number was not measured
    GAP = "gap"  # no measured places enclose the question


@dataclass(frozen=True)
class Refusal:
    """The reason why a question cannot be answered.

    - measured: the values of the factor that have an answer
    - held: the factors that did not have their defaults in the trials of `measured`
    - alone: for GAP, true if the values were measured with all other factors as requested
    """
    reason: Reason
    factor: str = "needs"
    asked: Value | None = None
    measured: tuple[Value, ...] = ()
    held: tuple[str, ...] = ()
    alone: bool = False


class Near(NamedTuple):
    """A neighbour of a place, and its distance in measured values and in doublings."""
    steps: int
    doublings: float
    spot: Spot


def apart(one: float, other: float) -> float:
    """Returns the distance between two values of an ordered factor, in doublings."""
    return abs(math.log2(max(one, LEAST_SHARE) / max(other, LEAST_SHARE)))


def numbers(spots: Iterable[Spot], index: int) -> list[float]:
    """Returns all values of an ordered factor, in ascending order."""
    return sorted({s.ordered[index] for s in spots})


def values_of(spots: Iterable[Spot], factor: str) -> tuple[Value, ...]:
    """Returns all values of the given factor, in ascending order."""
    if factor in ORDERED:
        return tuple(numbers(spots, ORDERED.index(factor)))
    return tuple(sorted({s.value(factor) for s in spots}, key=str))


def completed(spots: Sequence[Spot], target: Spot, preset: Iterable[str]) -> Spot:
    """Sets the factors `preset`, which the question leaves open, to the only measured value."""
    only = {f: values[0] for f in preset if len(values := values_of(spots, f)) == 1}
    return Spot(**{**target._asdict(), **only})


# ---- inside or outside ------------------------------------------------------------

def narrowed(spots: Sequence[Spot], target: Spot) -> tuple[list[Spot], Refusal | None]:
    """Returns the spots that match all named factors, or the Refusal for the first factor that
    has no match. Factors that the command line cannot set are matched first."""
    left = list(spots)
    for i, factor in enumerate(reversed(NAMED)):
        fit = [s for s in left if s.value(factor) == target.value(factor)]
        if not fit:
            held = tuple(f for f in NAMED[len(NAMED) - i:]
                         if target.value(f) != USUAL.value(f))
            return [], Refusal(Reason.NAME, factor, target.value(factor),
                               values_of(left, factor), held)
        left = fit
    return left, None


def beyond(spots: Sequence[Spot], target: Spot, cpus: int) -> Refusal | None:
    """Returns the Refusal of a question outside the range of an ordered factor, or None. All
    `spots` match the named factors."""
    for i, (factor, value) in enumerate(zip(ORDERED, target.ordered)):
        values = numbers(spots, i)
        if factor == "threads" and cpus:
            if value > cpus and value not in values:
                return Refusal(Reason.CROWDED, factor, value, tuple(values))
            values = [v for v in values if value > cpus or v <= cpus] or values
        if not values[0] <= value <= values[-1]:
            return Refusal(Reason.RANGE, factor, value, tuple(values))
    return None


def ends_of(spots: Sequence[Spot], value: float, index: int,
            cpus: int) -> list[tuple[float, float]]:
    """Returns the pairs of measured values that enclose a value of an ordered factor; if the
    value itself was measured, it comes first. No pair extends across the number of CPUs, because
    oversubscribed runs behave differently."""
    values = numbers(spots, index)
    pairs = [(value, value)] if value in values else []
    pairs += [(low, high) for low in values if low < value for high in values if high > value]
    if ORDERED[index] == "threads" and cpus:
        pairs = [p for p in pairs if p[0] == p[1] or p[1] <= cpus]
    return pairs


def enclosing(spots: Sequence[Spot], target: Spot, cpus: int) -> list[Spot]:
    """Returns the corners of the smallest box of measured places around a question, in order; or []
    if there is no such box. A box in which fewer factors vary is preferred, then a box with nearer
    ends. All `spots` match the named factors."""
    known = {s.ordered: s for s in spots}
    sides = [ends_of(spots, value, i, cpus) for i, value in enumerate(target.ordered)]
    boxes = sorted(itertools.product(*sides), key=lambda box: (
        sum(low != high for low, high in box), sum(apart(low, high) for low, high in box)))
    for box in boxes:
        corners = list(itertools.product(*(sorted({low, high}) for low, high in box)))
        if known.keys() >= set(corners):
            return [known[c] for c in corners]
    return []


def gap(spots: Sequence[Spot], target: Spot) -> Refusal:
    """Returns the Refusal of a question that lies within the range of each factor, but that no
    measured places enclose."""
    for factor in ORDERED:
        line = [s for s in spots if s.rest(factor) == target.rest(factor)]
        if line:
            return Refusal(Reason.GAP, factor, target.value(factor), values_of(line, factor),
                           alone=True)
    first = ORDERED[0]
    return Refusal(Reason.GAP, first, target.value(first), values_of(spots, first))


def locate(spots: Sequence[Spot], target: Spot, cpus: int) -> tuple[list[Spot], Refusal | None]:
    """Returns the measured places around a question, or only the question's own place if that was
    measured. Outside the measured range, returns no place and the Refusal. `spots` are all places
    with a result; `cpus` is the number of CPUs of the machine, or 0 if it is unknown."""
    fit, refusal = narrowed(spots, target)
    refusal = refusal or beyond(fit, target, cpus)
    if refusal:
        return [], refusal
    found = enclosing(fit, target, cpus)
    return found, None if found else gap(fit, target)


def between(found: Sequence[Spot]) -> tuple[str, ...]:
    """Returns the ordered factors that differ among the corners."""
    return tuple(f for i, f in enumerate(ORDERED) if len(numbers(found, i)) > 1)


# ---- neighbours -------------------------------------------------------------------

def nearest(found: Sequence[Spot], target: Spot) -> Spot:
    """Returns the corner that is nearest to the question."""
    return min(found, key=lambda s: sum(map(apart, s.ordered, target.ordered)))


def neighbours(spots: Sequence[Spot], found: Sequence[Spot], anchor: Spot,
               factor: str) -> list[list[Near]]:
    """Returns the neighbours of the place `anchor` along one factor in each direction, nearest
    first. Along an ordered factor, they lie outside the box `found`. For other factors, the
    distance to any other value is one step and one doubling."""
    line = [s for s in spots if s != anchor and s.rest(factor) == anchor.rest(factor)]
    if factor not in ORDERED:
        return [[Near(1, 1.0, s)] for s in sorted(line, key=str)]
    i = ORDERED.index(factor)
    ends, position = numbers(found, i), anchor.ordered[i]
    line.sort(key=lambda s: s.ordered[i])
    ways = ([s for s in reversed(line) if s.ordered[i] < ends[0]],
            [s for s in line if s.ordered[i] > ends[-1]])
    return [[Near(steps, apart(position, s.ordered[i]), s) for steps, s in enumerate(way, 1)]
            for way in ways]
