# SPDX-License-Identifier: Apache-2.0
"""Facts about the words for the reasons of a red cell, each line against one
written down here. What is found out: test_why.py."""
import pytest

from report.why import normal, story

SAME = {"instructions": "not counted", "loop": None, "again": "make x"}


def mix(**counts):
    return dict.fromkeys(normal.KINDS, 0) | counts


def size(n, **counts):
    """A function of n instructions, 4 bytes each."""
    return {"bytes": 4 * n, "instructions": n} | mix(**counts)


def function(name, lines=(), base=1, head=1, measured=True):
    """A function that is other; None of an arm: it is not there."""
    return {"name": name, "measured": measured, "lines": list(lines),
            "is": "new" if base is None else
            "gone" if head is None else "changed",
            "base": base and size(base), "head": head and size(head)}


def code_of(*functions):
    return {"map": "m", "functions": list(functions)}


def said(*functions):
    return list(story.code_lines(code_of(*functions)))


# ---- machine code ----------------------------------------------------------

def test_a_function_that_only_one_program_has_is_told_with_its_size():
    assert said(function("grow", base=None, head=3)) == [
        "code: grow is new (12 bytes, 3 instructions)"]
    assert said(function("grow", base=5, head=None)) == [
        "code: grow is gone (20 bytes, 5 instructions)"]


def test_a_function_that_both_have_is_told_with_what_differs():
    change = function("find") | {"base": size(5, loads=2, calls=1),
                                 "head": size(7, loads=4, calls=1)}
    assert said(change) == [
        "code: find changed: 20 -> 28 bytes, 5 -> 7 instructions "
        "(loads 2 -> 4)"]
    alike = change | {"base": size(5, loads=2), "head": size(5, loads=2)}
    assert said(alike)[0].endswith("(of the same kinds)")


def test_the_function_with_most_lines_of_a_diff_leads():
    lines = said(function("a", ["+x"]), function("c", ["-x", " y", "+z"]),
                 function("b", [" y", " y", " y", "+x"]))
    assert [x.split()[1] for x in lines if x.startswith("code:")] == [
        "c", "a", "b"], "of as many, by name"


def test_the_diffs_of_two_functions_are_shown():
    lines = said(*(function(n, ["-x " + n, "+y " + n]) for n in "abc"))
    assert lines[3:] == ["diff of a:", "    -x a", "    +y a",
                         "diff of b:", "    -x b", "    +y b"]


def test_a_function_without_a_diff_takes_no_ones_place():
    lines = said(function("a", ["+x"]), function("b", ["+x"]),
                 function("grow", base=None))
    assert [x for x in lines if x.startswith("diff")] == [
        "diff of a:", "diff of b:"]
    assert said(function("grow", base=None)) == [
        "code: grow is new (4 bytes, 1 instructions)"]


def test_six_functions_are_told_and_the_others_named():
    names = "abcdefgh"
    assert not any("also" in x for x in said(*map(function, names[:6])))
    lines = said(*map(function, names))
    assert len([x for x in lines if " changed: " in x]) == 6
    assert lines[6] == "code: also g, h"


def test_what_the_loop_does_not_call_is_named_apart():
    grow = function("grow", ["+x"], measured=False)
    assert said(grow) == [
        "code: no function that the measured loop calls is other machine "
        "code", "code: not called by the measured loop: grow"]
    assert said(function("find", ["+x"]), grow)[1:] == [
        "code: not called by the measured loop: grow",
        "diff of find:", "    +x"]


def test_eight_names_are_said_and_the_others_counted():
    changes = [function(f"f{i}") for i in range(8)]
    assert story.names(changes) == "f0, f1, f2, f3, f4, f5, f6, f7"
    assert story.names([*changes, function("g")]).endswith(", f7 and 1 more")
    assert story.names([function("f", head=None), function("g", base=None),
                        function("h")]) == "f (gone), g (new), h"


def test_a_loop_is_told_as_it_is_found():
    assert story.loop_lines(None) == ["loop: not found in both programs"]
    loop = {"function": "drive", "differs": False, "lines": ["+x"],
            "base": size(4), "head": size(5, stores=1)}
    assert story.loop_lines(loop) == [
        "loop: that of drive is the same code, 5 instructions"]
    assert story.loop_lines(loop | {"differs": True}) == [
        "loop: drive 4 -> 5 instructions (stores 0 -> 1)", "    +x"]


# ---- instructions ----------------------------------------------------------

def counted(base, head, functions=(), places=()):
    return {"base": base, "head": head, "operations": 50, "lines": [
        {"file": "m.c", "line": n, "head": times} for n, times in places],
        "functions": [{"name": n, "base": 1, "head": 2} for n in functions]}


