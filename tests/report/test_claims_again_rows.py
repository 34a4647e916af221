# SPDX-License-Identifier: Apache-2.0
"""tests/tools/claims_again.py alone: where it decides a claim, which folders
it reads, and that it sees each field in which a row differs."""
import copy
import json
import pathlib
import sys

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests/tools"))
import again_forms  # noqa: E402
import again_places  # noqa: E402
import claims_again  # noqa: E402
from again import compare, ledger, rules  # noqa: E402
from again.journal import Campaign, placed  # noqa: E402
from again.places import places  # noqa: E402

PAIR = {"against": "gomap_rw", "side": "above", "free": "threads"}


def claimed(folder, ratios, rule="direction", **said):
    """(campaign, claim) of one claim, with pairs of cells."""
    made = again_forms.Form("x")
    workload = made.say(rule, **said)
    for more, at in ratios:
        again_places.sides(made, workload, at, **more)
    made.write(folder)
    return Campaign(folder), ledger.read(folder / "ledger")["S0-01"]


def found_at(campaign, claim, *factors):
    """[values of factors of each place's subject]; None: it has no cell."""
    return [place.sides[0][0].of(factors) if place.sides[0] else None
            for place in places(campaign, claim.lines())]


@pytest.mark.parametrize("where, at, expected", [
    ("threads=2", {1: 2, 2: 2, 4: 2}, [2, 1, 4]),
    ("threads=2", {4: 2, 2: 2, 1: 2}, [2, 4, 1]),
    ("threads=2", {1: 2, 2: None, 4: None}, [2, 1]),
    ("threads=8", {1: 2, 2: 2}, [None, 1, 2]),
    ("measure=throughput", {1: 2, 2: None, 4: 2}, [1, 4]),
    ("measure=throughput", {2: 2}, [2]),
    ("threads=most", {1: 2, 2: 2}, [2, 1]),
    ("keys=2000 threads=2", {1: 2, 2: 2}, [None])])
def test_a_free_factor_opens_the_places_that_have_both_sides(
        tmp_path, where, at, expected):
    made = claimed(tmp_path, [({}, {"threads": at})], cells=where, **PAIR)
    assert found_at(*made, "threads") == [e and [e] for e in expected]


def test_without_free_a_line_is_a_place_whatever_fits_it(tmp_path):
    campaign, claim = claimed(
        tmp_path, [({}, {"threads": {1: 2, 2: 2}})], cells=[
            "threads=2", "measure=throughput", "keys=1000"],
        **PAIR | {"free": None})
    assert [len(p.sides[0]) for p in places(campaign, claim.lines())] == [
        1, 2, 2]


def test_lines_that_meet_at_a_cell_have_it_once(tmp_path):
    kinds, dists = ("update", "churn", "fresh"), ("uniform", "zipf:1")
    made = claimed(
        tmp_path, [({"write_kind": kind, "threads": threads},
                    {"dist": {d: 2 for d in dists}})
                   for threads in (2, 4) for kind in kinds],
        cells=["write_kind=churn threads=2 dist=uniform",
               "write_kind=update threads=2"],
        **PAIR | {"free": "write_kind dist"})
    assert found_at(*made, "threads", "write_kind", "dist") == [
        [2, "churn", "uniform"], [2, "update", "uniform"],
        [2, "update", "zipf:1"], [2, "churn", "zipf:1"],
        [2, "fresh", "uniform"], [2, "fresh", "zipf:1"]]


@pytest.mark.parametrize("ratios, word", [
    ({1: 2, 2: 2}, rules.REPRODUCED), ({1: .5, 2: 2}, rules.DEPENDS),
    ({1: .5, 2: .5}, rules.REFUTED), ({1: 1.02, 2: 2}, rules.UNKNOWN)])
def test_an_open_place_decides_as_a_line_does(tmp_path, ratios, word):
    campaign, claim = claimed(tmp_path, [({}, {"threads": ratios})],
                              cells="threads=2", **PAIR)
    verdict = claims_again.decide(campaign, {"S0-01": claim})["S0-01"]
    assert (verdict.word, len(verdict.cells)) == (word, 2)


@pytest.mark.parametrize("said", [
    {"free": "threads speed"}, {"free": "threads", "conditions": "stated"},
    {"free": "keys", "conditions": "parts"},
    {"free": "threads", "rule": "slope", "axis": "keys"}])
def test_free_is_refused_where_it_means_nothing(tmp_path, said):
    with pytest.raises(ledger.Wrong, match="S0-01: free: "):
        claimed(tmp_path, [], **{"rule": "direction"} | said)


@pytest.mark.parametrize("name, placement, memory", [
    ("compact/throughput", "compact", "first-touch"),
    ("smt/interleave/throughput", "smt", "interleave"),
    ("numa:1/bind:0/paced/r80/poisson/latency", "numa:1", "bind:0")])
def test_an_id_tells_where_its_cell_runs(name, placement, memory):
    assert placed("w/m/u64x8/n9/w3/update/m0/uniform/t2/" + name) == {
        "placement": placement, "memory": memory}


@pytest.mark.parametrize("form, words", [
    ("twins", 5 * [rules.REPRODUCED] + [compare.ABSENT]
     + 5 * [rules.REFUTED] + [compare.ABSENT]),
    ("one_cell", 6 * [rules.NOT_HERE])])
def test_a_cell_is_found_by_the_names_that_it_runs_for(tmp_path, form, words):
    folder = again_forms.campaign(tmp_path / "c", form)
    found = claims_again.decide(Campaign(folder),
                                ledger.read(folder / "ledger"))
    assert [found[name].word for name in sorted(found)] == words
    assert all(len(v.cells) == (v.word != compare.ABSENT)
               for v in found.values())


