# SPDX-License-Identifier: Apache-2.0
"""Go's own maps, measured by a program in Go: it does what the C loop does,
answers by the schema, and finds what is planted in it.

No speed is asserted. Where no Go is, what needs it is skipped.
"""
import copy
import itertools
import json
import os

import pytest
from go_program import ROOT, changed_go, go, needs_go, request_of, result_of

pytestmark = pytest.mark.long

MAPS = ("go_map_mutex", "go_map_rw", "go_sync_map")
KINDS = ("update", "churn", "fresh")
VERIFY = {"measure": "verify", "window_ops": 0, "verify_ops": 20_000,
          "write_share": 1.0, "keys": 64, "threads": 2}


def all_sequences():
    lines = (ROOT / "tests/go/sequence.tsv").read_text().splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def sequences():
    """Those of values of one word, which all languages have."""
    return [line for line in all_sequences() if line[0].endswith("x8")]


@needs_go
@pytest.mark.parametrize("line", all_sequences(), ids=" ".join)
def test_the_first_million_operations_are_those_of_c(line):
    shape, kind, dist, misses, writes, keys, digest = line
    request = request_of(
        "go_null", shape=shape, write_kind=kind, dist=dist, keys=int(keys),
        miss_share=float(misses), write_share=float(writes),
        window_ops=1_000_000)
    assert go(json.dumps(request), "sequence").stdout.strip() == digest


@needs_go
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", ["u64x8", "str16x8", "str64x8", "u64x1024",
                                   "str32x64"])
@pytest.mark.parametrize("name", MAPS)
def test_each_map_holds_what_its_answers_say(name, shape, kind, threads):
    result = result_of(request_of(name, shape=shape, write_kind=kind,
                                  threads=threads))
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["lookups"] + result["writes"] == result["ops"]
    assert result["keys_before"] == 1000
    assert (kind == "update") == (result["removes"] == 0)
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["cores_used"] > 0 and stats["background_cpu"] is not None
    assert result["environment"]["go"].startswith("go1.")


@needs_go
@pytest.mark.parametrize("name", ["gomap_rw", "syncmap"])
def test_go_answers_under_the_names_of_its_ports(name):
    result = result_of(request_of(name, threads=3))
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["keys_before"] == result["keys_after"] == 1000
    assert result["environment"]["go"].startswith("go1.")


@needs_go
@pytest.mark.parametrize("name", MAPS)
def test_lookups_aimed_at_absent_keys_miss(name):
    result = result_of(request_of(name, miss_share=0.25))
    assert result["status"] == "ok", result["reason"]
    assert result["misses_absent"] > 0 == result["misses_resident"]
    assert result["hits"] + result["misses_absent"] == result["lookups"]


@needs_go
@pytest.mark.parametrize("goroutines", ["wired", "free"])
def test_goroutines_are_bound_or_free(goroutines):
    cpu = max(os.sched_getaffinity(0))
    result = result_of(request_of("go_map_rw", threads=2,
                                  goroutines=goroutines))
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["environment"]["goroutines"] == goroutines
    assert result["environment"]["gomaxprocs"] == 1, "one CPU is placed"
    for thread in result["by_thread"]:
        assert thread["cpu"] == (cpu if goroutines == "wired" else None)
        assert (thread["cpu_ns"] is None) == (goroutines == "free")
        waited = thread["runqueue_wait_ns"]
        assert (waited is None) == (goroutines == "free")
        assert waited is None or 0 <= waited < 60e9
        assert thread["cpu_start"] == thread["cpu"], "nobody's if it is free"


