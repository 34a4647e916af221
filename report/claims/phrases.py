# SPDX-License-Identifier: Apache-2.0
"""Formats numbers and lists for sentences about claims."""
import math
from collections.abc import Iterable

MINUS, THIN, NARROW = "\u2212", "\u202f", "\u00a0"


def sig(value: float | None, digits: int = 3) -> str:
    """Formats three significant digits without an exponent (8.17, 0.0455), and all digits of
    numbers from 1000 on (1 101). The value None becomes "none"."""
    if value is None or math.isnan(value):
        return "none"
    if math.isinf(value):
        return "unbounded"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    text = f"{value if abs(value) >= 1000 else rounded:,.{places}f}"
    return text.replace(",", THIN).replace("-", MINUS)


def percent(share: float) -> str:
    """Formats a share of 1 as percent: 0.123 is "12.3 %"."""
    value = 100 * share
    if abs(value) < 0.005:
        return f"0.00{NARROW}%"
    return sig(value, 2 if abs(value) < 1 else 3) + f"{NARROW}%"


def count(value: float) -> str:
    """Formats a whole number: 25 200."""
    return f"{int(value):,d}".replace(",", THIN)


def plural(number: float, noun: str) -> str:
    """Formats a count with its noun: 1 thread, 2 threads."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def joined(names: Iterable[str]) -> str:
    """Joins names: "a, b and c"."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last
