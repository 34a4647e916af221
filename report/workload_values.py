# SPDX-License-Identifier: Apache-2.0
"""Reads and writes values in the notation of workload files (docs/reference/workload-file.md).

The runner's parser is authoritative. This module gives the same doubles for the same texts, so that
a question finds the cell that it names.
"""
import re
from collections.abc import Iterable
from decimal import Decimal

from report.load.plan import Factors

Options = tuple[tuple[str, str], ...]  # names and values of factors that differ from their defaults
Value = str | int | float | bool | Options
COUNTS = {"": 1, "k": 10 ** 3, "M": 10 ** 6, "Ki": 2 ** 10, "Mi": 2 ** 20, "Gi": 2 ** 30}
NUMBER = r"([0-9]{1,20}(?:\.[0-9]{1,20})?)"
TIMES = (("s", 10 ** 9), ("ms", 10 ** 6), ("us", 10 ** 3), ("ns", 1))
KEYS = {"write_share": "writes", "miss_share": "misses"}  # in all other names, - replaces _


def share(text: str) -> float:
    """Parses "3%" as 0.03, the double nearest to the text. Raises ValueError if the text is not a
    share from 0% to 100%."""
    match = re.fullmatch(NUMBER + "%", text, re.A)
    # Digits and exponent are parsed together, because a multiplication would round a second time.
    value = float(f"{match[1]}e-2") if match else 2.0
    if value > 1:
        raise ValueError("expected a share from 0% to 100%, e.g. 3%")
    return value


def count(text: str, most: int, example: str) -> int:
    """Parses "64Ki" as 65536. Raises ValueError if the value is not a whole number from 1 to
    `most`. Doubles are multiplied as in the runner, so 1.001k is not whole."""
    match = re.fullmatch(NUMBER + "(k|M|Ki|Mi|Gi)?", text, re.A)
    value = float(match[1]) * COUNTS[match[2] or ""] if match else 0.0
    if not value.is_integer() or not 1 <= value <= most:
        raise ValueError(f"expected a whole number from 1 to {count_text(most)}, e.g. {example}")
    return int(value)


def real(text: str) -> float:
    """Parses digits with or without a fraction. Raises ValueError for anything else."""
    if not re.fullmatch(NUMBER, text, re.A):
        raise ValueError("expected digits, e.g. 0.99")
    return float(text)


# ---- from values to text ----------------------------------------------------------

def real_text(value: float, exponent: int = 0) -> str:
    """Formats the shortest digits that parse to `value`, times ten to the power of `exponent`, in
    a text without an exponent."""
    text = f"{Decimal(repr(float(value))).scaleb(exponent):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share_text(value: float) -> str:
    """Formats 0.03 as "3%"."""
    return real_text(value, 2) + "%"


def count_text(value: int) -> str:
    """Formats 65536 as "64Ki", 10000 as "10k" and 1500 as "1500": with the largest unit that
    divides the value, binary units first."""
    for unit in ("Gi", "Mi", "Ki", "M", "k"):
        if value and value % COUNTS[unit] == 0:
            return f"{value // COUNTS[unit]}{unit}"
    return str(value)


def time_text(ns: int) -> str:
    """Formats 200000000 as "200ms", and 0 as "0s"."""
    return next(f"{ns // size}{unit}" for unit, size in TIMES if ns % size == 0)


# ---- factors of a cell ------------------------------------------------------------

def key_of(factor: str) -> str:
    """Returns the name of a factor in workload files, such as "writes" for write_share."""
    return KEYS.get(factor, factor.replace("_", "-"))


def value_of(cell: Factors, factor: str) -> Value:
    """Returns a factor of a cell by its name in docs/cell.schema.json."""
    value: Value = int(cell.keys) if factor == "keys" else getattr(cell, factor)
    return value


def text_of(factor: str, value: Value) -> str:
    """Formats a value of a factor in the notation of workload files."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return listed((f"{key_of(k)} {v}" for k, v in value), "and") or "usual"
    if isinstance(value, str):
        return value
    if factor.endswith("_share"):
        return share_text(value)
    return count_text(int(value)) if factor == "keys" else str(value)


# ---- in sentences -----------------------------------------------------------------

def listed(items: Iterable[str], last: str = "and") -> str:
    """Joins items: "a, b and c"."""
    *first, end = [*items] or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def counted(n: int, noun: str) -> str:
    """Formats a count: "1 thread", "2 threads", "25,200 trials"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def in_words(factor: str, value: Value) -> str:
    """Formats a factor with its value: "3% writes", "2 threads", "64Ki keys", "dist zipf:0.99"."""
    if factor == "threads" and isinstance(value, int):
        return counted(value, "thread")
    text, key = text_of(factor, value), key_of(factor)
    return f"{text} {key}" if key in ("writes", "misses", "keys") else f"{key} {text}"
