#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks in the machine code that measured loops contain no indirect call.

    check_dispatch.py --build DIR OBJECT...

For each map's object file, it finds `rm_impl_<id>` and, through its relocations, the loops that the
runner calls. The check follows every direct call and jump from these inside the object (including
noinline, .cold, .constprop and .isra parts), and reports these faults:

  - a shape without a drive* function of a plausible size in this object, or whose loop reaches no
    write* function
  - an indirect call or jump (x86-64: call *, jmp *; AArch64: blr, br)
  - a call of a function in another file that is not allowed. Allowed are the pace hooks, pthread_*,
    the names of the C library below, and the exports of the libraries in the map's `needs:` line
    (including C++'s own library)

A map that declares `dispatch = "callback"` may make indirect calls only in functions whose names
start with `callback` (or match CALLBACK), exactly one in each; hash and equality of keys are two. A
map that declares `dispatch = "plt"` calls exactly one function that the list does not allow.

Prints TAP, with the library calls of each map. Needs objdump, or llvm-objdump for the objects of
another machine.
"""
import argparse
import functools
import os
import re
import shutil
import struct
import subprocess
import sys

SHAPES = ("u64x8", "u64x24", "str16x8", "str16x24")
# Offsets in struct rm_impl (runner/map.h) on 64-bit machines; test_maps.c asserts them.
AT_SHAPES, AT_DISPATCH, AT_DRIVE, AT_LOOPS = 56, 80, 96, 128
# In null_map, the smallest map, the drive* function of each shape has 1400 bytes and write* has
# 450. A stub that only jumps has fewer than 50.
DRIVE_BYTES, WRITE_BYTES = 400, 60

# Functions that pace a loop, and functions by which a map's own loop times its operations.
HOOKS = {"rm_pace_next", "rm_pace_wait", "rm_pace_record",
         "rm_histogram_create", "rm_histogram_record"}
LIBC = set("""
    malloc calloc realloc free aligned_alloc posix_memalign abort
    memcpy memmove memset memcmp bcmp memchr strlen
    syscall sched_yield clock_gettime clock_nanosleep nanosleep
    __errno_location __stack_chk_fail __assert_fail __tls_get_addr
    __sigsetjmp siglongjmp
    __memcpy_chk __memset_chk madvise mmap munmap
    ceilf
    """.split())  # clang calls ceilf for older CPUs to compute growth
# Called by functions that print a message and end the process with abort().
LAST_WORDS = {"fprintf", "fputs", "fwrite", "fputc", "puts", "perror",
              "dprintf", "vfprintf", "stderr", "__fprintf_chk",
              "__vfprintf_chk", "__dprintf_chk"}
# Out-of-line atomic operations (AArch64), and unwinding of exceptions (libgcc).
ALLOWED = re.compile(r"pthread_\w+|__aarch64_\w+|_Unwind_Resume")

# libcds frees retired items through function pointers, from one or more places. clang does not
# inline retire() into the callback_* function that calls it.
LIBRARY_CALLBACK = re.compile(r"_ZN3cds\w*retire")
CALLBACK = re.compile("callback|" + LIBRARY_CALLBACK.pattern)

DIRECT = re.compile(r"^(?:bnd |notrack )?(?:call|jmp|j[a-z]+|loop\w*|bl|b|"
                    r"b\.[a-z]+|cbn?z|tbn?z)q?$")
BRANCH_TARGET = re.compile(r"(?:^|[\s,])(?:0x)?([0-9a-f]+) <")


def plain(name):
    """Returns the plain name of a static function. clang mangles C++ names to _ZL<length>NAME...,
    even within extern "C"; g++ writes NAME."""
    mangled = re.match(r"_ZL(\d+)", name)
    if not mangled:
        return name
    return name[mangled.end():][:int(mangled[1])]


class Elf:
    """Sections, symbols and relocations of a 64-bit little-endian object."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        if self.data[:6] != b"\x7fELF\x02\x01":
            raise ValueError("not a 64-bit little-endian ELF object")
        self.machine = struct.unpack_from("<H", self.data, 18)[0]
        at, = struct.unpack_from("<Q", self.data, 40)
        size, count, names = struct.unpack_from("<HHH", self.data, 58)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data,
                                            at + i * size)
                         for i in range(count)]
        self.names = [self.text(names, s[0]) for s in self.sections]
        self.symbols = self.read_symbols()

    def text(self, section, offset):
        start = self.sections[section][4] + offset
        return self.data[start:self.data.index(b"\0", start)].decode()

    def read_symbols(self):
        """Returns [(name, type, section, value, size)] with the names of sections."""
        table = next(s for s in self.sections if s[1] == 2)  # SHT_SYMTAB
        out = []
        for i in range(table[5] // 24):
            name, info, _, shndx, value, size = struct.unpack_from(
                "<IBBHQQ", self.data, table[4] + i * 24)
            kind = info & 15
            text = plain(self.text(table[6], name))
            if kind == 3:  # STT_SECTION
                text = self.names[shndx]
            out.append((text, kind, shndx, value, size))
        return out

    def relocations(self, section):
        """Returns {offset: (symbol, addend)} of SHT_RELA for a section number."""
        out = {}
        for s in self.sections:
            if s[1] != 4 or s[7] != section:
                continue
            for i in range(s[5] // 24):
                offset, info, addend = struct.unpack_from(
                    "<QQq", self.data, s[4] + i * 24)
                out[offset] = (self.symbols[info >> 32], addend)
        return out

    def functions(self):
        """Returns [(section name, start, end, name)] of functions (STT_FUNC) and cold parts."""
        return [(self.names[shndx], value, value + size, name)
                for name, kind, shndx, value, size in self.symbols
                if kind == 2 and 0 < shndx < len(self.names)]


def describe(elf):
    """Returns (id, declared dispatch, {shape: drive symbol or None}, [own loops])."""
    impl = next((s for s in elf.symbols
                 if s[0].startswith("rm_impl_") and s[1] == 1 and s[2]), None)
    if not impl:
        raise ValueError("no rm_impl_... in this object")
    name, _, section, value, _ = impl
    base = elf.sections[section][4] + value
    shapes, = struct.unpack_from("<I", elf.data, base + AT_SHAPES)
    links = elf.relocations(section)
    dispatch = "none"
    if value + AT_DISPATCH in links:
        symbol, addend = links[value + AT_DISPATCH]
        dispatch = elf.text(symbol[2], symbol[3] + addend)
    drives = {}
    for i, shape in enumerate(SHAPES):
        if shapes >> i & 1:
            link = links.get(value + AT_DRIVE + 8 * i)
            drives[shape] = locate(elf, link) if link else None
    return (name[len("rm_impl_"):], dispatch, drives,
            own_loops(elf, links.get(value + AT_LOOPS)))


def own_loops(elf, table):
    """Returns the start of each loop that the map itself defines: the second of two pointers in
    each row, up to an empty row."""
    found = []
    if table:
        (_, _, section, value, _), addend = table
        links, at = elf.relocations(section), value + addend + 8
        while at in links:
            found.append(locate(elf, links[at]))
            at += 16
    return found


def locate(elf, link):
    """Resolves the relocation of a function pointer to (section, offset, name)."""
    (name, _, section, value, _), addend = link
    if not section:
        return None, None, name
    return elf.names[section], value + addend, name


class Code:
    """The instructions of an object, grouped by function."""

    def __init__(self, path, elf):
        self.functions = elf.functions()
        self.x86 = elf.machine == 62
        self.instructions = {}  # function name -> [(address, text, link)]
        self.read(disassemble(path, elf.machine))

    def function_at(self, section, offset):
        for where, start, end, name in self.functions:
            if where == section and start <= offset < max(end, start + 1):
                return where, start, end, name
        return None

    def read(self, listing):
        section, last = None, None
        for line in listing.splitlines():
            if line.startswith("Disassembly of section "):
                section = line[len("Disassembly of section "):].rstrip(":")
                continue
            link = re.match(r"\s+([0-9a-f]+):\s+(R_\S+)\s+(\S+)", line)
            if link and last is not None:
                last[2] = (link[2], link[3])
                continue
            code = re.match(r"\s*([0-9a-f]+):\s+([a-z]\S*(?: .*|\t.*)?)$",
                            line)
            if not code:
                continue
            offset = int(code[1], 16)
            last = [offset, " ".join(code[2].split()), None]
            function = self.function_at(section, offset)
            if function:
                self.instructions.setdefault(function, []).append(last)


def disassemble(path, machine):
    native = {"x86_64": 62, "aarch64": 183}.get(os.uname().machine)
    tools = ["objdump"] if machine == native else []
    tools += ["llvm-objdump", "llvm-objdump-14"]
    tool = next((t for t in tools if shutil.which(t)), None)
    if not tool:
        raise ValueError("no objdump for this machine's objects")
    return subprocess.run(
        [tool, "-d", "-r", "--no-show-raw-insn", path], check=True,
        capture_output=True, text=True).stdout


def indirect(text, x86):
    if x86:
        return re.match(r"(bnd |notrack )*(l?call|l?jmp)[qw]? ?\*", text)
    return re.match(r"(blr|br|blra\w+|bra[ab]z?)\b", text)


def target_of(code, function, instruction):
    """Returns the target of a direct branch: a function tuple or a name."""
    _, text, link = instruction
    if link:
        kind, value = link
        name, sign, addend = re.match(
            r"(.+?)(?:([-+])0x([0-9a-f]+))?$", value).groups()
        name = plain(name)
        offset = int(addend or "0", 16) * (-1 if sign == "-" else 1)
        if code.x86 and re.search(r"PC32|PLT32", kind):
            offset += 4  # relative to the end of the field
        for where, start, end, other in code.functions:
            if other == name and start <= start + offset < max(end, start + 1):
                # keeps the first name, because C++ constructors have two
                return code.function_at(where, start + offset)
        return code.function_at(name, offset) or name
    place = BRANCH_TARGET.search(text)
    if not place:
        return "(unknown place: %s)" % text
    return code.function_at(function[0], int(place[1], 16)) or text


def walk(code, root):
    """Finds all functions that `root` reaches, with their indirect calls and outside calls.

    `outside` is {name: names of the callers} for functions outside this object; functions of the
    object have the key (name,)."""
    seen, todo, indirects, outside = {root}, [root], [], {}
    while todo:
        function = todo.pop()
        if function not in code.instructions:
            outside.setdefault("(unread code)", set()).add(function[3])
        for instruction in code.instructions.get(function, []):
            text, link = instruction[1], instruction[2]
            if indirect(text, code.x86):
                if link and "GOTPC" in link[0]:  # -fno-plt calls functions of libraries in this way
                    name = re.split(r"[-+]0x", link[1])[0]
                    outside.setdefault(name, set()).add(function[3])
                else:
                    indirects.append((function[3], text, instruction[0]))
                continue
            if not DIRECT.match(text.split(" ")[0]):
                continue
            target = target_of(code, function, instruction)
            if isinstance(target, str):
                outside.setdefault(target.split("@")[0], set()).add(
                    function[3])
                continue
            if target != function:
                outside.setdefault((target[3],), set()).add(function[3])
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen, indirects, outside


@functools.lru_cache(maxsize=None)
def exports(library):
    """Returns the names that a pkg-config library exports."""
    flags = subprocess.run(["pkg-config", "--libs", library], check=True,
                           capture_output=True, text=True).stdout.split()
    names = set()
    for flag in flags:
        path, symbols = flag, ["-g"]  # an archive
        if flag.startswith("-l"):
            symbols = ["-D"]
            path = subprocess.run(
                [os.environ.get("CC", "cc"),
                 "-print-file-name=lib" + flag[2:] + ".so"],
                check=True, capture_output=True, text=True).stdout.strip()
        elif not flag.endswith(".a"):
            continue
        listing = subprocess.run(["nm", *symbols, "--defined-only", path],
                                 capture_output=True, text=True).stdout
        names |= {line.split()[-1].split("@")[0]
                  for line in listing.splitlines() if line}
    return frozenset(names)


def library_names(source):
    """Returns the exports of the libraries in a source's `needs:` line."""
    try:
        with open(source, encoding="utf-8") as file:
            needs = re.findall(r"needs: *([a-z][^*\n]*[^ */\n])", file.read())
    except FileNotFoundError:
        return set()
    return set().union(*(exports(library) for line in needs
                         for library in line.split()))


def judge_drive(code, shape, drive):
    """Returns (problems, indirects, outside) of one measured loop."""
    if not drive or drive[0] is None:
        return ["%s: its drive function is not in this object" % shape], [], {}
    root = code.function_at(drive[0], drive[1])
    if not root or not root[3].startswith("drive"):
        return ["%s: its drive function is %s, expected a function called drive*"
                % (shape, root[3] if root else "no function")], [], {}
    seen, indirects, outside = walk(code, root)
    problems = []
    size = sum(f[2] - f[1] for f in seen if f[3].startswith("drive"))
    if size < DRIVE_BYTES:
        problems.append("%s: %s and the drive* functions that it calls have %d bytes, "
                        "too few for a loop" % (shape, root[3], size))
    if not any(f[3].startswith("write") and f[2] - f[1] >= WRITE_BYTES
               for f in seen):
        problems.append("%s: %s reaches no write* function"
                        % (shape, root[3]))
    return problems, indirects, outside


def judge_own(code, loop):
    """Returns (problems, indirects, outside) of a loop that the map itself defines."""
    root = loop[0] is not None and code.function_at(loop[0], loop[1])
    if not root:
        return ["its own loop %s is not in this object" % loop[2]], [], {}
    _, indirects, outside = walk(code, root)
    return [], indirects, outside


def judge_calls(dispatch, indirects, outside, allowed):
    """Returns the problems in the calls of all loops of a map together."""
    callers = {name[0]: outside.pop(name)
               for name in list(outside) if isinstance(name, tuple)}
    dying = set(outside.get("abort", set()))
    for _ in callers:  # repeated, because functions may be called only by functions in `dying`
        dying |= {name for name, where in callers.items() if where <= dying}
    strange = {name: where for name, where in outside.items()
               if name not in allowed and not ALLOWED.fullmatch(name)
               and not (name in LAST_WORDS and where <= dying)}
    problems = []
    if dispatch == "callback":
        sites = {site for site in indirects if CALLBACK.match(site[0])}
        indirects = [site for site in indirects if site not in sites]
        names = [site[0] for site in sites]
        for name in sorted(set(names)) or ["callback*"]:
            if names.count(name) != 1 and not LIBRARY_CALLBACK.match(name):
                problems.append("declares a callback: expected one indirect "
                                "call in function %s, found %d"
                                % (name, names.count(name)))
    elif dispatch == "plt":
        if len(strange) != 1:
            problems.append("declares plt: expected exactly one call that the list does not "
                            "allow, found %s" % (sorted(strange) or "none"))
        strange = {}
    elif dispatch != "none":
        problems.append('dispatch is "%s", expected none, callback or plt'
                        % dispatch)
    for where, text, address in sorted(set(indirects)):
        problems.append("indirect: %s+... at 0x%x: %s"
                        % (where, address, text))
    for name, where in sorted(strange.items()):
        problems.append("%s calls %s, which is in another file and not "
                        "allowed" % (" and ".join(sorted(where)), name))
    return problems


def check(path, source):
    """Returns (id, problems, names of outside calls) of one object."""
    elf = Elf(path)
    name, dispatch, drives, loops = describe(elf)
    code = Code(path, elf)
    problems, indirects, outside = [], [], {}
    if not drives and not loops:
        problems.append("offers neither a shape nor a loop of its own")
    judged = [judge_drive(code, *drive) for drive in drives.items()]
    judged += [judge_own(code, loop) for loop in loops]
    for bad, calls, names in judged:
        problems += bad
        indirects += calls
        for other, where in names.items():
            outside.setdefault(other, set()).update(where)
    allowed = HOOKS | LIBC | library_names(source)
    problems += judge_calls(dispatch, indirects, outside, allowed)
    return name, problems, sorted(set(outside) - HOOKS)


def source_of(path):
    """Returns the C or C++ source of an object inside or outside the tree."""
    for end in ("c", "cc"):
        for folder in ("", "/"):
            if os.path.exists(folder + path[:-1] + end):
                return folder + path[:-1] + end
    return path[:-1] + "c"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/gcc",
                        help="folder that the objects' paths start with")
    parser.add_argument("objects", nargs="+")
    options = parser.parse_args()
    failed = 0
    for number, path in enumerate(options.objects, 1):
        source = source_of(os.path.relpath(path, options.build))
        try:
            name, problems, calls = check(path, source)
        except (ValueError, KeyError, StopIteration, OSError,
                subprocess.CalledProcessError) as error:
            name, problems, calls = path, ["cannot be read: %r" % error], []
        failed += bool(problems)
        print("%sok %d - %s: no dispatch in the measured loops%s"
              % ("not " if problems else "", number, name,
                 " (calls %s)" % " ".join(calls) if calls else ""))
        for problem in problems:
            print("# %s: %s" % (name, problem))
    print("1..%d" % len(options.objects))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
