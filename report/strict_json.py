# SPDX-License-Identifier: Apache-2.0
"""JSON as the runner writes it: each member once, finite numbers, no depth
that ends a reader. What Python's reader takes beyond that is a mistake."""
import json
import math
from typing import Any

DIGITS = bytes.maketrans(b"123456789", b"000000000")


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of its members; of two with one name one would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice!r} is there twice")
    return found


def number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def whole(text: str) -> int:
    """The runner's library holds 64 bits; more is no number of it."""
    value = int(text)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f"{text[:24]}... is no number of 64 bits")
    return value


def may_be_long(data: bytes) -> bool:
    """Has UTF-8 text so many digits in a row as a number needs that 64 bits
    do not hold? A journal has millions that do not."""
    return b"0" * 19 in data.translate(DIGITS)


def loads(text: str | bytes) -> Any:
    """The value of a text or of UTF-8; ValueError where it is none."""
    if isinstance(text, bytes):
        data, text = text, text.decode()  # Python's reader takes UTF-16, too
    else:
        data = text.encode(errors="surrogatepass")
    try:
        value = json.loads(text, object_pairs_hook=members,
                           parse_int=whole if may_be_long(data) else None,
                           parse_float=number, parse_constant=number)
        if "\\u" in text:  # half a pair of surrogates cannot be written
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except RecursionError:
        raise ValueError("nested too deeply") from None
