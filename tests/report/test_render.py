# SPDX-License-Identifier: Apache-2.0
"""Tests the output of report/render: numbers, tables, texts with markup, and complete folders."""
import csv
import json
import os
import re
import textwrap
import zipfile
from dataclasses import replace
from pathlib import Path

import page_numbers
import pytest
from jinja2 import UndefinedError
from sample_result import KINDS, hostile, sample
from schemas import validator

from report.model.encode import schema_text  # noqa: E402
from report.schemas import SCHEMAS  # noqa: E402
from report.model.table import Table
from report.model.trust import Check, Question, State, Trust
from report.render import figures, formats, markdown, sheets, terminal, text, write
from report.render.pages import PAGES, pages
from report.render.view import Number

TOP = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("rendered_answers.txt")
PAGE = Path("results/latest/report/index.html")


@pytest.fixture(scope="module", params=KINDS)
def written(request, tmp_path_factory):
    """Returns (kind, result, folder) of each sample."""
    folder = tmp_path_factory.mktemp(request.param) / "report"
    result = KINDS[request.param]()
    assert write.write(result, folder) == folder / "index.html"
    return request.param, result, folder


def test_numbers_are_those_of_verdicts_json(written):
    kind, _, folder = written
    wrong, seen = page_numbers.problems(folder)
    assert not wrong
    assert seen > {"nothing": 10, "invalid": 60}.get(kind, 80)


def test_verdicts_json_follows_its_schema(written):
    validator("verdicts").validate(
        json.loads((written[2] / "verdicts.json").read_text()))


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_agree_with_the_dataclasses(name):
    """`make schemas` generates the schemas."""
    assert schema_text(SCHEMAS[name], name) == (TOP / "docs" / name).read_text()


def test_pages_link_to_existing_files(written):
    folder = written[2]
    for page in PAGES:
        html = (folder / f"{page}.html").read_text()
        ids = set(re.findall(r'\bid="([^"]+)"', html))
        for link in re.findall(r'href="([^"]*)"', html):
            file, _, part = link.partition("#")
            if file:
                assert (folder / file).is_file(), link
                assert not part or f'id="{part}"' in (folder / file).read_text()
            else:
                assert part in ids, link
        assert "http" not in html.replace("http-equiv", "")


def test_answer_equals_the_snapshot():
    """To change the wording, change one template, and rewrite the snapshot with
    `RM_SNAPSHOT=write`."""
    parts = []
    for kind, make in KINDS.items():
        result = make()
        html = pages(result, sheets.sheets(result), True, PAGE.parent.parent)["index.html"]
        answer = page_numbers.words(html[html.index("<section"):html.index("</section")])
        parts += [f"== {kind}", *textwrap.wrap(answer, 100), "", *terminal.lines(result, PAGE)]
    made = "\n".join(parts) + "\n\n" + markdown.readme(sample())
    if os.environ.get("RM_SNAPSHOT") == "write":
        SNAPSHOT.write_text(made)
    assert made == SNAPSHOT.read_text()


def test_terminal_has_18_lines_of_80_columns(written):
    kind, result, _ = written
    result = replace(result, campaign=replace(
        result.campaign, synthetic=True, name=result.campaign.name + "\x1b[2J"))
    lines = terminal.lines(result, PAGE)
    assert len(lines) <= 18 and max(map(len, lines)) <= 80
    assert str(PAGE) in lines[-1]
    assert all(c.isprintable() for line in lines for c in line)
    assert "SYNTHETIC" in lines[0]


def test_commands_have_the_folder_as_given(tmp_path):
    page = write.write(KINDS["sound"](), tmp_path / "a b/report")
    assert f"readmostly advise '{tmp_path}/a b' " in page.read_text().replace("&#39;", "'")


def test_ranking_is_not_printed_if_a_control_failed(tmp_path):
    page = write.write(KINDS["invalid"](), tmp_path / "report")
    words = page_numbers.words(page.read_text())
    assert "No ranking" in words and "Fastest" not in words
    assert not re.search(r"\b(62\.6|43\.7)\b", words)


def test_misuse_is_on_no_page_and_bounds_are_marked(tmp_path):
    folder = write.write(sample(), tmp_path / "report").parent
    for file in (*folder.glob("*.html"), *folder.glob("*/*.csv")):
        assert "broken" not in file.read_text(), file
    html = (folder / "index.html").read_text()
    refs = html[html.index('<tbody class="refs">'):]
    assert "null_map" in refs[:refs.index("</tbody>")]
    assert "bound" in refs[:refs.index("</tbody>")]


