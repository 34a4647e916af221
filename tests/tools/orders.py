# SPDX-License-Identifier: Apache-2.0
"""The atomic accesses of C files, and each order weakened by one step.

    accesses(path, text)    -> [Access], in the order of the text
    edits(access)           -> [Edit]: none of what is relaxed already
    apply(text, [Edit])     -> the text with these orders
    python3 orders.py FILE...   prints them

An access is a call of <stdatomic.h> with an explicit order; the two orders of
a comparison are two accesses, `role` says which. What the language forbids (a
load that releases, a comparison that fails more strongly than it succeeds) is
never an edit. A call without an explicit order, or whose order is not one of
the constants, is an error: house rules want them explicit.
"""
import re
import sys
from dataclasses import dataclass
from pathlib import Path

CALL = re.compile(r"\batomic_(load|store|exchange|compare_exchange_weak|"
                  r"compare_exchange_strong|fetch_\w+?|thread_fence)"
                  r"(_explicit)?\s*\(")
ORDER = re.compile(r"memory_order_(\w+)")
HEAD = re.compile(r"(\w+)\s*\(")
PLACES = {"load": (1,), "store": (2,), "thread_fence": (0,),
          "compare_exchange_weak": (3, 4), "compare_exchange_strong": (3, 4)}
RMW = {"seq_cst": ("acq_rel",), "acq_rel": ("acquire", "release"),
       "acquire": ("relaxed",), "release": ("relaxed",)}
STEPS = {
    "load": {"seq_cst": ("acquire",), "acquire": ("relaxed",)},
    "store": {"seq_cst": ("release",), "release": ("relaxed",)},
    "thread_fence": {"seq_cst": ("acq_rel",),
                     "acq_rel": ("acquire", "release"),
                     "acquire": ("none",), "release": ("none",)},
}


@dataclass(frozen=True)
class Access:
    path: str
    line: int
    function: str
    call: str      # "load", "fetch_add", ...
    variable: str  # the last name of what is accessed; of a fence ""
    role: str      # "success", "failure"; of other calls ""
    order: str     # "seq_cst", ...
    begin: int     # of the order's constant; of a fence, of the call
    end: int
    other: str     # of a success the failure's order; else ""


@dataclass(frozen=True)
class Edit:
    access: Access
    to: str

    @property
    def name(self):
        a = self.access
        return f"{a.path}:{a.line} {a.role or a.call} {a.order} -> {self.to}"


def blanked(text):
    """The text with comments and strings as spaces: offsets stay."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"",
                  lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def arguments(code, at):
    """([(begin, end)], end) of the arguments behind the bracket at `at`."""
    depth, begin, found = 0, at + 1, []
    for i in range(at, len(code)):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if (depth == 1 and code[i] == ",") or depth == 0:
            found.append((begin, i))
            begin = i + 1
        if depth == 0:
            return found, i + 1
    raise ValueError("a bracket is not closed")


def function_of(code, at):
    """The name of the function whose body the offset is in, or "": the house
    style has its brace in the first column."""
    body = code.rfind("\n{", 0, at)
    if body < 0 or code.find("\n}", body, at) >= 0:
        return ""
    head = max(code.rfind(mark, 0, body) for mark in (";", "\n}", "\n\n", "#"))
    names = [m[1] for m in HEAD.finditer(code, max(head, 0), body)]
    return next((n for n in names if n not in
                 ("__attribute__", "noinline", "format")), "")


def variable_of(text):
    """map->read: read; &record->slot[i]: slot; bin_of(map, i): bin_of."""
    text = re.sub(r"\[[^]]*\]|(?<=\w)\(.*\)", "", text, flags=re.S)
    names = re.findall(r"\w+", text)
    return names[-1] if names else ""


def accesses(path, text):
    code, found = blanked(text), []
    for call in CALL.finditer(code):
        line = code.count("\n", 0, call.start()) + 1
        spans, end = arguments(code, call.end() - 1)
        fence = call[1] == "thread_fence"
        if not (call[2] or fence):
            raise ValueError(f"{path}:{line}: atomic_{call[1]} without an "
                             "order, expected atomic_..._explicit")
        places = PLACES.get(call[1], (2,))
        orders = [ORDER.fullmatch(code[slice(*spans[i])].strip())
                  for i in places]
        if None in orders:
            raise ValueError(f"{path}:{line}: an order that is no constant, "
                             "expected memory_order_...")
        for n, (place, order) in enumerate(zip(places, orders)):
            begin = code.index("memory_order_", spans[place][0])
            span = (call.start(), end) if fence else \
                (begin, begin + len(order[0]))
            found.append(Access(
                path, line, function_of(code, call.start()), call[1],
                "" if fence else variable_of(code[slice(*spans[0])]),
                ("success", "failure")[n] if len(places) == 2 else "",
                order[1], *span,
                orders[1][1] if len(places) == 2 and n == 0 else ""))
    return found


def legal(access, to):
    """A comparison may not fail more strongly than it succeeds (C11)."""
    return access.other in ("", "relaxed") or (
        access.other == "acquire" and to in ("acquire", "acq_rel"))


def edits(access):
    steps = STEPS["load"] if access.role == "failure" \
        else STEPS.get(access.call, RMW)
    return [Edit(access, to) for to in steps.get(access.order, ())
            if legal(access, to)]


def apply(text, chosen):
    for edit in sorted(chosen, key=lambda e: -e.access.begin):
        a = edit.access
        fence = a.call == "thread_fence"
        new = "((void)0)" if edit.to == "none" else \
            f"atomic_thread_fence(memory_order_{edit.to})" if fence else \
            f"memory_order_{edit.to}"
        text = text[:a.begin] + new + text[a.end:]
    return text


def main():
    for path in sys.argv[1:]:
        for access in accesses(path, Path(path).read_text(encoding="utf-8")):
            print(f"{path}:{access.line}", access.function, access.call,
                  access.variable, access.role or "-", access.order, "->",
                  " ".join(e.to for e in edits(access)) or "-")


if __name__ == "__main__":
    main()
