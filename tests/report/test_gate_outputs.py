# SPDX-License-Identifier: Apache-2.0
"""Tests the gate's output for pipelines: a parser of each format reads it back and must find the
figures of the verdicts."""
import json
import os
import re
import sys
from dataclasses import replace
from xml.etree import ElementTree

import jsonschema
import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import ROOT, Fake, verdicts_of  # noqa: E402
from report.gate import outputs  # noqa: E402
from report.gate.model import Verdict  # noqa: E402

# Bencher's published schema of its metric format, shortened.
BENCHER = {"type": "object", "patternProperties": {".+": {
    "type": "object", "patternProperties": {".+": {
        "type": "object", "required": ["value"], "additionalProperties": False,
        "properties": {name: {"type": "number"} for name in
                       ("value", "lower_value", "upper_value")}}}}}}
QUALITY = {"type": "array", "items": {
    "type": "object", "required": ["description", "check_name", "fingerprint", "severity",
                                   "location"],
    "properties": {
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {"required": ["path", "lines"], "properties": {
            "lines": {"required": ["begin"]}}}}}}
KINDS = {
    "PASS": Fake(), "FAIL": Fake(slow={"head": 0.05}), "INVALID": Fake(second=0.03),
    "INCONCLUSIVE": Fake(noise=0.2, seed=5)}


@pytest.fixture(name="verdicts", scope="module", params=KINDS)
def verdicts_(request):
    found = verdicts_of(KINDS[request.param])
    if request.param == "INCONCLUSIVE":  # its controls detect nothing either
        found = replace(found, verdict=Verdict.INCONCLUSIVE)
    assert found.verdict == request.param
    return found


@pytest.fixture(name="dies", scope="module")
def dies_():
    return verdicts_of(Fake(fail={"head": ("failed", "0", "wrong <answer> | 7 % off")}))


def test_a_row_has_the_same_keys_in_each_run():
    """The ids of cells differ between runs, because each run calibrates the windows, which are part
    of the ids. The keys must not differ."""
    v = verdicts_of(KINDS["FAIL"])

    def keys(count):
        def of(rows):
            return tuple(replace(r, cell=f"{r.cell}/{count}ops") for r in rows)
        run = replace(v, cells=of(v.cells), advice=of(v.advice), controls=of(v.controls))
        return [[entry["fingerprint"] for entry in json.loads(outputs.code_quality(run))],
                [(case.get("classname"), case.get("name")) for case in
                 ElementTree.fromstring(outputs.junit(run).encode()).iter("testcase")],
                list(json.loads(outputs.bencher(run)))]
    assert keys(1100000) == keys(1050000)


def table_of(text):
    """Returns the cells in the rows of a Markdown table, split as GitHub does."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[re.sub(r"\\(.)", r"\1", cell).strip() for cell in
             re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_table_has_each_row_with_its_figures(verdicts):
    text = outputs.markdown(verdicts)
    assert text.startswith(f"### Readmostly: {verdicts.verdict}: ")
    table = table_of(text)
    assert len(table) == len(verdicts.rows)
    for cells, row in zip(table, verdicts.rows):
        assert outputs.title_of(row) == cells[0]
        ends = [float(cells[2]), *map(float, re.findall(r"[-+][\d.]+", cells[3]))]
        assert ends == [pytest.approx(x, abs=0.006) for x in (
            row.shown.slowdown_percent, row.shown.low_percent, row.shown.high_percent)]
        assert cells[4] == row.by.value and cells[7] == str(row.n)
        assert cells[8].startswith(row.verdict)


def test_the_document_is_the_verdicts(verdicts):
    found = json.loads(outputs.document(verdicts))
    assert (found["verdict"], found["family"]) == (verdicts.verdict, 3)
    for row, member in zip(verdicts.cells, found["cells"]):
        assert member["slowdown_percent"] == row.shown.slowdown_percent
        assert member["change"] == row.change and member["by"] == row.by.value
        assert member["estimates"]["tails"]["mde_percent"] == row.estimates.tails.mde_percent


@pytest.mark.parametrize("slow, second, verdict, count", [
    (0.9, 0.03, "INVALID", 3), (0.1, 0.03, "INVALID", 0), (0.9, 0.0, "FAIL", 0)])
def test_a_large_slowdown_is_named_if_the_run_decides_nothing(slow, second, verdict, count):
    found = verdicts_of(Fake(slow={"head": slow}, second=second))
    lines = outputs.warnings(found)
    assert (found.verdict, len(lines)) == (verdict, count)
    for line in lines:
        assert re.match(r"warning: \w+ .* is 9\d % slower, 99 % interval \[\+8", line), line
        assert line in outputs.markdown(found) and line in outputs.table(found)


def test_texts_of_trials_are_escaped(dies):
    text = outputs.markdown(dies)
    assert all(len(cells) == len(outputs.HEADER) for cells in table_of(text))
    assert "<answer>" not in text and "&lt;answer>" in text
    line = outputs.annotations(replace(dies, reason="first\nsecond\r100 %"))[0]
    assert "\n" not in line and "\r" not in line
    assert "first%0Asecond%0D100 %25" in line


def test_junit_counts_its_cases_and_fails_without_a_pass(verdicts):
    suite = ElementTree.fromstring(outputs.junit(verdicts))[0]
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == \
        len(verdicts.rows) + len(verdicts.skipped) + 1
    count = {name: len(suite.findall(f"testcase/{name}"))
             for name in ("failure", "error", "skipped")}
    assert [int(suite.get(name)) for name in ("failures", "errors", "skipped")] == \
        list(count.values())
    assert (count["failure"] + count["error"] == 0) == (verdicts.verdict == "PASS")
    run = suite.find("testcase[@name='verdict']")
    assert (run.find("failure") is not None) == (verdicts.verdict == "FAIL")


def test_bencher_reads_its_format(verdicts, dies):
    for found in (verdicts, dies):
        form = json.loads(outputs.bencher(found))
        jsonschema.validate(form, BENCHER)
        assert len(form) == sum(r.shown.slowdown_percent is not None for r in found.rows)
    assert len(json.loads(outputs.bencher(dies))) < len(dies.rows)


def test_code_quality_is_empty_exactly_on_pass(verdicts):
    form = json.loads(outputs.code_quality(verdicts))
    jsonschema.validate(form, QUALITY)
    assert (form == []) == (verdicts.verdict == "PASS")
    prints = [entry["fingerprint"] for entry in form]
    assert len(prints) == len(set(prints))
    for entry in form:
        assert os.path.exists(os.path.join(ROOT, entry["location"]["path"]))


def test_metrics_are_open_metrics(verdicts):
    lines = outputs.metrics(verdicts).splitlines()
    assert lines[-1] == "# EOF"
    sample = re.compile(r'readmostly_\w+\{cell="([^"\\]|\\.)*"\} -?[\d.]+$')
    samples = [line for line in lines if line[0] != "#"]
    assert all(sample.match(line) for line in samples)
    assert sum("slowdown" in line for line in samples) == len(verdicts.rows)
    assert len(samples) == len(set(samples))


def test_annotations_name_each_row_that_gates(verdicts):
    lines = outputs.annotations(verdicts)
    bad = [row for row in verdicts.controls + verdicts.cells if row.verdict != "PASS"]
    assert len(lines) == (len(bad) + 1 if verdicts.verdict != "PASS" else 0)
    for line, row in zip(lines[1:], bad):
        command = "error" if row.verdict == "FAIL" else "warning"
        assert line.startswith(f"::{command} title=Readmostly {row.verdict}::")
