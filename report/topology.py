# SPDX-License-Identifier: Apache-2.0
"""Where CPUs sit (topology.xml) and what a placement crosses on its way up."""
import math
import re
import xml.etree.ElementTree as tree


def spots(path):
    """cpu -> (socket, core position in the socket, hardware thread).

    path -- hwloc's XML; {} where it is not there, no XML, or has a CPU
    without a number of its own
    """
    try:
        root = tree.parse(path).getroot()
    except (OSError, tree.ParseError, LookupError, ValueError):
        return {}  # the last two: an encoding that nobody knows
    found = {}
    packages = [o for o in root.iter("object") if o.get("type") == "Package"]
    for socket, package in enumerate(packages or [root]):
        cores = [o for o in package.iter("object") if o.get("type") == "Core"]
        for core, where in enumerate(cores):
            units = [o for o in where.iter("object") if o.get("type") == "PU"]
            for smt, unit in enumerate(units):
                number = unit.get("os_index", "")
                if not re.fullmatch("[0-9]{1,9}", number) or \
                        int(number) in found:
                    return {}
                found[int(number)] = socket, core, smt
    return found


def crossed(cpus, where):
    """What threads on these CPUs share or leave: a set of words."""
    found = set()
    if not cpus:
        return found
    if len(cpus) > len(set(cpus)):
        found.add("> CPUs")
    seats = [where[c] for c in set(cpus) if c in where]
    if len({socket for socket, _, _ in seats}) > 1:
        found.add("2nd socket")
    if len(seats) > len({(socket, core) for socket, core, _ in seats}):
        found.add("SMT")
    return found


def marks(counts, where):
    """(position, word) between the thread counts where something begins.

    counts -- threads -> {map: Cell}, from the plan
    """
    result, before, last = [], set(), None
    for threads in sorted(counts):
        cell = next(iter(counts[threads].values()))
        now = crossed(cell.cpus, where)
        new = sorted(now - before)
        if last is not None and new:
            result.append((math.sqrt(last * threads), ", ".join(new)))
        before, last = before | now, threads
    return result
