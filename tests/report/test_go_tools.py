# SPDX-License-Identifier: Apache-2.0
"""Go's own tools on the program of maps in Go, by the commands of
docs/measurements.md: what the articles looked at is there to be seen."""
import json
import os
import re
import shutil
import subprocess

import pytest
from built_maps import BUILD, ROOT
from go_program import PROGRAM, changed_go, needs_go, request_of

pytestmark = [needs_go, pytest.mark.long]


def ended(name, program=PROGRAM, factors=(), **variables):
    request = request_of(name, threads=2, write_share=0.5, **dict(factors))
    return subprocess.run(
        [program, "trial"], input=json.dumps(request), text=True,
        env=os.environ | variables, capture_output=True, timeout=300,
        check=False)


def trial(*arguments, **named):
    """Its answer, and what it said on standard error."""
    done = ended(*arguments, **named)
    return json.loads(done.stdout), done.stderr


def commands(row):
    """Of a row of the page's table "With Go's own tools"."""
    page = (ROOT / "docs/measurements.md").read_text("utf-8")
    line = re.search(rf"^\| {row}, Go \| `([^`]*)`", page, re.M)
    return line[1].replace("build/gcc", str(BUILD))


def test_a_traced_window_has_each_operation(tmp_path):
    file = tmp_path / "go.trace"
    result, _ = trial("go_sync_map", READMOSTLY_GO_TRACE=str(file),
                      factors={"window_ops": 1000})
    assert result["status"] == "void"
    assert "what is instrumented is not timed" in result["reason"]
    assert result["verification"]["status"] == "ok"
    text = file.read_bytes()
    for word in (b"lookup", b"insert", b"request", b"worker 1"):
        assert word in text, word
    numbers = {int(n) for n in re.findall(rb"(?<![0-9])1\.([0-9]+)", text)}
    # a thread ends after whole batches of 64
    assert numbers >= set(range(1, 1001)) and max(numbers) <= 1064


def test_go_reads_the_trace(tmp_path):
    file = tmp_path / "go.trace"
    trial("go_map_rw", READMOSTLY_GO_TRACE=str(file),
          factors={"write_kind": "churn", "window_ops": 1000})
    read = subprocess.run(
        ["go", "tool", "trace", "-pprof=sched", file], capture_output=True,
        timeout=300, check=True)
    assert read.stdout[:2] == b"\x1f\x8b", "a profile is packed by gzip"
    assert b"remove" in file.read_bytes()


def test_without_the_variable_nothing_is_traced():
    result, _ = trial("go_sync_map")
    assert result["status"] == "ok", result["reason"]


def test_a_trace_that_cannot_be_written_is_told(tmp_path):
    result, _ = trial("go_sync_map",
                      READMOSTLY_GO_TRACE=str(tmp_path / "no" / "go.trace"))
    assert result["status"] == "void"
    assert "READMOSTLY_GO_TRACE" in result["reason"]
    assert "no such file" in result["reason"]


def test_a_schedule_of_ten_milliseconds_has_the_run_queues():
    _, said = trial("go_map_rw", GODEBUG="schedtrace=10", GOMAXPROCS="2",
                    factors={"window_ops": 0, "window_ns": 200_000_000})
    lines = re.findall(r"^SCHED .*runqueue=\d+ \[[\d ]+\]$", said, re.M)
    assert len(lines) > 3
    assert "GODEBUG=schedtrace=10" in commands("T18")


def test_a_dump_has_the_keys_of_writers(tmp_path):
    request = tmp_path / "go.json"
    request.write_text(json.dumps(request_of(
        "go_sync_map", threads=2, write_share=1.0, window_ops=0,
        window_ns=20_000_000_000)), "utf-8")
    command = commands("T8").replace("<go.json", f"<{request}").replace(
        "QUIT 0.2", "QUIT 2")
    said = subprocess.run(["sh", "-c", command], text=True,
                          capture_output=True, timeout=300,
                          check=False).stderr
    ranks = re.findall(r"main\.\(\*worker\)\.put\(0x\w+, (0x\w+)", said)
    assert ranks and all(int(rank, 16) < 1000 for rank in ranks)


def test_the_compiler_says_what_a_store_moves_to_the_heap(tmp_path):
    command = re.search(r"go build [^)]*", commands("T24"))[0]
    shutil.copytree(ROOT / "impls/go", tmp_path / "go")
    said = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path / "go", text=True,
        capture_output=True, check=True, timeout=300, env=os.environ | {
            "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false",
            "GOPROXY": "off", "CGO_ENABLED": "0"}).stderr
    assert re.search(r"^\./go_sync_map\.go:.* escapes to heap", said, re.M)


def race_build(folder, *changes):
    folder.mkdir()
    try:
        return changed_go(folder, *changes, flags=["-race"], cgo=True)
    except subprocess.CalledProcessError:
        pytest.skip("no race detector for this machine's Go")


def test_the_race_build_accuses_a_map_without_its_lock(tmp_path):
    right = race_build(tmp_path / "right")
    off = {"GODEBUG": "asyncpreemptoff=1"}
    few = {"window_ops": 2000}
    result, said = trial("go_map_rw", right, few, **off)
    assert result["status"] == "ok" and "DATA RACE" not in said
    store = "\twasThere := m.m.replace(key, value, old)\n"
    wrong = race_build(tmp_path / "wrong", (
        "go_map_rw.go", f"\tm.mu.Lock()\n{store}\tm.mu.Unlock()\n", store))
    # it may throw, and answer nothing
    said = ended("go_map_rw", wrong, few, **off).stderr
    assert "DATA RACE" in said and "go_map_rw.go" in said


def test_no_loader_is_asked_for_go_s_look_up():
    """Row M15: its look-ups are in the program, and a library that is loaded
    in front of it is asked for none of them."""
    def names(*options):
        return subprocess.run(["nm", *options, PROGRAM], text=True,
                              capture_output=True, check=True).stdout
    assert " T runtime.mapaccess1_fast64" in names()
    assert "mapaccess" not in names("--dynamic")
