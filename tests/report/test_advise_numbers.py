# SPDX-License-Identifier: Apache-2.0
"""Numbers of questions are read and written as workload files have them, and
a question lies among measured places where it should."""
import random

import pytest

from report.advise import decide, needs, numbers, places, questions
from report.advise.questions import FACTORS, ORDERED, place_of

MOST = questions.KEYS_MOST


def count(text):
    return numbers.count(text, MOST, "64Ki")


@pytest.mark.parametrize("text,value", [
    ("3%", 0.03), ("0%", 0.0), ("100%", 1.0), ("0.1%", 0.001),
    ("2.7%", 0.027), ("33.3%", 0.333), ("007%", 0.07), ("3.0%", 0.03)])
def test_a_share_is_the_double_nearest_to_what_is_written(text, value):
    assert numbers.share(text) == value


@pytest.mark.parametrize("text", [
    "", "%", "3", "3 %", "-3%", "+3%", "3%%", "101%", "100.1%", ".5%", "3.%",
    "1e1%", "nan%", "inf%", "\u0663%", "3%\n", "1" * 21 + "%"])
def test_what_is_no_share_says_what_was_expected(text):
    with pytest.raises(ValueError, match="expected a share from 0% to 100%"):
        numbers.share(text)


@pytest.mark.parametrize("text,value", [
    ("1", 1), ("1000", 1000), ("10k", 10 ** 4), ("64Ki", 65536),
    ("1M", 10 ** 6), ("1Mi", 2 ** 20), ("2Gi", 2 ** 31), ("1.5k", 1500),
    ("0.5Ki", 512), ("0.5M", 500000)])
def test_a_count_has_the_units_of_workload_files(text, value):
    assert count(text) == value


@pytest.mark.parametrize("text", [
    "", "0", "-1", "1.5", "k", "1K", "1ki", "1 k", "1kB", "3Gi", "1e3",
    "0x10", "\u0663", "64Ki\n", "1.0001k"])
def test_what_is_no_count_says_what_was_expected(text):
    with pytest.raises(ValueError, match="from 1 to 2Gi, e.g. 64Ki"):
        count(text)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_is_read_back_exactly(seed):
    rng = random.Random(seed)
    for _ in range(500):
        value = rng.randrange(1, 2 ** rng.randrange(1, 32))
        assert count(numbers.count_text(value)) == value
        share = float(f"{rng.randrange(10 ** rng.randrange(1, 17))}e-18")
        assert numbers.share(numbers.share_text(share)) == share
    for _ in range(200):
        ns = rng.randrange(10 ** rng.randrange(1, 13))
        text = numbers.time_text(ns)
        unit = next(u for u in ("ns", "us", "ms", "s") if text.endswith(u))
        assert int(text.removesuffix(unit)) * dict(
            (u, n) for u, n in numbers.TIMES)[unit] == ns


@pytest.mark.parametrize("seed", range(20))
def test_any_text_is_a_number_or_says_what_was_expected(seed):
    rng = random.Random(seed)
    for _ in range(1000):
        text = "".join(rng.choices("0123456789.kKMGi%e+- ", k=rng.randrange(
            1, 9)))
        for read in (numbers.share, count, questions.read_dist):
            try:
                value = read(text)
            except ValueError as error:
                assert str(error).startswith("expected ")
            else:
                assert value in (1.0, 0.0) or value > 0


@pytest.mark.parametrize("text,same", [
    ("zipf:0.990", "zipf:0.99"), ("zipf:1", "zipf:1"),
    ("hot:1.0%:90%", "hot:1%:90%"), ("uniform", "uniform")])
def test_a_distribution_has_one_spelling(text, same):
    assert questions.read_dist(text) == same


# ---- places -----------------------------------------------------------------

def place(share=0.03, keys=1024, threads=1, **more):
    return place_of(questions.USUAL | {
        a.factor: a.preset for a in questions.AXES} | {
            "write_share": share, "keys": keys, "threads": threads} | more)


def test_after_a_tie_a_lead_of_one_of_the_tied_changes_the_answer():
    here, beside = place(threads=1), place(threads=2)
    known = {at: [(None, {"leader": "a", "word": word, "cell": word})]
             for at, word in ((here, "tied"), (beside, "clear lead"))}
    for front, leaders in ((["a", "b"], ["a"]), (["a"], []), (["b"], ["a"])):
        assert [f["leader"] for f in decide.flips(
            known, [here], here, front)] == leaders


def located(known, asked, cpus=None):
    found, refusal = places.locate(known, asked, cpus)
    return ([tuple(places.value_at(p, f) for f in ORDERED[:3])
             for p in found], refusal and refusal.factor)


def test_without_writes_there_is_no_kind_of_write():
    assert place(share=0.0, write_kind="churn") == place(share=0.0)


def test_a_measured_place_answers_itself():
    known = [place(keys=k) for k in (1, 2, 4)]
    assert located(known, place(keys=2)) == ([(0.03, 2, 1)], None)


def test_the_nearest_values_enclose_a_question():
    known = [place(keys=k) for k in (1, 16, 64, 1024)]
    assert located(known, place(keys=20)) == (
        [(0.03, 16, 1), (0.03, 64, 1)], None)


