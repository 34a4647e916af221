# SPDX-License-Identifier: Apache-2.0
"""When, of what and where a page of docs/tally was made."""
import datetime
import os
import subprocess

from others import OTHERS, cpu_times, share_of_others

BEGUN = cpu_times()


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], text=True,
                          capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


def load():
    """What else ran, in the words of LOAD; where it is not set, what was
    measured since the tally began."""
    if "LOAD" in os.environ:
        return os.environ["LOAD"]
    loaded = share_of_others(BEGUN, cpu_times()) >= OTHERS
    return "loaded by other programs" * loaded


def stamp():
    """"2026-11-25, commit 03b3c48, 2 CPUs", and what else ran."""
    return ", ".join(filter(None, (
        f"{datetime.date.today()}, commit {commit()}, {os.cpu_count()} CPUs",
        load())))
