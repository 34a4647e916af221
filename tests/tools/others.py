# SPDX-License-Identifier: Apache-2.0
"""How much of the CPUs processes had that are none of ours."""
import os
import resource
from pathlib import Path


def cpu_times(cpu=""):
    """Seconds of all CPUs, or of one by its number: busy, all; and of this
    process's children that ended."""
    ticks = next(([int(word) for word in line.split()[1:9]] for line in
                  Path("/proc/stat").read_text(encoding="ascii").splitlines()
                  if line.split()[0] == f"cpu{cpu}"), None)
    if ticks is None:
        raise SystemExit(f"no CPU {cpu} in /proc/stat")
    idle = ticks[3] + ticks[4]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    hertz = os.sysconf("SC_CLK_TCK")
    return ((sum(ticks) - idle) / hertz, sum(ticks) / hertz,
            used.ru_utime + used.ru_stime)


def share_of_others(before, after):
    """Of the CPU time between two cpu_times()."""
    busy, every, own = (b - a for a, b in zip(before, after))
    return min(1.0, max(0.0, (busy - own) / every)) if every > 0 else 0.0
