# SPDX-License-Identifier: Apache-2.0
"""tests/racing.txt: each test that starts threads or processes beside each
other or reads a clock is there, with why that is not luck."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"
REPORT = ROOT / "tests" / "report"
WORDS = ("always", "played", "at least", "limit", "bounded", "none")
RACES = re.compile(r"\b(pthread_create|fork|rm_now_ns|rm_sleep_until|usleep|"
                   r"nanosleep|rm_team_run|rm_trial_run|rm_check_run)\(")
COMMAND = re.compile(r"\bsleep [0-9\"$]|^\s*wait\b|runner/regress\.sh|"
                     r"(?:readmostly|program)\"? (?:run|check|trial|timeline)"
                     r"\b(?! --?h)", re.M)
# Clocks, threads, and trials that a program runs, or those of go_program.py and
# language_programs.py; that one child which ends by itself has a limit is no race.
MODULE = re.compile(r"\btime\.(?:sleep|monotonic|perf_counter)\b|\bthreading\b|"
                    r"(?i:readmostly|program)\"?,\s*\"(?:run|check|trial|timeline)"
                    r"\"|^(?:import|from) (?:go|language)_programs?\b", re.M)


def rows():
    lines = (ROOT / "tests" / "racing.txt").read_text().splitlines()
    return [line.split("\t") for line in lines if line and line[0] != "#"]


def text_of(path):
    """A test with the headers of tests/unit/ that it includes, and theirs."""
    seen, left, text = set(), [path], ""
    while left:
        file = left.pop()
        if file in seen:
            continue
        seen.add(file)
        text += file.read_text()
        left += [ROOT / name for name in
                 re.findall(r'#include "(tests/unit/[^"]*)"',
                            file.read_text())]
    return text


def test_each_row_is_a_test_with_a_reason():
    names = [row[0] for row in rows()]
    assert len(names) == len(set(names))
    for name, why, *settings in rows():
        assert why.startswith(WORDS), name
        assert all(re.match(r"[A-Z_]+=.", setting)
                   for text in settings for setting in text.split(";")), name
        assert list(UNIT.glob(f"*/{name}.c")) or \
            (ROOT / "tests" / "cli" / name).exists() or \
            (REPORT / name).exists(), name


def test_unit_tests_that_race_are_listed():
    racing = {path.stem for path in UNIT.glob("*/test_*.c")
              if RACES.search(text_of(path))}
    assert len(racing) > 25
    assert racing - {row[0] for row in rows()} == set()


def test_commands_that_race_are_listed():
    racing = {path.name for path in (ROOT / "tests" / "cli").glob("*.sh")
              if COMMAND.search(path.read_text())}
    assert len(racing) > 15
    assert racing - {row[0] for row in rows()} == set()


def module_text(path):
    """A module with the helpers of tests/report/ that it imports."""
    text = path.read_text()
    helpers = [REPORT / f"{name}.py" for name in
               re.findall(r"^(?:from|import) (\w+)", text, re.M)]
    return text + "".join(h.read_text() for h in helpers if h.exists())


def test_modules_that_race_are_listed():
    racing = {path.name for path in REPORT.glob("test_*.py")
              if path.name != "test_racing.py"
              and MODULE.search(module_text(path))}
    assert len(racing) > 15
    assert racing - {row[0] for row in rows()} == set()
