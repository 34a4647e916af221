# SPDX-License-Identifier: Apache-2.0
"""Entries of the page of all campaigns, written here by hand: their data, and
files that are refused."""
import csv
import json
import re

import pytest
import schemas

from report.journal import JournalError
from report.public import entry, page, schema

COMMIT = "0123456789abcdef" + "0" * 24


def place(**more):
    return {"workload": "w", "shape": "u64x8", "keys": 65536,
            "miss_share": 0.0, "dist": "uniform", "placement": "cores",
            "memory": "first-touch", "presize": True, "optional": "",
            "write_kind": "update", "write_share": 0.03, "threads": 2} | more


def group(**more):
    return place() | {"leader": "a", "front": ["a"], "word": "clear lead",
                      "maps": 2, "n": 12} | more


def ratio(name, **more):
    return place() | {"map": name, "base": "base", "ratio": 1.5, "low": 1.25,
                      "high": 1.75, "n": 12, "side": "ahead", "why": ""} \
        | more


def one(**more):
    return {"format": 1, "kind": "public result", "name": "camp",
            "created_utc": "2026-11-20T08:01:00Z",
            "machine": {"id": "5e7a0001", "cpus": 8, "cpu_name": "A CPU",
                        "kernel": None, "hypervisor_flag": "no"},
            "build": {"commit": COMMIT, "dirty": False, "flags": "-O2",
                      "compiler_version": None, "binary_sha256": None},
            "mode": "quick", "workloads": ["w", "v"], "trials": 1200,
            "plan_sha256": None, "campaign_json_sha256": "0" * 64,
            "trials_jsonl_sha256": "f" * 64, "complete": True,
            "invalid": "", "trust": "trust", "journal": "on request",
            "synthetic": False, "notes": [], "headline": place(),
            "margin": 1.02, "groups": [group()],
            "ratios": [ratio("a")]} | more


# ---- one entry ------------------------------------------------------------


def test_nobody_was_in_front_where_a_control_failed():
    bad = one(invalid="INVALID: A/A shows 4 %; no ranking is reported.",
              ratios=[ratio("a"), ratio("b", low=None, side="no interval")])
    assert page.group_row(bad, group())[3:] == ["–", "a control failed", "12"]
    assert [r["side"] for r in page.ratio_rows(bad)] == [
        "a control failed", "no interval"]
    assert [r["side"] for r in page.ratio_rows(one())] == ["ahead"]


# ---- the page -------------------------------------------------------------

@pytest.fixture
def built(tmp_path):
    """Three entries of two machines, read in the order of their files."""
    given = tmp_path / "given"
    given.mkdir()
    other = one()["machine"] | {"id": "ffff0002", "cpus": 4,
                                "cpu_name": None}
    for file, made in (("2", one(name="second", machine=other)),
                       ("1", one(name="first", ratios=[
                           ratio("a"), ratio("b", ratio=None)])),
                       ("3", one(name="third", groups=[group(), group()]))):
        (given / f"{file}.json").write_text(json.dumps(made))
    (given / "README.md").write_text("no entry")
    return page.build(given, tmp_path / "out")


def test_every_ratio_is_in_the_data_with_its_machine(built):
    file = built.parent / "tables/public-ratios.csv"
    with open(file, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(r["entry"], r["machine"], r["cpu"], r["map"], r["ratio"])
            for r in rows] == [
        ("first", "5e7a0001", "A CPU", "a", "1.5"),
        ("first", "5e7a0001", "A CPU", "b", ""),
        ("second", "ffff0002", "unknown", "a", "1.5"),
        ("third", "5e7a0001", "A CPU", "a", "1.5")]
    assert (rows[0]["keys"], rows[0]["low"], rows[0]["why"]) == (
        "65536", "1.25", "")


# ---- what is no entry -----------------------------------------------------

@pytest.mark.parametrize("key", [k for k in one() if k not in (
    "format", "kind")])
def test_a_member_that_is_missing_or_of_another_kind_is_named(tmp_path, key):
    whole = one()
    for wrong in ({k: v for k, v in whole.items() if k != key},
                  whole | {key: -7.5}):
        file = tmp_path / "x.json"
        file.write_text(json.dumps(wrong))
        with pytest.raises(JournalError, match=f"x.json: wrong or missing: {key}: "):
            page.read_entry(file)


@pytest.mark.parametrize("part,key", [("groups", k) for k in group()]
                         + [("ratios", k) for k in ratio("a")])
def test_a_row_that_lacks_a_member_is_named(tmp_path, part, key):
    whole = one()
    del whole[part][0][key]
    file = tmp_path / "x.json"
    file.write_text(json.dumps(whole))
    with pytest.raises(JournalError, match=re.escape(f"{part}[0].{key}: ")):
        page.read_entry(file)
    file.write_text(json.dumps(whole | {part: [7]}))
    with pytest.raises(JournalError, match=re.escape(f"{part}[0]: ")):
        page.read_entry(file)


def spoilt(value):
    """The same with one member gone, added, or of another value."""
    if isinstance(value, dict):
        for key in value:
            yield {k: v for k, v in value.items() if k != key}
            yield from (value | {key: v} for v in spoilt(value[key]))
        yield value | {"more": 1}
    elif isinstance(value, list):
        yield from ([v, *value[1:]] for v in spoilt(value[0])) \
            if value else ()
        yield [*value, 7]
    yield from (None, True, -1, 0, 2, 1.5, "", "x", "tied", "f" * 64,
                "5e7a0001", [], {})


@pytest.mark.long
def test_what_is_refused_is_what_the_schema_refuses():
    judge, whole, fine, count = schemas.validator("public"), one(), 0, 0
    assert not schema.wrong_in(whole) and judge.is_valid(whole)
    for made in spoilt(whole):
        found = not schema.wrong_in(made)
        assert found == judge.is_valid(made), made
        fine, count = fine + found, count + 1
    assert 50 < fine < count / 2 and count > 700


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(JournalError, match="gone: no such folder"):
        page.read_all(tmp_path / "gone")
    assert page.read_all(tmp_path) == []


# ---- where an entry is not what its journal gives -------------------------

@pytest.mark.parametrize("told,true,where", [
    ({"a": 1}, {"a": 1}, None), ([1, [2]], [1, [2]], None),
    ({"a": 1}, {"a": 2}, "a: 1, the journal gives 2"),
    ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b: 1, the journal gives 2"),
    ({"a": [1, 2]}, {"a": [1, 3]}, "a[1]: 2, the journal gives 3"),
    ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "a[0].b: 1, the journal gives 2"),
    ({"a": [1]}, {"a": [1, 1]}, "a: 1, the journal gives 2"),
    ({"b": 1}, {"a": 1, "b": 1}, "a: only on one side"),
    ({"a": 1, "b": 1}, {"a": 1}, "b: only on one side"),
    ({"c": {"b": 1}}, {"c": {}}, "c.b: only on one side"),
    ({"a": 1}, {"a": 1.0}, "a: 1, the journal gives 1.0"),
    ({"a": 1}, {"a": True}, "a: 1, the journal gives True"),
    ({"a": None}, {"a": "x"}, "a: None, the journal gives 'x'"),
    ([], {}, "it: [], the journal gives {}"),
    ({"b": 1, "a": 1}, {"b": 2, "a": 2}, "a: 1, the journal gives 2"),
    ([1, 2, 3], [1, 9, 9], "[1]: 2, the journal gives 9")])
def test_the_first_difference_is_named_by_its_place(told, true, where):
    assert entry.first_difference(told, true) == where
