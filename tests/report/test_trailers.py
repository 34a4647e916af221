# SPDX-License-Identifier: Apache-2.0
"""Facts about slowdowns that a commit's message accepts, on planted trials."""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import schemas  # noqa: E402
from gate_fake import Fake, rows_of, view_of  # noqa: E402
from report import gate, gate_history, gate_outputs, gate_table, \
    trailers  # noqa: E402


def verdicts_of(notes, **fake):
    planted = Fake(**fake)
    view = view_of(planted) | {"notes": notes}
    return gate.decide(view, rows_of(view, planted))


SLOW = {"slow": {"head": 0.03}}


def slower():
    """The rows that nobody accepts."""
    red = [row for row in verdicts_of({}, **SLOW)["cells"]
           if row["verdict"] == "FAIL"]
    assert len(red) > 1
    return red


def accepting(rows, reason="growth keeps its order"):
    return {f"slower{n}": f"Slower: {gate.name_of(row['cell'])}: {reason}"
            for n, row in enumerate(rows, 1)}


def test_a_slower_cell_that_is_accepted_is_no_failure():
    notes = accepting(slower())
    said = verdicts_of(notes, **SLOW)
    assert said["verdict"] == "PASS"
    assert {row["accepted"] for row in said["cells"]} == {
        "growth keeps its order"}
    assert all(row["slowdown_percent"] > 2 for row in said["cells"])


def test_each_output_has_the_reason():
    said = verdicts_of(accepting(slower()), **SLOW)
    assert "accepted, slower by" in gate_table.table(said)
    assert "growth keeps its order" in gate_outputs.markdown(said)
    assert "<failure" not in gate_outputs.junit(said)
    assert gate_outputs.annotations(said) == []


def test_the_id_of_a_cell_is_a_name_too_and_the_newest_reason_counts():
    notes = {}
    for n, row in enumerate(slower()):
        notes[f"slower{2 * n + 1}"] = f"Slower: {row['cell']}: old"
        notes[f"slower{2 * n + 12}"] = f"Slower:  {row['cell']} : new"
    said = verdicts_of(notes, **SLOW)
    assert said["verdict"] == "PASS"
    assert {row["accepted"] for row in said["cells"]} == {"new"}


@pytest.mark.parametrize("said", ["", "/900000ops"])
def test_the_count_of_a_window_is_no_part_of_an_id(said):
    row = {"cell": "regress/m/n1024/t1/1100000ops/throughput",
           "verdict": "FAIL", "words": "slower", "head_failed": None}
    notes = {"slower1": f"Slower: regress/m/n1024/t1{said}/throughput: why"}
    trailers.accept([row], notes, gate.name_of)
    assert row["accepted"] == "why"
    assert not trailers.words(notes, [row], gate.name_of)


def test_a_cell_may_have_colons():
    note = "Slower: regress/a/u64x8/zipf:0.99/t1: it is: known"
    assert trailers.accepted_of({"slower1": note}) == (
        {"regress/a/u64x8/zipf:0.99/t1": "it is: known"}, [])


def test_the_history_keeps_the_reason():
    planted = Fake(**SLOW)
    view = view_of(planted) | {"notes": accepting(slower())}
    line = gate_history.line_of(view, gate.decide(
        view, rows_of(view, planted)))
    assert {c["accepted"] for c in line["cells"] if c["role"] == "gate"} == {
        "growth keeps its order"}
    assert not any("accepted" in c for c in line["cells"]
                   if c["role"] != "gate")
    schemas.validator("regress-history").validate(
        line | {"crc32": "0" * 8})


def test_one_accepted_cell_makes_no_other_green():
    red = slower()
    said = verdicts_of(accepting(red[1:]), **SLOW)
    assert said["verdict"] == "FAIL"
    assert [r["cell"] for r in said["cells"] if r["verdict"] == "FAIL"] == [
        red[0]["cell"]]


def test_what_answers_wrongly_is_not_accepted():
    wrong = {"fail": {"head": ("failed", "1", "wrong answers")}}
    said = verdicts_of(accepting(verdicts_of({}, **wrong)["cells"]), **wrong)
    assert said["verdict"] == "FAIL"
    assert not any("accepted" in row for row in said["cells"])


@pytest.mark.parametrize("line", [
    "Slower:", "Slower: a cell", "Slower: : why", "Slower: a cell:",
    "Slower:a cell: why"])
def test_a_line_without_cell_or_reason_accepts_nothing_and_is_told(line):
    said = verdicts_of({"slower1": line}, **SLOW)
    assert said["verdict"] == "FAIL"
    assert f"not understood: {line!r}, expected" in gate_table.table(said)


def test_a_cell_that_is_none_is_told():
    said = verdicts_of({"slower1": "Slower: no cell: why"}, **SLOW)
    assert "accepted, but no gated cell: no cell" in gate_table.table(said)
