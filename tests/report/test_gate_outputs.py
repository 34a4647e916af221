# SPDX-License-Identifier: Apache-2.0
"""Facts about what pipelines read of the gate: each form is read back by its
own reader, and says what verdicts.json says."""
import json
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import jsonschema
import pytest

sys.path.insert(0, os.path.dirname(__file__))
from gate_fake import (ROOT, Fake, meta_of, rows_of,  # noqa: E402
                       verdicts_of, view_of)
from report import ending, gate, gate_outputs  # noqa: E402
from test_regress_design import put  # noqa: E402

# Bencher's published schema of its metric format, in short.
BENCHER = {"type": "object", "patternProperties": {".+": {
    "type": "object", "patternProperties": {".+": {
        "type": "object", "required": ["value"],
        "additionalProperties": False,
        "properties": {name: {"type": "number"} for name in
                       ("value", "lower_value", "upper_value")}}}}}}
QUALITY = {"type": "array", "items": {
    "type": "object", "required": ["description", "check_name", "fingerprint",
                                   "severity", "location"],
    "properties": {
        "severity": {"enum": ["info", "minor", "major", "critical",
                              "blocker"]},
        "location": {"required": ["path", "lines"], "properties": {
            "lines": {"required": ["begin"]}}}}}}
KINDS = {
    "PASS": Fake(),
    "FAIL": Fake(slow={"head": 0.05}),
    "INVALID": Fake(second=0.03),
    "INCONCLUSIVE": Fake(noise=0.2, seed=5),
}
HEAD_DIES = Fake(fail={"head": ("failed", "0", "wrong <answer> | 7 % off")})


@pytest.fixture(scope="module", params=KINDS)
def verdicts(request):
    found = verdicts_of(KINDS[request.param])
    if request.param == "INCONCLUSIVE":  # its controls see nothing, either
        found["verdict"] = "INCONCLUSIVE"
    assert found["verdict"] == request.param
    return found


@pytest.fixture(scope="module")
def dies():
    return verdicts_of(HEAD_DIES)


def rows_in(verdicts):
    return verdicts["controls"] + verdicts["cells"] + verdicts["advice"]


def test_a_row_is_the_same_in_each_run_for_who_compares_pipelines():
    """A window is counted anew by each run, and stands in a cell's id."""
    def told(count):
        said = verdicts_of(KINDS["FAIL"])
        for row in rows_in(said):
            row["cell"] = f"{row['cell']}/{count}ops"
        return [
            [entry["fingerprint"] for entry in
             json.loads(gate_outputs.code_quality(said))],
            [(case.get("classname"), case.get("name")) for case in
             ElementTree.fromstring(gate_outputs.junit(said).encode())
             .iter("testcase")],
            list(json.loads(gate_outputs.bencher(said)))]
    assert told(1100000) == told(1050000)


