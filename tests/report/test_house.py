# SPDX-License-Identifier: Apache-2.0
"""The limits of tests/tools/house.py hold here, and each of them can fail.

A small tree keeps every limit; each test plants one violation in it and
expects that figure over its limit, with its place, and no other.
"""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "tests/tools/house.py"

CLEAN = {
    "runner/map.h": """\
/* The contract: any file may include it. */
struct rm_map_ops {
	int lookup;
};
""",
    "runner/main.c": """\
#include "runner/map.h"
#include "runner/plan/plan.h"
#include "runner/trial/trial.h"
#include "runner/base/clock.h"

int main(void)
{
	return rm_plan_sum(1) + rm_plan_make(1) + rm_trial_run(1);
}
""",
    "runner/base/clock.h": """\
static inline long rm_now(void) { return 0; }
""",
    # Prototypes of a door make no circle: it declares for its whole room.
    "runner/plan/plan.h": """\
/* rm_cells_none in a comment is no use of it. */
int rm_plan_make(int cells);
int rm_plan_sum(int cells);
int rm_cells_count(int cells);
""",
    "runner/plan/sum.c": """\
#include "runner/plan/plan.h"

int rm_plan_sum(int cells)
{
	return rm_plan_make(cells) + rm_plan_make(1);
}
""",
    "runner/plan/plan.c": """\
#include "runner/plan/plan.h"
#include "runner/plan/cells.h"

int rm_plan_make(int cells)
{
	return rm_cells_count(cells);
}
""",
    "runner/plan/cells.h": """\
struct rm_cells {
	int count;
};
int rm_cells_none(void);
""",
    "runner/plan/cells.c": """\
#include "runner/plan/cells.h"

int rm_cells_count(int cells)
{
	return cells + 1;
}

int rm_cells_none(void)
{
	return 0;
}
""",
    "runner/trial/trial.h": """\
int rm_trial_run(int cell);
int rm_trial_hook(void);
#define RM_TRIAL_HOOK() rm_trial_hook()
""",
    "runner/trial/trial.c": """\
#include "runner/trial/trial.h"
#include "runner/plan/plan.h"

/* A comment above
   its head. */
static int
twenty_two(void)
{
""" + "\t;\n" * 18 + """\
	return 22;
}

int rm_trial_run(int cell)
{
	const char *text = "rm_cells_none";

	return rm_cells_count(cell) + twenty_two() + !text;
}

int rm_trial_hook(void)
{
	return 0;
}
""",
    "impls/probe/probe.c": """\
#include "runner/map.h"
#include "runner/base/clock.h"
""",
    "tests/unit/plan/test_cells.c": """\
#include "runner/plan/cells.h"

int main(void)
{
	return rm_cells_none();
}
""",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in CLEAN.items():
        add(tmp_path, name, text)
    return tmp_path


def add(root, name, text):
    """Makes a file, or adds to the one there is."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as out:
        out.write(text)


def house(*arguments):
    return subprocess.run([sys.executable, HOUSE, *arguments], text=True,
                          capture_output=True, check=False)


def figures(run):
    """figure -> the other cells of its line in the table."""
    lines = run.stdout.split("\n\n")[0].splitlines()
    return {line.split()[0]: line.split()[1:] for line in lines[1:]}


def over(root):
    """The figures over their limits; the exit status must agree."""
    run = house(root, "--check")
    names = {name for name, cells in figures(run).items() if cells[-1] == "over"}
    assert run.stderr == ""
    assert run.returncode == (1 if names else 0)
    return names


def places(root, name):
    run = house(root, "--list", name)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def git(root, *arguments):
    subprocess.run(["git", *arguments], cwd=root, check=True)


def function(name, body):
    return f"int {name}(void)\n{{\n\t{body}\n}}\n"


def test_the_limits_hold_on_this_tree():
    run = house(ROOT, "--check")
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_clean_tree_is_over_no_limit(tree):
    assert over(tree) == set()


def test_public_functions_are_told_apart_by_their_users(tree):
    add(tree, "runner/plan/sum.c", "int (*const passed)(void) = rm_cells_one;\n")
    add(tree, "runner/plan/cells.c", function("rm_cells_one", "return 1;"))
    assert places(tree, "own-room") == ["runner/plan/cells.c:12: rm_cells_one"]
    assert places(tree, "other-room") == [
        "runner/plan/cells.c:3: rm_cells_count",
        "runner/plan/plan.c:4: rm_plan_make",
        "runner/plan/sum.c:3: rm_plan_sum",
        "runner/trial/trial.c:30: rm_trial_run"]
    assert places(tree, "tests-only") == ["runner/plan/cells.c:8: rm_cells_none"]
    assert places(tree, "uncalled") == ["runner/main.c:6: main",
                                        "runner/trial/trial.c:37: rm_trial_hook"]
    assert figures(house(tree))["public"] == ["8"]


def test_files_that_call_each_other_are_a_circle(tree):
    add(tree, "runner/plan/cells.c", function("rm_cells_plan", "return rm_plan_make(1);"))
    assert over(tree) == {"circles"}
    assert places(tree, "circles") == ["runner/plan/cells: cells plan"]


def test_a_private_header_that_declares_its_caller_makes_a_circle(tree):
    add(tree, "runner/plan/cells.h", "int rm_cells_sum(void);\n")
    add(tree, "runner/plan/cells_sum.c", function("rm_cells_sum", "return rm_cells_none();"))
    assert over(tree) == {"circles"}
    assert places(tree, "circles") == ["runner/plan/cells: cells cells_sum"]
    assert places(tree, "circles-reviewed") == [
        "runner/plan/cells: cells cells_sum", "runner/plan/plan: plan sum"]


def test_a_tag_of_two_headers_is_seen_twice(tree):
    add(tree, "runner/trial/trial.h", "enum rm_cells { RM_CELLS_NONE };\n")
    add(tree, "runner/plan/sum.c", "struct part { int x; };\n")
    add(tree, "runner/trial/trial.c", "struct part { long y; };\n")
    assert over(tree) == {"tags"}
    assert places(tree, "tags") == ["runner/plan/cells.h:1: struct rm_cells; "
                                    "runner/trial/trial.h:4: enum rm_cells"]


@pytest.mark.parametrize("path", ["impls/probe/probe.c", "runner/main.c",
                                  "tests/unit/trial/test_trial.c"])
def test_an_include_may_not_pass_a_door(tree, path):
    add(tree, path, '#include "runner/plan/cells.h"\n')
    assert over(tree) == {"passing-includes"}
    line = (tree / path).read_text().count("\n")
    assert places(tree, "passing-includes") == [f"{path}:{line}: runner/plan/cells.h"]


def test_a_second_include_of_plan_by_those_below_it_is_too_much(tree):
    add(tree, "runner/trial/trial.h", '#include "runner/plan/plan.h"\n')
    assert over(tree) == {"plan-includes"}
    assert places(tree, "plan-includes") == [
        "runner/trial/trial.c:2: runner/plan/plan.h",
        "runner/trial/trial.h:4: runner/plan/plan.h"]


def test_a_room_without_a_door_is_named(tree):
    add(tree, "runner/check/play.c", function("rm_play", "return 0;"))
    assert over(tree) == {"doors-missing"}
    assert places(tree, "doors-missing") == ["runner/check: no runner/check/check.h"]


def test_a_door_function_that_only_its_unit_test_calls_is_idle(tree):
    add(tree, "runner/plan/plan.h", "int rm_plan_idle(void);\n")
    add(tree, "runner/plan/sum.c", function("rm_plan_idle", "return 0;"))
    add(tree, "tests/unit/plan/test_plan.c", function("test", "return rm_plan_idle();"))
    add(tree, "runner/trial/trial.c", "int rm_plan_idle(void);\n")
    assert over(tree) == {"idle.plan"}
    assert places(tree, "idle") == ["runner/plan/plan.h:5: rm_plan_idle"]


def test_a_door_answers_for_the_headers_it_includes(tree):
    add(tree, "runner/plan/plan.h", '#include "runner/plan/cells.h"\n')
    assert over(tree) == {"idle.plan"}
    assert places(tree, "idle") == ["runner/plan/cells.h:4: rm_cells_none"]


def test_a_long_static_function_owes_a_comment(tree):
    body = "\n\t".join([";"] * 17 + ["return 0;"])
    add(tree, "runner/plan/sum.c", "static " + function("twenty_one", body))
    assert over(tree) == {"bare"}
    assert places(tree, "bare") == ["runner/plan/sum.c:7: twenty_one: 21 lines"]


@pytest.mark.parametrize("long, count, names", [
    (29, 1, set()), (28, 2, set()), (29, 2, {"length.p90"})])
def test_nine_of_ten_functions_keep_to_28_lines(tree, long, count, names):
    body = "\n\t".join([";"] * (long - 4) + ["return 0;"])
    for number in range(count):
        add(tree, "impls/probe/probe.c", function(f"probe_{number}", body))
    assert over(tree) == names


def test_lines_of_code_leave_out_blanks_comments_and_docstrings(tree):
    add(tree, "report/page.py", '"""Two\nlines."""\n\nX = """a\nb"""  # c\n\n# d\n')
    add(tree, "impls/probe/probe.c", '/* a\n\n b */ int x; /* c */\n// d\n"/*";\n')
    cells = figures(house(tree))
    assert cells["lines.report.Python"] == ["2"]
    assert cells["lines.impls.C"] == ["4"]
    assert cells["lines.room.base"] == ["1"]


def test_a_baseline_stands_beside_the_tree(tree):
    git(tree, "init", "-q")
    git(tree, "add", ".")
    git(tree, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "a")
    add(tree, "runner/plan/sum.c", function("rm_plan_more", "return 0;"))
    cells = figures(house(tree, "--baseline", "HEAD"))
    assert cells["public"] == ["7", "8", "+1"]
    assert cells["circles"] == ["0", "0", "+0", "0", "ok"]
    assert cells["lines.room.base"] == ["1", "1", "+0"]
    before, now, change = map(int, cells["lines.room.plan"])
    assert now - before == change == 4


def test_one_tree_gives_the_same_bytes_wherever_it_lies(tree, tmp_path_factory):
    copy = tmp_path_factory.mktemp("copy")
    for name in reversed(CLEAN):
        add(copy, name, CLEAN[name])
    assert house(tree).stdout == house(copy).stdout


def test_an_unknown_figure_and_an_unknown_commit_are_errors(tree):
    assert "expected one of public" in house(tree, "--list", "nothing").stderr
    run = house(tree, "--baseline", "nothing")
    assert run.returncode == 1
    assert "expected a commit" in run.stderr