@pytest.mark.parametrize("found, lines", [
    ("no valgrind here", ["instructions: no valgrind here"]),
    (counted(0, 0),
     ["instructions: none was counted in the map's functions"]),
    (counted(140, 140),
     ["instructions: equal, 140 in the map's functions (cachegrind)"]),
    (counted(0, 50, "f"),
     ["instructions: 0 -> 50 (from none) in the map's functions (cachegrind),"
      " +50 in 50 operations: f 1 -> 2"]),
    (counted(50, 0, "f"),
     ["instructions: 50 -> 0 (x 0) in the map's functions (cachegrind),"
      " -50 in 50 operations: f 1 -> 2"]),
    (counted(4, 6, "abcde", [(7, 3), (9, 1)]),
     ["instructions: 4 -> 6 (x 1.5) in the map's functions (cachegrind),"
      " +2 in 50 operations: a 1 -> 2, b 1 -> 2, c 1 -> 2, d 1 -> 2",
      "instructions: new or more often at m.c:7 (3), m.c:9 (1)"])])
def test_instructions_are_told_or_why_they_were_not_counted(found, lines):
    assert story.instruction_lines(found) == lines


# ---- the whole text --------------------------------------------------------

def cell(name, threads=1, red=True, run=None, **more):
    return SAME | {"map": "m", "cell": name, "red": red, "run": run or name,
                   "factors": {"threads": threads}} | more


def text(cells, code=None, **how):
    return list(story.told({"maps": [code or code_of()], "cells": cells,
                            "file": "why.txt"}, **how))


def test_a_cell_tells_all_that_is_known_of_it():
    time = {"slowdown_percent": 2.0, "low_percent": 1.25, "n": 40,
            "high_percent": 2.5}
    found = cell("m t1", time=time, counts=["misses 1 -> 2"],
                 counters="no PMU")
    assert list(story.cell_lines(found)) == [
        "time: slower by +2.00 % [+1.25, +2.50], 40 pairs",
        "counts: misses 1 -> 2", "counters: no PMU",
        "instructions: not counted", "loop: not found in both programs",
        "again: make x"]
    assert len(list(story.cell_lines(cell("m t1")))) == 3, "unasked, unsaid"


def test_on_a_terminal_two_runs_of_a_map_are_told_with_fewest_threads():
    cells = [cell("a4", 4, run="a"), cell("a2", 2, run="a"),
             cell("b8", 8, run="b"), cell("c1", 1, run="c")]
    assert [c["cell"] for c in story.shortened(cells)] == ["c1", "a2"]
    short, full = text(cells, short=True), text(cells)
    assert short[0] == full[0] == "why m, 4 red:"
    assert short[-1] == "  2 more in why.txt"
    assert [x for x in full if x.startswith("  ") and x[2] in "abc" and
            x.endswith(":")] == ["  a4:", "  a2:", "  b8:", "  c1:"]
    assert not any("more in" in x for x in full)
    assert not any("more in" in x for x in text(cells[2:], short=True))


def test_why_code_is_not_known_stands_in_its_place():
    lines = text([cell("m t1")], {"map": "m", "problem": "no objdump"})
    assert lines[:3] == ["why m, 1 red:", "  code: no objdump", "  m t1:"]


def test_a_map_without_a_red_cell_is_not_asked_why():
    assert text([]) == []
    lines = text([cell("m t1", red=False),
                  cell("m t2", red=False, instructions=counted(4, 4)),
                  cell("m t4", red=False,
                       instructions=counted(4, 6, "f"))])
    assert lines == [
        "not red, 3 cells, in 1 other instructions (cachegrind)",
        "  m t4: instructions: 4 -> 6 (x 1.5) in the map's functions "
        "(cachegrind), +2 in 50 operations: f 1 -> 2"]


def test_each_map_is_told_with_its_own_cells():
    reasons = {"file": "why.txt", "maps": [
        {"map": n, "problem": "p"} for n in "mno"], "cells": [
        cell("m t1"), cell("n t1") | {"map": "n"}]}
    titles, lines = zip(*story.by_map(reasons))
    assert titles == ("why m, 1 red", "why n, 1 red"), "o has nothing"
    assert [x[1] for x in lines] == ["  m t1:", "  n t1:"]
    folded = story.markdown(reasons).split("\n")
    assert folded[:5] == [
        "<details><summary>why m, 1 red</summary>", "", "```diff",
        "code: p", "m t1:"], "as a diff's lines begin, so do these"