def table_of(text):
    """The cells of a Markdown table's rows, read as GitHub splits them."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[re.sub(r"\\(.)", r"\1", cell).strip() for cell in
             re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines[2:]]


def test_the_table_has_each_row_with_its_figures(verdicts):
    table = table_of(gate_outputs.markdown(verdicts))
    assert len(table) == len(rows_in(verdicts))
    for cells, row in zip(table, rows_in(verdicts)):
        assert gate.name_of(row["cell"]).strip() in cells[0]
        assert float(cells[2]) == pytest.approx(row["slowdown_percent"],
                                                abs=0.006)
        low, high = re.findall(r"[-+][\d.]+", cells[3])
        assert float(low) == pytest.approx(row["low_percent"], abs=0.006)
        assert float(high) == pytest.approx(row["high_percent"], abs=0.006)
        assert cells[4] == row["by"]
        assert cells[6] == str(row["n"])
        assert cells[7].startswith(row["verdict"])


def test_the_first_line_is_the_verdict(verdicts):
    first = gate_outputs.markdown(verdicts).splitlines()[0]
    assert first.startswith(f"### Readmostly: {verdicts['verdict']}")


def test_what_a_map_says_cannot_break_the_table(dies):
    text = gate_outputs.markdown(dies)
    assert all(len(cells) == 8 for cells in table_of(text))
    assert "<answer>" not in text and "&lt;answer>" in text


def test_junit_counts_what_it_holds(verdicts):
    suite = ElementTree.fromstring(gate_outputs.junit(verdicts))[0]
    assert int(suite.get("tests")) == len(suite.findall("testcase")) == \
        len(rows_in(verdicts)) + len(verdicts["skipped"]) + 1
    for name, tag in (("failures", "failure"), ("errors", "error"),
                      ("skipped", "skipped")):
        assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))


def test_junit_is_red_where_the_verdict_is_not_pass(verdicts):
    suite = ElementTree.fromstring(gate_outputs.junit(verdicts))[0]
    red = int(suite.get("failures")) + int(suite.get("errors"))
    assert (red == 0) == (verdicts["verdict"] == "PASS")
    whole = suite.find("testcase[@name='verdict']")
    assert (whole.find("failure") is not None) == (
        verdicts["verdict"] == "FAIL")


def test_advice_is_never_a_failure():
    class TwoSlow(Fake):
        def __call__(self, binary, cell, *rest):
            self.slow = {"head": 0.1} if cell["threads"] == 2 else {}
            return super().__call__(binary, cell, *rest)
    found = verdicts_of(TwoSlow())
    assert found["advice"][0]["verdict"] == "FAIL"
    suite = ElementTree.fromstring(gate_outputs.junit(found))[0]
    assert suite.get("failures") == suite.get("errors") == "0"
    assert suite.find("testcase/skipped").get("message").startswith("FAIL")
    assert gate_outputs.annotations(found) == []


def test_bencher_reads_its_format(verdicts, dies):
    for found in (verdicts, dies):
        form = json.loads(gate_outputs.bencher(found))
        jsonschema.validate(form, BENCHER)
        with_pairs = [row for row in rows_in(found)
                      if row["slowdown_percent"] is not None]
        assert len(form) == len(with_pairs)
    assert len(json.loads(gate_outputs.bencher(dies))) < len(rows_in(dies))


def test_code_quality_is_empty_exactly_where_all_is_well(verdicts):
    form = json.loads(gate_outputs.code_quality(verdicts))
    jsonschema.validate(form, QUALITY)
    assert (form == []) == (verdicts["verdict"] == "PASS")
    prints = [entry["fingerprint"] for entry in form]
    assert len(prints) == len(set(prints))
    for entry in form:
        assert os.path.exists(os.path.join(ROOT, entry["location"]["path"]))


def test_metrics_are_open_metrics(verdicts):
    lines = gate_outputs.metrics(verdicts).splitlines()
    assert lines[-1] == "# EOF"
    sample = re.compile(r'readmostly_\w+\{cell="([^"\\]|\\.)*"\} -?[\d.]+$')
    samples = [line for line in lines if line[0] != "#"]
    assert all(sample.match(line) for line in samples)
    assert sum("slowdown" in line for line in samples) == \
        len(rows_in(verdicts))
    assert len(samples) == len(set(samples))


def test_annotations_name_each_row_that_gates(verdicts):
    lines = gate_outputs.annotations(verdicts)
    bad = [row for row in verdicts["controls"] + verdicts["cells"]
           if row["verdict"] != "PASS"]
    assert len(lines) == (len(bad) + 1 if verdicts["verdict"] != "PASS"
                          else 0)
    for line, row in zip(lines[1:], bad):
        command = "error" if row["verdict"] == "FAIL" else "warning"
        assert line.startswith(f"::{command} title=Readmostly "
                               f"{row['verdict']}::")


def test_an_annotation_is_one_line(dies):
    dies = json.loads(json.dumps(dies))
    dies["reason"] = "first\nsecond\r100 %"
    line = gate_outputs.annotations(dies)[0]
    assert "\n" not in line and "\r" not in line
    assert "first%0Asecond%0D100 %25" in line


def test_github_gets_a_summary_and_only_github(tmp_path):
    found = verdicts_of(Fake(slow={"head": 0.05}))
    summary = tmp_path / "summary"
    summary.write_text("before\n")
    lines = gate_outputs.announce(found, {
        "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
    assert lines == gate_outputs.annotations(found) != []
    assert summary.read_text() == "before\n" + gate_outputs.markdown(found)
    assert gate_outputs.announce(found, {}) == []


def test_the_command_writes_all_of_them(tmp_path):
    folder = tmp_path / "run"
    view = view_of(Fake(slow={"head": 0.05}))
    put(folder, meta_of(Fake()), rows_of(view, Fake(slow={"head": 0.05})))
    env = dict(os.environ, PYTHONPATH=ROOT, GITHUB_ACTIONS="true",
               GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    run = subprocess.run([sys.executable, "-m", "report.regress", folder],
                         env=env, capture_output=True, text=True)
    assert run.returncode == 1, run.stderr
    verdicts = json.loads((folder / "report/verdicts.json").read_text())
    for name, form in gate_outputs.FILES.items():
        assert (folder / "report" / name).read_text() == form(verdicts)
    assert "::error title=Readmostly FAIL::" in run.stdout
    assert (tmp_path / "summary").read_text() == \
        gate_outputs.markdown(verdicts)


def test_a_summary_that_cannot_be_written_is_told(tmp_path):
    folder = tmp_path / "run"
    view = view_of(Fake())
    put(folder, meta_of(Fake()), rows_of(view, Fake()))
    env = dict(os.environ, PYTHONPATH=ROOT,
               GITHUB_STEP_SUMMARY=str(tmp_path / "none" / "summary"))
    run = subprocess.run([sys.executable, "-m", "report.regress", folder],
                         env=env, capture_output=True, text=True)
    assert run.returncode == ending.USAGE
    assert "none/summary" in run.stderr and "Traceback" not in run.stderr
