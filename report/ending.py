# SPDX-License-Identifier: Apache-2.0
"""How a command ends: a status of docs/adr/0012 and, where something is
wrong, one line for a person; a traceback only where --debug asks for it."""
import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

USAGE, INCOMPLETE, INTERRUPTED = 2, 3, 75
HERE = Path(__file__).resolve().parent


class InputError(Exception):
    """Something a person must mend; status 2."""


def place_of(error: BaseException) -> str:
    """report/FILE.py:LINE where it was raised, as far as that is ours."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__)
            if HERE in Path(frame.filename).parents]
    if not ours:
        return "?"
    file = Path(ours[-1].filename).relative_to(HERE.parent)
    return f"{file}:{ours[-1].lineno}"


def what_failed(error: BaseException) -> str:
    """One line of what we did not expect. Members of a campaign that is
    older than its checksums may be anything, and are met anywhere."""
    said = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    if isinstance(error, ImportError):
        return (f"{said}: `make deps` installs what the report needs, for "
                f"the system's Python; this is {sys.executable}, and `$(report"
                "/find_python.sh) -m report ...` takes one that has it")
    return (f"{said} (met in {place_of(error)}): the folder is damaged if "
            "`readmostly dev validate` says so, else this is a mistake of the "
            "report, and --debug shows the way to it")


def drop(stream: TextIO | None) -> None:
    """What is left in its buffer: Python flushes again at its end, and ends
    with a status of its own where that fails."""
    if stream is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def say(text: str) -> None:
    """To standard error, which may be as full as what we complain of."""
    try:
        print(f"report: {text}", file=sys.stderr, flush=True)
    except OSError:
        drop(sys.stderr)


def lost(error: OSError) -> int:
    """Status of output that did not arrive."""
    say(f"standard output was lost: {error.strerror}")
    drop(sys.stdout)
    return INCOMPLETE


def flushed(status: int) -> int:
    """Status at the end: output that is lost is no success."""
    try:
        if sys.stdout is None:  # closed by our caller
            raise OSError(0, "it was closed")
        sys.stdout.flush()
    except OSError as error:
        missing = lost(error)
        return status or missing
    return status


def refusing(command: Callable[[], int], who: str,
             kinds: type[Exception] | tuple[type[Exception], ...]) -> int:
    """Status of command(); USAGE, behind a line of `who`, where it raises one
    of `kinds`, which a person must mend, or a file cannot be had."""
    try:
        return command()
    except kinds as error:
        said = str(error)
    except OSError as error:
        if error.filename is None:
            raise  # of a stream
        said = f"{error.filename}: {error.strerror}"
    print(f"{who}: {said}", file=sys.stderr)
    return USAGE


def end(command: Callable[[], int]) -> int:
    """Runs command() -> its status, for sys.exit()."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    debug = "--debug" in sys.argv[1:]
    if debug:
        sys.argv.remove("--debug")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    try:
        status = command()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except Exception as error:  # pylint: disable=broad-except
        if debug:
            raise
        if isinstance(error, OSError) and error.filename is None:
            return lost(error)  # a file would have its name
        say(what_failed(error))
        status = USAGE
    return flushed(status)
