# SPDX-License-Identifier: Apache-2.0
"""Names of workloads and cells."""
from report.cell_id import COUNTED
from report.gate.model import Role

CONTROLS = ("regress-aa", "regress-slow")  # names of the control workloads
COMMON = {"u64x8", "w3", "m0", "uniform", "cores", "throughput"}  # parts of ids that names omit
PREFIX = {Role.GATE: "", Role.ADVICE: "", Role.AA: "A/A ", Role.CONTROL: "slowed "}


def name_of(cell: str) -> str:
    """Shortens a cell's id to its map and the factors that most cells do not share, such as
    "gomap_rw 64Ki fresh t1"."""
    name, *parts = [part for part in cell.split("/")[1:]
                    if part not in COMMON and not COUNTED.fullmatch(part)]
    return " ".join([name] + [keys_in_words(part) for part in parts])


def keys_in_words(part: str) -> str:
    """Turns "n65536" into "64Ki", as in workload files; other parts stay unchanged."""
    if part[:1] != "n" or not part[1:].isdigit():
        return part
    keys, unit = int(part[1:]), ""
    for larger in ("Ki", "Mi", "Gi"):
        if keys and keys % 1024 == 0:
            keys, unit = keys // 1024, larger
    return f"{keys}{unit}"


def label_of(role: Role, cell: str) -> str:
    """Names a row: its role if it is a control, then its cell."""
    return PREFIX[role] + name_of(cell)
