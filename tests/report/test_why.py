# SPDX-License-Identifier: Apache-2.0
"""Facts about the reasons of a red verdict, on invented listings of objdump
and files of cachegrind. Real programs: tests/cli/why.sh."""
import pytest

from report.why import __main__ as main
from report.why import code, counted, instructions, listing, normal, story

CELL = {"id": "c", "shape": "u64x8", "write_kind": "update", "map": "m"}
TABLE = """
x:     file format elf64-x86-64

SYMBOL TABLE:
0000000000000000 l    df *ABS*	0000000000000000              m.c
{drive:016x} l     F .text	0000000000000060              drive_u64x8_mix
{find:016x} l     F .text	0000000000000020              find.isra.{number}
{cold:016x} l     F .text	0000000000000010              find.isra.{number}.cold
{table:016x} l     O .rodata	0000000000000010              table.{number}
0000000000009100 g     O .data	0000000000000008              rm_impl_m
0000000000000010 l       .tbss	0000000000000000              nothing
0000000000000000 g     O .tbss	0000000000000040              mine
"""
CODE = """
Disassembly of section .text:

{cold:016x} <find.isra.{number}.cold>:
 {cold:x}:	call   {abort:x} <abort@plt>

{find:016x} <find.isra.{number}>:
 {find:x}:	mov    %fs:0x{own:x},%rax
 {find_2:x}:	test   %rdi,%rdi
 {find_4:x}:	je     {cold:x} <find.isra.{number}.cold>
 {find_8:x}:	lea    0x1234(%rip),%rsi        # {words:x} <table.{number}+0x10>
 {find_c:x}:	lea    0x1234(%rip),%rsi        # {table:x} <table.{number}>
 {find_e:x}:	ret
{padding}
{drive:016x} <drive_u64x8_mix>:
 {drive:x}:	xor    %eax,%eax
 {drive_4:x}:	{nop}
 {drive_8:x}:	mov    $0x40,%r12d
 {drive_10:x}:	mov    (%rdi),%rdi
 {drive_14:x}:	call   {find:x} <find.isra.{number}>
 {drive_18:x}:	sub    $0x1,%r12
 {drive_1c:x}:	jne    {drive_10:x} <drive_u64x8_mix+0x10>
 {drive_20:x}:	cmp    %rax,%rbx
 {drive_24:x}:	jb     {drive_4:x} <drive_u64x8_mix+0x4>
 {drive_28:x}:	ret
"""


def texts(shift=0, number=0, own=0xfffffffffffffff8, more="", words=b"some\0",
          nop="nopw   0x0(%rax,%rax,1)", edit=lambda text: text):
    """What objdump says of a program: symbols, links, data, code; everything
    lies `shift` bytes further on."""
    at = {n: v + shift for n, v in {
        "drive": 0x2000, "find": 0x1800, "cold": 0x1400, "table": 0x8000,
        "words": 0x8010, "abort": 0x1000}.items()}
    more_at = {f"{n}_{x:x}": at[n] + x for n in ("find", "drive")
               for x in range(0x30)}
    form = at | more_at | {"number": number, "own": own, "nop": nop,
                           "padding": more}
    data = (bytes(16) + words).ljust(48, b"\0")
    dump = "".join(f" {at['table'] + i:04x} {data[i:i + 4].hex()}  ....\n"
                   for i in range(0, 48, 4))
    return TABLE.format(**form), "", dump, edit(CODE.format(**form))


def side(**how):
    """A program."""
    return code.Side(listing.Program(
        *(text.splitlines() for text in texts(**how))))


def changed(base, head):
    found = code.compare(base, head, "m", [CELL])
    return {c["name"]: c for c in found["functions"]}, found["loops"]["c"]


@pytest.mark.parametrize("how", [
    {"shift": 0x40}, {"shift": 0x1230}, {"number": 7},
    {"own": 0xffffffffffffffe0}, {"nop": "xchg   %ax,%ax"},
    {"nop": "data16 cs nopw 0x0(%rax,%rax,1)"},
    {"more": " 1810:\tnopl   0x0(%rax)\n"}])
def test_a_layout_changes_no_function(how):
    functions, loop = changed(side(), side(**how))
    assert functions == {} and not loop["differs"]


