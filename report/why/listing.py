# SPDX-License-Identifier: Apache-2.0
"""Reads what objdump wrote of a program: symbols, links, constants, code.

Four texts beside each other, as why.sh makes them for a map in an arm's folder:

    MAP.symbols  objdump -t                    which functions lie where
    MAP.links    objdump -R                    what the loader fills in
    MAP.data     objdump -s -j .rodata         constants without a name
    MAP.code     objdump -d --no-show-raw-insn

Nothing here judges; report/why/code.py does. x86-64 in AT&T syntax only.
"""
import bisect
import re

SYMBOL = re.compile(r"([0-9a-f]{8,}) (.{7}) (\S+)\t([0-9a-f]+)\s+(.*)")
LINK = re.compile(r"([0-9a-f]{8,}) +R_\S+ +(\S+)")
BYTES = re.compile(r" ([0-9a-f]+) ((?:[0-9a-f]{2,8} ?){1,4})")
HEAD = re.compile(r"([0-9a-f]{8,}) <(.+)>:")
CODE = re.compile(r" +([0-9a-f]+):\t([a-z].*)")
PADDING = re.compile(r"(?:(?:data16|cs|ds|addr32|rex\S*) )*nop[wlq]?\b"
                     r"|xchg +%ax,%ax$|int3")
X86_64 = "elf64-x86-64"


class ListingError(Exception):
    """A listing that cannot be read; in words."""


class Function:
    """A part of code that has a symbol, without its padding."""

    def __init__(self, start, end, name, unit):
        self.start, self.end, self.name, self.unit = start, end, name, unit
        self.instructions = []  # (address, text), padding left out
        self.lengths = []  # their bytes

    @property
    def stem(self):
        """Its name without what compilers append: .isra.0, .cold, .12"""
        return self.name.partition(".")[0] or self.name

    @property
    def part(self):
        """Its name without numbers, which count what stands before it."""
        return re.sub(r"\.\d+(?=\.|$)", "", self.name)

    def ordinal(self, address):
        """Which of its instructions an address leads to: padding leads to
        what follows it."""
        return bisect.bisect_left(self.instructions, (address,))

    @property
    def bytes(self):
        """Its size without padding."""
        return sum(self.lengths)


class Program:
    """One arm's program as far as its listing tells of it."""

    def __init__(self, symbols, links, data, code):
        self.functions, self.objects, self.tls = [], [], 0
        self.read_symbols(symbols)
        self.links = read_links(links)
        self.data = read_bytes(data)
        self.read_code(code)
        self.starts = [f.start for f in self.functions]
        self.objects.sort(key=lambda o: o[:3])
        self.object_starts = [o[0] for o in self.objects]
        self.ends = {}  # {address: [object]}
        for data in self.objects:
            self.ends.setdefault(data[1], []).append(data)

    def read_symbols(self, lines):
        unit, first = None, next(iter(lines), "")
        seen = {}
        for line in lines:
            match = SYMBOL.match(line)
            if not match:
                first = line if "file format" in line else first
                continue
            start, flags, section = int(match[1], 16), match[2], match[3]
            size = int(match[4], 16)
            name = re.sub(r"^(?:\.hidden|0x[0-9a-f]+) ", "", match[5])
            if flags.endswith("df"):
                unit = name
            elif section in (".tbss", ".tdata"):
                self.tls = max(self.tls, start + size)
            elif size and flags.endswith("F"):
                own = unit if flags[0] == "l" else None
                old = seen.get(start)
                if old is None or name < old.name:
                    seen[start] = Function(start, start + size, name, own)
            elif size and flags.endswith("O"):
                self.objects.append((start, start + size, re.sub(
                    r"\.\d+$|@.*", "", name), unit if flags[0] == "l"
                    else None))
        if X86_64 not in first:
            raise ListingError("expected a listing of an x86-64 program "
                               f"({X86_64}): {first.strip()[:80] or 'empty'}")
        self.functions = [seen[start] for start in sorted(seen)]

    def read_code(self, lines):
        """Instructions, each in its function, padding left out."""
        wanted = {f.start: f for f in self.functions}
        into, last = None, None

        def ends(address):
            if last is not None:
                into.lengths.append(min(address, into.end) - last)
        for line in lines:
            head = HEAD.match(line) if line[:1] == "0" else None
            code = CODE.match(line) if into and not head else None
            if head:
                ends(into.end if into else 0)
                into, last = wanted.get(int(head[1], 16)), None
            elif code:
                address = int(code[1], 16)
                ends(address)
                last = None
                if not PADDING.match(code[2]) and address < into.end:
                    into.instructions.append((address, code[2].rstrip()))
                    last = address
        ends(into.end if into else 0)

    def function_at(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        if i >= 0 and address < self.functions[i].end:
            return self.functions[i]
        return None

    def object_at(self, address):
        """(name, offset, start) of the data that an address lies in."""
        i = bisect.bisect_right(self.object_starts, address) - 1
        if i < 0 or address >= self.objects[i][1]:
            return None
        start, name = self.objects[i][0], self.objects[i][2]
        while i and self.objects[i - 1][0] == start:
            i -= 1
            name = min(name, self.objects[i][2])
        return name, address - start, start

    def bytes_at(self, address, most):
        for start, data in self.data:
            if start <= address < start + len(data):
                return data[address - start:address - start + most]
        return None


def read_links(lines):
    """{address: name, or where it leads} of what the loader fills in."""
    found = {}
    for line in lines:
        match = LINK.match(line)
        if match:
            text = match[2]
            found[int(match[1], 16)] = int(text[6:], 16) \
                if text.startswith("*ABS*+") else text.partition("@")[0]
    return found


def read_bytes(lines):
    """[(address, bytes)] of runs of lines that follow each other."""
    runs = []
    for line in lines:
        match = BYTES.match(line)
        if not match:
            continue
        address, data = int(match[1], 16), bytes.fromhex(match[2])
        if runs and runs[-1][0] + len(runs[-1][1]) == address:
            runs[-1][1].extend(data)
        else:
            runs.append((address, bytearray(data)))
    return runs


def read_program(folder, name):
    """The program of a map, of the four texts in the folder of its arm."""
    def lines(end):
        path = folder / f"{name}.{end}"
        try:
            return path.open(encoding="utf-8", errors="replace")
        except OSError as error:
            raise ListingError(f"{path}: {error.strerror}") from error
    with lines("symbols") as symbols, lines("links") as links, \
            lines("data") as data, lines("code") as code:
        return Program(symbols, links, data, code)
