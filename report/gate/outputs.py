# SPDX-License-Identifier: Apache-2.0
"""Prints the gate's verdicts for the terminal, as verdicts.json, and in formats for pipelines.

Each format is a pure function of Verdicts and shows the same rows, figures and words. An
undecided row is an error in each format, never a pass and never "no change". Formats: step
summary and workflow commands of GitHub Actions; code quality and metrics reports (OpenMetrics)
of GitLab; JUnit XML for Jenkins and GitLab; Bencher's Metric Format.
"""
import dataclasses
import hashlib
import os
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from xml.etree import ElementTree

from report import folders
from report.cell_id import identity
from report.gate.model import Role, Row, Verdict, Verdicts
from report.gate.names import PREFIX, label_of, name_of
from report.load import strict_json

ARM = ("name", "workload", "program", "sha256", "control_extra")  # keys of an arm in verdicts.json
COMMAND = {Verdict.FAIL: "error", Verdict.INVALID: "warning", Verdict.INCONCLUSIVE: "warning"}
HEADER = ("cell", "base [ns]", "slower [%]", "99 % interval", "by", "MDE [%]", "slot [%]", "n",
          "verdict")
LARGE_PERCENT = 20.0  # no usual disturbance slows all of head's trials by this much


# ---- parts --------------------------------------------------------------------

def title_of(row: Row) -> str:
    advice = "advice only, " if row.role == Role.ADVICE else ""
    return advice + label_of(row.role, row.cell)


def key_of(row: Row) -> str:
    """Returns a unique name for a row that is the same in every run, for tools that compare
    the files of two pipelines."""
    return PREFIX[row.role] + identity(row.cell)


def number(value: float | None, form: str = "{:+.2f}") -> str:
    return "-" if value is None else form.format(value)


def interval(row: Row) -> str:
    return f"[{number(row.shown.low_percent)}, {number(row.shown.high_percent)}]"


def claim(verdicts: Verdicts) -> str:
    """Gives the reason for the verdict, and FAIL_AT if it raised the threshold. PASS concerns the
    median of the pairs, which a few slow trials do not change."""
    raised = "" if verdicts.fail_at is None else f"; FAIL_AT={100 * verdicts.fail_at:g}%"
    if verdicts.reason:
        return verdicts.reason + raised
    accepted = [name_of(row.cell) for row in verdicts.cells if row.accepted]
    return (f"{verdicts.family - len(accepted)} of {verdicts.family} cells are less than "
            f"{100 * verdicts.tolerance:g} % slower in most trials"
            + (f"; accepted as slower: {', '.join(accepted)}" if accepted else "") + raised)


def headline(verdicts: Verdicts) -> str:
    return f"{verdicts.verdict}: {claim(verdicts)}"


def cells_of(row: Row) -> tuple[str, ...]:
    """Formats the cells of a table row, in the order of HEADER."""
    return (title_of(row), number(row.base_ns_per_op, "{:.2f}"),
            number(row.shown.slowdown_percent), interval(row), row.by.value,
            number(row.shown.mde_percent, "{:.2f}"), number(row.slot_percent), str(row.n),
            f"{row.verdict}: {row.words}")


def plan_line(verdicts: Verdicts) -> str:
    return (f"attempt {verdicts.attempt}, alpha {verdicts.alpha:g} over {verdicts.family} cells, "
            f"{verdicts.blocks} pairs, plan {verdicts.plan_sha256[:12]}")


def warnings(verdicts: Verdicts) -> list[str]:
    """Names the cells that are much slower in a run that decides nothing."""
    undecided = verdicts.verdict in (Verdict.INVALID, Verdict.INCONCLUSIVE)
    return [f"warning: {name_of(row.cell)} is {row.shown.slowdown_percent:.0f} % slower, 99 % "
            f"interval {interval(row)}, in a run that decides nothing: repeat it on a quiet machine"
            for row in verdicts.cells
            if undecided and row.accepted is None and (row.shown.low_percent or 0) > LARGE_PERCENT]


