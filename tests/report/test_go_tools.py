# SPDX-License-Identifier: Apache-2.0
"""Tests the traces of the Go program (READMOSTLY_GO_TRACE) with Go's own tool."""
import json
import os
import re
import subprocess

import pytest
from go_program import PROGRAM, needs_go, request_of

pytestmark = [needs_go, pytest.mark.long]


def ended(name, program=PROGRAM, factors=(), **variables):
    request = request_of(name, threads=2, write_share=0.5, **dict(factors))
    return subprocess.run(
        [program, "trial"], input=json.dumps(request), text=True,
        env=os.environ | variables, capture_output=True, timeout=300,
        check=False)


def trial(*arguments, **named):
    """Returns the result, and the output on standard error."""
    done = ended(*arguments, **named)
    return json.loads(done.stdout), done.stderr


def test_a_traced_window_has_each_operation(tmp_path):
    file = tmp_path / "go.trace"
    result, _ = trial("go_sync_map", READMOSTLY_GO_TRACE=str(file),
                      factors={"window_ops": 1000})
    assert result["status"] == "void"
    assert "instrumented operations are not timed" in result["reason"]
    assert result["verification"]["status"] == "ok"
    text = file.read_bytes()
    for word in (b"lookup", b"insert", b"request", b"worker 1"):
        assert word in text, word
    numbers = {int(n) for n in re.findall(rb"(?<![0-9])1\.([0-9]+)", text)}
    # threads may exceed the limit, because they only stop after a whole batch of 64
    assert numbers >= set(range(1, 1001)) and max(numbers) <= 1064


def test_go_reads_the_trace(tmp_path):
    file = tmp_path / "go.trace"
    trial("go_map_rw", READMOSTLY_GO_TRACE=str(file),
          factors={"write_kind": "churn", "window_ops": 1000})
    read = subprocess.run(
        ["go", "tool", "trace", "-pprof=sched", file], capture_output=True,
        timeout=300, check=True)
    assert read.stdout[:2] == b"\x1f\x8b", "the profile must be a gzip file"
    assert b"remove" in file.read_bytes()


def test_without_the_variable_nothing_is_traced():
    result, _ = trial("go_sync_map")
    assert result["status"] == "ok", result["reason"]


@pytest.mark.parametrize("variable", ["READMOSTLY_GO_TRACE", "READMOSTLY_GO_PROFILE"])
def test_a_record_that_cannot_be_written_voids_the_trial(tmp_path, variable):
    result, _ = trial("go_sync_map", **{variable: str(tmp_path / "no" / "go.record")})
    assert result["status"] == "void"
    assert variable in result["reason"]
    assert "no such file" in result["reason"]
