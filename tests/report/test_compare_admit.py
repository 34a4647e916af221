# SPDX-License-Identifier: Apache-2.0
"""Which campaigns may take part in a comparison (docs/comparing.md)."""
from types import SimpleNamespace as Made

import pytest

from report.compare import admit


def campaign(problems=(), ran=(), cells=None, **meta):
    return Made(problems=list(problems), ran=[
        (Made(id="c"), {"block": 3} | t) for t in ran], meta=meta,
        cells={name: Made(factors=f) for name, f in (
            {"c": {"keys": 1}} if cells is None else cells).items()})


@pytest.mark.parametrize("problem,refused", [
    ("trials.jsonl:9: torn last line, ignored", False),
    ("topology.xml missing, no trial of it can be placed", False),
    ("trials.jsonl:9: a duplicate, ignored", True)])
def test_what_a_campaign_did_not_write_is_a_reason(problem, refused):
    assert admit.within(campaign([problem])) == (
        "trials.jsonl:9: a duplicate: its journal holds what this campaign "
        "did not write: pooled, or damaged" if refused else "")


@pytest.mark.parametrize("trial,own", [
    ({"binary_sha256": "aa"}, True), ({}, True),
    ({"binary_sha256": "bb"}, False),
    ({"binary_sha256": "bb", "arm": "base"}, True),
    ({"binary_sha256": "aa", "arm": "base"}, False),
    ({"binary_sha256": "aa", "arm": "aa"}, True),
    ({"binary_sha256": "bb", "arm": "head"}, False)])
def test_a_trial_is_of_its_arms_program(trial, own):
    c = campaign(ran=[{}, trial], build={"binary_sha256": "aa"},
                 arms=[{"name": "base", "sha256": "bb"}])
    has = trial.get("binary_sha256")
    wanted = "bb" if trial.get("arm") == "base" else "aa"
    assert admit.within(c) == ("" if own else (
        f"pooled builds: block 3 of c is of binary {has}, the campaign of "
        f"{wanted}"))


W = {"name": "w", "text": "keys = 1", "sha256": "11"}


@pytest.mark.parametrize("one,two,why", [
    ({}, {}, ""), ({"mode": "full"}, {"mode": "full"}, ""),
    ({"synthetic": False}, {}, ""),
    ({}, {"synthetic": True}, "synthetic yes, expected no"),
    ({"mode": "full"}, {"mode": "smoke"}, "mode smoke, expected full"),
    ({"mode": "full"}, {}, "mode unknown, expected full"),
    ({"workloads": [W]}, {"workloads": [W | {"sha256": "22"}]}, ""),
    ({"workloads": [W]}, {"workloads": [W | {"text": "keys = 2"}]},
     "workload w is not the first campaign's"),
    ({"workloads": [W]}, {}, "workload w is not the first campaign's"),
    ({}, {"workloads": [W]}, "workload w is not the first campaign's"),
    ({"workloads": [W | {"text": None}]},
     {"workloads": [W | {"text": None, "sha256": "22"}]},
     "workload w is not the first campaign's"),
    ({"workloads": [W, W | {"name": "v"}]},
     {"workloads": [W | {"text": "2"}, W | {"name": "v", "text": "2"}]},
     "workload v is not the first campaign's"),
    ({"cells": {}}, {}, "it has no cell that the first campaign has"),
    ({}, {"cells": {"d": {"keys": 1}}},
     "it has no cell that the first campaign has"),
    ({}, {"cells": {"c": {"keys": 1}, "d": {}}}, ""),
    ({}, {"cells": {"c": {"keys": 2}}}, "keys of c differs"),
    ({}, {"cells": {"c": {"keys": 1, "batch": 8}}}, "batch of c differs"),
    ({"cells": {"c": {"keys": 1, "batch": 8}}}, {}, "batch of c differs")])
def test_who_stands_beside_was_asked_for_the_same(one, two, why):
    assert admit.beside(campaign(**one), campaign(**two)) == (
        why and f"another plan: {why}")


@pytest.mark.parametrize("name", ["cpus", "skip", "estimate_ns",
                                  "memory_bytes", "deadline_ns"])
def test_what_follows_from_the_machine_is_no_other_plan(name):
    one, two = ({"c": {"keys": 1, name: n}} for n in (1, 2))
    assert admit.beside(campaign(cells=one), campaign(cells=two)) == ""


@pytest.mark.parametrize("one,two,threads,same", [
    (2 * 10 ** 9, 5 * 10 ** 8, 1000, True),     # 2 CPUs, 8 or more
    (2 * 10 ** 9, 1333333333, 1000, True),      # 2 and 3
    (10 ** 9, 10 ** 9, 8, True), (2 * 10 ** 9, 10 ** 9, 8, False),
    (2 * 10 ** 9 + 1, 5 * 10 ** 8, 1000, False),
    (4 * 10 ** 9, 0, 1000, False),              # one ends by operations
    (4 * 10 ** 6, 10 ** 6, 1, False)])          # nobody takes turns
def test_threads_that_take_turns_have_a_longer_window(one, two, threads, same):
    """4 ms for each thread and CPU, as the runner plans it."""
    cells = [{"c": {"threads": threads, "window_ns": w}} for w in (one, two)]
    why = "" if same else "another plan: window_ns of c differs"
    for first, other in (cells, cells[::-1]):
        assert admit.beside(campaign(cells=first),
                            campaign(cells=other)) == why


@pytest.mark.parametrize("two,why", [
    ({}, ""), ({"binary_sha256": "bb"}, ""),
    ({"commit": "bbb"}, "commit bbb, the first campaign's is aaa"),
    ({"commit": None}, "commit unknown, the first campaign's is aaa"),
    ({"dirty": True, "flags": "-O2"}, "dirty yes, the first campaign's is "
     "no; flags -O2, the first campaign's is -O3")])
def test_another_version_is_told_by_what_differs(two, why):
    build = {"commit": "aaa", "dirty": False, "flags": "-O3"}
    assert admit.version(campaign(build=build),
                         campaign(build=build | two)) == why
