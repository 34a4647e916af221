# SPDX-License-Identifier: Apache-2.0
"""Formats numbers as text: at most three digits, except for exact counts.

Each function takes a finite number, and returns text without a unit, unless the unit depends on the
size (ns, us, ms; KiB, MiB).
"""
import math
from collections.abc import Callable

NONE = "–"
NBSP = "\u00a0"


def digits(value: float, most: int = 3) -> str:
    """Formats at most `most` significant digits, without an exponent: 78.6, 0.0023, 33800."""
    if value == 0:
        return "0"
    places = most - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    places = most - 1 - math.floor(math.log10(abs(rounded)))
    return f"{round(value, places):.{max(places, 0)}f}"


def scaled(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    """Formats three digits in the largest unit for which the number is at least 1."""
    for size, unit in steps:
        if abs(value) >= size * 0.9995:
            return digits(value / size) + unit
    size, unit = steps[-1]
    return digits(value / size) + unit


def trimmed(value: float, steps: tuple[tuple[float, str], ...]) -> str:
    """Formats like scaled(), but without zeros after the decimal point: 20 ms."""
    size, unit = next((s for s in steps if abs(value) >= s[0]), steps[-1])
    return f"{value / size:.3g}{unit}"


def times(value: float) -> str:
    """Formats a ratio with three digits (1.21, 12.3, 33.8k), or with two if it is below 1
    (0.91)."""
    if value >= 999.5:
        return scaled(value, ((1e9, "G"), (1e6, "M"), (1e3, "k")))
    return digits(value, 2 if value < 1 else 3)


def short(value: float) -> str:
    """Formats a ratio with two digits, or three if it is near 1: 1.04, 1.8, 10, 34k."""
    if value >= 999.5:
        return scaled(value, ((1e9, "G"), (1e6, "M"), (1e3, "k")))
    if value >= 99.5:
        return digits(value)
    return digits(value, 3 if 1 <= value < 1.2 else 2)


def margin(value: float) -> str:
    """Formats a relative half width such as 0.031 as 4 %. The percentage is rounded up, so that the
    printed interval covers the real one. If it is above 1, the lower end is meaningless."""
    if value > 1:
        return f"over 100{NBSP}%"
    if value < 0.009:
        return f"{math.ceil(round(value * 1e3, 6)) / 10:g}{NBSP}%"
    return f"{math.ceil(round(value * 100, 6)):d}{NBSP}%"


def share(value: float) -> str:
    """Formats a share of 1, such as 97 % or 2.7 %."""
    if value <= 0:
        return f"0{NBSP}%"
    if value < 0.0995:
        return f"{float(digits(value * 100, 2)):g}{NBSP}%"
    return f"{value * 100:.0f}{NBSP}%"


def count(value: float) -> str:
    """Formats an exact count: 65,536."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,}"


def rounded(value: float) -> str:
    """Formats a count that is an average or a size: 104, 2.44M."""
    return scaled(value, ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, "")))


FORMATS: dict[str, Callable[[float], str]] = {
    "mops": lambda v: digits(v / 1e6),
    "rate": lambda v: scaled(v, ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""))),
    "times": times,
    "short": short,
    "margin": margin,
    "share": share,
    "inverse": lambda v: short(1 / v),
    "excess": lambda v: share(v - 1),
    "change": lambda v: ("+" if v >= 1 else "−") + share(abs(v - 1)),
    "rest": lambda v: share(1 - v),
    "percent": lambda v: share(v / 100),
    "ns": lambda v: scaled(v, ((1e9, NBSP + "s"), (1e6, NBSP + "ms"),
                               (1e3, NBSP + "µs"), (1, NBSP + "ns")))
    if v >= 99.95 else f"{v:.3g}{NBSP}ns",
    "window": lambda v: trimmed(v, ((1e9, NBSP + "s"), (1e6, NBSP + "ms"),
                                    (1e3, NBSP + "µs"), (1, NBSP + "ns"))),
    "bytes": lambda v: scaled(v, ((2**30, NBSP + "GiB"), (2**20, NBSP + "MiB"),
                                  (2**10, NBSP + "KiB"), (1, NBSP + "B"))),
    "per_entry": lambda v: f"{v:.0f}" if v >= 9.5 else digits(v, 2),
    "minutes": lambda v: digits(v, 2),
    "count": count,
    "number": rounded,
}


def text(kind: str, value: float | None) -> str:
    """Formats a number. Raises KeyError if `kind` is not in FORMATS."""
    if value is None:
        return NONE
    return FORMATS[kind](value)
