# SPDX-License-Identifier: Apache-2.0
"""Tests how commands end: the exit status, one line of error and, with --debug, a traceback. Also
tests the output for damaged campaigns and for campaigns that cannot be compared. The tests with
full disks are in tests/cli."""
import os
import signal
import sys
from types import SimpleNamespace

import pytest

from report import ending, folders
from report.compare import page
from report.load import strict_json
from report.model.table import Table
from report.render import text


class UserError(Exception):
    """An error that the user must correct."""


@pytest.fixture(name="ended", autouse=True)
def of_a_command(monkeypatch, capsys):
    """Returns a function ended(command, words) that runs a command and returns its status and
    standard error. The handler of this process for broken pipes stays unchanged."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def end(command, *argv):
        monkeypatch.setattr(sys, "argv", ["report", *argv])
        status = ending.end(command)
        return status, capsys.readouterr().err
    return end


def raising(error):
    def command():
        raise error
    return command


def test_a_forbidden_write_names_the_folder(monkeypatch, tmp_path):
    error = PermissionError(13, "Permission denied", str(tmp_path / "report"))
    for instead in ("a copy", "another -o"):
        assert folders.reason(error, instead).endswith(
            f"{tmp_path} cannot be written: run as its owner, or {instead}")
    (tmp_path / "report").touch()
    monkeypatch.setattr(os, "access", lambda _, mode: mode != os.R_OK)
    assert "a+rX" in folders.reason(error)


def test_the_first_damage_of_a_journal_has_its_file_and_line(tmp_path):
    rows = tuple((None, None, None, kind, f"trials.jsonl:{n}: torn")
                 for n, kind in ((3, "void"), (7, "problem"), (9, "problem")))
    result = SimpleNamespace(tables=(Table("lost", (), rows),), runs=SimpleNamespace(trials=5))
    assert text.place(tmp_path, result)["damage"] == f"{tmp_path}/trials.jsonl:7: torn"
    result.tables = ()
    assert text.place(tmp_path, result)["damage"] == ""


def test_a_comparison_of_other_workloads_without_rankings_is_empty():
    for differs, empty in (((), False), (("writes = 50%",), True)):
        machines = [SimpleNamespace(label=name, differs=differs) for name in "ab"]
        assert page.is_empty(SimpleNamespace(headline=None, machines=machines)) == empty


def test_a_status_is_passed_on_without_output(ended):
    for status in (0, 1, 3):
        assert ended(lambda status=status: status) == (status, "")


def test_an_interrupt_has_its_own_status(ended):
    assert ended(raising(KeyboardInterrupt())) == (ending.INTERRUPTED, "")


def test_an_unexpected_error_is_one_line_with_its_place(ended):
    status, message = ended(raising(ValueError("of\ntwo   lines")))
    assert status == ending.USAGE and message.count("\n") == 1
    assert message.startswith("report: ValueError: of two lines (in "
                              "report/ending.py:")
    assert "--debug" in message and "Traceback" not in message


def test_debug_prints_a_traceback(ended):
    with pytest.raises(ValueError, match="as it was"):
        ended(raising(ValueError("as it was")), "folder", "--debug")
    assert sys.argv == ["report", "folder"], "--debug must be removed from the arguments"
    assert ended(lambda: len(sys.argv), "--debug", "a")[0] == 2


def test_a_file_is_named_and_output_that_is_lost_is_incomplete(ended,
                                                               monkeypatch):
    dropped = []
    monkeypatch.setattr(ending, "drop", dropped.append)
    status, message = ended(raising(OSError(28, "No space left", "a/file")))
    assert (status, dropped) == (ending.USAGE, []) and "a/file" in message
    status, message = ended(raising(OSError(28, "No space left")))
    assert (status, dropped) == (ending.INCOMPLETE, [sys.stdout])
    assert message == "report: standard output was lost: No space left\n"


@pytest.mark.parametrize("status, expected", [(0, ending.INCOMPLETE), (1, 1), (2, 2)])
def test_lost_output_is_not_success(monkeypatch, capsys, status, expected):
    monkeypatch.setattr(ending, "drop", lambda _: None)
    monkeypatch.setattr(sys, "stdout", None)
    assert ending.flushed(status) == expected
    assert "standard output was lost" in capsys.readouterr().err


@pytest.mark.parametrize("error, message", [
    (UserError("mend it"), "who: mend it\n"),
    (FileNotFoundError(2, "No such file", "a/b"), "who: a/b: No such file\n")])
def test_a_user_error_is_a_line_that_starts_with_the_command(capsys, error, message):
    assert ending.refusing(raising(error), "who", UserError) == ending.USAGE
    assert capsys.readouterr().err == message
    assert ending.refusing(lambda: 1, "who", UserError) == 1


@pytest.mark.parametrize("error", [ValueError("other"), OSError(32, "pipe")])
def test_other_errors_are_passed_on(error):
    with pytest.raises(type(error)):
        ending.refusing(raising(error), "who", UserError)


def test_the_place_is_the_last_frame_of_report():
    """The error is raised in Python's json module, which report/ calls. The place is the line in
    report/."""
    try:
        ending.refusing(lambda: strict_json.loads("{"), "who", UserError)
    except ValueError as error:
        place = ending.place_of(error)
    assert place.startswith(os.path.join("report", "load", "strict_json.py:"))
    assert ending.place_of(ValueError("never raised")) == "?"
