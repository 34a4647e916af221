# SPDX-License-Identifier: Apache-2.0
"""Results of others: an entry follows from its journal, and what does not is
named; one page of all entries."""
import contextlib
import io
import json
import shutil

import pytest
import schemas
from machine_campaigns import machine
from report_helpers import TOP, main
from test_compare import by_hand


def told(*words):
    """(status, what it said, what it complained of)."""
    said, error = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(error):
        status = main(["public", *map(str, words)])
    return status, said.getvalue(), error.getvalue()


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """Two campaigns and a folder with their entries."""
    folder = tmp_path_factory.mktemp("given")
    campaigns = [machine(folder / "a", "aaaaaaaa"),
                 machine(folder / "b", "bbbbbbbb", {"syncmap": 0.5}, seed=2,
                         virtual="no")]
    (folder / "public").mkdir()
    for campaign in campaigns:
        status, text, error = told("entry", campaign)
        assert status == 0, error
        (folder / "public" / f"{campaign.name}.json").write_text(text)
    return folder


def entry_of(given, name):
    return json.loads((given / "public" / f"{name}.json").read_text())


@pytest.mark.parametrize("file", sorted(
    (TOP / "results/public").glob("*.json")) or [None])
def test_every_entry_of_the_tree_meets_the_schema(file):
    if file is not None:
        schemas.validator("public").validate(json.loads(file.read_text()))


def test_an_entry_meets_the_schema(given):
    for name in "ab":
        schemas.validator("public").validate(entry_of(given, name))


def test_its_numbers_are_those_of_a_second_hand(given):
    cells = {c["id"]: c for c in json.loads(
        (given / "b/campaign.json").read_text())["cells"]}
    rows = [r for r in entry_of(given, "b")["ratios"]
            if r["map"] == "syncmap"]
    assert len(rows) == 4
    for r in rows:
        cell = next(i for i, c in cells.items() if c["map"] == "syncmap"
                    and c["measure"] == "throughput" and all(
                        c[k] == r[k] for k in ("keys", "threads")))
        assert [r["ratio"], r["low"], r["high"]] == pytest.approx(by_hand(
            given / "b", cell, cell.replace("/syncmap/", "/gomap_rw/")),
            rel=1e-5)


def test_an_entry_is_the_same_bytes_again_and_is_verified(given):
    assert told("entry", given / "a")[1] == (
        given / "public/a.json").read_text()
    status, said, _ = told("verify", given / "public/a.json", given / "a")
    assert status == 0 and "16 ratios and 4 verdicts follow" in said


SPOILT = {
    "a ratio": (lambda e: e["ratios"][3].update(ratio=1.5), "ratios[3].ratio"),
    "a word": (lambda e: e["groups"][0].update(word="tied"),
               "groups[0].word"),
    "a row less": (lambda e: e["ratios"].pop(), "ratios: 15"),
    "a member more": (lambda e: e.update(remark="great"), "remark"),
    "another machine": (lambda e: e["machine"].update(id="cccccccc"),
                        "machine.id"),
    "a number as text": (lambda e: e["ratios"][0].update(n="10"),
                         "ratios[0].n")}


@pytest.mark.parametrize("name", SPOILT)
def test_what_the_journal_does_not_give_is_named(given, tmp_path, name):
    edit, where = SPOILT[name]
    entry = entry_of(given, "a")
    edit(entry)
    file = tmp_path / "entry.json"
    file.write_text(json.dumps(entry))
    status, said, _ = told("verify", file, given / "a")
    assert status == 1 and where in said


def test_another_journal_is_another_entry(given, tmp_path):
    shutil.copytree(given / "a", tmp_path / "a")
    file = tmp_path / "a/trials.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(True)[:-1]))
    status, said, _ = told("verify", given / "public/a.json", tmp_path / "a")
    assert status == 1 and "complete" in said
    data = bytearray(file.read_bytes())
    data[999] ^= 2
    file.write_bytes(data)
    status, _, error = told("verify", given / "public/a.json", tmp_path / "a")
    assert status == 2 and "damaged" in error


@pytest.mark.parametrize("text,why", [
    ("{", "not JSON"), ("[]", "expected format 1"),
    ('{"format": 1, "kind": "public result"}', "missing: build"),
    ('{"format": 2, "kind": "public result"}', "expected format 1")])
def test_what_is_no_entry_is_refused_by_name(tmp_path, text, why):
    (tmp_path / "x.json").write_text(text)
    verify = ("verify", tmp_path / "x.json", tmp_path)
    for words in [("page", tmp_path)] + [verify] * ("missing" not in why):
        status, _, error = told(*words)
        assert status == 2 and "x.json" in error and why in error