@needs_go
@pytest.mark.parametrize("shape", ["u64x8", "u64x24", "str16x64", "str32x256",
                                   "str64x1024"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", MAPS)
def test_go_verifies(name, kind, shape):
    result = result_of(request_of(name, write_kind=kind, shape=shape,
                                  **VERIFY))
    assert result["status"] == "ok", result["reason"]
    told = result["verification"]["accounting"]
    if name == "go_sync_map" and \
            result["environment"]["go"].startswith("go1.19"):
        assert told == "key sums only", "its Store does not tell"
    else:
        assert told == "values"


@needs_go
def test_a_collection_is_told():
    result = result_of(request_of("go_sync_map", write_share=1.0,
                                  keys=100_000, window_ops=3_000_000))
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["allocations"] >= 2 * result["writes"]
    assert stats["collections"] > 0 < stats["collection_cpu_estimated"]


@needs_go
def test_cpu_time_is_that_of_the_threads_clock():
    """It has nanoseconds. getrusage() has microseconds, as of the last tick:
    of eight threads none would tell another part of one."""
    result = result_of(request_of("go_map_rw", threads=8))
    assert any(t["cpu_ns"] % 1000 for t in result["by_thread"])


@needs_go
def test_its_peak_is_its_own():
    """exec() keeps the peak of whoever started the program, and getrusage()
    tells that."""
    held = b"x" * (512 << 20)
    result = result_of(request_of("go_map_rw"))
    assert 0 < result["footprint"]["rss_peak_bytes"] < len(held)


@needs_go
@pytest.mark.parametrize("factors", [
    {"map": "snapshot"}, {"map": "go_null", "shape": "u64x24"}, {"dist": "trace:00000000"},
    {"measure": "latency"}, {"loop": "scan:1"}, {"memory": "interleave"},
    {"allocator": "jemalloc"}, {"map": "go_null"} | VERIFY], ids=str)
def test_go_says_what_it_does_not_run(factors):
    result = result_of(request_of("go_map_rw", **factors))
    assert result["status"] == "failed" and result["reason"]


@needs_go
def test_go_refuses_what_is_no_request():
    good = request_of("go_map_rw")
    less = copy.deepcopy(good)
    del less["cell"]["keys"]
    bound = request_of("go_map_rw", goroutines="bound")
    for text in ("", "[]", "{}", json.dumps(good | {"more": 1}),
                 json.dumps(good | {"protocol": 1}), json.dumps(less),
                 json.dumps(bound)):
        done = go(text)
        assert done.returncode == 2 and done.stderr, text
        assert not done.stdout


LAYOUT = """package main

import (
	"fmt"
	"os"
	"unsafe"
)

func init() {
	var l load
	fmt.Println(unsafe.Offsetof(l.writeBelow), unsafe.Offsetof(l.head),
		unsafe.Offsetof(l.left), unsafe.Offsetof(l.stop), unsafe.Sizeof(l))
	os.Exit(0)
}
"""


@needs_go
def test_what_threads_write_is_on_no_line_of_what_they_read(tmp_path):
    """Wherever the object begins: 64 bytes lie between what each iteration
    reads and each of the three that other threads write."""
    (tmp_path / "layout.go").write_text(LAYOUT, "utf-8")
    *at, size = map(int, go("", program=changed_go(tmp_path)).stdout.split())
    assert at == sorted(at)
    assert all(later - one >= 64 + 4 for one, later in zip(at, at[1:]))
    assert size - at[-1] >= 64 + 4


# What is broken: file, what stands there, what stands there instead, a trial
# that must fail, and words of its reason.
PLANTED = {
    "a lost update under the lock": (
        "native.go", "	m[key] = value\n",
        "	if value>>44%1000 != 999 {\n		m[key] = value\n	}\n",
        VERIFY | {"map": "go_map_rw"}, "lost update"),
    "a lost update of sync.Map": (
        "go_sync_map.go", "	return store(w, &m.m, scatter(rank), value, old)",
        "	if value>>44%1000 == 999 {\n		return true\n	}\n"
        "	return store(w, &m.m, scatter(rank), value, old)",
        VERIFY | {"map": "go_sync_map"}, "lost update"),
    "a lost fresh key": (
        "native.go", "	m[key] = value\n",
        "	if value>>44%1000 != 999 {\n		m[key] = value\n	}\n",
        {"map": "go_map_mutex", "write_kind": "fresh"},
        "upserts of fresh keys found one"),
    "a removal that removes nothing": (
        "go_sync_map.go", "	value, wasThere := m.LoadAndDelete(key)",
        "	value, wasThere := m.Load(key)",
        {"map": "go_sync_map", "write_kind": "fresh"}, "key sums differ"),
    "another key's value": (
        "go_sync_map.go", "value, ok := m.m.Load(scatter(rank))",
        "value, ok := m.m.Load(scatter(rank | 1))",
        {"map": "go_sync_map"}, "another key's value"),
    "a write without the lock's key": (
        "go_map_rw.go", "	key := w.own(rank)\n",
        "	key := w.own(rank ^ 1)\n",
        {"map": "go_map_rw", "shape": "str16x8"}, "another key's value"),
    "a late word of a long value under the lock": (
        "long.go", "	m[key] = *value\n",
        "	if words := wordsOf(value); words[0]>>44%1000 == 999 {\n"
        "		words[len(words)-1]++\n	}\n	m[key] = *value\n",
        {"map": "go_map_mutex", "shape": "str64x1024"},
        "another key's value"),
    "and in what a verified write finds": (
        "long.go", "	m[key] = *value\n",
        "	if words := wordsOf(value); words[0]>>44%1000 == 999 {\n"
        "		words[len(words)-1]++\n	}\n	m[key] = *value\n",
        VERIFY | {"map": "go_map_rw", "shape": "u64x64"},
        "another key's value"),
    "a late word of a long value of sync.Map": (
        "go_sync_map.go", "	lengthen(wordsOf(&value), word)\n",
        "	lengthen(wordsOf(&value), word)\n"
        "	wordsOf(&value)[len(wordsOf(&value))-1] ^= word >> 54 & 1\n",
        {"map": "go_sync_map", "shape": "u64x256"}, "another key's value"),
    "a wrong byte late in a long key": (
        "worker.go", "	return string(w.line[:w.keyBytes])",
        "	line := w.line\n	if rank == 7 {\n"
        "		line[w.keyBytes-1] = 1\n	}\n"
        "	return string(line[:w.keyBytes])",
        {"map": "go_map_rw", "shape": "str64x64"},
        "prefill not exact: 999 keys"),
    "a look-up that finds nothing": (
        "go_map_rw.go", "		if !ok {\n", "		if !ok || rank == 7 {\n",
        {"map": "go_map_rw"}, "missed keys that were never removed"),
}


@needs_go
@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_caught(planted, tmp_path):
    *change, factors, reason = PLANTED[planted]
    result = result_of(request_of(**{"name": factors["map"]} | factors),
                       changed_go(tmp_path, change))
    assert result["status"] == "failed"
    assert result["verification"]["status"] == "failed"
    assert reason in result["reason"]


# Values are another key's as long as the window is driven, and are right again
# before all keys are looked at once more.
ASTRAY = (
    ("team.go", "		w.drive()\n",
     "		astray = 1\n		w.drive()\n		astray = 0\n"),
    ("worker.go", "func different(value, rank uint64) uint64 {\n	return ",
     "var astray uint64\n\n"
     "func different(value, rank uint64) uint64 {\n	return astray | "))


@needs_go
def test_what_only_the_window_saw_is_told(tmp_path):
    program = changed_go(tmp_path, *ASTRAY)
    for name, shape in itertools.product(MAPS, ("u64x8", "str16x8", "u64x24",
                                                "str32x64")):
        told = result_of(request_of(name, shape=shape), program)
        assert "another key's value" in (told["reason"] or ""), (name, shape)
        assert told["verification"]["wrong_values"] == 1
