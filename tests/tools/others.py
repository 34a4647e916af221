# SPDX-License-Identifier: Apache-2.0
"""How much of the CPUs processes had that are none of ours, and processes that
are to be in a run's way."""
import os
import resource
import signal
import sys
from pathlib import Path

OTHERS = 0.1  # of the CPU time, up to which a run is quiet

# Only computes. It ends with who began it, also where that is killed.
BUSY_LOOP = ("setpriv", "--pdeathsig", "KILL",
             sys.executable, "-c", "while True: pass")


def end_by_term():
    """SIGTERM, by which `kill` ends make and its recipes, runs what `with` and
    `finally` promise, as an interrupt does: Python's own way is to end at
    once, and leave what was begun."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def cpu_times(cpu=""):
    """Seconds of all CPUs, or of one by its number: busy, all; and of this
    process and its children that ended."""
    ticks = next(([int(word) for word in line.split()[1:9]] for line in
                  Path("/proc/stat").read_text(encoding="ascii").splitlines()
                  if line.split()[0] == f"cpu{cpu}"), None)
    if ticks is None:
        raise SystemExit(f"no CPU {cpu} in /proc/stat")
    idle = ticks[3] + ticks[4]
    used = [resource.getrusage(who) for who in
            (resource.RUSAGE_CHILDREN, resource.RUSAGE_SELF)]
    hertz = os.sysconf("SC_CLK_TCK")
    return ((sum(ticks) - idle) / hertz, sum(ticks) / hertz,
            sum(each.ru_utime + each.ru_stime for each in used))


def share_of_others(before, after):
    """Of the CPU time between two cpu_times()."""
    busy, every, own = (b - a for a, b in zip(before, after))
    return min(1.0, max(0.0, (busy - own) / every)) if every > 0 else 0.0
