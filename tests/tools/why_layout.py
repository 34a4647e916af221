#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does another layout name a function as changed? (report/why)

    why_layout.py BUILD [--quick] [--cc gcc,clang]

Compiles one map again and again, each time with something that moves its
code and does not change it (a function before it, another link order, a
renamed header, longer strings...), links the whole program, and asks
report/why what changed: nothing may, but what was added. Then edits that do
change code, of which exactly the function must be named. Prints a row for each;
status 1: one is wrong. --quick: links the map with what it calls alone, and a few
variants, for make test.
"""
import argparse
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, os.getcwd())
from report.why import code, listing  # noqa: E402

MAP = "gomap_rw"
SOURCE = f"impls/gomap/{MAP}.c"
CELL = {"id": "x", "shape": "u64x8", "write_kind": "update"}
FILLER = """
__attribute__((used, noinline)) static int filler(int n)
{
	return n * 3 + 1;
}
"""
COLD = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((used, noinline)) static int filler(int n)
{
	if (__builtin_expect(n == 77, 0)) {
		fputs("filler: seventy-seven, and words of some length", stderr);
		abort();
	}
	return n * 3 + 1;
}
"""
MANY = "".join(FILLER.replace("filler", f"filler{i}") for i in range(9))
DATA = """
__attribute__((used)) static const char before[] = "a text before all others";
__attribute__((used)) static int table[333] = { 1 };
__attribute__((used)) static _Thread_local int mine[17];
"""


def before_drives(text, more):
    return text.replace("RM_DRIVES(ops)", more + "\nRM_DRIVES(ops)")


def first(text, more):
    return more + text


class Bench:
    """The commands of a build, and a folder to use them in."""

    def __init__(self, build, cc, quick, folder):
        self.cc, self.quick, self.folder = cc, quick, folder
        # the commands of C and of C++
        stamp = Path(build, "flags").read_text(encoding="utf-8")
        words = stamp.partition("-std=gnu++")[0].split()
        self.flags = [w for w in words[1:-1] if "clang" not in cc or
                      w not in ("-falign-jumps=32", "-fno-var-tracking",
                                "-fno-var-tracking-assignments",
                                "-gno-statement-frontiers")]
        self.objects = self.linked(build)
        self.source = Path(SOURCE).read_text(encoding="utf-8")

    def linked(self, build):
        """The words of the command that links the program of this map."""
        out = self.folder / "out"
        said = subprocess.run(
            ["make", "-n", "V=1", f"BUILD={build}", f"OUT={out}",
             f"{out}/maps/plain/{MAP}"], check=True,
            capture_output=True, text=True).stdout
        subprocess.run(["make", "-s", f"BUILD={build}", f"OUT={out}",
                        f"{out}/maps/plain/{MAP}"],
                       check=True, capture_output=True)
        line = [x for x in said.splitlines() if f"{MAP}.o" in x and
                f"-o {out}/maps/plain/{MAP}" in x][-1]
        words = []
        link = next(x for x in line.split(" && ") if f"{MAP}.o" in x)
        for word in link.split():
            if word.endswith(".a"):  # thin: its members are files
                words += subprocess.run(["ar", "t", word], check=True, text=True,
                                        capture_output=True).stdout.split()
            elif word.endswith(".o") or word[:2] in ("-l", "-L") or \
                    "defsym" in word:
                words.append(word)
        return words

    def compile(self, name, text, flags=(), header=None):
        """A map's object of an edited text; header -- (path, text)"""
        place = self.folder / name
        for folder in ("impls/gomap", "impls/support"):
            (place / folder).mkdir(parents=True)
        (place / SOURCE).write_text(text, encoding="utf-8")
        if header:
            (place / header[0]).write_text(header[1], encoding="utf-8")
        result = place / f"{MAP}.o"
        subprocess.run([self.cc, f"-I{place}", *self.flags, *flags, "-w",
                        "-c", "-o", result, str(place / SOURCE)], check=True)
        return result

    def link(self, name, map_object, order=lambda objects: objects, more=(),
             flags=()):
        objects = [w for w in self.objects if w.endswith(".o")]
        libraries = [w for w in self.objects if not w.endswith(".o")]
        if self.quick:
            objects = [w for w in objects if "/base/" in w or
                       w.endswith(f"{MAP}.o")]
            flags = [*flags, "-Wl,--unresolved-symbols=ignore-all",
                     "-nostartfiles", "-Wl,-e,0", "-w"]
        objects = order([str(map_object) if w.endswith(f"/{MAP}.o") else w
                         for w in objects] + list(more))
        program = self.folder / f"{name}.program"
        subprocess.run([self.cc, "-pthread", *flags, "-o", program, *objects,
                        *libraries], check=True,
                       stderr=subprocess.DEVNULL if self.quick else None)
        return self.read(name, program)

    def read(self, name, program):
        for end, how in (("symbols", ["-t"]), ("links", ["-R"]),
                         ("data", ["-s", "-j", ".rodata"]),
                         ("code", ["-d", "--no-show-raw-insn"])):
            with open(self.folder / f"{name}.{end}", "w",
                      encoding="utf-8") as out:
                subprocess.run(["objdump", *how, program], stdout=out,
                               check=True)
        return code.Side(listing.read_program(self.folder, name))


def shuffled(seed):
    def order(objects):
        return random.Random(seed).sample(objects, len(objects))
    return order


