# SPDX-License-Identifier: Apache-2.0
"""Tests reduced workloads for shards, hashes, growth and pauses. Each workload runs, is verified,
reports its documented statistics, and appears on the page."""
import json
import os
import pathlib
import subprocess

import pytest

from report import load
from report.claims import slices

pytestmark = pytest.mark.long

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build/gcc")).resolve()


def run(folder, workload, *settings):
    """Returns results by map, for trials with correct answers. The seed determines keys and
    strings, so values that depend only on these are the same in each run."""
    command = [BUILD / "readmostly", "run", ROOT / "workloads" /
               (workload + ".conf"), "-o", folder, "--seed", "1"]
    for setting in ("blocks=1", "repeat-most=0", *settings):
        command += ["--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode in (0, 3), done.stderr  # 3: some trials are void
    found = {}
    for line in (folder / "trials.jsonl").read_text().splitlines():
        trial = json.loads(line)
        if trial["status"] == "skipped":
            continue
        # a void trial (the machine was busy) has correct answers, too
        assert trial["status"] != "failed", (trial["cell"], trial["reason"])
        parts = trial["cell"].split("/")
        if parts[-1] != "verify":
            found.setdefault(parts[1], []).append(trial["result"])
    return found


def value(result, name):
    return {s["name"]: s["value"] for s in result["stats"]}.get(name)


def skipped(folder):
    campaign = json.loads((folder / "campaign.json").read_text())
    return {c["id"]: c["skip"] for c in campaign["cells"] if c.get("skip")}


def test_hashes_have_different_strings_and_count_collisions(tmp_path):
    found = run(tmp_path / "c", "hashes", "loop=hash:16:100k", "window=20ms")
    assert {"hash_fnv1a", "hash_shift_xor32", "hash_shift_xor64"} <= set(found)
    for name, (result,) in found.items():
        assert value(result, "strings") == 100000
        assert value(result, "hashed_strings") == result["ops"] > 1000
        assert value(result, "collisions_31_bits_by_chance") == \
            pytest.approx(100000 * 99999 / 2 / 2 ** 31)
        # with 31 bits, two collisions are expected, and this seed gives at least one
        assert (value(result, "collisions_64_bits") == 0) == \
            ("shift" not in name)
        for shards in (16, 32, 64, 256):
            assert value(result, f"random_most_{shards}_shards") >= 1


def test_the_vector_unit_is_reported():
    listed = json.loads(subprocess.run(
        [BUILD / "readmostly", "dev", "list", "--json"], capture_output=True,
        check=True).stdout)["maps"]
    maps = {m["id"]: m for m in listed}
    if "hash_xxh3" not in maps:
        pytest.skip("libxxhash is missing")
    unit = {"x86_64": "SSE2", "aarch64": "NEON"}.get(os.uname().machine)
    source = maps["hash_xxh3"]["source"]
    assert unit is None or source == f"xxHash: XXH3_64bits, {unit}"
    code = subprocess.run(
        ["objdump", "-d", BUILD / "impls" / "technique" / "hash_xxh3.o"],
        capture_output=True, text=True, check=True).stdout
    assert unit != "SSE2" or "pmuludq" in code  # XXH3 multiplies with this instruction


def test_segments_grow_in_the_window_or_are_presized(tmp_path):
    found = run(tmp_path / "c", "growing-segments", "keys=130k", "threads=2",
                "maps=shard_seg shard_seg_grow gomap_rw")
    assert {len(found["shard_seg"]), len(found["shard_seg_grow"])} == {2, 4}
    assert {value(r, "bins") for r in found["shard_seg_grow"]} == {64 * 4096}
    for results in found.values():
        for r in results:
            assert value(r, "update_count") == value(r, "lookup_count") == \
                value(r, "insert_count") == 130000
    why = skipped(tmp_path / "c")
    assert len(why) == 2 and all(
        "shard_seg/" in cell and "never grows" in reason
        for cell, reason in why.items())
    grown = [r for r in found["shard_seg_grow"] if value(r, "pause_resize")]
    assert len(grown) == 1  # the build `stats`, in which segments are not presized
    assert value(grown[0], "pause_resize") == 64 * 8  # grows from 16 to 4096 bins
    assert {c["event"] for one in grown[0]["longest"]
            for c in one["causes"]} & {"resize", "lock_wait"}


def test_lazy_shards_and_address_routing(tmp_path):
    lazy = run(tmp_path / "a", "lazy-load", "keys=1k", "window=20ms",
               "threads=2")
    for (result,) in lazy.values():
        assert value(result, "load_count") > 0
        assert value(result, "load_p999") > 0 and value(result, "hit_p50") > 0
    routed = run(tmp_path / "b", "address-routing", "loop=route:1k",
                 "window=20ms", "threads=1")
    assert value(routed["route_fnv1a"][0], "lookups_lost") == 0
    assert value(routed["route_address"][0], "lookups_lost") > 0
    assert routed["route_address"][0]["ops"] > 1000


def test_false_sharing_is_counted_exactly_by_a_simulated_machine(tmp_path):
    found = run(tmp_path / "c", "false-sharing-simulated")
    taken = {}
    for name, results in found.items():
        for result in results:
            loop = result["cell"].split("/")[-2]
            events = result["counters"]["events"]
            taken[name, loop] = next(
                e["total"] for e in events
                if e["metric"] == "false_sharing_invalidations")
    assert len(taken) == 6
    for loop in ("pair:rw", "pair:ww"):
        assert taken["pair_adjacent", loop] > 100
        assert taken["pair_padded", loop] == 0
    assert taken["pair_adjacent", "pair:rr"] == 0  # readers do not invalidate lines


def test_p99_of_slices_is_regressed_on_pauses(tmp_path):
    folder = tmp_path / "c"
    found = run(folder, "pauses", "loop=paced", "measure=causes", "rate=5k/s",
                "keys=1Ki", "window=1500ms", "writes=30%", "threads=1",
                "maps=snapshot syncmap")
    for results in found.values():
        for result in results:
            assert len(result["slices"]) == 30
            assert all(s["bytes"] > 0 for s in result["slices"])
    clones = [p for s in found["snapshot"][0]["slices"] for p in s["pauses"]
              if p["event"] == "clone"]
    assert clones and sum(p["ns"] for p in clones) > 1e6
    trial, = (t for c in load.read(folder).cells.values() if c.map == "snapshot"
              for t in c.trials if t.result and t.result.slices)
    for term in ("pause_ms", "heap_ratio", "pauses"):
        slope = slices.coefficient(trial, term)
        assert slope.low <= slope.value <= slope.high and slope.vif >= 1
