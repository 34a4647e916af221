# SPDX-License-Identifier: Apache-2.0
"""Tests techniques in Go, and loops of Go's maps other than mix and paced. Each program runs with
1, 2 and 16 goroutines under each installed compiler, and must detect injected bugs.

The tests do not depend on speed. Tests that need Go are skipped without it.
"""
import os

import pytest
from go_program import BUILD, changed_go, needs_go, request_of, result_of
from language_programs import rows

pytestmark = [pytest.mark.long, needs_go]

SHAPES = {row[0]: row[5].split()[0] for row in rows("go")}
FILLS = [(row[0], loop) for row in rows("go") for loop in ("fill", "random-fill", "grow:2:1")
         if loop.split(":", maxsplit=1)[0] in row[13].split()]
ALONE = {row[0] for row in rows("go") if "UNSAFE" in row[6]}
LOOPS = {"hold": "hold:1ms:100us:1", "stock": "stock:1000", "cleanup": "cleanup:2048",
         "audit": "audit:1000", "families": "families:1000:10", "route": "route:1000",
         "tally": "tally:100:1"}
SINGLE = "go_stock_single_check"
TECHNIQUES = {row[0]: LOOPS[row[13]] for row in rows("go") if row[2] == "technique"}
MISUSES = {row[0]: row[14] for row in rows("go") if len(row) > 14}
ARMS = [arm for arm in ("go", "go-classic") if (BUILD / f"readmostly-{arm}").exists()]


def trial(name, program=BUILD / "readmostly-go", **factors):
    """Runs a trial with free goroutines on all CPUs of this process."""
    arm = "go_classic_" if program.name.endswith("classic") else "go_"
    factors = {"cpus": [], "write_share": 1.0,
               "shape": SHAPES[name].replace("-", "u64x8")} | factors
    return result_of(request_of(name.replace("go_", arm, 1), **factors), program)


def stats(result):
    return {s["name"]: s["value"] for s in result["stats"]}


@pytest.mark.parametrize("name,loop", FILLS)
@pytest.mark.parametrize("arm", ARMS)
def test_an_empty_map_is_filled(arm, name, loop):
    keys = 1000
    for threads in (1,) if name in ALONE else (1, 2, 16):
        result = trial(name, BUILD / f"readmostly-{arm}", keys=keys, loop=loop,
                       presize=False, threads=threads)
        counts = stats(result)
        assert result["status"] == "ok", result["reason"]
        assert result["keys_before"] == result["footprint"]["prefill_threads"] == 0
        assert result["inserts"] == result["keys_after"]
        if loop == "random-fill":  # with n random keys, n/e of the keys are never drawn
            assert 0.58 * keys < result["keys_after"] < 0.68 * keys
            assert counts["write_count"] == result["ops"] == keys
        else:
            assert result["keys_after"] == counts["insert_count"] == keys
            assert result["ops"] == keys * (4 if loop.startswith("grow") else 1)
        assert counts["heap_held_bytes"] >= counts["bytes"] >= 7 * result["keys_after"]


@pytest.mark.parametrize("name,loop", TECHNIQUES.items())
@pytest.mark.parametrize("arm", ARMS)
def test_the_counts_of_each_technique_add_up(arm, name, loop):
    kind = loop.split(":", maxsplit=1)[0]
    window = {"hold": 20, "cleanup": 100, "audit": 5}.get(kind, 10_000)
    for threads in (1, 2, 16):
        result = trial(name, BUILD / f"readmostly-{arm}", loop=loop, threads=threads,
                       window_ops=window)
        expected = "ok"
        if name == "go_cleanup_range" or name == SINGLE and threads > 1:
            expected = "failed"
            assert MISUSES[name].rsplit(": ", maxsplit=1)[1] in result["reason"]
        assert result["status"] == expected, result["reason"]
        if kind != "families":  # two writes form one iteration of the loop `families`
            assert result["ops"] == window * threads
        assert result["keys_after"] is None


@pytest.mark.parametrize("name", ["go_stock_rw", "go_hold_rw"])
def test_lock_techniques_time_their_own_operations(name):
    counts = stats(trial(name, loop=TECHNIQUES[name], measure="latency", threads=4,
                         window_ops=300))
    for one in ("sale", "refusal") if "stock" in name else ("read_wait", "write_wait"):
        assert 0 < counts[one + "_p50"] <= counts[one + "_p99"] <= counts[one + "_max"]


def test_connections_are_opened_while_a_sweep_ranges():
    cpu = {max(os.sched_getaffinity(0))}
    for cpus in ([], list(cpu) * 2):
        counts = stats(trial("go_cleanup_mark", loop="cleanup:2000", threads=2, cpus=cpus,
                             window_ops=100))
        assert counts["opened_within_sweeps"] > 0 < counts["closed_by_timer"]
        assert counts["sweep_count"] >= 3


def test_a_store_of_a_pointer_allocates_in_a_sync_map_alone():
    allocated = {name: trial(name, loop="tally:100:1", window_ops=100_000)
                 for name in ("go_pointers_sync", "go_pointers_map")}
    of = {name: stats(result)["allocations"] / result["ops"]
          for name, result in allocated.items()}
    assert of["go_pointers_sync"] > 0.9 and of["go_pointers_map"] < 0.01


@pytest.mark.parametrize("factors", [
    {"loop": "fill:decimal", "shape": "str16x8"}, {"loop": "fill", "measure": "latency"},
    {"loop": "fill", "warm_up_ns": 1}, {"loop": "stock:1"}, {"loop": "grow:1"},
    {"map": "go_hold_rw"}, {"map": "go_hold_rw", "loop": "hold:1ms"},
    {"map": "go_null", "loop": "fill"}], ids=str)