def variants(bench):
    """(name, Side) of each layout, lazily."""
    source, plain = bench.source, bench.compile("plain", bench.source)

    def edited(name, text, **more):
        return lambda: bench.link(name, bench.compile(name, text, **more))
    other = bench.folder / "other.c"
    other.write_text(DATA + COLD.replace("abort()", "exit(3)"),
                     encoding="utf-8")
    other_object = bench.folder / "other.o"
    subprocess.run([bench.cc, "-O2", "-w", "-c", "-o", other_object, other],
                   check=True)
    header = Path("impls/support/guard_go_rw.h").read_text(encoding="utf-8")
    found = [
        ("a function before the hot code",
         edited("filler", before_drives(source, FILLER))),
        ("link order backwards", lambda: bench.link(
            "backwards", plain, lambda objects: objects[::-1])),
        ("a header renamed", edited(
            "renamed", source.replace("support/guard_go_rw.h",
                                      "gomap/renamed_guard.h"),
            header=("impls/gomap/renamed_guard.h", header))),
        ("a function with a cold part and strings first",
         edited("cold", first(source, COLD))),
        ("nine functions first", edited("many", first(source, MANY))),
        ("data, strings and thread-local data first",
         edited("data", first(source, DATA))),
        ("40 empty lines first", edited("lines", "\n" * 40 + source)),
        ("link order by seed 1", lambda: bench.link("order1", plain,
                                                    shuffled(1))),
        ("link order by seed 2", lambda: bench.link("order2", plain,
                                                    shuffled(2))),
        ("another object with data, strings, thread-local data first",
         lambda: bench.link("other", plain, lambda objects: [
             objects[-1]] + objects[:-1], [str(other_object)])),
        ("segments not apart", lambda: bench.link(
            "apart", plain, flags=["-Wl,-z,noseparate-code"])),
        ("no relro, which moves the tables of the loader", lambda: bench.link(
            "relro", plain, flags=["-Wl,-z,norelro"])),
        ("functions at 128 bytes", edited("by128", source, flags=[
            "-falign-functions=128"])),
        ("loops and jumps not aligned", edited("loops", source, flags=[
            "-falign-loops=1", "-falign-jumps=1"]
            if "clang" not in bench.cc else ["-falign-loops=1"])),
        ("each function a section, backwards", edited(
            "sections", before_drives(source, FILLER),
            flags=["-ffunction-sections"])),
    ]
    return plain, found[:4] if bench.quick else found


LINE = """	static volatile uint64_t planted[1 << 13];

	(void)planted[(key.word * 0x9e3779b97f4a7c15u) >> 51];
"""
WORK = """	uint64_t planted = key.word;

	__asm__ volatile("imul $3, %0, %0; imul $5, %0, %0" : "+r"(planted));
"""
# (what, header, the line before which stands more, what; is the loop of the
# look-ups other, a function that must be named). Each names no other function
# than those that have the edited one inlined.
PLANTS = (
    ("one cache line more for each look-up", "impls/gomap/gomap_guarded.h",
     "	guard_read(&shard->guard, thread);\n", LINE, True, "drive_u64x8_mix"),
    ("two multiplications more for each look-up",
     "impls/gomap/gomap_guarded.h",
     "	guard_read(&shard->guard, thread);\n", WORK, True,
     "drive_u64x8_mix"),
    ("one lock more for each write", "impls/support/guard_go_rw.h",
     "	go_rwmutex_lock(&guard->lock);\n",
     "	go_rwmutex_lock(&guard->lock);\n"
     "	go_rwmutex_unlock(&guard->lock);\n", False, "write_u64x8"),
)


def plants(bench):
    """(name, Side, loop differs, function that must be named)."""
    for i, (name, header, line, more, loop, named) in enumerate(
            PLANTS[:1 if bench.quick else None]):
        text = Path(header).read_text(encoding="utf-8")
        assert line in text, f"{header} has no {line!r}"
        made = bench.compile(f"plant{i}", bench.source, header=(
            header, text.replace(line, more + line, 1)))
        yield name, bench.link(f"plant{i}", made), loop, named


def compared(base, side):
    return code.compare(base, side, MAP, [CELL])


def row(good, cc, name, rows, added):
    print(f"| {'ok' if good else '**not ok**'} | {cc} | {name} | "
          + (", ".join(f"{r['name']} ({r['is']})" for r in rows) or "none")
          + f" | {added} |", flush=True)
    if not good:
        for r in rows:
            print("#  " + "\n#  ".join([r["name"], *r["lines"]]))


def run(bench):
    """Prints a row for each variant and plant -> how many were wrong."""
    plain, found = variants(bench)
    base, wrong = bench.link("base", plain), 0
    for name, make in found:
        rows = compared(base, make())["functions"]
        bad = [r for r in rows if r["is"] != "new" or r["measured"]]
        new = [r["name"] for r in rows if r not in bad]
        wrong += bool(bad)
        row(not bad, bench.cc, name, bad,
            f"new: {', '.join(new)}" if new else "")
    for name, side, loop, named in plants(bench):
        said = compared(base, side)
        rows = [r for r in said["functions"] if r["measured"]]
        good = named in [r["name"] for r in rows] and \
            said["loops"]["x"]["differs"] == loop
        wrong += not good
        others = len(said["functions"]) - len(rows)
        row(good, bench.cc, f"plant: {name}", rows,
            f"{others} that the measured loop does not call; loop "
            + ("differs" if said["loops"]["x"]["differs"] else "the same"))
    return wrong


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--cc", default="gcc", help="gcc,clang")
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    wrong = 0
    for cc in args.cc.split(","):
        with tempfile.TemporaryDirectory() as folder:
            wrong += run(Bench(args.build, cc, args.quick, Path(folder)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
