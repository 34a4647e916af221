# SPDX-License-Identifier: Apache-2.0
"""Which functions of a map are other machine code in head than in base.

Functions are grouped by their stem, so that foo, foo.cold and foo.isra.0 are
one: which parts a compiler makes of it is part of its code. A group of a
static function belongs to its file; where a file was renamed it is found by
its name alone.
"""
import collections
import difflib
import re

from report.why import normal

LOOPS = ("mix", "fresh", "stream", "skew", "replay", "paced")
REGISTER = re.compile(r"%(?!fs|xmm|ymm)[a-z]\w+|-?0x[0-9a-f]+(?=\(%rsp\))")
MOST_LINES = 20  # of one function's difference
CONTEXT = 1


class Side:
    """The groups of one arm's program."""

    def __init__(self, program):
        self.program = program
        self.normals = {f.start: normal.Normal(program, f)
                        for f in program.functions}
        self.groups = collections.defaultdict(list)
        for f in program.functions:
            self.groups[f.unit, f.stem].append(self.normals[f.start])

    def body(self, key):
        """What makes a group's code equal to another's."""
        return sorted((n.function.part, n.texts) for n in self.groups[key])

    def texts(self, key):
        return [t for _, texts in self.body(key) for t in texts]

    def size(self, key):
        found = sum(n.function.bytes for n in self.groups[key])
        return {"bytes": found} | normal.mix_of(self.texts(key))

    def drive(self, unit_stem, cell):
        """The loop's function that a cell is measured by: its Normal."""
        shape, name = cell["shape"], loop_of(cell)
        for stem in (f"drive_{shape}_{name}", f"drive_{shape}"):
            for (unit, own), parts in self.groups.items():
                if own == stem and (unit or "").rpartition(".")[0] == \
                        unit_stem:
                    return next((p for p in parts
                                 if p.function.name == own), parts[0])
        return None

    def names_of(self, map_id, cell):
        """Symbols of the functions that a map's trial runs: those of its
        file, and what its drive reaches outside of it."""
        reached = self.reached(self.drive(map_id, cell))
        return {n.function.name for (unit, stem), parts in self.groups.items()
                if (unit or "").rpartition(".")[0] == map_id or
                (unit, stem) in reached and not stem.startswith("rm_")
                for n in parts}

    def reached(self, drive):
        """Groups that a drive reaches by direct calls, itself included."""
        todo = [drive.function.start] if drive else []
        seen = set(todo)
        while todo:
            new = self.normals[todo.pop()].refers - seen
            seen |= new
            todo += new
        return {(f.unit, f.stem) for f in
                (self.normals[start].function for start in seen)}


def loop_of(cell):
    """Which of a shape's six loops runs a cell. (Before ADR 54 zipf and hot keys
    came from a stream.)"""
    if cell.get("loop") == "paced":
        return "paced"
    if "trace" in cell:
        return "replay"
    dist = cell.get("dist", "uniform")
    if dist == "sequential":
        return "stream"
    if dist != "uniform":
        return "skew"
    return "fresh" if cell.get("write_kind") == "fresh" else "mix"


def matched(base, head):
    """[(base's key or None, head's or None)]: by file and name, then those
    that are left by name alone, where a file was renamed."""
    pairs = [(key, key) for key in base.groups if key in head.groups]
    left = {name: [k for k in side.groups if k not in other.groups]
            for name, side, other in (("base", base, head),
                                      ("head", head, base))}
    for key in left["base"]:
        same = [k for k in left["head"] if k[1] == key[1]]
        same.sort(key=lambda k, b=base.body(key): head.body(k) != b)
        if same:
            left["head"].remove(same[0])
        pairs.append((key, same[0] if same else None))
    return pairs + [(None, key) for key in left["head"]]