def test_loops_that_a_map_lacks_are_rejected(factors):
    result = trial("go_map_rw", **factors)
    assert result["status"] == "failed" and result["reason"]


# Injected bugs. Columns: file, old text, new text, map or technique, factors of a trial that must
# fail, and part of the reason.
INJECTED = (
    ("go_map_mutex.go", "	wasThere := m.m.replace(key, value, old)",
     "	wasThere := rank == 77 || m.m.replace(key, value, old)",
     "go_map_mutex", {"loop": "fill"}, "were put into an empty map"),
    ("go_sync_map.go", "	return store(w, &m.m, scatter(rank), value, old)",
     "	if rank%100 == 7 {\n		return false\n	}\n"
     "	return store(w, &m.m, scatter(rank), value, old)",
     "go_sync_map", {"loop": "random-fill"}, "keys"),
    ("records.go", "	at, ok := m.m[scatter(rank)]\n",
     "	at, ok := m.m[scatter(rank)]\n	ok = ok && rank != 5\n",
     "go_map_rw_pointers", {"loop": "grow:9:0", "keys": 100}, "missed keys that were put in"),
    ("records.go", "	shard.m[key] = value\n",
     "	if key[0] != 5 {\n		shard.m[key] = value\n	}\n",
     "go_map_rw_boxed", {"loop": "fill", "shape": "str16x24"}, "key sums differ"),
    ("records.go", "unsafe.Pointer(&key))) = value\n", "unsafe.Pointer(&key))) = value + 1\n",
     "go_map_generic", {"loop": "fill"}, "another key's value"),
    ("hold.go", "func (m *plainMutex) RLock()   { m.Lock() }\n"
     "func (m *plainMutex) RUnlock() { m.Unlock() }",
     "func (m *plainMutex) RLock()   {}\nfunc (m *plainMutex) RUnlock() {}",
     "go_hold_mutex", {"loop": "hold:1ms:100us:1", "threads": 4, "window_ops": 50},
     "a writer was not alone"),
    ("stock.go", "		s.shelf[stockItem] = left - 1\n", "		s.shelf[stockItem] = left - 2\n",
     "go_stock_mutex", {"loop": "stock:1000", "window_ops": 100}, "a deduction was lost"),
    ("cleanup.go", "isClosed && (c.way == cleanupMark ||", "isClosed && (",
     "go_cleanup_mark", {"loop": "cleanup:128", "window_ops": 100}, "handlers outlived"),
    ("cleanup.go", "		conn.cancel()\n", "		_ = conn.cancel\n",
     "go_cleanup_context", {"loop": "cleanup:128", "window_ops": 100}, "handlers outlived"),
    ("cleanup.go", "return c.slots[conn.id].CompareAndSwap(conn, nil)",
     "return c.slots[conn.id].CompareAndSwap(conn, conn)",
     "go_cleanup_index", {"loop": "cleanup:128", "window_ops": 100}, "the registry holds"),
    ("audits.go", "	p.store(rank, p.last[rank])\n", "	p.store(rank, &p.records[0][rank])\n",
     "go_pointers_sync", {"loop": "tally:100:1", "window_ops": 100}, "its last store"),
    ("audits.go", "	for key := uint64(0); key < n; key++ {\n		delete(m, key)",
     "	for key := uint64(1); key < n; key++ {\n		delete(m, key)",
     "go_emptying_keys", {"loop": "audit:100", "window_ops": 1}, "when it was emptied"),
    ("audits.go", "	fresh := any(scatter(args[0]))\n", "	fresh := keys[0]\n",
     "go_rebuild", {"loop": "audit:100", "window_ops": 1}, "pairs were visited"),
    ("families.go", "of.LoadAndDelete(m.key(family, number-f.keys)); wasThere {",
     "of.Load(m.key(family, number-f.keys)); wasThere {",
     "go_families_sync_one", {"loop": "families:100:10", "write_share": 0.5,
                              "window_ops": 10_000}, "keys, expected"),
    ("families.go", "	return ok && value[0] == rank\n",
     "	return ok && value[0] == rank && rank != 7\n",
     "go_route_fnv1a", {"loop": "route:100", "window_ops": 100_000}, "stored and not found"),
    ("sharing.go", "				return true\n", "				return visited < 5\n",
     "go_sync_map_offers", {"loop": "audit:100", "window_ops": 1}, "were visited"),
    ("sharing.go", "	value, _ = m.Load(key)\n",
     "	value, _ = m.Load(key)\n	if value != nil {\n		value = other\n	}\n",
     "go_sync_map_safe", {"loop": "audit:100", "window_ops": 1}, "returned a wrong value"),
    ("sharing.go", "			assign(&variable, other)\n", "			assign(&variable, original)\n",
     "go_handle_shared", {"loop": "audit:100", "window_ops": 1}, "had another map"),
)


@pytest.fixture(name="mutant", scope="module")
def fixture_mutant(tmp_path_factory):
    return changed_go(tmp_path_factory.mktemp("mutant"), *(bug[:3] for bug in INJECTED))


@pytest.mark.parametrize("name,factors,words", [bug[3:] for bug in INJECTED],
                         ids=[bug[3] for bug in INJECTED])
def test_an_injected_bug_is_found(mutant, name, factors, words):
    result = result_of(request_of(name, **{"cpus": [], "presize": False} | factors), mutant)
    assert result["status"] == "failed" and words in result["reason"], result["reason"]
