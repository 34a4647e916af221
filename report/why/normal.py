# SPDX-License-Identifier: Apache-2.0
"""Code in a form that does not know where it lies.

Two builds of one text differ in every address: a function before it, another
link order, a renamed file. So an instruction is compared with each address
in it said by what lies there: a function and which of its instructions, a
named piece of data, the words of a string, the value of a constant, what the
loader fills in. Padding is left out, and numbers in names (foo.isra.0,
table.12), which count what stands before. The line of an assertion and the
name of its file are no code either.
"""
import re

JUMP = re.compile(r"((?:bnd |notrack )?(?:call|j[a-z]+|loop[a-z]*|xbegin)"
                  r"(?:,p[nt])?)q? +([0-9a-f]+)(?: <(.*)>)?$")
RIP = re.compile(r"(?:-?0x[0-9a-f]+)?\(%rip\)")
AIM = re.compile(r" +# ([0-9a-f]+)(?: <.*>)?$")
SOURCE = re.compile(r"[\w./+-]+\.(?:c|h|cc|hh|cpp|hpp)")
AWAY = re.compile(r"\$0x(ffffffff[0-9a-f]{8}|ffff[0-9a-f]{4})\b")
BELOW = re.compile(r"-0x([0-9a-f]+)(?=\((?!%rsp|%rbp))")
FS = re.compile(r"%fs:0xf{4,}[0-9a-f]+")
OPERAND = re.compile(r",(?![^(]*\))")
ASSERTED = ("call __assert_fail", "call __assert_perror_fail")
BEFORE_CALL = 12  # instructions that may set up an assertion's arguments
STRING = 400  # bytes of a string that are compared


class Normal:
    """One function: its instructions as texts, and whom it refers to."""

    def __init__(self, program, function):
        self.program, self.function = program, function
        self.texts, self.refers, self.jumps = [], set(), {}
        by_register = any(re.search(r"%fs:(?:0x0\b|\(|0x[0-9a-f]+\()", t)
                          for _, t in function.instructions)
        self.used = self.data_used()
        for i, (_, text) in enumerate(function.instructions):
            self.texts.append(self.instruction(i, text, by_register))
        self.forget_assertions()

    def data_used(self):
        """Where the data begin that the function refers to."""
        found = set()
        for _, text in self.function.instructions:
            aim = AIM.search(text)
            data = aim and self.program.object_at(int(aim[1], 16))
            if data:
                found.add(data[2])
        return found

    def behind(self, address):
        """The end of a table, which a loop over it is held against: whatever
        lies there. Of a table that the function uses or that is its file's."""
        for start, _, name, unit in self.program.ends.get(address, ()):
            if start in self.used or unit and unit == self.function.unit:
                return f"{name}+{address - start}"
        return None

    def instruction(self, i, text, by_register):
        jump = JUMP.match(text)
        if jump:
            return f"{jump[1]} {self.place(i, int(jump[2], 16), jump[3])}"
        aim = AIM.search(text)
        text = " ".join(AIM.sub("", text).split())
        if aim and RIP.search(text):
            said = self.meaning(int(aim[1], 16), text)
            text = RIP.sub(lambda _: f"[{said}]", text, count=1)
        text = FS.sub("%fs:[own]", text)
        if by_register and text.startswith(("mov", "add", "lea")):
            text = AWAY.sub(self.own, BELOW.sub(self.own, text))
        return text

    def own(self, match):
        """Memory of a thread lies as far from %fs as all of it is long, that
        of other files included."""
        value = int(match[1], 16)
        if match[0][0] == "$":
            value = (1 << 4 * len(match[1])) - value
        inside = 0 < value <= self.program.tls + 64 and value % 4 == 0
        return "[own]" if inside else match[0]

    def place(self, i, address, said):
        """Where a jump or call leads; a stub of the linker's, or code without
        a size, is what the listing calls it."""
        target = self.program.function_at(address)
        if target is None:
            return re.split(r"@|\+0x", said or "(outside)")[0]
        ordinal = target.ordinal(address)
        if target is self.function:
            self.jumps[i] = ordinal
            return f".{ordinal}"
        self.refers.add(target.start)
        return target.part + (f"@{ordinal}" if ordinal else "")

    def meaning(self, address, text):
        """What lies at an address that an instruction reads or takes."""
        end = self.behind(address) if text.startswith("lea") else None
        data = self.program.object_at(address)
        if end or data:
            return end or data[0] + (f"+{data[1]}" if data[1] else "")
        link = self.program.links.get(address)
        if isinstance(link, str):
            return link
        if link is not None and text.startswith("mov"):
            return f"to {self.meaning(link, 'lea')}"
        target = self.program.function_at(address)
        if target:
            self.refers.add(target.start)
            ordinal = target.ordinal(address)
            return target.part + (f"@{ordinal}" if ordinal else "")
        return self.constant(address, text)

    def constant(self, address, text):
        """What has no name: a string by its words, a number by its bytes."""
        if text.startswith("lea"):
            data = self.program.bytes_at(address, STRING)
            if data is None:
                return "data"
            words = bytes(data).split(b"\0")[0].decode("latin-1")
            return "a file" if SOURCE.fullmatch(words) else repr(words)
        data = self.program.bytes_at(address, width(text))
        return "data" if data is None else "0x" + bytes(data).hex()

    def forget_assertions(self):
        """The line that an assertion names moves with any line before it."""
        for i, text in enumerate(self.texts):
            if text not in ASSERTED:
                continue
            for j in range(i - 1, max(-1, i - BEFORE_CALL), -1):
                if re.match(r"mov \$0x[0-9a-f]+,%e[ds][xi]$", self.texts[j]):
                    self.texts[j] = re.sub(r"\$0x[0-9a-f]+", "$line",
                                           self.texts[j])
                    break
                if self.texts[j].startswith(("call", "ret")):
                    break


