# SPDX-License-Identifier: Apache-2.0
"""An answer as JSON (docs/advise.md: the same with all numbers): each member
of it, of answers that are made by hand."""
import pytest
import report_helpers  # noqa: F401
from test_advise_numbers import place

from report import verdicts
from report.advise import as_json, places

NUMBERS = {"first_mops": 34.0, "first_low": 30.0, "first_high": 40.0,
           "ratio": 1.7, "low": 1.5, "high": 2.0, "n": 16,
           "second_mops": 20.1, "second_low": 18.0, "second_high": 22.0}


@pytest.fixture
def told(monkeypatch):
    """of() beside stand-ins for what other modules say."""
    monkeypatch.setattr(as_json.workload, "commands",
                        lambda a, asked, wanted: [a, *wanted])
    monkeypatch.setattr(as_json.say, "unknown",
                        lambda result, left: ["unknown", *left])

    def of(left=(), **more):
        result = {"a": "a", "asked": place(), "word": verdicts.LEAD,
                  "front": ["x"], "between": ["keys", "write_share"],
                  "corners": [], "flips": [], "lacking": {},
                  "trust": None, "refusal": None} | more
        return as_json.of(result, "a paragraph", "a file", ("scan",), left)
    return of


def test_the_question_is_written_as_in_a_workload_file(told):
    found = told(asked=place(0.03, 65536, 8, dist="zipf:1",
                             presize=False))["question"]
    assert {k: found[k] for k in (
        "writes", "keys", "threads", "misses", "write-kind", "dist",
        "shape", "placement", "memory", "presize")} == {
        "writes": "3%", "keys": "64Ki", "threads": "8", "misses": "0%",
        "write-kind": "update", "dist": "zipf:1", "shape": "u64x8",
        "placement": "cores", "memory": "first-touch", "presize": "no"}
    assert not [name for name in found if "_" in name]


def test_an_answer_has_its_word_and_what_lies_between(told):
    found = told(left=["stage-2"])
    assert {k: found[k] for k in (
        "format", "needs", "word", "front", "between", "trust", "refusal",
        "paragraph", "workload", "commands", "unknown")} == {
        "format": 1, "needs": ["scan"], "word": "clear lead",
        "front": ["x"], "between": ["keys", "writes"], "trust": None,
        "refusal": None, "paragraph": "a paragraph", "workload": "a file",
        "commands": ["a", "scan"], "unknown": ["unknown", "stage-2"]}


def test_each_measured_place_has_its_numbers_and_itself(told):
    corner = NUMBERS | {
        "word": "tied", "front": ["x", "y"], "first": "x", "second": "y",
        "cells": ["1", "2"], "place": place(keys=64), "others": [1],
        "group": {}, "where": 0}
    (found,) = told(corners=[corner])["measured"]
    assert found.pop("place")["keys"] == "64"
    assert found == NUMBERS | {
        "word": "tied", "front": ["x", "y"], "first": "x", "second": "y",
        "cells": ["1", "2"]}


def test_what_would_change_it_is_named_by_factor_and_value(told):
    flip = {"factor": "write_share", "value": 0.5, "leader": "y",
            "word": "small lead", "steps": 2, "doublings": 1.5,
            "cell": "id"}
    assert told(flips=[flip])["flips"] == [
        {"factor": "writes", "value": "50%", "leader": "y",
         "word": "small lead", "steps": 2, "cell": "id"}]


def test_maps_that_were_left_out_say_why_for_each_need(told):
    found = told(lacking={"z": [("scan", "no"), ("growth", "fixed")],
                          "b": [("scan", "never")]})["left_out"]
    assert list(found.items()) == [
        ("b", {"scan": "never"}), ("z", {"scan": "no", "growth": "fixed"})]


def test_trust_is_a_word_and_its_reasons(told):
    found = told(trust={"word": "trust", "why": ["a"], "invalid": None})
    assert found["trust"] == {"word": "trust", "why": ["a"]}


@pytest.mark.parametrize("factor,asked,measured,written", [
    ("keys", 65536, (64, 1024), ("keys", "64Ki", ["64", "1Ki"])),
    ("write_share", 0.03, (0.0, 0.5), ("writes", "3%", ["0%", "50%"])),
    ("presize", False, (True,), ("presize", "no", ["yes"])),
    ("needs", "scan,growth", (), ("needs", "scan,growth", [])),
    ("maps", None, (), ("maps", None, []))])
def test_a_refusal_names_factor_value_and_what_was_measured(
        told, factor, asked, measured, written):
    """Of a refusal nothing more is unknown."""
    found = told(left=["stage-2"], refusal=places.Refusal(
        factor, asked, measured, "so it is"))
    name, value, values = written
    assert found["refusal"] == {"factor": name, "why": "so it is",
                                "asked": value, "measured": values}
    assert found["unknown"] == []
