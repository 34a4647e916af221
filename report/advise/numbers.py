# SPDX-License-Identifier: Apache-2.0
"""Numbers as workload files write them (docs/adding-a-workload.md), read and
written. The runner's own reader decides; this one takes the same texts and
gives the same doubles, so that a question meets the cell that it names.
"""
import re
from decimal import Decimal

COUNTS = {"": 1, "k": 10 ** 3, "M": 10 ** 6, "Ki": 2 ** 10, "Mi": 2 ** 20,
          "Gi": 2 ** 30}
NUMBER = r"([0-9]{1,20}(?:\.[0-9]{1,20})?)"
TIMES = (("s", 10 ** 9), ("ms", 10 ** 6), ("us", 10 ** 3), ("ns", 1))


def share(text):
    """"3%" -> 0.03, the double nearest to what is written; ValueError where
    it is no share from 0% to 100%."""
    found = re.fullmatch(NUMBER + "%", text, re.A)
    # the exponent is read with the digits: a product would round twice
    value = float(f"{found[1]}e-2") if found else 2.0
    if value > 1:
        raise ValueError("expected a share from 0% to 100%, e.g. 3%")
    return value


def count(text, most, example):
    """"64Ki" -> 65536; ValueError where it is no whole number from 1 to
    `most`. The product is one of doubles, as the runner's: 1.001k is none."""
    found = re.fullmatch(NUMBER + "(k|M|Ki|Mi|Gi)?", text, re.A)
    value = float(found[1]) * COUNTS[found[2] or ""] if found else 0.0
    if not value.is_integer() or not 1 <= value <= most:
        raise ValueError(f"expected a whole number from 1 to "
                         f"{count_text(most)}, e.g. {example}")
    return int(value)


def real(text):
    """Digits with or without a fraction -> float; ValueError otherwise."""
    if not re.fullmatch(NUMBER, text, re.A):
        raise ValueError("expected digits, e.g. 0.99")
    return float(text)


# ---- the other way ----------------------------------------------------------

def real_text(value, exponent=0):
    """The shortest digits that are read back as `value`, times ten to the
    power of `exponent`; never with an exponent of their own."""
    text = f"{Decimal(repr(float(value))).scaleb(exponent):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def share_text(value):
    """0.03 -> "3%"."""
    return real_text(value, 2) + "%"


def count_text(value):
    """65536 -> "64Ki", 10000 -> "10k", 1500 -> "1500": the largest unit
    that divides it, binary ones first."""
    for unit in ("Gi", "Mi", "Ki", "M", "k"):
        if value and value % COUNTS[unit] == 0:
            return f"{value // COUNTS[unit]}{unit}"
    return str(value)


def time_text(ns):
    """200000000 -> "200ms"; 0 -> "0s"."""
    return next(f"{ns // size}{unit}" for unit, size in TIMES
                if ns % size == 0)
