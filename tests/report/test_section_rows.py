# SPDX-License-Identifier: Apache-2.0
"""What sections compute for few campaigns only, from rows made here."""
from collections import namedtuple
from types import SimpleNamespace

import pytest

from report import quality, verdicts
from report.sections import cache, go, latency


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


def test_a_workload_without_ranked_maps_lacks_no_blocks():
    """Bounds are never ranked, however many blocks they have."""
    board = namedtuple("Board", "workload")("w")
    found = [quality.unranked(SimpleNamespace(
        boards=lambda: [board], lines_of=lambda _: ["line"],
        grid={board: {"line": {2: {"gomap": SimpleNamespace(ok=[1] * 3)}}}},
        ranked=lambda _, may=may: may)) for may in (False, True)]
    assert found == [{}, {"w": 3}]


def counted(ops):
    """A trial of ten misses in so many operations."""
    return {"result": {"ops": ops, "counters": {"backend": "perf", "events": [
        {"metric": "l2_fill", "event": "e", "code": "1", "total": 10,
         "quality": "exact"}]}}}


def test_a_count_of_no_operation_is_a_reason_and_no_number():
    def metric(*ops):
        cell = SimpleNamespace(map="m", threads=1, id="c",
                               ok=[counted(n) for n in ops])
        return cache.gather([cell])["l2_fill"]
    assert cache.why_unusable(metric(0, None)) == "no operation"
    some = metric(5, 0, 10)
    assert some["values"] == {("m", 1): [2.0, 1.0]}
    assert some["bad"] == {"no operation": 1}


def test_maps_whose_own_threads_are_not_counted_are_named():
    def cell(name, background):
        counters = {"background_threads": background} if background else {}
        return SimpleNamespace(map=name, ok=[
            {"result": {"counters": counters}}, {"result": {}}])
    caps = ["background-threads"]
    a = SimpleNamespace(campaign=SimpleNamespace(maps={
        "urcu": {"caps": caps}, "lock": {"caps": ["scan"]}, "old": {}}))
    cells = [cell(name, "not counted") for name in ("urcu", "lock", "old")]
    assert cache.uncounted(a, cells) == ["urcu"]
    for background in ("counted on these CPUs", None):
        assert cache.uncounted(a, [cell("urcu", background)]) == []


def test_instructions_per_cycle_need_both_counts():
    def metrics(**totals):
        events = [{"metric": name, "event": name, "code": "1", "total": total,
                   "quality": "exact"} for name, total in totals.items()]
        trial = {"result": {"ops": 10, "counters": {"events": events}}}
        return cache.gather([SimpleNamespace(map="m", threads=1, id="c",
                                             ok=[trial])])
    both = metrics(cycles=40, instructions=100)
    assert both[cache.PER_CYCLE]["values"] == {("m", 1): [2.5]}
    assert both["cycles"]["values"] == {("m", 1): [4.0]}
    for found in (metrics(cycles=40), metrics(cycles=None, instructions=100),
                  metrics(cycles=0, instructions=100)):
        assert cache.PER_CYCLE not in found


@pytest.mark.parametrize("word,front,said", [
    (verdicts.OPEN, [], [verdicts.NONE, verdicts.NONE, "no interval"]),
    (verdicts.LEAD, ["a"], [verdicts.LEAD, verdicts.NONE, "no interval"])])
def test_gos_map_and_its_port_differ_only_where_both_have_a_verdict(
        word, front, said):
    group = {"leader": "a", "word": word, "front": front, "rivals": [
        {"map": "b", "outcome": verdicts.NONE}]}
    told = [go.word_of(group, name) for name in "ab"]
    assert [*told, go.same_or_not(*told)] == said
    assert go.same_or_not(*reversed(told)) == "no interval"


@pytest.mark.parametrize("go_is,port_is,said", [
    (verdicts.BEHIND, verdicts.BEHIND, "the same"),
    (verdicts.TIED, verdicts.TIED, "the same"),
    (verdicts.BEHIND, verdicts.LEAD, "differ; Go's is: behind")])
def test_two_verdicts_are_the_same_or_not(go_is, port_is, said):
    assert go.same_or_not(go_is, port_is) == said
