# SPDX-License-Identifier: Apache-2.0
"""Tests the open loop of readmostly-go: operations are due at the same times as in C, and waiting
is reported as in C.

The tests do not depend on speed. On a busy machine, operations may be late, but never early, and
never shorter than an injected delay.
"""
import json
import math
import os
import re
import subprocess

import pytest
from go_program import (BUILD, ROOT, changed_go, go, needs_go, request_of,
                        result_of)
from report.decide import latency

pytestmark = pytest.mark.long

MAPS = ("go_map_mutex", "go_map_rw", "go_sync_map", "go_snapshot_value",
        "go_shard_rw_32")
KINDS = ("update", "churn", "fresh")
MS = 1_000_000
SHARES = (.5, .9, .99, .999)


def paced(name, **factors):
    return request_of(name, **{
        "loop": "paced", "measure": "latency", "rate_per_s": 5000.0,
        "window_ops": 0, "window_ns": 120 * MS, "warm_up_ns": 10 * MS}
        | factors)


def arrivals():
    lines = (ROOT / "tests/go/arrivals.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


@needs_go
@pytest.mark.parametrize("line", arrivals(), ids=" ".join)
def test_operations_are_due_when_they_are_in_c(line):
    kind, rate, threads, slot, length, count, digest = line
    if kind == "buckets":
        request = request_of("go_null", window_ops=int(length))
        assert go(json.dumps(request), kind).stdout.strip() == digest
        return
    request = paced("go_null", arrivals=kind, rate_per_s=float(rate),
                    threads=int(threads), window_ns=int(length))
    printed = go(json.dumps(request), "arrivals").stdout.splitlines()
    assert printed[int(slot)].split("\t") == [count, digest]


@needs_go
@pytest.mark.parametrize("kind", KINDS)
def test_recording_causes_no_page_fault(kind):
    """A histogram has 65 pages, which must be mapped before the window. The stack of the thread may
    cause a few page faults."""
    result = result_of(paced("go_null", write_kind=kind, goroutines="wired"))
    assert result["by_thread"][0]["minor_faults"] < 16


def entries(result, clock):
    return {(e["operation"], e["was_there"]): e for e in result["latency"]
            if e["clock"] == clock}


def low(bucket):
    """Returns the smallest value of an HdrHistogram bucket with 3 digits."""
    if bucket < 2048:
        return bucket
    return (bucket % 1024 + 1024) << (bucket // 1024 - 1)


def check_entry(entry):
    """Checks that the figures of an entry agree with its buckets."""
    assert sum(n for _, n in entry["buckets"]) == entry["count"] > 0
    first, last = entry["buckets"][0][0], entry["buckets"][-1][0]
    assert low(first) <= entry["min_ns"] < low(first + 1)
    assert low(last) <= entry["max_ns"] < low(last + 1)
    assert entry["min_ns"] <= entry["mean_ns"] <= entry["max_ns"]
    assert entry["saturated"] == 0


def quantile(entry, share):
    """Returns the bucket with the value that this share of all values does not exceed."""
    wanted, seen = math.ceil(share * entry["count"]), 0
    for bucket, n in entry["buckets"]:
        seen += n
        if seen >= wanted:
            break
    return bucket


def check_open(result, kind="update"):
    """Checks what holds for every open loop on every machine. The second operation of a pair has no
    intended start."""
    intended, service = entries(result, "intended"), entries(result, "service")
    assert intended.keys() == {
        key for key in service if key[0] != latency.SECOND.get(kind)}
    for entry in service.values():
        check_entry(entry)
    for key, entry in intended.items():
        check_entry(entry)
        assert entry["count"] == service[key]["count"]
        for name in ("mean_ns", "max_ns"):
            assert entry[name] >= service[key][name]
        for share in SHARES:
            assert quantile(entry, share) >= quantile(service[key], share)
    assert sum(e["count"] for e in service.values()) == result["ops"]
    assert sum(e["count"] for (operation, _), e in intended.items()
               if operation == "lookup") == result["lookups"]
    assert sum(s["operations"] for s in result["slices"]) == sum(
        e["count"] for e in intended.values())
    lengths = [o["service_ns"] for o in result["longest"]]
    assert lengths == sorted(lengths, reverse=True)
    assert len(lengths) == min(16, result["ops"])
    assert lengths[0] == max(e["max_ns"] for e in service.values())
    assert all(o["causes"] is None for o in result["longest"])


@needs_go
@pytest.mark.parametrize("goroutines", ["wired", "free"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", ["u64x8", "str16x8", "u64x24"])
@pytest.mark.parametrize("name", MAPS)
def test_each_map_has_an_open_loop(name, shape, kind, goroutines):
    result = result_of(paced(name, shape=shape, write_kind=kind, threads=2,
                             goroutines=goroutines, keys=100))
    assert result["status"] == "ok", result["reason"]
    check_open(result, kind)
    steps = result["ops"] - (0 if kind == "update" else result["writes"] / 2)
    due = 5000 * .12
    assert abs(steps - due) <= 6 * math.sqrt(due), "arrivals of Poisson"
    assert len(result["slices"]) == 3, "slices of 50 ms, and a shorter last slice"


def traced_collections(name, **factors):
    """Runs a trial with Go's own trace. Returns the collections in the trace as (time of the end in
    ms since the process started, sum of the two pauses in ms)."""
    done = subprocess.run(
        [BUILD / "readmostly-go", "trial"], text=True, capture_output=True,
        input=json.dumps(paced(name, **factors)), timeout=60, check=True,
        env=os.environ | {"GODEBUG": "gctrace=1"})
    number = r"([\d.]+)"
    lines = re.findall(rf"^gc \d+ @{number}s .*?: {number}\+{number}\+{number} ms clock",
                       done.stderr, re.M)
    return json.loads(done.stdout), [
        (1000 * float(at) + sum(map(float, parts)), float(parts[0]) + float(parts[2]))
        for at, *parts in lines]


@needs_go
def test_collections_are_in_the_slices_in_which_they_ended():
    """The expected times are from Go's own trace. The trace counts from the start of the process,
    so one start time of the window must explain the times of all collections."""
    result, collections = traced_collections(
        "go_sync_map", shape="u64x1024", write_share=0.5, write_kind="fresh",
        keys=4096, rate_per_s=40_000.0, window_ns=2000 * MS)
    stats = {s["name"]: s["value"] for s in result["stats"]}
    slices = [(s["at_ns"] / MS, p) for s in result["slices"]
              for p in s["pauses"]]
    count = sum(p["count"] for _, p in slices)
    assert 3 <= count and result["collections"] - 1 <= count <= result["collections"]
    if count == result["collections"]:
        assert sum(p["ns"] for _, p in slices) == stats["collection_pause"]
    assert all(s["bytes"] > 4 << 20 for s in result["slices"])
    assert stats["collection_pause_longest"] >= max(
        p["ns"] / p["count"] for _, p in slices)
    before = sum(result["phases_ns"][name] for name in (
        "setup", "create", "prefill", "settle", "warm_up")) / MS
    assert any(explains(collections[first:], slices, before)
               for first in range(len(collections) - count + 1))


def explains(collections, slices, before):
    """True if these collections, starting with the first, ended in the slices that report them, for
    some start of the window up to 500 ms after `before`. The trace truncates times to two digits.
    Since Go 1.22, the pauses in the trace begin before the runtime has stopped all goroutines."""
    low, high, rest = before - 5, before + 500, collections
    for at, pause in slices:
        here, rest = rest[:pause["count"]], rest[pause["count"]:]
        if not 0 < pause["ns"] / MS < 1.1 * sum(ms for _, ms in here) + 0.01:
            return False
        low = max(low, *(end - at - 51 for end, _ in here))
        high = min(high, *(end - at + 4 for end, _ in here))
    return low < high


@needs_go
def test_a_wait_for_locks_is_estimated_or_null_with_a_reason():
    result = result_of(paced("go_map_mutex", threads=4))
    parked = next(s for s in result["stats"] if s["name"] == "parked_estimated")
    if result["environment"]["go"].startswith("go1.19"):
        assert parked["value"] is None and "1.20" in parked["reason"]
    else:
        assert parked["value"] >= 0 and "reason" not in parked


@needs_go
def test_lookups_of_absent_keys_are_recorded_separately():
    result = result_of(paced("go_map_rw", miss_share=0.5))
    assert result["status"] == "ok", result["reason"]
    check_open(result)
    absent = entries(result, "intended")["lookup", False]
    assert absent["count"] == result["misses_absent"] > 0


def slices_of(program, name, **factors):
    result = result_of(paced(name, **factors), program)
    assert result["status"] == "ok", result["reason"]
    return result["ops"], result["writes"], [
        s["operations"] for s in result["slices"]]


@needs_go
@pytest.mark.parametrize("factors", [
    {"threads": 2}, {"arrivals": "constant", "threads": 3},
    {"shape": "str16x8", "dist": "zipf:0.99", "miss_share": 0.2}], ids=str)
def test_go_and_c_have_the_same_arrivals_and_operations(factors):
    """With equal seeds, every slice has the same number of operations as in C."""
    ours = slices_of(BUILD / "readmostly-go", "go_null", **factors)
    theirs = slices_of(BUILD / "maps/plain/null_map", "null_map", **factors)
    assert ours == theirs


@needs_go
def test_unknown_values_are_null_or_void_the_trial():
    nothing = result_of(paced("go_map_rw", rate_per_s=0.001))
    assert nothing["status"] == "void" and "no arrival" in nothing["reason"]
    assert nothing["latency"] == [] and nothing["late_starts"] == 0
    many = result_of(paced("go_null", rate_per_s=5e7, window_ns=100 * MS,
                           warm_up_ns=0))
    assert many["slices"] is None, "samples of more than 16 MiB are not recorded"
    closed = result_of(request_of("go_map_rw"))
    for member in ("latency", "late_starts", "longest", "slices"):
        assert closed[member] is None


@needs_go
@pytest.mark.parametrize("factors", [
    {"rate_per_s": 0.0}, {"arrivals": "weekly"},
    {"loop": "mix", "measure": "throughput"}], ids=str)
def test_invalid_open_loops_are_rejected(factors):
    done = go(json.dumps(paced("go_map_rw", **factors)))
    assert done.returncode == 2 and done.stderr


@needs_go
@pytest.mark.parametrize("factors", [
    {"measure": "throughput"}, {"loop": "mix", "rate_per_s": 0.0},
    {"loop": "stall:1ms", "rate_per_s": 0.0}], ids=str)
def test_go_reports_the_measure_of_each_loop(factors):
    result = result_of(paced("go_map_rw", **factors))
    assert result["status"] == "failed"
    assert "latency of the loop paced" in result["reason"]


LOOKUP = """	m.mu.RLock()
	value, ok := m.m[scatter(rank)]
	m.mu.RUnlock()
	return value, ok
"""
SLEEPS = ("go_map_rw.go", LOOKUP, """	if w.pace != nil && w.counts.iterations%100 == 50 {
		sleep(5_000_000)
	}
""" + LOOKUP)


def slept(program):
    """Runs a program in which one look-up in a hundred sleeps 5 ms, at 2,000 arrivals per
    second."""
    result = result_of(paced("go_map_rw", arrivals="constant",
                             rate_per_s=2000.0, write_share=0.0,
                             window_ns=1000 * MS, warm_up_ns=0), program)
    assert result["status"] == "ok", result["reason"]
    return result


def check_sleeps(result):
    """Operations that are due 0.5 to 4.0 ms after the start of a sleeping look-up must begin more
    than 1 ms late."""
    check_open(result)
    assert result["ops"] == 2000
    service = entries(result, "service")["lookup", True]
    intended = entries(result, "intended")["lookup", True]
    sleeps = sum(n for b, n in service["buckets"] if low(b + 1) > 5 * MS)
    waited = sum(n for b, n in intended["buckets"] if low(b + 1) > MS)
    assert sleeps >= 20 and low(quantile(service, .999) + 1) > 5 * MS
    assert result["late_starts"] >= 7 * sleeps
    assert waited >= 8 * sleeps, "waiting must be part of the latency"
    assert len(result["longest"]) == 16
    assert all(o["service_ns"] >= 5 * MS for o in result["longest"])
    assert min(s["p99_ns"] for s in result["slices"]) >= 4 * MS


@needs_go
def test_a_slow_operation_delays_the_operations_after_it(tmp_path):
    check_sleeps(slept(changed_go(tmp_path, SLEEPS)))


@needs_go
def test_a_rate_that_cannot_be_kept_is_void(tmp_path):
    """Each look-up takes ten times as long as the interval between arrivals."""
    slow = changed_go(tmp_path, (
        SLEEPS[0], LOOKUP,
        "	if w.pace != nil {\n		sleep(10_000_000)\n	}\n" + LOOKUP))
    result = result_of(paced("go_map_rw", arrivals="constant",
                             rate_per_s=1000.0, write_share=0.0,
                             window_ns=300 * MS, warm_up_ns=0), slow)
    assert result["status"] == "void"
    assert "the rate of 1000/s could not be kept" in result["reason"]


# Bugs that hide a slow operation. Columns: old text in open_loop.go, new text.
HIDDEN = {
    "latency from the actual start": (
        "pair[intended].record(end - p.intended)",
        "pair[intended].record(end - p.started)"),
    "late starts that are not counted": (
        "		p.late++\n", "		p.late += 0\n"),
    "the shortest operations kept": (
        "s.length() <= p.longest[at].length()",
        "s.length() > p.longest[at].length()"),
    "slices that lack what was late": (
        "	p.note(end - p.intended)\n", "	p.note(end - p.started)\n"),
    "a schedule that waits for its operations": (
        "	p.intended = uint64(p.due)\n",
        "	if at := float64(now()); p.due < at {\n		p.due = at\n	}\n"
        "	p.intended = uint64(p.due)\n"),
}


@needs_go
@pytest.mark.parametrize("hidden", HIDDEN)
def test_bugs_that_hide_a_slow_operation_are_detected(hidden, tmp_path):
    program = changed_go(tmp_path, SLEEPS, ("open_loop.go", *HIDDEN[hidden]))
    result = slept(program)
    with pytest.raises(AssertionError):
        check_sleeps(result)
