# SPDX-License-Identifier: Apache-2.0
"""readmostly.py - gdb commands that show the inner state of a stopped map.

    gdb -p PID, or gdb PROGRAM CORE
    (gdb) source runner/gdb/readmostly.py
    (gdb) print *map            any struct gomap or struct syncmap
    (gdb) rm-map EXPRESSION     also the occupancy of all chains
    (gdb) rm-map                the map of the process's trial

The commands only read memory and call no function of the process, so they also work with a core
file. The commands need debugging information, which the normal build has.
"""
import collections

import gdb

SLOTS = 8            # in a bucket
LIVE = 5             # smallest tophash of a slot with an entry
EMPTY_ONE = 1        # tophash 0 and 1: empty slot; 2 to 4: the entry was moved
SAME_SIZE = 8
FLAGS = ((1, "iterator"), (2, "old-iterator"), (4, "writing"),
         (SAME_SIZE, "same-size"))
NO_VALUE = {          # cells of sync.Map without a value
    0: "nil", 1: "expunged",
    0xb7e151628aed2a6a: "nil", 0xb7e151628aed2a6b: "expunged"}


def number(value):
    return int(value)


def pointer(value):
    """Formats a pointer like the C library."""
    return hex(int(value)) if int(value) else "(nil)"


def key_words(gomap):
    return 2 if gomap["extra"]["shape"]["str"] else 1


def stride(gomap):
    """Returns the size of a bucket in bytes: tophash, keys, values, link."""
    value_words = number(gomap["extra"]["shape"]["value_bytes"]) // 8
    return 16 + 64 * (key_words(gomap) + value_words)


def read(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size))


def word_at(memory, offset):
    return int.from_bytes(memory[offset:offset + 8], "little")


def old_size(gomap):
    same = number(gomap["flags"]) & SAME_SIZE
    return 1 << (number(gomap["B_"]) if same else number(gomap["B_"]) - 1)


class Gomap:
    """A struct gomap; the members have Go's names."""

    def __init__(self, value):
        self.value = value

    def __getitem__(self, name):
        return self.value["log2_buckets" if name == "B_" else name]

    def header(self):
        """Returns the line that the map prints when it detects misuse."""
        flags = number(self["flags"])
        flag_names = "".join(f" {name}" for bit, name in FLAGS if flags & bit)
        growing = "growing" if number(self["oldbuckets"]) else "not growing"
        return (f"count {number(self['count'])}, B {number(self['B_'])}, "
                f"flags {flags}{flag_names}, noverflow {number(self['noverflow'])}, "
                f"buckets {pointer(self['buckets'])}, "
                f"oldbuckets {pointer(self['oldbuckets'])} ({growing}), "
                f"nevacuate {number(self['nevacuate'])}")

    def chains(self):
        """Yields a list of buckets (as bytes) for each used chain, except chains of the old array
        that have moved."""
        yield from self.chains_of(self["buckets"], 1 << number(self["B_"]))
        if number(self["oldbuckets"]):
            for chain in self.chains_of(self["oldbuckets"], old_size(self)):
                if not EMPTY_ONE < chain[0][0] < LIVE:
                    yield chain

    def chains_of(self, array, count):
        size = stride(self)
        if not number(array):
            return
        memory = read(number(array), count * size)
        for i in range(count):
            chain = [memory[i * size:(i + 1) * size]]
            while word_at(chain[-1], size - 8):
                chain.append(read(word_at(chain[-1], size - 8), size))
            yield chain

    def values(self):
        """Yields the first word of each entry's value."""
        first = 8 + 8 * SLOTS * key_words(self)
        step = (stride(self) - 8 - first) // SLOTS
        for chain in self.chains():
            for bucket in chain:
                for slot in range(SLOTS):
                    if bucket[slot] >= LIVE:
                        yield word_at(bucket, first + slot * step)

    def occupancy(self):
        """Yields lines that count the chains by number of entries."""
        filled, length = collections.Counter(), collections.Counter()
        for chain in self.chains():
            filled[sum(top >= LIVE for bucket in chain
                       for top in bucket[:SLOTS])] += 1
            length[len(chain)] += 1
        entries = sum(n * chains for n, chains in filled.items())
        yield f"{entries} entries in {sum(filled.values())} chains"
        for n, chains in sorted(filled.items()):
            yield f"{n:7}  {chains:12} chains"
        for n, chains in sorted(length.items()):
            yield f"{n:7}  {chains:12} chains of this many buckets"

    def text(self):
        return self.header()

    def lines(self):
        yield self.header()
        yield from self.occupancy()


