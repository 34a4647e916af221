# SPDX-License-Identifier: Apache-2.0
"""Reads the modes of `make bench` from their files, and selects the mode to run next."""
import re
from pathlib import Path
from typing import NamedTuple

from report.model.result import Next

FOLDER = Path(__file__).resolve().parents[2] / "workloads" / "modes"
MINUTES = {"s": 1 / 60, "min": 1.0, "h": 60.0}


class Mode(NamedTuple):
    """A mode: its budget in minutes, and the default number of blocks of its workloads."""
    minutes: float
    name: str
    blocks: int


def settings(text: str) -> dict[str, str]:
    """Parses the keys before the first [workload]. Lines with the same key (`workloads` or
    `maps`) are joined."""
    head, found = re.split(r"^\[", text, maxsplit=1, flags=re.M)[0], dict[str, str]()
    for key, value in re.findall(r"^([\w-]+)\s*=\s*(.*?)\s*(?:#.*)?$", head, re.M):
        found[key] = f"{found[key]} {value}" if key in found else value
    return found


def modes(folder: Path = FOLDER) -> list[Mode]:
    """Returns the modes with a budget, shortest first. Modes of a set (SET-MODE.conf) are left out
    because they measure something else. Modes without blocks are left out because they extend no
    other mode."""
    found = []
    for file in sorted(folder.glob("*.conf")):
        known = settings(file.read_text(encoding="utf-8"))
        span = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|min|h)", known.get("budget", ""))
        if "-" not in file.stem and span and re.fullmatch("[0-9]{1,9}", known.get("blocks", "")):
            found.append(Mode(float(span[1]) * MINUTES[span[2]], file.stem, int(known["blocks"])))
    return sorted(found)


def next_mode(mode: str | None, needs: int) -> Next | None:
    """Returns the shortest mode that measures more than `mode`, in at least `needs` blocks,
    or None if no mode fits or `mode` is unknown."""
    minutes = {m.name: m.minutes for m in modes()}.get(mode or "")
    return next((Next(m.name, m.minutes) for m in modes()
                 if minutes is not None and m.minutes > minutes and m.blocks >= needs), None)
