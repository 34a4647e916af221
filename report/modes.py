# SPDX-License-Identifier: Apache-2.0
"""The modes of `make bench`, as their files say: which one would decide."""
import re
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "workloads" / "modes"
MINUTES = {"s": 1 / 60, "min": 1, "h": 60}


def settings(text):
    """key -> value of what stands before the first [workload]."""
    head = re.split(r"^\[", text, maxsplit=1, flags=re.M)[0]
    return dict(re.findall(r"^([\w-]+)\s*=\s*(.*?)\s*(?:#.*)?$", head, re.M))


def modes(folder=FOLDER):
    """[(blocks, name, minutes or None)] of modes that count in blocks."""
    found = []
    for file in sorted(folder.glob("*.conf")):
        known = settings(file.read_text(encoding="utf-8"))
        span = re.fullmatch(r"([\d.]+)(s|min|h)", known.get("budget", ""))
        if known.get("blocks", "").isdigit():
            found.append((int(known["blocks"]), file.stem, span and float(
                span[1]) * MINUTES[span[2]]))
    return sorted(found)


def next_mode(blocks, need):
    """(name, minutes or None) of the smallest mode with more blocks than a
    campaign had, and at least `need`; None where there is none."""
    return next(((name, minutes) for n, name, minutes in modes()
                 if n > blocks and n >= need), None)
