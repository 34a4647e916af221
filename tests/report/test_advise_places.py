# SPDX-License-Identifier: Apache-2.0
"""Tests the notation of values in questions, the location of a question among measured places, and
the needs that cards meet."""
import random
from dataclasses import replace

import pytest
from sample_result import bound

from report import workload_values as values
from report.advise import decide, needs, places, questions
from report.advise.decide import Corner, Ranked
from report.advise.questions import ORDERED, Spot
from report.model.cards import Scan
from report.model.place import Entry, Group, Outcome


def count(text):
    return values.count(text, questions.KEYS_MOST, "64Ki")


@pytest.mark.parametrize("read, text, value", [
    (values.share, "3%", 0.03), (values.share, "100%", 1.0), (values.share, "33.3%", 0.333),
    (values.share, "007%", 0.07), (count, "10k", 10 ** 4), (count, "64Ki", 65536),
    (count, "2Gi", 2 ** 31), (count, "0.5M", 500000)])
def test_values_of_workload_files(read, text, value):
    assert read(text) == value


@pytest.mark.parametrize("read, message, texts", [
    (values.share, "expected a share from 0% to 100%", (
        "", "%", "3", "3 %", "-3%", "101%", ".5%", "3.%", "1e1%", "nan%", "\u0663%", "3%\n",
        "1" * 21 + "%")),
    (count, "from 1 to 2Gi, e.g. 64Ki", (
        "", "0", "-1", "1.5", "k", "1K", "1 k", "3Gi", "1e3", "0x10", "\u0663", "64Ki\n",
        "1.0001k"))])
def test_invalid_values_are_rejected(read, message, texts):
    for text in texts:
        with pytest.raises(ValueError, match=message):
            read(text)


@pytest.mark.parametrize("seed", range(5))
def test_written_values_are_read_back_exactly(seed):
    rng = random.Random(seed)
    for _ in range(500):
        value = rng.randrange(1, 2 ** rng.randrange(1, 32))
        assert count(values.count_text(value)) == value
        share = float(f"{rng.randrange(10 ** rng.randrange(1, 17))}e-18")
        assert values.share(values.share_text(share)) == share
        ns = rng.randrange(10 ** rng.randrange(1, 13))
        text = values.time_text(ns)
        unit = next(u for u in ("ns", "us", "ms", "s") if text.endswith(u))
        assert int(text.removesuffix(unit)) * dict(values.TIMES)[unit] == ns
        text = "".join(rng.choices("0123456789.kKMGi%e+- ", k=rng.randrange(1, 9)))
        for read in (values.share, count, questions.read_dist):
            try:
                read(text)
            except ValueError as error:
                assert str(error).startswith("expected ")


@pytest.mark.parametrize("key, text, same", [
    ("misses", "99.9%", "99.9%"), ("keys", "2Gi", "2Gi"), ("threads", "4096", "4096"),
    ("write-kind", "fresh", "fresh"), ("dist", "zipf:0.990", "zipf:0.99"),
    ("dist", "hot:1.0%:100%", "hot:1%:100%"), ("placement", "numa:1234", "numa:1234"),
    ("misses", "100%", None), ("threads", "4097", None), ("write-kind", "read", None),
    ("dist", "zipf:0", None), ("dist", "zipf:4.01", None), ("dist", "hot:0%:90%", None),
    ("dist", "hot:1%:0%", None), ("dist", "hot:1%", None), ("dist", "uniform:1", None),
    ("shape", "u64", None), ("placement", "numa:12345", None), ("placement", "cores ", None)])
def test_factors_are_valid_up_to_their_limits(key, text, same):
    axis = next(a for a in questions.AXES if a.key == key)
    if same is None:
        with pytest.raises(ValueError, match="^expected "):
            axis.read(text)
    else:
        assert values.text_of(axis.factor, axis.read(text)) == same


# ---- places -----------------------------------------------------------------------

def place(share=0.03, keys=1024, threads=1, **more):
    return questions.normal(Spot(share, keys, threads, **more))


def located(known, asked, cpus=0):
    found, refusal = places.locate(known, asked, cpus)
    return [s[:3] for s in found], refusal and refusal.factor


def test_a_question_is_enclosed_by_the_nearest_values():
    assert place(share=0.0, write_kind="churn") == place(share=0.0)
    known = [place(keys=k) for k in (1, 16, 64, 1024)]
    assert located(known, place(keys=16)) == ([(0.03, 16, 1)], None)
    assert located(known, place(keys=20)) == ([(0.03, 16, 1), (0.03, 64, 1)], None)


def test_all_corners_have_to_be_measured():
    """The nearer of the two larger values lacks a corner, so the box extends to the next value."""
    known = [place(s, k) for s in (0.01, 0.1) for k in (16, 64, 256)]
    known.remove(place(0.1, 64))
    assert located(known, place(0.05, 32))[0] == [
        (0.01, 16, 1), (0.01, 256, 1), (0.1, 16, 1), (0.1, 256, 1)]
    known.remove(place(0.1, 256))
    assert located(known, place(0.05, 32)) == ([], "write_share")


