#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the cost of checking a history of 10^4 to 10^7 operations, or of the given numbers.

    history_cost.py READMOSTLY [OPERATIONS...]

Writes a linearizable history of 64 threads on 10^5 keys (half look-ups, half upserts) to TMPDIR,
runs `readmostly check --history`, and prints CPU seconds and peak resident memory. 10^7 operations
need 2 GB of disk space. Exit status 1: a wrong verdict.
"""
import os
import random
import subprocess
import sys
import tempfile
import time

THREADS, KEYS = 64, 100_000


def write(file, operations):
    """Writes a history in which each operation takes effect between its two time stamps."""
    draw, held, busy = random.Random(1), {}, [0] * THREADS
    print('{"format":"readmostly-history","version":1,"guarantee":"none"}', file=file)
    for at in range(1, operations + 1):
        thread, key = draw.randrange(THREADS), draw.randrange(KEYS)
        moment = 100 * at
        invoked = max(busy[thread] + 1, moment - draw.randrange(3000))
        returned = moment + draw.randrange(3000)
        if invoked > moment:  # the thread's previous operation is not finished
            continue
        busy[thread] = returned
        there = "true" if key in held else "false"
        line = f'{{"thread":{thread},"key":{key},"invoked":{invoked},"returned":{returned},'
        if draw.random() < 0.5:
            result = f',"result":{held[key]}' if key in held else ""
            print(f'{line}"op":"lookup","there":{there}{result}}}', file=file)
        else:
            held[key] = at
            print(f'{line}"op":"upsert","value":{at},"there":{there}}}', file=file)


def main():
    program, sizes = sys.argv[1], sys.argv[2:] or ["10000", "100000", "1000000", "10000000"]
    status = 0
    for size in map(int, sizes):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            write(file, size)
            file.flush()
            begun = time.monotonic()
            child = subprocess.Popen([program, "check", "--history", file.name],
                                     stdout=subprocess.DEVNULL)
            _, code, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(code)
            print(f"{size:,} operations drawn: status {child.returncode}, "
                  f"{usage.ru_utime + usage.ru_stime:.2f} s of CPU, "
                  f"{time.monotonic() - begun:.2f} s, {usage.ru_maxrss // 1024} MiB", flush=True)
            status |= child.returncode != 0
    return status


if __name__ == "__main__":
    sys.exit(main())
