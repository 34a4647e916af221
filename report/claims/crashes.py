# SPDX-License-Identifier: Apache-2.0
"""Decides whether the process of a trial without a result crashed.

A crash is a fault or an abort of the process itself. A signal from outside does
not count: SIGKILL from the kernel or the runner, SIGTERM from a stop, SIGALRM
from a deadline. Go's runtime ends a program with status 2, like a refused
request. The trace on standard error, whose end is in the journal, distinguishes the two.
"""
import re
import signal

from report.load import Trial

FAULTS = frozenset(f"signal {int(number)}" for number in (
    signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE,
    signal.SIGSEGV, signal.SIGSYS))
THROWN = re.compile(r"\b(?:fatal error|panic): |\bgoroutine \d+ [^\[;]*\[\w")
NO_MEMORY = re.compile(r"held \d+ MiB of the \d+ MiB that it may|\bout of memory\b")


def crashed(trial: Trial) -> bool:
    """True if it ended by a fault of its own, other than a lack of memory."""
    reason = trial.reason or ""
    return not NO_MEMORY.search(reason) and (
        trial.exit in FAULTS or trial.exit == "status 2" and bool(THROWN.search(reason)))


def measured(trial: Trial) -> bool:
    """True if it has the result of a window. A trial that refuses its cell lacks one."""
    return trial.result is not None and trial.result.elapsed_ns is not None


def end_known(trial: Trial) -> bool:
    """True if it is known whether the trial crashed: it began, was not refused, and
    was stopped from outside only by its deadline."""
    return measured(trial) or crashed(trial) or trial.exit == "deadline"