# ---- folders and rows -----------------------------------------------------

@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A campaign and the rows that another hand should have."""
    folder = again_forms.campaign(tmp_path_factory.mktemp("rows") / "c",
                                  "in_parts")
    return folder, document(folder)


def document(folder):
    found = claims_again.decide(Campaign(folder),
                                ledger.read(folder / "ledger"))
    return {"not_in_this_run": [], "claims": [
        {"id": name, "of": v.of, **side(v),
         "port": v.port and side(v.port)} for name, v in found.items()]}


def side(verdict):
    where = ("reproduced at keys=1 a / b; refuted at keys=1"
             if verdict.how == rules.WHERE else verdict.how)
    return {"verdict": verdict.word, "how": where or "-", "cells": [
        c._asdict() | {"cells": c.ids, "where": "keys=1 measure=x"}
        for c in verdict.cells]}


def ran(capsys, folder, *words):
    """(exit status, lines) of the script on a campaign of made-up claims."""
    status = claims_again.main([str(folder), *map(str, words)])
    told = capsys.readouterr()
    return status, told.out.splitlines() or told.err


def against(tmp_path, rows):
    path = tmp_path / "verdicts.json"
    path.write_text(json.dumps(rows))
    return path


def test_equal_rows_are_counted_and_each_is_printed(made, tmp_path, capsys):
    folder, rows = made
    status, lines = ran(capsys, folder, "--ledger", folder / "ledger",
                        "--rows", 5, "--seed", 3, "--against",
                        against(tmp_path, rows))
    assert (status, lines[-1]) == (0, "5 of 5 equal")
    assert all(line.endswith("\tequal") for line in lines[:-1])
    assert len({line.split("\t")[0] for line in lines[:-1]}) == 5


def altered(row, field, value):
    """A row with one other field: "of", "cell value", "port verdict" ..."""
    *where, last = field.split()
    at = row
    for step in where:
        at = at["cells"][-1] if step == "cell" else at[step]
    at[last] = value


@pytest.mark.parametrize("field, value", [
    ("verdict", "reproduced, nearly"), ("how", "opposite"), ("of", "Rust"),
    ("cells", []), ("port", None), ("cell word", "opposite"),
    ("cell value", 4.97), ("cell low", None), ("cell high", 1e9),
    ("cell cells", ["another"]), ("port verdict", "depends"),
    ("port cell low", 0)])
def test_each_field_that_differs_is_told(made, tmp_path, capsys, field,
                                         value):
    folder, rows = made
    rows = copy.deepcopy(rows)
    row = next(r for r in rows["claims"]
               if r["port"] and r["verdict"] == rules.REFUTED)
    altered(row, field, value)
    status, lines = ran(capsys, folder, "--ledger", folder / "ledger",
                        "--against", against(tmp_path, rows))
    wrong = [line for line in lines[:-1] if not line.endswith("\tequal")]
    count = len(rows["claims"])
    assert (status, lines[-1]) == (1, f"{count - 1} of {count} equal")
    assert len(wrong) == 1 and wrong[0].startswith(row["id"] + "\t")


def test_a_missing_row_differs(made, tmp_path, capsys):
    folder, rows = made
    rows = rows | {"claims": rows["claims"][1:]}
    status, lines = ran(capsys, folder, "--ledger", folder / "ledger",
                        "--ids", "S0-01", "--against",
                        against(tmp_path, rows))
    assert (status, lines[-1]) == (1, "0 of 1 equal")


def test_a_fifth_digit_is_no_difference():
    assert compare.close(1.23456, 1.23452)
    assert not compare.close(1.2345, 1.2348)
    assert compare.close(None, None) and not compare.close(None, 0.0)


@pytest.mark.parametrize("one, other, same", [
    ("1 time", "1 time in 20 trials", True),
    ("1 time", "11 times in 20 trials", False),
    ("4 of 4", "4 of 4 trials", True), ("4 of 4", "4 of 40 trials", False),
    ("no difference above 2 %", "no difference above 2 %", True),
    ("no difference above 2 %", "no difference above 20 %", False)])
def test_numbers_of_how_are_whole_numbers(one, other, same):
    assert compare.same_how(rules.REFUTED, one, other) == same


def staged(folder, name, stages=1, ids=None):
    """A folder as `readmostly claims run` leaves it."""
    for i in range(stages):
        again_forms.campaign(folder / f"stage-{i + 1:02d}", name)
    (folder / "stages.json").write_text(json.dumps(
        {"kind": "claims", "ids": ids}))
    return folder


def test_a_folder_with_a_stage_is_decided_as_the_stage(tmp_path, capsys):
    folder = staged(tmp_path / "x", "needs")
    words = ["--ledger", folder / "stage-01/ledger"]
    whole, alone = (ran(capsys, path, *words)
                    for path in (folder, folder / "stage-01"))
    assert whole == alone and whole[0] == 0 and len(whole[1]) > 5


def test_only_claims_that_a_run_was_for_are_decided(tmp_path, capsys):
    folder = staged(tmp_path / "x", "needs", ids=["S0-03"])
    words = "--ledger", folder / "stage-01/ledger"
    assert ran(capsys, folder, *words) == (0, ["S0-03\treproduced"])
    status, told = ran(capsys, folder, *words, "--ids", "S0-04")
    assert status == 2 and "S0-04: no claim of this run" in told


def test_two_stages_are_no_run_of_claims(tmp_path, capsys):
    folder = staged(tmp_path / "x", "needs", stages=2)
    status, told = ran(capsys, folder, "--ledger",
                       folder / "stage-01/ledger")
    assert status == 2 and "2 stages, expected one" in told
