# SPDX-License-Identifier: Apache-2.0
"""Rules of method of the linter: a page of the report keeps them, and each
breach that is planted is named."""
import csv
import io
import re

import pytest
from report_helpers import build

from report import lint
from report.lint import method
from report.lint.context import Context
from report.lint.log import Log

PAGE = "index.html"


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """(folder, its rows) of a played campaign with its report."""
    folder = tmp_path_factory.mktemp("played")
    build(folder, threads=(1, 2, 4), rates=(10000,), blocks=8,
          models=("icelake-sp",))
    return folder, lint.Rows(folder)


def found(played, rule):
    folder, rows = played
    c = Context(rows, lint.Page(folder), Log())
    getattr(method, rule)(c)
    assert sum(c.log.count.values()), "it looked at nothing"
    return [f.text() for f in c.log.findings]


def planted(played, rule, file, change):
    """What a rule finds in the report with one file changed."""
    path = played[0] / "report" / file
    text = path.read_text("utf-8")
    assert change(text) != text
    path.write_text(change(text), "utf-8")
    try:
        return found(played, rule)
    finally:
        path.write_text(text, "utf-8")


def only(html):
    """A page with nothing else, which is read sooner."""
    return lambda text: f"<html><body>{html}</body></html>"


def less(pattern, new=""):
    return lambda text: re.sub(pattern, new, text, count=1)


def table(head, cell, key="decision"):
    return only(f'<table id="table-{key}"><thead><tr><th>{head}</th></tr>'
                f"</thead><tbody><tr><td>{cell}</td></tr></tbody></table>")


def panel(key, body):
    return only(f'<svg><title>x</title><desc id="{key}-d">x</desc>{body}'
                "</svg>")


def line(*points):
    return ('<path d="M ' + " L ".join(f"{x} {y}" for x, y in points)
            + '" style="fill: none; stroke: #000"/>')


def rows(change):
    """A CSV file with each row changed; None: without it."""
    def of(text):
        held = list(csv.DictReader(io.StringIO(text)))
        kept = [r for r in map(change, [dict(r) for r in held]) if r]
        out = io.StringIO()
        into = csv.DictWriter(out, held[0], lineterminator="\n")
        into.writeheader()
        into.writerows(kept)
        return out.getvalue()
    return of


def rule_names():
    return ("bases", "blanks", "reasons", "marks", "intervals", "counted",
            "phrases", "required", "bounds", "lines", "tips", "tables")


@pytest.mark.parametrize("rule", rule_names())
def test_the_page_keeps_it(played, rule):
    assert not found(played, rule)


@pytest.mark.parametrize("rule,file,change", [
    ("bases", "figures/flip.csv", less("base_mops", "other")),
    ("bases", "tables/ranking.csv", rows(lambda r: r | {"mops": ""})),
    ("bases", PAGE, table("a ÷ b", "2", "new")),
    ("bases", PAGE, table("× weakest comparison", "× 2.00", "production")),
    ("bases", PAGE, table("P99 ratio, ms per heap", "2", "new")),
    ("bases", PAGE, table("a ÷ b, ms per slice", "2", "new")),
    ("blanks", PAGE, less(r"(<td[^>]*>)[^<]+(</td>)", r"\1\2")),
    ("reasons", "tables/cells.csv", rows(lambda r: r | {
        k: "" for k in ("mops", "state", "reason")})),
    ("marks", PAGE, panel("forest-x", "<text>not run</text>")),
    ("marks", PAGE, panel("forest-x", "<g><title></title>"
                          "<text>no interval</text></g>")),
    ("intervals", PAGE, table("Mop/s [95 %]", "12.0")),
    ("intervals", PAGE, only("<p>It is 2.50 [1.00, 2.00] times it.</p>")),
    ("intervals", PAGE, panel("x", "<g><title>0.5 [1.00, 2.00]</title></g>")),
    ("intervals", "figures/forest.csv", rows(lambda r: r | {
        "low": r["low"] and "99"})),
    ("counted", "figures/flip.csv", rows(lambda r: r | {"n": ""})),
    ("counted", PAGE, table("Mop/s [95 %]", "1.20 [1.10, 1.30]")),
    ("required", PAGE, less("ideal from its", "from its")),
    ("required", PAGE, less("bounds that hold no lock", "maps")),
    ("required", PAGE, less(r">P99\.9<", ">tail<")),
    ("required", PAGE, less("slowest ÷ fastest thread", "threads")),
    ("bounds", "figures/scaling.csv", rows(
        lambda r: None if r["map"] == "null_map" else r)),
    ("lines", PAGE, panel("forest-x", line((1, 1), (2, 2)))),
    ("lines", PAGE, panel("scaling-x", line((1, 1), (2, 2), (3, 3),
                                            (4, 4)))),
    ("tips", PAGE, less(r"(<title>[\w]+, 2 threads: )\d", r"\g<1>987")),
    ("tips", PAGE, panel("flip-9", "<g><title>9 876.5 Mop/s</title></g>")),
    ("tables", "tables/decision.csv", rows(lambda r: {
        k: re.sub(r"\d", "7", v or "") for k, v in r.items()})),
    ("tables", "tables/decision.csv", lambda text: text.rsplit(
        "\n", 2)[0] + "\n"),
    *(("phrases", PAGE, only(f"<p>{text}.</p>")) for text in (
        "a is significantly faster", "The intervals overlap",
        "There is no difference", "It is up to 3 times as fast",
        "a is 12 % faster", "Beside it stands p 1.8e-14", "It is 1e+03",
        "a/throughput: none on either side is no difference",
        "a/simulated:m: none on either side, no difference")),
])
def test_a_breach_is_named(played, rule, file, change):
    assert planted(played, rule, file, change)


@pytest.mark.parametrize("text", [
    "three significant digits", "no difference above 2 %",
    "They may differ by 12 %", "Commit 9e-12ab of 12e-34-5e3",
    "a/simulated:m, a/simulated:m: none on either side is no difference"])
def test_what_may_be_said_is_let_pass(played, text):
    assert not planted(played, "phrases", PAGE, only(f"<p>{text}.</p>"))


@pytest.mark.parametrize("head", ["P99, ms per heap ratio", "ns per pause"])
def test_a_slope_is_no_ratio(played, head):
    assert not planted(played, "bases", PAGE, table(head, "2", "new"))


def test_each_line_of_the_table_is_of_a_rule():
    known = {"base", "blank", "exact", "n", "tip", "never", "says", "joins"}
    assert all(len(row) == 3 and row[0] in known for row in method.TABLE)
