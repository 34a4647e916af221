#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures how the tree is built: rooms, doors, circles, sizes, comments.

    house.py [ROOT] [--check] [--list NAME] [--baseline COMMIT]

Prints one line per figure: name, value, limit, ok or over, and below it the
places behind each limit that does not hold. --check then exits 1. --list
prints the places (file:line) behind a figure or a group of them (idle, lines);
--baseline sets the figures of a commit beside those of the tree. Only Universal
Ctags is asked, nothing is built or run: same tree, same bytes.

How it counts, so that a stranger can count again:

 Room       a direct subfolder of runner/ that holds C; subfolders belong to
            it. Its door is runner/ROOM/ROOM.h. runner/*.h is the contract,
            which every file may include; base is a room that is all door.
 Names      words of the C code, comments and texts left out. A call is a name
            followed by "(".
 public     distinct names of functions of runner/**/*.c that are not static.
            `users` are other .c files with the name in them, also where it is
            not called but passed. other-room: one of them is neither in the
            room nor a test. own-room: all are in the room, or tests. tests-only:
            all are tests. The parts of sim (sim/guest, ...) count as rooms
            apart here, as they do in the review of 0d4f25b: 752 public, 175
            other-room, 21 tests-only. own-room gives 479 where the review has
            477: it saw no declaration of rm_plot_points_levels and _ratios,
            which stand in their header by a typedef.
 circles    a .c and the .h of its stem are one unit. Unit A leads to B where
            it calls a name that is defined in exactly one file of runner and
            impls, in B. A prototype of B's function in A's header is a call,
            too (A is cut in two), but not in a door or in a header without
            a .c: these declare for the whole room. A function that a header
            of impls declares and leaves to its includers is a hook, a
            template's parameter, and no call. circles-reviewed also takes
            those: 17 on 0d4f25b, as reviewed. On that tree all circles
            are inside a room; a circle that leaves one counts as well.
 tags       names of struct, enum or union that two files of runner/ define,
            at least one of them a header. Opaque structs of two files, one of
            which is linked, are no such pair.
 passing    #include of a header of a room, but its door, from outside of it.
            The unit tests of a room (tests/unit/ROOM/) belong to it.
 idle       of the functions that a door shows, itself or by including headers
            of its room, those with no user outside the room and its unit
            tests; what inline functions and macros it shows call is used.
 lines      neither blank nor comment only; docstrings are comments.
 comments   lines with only a comment, of those not blank, SPDX left out.
 length     from the line of the name to the closing brace; nearest rank.
 bare       static functions of runner over 20 lines without a comment in them
            or in the line above, of all static functions over 20 lines.