def width(text):
    """Bytes that an instruction reads, of its registers or its name."""
    text = RIP.sub("", text)
    name = text.split()[0]
    if "%ymm" in text:
        return 32
    if name.endswith("ss") or name in ("movd", "vmovd"):
        return 4
    if name.endswith("sd") or name in ("movq", "vmovq", "movlps", "movhps"):
        return 8
    if "%xmm" in text:
        return 16
    return 8 if re.search(r"%r(?:\d+$|[a-z])", text) or \
        name.endswith("q") else 4


# ---- what an instruction is -----------------------------------------------

KINDS = ("loads", "stores", "atomics", "branches", "calls", "others")


def operands_of(text):
    """(name without prefixes, operands) of an instruction's text."""
    text = re.sub(r"^(?:lock|bnd|notrack|rep[nez]*|data16) ", "", text)
    name, _, rest = text.partition(" ")
    return name, OPERAND.split(rest) if rest else []


def in_memory(operand):
    return "(" in operand or "[" in operand or operand.startswith("%fs:")


def kinds_of(text):
    """What it does to memory, or where it goes: names of KINDS."""
    name, operands = operands_of(text)
    if name.startswith("call"):
        return ("calls",)
    if name.startswith(("j", "ret", "loop")):
        return ("branches",)
    memory = [in_memory(o) for o in operands]
    if name.startswith("lea") or name.startswith("prefetch") or \
            not any(memory):
        return ("others",)
    if text.startswith("lock") or name.startswith("xchg"):
        return ("atomics",)
    if not memory[-1] or name.startswith(("cmp", "test", "mul", "imul", "div",
                                          "idiv", "push", "bt")):
        return ("loads",)
    if name.startswith(("mov", "vmov", "set", "pop")):
        return ("stores",)
    return ("loads", "stores")


def mix_of(texts):
    """{kind: how many}, and all of them."""
    found = dict.fromkeys(KINDS, 0)
    for text in texts:
        for kind in kinds_of(text):
            found[kind] += 1
    return {"instructions": len(texts)} | found


# ---- loops ----------------------------------------------------------------

def edges_of(normal):
    """{instruction: those that may follow} within the function."""
    follow, last = {}, len(normal.texts) - 1
    for i, text in enumerate(normal.texts):
        name = operands_of(text)[0]
        next_one = [] if name.startswith(("jmp", "ret", "ud2", "hlt")) or \
            i == last else [i + 1]
        jump = normal.jumps.get(i)
        far = [jump] if jump is not None and jump <= last and \
            not name.startswith("call") else []
        follow[i] = next_one + far
    return follow


def dominators(follow):
    """{instruction: the one that every way to it passes last}; a way begins
    at 0. Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm."""
    order, seen, stack = [], {0}, [(0, iter(follow.get(0, ())))]
    while stack:
        node, rest = stack[-1]
        step = next((n for n in rest if n not in seen), None)
        if step is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(step)
            stack.append((step, iter(follow[step])))
    rank = {node: i for i, node in enumerate(order)}
    before = {node: [] for node in order}
    for node in order:
        for after in follow[node]:
            before[after].append(node)
    above, changed = {0: 0}, True

    def meet(a, b):
        while a != b:
            while rank[a] < rank[b]:
                a = above[a]
            while rank[b] < rank[a]:
                b = above[b]
        return a
    while changed:
        changed = False
        for node in reversed(order[:-1]):
            known = [p for p in before[node] if p in above]
            new = known[0]
            for other in known[1:]:
                new = meet(new, other)
            if above.get(node) != new:
                above[node], changed = new, True
    return above, before


def loops_of(normal):
    """Sets of instructions, the largest first: natural loops, those of one
    head together."""
    if not normal.texts:
        return []
    follow = edges_of(normal)
    above, before = dominators(follow)

    def passes(node, head):
        while node != head and node != 0:
            node = above[node]
        return node == head
    found = {}
    for node in above:
        for head in follow[node]:
            if not passes(node, head):
                continue
            body, todo = found.setdefault(head, {head}), [node]
            while todo:
                inner = todo.pop()
                if inner not in body:
                    body.add(inner)
                    todo += before[inner]
    return sorted(found.values(), key=lambda b: (-len(b), min(b)))


def hot_loop(normal):
    """The loop over operations: within the one over batches the largest,
    where there are two; else the only one."""
    loops = loops_of(normal)
    inner = [b for b in loops if b < loops[0]]
    return sorted(inner[0] if inner else loops[0]) if loops else []