def test_boxes_do_not_cross_the_number_of_cpus():
    known = [place(threads=t) for t in (1, 2, 16)]
    assert located(known, place(threads=4))[0] == [(0.03, 1024, 2), (0.03, 1024, 16)]
    assert located(known, place(threads=3), cpus=4) == ([], "threads")
    assert located(known, place(threads=8), cpus=4) == ([], "threads")
    refusal = places.locate(known, place(threads=3), 4)[1]
    assert (refusal.reason, refusal.measured) == (places.Reason.RANGE, (1, 2))
    assert located(known, place(threads=16), cpus=4)[1] is None
    known = [place(keys=16, threads=t) for t in (1, 8)] + [place(keys=64, threads=2)]
    assert located(known, place(keys=16, threads=2))[0] == [(0.03, 16, 1), (0.03, 16, 8)]
    assert located(known, place(keys=16, threads=2), cpus=4)[0] == []


def test_factors_without_an_option_need_their_defaults():
    assert located([place(memory="interleave")], place()) == ([], "memory")
    assert located([place(options=(("allocator", "jemalloc"),))], place()) == ([], "options")


@pytest.mark.parametrize("seed", range(30))
def test_corners_enclose_the_question_and_were_measured(seed):
    """In random incomplete grids, every answered question lies between its corners."""
    rng = random.Random(seed)
    known = list({place(rng.choice((0.0, 0.01, 0.1, 0.5)), rng.choice((1, 10, 100)),
                        rng.choice((1, 2, 4, 8))) for _ in range(rng.randrange(1, 40))})
    asked = place(rng.choice((0.0, 0.05, 0.1, 0.6)), rng.randrange(1, 120), rng.randrange(1, 10))
    found, refusal = places.locate(known, asked, 4)
    assert bool(found) != bool(refusal)
    assert set(found) <= set(known)
    for factor in ORDERED if found else ():
        ends, value = places.values_of(found, factor), asked.value(factor)
        assert ends[0] <= value <= ends[-1] and len(ends) <= 2
        assert len(ends) == 1 or value not in ends
    if asked in known:
        assert found == [asked]


def ranked(outcome, front):
    """Makes a ranking; only its `outcome` and `front` are used."""
    entries = tuple(Entry(m, f"cell of {m}", None, None, True) for m in front)
    return Group(None, Outcome[outcome], front[:1] or None, tuple(front), 6, entries, ())


@pytest.mark.parametrize("corners, word, front", [
    (["DECIDED a", "DECIDED a"], "decided", "a"), (["DECIDED a", "DECIDED b"], "depends", ""),
    (["TIED ab", "TIED ba"], "tied", "ab"),  # in order of speed
    (["TIED ab", "TIED abc"], "depends", ""), (["TIED ab", "DECIDED a"], "depends", ""),
    (["ALONE a", "ALONE a"], "one map only", ""), (["OPEN ", "DECIDED a"], "too few runs", "")])
def test_corners_agree_on_the_map_or_the_answer_depends(corners, word, front):
    found = [Corner(None, ranked(*c.split(" ")), None, None, ()) for c in corners]
    for order in (found, found[::-1]):
        assert decide.word_of(order)[0].value == word
        assert sorted(decide.word_of(order)[1]) == list(front)


def test_after_a_tie_a_lead_of_a_tied_map_is_a_flip():
    first, second = place(threads=1), place(threads=2)
    known = {first: [Ranked(first, None, ranked("TIED", "ab"))],
             second: [Ranked(second, None, ranked("DECIDED", "a"))]}
    for front, leaders in (("ab", ["a"]), ("a", []), ("b", ["a"])):
        assert [f.leader for f in decide.flips(known, [first], first, tuple(front))] == leaders


# ---- needs ------------------------------------------------------------------------

BEST = replace(bound("best"), scan=Scan.MOMENT, progress="wait-free", many_writers=True, grows=True,
               stale_reads=False, duty="none", own_threads=False, synchronisation="epoch")


@pytest.mark.parametrize("change, unmet", [
    ({}, []), ({"scan": Scan.NONE}, ["scan", "range", "point-in-time"]),
    ({"scan": Scan.EACH_ONCE}, ["point-in-time"]), ({"progress": "lock-free"}, ["wait-free"]),
    ({"progress": ""}, ["lock-free", "wait-free"]), ({"many_writers": False}, ["many-writers"]),
    ({"stale_reads": True}, ["new-answers"]), ({"grows": False}, ["growth"]),
    ({"duty": "guard"}, ["no-duties"]), ({"own_threads": True}, ["no-threads"]),
    ({"synchronisation": "leak"}, ["bounded-memory"]),
    ({"synchronisation": ""}, ["bounded-memory"]),
    ({"synchronisation": "rwlock, mutex for writes"}, []), ({"synchronisation": "cas"}, [])])
def test_needs_that_a_card_does_not_meet(change, unmet):
    assert needs.NEEDS.keys() == needs.TEXTS.keys()
    found = needs.unmet([replace(BEST, **change)], needs.NEEDS)
    assert list(found.get("best", ())) == unmet