"""
import argparse
import collections
import math
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from c_tree import LANGUAGES, Tree, code_lines, door_of, room_of, stem, tested_room

# What must hold, at most: `make house` and tests/report/test_house.py.
LIMITS = {
    "circles": 0,
    "plan-includes": 1,
    "tags": 0,
    "doors-missing": 0,
    "passing-includes": 0,
    "idle": 10,  # per cent, each room
    "length.p90": 28,
    "bare": 25,  # per cent
}
LONG = 20  # lines from which a static function owes a comment
PLACES_SHOWN = 40
PLAN_READERS = ("trial", "check", "machine", "sim")

# A figure: its value, its unit ("" or "%"), the places behind it.
Figure = collections.namedtuple("Figure", "name value unit places")


# Functions that other files may call.

def public_functions(tree):
    """name -> its places, for functions of runner/**/*.c that are not static."""
    public = collections.defaultdict(list)
    for tag in tree.functions:
        if tag["path"].startswith("runner/") and tag["path"].endswith(".c") \
                and not tag.get("file"):
            public[tag["name"]].append(tag)
    return public


def part_of(path):
    """The room, with the parts of sim as rooms of their own."""
    parts = path.split("/")[:-1]
    return "/".join(parts[:3 if parts[:2] == ["runner", "sim"] else 2])


def class_of(tags, users):
    homes = {part_of(t["path"]) for t in tags}
    product = [u for u in users if not u.startswith("tests/")]
    if any(part_of(u) not in homes for u in product):
        return "other-room"
    if product:
        return "own-room"
    return "tests-only" if users else "uncalled"


def measure_public(tree):
    public = public_functions(tree)
    users = collections.defaultdict(set)
    for path in tree.c_files:
        if path.endswith(".c"):
            for name in tree.sources[path].words.keys() & public.keys():
                users[name].add(path)
    places = collections.defaultdict(list)
    for name, tags in sorted(public.items()):
        own = {t["path"] for t in tags}
        # The C library calls main(), whoever else has the word.
        others = set() if name == "main" else users[name] - own
        line = f"{tags[0]['path']}:{tags[0]['line']}: {name}"
        places["public"].append(line)
        places[class_of(tags, others)].append(line)
    return [counted(n, sorted(places[n])) for n in
            ("public", "own-room", "other-room", "tests-only", "uncalled")]


# Files that call each other.

def calls_of(tree, path, strict):
    """Names that a file calls, or declares for a file that it was cut from."""
    declares = path.endswith(".h") and (
        path == door_of(room_of(path)) or stem(path) + ".c" not in tree.sources)
    return (tree.bodies(path) if declares and strict else tree.sources[path]).calls


def call_graph(tree, strict):
    homes = collections.defaultdict(set)
    for tag in tree.functions:
        if tag["path"].startswith(("runner/", "impls/")):
            homes[tag["name"]].add(tag["path"])
    graph = collections.defaultdict(set)
    for path in tree.under("runner/", "impls/"):
        for name in calls_of(tree, path, strict).keys() & homes.keys():
            home = min(homes[name])
            hook = path.startswith("impls/") and tree.prototypes[path, name]
            if len(homes[name]) == 1 and stem(home) != stem(path) and not (
                    strict and hook):
                graph[stem(path)].add(stem(home))
    return graph


def reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        for unit in graph.get(todo.pop(), ()):
            if unit not in seen:
                seen.add(unit)
                todo.append(unit)
    return seen


def measure_circles(tree, name, strict):
    graph = call_graph(tree, strict)
    reach = {unit: reachable(graph, unit) for unit in graph}
    circles = {tuple(sorted(v for v in reach[u] if u in reach.get(v, ())))
               for u in graph if u in reach[u]}
    return counted(name, sorted(
        f"{c[0]}: " + " ".join(u.rsplit("/", 1)[1] for u in c) for c in circles))


# Includes, doors and tags.

def room_includes(tree):
    """(path, line, header, room) of each #include of a room's header."""
    for path in tree.c_files:
        for line, name in tree.sources[path].includes():
            header = tree.resolve(path, name)
            if header and header.startswith("runner/") and room_of(header):
                yield path, line, header, room_of(header)


def measure_includes(tree):
    plan, passing = [], []
    for path, line, header, room in room_includes(tree):
        place = f"{path}:{line}: {header}"
        runner = path.startswith("runner/")
        if room == "plan" and runner and room_of(path) in PLAN_READERS:
            plan.append(place)
        inside = room in (room_of(path) if runner else None, tested_room(path))
        if not inside and room != "base" and header != door_of(room):
            passing.append(place)
    missing = [f"runner/{room}: no {door_of(room)}" for room in tree.rooms
               if room != "base" and door_of(room) not in tree.sources]
    return [counted("plan-includes", plan), counted("doors-missing", missing),
            counted("passing-includes", passing)]


def measure_tags(tree):
    found = collections.defaultdict(dict)
    for tag in tree.tags:
        if tag["kind"] in ("struct", "enum", "union") and \
                tag["path"].startswith("runner/") and \
                not tag["name"].startswith("__anon"):
            found[tag["name"]].setdefault(tag["path"], tag)
    places = []
    for name, by_path in sorted(found.items()):
        if len(by_path) > 1 and any(p.endswith(".h") for p in by_path):
            places.append("; ".join(f"{p}:{t['line']}: {t['kind']} {name}"
                                    for p, t in sorted(by_path.items())))
    return counted("tags", places)


