# SPDX-License-Identifier: Apache-2.0
"""A port of Go's says in its label that it is one, and how its lock waits:
Go parks a goroutine, which none of them does.

What waits how is read from the machine code: from the functions of the
system that each port's object calls.
"""
import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build/gcc")
FOLDERS = ("gomap", "syncmap")  # of impls/: what was written after Go's
KERNEL, SPINS, PARKS = "waits in the kernel", "spins", "parks as Go does"
# A thread that calls one of these sleeps until another one wakes it;
# one that gives its CPU away runs on.
SLEEPS = {"syscall", "pthread_mutex_lock", "pthread_rwlock_rdlock",
          "pthread_rwlock_wrlock", "pthread_cond_wait", "sem_wait"}
YIELDS = {"sched_yield"}


def called(name):
    """The functions of others that a map's object calls."""
    path, = (BUILD / f"impls/{source.parent.name}/{name}.o"
             for source in (ROOT / "impls").glob(f"*/{name}.c"))
    told = subprocess.run(["nm", "-u", path], capture_output=True, text=True,
                          check=True).stdout
    return {line.split()[-1].partition("@")[0] for line in told.splitlines()}


def wait_of(symbols):
    """The words for how it waits, or "" of one that never does."""
    if symbols & SLEEPS:
        return KERNEL
    return SPINS if symbols & YIELDS else ""


def listed():
    """(the maps of this build, the ids that this machine cannot build)."""
    told = json.loads(subprocess.run(
        [BUILD / "readmostly", "list", "--json"], capture_output=True,
        check=True).stdout)
    return ({about["id"]: about for about in told["maps"]},
            {about["id"] for about in told["skipped"]})


def ports():
    return sorted(path.stem for folder in FOLDERS
                  for path in (ROOT / "impls" / folder).glob("*.c"))


def is_right(label, wait):
    """Says it that it is a port, and how it waits, and nothing else?"""
    said = [words for words in (KERNEL, SPINS, PARKS)
            if label.endswith(f", {words}")]
    return label.startswith("port of ") and said == [wait] * bool(wait)


@pytest.fixture(scope="module", name="built")
def fixture_built():
    if not (BUILD / "readmostly").exists():
        pytest.skip(f"no program in {BUILD}")
    return listed()


def test_each_port_is_listed_or_cannot_be_built(built):
    maps, skipped = built
    assert set(ports()) <= set(maps) | skipped
    assert len(set(ports()) & set(maps)) > 30


def test_each_label_says_how_the_lock_waits(built):
    maps, _ = built
    wrong = {name: (maps[name]["label"], wait_of(called(name)))
             for name in ports() if name in maps
             and not is_right(maps[name]["label"], wait_of(called(name)))}
    assert not wrong


def test_who_names_a_lock_of_go_is_a_port(built):
    """Shards and loops of other families. A library's lock is called through
    its door, so that only the word "port" can be asked of it."""
    maps, _ = built
    named = {name: about["label"] for name, about in maps.items()
             if re.search(r"RWMutex|sync\.Map|\bGo\b", about["label"])
             and not about["program"] and name not in ports()}
    assert len(named) > 8
    wrong = {name: label for name, label in named.items() if not (
        re.search(r"\bports? of ", label)
        and label.endswith((f", {KERNEL}", f", {SPINS}"))
        and wait_of(called(name)) in (label.rpartition(", ")[2], ""))}
    assert not wrong


def test_a_fast_path_has_no_values_that_go_finds_the_slow_way(built):
    """mapfast() of Go's compiler: above 128 bytes an element's map gets
    mapaccess1, whatever its key."""
    fast = [path.stem for path in (ROOT / "impls/gomap").glob("*.c")
            if re.search(r"GOMAP_KEYS.*gomap_keys_(u64|str)", path.read_text())
            and path.stem in built[0]]
    most = {name: built[0][name]["value_most_bytes"] for name in fast}
    assert len(most) > 6 and max(most.values()) > 24
    assert not {name for name in fast if most[name] > 128}
    assert built[0]["gomap_rw"]["value_most_bytes"] > 128


def test_both_ways_to_wait_and_none_are_found(built):
    waits = {wait_of(called(name)) for name in ports() if name in built[0]}
    assert waits == {KERNEL, SPINS, ""}


@pytest.mark.parametrize("label, wait, right", [
    ("port of sync.Map, waits in the kernel", KERNEL, True),
    ("port of sync.Map, spins", KERNEL, False),
    ("port of sync.Map", KERNEL, False),
    ("port of Go's map, unguarded", "", True),
    ("port of Go's map, spins", "", False),
    ("sync.Map, spins", SPINS, False),
    ("port of sync.Map, parks as Go does", KERNEL, False)])
def test_a_wrong_label_is_seen(label, wait, right):
    assert is_right(label, wait) is right
