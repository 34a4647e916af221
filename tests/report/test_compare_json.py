# SPDX-License-Identifier: Apache-2.0
"""comparison.json (docs/comparing.md), which says for programs what the page
of a comparison says: each member, of a comparison that is written by hand."""
import json
from pathlib import Path
from types import SimpleNamespace as Made

import pytest
import report_helpers  # noqa: F401

from report.compare import as_json


@pytest.mark.parametrize("value,told", [
    (1.23456789, 1.23457), (123456789.0, 123457000.0), (0.000123456789,
                                                        0.000123457),
    (1234567, 1234567), (True, True), (None, None), ("1.23456789",
                                                     "1.23456789"),
    ((1.00000004, "a"), [1.0, "a"]), ([[2.00000004]], [[2.0]]),
    ({("a", 1): 1.00000004}, {"('a', 1)": 1.0}),
    ({2: {"x": (1.00000004,)}}, {"2": {"x": [1.0]}})])
def test_numbers_have_six_digits_and_keys_are_texts(value, told):
    found = as_json.rounded(value)
    assert found == told and type(found) is type(told)


class Place(str):
    """A place, as far as it is told."""

    def text(self):
        return f"at {self}"


def side(label, folder, whole=True, synthetic=None):
    meta = {"plan_sha256": f"plan of {label}"}
    if synthetic is not None:
        meta["synthetic"] = synthetic
    return Made(label=label, member=Made(
        node=f"node {label}", kind=f"kind {label}", commit=f"c{label}",
        whole=whole, notes=[] if whole else ["lost"],
        campaign=Made(path=folder / label, name=f"name {label}", meta=meta)))


GROUP = {"leader": "a", "word": "clear lead", "n": 9, "weakest": "b",
         "front": ["a"], "maps": 3, "needs": 8}


def version(folder):
    then, now = (Made(campaign=Made(path=folder / name))
                 for name in ("then", "now"))
    return Made(label="then → now", then=then, now=now,
                differs=lambda: "commit 2", counted=lambda: {"faster": 1},
                rows=[{"ratio": 1.00000004}])


def comparison(folder, head=Place("head"), sides=None, **found):
    sides = sides or [side("x", folder), side("y", folder, whole=False)]
    return Made(sides=sides, base="base", contender="cont", head=head,
                found=Made(**{"whole": False, "wanted": 5, "absent": [],
                              "refused": []} | found))


def rows(folder, **more):
    empty = {name: [] for name in ("ratios", "crossovers", "ranks", "agree",
                                   "twins", "claims", "versions", "said")}
    return Made(**{**empty, "groups": {}, **more})


def test_what_it_is_and_how_it_ended(tmp_path):
    found = as_json.document(comparison(tmp_path), rows(
        tmp_path, said=["first", "second"]), tmp_path, 3)
    assert {k: found[k] for k in (
        "format", "kind", "status", "complete", "wanted", "synthetic",
        "base", "contender", "words", "place")} == {
        "format": 1, "kind": "comparison", "status": 3, "complete": False,
        "wanted": 5, "synthetic": False, "base": "base",
        "contender": "cont", "words": ["first", "second"],
        "place": "at head"}
    assert as_json.document(comparison(tmp_path, whole=True), rows(
        tmp_path), tmp_path, 0)["complete"] is True


@pytest.mark.parametrize("made,synthetic", [
    ((None, None), False), ((False, None), False), ((None, True), True),
    ((True, True), True)])
def test_one_synthetic_machine_makes_a_comparison_so(tmp_path, made,
                                                     synthetic):
    sides = [side(label, tmp_path, synthetic=how)
             for label, how in zip("xy", made)]
    found = as_json.document(comparison(tmp_path, sides=sides),
                             rows(tmp_path), tmp_path, 0)
    assert found["synthetic"] is synthetic


def test_machines_are_told_with_where_their_trials_are(tmp_path):
    found = as_json.document(comparison(tmp_path), rows(tmp_path),
                             tmp_path / "out" / "report", 0)["machines"]
    assert found[0] == {
        "label": "x", "node": "node x", "id": "kind x", "folder": "../../x",
        "campaign": "name x", "commit": "cx", "plan_sha256": "plan of x",
        "complete": True, "notes": []}
    assert (found[1]["label"], found[1]["complete"], found[1]["notes"]) == (
        "y", False, ["lost"])


def test_who_is_missing_and_who_was_refused(tmp_path):
    found = as_json.document(comparison(
        tmp_path, absent=[("z", "failed", "no answer")],
        refused=[("w", "another plan")]), rows(tmp_path), tmp_path, 3)
    assert found["missing"] == [
        {"label": "z", "state": "failed", "reason": "no answer"}]
    assert found["refused"] == [{"label": "w", "reason": "another plan"}]


def test_the_headline_is_told_of_each_machine(tmp_path):
    """Of one that has not the place nothing is known."""
    groups = {("x", "head"): GROUP | {"centres": {"a": 1}},
              ("y", "other"): GROUP}
    found = as_json.document(comparison(tmp_path), rows(
        tmp_path, groups=groups), tmp_path, 0)
    assert found["headline"] == {"x": GROUP, "y": None}
    none = as_json.document(comparison(tmp_path, head=None), rows(
        tmp_path, groups=groups), tmp_path, 0)
    assert none["headline"] == {} and none["place"] is None


def test_each_kind_of_row_stands_under_its_name(tmp_path):
    kinds = ("ratios", "crossovers", "ranks", "twins", "claims")
    found = as_json.document(comparison(tmp_path), rows(
        tmp_path, **{kind: [kind] for kind in kinds}), tmp_path, 0)
    assert {kind: found[kind] for kind in kinds} == {
        kind: [kind] for kind in kinds}


def test_a_reversal_has_its_place_in_words(tmp_path):
    """The taus of single places are not told: their median is."""
    row = {"machines": ("x", "y"), "tau": 0.5, "taus": [0.5, 0.5],
           "reversals": [{"place": Place("there"), "ahead_one": "a"}]}
    found = as_json.document(comparison(tmp_path), rows(
        tmp_path, agree=[row]), tmp_path, 0)
    assert found["agreement"] == [{
        "machines": ("x", "y"), "tau": 0.5,
        "reversals": [{"place": "at there", "ahead_one": "a"}]}]


def test_a_version_names_both_folders(tmp_path):
    found = as_json.document(comparison(tmp_path), rows(
        tmp_path, versions=[version(tmp_path)]), tmp_path / "out", 0)
    assert found["versions"] == [{
        "label": "then → now", "then": "../then", "now": "../now",
        "differs": "commit 2", "counted": {"faster": 1},
        "rows": [{"ratio": 1.00000004}]}]


def test_the_file_is_the_document_rounded(tmp_path):
    as_json.write(comparison(tmp_path), rows(
        tmp_path, ratios=[{"why": "é", "ratio": 1.00000004}]),
        Path(tmp_path), 0)
    text = (tmp_path / "comparison.json").read_text(encoding="utf-8")
    assert json.loads(text)["ratios"] == [{"why": "é", "ratio": 1.0}]
    assert "é" in text and text.endswith("}\n")
    names = [line.split('"')[1] for line in text.splitlines()
             if line.startswith(' "')]
    assert names == sorted(names)
