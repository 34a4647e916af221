# SPDX-License-Identifier: Apache-2.0
"""Tests maps in Go, Java and Rust with the programs that measure them. The programs run the
operations of the C loop, follow the schema, and detect injected bugs.

The tests do not depend on speed. Maps that are not built are skipped.
"""
import copy
import json
import os
import re
import subprocess

import go_program
import pytest
from go_program import ROOT, request_of
from language_programs import (KINDS, LANGUAGES, MAPS, SHAPES, VERIFY, answer,
                               changed, maps, require, result_of, rows)

pytestmark = pytest.mark.long

HOLDING = [name for name in MAPS if not name.endswith("_null")]
EACH = [(name, shape) for name in HOLDING for shape in SHAPES[name]]
# Writes of this map do not return the old value. With fresh writes by 3 threads on one CPU, 3 of 12
# trials ended with one key less than their results implied. One thread was preempted inside its put
# of a key while another thread removed this key.
NO_OLD_VALUE = "java_nbhm_long"
# Maps that are not synchronised.
ALONE = {row[0] for row in rows("go") if "UNSAFE" in row[6]}
# Maps whose writes take O(keys) time, so that trials do fewer writes.
FEW = dict.fromkeys(
    (row[0] for language in LANGUAGES for row in rows(language)
     if "SLOW_WRITES" in row[6].split()), {"keys": 100, "window_ops": 20_000})


def test_a_map_whose_look_ups_share_a_moment_is_marked_stale():
    """Such a map answers all look-ups of a batch from the state at the start of the batch."""
    for row in rows("rust"):
        source = (ROOT / "impls/rust" / f"{row[0]}.rs").read_text("utf-8")
        assert ("store_bases" in source) == ("STALE" in row[6].split()), row[0]


def sequences(language):
    """Languages other than Go have values of only one word. Keys that do not differ in their first
    bytes have 16 bytes in all languages."""
    lines = (ROOT / "tests/go/sequence.tsv").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [row for row in rows
            if (language == "go" or row[0].endswith("x8"))
            and (row[6] == "first" or row[0].startswith("str16"))]


@pytest.mark.parametrize("language,line", [
    pytest.param(language, line, id=" ".join([language, *line]))
    for language in LANGUAGES for line in sequences(language)])
def test_the_first_million_operations_are_those_of_c(language, line):
    shape, kind, dist, misses, writes, keys, differs, digest = line
    name = f"{language}_null"
    request = request_of(
        name, shape=shape, write_kind=kind, dist=dist, keys=int(keys),
        miss_share=float(misses), write_share=float(writes),
        window_ops=1_000_000, key_differs=differs)
    assert answer(json.dumps(request), name, "sequence",
                  differs).stdout.strip() == digest


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name,shape", EACH)
def test_each_key_is_renewed_as_often_as_requested(name, shape, kind):
    factors = {"keys": 1001} | FEW.get(name, {})
    threads = 1 if name == NO_OLD_VALUE or name in ALONE else 3
    result = result_of(name, shape=shape, write_kind=kind, threads=threads,
                       settle="renewed:2", **factors)
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["renewed"]["keys"] == 2 * factors["keys"]
    assert result["renewed"]["elapsed_ns"] > 0
    assert result["keys_before"] == factors["keys"]
    assert result_of(name, shape=shape, **factors)["renewed"] is None


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name,shape", EACH)
def test_the_content_of_each_map_agrees_with_its_answers(name, shape, kind, threads):
    factors = {"keys": 1000} | FEW.get(name, {})
    if name in ALONE:
        threads = 1
    result = result_of(name, shape=shape, write_kind=kind, threads=threads,
                       **factors)
    if name == NO_OLD_VALUE and kind != "update" and threads > 1:
        assert f"{kind} needs one thread" in result["reason"]
        return
    assert result["verification"]["status"] == "ok", result["reason"]
    assert result["lookups"] + result["writes"] == result["ops"]
    assert result["keys_before"] == factors["keys"]
    assert (kind == "update") == (result["removes"] == 0)
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["cores_used"] > 0 and stats["background_cpu"] is not None
    assert result["environment"][name.split("_")[0]]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name,shape", EACH)
