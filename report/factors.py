# SPDX-License-Identifier: Apache-2.0
"""The factors of a cell, from docs/cell.schema.json, which is made from the
one table of them: a new factor needs no line here."""
import json
import re
from pathlib import Path

FILE = Path(__file__).resolve().parents[1] / "docs/cell.schema.json"
SCHEMA = json.loads(FILE.read_text(encoding="utf-8"))
# Members that a cell has only where they are not as usual: name -> usual.
OPTIONAL = {name: member["default"]
            for name, member in SCHEMA["properties"].items()
            if "default" in member}


def optional(cell):
    """Values of those members, in their order: what tells cells apart."""
    return tuple(getattr(cell, name) for name in OPTIONAL)


def unusual(values):
    """In words, what optional() gave and is not as usual."""
    return [value if name == "allocator"
            else f"{name.replace('_', ' ')} {value}"
            for (name, usual), value in zip(OPTIONAL.items(), values)
            if value != usual]


def told(cell):
    """The same of a cell, as the end of a text: ", jemalloc"."""
    return "".join(", " + text for text in unusual(optional(cell)))


def lengths(shape):
    """Bytes of a key and of a value: of "str64x1024" 64 and 1024; of what is
    no shape those of u64x8."""
    match = re.fullmatch(r"(?:u64|str([0-9]{2}))x([0-9]{1,4})", shape)
    return (int(match[1] or 8), int(match[2])) if match else (8, 8)
