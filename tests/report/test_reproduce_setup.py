# SPDX-License-Identifier: Apache-2.0
"""What `readmostly dev reproduce` writes of a repeated campaign, and which
differences of the set-up it finds. Rows and campaigns are made by hand."""
import json
from types import SimpleNamespace as Made

import pytest

from report.reproduce import say, setup


# ---- what is written ------------------------------------------------------

def campaign(name, to_come="", **meta):
    return Made(name=name, meta=meta, to_come=to_come)


def test_the_document_has_each_side_at_its_place():
    rows = [{"word": word} for word in (
        "replicated", "opposite", "opposite")]
    found = say.document(
        campaign("OLD", "5 trials", plan_sha256="aa"),
        campaign("NEW", plan_sha256="bb", synthetic=True),
        "flip", rows, 7, [("build", "flags", "-O2", None)], "INVALID: x.")
    assert json.loads(json.dumps(found)) == {
        "format": 1, "kind": "reproduction", "old": "OLD", "new": "NEW",
        "figure": "flip", "finished": True, "synthetic": True,
        "invalid": "INVALID: x.",
        "plan_sha256": {"old": "aa", "new": "bb"},
        "count": {"replicated": 1, "opposite": 2, "unclear": 0},
        "not_clear_then": 7, "rows": rows,
        "setup": [{"kind": "build", "name": "flags", "then": "-O2",
                   "now": None}]}


def test_a_campaign_with_trials_to_come_is_not_finished():
    found = say.document(campaign("OLD"), campaign("NEW", "1 trial"), None,
                         [], 0, [])
    assert found["finished"] is False and found["synthetic"] is False


# ---- what differs ---------------------------------------------------------

def machine(facts=(), maps=(), build=None, trials=(), **meta):
    """A campaign, as far as set-ups are compared: facts -- name -> text."""
    told = {name: {"status": "ok", "text": text} for name, text in
            dict(facts).items()}
    return Made(meta={"machine": {"facts": told}, "build": build or {},
                      **meta}, maps=dict(maps), ran=list(trials), cells={},
                planned=[])


def differs(old, new, maps=()):
    return setup.differences(old, new, set(maps))


@pytest.fixture(autouse=True)
def no_speed(monkeypatch):
    """No trial here read the CPU's speed, unless a test says so."""
    monkeypatch.setattr(setup.previous, "speed", lambda c: None)


def test_a_fact_of_one_side_alone_is_a_difference():
    one, two = machine({"kernel": "6.1", "swap": "no"}), machine(
        {"kernel": "6.1", "governor": "performance"})
    assert differs(one, two) == [
        ("machine", "governor", None, "performance"),
        ("machine", "swap", "no", None)]


@pytest.mark.parametrize("name", ["load", "cpu_pressure", "capabilities",
                                  "cgroup_quota"])
def test_what_moves_from_hour_to_hour_is_no_difference(name):
    assert not differs(machine({name: "1"}), machine({name: "2"}))


def test_a_fact_that_could_not_be_read_is_not_known():
    new = machine({"kernel": "6.1"})
    new.meta["machine"]["facts"]["kernel"]["status"] = "denied"
    assert differs(machine({"kernel": "6.1"}), new) == [
        ("machine", "kernel", "6.1", None)]


def test_code_is_compared_of_maps_that_were_asked_of_and_both_have():
    """A map without a hash of its code is told by that of its source."""
    old = {"a": {"code": "1"}, "b": {"code": "1"}, "c": {"source": "1"},
           "d": {"code": "1"}, "e": {"code": "1", "source": "1"},
           "other": {"code": "1"}}
    new = {"a": {"code": "2"}, "c": {"source": "2"}, "d": {"code": "1"},
           "e": {"code": "1", "source": "2"}, "f": {"code": "2"},
           "other": {"code": "2"}}
    assert differs(machine(maps=old), machine(maps=new), "abcdef") == [
        ("maps", "machine code of a, c", "one", "another")]
    assert not differs(machine(maps=old), machine(maps=new), "bdef")


def test_how_it_ran_is_compared_too(monkeypatch):
    one = machine(busy={"text": "load 3"}, counters={"backend": "perf"})
    two = machine(counters={"backend": "none"})
    speeds = {id(one): 2.0, id(two): 3.5}
    monkeypatch.setattr(setup.previous, "speed", lambda c: speeds[id(c)])
    assert differs(one, two) == [
        ("run", "CPU speed, additions per ns", "2.00", "3.50"),
        ("run", "busy before the first trial", "load 3", None),
        ("run", "counters", "perf", "none")]