def shown_by(tree, room):
    """The door of a room and the room's headers that it includes."""
    seen, todo = [], [door_of(room)]
    while todo:
        header = todo.pop()
        if header in tree.sources and header not in seen \
                and room_of(header) == room:
            seen.append(header)
            todo += [tree.resolve(header, name) for _, name in
                     tree.sources[header].includes()]
    return sorted(seen)


def declared(tree, headers):
    """name -> (header, line) of functions that headers declare or hold."""
    return {t["name"]: (t["path"], t["line"]) for t in reversed(tree.tags)
            if t["path"] in headers and t["kind"] in ("function", "prototype")
            and t["name"].startswith("rm_")}


def used_outside(tree, name, room, shown):
    """Whether a file uses the name that is neither of the room nor its test."""
    for path, source in tree.sources.items():
        if path.startswith("runner/") and room_of(path) == room:
            continue
        if tested_room(path) != room and \
                source.words[name] > tree.prototypes[path, name]:
            return True
    return any(tree.bodies(header).words[name] for header in shown)


def measure_idle(tree):
    figures = []
    for room in tree.rooms:
        shown = shown_by(tree, room)
        if room == "base" or not shown:
            continue
        names = declared(tree, shown)
        idle = [f"{header}:{line}: {name}" for name, (header, line) in
                sorted(names.items(), key=lambda item: item[1])
                if not used_outside(tree, name, room, shown)]
        figures.append(share(f"idle.{room}", idle, len(names)))
    return figures


# Sizes, comments and lengths.

def measure_lines(tree):
    lines, comments, code = collections.Counter(), 0, 0
    for path in tree.files:
        top = path.split("/")[0]
        language = LANGUAGES.get(Path(path).suffix)
        if top not in ("runner", "impls", "report") or not language:
            continue
        count, only_comment = code_lines(tree, path)
        lines["lines"] += count
        lines[f"lines.{top}"] += count
        lines[f"lines.{top}.{language}"] += count
        if top == "runner":
            lines[f"lines.room.{room_of(path) or 'top'}"] += count
        if top == "runner" and path.endswith(".c"):
            comments, code = comments + only_comment, code + count
    figures = [Figure(n, lines[n], "", []) for n in sorted(lines)]
    percent = 100 * comments / (comments + code) if comments + code else 0
    return figures + [Figure("comments.runner", percent, "%", [])]


def length(tag):
    return tag["end"] - tag["line"] + 1


def measure_lengths(tree):
    tags = sorted((t for t in tree.functions
                   if t["path"].startswith(("runner/", "impls/"))), key=length)
    lengths = [length(t) for t in tags] or [0]
    rank = math.ceil(0.9 * len(lengths)) - 1
    over = [f"{t['path']}:{t['line']}: {t['name']}: {length(t)} lines"
            for t in reversed(tags) if length(t) > LIMITS["length.p90"]]
    middle = len(lengths) // 2
    median = (lengths[middle] + lengths[~middle]) / 2
    return [Figure("length.median", median, "", []),
            Figure("length.p90", lengths[rank], "", over),
            Figure("length.max", lengths[-1], "", over[:1])]


def head_of(lines, line):
    """The first line of a function's head: its type may stand above it."""
    while line > 1 and re.match(r"[A-Za-z_][^;}:]*$", lines[line - 2]):
        line -= 1
    return line


def is_bare(source, tag):
    """No comment between its head and end, and none that ends above it."""
    lines, code = source.text.split("\n"), source.uncommented.split("\n")
    first = head_of(code, tag["line"]) - 1
    if first > 0 and lines[first - 1].strip() and not code[first - 1].strip():
        return False
    return lines[first:tag["end"]] == code[first:tag["end"]]


