# SPDX-License-Identifier: Apache-2.0
"""When, of what and where a page of docs/tally was made."""
import datetime
import os
import subprocess


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], text=True,
                          capture_output=True, check=False)
    return done.stdout.strip() or "unknown"


def stamp():
    """"2026-11-25, commit 03b3c48, 2 CPUs"; LOAD, where it is set, says what
    else ran."""
    load = f", {os.environ['LOAD']}" if os.environ.get("LOAD") else ""
    return (f"{datetime.date.today()}, commit {commit()}, "
            f"{os.cpu_count()} CPUs{load}")
