# SPDX-License-Identifier: Apache-2.0
"""How the process of a trial ended when it has no result: did it crash?

A crash is a fault or an abort of the process itself. A signal from outside is
none: SIGKILL of the kernel or the runner, SIGTERM of a stop, SIGALRM of a
deadline. Go's runtime ends a program by status 2, which is also the status of
a refused request: the trace on standard error, whose end is in the journal,
tells the two apart.
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
    """Did it end by a fault of its own? A lack of memory is none."""
    reason = trial.reason or ""
    return not NO_MEMORY.search(reason) and (
        trial.exit in FAULTS or trial.exit == "status 2" and bool(THROWN.search(reason)))


def measured(trial: Trial) -> bool:
    """Has it the result of a window? A trial that refuses its cell has not."""
    return trial.result is not None and trial.result.elapsed_ns is not None


def end_known(trial: Trial) -> bool:
    """Is it known whether it crashed: begun, not refused, and ended by
    nothing from outside but its deadline?"""
    return measured(trial) or crashed(trial) or trial.exit == "deadline"
