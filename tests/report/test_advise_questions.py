# SPDX-License-Identifier: Apache-2.0
"""How the factors of a question are read, said, and written as workload files
have them (docs/advise.md): each of them, also those that nobody can ask for,
which stand in a refusal."""
import pytest
import report_helpers  # noqa: F401

from report.advise import questions
from report.advise.questions import (FACTORS, moved, name_of, place_of,
                                     place_text, said, value_at, written)

BLANK = "\u00a0"


def place(**more):
    return place_of(questions.USUAL | {
        axis.factor: axis.preset for axis in questions.AXES} | {
            "write_share": 0.03, "keys": 10000, "threads": 8} | more)


# ---- in words, and as workload files write them ---------------------------

@pytest.mark.parametrize("factor,value,words,text", [
    ("write_share", 0.03, f"3{BLANK}% writes", "3%"),
    ("keys", 65536, "64 Ki keys", "64Ki"), ("keys", 1, "1 key", "1"),
    ("threads", 1, "1 thread", "1"), ("threads", 8, "8 threads", "8"),
    ("miss_share", 0.1, f"10{BLANK}% misses", "10%"),
    ("write_kind", "update", "updates", "update"),
    ("write_kind", "churn", "churn writes", "churn"),
    ("dist", "zipf:0.99", "dist zipf:0.99", "zipf:0.99"),
    ("shape", "u64x8", "shape u64x8", "u64x8"),
    ("placement", "numa:1", "placement numa:1", "numa:1"),
    ("memory", "bind:1", "memory bind:1", "bind:1"),
    ("presize", True, "presize yes", "yes"),
    ("presize", False, "presize no", "no"),
    ("write_run", 4, "write run 4", "4")])
def test_a_factor_is_said_and_written(factor, value, words, text):
    assert said(factor, value) == words
    assert written(factor, value) == text


@pytest.mark.parametrize("factor,name", [
    ("write_share", "writes"), ("miss_share", "misses"),
    ("write_kind", "write-kind"), ("keys", "keys"), ("memory", "memory"),
    ("write_run", "write-run"), ("a_b_c", "a-b-c")])
def test_a_factor_is_called_as_in_a_workload_file(factor, name):
    assert name_of(factor) == name


@pytest.mark.parametrize("more,text", [
    ({}, "8 threads, {mix}, 10\u202f000 keys"),
    ({"dist": "zipf:1", "threads": 1, "keys": 1024},
     "1 thread, {mix}, 1 Ki keys, dist zipf:1"),
    ({"miss_share": 0.5, "shape": "str16x64", "placement": "none"},
     "8 threads, {mix}, 10\u202f000 keys, 50\u00a0% misses, shape str16x64, "
     "placement none"),
    ({"presize": False, "memory": "interleave"},
     "8 threads, {mix}, 10\u202f000 keys, memory interleave, presize no")])
def test_a_place_says_what_is_not_as_usual(more, text):
    mix = f"97{BLANK}% lookups, 3{BLANK}% updates"
    assert place_text(place(**more)) == text.format(mix=mix)


def test_a_place_without_writes_has_lookups_only():
    assert place_text(place(write_share=0.0, write_kind="churn")) == (
        "8 threads, lookups only, 10\u202f000 keys")


@pytest.mark.parametrize("cpus,crowded", [
    (None, False), (0, False), (7, True), (8, False), (9, False)])
def test_a_place_says_where_there_are_more_threads_than_cpus(cpus, crowded):
    told = place_text(place(), cpus)
    assert told.endswith(", more threads than CPUs") == crowded


# ---- places ---------------------------------------------------------------

def test_each_factor_is_at_its_place_and_moves_alone():
    here = place()
    assert len(here) == len(FACTORS)
    for at, factor in enumerate(FACTORS):
        there = moved(here, factor, "other")
        assert value_at(there, factor) == "other" and len(there) == len(here)
        assert [i for i in range(len(here)) if there[i] != here[i]] == [at]
    assert value_at(here, "threads") == 8 and value_at(here, "keys") == 10000


def test_a_place_leaves_what_it_is_made_of_alone():
    values = questions.USUAL | dict.fromkeys(questions.ASKED, 0) | {
        "write_kind": "churn"}
    assert value_at(place_of(values), "write_kind") == "update"
    assert values["write_kind"] == "churn"


# ---- what is read ---------------------------------------------------------

@pytest.mark.parametrize("key,text", [
    ("writes", "100%"), ("misses", "0%"), ("misses", "99.9%"),
    ("keys", "2Gi"), ("threads", "4096"), ("write-kind", "fresh"),
    ("dist", "sequential"), ("dist", "zipf:4"), ("dist", "hot:99%:100%"),
    ("placement", "smt"), ("placement", "numa:0"),
    ("placement", "numa:1234"), ("shape", "u64x8")])
def test_what_is_at_the_edge_is_read(key, text):
    axis = next(a for a in questions.AXES if a.key == key)
    assert axis.write(axis.read(text)) == text


@pytest.mark.parametrize("key,text,expected", [
    ("misses", "100%", "from 0% to below 100%"),
    ("threads", "4097", "from 1 to 4Ki"), ("threads", "0", "e.g. 8"),
    ("write-kind", "read", "expected update, churn or fresh"),
    ("dist", "zipf:0", "zipf:THETA"), ("dist", "zipf:4.01", "at most 4"),
    ("dist", "hot:0%:90%", "hot:KEYS%"), ("dist", "hot:100%:90%", "hot:"),
    ("dist", "hot:1%:0%", "hot:"), ("dist", "warm:1%:90%", "uniform"),
    ("dist", "hot:1%", "hot:"), ("dist", "uniform:1", "uniform"),
    ("shape", "u64", " or "), ("placement", "numa:12345", "numa:N"),
    ("placement", "numa:", "numa:N"), ("placement", "numa:\u0663", "smt"),
    ("placement", "cores ", "compact or none")])
def test_what_is_beyond_says_what_was_expected(key, text, expected):
    axis = next(a for a in questions.AXES if a.key == key)
    with pytest.raises(ValueError) as error:
        axis.read(text)
    assert str(error.value).startswith("expected ")
    assert expected in str(error.value)