def remarks(verdicts: Verdicts) -> list[str]:
    """Returns the lines below the table."""
    return [*warnings(verdicts), *(f"PASS: same program: {name}" for name in verdicts.same),
            *(f"not run: {s.cell} ({s.reason})" for s in verdicts.skipped),
            *verdicts.remarks, plan_line(verdicts),
            *(f"  attempt {a.attempt}: {a.verdict} ({a.name})" for a in verdicts.earlier)]


# ---- forms --------------------------------------------------------------------

def table(verdicts: Verdicts) -> str:
    """Formats the table for the terminal; the last line is the verdict."""
    lines = [HEADER, *map(cells_of, verdicts.rows)]
    width = [max(len(line[i]) for line in lines) for i in range(len(HEADER))]
    rows = ["  ".join([line[0].ljust(width[0]),
                       *(c.rjust(w) for c, w in zip(line[1:-1], width[1:-1])), line[-1]])
            for line in lines]
    return "\n".join([*rows, *remarks(verdicts),
                      f"verdict: {verdicts.verdict} ({claim(verdicts)})"])


def in_cell(text: str) -> str:
    """Escapes text for a cell of a Markdown table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def markdown(verdicts: Verdicts) -> str:
    """Formats the table for a merge request and for $GITHUB_STEP_SUMMARY."""
    lines = [HEADER, ("---",) * len(HEADER), *map(cells_of, verdicts.rows)]
    return "\n".join([
        f"### Readmostly: {in_cell(headline(verdicts))}", "",
        *(f"| {' | '.join(map(in_cell, line))} |" for line in lines),
        *(f"\n{in_cell(line)}" for line in remarks(verdicts))]) + "\n"


def value_of(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{value!r} is not JSON")


def row_members(row: Row) -> dict[str, object]:
    """Returns a row of verdicts.json: its fields, and the figures that it shows."""
    return dataclasses.asdict(row) | dataclasses.asdict(row.shown)


def document(verdicts: Verdicts) -> str:
    members: dict[str, object] = {"format": 1, "kind": "regress", "family": verdicts.family}
    members |= dataclasses.asdict(verdicts)
    members["arms"] = {arm.name: {m: getattr(arm, m) for m in ARM} for arm in verdicts.arms}
    for group in ("cells", "advice", "controls"):
        members[group] = [row_members(row) for row in getattr(verdicts, group)]
    return strict_json.dumps(members, indent=1, sort_keys=True, default=value_of) + "\n"


def case_of(row: Row) -> ElementTree.Element:
    """Builds one <testcase>. Advice never fails; undecided rows are errors."""
    case = ElementTree.Element("testcase", name=title_of(row), classname=identity(row.cell))
    if row.verdict != Verdict.PASS:
        kind = "skipped" if row.role == Role.ADVICE else \
            "failure" if row.verdict == Verdict.FAIL else "error"
        ElementTree.SubElement(case, kind, message=f"{row.verdict}: {row.words}")
    ElementTree.SubElement(case, "system-out").text = (
        f"slower {number(row.shown.slowdown_percent)} %, 99 % interval {interval(row)} by "
        f"{row.by.value}, {row.n} pairs")
    return case


def junit(verdicts: Verdicts) -> str:
    """Formats JUnit XML. The run itself is a test case too, because it can be INVALID although
    no row is."""
    suite = ElementTree.Element("testsuite", name="readmostly regress")
    suite.extend(map(case_of, verdicts.rows))
    for name in verdicts.same:
        ElementTree.SubElement(suite, "testcase", name=f"{name}: same program", classname=name)
    for skipped in verdicts.skipped:
        case = ElementTree.SubElement(suite, "testcase", name=name_of(skipped.cell),
                                      classname=skipped.cell)
        ElementTree.SubElement(case, "skipped", message=skipped.reason)
    run = ElementTree.SubElement(suite, "testcase", name="verdict", classname=verdicts.name)
    if verdicts.verdict != Verdict.PASS:
        kind = "failure" if verdicts.verdict == Verdict.FAIL else "error"
        ElementTree.SubElement(run, kind, message=headline(verdicts))
    for name, path in (("tests", "testcase"), ("failures", "testcase/failure"),
                       ("errors", "testcase/error"), ("skipped", "testcase/skipped")):
        suite.set(name, str(len(suite.findall(path))))
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def bencher(verdicts: Verdicts) -> str:
    """Formats Bencher's Metric Format: benchmark -> measure -> value and bounds. Rows without
    pairs have no value, so they are left out."""
    return strict_json.dumps({key_of(row): {"slowdown_percent": {
        "value": row.shown.slowdown_percent, "lower_value": row.shown.low_percent,
        "upper_value": row.shown.high_percent}} for row in verdicts.rows
        if row.shown.slowdown_percent is not None}, indent=1, sort_keys=True) + "\n"


def complaints(verdicts: Verdicts) -> list[tuple[str, Verdict, str]]:
    """Lists (key, verdict, words) of the run and of gated rows that are not PASS."""
    if verdicts.verdict == Verdict.PASS:
        return []
    return [("verdict", verdicts.verdict, headline(verdicts))] + [
        (key_of(row), row.verdict, f"{title_of(row)}: {row.verdict}: {row.words}, 99 % interval "
                                   f"{interval(row)} %")
        for row in verdicts.controls + verdicts.cells if row.verdict != Verdict.PASS]


def code_quality(verdicts: Verdicts) -> str:
    """Formats GitLab's code quality report. No line of code belongs to a slower cell, so the
    report points to the plan that lists the cell."""
    return strict_json.dumps([{
        "description": words, "check_name": "readmostly-regress",
        "fingerprint": hashlib.sha256(f"{key} {verdict}".encode()).hexdigest(),
        "severity": "major" if verdict == Verdict.FAIL else "minor",
        "location": {"path": "workloads/modes/regress.conf", "lines": {"begin": 1}}}
        for key, verdict, words in complaints(verdicts)], indent=1, sort_keys=True) + "\n"


def metrics(verdicts: Verdicts) -> str:
    """Formats GitLab's metrics report in the OpenMetrics text format."""
    lines = []
    for name, member, what in (
            ("slowdown_percent", "slowdown_percent", "head over base"),
            ("detectable_percent", "mde_percent", "the smallest slowdown that the row detects")):
        lines += [f"# HELP readmostly_{name} {what}", f"# TYPE readmostly_{name} gauge"]
        for row in verdicts.rows:
            value = getattr(row.shown, member)
            if value is not None:
                label = key_of(row).replace("\\", "\\\\").replace('"', '\\"')
                lines.append(f'readmostly_{name}{{cell="{label}"}} {value:.4f}')
    return "\n".join([*lines, "# EOF"]) + "\n"


