# SPDX-License-Identifier: Apache-2.0
"""Runs the trials of a regression check: pairs of fresh processes, one
trial at a time, in blocks whose order is random (docs/trial-protocol.md)."""
import datetime
import json
import math
import os
import subprocess
import sys
import time

import numpy as np

PADDING_BYTES = 4096  # the environment grows by 0 .. this: moves the stack
GIVE_UP = 3  # failed trials of a contrast, then it leaves later blocks
GRACE_S = 2.0  # after the trial's own deadline
REASON_BYTES = 300


def launch(binary, request, padding, timeout_s):
    """One trial in a fresh process -> {"exit", "status", "reason",
    "result", "wall_ns"} as in results/README.md."""
    env = dict(os.environ, RM_PADDING="x" * padding)
    start = time.monotonic_ns()
    try:
        child = subprocess.Popen(
            [os.path.abspath(binary), "trial"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=env, close_fds=False)
    except OSError as error:
        return {"exit": "not started", "status": "failed", "result": None,
                "reason": f"{binary}: {error.strerror}", "wall_ns": 0}
    try:
        out, err = child.communicate(json.dumps(request).encode(), timeout_s)
        end = None
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        end = "deadline"
    except BaseException:
        child.kill()
        child.wait()
        raise
    outcome = read_answer(end or end_of(child.returncode), out, err, request)
    return outcome | {"wall_ns": time.monotonic_ns() - start}


def end_of(returncode):
    """A process' end in the words of the journal."""
    if returncode < 0:
        return f"signal {-returncode}"
    return "0" if returncode == 0 else f"status {returncode}"


def read_answer(end, out, err, request):
    """Checks what a trial wrote; anything but one fitting result is a
    failure with a reason."""
    said = err.decode("utf-8", "replace").strip().splitlines()
    said = f": {said[-1][:REASON_BYTES]}" if said else ""
    failed = {"exit": end, "status": "failed", "result": None}
    if end != "0":
        return failed | {"reason": end + said}
    try:
        result = json.loads(out)
        status, reason = result["status"], result["reason"]
        fits = (result["cell"] == request["cell"]["id"]
                and status in ("ok", "void", "failed")
                and result["elapsed_ns"] >= 0 and result["ops"] >= 0
                and len(result["threads"]) == request["cell"]["threads"])
    except (ValueError, KeyError, TypeError) as error:
        return failed | {"reason": f"no result: {error!r}{said}"}
    if not fits:
        return failed | {"reason": "the result is not of this cell"}
    return {"exit": end, "status": status, "reason": reason,
            "result": without_buckets(result)}


def without_buckets(result):
    """The journal keeps no histogram buckets; counted windows have none."""
    return result | {"latency": None}


def request_of(cell, seed, extra):
    """The protocol's request for one trial."""
    return {"protocol": 1, "cell": cell, "seed": int(seed),
            "control_extra": extra, "counters": {"backend": "none"}}


class Journal:
    """Append-only trials.jsonl; flushed to disk at the end of each block."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "x", encoding="utf-8")

    def add(self, row):
        json.dump(row, self.file, sort_keys=True)
        self.file.write("\n")

    def sync(self):
        self.file.flush()
        os.fsync(self.file.fileno())

    def close(self):
        self.sync()
        self.file.close()


def steal_ticks():
    """Ticks stolen by the hypervisor so far, all CPUs; None: not told."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            return int(file.readline().split()[8])
    except (OSError, IndexError, ValueError):
        return None


def run_trial(campaign, contrast, side, slot, block, seed, padding, start):
    """One trial -> its journal line."""
    arm = contrast[side]
    build = campaign["arms"][arm]
    cell = campaign["cells"][contrast["cell"]]
    before, began = steal_ticks(), datetime.datetime.now(datetime.timezone.utc)
    outcome = start(build["binary"],
                    request_of(cell, seed, build["control_extra"]), padding,
                    cell["deadline_ns"] / 1e9 + GRACE_S)
    after = steal_ticks()
    return outcome | {
        "format": 1, "cell": contrast["cell"], "block": block, "arm": arm,
        "slot": slot, "attempt": campaign["attempt"], "seed": int(seed),
        "padding_bytes": padding, "binary_sha256": build["binary_sha256"],
        "started_utc": began.isoformat(timespec="milliseconds"),
        "steal_ticks": None if None in (before, after) else after - before,
        "load": os.getloadavg()[0]}


def block_order(seed, block, contrasts):
    """What block `block` runs: a seed for its trials and a shuffled list of
    (contrast index, base goes first, padding, padding); seed only."""
    rng = np.random.default_rng([seed, block])
    trial_seed = int(rng.integers(0, 2 ** 53))
    order = [(int(i), bool(rng.integers(0, 2)),
              int(rng.integers(0, PADDING_BYTES)),
              int(rng.integers(0, PADDING_BYTES)))
             for i in rng.permutation(contrasts)]
    return trial_seed, order


def run_blocks(campaign, journal, start=launch, progress=None):
    """Runs every block of the plan and journals every trial; returns the
    rows. A contrast with GIVE_UP failed trials is left out afterwards."""
    contrasts, rows = campaign["contrasts"], []
    failures = [0] * len(contrasts)
    blocks = campaign["plan"]["blocks"]
    for block in range(blocks):
        seed, order = block_order(campaign["seed"], block, len(contrasts))
        for i, base_first, *padding in order:
            if failures[i] >= GIVE_UP:
                continue
            sides = ("base", "head") if base_first else ("head", "base")
            for slot, side in enumerate(sides):
                row = run_trial(campaign, contrasts[i], side, slot, block,
                                seed, padding[slot], start)
                failures[i] += row["status"] == "failed"
                journal.add(row)
                rows.append(row)
        journal.sync()
        if progress:
            progress(block + 1, blocks)
    return rows


class Progress:
    """Blocks done and time left: each block on a terminal, else once a
    minute."""

    def __init__(self, stream=sys.stderr):
        self.stream, self.start = stream, time.monotonic()
        self.last = self.start

    def __call__(self, done, of):
        now = time.monotonic()
        left = (now - self.start) / done * (of - done)
        text = f"block {done} of {of}, {left:.0f} s left"
        if self.stream.isatty():
            self.stream.write(f"\r\033[K{text}" + "\n" * (done == of))
            self.stream.flush()
        elif now - self.last >= 60:
            self.last = now
            print(text, file=self.stream, flush=True)


def calibrate(cell, binary, window_ns, start=launch):
    """Sets window_ops [per thread] and warm_up_ns of a cell, on base.

    The window is to last the middle of window_ns; the warm-up at least a
    third of it and one operation per resident key. Up to five trials; the
    medians of the last three decide. -> reason of failure, or None.
    """
    middle = sum(window_ns) / 2.0
    costs = []
    set_window(cell, 100_000, middle)
    for seed in range(5):
        outcome = start(binary, request_of(cell, seed, 0.0), 0,
                        cell["deadline_ns"] / 1e9 + GRACE_S)
        if outcome["status"] != "ok":
            return outcome["reason"] or outcome["status"]
        result = outcome["result"]
        if not result["ops"] or not result["elapsed_ns"]:
            return "a calibration trial without operations"
        costs.append(result["elapsed_ns"] * cell["threads"] / result["ops"])
        cost = float(np.median(costs[-3:]))
        set_window(cell, middle / cost, middle, cost)
    return None


def set_window(cell, ops, middle, cost=0.0):
    """Rounds ops to two digits, and names the cell after them."""
    digits = 10 ** max(int(math.log10(max(ops, 1))) - 1, 0)
    cell["window_ops"] = max(int(round(ops / digits)) * digits, 1)
    cell["warm_up_ns"] = math.ceil(max(middle / 3, cell["keys"] * cost))
    cell["id"] = "/".join((
        cell["workload"], cell["map"], cell["shape"], f"n{cell['keys']}",
        f"w{100 * cell['write_share']:g}", cell["write_kind"],
        f"m{100 * cell['miss_share']:g}", cell["dist"],
        f"t{cell['threads']}", cell["placement"],
        f"{cell['window_ops']}ops", cell["measure"]))