def test_hostile_texts_stay_texts(tmp_path):
    folder = write.write(hostile(), tmp_path / "report").parent
    bad = hostile().groups[0].leader
    for page in PAGES:
        html = (folder / f"{page}.html").read_text()
        assert "<script>alert" not in html
        assert html.count("<script") <= 1
    assert bad in page_numbers.words((folder / "index.html").read_text())
    with (folder / "tables" / "board.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["map"] == bad
    tex = (folder / "tables" / "board.tex").read_text()
    assert r"\textless{}script\textgreater{}" in tex and r"\{\{" in tex
    assert "|alert" not in (folder / "tables" / "board.md").read_text()


def test_gnuplot_runs_no_command_of_a_name(tmp_path):
    name = "`touch ran`$(touch ran);system('touch ran')"
    result = hostile()
    scaling = tuple(replace(one, map=name) for one in result.scaling)
    folder = write.write(replace(result, scaling=scaling),
                         tmp_path / "report").parent
    assert not list(folder.rglob("ran"))
    if any(folder.glob("plots/*.svg")):
        assert "touch ran" in (folder / "plots" / "scaling.svg").read_text()


@pytest.mark.parametrize("template", [
    "{{ r.answer.unseen }}", "{{ r.runs.cells ~ '' }}", "{{ r.answer.rate }}",
    "{{ '%s' | format(r.answer.rate.value) }}", "{{ [r.runs.cells] | join }}"])
def test_template_cannot_print_a_bare_number(template):
    env = text.environment(html=True)
    with pytest.raises(TypeError):
        env.from_string(template).render(**text.context(sample()))


def test_template_cannot_name_a_field_that_is_not_in_the_model():
    env = text.environment(html=True)
    with pytest.raises(UndefinedError):
        env.from_string("{{ r.answer.speed }}").render(**text.context(sample()))


@pytest.mark.parametrize("kind, value, printed", [
    ("mops", 78612345, "78.6"), ("mops", 2345, "0.00234"),
    ("mops", 101e6, "101"), ("mops", 99.96e6, "100"), ("short", 1.8, "1.8"),
    ("short", 1.043, "1.04"), ("short", 9.96, "10"), ("short", 33757, "33.8k"),
    ("times", .912, "0.91"), ("times", 1.2096, "1.21"), ("times", 999.7, "1.00k"),
    ("margin", .0301, "4 %"), ("margin", .03, "3 %"), ("margin", .00441, "0.5 %"),
    ("margin", 1.003, "over 100 %"), ("inverse", .25, "4.0"), ("share", .97, "97 %"),
    ("share", .027, "2.7 %"),
    ("rest", .03, "97 %"), ("excess", 1.11, "11 %"),
    ("change", .88, "−12 %"), ("ns", 892, "892 ns"), ("ns", 1291, "1.29 µs"),
    ("ns", 999.7, "1.00 µs"), ("window", 2e7, "20 ms"), ("count", 65536, "65,536"),
    ("bytes", 2560, "2.50 KiB"), ("per_entry", 66.3, "66"), ("minutes", 12, "12"),
    ("number", 16384, "16.4k"), ("number", 0, "0"), ("mops", None, "–")])
def test_format(kind, value, printed):
    assert formats.text(kind, value).replace(formats.NBSP, " ") == printed


def test_printed_margin_covers_the_interval():
    for i in range(1, 4000):
        true = 1.0017 ** i / 4000
        printed = formats.margin(true).split(formats.NBSP)[0]
        if true > 1:
            assert printed == "over 100"
        else:
            assert true - 1e-9 <= float(printed) / 100 <= true + .0101


@pytest.mark.parametrize("macro, value, printed", [
    ("slower", 0.44, "2.3 times faster"), ("slower", 2.26, "2.3 times slower"),
    ("seen", 1.11, "A lead of 11 % would have been detected."),
    ("seen", 2.15, "Only a lead of 115 % would have been detected: the run is too noisy to rank "
     "close maps."),
    ("seen", 1e14, "The noise hides even a lead of 10 times.")])
def test_ratios_have_words_for_either_side(macro, value, printed):
    words = text.environment(html=False).get_template("words.j2").module
    assert getattr(words, macro)(Number(value, "x")).replace(formats.NBSP, " ") == printed


def test_disturbed_maps_are_the_reason_for_a_missing_ranking():
    check = Check(Question.UNDISTURBED, State.FAILED, Trust.NOT, 1.0, 0.1, 25, 26, ("a", "b"))
    result = sample()
    lines = " ".join(" ".join(terminal.lines(replace(result, trust=replace(
        result.trust, verdict=Trust.NOT, reason=check)), PAGE)).split())
    assert lines.startswith("No ranking: other programs disturbed the run.")
    assert "25 of 26 runs of this ranking were disturbed, most often runs of a: 100 %;" in lines


def test_the_line_of_trust_names_settings_that_hide_disturbance():
    check = Check(Question.UNDISTURBED, State.UNKNOWN, Trust.CARE, 0.99, 0.2, 0, 60)
    other = Check(Question.STEADY, State.FAILED, Trust.CARE)
    result = replace(sample(), busy="x")
    for reason in (check, other):
        trust = replace(result.trust, verdict=Trust.CARE, reason=reason, checks=(other, check))
        lines = " ".join(" ".join(terminal.lines(replace(result, trust=trust), PAGE)).split())
        assert lines.count("raised repeat-wait to 99 %, which hides disturbance") == 1
        assert lines.count("The machine was busy when the run began.") == 1


def test_labels_of_a_figure_do_not_overlap():
    wanted = [100.0, 101, 102, 300, 300, 300, 5]
    placed = figures.apart(wanted, 16, 300)
    order = sorted(placed)
    assert all(b - a >= 15.99 for a, b in zip(order, order[1:]))
    assert 5 <= order[0] and order[-1] <= 300
    assert min(figures.apart([5.0] * 4, 16, 300)) >= 5
    assert sorted(range(7), key=lambda i: placed[i])[0] == 6


def test_bar_ends_at_its_rate():
    board = [row for row in sample().board if row.map != "broken"]
    bars = figures.bars(board, {"null_map"})
    high = board[0].rate.high
    for row in board[:-1]:
        assert bars[row.map].width == pytest.approx(
            100 * row.rate.value / high, abs=.01)
        assert bars[row.map].left == pytest.approx(
            100 * row.rate.low / high, abs=.01)
    assert bars["null_map"].width == 100


def test_csv_has_the_numbers_of_the_model(tmp_path):
    result = sample()
    folder = write.write(result, tmp_path / "report").parent
    with (folder / "tables" / "throughput.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    entries = [e for group in result.groups for e in group.entries if e.ranked]
    assert [(r["map"], float(r["rate"]), float(r["rate_low"]), int(r["n"]))
            for r in rows] == [(e.map, e.rate.value, e.rate.low, e.rate.n)
                               for e in entries]
    with zipfile.ZipFile(folder / "data.zip") as packed:
        assert {"verdicts.json", "tables/board.csv", "plots/scaling.csv"} <= \
            set(packed.namelist())


def test_unknown_table_or_column_is_an_error():
    for table in (Table("nonsense", ("map",), ()),
                  Table("latency", ("map", "p98"), (("x", 1.0),))):
        with pytest.raises(ValueError, match="tables.toml"):
            sheets.sheets(replace(sample(), tables=(table,)))


def test_each_format_of_tables_toml_exists():
    for name, spec in sheets.specs().items():
        for column in (*spec.place, *spec.columns):
            assert column.format in ("text", "file", *formats.FORMATS), (name, column)


def test_killed_process_leaves_the_old_report(tmp_path):
    """The child process is killed after all files of the new report are written, but before the new
    folder replaces the old one."""
    folder = tmp_path / "report"
    write.write(KINDS["alone"](), folder)
    old = (folder / "verdicts.json").read_text()
    child = os.fork()
    if child == 0:
        write.replace = lambda *_: os._exit(9)
        write.write(sample(), folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert (folder / "verdicts.json").read_text() == old
    assert [p.name for p in tmp_path.iterdir()] != ["report"]
    write.write(sample(), folder)
    assert [p.name for p in tmp_path.iterdir()] == ["report"]
    assert (folder / "verdicts.json").read_text() != old


def test_folder_that_is_a_link_is_rejected(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "report").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        write.write(KINDS["alone"](), tmp_path / "report")
    assert not list((tmp_path / "elsewhere").iterdir())


def test_folder_that_is_a_file_is_rejected(tmp_path):
    (tmp_path / "report").write_text("mine")
    with pytest.raises(OSError, match="a file, expected a folder"):
        write.write(KINDS["alone"](), tmp_path / "report")
    assert [p.name for p in tmp_path.iterdir()] == ["report"]


def test_page_says_that_gnuplot_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = write.write(sample(), tmp_path / "report").parent
    assert "no gnuplot found" in page_numbers.words((folder / "index.html").read_text())
    assert (folder / "plots" / "board.gp").is_file()
    assert not list(folder.glob("plots/*.svg"))
