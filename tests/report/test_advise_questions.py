# SPDX-License-Identifier: Apache-2.0
"""How the factors of a question are read, said, and written as workload files
have them (docs/advise.md): each of them, also those that nobody can ask for,
which stand in a refusal."""
import pytest

from report.advise import questions
from report.advise.questions import (
    FACTORS, moved, place_of, place_text, value_at)


def place(**more):
    return place_of(questions.USUAL | {
        axis.factor: axis.preset for axis in questions.AXES} | {
            "write_share": 0.03, "keys": 10000, "threads": 8} | more)


# ---- in words, and as workload files write them ---------------------------


def test_a_place_without_writes_has_lookups_only():
    assert place_text(place(write_share=0.0, write_kind="churn")) == (
        "8 threads, lookups only, 10\u202f000 keys")


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
