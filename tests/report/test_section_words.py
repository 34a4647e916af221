# SPDX-License-Identifier: Apache-2.0
"""Words of sections that few campaigns have, from rows made here."""
from collections import namedtuple
from types import SimpleNamespace

import pytest

from report import factors, quality, verdicts
from report.sections import (cache, causes, claims, go, latency, loops,
                             rest, validity)


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
    ([tail("a", 5, 40), tail("b", 20, 25)], "not shown to be above the "
     "floor's for a."),
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
                    campaign=SimpleNamespace(meta={}, cells={}, planned=[],
                                             missing=[]), groups=list,
                    look=SimpleNamespace(aside={}),
                    grid=[SimpleNamespace(dist=d) for d in dists]), [])
    assert ("draw keys uniformly" in " ".join(said)) is told


def judged(disturbed, of, skip=None):
    """A cell whose trials the runner asks for others."""
    return SimpleNamespace(
        map="a", skip=skip, factors={"repeat": {"wait_share": 0.2}}, threads=1, cpus=[0],
        ok=[{"disturbed": "others took 40 %" if i < disturbed else None,
             "others_share": 0.0} for i in range(of)])


@pytest.mark.parametrize("cells,controls,told", [
    ([judged(1, 10)], [], []),
    ([judged(2, 10)], [], ["2 of 10 timed trials that count and are judged "
                           "were disturbed: section 8."]),
    ([judged(0, 1), judged(0, 0)], [],
     ["1 of 2 cells has no result: section 8 says why."]),
    ([judged(0, 1), judged(0, 0, "no counters: none here")], [], []),
    ([judged(1, 1)], [{"control": True, "word": "cannot decide", "n": 4,
                       "why": "too few blocks planned"}],
     ["1 of 1 timed trial that counts and is judged was disturbed: section "
      "8.", "Controls cannot decide: too few blocks planned (n = 4)."])])
def test_what_the_run_itself_leaves_in_doubt(cells, controls, told):
    a = SimpleNamespace(campaign=SimpleNamespace(
        cells=dict(enumerate(cells)),
        planned=[c for c in cells if not c.skip],
        missing=[c for c in cells if not c.skip and not c.ok]))
    assert list(rest.doubts(a, controls)) == told


def of_maps(programs, **meta):
    """An analysis of a campaign whose maps run in these programs."""
    return SimpleNamespace(
        campaign=SimpleNamespace(name="stage-01", meta=meta, maps={
            name: {"program": program} if program else {}
            for name, program in programs.items()}), earlier=None)


@pytest.mark.parametrize("programs,told", [
    ({"a": None, "b": None},
     "The maps are compiled into the runner: nothing here"),
    ({"a": None, "go_b": "readmostly-go"},
     "All maps but <code>go_b</code> are compiled into the runner: nothing "
     "of these")])
def test_maps_of_other_programs_are_not_called_c(programs, told):
    assert rest.whose_maps(of_maps(programs)).startswith(told)


CELLS = "results/2026-claims/stage-01/cells.txt"


def test_a_stage_of_claims_is_run_again_by_what_ran_it():
    """The stage's own folder has another above it, and `readmostly run`
    began neither."""
    told = dict(rest.commands(of_maps(
        {}, mode="claims-quick", cells_from={"file": CELLS})))
    assert told["measure again, then report"] == "make claims MODE=quick"
    assert told["go on where it was stopped"] == (
        "readmostly claims run -o results/2026-claims --resume")
    assert told["this page again"] == (
        "make report CAMPAIGN=results/2026-claims/stage-01")
    alone = dict(rest.commands(of_maps({}, mode="quick")))
    assert alone["measure again, then report"] == "make bench MODE=quick"
    assert alone["this page again"] == "make report CAMPAIGN=results/stage-01"


@pytest.mark.parametrize("dashed,told", [
    (("go_map_rw",), "drawn for go_map_rw, for all in the table"),
    ((), "service time alone is in the table")])
def test_only_drawn_dashes_are_named(dashed, told):
    said = latency.curves_caption("somewhere", [
        {"map": "syncmap", "clock": "intended"},
        *({"map": m, "clock": "service"} for m in dashed)])
    assert told in said and "null_map" not in said


@pytest.mark.parametrize("ran", [True, False])
def test_a_floor_that_did_not_run_is_not_explained(ran):
    cells = [SimpleNamespace(map="null_map" if ran else "a", ok=[1])]
    assert ("null_map is the floor" in latency.caption_of(
        None, "somewhere", cells, {})) is ran


def cell(**changed):
    return SimpleNamespace(**{
        **{name: usual for name, usual in factors.OPTIONAL.items()},
        "write_share": 0.0, "write_kind": "update", "miss_share": 0.0,
        "shape": "u64x8", "keys": 1, "threads": 2, "loop": "mix",
        "dist": "uniform", "presize": True, **changed})


@pytest.mark.parametrize("conditions", [
    causes.conditions, loops.conditions])
def test_cells_that_differ_read_differently(conditions):
    """A row of 0.02 Mop/s beside one of 10.8 says nothing where both read
    alike: one was an open loop."""
    told = [conditions(cell(**changed)) for changed in (
        {}, {"loop": "paced"}, {"loop": "audit:100"}, {"presize": False},
        {"loop": "audit:100", "presize": False})]
    assert len(set(told)) == len(told)


def test_absent_keys_and_skew_are_conditions_of_causes():
    assert "99 % of lookups absent" in causes.conditions(cell(miss_share=.99))
    assert "zipf:0.99" in causes.conditions(cell(dist="zipf:0.99"))
    assert ", 1 key," in causes.conditions(cell())


def test_a_workload_without_ranked_maps_lacks_no_blocks():
    """Bounds are never ranked, however many blocks they have."""
    board = namedtuple("Board", "workload")("w")
    found = [quality.unranked(SimpleNamespace(
        boards=lambda: [board], lines_of=lambda _: ["line"],
        grid={board: {"line": {2: {"gomap": SimpleNamespace(ok=[1] * 3)}}}},
        ranked=lambda _, may=may: may)) for may in (False, True)]
    assert found == [{}, {"w": 3}]


def test_a_claim_s_sentence_says_what_its_level_is_of():
    rows = [{"of": "the C port", "verdict": "inconclusive"},
            {"of": "the C port", "verdict": "refuted"}]
    said = claims.sentence({"claims": rows, "machine": "m", "count": dict(
        zip(("reproduced", "depends", "refuted", "inconclusive",
             "not testable here"), (0, 0, 1, 1, 0)))})
    assert ("2 of them are about Go and were measured on a port in C, 1 "
            "without a decision: they say nothing of Go.") in said
    assert "called reproduced or opposite, a false side anywhere" in said
    assert "rests on a 95 % interval of its own" in said


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
