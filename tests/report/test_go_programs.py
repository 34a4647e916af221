# SPDX-License-Identifier: Apache-2.0
"""Loops of Go's maps beside mix and paced, and techniques in Go: each runs with 1, 2
and 16 goroutines by each compiler that is here, and finds an injected bug.

No speed is asserted. Tests that need Go are skipped without it.
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
LOOPS = {"hold": "hold:1ms:100us:1", "stock": "stock:1000", "cleanup": "cleanup:128",
         "audit": "audit:1000", "families": "families:1000:10", "route": "route:1000",
         "tally": "tally:100:1"}
SINGLE = "go_stock_single_check"
TECHNIQUES = {row[0]: LOOPS[row[13]] for row in rows("go") if row[2] == "technique"}
MISUSES = {row[0]: row[14] for row in rows("go") if len(row) > 14}
ARMS = [arm for arm in ("go", "go-classic") if (BUILD / f"readmostly-{arm}").exists()]


def trial(name, program=BUILD / "readmostly-go", **factors):
    """Goroutines are free, on all CPUs of this process."""
    arm = "go_classic_" if program.name.endswith("classic") else "go_"
    factors = {"cpus": [], "shape": SHAPES[name].replace("-", "u64x8"), "write_share": 1.0} | factors
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
        told = stats(result)
        assert result["status"] == "ok", result["reason"]
        assert result["keys_before"] == result["footprint"]["prefill_threads"] == 0
        assert result["inserts"] == result["keys_after"]
        if loop == "random-fill":  # of n keys about n/e never come
            assert 0.58 * keys < result["keys_after"] < 0.68 * keys
            assert told["write_count"] == result["ops"] == keys
        else:
            assert result["keys_after"] == told["insert_count"] == keys
            assert result["ops"] == keys * (4 if loop.startswith("grow") else 1)
        assert told["heap_held_bytes"] >= told["bytes"] >= 8 * result["keys_after"]


@pytest.mark.parametrize("name,loop", TECHNIQUES.items())
@pytest.mark.parametrize("arm", ARMS)
def test_each_technique_adds_up(arm, name, loop):
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
        assert result["ops"] - (result["inserts"] if kind == "families" else 0) == window * threads
        assert result["keys_after"] is None


@pytest.mark.parametrize("name", ["go_stock_rw", "go_hold_rw"])
def test_they_time_their_own_operations(name):
    told = stats(trial(name, loop=TECHNIQUES[name], measure="latency", threads=4,
                       window_ops=300))
    for one in ("sale", "refusal") if "stock" in name else ("read_wait", "write_wait"):
        assert 0 < told[one + "_p50"] <= told[one + "_p99"] <= told[one + "_max"]


def test_connections_are_opened_while_a_sweep_ranges():
    cpu = {max(os.sched_getaffinity(0))}
    for cpus in ([], list(cpu) * 2):
        told = stats(trial("go_cleanup_mark", loop="cleanup:2000", threads=2, cpus=cpus,
                           window_ops=100))
        assert told["opened_within_sweeps"] > 0 < told["closed_by_timer"]
        assert told["sweep_count"] >= 3


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
def test_a_loop_that_the_map_has_not_is_refused(factors):
    result = trial("go_map_rw", **factors)
    assert result["status"] == "failed" and result["reason"]


# What is broken: file, what stands there, what stands there instead, the map and its
# factors, and words of the reason.
PLANTED = {
    "a lost key of a fill": (
        "worker.go", "	wasThere := w.table.upsert(w, rank, value, nil)\n",
        "	wasThere := false\n	if rank != 77 {\n"
        "		wasThere = w.table.upsert(w, rank, value, nil)\n	}\n",
        "go_map_rw", {"loop": "fill"}, "key sums differ"),
    "a lost key of a random fill": (
        "go_sync_map.go", "	return store(w, &m.m, scatter(rank), value, old)",
        "	if rank%100 == 7 {\n		return true\n	}\n"
        "	return store(w, &m.m, scatter(rank), value, old)",
        "go_sync_map", {"loop": "random-fill"}, "keys"),
    "a key that is missing while a map grows": (
        "loop_fill.go", "	f.first[w.slot] = w.rng\n",
        "	f.first[w.slot] = w.rng\n	defer w.table.remove(w, 5, nil)\n",
        "go_map_rw", {"loop": "grow:1:1"}, "key sums differ"),
    "readers that share a mutex": (
        "hold.go", "func (m *plainMutex) RLock()   { m.Lock() }\n"
        "func (m *plainMutex) RUnlock() { m.Unlock() }",
        "func (m *plainMutex) RLock()   {}\nfunc (m *plainMutex) RUnlock() {}",
        "go_hold_mutex", {"loop": "hold:1ms:100us:1", "threads": 4, "window_ops": 50},
        "a writer was not alone"),
    "a sale of two units": (
        "stock.go", "		s.shelf[stockItem] = left - 1\n", "		s.shelf[stockItem] = left - 2\n",
        "go_stock_mutex", {"loop": "stock:1000", "window_ops": 100},
        "a deduction was lost"),
    "a mark that nobody sees": (
        "cleanup.go", "			told := isClosed && ", "			told := false && isClosed && ",
        "go_cleanup_mark", {"loop": "cleanup:128", "window_ops": 100}, "handlers outlived"),
    "a context that nobody cancels": (
        "cleanup.go", "		conn.cancel()\n", "		_ = conn.cancel\n",
        "go_cleanup_context", {"loop": "cleanup:128", "window_ops": 100},
        "handlers outlived"),
    "a slot that is not freed": (
        "cleanup.go", "return c.slots[conn.id].CompareAndSwap(conn, nil)",
        "return c.slots[conn.id].CompareAndSwap(conn, conn)",
        "go_cleanup_index", {"loop": "cleanup:128", "window_ops": 100},
        "the registry holds"),
    "a store of the wrong pointer": (
        "audits.go", "	p.store(rank, p.last[rank])\n",
        "	p.store(rank, &p.records[0][rank])\n",
        "go_pointers_sync", {"loop": "tally:100:1", "window_ops": 100}, "its last store"),
    "an emptying that leaves a key": (
        "audits.go", "	for key := uint64(0); key < n; key++ {\n		delete(m, key)",
        "	for key := uint64(1); key < n; key++ {\n		delete(m, key)",
        "go_emptying_keys", {"loop": "audit:100", "window_ops": 1}, "when it was emptied"),
    "a new key that is not new": (
        "audits.go", "	fresh := any(scatter(args[0]))\n", "	fresh := keys[0]\n",
        "go_rebuild", {"loop": "audit:100", "window_ops": 1}, "pairs were visited"),
    "a module's value under another's key": (
        "families.go", "	of.Store(string([]byte(m.key(family, number))), familyValue(family,",
        "	of.Store(string([]byte(m.key(family, number))), familyValue(family/2,",
        "go_families_sync_one", {"loop": "families:100:10", "write_share": 0.5,
                                 "window_ops": 10_000}, "another key's value"),
    "an oldest key that stays": (
        "families.go", "of.LoadAndDelete(m.key(family, number-f.keys)); wasThere {",
        "of.Load(m.key(family, number-f.keys)); wasThere {",
        "go_families_sync_three", {"loop": "families:100:10", "write_share": 0.5,
                                   "window_ops": 10_000}, "keys, expected"),
    "a hash that forgets a byte at times": (
        "families.go", "	return hash % routeShards\n",
        "	return (hash + uint64(time.Now().UnixNano())%2) % routeShards\n",
        "go_route_fnv1a", {"loop": "route:100", "window_ops": 10_000}, "stored and not found"),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_an_injected_bug_is_found(bug, tmp_path):
    file, right, wrong, name, factors, words = PLANTED[bug]
    changes = [(file, right, wrong)]
    if "time.Now" in wrong:
        changes.append((file, '	"sync/atomic"\n', '	"sync/atomic"\n	"time"\n'))
    program = changed_go(tmp_path, *changes)
    request = request_of(name, **{"cpus": [], "presize": False} | factors)
    result = result_of(request, program)
    assert result["status"] == "failed" and words in result["reason"], result["reason"]
