# SPDX-License-Identifier: Apache-2.0
"""The gate's verdicts as pipelines read them: files beside verdicts.json,
and lines of annotation.

Each form is a pure function of verdicts.json, and says what the table says:
the same rows, the same figures, the same words. What could not be decided is
an error in each of them, never a pass and never "no change".

Forms: GitHub Actions' step summary and workflow commands; GitLab's code
quality and metrics reports (OpenMetrics); JUnit's XML as Jenkins and GitLab
read it; Bencher's Metric Format.
"""
import hashlib
import json
import os
from pathlib import Path
from xml.etree import ElementTree

from report import folders, gate

GROUPS = ("controls", "cells", "advice")
SEVERITY = {"FAIL": "major", "INVALID": "minor", "INCONCLUSIVE": "minor"}
COMMAND = {"FAIL": "error", "INVALID": "warning", "INCONCLUSIVE": "warning"}


def rows_of(verdicts):
    """All rows in the order of the table."""
    return [row for group in GROUPS for row in verdicts[group]]


def title_of(row):
    """A row's name, with what it is where it gates nothing."""
    advice = "advice only, " if row["role"] == "advice" else ""
    return advice + gate.ROLES[row["role"]] + gate.name_of(row["cell"])


def identity(row):
    """A row's name among all there can be, and the same in every run: who
    reads these files compares them with those of another pipeline."""
    return gate.ROLES[row["role"]] + gate.identity(row["cell"])


def percent(value):
    return "-" if value is None else f"{value:+.2f}"


def interval(row):
    return f"[{percent(row['low_percent'])}, {percent(row['high_percent'])}]"


def headline(verdicts):
    reason = f": {verdicts['reason']}" if verdicts["reason"] else ""
    return f"{verdicts['verdict']}{reason}"


def in_cell(text):
    """Text as a cell of a Markdown table."""
    return str(text).replace("\\", "\\\\").replace("|", "\\|") \
        .replace("<", "&lt;").replace("\n", " ")


def markdown(verdicts):
    """For a merge request, and $GITHUB_STEP_SUMMARY."""
    lines = [f"### Readmostly: {in_cell(headline(verdicts))}", "",
             "| cell | base [ns] | slower [%] | 99 % interval | by | MDE [%] "
             "| n | verdict |", "|---|--:|--:|:-:|---|--:|--:|---|"]
    for row in rows_of(verdicts):
        base = row["base_ns_per_op"]
        mde = row["mde_percent"]
        cells = (title_of(row), "-" if base is None else f"{base:.2f}",
                 percent(row["slowdown_percent"]), interval(row), row["by"],
                 "-" if mde is None else f"{mde:.2f}", row["n"],
                 f"{row['verdict']}: {row['words']}")
        lines.append("| " + " | ".join(map(in_cell, cells)) + " |")
    lines += [f"\nPASS: same program: {in_cell(name)}"
              for name in verdicts["same"]]
    lines += [f"\nNot run: {in_cell(s['cell'])} ({in_cell(s['reason'])})"
              for s in verdicts["skipped"]]
    lines += [f"\n{in_cell(words)}" for words in verdicts.get("said", [])]
    lines.append(f"\nAttempt {verdicts['attempt']}, alpha {verdicts['alpha']:g}"
                 f" over {verdicts['family']} cells, {verdicts['blocks']} "
                 f"pairs, plan `{verdicts['plan_sha256'][:12]}`.")
    lines += [f"Attempt {before['attempt']} was {before['verdict']} "
              f"({in_cell(before['name'])})." for before in
              verdicts["earlier"]]
    return "\n".join(lines) + "\n"


def case_of(row):
    """One <testcase>; advice never fails, and what is undecided is an
    error."""
    case = ElementTree.Element("testcase", name=title_of(row),
                               classname=gate.identity(row["cell"]))
    said = f"{row['verdict']}: {row['words']}"
    if row["verdict"] != "PASS":
        kind = "skipped" if row["role"] == "advice" else \
            "failure" if row["verdict"] == "FAIL" else "error"
        ElementTree.SubElement(case, kind, message=said)
    ElementTree.SubElement(case, "system-out").text = \
        f"slower {percent(row['slowdown_percent'])} %, 99 % interval " \
        f"{interval(row)} by {row['by']}, {row['n']} pairs"
    return case


