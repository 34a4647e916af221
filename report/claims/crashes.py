# SPDX-License-Identifier: Apache-2.0
"""Decides whether the process of a trial without a result has crashed.

A crash is a fault or an abort in the process itself. A signal from outside is not a crash: SIGKILL
from the kernel or the runner, SIGTERM from a stop, SIGALRM from a deadline. Both a crash of Go's
runtime and a refused request end a program with status 2. The two differ in the trace on standard
error, whose end is stored in the journal.
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
    """True if the trial ended by its own fault, except for a lack of memory."""
    reason = trial.reason or ""
    return not NO_MEMORY.search(reason) and (
        trial.exit in FAULTS or trial.exit == "status 2" and bool(THROWN.search(reason)))


def measured(trial: Trial) -> bool:
    """True if the trial has the result of a window. A trial whose program refused the cell has no
    such result."""
    return trial.result is not None and trial.result.elapsed_ns is not None


def end_known(trial: Trial) -> bool:
    """True if it is known whether the trial crashed. It must have begun with an accepted request,
    and nothing from outside except its deadline may have stopped it."""
    return measured(trial) or crashed(trial) or trial.exit == "deadline"
