# SPDX-License-Identifier: Apache-2.0
"""The modes of `make bench`, as their files say: which one would decide."""
import re
import shlex
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "workloads" / "modes"
MINUTES = {"s": 1 / 60, "min": 1, "h": 60}
SETS = ("articles", "claims", "peers", "production")


def settings(text):
    """key -> value of what stands before the first [workload]; several lines
    of one key (of `workloads` or `maps`) add up."""
    head, found = re.split(r"^\[", text, maxsplit=1, flags=re.M)[0], {}
    for key, value in re.findall(r"^([\w-]+)\s*=\s*(.*?)\s*(?:#.*)?$", head,
                                 re.M):
        found[key] = f"{found[key]} {value}" if key in found else value
    return found


def modes(folder=FOLDER):
    """[(minutes, name, blocks)] of the modes with a budget, the shortest
    first; blocks: of workloads that say nothing else. A mode of a set
    (SET-MODE.conf) asks another question and decides none of these; nor does
    one that has no blocks in its head, for it is no longer form of another."""
    found = []
    for file in sorted(folder.glob("*.conf")):
        known = settings(file.read_text(encoding="utf-8"))
        if "-" in file.stem:
            continue
        span = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)(s|min|h)",
                            known.get("budget", ""))
        if span and re.fullmatch("[0-9]{1,9}", known.get("blocks", "")):
            found.append((float(span[1]) * MINUTES[span[2]], file.stem,
                          int(known["blocks"])))
    return sorted(found)


def next_mode(mode, need):
    """(name, minutes) of the shortest mode that asks more than `mode`, in at
    least `need` blocks; None where there is none, or no such mode."""
    own = {name: minutes for minutes, name, _ in modes()}.get(mode)
    return next(((name, minutes) for minutes, name, blocks in modes()
                 if own is not None and minutes > own and blocks >= need),
                None)


def make_bench(mode):
    """The command that measures mode `quick`, or `peers-quick` of a set,
    again. Older campaigns of a set have no mode in their name."""
    name, _, time = mode.partition("-")
    if name in SETS:
        return f"make bench SET={name} MODE={time or 'quick'}"
    return f"make bench MODE={shlex.quote(mode)}"