class Syncmap:
    """A struct syncmap, with the contents of `read` and `dirty`."""

    def __init__(self, value):
        self.value = value
        self.header = value["read"].dereference()
        self.read = Gomap(self.header["map"].dereference())
        dirty = value["dirty"]
        self.dirty = Gomap(dirty.dereference()) if number(dirty) else None

    def text(self):
        cells = collections.Counter()
        for entry in self.read.values():
            cells[NO_VALUE.get(word_at(read(entry, 8), 0))] += 1
        dirty = number(self.dirty["count"]) if self.dirty else 0
        return (f"sync.Map: "
                f"{'amended' if self.header['amended'] else 'not amended'}, "
                f"read {number(self.read['count'])} entries "
                f"({cells['nil']} nil, {cells['expunged']} expunged), "
                f"dirty {dirty}, misses {number(self.value['misses'])}, "
                f"promotions {number(self.value['promotions'])}, "
                f"rebuilds {number(self.value['rebuilds'])}")

    def lines(self):
        yield self.text()
        yield "read: " + self.read.header()
        yield from self.read.occupancy()
        if self.dirty:
            yield "dirty: " + self.dirty.header()
            yield from self.dirty.occupancy()
        else:
            yield "dirty: none"


class Shards:
    """A map of impls/gomap/gomap_guarded.h with one or more shards."""

    def __init__(self, value):
        first, last = value["shard"].type.range()
        self.inner = [Gomap(value["shard"][i]["inner"].dereference())
                      for i in range(first, last + 1)]

    def text(self):
        return "; ".join(inner.header() for inner in self.inner)

    def lines(self):
        for i, inner in enumerate(self.inner):
            yield f"shard {i}: {inner.header()}"
            yield from inner.occupancy()


def view_of(value):
    """Returns a Gomap, Syncmap or Shards for the value, or None for other values."""
    kind = value.type.unqualified().strip_typedefs()
    if kind.code != gdb.TYPE_CODE_STRUCT:
        return None
    fields = {field.name for field in kind.fields()}
    if kind.tag == "gomap" and "oldbuckets" in fields:
        return Gomap(value)
    if kind.tag == "syncmap" and "dirty" in fields:
        return Syncmap(value)
    if kind.tag == "map" and fields == {"shard"}:
        return Shards(value)
    return None


class Printer:
    """The pretty-printer for `print`."""

    def __init__(self, view):
        self.view = view

    def to_string(self):
        try:
            return self.view.text()
        except gdb.MemoryError as error:
            return f"<not readable: {error}>"


def printer(value):
    view = view_of(value)
    return Printer(view) if view else None


def trial_map():
    """Returns the map of the trial that a thread of the process is running."""
    for thread in gdb.selected_inferior().threads():
        thread.switch()
        frame = gdb.newest_frame()
        while frame:
            team = team_in(frame)
            if team is not None:
                frame.select()
                return team_map(team)
            frame = frame.older()
    raise gdb.GdbError("rm-map: no trial is running, expected an expression")


def team_in(frame):
    """Returns the struct rm_team in a variable of the frame, or None."""
    for name in "team", "member":
        try:
            value = frame.read_var(name)
            if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
                value = value.dereference()
            team = value if name == "team" else value["team"].dereference()
            if team.type.unqualified().tag == "rm_team":
                team["map"].fetch_lazy()  # fails if unreadable
                return team
        except (ValueError, RuntimeError, gdb.error):
            continue  # missing, or optimised away
    return None


def team_map(team):
    """Returns the team's map. The map's type is local to the file of its operations."""
    if not number(team["map"]):
        raise gdb.GdbError("rm-map: the trial has not created its map yet")
    impl = team["impl"].dereference()
    name = impl["id"].string()
    create = gdb.block_for_pc(number(impl["ops"]["create"]))
    kinds = {symbol.type.tag: symbol.type for symbol in create.static_block
             if symbol.addr_class == gdb.SYMBOL_LOC_TYPEDEF}
    for tag in "syncmap", "map", "gomap":
        if tag not in kinds:
            continue
        value = team["map"].cast(kinds[tag].pointer()).dereference()
        if view_of(value):
            return value
    raise gdb.GdbError(f"rm-map: maps like {name} cannot be shown")


class ShowMap(gdb.Command):
    """rm-map [EXPRESSION]: prints the inner state of a map, given the map or a pointer to it.

Without an expression it shows the map of the trial that the process runs."""

    def __init__(self):
        super().__init__("rm-map", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        value = gdb.parse_and_eval(argument) if argument else trial_map()
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_PTR:
            value = value.dereference()
        view = view_of(value)
        if not view:
            raise gdb.GdbError(f"rm-map: {value.type} cannot be shown, "
                               "expected a gomap or a syncmap")
        for line in view.lines():
            print(line)


gdb.pretty_printers.append(printer)
ShowMap()
