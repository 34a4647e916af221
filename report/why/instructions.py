# SPDX-License-Identifier: Apache-2.0
"""Instructions by cachegrind: a second opinion beside simulated counts.

Of a map's own functions only. What the C library does before main() depends
on times that are printed and on where memory lies; a map's functions do not.
"""
import collections
import re

TREE = re.compile(r".*?/?((?:impls|runner|tests|examples)/.*)")
MOST = 3  # functions, and lines of source, that are named


class InstructionsError(Exception):
    """A file of cachegrind that cannot be read; in words."""


def read(path, functions):
    """({function: instructions}, {(file, function): {line: instructions}})
    of the functions that are named."""
    by_function = collections.Counter()
    by_line = collections.defaultdict(collections.Counter)
    file = function = None
    try:
        lines = path.read_text(encoding="utf-8",
                               errors="replace").splitlines()
    except OSError as error:
        raise InstructionsError(f"{path}: {error.strerror}") from error
    if not any(line.startswith("summary: ") for line in lines[-3:]):
        raise InstructionsError(f"{path}: no whole file of cachegrind: was "
                                "it ended by somebody?")
    for line in lines:
        if line.startswith("fl="):
            file = line[3:]
        elif line.startswith("fn="):
            function = line[3:].strip()
        elif line[:1].isdigit() and function in functions:
            at, count = line.split()[:2]
            stem = function.partition(".")[0]
            by_function[stem] += int(count)
            by_line[source_of(file), stem][int(at)] += int(count)
    return by_function, by_line


def source_of(file):
    """A file as the tree names it, wherever the tree was built."""
    match = TREE.fullmatch(file)
    return match[1] if match else file


def compare(base, head, operations):
    """What differs of two read() results; operations -- in the window"""
    (ours, our_lines), (theirs, their_lines) = base, head
    total = sum(ours.values()), sum(theirs.values())
    moved = sorted((n for n in set(ours) | set(theirs)
                    if ours[n] != theirs[n]),
                   key=lambda n: (-abs(theirs[n] - ours[n]), n))
    return {"base": total[0], "head": total[1], "operations": operations,
            "functions": [{"name": n, "base": ours[n], "head": theirs[n]}
                          for n in moved],
            "lines": heavier(our_lines, their_lines)}


def heavier(ours, theirs):
    """Lines of head's source that run more than any line of base's function
    can explain: lines move, so what counts is kept as often in order."""
    found = []
    for place in theirs:
        left = collections.Counter(ours.get(place, {}).values())
        for line, count in sorted(theirs[place].items()):
            if left[count]:
                left[count] -= 1
                continue
            found.append({"file": place[0], "line": line,
                          "function": place[1], "head": count})
    found.sort(key=lambda f: (-f["head"], f["file"] or "", f["line"]))
    return found[:MOST]