@pytest.mark.parametrize("old, new, name", [
    ("test   %rdi,%rdi", "test   %rsi,%rsi", "find"),
    ("%fs:0xfffffffffffffff8", "%fs:0x28", "find"),
    ("sub    $0x1", "sub    $0x2", "drive_u64x8_mix"),
    ("jb     2004 <drive_u64x8_mix+0x4>", "jb     2014 <drive_u64x8_mix+0x14>",
     "drive_u64x8_mix"),
    ("call   1000 <abort@plt>", "call   1010 <exit@plt>", "find"),
    ("# 8000 <table.0>", "# 8008 <table.0+0x8>", "find")])
def test_an_instruction_that_is_other_names_its_function(old, new, name):
    def edit(text):
        assert old in text
        return text.replace(old, new)
    functions, _ = changed(side(), side(edit=edit))
    assert list(functions) == [name]
    assert functions[name]["measured"] and functions[name]["is"] == "changed"


def test_other_words_of_a_string_are_a_change():
    # behind the table: its file's own, so that an end of it is one
    functions, _ = changed(side(), side(words=b"other\0"))
    assert functions == {}
    far = {"edit": lambda text: text.replace("# 8010", "# 8011")}
    functions, _ = changed(side(**far), side(words=b"other\0", **far))
    assert list(functions) == ["find"]
    assert functions["find"]["lines"][-2:] == [
        "+ lea ['ther'],%rsi", "  lea [table],%rsi"]


def test_the_name_of_a_file_is_no_word():
    far = {"edit": lambda text: text.replace("# 8010", "# 8011")}
    functions, _ = changed(side(words=b"xa/b.c\0", **far),
                           side(words=b"xc/renamed.h\0", **far))
    assert functions == {}


def test_the_hot_loop_is_the_one_over_operations():
    drive = side().drive("m", CELL)
    assert [drive.texts[i] for i in normal.hot_loop(drive)] == [
        "mov (%rdi),%rdi", "call find.isra", "sub $0x1,%r12", "jne .2"]


def test_a_loop_that_differs_is_told_with_its_mix():
    _, loop = changed(side(), side(edit=lambda text: text.replace(
        "sub    $0x1,%r12", "sub    0x8(%rdi),%r12")))
    assert loop["differs"] and loop["head"]["loads"] == 2
    assert "- sub $0x1,%r12" in loop["lines"]


@pytest.mark.parametrize("text, kinds", [
    ("mov (%rdi),%rax", ("loads",)), ("mov %rax,(%rdi)", ("stores",)),
    ("add $0x1,(%rdi)", ("loads", "stores")), ("mov %rax,%rbx", ("others",)),
    ("lock xadd %eax,(%rbx)", ("atomics",)), ("xchg %al,(%rbx)", ("atomics",)),
    ("lea 0x8(%rdi),%rax", ("others",)), ("call f", ("calls",)),
    ("cmp %rax,0x8(%rdi)", ("loads",)), ("jne .4", ("branches",)),
    ("mov %fs:[own],%rax", ("loads",)), ("movups %xmm0,(%rsp)", ("stores",))])
def test_what_an_instruction_does(text, kinds):
    assert normal.kinds_of(text) == kinds


def test_other_registers_are_no_line_of_a_diff():
    assert code.difference(
        ["mov (%rdi),%rax", "add $0x1,%rax", "ret"],
        ["mov (%rdi),%rcx", "add $0x2,%rcx", "ret"]) == [
            "  mov (%rdi),%rcx", "- add $0x1,%rax", "+ add $0x2,%rcx",
            "  ret", "other registers in 1 instructions more"]


def test_a_listing_of_another_machine_is_refused():
    with pytest.raises(listing.ListingError, match="elf64-littleaarch64"):
        listing.Program(["x: file format elf64-littleaarch64"], [], [], [])


# ---- cachegrind -----------------------------------------------------------

GRIND = """desc: I1 cache: 1
events: Ir
fl={tree}/impls/gomap/gomap.h
fn=find.isra.{number}
{line} {count}
{other} 40
fl=./stdio.c
fn=printf
1 {noise}
summary: 9
"""


