# SPDX-License-Identifier: Apache-2.0
"""Orders of atomic accesses: what is enumerated, how it is weakened, and what
the tally says of it."""
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/tools"))
import orders  # noqa: E402
import orders_page  # noqa: E402

FIXTURE = ROOT / "tests/fixtures/orders/accesses.txt"
TEXT = FIXTURE.read_text(encoding="utf-8")
ACCESSES = [
    "5 reads thread_fence  - acquire -> none",
    "6 reads load a - seq_cst -> acquire",
    "7 reads load b - acquire -> relaxed",
    "9 reads load c - relaxed -> -",
    "15 writes store a - seq_cst -> release",
    "16 writes store bin_of - release -> relaxed",
    "17 writes store c - relaxed -> -",
    "18 writes exchange d - acq_rel -> acquire release",
    "19 writes fetch_or d - seq_cst -> acq_rel",
    # what fails acquires: a success that only releases is forbidden
    "20 writes compare_exchange_weak e success acq_rel -> acquire",
    "20 writes compare_exchange_weak e failure acquire -> relaxed",
    "22 writes compare_exchange_strong e success release -> relaxed",
    "22 writes compare_exchange_strong e failure relaxed -> -",
    "24 writes thread_fence  - seq_cst -> acq_rel",
]


def edits():
    return [e for a in orders.accesses("x.h", TEXT) for e in orders.edits(a)]


def changed(*chosen):
    """The lines that differ, as they are then."""
    new = orders.apply(TEXT, chosen).splitlines()
    return [line.strip() for line, old in zip(new, TEXT.splitlines())
            if line != old]


def test_each_access_once_with_its_steps():
    done = subprocess.run(
        [sys.executable, ROOT / "tests/tools/orders.py", FIXTURE],
        capture_output=True, text=True, check=True).stdout
    assert [line.split(":")[-1] for line in done.splitlines()] == ACCESSES
    assert len(edits()) == 12


def test_each_edit_changes_its_own_order_and_nothing_else():
    assert [changed(e) for e in edits()] == [
        ["((void)0);"],
        ["return atomic_load_explicit(&thing->a, memory_order_acquire) +"],
        ["&thing->b[thing->i], memory_order_relaxed) +"],
        ["atomic_store_explicit(&thing->a, 1, memory_order_release);"],
        ["atomic_store_explicit(bin_of(thing, old), 1, memory_order_relaxed);"],
        ["atomic_exchange_explicit(&thing->d, 1, memory_order_acquire);"],
        ["atomic_exchange_explicit(&thing->d, 1, memory_order_release);"],
        ["atomic_fetch_or_explicit(&thing->d, 1, memory_order_acq_rel);"],
        ["memory_order_acquire, memory_order_acquire);"],
        ["memory_order_acq_rel, memory_order_relaxed);"],
        ["memory_order_relaxed, memory_order_relaxed);"],
        ["atomic_thread_fence(memory_order_acq_rel);"]]


def test_two_edits_at_once():
    assert changed(edits()[1], edits()[11]) == [
        "return atomic_load_explicit(&thing->a, memory_order_acquire) +",
        "atomic_thread_fence(memory_order_acq_rel);"]


@pytest.mark.parametrize("line, why", [
    ("atomic_load(&a);", "x.h:1: atomic_load without an order"),
    ("atomic_load_explicit(&a, order);", "x.h:1: an order that is no const")])
def test_what_it_cannot_weaken_is_refused(line, why):
    with pytest.raises(ValueError, match=why):
        orders.accesses("x.h", line)


def test_every_edit_of_the_maps_is_legal_and_none_is_of_relaxed():
    files = [f for d in ("syncmap", "shard", "support")
             for f in sorted((ROOT / "impls" / d).glob("*.h"))
             if f.name in ("epoch.h", "hazard.h") or f.name.startswith(
                 ("syncmap", "hashtriemap", "seg_"))]
    found = [a for f in files for a in orders.accesses(
        f.name, f.read_text(encoding="utf-8"))]
    made = [e for a in found for e in orders.edits(a)]
    assert len(found) > 100 and len(made) > 50
    for edit in made:
        assert edit.access.order != "relaxed" and edit.access.function
        assert edit.to not in {"load": ("release", "acq_rel"),
                               "store": ("acquire", "acq_rel")}.get(
            edit.access.call, ())


def test_a_note_is_on_what_is_not_found_and_only_on_that():
    first, second = edits()[1:3]
    found = {"x.h": orders.accesses("x.h", TEXT)}
    alone = {(first,): [{"found": "data race"}], (second,): [{"found": None}]}
    right = {("x.h", "reads", "3", "acquire -> relaxed"): ["covered", "by c"]}
    stale = {("x.h", "reads", "2", "seq_cst -> acquire"): ["covered", "by c"]}
    assert orders_page.wrong_notes(right, found, alone) == []
    wrong = orders_page.wrong_notes(stale, found, alone)
    assert len(wrong) == 2
    assert "reads 2 seq_cst -> acquire: not an edit" in wrong[0]
    assert "no note on x.h reads 3" in wrong[1]


PROTOCOL = ROOT / "tests/fixtures/orders/protocol.tsv"


def told_of(table):
    return subprocess.run(
        [sys.executable, ROOT / "tests/tools/orders_protocol.py", table],
        capture_output=True, text=True, check=False)


def test_what_covers_an_order_of_the_epochs_is_what_the_axioms_say():
    done = told_of(PROTOCOL)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count(": no\n") == 8
    assert done.stdout.count(": yes\n") == 4


def test_a_row_that_says_something_else_fails(tmp_path):
    rows = PROTOCOL.read_text(encoding="utf-8").splitlines()
    wrong = next(row for row in rows if row.startswith("C1 acquire, U1"))
    (tmp_path / "t.tsv").write_text(wrong.removesuffix("yes") + "no\n")
    done = told_of(tmp_path / "t.tsv")
    assert done.returncode == 1 and "the table says no" in done.stdout


def test_the_protocol_begins_with_the_orders_of_the_tree():
    """Who changes an order of the proof changes the table, too."""
    path = "impls/support/epoch.h"
    found = orders.accesses(path, (ROOT / path).read_text(encoding="utf-8"))

    def order_of(function, n):
        return [a for a in found if a.function == function][n - 1].order
    right = {"C1": order_of("epoch_close", 1), "C2": order_of("epoch_close", 2),
             "A1": order_of("epoch_advance", 1),
             "A2": order_of("epoch_advance", 2),
             "A3": order_of("epoch_advance", 3),
             "A4": order_of("epoch_advance", 4),
             "U1": order_of("epoch_unpark", 1),
             "U2": order_of("epoch_unpark", 2),
             "U3": order_of("epoch_unpark", 3), "P1": order_of("epoch_park", 1)}
    assert right == {"C1": "acq_rel", "C2": "relaxed", "A1": "acquire",
                     "A2": "acq_rel", "A3": "acquire", "A4": "acq_rel",
                     "U1": "acquire", "U2": "relaxed", "U3": "acq_rel",
                     "P1": "release"}
    programs = [row.split("\t")[1] for row in PROTOCOL.read_text(
        encoding="utf-8").splitlines() if row.startswith("no edit")]
    assert programs == [
        "x=1.rel y=1.rel w+1.ar z.rlx | w+1.ar y.acq z=2.rel | "
        "z.acq w+1.ar | w+1.ar x.acq",
        "x=1.rel y=1.rel w+1.ar z.rlx | w+1.ar y.acq z=2.rel | "
        "z.acq w+1.ar x.acq"]