def measure_bare(tree):
    long = [t for t in tree.functions if t.get("file") and length(t) > LONG
            and t["path"].startswith("runner/")]
    bare = [f"{t['path']}:{t['line']}: {t['name']}: {length(t)} lines"
            for t in long if is_bare(tree.sources[t["path"]], t)]
    return share("bare", sorted(bare), len(long))


# The table.

def counted(name, places):
    return Figure(name, len(places), "", places)


def share(name, places, total):
    return Figure(name, 100 * len(places) / total if total else 0, "%", places)


def measure(root):
    tree = Tree(root)
    return [*measure_public(tree),
            measure_circles(tree, "circles", True),
            measure_circles(tree, "circles-reviewed", False),
            measure_tags(tree), *measure_includes(tree), *measure_idle(tree),
            *measure_lines(tree), *measure_lengths(tree), measure_bare(tree)]


def limit_of(name):
    return LIMITS.get(name, LIMITS.get(name.split(".")[0]))


def is_over(figure):
    limit = limit_of(figure.name)
    return limit is not None and figure.value > limit


def number(value, unit):
    return f"{value:.1f} %" if unit else f"{value:g}"


def rows(figures, before):
    """The table's cells; `before`: figures of the baseline by name, or None."""
    yield ["figure", *(["before", "now", "change"] if before else ["value"]),
           "limit", ""]
    now = {f.name: f for f in figures}
    for name in [*now, *sorted((before or {}).keys() - now.keys())]:
        figure, old = now.get(name), (before or {}).get(name)
        cells = [number(f.value, f.unit) if f else "-" for f in
                 ((old, figure) if before else (figure,))]
        if before:
            cells.append(f"{figure.value - old.value:+.4g}"
                         if figure and old else "")
        limit = limit_of(name) if figure else None
        yield [name, *cells, "" if limit is None else f"{limit}",
               "" if limit is None else "over" if is_over(figure) else "ok"]


def print_table(figures, before=None):
    table = list(rows(figures, before))
    widths = [max(map(len, column)) for column in zip(*table)]
    for first, *others in table:
        cells = [c.rjust(w) for c, w in zip(others[:-1], widths[1:])]
        print("  ".join([first.ljust(widths[0]), *cells, others[-1]]).rstrip())
    for figure in filter(is_over, figures):
        print(f"\n{figure.name}: {number(figure.value, figure.unit)}, "
              f"at most {limit_of(figure.name)}")
        for place in figure.places[:PLACES_SHOWN]:
            print(f"  {place}")
        if len(figure.places) > PLACES_SHOWN:
            print(f"  ... of {len(figure.places)}: --list {figure.name}")


def measure_commit(root, commit):
    with tempfile.TemporaryDirectory(prefix="house-") as folder:
        archive = subprocess.run(["git", "archive", commit], cwd=root,
                                 stdout=subprocess.PIPE, check=False)
        if archive.returncode:
            sys.exit(f"house: --baseline {commit}: expected a commit of {root}")
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        return measure(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root", nargs="?", metavar="ROOT",
                        default=Path(__file__).resolve().parents[2])
    parser.add_argument("--check", action="store_true",
                        help="exit 1 where a limit does not hold")
    parser.add_argument("--list", metavar="NAME", help="places behind a figure")
    parser.add_argument("--baseline", metavar="COMMIT",
                        help="figures of a commit beside those of the tree")
    args = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # for `| head`
    figures = measure(args.root)
    if args.list:
        chosen = [f for f in figures if (f.name + ".").startswith(args.list + ".")]
        if not chosen:
            parser.error(f"--list {args.list}: expected one of "
                         + " ".join(f.name for f in figures))
        print("".join(f"{place}\n" for f in chosen for place in f.places), end="")
        return 0
    before = args.baseline and {
        f.name: f for f in measure_commit(args.root, args.baseline)}
    print_table(figures, before)
    return 1 if args.check and any(map(is_over, figures)) else 0


if __name__ == "__main__":
    sys.exit(main())
