# SPDX-License-Identifier: Apache-2.0
"""The validator of traces finds each kind of mistake."""
import copy
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
from timeline_format import mistakes  # noqa: E402


def event(phase, ts, name="grow", tid=2, **more):
    return {"ph": phase, "pid": 1, "tid": tid, "ts": ts, "name": name, **more}


GOOD = {"displayTimeUnit": "ns", "traceEvents": [
    {"ph": "M", "pid": 1, "tid": 2, "ts": 0, "name": "thread_name",
     "args": {"name": "thread 0"}},
    event("B", 1.5), event("b", 1.6, "growth", cat="map", id="0x1"),
    event("B", 2, "reclaim"), event("E", 2.5, "reclaim"), event("E", 3),
    event("B", 2, tid=3), event("e", 4, "growth", tid=3, cat="map", id="0x1"),
    event("E", 9, tid=3)]}


def test_a_good_trace_has_no_mistake():
    assert not list(mistakes(GOOD))


BREAK = {
    "no ts": lambda e: e[1].pop("ts"),
    "an unknown phase": lambda e: e[1].update(ph="Q"),
    "a text as tid": lambda e: e[1].update(tid="2"),
    "time before the start": lambda e: e[1].update(ts=-1),
    "time going back": lambda e: e[4].update(ts=1.7),
    "an end without a beginning": lambda e: e.pop(1),
    "a beginning without an end": lambda e: e.pop(5),
    "crossing spans": lambda e: (e[4].update(name="grow"),
                                 e[5].update(name="reclaim")),
    "a state that never ends": lambda e: e.pop(7),
    "a state that never began": lambda e: e.pop(2),
    "a state without id": lambda e: e[2].update(cat=None, id="0x2"),
    "a thread without a name": lambda e: e[0].update(args={}),
}


@pytest.mark.parametrize("name", BREAK)
def test_each_mistake_is_found(name):
    trace = copy.deepcopy(GOOD)
    BREAK[name](trace["traceEvents"])
    assert list(mistakes(trace)), name