def grind(path, **form):
    path.write_text(GRIND.format(**{"tree": "/a", "number": 0, "line": 7,
                                    "count": 100, "other": 9, "noise": 5}
                                 | form))
    return instructions.read(path, {f"find.isra.{form.get('number', 0)}"})


def test_only_functions_of_the_map_are_counted(tmp_path):
    found = instructions.compare(grind(tmp_path / "a"), grind(
        tmp_path / "b", tree="/b/c", number=3, line=17, other=19, noise=6), 50)
    assert found["base"] == found["head"] == 140
    assert found["functions"] == [] and found["lines"] == []


def test_a_line_that_runs_more_often_is_named(tmp_path):
    found = instructions.compare(grind(tmp_path / "a"),
                                 grind(tmp_path / "b", count=150), 50)
    assert found["functions"] == [{"name": "find", "base": 140, "head": 190}]
    assert found["lines"] == [{
        "file": "impls/gomap/gomap.h", "line": 7, "function": "find",
        "head": 150}]
    assert story.instruction_lines(found)[0].startswith(
        "instructions: 140 -> 190 (x 1.3571) in the map's functions "
        "(cachegrind), +50 in 50 operations: find 140 -> 190")


def test_half_a_file_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_text("fn=find\n1 2\n")
    with pytest.raises(instructions.InstructionsError, match="no whole file"):
        instructions.read(path, {"find"})


def test_reasons_stand_below_the_table_once(tmp_path, monkeypatch):
    summary = tmp_path / "summary"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    comment = tmp_path / "gate.md"
    main.add_to_comment(comment, "why\n")
    assert not comment.exists() and not summary.exists()
    comment.write_text("table\n")
    for _ in range(2):
        main.add_to_comment(comment, "why\n")
    assert comment.read_text() == "table\n\nwhy\n"
    assert summary.read_text() == "\nwhy\n"


# ---- counters --------------------------------------------------------------

def counted_trial(arm, ops=1000, quality="exact", **totals):
    return {"cell": "c", "arm": arm, "result": {"ops": ops, "counters": {
        "backend": "perf", "events": [
            {"metric": m, "total": t, "quality": quality}
            for m, t in totals.items()]}}}


def counted_lines(rows):
    return list(counted.lines({"by": "perf, zen3",
                               "metrics": counted.compare(rows)}))


def test_counters_are_by_operation_and_the_largest_change_leads():
    rows = [counted_trial("base", l1d_fill=10 + i, cycles=9000 + i)
            for i in range(5)] + \
        [counted_trial("head", ops=2000, l1d_fill=44 + i, cycles=19000 + i)
         for i in range(5)]
    assert counted_lines(rows) == [
        "counters (perf, zen3), by operation, medians of 5 trials or more: "
        "l1d_fill 0.012 -> 0.023 (x 1.917), cycles 9.002 -> 9.501 (x 1.055)"]


def test_counters_that_overlap_are_not_told_apart():
    rows = [counted_trial(arm, cycles=v) for arm, values in (
        ("base", (1, 2, 3)), ("head", (3, 4, 5))) for v in values]
    assert counted_lines(rows) == ["counters: not told apart: cycles"]


@pytest.mark.parametrize("more", [
    {"quality": "invalid"}, {"quality": "never-scheduled"}, {"cycles": None}])
def test_what_did_not_count_is_not_compared(more):
    rows = [counted_trial(arm, **{"cycles": v, **more})
            for arm, v in (("base", 1), ("head", 2))]
    assert counted_lines(rows) == []


def test_counts_from_none_have_no_ratio():
    rows = 5 * [counted_trial("base", hitm=0), counted_trial("head", hitm=5)]
    assert counted_lines(rows)[0].endswith(" more: hitm 0 -> 0.005")


def test_four_trials_tell_nothing_apart():
    rows = 4 * [counted_trial("base", hitm=0), counted_trial("head", hitm=5)]
    assert counted_lines(rows) == ["counters: not told apart: hitm"]


def test_the_exact_gate_asks_no_counters(tmp_path):
    assert counted.read(tmp_path, "c") is None
    assert list(counted.lines(None)) == []