def loosely(body):
    """A body without which data its addresses are of. The end of a table is
    an address that lies in another one; who loops over a table that is not
    its file's is compared without. Not what is measured."""
    return [(part, [re.sub(r"^lea \[.*\]", "lea [data]", t) for t in texts])
            for part, texts in body]


def changes(base, head, strict):
    """[{"name", "is", "base", "head", keys}] of what differs. strict(key) --
    whether a group is compared with the data that it takes addresses of"""
    found = []
    for ours, theirs in matched(base, head):
        if ours and theirs:
            bodies = [base.body(ours), head.body(theirs)]
            if not strict(ours) and not strict(theirs):
                bodies = list(map(loosely, bodies))
            if bodies[0] == bodies[1]:
                continue
        found.append({
            "name": (ours or theirs)[1], "keys": (ours, theirs),
            "file": (theirs or ours)[0],
            "is": "changed" if ours and theirs else
                  "gone" if ours else "new",
            "base": base.size(ours) if ours else None,
            "head": head.size(theirs) if theirs else None})
    return sorted(found, key=lambda c: (c["name"], c["file"] or ""))


def masked(text):
    """A text without where it jumps within its function."""
    return re.sub(r" \.\d+$", " .", text)


def shape_of(text):
    """A text without which registers it uses, which one more of them changes
    everywhere; 32 and 64 bits of one stay apart by the instruction."""
    return REGISTER.sub("%r", masked(text))


def difference(ours, theirs):
    """Lines that tell two lists of instructions apart, as diff -u does; other
    registers alone are no line, but are told at the end."""
    if ours == theirs:
        return []
    before, after = list(map(masked, ours)), list(map(masked, theirs))
    matcher = difflib.SequenceMatcher(
        None, list(map(shape_of, ours)), list(map(shape_of, theirs)), False)
    found, renamed = [], 0
    whole = list(matcher.get_opcodes())  # grouping cuts the matcher's own
    for group in matcher.get_grouped_opcodes(CONTEXT):
        found.append("...")
        for tag, i, j, k, m in group:
            if tag == "equal":
                found += ["  " + t for t in after[k:m]]
            else:
                found += ["- " + t for t in before[i:j]]
                found += ["+ " + t for t in after[k:m]]
    for tag, i, j, k, _ in whole:
        if tag == "equal":
            renamed += sum(before[i + n] != after[k + n]
                           for n in range(j - i))
    more = len(found) - MOST_LINES
    if more > 1:
        found = found[:MOST_LINES] + [f"... and {more} lines more"]
    return found[1:] + ([f"other registers in {renamed} instructions more"]
                        if renamed else []) or \
        ["only where its jumps lead differs"]


def loop_change(ours, theirs):
    """The hot loop of a cell's drive, before and after; None where an arm has
    no such drive."""
    if not ours or not theirs:
        return None
    texts = [[side.texts[i] for i in normal.hot_loop(side)]
             for side in (ours, theirs)]
    return {"function": theirs.function.name,
            "base": normal.mix_of(texts[0]), "head": normal.mix_of(texts[1]),
            "differs": list(map(masked, texts[0])) !=
            list(map(masked, texts[1])),
            "lines": difference(*texts)}


def compare(base, head, map_id, cells):
    """What changed in the code of one map: functions, and for each cell the
    loop that is measured. base, head -- Side"""
    loops, reached = {}, set()
    for cell in cells:
        drives = [side.drive(map_id, cell) for side in (base, head)]
        loops[cell["id"]] = loop_change(*drives)
        reached |= base.reached(drives[0]) | head.reached(drives[1])
    found = changes(base, head, lambda key: key in reached or (
        key[0] or "").rpartition(".")[0] == map_id)
    for change in found:
        ours, theirs = change.pop("keys")
        change["measured"] = bool({ours, theirs} & reached)
        change["lines"] = difference(
            base.texts(ours), head.texts(theirs)) \
            if change["is"] == "changed" else []
    return {"map": map_id, "functions": found, "loops": loops}
