# SPDX-License-Identifier: Apache-2.0
"""docs/measurements.md: T1 to T24. Commands that are short run as they stand,
workloads are planned with the options that stand there, and the rest (perf, a
debugger, whole runs of sanitizers) exists."""
import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
PAGE = (TOP / "docs" / "measurements.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in PAGE.splitlines() if re.match(r"\| T\d+ \|", line)]
BUILD = Path(os.environ.get("BUILD", TOP / "build" / "gcc"))


def test_there_are_t1_to_t24_in_order():
    assert [row[0] for row in ROWS] == [f"T{n}" for n in range(1, 25)]
    assert all(len(row) == 4 and all(row) for row in ROWS)


def commands():
    for row in ROWS:
        found = re.findall(r"`([^`]+)`", row[2])
        assert found, f"{row[0]} has no command"
        yield from ((row[0], command) for command in found)


def test_commands_of_readmostly_exist():
    program = BUILD if BUILD.is_absolute() else TOP / BUILD
    if not (program / "readmostly").exists():
        pytest.skip("nothing is built")
    usage = subprocess.run([program / "readmostly", "--help"], check=True,
                           capture_output=True, text=True).stdout
    known = set(re.findall(r"^  ([a-z-]+) ", usage, re.M))
    for name, command in commands():
        for said in re.findall(r"(?:^|/)readmostly ([a-z-]+)", command):
            assert said in known, (name, command)


def test_targets_and_files_exist():
    makefiles = "\n".join(f.read_text(encoding="utf-8") for f in
                          [TOP / "Makefile", *TOP.glob("*/*.mk"),
                           *TOP.glob("*/*/*.mk")])
    for name, command in commands():
        for target in re.findall(r"\bmake ([a-z-]+)", command):
            assert re.search(rf"^{target}:", makefiles, re.M), (name, target)
        for file in re.findall(r"\b(?:workloads|runner|docs)/[\w./-]+",
                               command):
            assert (TOP / file).exists(), (name, file)
        for test in re.findall(r"build/gcc/tests/(test_\w+)", command):
            assert list(TOP.glob(f"tests/unit/*/{test}.c")), (name, test)


def program(name):
    found = (BUILD if BUILD.is_absolute() else TOP / BUILD) / name
    if not found.exists():
        pytest.skip(f"{found} is not built")
    return str(found)


def here(word):
    """A path of the page is of this build."""
    return word.replace("build/gcc/", f"{BUILD}/")


def run(*words):
    done = subprocess.run(words, cwd=TOP, capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, (words, done.stderr)
    return done.stdout


def of(program_and_verb):
    """(row, its words after these) of each command that has them."""
    for name, command in commands():
        found = re.search(rf"\b{program_and_verb}\b(.*)", command)
        if found:
            yield name, [here(word) for word in shlex.split(found[1])]


PLANNED = list(of("readmostly (?:run|timeline)"))
DUMPS = list(of("readmostly dump"))


def test_most_rows_can_be_tried():
    assert len(PLANNED) >= 10 and len(DUMPS) >= 3


@pytest.mark.parametrize("name,words", PLANNED, ids=[p[0] for p in PLANNED])
def test_what_is_run_can_be_planned(name, words):
    words = ["workloads/session-cache.conf" if word == "FILE" else word
             for word in words]
    if "-o" in words:
        at = words.index("-o")
        del words[at:at + 2]
    cells = json.loads(run(program("readmostly"), "plan", "--json",
                           *words))["cells"]
    skips = [cell["skip"] or "" for cell in cells]
    assert "" in skips or any("no counters" in skip for skip in skips)


@pytest.mark.parametrize("name,words", DUMPS, ids=[d[0] for d in DUMPS])
def test_dumps_run(name, words):
    text = run(program("readmostly"), "dump", *words)
    assert len(text.splitlines()) > 5
    assert "third conflict" in text or name != "T15"


def test_the_loop_is_disassembled():
    if not shutil.which("objdump"):
        pytest.skip("objdump is not installed")
    program("readmostly")
    (_, words), = of("objdump")
    text = run("objdump", *words)
    assert "<drive_u64x8_mix" in text and text.count("\n") > 50


def test_the_layout_is_read():
    program("readmostly")
    (_, words), = of("pahole")
    assert (TOP / words[-1]).exists(), "the object has another name"
    if not shutil.which("pahole"):
        pytest.skip("pahole is not installed")
    assert "struct gomap {" in run("pahole", *words)


def test_the_heap_is_profiled(tmp_path):
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    program("readmostly")
    (_, words), = of("valgrind")
    run("valgrind", f"--dhat-out-file={tmp_path}/dhat", *words)
    assert json.loads((tmp_path / "dhat").read_text())["pps"]


def test_hot_lines_are_named():
    program("readmostly-sim")
    (_, words), = [found for found in of("readmostly sim-top") if found[1]]
    assert "gomap_rw" in run(program("readmostly"), "sim-top", *words)


def test_the_debugger_s_script_is_there():
    """tests/cli/gdb.sh runs it."""
    (_, words), = of("gdb -p PID -ex")
    assert (TOP / words[0].split()[1]).exists()


def test_objects_are_of_files_that_exist():
    """Of the whole page: its recipes name objects, too."""
    named = re.findall(r"build/gcc/(impls/[\w/]+)\.o", PAGE)
    assert named
    assert [n for n in named if not (TOP / f"{n}.c").exists()] == []