def test_each_map_is_verified_by_values(name, shape, kind):
    factors = VERIFY | ({"verify_ops": 5000} if name in FEW else {})
    if name in ALONE or name == NO_OLD_VALUE and kind != "update":
        factors["threads"] = 1
    result = result_of(name, shape=shape, write_kind=kind, **factors)
    assert result["status"] == "ok", result["reason"]
    untold = name in (NO_OLD_VALUE, "go_sync_map_boxed") or name == "go_sync_map" and \
        result["environment"]["go"].startswith("go1.19")
    assert result["verification"]["accounting"] == (
        "key sums only" if untold else "values")
    assert result["verification"]["written"] > 0


@pytest.mark.parametrize("name", ["rust_arc_swap", "go_snapshot_value"])
def test_a_verification_of_slow_writes_stops_at_its_limit(name):
    """Each write clones 20,000 keys, and no machine runs ten million such writes within the limit
    of two seconds. The verification must run fewer writes."""
    result = result_of(name, **VERIFY | {
        "keys": 20_000, "verify_ops": 10_000_000})
    assert result["status"] == "ok", result["reason"]
    verification = result["verification"]
    assert verification["stopped_early"] is True
    assert 0 < verification["written"] < 10_000_000
    result = result_of(name, **VERIFY | {"verify_ops": 64})
    assert result["verification"]["stopped_early"] is False


def test_slow_writes_are_those_of_the_table_of_maps():
    """The footprint shows that one thread filled the map, which is the rule for Go maps with slow
    writes."""
    for row in maps("go"):
        if row[0] in ALONE:
            continue
        require(row[0])
        result = result_of(row[0], threads=2, **FEW.get(row[0], {}))
        assert (result["footprint"]["prefill_threads"] == 1) == (
            row[0] in FEW), row[0]
    for row in rows("rust"):
        source = (ROOT / "impls/rust" / f"{row[0]}.rs").read_text("utf-8")
        assert ("const SLOW_WRITES: bool = true;" in source) == (
            "SLOW_WRITES" in row[6].split()), row[0]


