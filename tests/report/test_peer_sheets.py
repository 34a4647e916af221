# SPDX-License-Identifier: Apache-2.0
"""What a fact sheet says of a peer's configuration is what its file does."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sheet(name):
    lines = (ROOT / "impls/facts" / f"{name}.txt").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)


def source(path):
    return " ".join((ROOT / "impls" / path).read_text().split())


def test_java_is_presized_as_its_sheet_says():
    given, = re.findall(r"new ConcurrentHashMap<>\(\(int\) Math.min\((.*?),",
                        source("java/JavaChm.java"))
    assert f"new ConcurrentHashMap<>({given}) where" in sheet("java_chm")[
        "configuration"]


def test_concread_has_the_hash_that_it_has_by_default():
    features, = re.findall(r"concread = .*features = \[(.*?)\]",
                           source("rust/Cargo.toml"))
    assert '"ahash"' in features
    assert '"ahash"' in sheet("rust_concread")["configuration"]
    assert "SipHash" not in sheet("rust_concread")["hash"]


def test_tombstones_that_nothing_takes_away_are_told():
    assert "tombstones" in sheet("ck_ht")["pathologies"]


def test_tbb_looks_before_it_makes_a_node():
    """emplace() allocates one for an update, too, and frees it."""
    text = source("lib/tbb_unordered.cc")
    assert text.count("entries.emplace(") == 1
    before = text.split("entries.emplace(")[0]
    assert before.rindex("entries.find(key)") > before.rindex("enter(")


@pytest.mark.parametrize("path", sorted(
    path.name for path in (ROOT / "impls/lib").glob("*.cc")
    if re.search(r"#include <(absl|boost|cds|libcuckoo)/", path.read_text())))
def test_headers_that_assert_are_compiled_as_released(path):
    """Abseil's table shuffles what it inserts where NDEBUG is not defined."""
    text = (ROOT / "impls/lib" / path).read_text()
    assert text.index("#define NDEBUG") < text.index("#include")
    assert "NDEBUG" in sheet(path.removesuffix(".cc"))["configuration"]


@pytest.mark.parametrize("name, told_by", [
    ("go_map_mutex", "go/result.go"), ("go_map_rw", "go/result.go"),
    ("go_sync_map", "go/result.go"), ("java_chm", "java/Result.java"),
    ("java_nbhm_long", "java/Result.java")])
def test_a_collectors_time_has_the_name_that_results_have(name, told_by):
    said = sheet(name)["reclamation"]
    named, = re.findall(r"in the result \((\w+)\)", said)
    assert f'"{named}"' in source(told_by) and "parked" not in said


def test_what_tbb_reads_was_published():
    assert "memory_order_relaxed" not in source("lib/tbb_unordered.cc")
