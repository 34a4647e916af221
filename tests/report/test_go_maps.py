# SPDX-License-Identifier: Apache-2.0
"""Tests the program of Go maps: goroutines, collections, the layout of shared data, and bugs
injected into its sources. test_language_maps.py has the tests for all languages.

The tests do not depend on speed. Tests that need Go are skipped without it.
"""
import json
import os

import pytest
from go_program import changed_go, go, needs_go, request_of, result_of
from language_programs import SHAPES, VERIFY, rows

pytestmark = pytest.mark.long

MAPS = [row[0] for row in rows("go") if row[0] != "go_null"]
SNAPSHOTS = {"keys": 100, "window_ops": 20_000}


@needs_go
@pytest.mark.parametrize("name", ["gomap_rw", "syncmap"])
def test_go_answers_under_the_names_of_its_ports(name):
    result = result_of(request_of(name, threads=3))
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["keys_before"] == result["keys_after"] == 1000
    assert result["environment"]["go"].startswith("go1.")


@needs_go
@pytest.mark.parametrize("goroutines", ["wired", "free"])
def test_goroutines_are_bound_or_free(goroutines):
    cpu = max(os.sched_getaffinity(0))
    result = result_of(request_of("go_map_rw", threads=2,
                                  goroutines=goroutines))
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["environment"]["goroutines"] == goroutines
    assert result["environment"]["gomaxprocs"] == 1, "GOMAXPROCS must equal the number of CPUs"
    assert result["environment"]["process_cpus"] == [cpu]
    for thread in result["by_thread"]:
        assert thread["cpu"] == (cpu if goroutines == "wired" else None)
        assert (thread["cpu_ns"] is None) == (goroutines == "free")
        waited = thread["runqueue_wait_ns"]
        assert (waited is None) == (goroutines == "free")
        assert waited is None or 0 <= waited < 60e9
        assert thread["cpu_start"] == thread["cpu_end"] == cpu


@needs_go
def test_a_collection_is_reported():
    result = result_of(request_of("go_sync_map", write_share=1.0,
                                  keys=100_000, window_ops=3_000_000))
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["allocations"] >= 2 * result["writes"]
    assert stats["collections"] > 0 < stats["collection_cpu_estimated"]


@needs_go
def test_the_collections_of_the_window_are_counted():
    made = result_of(request_of("go_sync_map", write_share=1.0,
                                window_ops=3_000_000))
    stats = {s["name"]: s["value"] for s in made["stats"]}
    assert made["collections"] == stats["collections"] >= 1
    assert result_of(request_of("go_map_rw", window_ops=64))["collections"] == 0


@needs_go
def test_go_rejects_unknown_kinds_of_goroutines():
    done = go(json.dumps(request_of("go_map_rw", goroutines="bound")))
    assert done.returncode == 2 and done.stderr and not done.stdout


LAYOUT = """package main

import (
	"fmt"
	"os"
	"unsafe"
)

func init() {
	var l load
	fmt.Println(unsafe.Offsetof(l.heads)+unsafe.Sizeof(l.heads)-4,
		unsafe.Offsetof(l.left), unsafe.Offsetof(l.stop), unsafe.Sizeof(l))
	os.Exit(0)
}
"""


@needs_go
def test_fields_that_threads_write_share_no_line_with_those_they_read(tmp_path):
    """At any address of the object, at least 64 bytes must lie between the fields that each
    iteration reads and the two fields that other threads write."""
    (tmp_path / "layout.go").write_text(LAYOUT, "utf-8")
    *at, size = map(int, go("", program=changed_go(tmp_path)).stdout.split())
    assert at == sorted(at)
    assert all(later - one >= 64 + 4 for one, later in zip(at, at[1:]))
    assert size - at[-1] >= 64 + 4


