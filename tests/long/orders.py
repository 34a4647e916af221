#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Weakens each memory order by one step and tests whether `explore` finds the bug.

    tests/long/orders.py [--map ID] [--only TEXT] [--schedules N] [--list]

Explores each map of tests/fixtures/orders/maps.tsv with the settings in settings.tsv, in a copy of
HEAD (build/long/orders), until a schedule fails. If a schedule fails, the original order is needed.
Otherwise another order may also prevent the bug (notes.tsv).

An access is a call of <stdatomic.h> with an explicit order; the two orders of a comparison are two
accesses. Edits that the language forbids are skipped: a load with release, or a comparison whose
failure order is stronger than its success order.
"""
import argparse
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path("tests/fixtures/orders")
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
    call: str      # such as "load" or "fetch_add"
    variable: str  # last name in the expression of the accessed object; "" for a fence
    role: str      # "success" or "failure"; "" for all other calls
    order: str     # such as "seq_cst"
    begin: int     # offset of the constant for the order, or of a fence's call
    end: int
    other: str  # for a success order: the failure order of the same comparison


@dataclass(frozen=True)
class Edit:
    access: Access
    to: str

    @property
    def name(self):
        a = self.access
        return f"{a.path}:{a.line} {a.role or a.call} {a.order} -> {self.to}"


def blanked(text):
    """Replaces comments and strings by spaces; offsets stay the same."""
    return re.sub(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"",
                  lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.S)


def arguments(code, at):
    """Returns [(begin, end)] of the arguments after the bracket at `at`, and the end of the list."""
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
    """Returns the name of the function whose body contains the offset, or "". A function begins
    with a brace in the first column."""
    body = code.rfind("\n{", 0, at)
    if body < 0 or code.find("\n}", body, at) >= 0:
        return ""
    head = max(code.rfind(mark, 0, body) for mark in (";", "\n}", "\n\n", "#"))
    names = [m[1] for m in HEAD.finditer(code, max(head, 0), body)]
    return next((n for n in names if n not in
                 ("__attribute__", "noinline", "format")), "")


def variable_of(text):
    """Returns the last name of an expression: `read` for map->read, `slot` for &record->slot[i],
    `bin_of` for bin_of(map, i)."""
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
            raise ValueError(f"{path}:{line}: an order that is not a constant, "
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
    """True unless the failure order of a comparison would be stronger than its success order
    (C11)."""
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


# ---- exploration -------------------------------------------------------------

def rows_of(name):
    for line in (FIXTURES / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def build(tree, source):
    """Builds the map in one file of the tree; returns the program that explores it."""
    out = tree / "build/one"
    subprocess.run(["tests/tools/with_impl.sh", out, "explore", source], cwd=tree, check=True)
    return out / "maps/explore" / Path(source).stem


def parts_of(tree, source):
    """Returns the files of impls/ that a map includes."""
    done = subprocess.run(["gcc", "-std=c11", "-D_GNU_SOURCE", "-I.", "-MM", source], cwd=tree,
                          check=True, capture_output=True, text=True).stdout
    return {p for p in done.replace("\\\n", " ").split() if p.startswith("impls/")}


def explore(program, tree, ident, options, schedules):
    """Returns the finding for a map with one row of settings.tsv, or None."""
    done = subprocess.run([program, ident, "--schedules", str(schedules), *options], cwd=tree,
                          capture_output=True, text=True, check=False)
    found = re.search(r"^FAIL .*; schedule \d+: (.*)", done.stdout, re.M)
    if done.returncode not in (0, 1):
        sys.exit(f"orders: {ident}: status {done.returncode}: {done.stderr[-300:]}")
    return found and found[1]


def main():
    ask = argparse.ArgumentParser(description=__doc__,
                                  formatter_class=argparse.RawTextHelpFormatter)
    ask.add_argument("--only", default="", help="edits that contain this text")
    ask.add_argument("--map", help="only this map")
    ask.add_argument("--schedules", type=int, default=6000)
    ask.add_argument("--list", action="store_true", help="print the edits without exploring")
    args = ask.parse_args()
    tree = Path("build/long/orders/tree").resolve()
    if not tree.exists():
        subprocess.run(["git", "clone", "-q", "--shared", ".", tree], check=True)
    subprocess.run(["git", "checkout", "-qf", subprocess.run(
        ["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()],
        cwd=tree, check=True)
    maps = [(i, s, f.split()) for i, s, f in rows_of("maps.tsv") if args.map in (None, i)]
    parts = {ident: {p for p in parts_of(tree, source) if p.startswith(tuple(files))}
             for ident, source, files in maps}
    texts = {p: (tree / p).read_text("utf-8") for p in sorted(set().union(*parts.values()))}
    todo = [e for p, t in texts.items() for a in accesses(p, t) for e in edits(a)
            if args.only in e.name]
    count = 0
    for edit in todo:
        path, finding = edit.access.path, None
        if args.list:
            print(edit.name)
            continue
        (tree / path).write_text(apply(texts[path], [edit]), encoding="utf-8")
        for ident, source, _ in maps:
            if path in parts[ident] and not finding:
                program = build(tree, source)
                finding = next(filter(None, (
                    explore(program, tree, ident, options.split(), args.schedules)
                    for _, on, options in rows_of("settings.tsv")
                    if on == "*" or ident in on.split())), None)
        (tree / path).write_text(texts[path], encoding="utf-8")
        count += bool(finding)
        print(f"{finding or 'not found'}: {edit.name}", flush=True)
    if not args.list:
        print(f"{count} of {len(todo)} weakened orders are found")


if __name__ == "__main__":
    main()