def test_all_corners_have_to_be_measured():
    """The nearer end lacks a corner: the box reaches to the next one."""
    known = [place(s, k) for s in (0.01, 0.1) for k in (16, 64, 256)]
    known.remove(place(0.1, 64))
    assert located(known, place(0.05, 32))[0] == [
        (0.01, 16, 1), (0.01, 256, 1), (0.1, 16, 1), (0.1, 256, 1)]
    known.remove(place(0.1, 256))
    assert located(known, place(0.05, 32)) == ([], "write_share")


def test_threads_do_not_lie_between_a_cpu_each_and_more():
    known = [place(threads=t) for t in (1, 2, 16)]
    assert located(known, place(threads=4))[0] == [(0.03, 1024, 2),
                                                   (0.03, 1024, 16)]
    assert located(known, place(threads=3), cpus=4) == ([], "threads")
    assert located(known, place(threads=8), cpus=4) == ([], "threads")
    assert located(known, place(threads=16), cpus=4)[1] is None


def test_a_box_does_not_reach_over_the_number_of_cpus():
    known = [place(keys=16, threads=t) for t in (1, 8)] + [place(keys=64,
                                                                 threads=2)]
    asked = place(keys=16, threads=2)
    assert located(known, asked)[0] == [(0.03, 16, 1), (0.03, 16, 8)]
    assert located(known, asked, cpus=4)[0] == []


def test_what_nobody_can_ask_for_is_as_usual_or_refused():
    known = [place(memory="interleave")]
    assert located(known, place()) == ([], "memory")
    assert set(FACTORS) >= set(questions.USUAL) >= {"presize", "allocator"}


@pytest.mark.parametrize("seed", range(30))
def test_corners_enclose_the_question_and_were_measured(seed):
    """Random ragged grids: whatever is answered lies between its corners."""
    rng = random.Random(seed)
    known = list({place(rng.choice((0.0, 0.01, 0.1, 0.5)),
                        rng.choice((1, 10, 100)), rng.choice((1, 2, 4, 8)))
                  for _ in range(rng.randrange(1, 40))})
    asked = place(rng.choice((0.0, 0.05, 0.1, 0.6)), rng.randrange(1, 120),
                  rng.randrange(1, 10))
    found, refusal = places.locate(known, asked, 4)
    assert bool(found) != bool(refusal)
    assert set(found) <= set(known)
    for factor in ORDERED if found else ():
        values = places.values_of(found, factor)
        value = places.value_at(asked, factor)
        assert values[0] <= value <= values[-1] and len(values) <= 2
        assert len(values) == 1 or value not in values
    if asked in known:
        assert found == [asked]


@pytest.mark.parametrize("corners,word,front", [
    ([("clear lead", "a"), ("clear lead", "a")], "clear lead", ["a"]),
    ([("clear lead", "a"), ("small lead", "a")], "lead of uncertain size",
     ["a"]),
    ([("small lead", "a"), ("small lead", "b")], "depends", []),
    ([("tied", "ab"), ("tied", "ba")], "tied", ["a", "b"]),  # order is speed
    ([("tied", "ab"), ("tied", "abc")], "depends", []),
    ([("tied", "ab"), ("clear lead", "a")], "depends", []),
    ([("alone", "a"), ("alone", "a")], "alone", []),
    ([("not ranked", ""), ("clear lead", "a")], "not ranked", [])])
def test_corners_agree_on_the_map_or_the_answer_depends(corners, word, front):
    found = [{"word": w, "front": list(f)} for w, f in corners]
    for order in (found, found[::-1]):
        assert decide.word_of(order)[0] == word
        assert sorted(decide.word_of(order)[1]) == front


# ---- needs ------------------------------------------------------------------

ABOUT = {"caps": [], "duty": "none", "guarantees": "point-in-time",
         "progress": "wait-free", "sync": "epoch"}


@pytest.mark.parametrize("need,member,value", [
    ("scan", "guarantees", "none"),
    ("point-in-time", "guarantees", "once-if-present"),
    ("lock-free", "progress", "blocking"),
    ("wait-free", "progress", "lock-free"),
    ("no-duties", "duty", "guard"), ("no-duties", "duty", "announce"),
    ("many-writers", "caps", ["single-writer"]),
    ("new-answers", "caps", ["stale"]), ("growth", "caps", ["fixed-size"]),
    ("no-threads", "caps", ["background-threads"]),
    ("exact-returns", "caps", ["inexact-returns"]),
    ("bounded-memory", "sync", "leak"), ("bounded-memory", "sync", "hazard"),
    ("bounded-memory", "sync", "rcu-qsbr"), ("bounded-memory", "sync", "")])
def test_a_need_that_is_not_met_says_why(need, member, value):
    assert needs.why_not(ABOUT, need) is None
    assert needs.why_not(ABOUT | {member: value}, need)


def test_locks_bound_memory_by_their_kind():
    for sync in ("go-rwmutex", "ticket", "rwlock, mutex for writes", "cas"):
        assert needs.why_not(ABOUT | {"sync": sync}, "bounded-memory") is None


def test_each_need_has_a_rule_and_says_what_it_is():
    for name, need in needs.NEEDS.items():
        assert need["what"], name
        assert set(need) & {"guarantees", "progress", "duty", "lacks", "holds"}, name
        assert needs.why_not({}, name)  # what is not said is not promised
