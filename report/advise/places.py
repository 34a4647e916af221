# SPDX-License-Identifier: Apache-2.0
"""Where a question lies among what was measured: at a place, between places,
or outside, and which places lie beside it."""
import itertools
import math
from typing import NamedTuple

from report.advise import questions
from report.advise.questions import ASKED, FACTORS, NAMED, ORDERED, value_at

LEAST_SHARE = 1e-4  # stands for 0 % where shares are set against each other


class Refusal(NamedTuple):
    """Why a question has no answer here."""
    factor: str
    asked: object
    measured: tuple  # values of that factor which could have been asked
    why: str  # a sentence


def apart(one, other):
    """How far two values of an ordered factor are apart, in doublings."""
    return abs(math.log2(max(one, LEAST_SHARE) / max(other, LEAST_SHARE)))


def values_of(places, factor):
    """All values of a factor, in order; those of names by their text."""
    found = {value_at(p, factor) for p in places}
    return sorted(found, key=None if factor in ORDERED else str)


def told(factor, values):
    """"1 Ki, 64 Ki and 1 Mi keys" would repeat the noun: as written."""
    return ", ".join(questions.written(factor, v) for v in values)


def reach(factor, values):
    """"1Ki to 64Ki", of one value "1Ki alone"."""
    if len(values) == 1:
        return f"{told(factor, values)} alone"
    return f"{told(factor, values[:1])} to {told(factor, values[-1:])}"


# ---- inside or outside ------------------------------------------------------

def narrowed(places, asked):
    """(the places that have all named factors as asked, None), or ([], the
    Refusal of the first that leaves none). What nobody can ask for first."""
    for factor in reversed(NAMED):
        value = value_at(asked, factor)
        fit = [p for p in places if value_at(p, factor) == value]
        if not fit:
            values = values_of(places, factor)
            return [], Refusal(
                factor, value, tuple(values),
                f"{questions.name_of(factor)} "
                f"{questions.written(factor, value)} was not measured"
                f"{beside(asked, factor)}, but {told(factor, values)}")
        places = fit
    return places, None


def beside(asked, factor):
    """The named factors that were held before this one, where unusual."""
    held = [f for f in reversed(NAMED) if f in ASKED
            and NAMED.index(f) > NAMED.index(factor)
            and value_at(asked, f) != ASKED[f].preset]
    words = [questions.said(f, value_at(asked, f)) for f in held]
    return f" with {' and '.join(words)}" if words else ""


def beyond(places, asked, cpus):
    """The Refusal of a question that lies outside an ordered factor's range;
    None: within all. places -- named factors are as asked"""
    for factor in ORDERED:
        values, value = values_of(places, factor), value_at(asked, factor)
        name, text = questions.name_of(factor), questions.written(
            factor, value)
        if factor == "threads" and cpus:
            if value > cpus and value not in values:
                return Refusal(factor, value, tuple(values), (
                    f"threads {text} were not run, and the machine has "
                    f"{cpus} CPUs: above them only counts that were run are "
                    f"answered: {told(factor, values)}"))
            values = [v for v in values if value > cpus or v <= cpus] \
                or values
        if not values[0] <= value <= values[-1]:
            return Refusal(factor, value, tuple(values), (
                f"{name} {text} is outside of what was measured: "
                f"{reach(factor, values)}"))
    return None


def spans(values, value):
    """Pairs of values that enclose one: itself first, if it is there."""
    pairs = [(value, value)] if value in values else []
    return pairs + [(low, high) for low in values if low < value
                    for high in values if high > value]


def corners(box):
    """The places at the ends of a box: one for each choice of ends."""
    return list(itertools.product(*(
        (low,) if low == high else (low, high) for low, high in box)))


def enclosing(places, asked, cpus):
    """The corners of the smallest box of measured places around a question,
    in order; [] where there is none. The fewest factors lie between, then
    the ends are nearest together."""
    choices = []
    for factor in FACTORS:
        value = value_at(asked, factor)
        pairs = [(value, value)]
        if factor in ORDERED:
            pairs = spans(values_of(places, factor), value)
        if factor == "threads" and cpus:  # a CPU each, or not: two worlds
            pairs = [p for p in pairs if p[0] == p[1] or p[1] <= cpus]
        choices.append(pairs)
    known = set(places)
    boxes = sorted(itertools.product(*choices), key=lambda box: (
        sum(low != high for low, high in box),
        sum(apart(low, high) for low, high in box if low != high)))
    return next((found for found in map(corners, boxes)
                 if known.issuperset(found)), [])


def gap(places, asked):
    """The Refusal of a question that lies within all ranges, in a hole."""
    for factor in ORDERED:
        line = [p for p in places
                if questions.moved(p, factor, None)
                == questions.moved(asked, factor, None)]
        values = values_of(line, factor)
        if values:
            return Refusal(factor, value_at(asked, factor), tuple(values), (
                "no measured cells enclose it: with all else as asked, "
                f"{questions.name_of(factor)} {told(factor, values)} alone "
                "were measured"))
    values = values_of(places, ORDERED[0])
    return Refusal(ORDERED[0], value_at(asked, ORDERED[0]), tuple(values), (
        "no measured cells enclose it: it lies in a gap between what was "
        "measured together"))


def locate(places, asked, cpus):
    """(corners, None) of a question, one corner where it was measured
    itself; ([], Refusal) outside of what was measured.

    places -- all that have a result; cpus -- of the machine, None: unknown
    """
    fit, refusal = narrowed(places, asked)
    refusal = refusal or beyond(fit, asked, cpus)
    if refusal:
        return [], refusal
    found = enclosing(fit, asked, cpus)
    return found, None if found else gap(fit, asked)


def between(found):
    """The ordered factors that are not the same at all corners."""
    return [f for f in ORDERED if len(values_of(found, f)) > 1]


# ---- what lies beside -------------------------------------------------------

def nearest(found, asked):
    """The corner that is nearest to the question."""
    return min(found, key=lambda p: sum(
        apart(value_at(p, f), value_at(asked, f)) for f in ORDERED))


def beside_ordered(places, found, anchor, factor):
    """Two lists of (steps, doublings, place): towards smaller and larger
    values, from the corners outwards, all else as at the anchor."""
    line = {value_at(p, factor): p for p in places
            if questions.moved(p, factor, None)
            == questions.moved(anchor, factor, None)}
    ends, here = values_of(found, factor), value_at(anchor, factor)
    ways = (sorted((v for v in line if v < ends[0]), reverse=True),
            sorted(v for v in line if v > ends[-1]))
    return [[(step, apart(here, v), line[v]) for step, v in enumerate(way, 1)]
            for way in ways]


def neighbours(places, found, anchor):
    """factor -> lists of (steps, doublings, place) that go away from the
    anchor; another name is one step, and as far as a doubling."""
    result = {f: beside_ordered(places, found, anchor, f) for f in ORDERED}
    for factor in NAMED:
        here = [p for p in places if p != anchor
                and questions.moved(p, factor, None)
                == questions.moved(anchor, factor, None)]
        result[factor] = [[(1, 1.0, p)] for p in sorted(here, key=str)]
    return result
