# SPDX-License-Identifier: Apache-2.0
"""How a trial's process ended, where no result says it: did it crash?

A crash is a fault or an abort of the process itself. A signal that somebody
else sends is none: the kernel's and the runner's SIGKILL, SIGTERM of a stop,
SIGALRM of a trial that is late. Go's runtime ends a program by status 2, as a
request that was not understood is answered: the trace on standard error tells
the two apart, of which the journal keeps the end.
"""
import re
import signal

FAULTS = frozenset(f"signal {int(one)}" for one in (
    signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS,
    signal.SIGFPE, signal.SIGSEGV, signal.SIGSYS))
THROWN = re.compile(r"\b(?:fatal error|panic): |\bgoroutine \d+ [^\[;]*\[\w")
NO_MEMORY = re.compile(r"held \d+ MiB of the \d+ MiB that it may"
                       r"|\bout of memory\b")


def crashed(trial):
    """Of itself; not where there was no memory for it, as its reason says."""
    end, reason = trial.get("exit"), trial.get("reason") or ""
    return not NO_MEMORY.search(reason) and (
        end in FAULTS or end == "status 2" and bool(THROWN.search(reason)))


def answered(trial):
    """Has it a result of a window? A trial that refuses its cell has one
    that says no more than why."""
    result = trial.get("result")
    return isinstance(result, dict) and "elapsed_ns" in result


def told(trial):
    """Is it known whether it crashed: begun, not refused, ended by nobody
    else but for its deadline?"""
    return (answered(trial) or crashed(trial)
            or trial.get("exit") == "deadline")
