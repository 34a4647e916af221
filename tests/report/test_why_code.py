# SPDX-License-Identifier: Apache-2.0
"""Facts about how two programs' functions are paired and told apart, of texts
written down here. Of listings: test_why.py."""
import types

import pytest

from report.why import code, listing, normal


@pytest.mark.parametrize("cell, loop", [
    ({}, "mix"), ({"dist": "uniform", "write_kind": "update"}, "mix"),
    ({"write_kind": "fresh"}, "fresh"), ({"dist": "zipf:0.99"}, "skew"),
    ({"dist": "hot:1%:90%", "write_kind": "fresh"}, "skew"),
    ({"dist": "sequential", "write_kind": "fresh"}, "stream"),
    ({"trace": "x", "dist": "zipf:0.99"}, "replay"),
    ({"loop": "paced", "trace": "x"}, "paced"), ({"loop": "mix"}, "mix")])
def test_a_cell_is_run_by_one_of_six_loops(cell, loop):
    assert code.loop_of(cell) == loop and loop in code.LOOPS


# ---- pairs -----------------------------------------------------------------

def side(**functions):
    """A program's groups; "file__name": its text."""
    groups = {tuple(key.split("__")): text for key, text in functions.items()}
    return types.SimpleNamespace(
        groups=groups, body=lambda key: [(key[1], [groups[key]])],
        texts=lambda key: [groups[key]],
        size=lambda key: {"bytes": len(groups[key])})


def test_functions_are_paired_by_file_and_name_then_by_name():
    base = side(a__f="1", a__g="1", old__h="1", a__gone="1")
    head = side(a__f="2", b__f="1", new__h="2", a__g="1", a__new="1")
    assert code.matched(base, head) == [
        (("a", "f"), ("a", "f")), (("a", "g"), ("a", "g")),
        (("old", "h"), ("new", "h")), (("a", "gone"), None),
        (None, ("b", "f")), (None, ("a", "new"))]


def test_of_two_of_one_name_the_same_code_is_taken_once():
    base = side(a__f="x", b__f="y")
    head = side(c__f="y", d__f="x")
    assert code.matched(base, head) == [(("a", "f"), ("d", "f")),
                                        (("b", "f"), ("c", "f"))]
    assert code.matched(base, side(c__f="y")) == [
        (("a", "f"), ("c", "f")), (("b", "f"), None)]


def always(_):
    return True


def test_what_changed_what_is_gone_and_what_is_new_are_told_in_order():
    base = side(a__f="same", a__z="one", a__b="gone")
    head = side(a__f="same", a__z="other", a__c="new one")
    found = code.changes(base, head, always)
    assert [(c["name"], c["is"], c["file"]) for c in found] == [
        ("b", "gone", "a"), ("c", "new", "a"), ("z", "changed", "a")]
    assert [(c["base"], c["head"]) for c in found] == [
        ({"bytes": 4}, None), (None, {"bytes": 7}),
        ({"bytes": 3}, {"bytes": 5})]


@pytest.mark.parametrize("ours, theirs, strict, differs", [
    ("lea [x],%rax", "lea [y],%rax", always, True),
    ("lea [x],%rax", "lea [y],%rax", lambda _: False, False),
    ("lea [x],%rax", "lea [y],%rbx", lambda _: False, True),
    ("mov [x],%rax", "mov [y],%rax", lambda _: False, True),
    ("lea [x],%rax", "lea [y],%rax", lambda key: key[0] == "old", True),
    ("lea [x],%rax", "lea [y],%rax", lambda key: key[0] == "new", True)])
def test_only_what_is_measured_is_compared_with_the_data_it_takes(
        ours, theirs, strict, differs):
    found = code.changes(side(old__f=ours), side(new__f=theirs), strict)
    assert bool(found) == differs
    assert [c["file"] for c in found] == ["new"] * differs, "head's name"


# ---- differences -----------------------------------------------------------

def test_equal_texts_have_no_difference():
    assert code.difference(["ret"], ["ret"]) == []


def test_where_a_jump_leads_is_told_where_nothing_else_is_other():
    assert code.difference(["jne .2", "ret"], ["jne .3", "ret"]) == [
        "only where its jumps lead differs"]
    assert code.difference(["jne .2", "nop"], ["jne .3", "ret"]) == [
        "  jne .", "- nop", "+ ret"]


def test_other_registers_alone_are_counted():
    assert code.difference(["mov %rax,%rbx", "pop %rax", "ret"],
                           ["mov %rcx,%rbx", "pop %rcx", "ret"]) == [
        "other registers in 2 instructions more"]
    assert code.difference(["movups %xmm0,(%rdi)"],
                           ["movups %xmm1,(%rdi)"]) == [
        "- movups %xmm0,(%rdi)", "+ movups %xmm1,(%rdi)"]


def test_a_loop_that_one_arm_lacks_has_no_change():
    drive = types.SimpleNamespace(
        texts=["nop"], function=types.SimpleNamespace(name="drive"))
    assert code.loop_change(None, None) is None
    assert code.loop_change(drive, None) is None
    assert code.loop_change(None, drive) is None


# ---- data ------------------------------------------------------------------

@pytest.mark.parametrize("address, found", [
    (0xfff, None), (0x1000, ("alias", 0, 0x1000)),
    (0x100f, ("alias", 15, 0x1000)), (0x1010, None),
    (0x1020, ("table", 0, 0x1020)), (0x102f, ("table", 15, 0x1020)),
    (0x1030, None)])
def test_data_of_several_names_is_called_by_the_first_of_them(address, found):
    """An end is not its own: the next byte lies in nothing, or in another."""
    program = object.__new__(listing.Program)
    program.objects = sorted([
        (0x1000, 0x1010, "words", "a"), (0x1000, 0x1010, "alias", "a"),
        (0x1000, 0x1010, "zero", "a"), (0x1020, 0x1030, "table", "a")])
    program.object_starts = [o[0] for o in program.objects]
    assert program.object_at(address) == found


@pytest.mark.parametrize("text, at, said", [
    ("lea 0x8(%rip),%rdi", b"some\0more", "'some'"),
    ("lea 0x8(%rip),%rdi", b"../impls/x.h\0", "a file"),
    ("lea 0x8(%rip),%rdi", None, "data"),
    ("mov 0x8(%rip),%rax", None, "data"),
    ("mov 0x8(%rip),%rax", bytes(range(8)), "0x0001020304050607")])
def test_what_has_no_name_is_told_by_what_it_holds(text, at, said):
    program = types.SimpleNamespace(bytes_at=lambda address, most: at)
    own = types.SimpleNamespace(program=program)
    assert normal.Normal.constant(own, 0x1000, text) == said