def junit(verdicts):
    """JUnit's XML; the run's own verdict is a case, too: it can be INVALID
    where no row is."""
    whole = ElementTree.Element("testcase", name="verdict",
                                classname=verdicts["name"])
    if verdicts["verdict"] != "PASS":
        kind = "failure" if verdicts["verdict"] == "FAIL" else "error"
        ElementTree.SubElement(whole, kind, message=headline(verdicts))
    cases = [case_of(row) for row in rows_of(verdicts)]
    cases += [ElementTree.Element("testcase", name=f"{name}: same program",
                                  classname=name) for name in verdicts["same"]]
    for skipped in verdicts["skipped"]:
        case = ElementTree.Element("testcase", name=gate.name_of(
            skipped["cell"]), classname=skipped["cell"])
        ElementTree.SubElement(case, "skipped", message=skipped["reason"])
        cases.append(case)
    suite = ElementTree.Element("testsuite", name="readmostly regress")
    suite.extend(cases + [whole])
    counts = {"tests": "testcase", "failures": "testcase/failure",
              "errors": "testcase/error", "skipped": "testcase/skipped"}
    for name, path in counts.items():
        suite.set(name, str(len(suite.findall(path))))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode",
                                xml_declaration=True) + "\n"


def bencher(verdicts):
    """Bencher's Metric Format: benchmark -> measure -> value and bounds. A
    row without pairs has no value, and is left out."""
    return json.dumps({identity(row): {"slowdown_percent": {
        "value": row["slowdown_percent"], "lower_value": row["low_percent"],
        "upper_value": row["high_percent"]}} for row in rows_of(verdicts)
        if row["slowdown_percent"] is not None}, indent=1, sort_keys=True) \
        + "\n"


def complaints(verdicts):
    """(row or None, words) of what is not PASS and gates, the run itself
    first."""
    if verdicts["verdict"] == "PASS":
        return []
    found = [(None, verdicts["verdict"], headline(verdicts))]
    for row in verdicts["controls"] + verdicts["cells"]:
        if row["verdict"] != "PASS":
            found.append((row, row["verdict"], f"{title_of(row)}: "
                          f"{row['verdict']}: {row['words']}, 99 % interval "
                          f"{interval(row)} %"))
    return found


def code_quality(verdicts):
    """GitLab's code quality report. A slower cell has no line of code: the
    plan, in which it stands, is the place."""
    found = []
    for row, verdict, words in complaints(verdicts):
        name = identity(row) if row else "verdict"
        found.append({
            "description": words, "check_name": "readmostly-regress",
            "fingerprint": hashlib.sha256(
                f"{name} {verdict}".encode()).hexdigest(),
            "severity": SEVERITY[verdict],
            "location": {"path": "workloads/modes/regress.conf",
                         "lines": {"begin": 1}}})
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def label(text):
    """A label's value in OpenMetrics."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def metrics(verdicts):
    """GitLab's metrics report, in OpenMetrics' text form."""
    lines = []
    for name, member, what in (
            ("slowdown_percent", "slowdown_percent", "head over base"),
            ("detectable_percent", "mde_percent", "what the row could show")):
        lines += [f"# HELP readmostly_{name} {what}",
                  f"# TYPE readmostly_{name} gauge"]
        lines += [f'readmostly_{name}{{cell="{label(identity(row))}"}} '
                  f"{row[member]:.4f}" for row in rows_of(verdicts)
                  if row[member] is not None]
    return "\n".join(lines + ["# EOF"]) + "\n"


def escaped(text, more=""):
    """Text of a workflow command; `more`: what a property may not have."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def annotations(verdicts):
    """GitHub's workflow commands, one a line."""
    return [f"::{COMMAND[verdict]} title="
            f"{escaped('Readmostly ' + verdict, ':,')}::{escaped(words)}"
            for _, verdict, words in complaints(verdicts)]


FILES = {"gate.md": markdown, "junit.xml": junit, "bencher.json": bencher,
         "codequality.json": code_quality, "metrics.txt": metrics}


def write(folder, verdicts):
    """All files, into the report's folder, each whole or not at all."""
    for name, form in FILES.items():
        folders.replace(Path(folder) / name, form(verdicts))


def announce(verdicts, environ=None):
    """Where GitHub Actions runs this: the summary gets the table; -> lines
    for the log. OSError where the summary cannot be written."""
    environ = os.environ if environ is None else environ
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(markdown(verdicts))
    return annotations(verdicts) if environ.get("GITHUB_ACTIONS") == "true" \
        else []
