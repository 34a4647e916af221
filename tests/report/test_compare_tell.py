# SPDX-License-Identifier: Apache-2.0
"""What a comparison says in sentences, and why a campaign may not take part
(docs/comparing.md), of rows and campaigns that are made by hand."""
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report import verdicts
from report.compare import admit, tell

# ---- who takes part -------------------------------------------------------


def found(wanted=2, versions=0, refused="", absent="", part="", members="ab"):
    return Made(found=Made(
        wanted=wanted, versions=[None] * versions,
        refused=[(n, "why") for n in refused],
        absent=[(n, "planned", "why") for n in absent],
        members=[Made(label=n, whole=n not in part) for n in members]),
        sides=list(members))


@pytest.mark.parametrize("how,said", [
    ({}, "Of 2 campaigns 2 are compared."),
    ({"versions": 1}, "Of 2 campaigns 2 are compared, and 1 other version on "
     "one of these machines."),
    ({"wanted": 7, "versions": 2, "refused": "cd", "absent": "efg",
      "part": "ab"}, "Of 7 campaigns 2 are compared, and 2 other versions on "
     "one of these machines, refused: c and d, missing: e, f and g; "
     "incomplete: a and b."),
    ({"wanted": 3, "absent": "c", "part": "b"}, "Of 3 campaigns 2 are "
     "compared, missing: c; incomplete: b.")])
def test_what_takes_no_part_is_named(how, said):
    assert tell.counted(found(**how)) == said


@pytest.mark.parametrize("labels,said", [
    ("a", "a"), ("abcd", "a, b, c and d"), ("abcde", "a, b, c, d and 1 more"),
    ("abcdefg", "a, b, c, d and 3 more")])
def test_as_many_machines_are_named_as_read_well(labels, said):
    assert tell.who(labels) == said


# ---- the pair -------------------------------------------------------------

class Head:
    def text(self):
        return "2 threads"


HEAD = Head()
C = Made(base="x", contender="y", head=HEAD)


def row(machine, side, ratio, half=0.1, why=""):
    return {"machine": machine, "side": side, "ratio": ratio, "why": why,
            "low": half and ratio - half, "high": half and ratio + half}


def test_the_pair_is_told_machine_by_machine():
    rows = [row("a", verdicts.TIED, 1.0), row("b", "behind", 0.5),
            row("c", "ahead", 2.0), row("d", "ahead", 1.5),
            row("e", verdicts.NONE, 1.2, None, "3 blocks, an interval "
                "needs 6"), row("f", verdicts.NONE, None, None)]
    assert tell.pair(C, rows) == (
        "At 2 threads: y is ahead of x on c and d; y is behind x on b; they "
        "are not told apart on a; there is no interval on e; y ÷ x: from "
        "0.500 [0.400, 0.600] on b to 2.00 [1.90, 2.10] on c.")


def test_a_machine_whose_control_failed_is_in_no_word_and_no_span():
    rows = [row("a", "ahead", 2.0), row("b", verdicts.WITHHELD, 9.0)]
    assert tell.pair(C, rows) == (
        "At 2 threads: y is ahead of x on a; a control failed on b; y ÷ x: "
        "2.00 [1.90, 2.10] on a.")
    assert tell.pair(C, rows[1:]) == "At 2 threads: a control failed on b."


def test_one_machines_ratio_is_no_span():
    assert tell.pair(C, [row("a", verdicts.NONE, 1.2, None, "too few")]) == (
        "At 2 threads: there is no interval on a; y ÷ x: 1.20 (too few) on "
        "a.")
    assert tell.pair(C, [row("a", verdicts.NONE, None, None)]) == \
        "y and x have no ratio on any machine at 2 threads."


def test_who_is_fastest_machine_by_machine():
    groups = {(n, HEAD): {"word": word, "leader": leader}
              for n, word, leader in (
                  ("a", verdicts.LEAD, "z"), ("b", verdicts.TIED, "x"),
                  ("c", verdicts.SMALL, "y"), ("d", verdicts.UNCERTAIN, "y"),
                  ("e", verdicts.OPEN, None))}
    c = Made(sides=[Made(label=n) for n in "abcdef"], head=HEAD)
    assert tell.leaders(c, groups) == (
        "Fastest there: y on c and d; not ranked on e; tied on b; z on a.")
    assert tell.leaders(c, {}) == ""


@pytest.mark.parametrize("counts,said", [
    ([], ""),
    ([(0, 0)], "No order of two maps is decided on two machines: more blocks "
     "would tell."),
    ([(1, 0)], "Of 1 order of two maps that two machines both decide, 0 are "
     "reversed."),
    ([(2, 1), (3, 0)], "Of 6 orders of two maps that two machines both "
     "decide, 1 is reversed."),
    ([(0, 2), (0, 1)], "Of 3 orders of two maps that two machines both "
     "decide, 3 are reversed.")])
def test_how_often_two_maps_change_places(counts, said):
    assert tell.reversals([{"alike": alike, "reversed": turned}
                           for alike, turned in counts]) == said


def twin(names, left_out, apart=3, ratios=16):
    return {"machines": list(names), "left_out_percent": left_out,
            "apart": apart, "ratios": ratios}


@pytest.mark.parametrize("rows,who,tail", [
    ([twin("ab", 4.0)], "a and b",
     ": what one machine's 95 % interval leaves out is ± 4.00\u00a0%"),
    ([twin("ab", 2.0, 9), twin("cd", 4.0)], "c and d",
     ": what one machine's 95 % interval leaves out is ± 4.00\u00a0%"),
    ([twin("ab", None, 9), twin("cd", 4.0)], "c and d",
     ": what one machine's 95 % interval leaves out is ± 4.00\u00a0%"),
    ([twin("ab", None, 2), twin("cd", 0.0)], "c and d",
     ": no more than their intervals explain"),
    ([twin("ab", 0.0, 2), twin("cd", None)], "c and d", "")])
def test_how_far_machines_of_a_kind_disagree(rows, who, tail):
    assert tell.twins(rows) == (
        f"{who} are of one kind and disagree beyond their intervals in 3 of "
        f"16 ratios (5\u00a0% would by chance){tail}.")


def test_without_machines_of_a_kind_it_is_said_what_is_not_known():
    assert tell.twins([]).startswith("No two machines are of one kind: ")


def test_all_sentences_in_their_order():
    c = found()
    c.head = None
    agree = [{"alike": 1, "reversed": 0}]
    rest = [tell.reversals(agree), tell.twins([])]
    assert tell.all_of(c, [], {}, agree, []) == [tell.counted(c), *rest]
    vars(c).update(head=HEAD, base="x", contender="y",
                   sides=[Made(label="a")])
    rows = [row("a", "ahead", 2.0)]
    groups = {("a", HEAD): {"word": verdicts.LEAD, "leader": "z"}}
    assert tell.all_of(c, rows, groups, agree, []) == [
        tell.counted(c), tell.pair(c, rows), "Fastest there: z on a.", *rest]
    assert tell.all_of(c, rows, {}, [], []) == [
        tell.counted(c), tell.pair(c, rows), rest[1]]


# ---- who may take part ----------------------------------------------------

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
