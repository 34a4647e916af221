# SPDX-License-Identifier: Apache-2.0
"""Words of sections that few campaigns have, from rows made here."""
from types import SimpleNamespace

import pytest

from report.sections import latency, rest, validity


def entries(*counts):
    return {"m": [(None, {"count": n}) for n in counts]}


@pytest.mark.parametrize("absent,present,drawn", [
    ((5, 5), (4, 4), False), ((4,), (5,), True), ((9,), (2, 8), True)])
def test_the_outcome_that_happens_most_is_drawn(absent, present, drawn):
    """Over all trials; the other clock counts the same ones again."""
    found = {("lookup", False, "intended"): entries(*absent),
             ("lookup", True, "intended"): entries(*present),
             ("lookup", not drawn, "service"): entries(1000)}
    assert latency.main_outcomes(found) == {"lookup": drawn}


def tail(name, low, high):
    """A row of the figure of percentiles."""
    return {"map": name, "p99": {"low": low, "high": high, "text": "1 µs"}}


@pytest.mark.parametrize("maps,told", [
    ([tail("a", 30, 40), tail("b", 20, 25)], None),
    ([tail("a", 5, 40), tail("b", 20, 25)], "floor's for a."),
    ([tail("a", 5, 9), tail("b", 10, 25)], "floor's for any map."),
    ([tail("a", 5, 9), tail("b", None, None)], "floor's for any map."),
    ([tail("a", None, None)], None)])
def test_a_tail_at_the_floor_is_of_the_machine(maps, told):
    """The interval's lower end decides; its equal is not above."""
    said = latency.beside_the_floor("lookup", [*maps, tail("null_map", 8, 10)])
    assert (told in said) if told else said == ""


def test_without_a_floor_no_tail_is_beside_it():
    maps = [tail("a", 5, 9)]
    assert latency.beside_the_floor("lookup", maps) == ""
    assert latency.beside_the_floor(
        "lookup", [*maps, tail("null_map", None, None)]) == ""


@pytest.mark.parametrize("marks,red", [
    ((0, 0), False), ((0, 1), True), ((2, 0), True), ((1, 1), True)])
def test_one_marked_map_makes_red_rows(marks, red):
    said = validity.repeats_words([{"unequal": n} for n in marks])
    assert ("Red rows" in said) is red


def test_nothing_repeated_is_said():
    assert validity.repeats_words([]) == "No trial was measured again."


@pytest.mark.parametrize("dists,told", [
    (("uniform", "uniform"), True), (("uniform", "zipf:0.99"), False),
    (("zipf:0.99",), False)])
def test_only_uniform_keys_are_a_limit(dists, told):
    """Boards of one campaign may draw keys in several ways."""
    said = []
    rest.limits(SimpleNamespace(section=lambda *parts: said.extend(parts)),
                SimpleNamespace(
                    campaign=SimpleNamespace(meta={}), groups=list,
                    look=SimpleNamespace(aside={}),
                    grid=[SimpleNamespace(dist=d) for d in dists]))
    assert ("draw keys uniformly" in " ".join(said)) is told