# Injected bugs. Columns: file, old text, new text, a trial that must fail, and part of the reason.
INJECTED = {
    "a lost update under the lock": (
        "native.go", "	m[key] = value\n",
        "	if value>>44%1000 != 999 {\n		m[key] = value\n	}\n",
        VERIFY | {"map": "go_map_rw"}, "lost update"),
    "a lost update of sync.Map": (
        "go_sync_map.go", "	return store(w, &m.m, scatter(rank), value, old)",
        "	if value>>44%1000 == 999 {\n		v, ok := unbox(m.m.Load(scatter(rank)))\n"
        "		*old = v\n		return ok\n	}\n"
        "	return store(w, &m.m, scatter(rank), value, old)",
        VERIFY | {"map": "go_sync_map"}, "lost update"),
    "a lost fresh key": (
        "native.go", "	m[key] = value\n",
        "	if value>>44%1000 != 999 {\n		m[key] = value\n	}\n",
        {"map": "go_map_mutex", "write_kind": "fresh"},
        "upserts of fresh keys found the key present"),
    "a removal that removes nothing": (
        "go_sync_map.go", "	value, wasThere := m.LoadAndDelete(key)",
        "	value, wasThere := m.Load(key)",
        {"map": "go_sync_map", "write_kind": "fresh"}, "key sums differ"),
    "another key's value": (
        "go_sync_map.go", "value, ok := m.m.Load(scatter(rank))",
        "value, ok := m.m.Load(scatter(rank | 1))",
        {"map": "go_sync_map"}, "another key's value"),
    "a write without the lock's key": (
        "go_map_rw.go", "	key := w.storedKey(rank)\n",
        "	key := w.storedKey(rank ^ 1)\n",
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
        "the map held 999 keys after loading"),
    "a clone that another write was before": (
        "go_snapshot.go", "	m.mu.Lock()\n	next := m.clone()\n",
        "	next := m.clone()\n	m.mu.Lock()\n",
        VERIFY | {"map": "go_snapshot_value", "verify_ops": 200_000,
                  "cpus": sorted(os.sched_getaffinity(0))[:2]}, "lost update"),
    "a snapshot that is not published": (
        "go_snapshot.go", "m.now.Store(snapshotKey, next)",
        "_, _ = m.now.LoadOrStore(snapshotKey, next)",
        SNAPSHOTS | {"map": "go_snapshot_syncmap"}, "the map held 0 keys after loading"),
    "another key of the snapshot": (
        "go_snapshot.go", "(*m.now.Load())[scatter(rank)]",
        "(*m.now.Load())[scatter(rank|1)]",
        SNAPSHOTS | {"map": "go_snapshot_pointer", "shape": "u64x24"},
        "another key's value"),
    "a look-up in another shard": (
        "go_shard_rw.go", "&m.all[fnvText(key)&m.mask]",
        "&m.all[fnvText(key[1:])&m.mask]",
        {"map": "go_shard_rw_64", "shape": "str16x8"},
        "missed keys that were never removed"),
    "a look-up that finds nothing": (
        "go_map_rw.go", "		if !ok {\n", "		if !ok || rank == 7 {\n",
        {"map": "go_map_rw"}, "missed keys that were never removed"),
}


@needs_go
@pytest.mark.parametrize("injected", INJECTED)
def test_injected_bugs_are_detected(injected, tmp_path):
    *change, factors, reason = INJECTED[injected]
    result = result_of(request_of(**{"name": factors["map"]} | factors),
                       changed_go(tmp_path, change))
    assert result["status"] == "failed"
    assert result["verification"]["status"] == "failed"
    assert reason in result["reason"]


# During the window, keys get values of other keys. The check of all keys at the end must not be the
# only check, because the values are correct again by then.
ASTRAY = (
    ("team.go", "		w.drive()\n",
     "		astray = 1\n		w.drive()\n		astray = 0\n"),
    ("worker.go", "func rankMismatch(value, rank uint64) uint64 {\n	return ",
     "var astray uint64\n\n"
     "func rankMismatch(value, rank uint64) uint64 {\n	return astray | "))


@needs_go
def test_errors_only_in_the_window_are_reported(tmp_path):
    program = changed_go(tmp_path, *ASTRAY)
    for name, shape in ((m, s) for m in SHAPES if m in MAPS for s in SHAPES[m]):
        result = result_of(request_of(name, shape=shape,
                                      **(SNAPSHOTS if "snapshot" in name else {})), program)
        assert "another key's value" in (result["reason"] or ""), (name, shape)
        assert result["verification"]["wrong_values"] == 1
