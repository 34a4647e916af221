# SPDX-License-Identifier: Apache-2.0
"""The grades of docs/articles/README.md: 72 rows, and evidence that a reader
can paste and find."""
import functools
import json
import re
import shlex

import article_rows as rows
import pytest

PAGE = rows.ARTICLES / "README.md"
IDS = [f"{letter}{n}" for letter, most in (("M", 16), ("W", 32), ("T", 24))
       for n in range(1, most + 1)]
LINES = {found[1]: found[0] for found in re.finditer(
    r"^\| ([MWT]\d+) \|.*$", PAGE.read_text(encoding="utf-8"), re.M)}
WORDS = ("asserted", "counted", "measured", "simulated")


def cells(line):
    return [cell.strip() for cell in
            re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def commands(evidence):
    return [text.replace("\\|", "|") for text in
            re.findall(r"`([^`]+)`", evidence)]


each = pytest.mark.parametrize("name", IDS)


def test_there_are_72_rows_each_once():
    page = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^\| ([MWT]\d+) \|", page, re.M) == IDS
    assert len(IDS) == 72


def a_grade(text):
    """What lacks of PARTIAL is not the project's; of DIFFERS it is."""
    return text == "REAL" or re.match(
        r"PARTIAL: (hardware|Go's runtime), \w+( \S+){4,}", text) or (
        re.match(r"DIFFERS: \S+( \S+){6,}", text)
        and not re.search("hardware|Go's runtime", text))


def test_a_grade_without_a_reason_is_none():
    assert a_grade("PARTIAL: hardware, a PMU, which this machine has not")
    assert a_grade("DIFFERS: own shares only, since the build has no frames")
    for text in ("DIFFERS", "DIFFERS: by choice", "PARTIAL", "real",
                 "PARTIAL: the project has none of what it would take",
                 "DIFFERS: hardware, a PMU, which this machine has not"):
        assert not a_grade(text), text


# Rows whose named part a blind reading found to be done otherwise. Whoever
# mends one takes it out of this set and says REAL.
OTHERWISE = set()


def test_what_is_done_otherwise_is_not_called_real():
    differs = {name for name in IDS
               if cells(LINES[name])[1].startswith("DIFFERS: ")}
    assert differs == OTHERWISE


@each
def test_a_grade_is_real_or_says_what_lacks(name):
    _, grade, evidence = cells(LINES[name])
    assert a_grade(grade), grade
    assert any(word in evidence for word in WORDS), evidence
    assert re.search(r"\d", re.sub(r"`[^`]*`", "", evidence)), \
        "no figure beside the command"


@functools.cache
def known_maps():
    listed = json.loads(rows.run("list", "--json"))
    return {one["id"] for part in listed.values() for one in part}


@functools.cache
def sources():
    """What names statistics and members, and the facts of unit tests."""
    return (rows.text_of(("runner", "impls"), ("*.[ch]",)),
            rows.text_of(("tests",), ("*.[ch]", "*.sh")))


PATH = re.compile(r"\b(?:tests|workloads|impls|runner|docs|report)"
                  r"/[\w./-]*\w\.(?:py|sh|conf|c|h|md|tsv)\b")
COMPUTED = {"mops", "slices"}


@each
def test_what_a_command_names_exists(name):
    _, _, evidence = cells(LINES[name])
    found = commands(evidence)
    assert found and re.match(
        r"(RM_|make |build/|tests/|python3 |perf |pahole |valgrind |"
        r"objdump |gdb |LD_PRELOAD|seq )", found[0]), found
    for command in found:
        for path in PATH.findall(command):
            assert (rows.ROOT / path).exists(), path
        for test in re.findall(r"build/gcc/tests/(test_\w+)", command):
            assert list(rows.ROOT.glob(f"tests/unit/*/{test}.c")), test
        for wish in re.findall(r"--maps ('[^']+'|\S+)", command):
            for one in wish.strip("'").split():
                assert one in known_maps(), one


@each
def test_a_fact_that_is_cited_is_a_test_s(name):
    """Facts stand in double quotes in the evidence."""
    _, _, evidence = cells(LINES[name])
    for fact in re.findall(r'"([^"]+)"', re.sub(r"`[^`]*`", "", evidence)):
        assert fact in sources()[1], fact


@functools.cache
def words_of_code():
    """Of all texts in it: names of statistics are put together of them."""
    return set(re.findall(r"[a-z]+", " ".join(
        re.findall(r'"([^"\n]*)"', sources()[0]))))


def asked_of_figures(name):
    """What follows figures.py in a row's commands: file, names, options."""
    _, _, evidence = cells(LINES[name])
    for words in map(shlex.split, commands(evidence)):
        if "tests/tools/figures.py" in words:
            yield words[words.index("tests/tools/figures.py") + 1:]


@each
def test_figures_that_are_printed_have_a_name(name):
    for _, figures, *_ in asked_of_figures(name):
        assert re.fullmatch(r"[a-z0-9_.:,]+", figures), figures
        for one in figures.replace(":end", "").split(","):
            assert one in COMPUTED or words_of_code() >= set(
                re.findall("[a-z]+", one)), one


@each
def test_what_figures_are_of_can_be_planned(name):
    """With its own options, and a cell that can run."""
    for file, _, *options in asked_of_figures(name):
        found = json.loads(rows.run("plan", "--json", rows.ROOT / file,
                                    *options))["cells"]
        assert any(cell["skip"] is None for cell in found)