def escaped(text: str, more: str = "") -> str:
    """Escapes text for a workflow command; `more` has further characters to escape, in
    properties."""
    for char in "%\r\n" + more:
        text = text.replace(char, f"%{ord(char):02X}")
    return text


def annotations(verdicts: Verdicts) -> list[str]:
    """Returns GitHub workflow commands, one per line."""
    return [f"::{COMMAND[verdict]} title={escaped('Readmostly ' + verdict, ':,')}::"
            f"{escaped(words)}" for _, verdict, words in complaints(verdicts)]


FILES: dict[str, Callable[[Verdicts], str]] = {
    "verdicts.json": document, "gate.md": markdown, "junit.xml": junit, "bencher.json": bencher,
    "codequality.json": code_quality, "metrics.txt": metrics}


def write(folder: Path, verdicts: Verdicts) -> None:
    """Writes all files into the report's folder, each completely or not at all."""
    folders.own(folder)
    for name, form in FILES.items():
        folders.replace(folder / name, form(verdicts))


def announce(verdicts: Verdicts, environ: Mapping[str, str] = os.environ) -> list[str]:
    """Under GitHub Actions, appends the table to the job's summary. Returns lines for the log.
    Raises OSError if the summary cannot be written."""
    summary = environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with open(summary, "a", encoding="utf-8") as file:
            file.write(markdown(verdicts))
    return annotations(verdicts) if environ.get("GITHUB_ACTIONS") == "true" else []
