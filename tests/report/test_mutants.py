# SPDX-License-Identifier: Apache-2.0
"""Mutants are drawn by their seed alone, change one place each, and a test
kills one only if it is green without it."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/tools")]
import mutants  # noqa: E402
import mutants_draw  # noqa: E402

ROWS = mutants_draw.table()

SOURCE = """/* What a < b means. */
int less(int a, int b)
{
	return a < b; // "a < b"
}
"""
HEADER = "enum { BOUND = 3 }; /* of others than less.c */\n"
MAKEFILE = """BUILD := b
all: $(BUILD)/runner/less.o $(addprefix $(BUILD)/tests/,fake_trial their_trial judge_facts)
test-programs: $(BUILD)/tests/test_less
$(BUILD)/%.o: %.c
	mkdir -p $(@D) && cc -O2 -c -o $@ $<
$(BUILD)/tests/test_less: tests/unit/base/test_less.c $(BUILD)/runner/less.o runner/less.h
	cc -I. -o $@ $(filter-out %.h,$^)
$(BUILD)/tests/%:
	mkdir -p $(@D) && touch $@
"""
TEST = """/* of what impls/lib/ holds, too */
#include "runner/less.h"
#include <stdio.h>
int less(int a, int b);
int main(void)
{
	const int right = %s;
	printf("%%sok 1 - 1 is less than 2\\n1..1\\n", right ? "" : "not ");
	return !right;
}
"""
PROVE = '#!/bin/sh\necho "side by side: b/tests/test_less"\n'


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r.kind} {r.pattern.pattern}")
def test_each_row_does_what_its_example_says(row):
    for language in row.languages:
        changed = mutants_draw.changes(row.line, language, [row])
        assert changed[0] == (row.kind, row.changed)


@pytest.mark.parametrize("line, language", [
    ('\tputs("a < b && c");', "c"), ("\tx(); /* a < b */", "c"),
    ("    # a < b and c", "py"), ('    say = "a < b"  # c > d', "py"),
    ("echo $1 # a = b", "sh")])
def test_words_are_left_alone(line, language):
    words = {after for kind, after in mutants_draw.changes(line, language, ROWS)
             if kind in ("relation", "logic")}
    assert not words


def test_comments_docstrings_and_directives_are_no_code():
    text = '"""Doc.\n\n    a < b\n"""\nimport os\nx = a < b\n'
    assert [n for n, _ in mutants_draw.code_lines(text, "py")] == [6]
    text = "#if a < b\n/* a\n * < b */\n// no\nx = a < b;\n"
    assert [n for n, _ in mutants_draw.code_lines(text, "c")] == [5]


def test_a_seed_is_one_order_and_another_seed_is_another():
    first, same = (mutants_draw.drawn(ROOT, 7) for _ in range(2))
    assert first == same and first != mutants_draw.drawn(ROOT, 8)
    for part, drawn in first.items():
        assert len(drawn) > 100 and {m.part for m in drawn} == {part}
        assert len({m.path for m in drawn}) == len(drawn)
        for mutant in drawn:
            text = (ROOT / mutant.path).read_text(encoding="utf-8")
            assert text.split("\n")[mutant.number - 1] == mutant.before
            assert mutant.before != mutant.after


@pytest.fixture
def tree(tmp_path):
    """A project of one function, built, with one test of it."""
    def made(right="less(1, 2) && !less(2, 1)"):
        files = {"runner/less.c": SOURCE, "runner/less.h": HEADER, "Makefile": MAKEFILE,
                 "README.md": "", "tests/tools/prove.sh": PROVE,
                 "tests/unit/base/test_less.c": TEST % right}
        for name, text in files.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (tmp_path / "tests/tools/prove.sh").chmod(0o755)
        (tmp_path / ".gitignore").write_text("/b\n")
        for words in (["git", "init", "-q"], ["git", "add", "-A"],
                      ["make", "-s", "all"]):
            subprocess.run(words, cwd=tmp_path, check=True)
        (tmp_path / "README.md").rename(tmp_path / "NEW.md")
        return mutants.Tree(tmp_path, "b")
    return made


def test_tests_are_built_before_any_mutant_is_judged(tree):
    copy = tree()
    assert (copy.at / "b/tests/test_less").exists()
    assert not (copy.at.parents[1] / "b/tests/test_less").exists()


def test_tests_that_do_not_build_judge_none(tree, capsys):
    with pytest.raises(SystemExit) as ended:
        tree(right="less(")
    assert ended.value.code == 2
    assert "do not build without a mutant" in capsys.readouterr().err


def mutant(after):
    return mutants_draw.Mutant("runner/less.c", 4, "relation",
                               '\treturn a < b; // "a < b"', after)


def test_a_mutant_is_killed_by_the_fact_that_it_breaks(tree):
    copy = tree()
    assert mutants.near(copy, mutant("\treturn a > b;")) == (
        "killed", "test_less: not ok 1 - 1 is less than 2")
    assert (copy.at / "runner/less.c").read_text() == SOURCE


@pytest.mark.parametrize("path, near", [
    ("runner/less.c", 0), ("runner/base/other.c", 3),
    ("runner/base/below/other.c", 3), ("runner/plan/other.c", 9),
    ("impls/lib/other.c", 3), ("impls/other.c", 9)])
def test_near_are_tests_of_its_name_and_of_a_room_around_it(tree, path, near):
    of = mutants_draw.Mutant(path, 1, "relation", "a < b", "a > b")
    assert mutants.nearness(tree(), "b/tests/test_less", of) == near


def test_a_mutant_that_no_test_sees_is_left(tree):
    copy, unseen = tree(), mutant("\treturn a <= b;")
    assert mutants.near(copy, unseen) == ("not seen near", None)
    assert mutants.far(copy, [unseen], None) == [unseen]


def test_of_two_in_one_tree_the_one_that_is_seen_is_told(tree):
    copy = tree()
    seen, unseen = mutant("\treturn a > b;"), mutants_draw.Mutant(
        "NEW.md", 1, "number", "", "1")
    told = []
    assert mutants.far(copy, [unseen, seen],
                       lambda *one: told.append(one)) == [unseen]
    assert told == [(seen, "test_less: not ok 1 - 1 is less than 2")]
    assert (copy.at / "NEW.md").read_text() == ""


@pytest.mark.parametrize("after, why", [
    ("\treturn (a) < b;", "the same code"),
    ("\treturn a <", "does not compile")])
def test_what_is_no_mutant_is_passed_over(tree, after, why):
    assert mutants.near(tree(), mutant(after)) == ("passed over", why)


def test_a_header_is_held_against_more_than_its_own_file(tree):
    """What less.c is compiled to says nothing of those that include less.h."""
    other = mutants_draw.Mutant("runner/less.h", 1, "number", HEADER[:-1],
                                HEADER[:-1].replace("3", "4"))
    assert mutants.near(tree("less(1, 2) && BOUND == 3"), other) == (
        "killed", "test_less: not ok 1 - 1 is less than 2")


def test_a_test_that_is_red_anyway_kills_nothing(tree, capsys):
    with pytest.raises(SystemExit):
        mutants.near(tree("0"), mutant("\treturn a <= b;"))
    assert "red without a mutant: test_less" in capsys.readouterr().err