@pytest.mark.parametrize("dist", ["zipf:0.99", "hot:1%:90%", "sequential"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_streams_of_ranks_are_run(language, dist):
    result = result_of(f"{language}_null", dist=dist, miss_share=0.25)
    assert result["status"] == "ok", result["reason"]


@pytest.mark.parametrize("name", HOLDING)
def test_lookups_aimed_at_absent_keys_miss(name):
    result = result_of(name, miss_share=0.25, **FEW.get(name, {}))
    assert result["status"] == "ok", result["reason"]
    assert result["misses_absent"] > 0 == result["misses_resident"]
    assert result["hits"] + result["misses_absent"] == result["lookups"]


@pytest.mark.parametrize("name", MAPS)
def test_threads_are_placed_and_read_back(name):
    if name in ALONE:
        pytest.skip("it is for one thread")
    cpu = max(os.sched_getaffinity(0))
    result = result_of(name, threads=2, **FEW.get(name, {}))
    for thread in result["by_thread"]:
        assert (thread["cpu"], thread["cpu_start"], thread["cpu_end"]) \
            == (cpu, cpu, cpu)
        assert thread["cpu_ns"] is not None


@pytest.mark.parametrize("language", LANGUAGES)
def test_cpu_time_is_that_of_the_threads_clock(language):
    """The thread clock has a resolution of nanoseconds. getrusage() is updated only once a tick,
    which is too coarse to distinguish eight threads."""
    result = result_of(f"{language}_null", threads=8)
    assert any(t["cpu_ns"] % 1000 for t in result["by_thread"])


def test_reading_the_files_of_a_thread_does_not_count():
    """The program reads two files to find the CPU time and the allocations of a thread, which
    allocates 30 KB. The loop without a map allocates nothing, so the reported value must be small.
    """
    result = result_of("java_null", window_ops=640)
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["allocated"] < 15_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_cpu_is_the_reason(language):
    result = result_of(f"{language}_null", cpus=[1000])
    assert result["status"] == "void"
    assert "could not be placed on CPU 1000" in result["reason"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_peak_excludes_the_parent_process(language):
    """getrusage() reports the peak of the process before exec(), that is, of the process that
    started the program. The test process therefore holds 512 MiB."""
    held = b"x" * (512 << 20)
    result = result_of(f"{language}_null")
    assert 0 < result["footprint"]["rss_peak_bytes"] < len(held)


@pytest.mark.parametrize("language", ["java", "rust"])
def test_the_warm_up_is_recorded(language):
    warm_up = result_of(f"{language}_null",
                        warm_up_ns=600_000_000)["warm_up"]
    assert warm_up["slice_ns"] == 100_000_000
    slices = warm_up["ns_per_op"]
    assert slices and all(ns > 0 for ns in slices)
    last = slices[-5:]
    assert warm_up["steady"] == (
        None if len(last) < 5 else max(last) - min(last) < 0.03 * min(last))
    short = result_of(f"{language}_null")["warm_up"]
    assert short["ns_per_op"] == [] and short["steady"] is None


@pytest.mark.parametrize("asked_ns", [10_000_000, 200_000_000])
def test_a_warm_up_of_java_lasts_until_speed_is_steady(asked_ns):
    """A warm-up that is too short is extended until the speed is steady, because compilation takes
    a certain time."""
    result = result_of("java_chm", warm_up_ns=asked_ns)
    assert result["warm_up"]["steady"] or \
        result["phases_ns"]["warm_up"] >= 2_000_000_000


def test_a_plan_has_the_time_until_java_is_steady(tmp_path):
    """The program and the plan use the same time from the table of maps."""
    source = (ROOT / "impls/java/WarmUp.java").read_text("utf-8")
    most = int(re.search(r"int MOST = (\d+);", source)[1])
    enough, = re.findall(r"ENOUGH_NS = ([\d_]+)L;", source)
    assert f"COMPILED_NS = {int(enough)}," in (
        ROOT / "runner/plan/plan_cost.c").read_text("utf-8")
    columns = {row[0]: row[10:12] for row in rows("java")}
    assert {int(times) for _, times in columns.values()} == {most}
    require("java_chm")
    workload = tmp_path / "warm.conf"
    workload.write_text("writes = 3%\nkeys = 100\nthreads = 1\n"
                        "base = gomap_rw\nwarm-up = 300ms\n"
                        "window = 1s\ndeadline = 60s\n", "utf-8")
    plan = json.loads(subprocess.run(
        [go_program.BUILD / "readmostly", "plan", "--json", workload,
         "--maps", "java_chm gomap_rw"], text=True, capture_output=True,
        check=True).stdout)
    cost = {c["map"]: c["estimate_ns"] for c in plan["cells"]
            if c["measure"] == "throughput"}
    assert cost["java_chm"] - cost["gomap_rw"] == 1_000_000 * (
        int(columns["java_chm"][0]) + 300 * (most - 1))


def test_collections_and_compilers_are_reported():
    """Each write allocates objects of 24 and 32 bytes. Together they exceed the young generation of
    the heap, so that collections must occur."""
    result = result_of("java_chm", write_share=1.0, keys=100_000,
                       window_ops=20_000_000)
    stats = {s["name"]: s["value"] for s in result["stats"]}
    assert stats["allocated"] >= 24 * result["writes"]
    assert stats["collections"] > 0 < stats["collector_cpu"]
    assert stats["compiler_cpu"] >= 0
    assert stats["background_cpu"] >= \
        stats["collector_cpu"] + stats["compiler_cpu"]


REFUSED = [{"map": "snapshot"}, {"shape": "u64x24"}, {"dist": "lognormal:1"},
           {"dist": "trace:00000000"}, {"measure": "latency"},
           {"loop": "scan:1"}, {"memory": "interleave"},
           {"allocator": "jemalloc"}, {"huge_pages": "on"}]


@pytest.mark.parametrize("factors", REFUSED, ids=str)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_reports_what_it_does_not_support(language, factors):
    name = f"{language}_null"
    request = request_of(name, **{"id": "refused"} | factors)
    done = answer(json.dumps(request), name)
    result = json.loads(done.stdout)
    assert result["status"] == "failed" and result["reason"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_null_map_cannot_be_verified(language):
    result = result_of(f"{language}_null", **VERIFY)
    assert result["status"] == "failed" and "verified" in result["reason"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_program_rejects_invalid_requests(language):
    name = f"{language}_null"
    good = request_of(name)
    less = copy.deepcopy(good)
    del less["cell"]["keys"]
    more = copy.deepcopy(good)
    more["cell"]["colour"] = "red"
    for text in ("", "[]", "{}", json.dumps(good | {"more": 1}),
                 json.dumps(good | {"protocol": 1}), json.dumps(less),
                 json.dumps(more), json.dumps(good) + "{}",
                 json.dumps(request_of(name, keys=0)),
                 json.dumps(request_of(name, window_ns=1))):
        done = answer(text, name)
        assert done.returncode == 2 and done.stderr, text
        assert not done.stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_row_is_a_map_of_its_program(language):
    for row in rows(language):
        assert len(row) in (14, 15, 16) and row[0].startswith(language + "_"), row


# Injected bugs. Columns: language, file, old text, new text, a trial that must fail, and part of
# the reason.
INJECTED = {
    "a lost update of Java": (
        "java", "JavaChm.java",
        "return unbox(map.put(Random.scatter(rank), value));",
        "return value >>> 44 == 999 ? unbox(map.get(Random.scatter(rank)))"
        " : unbox(map.put(Random.scatter(rank), value));",
        VERIFY | {"map": "java_chm"}, "lost update"),
    "another key's value in Java": (
        "java", "JavaChm.java",
        "return unbox(map.get(Random.scatter(rank)));",
        "return unbox(map.get(Random.scatter(rank == 7 ? 8 : rank)));",
        {"map": "java_chm"}, "another key's value"),
    "a lost fresh key of Java": (
        "java", "JavaNbhmLong.java",
        "return unbox(map.put(Random.scatter(rank), (Long) value));",
        "return rank == 5000 ? ABSENT"
        " : unbox(map.put(Random.scatter(rank), (Long) value));",
        {"map": "java_nbhm_long", "write_kind": "fresh", "write_share": 0.5},
        "key sums differ"),
    "a lost update of a map that does not tell": (
        "java", "JavaNbhmLong.java",
        "return unbox(map.put(Random.scatter(rank), (Long) value));",
        "return value >>> 44 == 999 ? value"
        " : unbox(map.put(Random.scatter(rank), (Long) value));",
        VERIFY | {"map": "java_nbhm_long"}, "lost update"),
    "answers that are taken for what they are not": (
        "java", "JavaNbhmLong.java", "return false;", "return true;",
        VERIFY | {"map": "java_nbhm_long", "keys": 1, "write_kind": "churn",
                  "verify_ops": 4_000_000,
                  "cpus": sorted(os.sched_getaffinity(0))[:2]},
        "lost update"),
    "a removal that removes nothing in Java": (
        "java", "JavaChm.java",
        "return unbox(map.remove(Tables.text(rank)));",
        "return unbox(map.get(Tables.text(rank)));",
        {"map": "java_chm", "shape": "str16x8", "write_kind": "fresh"},
        "key sums differ"),
    "a lost update of Rust": (
        "rust", "rust_rwlock.rs",
        "        self.map.write().expect(NOT_POISONED).insert(key, value)",
        "        let mut map = self.map.write().expect(NOT_POISONED);\n"
        "        if value >> 44 == 999 {\n"
        "            return map.get(key.borrow()).copied();\n"
        "        }\n"
        "        map.insert(key, value)",
        VERIFY | {"map": "rust_rwlock"}, "lost update"),
    "another key's value in Rust": (
        "rust", "rust_dashmap.rs",
        "K::view(rank, |key| self.map.get(key)",
        "K::view(rank + u64::from(rank == 7), |key| self.map.get(key)",
        {"map": "rust_dashmap"}, "another key's value"),
    "a lost fresh key of Rust": (
        "rust", "rust_arc_swap.rs",
        "        self.change(|map| map.insert(K::stored_key(rank), value))",
        "        if rank == 500 {\n            return None;\n        }\n"
        "        self.change(|map| map.insert(K::stored_key(rank), value))",
        {"map": "rust_arc_swap", "write_kind": "fresh", "write_share": 0.5}
        | FEW["rust_arc_swap"], "key sums differ"),
}


@pytest.mark.parametrize("injected", INJECTED)
def test_injected_bugs_are_detected(injected, tmp_path):
    language, file, right, wrong, factors, reason = INJECTED[injected]
    require(factors["map"])
    program = changed(language, tmp_path, file, right, wrong)
    request = request_of(**{"name": factors["map"]} | factors)
    result = go_program.result_of(request, program)
    assert result["status"] == "failed"
    assert result["verification"]["status"] == "failed"
    assert reason in result["reason"]
