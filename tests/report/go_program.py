# SPDX-License-Identifier: Apache-2.0
"""Runs readmostly-go with requests that follow the schema of trials, and checks its results.
Without Go, the program is not built."""
import json
import os
import shutil
import subprocess

import pytest
from built_maps import BUILD, ROOT, listed
from schemas import validator

PROGRAM = BUILD / "readmostly-go"
FACTORS = {"workload": "go", "shape": "u64x8", "keys": 1000,
           "write_share": 0.1, "miss_share": 0.0, "write_kind": "update",
           "dist": "uniform", "placement": "cores", "memory": "first-touch",
           "presize": True, "loop": "mix", "rate_per_s": 0.0,
           "arrivals": "poisson", "threads": 1, "window_ns": 0,
           "window_ops": 100_000, "warm_up_ns": 0, "verify_ops": 0,
           "deadline_ns": 60_000_000_000, "measure": "throughput"}


def is_built():
    """True if this build has Go's maps. The program alone may be left over from an earlier
    build."""
    return PROGRAM.exists() and "go_null" in listed()[0]


needs_go = pytest.mark.skipif(
    not is_built(), reason="no Go 1.19 or newer: this build has no Go maps")


def request_of(name, **factors):
    """Builds a request for a fixed number of operations, so that time does not matter. All threads
    share one CPU."""
    cell = FACTORS | {"map": name, "id": f"go/{name}"} | factors
    cpu = max(os.sched_getaffinity(0))
    cell.setdefault("cpus", [cpu] * cell["threads"])
    return {"protocol": 2, "cell": cell, "seed": 7, "control_extra": 0.0,
            "counters": {"backend": "none"}}


def judged(text, program, prefix=(), **environment):
    """Returns the program's trial after the campaign has judged it."""
    return subprocess.run(
        [*prefix, BUILD / "readmostly", "dev", "trial", program], input=text,
        text=True, capture_output=True, timeout=300, check=False,
        env=os.environ | environment)


def go(text, command="trial", program=PROGRAM):
    return subprocess.run([program, command], input=text, text=True,
                          capture_output=True, timeout=300, check=False)


def result_of(request, program=PROGRAM):
    validator("trial-protocol", "request").validate(request)
    done = judged(json.dumps(request), program)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    validator("trial-protocol", "result").validate(result)
    return result


def changed_go(folder, *changes, flags=(), cgo=False):
    """Builds the program from changed sources with these flags. Each change is (file, old text,
    new text)."""
    for source in (ROOT / "impls/go").glob("*"):
        shutil.copy(source, folder)
    for name, right, wrong in changes:
        text = (folder / name).read_text()
        assert right in text, "the text to change must be in the source"
        (folder / name).write_text(text.replace(right, wrong, 1))
    newest = subprocess.run([ROOT / "impls/go/find_go.sh", "newest"],
                            text=True, capture_output=True, check=True)
    environment = os.environ | {
        "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false",
        "GOPROXY": "off", "CGO_ENABLED": str(int(cgo)),
        "GOPATH": str(ROOT / "build/go-path"),
        "GOCACHE": str(ROOT / "build/go-cache")}
    subprocess.run([newest.stdout.split()[0], "build", *flags, "-o", "mutant",
                    "."],
                   cwd=folder, env=environment, check=True)
    return folder / "mutant"
