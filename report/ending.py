# SPDX-License-Identifier: Apache-2.0
"""Ends a command with an exit status of docs/adr/0012. If the command failed, prints one line or,
with --debug, a traceback."""
import argparse
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TextIO

from report import folders

USAGE, INCOMPLETE, INTERRUPTED = 2, 3, 75
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
PACKAGE = Path(__file__).resolve().parent


class InputError(Exception):
    """An error that the user must correct. The exit status is 2."""


class Parser(argparse.ArgumentParser):
    """A parser whose error for missing arguments explains them."""

    def error(self, message: str) -> NoReturn:
        """Prints the error and exits with the status USAGE."""
        missing = message.partition("required: ")[2].split(", ")
        told = [f"{name}: {action.help}".replace("%%", "%") for action in self._actions
                for name in (*action.option_strings, action.metavar)
                if name in missing and action.help]
        super().error("; ".join([message, *told, f"`{self.prog} --help` explains all"]))


def place_of(error: BaseException) -> str:
    """Returns the report/FILE.py:LINE that raised the error; "?" if it was not our code."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__)
            if PACKAGE in Path(frame.filename).parents]
    if not ours:
        return "?"
    file = Path(ours[-1].filename).relative_to(PACKAGE.parent)
    return f"{file}:{ours[-1].lineno}"


def failure_line(error: BaseException) -> str:
    """Formats one line about an unexpected error. Such an error may occur anywhere, because
    campaigns from before line checksums may contain anything."""
    found = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if isinstance(error, ImportError):
        return (f"{found}: `make deps` installs what the report needs, for "
                f"the system's Python; this is {sys.executable}, and `$(report"
                "/find_python.sh) -m report ...` uses a Python that has it")
    if isinstance(error, MemoryError):
        return "out of memory: `readmostly env doctor` prints the limits: raise one of them"
    return (f"{found} (in {place_of(error)}): the folder is damaged if "
            "`readmostly dev validate` reports it, else this is a bug in the "
            "report; --debug prints a traceback")


def drop(stream: TextIO | None) -> None:
    """Discards the buffered output of a stream. Otherwise Python would flush the stream at exit
    and, if that fails, change the exit status."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def print_error(text: str) -> None:
    """Prints to standard error, which may be on a full disk like standard output."""
    try:
        print(f"report: {text}", file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)


def lost(error: OSError) -> int:
    """Reports that output could not be written, and returns the exit status."""
    print_error(f"standard output was lost: {folders.reason(error)}")
    drop(sys.stdout)
    return INCOMPLETE


def flushed(status: int) -> int:
    """Flushes the output; if output is lost, success becomes INCOMPLETE."""
    try:
        if sys.stdout is None:  # standard output is closed
            raise OSError(0, "it was closed")
        sys.stdout.flush()
    except OSError as error:
        missing = lost(error)
        return status or missing
    return status


def refusing(command: Callable[[], int], name: str,
             kinds: type[Exception] | tuple[type[Exception], ...],
             has_output: bool = False) -> int:
    """Runs command() and returns its status. If the command raises one of `kinds`, or if a file
    cannot be opened, prints a line that starts with `name` and returns USAGE. On a full disk,
    returns INCOMPLETE. `has_output`: the command has the option -o."""
    instead = ("choose another folder (-o)",) if has_output else ()
    try:
        return command()
    except kinds as error:
        found, status = str(error), USAGE
    except OSError as error:
        if error.filename is None:
            raise  # no file name: reading or writing a standard stream failed
        found = f"{error.filename}: {folders.reason(error, *instead)}"
        status = INCOMPLETE if error.errno in FULL else USAGE
    print(f"{name}: {found}", file=sys.stderr)
    return status


def end(command: Callable[[], int]) -> int:
    """Runs command() and returns its status for sys.exit()."""
    for inherited in (signal.SIGPIPE, signal.SIGCHLD):  # the parent may have ignored these signals
        signal.signal(inherited, signal.SIG_DFL)
    os.umask(os.umask(0) & ~0o700)  # the user must be able to read what this process writes
    debug = "--debug" in sys.argv[1:]
    if debug:
        sys.argv.remove("--debug")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        status = command()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except InputError as error:
        print_error(str(error))
        status = USAGE
    except Exception as error:  # pylint: disable=broad-except
        if debug:
            raise
        if isinstance(error, OSError) and error.filename is None:
            return lost(error)  # no file name: reading or writing a standard stream failed
        print_error(failure_line(error))
        status = USAGE
    return flushed(status)
